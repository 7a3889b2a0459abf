/* How a state of a machine with pages maps them: the entries of its page tables, or what
 * its TLB holds. A bounds machine's map is empty.
 *
 * Page tables lie in storage, two states of a pair have the same, and PTBR chooses among
 * them; so an entry names the PTBR of its tables. Of a TLB it names the space, and which
 * entry of the TLB it is follows from its place in the list.
 *
 * Such a map is one of the paper's relocations, in that no two pages of a space lie in one
 * frame: a store changes one word of the view. Of page tables, entries have A and D set, so
 * that no access changes the map, and nothing shows where the tables lie but translation
 * off, and the unmapped segment.
 */
#ifndef TRAPEZE_CLASSIFY_MAP_H
#define TRAPEZE_CLASSIFY_MAP_H

#include "isa/pages.h"
#include "isa/profile.h"

#define MAP_ENTRIES 18u
/* All rights; with A and D, as in page tables here. */
#define MAP_RIGHTS (PTE_LEVEL_MASK | PTE_EXECUTE | PTE_WRITE | PTE_VALID | PTE_DIRTY | PTE_ACCESSED)
#define MAP_WORDS  (2 * MAP_ENTRIES) /* of tables: an entry of a directory for each at most */

struct map_entry {
  uint32_t space; /* PTBR; or of a TLB 0 to 255 */
  uint32_t page;  /* its address */
  uint32_t word;  /* as isa/pages.h has it; valid */
};
struct map {
  uint32_t mmu; /* map_mmu() of the profile; 0: no pages */
  uint32_t count;
  struct map_entry entry[MAP_ENTRIES];
};
struct map_word {
  uint32_t pa, word;
};

/* Of the profile's features those by which pages are mapped: ISA_FEATURE_MMU_PAGED (of
 * `nested` too) or _TLB, and _KSEG. 0: none. */
uint32_t map_mmu(const struct profile *profile);
bool map_same(const struct map *a, const struct map *b);

/* The space that is current with these control registers. */
uint32_t map_space(const struct map *m, const uint32_t *cr);
/* The entry for an address; NULL: none. Not in the unmapped segment. */
const struct map_entry *map_find(const struct map *m, uint32_t space, uint32_t va);
/* Where the map, and the segment if there is one, show the byte at va, whoever may see it. */
bool map_shows(const struct map *m, uint32_t space, uint32_t va, uint32_t *pa);
/* Whether a page shows the byte at physical address pa, and where. */
bool map_reaches(const struct map *m, uint32_t space, uint32_t pa, uint32_t *va);
bool map_has_segment(const struct map *m);

/* The words of its page tables, in storage of that size; how many. Which pages the tables
 * are follows from the entries alone. Of no entries and of a TLB there are none. */
unsigned map_tables(const struct map *m, uint32_t storage, struct map_word *words);
/* Whether it is a map as above, and its tables fit. */
bool map_legal(const struct map *m, uint32_t storage);

#endif
