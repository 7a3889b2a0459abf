/* Page tables that the machine walks: docs/mmu.md, "mmu paged". */
#include "machine/bare.h"

/* Stores to tables after which all tables and tags are forgotten: enough for its cost to
 * vanish among theirs. */
#define TABLE_STORES 4096u
/* Entries written at once beyond which all tags go. */
#define MANY_ENTRIES 16u

/* The entry at machine address `at`; false: there is no storage. */
static bool read_entry(const struct bare *b, uint32_t at, enum mmu_table as, struct mmu_walk *walk,
                       uint32_t *entry)
{
  if (at >= b->storage.size) {
    return false;
  }
  *entry = storage_load(&b->storage, at, 4);
  walk->entry[walk->count].at = at;
  walk->entry[walk->count].as = (uint8_t)as;
  walk->count++;
  return true;
}

static bool fail(struct translation *t, enum isa_cause cause)
{
  t->ok = false;
  t->cause = cause;
  return false;
}

/* ------------------------------------------------------------- the second level */

/* Whatever is wrong there is a nested fault, for the VMM. */
static bool nested_fault(struct translation *t, uint32_t at, enum machine_access access)
{
  static const enum isa_cause causes[] = {[MACHINE_LOAD] = CAUSE_NESTED_LOAD,
                                          [MACHINE_STORE] = CAUSE_NESTED_STORE,
                                          [MACHINE_FETCH] = CAUSE_NESTED_FETCH};
  t->pa = gpa(at);
  return fail(t, causes[access]);
}

bool mmu_second_level(const struct bare *b, uint32_t at, uint32_t size, enum machine_access access,
                      struct mmu_walk *walk, struct translation *t)
{
  uint32_t entry, base = nptbr_base(b->cr[CR_NPTBR]);
  if (!read_entry(b, base + 4 * page_directory_index(at), MMU_SECOND, walk, &entry)) {
    return fail(t, CAUSE_BUS);
  }
  if (!(entry & PTE_VALID)) {
    return nested_fault(t, at, access);
  }
  uint32_t place = pte_frame(entry) + 4 * page_table_index(at);
  if (!read_entry(b, place, MMU_SECOND, walk, &entry)) {
    return fail(t, CAUSE_BUS);
  }
  enum isa_cause cause;
  if (!(entry & PTE_VALID) ||
      !mmu_entry_allows(entry, access, (struct mmu_who){.mode = 0}, &cause)) {
    return nested_fault(t, at, access);
  }
  struct translation end = mmu_physical(b, pte_frame(entry) | (at & (ISA_PAGE_SIZE - 1)), size);
  uint32_t bits = PTE_ACCESSED | (access == MACHINE_STORE ? PTE_DIRTY : 0);
  t->ok = end.ok;
  t->cause = end.cause;
  t->pa = end.pa;
  t->device = end.device;
  if ((t->ok || t->device) && bits & ~entry) {
    t->second[t->second_count].at = gpa(place);
    t->second[t->second_count++].bits = bits;
  }
  return t->ok;
}

/* --------------------------------------------------------------- the guest's walk */

/* The entry at `at`, which is guest-physical in guest mode; then `at` becomes its machine
 * address. It is a load, as far as the second level is concerned. */
static bool read_guest_entry(const struct bare *b, uint32_t *at, enum mmu_table as,
                             struct mmu_who who, struct mmu_walk *walk, struct translation *t,
                             uint32_t *entry)
{
  if (who.guest) {
    if (!mmu_second_level(b, *at, 4, MACHINE_LOAD, walk, t)) {
      t->device = false; /* registers are no tables */
      return false;
    }
    *at = t->pa.v;
  }
  return read_entry(b, *at, as, walk, entry) || fail(t, CAUSE_BUS);
}

/* Marks the guest's entry at machine address `place`, guest-physical `at`, if it has to be:
 * a store there, as far as the second level is concerned. */
static bool mark_entry(const struct bare *b, uint32_t at, uint32_t place, uint32_t entry,
                       enum machine_access access, struct mmu_who who, struct translation *t)
{
  struct mmu_walk again = {.count = 0}; /* of the entries that were read for its load */
  t->entry = gpa(place);
  t->marked = entry | PTE_ACCESSED | (access == MACHINE_STORE ? PTE_DIRTY : 0);
  t->marks = t->marked != entry;
  if (!t->marks || !who.guest) {
    return true;
  }
  return mmu_second_level(b, at, 4, MACHINE_STORE, &again, t);
}

static bool finish(const struct bare *b, uint32_t at, uint32_t size, enum machine_access access,
                   struct mmu_who who, struct mmu_walk *walk, struct translation *t)
{
  if (who.guest) {
    return mmu_second_level(b, at, size, access, walk, t);
  }
  struct translation end = mmu_physical(b, at, size);
  t->ok = end.ok;
  t->cause = end.cause;
  t->pa = end.pa;
  t->device = end.device;
  return t->ok;
}

