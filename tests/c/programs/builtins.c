#include "check.h"

int main(void)
{
  for (int i = 0; i < 32; i++) {
    unsigned n = HIDE(1u << i);
    CHECK(__builtin_clz(n) == 31 - i && __builtin_ctz(n) == i && __builtin_ffs((int)n) == i + 1);
    CHECK(__builtin_popcount(n | 1) == (i ? 2 : 1) && __builtin_parity(n));
  }
  for (int i = 0; i < 64; i++) {
    unsigned long long n = HIDE(1ull << i);
    CHECK(__builtin_clzll(n) == 63 - i && __builtin_ctzll(n) == i && __builtin_ffsll((long long)n) == i + 1);
    CHECK(__builtin_popcountll(n - 1) == i);
  }
  CHECK(__builtin_bswap32(HIDE(0x12345678u)) == 0x78563412u);
  CHECK(__builtin_bswap64(HIDE(0x123456789abcdef0ull)) == 0xf0debc9a78563412ull);
  DONE;
}
