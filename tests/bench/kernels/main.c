/* Around a kernel, on every machine: its sum, in hexadecimal. */
#ifdef QEMU
int printf(const char *format, unsigned n);
#else
#include <stdio.h>
#endif

#include "kernel.h"

void paging_on(void);

int main(void)
{
#ifdef PAGES
  paging_on();
#endif
  printf("%08x\n", (unsigned)kernel(ROUNDS));
  return 0;
}
