#include "tools/common/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isa/suggest.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/guests.h"
#include "tools/common/message.h"
#include "tools/common/text.h"
#include "tools/disk/program.h"

void setup_init(struct setup *s, const char *command)
{
  *s = (struct setup){.command = command,
                      .profile_name = "pg",
                      .storage = SETUP_DEFAULT_STORAGE,
                      .rate = SETUP_DEFAULT_RATE,
                      .ticks = MACHINE_NEVER};
}

/* ------------------------------------------------------------------- options */

OPTION_TEXT(apply_profile, struct setup, profile_name)
OPTION_TEXT(apply_mmu, struct setup, mmu)
OPTION_TEXT(apply_real_mmu, struct setup, real_mmu)
OPTION_TEXT(apply_io, struct setup, io)

static int apply_memory(void *ctx, const char *value)
{
  struct setup *s = ctx;
  uint64_t n;
  if (!options_size(value, &n) || n < MACHINE_MIN_STORAGE || n > MACHINE_MAX_STORAGE ||
      n % ISA_PAGE_SIZE) {
    message_usage(s->command, "'%s' is no storage size: from 64K to 1G, whole pages of 4K", value);
    return STATUS_USAGE;
  }
  s->storage = (uint32_t)n;
  return STATUS_DONE;
}

OPTION_TEXT(apply_disk, struct setup, disk)

static int apply_ticks(void *ctx, const char *value)
{
  struct setup *s = ctx;
  if (!options_count(value, &s->ticks) || s->ticks == 0) {
    message_usage(s->command, "'%s' is no number of ticks: try 5000000, 5000k or 5M", value);
    return STATUS_USAGE;
  }
  return STATUS_DONE;
}

OPTION_TEXT(apply_input, struct setup, input)
OPTION_TEXT(apply_input_log, struct setup, input_file_log)
OPTION_FLAG(apply_session, struct setup, session)

static int apply_rate(void *ctx, const char *value)
{
  struct setup *s = ctx;
  if (!options_count(value, &s->rate) || s->rate == 0 || s->rate > 1000000000) {
    message_usage(s->command, "'%s' is no input rate: ticks for each byte, from 1 to 1G", value);
    return STATUS_USAGE;
  }
  return STATUS_DONE;
}

const struct option_spec setup_machine_options[] = {
    {"profile", 'p', "NAME", "the machine: a shipped profile (default: pg) or a file NAME.profile",
     apply_profile},
    {"mmu", 0, "NAME",
     "another memory management unit than the profile's or the shipped guest's (bounds, paged, "
     "tlb, nested)",
     apply_mmu},
    {"io", 0, "NAME",
     "another style of input and output than the profile's (this version: ports, none, mmio, channel)",
     apply_io},
    {"memory", 'm', "SIZE", "storage of the machine, as 64K, 1M, 1G (default: 1M)", apply_memory},
    {"disk", 'd', "DISK",
     "an image file; FILE,ro refuses writes, FILE,discard forgets them; a number is a blank disk "
     "of so many sectors, 0 none (default: 256; solo's own has its programs)",
     apply_disk},
    {"ticks", 't', "N", "stop after N ticks", apply_ticks},
    {NULL, 0, NULL, NULL, NULL},
};

const struct option_spec setup_below_options[] = {
    {"real-mmu", 0, "NAME", "the real machine's memory management unit, if it is to be another than the "
     "virtual machine's", apply_real_mmu},
    {NULL, 0, NULL, NULL, NULL},
};

const struct option_spec setup_console_options[] = {
    {"input", 'i', "FILE", "console input; - is standard input, read to its end first",
     apply_input},
    {"input-rate", 0, "TICKS", "ticks from one byte of it to the next (default: 5000)", apply_rate},
    {"input-log", 0, "FILE", "console input as lines of tick and byte", apply_input_log},
    {"session", 's', NULL, "console input that comes with a shipped guest", apply_session},
    {NULL, 0, NULL, NULL, NULL},
};

/* ------------------------------------------------------------------- loading */

