#include "check.h"

static void sort(int *v, int n)
{
  int i = 0, j = n - 1, pivot = v[n / 2];
  while (i <= j) {
    while (v[i] < pivot)
      i++;
    while (v[j] > pivot)
      j--;
    if (i <= j) {
      int t = v[i];
      v[i++] = v[j];
      v[j--] = t;
    }
  }
  if (j > 0)
    sort(v, j + 1);
  if (i < n - 1)
    sort(v + i, n - i);
}

int main(void)
{
  int v[300];
  unsigned x = 7;
  for (int i = 0; i < 300; i++)
    v[i] = (int)((x = x * 1664525u + 1013904223u) >> 8) - 8000000;
  sort(v, 300);
  for (int i = 1; i < 300; i++)
    CHECK(v[i - 1] <= v[i]);
  printf("%d %d\n", v[0], v[299]);
  DONE;
}
