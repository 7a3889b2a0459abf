/* The fuzz targets, one for each kind of text or file that a user brings. Built
 * once for each with -DTARGET=fuzz_NAME (tests/fuzz/run.sh). Besides crashes and
 * what the sanitizers see, each states what must hold of the answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"
#include "isa/gen/check.h"
#include "isa/gen/parse.h"
#include "isa/profile.h"
#include "machine/image.h"
#include "tools/common/inputlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
  const uint8_t *bytes;
  size_t len;
};

static void require(bool holds, const char *what)
{
  if (!holds) {
    fprintf(stderr, "fuzz: does not hold: %s\n", what);
    abort();
  }
}

/* The only file there is, under the name f.s: so it can include itself. */
static uint8_t *read_input(void *ctx, const char *path, size_t *len, const char **reason)
{
  const struct input *in = ctx;
  if (strcmp(path, "f.s") != 0) {
    *reason = "no such file";
    return NULL;
  }
  uint8_t *copy = malloc(in->len + 1);
  require(copy != NULL, "memory");
  if (in->len > 0) {
    memcpy(copy, in->bytes, in->len);
  }
  *len = in->len;
  return copy;
}

__attribute__((unused)) static void fuzz_asm(const uint8_t *data, size_t len, FILE *out)
{
  struct input in = {data, len};
  struct asm_options options = {.reader = {read_input, &in}, .errors = out, .listing = out};
  struct asm_output elf = {0};
  enum asm_status status = asm_assemble_elf("f.s", &options, &elf);
  require(status == ASM_OK ? elf.len > 0 : elf.len == 0 && !elf.bytes,
          "output if and only if there were no errors");
  if (status == ASM_OK) {
    require(asm_disassemble("f.elf", elf.bytes, elf.len, 0, out, out),
            "what was assembled can be disassembled");
  }
  free(elf.bytes);
}

__attribute__((unused)) static void fuzz_disasm(const uint8_t *data, size_t len, FILE *out)
{
  asm_disassemble("f", data, len, ISA_RESET_PC, out, out);
}

__attribute__((unused)) static void fuzz_profile(const uint8_t *data, size_t len, FILE *out)
{
  struct profile *p = profile_parse("f.profile", (const char *)data, len, out);
  if (p) {
    require(profile_modes(p) >= 2 && profile_modes(p) <= 4, "2 to 4 modes");
    for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
      require(profile_behaviour(p, (enum isa_insn)i, 1) != NULL, "a behaviour for each");
    }
    profile_destroy(p);
  }
}

__attribute__((unused)) static void fuzz_image(const uint8_t *data, size_t len, FILE *out)
{
  struct image *image = image_parse("f.elf", data, len, out);
  if (image) {
    require(image_entry(image) % 4 == 0, "an aligned entry");
    require(image_extent(image) <= MACHINE_MAX_STORAGE, "an extent that a machine can have");
    image_destroy(image);
  }
}

/* Messages go to standard error, which the script throws away. */
__attribute__((unused)) static void fuzz_inputlog(const uint8_t *data, size_t len, FILE *out)
{
  char *text = malloc(len + 1);
  require(text != NULL, "memory");
  if (len > 0) {
    memcpy(text, data, len);
  }
  text[len] = '\0';
  struct inputlog log = {0};
  if (inputlog_parse(&log, "f.log", text) == 0) {
    for (size_t i = 1; i < log.count; i++) {
      require(log.entries[i - 1].tick <= log.entries[i].tick, "ticks never decrease");
    }
    inputlog_write(&log, out);
  }
  inputlog_destroy(&log);
  free(text);
}

__attribute__((unused)) static void fuzz_definition(const uint8_t *data, size_t len, FILE *out)
{
  struct source source = {.name = "f.isa", .text = malloc(len + 1), .len = len};
  require(source.text != NULL, "memory");
  if (len > 0) {
    memcpy(source.text, data, len);
  }
  source.text[len] = '\0';
  struct def def = {0};
  struct diag diag = {.source = &source, .out = out};
  bool good = parse_definition(&def, &diag) && check_definition(&def, &diag);
  require(good == (diag.errors == 0), "refused if and only if there was a message");
  def_destroy(&def);
  free(source.text);
}

/* Wrong on purpose: the script expects it to be caught. */
__attribute__((unused)) static void fuzz_planted(const uint8_t *data, size_t len, FILE *out)
{
  (void)out;
  require(!(len > 2 && data[0] == 'B' && data[1] == 'U' && data[2] == 'G'), "no BUG");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  FILE *out = fopen("/dev/null", "w");
  require(out != NULL, "/dev/null");
  TARGET(data, len, out);
  fclose(out);
  return 0;
}
