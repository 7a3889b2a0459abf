/* trapeze COMMAND …: finds the command and runs it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* Descriptors 0, 1 and 2 belong to the standard streams. Were one closed, the next
 * file to be opened would get its number, and what is printed would go into a disk
 * image. What takes its place cannot be written, so that output is missed. */
static bool claim_standard_streams(void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
      return false;
  return true;
}

int main(int argc, char **argv)
{
  if (!claim_standard_streams())
    return STATUS_OURS;
  signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is an error to tell, not to die of */
  int status = run_command(argc, argv);
  /* Output that never reached its file is a failure of ours, whatever was computed. */
  bool lost = fflush(stdout) != 0 || ferror(stdout);
  if (status > STATUS_SIGNAL)
    die_by_signal(status - STATUS_SIGNAL);
  if (lost && status != STATUS_OURS) { /* else there was a message */
    message_lost_output();
    return STATUS_OURS;
  }
  return status;
}
