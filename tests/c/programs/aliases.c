/* One thing by two names: the compiler makes some of what is the same. */
#include "check.h"

union number {
  int whole;
  unsigned char bytes[4];
};
static volatile union number first = {77}, second = {77};
static const int table[4] = {1, 2, 3, 4}, again[4] = {1, 2, 3, 4};
static volatile int zero, one;
int here = 5;
extern int there __attribute__((alias("here")));

int twice(int n)
{
  return 2 * n + 1;
}
int double_and_one(int n)
{
  return 2 * n + 1;
}
int thrice(int n) __attribute__((alias("twice")));

__attribute__((noinline)) static int sum(const int *numbers)
{
  int n = 0;
  for (int i = 0; i < 4; i++) {
    n = 10 * n + numbers[i];
  }
  return n;
}

int main(void)
{
  int (*functions[])(int) = {twice, double_and_one, thrice};
  int n = HIDE(3);
  for (int i = 0; i < 3; i++) {
    printf("%d %d\n", i, functions[i](n));
  }
  CHECK(first.whole == second.whole && first.bytes[0] == 77);
  CHECK(sum(table) == sum(again) && sum(table) == 1234);
  there = n;
  CHECK(here == 3 && there == 3);
  one = 1;
  CHECK(zero == 0 && one == 1);
  printf("%d %d %d\n", thrice(n), here, second.bytes[0]);
  DONE;
}
