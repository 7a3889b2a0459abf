#include "check.h"

int main(void)
{
  int a = HIDE(20), b = 22, c;
#ifdef __riscv
  __asm__ volatile("add %0, %1, %2" : "=r"(c) : "r"(a), "r"(b));
#else
  c = a + b;
#endif
  printf("%d\n", c);
  CHECK(c == 42);
  DONE;
}
