/* What only the whole of a directory can tell, and the allocation that it proposes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "isa/suggest.h"
#include "tools/common/text.h"
#include "tools/directory/reader.h"
#include "vmm/vmm.h"

#define DEFAULT_PROFILE "pg"

static struct directory_user *user_of(const struct directory_reader *r, size_t i)
{
  return &r->store->users[i];
}

/* Where a block says something, or its name. */
static struct source_place said(const struct block_places *p, enum directory_key key)
{
  return p->given[key] ? p->at[key] : p->name;
}

/* ------------------------------------------------------------------- profile */

static void default_profile(struct directory_reader *r)
{
  if (r->machine.given[KEY_PROFILE])
    return;
  r->store->profile = r->host->profile(r->host->ctx, DEFAULT_PROFILE, r->in.errors);
  if (!r->store->profile) {
    r->host_error = errno ? errno : ENOMEM;
    r->host_reported = true;
  }
}

static void check_features(struct directory_reader *r)
{
  const struct profile *p = r->store->profile;
  if (!p)
    return;
  for (size_t i = 0; i < r->promise_count; i++) {
    const struct promise *needed = &r->promises[i];
    if (needed->kind != PROMISE_FEATURE || (needed->feature & ~profile_features(p)) == 0)
      continue;
    directory_error(r, needed->at, "the machine's profile '%s' does not have this",
                    profile_name(p));
    if (r->machine_given)
      directory_note(r, said(&r->machine, KEY_PROFILE), "the machine is described here");
  }
}

/* ------------------------------------------------------------------- storage */

static void check_programs(struct directory_reader *r)
{
  char need[TEXT_COUNT_SIZE], have[TEXT_COUNT_SIZE];
  for (size_t i = 0; i < r->user_count; i++) {
    const struct directory_user *u = user_of(r, i);
    const struct block_places *p = &r->users[i];
    if (!p->given[KEY_PROGRAM]) {
      directory_error(r, p->name, "'%s' has no program; write 'program minos;'", u->name);
    } else if (u->program_bytes > u->storage.size) {
      directory_error(r, p->at[KEY_PROGRAM], "this program takes up %s, but '%s' has %s of storage",
                      text_size(need, u->program_bytes), u->name, text_size(have, u->storage.size));
      directory_note(r, said(p, KEY_STORAGE), "its storage is said here");
    }
  }
}

static void refuse_storage(struct directory_reader *r, size_t user, uint64_t given)
{
  char need[TEXT_COUNT_SIZE], have[TEXT_COUNT_SIZE], left[TEXT_COUNT_SIZE], own[TEXT_COUNT_SIZE];
  uint64_t most = r->storage_given ? r->directory->storage : MACHINE_MAX_STORAGE;
  uint64_t room = most > given ? most - given : 0;
  directory_error(r, said(&r->users[user], KEY_STORAGE),
                  "%s for '%s' are too much: of the %s that the machine %s, %s are left",
                  text_size(need, user_of(r, user)->storage.size), user_of(r, user)->name,
                  text_size(have, most), r->storage_given ? "has" : "can have",
                  text_size(left, room));
  if (r->storage_given)
    directory_note(r, r->machine.at[KEY_STORAGE], "the machine's storage; the VMM keeps %s of it",
                   text_size(own, VMM_OWN_STORAGE));
}

/* Only a machine that maps pages, or a VMM that interprets, can have one anywhere. */
static void check_user_in_frames(struct directory_reader *r, size_t user)
{
  const struct profile *p = r->directory->profile;
  uint32_t features = p ? profile_features(p) : 0;
  if (!(features & ISA_FEATURE_MMU_BOUNDS) ||
      (!(features & ISA_FEATURE_KEYS) && user_of(r, user)->technique == VMM_TECHNIQUE_INTERPRET))
    return;
  directory_error(r, said(&r->users[user], KEY_TECHNIQUE),
                  "on profile '%s' the storage of '%s' lies in one piece, and not in frames",
                  profile_name(p), user_of(r, user)->name);
  directory_note(r, r->machine.at[KEY_FRAMES],
                 "frames are for profiles with pages or a TLB, or "
                 "without storage keys for 'technique interpret;'");
}

