/* The virtual machine's own translation, as docs/machine.md (`bounds`) and docs/mmu.md (`paged`,
 * `tlb`, the unmapped segment) have it, in guest physical addresses: what env->translate
 * answers where the memory module leaves that to the frame. It is slow, and used only for what
 * the VMM does itself.
 */
#include "isa/pages.h"
#include "vmm/internal.h"

static struct translation fault(enum isa_cause cause)
{
  return (struct translation){.ok = false, .cause = cause};
}

/* Storage or a device, at the end of a translation. */
static struct translation physical(struct vm *vm, uint32_t at, uint32_t size)
{
  if ((uint64_t)at + size > vm->storage.size) {
    return (struct translation){
        .cause = CAUSE_BUS, .pa = gpa(at), .device = vm->env.device_at(vm, at, size)};
  }
  return (struct translation){.ok = true, .pa = gpa(at)};
}

static enum isa_cause page_fault(enum machine_access access)
{
  return access == MACHINE_LOAD    ? CAUSE_LOAD_FAULT
         : access == MACHINE_STORE ? CAUSE_STORE_FAULT
                                   : CAUSE_FETCH_FAULT;
}

static bool allows(uint32_t entry, enum machine_access access, unsigned mode)
{
  return mode <= pte_level(entry) && (access != MACHINE_STORE || (entry & PTE_WRITE)) &&
         (access == MACHINE_FETCH ? entry & PTE_EXECUTE : !(entry & PTE_FETCH_ONLY));
}

static struct translation through(struct vm *vm, uint32_t entry, uint32_t va, uint32_t size)
{
  return physical(vm, pte_frame(entry) | (va & (ISA_PAGE_SIZE - 1)), size);
}

static struct translation paged(struct vm *vm, uint32_t va, uint32_t size,
                                enum machine_access access, unsigned mode)
{
  uint32_t entry, at = vm->cpu.cr[CR_PTBR] + 4 * page_directory_index(va);
  if (!machine_phys_read_word(&vm->machine, gpa(at), &entry)) {
    return fault(CAUSE_BUS);
  }
  if (!(entry & PTE_VALID)) {
    return fault(page_fault(access));
  }
  at = pte_frame(entry) + 4 * page_table_index(va);
  if (!machine_phys_read_word(&vm->machine, gpa(at), &entry)) {
    return fault(CAUSE_BUS);
  }
  if (!(entry & PTE_VALID)) {
    return fault(page_fault(access));
  }
  if (!allows(entry, access, mode)) {
    return fault(CAUSE_PROTECTION);
  }
  struct translation t = through(vm, entry, va, size);
  t.entry = gpa(at);
  t.marked = entry | PTE_ACCESSED | (access == MACHINE_STORE ? PTE_DIRTY : 0);
  t.marks = (t.ok || t.device) && t.marked != entry;
  return t;
}

static struct translation by_tlb(struct vm *vm, uint32_t va, uint32_t size,
                                 enum machine_access access, unsigned mode)
{
  struct vmm_tlb_entry e = vtlb_match(vm, va, vm->cpu.cr[CR_ASID]);
  if (!e.ok) {
    return fault(page_fault(access));
  }
  return allows(e.lo, access, mode) ? through(vm, e.lo, va, size) : fault(CAUSE_PROTECTION);
}

static struct translation translate(struct vm *vm, gva_t va, uint32_t size,
                                    enum machine_access access, bool te, unsigned mode)
{
  uint32_t features = profile_features(vm->machine.profile);
  if (features & ISA_FEATURE_MMU_BOUNDS) {
    return vmm_memory_bounds.translate(NULL, &vm->env, va, size, access, te, mode);
  }
  if (!te) {
    return physical(vm, va.v, size);
  }
  if ((features & ISA_FEATURE_KSEG) && kseg_has(va.v)) {
    return mode == 0 ? physical(vm, va.v - KSEG_START, size) : fault(CAUSE_PROTECTION);
  }
  return features & ISA_FEATURE_MMU_TLB ? by_tlb(vm, va.v, size, access, mode)
                                        : paged(vm, va.v, size, access, mode);
}

struct translation vmmu_translate(struct vm *vm, gva_t va, uint32_t size,
                                  enum machine_access access, bool te, unsigned mode)
{
  struct translation t = translate(vm, va, size, access, te, mode);
  return t.ok && access == MACHINE_STORE && memory_is_pinned(vm, t.pa) ? fault(CAUSE_PROTECTION)
                                                                       : t;
}
