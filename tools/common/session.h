/* Running any machine for a person: console output as it comes, keys from the
 * terminal, a limit, Ctrl-C. `run` gives it a bare machine, `vmm` a virtual one.
 */
#ifndef TRAPEZE_TOOLS_COMMON_SESSION_H
#define TRAPEZE_TOOLS_COMMON_SESSION_H

#include "machine/machine.h"
#include "tools/common/inputlog.h"
#include "tools/common/storm.h"

struct session {
  const char *command;
  struct machine *machine;
  const struct image *image; /* what it runs, for the names of places */
  struct inputlog *log; /* already fed to the machine; keys are added to it */
  uint64_t limit;       /* tick, or MACHINE_NEVER */
  bool keyboard;        /* standard input is a terminal and the guest is to have it */
};

struct session_end {
  struct machine_stop stop;
  int signal;       /* stopped by this one, or 0 */
  bool output_lost; /* standard output took no more */
  bool only_traps;  /* it completes no instruction any more, only traps */
  struct storm storm;
  bool in_line;     /* the guest's last output did not end its line */
};

struct session_end session_run(struct session *s);

/* One sentence about how it ended, unless it halted, to stderr; and the exit
 * status: a guest that did not come to its own halt is STATUS_NO. */
int session_report(const struct session *s, const struct session_end *end);

/* "halted", "waits forever", …: the same words in every report. */
const char *session_why(enum machine_why why);

#endif
