/* Labels in tables, at addresses and at distances, as interpreters have them. */
#include "check.h"

static int run(const unsigned char *code)
{
  static void *const targets[] = {&&push, &&add, &&multiply, &&negate, &&stop};
  static const int distances[] = {&&push - &&push, &&add - &&push, &&multiply - &&push, &&negate - &&push, &&stop - &&push};
  int stack[8], top = 0, steps = 0;
#define NEXT                                                                                       \
  do {                                                                                             \
    int op = *code++;                                                                              \
    if (steps++ & 1) {                                                                             \
      goto *targets[op];                                                                           \
    }                                                                                              \
    goto *(&&push + distances[op]);                                                                \
  } while (0)
  NEXT;
push:
  stack[top++] = *code++;
  NEXT;
add:
  top--;
  stack[top - 1] += stack[top];
  NEXT;
multiply:
  top--;
  stack[top - 1] *= stack[top];
  NEXT;
negate:
  stack[top - 1] = -stack[top - 1];
  NEXT;
stop:
  return stack[0];
}

int main(void)
{
  static const unsigned char code[] = {0, 6, 0, 7, 2, 3, 0, 100, 1, 0, 3, 0, 4, 1, 2, 4};
  int n = run(code);
  printf("%d\n", n);
  CHECK(n == 58 * 7);
  DONE;
}
