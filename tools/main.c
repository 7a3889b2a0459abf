/* trapeze COMMAND …: finds the command and runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/message.h"

static int run_command(int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : NULL;
  if (!name) {
    message_usage(NULL, "no command given");
    return STATUS_USAGE;
  }
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
    printf("trapeze %s\n", TRAPEZE_VERSION);
    return STATUS_DONE;
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
    return cmd_help(1, argv);
  const struct command *command = command_find(name);
  if (!command) {
    message_unknown_command(name);
    return STATUS_USAGE;
  }
  return command->run(argc - 1, argv + 1);
}

static void die_by_signal(int number)
{
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  signal(number, SIG_DFL);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  raise(number);
}

int main(int argc, char **argv)
{
  int status = run_command(argc, argv);
  /* Output that never reached its file is a failure of ours, whatever was computed. */
  bool lost = fflush(stdout) != 0 || ferror(stdout);
  if (status > STATUS_SIGNAL)
    die_by_signal(status - STATUS_SIGNAL);
  if (lost) {
    message_error(NULL, "cannot write to standard output");
    return STATUS_OURS;
  }
  return status;
}
