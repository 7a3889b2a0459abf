#include "check.h"

struct s {
  char c;
  int64_t n;
  char d;
  uint64_t m[2];
};
static int64_t total(struct s s)
{
  return s.c + s.n + s.d + (int64_t)(s.m[0] ^ s.m[1]);
}

int main(void)
{
  struct s s = {1, -0x123456789all, 2, {~0ull, 0xf0f0f0f0f0f0f0f0ull}};
  printf("%lld\n", (long long)total(s));
  CHECK(total(s) == 3 - 0x123456789all + 0x0f0f0f0f0f0f0f0fll);
  DONE;
}
