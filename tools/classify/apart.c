#include "tools/classify/apart.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/message.h"

/* What the dynamic loader ends a process with that has no memory for one more thread's
 * part of a library. It has written a line then. */
#define LOADER_GAVE_UP 127

/* Signals by which somebody else ends a process; others are its own doing. */
static bool is_sent(int number)
{
  static const int sent[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGKILL, SIGALRM};
  for (size_t i = 0; i < sizeof sent / sizeof *sent; i++) {
    if (sent[i] == number) {
      return true;
    }
  }
  return false;
}

int apart(const char *command, int (*work)(void *ctx), void *ctx)
{
  fflush(stdout);
  pid_t self = getpid(), child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != self) { /* it died before it could have told */
      return STATUS_OURS;
    }
    return work(ctx);
  }
  int how = 0;
  pid_t ended = -1;
  while (child > 0 && (ended = waitpid(child, &how, 0)) < 0 && errno == EINTR) {
  }
  if (ended < 0) {
    message_error(command, "cannot start a process: %s", strerror(errno));
    return STATUS_OURS;
  }
  if (WIFSIGNALED(how) && is_sent(WTERMSIG(how))) {
    return STATUS_SIGNAL + WTERMSIG(how);
  }
  if (WIFEXITED(how) && WEXITSTATUS(how) != LOADER_GAVE_UP) {
    return WEXITSTATUS(how);
  }
  message_error(command, "the solver died (%s): the host has no memory, or this is a bug",
                WIFEXITED(how) ? "in the loader" : strsignal(WTERMSIG(how)));
  return STATUS_OURS;
}
