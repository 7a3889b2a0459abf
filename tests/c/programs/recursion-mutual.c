#include "check.h"

static int odd(unsigned n);
static int even(unsigned n)
{
  return n == 0 ? 1 : odd(n - 1);
}
static int odd(unsigned n)
{
  return n == 0 ? 0 : even(n - 1);
}

int main(void)
{
  CHECK(even(HIDE(100u)));
  CHECK(!odd(HIDE(100u)));
  CHECK(odd(7));
  DONE;
}
