/* trapeze help [COMMAND]; also trapeze --help. */
#include <stdio.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/common/text.h"

static void print_overview(void)
{
  printf("Usage: trapeze COMMAND [ARGUMENT]...\n\n");
  text_paragraphs(stdout, "A classroom kit for virtual machine monitors: a machine whose "
                          "instruction set can be made virtualizable or not by a setting.");
  printf("\nCommands:\n");
  for (const struct command *c = command_table(); c->name; c++)
    printf("  %-10s %s\n", c->name, c->summary);
  printf("\n      --help     show this and exit\n"
         "      --version  show the version and exit\n\n");
  text_paragraphs(
      stdout,
      "A program is an ELF file, a raw binary (.bin) or an assembler source (.s). What comes with "
      "trapeze has a name without '/' and '.': 'trapeze guests' and 'trapeze profiles' list it. "
      "Your own is named by its path: ./hello.s, hello.elf, mine.profile.\n\n"
      "Exit status: 0 done, or the answer is yes; 1 the answer is no; 2 usage or bad input; "
      "3 trapeze or the host failed.\n\n"
      "Try: trapeze run minos, trapeze verify minos --profile x86, trapeze help verify.");
}

static const struct command_usage usage = {
    .command = "help",
    .synopsis = "[COMMAND]",
    .about = "Show what a command does and which options it takes.",
    .max_operands = 1,
};

int cmd_help(int argc, char **argv)
{
  const struct option_group groups[] = {{NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  if (count == 0) {
    print_overview();
    return STATUS_DONE;
  }
  const struct command *c = command_find(operands[0]);
  if (!c) {
    message_unknown_command(operands[0]);
    return STATUS_USAGE;
  }
  char name[64], help[] = "--help";
  snprintf(name, sizeof name, "%s", c->name);
  char *args[] = {name, help, NULL};
  return c->run(2, args);
}
