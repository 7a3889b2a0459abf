/* The ends of the ranges, by variables and by constants, 32 bits and 64. */
#include "check.h"

static const int32_t small[] = {INT32_MIN, INT32_MIN + 1, -65536, -7, -1, 0, 1, 3, 10, 65535, INT32_MAX};
static const int64_t large[] = {INT64_MIN, INT64_MIN + 1, -4294967296, -4294967295, -10, -1, 0, 1, 7,
                                2147483648, 4294967295, 4294967296, INT64_MAX};
#define COUNT(a) (sizeof a / sizeof a[0])

#define BY(n, d) printf(" %lld,%lld", (long long)((n) / (d)), (long long)((n) % (d)))

int main(void)
{
  for (unsigned i = 0; i < COUNT(small); i++) {
    for (unsigned j = 0; j < COUNT(small); j++) {
      int32_t a = small[i], b = small[j];
      if (b != 0 && (a != INT32_MIN || b != -1)) {
        printf(" %d,%d", (int)(a / b), (int)(a % b));
      }
      if (b != 0) {
        printf(" %u,%u", (unsigned)a / (unsigned)b, (unsigned)a % (unsigned)b);
      }
    }
    BY(small[i], 2), BY(small[i], -2), BY(small[i], 7), BY(small[i], -10), BY(small[i], 1000000007);
    BY((uint32_t)small[i], 3u), BY((uint32_t)small[i], 0x80000001u);
    printf("\n");
  }
  for (unsigned i = 0; i < COUNT(large); i++) {
    for (unsigned j = 0; j < COUNT(large); j++) {
      int64_t a = large[i], b = large[j];
      if (b != 0 && (a != INT64_MIN || b != -1)) {
        printf(" %lld,%lld", (long long)(a / b), (long long)(a % b));
      }
      if (b != 0) {
        printf(" %llu,%llu", (unsigned long long)a / (unsigned long long)b, (unsigned long long)a % (unsigned long long)b);
      }
    }
    BY(large[i], 2), BY(large[i], -8), BY(large[i], 10), BY(large[i], -1000000007), BY(large[i], 0x100000000);
    printf("\n");
  }
  DONE;
}
