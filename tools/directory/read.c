/* Reading directories: the meaning of each statement by itself. */
#include "tools/directory/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gen/tools/directory/parser.h"
#include "gen/tools/directory/lexer.h"
#include "isa/host.h"
#include "isa/suggest.h"
#include "machine/machine.h"

#define MOST_FEATURES  32u /* bits of a set */
#define DEFAULT_SHARE  1u
#define DEFAULT_MEMORY (256u << 10)

static const char *const key_words[KEY_COUNT] = {
    "profile",  "storage", "disk",  "frames",    "swap",   "scan",    "program", "requires",
    "timer",    "share",   "technique", "memory", "hints", "console", "network", "switch",  "minidisk",
};
static const char *const access_words[] = {"rw", "r", "shared", "cow", NULL};
static const char *const hints_words[] = {"no", "yes", NULL};
static const char *const timer_words[] = {"virtual", "real", NULL};
static const char *const disk_words[] = {"none", "scratch", NULL};
static const char *const mode_words[] = {"write", "readonly", "discard", NULL};
static const char *const sharing_words[] = {"shared", "private", NULL};

const char *directory_access_word(enum directory_access access)
{
  return access_words[access];
}
const char *directory_timer_word(enum directory_timer timer)
{
  return timer_words[timer];
}

/* ------------------------------------------------------------------ messages */

void directory_error(struct directory_reader *r, struct source_place at, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  if (!r->lost)
    reader_verror(&r->in, at, format, args);
  va_end(args);
}

void directory_note(struct directory_reader *r, struct source_place at, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  if (!r->lost)
    reader_vnote(&r->in, at, format, args);
  va_end(args);
}

void directory_note_block(struct directory_reader *r, const char *text)
{
  if (r->open.length > 0)
    directory_note(r, r->open, "%s", text);
}

static void directory_no_memory(struct directory_reader *r)
{
  if (!r->host_error)
    r->host_error = ENOMEM;
}

void directory_host_failed(struct directory_reader *r, const char *path, const char *reason)
{
  r->host_error = errno ? errno : EIO;
  r->host_reported = true;
  fprintf(r->in.errors, "%s: error: cannot look at '%s': %s\n", r->in.source.file, path, reason);
}

static const char *text_of(const struct directory_reader *r, struct source_place at)
{
  return reader_text(&r->in, at);
}

#define SHOW(r, at) (at).length > 100 ? 100 : (int)(at).length, text_of(r, at)

/* As source_line(), but every statement goes on from the one before. */
static unsigned line_of(struct directory_reader *r, size_t offset)
{
  for (; r->counted < offset; r->counted++)
    r->lines += r->in.source.text[r->counted] == '\n';
  return r->lines + 1;
}

/* -------------------------------------------------------------------- memory */

struct kept {
  struct kept *next;
  max_align_t bytes[];
};

void *directory_keep(struct directory_reader *r, size_t size)
{
  struct kept *k = malloc(sizeof *k + size);
  if (!k) {
    directory_no_memory(r);
    return NULL;
  }
  k->next = r->store->kept;
  r->store->kept = k;
  return k->bytes;
}

static char *keep_text(struct directory_reader *r, const char *text, size_t len)
{
  char *kept = directory_keep(r, len + 1);
  if (!kept)
    return NULL;
  memcpy(kept, text, len);
  kept[len] = '\0';
  return kept;
}

/* `items` with room for one more of `size` bytes; NULL, noted in r, if there is none. */
static void *directory_grow(struct directory_reader *r, void *items, size_t *room, size_t count,
                            size_t size)
{
  if (count < *room)
    return items;
  size_t larger = *room ? *room * 2 : 8;
  void *moved = reallocarray(items, larger, size);
  if (moved)
    *room = larger;
  else
    directory_no_memory(r);
  return moved;
}

void directory_destroy(struct directory *d)
{
  if (!d)
    return;
  struct directory_store *store = d->own_memory;
  while (store->kept) {
    struct kept *k = store->kept;
    store->kept = k->next;
    free(k);
  }
  profile_destroy(store->profile);
  free(store->users);
  free(store);
  free(d);
}

/* ------------------------------------------------------- words, names, paths */

