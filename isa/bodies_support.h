/* Pure helpers that gen/pg32_bodies.h calls; include it before that file, at
 * file scope. All are total: division gives what SMT-LIB's bvudiv, bvsdiv,
 * bvurem and bvsrem give, also by zero and on overflow.
 */
#ifndef TRAPEZE_ISA_BODIES_SUPPORT_H
#define TRAPEZE_ISA_BODIES_SUPPORT_H

#include <stdint.h>

static inline uint32_t isa_shrs(uint32_t x, uint32_t n)
{
  return (uint32_t)((int32_t)x >> n);
}

/* The low `width` bits of x, 1 to 31, extended with their sign. */
static inline uint32_t isa_sext(uint32_t x, uint32_t width)
{
  return (uint32_t)((int32_t)(x << (32 - width)) >> (32 - width));
}

static inline uint32_t isa_mulhss(uint32_t x, uint32_t y)
{
  return (uint32_t)(((int64_t)(int32_t)x * (int32_t)y) >> 32);
}

static inline uint32_t isa_mulhsu(uint32_t x, uint32_t y)
{
  return (uint32_t)(((int64_t)(int32_t)x * (int64_t)y) >> 32);
}

static inline uint32_t isa_mulhuu(uint32_t x, uint32_t y)
{
  return (uint32_t)(((uint64_t)x * y) >> 32);
}

static inline uint32_t isa_divu(uint32_t x, uint32_t y)
{
  return y == 0 ? UINT32_MAX : x / y;
}

static inline uint32_t isa_remu(uint32_t x, uint32_t y)
{
  return y == 0 ? x : x % y;
}

static inline uint32_t isa_divs(uint32_t x, uint32_t y)
{
  if (y == 0)
    return (int32_t)x < 0 ? 1 : UINT32_MAX;
  if (y == UINT32_MAX)
    return 0u - x; /* in C the quotient of the least integer is undefined */
  return (uint32_t)((int32_t)x / (int32_t)y);
}

static inline uint32_t isa_rems(uint32_t x, uint32_t y)
{
  if (y == 0)
    return x;
  if (y == UINT32_MAX)
    return 0;
  return (uint32_t)((int32_t)x % (int32_t)y);
}

#endif
