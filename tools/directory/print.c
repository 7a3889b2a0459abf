/* A directory as tables for people, and as JSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "machine/machine.h"
#include "tools/common/json.h"
#include "tools/common/text.h"
#include "tools/directory/directory.h"

#define NAME_WIDTH ((int)DIRECTORY_MAX_NAME)

static const char *const disk_words[] = {"none", "scratch", "image"};
static const char *const mode_words[] = {"write", "readonly", "discard"};

/* ------------------------------------------------------------------- storage */

static void print_range(FILE *out, mpa_range_t range, const char *name, const char *program)
{
  char size[TEXT_COUNT_SIZE];
  fprintf(out, "  0x%08x  0x%08x  %8s  %-*s%s%s\n", range.start.v, range.start.v + range.size - 1,
          text_size(size, range.size), program ? NAME_WIDTH : 0, name, program ? "  " : "",
          program ? program : "");
}

/* Users' pages lie anywhere in there. */
static void print_frames(FILE *out, const struct directory *d)
{
  char size[TEXT_COUNT_SIZE], percent[TEXT_COUNT_SIZE];
  uint64_t pages = 0;
  uint32_t start = d->own.start.v + d->own.size;
  print_range(out, (mpa_range_t){mpa(start), d->free.start.v - start}, "(frames, tables)", NULL);
  for (size_t i = 0; i < d->user_count; i++) {
    const struct directory_user *u = &d->users[i];
    pages += u->storage.size;
    fprintf(out, "  %-22s  %8s  %-*s  %s\n", "", text_size(size, u->storage.size), NAME_WIDTH,
            u->name, u->program);
  }
  fprintf(out, "  %s of frames, %s of what users have\n", text_size(size, d->frames),
          text_percent(percent, d->frames, pages));
  if (d->swap > 0)
    fprintf(out, "  %s of swap file in %s\n", text_size(size, d->swap),
            d->swap_file ? d->swap_file : "memory");
  if (d->scan > 0)
    fprintf(out, "  %u pages of each looked at for equal ones every %u ticks of its own\n", d->scan,
            DIRECTORY_SCAN_TICKS);
}

static void print_storage(FILE *out, const struct directory *d)
{
  char size[TEXT_COUNT_SIZE];
  fprintf(out, "Storage: %s\n  %-10s  %-10s  %8s  %-*s  %s\n", text_size(size, d->storage), "from",
          "to", "size", NAME_WIDTH, "user", "program");
  print_range(out, d->own, "(the VMM)", NULL);
  if (d->frames > 0)
    print_frames(out, d);
  for (size_t i = 0; d->frames == 0 && i < d->user_count; i++)
    print_range(out, d->users[i].storage, d->users[i].name, d->users[i].program);
  if (d->free.size > 0)
    print_range(out, d->free, "(free)", NULL);
}

/* ----------------------------------------------------------------- processor */

static void list_features(uint32_t set, char *buf, size_t size)
{
  size_t used = 0;
  snprintf(buf, size, "-");
  for (const struct profile_feature_word *w = profile_feature_words; w->key && used < size; w++)
    if (profile_feature_word_holds(w, set))
      used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : "", w->word);
}

static void print_processor(FILE *out, const struct directory *d)
{
  char percent[TEXT_COUNT_SIZE], requires[128];
  fprintf(out, "\nProcessor\n  %-*s  %5s  %8s  %-7s  %-16s  %s\n", NAME_WIDTH, "user", "share",
          "percent", "timer", "technique", "requires");
  for (size_t i = 0; i < d->user_count; i++) {
    const struct directory_user *u = &d->users[i];
    list_features(u->requires, requires, sizeof requires);
    fprintf(out, "  %-*s  %5u  %8s  %-7s  %-16s  %s\n", NAME_WIDTH, u->name, u->share,
            text_percent(percent, u->share, d->shares), directory_timer_word(u->timer),
            vmm_techniques[u->technique].name, requires);
  }
}

/* ---------------------------------------------------------------------- disk */

static void print_piece(FILE *out, const struct directory_piece *p)
{
  char first[TEXT_COUNT_SIZE], last[TEXT_COUNT_SIZE], count[TEXT_COUNT_SIZE];
  fprintf(out, "  %10s  %10s  %10s  ", text_count(first, p->extent.first),
          text_count(last, (uint64_t)p->extent.first + p->extent.sectors - 1),
          text_count(count, p->extent.sectors));
  if (!p->user) {
    fprintf(out, "(free)\n");
    return;
  }
  fprintf(out, "%-6s  %s %s%s%s\n", directory_access_word(p->minidisk->access), p->user->name,
          p->minidisk->name, p->minidisk->overlay ? ", overlay " : "",
          p->minidisk->overlay ? p->minidisk->overlay : "");
}

