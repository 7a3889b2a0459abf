#include "classify/terms_build.h"

Z3_ast term_bool(Z3_context z, bool value)
{
  return value ? Z3_mk_true(z) : Z3_mk_false(z);
}

bool term_is(Z3_context z, Z3_ast x, bool value)
{
  return x == term_bool(z, value);
}

Z3_ast term_and(Z3_context z, Z3_ast x, Z3_ast y)
{
  if (x == y || term_is(z, y, true) || term_is(z, x, false)) {
    return x;
  }
  if (term_is(z, x, true) || term_is(z, y, false)) {
    return y;
  }
  return Z3_mk_and(z, 2, (Z3_ast[]){x, y});
}

Z3_ast term_or(Z3_context z, Z3_ast x, Z3_ast y)
{
  if (x == y || term_is(z, y, false) || term_is(z, x, true)) {
    return x;
  }
  if (term_is(z, x, false) || term_is(z, y, true)) {
    return y;
  }
  return Z3_mk_or(z, 2, (Z3_ast[]){x, y});
}

static bool is_a(Z3_context z, Z3_ast x, Z3_decl_kind kind)
{
  return Z3_get_ast_kind(z, x) == Z3_APP_AST &&
         Z3_get_decl_kind(z, Z3_get_app_decl(z, Z3_to_app(z, x))) == kind;
}

static Z3_ast part(Z3_context z, Z3_ast x, unsigned i)
{
  return Z3_get_app_arg(z, Z3_to_app(z, x), i);
}

Z3_ast term_not(Z3_context z, Z3_ast x)
{
  if (term_is(z, x, true) || term_is(z, x, false)) {
    return term_bool(z, term_is(z, x, false));
  }
  return is_a(z, x, Z3_OP_NOT) ? part(z, x, 0) : Z3_mk_not(z, x);
}

static bool is_number(Z3_context z, Z3_ast x)
{
  return Z3_get_ast_kind(z, x) == Z3_NUMERAL_AST;
}

static uint64_t number_of(Z3_context z, Z3_ast x)
{
  uint64_t value = 0;
  Z3_get_numeral_uint64(z, x, &value);
  return value;
}

/* One of them is a wider form of something narrower: compare that. */
static Z3_ast eq_narrow(Z3_context z, Z3_ast wide, Z3_ast y)
{
  Z3_ast x = part(z, wide, 0);
  unsigned width = term_width(z, x);
  if (is_number(z, y)) {
    uint64_t value = number_of(z, y);
    return value >> width ? term_bool(z, false) : term_eq(z, x, term_number(z, width, value));
  }
  if (is_a(z, y, Z3_OP_ZERO_EXT) && term_width(z, part(z, y, 0)) == width) {
    return term_eq(z, x, part(z, y, 0));
  }
  return Z3_mk_eq(z, wide, y);
}

Z3_ast term_eq(Z3_context z, Z3_ast x, Z3_ast y)
{
  if (x == y || (is_number(z, x) && is_number(z, y))) {
    return term_bool(z, x == y);
  }
  if (is_a(z, x, Z3_OP_ZERO_EXT)) {
    return eq_narrow(z, x, y);
  }
  return is_a(z, y, Z3_OP_ZERO_EXT) ? eq_narrow(z, y, x) : Z3_mk_eq(z, x, y);
}

Z3_ast term_ite(Z3_context z, Z3_ast c, Z3_ast x, Z3_ast y)
{
  if (x == y || term_is(z, c, true)) {
    return x;
  }
  if (term_is(z, c, false)) {
    return y;
  }
  if (term_is(z, x, true) || term_is(z, x, false) || term_is(z, y, true) || term_is(z, y, false)) {
    return term_or(z, term_and(z, c, x), term_and(z, term_not(z, c), y));
  }
  return Z3_mk_ite(z, c, x, y);
}

Z3_ast term_number(Z3_context z, unsigned width, uint64_t value)
{
  return Z3_mk_unsigned_int64(z, value & UINT64_MAX >> (64 - width), Z3_mk_bv_sort(z, width));
}

unsigned term_width(Z3_context z, Z3_ast x)
{
  return Z3_get_bv_sort_size(z, Z3_get_sort(z, x));
}

/* Of a high and a low part, the latter `split` bits wide. */
static Z3_ast bits_of_two(Z3_context z, Z3_ast upper, Z3_ast lower, unsigned split, unsigned high,
                          unsigned low)
{
  if (low >= split) {
    return term_bits(z, upper, high - split, low - split);
  }
  if (high < split) {
    return term_bits(z, lower, high, low);
  }
  return term_concat(z, term_bits(z, upper, high - split, 0), term_bits(z, lower, split - 1, low));
}

Z3_ast term_bits(Z3_context z, Z3_ast x, unsigned high, unsigned low)
{
  unsigned width = term_width(z, x);
  if (low == 0 && high == width - 1) {
    return x;
  }
  if (is_number(z, x)) {
    return term_number(z, high - low + 1, number_of(z, x) >> low);
  }
  if (is_a(z, x, Z3_OP_CONCAT)) {
    Z3_ast lower = part(z, x, 1);
    return bits_of_two(z, part(z, x, 0), lower, term_width(z, lower), high, low);
  }
  if (is_a(z, x, Z3_OP_ZERO_EXT)) {
    Z3_ast lower = part(z, x, 0);
    unsigned split = term_width(z, lower);
    return bits_of_two(z, term_number(z, width - split, 0), lower, split, high, low);
  }
  if (is_a(z, x, Z3_OP_ITE)) {
    return term_ite(z, part(z, x, 0), term_bits(z, part(z, x, 1), high, low),
                    term_bits(z, part(z, x, 2), high, low));
  }
  return Z3_mk_extract(z, high, low, x);
}

Z3_ast term_widen(Z3_context z, Z3_ast x, unsigned width)
{
  unsigned have = term_width(z, x);
  return have == width ? x : Z3_mk_zero_ext(z, width - have, x);
}

Z3_ast term_concat(Z3_context z, Z3_ast high, Z3_ast low)
{
  if (high && is_number(z, high) && is_number(z, low)) {
    unsigned width = term_width(z, low);
    uint64_t value = number_of(z, high) << width | number_of(z, low);
    return term_number(z, term_width(z, high) + width, value);
  }
  return high ? Z3_mk_concat(z, high, low) : low;
}

Z3_ast term_of_bool(Z3_context z, Z3_ast c)
{
  return term_ite(z, c, term_number(z, 32, 1), term_number(z, 32, 0));
}

Z3_ast term_truth(Z3_context z, Z3_ast x)
{
  Z3_ast zero = term_number(z, 32, 0), one = term_number(z, 32, 1);
  if (is_a(z, x, Z3_OP_ITE) && part(z, x, 1) == one && part(z, x, 2) == zero) {
    return part(z, x, 0);
  }
  return term_not(z, term_eq(z, x, zero));
}

Z3_ast term_apply1(Z3_context z, Z3_func_decl f, Z3_ast x)
{
  return Z3_mk_app(z, f, 1, &x);
}
