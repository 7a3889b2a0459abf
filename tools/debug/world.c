#include "tools/debug/world.h"

#include <stdlib.h>

#include "machine/checkpoint.h"

struct debug_checkpoint {
  uint64_t tick;
  struct checkpoint *real;
  unsigned vmms;
  struct vmm_checkpoint *vmm[DEBUG_WORLD_VMMS];
};

struct debug_checkpoint *debug_checkpoint_take(struct debug_world *w,
                                               const struct debug_checkpoint *like,
                                               const char **reason)
{
  struct debug_checkpoint *c = calloc(1, sizeof *c);
  *reason = "no memory for a checkpoint";
  if (!c) {
    return NULL;
  }
  c->tick = machine_tick(w->focus);
  c->real = checkpoint_take(w->real, like ? like->real : NULL);
  bool ok = c->real != NULL;
  for (unsigned i = 0; ok && i < w->vmms; i++) {
    c->vmm[i] = vmm_checkpoint_take(w->vmm[i], reason);
    ok = c->vmm[i] != NULL;
    c->vmms++;
  }
  if (!ok) {
    debug_checkpoint_destroy(c);
    return NULL;
  }
  return c;
}

/* From below: each VMM's part rests on the machine that it runs on. */
bool debug_checkpoint_restore(struct debug_world *w, const struct debug_checkpoint *c)
{
  checkpoint_restore(w->real, c->real);
  bool ok = true;
  for (unsigned i = 0; i < c->vmms; i++) {
    ok = vmm_checkpoint_restore(w->vmm[i], c->vmm[i]) && ok;
  }
  return ok;
}

size_t debug_checkpoint_destroy(struct debug_checkpoint *c)
{
  if (!c) {
    return 0;
  }
  size_t freed = sizeof *c + checkpoint_destroy(c->real);
  for (unsigned i = 0; i < c->vmms; i++) {
    freed += c->vmm[i] ? vmm_checkpoint_bytes(c->vmm[i]) : 0;
    vmm_checkpoint_destroy(c->vmm[i]);
  }
  free(c);
  return freed;
}

uint64_t debug_checkpoint_tick(const struct debug_checkpoint *c)
{
  return c->tick;
}

size_t debug_checkpoint_bytes(const struct debug_checkpoint *c)
{
  size_t bytes = sizeof *c + checkpoint_bytes(c->real);
  for (unsigned i = 0; i < c->vmms; i++) {
    bytes += vmm_checkpoint_bytes(c->vmm[i]);
  }
  return bytes;
}
