/* The targets for texts and files that a user brings: whatever they hold, they are
 * taken or refused with a message, and what was taken is sound. */
#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"
#include "isa/gen/check.h"
#include "isa/gen/parse.h"
#include "isa/profile.h"
#include "machine/image.h"
#include "tests/fuzz/fuzz.h"
#include "tools/common/inputlog.h"
#include "tools/directory/directory.h"

/* The only file there is, under the name f.s: so it can include itself. */
static uint8_t *read_input(void *ctx, const char *path, size_t *len, const char **reason)
{
  const struct input *in = ctx;
  if (strcmp(path, "f.s") != 0) {
    *reason = "no such file";
    return NULL;
  }
  *len = in->len;
  return (uint8_t *)text_of(in);
}

/* Output goes to out, messages and listing nowhere. */
static enum asm_status assemble(const struct input *in, bool raw, struct asm_output *out)
{
  struct input file = *in;
  struct asm_options options = {
      .reader = {read_input, &file}, .errors = in->sink, .listing = in->sink};
  return raw ? asm_assemble_raw("f.s", &options, out) : asm_assemble_elf("f.s", &options, out);
}

/* The text of a program, malloc'd; NULL if it is refused. */
static char *disassemble(const struct input *in, size_t *len)
{
  char *text = NULL;
  FILE *out = open_memstream(&text, len);
  require(out != NULL, "memory");
  bool good = asm_disassemble("f", in->bytes, in->len, ISA_RESET_PC, out, in->sink);
  fclose(out);
  if (!good) {
    free(text);
    return NULL;
  }
  return text;
}

/* The bytes that a source puts into storage, and those of its disassembly. */
static void require_same_program(const struct input *in, const struct input *disassembly)
{
  struct asm_output raw = {0}, again = {0};
  enum asm_status status = assemble(in, true, &raw);
  require(assemble(disassembly, true, &again) == status, "a disassembly can be assembled");
  require(raw.len == again.len && (raw.len == 0 || memcmp(raw.bytes, again.bytes, raw.len) == 0),
          "a disassembly assembles to the same bytes");
  free(raw.bytes);
  free(again.bytes);
}

void fuzz_asm(const struct input *in)
{
  struct asm_output elf = {0};
  enum asm_status status = assemble(in, false, &elf);
  require(status == ASM_OK ? elf.len > 0 : elf.len == 0 && !elf.bytes,
          "output if and only if there were no errors");
  require(!in->wrong || status != ASM_OK || elf.len == 0, "no program assembles");
  if (status == ASM_OK) {
    struct input program = {elf.bytes, elf.len, false, in->sink};
    size_t len;
    char *text = disassemble(&program, &len);
    require(text != NULL, "what was assembled can be disassembled");
    struct input disassembly = {(const uint8_t *)text, len, false, in->sink};
    require_same_program(in, &disassembly);
    free(text);
  }
  free(elf.bytes);
}

/* Bytes that are no ELF file: their disassembly assembles to the same bytes. */
void fuzz_disasm(const struct input *in)
{
  size_t len;
  char *text = disassemble(in, &len);
  if (text && !(in->len >= 4 && memcmp(in->bytes, "\177ELF", 4) == 0)) {
    struct input source = {(const uint8_t *)text, len, false, in->sink};
    struct asm_output raw = {0};
    require(assemble(&source, true, &raw) == ASM_OK, "a disassembly can be assembled");
    require(raw.len == in->len && (raw.len == 0 || memcmp(raw.bytes, in->bytes, raw.len) == 0),
            "a disassembly assembles to the same bytes");
    require(!in->wrong || len < 200, "no disassembly is that long");
    free(raw.bytes);
  }
  free(text);
}

void fuzz_profile(const struct input *in)
{
  struct profile *p = profile_parse("f.profile", (const char *)in->bytes, in->len, in->sink);
  if (p) {
    unsigned modes = profile_modes(p);
    require(modes >= 2 && modes <= (in->wrong ? 1 : 4), "2 to 4 modes");
    for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
      require(profile_behaviour(p, (enum isa_insn)i, 1) != NULL, "a behaviour for each");
    }
    profile_destroy(p);
  }
}

static void look_at_image(const struct image *image)
{
  size_t count;
  const struct image_symbol *symbols = image_symbols(image, &count);
  for (size_t i = 0; i < count; i++) {
    uint32_t value, offset;
    require(i == 0 || symbols[i - 1].value <= symbols[i].value, "symbols in order");
    require(image_find_symbol(image, symbols[i].name, &value), "every symbol is found");
    image_symbol_at(image, symbols[i].value, &offset);
    image_line_at(image, symbols[i].value);
  }
  image_line_at(image, image_entry(image));
}

void fuzz_image(const struct input *in)
{
  struct image *image = image_parse("f.elf", in->bytes, in->len, in->sink);
  if (image) {
    require(image_entry(image) % 4 == 0, "an aligned entry");
    require(image_extent(image) <= MACHINE_MAX_STORAGE, "an extent that a machine can have");
    require(!in->wrong || image_extent(image) == 0, "no image has a byte");
    look_at_image(image);
    image_destroy(image);
  }
}

