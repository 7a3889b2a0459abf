#include "check.h"

static int zeroed[100];
int initialised[] = {1, -2, 3};
static const char *const words[] = {"alpha", "beta", NULL};
static struct {
  int *p;
  const char *s;
  int (*f)(const char *, ...);
} mixed = {&initialised[1], "text", printf};
const double *never;
char letters[] = "abc";

int main(void)
{
  for (int i = 0; i < 100; i++)
    CHECK(zeroed[i] == 0);
  CHECK(*mixed.p == -2 && mixed.p[1] == 3 && strcmp(words[1], "beta") == 0 && !words[2] && !never);
  letters[0] = 'x';
  mixed.f("%s %s\n", letters, mixed.s);
  CHECK(sizeof letters == 4);
  DONE;
}
