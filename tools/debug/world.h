/* The world of a debugged program: a real machine, the VMMs on it, their virtual
 * machines, its disk; and checkpoints of all of that at once, exact to the last
 * bit and cheap: what did not change since another checkpoint is shared with it.
 */
#ifndef TRAPEZE_TOOLS_DEBUG_WORLD_H
#define TRAPEZE_TOOLS_DEBUG_WORLD_H

#include "machine/disk_store.h"
#include "machine/machine.h"
#include "vmm/vmm.h"

#define DEBUG_WORLD_VMMS   8u
#define DEBUG_WORLD_OTHERS 8u

/* Made by a callback, afresh, at tick 0, with program and console input loaded.
 * Same callback, same world. Nothing in it may write to the user's files. */
struct debug_world {
  struct machine *focus; /* the machine that is debugged; its ticks are the time */
  struct machine *real;  /* the bare machine below it, or focus itself */
  struct disk_store *disk; /* of the real machine, in memory; NULL: none */
  unsigned vmms; /* vmm[0] rests on the real machine, vmm[1] on a VM of that … */
  struct vmm *vmm[DEBUG_WORLD_VMMS];
  /* Machines that run beside focus (none of them below it): whenever focus reaches a
   * tick that is a multiple of `quantum`, each is advanced to that tick. */
  unsigned others;
  struct machine *other[DEBUG_WORLD_OTHERS];
  uint64_t quantum; /* 0: they stand still */
  void *owned;      /* the maker's */
};

struct debug_world_maker {
  /* False with a sentence in *reason (NULL: a message was printed); nothing is left then. */
  bool (*make)(void *ctx, struct debug_world *w, const char **reason);
  void (*destroy)(void *ctx, struct debug_world *w);
  void *ctx;
};

struct debug_checkpoint;

/* NULL with a sentence in *reason: no memory, or a replaced module of a VMM cannot be
 * saved. `like`: one of the same world, to share with; NULL: none. */
struct debug_checkpoint *debug_checkpoint_take(struct debug_world *w,
                                               const struct debug_checkpoint *like,
                                               const char **reason);
/* Puts the world into that state. Console input that came into the logs since stays in
 * them and is met again. False: the host has no memory; the world is unusable. */
bool debug_checkpoint_restore(struct debug_world *w, const struct debug_checkpoint *c);
/* NULL is fine. Bytes that no other needs. */
size_t debug_checkpoint_destroy(struct debug_checkpoint *c);
/* Of focus, when it was taken. */
uint64_t debug_checkpoint_tick(const struct debug_checkpoint *c);
/* Bytes that it was the first to need. */
size_t debug_checkpoint_bytes(const struct debug_checkpoint *c);

#endif
