/* Random states of full size for trials, with a liking for edges: the ends of storage
 * and of the bound, sums that overflow, misaligned addresses and bases, pending and
 * masked lines, a TIMER about to expire, keys that refuse.
 */
#ifndef TRAPEZE_TESTS_UNIT_CLASSIFY_STATES_H
#define TRAPEZE_TESTS_UNIT_CLASSIFY_STATES_H

#include "classify/trial.h"
#include "tests/common/program.h"

/* A state in which the instruction is about to be executed; operands too are random.
 * Now and then one that trial_run() refuses, for its storage keys forbid the fetch. */
void random_state(struct random *r, const struct profile *profile, enum isa_insn insn,
                  uint32_t storage, struct trial_state *s);

#endif
