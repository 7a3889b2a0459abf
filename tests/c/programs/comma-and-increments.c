#include "check.h"

int main(void)
{
  int v[5] = {1, 2, 3, 4, 5}, *p = v, i = 0;
  CHECK(*p++ == 1 && *++p == 3 && (*p)++ == 3 && v[2] == 4 && p[-1] == 2);
  i = (i++, i++, i);
  CHECK(i == 2 && v[i--] == 4 && i == 1);
  CHECK(&v[4] - p == 2 && (char *)&v[4] - (char *)p == 8);
  int n = 0;
  for (int a = 0, b = 10; a < b; a++, b--)
    n += b - a;
  CHECK(n == 30);
  DONE;
}
