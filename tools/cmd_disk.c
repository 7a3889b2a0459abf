/* trapeze disk: images with solo's file system, from the host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "isa/suggest.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/json.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/common/text.h"
#include "tools/disk/overlay_actions.h"
#include "tools/disk/program.h"

#define DEFAULT_SECTORS 256u

enum given {
  SECTORS = 1 << 0,
  EXTENT = 1 << 1,
  AS = 1 << 2,
  TYPE = 1 << 3,
  OUTPUT = 1 << 4,
  JSON = 1 << 5,
  EXAMPLE = 1 << 6,
  FORCE = 1 << 7,
};

struct request {
  unsigned given; /* enum given */
  uint64_t sectors, first, length;
  bool has_length;
  const char *as, *output;
  enum solo_type type; /* SOLO_FREE: by what the file is */
  const char *image;
  bool in_memory; /* the image is still to be written */
  struct disk_store *store;
  struct solo_fs *fs;
};

/* ------------------------------------------------------------------- options */

static int apply_sectors(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (!options_count(value, &r->sectors) || r->sectors < SOLO_MIN_SECTORS ||
      r->sectors > SOLO_MAX_SECTORS) {
    message_usage("disk", "'%s' is no number of sectors: from %u to %u", value, SOLO_MIN_SECTORS,
                  SOLO_MAX_SECTORS);
    return STATUS_USAGE;
  }
  r->given |= SECTORS;
  return STATUS_DONE;
}

static int apply_size(void *ctx, const char *value)
{
  struct request *r = ctx;
  uint64_t bytes;
  if (!options_size(value, &bytes) || bytes % SOLO_SECTOR ||
      bytes < (uint64_t)SOLO_MIN_SECTORS * SOLO_SECTOR || bytes > SOLO_MAX_BYTES) {
    message_usage("disk", "'%s' is no size of a disk: from 2K to 2G, whole sectors of 512 bytes",
                  value);
    return STATUS_USAGE;
  }
  r->sectors = bytes / SOLO_SECTOR;
  r->given |= SECTORS;
  return STATUS_DONE;
}

static int apply_first(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->given |= EXTENT;
  if (options_count(value, &r->first) && r->first <= UINT32_MAX)
    return STATUS_DONE;
  message_usage("disk", "'%s' is no sector", value);
  return STATUS_USAGE;
}

static int apply_length(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->given |= EXTENT;
  r->has_length = true;
  if (options_count(value, &r->length) && r->length > 0 && r->length <= UINT32_MAX)
    return STATUS_DONE;
  message_usage("disk", "'%s' is no number of sectors", value);
  return STATUS_USAGE;
}

static int apply_as(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->as = value;
  r->given |= AS;
  return STATUS_DONE;
}

static int apply_type(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->given |= TYPE;
  struct suggestion near = suggest_begin(value, strlen(value));
  for (enum solo_type t = SOLO_DATA; t < SOLO_TYPES; t++) {
    suggest_offer(&near, solo_type_name(t));
    if (strcmp(value, solo_type_name(t)) == 0) {
      r->type = t;
      return STATUS_DONE;
    }
  }
  if (near.best)
    message_usage("disk", "unknown type '%s'; did you mean '%s'?", value, near.best);
  else
    message_usage("disk", "unknown type '%s': data, program", value);
  return STATUS_USAGE;
}

static int apply_output(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->output = value;
  r->given |= OUTPUT;
  return STATUS_DONE;
}

static int apply_json(void *ctx, const char *value)
{
  (void)value;
  ((struct request *)ctx)->given |= JSON;
  return STATUS_DONE;
}

static int apply_example(void *ctx, const char *value)
{
  (void)value;
  ((struct request *)ctx)->given |= EXAMPLE;
  return STATUS_DONE;
}

static int apply_force(void *ctx, const char *value)
{
  (void)value;
  ((struct request *)ctx)->given |= FORCE;
  return STATUS_DONE;
}

