#include "check.h"

static unsigned ackermann(unsigned m, unsigned n)
{
  return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

int main(void)
{
  printf("%u\n", ackermann(2, 7));
  CHECK(ackermann(HIDE(2u), 9) == 21);
  DONE;
}
