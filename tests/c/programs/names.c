/* Names that the assembler has for something else: registers, control registers, instructions,
 * and those of minos's kernel. */
#include "check.h"

int zero, a0 = 1, t1 = 2, s1[3] = {3, 4, 5}, sp = 6;
static int ra = 7, x5 = 8;
int psw = 9, tick = 10, timer[2] = {11, 12};
int current = 13, lock = 14, WORK = 15, text = 16, data = 17;
int *const a1 = &s1[1], *gp[] = {&t1, &sp, &timer[1]};

__attribute__((noinline)) int add(int a2, int a3)
{
  return a2 + a3 + a0;
}
__attribute__((noinline)) static int t0(int n)
{
  return add(n, t1) * 2;
}
__attribute__((noinline)) int halt(int n)
{
  return t0(n);
}
__attribute__((noinline)) int shell(int (*s0)(int), int n)
{
  return s0(n) + lock;
}
int (*a5[])(int) = {t0, halt};

int main(void)
{
  zero = HIDE(20);
  printf("%d %d %d %d %d %d %d\n", zero, a0, t1, s1[2], sp, ra, x5);
  printf("%d %d %d %d %d %d\n", psw, tick, timer[1], current, WORK, text + data);
  printf("%d %d %d %d\n", *a1, *gp[0], *gp[1], *gp[2]);
  printf("%d %d %d\n", t0(1), halt(2), shell(a5[zero & 1], 3));
  CHECK(shell(a5[1], 4) == 28);
  ra += x5;
  CHECK(ra == 15 && *gp[2] == timer[1]);
  DONE;
}