static const struct option_spec options[] = {
    {"sectors", 'n', "N", "make: sectors of the image (default: 256)", apply_sectors},
    {"size", 's', "SIZE", "make: the same in bytes, as 128K, 1M", apply_size},
    {"example", 'e', NULL, "make: with solo's programs on it", apply_example},
    {"force", 'f', NULL, "make: over what is there", apply_force},
    {"first", 0, "SECTOR", "where in the image the mini-disk begins (default: 0)", apply_first},
    {"length", 0, "N", "sectors of the mini-disk (default: the rest of the image)", apply_length},
    {"as", 0, "NAME", "put: the file's name on the disk", apply_as},
    {"type", 0, "TYPE",
     "make, put: data or program (default: sources and ELF files are programs, all else is data)",
     apply_type},
    {"output", 'o', "FILE", "get: where to write; - is standard output (default: NAME)",
     apply_output},
    {"json", 0, NULL, "list, check: one JSON object, schema trapeze-disk/1", apply_json},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "disk",
    .synopsis = "[OPTION]... make IMAGE [FILE]...\n"
                "       trapeze disk [OPTION]... list IMAGE\n"
                "       trapeze disk [OPTION]... get IMAGE NAME\n"
                "       trapeze disk [OPTION]... put IMAGE FILE...\n"
                "       trapeze disk [OPTION]... delete IMAGE NAME\n"
                "       trapeze disk [OPTION]... check IMAGE\n"
                "       trapeze disk overlay IMAGE OVERLAY\n"
                "       trapeze disk commit IMAGE OVERLAY\n"
                "       trapeze disk discard IMAGE OVERLAY",
    .about = "Make disk images for the guest 'solo', and move files to them and from them. A "
             "source or an ELF file is put there as a program that solo can run.\n\n"
             "'trapeze disk make --example solo.img' and 'trapeze run solo --disk solo.img' "
             "are all that it takes to begin.",
    .notes = "With --first and --length the disk is a mini-disk within a larger image; make then "
             "formats it there. put and make replace files of the same name. Names on the disk "
             "have at most 16 characters; docs/solo.md describes the format.\n\n"
             "An overlay is what was written to a copy-on-write mini-disk of IMAGE "
             "(docs/minidisks.md), whatever is on it: overlay checks it, commit writes it into the "
             "image, discard forgets it.\n\n"
             "Exit status: 0 done, the disk is consistent; 1 it is not; 2 usage or bad input; 3 "
             "trapeze or the host failed.",
    .min_operands = 1,
    .max_operands = -1,
    .operand = "what to do (make, list, get, put, delete, check, overlay, commit or discard)",
};

/* --------------------------------------------------------- the image, the disk */

static int out_of_memory(void)
{
  message_error("disk", "out of memory");
  return STATUS_OURS;
}

/* Of what solo_fs answers when the host refused. */
static int complain_host(const struct request *r)
{
  const char *failure = disk_store_failure(r->store);
  if (!failure && r->in_memory)
    return out_of_memory();
  if (failure)
    message_error("disk", "'%s': %s", r->image, failure);
  else
    message_error("disk", "'%s': cannot use sector %llu", r->image,
                  (unsigned long long)r->fs->lost);
  return STATUS_OURS;
}

static int set_extent(struct request *r)
{
  uint32_t sectors = disk_store_sectors(r->store);
  uint64_t length = r->has_length ? r->length : r->first < sectors ? sectors - r->first : 0;
  if (r->first >= sectors || length > sectors - r->first) {
    message_error("disk", "'%s' has %u sectors; %llu from sector %llu on are not among them",
                  r->image, sectors, (unsigned long long)(length ? length : 1),
                  (unsigned long long)r->first);
    return STATUS_USAGE;
  }
  solo_extent(r->fs, r->store, (uint32_t)r->first, (uint32_t)length);
  return STATUS_DONE;
}

/* An image that exists. request_close() either way. */
static int open_image(struct request *r, bool writes)
{
  const char *reason = "cannot be opened";
  r->fs = malloc(sizeof *r->fs);
  if (!r->fs)
    return out_of_memory();
  r->store = disk_store_open(r->image, writes ? DISK_STORE_WRITE : DISK_STORE_READONLY, &reason);
  if (!r->store) {
    int status = errno ? STATUS_OURS : STATUS_USAGE;
    message_error("disk", "'%s': %s", r->image, reason);
    return status;
  }
  return set_extent(r);
}

static void close_image(struct request *r)
{
  disk_store_destroy(r->store);
  free(r->fs);
  r->store = NULL;
  r->fs = NULL;
}

static int open_disk(struct request *r, bool writes)
{
  char reason[160];
  int status = open_image(r, writes);
  if (status != STATUS_DONE)
    return status;
  enum solo_answer answer = solo_open(r->fs, reason, sizeof reason);
  if (answer == SOLO_HOST)
    return complain_host(r);
  if (answer == SOLO_FOREIGN) {
    message_error("disk", "'%s': %s", r->image, reason);
    return STATUS_USAGE;
  }
  return STATUS_DONE;
}

