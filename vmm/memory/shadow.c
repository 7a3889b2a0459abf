/* Shadow page tables: so far an empty one, so that everything is interpreted. */
#include <stdlib.h>

#include "vmm/modules.h"

struct shadow {
  struct vmm_frame empty;
};

static void *create(void *with)
{
  (void)with;
  return calloc(1, sizeof(struct shadow));
}

static struct vmm_real_map compose(void *state, const struct vmm_env *env)
{
  struct shadow *s = state;
  if (!s->empty.ok) {
    s->empty = env->table_take(env->ctx, VMM_TABLE_DIRECTORY);
  }
  return (struct vmm_real_map){.ptbr = s->empty.at.v};
}

static enum vmm_fault fault(void *state, const struct vmm_env *env, struct trap real)
{
  (void)state, (void)env, (void)real;
  return VMM_FAULT_INTERPRET;
}

const struct vmm_memory_module vmm_memory_shadow = {
    .create = create, .destroy = free, .compose = compose, .fault = fault};
