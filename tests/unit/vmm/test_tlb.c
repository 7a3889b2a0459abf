/* The emulated TLB: random guests that refill theirs, bare and virtual (tests/tlb/ has many
 * more of them); the second level's rules, one by one; what a guest must not do to the real TLB.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "isa/pages.h"
#include "machine/checkpoint.h"
#include "tests/common/program.h"
#include "tests/common/refill.h"

static void agree(uint64_t from, uint64_t seeds, struct refill_way way, struct refill_met *met)
{
  for (uint64_t seed = from; seed < from + seeds; seed++) {
    char what[400];
    if (!refill_trial(seed, &way, met, what, sizeof what)) {
      fail_msg("seed %llu: %s", (unsigned long long)seed, what);
    }
  }
}

/* ------------------------------------------------------------- random guests */

static void every_tick(void **state)
{
  (void)state;
  struct refill_met met = {0};
  agree(1000, 12, (struct refill_way){.memory = VMM_MEMORY_EXACT, .stride = 1}, &met);
  agree(0, 16, (struct refill_way){.memory = VMM_MEMORY_EXACT, .stride = 1, .tame = true}, &met);
  assert_true(met.stats.hidden_faults > 0 && met.stats.true_faults > 0);
}

static void side_by_side(void **state)
{
  (void)state;
  agree(2000, 8, (struct refill_way){.memory = VMM_MEMORY_EXACT, .stride = 7, .vms = 3}, NULL);
  agree(2100, 6, (struct refill_way){.memory = VMM_MEMORY_EXACT, .stride = 1, .vms = 2, .frames = 12},
        NULL);
}

static void stacked(void **state)
{
  (void)state;
  agree(3000, 4, (struct refill_way){.memory = VMM_MEMORY_EXACT, .stride = 1, .depth = 2}, NULL);
}

/* More address spaces than the real machine has: they change hands. */
static void address_spaces_recycled(void **state)
{
  (void)state;
  struct refill_met met = {0};
  struct refill_way way = {.memory = VMM_MEMORY_EXACT, .stride = 300, .vms = 3, .tame = true};
  agree(4000, 8, way, &met);
  assert_true(met.stats.spaces_evicted > 0);
}

static void less_time(void **state)
{
  (void)state;
  struct refill_met met = {0};
  struct refill_way way = {
      .memory = VMM_MEMORY_DISCO, .stride = 1000, .vms = 2, .output_only = true, .tame = true};
  agree(5000, 12, way, &met);
  assert_true(met.stats.second_hits > 0);
  assert_true(met.virtual_ticks < met.ticks);
}

/* ---------------------------------------------------------- the second level
 * The module alone, behind an environment that only notes what it drops of the real TLB. */

#define PAGE  0x00400000u
#define OTHER 0x00500000u
#define SPACE 3u

struct alone {
  struct vmm_env env;
  void *state;
  unsigned dropped;
};

static void note_drop(void *ctx, gva_t va, uint32_t mask, uint32_t id)
{
  (void)va, (void)mask, (void)id;
  ((struct alone *)ctx)->dropped++;
}

static int open_alone(void **state)
{
  struct alone *a = calloc(1, sizeof *a);
  a->env = (struct vmm_env){.ctx = a, .real_drop = note_drop};
  a->state = vmm_memory_disco.create(NULL);
  *state = a;
  return 0;
}

static int close_alone(void **state)
{
  struct alone *a = *state;
  vmm_memory_disco.destroy(a->state);
  free(a);
  return 0;
}

static struct vmm_tlb_entry entry(uint32_t page, uint32_t space, uint32_t more)
{
  return (struct vmm_tlb_entry){true, page | space, 0x7000 | PTE_VALID | more};
}

static void act(struct alone *a, enum vmm_tlb_kind kind, unsigned index, struct vmm_tlb_entry was,
                struct vmm_tlb_entry is)
{
  vmm_memory_disco.tlb_acted(a->state, &a->env, (struct vmm_tlb_act){kind, index, was, is});
}

static bool has(struct alone *a, uint32_t page, uint32_t space)
{
  return vmm_memory_disco.tlb_behind(a->state, page, space).ok;
}

static const struct vmm_tlb_entry nothing = {.ok = true};

/* The machine's choice displaced it. */
static void displace(struct alone *a, struct vmm_tlb_entry e)
{
  act(a, VMM_TLB_BY_CHANCE, 9, e, entry(OTHER, SPACE, 0));
}

