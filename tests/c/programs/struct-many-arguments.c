#include "check.h"

struct s {
  int v[3];
};
static int sum(int a, struct s s, int b, long long c, struct s t, char d, short e, int f)
{
  return a + s.v[0] + s.v[1] + s.v[2] + b + (int)c + t.v[0] * t.v[1] - t.v[2] + d + e + f;
}

int main(void)
{
  struct s s = {{1, 2, 3}}, t = {{4, 5, 6}};
  int n = sum(10, s, 20, 1000000000000ll % 1000, t, 'a', -7, 1 << 20);
  printf("%d\n", n);
  CHECK(n == 10 + 6 + 20 + 0 + 20 - 6 + 97 - 7 + 1048576);
  DONE;
}
