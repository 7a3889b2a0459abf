#include "check.h"

static int add(int a, int b)
{
  return a + b;
}
static int sub(int a, int b)
{
  return a - b;
}
static int mul(int a, int b)
{
  return a * b;
}
static int (*const table[])(int, int) = {add, sub, mul};
static int apply(int (*f)(int, int), int a, int b)
{
  return f(a, b);
}

int main(void)
{
  for (int i = 0; i < 3; i++)
    printf("%d ", apply(table[HIDE(i)], 12, 5));
  printf("\n");
  CHECK(apply(table[0], 1, 2) == 3 && apply(table[1], 1, 2) == -1 && apply(table[2], 3, 4) == 12);
  DONE;
}
