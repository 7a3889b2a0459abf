/* Two machines advanced one tick at a time and compared after each: the oracle
 * of equivalence. It knows only struct machine; neither need be a bare one.
 */
#ifndef TRAPEZE_TOOLS_VERIFY_LOCKSTEP_H
#define TRAPEZE_TOOLS_VERIFY_LOCKSTEP_H

#include "tools/verify/observe.h"

/* What one machine did with one tick. A trap is delivered at once, as hardware does. */
struct step {
  struct machine_stop stop;
  bool delivered; /* MACHINE_TRAP: its handler was entered; false: double fault */
};

enum lockstep_result {
  LOCKSTEP_LIMIT,    /* equal to here */
  LOCKSTEP_ENDED,    /* equal, and both stopped in the same way: see step[0].stop */
  LOCKSTEP_DIVERGED, /* before, step and after tell */
};

struct lockstep {
  struct machine *machine[2]; /* [0] bare, [1] virtual; borrowed */
  struct observation before;  /* the last state in which both were */
  struct step step[2];        /* what they did from there */
  struct observation after[2];
  bool initially; /* they differed before the first step */
  /* Where it counts, by instruction, how often the bare machine completed one of the
   * profile's holes; NULL: it does not. ISA_INSN_COUNT of them. */
  uint64_t *holes_met;
  uint64_t compared; /* steps after which the states were equal */
};

void lockstep_init(struct lockstep *l, struct machine *bare, struct machine *vm);
/* Up to tick `until`. */
enum lockstep_result lockstep_run(struct lockstep *l, uint64_t until);

/* The same reason to stop, with the same trap. */
bool lockstep_same_stop(const struct machine_stop *a, const struct machine_stop *b);

#endif