static void keeps_what_chance_displaced(void **state)
{
  struct alone *a = *state;
  displace(a, entry(PAGE, SPACE, PTE_WRITE));
  assert_true(has(a, PAGE, SPACE));
  assert_true(vmm_memory_disco.tlb_behind(a->state, PAGE, SPACE).lo & PTE_WRITE);
  assert_false(has(a, PAGE, SPACE + 1));
  assert_false(has(a, OTHER, SPACE)); /* that is in the TLB */
  act(a, VMM_TLB_BY_NUMBER, 9, entry(OTHER, SPACE, 0), nothing);
  assert_false(has(a, OTHER, SPACE)); /* the guest has taken it away */
}

static void global_is_everybodys(void **state)
{
  struct alone *a = *state;
  displace(a, entry(PAGE, SPACE, PTE_GLOBAL));
  assert_true(has(a, PAGE, SPACE + 1));
  act(a, VMM_TLB_INVALIDATED_ALL, 0, (struct vmm_tlb_entry){.hi = PAGE | (SPACE + 1)}, nothing);
  assert_false(has(a, PAGE, SPACE));
}

static void invalidated(void **state)
{
  struct alone *a = *state;
  displace(a, entry(PAGE, SPACE, 0));
  act(a, VMM_TLB_INVALIDATED_ALL, 0, (struct vmm_tlb_entry){.hi = PAGE | (SPACE + 1)}, nothing);
  assert_true(has(a, PAGE, SPACE)); /* another space's */
  a->dropped = 0;
  act(a, VMM_TLB_INVALIDATED_ALL, 0, (struct vmm_tlb_entry){.hi = PAGE | SPACE}, nothing);
  assert_false(has(a, PAGE, SPACE));
  assert_int_equal(a->dropped, 1); /* of the real TLB too */
}

static void probed_in_vain(void **state)
{
  struct alone *a = *state;
  displace(a, entry(PAGE, SPACE, 0));
  act(a, VMM_TLB_PROBED_IN_VAIN, 0, (struct vmm_tlb_entry){.hi = PAGE | SPACE}, nothing);
  assert_false(has(a, PAGE, SPACE));
}

static void written_anew(void **state)
{
  struct alone *a = *state;
  displace(a, entry(PAGE, SPACE, 0));
  act(a, VMM_TLB_BY_CHANCE, 20, nothing, entry(PAGE, SPACE, PTE_WRITE));
  assert_false(has(a, PAGE, SPACE));
  displace(a, entry(PAGE, SPACE, 0));
  act(a, VMM_TLB_BY_NUMBER, 20, nothing, entry(PAGE, SPACE + 1, PTE_GLOBAL));
  assert_false(has(a, PAGE, SPACE));
}

/* A kernel that empties its TLB so may believe it empty. The wired entries do not count: they
 * hold nothing that it did not put there by number. */
static void emptied_by_number(void **state)
{
  struct alone *a = *state;
  displace(a, entry(PAGE, SPACE, 0));
  for (unsigned i = TLB_WIRED; i < TLB_ENTRIES - 1; i++) {
    act(a, VMM_TLB_BY_NUMBER, i, nothing, nothing);
    assert_true(has(a, PAGE, SPACE));
  }
  act(a, VMM_TLB_BY_NUMBER, TLB_ENTRIES - 1, nothing, nothing);
  assert_false(has(a, PAGE, SPACE));
  displace(a, entry(PAGE, SPACE, 0)); /* and it begins anew */
  act(a, VMM_TLB_BY_NUMBER, TLB_ENTRIES - 1, nothing, nothing);
  assert_true(has(a, PAGE, SPACE));
}

static void emptied_by_owner(void **state)
{
  struct alone *a = *state;
  displace(a, entry(PAGE, SPACE, 0));
  act(a, VMM_TLB_BY_OWNER, 30, nothing, nothing);
  assert_false(has(a, PAGE, SPACE));
}

/* The real TLB may hold what an entry of higher number says, which the new one hides. */
static void what_it_hides_is_dropped(void **state)
{
  struct alone *a = *state;
  struct vmm_tlb_act written = {VMM_TLB_BY_NUMBER, 3, nothing, entry(PAGE, SPACE, 0)};
  vmm_memory_exact.tlb_acted(NULL, &a->env, written);
  assert_int_equal(a->dropped, 1);
  written = (struct vmm_tlb_act){VMM_TLB_INVALIDATED, 3, entry(PAGE, SPACE, 0), nothing};
  vmm_memory_exact.tlb_acted(NULL, &a->env, written);
  assert_int_equal(a->dropped, 2);
}

/* Four of those that share a place; then it forgets the oldest. */
static void bounded(void **state)
{
  struct alone *a = *state;
  unsigned kept = 0;
  for (uint32_t i = 2000; i < 7000; i++) {
    displace(a, entry(i * ISA_PAGE_SIZE, SPACE, 0));
    assert_true(has(a, i * ISA_PAGE_SIZE, SPACE));
  }
  for (uint32_t i = 2000; i < 7000; i++) {
    kept += has(a, i * ISA_PAGE_SIZE, SPACE);
  }
  assert_in_range(kept, 900, 1024);
}