static bool walk_tables(const struct bare *b, uint32_t va, uint32_t size,
                        enum machine_access access, struct mmu_who who, struct mmu_walk *walk,
                        struct translation *t)
{
  uint32_t entry, place = b->cr[CR_PTBR] + 4 * page_directory_index(va);
  enum isa_cause cause;
  if (!read_guest_entry(b, &place, MMU_DIRECTORY, who, walk, t, &entry)) {
    return false;
  }
  if (!(entry & PTE_VALID)) {
    return fail(t, mmu_page_fault(access));
  }
  uint32_t at = place = pte_frame(entry) + 4 * page_table_index(va);
  if (!read_guest_entry(b, &place, MMU_LEAF, who, walk, t, &entry)) {
    return false;
  }
  if (!(entry & PTE_VALID)) {
    return fail(t, mmu_page_fault(access));
  }
  if (!mmu_entry_allows(entry, access, who, &cause)) {
    return fail(t, cause);
  }
  return mark_entry(b, at, place, entry, access, who, t) &&
         finish(b, pte_frame(entry) | (va & (ISA_PAGE_SIZE - 1)), size, access, who, walk, t);
}

struct translation mmu_translate_paged(const struct bare *b, uint32_t va, uint32_t size,
                                       enum machine_access access, struct mmu_who who,
                                       struct mmu_walk *walk)
{
  struct translation t = {.ok = false};
  if (!walk_tables(b, va, size, access, who, walk, &t) && !t.device) {
    t.marks = false;
    t.second_count = 0;
  }
  return t;
}

static void mark(struct bare *b, uint32_t at, uint32_t bits)
{
  b->mmu.stale = b->mmu.stale || b->storage.page[at >> STORAGE_PAGE_SHIFT].code;
  storage_store(&b->storage, at, storage_load(&b->storage, at, 4) | bits, 4);
  code_forget(b, at, 4);
}

/* No tag depends on bits that are set here: rights only grow. Several of the entries may be
 * the same word. */
void mmu_commit(struct bare *b, const struct translation *t)
{
  if (t->marks) {
    mark(b, t->entry.v, t->marked & (PTE_ACCESSED | PTE_DIRTY));
  }
  for (unsigned i = 0; i < t->second_count; i++) {
    mark(b, t->second[i].at.v, t->second[i].bits);
  }
}

/* ------------------------------------------------------------------- tables */

static void forget_tables(struct bare *b)
{
  mmu_drop_all(b);
  for (unsigned i = 0; i < b->mmu.table_count; i++) {
    b->storage.page[b->mmu.table[i]].table = 0;
  }
  b->mmu.table_count = b->mmu.table_stores = 0;
}

void mmu_note_tables(struct bare *b, const struct mmu_walk *walk)
{
  if (walk->count > 0 && b->mmu.table_count + walk->count > MMU_TABLES) {
    forget_tables(b);
  }
  for (unsigned i = 0; i < walk->count; i++) {
    uint32_t number = walk->entry[i].at >> STORAGE_PAGE_SHIFT;
    struct page *page = &b->storage.page[number];
    if (page->table == 0) {
      b->mmu.table[b->mmu.table_count++] = number;
      mmu_forget_write(b, number);
    }
    page->table |= walk->entry[i].as;
  }
}

static void drop_entry(struct bare *b, const struct page *page, uint32_t at)
{
  uint32_t index = at % ISA_PAGE_SIZE / 4;
  if (!(storage_load(&b->storage, at, 4) & PTE_VALID)) {
    return;
  }
  if (page->table & MMU_LEAF) {
    mmu_drop_page(b, index);
  }
  if (page->table & MMU_DIRECTORY) {
    mmu_drop_region(b, index << 22);
  }
  if (page->table & MMU_SECOND) {
    mmu_drop_guest(b);
  }
}

static void storing_table(struct bare *b, uint32_t pa, uint32_t len)
{
  const struct page *page = &b->storage.page[pa >> STORAGE_PAGE_SHIFT];
  uint32_t first = pa & ~3u, count = (pa + len - first + 3) / 4;
  b->mmu.table_stores++;
  if (b->mmu.table_stores >= TABLE_STORES || count > MANY_ENTRIES) {
    forget_tables(b);
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    drop_entry(b, page, first + 4 * i);
  }
}

void mmu_storing(struct bare *b, uint32_t pa, uint32_t len)
{
  while (len > 0) {
    uint32_t room = ISA_PAGE_SIZE - pa % ISA_PAGE_SIZE, part = len < room ? len : room;
    if (b->storage.page[pa >> STORAGE_PAGE_SHIFT].table) {
      storing_table(b, pa, part);
    }
    pa += part;
    len -= part;
  }
}
