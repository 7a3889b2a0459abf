/* Translation by page tables on PG32, every page at its own address. */
#include <stdint.h>
#include <trapeze.h>

#define PAGES_MAPPED 1024u
#define VALID_WRITE_EXECUTE 7u
#define TE                  0x20u

static uint32_t directory[1024] __attribute__((aligned(4096)));
static uint32_t table[1024] __attribute__((aligned(4096)));

void paging_on(void)
{
  for (uint32_t i = 0; i < PAGES_MAPPED; i++) {
    table[i] = i << 12 | VALID_WRITE_EXECUTE;
  }
  directory[0] = (uint32_t)(uintptr_t)table | VALID_WRITE_EXECUTE;
  set_cr(ptbr, (uint32_t)(uintptr_t)directory);
  set_cr(psw, get_cr(psw) | TE);
}
