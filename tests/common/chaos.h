/* Seeded random programs: pieces of code, and machines full of them.
 */
#ifndef TRAPEZE_TESTS_COMMON_CHAOS_H
#define TRAPEZE_TESTS_COMMON_CHAOS_H

#include "tests/common/program.h"

/* A machine full of chaos: a program of random but mostly sensible
 * instructions, system instructions included, vectors that lead back into it,
 * random registers and control registers. `sectors`: of the disk, 0 none. The
 * same generator state makes the same chaos in any machine. */
void load_chaos(struct machine *m, struct random *r, uint32_t sectors);
/* The owner's act on a machine whose program got stuck: other registers, and on
 * with it elsewhere. */
void stir_chaos(struct machine *m, struct random *r);

#endif
