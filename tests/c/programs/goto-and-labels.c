#include "check.h"

int main(void)
{
  static const void *const ops[] = {&&inc, &&dbl, &&dec, &&stop};
  const unsigned char code[] = {0, 0, 1, 1, 2, 1, 3};
  int n = 0, at = 0;
#define NEXT goto *ops[code[at++]]
  NEXT;
inc:
  n++;
  NEXT;
dbl:
  n *= 2;
  NEXT;
dec:
  n--;
  NEXT;
stop:
  printf("%d\n", n);
  CHECK(n == 14);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      if (i * j == 2)
        goto out;
  CHECK(0);
out:
  DONE;
}