static bool same_log(const struct inputlog *a, const struct inputlog *b)
{
  bool same = a->count == b->count;
  for (size_t i = 0; same && i < a->count; i++) {
    same = a->entries[i].tick == b->entries[i].tick && a->entries[i].byte == b->entries[i].byte;
  }
  return same;
}

/* Messages go to standard error, which the script throws away. */
void fuzz_inputlog(const struct input *in)
{
  char *text = text_of(in);
  struct inputlog log = {0}, again = {0};
  if (inputlog_parse(&log, "f.log", text) == 0) {
    for (size_t i = 1; i < log.count; i++) {
      require(log.entries[i - 1].tick <= log.entries[i].tick, "ticks never decrease");
    }
    char *written = NULL;
    size_t len;
    FILE *out = open_memstream(&written, &len);
    require(out != NULL, "memory");
    inputlog_write(&log, out);
    fclose(out);
    require(inputlog_parse(&again, "again.log", written) == 0, "what was written is a log");
    require(same_log(&log, &again), "what was written is the same log");
    require(!in->wrong || log.count == 0, "no log has a key");
    free(written);
  }
  inputlog_destroy(&again);
  inputlog_destroy(&log);
  free(text);
}

void fuzz_definition(const struct input *in)
{
  struct source source = {.name = "f.isa", .text = text_of(in), .len = in->len};
  struct def def = {0};
  struct diag diag = {.source = &source, .out = in->sink};
  bool parsed = parse_definition(&def, &diag);
  bool good = parsed && check_definition(&def, &diag);
  require(good == (diag.errors == 0), "refused if and only if there was a message");
  require(!in->wrong || !parsed, "no definition parses");
  def_destroy(&def);
  free(source.text);
}

/* Shipped profiles only, programs of one size, images and inputs of four sectors: no file
 * of the host is touched. */
static struct profile *any_profile(void *ctx, const char *name, FILE *errors)
{
  (void)ctx;
  return strpbrk(name, "/.") ? NULL : profile_load(name, errors);
}

static enum directory_answer any_program(void *ctx, const char *name, uint32_t *bytes, FILE *errors)
{
  (void)ctx;
  (void)errors;
  *bytes = 100000;
  return name[0] == 'x' ? DIRECTORY_BAD : DIRECTORY_GOOD;
}

static enum directory_answer any_file(void *ctx, const char *path, uint64_t *bytes,
                                      const char **reason)
{
  (void)ctx;
  *bytes = 2048;
  *reason = "no such file";
  return path[0] == 'x' ? DIRECTORY_BAD : DIRECTORY_GOOD;
}

static bool any_identity(void *ctx, const char *path, uint64_t id[2])
{
  (void)ctx;
  id[0] = 0;
  id[1] = (unsigned char)path[strlen(path) - 1];
  return path[0] != 'n';
}

static void require_sound_storage(const struct directory *d)
{
  uint32_t at = d->own.start.v + d->own.size;
  for (size_t i = 0; i < d->user_count; i++) {
    const struct directory_user *u = &d->users[i];
    require(d->frames > 0 || u->storage.start.v == at, "storage without holes");
    require(u->program && u->program_bytes <= u->storage.size, "a program that fits");
    require(u->share > 0, "a share");
    at += d->frames > 0 ? 0 : u->storage.size;
  }
  at = d->frames > 0 ? d->free.start.v : at;
  require(d->free.start.v == at && at + d->free.size == d->storage, "all storage is told");
}

/* Every sector has one owner, or only such as share it. */
static void require_sound_disk(const struct directory *d)
{
  size_t count;
  struct directory_piece *map = directory_disk_map(d, &count);
  require(map != NULL, "memory");
  for (size_t i = 0; i < count; i++) {
    const struct directory_extent *e = &map[i].extent;
    require(e->sectors > 0 && range_contains(0, d->sectors, e->first, e->sectors), "on the disk");
    for (size_t k = i + 1; k < count && map[k].extent.first < e->first + e->sectors; k++)
      require(map[i].user && map[k].user && map[i].minidisk->access >= DIRECTORY_SHARED &&
                  map[k].minidisk->access >= DIRECTORY_SHARED,
              "only what is shared overlaps");
  }
  free(map);
}

void fuzz_directory(const struct input *in)
{
  const struct directory_host host = {NULL, any_profile, any_program, any_file, any_identity};
  struct directory *d = directory_parse("f.dir", (const char *)in->bytes, in->len, &host, in->sink);
  if (!d)
    return;
  require(!in->wrong || d->user_count == 0, "no directory has a user");
  require_sound_storage(d);
  require_sound_disk(d);
  for (size_t i = 0; i < d->user_count; i++)
    for (size_t k = 0; k < i; k++)
      require(directory_may_talk(d, i, k) == directory_may_talk(d, k, i), "talk goes both ways");
  directory_destroy(d);
}
