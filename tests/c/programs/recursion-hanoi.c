#include "check.h"

static int moves, peg[3] = {10, 0, 0};
static void hanoi(int n, int from, int to)
{
  if (n > 0) {
    hanoi(n - 1, from, 3 - from - to);
    peg[from]--, peg[to]++, moves++;
    hanoi(n - 1, 3 - from - to, to);
  }
}

int main(void)
{
  hanoi(10, 0, 2);
  printf("%d moves: %d %d %d\n", moves, peg[0], peg[1], peg[2]);
  CHECK(moves == 1023 && peg[2] == 10);
  DONE;
}