/* The users' pages need no place of their own, but one. */
static void allocate_frames(struct directory_reader *r)
{
  struct directory *d = r->directory;
  char need[TEXT_COUNT_SIZE], have[TEXT_COUNT_SIZE], more[TEXT_COUNT_SIZE];
  uint64_t wanted = 0, tables = ISA_PAGE_SIZE; /* the page of zeros */
  for (size_t i = 0; i < r->user_count; i++) {
    struct directory_user *u = user_of(r, i);
    const struct vmm_vm_config config = {
        .technique = u->technique, .memory = u->memory, .storage = u->storage.size};
    check_user_in_frames(r, i);
    tables += d->profile ? vmm_vm_footprint(&config, d->profile) - u->storage.size : 0;
    wanted += u->storage.size;
  }
  uint64_t room = d->frames + (d->swap > 0 ? (uint64_t)d->swap - ISA_PAGE_SIZE : 0);
  uint64_t total = VMM_OWN_STORAGE + tables + d->frames;
  if (wanted > room) {
    directory_error(r, r->machine.at[KEY_FRAMES],
                    "the users have %s of storage in all, for which there are %s of frames and, "
                    "but for a page, %s of swap file",
                    text_size(need, wanted), text_size(have, d->frames), text_size(more, d->swap));
  } else if (total > (r->storage_given ? d->storage : MACHINE_MAX_STORAGE)) {
    directory_error(r, r->machine.at[KEY_FRAMES],
                    "with these frames, tables and its own %s the VMM needs %s",
                    text_size(have, VMM_OWN_STORAGE), text_size(need, total));
  }
  d->storage = r->storage_given ? d->storage : (uint32_t)total;
  d->own = (mpa_range_t){mpa(0), VMM_OWN_STORAGE};
  d->free = (mpa_range_t){mpa((uint32_t)total), d->storage - (uint32_t)total};
}

/* First come, first served, from what the VMM keeps for itself upwards. */
static void allocate_storage(struct directory_reader *r)
{
  struct directory *d = r->directory;
  if (d->frames > 0) {
    allocate_frames(r);
    return;
  }
  uint64_t most = r->storage_given ? d->storage : MACHINE_MAX_STORAGE;
  uint64_t at = VMM_OWN_STORAGE;
  for (size_t i = 0; i < r->user_count; i++) {
    struct directory_user *u = user_of(r, i);
    const struct vmm_vm_config config = {
        .technique = u->technique, .memory = u->memory, .storage = u->storage.size};
    uint64_t footprint = d->profile ? vmm_vm_footprint(&config, d->profile) : u->storage.size;
    if (at + footprint > most) {
      refuse_storage(r, i, at);
      return;
    }
    u->storage.start = mpa((uint32_t)at);
    at += footprint;
  }
  if (!r->storage_given)
    d->storage = (uint32_t)at;
  d->own = (mpa_range_t){mpa(0), VMM_OWN_STORAGE};
  d->free = (mpa_range_t){mpa((uint32_t)at), d->storage - (uint32_t)at};
}

/* ---------------------------------------------------------------- mini-disks */

struct claim { /* the k-th mini-disk of user i */
  size_t i, k;
};

static const struct directory_minidisk *disk_of(const struct directory_reader *r, struct claim c)
{
  return &user_of(r, c.i)->minidisks[c.k];
}

static bool shareable(const struct directory_minidisk *m)
{
  return m->access == DIRECTORY_SHARED || m->access == DIRECTORY_COW;
}

static uint32_t end_of(struct directory_extent e)
{
  return e.first + e.sectors; /* both at most DIRECTORY_MAX_SECTORS */
}

/* What a guest reads from a real disk changes only when the guest writes it. So sectors
 * that one user writes are seen by no other, not even as read-only: that would let a
 * change come from outside the virtual machine, and its run would depend on the others'.
 * Read-only sectors may be shared, if both sides say so. */
