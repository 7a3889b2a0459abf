#include "check.h"

#define W 16
static unsigned char now[W][W], then[W][W];

int main(void)
{
  static const unsigned char glider[] = {1, 2, 2 + W, 2 * W, 2 * W + 1, 2 * W + 2};
  now[0][1] = now[1][2] = now[2][0] = now[2][1] = now[2][2] = 1;
  (void)glider;
  for (int t = 0; t < 4 * W; t++) {
    for (int y = 0; y < W; y++)
      for (int x = 0; x < W; x++) {
        int n = 0;
        for (int d = 0; d < 9; d++)
          n += d != 4 && now[(y + d / 3 + W - 1) % W][(x + d % 3 + W - 1) % W];
        then[y][x] = (unsigned char)(n == 3 || (n == 2 && now[y][x]));
      }
    memcpy(now, then, sizeof now);
  }
  CHECK(now[0][1] && now[1][2] && now[2][0] && now[2][1] && now[2][2]);
  int alive = 0;
  for (int i = 0; i < W * W; i++)
    alive += now[i / W][i % W];
  printf("%d\n", alive);
  CHECK(alive == 5);
  DONE;
}
