/* Seeded random programs: pieces of code, and machines full of them.
 */
#ifndef TRAPEZE_TESTS_COMMON_CHAOS_H
#define TRAPEZE_TESTS_COMMON_CHAOS_H

#include "tests/common/program.h"

/* Where the programs of load_chaos have their data, and their disk writes. */
#define CHAOS_DATA      0x6000u
#define CHAOS_DATA_SIZE 0x4000u

/* Pieces, appended to a program for a machine of that storage. */
/* One instruction with any operands that its format allows. */
void put_wild(struct program *p, struct random *r, enum isa_insn insn);
void put_any(struct program *p, struct random *r); /* halt is rare */
/* A load, a store or what sensitive instructions do to memory, at a place that matters. */
void put_access(struct program *p, struct random *r, uint32_t storage);
/* A disk command; sector, address and count are mostly right. */
void put_disk(struct program *p, struct random *r, uint32_t storage, uint32_t sectors);
void put_stack(struct program *p, struct random *r); /* pushf and popf */
/* A value that is mostly sensible for a control register. */
uint32_t random_cr_value(struct random *r, enum isa_cr cr, uint32_t storage);

/* A machine full of chaos: a program of random but mostly sensible
 * instructions, system instructions included, vectors that lead back into it,
 * random registers and control registers. `sectors`: of the disk, 0 none. The
 * same generator state makes the same chaos in any machine. */
void load_chaos(struct machine *m, struct random *r, uint32_t sectors);
/* The owner's act on a machine whose program got stuck: other registers, and on
 * with it elsewhere. */
void stir_chaos(struct machine *m, struct random *r);

#endif