/* "error: mmu 'x' …", or nothing where there was no memory to say it. */
static void complain_override(const struct setup *s, const char *said)
{
  static const char head[] = "error: ";
  if (!said || !*said) {
    message_error(s->command, "out of memory");
    return;
  }
  if (strncmp(said, head, strlen(head)) == 0)
    said += strlen(head);
  message_error(s->command, "%.*s", (int)strcspn(said, "\n"), said);
}

/* Nested paging is paging, to a guest. */
static bool suits(const struct profile *p, const char *mmu)
{
  return strcmp(mmu, "paged") == 0 && (profile_features(p) & ISA_FEATURE_MMU_NESTED);
}

/* *changed is NULL if it is not STATUS_DONE. */
static int override(const struct setup *s, const char *mmu, const char *io,
                    struct profile **changed)
{
  char *said = NULL;
  size_t len;
  FILE *errors = open_memstream(&said, &len); /* it has no place in a file, so say whose it is */
  *changed = errors ? profile_override(s->profile, mmu, io, errors) : NULL;
  int status = *changed ? STATUS_DONE : !errors || errno ? STATUS_OURS : STATUS_USAGE;
  if (errors)
    fclose(errors);
  if (status != STATUS_DONE)
    complain_override(s, said);
  free(said);
  return status;
}

int setup_load_profile(struct setup *s)
{
  s->profile = profile_load(s->profile_name, stderr);
  if (!s->profile)
    return errno ? STATUS_OURS : STATUS_USAGE;
  int status = STATUS_DONE;
  const char *mmu = s->mmu ? s->mmu : s->guest_mmu, *io = s->io ? s->io : s->guest_io;
  if (!s->mmu && mmu && suits(s->profile, mmu))
    mmu = NULL;
  if (mmu || io) {
    struct profile *changed;
    status = override(s, mmu, io, &changed);
    profile_destroy(s->profile);
    s->profile = changed;
  }
  if (status == STATUS_DONE && s->real_mmu)
    status = override(s, s->real_mmu, NULL, &s->real_profile);
  return status;
}

static int type_bytes(struct setup *s, const char *what, const uint8_t *bytes, size_t len)
{
  char count[TEXT_COUNT_SIZE], rate[TEXT_COUNT_SIZE];
  bool done = inputlog_type(&s->log, bytes, len, s->rate);
  if (done && asprintf(&s->input_story, "%s, %s bytes, one every %s ticks", what,
                       text_count(count, len), text_count(rate, s->rate)) < 0) {
    s->input_story = NULL;
    done = false;
  }
  if (!done)
    message_error(s->command, "out of memory");
  return done ? STATUS_DONE : STATUS_OURS;
}

static int load_session(struct setup *s)
{
  const struct embedded_file *f = guests_session(s->program.name);
  if (!guests_is_shipped_name(s->program.name) || !f) {
    message_error(s->command, "no console session comes with '%s'", s->program.name);
    return STATUS_USAGE;
  }
  char what[128];
  snprintf(what, sizeof what, "session %s", f->name);
  return type_bytes(s, what, f->bytes, f->len);
}

static int load_input(struct setup *s)
{
  uint8_t *bytes;
  size_t len;
  int status = file_read(s->command, s->input, SETUP_MAX_INPUT, &bytes, &len);
  if (status != STATUS_DONE)
    return status;
  status = type_bytes(s, strcmp(s->input, "-") == 0 ? "standard input" : s->input, bytes, len);
  free(bytes);
  return status;
}

static int load_input_log(struct setup *s)
{
  uint8_t *bytes;
  size_t len;
  const char *file = s->input_file_log;
  int status = file_read(s->command, file, SETUP_MAX_INPUT, &bytes, &len);
  if (status != STATUS_DONE)
    return status;
  status = inputlog_parse(&s->log, file, (const char *)bytes);
  free(bytes);
  if (status == STATUS_DONE &&
      asprintf(&s->input_story, "log %s, %zu bytes", file, s->log.count) < 0) {
    s->input_story = NULL;
    message_error(s->command, "out of memory");
    status = STATUS_OURS;
  }
  return status;
}

