#include "check.h"

#define N 12
static int a[N][N], b[N][N], c[N][N];

int main(void)
{
  int trace = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      a[i][j] = i + 1, b[i][j] = i == j ? 2 : i - j;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      for (int k = 0; k < N; k++)
        c[i][j] += a[i][k] * b[k][j];
  for (int i = 0; i < N; i++)
    trace += c[i][i];
  printf("%d %d\n", trace, c[N - 1][0]);
  CHECK(c[0][0] == 2 + 66 && c[1][0] == 2 * c[0][0]);
  DONE;
}
