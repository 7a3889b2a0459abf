/* States for the tests of this room, put together by hand. */
#ifndef TRAPEZE_TESTS_UNIT_CLASSIFY_TRYING_H
#define TRAPEZE_TESTS_UNIT_CLASSIFY_TRYING_H

#include "classify/question.h"

#define TRYING_STORAGE MACHINE_MIN_STORAGE
#define TRYING_PC      ISA_RESET_PC

/* A shipped profile, or the process ends. */
struct profile *trying_profile(const char *name);
/* Names, NULL-terminated: with TRAPEZE_PROFILES=all in the environment of all that are
 * shipped; without it of a few that differ in modes, keys and behaviours, which is
 * enough here, since `trapeze classify --all` is held to the same expectations. */
const char *const *trying_profiles(void);
/* One from the lines after `profile`, `title`, `story` and `source`. */
struct profile *trying_profile_of(const char *lines);

/* The word of an instruction; which operands count is the format's affair. */
uint32_t trying_word(enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm);
uint32_t trying_word_cr(enum isa_insn insn, unsigned a, enum isa_cr n);

/* The state after reset with that word at pc. */
struct trial_state trying_state(uint32_t word);
void trying_view(struct trial_state *s, uint32_t at, uint32_t word);
void trying_outside(struct trial_state *s, uint32_t at, uint32_t word);

/* Runs it; the process ends if there is no such state. */
struct trial_result trying_run(struct trial_machine *t, const struct trial_state *s);
bool trying_same(const struct trial_result *a, const struct trial_result *b);

#endif
