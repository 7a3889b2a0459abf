#include "check.h"

struct big {
  int a[9];
  char c;
};
static struct big twice(struct big b)
{
  for (int i = 0; i < 9; i++)
    b.a[i] *= 2;
  b.c++;
  return b;
}

int main(void)
{
  struct big b = {{1, 2, 3, 4, 5, 6, 7, 8, 9}, 'x'}, d = twice(b);
  for (int i = 0; i < 9; i++)
    CHECK(b.a[i] == i + 1 && d.a[i] == 2 * (i + 1));
  CHECK(b.c == 'x' && d.c == 'y');
  d = twice(twice(d));
  printf("%d %c\n", d.a[8], d.c);
  DONE;
}
