#include "check.h"

struct entry {
  char name[12];
  int n;
};
static int by_name(const void *a, const void *b)
{
  return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}
static int by_number(const void *a, const void *b)
{
  const struct entry *x = a, *y = b;
  return x->n < y->n ? -1 : x->n > y->n;
}

int main(void)
{
  struct entry e[] = {{"pear", 3}, {"apple", -5}, {"fig", INT32_MAX}, {"quince", INT32_MIN}, {"plum", 0}};
  qsort(e, 5, sizeof *e, by_name);
  for (int i = 0; i < 5; i++)
    printf("%s ", e[i].name);
  struct entry key = {"plum", 0}, *found = bsearch(&key, e, 5, sizeof *e, by_name);
  CHECK(found == &e[3]);
  strcpy(key.name, "nut");
  CHECK(bsearch(&key, e, 5, sizeof *e, by_name) == NULL);
  qsort(e, 5, sizeof *e, by_number);
  printf("%s %s\n", e[0].name, e[4].name);
  CHECK(strcmp(e[0].name, "quince") == 0 && strcmp(e[4].name, "fig") == 0);
  DONE;
}
