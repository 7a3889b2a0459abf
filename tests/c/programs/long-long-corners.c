/* Shifts by 32 and more, carries and borrows, signs that widen, comparisons that mix. */
#include "check.h"

#define SHOW(e) printf("%llx ", (unsigned long long)(e))

__attribute__((noinline)) static uint64_t rotate(uint64_t n, unsigned by)
{
  return by ? n << by | n >> (64 - by) : n;
}

int main(void)
{
  static const unsigned amounts[] = {0, 1, 31, 32, 33, 47, 63};
  static const uint64_t values[] = {0, 1, 0xffffffff, 0x100000000, 0x8000000000000000, 0xfedcba9876543210, ~0ull};
  for (unsigned i = 0; i < 7; i++) {
    uint64_t n = values[i];
    for (unsigned j = 0; j < 7; j++) {
      unsigned by = amounts[j];
      SHOW(n << by), SHOW(n >> by), SHOW((int64_t)n >> by), SHOW(rotate(n, by));
      SHOW(n + values[j]), SHOW(n - values[j]), SHOW(n * values[j]), SHOW((n & values[j]) ^ ~n);
      printf("%d%d%d%d%d%d ", n < values[j], n > values[j], (int64_t)n < (int64_t)values[j],
             (int64_t)n >= (int64_t)values[j], n == values[j], (int64_t)n > (int)by);
    }
    SHOW(n << 32), SHOW(n >> 32), SHOW((int64_t)n >> 32), SHOW(n << 40), SHOW((int64_t)n >> 63), SHOW(n >> 33);
    SHOW((int)n), SHOW((unsigned)n), SHOW((short)n), SHOW((unsigned char)n), SHOW(-n), SHOW(n++), SHOW(--n);
    printf("\n");
  }
  int32_t a = HIDE(-3);
  uint32_t b = HIDE(0xfffffffdu);
  CHECK((int64_t)a * a == 9 && (uint64_t)b * b == 0xfffffffa00000009 && (int64_t)a * b == -12884901879);
  CHECK((int64_t)a < b && (uint64_t)a > b && a + 1ll == -2 && b + 5ull == 0x100000002);
  DONE;
}