/* Which of the words it is; -1 after a message. what: "a timer". */
static int choose(struct directory_reader *r, struct source_place at, const char *what,
                  const char *const *words)
{
  struct suggestion near = suggest_begin(text_of(r, at), at.length);
  char list[128] = "";
  for (int i = 0; words[i]; i++) {
    if (reader_is(&r->in, at, words[i]))
      return i;
    suggest_offer(&near, words[i]);
    size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", words[i]);
  }
  if (near.best)
    directory_error(r, at, "'%.*s' is no %s; did you mean '%s'?", SHOW(r, at), what, near.best);
  else
    directory_error(r, at, "'%.*s' is no %s; there is: %s", SHOW(r, at), what, list);
  return -1;
}

/* NULL after a message. */
static const char *keep_name(struct directory_reader *r, struct source_place at, const char *what)
{
  if (at.length <= DIRECTORY_MAX_NAME)
    return keep_text(r, text_of(r, at), at.length);
  directory_error(r, at, "the name of a %s has at most %u characters, this one has %zu", what,
                  DIRECTORY_MAX_NAME, at.length);
  return NULL;
}

/* What stands between the quotes, without control characters. NULL after a message. */
static const char *keep_quoted(struct directory_reader *r, struct source_place at, size_t most)
{
  const char *text = text_of(r, at) + 1;
  size_t len = at.length - 2;
  if (len > most) {
    directory_error(r, at, "this string has %zu bytes, at most %zu are possible", len, most);
    return NULL;
  }
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
      directory_error(r, at, "this string holds a control character");
      return NULL;
    }
  return keep_text(r, text, len);
}

/* Takes out what changes nothing, so that one file has one path: "a//./b" is "a/b". */
static void tidy(char *path)
{
  char *to = path;
  for (const char *from = path; *from;) {
    bool starts = to == path || to[-1] == '/';
    if (starts && from[0] == '.' && from[1] == '/') {
      from += 2;
      while (*from == '/')
        from++;
    } else if (*from == '/' && to != path && to[-1] == '/') {
      from++;
    } else {
      *to++ = *from++;
    }
  }
  *to = '\0';
}

/* The path of the file that a string names, from the directory's own folder on. In
 * `named` it has a '/' or a '.', so that it is never the name of something shipped. */
static const char *keep_path(struct directory_reader *r, struct source_place at, bool named)
{
  const char *text = text_of(r, at) + 1, *file = r->in.source.file;
  size_t len = at.length - 2;
  if (len == 0) {
    directory_error(r, at, "this should be the name of a file");
    return NULL;
  }
  if (!keep_quoted(r, at, DIRECTORY_MAX_PATH))
    return NULL;
  const char *slash = strrchr(file, '/');
  size_t folder = slash && text[0] != '/' ? (size_t)(slash - file) + 1 : 0;
  char *path = directory_keep(r, folder + len + 3);
  if (!path)
    return NULL;
  memcpy(path, file, folder);
  memcpy(path + folder, text, len);
  path[folder + len] = '\0';
  tidy(path);
  if (named && !strpbrk(path, "/.")) {
    memmove(path + 2, path, strlen(path) + 1);
    memcpy(path, "./", 2);
  }
  return path;
}

static void use_file(struct directory_reader *r, const char *path, const char *what, bool written,
                     struct source_place at)
{
  if (!path)
    return;
  struct file_use *files =
      directory_grow(r, r->files, &r->file_room, r->file_count, sizeof *r->files);
  if (!files)
    return;
  r->files = files;
  r->files[r->file_count++] =
      (struct file_use){.path = path, .what = what, .written = written, .at = at};
}

/* ------------------------------------------------------------------- numbers */

/* Decimal, perhaps with K, M or G, or hexadecimal. False: more than fits. */
static bool number_of(const struct directory_reader *r, struct source_place at, uint64_t *value,
                      bool *unit)
{
  const char *text = text_of(r, at);
  bool hex = at.length > 2 && text[1] == 'x';
  unsigned base = hex ? 16 : 10, shift = 0;
  *value = 0;
  *unit = text[at.length - 1] >= 'G' && !hex;
  for (size_t i = hex ? 2 : 0; i < at.length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (!hex && c > '9') {
      shift = c == 'K' ? 10 : c == 'M' ? 20 : 30;
      break;
    }
    unsigned digit = c <= '9' ? c - (unsigned)'0' : (c | 0x20u) - 'a' + 10;
    if (*value > (UINT32_MAX - digit) / base)
      return false;
    *value = *value * base + digit;
  }
  *value <<= shift;
  return true;
}

