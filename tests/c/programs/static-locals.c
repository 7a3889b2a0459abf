#include "check.h"

static int next(void)
{
  static int n = 10, calls;
  calls++;
  n += calls;
  return n;
}
static int other(void)
{
  static int n;
  return --n;
}

int main(void)
{
  for (int i = 0; i < 5; i++)
    printf("%d %d ", next(), other());
  printf("\n");
  CHECK(next() == 31 && other() == -6);
  DONE;
}
