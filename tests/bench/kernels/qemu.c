/* What main.c wants, for qemu-system-riscv32: a printf of one number, and Sv32 with every
 * page of 4 KiB at its own address. */
#include <stdint.h>

#define UART 0x10000000u
#define TEST 0x00100000u
#define RAM  0x80000000u

static uint32_t root[1024] __attribute__((aligned(4096)));
static uint32_t table[3][1024] __attribute__((aligned(4096)));

static void map(unsigned which, uint32_t first, unsigned pages)
{
  for (unsigned i = 0; i < pages; i++) {
    uint32_t at = first + (i << 12);
    table[which][at >> 12 & 1023] = at >> 2 | 0xcf; /* D A X W R V */
    root[at >> 22] = (uint32_t)(uintptr_t)table[which] >> 2 | 1;
  }
}

void paging_on(void)
{
  map(0, RAM, 1024);
  map(1, UART, 1);
  map(2, TEST, 1);
  __asm__ volatile("csrw satp, %0\n\tsfence.vma" : : "r"(1u << 31 | (uint32_t)(uintptr_t)root >> 12) : "memory");
}

int printf(const char *format, unsigned n)
{
  (void)format;
  for (int i = 28; i >= 0; i -= 4) {
    *(volatile uint8_t *)UART = (uint8_t)"0123456789abcdef"[n >> i & 15];
  }
  *(volatile uint8_t *)UART = '\n';
  return 9;
}

void *memset(void *to, int c, unsigned n)
{
  uint8_t *t = to;
  while (n-- > 0) {
    *t++ = (uint8_t)c;
  }
  return to;
}

void *memcpy(void *to, const void *from, unsigned n)
{
  uint8_t *t = to;
  const uint8_t *f = from;
  while (n-- > 0) {
    *t++ = *f++;
  }
  return to;
}
