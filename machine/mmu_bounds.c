#include <stdlib.h>
#include <string.h>

#include "machine/bare.h"

#define PAGE_MASK   (ISA_PAGE_SIZE - 1)
#define SPACE_USED  1u
#define SPACE_TE    2u
#define SPACE_KEY   2 /* shift; of the key, or of the mode */
#define SPACE_GUEST 0x100u
/* What stores to tables concern. */
#define SPACE_MAPPED (SPACE_TE | SPACE_GUEST)

static void forget_write_tag(struct space *s, unsigned i)
{
  s->any.write[i] = s->straight.write[i] = MMU_NO_PAGE;
}

static void forget_tags(struct space *s, unsigned i)
{
  s->any.read[i] = s->straight.read[i] = MMU_NO_PAGE;
  forget_write_tag(s, i);
}

static void clear_tags(struct space *space)
{
  for (unsigned i = 0; i < MMU_DATA_ENTRIES; i++) {
    forget_tags(space, i);
  }
  for (unsigned i = 0; i < MMU_CODE_ENTRIES; i++) {
    space->code[i].tag = MMU_NO_TAG;
  }
}

static enum mmu_kind kind_of(uint32_t features)
{
  return features & ISA_FEATURE_MMU_PAGED ? MMU_PAGED
         : features & ISA_FEATURE_MMU_TLB ? MMU_TLB
                                          : MMU_BOUNDS;
}

bool mmu_init(struct mmu *mmu, const struct profile *profile)
{
  uint32_t features = profile_features(profile);
  *mmu = (struct mmu){.kind = kind_of(features),
                      .mmio = (features & ISA_FEATURE_IO_MMIO) != 0,
                      .kseg = (features & ISA_FEATURE_KSEG) != 0,
                      .nested = (features & ISA_FEATURE_MMU_NESTED) != 0};
  mmu->space = calloc(MMU_SPACES, sizeof *mmu->space);
  mmu->tlb = mmu->kind == MMU_TLB ? calloc(TLB_ENTRIES, sizeof *mmu->tlb) : NULL;
  mmu->table = mmu->kind == MMU_PAGED ? calloc(MMU_TABLES, sizeof *mmu->table) : NULL;
  if (!mmu->space || (mmu->kind == MMU_TLB && !mmu->tlb) ||
      (mmu->kind == MMU_PAGED && !mmu->table)) {
    mmu_free(mmu);
    return false;
  }
  return true;
}

void mmu_free(struct mmu *mmu)
{
  free(mmu->space);
  free(mmu->tlb);
  free(mmu->table);
}

/* What lies beyond storage has no key. */
static bool key_refuses(const struct bare *b, uint64_t pa, bool store)
{
  return pa < b->storage.size &&
         !key_allows(psw_key(b->psw), storage_key(&b->storage, (uint32_t)pa), store);
}

struct translation mmu_physical(const struct bare *b, uint64_t pa, uint32_t size)
{
  if (pa + size > b->storage.size) {
    return (struct translation){
        .cause = CAUSE_BUS, .pa = gpa((uint32_t)pa), .device = b->mmu.mmio && devices_at(pa, size)};
  }
  return (struct translation){.ok = true, .pa = gpa((uint32_t)pa)};
}