/* A number from least to most; what: "a share". */
static bool read_count(struct directory_reader *r, struct source_place at, const char *what,
                       uint32_t least, uint32_t most, uint32_t *count)
{
  uint64_t value;
  bool unit;
  if (!number_of(r, at, &value, &unit) || value < least || value > most || unit) {
    directory_error(r, at, "%s is a number from %u to %u", what, least, most);
    return false;
  }
  *count = (uint32_t)value;
  return true;
}

/* A plain number counts sectors; with a unit it counts bytes, whole sectors of them. */
static bool read_sectors(struct directory_reader *r, struct source_place at, const char *what,
                         uint32_t least, uint32_t *sectors)
{
  uint64_t value;
  bool unit;
  bool fits = number_of(r, at, &value, &unit);
  if (fits && unit)
    value /= MACHINE_SECTOR_SIZE; /* K is two of them */
  if (!fits || value < least || value > DIRECTORY_MAX_SECTORS) {
    directory_error(r, at, "%s is a number of sectors from %u to %u, or bytes with K, M or G", what,
                    least, DIRECTORY_MAX_SECTORS);
    return false;
  }
  *sectors = (uint32_t)value;
  return true;
}

/* -------------------------------------------------------------------- blocks */

void directory_begin_machine(struct directory_reader *r, struct source_place at)
{
  r->open = at;
  if (r->machine_given) {
    directory_error(r, at, "a second 'machine'");
    directory_note(r, r->machine.name, "the first is here");
    return;
  }
  r->machine_given = true;
  r->machine.name = at;
  r->block = BLOCK_MACHINE;
}

static struct directory_user *this_user(const struct directory_reader *r)
{
  return &r->store->users[r->user_count - 1];
}

static struct block_places *this_places(struct directory_reader *r)
{
  return r->block == BLOCK_MACHINE ? &r->machine : &r->users[r->user_count - 1];
}

static bool new_name(struct directory_reader *r, struct source_place at)
{
  for (size_t i = 0; i < r->user_count; i++)
    if (reader_is(&r->in, at, r->store->users[i].name)) {
      directory_error(r, at, "a second user '%.*s'", SHOW(r, at));
      directory_note(r, r->users[i].name, "the first is here");
      return false;
    }
  return true;
}

/* Both tables keep the same room. */
static bool room_for_user(struct directory_reader *r)
{
  size_t room = r->user_room;
  struct block_places *places = directory_grow(r, r->users, &room, r->user_count, sizeof *r->users);
  if (!places)
    return false;
  r->users = places;
  struct directory_user *users =
      directory_grow(r, r->store->users, &r->user_room, r->user_count, sizeof *r->store->users);
  if (!users)
    return false;
  r->store->users = users;
  return true;
}

void directory_begin_user(struct directory_reader *r, struct source_place at)
{
  r->open = at;
  const char *name = new_name(r, at) ? keep_name(r, at, "user") : NULL;
  if (!name || r->host_error)
    return;
  if (r->user_count == DIRECTORY_MAX_USERS) {
    directory_error(r, at, "a directory has at most %u users", DIRECTORY_MAX_USERS);
    r->lost = true;
    return;
  }
  if (!room_for_user(r))
    return;
  r->store->users[r->user_count] = (struct directory_user){.name = name,
                                                           .storage.size = DEFAULT_MEMORY,
                                                           .share = DEFAULT_SHARE,
                                                           .network = -1,
                                                           .line = line_of(r, at.offset)};
  r->users[r->user_count] = (struct block_places){.name = at};
  r->user_count++;
  r->block = BLOCK_USER;
}

void directory_end_block(struct directory_reader *r)
{
  r->block = BLOCK_NONE;
  r->open = NOWHERE;
}

static bool belongs(enum directory_key key, enum block_kind block)
{
  if (key == KEY_STORAGE)
    return true;
  bool machine = key == KEY_PROFILE || key == KEY_DISK || key == KEY_SWITCH ||
                 key == KEY_FRAMES || key == KEY_SWAP || key == KEY_SCAN;
  return machine == (block == BLOCK_MACHINE);
}