/* -------------------------------------------------------------- the whole thing */

struct machines {
  struct profile *profile;
  struct machine *real, *vm;
  struct vmm *vmm;
};

static void open_machines(struct machines *m, const char *text, enum vmm_memory memory)
{
  m->profile = profile_parse("tlb.profile", text, strlen(text), stderr);
  m->real = machine_create(
      &(struct machine_config){.profile = m->profile, .storage = 512u << 10}, NULL);
  m->vmm = vmm_create(m->real, NULL);
  struct vmm_vm_config config = {.storage = MACHINE_MIN_STORAGE, .memory = memory};
  m->vm = vmm_create_vm(m->vmm, &config, NULL);
  assert_non_null(m->vm);
}

static void close_machines(struct machines *m)
{
  machine_destroy(m->vm);
  vmm_destroy(m->vmm);
  machine_destroy(m->real);
  profile_destroy(m->profile);
}

/* Where tlbw is not privileged a guest can write the real TLB: that is found out. */
static void real_tlb_guarded(void **state)
{
  (void)state;
  struct machines m;
  const char *first = NULL;
  struct program p = {.origin = 0x1000};
  open_machines(&m, "profile open; extends pg; mmu tlb; outside tlbw = full;", VMM_MEMORY_EXACT);
  put(&p, ISA_TLBW, 0, 0, 0, 0);
  put(&p, ISA_SYS, 0, 0, 0, 0);
  load_program(m.vm, &p);
  machine_set_cr(m.real, CR_TLBLO, PTE_VALID);
  machine_set_pc(m.vm, 0x1000);
  assert_int_equal(machine_run(m.vm, 10).why, MACHINE_LOST_CONTROL);
  assert_int_equal(vmm_violations(m.vmm, &first), 1);
  assert_non_null(strstr(first, "TLB"));
  close_machines(&m);
}

/* What follows from a checkpoint is the same again, the second level's part in it included. */
static void kept_in_checkpoints(void **state)
{
  (void)state;
  for (uint64_t seed = 6000; seed < 6006; seed++) {
    struct machines m;
    const char *reason = NULL;
    open_machines(&m, "profile tlb; extends pg; mmu tlb;", VMM_MEMORY_DISCO);
    refill_load(m.vm, seed, true);
    machine_advance(m.vm, 4000);
    struct checkpoint *real = checkpoint_take(m.real, NULL);
    struct vmm_checkpoint *vmm = vmm_checkpoint_take(m.vmm, &reason);
    assert_non_null(vmm);
    machine_advance(m.vm, 9000);
    uint64_t hash = machine_state_hash(m.vm), below = machine_state_hash(m.real);
    uint64_t fills = vmm_vm_stats(m.vm)->fills;
    machine_advance(m.vm, 12000);
    checkpoint_restore(m.real, real);
    assert_true(vmm_checkpoint_restore(m.vmm, vmm));
    machine_advance(m.vm, 9000);
    assert_true(machine_state_hash(m.vm) == hash);
    assert_true(machine_state_hash(m.real) == below);
    assert_int_equal(vmm_vm_stats(m.vm)->fills, fills);
    checkpoint_destroy(real);
    vmm_checkpoint_destroy(vmm);
    close_machines(&m);
  }
}

/* What the TLB has of a real address space goes when that changes hands. A program in user mode
 * fills a page of space 5; then the kernel goes through so many spaces that the real one becomes
 * space 254's, where the page holds another program. It can do so without filling the TLB
 * only in the unmapped segment. */
enum { VECTORS = 0x400, BOOT = 0x1000, KERNEL = 0x1800, USER = 0x5000, OTHER_USER = 0x6000 };
#define SHARED 0x3000u /* the page */

static void put_entry(struct program *p, unsigned index, uint32_t hi, uint32_t lo)
{
  put_set_cr(p, CR_TLBHI, hi, REG_T0);
  put_set_cr(p, CR_TLBLO, lo, REG_T0);
  put_set_cr(p, CR_TLBIX, index, REG_T0);
  put(p, ISA_TLBW, 0, 0, 0, 0);
}

static void put_rfe(struct program *p, uint32_t psw, uint32_t pc)
{
  put_set_cr(p, CR_EPSW, psw, REG_T0);
  put_set_cr(p, CR_EPC, pc, REG_T0);
  put(p, ISA_RFE, 0, 0, 0, 0);
}