static bool clash(struct directory_reader *r, struct claim mine, struct claim other)
{
  const struct directory_minidisk *a = disk_of(r, mine), *b = disk_of(r, other);
  if (!range_overlaps(a->extent.first, a->extent.sectors, b->extent.first, b->extent.sectors) ||
      (shareable(a) && shareable(b)))
    return false;
  uint32_t first = a->extent.first > b->extent.first ? a->extent.first : b->extent.first;
  uint32_t end = end_of(a->extent) < end_of(b->extent) ? end_of(a->extent) : end_of(b->extent);
  char sectors[64];
  snprintf(sectors, sizeof sectors, end - first == 1 ? "sector %u is" : "sectors %u to %u are",
           first, end - 1);
  const char *why = a->access == DIRECTORY_RW ? "what is writable here nobody else may have"
                    : b->access == DIRECTORY_RW
                        ? "what is writable there nobody else may have"
                        : "to share read-only sectors both say 'access shared' or 'access cow'";
  directory_error(r, r->users[mine.i].extent[mine.k], "%s on mini-disk '%s' of '%s' too: %s",
                  sectors, b->name, user_of(r, other.i)->name, why);
  directory_note(r, r->users[other.i].extent[other.k], "mini-disk '%s' of '%s'", b->name,
                 user_of(r, other.i)->name);
  return true;
}

/* The first that lies in its way. */
static void check_overlap(struct directory_reader *r, struct claim mine)
{
  for (struct claim other = {0, 0}; other.i <= mine.i; other.i++) {
    size_t end = other.i == mine.i ? mine.k : user_of(r, other.i)->minidisk_count;
    for (other.k = 0; other.k < end; other.k++)
      if (clash(r, mine, other))
        return;
  }
}

static void check_extent(struct directory_reader *r, struct claim c)
{
  const struct directory *d = r->directory;
  const struct directory_minidisk *m = disk_of(r, c);
  struct source_place at = r->users[c.i].extent[c.k];
  if (d->disk == DIRECTORY_NO_DISK) {
    directory_error(r, r->users[c.i].minidisk[c.k],
                    "the machine has no disk; write 'disk scratch sectors %u;' in its block",
                    end_of(m->extent));
    return;
  }
  if (!range_contains(0, d->sectors, m->extent.first, m->extent.sectors)) {
    directory_error(r, at, "the disk has sectors 0 to %u; this goes to %u", d->sectors - 1,
                    end_of(m->extent) - 1);
    directory_note(r, said(&r->machine, KEY_DISK), "the disk");
    return;
  }
  if (d->disk_mode == DIRECTORY_READONLY && m->access == DIRECTORY_RW) {
    directory_error(r, r->users[c.i].access[c.k],
                    "mini-disk '%s' is writable ('access rw'), but the image is read-only",
                    m->name);
    directory_note(r, said(&r->machine, KEY_DISK), "the disk");
  }
  check_overlap(r, c);
}

static void check_minidisks(struct directory_reader *r)
{
  const struct directory *d = r->directory;
  if (r->disk_unknown || (d->disk != DIRECTORY_NO_DISK && d->sectors == 0))
    return; /* what it is, or how long, was not understood */
  for (struct claim c = {0, 0}; c.i < r->user_count; c.i++)
    for (c.k = 0; c.k < user_of(r, c.i)->minidisk_count; c.k++)
      check_extent(r, c);
}

/* ------------------------------------------------------------------- network */

static void find_switch(struct directory_reader *r, size_t user)
{
  const struct directory *d = r->directory;
  struct source_place at = r->users[user].at[KEY_NETWORK];
  const char *word = reader_text(&r->in, at);
  struct suggestion near = suggest_begin(word, at.length);
  user_of(r, user)->network = -1;
  for (size_t i = 0; i < d->switch_count; i++) {
    suggest_offer(&near, d->switches[i]);
    if (reader_is(&r->in, at, d->switches[i]))
      user_of(r, user)->network = (int)i;
  }
  if (user_of(r, user)->network >= 0)
    return;
  int shown = at.length > 100 ? 100 : (int)at.length;
  if (near.best)
    directory_error(r, at, "the machine has no switch '%.*s'; did you mean '%s'?", shown, word,
                    near.best);
  else
    directory_error(r, at, "the machine has no switch '%.*s'; write 'switch %.*s;' in its block",
                    shown, word, shown, word);
}