/* The statement may stand here. `at` is its value. */
static bool heard(struct directory_reader *r, enum directory_key key, struct source_place at)
{
  if (r->block == BLOCK_NONE || r->host_error || r->lost)
    return false;
  if (!belongs(key, r->block)) {
    directory_error(r, at, "'%s' is said in %s", key_words[key],
                    r->block == BLOCK_MACHINE ? "a user's block, not the machine's"
                                              : "the machine's block, not a user's");
    return false;
  }
  if (key >= KEY_ONCE)
    return true;
  struct block_places *p = this_places(r);
  if (p->given[key]) {
    directory_error(r, at, "a second '%s'", key_words[key]);
    directory_note(r, p->at[key], "the first is here");
    return false;
  }
  p->given[key] = true;
  p->at[key] = at;
  return true;
}

void directory_read_unknown_block(struct directory_reader *r, struct source_place word)
{
  struct suggestion near = suggest_begin(text_of(r, word), word.length);
  suggest_offer(&near, "machine");
  suggest_offer(&near, "user");
  r->syntax_error = true;
  if (near.best)
    directory_error(r, word, "there is no '%.*s'; did you mean '%s'?", SHOW(r, word), near.best);
  else
    directory_error(r, word, "there is no '%.*s'; a directory has 'machine' and 'user'",
                    SHOW(r, word));
}

void directory_read_unknown(struct directory_reader *r, struct source_place word)
{
  if (r->block == BLOCK_NONE)
    return;
  struct suggestion near = suggest_begin(text_of(r, word), word.length);
  char list[200] = "";
  for (enum directory_key key = 0; key < KEY_COUNT; key++) {
    if (!belongs(key, r->block))
      continue;
    suggest_offer(&near, key_words[key]);
    size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", key_words[key]);
  }
  r->syntax_error = true;
  if (near.best)
    directory_error(r, word, "there is no statement '%.*s'; did you mean '%s'?", SHOW(r, word),
                    near.best);
  else
    directory_error(r, word, "there is no statement '%.*s'; here are: %s", SHOW(r, word), list);
}

/* --------------------------------------------------------------- the machine */

void directory_read_profile(struct directory_reader *r, struct source_place at, bool quoted)
{
  if (!heard(r, KEY_PROFILE, at))
    return;
  const char *name = quoted ? keep_path(r, at, true) : keep_text(r, text_of(r, at), at.length);
  if (!name)
    return;
  if (quoted)
    use_file(r, name, "profile", false, at);
  r->store->profile = r->host->profile(r->host->ctx, name, r->in.errors);
  if (!r->store->profile && errno) {
    r->host_error = errno;
    r->host_reported = true;
  } else if (!r->store->profile) {
    directory_error(r, at, "this profile cannot be used, as said above");
  }
}

void directory_read_storage(struct directory_reader *r, struct source_place at)
{
  uint64_t value;
  bool unit;
  if (!heard(r, KEY_STORAGE, at))
    return;
  if (!number_of(r, at, &value, &unit) || value < MACHINE_MIN_STORAGE ||
      value > MACHINE_MAX_STORAGE || value % ISA_PAGE_SIZE) {
    directory_error(r, at, "storage goes from 64K to 1G, in whole pages of 4K%s",
                    unit ? "" : "; a number without K, M or G counts bytes");
    return;
  }
  if (r->block == BLOCK_MACHINE) {
    r->directory->storage = (uint32_t)value;
    r->storage_given = true;
  } else {
    this_user(r)->storage.size = (uint32_t)value;
  }
}

/* Bytes, in whole pages. */
static bool read_pages(struct directory_reader *r, struct source_place at, const char *what,
                       uint32_t *bytes)
{
  uint64_t value;
  bool unit;
  if (!number_of(r, at, &value, &unit) || value < MACHINE_MIN_STORAGE ||
      value > MACHINE_MAX_STORAGE || value % ISA_PAGE_SIZE) {
    directory_error(r, at, "%s go from 64K to 1G, in whole pages of 4K", what);
    return false;
  }
  *bytes = (uint32_t)value;
  return true;
}

