#include "check.h"

static void one(uint64_t n, uint64_t d)
{
  uint64_t q = n / d, r = n % d;
  CHECK(r < d && q * d + r == n);
  int64_t sn = (int64_t)n, sd = (int64_t)d;
  if (!(sn == INT64_MIN && sd == -1)) {
    int64_t sq = sn / sd, sr = sn % sd;
    CHECK(sq * sd + sr == sn && (sr == 0 || (sr < 0) == (sn < 0)));
    printf("%llu %llu %lld %lld\n", (unsigned long long)q, (unsigned long long)r, (long long)sq, (long long)sr);
  }
}

int main(void)
{
  static const uint64_t n[] = {1, 7, 0xffffffffull, 0x100000000ull, 0x123456789abcdefull, 1ull << 63, ~0ull};
  for (int i = 0; i < 7; i++)
    for (int j = 0; j < 7; j++)
      one(HIDE(n[i]), HIDE(n[j]));
  DONE;
}
