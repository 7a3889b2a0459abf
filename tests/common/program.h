/* Small programs for tests: instructions are put together from isa.h's names,
 * without the assembler. And seeded chance.
 */
#ifndef TRAPEZE_TESTS_COMMON_PROGRAM_H
#define TRAPEZE_TESTS_COMMON_PROGRAM_H

#include "isa/isa.h"
#include "machine/machine.h"

#define PROGRAM_MAX 4096

/* What test support itself rests on; the process ends if it does not hold. */
void insist(bool holds, const char *what);

/* Words from `origin` on. */
struct program {
  uint32_t origin;
  uint32_t count;
  uint32_t words[PROGRAM_MAX];
};

/* Each appends one instruction; which operands count is the format's affair. */
void put(struct program *p, enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm);
void put_cr(struct program *p, enum isa_insn insn, enum isa_cr n, unsigned a);
void put_word(struct program *p, uint32_t word);
/* reg = value, always two instructions. */
void put_li(struct program *p, unsigned reg, uint32_t value);
/* CR = value, by way of reg. */
void put_set_cr(struct program *p, enum isa_cr n, uint32_t value, unsigned reg);
/* Where the next instruction goes. */
uint32_t here(const struct program *p);
/* One encoded word. */
uint32_t word_of(enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm);
void load_program(struct machine *m, const struct program *p);

/* xorshift; the whole state is the seed. Never 0. */
struct random {
  uint64_t state;
};
struct random random_from(uint64_t seed);
uint32_t random_word(struct random *r);
uint32_t random_below(struct random *r, uint32_t limit);

#endif
