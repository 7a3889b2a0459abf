#include "check.h"

static unsigned char composite[10000];

int main(void)
{
  int count = 0, last = 0;
  for (int i = 2; i < 10000; i++)
    if (!composite[i]) {
      count++, last = i;
      for (int j = i * 2; j < 10000; j += i)
        composite[j] = 1;
    }
  printf("%d %d\n", count, last);
  CHECK(count == 1229 && last == 9973);
  DONE;
}
