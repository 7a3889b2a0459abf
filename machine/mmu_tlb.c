/* The TLB that software refills: docs/mmu.md, "mmu tlb". */
#include "machine/bare.h"

/* The entry of lowest index that matches; TLB_ENTRIES: none. */
static unsigned find(const struct bare *b, uint32_t va, uint32_t space)
{
  unsigned i = 0;
  while (i < TLB_ENTRIES && !tlb_matches(b->mmu.tlb[i].hi, b->mmu.tlb[i].lo, va, space)) {
    i++;
  }
  return i;
}

struct translation mmu_translate_tlb(const struct bare *b, uint32_t va, uint32_t size,
                                     enum machine_access access, struct mmu_who who)
{
  enum isa_cause cause;
  unsigned i = find(b, va, b->cr[CR_ASID]);
  if (i == TLB_ENTRIES) {
    return (struct translation){.cause = mmu_page_fault(access)};
  }
  uint32_t entry = b->mmu.tlb[i].lo;
  if (!mmu_entry_allows(entry, access, who, &cause)) {
    return (struct translation){.cause = cause};
  }
  return mmu_physical(b, pte_frame(entry) | (va & (ISA_PAGE_SIZE - 1)), size);
}

/* What an entry shows or hides is decided by its page number, whatever its space. */
void mmu_tlb_set(struct bare *b, unsigned index, struct tlb_entry entry)
{
  struct tlb_entry *e = &b->mmu.tlb[index];
  mmu_drop_page(b, e->hi >> STORAGE_PAGE_SHIFT);
  mmu_drop_page(b, entry.hi >> STORAGE_PAGE_SHIFT);
  *e = entry;
}

void mmu_tlb_write(struct bare *b)
{
  uint32_t index = b->cr[CR_TLBIX] & TLB_INDEX;
  if (b->cr[CR_TLBIX] & TLB_NONE) {
    index = tlb_choice(b->cr[CR_TLBRND]);
    b->cr[CR_TLBRND] = tlb_next_random(b->cr[CR_TLBRND]);
  }
  mmu_tlb_set(b, index, (struct tlb_entry){b->cr[CR_TLBHI], b->cr[CR_TLBLO]});
}

uint32_t mmu_tlb_probe(const struct bare *b, uint32_t hi)
{
  unsigned i = find(b, hi, hi);
  return i < TLB_ENTRIES ? i : TLB_NONE;
}

void mmu_tlb_invalidate(struct bare *b, uint32_t va, uint32_t space)
{
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    if (tlb_matches(b->mmu.tlb[i].hi, b->mmu.tlb[i].lo, va, space)) {
      mmu_tlb_set(b, i, (struct tlb_entry){0, 0});
    }
  }
}
