#include <string.h>

#include "tools/command.h"

static const struct command commands[] = {
    {"asm", "assemble a source file", cmd_asm},
    {"cc", "compile C for the bare machine", cmd_cc},
    {"disasm", "print a program as source that assembles to the same bytes", cmd_disasm},
    {"run", "run a program on the bare machine", cmd_run},
    {"vmm", "run a program in a virtual machine", cmd_vmm},
    {"debug", "step a program, forwards and backwards", cmd_debug},
    {"verify", "compare a program's bare and virtual runs, tick by tick", cmd_verify},
    {"compare", "compare it under every technique, on every machine, with the theory", cmd_compare},
    {"trace", "show what a run recorded: a list, a picture, a page", cmd_trace},
    {"classify", "decide whether a machine can be virtualized, and why not", cmd_classify},
    {"directory", "check the file that defines a machine and its users", cmd_directory},
    {"disk", "make disk images with files, read them, check them", cmd_disk},
    {"grade", "grade a submission of a lab", cmd_grade},
    {"grade-all", "grade the submissions of a class", cmd_grade_all},
    {"profiles", "list the machines, or what one does outside the privileged mode", cmd_profiles},
    {"guests", "list the programs that come with trapeze", cmd_guests},
    {"help", "show what a command does and takes", cmd_help},
    {NULL, NULL, NULL},
};

const struct command *command_table(void)
{
  return commands;
}

const struct command *command_find(const char *name)
{
  for (const struct command *c = commands; c->name; c++)
    if (strcmp(c->name, name) == 0)
      return c;
  return NULL;
}
