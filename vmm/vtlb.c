/* The virtual machine's TLB: what docs/mmu.md says of a machine's, kept here. What of it the
 * real machine knows is the memory module's affair, which is told of each change.
 */
#include "isa/pages.h"
#include "vmm/internal.h"

static bool has_tlb(const struct vm *vm)
{
  return profile_features(vm->machine.profile) & ISA_FEATURE_MMU_TLB;
}

struct vmm_tlb_entry vtlb_get(const struct vm *vm, unsigned index)
{
  if (!has_tlb(vm) || index >= TLB_ENTRIES) {
    return (struct vmm_tlb_entry){.ok = false};
  }
  return (struct vmm_tlb_entry){true, vm->cpu.tlb[index].hi, vm->cpu.tlb[index].lo};
}

static void tell(struct vm *vm, struct vmm_tlb_act act)
{
  if (vm->memory->tlb_acted) {
    vm->memory->tlb_acted(vm->state.memory, &vm->env, act);
  }
}

static void put(struct vm *vm, enum vmm_tlb_kind kind, unsigned index, uint32_t hi, uint32_t lo)
{
  struct vmm_tlb_act act = {kind, index, vtlb_get(vm, index), {true, hi, lo}};
  if (act.was.ok) {
    vm->cpu.tlb[index].hi = hi;
    vm->cpu.tlb[index].lo = lo;
    tell(vm, act);
  }
}

void vtlb_set(struct vm *vm, unsigned index, uint32_t hi, uint32_t lo)
{
  put(vm, VMM_TLB_BY_OWNER, index, hi & isa_cr_info(CR_TLBHI)->write_mask, lo);
}

/* The entry of lowest index that matches; TLB_ENTRIES: none. */
static unsigned find(const struct vm *vm, uint32_t va, uint32_t space)
{
  unsigned i = 0;
  while (i < TLB_ENTRIES && !tlb_matches(vm->cpu.tlb[i].hi, vm->cpu.tlb[i].lo, va, space)) {
    i++;
  }
  return i;
}

struct vmm_tlb_entry vtlb_match(struct vm *vm, uint32_t va, uint32_t space)
{
  unsigned i = find(vm, va, space);
  return i < TLB_ENTRIES           ? vtlb_get(vm, i)
         : vm->memory->tlb_behind ? vm->memory->tlb_behind(vm->state.memory, va, space)
                                  : (struct vmm_tlb_entry){.ok = false};
}

void vtlb_write(struct vm *vm)
{
  uint32_t *cr = vm->cpu.cr, index = cr[CR_TLBIX] & TLB_INDEX;
  enum vmm_tlb_kind kind = VMM_TLB_BY_NUMBER;
  if (cr[CR_TLBIX] & TLB_NONE) {
    kind = VMM_TLB_BY_CHANCE;
    index = tlb_choice(cr[CR_TLBRND]);
    cr[CR_TLBRND] = tlb_next_random(cr[CR_TLBRND]);
  }
  put(vm, kind, index, cr[CR_TLBHI], cr[CR_TLBLO]);
}

uint32_t vtlb_probe(struct vm *vm, uint32_t hi)
{
  unsigned i = find(vm, hi, hi);
  if (i < TLB_ENTRIES) {
    return i;
  }
  tell(vm, (struct vmm_tlb_act){.kind = VMM_TLB_PROBED_IN_VAIN, .was = {.hi = hi}});
  return TLB_NONE;
}

void vtlb_invalidate(struct vm *vm, uint32_t va, uint32_t space)
{
  uint32_t named = (va & TLB_HI_PAGE) | (space & TLB_HI_SPACE);
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    if (tlb_matches(vm->cpu.tlb[i].hi, vm->cpu.tlb[i].lo, va, space)) {
      put(vm, VMM_TLB_INVALIDATED, i, 0, 0);
    }
  }
  tell(vm, (struct vmm_tlb_act){.kind = VMM_TLB_INVALIDATED_ALL, .was = {.hi = named}});
}
