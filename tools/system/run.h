/* Runs a system for a person: consoles and keyboard, a limit, Ctrl-C. */
#ifndef TRAPEZE_TOOLS_SYSTEM_RUN_H
#define TRAPEZE_TOOLS_SYSTEM_RUN_H

#include "tools/system/consoles.h"
#include "tools/system/system.h"

struct system_run {
  const char *command;
  struct system *system;
  struct consoles *consoles; /* listening */
  uint64_t limit;            /* real tick, or MACHINE_NEVER */
  bool keyboard;             /* standard input is a terminal and guests are to have it */
};

struct system_end {
  struct vmm_stop stop;
  int signal;       /* stopped by this one, or 0 */
  bool output_lost; /* standard output took no more */
  bool only_traps;  /* none of those that are left completes an instruction any more */
  int error;        /* errno: what the host refused, and the run could not go on without */
};

struct system_end system_run(struct system_run *r);

/* STATUS_OURS after a message if the host failed, else STATUS_DONE. */
int system_failure(const struct system_run *r, const struct system_end *end);
/* If it did not: says how the run and each user ended. Returns the exit status. */
int system_report(const struct system_run *r, const struct system_end *end);

/* "halted", "still running": of a user, right after the run. */
const char *system_state(struct machine *vm);

#endif
