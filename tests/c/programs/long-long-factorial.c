#include "check.h"

int main(void)
{
  uint64_t n = 1;
  for (unsigned i = 2; i <= 20; i++)
    n *= HIDE(i);
  printf("%llu\n", (unsigned long long)n);
  CHECK(n == 2432902008176640000ull);
  for (unsigned i = 20; i > 1; i--)
    n /= HIDE(i);
  CHECK(n == 1);
  DONE;
}