static struct translation translate_bounds(const struct bare *b, uint32_t va, uint32_t size,
                                           enum machine_access access, bool te)
{
  uint64_t pa = va;
  if (te) {
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
  return mmu_physical(b, pa, size);
}

/* The address that the unmapped segment stands for; false: it is mode 0's. */
static bool leave_kseg(uint32_t *va, struct mmu_who who, struct translation *t)
{
  *va -= KSEG_START;
  t->cause = CAUSE_PROTECTION;
  return who.mode == 0;
}

/* While nothing is mapped the address is physical; in guest mode, guest-physical. */
static struct translation translate_unmapped(const struct bare *b, uint32_t at, uint32_t size,
                                             enum machine_access access, struct mmu_who who,
                                             struct mmu_walk *walk)
{
  struct translation t = {0};
  if (!who.guest) {
    return mmu_physical(b, at, size);
  }
  mmu_second_level(b, at, size, access, walk, &t);
  return t;
}

struct translation mmu_translate_by(const struct bare *b, uint32_t va, uint32_t size,
                                    enum machine_access access, struct mmu_who who,
                                    struct mmu_walk *walk)
{
  struct translation t = {0};
  if (b->mmu.kind == MMU_BOUNDS) {
    return translate_bounds(b, va, size, access, who.te);
  }
  if (!who.te) {
    return translate_unmapped(b, va, size, access, who, walk);
  }
  if (b->mmu.kseg && kseg_has(va)) {
    return leave_kseg(&va, who, &t) ? translate_unmapped(b, va, size, access, who, walk) : t;
  }
  return b->mmu.kind == MMU_PAGED ? mmu_translate_paged(b, va, size, access, who, walk)
                                  : mmu_translate_tlb(b, va, size, access, who);
}

struct translation mmu_translate(const struct bare *b, uint32_t va, uint32_t size,
                                 enum machine_access access, struct mmu_who who)
{
  struct mmu_walk walk = {.count = 0};
  return mmu_translate_by(b, va, size, access, who, &walk);
}

bool mmu_in_guest_mode(const struct bare *b, uint32_t psw)
{
  return b->mmu.nested && (b->cr[CR_NPTBR] & NPTBR_ON) && psw_mode(psw) != 0;
}

bool mmu_entry_allows(uint32_t entry, enum machine_access access, struct mmu_who who,
                      enum isa_cause *cause)
{
  *cause = CAUSE_PROTECTION;
  return who.mode <= pte_level(entry) && (access != MACHINE_STORE || (entry & PTE_WRITE)) &&
         (access == MACHINE_FETCH ? entry & PTE_EXECUTE : !(entry & PTE_FETCH_ONLY));
}

enum isa_cause mmu_page_fault(enum machine_access access)
{
  return access == MACHINE_LOAD    ? CAUSE_LOAD_FAULT
         : access == MACHINE_STORE ? CAUSE_STORE_FAULT
                                   : CAUSE_FETCH_FAULT;
}

/* ----------------------------------------------------------- address spaces */

static __attribute__((noinline)) struct space *new_space(struct bare *b, struct space_id id)
{
  struct mmu *mmu = &b->mmu;
  struct space *s = &mmu->space[mmu->next];
  mmu_forget_recalled(mmu);
  memset(s, 0, sizeof *s);
  clear_tags(s);
  s->who = bare_who(b);
  s->base = id.base;
  s->bound = id.bound;
  s->key = id.selector >> SPACE_KEY;
  s->linear = (uintptr_t)b->storage.bytes + (b->mmu.kind == MMU_BOUNDS ? s->base : 0);
  mmu->id[mmu->next] = id;
  mmu->next = (mmu->next + 1) % MMU_SPACES;
  return s;
}

/* While TE is off the mode makes no difference. */
static struct space_id current(const struct bare *b)
{
  bool te = psw_te(b->psw);
  struct space_id id = {.selector = SPACE_USED | (te ? SPACE_TE : 0)};
  if (b->storage.key) {
    id.selector |= psw_key(b->psw) << SPACE_KEY;
  }
  if (mmu_in_guest_mode(b, b->psw)) {
    id.selector |= SPACE_GUEST;
    id.bound = nptbr_base(b->cr[CR_NPTBR]);
  }
  if (!te) {
    return id;
  }
  switch (b->mmu.kind) {
  case MMU_BOUNDS:
    id.base = b->cr[CR_BASE];
    id.bound = b->cr[CR_BOUND];
    break;
  case MMU_PAGED:
    id.selector |= (uint32_t)bare_who(b).mode << SPACE_KEY;
    id.base = b->cr[CR_PTBR];
    break;
  case MMU_TLB:
    id.selector |= psw_mode(b->psw) << SPACE_KEY;
    id.base = b->cr[CR_ASID];
    break;
  }
  return id;
}

static struct space *find_space(struct bare *b)
{
  struct mmu *mmu = &b->mmu;
  struct space_id id = current(b);
  struct space *space = mmu->space;
  for (const struct space_id *known = mmu->id; known < mmu->id + MMU_SPACES; known++, space++) {
    if (known->selector == id.selector && known->base == id.base && known->bound == id.bound) {
      return space;
    }
  }
  return new_space(b, id);
}

struct space *mmu_look_up_space(struct bare *b)
{
  struct space *space = find_space(b);
  *mmu_recalled(&b->mmu, b->psw) = (struct recalled_space){b->psw & MMU_RECALLED_BY, space};
  return space;
}

void mmu_forget_recalled(struct mmu *mmu)
{
  memset(mmu->recalled, 0, sizeof mmu->recalled);
}

/* How many bytes of va's page the space can reach from the page's start, and
 * where that is. 0: none, or not at the start of a physical page. */
static uint32_t page_extent(const struct bare *b, const struct space *s, uint32_t va, uint64_t *pa)
{
  uint32_t start = va & ~PAGE_MASK;
  uint32_t extent = ISA_PAGE_SIZE;
  *pa = start;
  if (s->who.te) {
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

static unsigned data_index(uint32_t va)
{
  return (va >> STORAGE_PAGE_SHIFT) % MMU_DATA_ENTRIES;
}

static void set_straight(struct space *s, unsigned i)
{
  bool straight = s->offset[i] == s->linear;
  s->straight.read[i] = straight ? s->any.read[i] : MMU_NO_PAGE;
  s->straight.write[i] = straight ? s->any.write[i] : MMU_NO_PAGE;
}

/* Lets the majority of the pages that are filled be the straight ones. */
static void vote(struct bare *b, struct space *s, uintptr_t offset)
{
  if (s->linear == offset) {
    s->votes += s->votes < MMU_DATA_ENTRIES;
  } else if (s->votes > 0) {
    s->votes--;
  } else {
    s->linear = offset;
    s->votes = 1;
    b->mmu.stale = true; /* the engine keeps it */
    for (unsigned i = 0; i < MMU_DATA_ENTRIES; i++) {
      set_straight(s, i);
    }
  }
}

static void set_tags(struct bare *b, struct space *s, uint32_t va, uint64_t pa, bool store)
{
  unsigned i = data_index(va);
  s->any.read[i] = va >> STORAGE_PAGE_SHIFT;
  s->any.write[i] = store ? s->any.read[i] : MMU_NO_PAGE;
  s->offset[i] = (uintptr_t)b->storage.bytes + (uintptr_t)pa - (va & ~PAGE_MASK);
  vote(b, s, s->offset[i]);
  set_straight(s, i);
}

/* Whether the whole page may be accessed without setting a bit. The walk's tables are
 * noted. */
static bool may_have_tag(struct bare *b, const struct space *s, uint32_t start,
                         enum machine_access access, uint32_t *pa)
{
  struct mmu_walk walk = {.count = 0};
  struct translation t = mmu_translate_by(b, start, ISA_PAGE_SIZE, access, s->who, &walk);
  *pa = t.pa.v;
  if (!t.ok || t.marks || t.second_count > 0) {
    return false;
  }
  mmu_note_tables(b, &walk);
  return true;
}

/* With pages. A page that is its own table has no write tag: tables are noted first. */
static void fill_mapped(struct bare *b, struct space *space, uint32_t va)
{
  uint32_t tag = va & ~PAGE_MASK, pa, same;
  if (!may_have_tag(b, space, tag, MACHINE_LOAD, &pa)) {
    return;
  }
  struct page *page = &b->storage.page[pa >> STORAGE_PAGE_SHIFT];
  if (page->watched) {
    return;
  }
  bool store = page->dirty && !page->code && !page->table &&
               may_have_tag(b, space, tag, MACHINE_STORE, &same);
  set_tags(b, space, va, pa, store);
  page->write_tags = page->write_tags || store;
}

void mmu_fill_data(struct bare *b, struct space *space, uint32_t va)
{
  uint64_t pa;
  if (b->mmu.kind != MMU_BOUNDS) {
    fill_mapped(b, space, va);
    return;
  }
  if (page_extent(b, space, va, &pa) < ISA_PAGE_SIZE ||
      !page_allows(b, space, pa >> STORAGE_PAGE_SHIFT, false)) {
    return;
  }
  bool store = page_allows(b, space, pa >> STORAGE_PAGE_SHIFT, true);
  const struct page *page = &b->storage.page[pa >> STORAGE_PAGE_SHIFT];
  if (page->watched) {
    return;
  }
  set_tags(b, space, va, pa, store && page->dirty && !page->code);
}

bool mmu_code_extent(struct bare *b, const struct space *space, uint32_t va, uint32_t *page,
                     uint32_t *words)
{
  uint64_t pa;
  if (b->mmu.kind != MMU_BOUNDS) {
    uint32_t at;
    bool ok = may_have_tag(b, space, va & ~PAGE_MASK, MACHINE_FETCH, &at);
    *page = at >> STORAGE_PAGE_SHIFT;
    *words = ISA_PAGE_SIZE / 4;
    return ok;
  }
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

/* The physical page that a tag leads to. */
static uint32_t page_of(const struct bare *b, const struct space *s, unsigned i, uint32_t tag)
{
  uintptr_t va = (uintptr_t)tag << STORAGE_PAGE_SHIFT;
  return (uint32_t)((s->offset[i] + va - (uintptr_t)b->storage.bytes) >> STORAGE_PAGE_SHIFT);
}

/* A page may be mapped at several addresses of a space. */
static void forget_write_mapped(struct bare *b, uint32_t page)
{
  if (!b->storage.page[page].write_tags) {
    return;
  }
  b->storage.page[page].write_tags = false;
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    struct space *s = &b->mmu.space[i];
    for (unsigned k = 0; b->mmu.id[i].selector != 0 && k < MMU_DATA_ENTRIES; k++) {
      if (s->any.write[k] != MMU_NO_PAGE && page_of(b, s, k, s->any.write[k]) == page) {
        forget_write_tag(s, k);
      }
    }
  }
}

static void forget_page_mapped(struct bare *b, uint32_t page)
{
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    struct space *s = &b->mmu.space[i];
    for (unsigned k = 0; b->mmu.id[i].selector != 0 && k < MMU_DATA_ENTRIES; k++) {
      if (s->any.read[k] != MMU_NO_PAGE && page_of(b, s, k, s->any.read[k]) == page) {
        forget_tags(s, k);
      }
    }
  }
}

void mmu_forget_write(struct bare *b, uint32_t page)
{
  if (b->mmu.kind != MMU_BOUNDS) {
    forget_write_mapped(b, page);
    return;
  }
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    struct space *s = &b->mmu.space[i];
    uint32_t va = (page << STORAGE_PAGE_SHIFT) - s->base;
    unsigned k = data_index(va);
    if (b->mmu.id[i].selector != 0 && s->any.write[k] == va >> STORAGE_PAGE_SHIFT) {
      forget_write_tag(s, k);
    }
  }
}

void mmu_forget_page(struct bare *b, uint32_t page)
{
  if (b->mmu.kind != MMU_BOUNDS) {
    forget_page_mapped(b, page);
    return;
  }
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    struct space *s = &b->mmu.space[i];
    uint32_t va = (page << STORAGE_PAGE_SHIFT) - s->base;
    unsigned k = data_index(va);
    struct code_entry *code = &s->code[(va >> STORAGE_PAGE_SHIFT) % MMU_CODE_ENTRIES];
    if (b->mmu.id[i].selector != 0 && s->any.read[k] == va >> STORAGE_PAGE_SHIFT) {
      forget_tags(s, k);
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

/* ------------------------------------------------------------ of mapped pages */

void mmu_drop_page(struct bare *b, uint32_t number)
{
  b->mmu.stale = true;
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    struct space *s = &b->mmu.space[i];
    if (b->mmu.id[i].selector & SPACE_MAPPED) {
      forget_tags(s, number % MMU_DATA_ENTRIES);
      s->code[number % MMU_CODE_ENTRIES].tag = MMU_NO_TAG;
    }
  }
}

void mmu_drop_region(struct bare *b, uint32_t va)
{
  b->mmu.stale = true;
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    struct space *s = &b->mmu.space[i];
    for (unsigned k = 0; b->mmu.id[i].selector & SPACE_TE && k < MMU_DATA_ENTRIES; k++) {
      uint32_t at = s->any.read[k] << STORAGE_PAGE_SHIFT;
      if (page_directory_index(at) == page_directory_index(va)) {
        forget_tags(s, k);
      }
    }
    for (unsigned k = 0; b->mmu.id[i].selector & SPACE_TE && k < MMU_CODE_ENTRIES; k++) {
      if (page_directory_index(s->code[k].tag) == page_directory_index(va)) {
        s->code[k].tag = MMU_NO_TAG;
      }
    }
  }
}

void mmu_drop_guest(struct bare *b)
{
  b->mmu.stale = true;
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    if (b->mmu.id[i].selector & SPACE_GUEST) {
      clear_tags(&b->mmu.space[i]);
    }
  }
}

void mmu_drop_all(struct bare *b)
{
  b->mmu.stale = true;
  for (unsigned i = 0; i < MMU_SPACES; i++) {
    if (b->mmu.id[i].selector & SPACE_MAPPED) {
      clear_tags(&b->mmu.space[i]);
    }
  }
}
