/* What a debugger's moves take: the timeline, as `stepi`, `reverse-stepi` and the others of
 * `trapeze debug` call it, on a bare machine and in a virtual one. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "tools/debug/timeline.h"

/* Where moves begin: several checkpoints lie behind. */
#define BEGIN 10000019u

struct owned {
  struct machine *real, *vm;
  struct vmm *vmm;
};

static bool make(void *ctx, struct debug_world *w, const char **reason)
{
  struct bench *b = ctx;
  struct owned *o = calloc(1, sizeof *o);
  struct machine_config config = {.profile = machine_profile(b->world.m), .storage = b->storage};
  struct vmm_vm_config guest = {.storage = b->storage};
  *reason = "out of memory";
  *w = (struct debug_world){.owned = o};
  if (!o) {
    return false;
  }
  config.storage += b->depth ? VMM_OWN_STORAGE : 0;
  o->real = machine_create(&config, reason);
  o->vmm = o->real && b->depth ? vmm_create(o->real, reason) : NULL;
  o->vm = o->vmm ? vmm_create_vm(o->vmm, &guest, reason) : NULL;
  w->real = o->real;
  w->vmm[0] = o->vmm;
  w->vmms = b->depth;
  w->focus = b->depth ? o->vm : o->real;
  return w->focus && image_load(b->world.program.image, w->focus, stderr);
}

static void destroy(void *ctx, struct debug_world *w)
{
  (void)ctx;
  struct owned *o = w->owned;
  if (o) {
    machine_destroy(o->vm);
    if (o->vmm) {
      vmm_destroy(o->vmm);
    }
    machine_destroy(o->real);
    free(o);
  }
}

static bool open_timeline(struct bench *b)
{
  const struct debug_world_maker maker = {make, destroy, b};
  const struct timeline_options options = {0};
  const char *reason = NULL;
  b->world.timeline = timeline_create(&maker, &options, &reason);
  return b->world.timeline && timeline_goto(b->world.timeline, BEGIN).why == TIMELINE_ARRIVED;
}

static bool run_steps(struct bench *b, uint64_t count)
{
  bool done = true;
  for (uint64_t i = 0; i < count; i++) {
    done &= timeline_step(b->world.timeline, 1).why == TIMELINE_ARRIVED;
  }
  return done;
}

static bool run_back(struct bench *b, uint64_t count)
{
  bool done = true;
  for (uint64_t i = 0; i < count; i++) {
    done &= timeline_back(b->world.timeline, 1).why == TIMELINE_ARRIVED;
  }
  return done && timeline_goto(b->world.timeline, BEGIN).why == TIMELINE_ARRIVED;
}

/* To and fro, so that each goes back by many steps at once. */
static bool run_to_and_fro(struct bench *b, uint64_t count)
{
  bool done = true;
  for (uint64_t i = 0; i < count; i++) {
    done &= timeline_goto(b->world.timeline, BEGIN - 1000000).why == TIMELINE_ARRIVED;
    done &= timeline_goto(b->world.timeline, BEGIN).why == TIMELINE_ARRIVED;
  }
  return done;
}

static const struct bench moves[] = {
    {.id = "debug-step", .name = "step", .rounds = run_steps},
    {.id = "debug-step-vm", .name = "step, virtual machine", .depth = 1, .rounds = run_steps},
    {.id = "debug-back", .name = "step back", .rounds = run_back},
    {.id = "debug-back-vm", .name = "step back, virtual machine", .depth = 1, .rounds = run_back},
    {.id = "debug-goto", .name = "a million ticks back, and forth", .rounds = run_to_and_fro},
};

void debugger_fill(struct bench_set *set)
{
  for (unsigned i = 0; i < sizeof moves / sizeof *moves; i++) {
    struct bench b = moves[i];
    b.group = BENCH_DEBUGGER;
    b.program = "sieve.s";
    b.setup = open_timeline;
    bench_add(set, &b);
  }
}
