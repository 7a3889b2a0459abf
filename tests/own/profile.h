/* Profiles made at random, as a user might write them: a seed makes one. */
#ifndef TRAPEZE_TESTS_OWN_PROFILE_H
#define TRAPEZE_TESTS_OWN_PROFILE_H

#include <stdio.h>

#include "isa/profile.h"

/* The text of the profile of a seed: `own-SEED`, 2 to 4 modes, `mmu bounds`, any I/O, keys
 * or none; each system instruction that the machine has with any of its behaviours, or
 * absent, or unmentioned. Some extend a shipped profile. Of 16 in a row one is each of:
 * all that can be is absent; all nop; all full; one instruction alone does not trap. */
void own_profile_write(uint64_t seed, FILE *out);
/* It, loaded. The process ends if it cannot be. */
struct profile *own_profile(uint64_t seed);

/* The smallest profile in which one instruction behaves as it does in p: with the same
 * modes and features, and all other system instructions absent. */
struct profile *own_profile_alone(const struct profile *p, enum isa_insn insn);

#endif
