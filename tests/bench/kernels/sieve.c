/* The primes below 8,192, from nothing each round. */
#include "kernel.h"

#define N 8192
static uint8_t composite[N];

uint32_t kernel(uint32_t rounds)
{
  uint32_t sum = 0;
  while (rounds-- > 0) {
    for (int i = 0; i < N; i++) {
      composite[i] = 0;
    }
    for (uint32_t i = 2; i < N; i++) {
      if (!composite[i]) {
        sum += i;
        for (uint32_t j = 2 * i; j < N; j += i) {
          composite[j] = 1;
        }
      }
    }
  }
  return sum;
}
