/* Nested paging: the real machine walks the guest's own tables, whose addresses are those of the
 * guest's storage, and below each of them the VMM's, which say where that storage lies.
 *
 * Nothing of the guest's paging is the VMM's affair then: PTBR is loaded as it is, the machine sets
 * A and D in the guest's entries itself, levels are compared with the virtual mode (the
 * translation mode of NPTBR), and faults of the guest's own tables are true ones. What is left
 * are nested faults: the page of guest storage has no entry yet, or a read-only one. There
 * is one second level for a VM, whatever its address spaces, and it is never flushed: an entry goes
 * when the pmap says that its page moves.
 */
#include <stdlib.h>
#include <string.h>

#include "isa/pages.h"
#include "vmm/modules.h"

#define WORD_SIZE 4u
#define LEAVES    (MACHINE_MAX_STORAGE >> 22) /* tables that the largest guest can need */

struct nested {
  uint32_t directory;    /* frames of the real machine; 0: not taken yet */
  uint32_t leaf[LEAVES]; /* by what they map */
};

static void *create(void *with)
{
  (void)with;
  return calloc(1, sizeof(struct nested));
}

static uint32_t take(const struct vmm_env *env, enum vmm_table kind)
{
  struct vmm_frame f = env->table_take(env->ctx, kind);
  return f.ok ? f.at.v : 0;
}

/* The guest's own map, and below it ours. */
static struct vmm_real_map compose(void *state, const struct vmm_env *env)
{
  struct nested *n = state;
  if (n->directory == 0) {
    n->directory = take(env, VMM_TABLE_DIRECTORY);
  }
  unsigned mode = psw_mode(env->get_cr(env->ctx, CR_PSW));
  return (struct vmm_real_map){.ptbr = env->get_cr(env->ctx, CR_PTBR),
                               .asid = env->get_cr(env->ctx, CR_ASID),
                               .nptbr = nptbr_make(n->directory, mode)};
}

/* The place of the page's entry; 0: there is no table for it yet. */
static uint32_t entry_of(const struct nested *n, uint32_t at)
{
  uint32_t leaf = page_directory_index(at) < LEAVES ? n->leaf[page_directory_index(at)] : 0;
  return leaf ? leaf + WORD_SIZE * page_table_index(at) : 0;
}

static bool make_leaf(struct nested *n, const struct vmm_env *env, uint32_t at)
{
  uint32_t index = page_directory_index(at), leaf = take(env, VMM_TABLE_LEAF);
  if (leaf == 0) {
    return false;
  }
  n->leaf[index] = leaf;
  return env->table_store(env->ctx, mpa(n->directory + WORD_SIZE * index), leaf | PTE_VALID);
}

/* A page that is traced is not for stores, which are interpreted then and so announced. */
static enum vmm_fault fill(struct nested *n, const struct vmm_env *env, uint32_t at, bool store)
{
  if ((store && env->traced(env->ctx, gpa(at))) ||
      (entry_of(n, at) == 0 && !make_leaf(n, env, at))) {
    return VMM_FAULT_INTERPRET;
  }
  struct vmm_frame f = env->frame(env->ctx, gpa(at), store);
  uint32_t entry = pte_frame(f.at.v) | PTE_VALID | PTE_EXECUTE | (store ? PTE_WRITE : 0);
  if (!f.ok || !env->table_store(env->ctx, mpa(entry_of(n, at)), entry)) {
    return VMM_FAULT_INTERPRET;
  }
  env->count(env->ctx, VMM_MEMORY_FILL);
  return VMM_FAULT_HIDDEN;
}

/* What the guest's own tables refuse, they refuse truly. So does a guest-physical address beyond
 * its storage, which the virtual machine finds to be a bus error. */
static enum vmm_fault fault(void *state, const struct vmm_env *env, struct trap real)
{
  bool store = real.cause == CAUSE_NESTED_STORE;
  if (!store && real.cause != CAUSE_NESTED_LOAD && real.cause != CAUSE_NESTED_FETCH) {
    return VMM_FAULT_TRUE;
  }
  if (real.ngpa >= env->allocation(env->ctx).size) {
    return VMM_FAULT_TRUE;
  }
  return fill(state, env, real.ngpa, store);
}

static void forget(void *state, const struct vmm_env *env, gpa_t at)
{
  uint32_t entry = entry_of(state, at.v);
  if (entry != 0) {
    env->table_store(env->ctx, mpa(entry), 0);
  }
}

static uint32_t save(void *state, void *bytes, uint32_t room)
{
  if (room >= sizeof(struct nested)) {
    memcpy(bytes, state, sizeof(struct nested));
  }
  return sizeof(struct nested);
}

static bool load(void *state, const void *bytes, uint32_t len)
{
  if (len == sizeof(struct nested)) {
    memcpy(state, bytes, sizeof(struct nested));
  }
  return len == sizeof(struct nested);
}

const struct vmm_memory_module vmm_memory_nested = {.create = create,
                                                    .destroy = free,
                                                    .compose = compose,
                                                    .fault = fault,
                                                    .forget = forget,
                                                    .save = save,
                                                    .load = load};
