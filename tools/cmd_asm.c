/* trapeze asm: source in, ELF or raw binary and listing out, or nothing at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/guests.h"
#include "tools/common/memory.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/common/program.h"

#define MAX_LIST 64u

struct request {
  const char *output, *listing;
  bool raw;
  const char *include_dirs[MAX_LIST + 1];
  size_t include_count;
  struct asm_define defines[MAX_LIST];
  char *define_names[MAX_LIST]; /* malloc'd: -D's argument, cut at '=' */
  size_t define_count;
};

OPTION_TEXT(apply_output, struct request, output)
OPTION_TEXT(apply_listing, struct request, listing)

static int apply_format(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->raw = strcmp(value, "raw") == 0;
  if (r->raw || strcmp(value, "elf") == 0)
    return STATUS_DONE;
  message_usage("asm", "unknown format '%s': elf or raw", value);
  return STATUS_USAGE;
}

static int too_many(const char *option)
{
  message_usage("asm", "more than %u options %s", MAX_LIST, option);
  return STATUS_USAGE;
}

static int apply_include(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (r->include_count == MAX_LIST)
    return too_many("-I");
  r->include_dirs[r->include_count++] = value;
  return STATUS_DONE;
}

/* NAME is 1, as compilers have it. */
static int apply_define(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (r->define_count == MAX_LIST)
    return too_many("-D");
  const char *equals = strchr(value, '=');
  size_t len = equals ? (size_t)(equals - value) : strlen(value);
  const char *digits = equals ? equals + 1 : "1";
  char *end;
  long long number = strtoll(digits, &end, 0);
  if (len == 0 || end == digits || *end) {
    message_usage("asm", "'%s' is no definition: NAME or NAME=NUMBER", value);
    return STATUS_USAGE;
  }
  char *name = strndup(value, len);
  if (!name) {
    message_error("asm", "out of memory");
    return STATUS_OURS;
  }
  r->define_names[r->define_count] = name;
  r->defines[r->define_count++] = (struct asm_define){name, number};
  return STATUS_DONE;
}

static const struct option_spec options[] = {
    {"output", 'o', "FILE", "write here (default: the source's name, ending in .elf or .bin)",
     apply_output},
    {"format", 'f', "FORMAT", "elf (default), or raw: bytes from the lowest section to the highest",
     apply_format},
    {"listing", 'l', "FILE", "write addresses, bytes, source and symbols; - is standard output",
     apply_listing},
    {"include", 'I', "DIR", "look here for .include and .incbin, after the source's own folder",
     apply_include},
    {"define", 'D', "NAME=VALUE", "define a symbol; NAME alone is 1", apply_define},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "asm",
    .synopsis = "[OPTION]... SOURCE",
    .about = "Assemble PG32 source: a file that ends in .s, or a shipped guest by its name.",
    .notes = "Exit status: 0 assembled; 2 the source has errors, and nothing was written.",
    .min_operands = 1,
    .max_operands = 1,
    .operand = "a source file",
};

static int write_output(struct file_out *f, const void *bytes, size_t len)
{
  fwrite(bytes, 1, len, f->stream);
  return file_out_commit(f);
}

static int refuse_overwriting(const struct request *r, const char *source)
{
  const char *outputs[] = {r->output, r->listing};
  for (size_t i = 0; i < 2; i++) {
    if (outputs[i] && strcmp(outputs[i], "-") != 0 && file_same(outputs[i], source)) {
      message_error("asm", "'%s' is the source itself; it is not overwritten", outputs[i]);
      return STATUS_USAGE;
    }
  }
  if (r->listing && strcmp(r->output, r->listing) == 0) {
    message_error("asm", "output and listing are both '%s'", r->output);
    return STATUS_USAGE;
  }
  return STATUS_DONE;
}

/* In memory: sources may come slowly, through a pipe, and no file may wait for
 * them half-written. */
struct product {
  struct asm_output bytes;
  struct memory listing; /* opened if one is wanted */
};

static int produce(const struct request *r, const struct program_source *source, struct product *p)
{
  if (r->listing && !memory_open(&p->listing)) {
    message_error("asm", "out of memory");
    return STATUS_OURS;
  }
  struct asm_options o = {.reader = source->reader,
                          .library = guests_reader,
                          .library_folder = GUESTS_FOLDER,
                          .include_dirs = r->include_dirs,
                          .defines = r->defines,
                          .define_count = r->define_count,
                          .color = message_color(stderr),
                          .errors = stderr,
                          .listing = p->listing.stream};
  enum asm_status s = r->raw ? asm_assemble_raw(source->path, &o, &p->bytes)
                             : asm_assemble_elf(source->path, &o, &p->bytes);
  bool lost = r->listing && !memory_close(&p->listing);
  if (s == ASM_OK && lost)
    message_error("asm", "out of memory");
  return s == ASM_ERRORS ? STATUS_USAGE : s == ASM_OK && !lost ? STATUS_DONE : STATUS_OURS;
}

/* Output and listing, both or neither. */
static int write_files(const struct request *r, const struct product *p)
{
  struct file_out out = {0}, listing = {0};
  int status = file_out_open(&out, "asm", r->output);
  if (status == STATUS_DONE && r->listing)
    status = file_out_open(&listing, "asm", r->listing);
  bool placed = listing.temporary != NULL; /* once it is committed */
  if (status == STATUS_DONE && r->listing)
    status = write_output(&listing, p->listing.text, p->listing.len);
  if (status == STATUS_DONE) {
    status = write_output(&out, p->bytes.bytes, p->bytes.len);
    if (status != STATUS_DONE && placed)
      unlink(r->listing);
  }
  file_out_abandon(&listing);
  file_out_abandon(&out);
  return status;
}

static int assemble(const struct request *r, const struct program_source *source)
{
  struct product product = {0};
  int status = refuse_overwriting(r, source->path);
  if (status == STATUS_DONE)
    status = produce(r, source, &product);
  if (status == STATUS_DONE)
    status = write_files(r, &product);
  free(product.listing.text);
  free(product.bytes.bytes);
  return status;
}

static int run(struct request *r, const char *name)
{
  struct program_source source;
  int status = program_find_source("asm", name, &source);
  if (status != STATUS_DONE)
    return status;
  if (!source.path) {
    message_error("asm", "'%s' is no source: its name does not end in '.s'", name);
    return STATUS_USAGE;
  }
  char *made = r->output ? NULL : file_beside(source.path, r->raw ? "bin" : "elf");
  if (made)
    r->output = made;
  if (r->output) {
    status = assemble(r, &source);
  } else {
    message_error("asm", "out of memory");
    status = STATUS_OURS;
  }
  free(made);
  free(source.path);
  return status;
}

int cmd_asm(int argc, char **argv)
{
  struct request r = {0};
  const struct option_group groups[] = {{"Options", options, &r}, {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status == OPTIONS_GO_ON)
    status = run(&r, operands[0]);
  for (size_t i = 0; i < r.define_count; i++)
    free(r.define_names[i]);
  return status;
}
