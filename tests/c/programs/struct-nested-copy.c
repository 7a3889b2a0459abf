#include "check.h"

struct inner {
  char name[7];
  uint16_t n;
};
struct outer {
  struct inner in[3];
  struct outer *self;
};

int main(void)
{
  struct outer a = {.in = {{"one", 1}, {"two", 2}, {"three", 3}}}, b;
  a.self = &a;
  b = a;
  b.in[1] = b.in[2];
  strcpy(b.in[0].name, "zero");
  CHECK(strcmp(a.in[0].name, "one") == 0 && strcmp(b.self->in[1].name, "two") == 0);
  CHECK(b.in[1].n == 3);
  printf("%s %s %s %d\n", b.in[0].name, b.in[1].name, b.self->in[1].name, (int)sizeof(struct inner));
  DONE;
}