static int load_console(struct setup *s)
{
  return s->session          ? load_session(s)
         : s->input          ? load_input(s)
         : s->input_file_log ? load_input_log(s)
                             : STATUS_DONE;
}

int setup_load(struct setup *s, const char *program_name)
{
  if (s->session + (s->input != NULL) + (s->input_file_log != NULL) > 1) {
    message_usage(s->command, "--input, --input-log and --session exclude one another");
    return STATUS_USAGE;
  }
  if (guests_is_shipped_name(program_name)) {
    s->guest_mmu = guests_wants(program_name, "mmu");
    s->guest_io = guests_wants(program_name, "io");
  }
  int status = setup_load_profile(s);
  if (status == STATUS_DONE)
    status = program_load(s->command, program_name, &s->program);
  if (status == STATUS_DONE)
    status = load_console(s);
  if (status == STATUS_DONE && image_extent(s->program.image) > s->storage) {
    char need[TEXT_COUNT_SIZE], have[TEXT_COUNT_SIZE];
    message_error(s->command, "'%s' needs %s of storage, the machine has %s: give --memory",
                  program_name, text_size(need, image_extent(s->program.image)),
                  text_size(have, s->storage));
    status = STATUS_USAGE;
  }
  return status;
}

void setup_destroy(struct setup *s)
{
  program_destroy(&s->program);
  profile_destroy(s->profile);
  profile_destroy(s->real_profile);
  inputlog_destroy(&s->log);
  free(s->input_story);
}

/* ---------------------------------------------------------------------- disk */

static int blank_disk(const struct setup *s, uint64_t sectors, struct disk_store **store)
{
  *store = NULL;
  if (sectors == 0)
    return STATUS_DONE;
  if (sectors <= UINT32_MAX)
    *store = disk_store_memory((uint32_t)sectors);
  if (*store)
    return STATUS_DONE;
  message_error(s->command, "no memory for a disk of %llu sectors", (unsigned long long)sectors);
  return STATUS_OURS;
}

/* Splits "FILE,ro" into the file's name and how to open it. */
static enum disk_store_mode disk_mode(const char *disk, bool writable, char *path, size_t size)
{
  const char *comma = strrchr(disk, ',');
  bool ro = comma && strcmp(comma, ",ro") == 0;
  bool discard = comma && strcmp(comma, ",discard") == 0;
  snprintf(path, size, "%.*s", (int)(ro || discard ? comma - disk : (long)strlen(disk)), disk);
  return ro ? DISK_STORE_READONLY : discard || !writable ? DISK_STORE_DISCARD : DISK_STORE_WRITE;
}

int setup_open_disk(const struct setup *s, bool writable, struct disk_store **store, bool *readonly)
{
  uint64_t sectors = SETUP_DEFAULT_SECTORS;
  *readonly = false;
  if (!s->disk && s->program.name &&
      (strcmp(s->program.name, "solo") == 0 || strcmp(s->program.name, "solo-mmio") == 0 ||
       strcmp(s->program.name, "solo-channel") == 0))
    return solo_example_disk(s->command, SETUP_DEFAULT_SECTORS, store);
  if (!s->disk || options_count(s->disk, &sectors))
    return blank_disk(s, sectors, store);
  char path[4096];
  enum disk_store_mode mode = disk_mode(s->disk, writable, path, sizeof path);
  const char *reason = "cannot be opened";
  *readonly = mode == DISK_STORE_READONLY;
  *store = disk_store_open(path, mode, &reason);
  if (*store)
    return STATUS_DONE;
  int status = errno ? STATUS_OURS : STATUS_USAGE;
  message_error(s->command, "disk '%s': %s", path, reason);
  return status;
}

int setup_close_disk(const struct setup *s, struct disk_store *store, int status)
{
  const char *failure = store ? disk_store_failure(store) : NULL;
  if (failure && status != STATUS_OURS) {
    message_error(s->command, "%s%s: %s", s->disk ? "disk " : "the disk", s->disk ? s->disk : "",
                  failure);
    status = status > STATUS_SIGNAL ? status : STATUS_OURS;
  }
  disk_store_destroy(store);
  return status;
}
