/* Two matrices of 32 by 32 multiplied. */
#include "kernel.h"

#define N 32
static int32_t a[N][N], b[N][N], c[N][N];

uint32_t kernel(uint32_t rounds)
{
  uint32_t sum = 0;
  for (int i = 0; i < N * N; i++) {
    a[i / N][i % N] = i % 17 - 8;
    b[i / N][i % N] = i % 13 - 6;
  }
  while (rounds-- > 0) {
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        int32_t t = 0;
        for (int k = 0; k < N; k++) {
          t += a[i][k] * b[k][j];
        }
        c[i][j] = t;
      }
    }
    a[rounds % N][3] ^= c[7][rounds % N];
    sum += (uint32_t)c[rounds % N][5];
  }
  return sum;
}