static void say_nothing(void *ctx, const char *text)
{
  (void)ctx;
  (void)text;
}

/* Where two files share sectors, to write one would be to spoil the other. */
static int open_to_change(struct request *r)
{
  int status = open_disk(r, true);
  if (status != STATUS_DONE)
    return status;
  size_t wrong = solo_check(r->fs, say_nothing, NULL);
  if (wrong == 0)
    return STATUS_DONE;
  message_error("disk",
                "'%s' has %zu inconsistenc%s, which 'trapeze disk check' names; it is left "
                "as it is",
                r->image, wrong, wrong == 1 ? "y" : "ies");
  return STATUS_USAGE;
}

static int find_file(const struct request *r, const char *name, size_t *file)
{
  *file = solo_find(r->fs, name);
  if (*file != SOLO_MAX_FILES)
    return STATUS_DONE;
  struct suggestion near = suggest_begin(name, strlen(name));
  for (size_t i = 0; i < solo_capacity(r->fs); i++)
    if (r->fs->entries[i].sound)
      suggest_offer(&near, r->fs->entries[i].name);
  if (near.best)
    message_error("disk", "there is no '%s' on '%s'; did you mean '%s'?", name, r->image,
                  near.best);
  else
    message_error("disk", "there is no '%s' on '%s'", name, r->image);
  return STATUS_USAGE;
}

/* ------------------------------------------------------------------ make, put */

/* What a file is called on the disk: its own name, a program's without the ending. */
static int name_file(const struct request *r, const char *path, struct solo_file *f)
{
  const char *slash = strrchr(path, '/');
  const char *name = r->as ? r->as : slash ? slash + 1 : path;
  size_t len = strlen(name);
  static const char *const endings[] = {".s", ".elf", ".bin"};
  for (size_t i = 0; !r->as && f->type == SOLO_PROGRAM && i < 3; i++) {
    size_t n = strlen(endings[i]);
    if (len > n && strcmp(name + len - n, endings[i]) == 0) {
      len -= n;
      break;
    }
  }
  snprintf(f->name, sizeof f->name, "%.*s", (int)len, name);
  if (len <= SOLO_NAME_MAX && solo_name_good(f->name))
    return STATUS_DONE;
  message_error("disk",
                "'%.*s' is no name on this disk: 1 to %u characters without blanks and '/'%s",
                (int)len, name, SOLO_NAME_MAX, r->as ? "" : "; give one with --as");
  return STATUS_USAGE;
}

static int write_file(struct request *r, const struct solo_file *f)
{
  char reason[160];
  enum solo_answer answer =
      solo_write(r->fs, f->name, f->type, f->bytes, f->size, reason, sizeof reason);
  if (answer == SOLO_HOST)
    return complain_host(r);
  if (answer == SOLO_FOREIGN) {
    message_error("disk", "'%s' on '%s': %s", f->name, r->image, reason);
    return STATUS_USAGE;
  }
  return STATUS_DONE;
}

static int put_files(struct request *r, char **paths, int count)
{
  int status = STATUS_DONE;
  for (int i = 0; i < count && status == STATUS_DONE; i++) {
    struct solo_file f;
    status = solo_file_load(&f, paths[i], r->type);
    if (status == STATUS_DONE)
      status = name_file(r, paths[i], &f);
    if (status == STATUS_DONE)
      status = write_file(r, &f);
    solo_file_destroy(&f);
  }
  return status;
}

static int put_example(struct request *r)
{
  int status = STATUS_DONE;
  struct solo_file f;
  for (size_t n = 0; status == STATUS_DONE && solo_example(n, &f, &status); n++) {
    if (status == STATUS_DONE)
      status = write_file(r, &f);
    solo_file_destroy(&f);
  }
  return status;
}

static int fill(struct request *r, char **paths, int count)
{
  if (r->fs->length < SOLO_MIN_SECTORS || r->fs->length > SOLO_MAX_SECTORS) {
    message_error("disk", "%u sectors cannot hold the file system: from %u to %u", r->fs->length,
                  SOLO_MIN_SECTORS, SOLO_MAX_SECTORS);
    return STATUS_USAGE;
  }
  if (solo_format(r->fs) != SOLO_DONE)
    return complain_host(r);
  int status = r->given & EXAMPLE ? put_example(r) : STATUS_DONE;
  return status == STATUS_DONE ? put_files(r, paths, count) : status;
}

