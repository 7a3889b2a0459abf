#include "check.h"

#include <stdarg.h>

static int longest(int n, va_list ap)
{
  int best = 0;
  while (n-- > 0) {
    int len = (int)strlen(va_arg(ap, const char *));
    best = len > best ? len : best;
  }
  return best;
}
static int twice(int n, ...)
{
  va_list ap, copy;
  va_start(ap, n);
  va_copy(copy, ap);
  int a = longest(n, ap), b = longest(n, copy);
  va_end(copy);
  va_end(ap);
  return a == b ? a : -1;
}

int main(void)
{
  CHECK(twice(3, "a", "four", "xyz") == 4);
  CHECK(twice(7, "1", "2", "3", "4", "5", "6", "seventh") == 7);
  DONE;
}
