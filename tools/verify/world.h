/* Pairs of machines as the command line's options describe them. */
#ifndef TRAPEZE_TOOLS_VERIFY_WORLD_H
#define TRAPEZE_TOOLS_VERIFY_WORLD_H

#include "tools/common/setup.h"
#include "tools/verify/pair.h"

struct world {
  const struct setup *setup; /* loaded; borrowed */
  unsigned depth;
  enum vmm_technique technique;
  enum vmm_memory memory;
  uint32_t sectors; /* of the disk, once a pair was made */
  /* Whoever gives the lowest VMM of a pair other modules; NULL: nobody does. take: they are
   * valid until give_back, *own is for the same. NULL with a sentence in *reason. */
  const struct vmm_modules *(*take)(void *ctx, void **own, const char **reason);
  void (*give_back)(void *ctx, void *own);
  void *ctx;
};

/* A maker of pairs of this world. Disks are copies: nothing on the host changes. */
struct pair_maker world_maker(struct world *w);

#endif
