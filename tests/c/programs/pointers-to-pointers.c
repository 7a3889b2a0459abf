#include "check.h"

static void set(int **p, int *to)
{
  *p = to;
}
static int length(char **list)
{
  char **p = list;
  while (*p)
    p++;
  return (int)(p - list);
}

int main(void)
{
  int a = 1, b = 2, *p = &a, **pp = &p;
  set(pp, &b);
  CHECK(*p == 2 && **pp == 2);
  char *list[] = {"a", "bc", "def", NULL};
  CHECK(length(list) == 3 && list[2][1] == 'e' && *(*(list + 1) + 1) == 'c');
  int grid[3][4] = {{0}}, (*row)[4] = grid;
  row[2][3] = 7;
  CHECK(grid[2][3] == 7 && (*(row + 2))[3] == 7);
  DONE;
}
