/* CRC-32 of 4 KiB, bit by bit and by a table. */
#include "kernel.h"

#define N 4096
static uint8_t text[N];
static uint32_t table[256];

uint32_t kernel(uint32_t rounds)
{
  uint32_t state = 1, sum = 0;
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; bit++) {
      c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
    }
    table[i] = c;
  }
  for (int i = 0; i < N; i++) {
    text[i] = (uint8_t)(next_random(&state) >> 24);
  }
  while (rounds-- > 0) {
    uint32_t c = ~sum;
    for (int i = 0; i < N; i++) {
      c = c >> 8 ^ table[(c ^ text[i]) & 0xff];
    }
    for (int i = 0; i < N / 16; i++) {
      c ^= text[i];
      for (int bit = 0; bit < 8; bit++) {
        c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
      }
    }
    sum = c;
  }
  return sum;
}
