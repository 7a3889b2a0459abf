#include "check.h"

static int sum(int n)
{
  int v[n], total = 0;
  for (int i = 0; i < n; i++)
    v[i] = i * i;
  for (int i = 0; i < n; i++)
    total += v[i];
  return total;
}

int main(void)
{
  CHECK(sum(HIDE(10)) == 285 && sum(HIDE(1)) == 0 && sum(HIDE(200)) == 2646700);
  char *p = __builtin_alloca((size_t)HIDE(100));
  memset(p, 'z', 99);
  p[99] = 0;
  CHECK(strlen(p) == 99);
  DONE;
}