static int save_image(const struct request *r)
{
  struct file_out f;
  uint8_t buf[SOLO_SECTOR];
  int status = file_out_open(&f, "disk", r->image);
  if (status != STATUS_DONE)
    return status;
  for (uint32_t i = 0; i < disk_store_sectors(r->store) && !ferror(f.stream); i++) {
    if (!disk_store_read(r->store, i, buf))
      status = out_of_memory(); /* a store in memory refuses nothing else */
    fwrite(buf, 1, sizeof buf, f.stream);
  }
  if (status == STATUS_DONE)
    return file_out_commit(&f);
  file_out_abandon(&f);
  return status;
}

static int make_image(struct request *r, char **paths, int count)
{
  if (!(r->given & FORCE) && access(r->image, F_OK) == 0) {
    message_error("disk", "'%s' exists; give --force to make it anew", r->image);
    return STATUS_USAGE;
  }
  uint32_t sectors = r->given & SECTORS ? (uint32_t)r->sectors : DEFAULT_SECTORS;
  r->fs = malloc(sizeof *r->fs);
  r->store = disk_store_memory(sectors);
  r->in_memory = true;
  if (!r->fs || !r->store)
    return out_of_memory();
  solo_extent(r->fs, r->store, 0, sectors);
  int status = fill(r, paths, count);
  return status == STATUS_DONE ? save_image(r) : status;
}

static int make_within(struct request *r, char **paths, int count)
{
  bool blank;
  if (r->given & SECTORS) {
    message_usage("disk", "--first and --length say how large it is; without --sectors and "
                          "--size");
    return STATUS_USAGE;
  }
  int status = open_image(r, true);
  if (status != STATUS_DONE)
    return status;
  if (solo_is_blank(r->fs, &blank) != SOLO_DONE)
    return complain_host(r);
  if (!blank && !(r->given & FORCE)) {
    message_error("disk", "sector %u of '%s' is not blank; give --force to format it anyway",
                  r->fs->start, r->image);
    return STATUS_USAGE;
  }
  return fill(r, paths, count);
}

static int run_make(struct request *r, char **operands, int count)
{
  return r->given & EXTENT ? make_within(r, operands, count) : make_image(r, operands, count);
}

static int run_put(struct request *r, char **operands, int count)
{
  int status = open_to_change(r);
  return status == STATUS_DONE ? put_files(r, operands, count) : status;
}

/* ---------------------------------------------------------------- get, delete */

static int run_delete(struct request *r, char **operands, int count)
{
  (void)count;
  size_t file;
  int status = open_to_change(r);
  if (status == STATUS_DONE)
    status = find_file(r, operands[0], &file);
  if (status == STATUS_DONE && solo_delete(r->fs, file) != SOLO_DONE)
    status = complain_host(r);
  return status;
}

static int write_host_file(const struct request *r, const uint8_t *bytes, size_t size,
                           const char *path)
{
  struct file_out out;
  if (file_same(path, r->image)) {
    message_error("disk", "'%s' is the image itself, which is not overwritten", path);
    return STATUS_USAGE;
  }
  int status = file_out_open(&out, "disk", path);
  if (status != STATUS_DONE)
    return status;
  fwrite(bytes, 1, size, out.stream);
  return file_out_commit(&out);
}

static int run_get(struct request *r, char **operands, int count)
{
  (void)count;
  size_t file;
  int status = open_disk(r, false);
  if (status == STATUS_DONE)
    status = find_file(r, operands[0], &file);
  if (status != STATUS_DONE)
    return status;
  const struct solo_entry *e = &r->fs->entries[file];
  char path[SOLO_NAME_MAX + 3];
  snprintf(path, sizeof path, "./%s", e->name); /* a name may begin with a dash */
  uint8_t *bytes = malloc((size_t)e->size + 1);
  if (!bytes)
    return out_of_memory();
  status = solo_read(r->fs, file, bytes) == SOLO_DONE
               ? write_host_file(r, bytes, e->size, r->output ? r->output : path)
               : complain_host(r);
  free(bytes);
  return status;
}

/* ---------------------------------------------------------------- list, check */