/* False after a message. */
static bool find_peer(struct directory_reader *r, struct promise *p)
{
  const char *word = reader_text(&r->in, p->at);
  for (p->index = 0; p->index < r->user_count; p->index++)
    if (reader_is(&r->in, p->at, user_of(r, p->index)->name))
      return true;
  struct suggestion near = suggest_begin(word, p->at.length);
  for (size_t i = 0; i < r->user_count; i++)
    suggest_offer(&near, user_of(r, i)->name);
  int shown = p->at.length > 100 ? 100 : (int)p->at.length;
  directory_error(r, p->at, "there is no user '%.*s'%s%s%s", shown, word,
                  near.best ? "; did you mean '" : "", near.best ? near.best : "",
                  near.best ? "'?" : "");
  return false;
}

static bool sound_peer(struct directory_reader *r, size_t which)
{
  struct promise *p = &r->promises[which];
  if (!find_peer(r, p))
    return false;
  const struct directory_user *me = user_of(r, p->user), *peer = user_of(r, p->index);
  if (p->index == p->user) {
    directory_error(r, p->at, "'%s' is not its own peer", me->name);
    return false;
  }
  if (peer->network != me->network) {
    directory_error(r, p->at, "'%s' is not on this switch", peer->name);
    directory_note(r, said(&r->users[p->index], KEY_NETWORK), "'%s'", peer->name);
    return false;
  }
  for (size_t i = 0; i < me->peer_count; i++)
    if (me->peers[i] == p->index) {
      directory_error(r, p->at, "'%s' is named twice", peer->name);
      return false;
    }
  return true;
}

static int by_index(const void *a, const void *b)
{
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return x < y ? -1 : x > y;
}

/* The promises of one user stand together, from `which` on; where the next user's begin. */
static size_t collect_peers(struct directory_reader *r, size_t which)
{
  size_t end = which, user = r->promises[which].user;
  while (end < r->promise_count && r->promises[end].user == user)
    end++;
  struct directory_user *u = user_of(r, user);
  size_t *peers = directory_keep(r, (end - which) * sizeof *peers);
  if (!peers || u->network < 0)
    return end;
  u->peers = peers;
  for (size_t i = which; i < end; i++)
    if (r->promises[i].kind == PROMISE_PEER && sound_peer(r, i))
      peers[u->peer_count++] = r->promises[i].index;
  qsort(peers, u->peer_count, sizeof *peers, by_index);
  return end;
}

static bool names(const struct directory_user *u, size_t peer)
{
  return u->peer_count == 0 ||
         bsearch(&peer, u->peers, u->peer_count, sizeof *u->peers, by_index) != NULL;
}

bool directory_may_talk(const struct directory *d, size_t a, size_t b)
{
  const struct directory_user *x = &d->users[a], *y = &d->users[b];
  return a != b && x->network >= 0 && x->network == y->network && names(x, b) && names(y, a);
}

/* Naming somebody who does not name oneself would be silence by mistake. */
static void check_mutual(struct directory_reader *r)
{
  for (size_t i = 0; i < r->promise_count; i++) {
    const struct promise *p = &r->promises[i];
    if (p->kind != PROMISE_PEER || names(user_of(r, p->index), p->user))
      continue;
    directory_error(r, p->at, "'%s' names its peers, and '%s' is none of them",
                    user_of(r, p->index)->name, user_of(r, p->user)->name);
    directory_note(r, r->users[p->index].at[KEY_NETWORK], "the network of '%s'",
                   user_of(r, p->index)->name);
  }
}

static bool share_address(const struct directory_user *a, const struct directory_user *b)
{
  return a->network == b->network && a->address == b->address;
}

static void check_address(struct directory_reader *r, size_t user)
{
  const struct directory_user *u = user_of(r, user);
  size_t k = 0;
  while (k < user && !share_address(u, user_of(r, k)))
    k++;
  if (k == user)
    return;
  struct source_place mine = r->users[user].address, theirs = r->users[k].address;
  const char *name = user_of(r, k)->name;
  directory_error(r, mine.length ? mine : r->users[user].at[KEY_NETWORK],
                  "'%s' has the address %u on this switch", name, u->address);
  if (theirs.length)
    directory_note(r, theirs, "it is said here");
  else
    directory_note(r, r->users[k].at[KEY_NETWORK], "'%s' says none: it has its place in the file",
                   name);
}

