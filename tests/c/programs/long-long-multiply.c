#include "check.h"

int main(void)
{
  uint64_t x = 1, want[5] = {0};
  for (int i = 0; i < 40; i++)
    x = x * 6364136223846793005ull + 1442695040888963407ull;
  printf("%llx\n", (unsigned long long)x);
  for (int i = 0; i < 5; i++) {
    uint64_t a = HIDE(x >> i * 7), b = HIDE(x ^ (x << i * 11));
    for (int bit = 0; bit < 64; bit++)
      want[i] += (b >> bit & 1) ? a << bit : 0;
    CHECK(a * b == want[i]);
  }
  CHECK((int64_t)HIDE(-3ll) * HIDE(7ll) == -21);
  DONE;
}
