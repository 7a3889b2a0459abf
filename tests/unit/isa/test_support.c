/* The helpers of the generated bodies against arithmetic in wider types and, for
 * division, its laws: over corner values in every pair.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "isa/bodies_support.h"

static const uint32_t corners[] = {0,          1,          2,          3,          7,
                                   0x1234,     0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe,
                                   0xffffffff, 0xfffffff9, 0x55555555};
#define CORNERS (sizeof corners / sizeof *corners)

static void each_pair(void (*check)(uint32_t x, uint32_t y))
{
  for (size_t i = 0; i < CORNERS; i++) {
    for (size_t j = 0; j < CORNERS; j++) {
      check(corners[i], corners[j]);
    }
  }
}

static int64_t signed_of(uint32_t x)
{
  return x < 0x80000000u ? (int64_t)x : (int64_t)x - 0x100000000;
}

/* The quotient rounds towards zero, the remainder has the dividend's sign. */
static void check_signed(uint32_t x, uint32_t y)
{
  uint32_t q = isa_divs(x, y), r = isa_rems(x, y);
  if (y == 0) { /* as SMT-LIB has it: bvsdiv, bvsrem */
    assert_int_equal(q, signed_of(x) < 0 ? 1 : UINT32_MAX);
    assert_int_equal(r, x);
    return;
  }
  assert_int_equal(q, (uint32_t)(signed_of(x) / signed_of(y)));
  assert_int_equal(r, (uint32_t)(signed_of(x) % signed_of(y)));
}

static void signed_division(void **state)
{
  (void)state;
  each_pair(check_signed);
  assert_int_equal(isa_divs(0x80000000, 0xffffffff), 0x80000000); /* overflows */
}

static void check_unsigned(uint32_t x, uint32_t y)
{
  uint32_t q = isa_divu(x, y), r = isa_remu(x, y);
  if (y == 0) {
    assert_int_equal(q, UINT32_MAX);
    assert_int_equal(r, x);
    return;
  }
  assert_true(r < y);
  assert_true((uint64_t)q * y + r == x);
}

static void unsigned_division(void **state)
{
  (void)state;
  each_pair(check_unsigned);
}

/* The upper words by schoolbook multiplication of halves, signs put right after. */
static uint32_t high(uint32_t x, uint32_t y)
{
  uint64_t low = (uint64_t)(x & 0xffff) * (y & 0xffff);
  uint64_t mid = (uint64_t)(x >> 16) * (y & 0xffff) + (low >> 16);
  uint64_t other = (uint64_t)(x & 0xffff) * (y >> 16) + (mid & 0xffff);
  return (uint32_t)((uint64_t)(x >> 16) * (y >> 16) + (mid >> 16) + (other >> 16));
}

static void check_high(uint32_t x, uint32_t y)
{
  uint32_t x_negative = x >> 31 ? y : 0, y_negative = y >> 31 ? x : 0;
  assert_int_equal(isa_mulhuu(x, y), high(x, y));
  assert_int_equal(isa_mulhsu(x, y), high(x, y) - x_negative);
  assert_int_equal(isa_mulhss(x, y), high(x, y) - x_negative - y_negative);
}

static void high_products(void **state)
{
  (void)state;
  each_pair(check_high);
}

static void signs(void **state)
{
  (void)state;
  for (uint32_t n = 0; n < 32; n++) {
    assert_int_equal(isa_shrs(0x80000000, n), (uint32_t)(-(INT64_C(1) << (31 - n))));
    assert_int_equal(isa_shrs(0x7fffffff, n), 0x7fffffffu >> n);
  }
  for (uint32_t width = 1; width < 32; width++) {
    uint32_t top = 1u << (width - 1);
    assert_int_equal(isa_sext(top, width), (uint32_t)(-(int64_t)top));
    assert_int_equal(isa_sext(0xffffffff << width | (top - 1), width), top - 1);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(signed_division),
      cmocka_unit_test(unsigned_division),
      cmocka_unit_test(high_products),
      cmocka_unit_test(signs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
