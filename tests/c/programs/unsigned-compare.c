#include "check.h"

int main(void)
{
  unsigned a = HIDE(0x80000000u), b = HIDE(1u);
  CHECK(a > b && (int)a < (int)b);
  CHECK(HIDE(-1) > b); /* converted */
  int n = 0;
  for (unsigned i = 10; i-- > 0;)
    n += (int)i;
  CHECK(n == 45);
  CHECK((unsigned char)HIDE(255) > (signed char)HIDE(-1));
  DONE;
}
