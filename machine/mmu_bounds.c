#include <stdlib.h>
#include <string.h>

#include "machine/bare.h"

#define PAGE_MASK  (ISA_PAGE_SIZE - 1)
#define SPACE_USED 1u
#define SPACE_TE   2u
#define SPACE_KEY  2 /* shift */

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
  *mmu = (struct mmu){.bounds = (profile_features(profile) & ISA_FEATURE_MMU_BOUNDS) != 0,
                      .mmio = (profile_features(profile) & ISA_FEATURE_IO_MMIO) != 0};
  mmu->space = calloc(MMU_SPACES, sizeof *mmu->space);
  return mmu->space != NULL;
}

void mmu_free(struct mmu *mmu)
{
  free(mmu->space);
}

/* What lies beyond storage has no key. */
static bool key_refuses(const struct bare *b, uint64_t pa, bool store)
{
  return pa < b->storage.size &&
         !key_allows(psw_key(b->psw), storage_key(&b->storage, (uint32_t)pa), store);
}

struct translation mmu_translate(const struct bare *b, uint32_t va, uint32_t size,
                                 enum machine_access access, bool te)
{
  uint64_t pa = va;
  if (te && b->mmu.bounds) {
    if ((uint64_t)va + size > b->cr[CR_BOUND]) {
      return (struct translation){.cause = CAUSE_BOUNDS};
    }
    pa += b->cr[CR_BASE];
  }
  /* A base that is no multiple of 4 can put an access across two blocks. */
  bool store = access == MACHINE_STORE;
  if (b->storage.key && (key_refuses(b, pa, store) || key_refuses(b, pa + size - 1, store))) {
    return (struct translation){.cause = CAUSE_PROTECTION};
  }
  if (pa + size > b->storage.size) {
    return (struct translation){
        .cause = CAUSE_BUS, .pa = gpa((uint32_t)pa), .device = b->mmu.mmio && devices_at(pa, size)};
  }
  return (struct translation){.ok = true, .pa = gpa((uint32_t)pa)};
}

/* ----------------------------------------------------------- address spaces */

static __attribute__((noinline)) struct space *new_space(struct bare *b, struct space_id id)
{
  struct mmu *mmu = &b->mmu;
  struct space *s = &mmu->space[mmu->next];
  clear_space(s);
  s->te = (id.selector & SPACE_TE) != 0;
  s->base = id.base;
  s->bound = id.bound;
  s->key = id.selector >> SPACE_KEY;
  mmu->id[mmu->next] = id;
  mmu->next = (mmu->next + 1) % MMU_SPACES;
  return s;
}

struct space *mmu_space(struct bare *b)
{
  struct mmu *mmu = &b->mmu;
  bool te = psw_te(b->psw) && mmu->bounds;
  struct space_id id = {.selector = SPACE_USED | (te ? SPACE_TE : 0),
                        .base = te ? b->cr[CR_BASE] : 0,
                        .bound = te ? b->cr[CR_BOUND] : 0};
  if (b->storage.key) {
    id.selector |= psw_key(b->psw) << SPACE_KEY;
  }
  struct space *space = mmu->space;
  for (const struct space_id *known = mmu->id; known < mmu->id + MMU_SPACES; known++, space++) {
    if (known->selector == id.selector && known->base == id.base && known->bound == id.bound) {
      return space;
    }
  }
  return new_space(b, id);
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

/* Whether the key of the page's first or second block lets the space access it. */
static bool block_allows(const struct bare *b, const struct space *s, uint64_t page, uint32_t block,
                         bool store)
{
  uint64_t at = (page << STORAGE_PAGE_SHIFT) + block * KEY_BLOCK_SIZE;
  return s->key == 0 || key_allows(s->key, storage_key(&b->storage, (uint32_t)at), store);
}

static bool page_allows(const struct bare *b, const struct space *s, uint64_t page, bool store)
{
  return block_allows(b, s, page, 0, store) && block_allows(b, s, page, 1, store);
}

void mmu_fill_data(struct bare *b, struct space *space, uint32_t va)
{
  uint64_t pa;
  if (page_extent(b, space, va, &pa) < ISA_PAGE_SIZE ||
      !page_allows(b, space, pa >> STORAGE_PAGE_SHIFT, false)) {
    return;
  }
  uint32_t tag = va & ~PAGE_MASK;
  bool store = page_allows(b, space, pa >> STORAGE_PAGE_SHIFT, true);
  const struct page *page = &b->storage.page[pa >> STORAGE_PAGE_SHIFT];
  struct data_entry *e = &space->data[(va >> STORAGE_PAGE_SHIFT) % MMU_DATA_ENTRIES];
  if (page->watched) {
    return;
  }
  e->read = tag;
  e->write = store && page->dirty && !page->code ? tag : MMU_NO_TAG;
  e->offset = (uintptr_t)b->storage.bytes + (uintptr_t)pa - tag;
}

bool mmu_code_extent(struct bare *b, const struct space *space, uint32_t va, uint32_t *page,
                     uint32_t *words)
{
  uint64_t pa;
  uint32_t extent = page_extent(b, space, va, &pa);
  *page = (uint32_t)(pa >> STORAGE_PAGE_SHIFT);
  if (extent > KEY_BLOCK_SIZE && !block_allows(b, space, *page, 1, false)) {
    extent = KEY_BLOCK_SIZE;
  }
  if (extent > 0 && !block_allows(b, space, *page, 0, false)) {
    extent = 0; /* slots count from the page's start: the second block alone is stepped */
  }
  *words = extent / 4;
  return (va & PAGE_MASK) / 4 < *words;
}

void mmu_forget_write(struct bare *b, uint32_t page)
{
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    struct space *s = &b->mmu.space[i];
    uint32_t va = (page << STORAGE_PAGE_SHIFT) - s->base;
    struct data_entry *e = &s->data[(va >> STORAGE_PAGE_SHIFT) % MMU_DATA_ENTRIES];
    if (b->mmu.id[i].selector != 0 && e->write == va) {
      e->write = MMU_NO_TAG;
    }
  }
}

void mmu_forget_page(struct bare *b, uint32_t page)
{
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    struct space *s = &b->mmu.space[i];
    uint32_t va = (page << STORAGE_PAGE_SHIFT) - s->base;
    struct data_entry *data = &s->data[(va >> STORAGE_PAGE_SHIFT) % MMU_DATA_ENTRIES];
    struct code_entry *code = &s->code[(va >> STORAGE_PAGE_SHIFT) % MMU_CODE_ENTRIES];
    if (b->mmu.id[i].selector != 0 && data->read == va) {
      data->read = data->write = MMU_NO_TAG;
    }
    if (b->mmu.id[i].selector != 0 && code->tag == va) {
      code->tag = MMU_NO_TAG;
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
