/* Shadow page tables: back in time with them, what the allocator refuses a module, which
 * machines they are for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "isa/pages.h"
#include "machine/checkpoint.h"
#include "tests/common/mapped.h"
#include "vmm/modules.h"
#include "vmm/vmm.h"

struct host {
  struct profile *profile;
  struct machine *real, *vm;
  struct vmm *vmm;
};

#define STORAGE (VMM_OWN_STORAGE + MAPPED_STORAGE + (VMM_TABLES + 8) * ISA_PAGE_SIZE)

static void open_host(struct host *h, uint64_t seed, const struct vmm_modules *modules,
                      uint32_t tables)
{
  h->profile = mapped_profile(seed, "paged");
  h->real =
      machine_create(&(struct machine_config){.profile = h->profile, .storage = STORAGE}, NULL);
  h->vmm = vmm_create_with(h->real, modules, NULL);
  assert_non_null(h->vmm);
  struct vmm_vm_config config = {.storage = MAPPED_STORAGE, .tables = tables};
  h->vm = vmm_create_vm(h->vmm, &config, NULL);
  assert_non_null(h->vm);
}

static void close_host(struct host *h)
{
  machine_destroy(h->vm);
  vmm_destroy(h->vmm);
  machine_destroy(h->real);
  profile_destroy(h->profile);
}

/* -------------------------------------------------------------- back in time */

/* The state at the end, and what the VMM did on the way. */
struct end {
  uint64_t hash, fills, hidden, traced, made, real_tick;
};

static struct end go_on(struct host *h, uint64_t seed)
{
  for (unsigned round = 0; round < 8; round++) {
    struct machine_stop stop = machine_advance(h->vm, machine_tick(h->vm) + 200);
    mapped_kick(h->vm, seed + round, stop.why != MACHINE_LIMIT);
  }
  const struct vmm_stats *s = vmm_vm_stats(h->vm);
  return (struct end){machine_state_hash(h->vm), s->fills,       s->hidden_faults,
                      s->traced_writes,          s->spaces_made, machine_tick(h->real)};
}

/* Shadows that are kept are as they were: the second time goes the same way, to the last fault. */
static void back_in_time(void **state)
{
  (void)state;
  uint64_t filled = 0;
  for (uint64_t seed = 1; seed < 60; seed++) {
    struct host h;
    open_host(&h, seed, &vmm_default_modules, seed % 2 ? 8 : 0);
    mapped_fill(h.vm, seed);
    filled += go_on(&h, seed).fills;
    struct vmm_checkpoint *above = vmm_checkpoint_take(h.vmm, NULL);
    struct checkpoint *below = checkpoint_take(h.real, NULL);
    assert_true(above && below);
    struct end first = go_on(&h, seed + 1000);
    checkpoint_restore(h.real, below);
    assert_true(vmm_checkpoint_restore(h.vmm, above));
    struct end second = go_on(&h, seed + 1000);
    assert_memory_equal(&first, &second, sizeof first);
    vmm_checkpoint_destroy(above);
    checkpoint_destroy(below);
    close_host(&h);
  }
  assert_true(filled > 100);
}

/* ---------------------------------------------------------- resource control */

static unsigned allowed, tried;

static void try(const struct vmm_env *env, mpa_t at, uint32_t entry)
{
  tried++;
  allowed += env->table_store(env->ctx, at, entry);
}

/* Everything that a module must not get. */
static struct vmm_real_map greedy(void *state, const struct vmm_env *env)
{
  struct vmm_real_map map = vmm_memory_shadow.compose(state, env);
  struct vmm_frame leaf = env->table_take(env->ctx, VMM_TABLE_LEAF);
  struct vmm_frame own = env->frame(env->ctx, gpa(0x3000), true);
  if (!leaf.ok || !own.ok) {
    return map;
  }
  uint32_t rights = PTE_VALID | PTE_WRITE | PTE_EXECUTE | PTE_LEVEL_MASK;
  try(env, leaf.at, 0 | rights);                         /* the VMM's own storage */
  try(env, leaf.at, (STORAGE - ISA_PAGE_SIZE) | rights); /* nobody's */
  try(env, leaf.at, leaf.at.v | rights);                 /* a table, for the guest */
  try(env, leaf.at, 0xfffff000u | rights);               /* nothing at all */
  try(env, mpa(map.ptbr), own.at.v | PTE_VALID);         /* the guest's page as a table */
  try(env, mpa(map.ptbr), map.ptbr | PTE_VALID);         /* a directory as a table */
  try(env, own.at, PTE_VALID);                           /* not into a table */
  try(env, mpa(leaf.at.v + 2), 0);                       /* not a word */
  assert_true(env->table_store(env->ctx, leaf.at, own.at.v | rights));
  assert_true(env->table_store(env->ctx, leaf.at, 0));
  assert_false(env->table_load(env->ctx, mpa(0)).ok);
  assert_false(env->table_give(env->ctx, own.at));
  assert_true(env->table_give(env->ctx, leaf.at));
  assert_false(env->table_give(env->ctx, leaf.at));
  return map;
}

