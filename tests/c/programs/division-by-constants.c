#include "check.h"

int main(void)
{
  uint32_t x = 12345;
  for (int i = 0; i < 200; i++) {
    x = x * 1103515245u + 12345u;
    int32_t s = (int32_t)x;
    CHECK(x / 3 == x / HIDE(3u) && x / 7 == x / HIDE(7u) && x / 10 == x / HIDE(10u) && x % 641 == x % HIDE(641u));
    CHECK(s / 3 == s / HIDE(3) && s / -7 == s / HIDE(-7) && s / 1000 == s / HIDE(1000) && s % 16 == s % HIDE(16));
  }
  printf("%u\n", (unsigned)x);
  DONE;
}
