#include "check.h"

int main(void)
{
  uint64_t a = HIDE(0xffffffffull), b = HIDE(1ull);
  CHECK(a + b == 0x100000000ull);
  CHECK(0x100000000ull - b == a);
  int64_t n = HIDE(INT64_MIN);
  CHECK((uint64_t)n - 1 == 0x7fffffffffffffffull);
  CHECK(-(n + 1) == INT64_MAX);
  printf("%llu %lld\n", (unsigned long long)(a + b), (long long)(n + 1));
  DONE;
}
