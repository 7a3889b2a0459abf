/* The real machine's TLB and its 256 address spaces, under `mmu tlb`: resources of the VMM, lent
 * to its VMs like any other.
 *
 * Address spaces of VMs are many: each VM has 256 of its own, and besides, its virtual modes
 * differ in rights while the real mode is the same, and its physical addresses are an address
 * space too. A memory module names those of its VM by numbers of its own (`id`), and each gets a
 * real one while there are any; then the one that was not used for longest changes hands, and
 * what the TLB has of it goes. So neither a world switch nor a change of mode flushes anything.
 *
 * Nothing in the real TLB is global: the other VMs would see it.
 */
#include <string.h>

#include "vmm/internal.h"

#define HINTS RTLB_SPACES

static unsigned hint_of(const struct vm *vm, uint32_t id)
{
  uint32_t h = id ^ id >> 9 ^ id >> 27 ^ (uint32_t)((uintptr_t)vm >> 6);
  return h % HINTS;
}

static bool is_space(const struct rtlb_space *s, const struct vm *vm, uint32_t id)
{
  return s->vm == vm && s->id == id;
}

static void write_entry(struct vmm *vmm, unsigned index, struct rtlb_entry entry)
{
  vmm->rtlb.entry[index] = entry;
  machine_tlb_set(vmm->real, index, entry.hi, entry.lo);
}

static void empty(struct vmm *vmm, unsigned index)
{
  write_entry(vmm, index, (struct rtlb_entry){.vm = NULL});
}

/* What the TLB has of a real space. */
static void flush_space(struct vmm *vmm, unsigned asid)
{
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    const struct rtlb_entry *e = &vmm->rtlb.entry[i];
    if (e->vm && (e->hi & TLB_HI_SPACE) == asid) {
      empty(vmm, i);
    }
  }
}

/* The one that was not used for longest, which those that nobody has are. */
static unsigned take_space(struct vm *vm, uint32_t id)
{
  struct rtlb *r = &vm->vmm->rtlb;
  unsigned asid = 0;
  for (unsigned i = 1; i < RTLB_SPACES; i++) {
    asid = r->space[i].used < r->space[asid].used ? i : asid;
  }
  if (r->space[asid].vm) {
    vm->stats.spaces_evicted++;
    flush_space(vm->vmm, asid);
  }
  r->space[asid] = (struct rtlb_space){.vm = vm, .id = id};
  vm->stats.spaces_made++;
  return asid;
}

uint32_t rtlb_space(struct vm *vm, uint32_t id)
{
  struct rtlb *r = &vm->vmm->rtlb;
  uint8_t *hint = &r->hint[hint_of(vm, id)];
  unsigned asid = *hint;
  if (!is_space(&r->space[asid], vm, id)) {
    for (asid = 0; asid < RTLB_SPACES && !is_space(&r->space[asid], vm, id); asid++) {
    }
    asid = asid < RTLB_SPACES ? asid : take_space(vm, id);
    *hint = (uint8_t)asid;
  }
  r->space[asid].used = ++r->clock;
  return asid;
}

/* Two entries for one page of a space would hide each other, and one may be stale. */
static unsigned place_for(struct rtlb *r, uint32_t hi)
{
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    if (r->entry[i].vm && r->entry[i].hi == hi) {
      return i;
    }
  }
  unsigned index = r->next;
  r->next = (r->next + 1) % TLB_ENTRIES;
  return index;
}

/* Stores that the VMM must hear of get no right: to pages that are traced, or not the VM's alone. */
bool rtlb_fill(struct vm *vm, uint32_t id, gva_t va, gpa_t pa, uint32_t rights, bool store)
{
  struct vmm *vmm = vm->vmm;
  bool traced = memory_is_traced(vm, pa);
  struct pmap_frame frame = pmap_frame(vm, pa, store && !traced);
  if (!frame.ok || (store && (traced || !frame.writable))) {
    return false;
  }
  uint32_t hi = (va.v & TLB_HI_PAGE) | rtlb_space(vm, id);
  uint32_t lo = frame.frame.v | PTE_LEVEL_MASK | PTE_VALID;
  lo |= rights & (PTE_EXECUTE | PTE_FETCH_ONLY);
  lo |= frame.writable && !traced ? rights & PTE_WRITE : 0;
  vm->stats.fills++;
  write_entry(vmm, place_for(&vmm->rtlb, hi),
              (struct rtlb_entry){.vm = vm, .page = pa.v & PTE_FRAME_MASK, .hi = hi, .lo = lo});
  return true;
}

void rtlb_drop(struct vm *vm, gva_t va, uint32_t mask, uint32_t id)
{
  struct rtlb *r = &vm->vmm->rtlb;
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    const struct rtlb_entry *e = &r->entry[i];
    if (e->vm == vm && ((e->hi ^ va.v) & TLB_HI_PAGE) == 0 &&
        ((r->space[e->hi & TLB_HI_SPACE].id ^ id) & mask) == 0) {
      empty(vm->vmm, i);
    }
  }
}

void rtlb_forget_page(struct vm *vm, gpa_t at)
{
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    const struct rtlb_entry *e = &vm->vmm->rtlb.entry[i];
    if (e->vm == vm && e->page == (at.v & PTE_FRAME_MASK)) {
      empty(vm->vmm, i);
    }
  }
}

void rtlb_forget(struct vm *vm)
{
  struct rtlb *r = &vm->vmm->rtlb;
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    if (r->entry[i].vm == vm) {
      empty(vm->vmm, i);
    }
  }
  for (unsigned i = 0; i < RTLB_SPACES; i++) {
    if (r->space[i].vm == vm) {
      r->space[i] = (struct rtlb_space){.vm = NULL};
    }
  }
}

bool vmm_vm_real_tlb(struct machine *m, unsigned index, struct vmm_real_tlb *entry)
{
  const struct rtlb *r = &vm_of(m)->vmm->rtlb;
  const struct rtlb_entry *e = &r->entry[index % TLB_ENTRIES];
  if (index >= TLB_ENTRIES || e->vm != vm_of(m)) {
    return false;
  }
  uint32_t id = r->space[e->hi & TLB_HI_SPACE].id;
  *entry = (struct vmm_real_tlb){.hi = e->hi,
                                 .lo = e->lo,
                                 .page = gpa(e->page),
                                 .te = id & VMM_SPACE_TE,
                                 .mode = (id & ~VMM_SPACE_TE) >> VMM_SPACE_MODE_SHIFT,
                                 .space = id & TLB_HI_SPACE};
  return true;
}

/* ---------------------------------------------------------- resource control */

/* Whether a guest could write the real TLB, on this profile. */
bool rtlb_is_exposed(const struct profile *profile)
{
  unsigned user = profile_user_mode(profile);
  return (profile_features(profile) & ISA_FEATURE_MMU_TLB) &&
         (profile_behaviour(profile, ISA_TLBW, user)->kind == PROFILE_BODY ||
          profile_behaviour(profile, ISA_TLBI, user)->kind == PROFILE_BODY);
}

void rtlb_check(struct vm *vm)
{
  struct rtlb *r = &vm->vmm->rtlb;
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    uint32_t hi, lo;
    machine_tlb_get(vm->vmm->real, i, &hi, &lo);
    if (hi != r->entry[i].hi || lo != r->entry[i].lo) {
      vmm_lose_control(vm, "the guest changed entry %u of the real machine's TLB", i);
      write_entry(vm->vmm, i, r->entry[i]);
    }
  }
}
