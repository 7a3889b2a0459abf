/* Pairs of machines as the command line's options describe them. */
#ifndef TRAPEZE_TOOLS_VERIFY_WORLD_H
#define TRAPEZE_TOOLS_VERIFY_WORLD_H

#include "tools/common/setup.h"
#include "tools/verify/pair.h"

struct world {
  const struct setup *setup; /* loaded; borrowed */
  unsigned depth;
  enum vmm_technique technique;
  uint32_t sectors; /* of the disk, once a pair was made */
};

/* A maker of pairs of this world. Disks are copies: nothing on the host changes. */
struct pair_maker world_maker(struct world *w);

#endif
