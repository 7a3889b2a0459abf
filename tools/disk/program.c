#include "tools/disk/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine/image.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/guests.h"
#include "tools/common/message.h"
#include "tools/common/program.h"
#include "tools/common/text.h"

static const char command[] = "disk";

static int out_of_memory(void)
{
  message_error(command, "out of memory");
  return STATUS_OURS;
}

static bool ends_in(const char *name, const char *suffix)
{
  size_t n = strlen(name), s = strlen(suffix);
  return n > s && strcmp(name + n - s, suffix) == 0;
}

/* Zeros at the end need not be on the disk: solo clears what it does not load. */
static uint32_t trimmed(const uint8_t *bytes, uint32_t size)
{
  while (size > 4 && bytes[size - 1] == 0)
    size--;
  return (size + 3) / 4 * 4;
}

/* As a machine would have it in storage: the machine's own loader puts it there. */
static int load_into(struct machine *m, struct solo_file *f, const char *path,
                     const struct image *image)
{
  uint32_t size = image_extent(image);
  f->bytes = calloc(1, SOLO_PROGRAM_MAX);
  if (!f->bytes)
    return out_of_memory();
  if (!image_load(image, m, stderr))
    return STATUS_USAGE;
  if (!machine_phys_read(m, (gpa_t){0}, f->bytes, size)) {
    message_error(command, "'%s' cannot be loaded", path);
    return STATUS_OURS;
  }
  f->size = trimmed(f->bytes, size);
  return STATUS_DONE;
}

static int flatten(struct solo_file *f, const char *path, const struct image *image)
{
  struct profile *profile = profile_load("pg", stderr);
  if (!profile)
    return STATUS_OURS;
  struct machine_config config = {.profile = profile, .storage = SOLO_PROGRAM_MAX};
  struct machine *m = machine_create(&config, NULL);
  int status = m ? load_into(m, f, path, image) : out_of_memory();
  machine_destroy(m);
  profile_destroy(profile);
  return status;
}

static int take_image(struct solo_file *f, const char *path, const struct image *image)
{
  char need[TEXT_COUNT_SIZE], have[TEXT_COUNT_SIZE];
  if (image_extent(image) > SOLO_PROGRAM_MAX) {
    message_error(command, "'%s' needs storage up to %s; a program of solo has %s at most", path,
                  text_size(need, image_extent(image)), text_size(have, SOLO_PROGRAM_MAX));
    return STATUS_USAGE;
  }
  if (image_entry(image) != 0) {
    message_error(command,
                  "'%s' starts at 0x%08x; a program of solo starts at 0: begin its source with "
                  "'.include \"solo/program.inc\"'",
                  path, image_entry(image));
    return STATUS_USAGE;
  }
  return flatten(f, path, image);
}

static int load_program(struct solo_file *f, const char *path)
{
  struct program p;
  int status = program_load(command, path, &p);
  if (status != STATUS_DONE)
    return status;
  status = take_image(f, path, p.image);
  program_destroy(&p);
  return status;
}

static int load_bytes(struct solo_file *f, const char *path, size_t limit)
{
  size_t size;
  int status = file_read(command, path, limit, &f->bytes, &size);
  f->size = (uint32_t)size;
  return status;
}

static bool is_elf(const struct solo_file *f)
{
  return f->size >= 4 && memcmp(f->bytes, "\177ELF", 4) == 0;
}

int solo_file_load(struct solo_file *f, const char *path, enum solo_type type)
{
  *f = (struct solo_file){.type = SOLO_PROGRAM};
  if (ends_in(path, ".s") && type != SOLO_DATA)
    return load_program(f, path);
  size_t limit = type == SOLO_PROGRAM ? PROGRAM_MAX_BYTES : SOLO_MAX_BYTES;
  int status = load_bytes(f, path, limit);
  if (status != STATUS_DONE)
    return status;
  if (is_elf(f) && type != SOLO_DATA) {
    solo_file_destroy(f);
    f->type = SOLO_PROGRAM;
    return load_program(f, path);
  }
  f->type = type == SOLO_PROGRAM ? SOLO_PROGRAM : SOLO_DATA;
  if (f->type == SOLO_PROGRAM && (f->size == 0 || f->size > SOLO_PROGRAM_MAX)) {
    message_error(command, "'%s' has %u bytes; a program of solo has 1 to %u", path, f->size,
                  SOLO_PROGRAM_MAX);
    solo_file_destroy(f);
    return STATUS_USAGE;
  }
  return STATUS_DONE;
}

