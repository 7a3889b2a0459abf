#include "check.h"

#include <stdarg.h>

struct point {
  int x, y, z;
};
static int volume(int n, ...)
{
  int total = 0;
  va_list ap;
  va_start(ap, n);
  while (n-- > 0) {
    struct point p = va_arg(ap, struct point);
    total += p.x * p.y * p.z;
  }
  va_end(ap);
  return total;
}

int main(void)
{
  struct point a = {1, 2, 3}, b = {4, 5, 6};
  printf("%d\n", volume(3, a, b, a));
  CHECK(volume(2, a, b) == 126);
  DONE;
}
