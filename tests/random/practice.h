/* Theory against practice: guests of one profile, bare and virtual, compared after
 * every tick. Where the machines part, the instruction at which they do must be one
 * that the classifier lists; and each that it lists must be met so.
 */
#ifndef TRAPEZE_TESTS_RANDOM_PRACTICE_H
#define TRAPEZE_TESTS_RANDOM_PRACTICE_H

#include <stdio.h>

#include "tests/random/trial.h"

struct practice_list {
  unsigned count;
  enum isa_insn insn[ISA_INSN_COUNT];
};

struct practice {
  const struct profile *profile; /* borrowed */
  enum vmm_technique technique;
  const struct vmm_modules *modules;
  struct practice_list offenders; /* none: Theorem 1 holds, and nothing may part */
  struct practice_list harmless;  /* offenders or not: nothing parts at these */
  /* What came of it. */
  uint64_t programs, ticks;
  uint64_t parted;
  uint64_t named[ISA_INSN_COUNT];
};

/* Mnemonics separated by blanks; "-" or nothing: none. False: there is no such one. */
bool practice_list(struct practice_list *l, const char *names);
bool practice_listed(const struct practice_list *l, enum isa_insn insn);
/* How the guest of a seed is run. */
struct trial_way practice_way(const struct practice *p, uint64_t seed);
/* Guests of the seeds from `from` on: for each offender in turn such as use it and no
 * other one, and such as they come. Stops at the first that is not as the theory has it,
 * which *g, *way and *f then are. */
bool practice_run(struct practice *p, uint64_t from, uint64_t seeds, struct guest *g,
                  struct trial_way *way, struct finding *f);
/* Its storage as assembly: a program that starts with nothing in the registers. */
void practice_write(const struct practice *p, uint64_t seed, struct guest *g, FILE *out);
/* How often each was to blame; and who never was: an offender without an offence.
 * True: there is none. */
bool practice_tell(const struct practice *p, FILE *out);

#endif