void solo_file_destroy(struct solo_file *f)
{
  free(f->bytes);
  *f = (struct solo_file){0};
}

/* ------------------------------------------------------------------ the example */

static const char welcome[] = "This disk belongs to solo. Its programs:\n"
                              "  hello       says who it is\n"
                              "  primes N    counts the primes below N\n"
                              "  count FILE  counts lines, words and bytes\n"
                              "  fault N     does what a program may not do\n"
                              "  loop        never ends: control-C or control-X stops it\n";

static int load_example(struct solo_file *f, const struct embedded_file *source)
{
  struct asm_options o = {.reader = guests_reader,
                          .library = guests_reader,
                          .library_folder = GUESTS_FOLDER,
                          .errors = stderr};
  struct asm_output out = {0};
  char path[300];
  snprintf(path, sizeof path, GUESTS_FOLDER "%s", source->name);
  enum asm_status assembled = asm_assemble_elf(path, &o, &out);
  if (assembled != ASM_OK)
    return STATUS_OURS;
  struct image *image = image_parse(path, out.bytes, out.len, stderr);
  int status = image ? take_image(f, path, image) : STATUS_OURS;
  image_destroy(image);
  free(out.bytes);
  return status;
}

bool solo_example(size_t n, struct solo_file *f, int *status)
{
  static const char folder[] = "solo/";
  *f = (struct solo_file){.type = SOLO_PROGRAM};
  *status = STATUS_DONE;
  for (const struct embedded_file *e = tools_embedded_guests; e->name; e++) {
    if (strncmp(e->name, folder, strlen(folder)) != 0 || !ends_in(e->name, ".s") || n-- > 0)
      continue;
    const char *stem = e->name + strlen(folder);
    snprintf(f->name, sizeof f->name, "%.*s", (int)strlen(stem) - 2, stem);
    *status = load_example(f, e);
    return true;
  }
  if (n > 0)
    return false;
  *f = (struct solo_file){.name = "welcome", .type = SOLO_DATA, .size = sizeof welcome - 1};
  f->bytes = malloc(sizeof welcome);
  if (f->bytes)
    memcpy(f->bytes, welcome, sizeof welcome);
  else
    *status = out_of_memory();
  return true;
}

static int fill_example(const char *asked, struct disk_store *store, struct solo_fs *fs)
{
  struct solo_file f;
  char reason[160];
  int status = STATUS_DONE;
  solo_extent(fs, store, 0, disk_store_sectors(store));
  enum solo_answer answer = solo_format(fs);
  for (size_t n = 0; answer == SOLO_DONE && solo_example(n, &f, &status); n++) {
    if (status == STATUS_DONE)
      answer = solo_write(fs, f.name, f.type, f.bytes, f.size, reason, sizeof reason);
    solo_file_destroy(&f);
    if (status != STATUS_DONE)
      return status;
  }
  if (answer != SOLO_DONE)
    message_error(asked, "%s", answer == SOLO_HOST ? "out of memory" : reason);
  return answer == SOLO_DONE ? STATUS_DONE : STATUS_OURS;
}

int solo_example_disk(const char *asked, uint32_t sectors, struct disk_store **store)
{
  struct solo_fs *fs = malloc(sizeof *fs);
  *store = disk_store_memory(sectors);
  int status = STATUS_OURS;
  if (fs && *store)
    status = fill_example(asked, *store, fs);
  else
    message_error(asked, "out of memory");
  free(fs);
  if (status != STATUS_DONE) {
    disk_store_destroy(*store);
    *store = NULL;
  }
  return status;
}