static void print_disk(FILE *out, const struct directory *d, const struct directory_piece *pieces,
                       size_t count)
{
  char sectors[TEXT_THINGS_SIZE], size[TEXT_COUNT_SIZE];
  if (d->disk == DIRECTORY_NO_DISK) {
    fprintf(out, "\nDisk: none\n");
    return;
  }
  fprintf(out, "\nDisk: %s%s, %s (%s)\n  %10s  %10s  %10s  %-6s  %s\n",
          d->image ? d->image : "scratch",
          d->disk_mode == DIRECTORY_READONLY  ? ", read-only"
          : d->disk_mode == DIRECTORY_DISCARD ? ", changes discarded"
                                              : "",
          text_things(sectors, d->sectors, "sector"),
          text_size(size, (uint64_t)d->sectors * MACHINE_SECTOR_SIZE), "first", "last", "sectors",
          "access", "mini-disk");
  for (size_t i = 0; i < count; i++)
    print_piece(out, &pieces[i]);
}

/* ------------------------------------------------------- consoles and network */

static void print_consoles(FILE *out, const struct directory *d)
{
  fprintf(out, "\nConsoles\n  %-*s  %-7s  %-*s  %s\n", NAME_WIDTH, "user", "kind",
          (int)DIRECTORY_MAX_PREFIX + 2, "prefix", "files");
  for (size_t i = 0; i < d->user_count; i++) {
    const struct directory_console *c = &d->users[i].console;
    char prefix[DIRECTORY_MAX_NAME + 8] = "-";
    if (c->prefix)
      snprintf(prefix, sizeof prefix, "\"%s\"", c->prefix);
    fprintf(out, "  %-*s  %-7s  %-*s  ", NAME_WIDTH, d->users[i].name,
            c->is_private ? "private" : "shared", (int)DIRECTORY_MAX_PREFIX + 2, prefix);
    fprintf(out, "%s%s%s%s%s%s\n", c->log ? "log " : "", c->log ? c->log : "",
            c->log && c->input ? ", " : "", c->input ? "input " : "", c->input ? c->input : "",
            c->log || c->input ? "" : "-");
  }
}

static void print_peers(FILE *out, const struct directory *d, size_t user)
{
  const struct directory_user *u = &d->users[user];
  if (u->network < 0) {
    fprintf(out, "  %-*s  %-*s  %7s  -\n", NAME_WIDTH, u->name, NAME_WIDTH, "-", "-");
    return;
  }
  fprintf(out, "  %-*s  %-*s  %7u  %s", NAME_WIDTH, u->name, NAME_WIDTH, d->switches[u->network],
          u->address, u->peer_count == 0 ? "everybody there who lets it" : "");
  for (size_t i = 0; i < u->peer_count; i++)
    fprintf(out, "%s%s", i ? ", " : "", d->users[u->peers[i]].name);
  fputc('\n', out);
}

static void print_network(FILE *out, const struct directory *d)
{
  bool any = d->switch_count > 0;
  fprintf(out, any ? "\nNetwork\n  %-*s  %-*s  %s  %s\n" : "\nNetwork: none\n", NAME_WIDTH, "user",
          NAME_WIDTH, "switch", "address", "talks to");
  for (size_t i = 0; any && i < d->user_count; i++)
    print_peers(out, d, i);
}

/* -------------------------------------------------------------------- totals */

struct totals {
  uint64_t storage; /* of the users */
  uint32_t free_sectors, free_pieces;
};

static struct totals add_up(const struct directory *d, const struct directory_piece *pieces,
                            size_t count)
{
  struct totals t = {0};
  for (size_t i = 0; i < d->user_count; i++)
    t.storage += d->users[i].storage.size;
  for (size_t i = 0; i < count; i++)
    if (!pieces[i].user) {
      t.free_sectors += pieces[i].extent.sectors;
      t.free_pieces++;
    }
  return t;
}

static void print_totals(FILE *out, const struct directory *d, const struct totals *t)
{
  char users[TEXT_THINGS_SIZE], a[TEXT_COUNT_SIZE], b[TEXT_COUNT_SIZE], c[TEXT_COUNT_SIZE];
  char sectors[TEXT_COUNT_SIZE], pieces[TEXT_THINGS_SIZE], used[TEXT_COUNT_SIZE];
  fprintf(out, "\nIn all\n  %s, %s %s\n", text_things(users, d->user_count, "user"),
          text_count(a, d->shares), d->shares == 1 ? "share" : "shares");
  fprintf(out, "  storage: %s for users, %s for the VMM, %s free\n", text_size(a, t->storage),
          text_size(b, d->own.size), text_size(c, d->free.size));
  if (d->disk != DIRECTORY_NO_DISK)
    fprintf(out, "  disk: %s sectors in use, %s free in %s\n",
            text_count(used, d->sectors - t->free_sectors), text_count(sectors, t->free_sectors),
            text_things(pieces, t->free_pieces, "piece"));
}

