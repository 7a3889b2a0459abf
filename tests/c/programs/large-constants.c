#include "check.h"

int main(void)
{
  volatile int v = 0;
  int n = HIDE(5);
  v += n + 100000;
  v -= 40000;
  v ^= 0x7ffff800;
  v |= 0x00000fff;
  v &= (int)0xfffff7ff;
  printf("%x\n", (unsigned)v);
  CHECK(HIDE(2047) + 2048 == 4095 && HIDE(-2048) - 1 == -2049 && (HIDE(32767) | 0x8000) == 65535);
  CHECK(HIDE(0x7fffffff) + 0x80000000u == 0xffffffffu && HIDE(-32768) * 2 == -65536);
  DONE;
}
