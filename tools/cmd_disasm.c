/* trapeze disasm: a program as source that assembles to the same bytes. */
#include <errno.h>

#include "asm/asm.h"
#include "isa/isa.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/common/program.h"

struct request {
  const char *output;
  uint64_t origin;
};

OPTION_TEXT(apply_output, struct request, output)

static int apply_origin(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (options_size(value, &r->origin) && r->origin <= UINT32_MAX && r->origin % 4 == 0)
    return STATUS_DONE;
  message_usage("disasm", "'%s' is no address of an instruction: a multiple of 4", value);
  return STATUS_USAGE;
}

static const struct option_spec options[] = {
    {"output", 'o', "FILE", "write here instead of to standard output", apply_output},
    {"origin", 0, "ADDRESS", "where a raw binary is loaded (default: 0x1000)", apply_origin},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "disasm",
    .synopsis = "[OPTION]... PROGRAM",
    .about = "Print a program, an ELF file or a raw binary, as source that assembles to the same "
             "bytes. A source file or a shipped guest is assembled first.",
    .min_operands = 1,
    .max_operands = 1,
    .operand = "a program",
};

static int disassemble(const struct request *r, const struct program *p)
{
  const char *output = r->output ? r->output : "-";
  if (r->output && file_same(r->output, p->name)) {
    message_error("disasm", "'%s' is the program itself; it is not overwritten", r->output);
    return STATUS_USAGE;
  }
  struct file_out out;
  int status = file_out_open(&out, "disasm", output);
  if (status != STATUS_DONE)
    return status;
  errno = 0;
  if (asm_disassemble(p->name, p->bytes, p->len, (uint32_t)r->origin, out.stream, stderr))
    return file_out_commit(&out);
  int failed = errno == ENOMEM ? STATUS_OURS : STATUS_USAGE;
  file_out_abandon(&out);
  return failed;
}

int cmd_disasm(int argc, char **argv)
{
  struct request r = {.origin = ISA_RESET_PC};
  const struct option_group groups[] = {{"Options", options, &r}, {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  struct program p;
  status = program_read("disasm", operands[0], &p);
  if (status != STATUS_DONE)
    return status;
  status = disassemble(&r, &p);
  program_destroy(&p);
  return status;
}
