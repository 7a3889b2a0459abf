#include "check.h"

static uint32_t xorshift(uint32_t *s)
{
  *s ^= *s << 13;
  *s ^= *s >> 17;
  return *s ^= *s << 5;
}

int main(void)
{
  uint32_t s = 2463534242u;
  unsigned bins[8] = {0};
  for (int i = 0; i < 4000; i++)
    bins[xorshift(&s) >> 29]++;
  for (int i = 0; i < 8; i++) {
    printf("%u ", bins[i]);
    CHECK(bins[i] > 400 && bins[i] < 600);
  }
  printf("%u\n", (unsigned)s);
  DONE;
}
