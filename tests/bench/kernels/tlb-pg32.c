/* Translation by a TLB on PG32: a miss comes here, and the page's entry is taken from a table
 * in memory, every page at its own address. */
#include <stdint.h>
#include <trapeze.h>

#define PAGES_MAPPED        1024u
#define VALID_WRITE_EXECUTE 7u
#define TE                  0x20u
#define CAUSES              32u

uint32_t tlb_table[PAGES_MAPPED];
extern const char tlb_miss[];
static uint32_t vectors[CAUSES];

__asm__("tlb_miss:\n"
        "  mtcr scr0, t0\n"
        "  mtcr scr1, t1\n"
        "  mfcr t0, badva\n"
        "  srli t0, t0, 12\n"
        "  slli t1, t0, 12\n"
        "  mtcr tlbhi, t1\n"
        "  slli t0, t0, 2\n"
        "  la t1, tlb_table\n"
        "  add t0, t0, t1\n"
        "  lw t0, 0(t0)\n"
        "  mtcr tlblo, t0\n"
        "  li t0, -1\n"
        "  mtcr tlbix, t0\n"
        "  tlbw\n"
        "  mfcr t0, scr0\n"
        "  mfcr t1, scr1\n"
        "  rfe\n");

void paging_on(void)
{
  for (uint32_t i = 0; i < PAGES_MAPPED; i++) {
    tlb_table[i] = i << 12 | VALID_WRITE_EXECUTE;
  }
  for (uint32_t i = 0; i < CAUSES; i++) {
    vectors[i] = (uint32_t)(uintptr_t)tlb_miss;
  }
  set_cr(tlbrnd, 1);
  set_cr(vbr, (uint32_t)(uintptr_t)vectors);
  set_cr(psw, get_cr(psw) | TE);
}
