/* A frame beyond what an immediate reaches, with addresses taken all over it. */
#include "check.h"

struct block {
  int first, numbers[5000], last;
};

__attribute__((noinline)) static int sum(const struct block *b, const int *middle)
{
  int n = b->first + b->last + *middle;
  for (int i = 0; i < 5000; i += 499) {
    n += b->numbers[i];
  }
  return n;
}

__attribute__((noinline)) static int work(int n)
{
  struct block a, b;
  char edge[3] = {1, 2, 3};
  a.first = n;
  a.last = n + 1;
  for (int i = 0; i < 5000; i++) {
    a.numbers[i] = i ^ n;
  }
  b = a;
  b.numbers[4990] += edge[HIDE(2)];
  int *room = __builtin_alloca((size_t)(4 * HIDE(n + 1)));
  room[n] = b.numbers[4990];
  return sum(&a, &a.numbers[2500]) * 3 + sum(&b, &room[n]) + edge[1];
}

int main(void)
{
  for (int i = 0; i < 6; i++) {
    printf("%d\n", work(i * 3));
  }
  CHECK(work(0) == work(HIDE(0)));
  DONE;
}