/* Once each user's switch is known. */
static void check_addresses(struct directory_reader *r)
{
  for (size_t i = 0; i < r->user_count; i++) {
    struct directory_user *u = user_of(r, i);
    if (u->network < 0)
      continue;
    u->address = u->address ? u->address : (uint32_t)i + 1;
    check_address(r, i);
  }
}

static void check_network(struct directory_reader *r)
{
  unsigned before = r->in.error_count;
  for (size_t i = 0; i < r->user_count; i++)
    if (user_of(r, i)->network == -2)
      find_switch(r, i);
  check_addresses(r);
  for (size_t i = 0; i < r->promise_count && !r->host_error;)
    i = collect_peers(r, i);
  if (r->in.error_count == before && !r->host_error)
    check_mutual(r);
}

/* ------------------------------------------------------------------- console */

static void default_prefix(struct directory_reader *r, struct directory_user *u)
{
  char *prefix = directory_keep(r, strlen(u->name) + 3);
  if (prefix) {
    strcpy(prefix, u->name);
    strcat(prefix, ": ");
  }
  u->console.prefix = prefix;
}

static void check_consoles(struct directory_reader *r)
{
  for (size_t i = 0; i < r->user_count; i++) {
    struct directory_user *u = user_of(r, i);
    const struct block_places *p = &r->users[i];
    if (!u->console.is_private && !p->clause[DIRECTORY_CLAUSE_PREFIX])
      default_prefix(r, u);
    if (r->host_error)
      return;
    for (size_t k = 0; k < i && u->console.prefix; k++) {
      const struct directory_user *v = user_of(r, k);
      if (!v->console.prefix || strcmp(u->console.prefix, v->console.prefix) != 0)
        continue;
      directory_error(
          r, p->clause[DIRECTORY_CLAUSE_PREFIX] ? p->clause_at[DIRECTORY_CLAUSE_PREFIX] : p->name,
          "'%s' and '%s' have the same prefix, \"%s\"", v->name, u->name, u->console.prefix);
      directory_note(r,
                     r->users[k].clause[DIRECTORY_CLAUSE_PREFIX]
                         ? r->users[k].clause_at[DIRECTORY_CLAUSE_PREFIX]
                         : r->users[k].name,
                     "the prefix of '%s'", v->name);
      break;
    }
  }
}

/* --------------------------------------------------------------------- files */

static void know_file(struct directory_reader *r, struct file_use *f)
{
  uint64_t bytes;
  const char *reason = NULL;
  f->hash = 14695981039346656037ull;
  for (const char *c = f->path; *c; c++)
    f->hash = (f->hash ^ (unsigned char)*c) * 1099511628211ull;
  f->exists = r->host->identity(r->host->ctx, f->path, f->id);
  if (strcmp(f->what, "input") != 0)
    return;
  enum directory_answer answer = r->host->file(r->host->ctx, f->path, &bytes, &reason);
  if (answer == DIRECTORY_HOST_FAILED)
    directory_host_failed(r, f->path, reason);
  if (answer == DIRECTORY_BAD)
    directory_error(r, f->at, "this input cannot be read: %s", reason);
}

static bool same_file(const struct file_use *a, const struct file_use *b)
{
  return (a->hash == b->hash && strcmp(a->path, b->path) == 0) ||
         (a->exists && b->exists && a->id[0] == b->id[0] && a->id[1] == b->id[1]);
}

