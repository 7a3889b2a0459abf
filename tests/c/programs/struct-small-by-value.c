#include "check.h"

struct pair {
  short x, y;
};
struct one {
  char c;
};
struct two {
  int a, b;
};
static struct pair turn(struct pair p)
{
  return (struct pair){(short)-p.y, p.x};
}
static struct one next(struct one o)
{
  return (struct one){(char)(o.c + 1)};
}
static struct two cross(struct two t, struct pair p, struct one o)
{
  return (struct two){t.a * p.x + o.c, t.b * p.y - o.c};
}

int main(void)
{
  struct pair p = {HIDE((short)3), 4};
  p = turn(p);
  CHECK(p.x == -4 && p.y == 3);
  struct one o = next(next((struct one){'a'}));
  CHECK(o.c == 'c');
  struct two t = cross((struct two){10, 20}, p, o);
  printf("%d %d %c %d %d\n", p.x, p.y, o.c, t.a, t.b);
  CHECK(t.a == -40 + 'c' && t.b == 60 - 'c');
  DONE;
}
