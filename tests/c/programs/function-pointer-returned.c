#include "check.h"

typedef int op(int);
static int inc(int n)
{
  return n + 1;
}
static int dbl(int n)
{
  return 2 * n;
}
static op *choose(int which)
{
  return which ? inc : dbl;
}
static int chain(int n, op *first, ...)
{
  return first(n);
}

int main(void)
{
  CHECK(choose(HIDE(1))(5) == 6 && choose(HIDE(0))(5) == 10);
  CHECK(chain(4, choose(0), 1, 2, 3) == 8);
  op *p = &inc;
  CHECK((*p)(1) == 2 && (**p)(2) == 3);
  DONE;
}
