/* What the random programs met, as seen on the bare machine, step by step. */
#ifndef TRAPEZE_TESTS_RANDOM_COVERAGE_H
#define TRAPEZE_TESTS_RANDOM_COVERAGE_H

#include <stdio.h>

#include "machine/machine.h"

#define COVERAGE_PROFILES 10
#define COVERAGE_MODES    4

/* Where an interrupt was taken, seen from an instruction that the VMM emulates. */
enum coverage_place { COVERAGE_BEFORE, COVERAGE_AT, COVERAGE_AFTER, COVERAGE_PLACES };

struct coverage_of_profile {
  const struct profile *profile; /* borrowed */
  bool compared;                 /* bare and virtual, not only engines */
  uint64_t programs, ticks;
  /* Executed: completed, or trapped or was ignored as its behaviour says. */
  uint64_t executed[ISA_INSN_COUNT][COVERAGE_MODES];
  uint64_t trapped[ISA_CAUSE_LIMIT];
  uint64_t ended[MACHINE_HOST_ERROR + 1]; /* by enum machine_why */
  uint64_t taken[ISA_INSN_COUNT][COVERAGE_PLACES];
};

struct coverage {
  unsigned count;
  struct coverage_of_profile of[COVERAGE_PROFILES];
};

/* A machine before a step. */
struct coverage_view {
  bool runs;    /* it will look at the instruction at pc */
  bool fetched; /* word is what it will execute */
  bool known;   /* insn is valid (perhaps absent here) */
  bool legal;   /* and exists here */
  enum isa_insn insn;
  uint32_t pc, word;
  unsigned mode;
};
/* What is remembered from step to step: emulated instructions, ISA_INSN_COUNT: none. */
struct coverage_history {
  enum isa_insn last, before;
};

struct coverage_of_profile *coverage_for(struct coverage *c, const struct profile *profile,
                                         bool compared);
struct coverage_view coverage_look(struct machine *m);
void coverage_history_reset(struct coverage_history *h);
void coverage_step(struct coverage_of_profile *c, struct coverage_history *h,
                   const struct coverage_view *view, const struct machine_stop *stop,
                   bool advanced);

void coverage_print(const struct coverage *c, FILE *out);
/* Prints what was never met though it could have been; answers how much. */
unsigned coverage_holes(const struct coverage *c, FILE *out);

#endif
