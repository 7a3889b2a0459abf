/* 1,000 numbers sorted. */
#include "kernel.h"

#define N 1000
static int32_t v[N];

static void sort(int32_t *from, int32_t *to)
{
  while (from < to) {
    int32_t *i = from, *j = to, pivot = from[(to - from) / 2];
    while (i <= j) {
      while (*i < pivot) {
        i++;
      }
      while (*j > pivot) {
        j--;
      }
      if (i <= j) {
        int32_t t = *i;
        *i++ = *j;
        *j-- = t;
      }
    }
    sort(from, j);
    from = i;
  }
}

uint32_t kernel(uint32_t rounds)
{
  uint32_t state = 7, sum = 0;
  while (rounds-- > 0) {
    for (int i = 0; i < N; i++) {
      v[i] = (int32_t)next_random(&state);
    }
    sort(v, v + N - 1);
    sum += (uint32_t)(v[0] ^ v[N / 2] ^ v[N - 1]);
  }
  return sum;
}
