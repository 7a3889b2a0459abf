/* Arguments of 64 bits at odd places, narrow ones, structs, a list that is passed on. */
#include "check.h"
#include <stdarg.h>

struct three {
  short a, b, c;
};

static int64_t next(const char **format, va_list *args)
{
  switch (*(*format)++) {
  case 'i':
    return va_arg(*args, int);
  case 'l':
    return va_arg(*args, int64_t);
  case 'p':
    return *va_arg(*args, const short *);
  default: {
    struct three s = va_arg(*args, struct three);
    return s.a * 100 + s.b * 10 + s.c;
  }
  }
}

__attribute__((noinline)) static int64_t sum(int n, const char *format, ...)
{
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int64_t total = n;
  for (const char *f = format; *f;) {
    total = total * 3 + next(&f, &args);
  }
  for (const char *f = format; *f;) {
    total -= next(&f, &again);
  }
  va_end(again);
  va_end(args);
  return total;
}

int main(void)
{
  short s = HIDE(-77);
  struct three t = {1, HIDE(2), 3};
  printf("%lld\n", (long long)sum(1, "ililil", 1, -2ll, 3, 4ll << 33, 'x', -6ll));
  printf("%lld\n", (long long)sum(2, "lisplis", 1ll << 50, -1, t, &s, 1ll, 5, t));
  printf("%lld\n", (long long)sum(3, "iiiiiillll", 1, 2, 3, 4, 5, 6, 7ll, 8ll, 9ll, -10ll));
  CHECK(sum(4, "") == 4 && sum(0, "s", t) == 0 && sum(0, "il", (short)-1, (int64_t)1) == -3 + 1 + 1 - 1);
  DONE;
}
