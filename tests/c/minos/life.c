#include <stdio.h>
#include <string.h>

#define SIZE 12
static unsigned char board[SIZE][SIZE], next[SIZE][SIZE];

static int neighbours(int y, int x)
{
  int n = 0;
  for (int dy = SIZE - 1; dy <= SIZE + 1; dy++)
    for (int dx = SIZE - 1; dx <= SIZE + 1; dx++)
      n += board[(y + dy) % SIZE][(x + dx) % SIZE];
  return n - board[y][x];
}

static int step(void)
{
  int alive = 0;
  for (int y = 0; y < SIZE; y++)
    for (int x = 0; x < SIZE; x++) {
      int n = neighbours(y, x);
      next[y][x] = n == 3 || (n == 2 && board[y][x]);
      alive += next[y][x];
    }
  memcpy(board, next, sizeof board);
  return alive;
}

int main(void)
{
  board[1][2] = board[2][3] = board[3][1] = board[3][2] = board[3][3] = 1;
  for (int i = 0; i < 4; i++)
    printf("life: generation %d, %d alive\n", i, step());
}
