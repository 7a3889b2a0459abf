#include "check.h"

static int f(int n)
{
  switch (n) {
  case 0:
    return 10;
  case 1:
    return 21;
  case 2:
    n += 5; /* falls through */
  case 3:
    return n * 3;
  case 4:
  case 5:
    return 7;
  case 6:
    return f(n - 6) + 1;
  case 9:
    return -9;
  default:
    return -1;
  }
}

int main(void)
{
  static const int want[] = {-1, 10, 21, 21, 9, 7, 7, 11, -1, -1, -9, -1};
  for (int i = -1; i < 11; i++) {
    printf("%d ", f(HIDE(i)));
    CHECK(f(HIDE(i)) == want[i + 1]);
  }
  printf("\n");
  DONE;
}