void directory_read_frames(struct directory_reader *r, struct source_place at)
{
  if (heard(r, KEY_FRAMES, at))
    read_pages(r, at, "frames", &r->directory->frames);
}

void directory_read_swap(struct directory_reader *r, struct source_place size,
                         struct source_place file)
{
  struct directory *d = r->directory;
  if (!heard(r, KEY_SWAP, size) || !read_pages(r, size, "swap files", &d->swap) ||
      file.length == 0)
    return;
  d->swap_file = keep_path(r, file, false);
  use_file(r, d->swap_file, "swap file", true, file);
}

void directory_read_scan(struct directory_reader *r, struct source_place at)
{
  if (heard(r, KEY_SCAN, at))
    read_count(r, at, "scan", 1, DIRECTORY_MAX_SCAN, &r->directory->scan);
}

/* The image is there, is whole sectors, and as many as were said. */
static void measure_image(struct directory_reader *r, struct source_place at,
                          struct source_place said)
{
  struct directory *d = r->directory;
  uint64_t bytes;
  const char *reason = NULL;
  enum directory_answer answer = r->host->file(r->host->ctx, d->image, &bytes, &reason);
  if (answer == DIRECTORY_HOST_FAILED)
    directory_host_failed(r, d->image, reason);
  if (answer == DIRECTORY_BAD)
    directory_error(r, at, "the image cannot be used: %s", reason);
  if (answer != DIRECTORY_GOOD)
    return;
  uint64_t sectors = bytes / MACHINE_SECTOR_SIZE;
  if (bytes == 0 || bytes % MACHINE_SECTOR_SIZE || sectors > DIRECTORY_MAX_SECTORS)
    directory_error(r, at, "the image has %llu bytes; it should be 1 to %u sectors of %u bytes",
                    (unsigned long long)bytes, DIRECTORY_MAX_SECTORS, MACHINE_SECTOR_SIZE);
  else if (said.length > 0 && d->sectors != 0 && sectors != d->sectors)
    directory_error(r, said, "the image has %llu sectors, not %u", (unsigned long long)sectors,
                    d->sectors);
  else
    d->sectors = (uint32_t)sectors;
}

static void read_image(struct directory_reader *r, struct source_place at,
                       struct source_place sectors, struct source_place mode)
{
  struct directory *d = r->directory;
  int chosen = mode.length > 0 ? choose(r, mode, "way to use an image", mode_words) : 0;
  d->disk_mode = chosen > 0 ? (enum directory_disk_mode)chosen : DIRECTORY_WRITE;
  d->image = keep_path(r, at, false);
  if (!d->image)
    return;
  use_file(r, d->image, "disk image", d->disk_mode == DIRECTORY_WRITE, at);
  measure_image(r, at, sectors);
}

void directory_read_disk(struct directory_reader *r, struct source_place what, bool quoted,
                         struct source_place sectors, struct source_place mode)
{
  struct directory *d = r->directory;
  if (!heard(r, KEY_DISK, what))
    return;
  if (sectors.length > 0)
    read_sectors(r, sectors, "a disk's length", 1, &d->sectors);
  int chosen = quoted ? 2 : choose(r, what, "disk", disk_words);
  r->disk_unknown = chosen < 0;
  if (chosen < 0)
    return;
  d->disk = (enum directory_disk)chosen;
  if (quoted) {
    read_image(r, what, sectors, mode);
    return;
  }
  if (mode.length > 0)
    directory_error(r, mode, "only a disk image can be '%.*s'", SHOW(r, mode));
  if (d->disk == DIRECTORY_NO_DISK && sectors.length > 0)
    directory_error(r, sectors, "no disk has sectors");
  if (d->disk == DIRECTORY_SCRATCH && sectors.length == 0)
    directory_error(r, what, "how long is it? write 'disk scratch sectors 2048;'");
}

