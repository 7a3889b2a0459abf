/* Seeded numbers for tests: same seed, same numbers, everywhere. */
#ifndef TRAPEZE_TESTS_UNIT_MACHINE_RANDOM_H
#define TRAPEZE_TESTS_UNIT_MACHINE_RANDOM_H

#include <stdint.h>

static inline uint32_t random_next(uint64_t *seed)
{
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*seed >> 32);
}

static inline uint32_t random_below(uint64_t *seed, uint32_t limit)
{
  return (uint32_t)(((uint64_t)random_next(seed) * limit) >> 32);
}

#endif
