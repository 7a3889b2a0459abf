/* See stop.h. */
#include "tools/grade/stop.h"

#include <stddef.h>
#include <sys/signalfd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define NUMBERS (sizeof numbers / sizeof *numbers)

/* One that is ignored would wait too if it were blocked. */
static void make_set(sigset_t *set)
{
  sigemptyset(set);
  for (size_t i = 0; i < NUMBERS; i++) {
    struct sigaction now;
    if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
      sigaddset(set, numbers[i]);
    }
  }
}

void stop_wait(sigset_t *saved)
{
  sigset_t set;
  make_set(&set);
  sigprocmask(SIG_BLOCK, &set, saved);
}

void stop_come(const sigset_t *saved)
{
  sigprocmask(SIG_SETMASK, saved, NULL);
}

int stop_waiting(void)
{
  sigset_t pending, set;
  make_set(&set);
  sigpending(&pending);
  for (size_t i = 0; i < NUMBERS; i++) {
    if (sigismember(&set, numbers[i]) == 1 && sigismember(&pending, numbers[i]) == 1) {
      return numbers[i];
    }
  }
  return 0;
}

int stop_descriptor(void)
{
  sigset_t set;
  make_set(&set);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