static void print_entry(const struct solo_entry *e)
{
  char size[TEXT_COUNT_SIZE], sectors[TEXT_COUNT_SIZE], first[TEXT_COUNT_SIZE],
      tick[TEXT_COUNT_SIZE];
  printf("%-16s  %-7s  %13s  %9s  %9s  %s%s\n", e->name, solo_type_name(e->type),
         text_count(size, e->size), text_count(sectors, solo_sectors_of(e->size)),
         text_count(first, e->first), e->tick ? "tick " : "by the host",
         e->tick ? text_count(tick, e->tick) : "");
}

static void print_room(const struct solo_fs *fs)
{
  struct solo_room room = solo_room(fs);
  char files[TEXT_THINGS_SIZE], total[TEXT_COUNT_SIZE], used[TEXT_COUNT_SIZE],
      free_ones[TEXT_COUNT_SIZE], longest[TEXT_COUNT_SIZE];
  printf("%s of %zu; %s of %s sectors used, %s free, up to %s in one piece\n",
         text_things(files, room.files, "file"), solo_capacity(fs), text_count(used, room.used),
         text_count(total, fs->sectors), text_count(free_ones, room.free),
         text_count(longest, room.longest));
}

static void append_text(void *ctx, const char *text)
{
  json_array_append_new(ctx, json_text(text));
}

static json_t *entry_json(const struct solo_entry *e)
{
  return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "name", e->name, "type",
                   solo_type_name(e->type), "size", (json_int_t)e->size, "first",
                   (json_int_t)e->first, "sectors", (json_int_t)solo_sectors_of(e->size), "tick",
                   (json_int_t)e->tick);
}

/* With a reason there is no file system to tell about. */
static int print_json(const struct request *r, const char *reason, size_t *wrong)
{
  json_t *files = json_array(), *problems = json_array();
  const struct solo_fs *fs = r->fs;
  struct solo_room room = {0};
  if (reason) {
    append_text(problems, reason);
  } else {
    room = solo_room(fs);
    for (size_t i = 0; i < solo_capacity(fs); i++)
      if (fs->entries[i].sound)
        json_array_append_new(files, entry_json(&fs->entries[i]));
    solo_check(fs, append_text, problems);
  }
  *wrong = json_array_size(problems);
  return json_print(
      "disk", json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "schema",
                        "trapeze-disk/1", "image", json_text(r->image), "start",
                        (json_int_t)fs->start, "sectors", (json_int_t)(reason ? 0 : fs->sectors),
                        "directory_sectors", (json_int_t)(reason ? 0 : fs->dir_sectors), "used",
                        (json_int_t)room.used, "free", (json_int_t)room.free, "longest_free",
                        (json_int_t)room.longest, "files", files, "problems", problems));
}

static int run_list(struct request *r, char **operands, int count)
{
  (void)operands;
  (void)count;
  size_t wrong = 0;
  int status = open_disk(r, false);
  if (status != STATUS_DONE)
    return status;
  if (r->given & JSON) {
    status = print_json(r, NULL, &wrong);
    return status == STATUS_DONE && wrong ? STATUS_NO : status;
  }
  printf("%-16s  %-7s  %13s  %9s  %9s  %s\n", "name", "type", "bytes", "sectors", "first",
         "written");
  for (size_t i = 0; i < solo_capacity(r->fs); i++)
    if (r->fs->entries[i].sound)
      print_entry(&r->fs->entries[i]);
  print_room(r->fs);
  wrong = solo_check(r->fs, say_nothing, NULL);
  if (wrong)
    message_note("disk", "'%s' is not consistent: 'trapeze disk check' says why", r->image);
  return wrong ? STATUS_NO : STATUS_DONE;
}

static void print_problem(void *ctx, const char *text)
{
  printf("%s: %s\n", ((const struct request *)ctx)->image, text);
}

static int run_check(struct request *r, char **operands, int count)
{
  (void)operands;
  (void)count;
  char reason[160];
  size_t wrong = 1;
  int status = open_image(r, false);
  if (status != STATUS_DONE)
    return status;
  enum solo_answer answer = solo_open(r->fs, reason, sizeof reason);
  if (answer == SOLO_HOST)
    return complain_host(r);
  bool foreign = answer == SOLO_FOREIGN;
  if (r->given & JSON) {
    status = print_json(r, foreign ? reason : NULL, &wrong);
    return status == STATUS_DONE && wrong ? STATUS_NO : status;
  }
  if (foreign)
    print_problem(r, reason);
  else
    wrong = solo_check(r->fs, print_problem, r);
  if (wrong)
    return STATUS_NO;
  printf("consistent: ");
  print_room(r->fs);
  return STATUS_DONE;
}

