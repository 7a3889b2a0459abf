/* What the kernels share. Each has one function: so many rounds of work, and a sum that
 * tells whether it was done. ROUNDS comes from the command line.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdint.h>

uint32_t kernel(uint32_t rounds);

static inline uint32_t next_random(uint32_t *state)
{
  *state = *state * 1664525u + 1013904223u;
  return *state;
}

#endif
