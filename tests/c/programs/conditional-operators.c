#include "check.h"

static int calls;
static int note(int n)
{
  calls++;
  return n;
}

int main(void)
{
  CHECK((note(0) && note(1)) == 0 && calls == 1);
  CHECK((note(1) || note(0)) == 1 && calls == 2);
  CHECK((note(3) ?: note(4)) == 3 && calls == 3);
  CHECK((note(0) ? note(1) : note(2)) == 2 && calls == 5);
  int a = HIDE(3), b = HIDE(4);
  CHECK((a < b) + (a > b) * 2 + (a == b) * 4 + !a + !!b == 2);
  CHECK((a < b ? a : b) == 3 && (a > b ? a : b) == 4);
  DONE;
}
