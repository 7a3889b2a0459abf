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

void vtlb_set(struct vm *vm, unsigned index, uint32_t hi, uint32_t lo)
{
  struct vmm_tlb_entry was = vtlb_get(vm, index), is = {true, hi, lo};
  if (!was.ok) {
    return;
  }
  vm->cpu.tlb[index].hi = hi;
  vm->cpu.tlb[index].lo = lo;
  if (vm->memory->tlb_changed) {
    vm->memory->tlb_changed(vm->state.memory, &vm->env, index, was, is);
  }
}

void vtlb_write(struct vm *vm)
{
  uint32_t *cr = vm->cpu.cr, index = cr[CR_TLBIX] & TLB_INDEX;
  if (cr[CR_TLBIX] & TLB_NONE) {
    index = tlb_choice(cr[CR_TLBRND]);
    cr[CR_TLBRND] = tlb_next_random(cr[CR_TLBRND]);
  }
  vtlb_set(vm, index, cr[CR_TLBHI], cr[CR_TLBLO]);
}

uint32_t vtlb_probe(const struct vm *vm, uint32_t hi)
{
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    if (tlb_matches(vm->cpu.tlb[i].hi, vm->cpu.tlb[i].lo, hi, hi)) {
      return i;
    }
  }
  return TLB_NONE;
}

void vtlb_invalidate(struct vm *vm, uint32_t va, uint32_t space)
{
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    if (tlb_matches(vm->cpu.tlb[i].hi, vm->cpu.tlb[i].lo, va, space)) {
      vtlb_set(vm, i, 0, 0);
    }
  }
}
