/* Seeded numbers for tests that need no program: same seed, same numbers, everywhere. */
#ifndef TRAPEZE_TESTS_COMMON_RANDOM_H
#define TRAPEZE_TESTS_COMMON_RANDOM_H

#include <stdint.h>

/* xorshift64*. The seed is never 0. */
static inline uint64_t next_random(uint64_t *seed)
{
  *seed ^= *seed >> 12;
  *seed ^= *seed << 25;
  *seed ^= *seed >> 27;
  return *seed * 0x2545f4914f6cdd1du;
}

#endif
