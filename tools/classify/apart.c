#include "tools/classify/apart.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/message.h"

/* In the child: an exception that nobody catches. The C++ library would say so in
 * its own words. */
static void end_silently(void)
{
  abort();
}

/* C++'s std::set_terminate, which C can only find by its mangled name; Z3 brings the
 * library that has it. Without it there is a line more on stderr. */
static void end_silently_on_exceptions(void)
{
  void *(*set_terminate)(void (*)(void));
  void *found = dlsym(RTLD_DEFAULT, "_ZSt13set_terminatePFvvE");
  memcpy(&set_terminate, &found, sizeof found);
  if (found) {
    set_terminate(end_silently);
  }
}

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
    end_silently_on_exceptions();
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
  if (WIFEXITED(how)) {
    return WEXITSTATUS(how);
  }
  message_error(command, "the solver died (%s): the host has no memory, or this is a bug",
                strsignal(WTERMSIG(how)));
  return STATUS_OURS;
}
