#include "tools/common/terminal.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void keyboard_take(struct terminal *t)
{
  struct termios raw = t->saved;
  raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

bool terminal_available(void)
{
  return isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void keyboard_return(struct terminal *t)
{
  tcsetattr(STDIN_FILENO, TCSANOW, &t->saved);
}

bool terminal_open(struct terminal *t, bool keyboard)
{
  *t = (struct terminal){.keyboard = keyboard, .taken = keyboard, .signals = -1};
  if (keyboard && tcgetattr(STDIN_FILENO, &t->saved) != 0)
    return false;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGQUIT);
  sigaddset(&set, SIGHUP);
  if (keyboard)
    sigaddset(&set, SIGTSTP);
  t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (t->signals < 0)
    return false;
  sigaddset(&set, SIGPIPE); /* not read: a write fails, and we die of it when closed */
  sigprocmask(SIG_BLOCK, &set, &t->saved_mask);
  if (keyboard)
    keyboard_take(t);
  return true;
}

void terminal_close(struct terminal *t)
{
  if (t->signals < 0)
    return;
  if (t->taken)
    keyboard_return(t);
  close(t->signals);
  t->signals = -1;
  sigprocmask(SIG_SETMASK, &t->saved_mask, NULL);
}

/* Ctrl-Z: the shell gets its terminal as it was, and we take it again later. */
static void suspend(struct terminal *t)
{
  keyboard_return(t);
  raise(SIGSTOP);
  keyboard_take(t);
}

static void take_signals(struct terminal *t)
{
  struct signalfd_siginfo info;
  while (read(t->signals, &info, sizeof info) == (ssize_t)sizeof info) {
    if (info.ssi_signo == SIGTSTP)
      suspend(t);
    else
      t->signal = (int)info.ssi_signo;
  }
}

size_t terminal_read(struct terminal *t, int milliseconds, uint8_t *buf, size_t size)
{
  struct pollfd fds[2] = {{.fd = t->signals, .events = POLLIN},
                          {.fd = t->keyboard ? STDIN_FILENO : -1, .events = POLLIN}};
  if (poll(fds, 2, milliseconds) <= 0)
    return 0;
  if (fds[0].revents)
    take_signals(t);
  if (t->signal || !fds[1].revents)
    return 0;
  ssize_t n = read(STDIN_FILENO, buf, size);
  if (n <= 0)
    t->keyboard = false; /* hung up */
  return n > 0 ? (size_t)n : 0;
}