/* ------------------------------------------------------------------- overlays */

static int with_overlay(struct request *r, const char *path, bool writes,
                        int (*action)(const struct overlay_request *q))
{
  int status = open_image(r, writes);
  return status == STATUS_DONE ? action(&(struct overlay_request){r->image, path, r->store})
                               : status;
}

static int run_overlay(struct request *r, char **operands, int count)
{
  (void)count;
  return with_overlay(r, operands[0], false, overlay_action_show);
}

static int run_commit(struct request *r, char **operands, int count)
{
  (void)count;
  return with_overlay(r, operands[0], true, overlay_action_commit);
}

static int run_discard(struct request *r, char **operands, int count)
{
  (void)count;
  return with_overlay(r, operands[0], false, overlay_action_discard);
}

/* --------------------------------------------------------------- the actions */

struct action {
  const char *name;
  int least, most; /* operands behind the image; most < 0: any number */
  const char *operand;
  unsigned takes; /* enum given */
  int (*run)(struct request *r, char **operands, int count);
};

static const struct action actions[] = {
    {"make", 0, -1, "", SECTORS | EXTENT | TYPE | AS | EXAMPLE | FORCE, run_make},
    {"list", 0, 0, "", EXTENT | JSON, run_list},
    {"get", 1, 1, "a file's name", EXTENT | OUTPUT, run_get},
    {"put", 1, -1, "a file", EXTENT | AS | TYPE, run_put},
    {"delete", 1, 1, "a file's name", EXTENT, run_delete},
    {"check", 0, 0, "", EXTENT | JSON, run_check},
    {"overlay", 1, 1, "an overlay", 0, run_overlay},
    {"commit", 1, 1, "an overlay", 0, run_commit},
    {"discard", 1, 1, "an overlay", 0, run_discard},
};
#define ACTIONS (sizeof actions / sizeof *actions)

static const struct action *find_action(const char *name)
{
  struct suggestion near = suggest_begin(name, strlen(name));
  for (size_t i = 0; i < ACTIONS; i++) {
    suggest_offer(&near, actions[i].name);
    if (strcmp(actions[i].name, name) == 0)
      return &actions[i];
  }
  if (near.best)
    message_usage("disk", "there is no '%s'; did you mean '%s'?", name, near.best);
  else
    message_usage("disk",
                  "there is no '%s': make, list, get, put, delete, check, overlay, commit, discard",
                  name);
  return NULL;
}

static int check_usage(const struct action *a, const struct request *r, char **operands, int count)
{
  static const char *const names[] = {"--sectors or --size",
                                      "--first or --length",
                                      "--as",
                                      "--type",
                                      "--output",
                                      "--json",
                                      "--example",
                                      "--force"};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
    if (r->given & ~a->takes & 1u << i) {
      message_usage("disk", "'%s' takes no %s", a->name, names[i]);
      return STATUS_USAGE;
    }
  if (count < 1)
    message_usage("disk", "which image? write '%s IMAGE%s'", a->name,
                  !a->least                               ? ""
                  : strcmp(a->name, "put") == 0           ? " FILE"
                  : strcmp(a->operand, "an overlay") == 0 ? " OVERLAY"
                                                          : " NAME");
  else if (count - 1 < a->least)
    message_usage("disk", "%s is missing behind '%s'", a->operand, operands[0]);
  else if (r->as && count > 2)
    message_usage("disk", "--as names one file, not %d", count - 1);
  else if (a->most >= 0 && count - 1 > a->most)
    message_usage("disk", "unexpected argument '%s'", operands[1 + a->most]);
  else
    return STATUS_DONE;
  return STATUS_USAGE;
}

int cmd_disk(int argc, char **argv)
{
  struct request r = {0};
  const struct option_group groups[] = {{"Options", options, &r}, {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  const struct action *a = find_action(operands[0]);
  status = a ? check_usage(a, &r, operands + 1, count - 1) : STATUS_USAGE;
  if (status != STATUS_DONE)
    return status;
  r.image = operands[1];
  status = a->run(&r, operands + 2, count - 2);
  close_image(&r);
  return status;
}