static void allocator_looks_at_every_entry(void **state)
{
  (void)state;
  struct vmm_memory_module module = vmm_memory_shadow;
  struct vmm_modules modules = vmm_default_modules;
  struct host h;
  module.compose = greedy;
  modules.shadow = &module;
  allowed = tried = 0;
  open_host(&h, 1, &modules, 0);
  mapped_fill(h.vm, 1);
  machine_advance(h.vm, 100);
  assert_true(tried >= 8);
  assert_int_equal(allowed, 0);
  close_host(&h);
}

static uint32_t silly;

static struct vmm_real_map elsewhere(void *state, const struct vmm_env *env)
{
  (void)state, (void)env;
  return (struct vmm_real_map){.ptbr = silly};
}

/* A directory that is none: the VM is stopped before the real machine walks it. */
static void no_other_directory(void **state)
{
  (void)state;
  static const uint32_t places[] = {0, ISA_PAGE_SIZE, VMM_OWN_STORAGE, STORAGE, 0xfffff000u};
  struct vmm_memory_module module = vmm_memory_shadow;
  struct vmm_modules modules = vmm_default_modules;
  module.compose = elsewhere;
  modules.shadow = &module;
  for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
    struct host h;
    silly = places[i];
    open_host(&h, 2, &modules, 0);
    assert_int_equal(machine_run(h.vm, 100).why, MACHINE_LOST_CONTROL);
    const char *first = NULL;
    assert_int_equal(vmm_violations(h.vmm, &first), 1);
    assert_non_null(strstr(first, "as a directory, which it is not"));
    assert_int_equal(machine_tick(h.real), 0);
    close_host(&h);
  }
}

static enum vmm_fault mended(void *state, const struct vmm_env *env, struct trap real)
{
  (void)state, (void)env, (void)real;
  return VMM_FAULT_HIDDEN;
}

/* A module that says so for ever is found out. */
static void mending_leads_somewhere(void **state)
{
  (void)state;
  struct vmm_memory_module module = vmm_memory_shadow;
  struct vmm_modules modules = vmm_default_modules;
  struct host h;
  module.fault = mended;
  modules.shadow = &module;
  open_host(&h, 3, &modules, 0);
  assert_int_equal(machine_run(h.vm, 100).why, MACHINE_LOST_CONTROL);
  close_host(&h);
}

/* ------------------------------------------------------------------ where it is */

static void refuse(const char *real, struct vmm_vm_config config, const char *guest)
{
  struct profile *p = mapped_profile(1, real), *of_guest = guest ? mapped_profile(1, guest) : NULL;
  struct machine *m =
      machine_create(&(struct machine_config){.profile = p, .storage = STORAGE}, NULL);
  struct vmm *vmm = vmm_create(m, NULL);
  const char *reason = NULL;
  config.storage = MAPPED_STORAGE;
  config.profile = of_guest;
  assert_null(vmm_create_vm(vmm, &config, &reason));
  assert_non_null(reason);
  vmm_destroy(vmm);
  machine_destroy(m);
  profile_destroy(p);
  profile_destroy(of_guest);
}

static void not_on_every_machine(void **state)
{
  (void)state;
  refuse("bounds", (struct vmm_vm_config){.memory = VMM_MEMORY_SHADOW}, NULL);
  refuse("bounds", (struct vmm_vm_config){.memory = VMM_MEMORY_SHADOW}, "paged");
  refuse("paged", (struct vmm_vm_config){.memory = VMM_MEMORY_BOUNDS}, NULL);
  refuse("paged", (struct vmm_vm_config){.memory = VMM_MEMORY_BOUNDS}, "bounds");
  refuse("paged", (struct vmm_vm_config){.memory = VMM_MEMORY_SHADOW}, "tlb");
  refuse("paged", (struct vmm_vm_config){.tables = VMM_TABLES_LEAST - 1}, NULL);
  refuse("paged", (struct vmm_vm_config){.tables = 2 * VMM_TABLES}, NULL);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(back_in_time),         cmocka_unit_test(allocator_looks_at_every_entry),
      cmocka_unit_test(no_other_directory),   cmocka_unit_test(mending_leads_somewhere),
      cmocka_unit_test(not_on_every_machine),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("shadow", tests, NULL, NULL) != 0;
}