bool directory_print(FILE *out, const struct directory *d)
{
  size_t count;
  struct directory_piece *pieces = directory_disk_map(d, &count);
  if (!pieces)
    return false;
  struct totals t = add_up(d, pieces, count);
  fprintf(out, "%s: on profile %s, %s\n\n", d->file, profile_name(d->profile),
          profile_title(d->profile));
  print_storage(out, d);
  print_processor(out, d);
  print_disk(out, d, pieces, count);
  print_consoles(out, d);
  print_network(out, d);
  print_totals(out, d, &t);
  free(pieces);
  return true;
}

/* ---------------------------------------------------------------------- JSON */

static json_t *json_range(mpa_range_t range)
{
  return json_pack("{s:o, s:I}", "start", json_hex(range.start.v), "size", (json_int_t)range.size);
}

static json_t *json_minidisks(const struct directory_user *u)
{
  json_t *list = json_array();
  for (size_t i = 0; i < u->minidisk_count; i++) {
    const struct directory_minidisk *m = &u->minidisks[i];
    json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:s, s:o, s:I}", "name", m->name,
                                          "first", (json_int_t)m->extent.first, "sectors",
                                          (json_int_t)m->extent.sectors, "access",
                                          directory_access_word(m->access), "overlay",
                                          json_text(m->overlay), "line", (json_int_t)m->line));
  }
  return list;
}

static json_t *json_console(const struct directory_console *c)
{
  return json_pack("{s:b, s:o, s:o, s:o}", "private", c->is_private, "prefix", json_text(c->prefix),
                   "log", json_text(c->log), "input", json_text(c->input));
}

/* Those who get its frames, after both sides' filters. */
static json_t *json_reach(const struct directory *d, size_t user)
{
  json_t *list = json_array();
  for (size_t i = 0; i < d->user_count; i++)
    if (directory_may_talk(d, user, i))
      json_array_append_new(list, json_string(d->users[i].name));
  return list;
}

static json_t *json_requires(const struct directory_user *u)
{
  json_t *list = json_array();
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++)
    if (profile_feature_word_holds(w, u->requires))
      json_array_append_new(list, json_string(w->word));
  return list;
}

static json_t *json_user(const struct directory *d, size_t i)
{
  const struct directory_user *u = &d->users[i];
  return json_pack("{s:s, s:I, s:o, s:I, s:o, s:o, s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:o}", "name",
                   u->name, "line", (json_int_t)u->line, "program", json_text(u->program),
                   "program_bytes", (json_int_t)u->program_bytes, "storage", json_range(u->storage),
                   "requires", json_requires(u), "timer", directory_timer_word(u->timer), "share",
                   (json_int_t)u->share, "technique", vmm_techniques[u->technique].name,
                   "minidisks", json_minidisks(u), "console", json_console(&u->console), "switch",
                   u->network < 0 ? json_null() : json_string(d->switches[u->network]), "address",
                   u->network < 0 ? json_null() : json_integer((json_int_t)u->address), "talks_to",
                   json_reach(d, i));
}

static json_t *json_free_extents(const struct directory_piece *pieces, size_t count)
{
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++)
    if (!pieces[i].user)
      json_array_append_new(list,
                            json_pack("{s:I, s:I}", "first", (json_int_t)pieces[i].extent.first,
                                      "sectors", (json_int_t)pieces[i].extent.sectors));
  return list;
}

static json_t *json_disk(const struct directory *d)
{
  size_t count;
  struct directory_piece *pieces = directory_disk_map(d, &count);
  if (!pieces)
    return NULL;
  json_t *disk = json_pack("{s:s, s:o, s:s, s:I, s:o}", "kind", disk_words[d->disk], "image",
                           json_text(d->image), "mode", mode_words[d->disk_mode], "sectors",
                           (json_int_t)d->sectors, "free", json_free_extents(pieces, count));
  free(pieces);
  return disk;
}

static json_t *json_frames(const struct directory *d)
{
  return d->frames == 0 ? json_null()
                        : json_pack("{s:I, s:I, s:o, s:I}", "size", (json_int_t)d->frames, "swap",
                                    (json_int_t)d->swap, "swap_file", json_text(d->swap_file),
                                    "scan", (json_int_t)d->scan);
}

json_t *directory_json(const struct directory *d)
{
  json_t *users = json_array();
  for (size_t i = 0; i < d->user_count; i++)
    json_array_append_new(users, json_user(d, i));
  json_t *switches = json_array();
  for (size_t i = 0; i < d->switch_count; i++)
    json_array_append_new(switches, json_string(d->switches[i]));
  return json_pack("{s:s, s:o, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "schema",
                   "trapeze-directory/1", "file", json_text(d->file), "profile",
                   profile_name(d->profile), "storage", (json_int_t)d->storage, "vmm",
                   json_range(d->own), "free", json_range(d->free), "frames", json_frames(d), "disk", json_disk(d),
                   "switches", switches, "shares", (json_int_t)d->shares, "users", users);
}
