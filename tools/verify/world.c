#include "tools/verify/world.h"

#include "tools/command.h"

/* A bare machine like the VM, whose MMU need not be the real machine's. */
static bool make_bare(const struct setup *s, enum machine_engine engine, struct pair *pair,
                      const char **reason)
{
  struct machine_config config = {
      .profile = machine_profile(pair->vm), .storage = s->storage, .disk = pair->disk[0], .engine = engine};
  pair->bare = machine_create(&config, reason);
  return pair->bare != NULL;
}

static bool make_virtual(struct world *w, enum machine_engine engine, bool readonly,
                         struct pair *pair, const char **reason)
{
  struct stack_config config = {.profile = w->setup->profile,
                                .storage = w->setup->storage,
                                .depth = w->depth,
                                .technique = w->technique,
                                .memory = w->memory,
                                .below = w->setup->real_profile,
                                .disk = pair->disk[1],
                                .disk_readonly = readonly,
                                .engine = engine,
                                .neighbours = true};
  if (w->take && !(config.modules = w->take(w->ctx, &pair->modules_own, reason)))
    return false;
  pair->stack = stack_create(&config, reason);
  pair->vm = pair->stack ? stack_vm(pair->stack) : NULL;
  return pair->vm != NULL;
}

static bool load(const struct setup *s, struct machine *m)
{
  if (!image_load(s->program.image, m, stderr))
    return false;
  inputlog_feed(&s->log, m);
  return true;
}

static bool world_make(void *ctx, enum machine_engine engine, struct pair *pair,
                       const char **reason)
{
  struct world *w = ctx;
  bool readonly = false;
  *reason = "out of memory";
  for (unsigned i = 0; i < 2; i++) {
    if (setup_open_disk(w->setup, false, &pair->disk[i], &readonly) != STATUS_DONE) {
      *reason = NULL; /* said already */
      return false;
    }
  }
  w->sectors = pair->disk[0] ? disk_store_sectors(pair->disk[0]) : 0;
  if (!make_virtual(w, engine, readonly, pair, reason) ||
      !make_bare(w->setup, engine, pair, reason))
    return false;
  *reason = NULL; /* said already */
  return load(w->setup, pair->bare) && load(w->setup, pair->vm);
}

static void world_destroy(void *ctx, struct pair *pair)
{
  struct world *w = ctx;
  machine_destroy(pair->bare);
  stack_destroy(pair->stack);
  if (pair->modules_own)
    w->give_back(w->ctx, pair->modules_own);
  for (unsigned i = 0; i < 2; i++)
    if (pair->disk[i])
      disk_store_destroy(pair->disk[i]);
}

struct pair_maker world_maker(struct world *w)
{
  return (struct pair_maker){world_make, world_destroy, w};
}
