/* Page tables that the machine walks: docs/mmu.md, "mmu paged". */
#include "machine/bare.h"

/* What a page is a table as. */
#define TABLE_DIRECTORY 1u
#define TABLE_LEAF      2u
/* Stores to tables after which all tables and tags are forgotten: enough for its cost to
 * vanish among theirs. */
#define TABLE_STORES 4096u
/* Entries written at once beyond which all tags go. */
#define MANY_ENTRIES 16u

/* The entry at `at`; false: there is no storage. */
static bool read_entry(const struct bare *b, uint32_t at, struct mmu_walk *walk, uint32_t *entry)
{
  if (at >= b->storage.size) {
    return false;
  }
  *entry = storage_load(&b->storage, at, 4);
  walk->at[walk->count++] = at;
  return true;
}

struct translation mmu_translate_paged(const struct bare *b, uint32_t va, uint32_t size,
                                       enum machine_access access, struct mmu_who who,
                                       struct mmu_walk *walk)
{
  uint32_t entry;
  enum isa_cause cause;
  if (!read_entry(b, b->cr[CR_PTBR] + 4 * page_directory_index(va), walk, &entry)) {
    return (struct translation){.cause = CAUSE_BUS};
  }
  if (!(entry & PTE_VALID)) {
    return (struct translation){.cause = mmu_page_fault(access)};
  }
  uint32_t at = pte_frame(entry) + 4 * page_table_index(va);
  if (!read_entry(b, at, walk, &entry)) {
    return (struct translation){.cause = CAUSE_BUS};
  }
  if (!(entry & PTE_VALID)) {
    return (struct translation){.cause = mmu_page_fault(access)};
  }
  if (!mmu_entry_allows(entry, access, who, &cause)) {
    return (struct translation){.cause = cause};
  }
  struct translation t = mmu_physical(b, pte_frame(entry) | (va & (ISA_PAGE_SIZE - 1)), size);
  t.entry = gpa(at);
  t.marked = entry | PTE_ACCESSED | (access == MACHINE_STORE ? PTE_DIRTY : 0);
  t.marks = (t.ok || t.device) && t.marked != entry;
  return t;
}

/* No tag depends on bits that are set here: rights only grow. */
void mmu_commit(struct bare *b, const struct translation *t)
{
  if (t->marks) {
    b->mmu.stale = b->mmu.stale || b->storage.page[t->entry.v >> STORAGE_PAGE_SHIFT].code;
    storage_store(&b->storage, t->entry.v, t->marked, 4);
    code_forget(b, t->entry.v, 4);
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
  static const uint8_t as[] = {TABLE_DIRECTORY, TABLE_LEAF};
  if (walk->count > 0 && b->mmu.table_count + walk->count > MMU_TABLES) {
    forget_tables(b);
  }
  for (unsigned i = 0; i < walk->count; i++) {
    uint32_t number = walk->at[i] >> STORAGE_PAGE_SHIFT;
    struct page *page = &b->storage.page[number];
    if (page->table == 0) {
      b->mmu.table[b->mmu.table_count++] = number;
      mmu_forget_write(b, number);
    }
    page->table |= as[i];
  }
}

static void drop_entry(struct bare *b, const struct page *page, uint32_t at)
{
  uint32_t index = at % ISA_PAGE_SIZE / 4;
  if (!(storage_load(&b->storage, at, 4) & PTE_VALID)) {
    return;
  }
  if (page->table & TABLE_LEAF) {
    mmu_drop_page(b, index);
  }
  if (page->table & TABLE_DIRECTORY) {
    mmu_drop_region(b, index << 22);
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
