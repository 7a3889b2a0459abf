/* Relocation-bounds memory: the guest's (BASE, BOUND) composed with the VMM's.
 *
 * Popek and Goldberg's VM map: R' = (l + k, b). The guest's relocation l is
 * taken relative to the place k where its storage lies in the real machine. What
 * the paper says in passing must be done with care here: the real bound must
 * also keep the guest inside its storage, since l + b may reach beyond it, or
 * wrap around the address space, and the storage behind belongs to others.
 */
#include "vmm/modules.h"

/* Translation off is R = (0, q): the whole of the guest's storage. */
static struct vmm_real_map compose(void *state, const struct vmm_env *env)
{
  (void)state;
  mpa_range_t own = env->allocation(env->ctx);
  if (!psw_te(env->get_cr(env->ctx, CR_PSW))) {
    return (struct vmm_real_map){.base = own.start.v, .bound = own.size};
  }
  uint32_t base = env->get_cr(env->ctx, CR_BASE);
  uint32_t bound = env->get_cr(env->ctx, CR_BOUND);
  if (base >= own.size) {
    /* No address is any good; own.start + base might even wrap. A real bound of
     * 0 makes every access trap, and reflection works out which trap it is. */
    return (struct vmm_real_map){.base = own.start.v, .bound = 0};
  }
  uint32_t room = own.size - base;
  return (struct vmm_real_map){.base = own.start.v + base, .bound = bound < room ? bound : room};
}

/* By the virtual PSW's key and the virtual key of the block. What lies beyond
 * storage has no key, and neither has a machine without the feature. */
static bool key_refuses(const struct vmm_env *env, uint64_t at, enum machine_access access)
{
  uint32_t own = psw_key(env->get_cr(env->ctx, CR_PSW));
  if (own == 0 || at >= env->allocation(env->ctx).size) {
    return false;
  }
  struct vmm_key block = env->key_get(env->ctx, gpa((uint32_t)at));
  return block.ok && !key_allows(own, block.key, access == MACHINE_STORE);
}

/* docs/machine.md, "Storage and addresses", of the virtual machine. The sums
 * have 33 bits. */
static struct translation translate(void *state, const struct vmm_env *env, gva_t va, uint32_t size,
                                    enum machine_access access, bool te, unsigned mode)
{
  (void)state, (void)mode;
  uint64_t at = va.v;
  if (te) {
    if (at + size > env->get_cr(env->ctx, CR_BOUND)) {
      return (struct translation){.ok = false, .cause = CAUSE_BOUNDS};
    }
    at += env->get_cr(env->ctx, CR_BASE);
  }
  /* A base that is no multiple of 4 can put an access across two blocks. */
  if (key_refuses(env, at, access) || key_refuses(env, at + size - 1, access)) {
    return (struct translation){.ok = false, .cause = CAUSE_PROTECTION};
  }
  if (at + size > env->allocation(env->ctx).size) {
    return (struct translation){.ok = false,
                                .cause = CAUSE_BUS,
                                .pa = gpa((uint32_t)at),
                                .device = env->device_at(env->ctx, at, size)};
  }
  return (struct translation){.ok = true, .pa = gpa((uint32_t)at)};
}

const struct vmm_memory_module vmm_memory_bounds = {.compose = compose, .translate = translate};
