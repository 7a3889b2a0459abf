/* A guest of the random tests: the whole state that a machine starts from. A
 * seed makes one: a kernel with a vector table and handlers that do something,
 * user programs, data, console input, a disk. Nothing of it is in a machine, so
 * that the shrinker can take parts away and start again.
 */
#ifndef TRAPEZE_TESTS_RANDOM_GUEST_H
#define TRAPEZE_TESTS_RANDOM_GUEST_H

#include "machine/machine.h"

#define GUEST_STORAGE (64u << 10)
#define GUEST_WORDS   (GUEST_STORAGE / 4)
#define GUEST_BLOCKS  (GUEST_STORAGE / KEY_BLOCK_SIZE)
#define GUEST_INPUTS  12

struct guest {
  uint64_t seed;
  const struct profile *profile; /* borrowed */
  uint32_t sectors;              /* of its disk; 0: none */
  uint64_t ticks;                /* how long it is run */
  uint32_t pc;
  uint32_t reg[ISA_REG_COUNT];
  uint32_t cr[ISA_CR_COUNT];
  uint32_t word[GUEST_WORDS];
  uint8_t key[GUEST_BLOCKS]; /* of a profile that has keys */
  unsigned inputs;
  struct {
    uint64_t at;
    uint8_t byte;
  } input[GUEST_INPUTS];
};

/* The guest of a seed. */
void guest_generate(struct guest *g, uint64_t seed, const struct profile *profile);
/* One whose kernel is given to that instruction, in states in which it matters. */
void guest_generate_for(struct guest *g, uint64_t seed, const struct profile *profile,
                        enum isa_insn insn);
/* As a machine is after reset. */
void guest_blank(struct guest *g, const struct profile *profile);
/* Into a machine that was just reset. */
void guest_load(const struct guest *g, struct machine *m);
/* What g has become in m, which runs it: a guest that starts at m's tick. A
 * transfer under way and bytes that wait to be read are lost. */
void guest_capture(struct guest *to, const struct guest *g, struct machine *m);

#endif
