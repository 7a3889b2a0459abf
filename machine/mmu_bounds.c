#include <stdlib.h>
#include <string.h>

#include "machine/bare.h"

#define PAGE_MASK (ISA_PAGE_SIZE - 1)

static void clear_space(struct space *space)
{
  memset(space, 0, sizeof *space);
  for (unsigned i = 0; i < MMU_DATA_ENTRIES; i++) {
    space->data[i].read = space->data[i].write = MMU_NO_TAG;
  }
  for (unsigned i = 0; i < MMU_CODE_ENTRIES; i++) {
    space->code[i].tag = MMU_NO_TAG;
  }
}

bool mmu_init(struct mmu *mmu, const struct profile *profile)
{
  *mmu = (struct mmu){.bounds = (profile_features(profile) & ISA_FEATURE_MMU_BOUNDS) != 0};
  mmu->space = calloc(MMU_SPACES, sizeof *mmu->space);
  return mmu->space != NULL;
}

void mmu_free(struct mmu *mmu)
{
  free(mmu->space);
}

struct translation mmu_translate(const struct bare *b, uint32_t va, uint32_t size, bool te)
{
  uint64_t pa = va;
  if (te && b->mmu.bounds) {
    if ((uint64_t)va + size > b->cr[CR_BOUND]) {
      return (struct translation){.cause = CAUSE_BOUNDS};
    }
    pa += b->cr[CR_BASE];
  }
  if (pa + size > b->storage.size) {
    return (struct translation){.cause = CAUSE_BUS};
  }
  return (struct translation){.ok = true, .pa = gpa((uint32_t)pa)};
}

/* ----------------------------------------------------------- address spaces */

struct space *mmu_space(struct bare *b)
{
  struct mmu *mmu = &b->mmu;
  bool te = psw_te(b->psw) && mmu->bounds;
  uint32_t base = te ? b->cr[CR_BASE] : 0, bound = te ? b->cr[CR_BOUND] : 0;
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    struct space *s = &mmu->space[i];
    if (s->used && s->te == te && s->base == base && s->bound == bound) {
      return s;
    }
  }
  struct space *s = &mmu->space[mmu->next];
  mmu->next = (mmu->next + 1) % MMU_SPACES;
  clear_space(s);
  s->used = true;
  s->te = te;
  s->base = base;
  s->bound = bound;
  return s;
}

/* How many bytes of va's page the space can reach from the page's start, and
 * where that is. 0: none, or not at the start of a physical page. */
static uint32_t page_extent(const struct bare *b, const struct space *s, uint32_t va, uint64_t *pa)
{
  uint32_t start = va & ~PAGE_MASK;
  uint32_t extent = ISA_PAGE_SIZE;
  *pa = start;
  if (s->te) {
    if (s->base & PAGE_MASK || start >= s->bound) {
      return 0;
    }
    extent = s->bound - start < extent ? s->bound - start : extent;
    *pa += s->base;
  }
  return *pa < b->storage.size ? extent : 0;
}

void mmu_fill_data(struct bare *b, struct space *space, uint32_t va)
{
  uint64_t pa;
  if (page_extent(b, space, va, &pa) < ISA_PAGE_SIZE) {
    return;
  }
  uint32_t tag = va & ~PAGE_MASK;
  const struct page *page = &b->storage.page[pa >> STORAGE_PAGE_SHIFT];
  struct data_entry *e = &space->data[(va >> STORAGE_PAGE_SHIFT) % MMU_DATA_ENTRIES];
  e->read = tag;
  e->write = page->dirty && !page->code ? tag : MMU_NO_TAG;
  e->offset = (uintptr_t)b->storage.bytes + (uintptr_t)pa - tag;
}

bool mmu_code_extent(struct bare *b, const struct space *space, uint32_t va, uint32_t *page,
                     uint32_t *words)
{
  uint64_t pa;
  *words = page_extent(b, space, va, &pa) / 4;
  *page = (uint32_t)(pa >> STORAGE_PAGE_SHIFT);
  return (va & PAGE_MASK) / 4 < *words;
}

void mmu_forget_write(struct bare *b, uint32_t page)
{
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    struct space *s = &b->mmu.space[i];
    uint32_t va = (page << STORAGE_PAGE_SHIFT) - s->base;
    struct data_entry *e = &s->data[(va >> STORAGE_PAGE_SHIFT) % MMU_DATA_ENTRIES];
    if (s->used && e->write == va) {
      e->write = MMU_NO_TAG;
    }
  }
}

void mmu_forget_code(struct bare *b)
{
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    for (unsigned k = 0; k < MMU_CODE_ENTRIES; k++) {
      b->mmu.space[i].code[k].tag = MMU_NO_TAG;
    }
  }
}