void directory_read_switch(struct directory_reader *r, struct source_place at)
{
  struct directory *d = r->directory;
  if (!heard(r, KEY_SWITCH, at))
    return;
  for (size_t i = 0; i < d->switch_count; i++)
    if (reader_is(&r->in, at, d->switches[i])) {
      directory_error(r, at, "a second switch '%.*s'", SHOW(r, at));
      directory_note(r, r->switch_at[i], "the first is here");
      return;
    }
  if (d->switch_count == DIRECTORY_MAX_SWITCHES) {
    directory_error(r, at, "a machine has at most %u switches", DIRECTORY_MAX_SWITCHES);
    return;
  }
  const char *name = keep_name(r, at, "switch");
  if (!name)
    return;
  r->switch_at[d->switch_count] = at;
  d->switches[d->switch_count++] = name;
}

/* -------------------------------------------------------------------- a user */

/* The same program of an earlier user need not be looked at again. */
static bool known_program(const struct directory_reader *r, struct directory_user *u)
{
  for (const struct directory_user *v = r->store->users; v < u; v++)
    if (v->program && v->program_bytes && strcmp(v->program, u->program) == 0) {
      u->program_bytes = v->program_bytes;
      return true;
    }
  return false;
}

void directory_read_program(struct directory_reader *r, struct source_place at, bool quoted)
{
  if (!heard(r, KEY_PROGRAM, at))
    return;
  struct directory_user *u = this_user(r);
  u->program = quoted ? keep_path(r, at, true) : keep_text(r, text_of(r, at), at.length);
  if (quoted)
    use_file(r, u->program, "program", false, at);
  if (!u->program || known_program(r, u))
    return;
  enum directory_answer answer =
      r->host->program(r->host->ctx, u->program, &u->program_bytes, r->in.errors);
  if (answer == DIRECTORY_HOST_FAILED) {
    r->host_error = errno ? errno : ENOMEM;
    r->host_reported = true;
  } else if (answer == DIRECTORY_BAD) {
    directory_error(r, at, "this program cannot be used, as said above");
  }
}

void directory_begin_requires(struct directory_reader *r, struct source_place at)
{
  r->requires_heard = heard(r, KEY_REQUIRES, at);
}

static void promise(struct directory_reader *r, struct promise p)
{
  struct promise *promises =
      directory_grow(r, r->promises, &r->promise_room, r->promise_count, sizeof *r->promises);
  if (!promises)
    return;
  r->promises = promises;
  p.user = r->user_count - 1;
  r->promises[r->promise_count++] = p;
}

void directory_read_feature(struct directory_reader *r, struct source_place at)
{
  if (!r->requires_heard)
    return;
  const char *words[MOST_FEATURES + 1] = {NULL};
  uint32_t features[MOST_FEATURES];
  size_t count = 0;
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++)
    if (w->feature != 0 && count < MOST_FEATURES) {
      words[count] = w->word;
      features[count++] = w->feature;
    }
  int chosen = choose(r, at, "feature of a machine", words);
  if (chosen < 0)
    return;
  uint32_t feature = features[chosen];
  this_user(r)->requires |= feature;
  promise(r, (struct promise){.kind = PROMISE_FEATURE, .at = at, .feature = feature});
}

void directory_read_timer(struct directory_reader *r, struct source_place at)
{
  int chosen = heard(r, KEY_TIMER, at) ? choose(r, at, "timer", timer_words) : -1;
  if (chosen >= 0)
    this_user(r)->timer = (enum directory_timer)chosen;
}

void directory_read_share(struct directory_reader *r, struct source_place at)
{
  uint32_t share;
  if (heard(r, KEY_SHARE, at) && read_count(r, at, "a share", 1, DIRECTORY_MAX_SHARE, &share))
    this_user(r)->share = share;
}

void directory_read_technique(struct directory_reader *r, struct source_place at)
{
  int chosen = heard(r, KEY_TECHNIQUE, at)
                   ? choose(r, at, "technique of this version", vmm_technique_names)
                   : -1;
  if (chosen >= 0)
    this_user(r)->technique = (enum vmm_technique)chosen;
}

void directory_read_memory(struct directory_reader *r, struct source_place at)
{
  int chosen = heard(r, KEY_MEMORY, at)
                   ? choose(r, at, "memory technique of this version", vmm_memory_names)
                   : -1;
  if (chosen >= 0)
    this_user(r)->memory = (enum vmm_memory)chosen;
}

void directory_read_hints(struct directory_reader *r, struct source_place at)
{
  int chosen = heard(r, KEY_HINTS, at) ? choose(r, at, "answer", hints_words) : -1;
  if (chosen >= 0)
    this_user(r)->hints = chosen > 0;
}

