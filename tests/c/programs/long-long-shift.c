#include "check.h"

int main(void)
{
  uint64_t n = HIDE(0x8123456789abcdefull);
  for (int i = 0; i < 64; i++) {
    int by = HIDE(i);
    uint64_t l = n << by, r = n >> by;
    int64_t a = (int64_t)n >> by;
    CHECK((l >> by) << by == l);
    CHECK(i == 0 || (uint64_t)a >> (64 - i) == (~0ull >> (64 - i)));
    printf("%llx %llx %llx\n", (unsigned long long)l, (unsigned long long)r, (unsigned long long)a);
  }
  DONE;
}