static void load_recycler(struct machine *m)
{
  struct program boot = {.origin = BOOT}, kernel = {.origin = KERNEL};
  struct program user = {.origin = USER}, other = {.origin = OTHER_USER};
  uint32_t te = psw_set_te(0, 1), rights = PTE_VALID | PTE_EXECUTE | PTE_LEVEL_MASK;
  put_set_cr(&boot, CR_VBR, VECTORS, REG_T0);
  put_entry(&boot, 0, SHARED | 5, USER | rights);
  put_entry(&boot, 1, SHARED | 254, OTHER_USER | rights);
  put_set_cr(&boot, CR_ASID, 5, REG_T0);
  put_rfe(&boot, psw_set_mode(te, 1), SHARED);
  put(&user, ISA_ADDI, REG_A3, REG_A3, 0, 1);
  put(&user, ISA_SYS, 0, 0, 0, 0);
  put(&other, ISA_ADDI, REG_A3, REG_A3, 0, 16);
  put(&other, ISA_HALT, 0, 0, 0, 0);
  put_rfe(&kernel, te, KSEG_START + KERNEL + 7 * 4); /* behind itself, unmapped */
  put(&kernel, ISA_ADDI, REG_T1, REG_ZERO, 0, 255);
  put_cr(&kernel, ISA_MTCR, CR_ASID, REG_A0); /* loop: */
  put(&kernel, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  put(&kernel, ISA_BLTU, REG_A0, REG_T1, 0, (uint32_t)-8);
  put_li(&kernel, REG_A5, SHARED);
  put(&kernel, ISA_JALR, REG_ZERO, REG_A5, 0, 0);
  load_program(m, &boot);
  load_program(m, &kernel);
  load_program(m, &user);
  load_program(m, &other);
  machine_phys_write_word(m, gpa(VECTORS + 4 * CAUSE_SYSCALL), KERNEL);
  machine_set_pc(m, BOOT);
}

static void recycled_is_flushed(void **state)
{
  (void)state;
  struct machines m;
  open_machines(&m, "profile tlb; extends pg; mmu tlb; kseg;", VMM_MEMORY_EXACT);
  struct machine *bare = machine_create(
      &(struct machine_config){.profile = m.profile, .storage = MACHINE_MIN_STORAGE}, NULL);
  load_recycler(bare);
  load_recycler(m.vm);
  assert_int_equal(machine_advance(bare, 5000).why, MACHINE_HALTED);
  assert_int_equal(machine_get_reg(bare, REG_A3), 17);
  assert_int_equal(machine_advance(m.vm, 5000).why, MACHINE_HALTED);
  assert_int_equal(machine_get_reg(m.vm, REG_A3), 17);
  assert_true(machine_state_hash(m.vm) == machine_state_hash(bare));
  assert_true(vmm_vm_stats(m.vm)->spaces_evicted > 0);
  assert_true(vmm_vm_stats(m.vm)->interpreted > 700);
  machine_destroy(bare);
  close_machines(&m);
}

/* A VM that goes leaves nothing in the real TLB. */
static void gone_without_trace(void **state)
{
  (void)state;
  struct machines m;
  uint32_t hi, lo, left = 0, before = 0;
  open_machines(&m, "profile tlb; extends pg; mmu tlb;", VMM_MEMORY_EXACT);
  refill_load(m.vm, 1, true);
  machine_advance(m.vm, 4000);
  for (unsigned i = 0; machine_tlb_get(m.real, i, &hi, &lo); i++) {
    before += lo != 0;
  }
  machine_destroy(m.vm);
  for (unsigned i = 0; machine_tlb_get(m.real, i, &hi, &lo); i++) {
    left += lo != 0;
  }
  assert_true(before > 0);
  assert_int_equal(left, 0);
  vmm_destroy(m.vmm);
  machine_destroy(m.real);
  profile_destroy(m.profile);
}

int main(void)
{
#define RULE(test) cmocka_unit_test_setup_teardown(test, open_alone, close_alone)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_tick),
      cmocka_unit_test(side_by_side),
      cmocka_unit_test(stacked),
      cmocka_unit_test(address_spaces_recycled),
      cmocka_unit_test(less_time),
      RULE(keeps_what_chance_displaced),
      RULE(global_is_everybodys),
      RULE(invalidated),
      RULE(probed_in_vain),
      RULE(written_anew),
      RULE(emptied_by_number),
      RULE(emptied_by_owner),
      RULE(what_it_hides_is_dropped),
      RULE(bounded),
      cmocka_unit_test(real_tlb_guarded),
      cmocka_unit_test(kept_in_checkpoints),
      cmocka_unit_test(recycled_is_flushed),
      cmocka_unit_test(gone_without_trace),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
