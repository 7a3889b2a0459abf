/* An arena for hostile guests: a machine to be attacked, bare or virtual, and at
 * every level of virtualization two neighbours that mind their own business. A
 * second arena in which nobody attacks says what the neighbours should be like.
 */
#ifndef TRAPEZE_TESTS_UNIT_VMM_ARENA_H
#define TRAPEZE_TESTS_UNIT_VMM_ARENA_H

#include "machine/disk_store.h"
#include "machine/machine.h"
#include "tests/common/program.h"
#include "vmm/vmm.h"

#define ARENA_MAX_DEPTH 2
#define ARENA_STORAGE   MACHINE_MIN_STORAGE
#define ARENA_SECTORS   16u /* of the target's disk */
#define ARENA_DISK_BYTE 2   /* all that is on it: no instruction, no address of one */

/* The profiles: those shipped, then nasty ones. */
struct arena_profile {
  const char *name;
  bool contained; /* a VMM keeps control: no guest can harm another */
};
#define ARENA_PROFILES 10u
extern const struct arena_profile arena_profiles[ARENA_PROFILES];

struct arena {
  const struct arena_profile *kind;
  struct profile *profile;
  struct disk_store *disk;
  struct machine *real;
  unsigned depth; /* 0: the target is the real machine */
  struct vmm *vmm[ARENA_MAX_DEPTH];
  struct machine *vm[ARENA_MAX_DEPTH]; /* the innermost is the target */
  struct machine *neighbour[ARENA_MAX_DEPTH][2];
  struct machine *target;
};

/* Fails the test if anything cannot be made. */
void arena_open(struct arena *a, const struct arena_profile *kind, unsigned depth,
                enum machine_engine engine);
/* The same, the VMs to be attacked by another technique. */
void arena_open_by(struct arena *a, const struct arena_profile *kind, unsigned depth,
                   enum machine_engine engine, enum vmm_technique technique);
void arena_close(struct arena *a);
/* Every neighbour goes on for some ticks. */
void arena_run_neighbours(struct arena *a, uint32_t ticks);
/* The neighbours, and the VMMs' own storage, are as in an arena that was treated
 * alike but for its target. NULL, or what differs. */
const char *arena_harm(struct arena *a, struct arena *quiet);

/* The stop of machine_advance() until `until` makes sense for this machine, which is
 * in a state that a machine can be in. NULL, or what is wrong. */
const char *arena_nonsense(struct arena *a, const struct machine_stop *stop, uint64_t until);

#endif
