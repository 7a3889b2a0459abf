/* A bare machine and a virtual one, freshly loaded alike: what verify compares.
 * It makes several, since a run is repeated to look closer at a part of it.
 */
#ifndef TRAPEZE_TOOLS_VERIFY_PAIR_H
#define TRAPEZE_TOOLS_VERIFY_PAIR_H

#include "machine/machine.h"
#include "tools/common/stack.h"

struct pair {
  struct machine *bare;
  struct machine *vm;
  struct stack *stack;        /* what carries the vm; NULL in tests that need none */
  struct disk_store *disk[2]; /* owned by the maker */
  void *modules_own;          /* the same: of whoever gave it the VMM's modules */
};

struct pair_maker {
  /* Equal pairs at each call. False: the host failed, a sentence in *reason. */
  bool (*make)(void *ctx, enum machine_engine engine, struct pair *pair, const char **reason);
  void (*destroy)(void *ctx, struct pair *pair); /* zeroed pairs too */
  void *ctx;
};

#endif
