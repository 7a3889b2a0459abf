/* The entry of a page: an entry of a page table (`mmu paged`), and the register
 * TLBLO (`mmu tlb`). docs/mmu.md says what the bits mean.
 *
 *   31                    12 11   9 8 7 6 5 4  3 2 1 0
 *  +------------------------+------+-+-+-+-+----+-+-+-+
 *  |         frame          | soft |F|G|D|A|level|X|W|V|
 *  +------------------------+------+-+-+-+-+----+-+-+-+
 */
#ifndef TRAPEZE_ISA_PAGES_H
#define TRAPEZE_ISA_PAGES_H

#include "isa/isa.h"

#define PTE_VALID       0x001u
#define PTE_WRITE       0x002u
#define PTE_EXECUTE     0x004u
#define PTE_LEVEL_MASK  0x018u
#define PTE_LEVEL_SHIFT 3
#define PTE_ACCESSED    0x020u
#define PTE_DIRTY       0x040u
#define PTE_GLOBAL      0x080u
#define PTE_FETCH_ONLY  0x100u
#define PTE_SOFT_MASK   0xe00u
#define PTE_FRAME_MASK  0xfffff000u

_Static_assert((PTE_VALID | PTE_WRITE | PTE_EXECUTE | PTE_LEVEL_MASK | PTE_ACCESSED | PTE_DIRTY |
                PTE_GLOBAL | PTE_FETCH_ONLY | PTE_SOFT_MASK | PTE_FRAME_MASK) == UINT32_MAX,
               "every bit of an entry has a meaning");
_Static_assert(PTE_FRAME_MASK == ~(ISA_PAGE_SIZE - 1), "frames are pages");

static inline uint32_t pte_level(uint32_t entry)
{
  return (entry & PTE_LEVEL_MASK) >> PTE_LEVEL_SHIFT;
}

static inline uint32_t pte_frame(uint32_t entry)
{
  return entry & PTE_FRAME_MASK;
}

/* Where the entries for an address lie. A directory and a table are a page each. */
#define PAGE_TABLE_ENTRIES (ISA_PAGE_SIZE / 4)
_Static_assert(PAGE_TABLE_ENTRIES == 1u << 10, "ten bits of an address choose an entry");

static inline uint32_t page_directory_index(uint32_t va)
{
  return va >> 22;
}

static inline uint32_t page_table_index(uint32_t va)
{
  return va >> 12 & (PAGE_TABLE_ENTRIES - 1);
}

/* NPTBR: the second level of `mmu nested`. */
#define NPTBR_ON 1u

static inline uint32_t nptbr_make(uint32_t directory, unsigned mode)
{
  return pte_frame(directory) | mode << 1 | NPTBR_ON;
}

static inline uint32_t nptbr_mode(uint32_t nptbr)
{
  return nptbr >> 1 & 3;
}

static inline uint32_t nptbr_base(uint32_t nptbr)
{
  return nptbr & PTE_FRAME_MASK;
}

/* The TLB. */
#define TLB_ENTRIES  64u
#define TLB_WIRED    8u /* the first ones, which the machine never chooses */
#define TLB_NONE     0x80000000u
#define TLB_INDEX    0x0000003fu
#define TLB_HI_PAGE  0xfffff000u
#define TLB_HI_SPACE 0x000000ffu
_Static_assert(TLB_INDEX == TLB_ENTRIES - 1, "TLBIX can name every entry");

/* The entry that the machine chooses, and what TLBRND becomes. */
static inline uint32_t tlb_choice(uint32_t random)
{
  return TLB_WIRED + (random >> 8) % (TLB_ENTRIES - TLB_WIRED);
}

static inline uint32_t tlb_next_random(uint32_t random)
{
  return (random * 25173u + 13849u) & 0xffffu;
}

/* Whether the entry is for this address in this space. */
static inline bool tlb_matches(uint32_t hi, uint32_t lo, uint32_t va, uint32_t space)
{
  return (lo & PTE_VALID) && ((hi ^ va) & TLB_HI_PAGE) == 0 &&
         ((lo & PTE_GLOBAL) || ((hi ^ space) & TLB_HI_SPACE) == 0);
}

/* The unmapped kernel segment. */
#define KSEG_START 0x80000000u
#define KSEG_SIZE  0x20000000u

static inline bool kseg_has(uint32_t va)
{
  return va - KSEG_START < KSEG_SIZE;
}

#endif