/* ---------------------------------------------------------------- mini-disks */

static bool new_minidisk(struct directory_reader *r, struct source_place name)
{
  const struct directory_user *u = this_user(r);
  struct block_places *p = this_places(r);
  for (size_t i = 0; i < u->minidisk_count; i++)
    if (reader_is(&r->in, name, u->minidisks[i].name)) {
      directory_error(r, name, "a second mini-disk '%.*s' of this user", SHOW(r, name));
      directory_note(r, p->minidisk[i], "the first is here");
      return false;
    }
  if (u->minidisk_count < DIRECTORY_MAX_MINIDISKS)
    return true;
  if (p->overlooked++ == 0)
    directory_error(r, name, "a user has at most %u mini-disks", DIRECTORY_MAX_MINIDISKS);
  return false;
}

static bool read_overlay(struct directory_reader *r, struct directory_minidisk *m,
                         struct source_place overlay)
{
  if (overlay.length == 0)
    return true;
  if (m->access != DIRECTORY_COW) {
    directory_error(r, overlay, "only a copy-on-write mini-disk ('access cow') has an overlay");
    return false;
  }
  m->overlay = keep_path(r, overlay, false);
  use_file(r, m->overlay, "overlay", true, overlay);
  return m->overlay != NULL;
}

void directory_read_minidisk(struct directory_reader *r, struct source_place name,
                             struct source_place first, struct source_place length,
                             struct source_place access, struct source_place overlay)
{
  struct directory_minidisk m = {.line = line_of(r, name.offset)};
  if (!heard(r, KEY_MINIDISK, name) || !new_minidisk(r, name))
    return;
  m.name = keep_name(r, name, "mini-disk");
  bool sound = read_sectors(r, first, "the first sector", 0, &m.extent.first);
  sound &= read_sectors(r, length, "the length", 1, &m.extent.sectors);
  int chosen = access.length > 0 ? choose(r, access, "access", access_words) : DIRECTORY_RW;
  if (!m.name || !sound || chosen < 0)
    return;
  m.access = (enum directory_access)chosen;
  if (!read_overlay(r, &m, overlay))
    return;
  struct directory_user *u = this_user(r);
  struct block_places *p = this_places(r);
  size_t i = u->minidisk_count++;
  u->minidisks[i] = m;
  p->minidisk[i] = name;
  p->extent[i] = (struct source_place){first.offset, length.offset + length.length - first.offset};
  p->access[i] = access.length > 0 ? access : name;
}

/* ------------------------------------------------------- console and network */

void directory_begin_console(struct directory_reader *r, struct source_place at)
{
  r->console_heard = heard(r, KEY_CONSOLE, at);
}

void directory_read_sharing(struct directory_reader *r, struct source_place at)
{
  int chosen = r->console_heard ? choose(r, at, "kind of console", sharing_words) : -1;
  if (chosen >= 0)
    this_user(r)->console.is_private = chosen == 1;
}

void directory_read_clause(struct directory_reader *r, enum directory_clause clause,
                           struct source_place at, struct source_place value)
{
  if (!r->console_heard)
    return;
  struct directory_console *c = &this_user(r)->console;
  struct block_places *p = this_places(r);
  if (p->clause[clause]) {
    directory_error(r, at, "a second '%.*s'", SHOW(r, at));
    directory_note(r, p->clause_at[clause], "the first is here");
    return;
  }
  p->clause[clause] = true;
  p->clause_at[clause] = value;
  switch (clause) {
  case DIRECTORY_CLAUSE_PREFIX:
    c->prefix = keep_quoted(r, value, DIRECTORY_MAX_PREFIX);
    break;
  case DIRECTORY_CLAUSE_LOG:
    c->log = keep_path(r, value, false);
    use_file(r, c->log, "log", true, value);
    break;
  case DIRECTORY_CLAUSE_INPUT:
  case DIRECTORY_CLAUSES:
    c->input = keep_path(r, value, false);
    use_file(r, c->input, "input", false, value);
    break;
  }
}

