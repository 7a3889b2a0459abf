#include "check.h"

#include <stdarg.h>

static long long sum(const char *kinds, ...)
{
  long long n = 0;
  va_list ap;
  va_start(ap, kinds);
  for (; *kinds; kinds++) {
    if (*kinds == 'i')
      n += va_arg(ap, int);
    else if (*kinds == 'l')
      n += va_arg(ap, long long);
    else
      n += *va_arg(ap, const char *);
  }
  va_end(ap);
  return n;
}

int main(void)
{
  long long n = sum("iliisll", 1, 20000000000ll, -3, 4, "A", -5ll, 6000000000ll);
  printf("%lld\n", n);
  CHECK(n == 1 + 20000000000ll - 3 + 4 + 'A' - 5 + 6000000000ll);
  CHECK(sum("") == 0 && sum("l", 1ll << 40) == 1ll << 40);
  DONE;
}
