#include "check.h"

struct bits {
  unsigned a : 3, b : 5, c : 11;
  int d : 6;
  unsigned : 0;
  unsigned e : 31;
};

int main(void)
{
  struct bits x = {5, 17, 1234, -9, 0x12345678};
  x.a += 4;
  x.b <<= 1;
  x.d = x.d * 3;
  printf("%u %u %u %d %x\n", x.a, x.b, x.c, x.d, x.e);
  CHECK(x.a == 1 && x.b == 2 && x.c == 1234 && x.d == -27 && x.e == 0x12345678);
  DONE;
}