static void refuse_file(struct directory_reader *r, const struct file_use *f,
                        const struct file_use *earlier)
{
  bool overlay = strcmp(f->what, "overlay") == 0, log = strcmp(f->what, "log") == 0;
  if (overlay && strcmp(earlier->what, "disk image") == 0)
    directory_error(r, f->at, "this overlay is the disk image itself, which it must leave alone");
  else if (strcmp(f->what, "disk image") == 0 && strcmp(earlier->what, "overlay") == 0)
    directory_error(r, f->at, "this disk image is an overlay of its own");
  else if (log && strcmp(earlier->what, "log") == 0)
    directory_error(r, f->at, "this file is another user's log already");
  else
    directory_error(r, f->at, "this %s is named as %s too, and a file that is written has one use",
                    f->what,
                    strcmp(earlier->what, f->what) == 0        ? "another one"
                    : strcmp(earlier->what, "overlay") == 0    ? "an overlay"
                    : strcmp(earlier->what, "input") == 0      ? "an input"
                    : strcmp(earlier->what, "log") == 0        ? "a log"
                    : strcmp(earlier->what, "disk image") == 0 ? "the disk image"
                    : strcmp(earlier->what, "swap file") == 0  ? "the swap file"
                    : strcmp(earlier->what, "program") == 0    ? "a program"
                                                               : "the profile");
  directory_note(r, earlier->at, "it is named here");
}

static void check_files(struct directory_reader *r)
{
  for (size_t i = 0; i < r->file_count && !r->host_error; i++)
    know_file(r, &r->files[i]);
  for (size_t i = 0; i < r->file_count && !r->host_error; i++)
    for (size_t k = 0; k < i; k++)
      if ((r->files[i].written || r->files[k].written) && same_file(&r->files[i], &r->files[k])) {
        refuse_file(r, &r->files[i], &r->files[k]);
        break;
      }
}

/* ------------------------------------------------------------------ the whole */

void directory_check(struct directory_reader *r)
{
  struct directory *d = r->directory;
  d->users = r->store->users;
  d->user_count = r->user_count;
  for (size_t i = 0; i < r->user_count; i++)
    d->shares += user_of(r, i)->share;
  if (r->syntax_error || r->lost)
    return;
  default_profile(r);
  d->profile = r->store->profile;
  if (r->host_error)
    return;
  if (r->user_count == 0 && r->in.error_count == 0)
    directory_error(r, (struct source_place){r->in.source.len, 0},
                    "this directory has no user; write 'user NAME { program minos; }'");
  check_programs(r);
  check_features(r);
  allocate_storage(r);
  check_minidisks(r);
  check_network(r);
  check_consoles(r);
  if (!r->host_error)
    check_files(r);
}

/* -------------------------------------------------------------------- the map */

static int by_first(const void *a, const void *b)
{
  const struct directory_piece *x = a, *y = b;
  if (x->extent.first != y->extent.first)
    return x->extent.first < y->extent.first ? -1 : 1;
  if (x->user != y->user)
    return x->user < y->user ? -1 : 1;
  return x->minidisk < y->minidisk ? -1 : x->minidisk > y->minidisk;
}

/* Writes what lies between the sorted mini-disks behind them. */
static size_t add_free(const struct directory *d, struct directory_piece *pieces, size_t count)
{
  uint32_t at = 0;
  size_t all = count;
  for (size_t i = 0; i <= count; i++) {
    uint32_t next = i < count ? pieces[i].extent.first : d->sectors;
    if (next > at)
      pieces[all++] = (struct directory_piece){.extent = {at, next - at}};
    if (i < count && end_of(pieces[i].extent) > at)
      at = end_of(pieces[i].extent);
  }
  return all;
}

struct directory_piece *directory_disk_map(const struct directory *d, size_t *count)
{
  size_t most = 0, n = 0;
  for (size_t i = 0; i < d->user_count; i++)
    most += d->users[i].minidisk_count;
  struct directory_piece *pieces = calloc(2 * most + 1, sizeof *pieces);
  if (!pieces)
    return NULL;
  for (size_t i = 0; i < d->user_count; i++)
    for (size_t k = 0; k < d->users[i].minidisk_count; k++) {
      const struct directory_minidisk *m = &d->users[i].minidisks[k];
      pieces[n++] = (struct directory_piece){m->extent, &d->users[i], m};
    }
  qsort(pieces, n, sizeof *pieces, by_first);
  *count = add_free(d, pieces, n);
  qsort(pieces, *count, sizeof *pieces, by_first);
  return pieces;
}
