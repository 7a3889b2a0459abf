#include "check.h"

static int deep(int n)
{
  volatile int big[1500];
  for (int i = 0; i < 1500; i += 100)
    big[i] = n + i;
  int below = n > 0 ? deep(n - 1) : 0;
  for (int i = 0; i < 1500; i += 100)
    CHECK(big[i] == n + i);
  return below + big[1400];
}

int main(void)
{
  printf("%d\n", deep(5));
  CHECK(deep(HIDE(2)) == 4200 + 3);
  DONE;
}
