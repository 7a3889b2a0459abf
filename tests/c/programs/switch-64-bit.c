#include "check.h"

static int f(long long n)
{
  switch (n) {
  case 0:
    return 1;
  case 0x100000000ll:
    return 2;
  case -1:
    return 3;
  case 0x7fffffffffffffffll:
    return 4;
  }
  return 0;
}

int main(void)
{
  CHECK(f(HIDE(0ll)) == 1 && f(0x100000000ll) == 2 && f(HIDE(-1ll)) == 3);
  CHECK(f(INT64_MAX) == 4 && f(1) == 0 && f(0xffffffffll) == 0);
  DONE;
}
