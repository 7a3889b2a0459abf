#include "classify/map.h"

#include <string.h>

uint32_t map_mmu(const struct profile *profile)
{
  uint32_t features = profile_features(profile);
  return features & (ISA_FEATURE_MMU_PAGED | ISA_FEATURE_MMU_TLB)
             ? features & (ISA_FEATURE_MMU_PAGED | ISA_FEATURE_MMU_TLB | ISA_FEATURE_KSEG)
             : 0;
}

static bool has_tlb(const struct map *m)
{
  return (m->mmu & ISA_FEATURE_MMU_TLB) != 0;
}

bool map_has_segment(const struct map *m)
{
  return (m->mmu & ISA_FEATURE_KSEG) != 0;
}

bool map_same(const struct map *a, const struct map *b)
{
  return a->mmu == b->mmu && a->count == b->count &&
         memcmp(a->entry, b->entry, a->count * sizeof *a->entry) == 0;
}

/* ------------------------------------------------------------- translation */

uint32_t map_space(const struct map *m, const uint32_t *cr)
{
  return has_tlb(m) ? cr[CR_ASID] : cr[CR_PTBR];
}

static bool in_space(const struct map *m, const struct map_entry *e, uint32_t space)
{
  return e->space == space || (has_tlb(m) && e->word & PTE_GLOBAL);
}

const struct map_entry *map_find(const struct map *m, uint32_t space, uint32_t va)
{
  for (unsigned i = 0; i < m->count; i++) {
    const struct map_entry *e = &m->entry[i];
    if (e->page == pte_frame(va) && in_space(m, e, space)) {
      return e;
    }
  }
  return NULL;
}

bool map_shows(const struct map *m, uint32_t space, uint32_t va, uint32_t *pa)
{
  if (map_has_segment(m) && kseg_has(va)) {
    *pa = va - KSEG_START;
    return true;
  }
  const struct map_entry *e = map_find(m, space, va);
  *pa = e ? pte_frame(e->word) | (va & (ISA_PAGE_SIZE - 1)) : 0;
  return e != NULL;
}

bool map_reaches(const struct map *m, uint32_t space, uint32_t pa, uint32_t *va)
{
  for (unsigned i = 0; i < m->count; i++) {
    const struct map_entry *e = &m->entry[i];
    if (pte_frame(e->word) == pte_frame(pa) && in_space(m, e, space)) {
      *va = e->page | (pa & (ISA_PAGE_SIZE - 1));
      return true;
    }
  }
  return false;
}

/* ------------------------------------------------------------------ tables */

/* What storage is in use: the pages and frames of entries, directories. */
static bool in_use(const struct map *m, uint32_t page)
{
  for (unsigned i = 0; i < m->count; i++) {
    const struct map_entry *e = &m->entry[i];
    if (e->page == page || pte_frame(e->word) == page || e->space == page) {
      return true;
    }
  }
  return false;
}

/* The entry before this one whose table is its table, too. */
static unsigned same_table(const struct map *m, unsigned i)
{
  const struct map_entry *e = m->entry;
  unsigned k = 0; /* at i at the latest */
  while (e[k].space != e[i].space ||
         page_directory_index(e[k].page) != page_directory_index(e[i].page)) {
    k++;
  }
  return k;
}

/* From the highest page down, as there is room. False: there is none. */
static bool find_tables(const struct map *m, uint32_t storage, uint32_t *table)
{
  uint32_t page = storage;
  for (unsigned i = 0; i < m->count; i++) {
    unsigned first = same_table(m, i);
    if (first < i) {
      table[i] = table[first];
      continue;
    }
    do {
      if (page == 0) {
        return false;
      }
      page -= ISA_PAGE_SIZE;
    } while (in_use(m, page));
    table[i] = page;
  }
  return true;
}

unsigned map_tables(const struct map *m, uint32_t storage, struct map_word *words)
{
  uint32_t table[MAP_ENTRIES];
  unsigned count = 0;
  if (has_tlb(m) || !find_tables(m, storage, table)) {
    return 0;
  }
  for (unsigned i = 0; i < m->count; i++) {
    const struct map_entry *e = &m->entry[i];
    if (same_table(m, i) == i) {
      words[count++] =
          (struct map_word){e->space + 4 * page_directory_index(e->page), table[i] | PTE_VALID};
    }
    words[count++] = (struct map_word){table[i] + 4 * page_table_index(e->page), e->word};
  }
  return count;
}

/* ----------------------------------------------------------------- legality */

static bool legal_entry(const struct map *m, const struct map_entry *e, uint32_t storage)
{
  const uint32_t seen = PTE_ACCESSED | PTE_DIRTY;
  if (pte_frame(e->page) != e->page || !(e->word & PTE_VALID) ||
      (map_has_segment(m) && kseg_has(e->page))) {
    return false;
  }
  return has_tlb(m)
             ? e->space <= TLB_HI_SPACE
             : pte_frame(e->space) == e->space && e->space < storage && (e->word & seen) == seen;
}

/* No space has two of a page, or two pages in a frame of storage. */
static bool legal_pair(const struct map *m, const struct map_entry *a, const struct map_entry *b,
                       uint32_t storage)
{
  bool together = in_space(m, a, b->space) || in_space(m, b, a->space);
  bool one_frame = pte_frame(a->word) == pte_frame(b->word) && pte_frame(a->word) < storage;
  return !(together && (a->page == b->page || one_frame));
}

/* Directories are neither pages nor frames of entries. */
static bool hides(const struct map *m, uint32_t directory)
{
  for (unsigned i = 0; i < m->count; i++) {
    if (m->entry[i].page == directory || pte_frame(m->entry[i].word) == directory) {
      return false;
    }
  }
  return true;
}

bool map_legal(const struct map *m, uint32_t storage)
{
  uint32_t table[MAP_ENTRIES];
  if (m->count > MAP_ENTRIES || (m->count > 0 && m->mmu == 0)) {
    return false;
  }
  for (unsigned i = 0; i < m->count; i++) {
    const struct map_entry *e = &m->entry[i];
    if (!legal_entry(m, e, storage) || !(has_tlb(m) || hides(m, e->space))) {
      return false;
    }
    for (unsigned k = 0; k < i; k++) {
      if (!legal_pair(m, &m->entry[k], e, storage)) {
        return false;
      }
    }
  }
  return has_tlb(m) || find_tables(m, storage, table);
}
