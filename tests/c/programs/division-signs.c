#include "check.h"

int main(void)
{
  for (int a = -7; a <= 7; a++)
    for (int b = -3; b <= 3; b++)
      if (b != 0) {
        int q = HIDE(a) / HIDE(b), r = HIDE(a) % HIDE(b);
        CHECK(q * b + r == a && (r == 0 || (r < 0) == (a < 0)));
        printf("%d/%d=%d,%d ", a, b, q, r);
      }
  printf("\n");
  CHECK(HIDE(-17) / 4 == -4 && HIDE(-17) % 4 == -1 && HIDE(-17) / 8 == -2 && (unsigned)HIDE(-17) / 10 == 429496727);
  DONE;
}
