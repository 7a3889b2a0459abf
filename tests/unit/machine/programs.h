/* Machines full of seeded, hostile programs, for comparing engines: valid
 * instructions with operands that tend to stay in play, random words, vectors
 * and registers that point at plausible and silly places. */
#ifndef TRAPEZE_TESTS_UNIT_MACHINE_PROGRAMS_H
#define TRAPEZE_TESTS_UNIT_MACHINE_PROGRAMS_H

#include "machine/machine.h"

/* A machine of 64 KiB. The same seed gives the same machine but for the engine.
 * Its disk (a copy in memory) goes with it. */
struct program {
  struct profile *profile;
  struct disk_store *disk;
  struct machine *machine;
};

void program_create(struct program *p, uint64_t seed, enum machine_engine engine);
void program_destroy(struct program *p);

/* What an owner may do to a machine between runs, so that interrupts, DMA and
 * changes of mode stay frequent: the same seed does the same. revive: it is
 * stuck, start it anew somewhere. */
void program_kick(struct machine *m, uint64_t seed, bool revive);

/* The word of an instruction; the operands must fit. */
uint32_t program_word(enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm);
/* mfcr, mtcr. */
uint32_t program_cr_word(enum isa_insn insn, unsigned a, enum isa_cr cr);
/* Stores a program at an address, word by word. */
void program_put(struct machine *m, uint32_t at, const uint32_t *words, size_t count);

#endif
