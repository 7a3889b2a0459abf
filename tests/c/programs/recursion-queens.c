#include "check.h"

static int count, column[8];
static void place(int row)
{
  if (row == 8) {
    count++;
    return;
  }
  for (int c = 0; c < 8; c++) {
    int ok = 1;
    for (int r = 0; r < row; r++)
      ok &= column[r] != c && column[r] - c != row - r && c - column[r] != row - r;
    if (ok) {
      column[row] = c;
      place(row + 1);
    }
  }
}

int main(void)
{
  place(0);
  printf("%d\n", count);
  CHECK(count == 92);
  DONE;
}
