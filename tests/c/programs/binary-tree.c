#include "check.h"

struct tree {
  struct tree *child[2];
  int key;
};
static struct tree *insert(struct tree *t, int key)
{
  if (!t) {
    t = calloc(1, sizeof *t);
    t->key = key;
  } else if (key != t->key) {
    t->child[key > t->key] = insert(t->child[key > t->key], key);
  }
  return t;
}
static int walk(const struct tree *t, int *last)
{
  if (!t)
    return 0;
  int n = walk(t->child[0], last);
  CHECK(t->key > *last);
  *last = t->key;
  return n + 1 + walk(t->child[1], last);
}

int main(void)
{
  struct tree *t = NULL;
  for (unsigned i = 0, x = 1; i < 200; i++) {
    x = x * 75 % 65537;
    t = insert(t, (int)(x % 150));
  }
  int last = -1, n = walk(t, &last);
  printf("%d nodes, the last %d\n", n, last);
  CHECK(n > 90 && n <= 150);
  DONE;
}
