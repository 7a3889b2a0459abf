#include "check.h"

static int f(int a, int b, int c, int d, int e, int f6, int g, int h, int i, int j)
{
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f6 + 7 * g + 8 * h + 9 * i + 10 * j;
}
static long long g(char a, long long b, short c, long long d, int e, long long h)
{
  return a + b * 2 + c * 3 + d * 4 + e * 5 + h * 6;
}

int main(void)
{
  printf("%d %lld\n", f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), g(1, 2, 3, 4, 5, 6));
  CHECK(f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) == 385 && g(1, 1ll << 40, -1, -1, 1, 1) == 1 + (1ll << 41) - 3 - 4 + 5 + 6);
  int (*volatile p)(int, int, int, int, int, int, int, int, int, int) = f;
  CHECK(p(0, 0, 0, 0, 0, 0, 0, 0, 0, 1) == 10);
  DONE;
}
