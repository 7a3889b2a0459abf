/* Page-table torture: guests that map, alias, recurse, switch, forget to invalidate, store into
 * their tables through every mapping, have devices write into them, and clear A and D; each on
 * a bare machine and in a virtual one, compared by the hash of the whole state at random
 * moments, or at every tick. What they are made of is in tests/common/mapped.c.
 */
#ifndef TRAPEZE_TESTS_UNIT_VMM_TORTURE_H
#define TRAPEZE_TESTS_UNIT_VMM_TORTURE_H

#include "vmm/vmm.h"

struct torture {
  const char *mmu,
      *real_mmu; /* of the guest (NULL: paged), of the machine below (NULL: the same) */
  enum vmm_memory memory;
  unsigned depth; /* 0: 1; at most 3 */
  bool sharing;   /* equal pages of storage are looked for, and share a frame */
  uint32_t pages; /* so many frames for all pages of this and the one beside; depth 1. 0: enough */
};

/* What guests went through, all together. */
struct torture_met {
  uint64_t ticks, hidden, traced, evicted, made, shared, paged;
};

/* Whether the guest of that seed is the same bare and virtual; if not, it is said where the two
 * part. */
bool torture(const struct torture *t, uint64_t seed, struct torture_met *met);

#endif