void directory_end_console(struct directory_reader *r)
{
  const struct directory_console *c;
  if (!r->console_heard)
    return;
  r->console_heard = false;
  c = &this_user(r)->console;
  if (c->is_private && c->prefix)
    directory_error(r, this_places(r)->clause_at[DIRECTORY_CLAUSE_PREFIX],
                    "a private console is alone on the terminal and has no prefix");
}

void directory_read_no_network(struct directory_reader *r, struct source_place at)
{
  if (heard(r, KEY_NETWORK, at) && !reader_is(&r->in, at, "none"))
    directory_error(r, at, "'%.*s' is no network; write 'network switch %.*s;' or 'network none;'",
                    SHOW(r, at), SHOW(r, at));
}

/* Negative but not -1: a switch that check.c has yet to find. */
void directory_read_network(struct directory_reader *r, struct source_place at)
{
  r->network_heard = heard(r, KEY_NETWORK, at);
  if (r->network_heard)
    this_user(r)->network = -2;
}

void directory_read_address(struct directory_reader *r, struct source_place at)
{
  uint32_t address;
  if (r->network_heard && read_count(r, at, "an address", 1, DIRECTORY_MAX_ADDRESS, &address)) {
    this_user(r)->address = address;
    this_places(r)->address = at;
  }
}

void directory_read_peer(struct directory_reader *r, struct source_place at)
{
  if (r->network_heard)
    promise(r, (struct promise){.kind = PROMISE_PEER, .at = at});
}

/* ------------------------------------------------------------- a whole file */

static bool scan_and_parse(struct directory_reader *r)
{
  volatile int result = 2;
  yyscan_t scanner;
  if (setjmp(r->in.scan_failed) == 0 && directory_yylex_init_extra(&r->in, &scanner) == 0 &&
      directory_yy_scan_bytes(r->in.source.text, (int)r->in.source.len, scanner))
    result = directory_yyparse(scanner, r);
  reader_scan_end(&r->in);
  return result != 2;
}

static struct directory *new_directory(const char *file)
{
  struct directory *d = calloc(1, sizeof *d);
  struct directory_store *store = calloc(1, sizeof *store);
  if (!d || !store) {
    free(d);
    free(store);
    return NULL;
  }
  d->file = file;
  d->own_memory = store;
  return d;
}

static void read_file(struct directory_reader *r)
{
  r->directory->file = keep_text(r, r->in.source.file, strlen(r->in.source.file));
  if (!r->directory->file)
    return;
  if (!scan_and_parse(r))
    directory_no_memory(r);
  if (!r->host_error)
    directory_check(r);
}

static int finish(struct directory_reader *r)
{
  const char *file = r->in.source.file;
  if (r->host_error && !r->host_reported)
    fprintf(r->in.errors, "%s: error: %s\n", file,
            r->host_error == ENOMEM ? "out of memory" : strerror(r->host_error));
  else
    reader_say_rest(&r->in);
  free(r->users);
  free(r->promises);
  free(r->files);
  return r->host_error;
}

struct directory *directory_parse(const char *file, const char *text, size_t len,
                                  const struct directory_host *host, FILE *errors)
{
  struct directory_reader r = {.in = {.source = {file, text, len}, .errors = errors}, .host = host};
  if (len > DIRECTORY_MAX_BYTES) {
    fprintf(errors, "%s: error: longer than %u bytes, so it is no directory\n", file,
            DIRECTORY_MAX_BYTES);
    errno = 0;
    return NULL;
  }
  r.directory = new_directory(file);
  if (r.directory) {
    r.store = r.directory->own_memory;
    read_file(&r);
  } else {
    directory_no_memory(&r);
  }
  int error = finish(&r);
  if (!error && r.in.error_count == 0)
    return r.directory;
  directory_destroy(r.directory);
  errno = error;
  return NULL;
}

struct directory *directory_load(const char *path, const struct directory_host *host, FILE *errors)
{
  size_t len = 0;
  char *text = reader_load(path, DIRECTORY_MAX_BYTES, &len);
  if (!text) {
    int error = errno;
    fprintf(errors, "%s: error: cannot read this directory: %s\n", path, strerror(error));
    errno = host_at_fault(error) ? error : 0;
    return NULL;
  }
  struct directory *d = directory_parse(path, text, len, host, errors);
  int error = errno;
  free(text);
  errno = error;
  return d;
}
