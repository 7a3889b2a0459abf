/* The host's terminal as a guest's keyboard, and the signals that stop a run.
 *
 * While it is open the terminal gives every key at once and shows none: echoing
 * and editing is the guest's affair, as it was on the machines this models.
 * Ctrl-C and Ctrl-Z work as usual and leave the terminal as it was.
 */
#ifndef TRAPEZE_TOOLS_COMMON_TERMINAL_H
#define TRAPEZE_TOOLS_COMMON_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <termios.h>

struct terminal {
  bool keyboard; /* standard input is read; false once it is gone */
  bool taken;    /* its settings are ours to return */
  int signals;   /* a signalfd: signals are read, not handled, so no state outside */
  int signal;    /* the one that asked us to stop, or 0 */
  struct termios saved;
  sigset_t saved_mask;
};

/* Standard input is a terminal, and it is ours: not that of a job in the background. */
bool terminal_available(void);

/* keyboard: standard input is a terminal and the guest is to have it. False:
 * the host refused (errno). */
bool terminal_open(struct terminal *t, bool keyboard);
void terminal_close(struct terminal *t);

#define TERMINAL_FOREVER (-1)
/* Waits at most `milliseconds` for keys and reads them: how many bytes there
 * are in buf. 0: none, or t->signal tells to stop, or the keyboard is gone. */
size_t terminal_read(struct terminal *t, int milliseconds, uint8_t *buf, size_t size);

#endif
