/* 64-bit digests of state: not cryptographic, but every bit of the input
 * reaches every bit of the output. Sums of digest_place() over places make
 * digests that can be kept up to date place by place.
 */
#ifndef TRAPEZE_MACHINE_DIGEST_H
#define TRAPEZE_MACHINE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* A bijection of 64 bits, on a variable: of one number, or of a vector of them. */
#define DIGEST_MIX(x)                                                                              \
  ((x) ^= (x) >> 32, (x) *= 0x9fb21c651e98df25u, (x) ^= (x) >> 29, (x) *= 0xd6e8feb86659fd93u,     \
   (x) ^= (x) >> 32)
static inline uint64_t digest_mix(uint64_t x)
{
  DIGEST_MIX(x);
  return x;
}

/* Appends a value to a digest; order matters. Both halves of one product, which is what
 * a tick of a lockstep run can afford, and on top what a factor of 0 would lose. */
static inline uint64_t digest_add(uint64_t digest, uint64_t value)
{
  unsigned __int128 p =
      (unsigned __int128)(digest ^ 0x9e3779b97f4a7c15u) * (value ^ 0xd6e8feb86659fd93u);
  return (uint64_t)p ^ (uint64_t)(p >> 64) ^ (digest << 32 | digest >> 32) ^ value;
}

/* Contents of a block (page, sector); 0 if and, for all practical purposes,
 * only if every byte is zero. len is a multiple of 8. */
uint64_t digest_block(const void *bytes, size_t len);

/* The share that block `place` with digest_block() `block` has in a sum: none
 * if it is all zero, so blank storage costs nothing. */
static inline uint64_t digest_place(uint64_t place, uint64_t block)
{
  return block == 0 ? 0 : digest_mix(block ^ digest_mix(place + 1));
}

#endif
