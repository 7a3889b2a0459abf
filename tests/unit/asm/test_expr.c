/* Expressions, against an evaluator of the test's own. */
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t value_of(const char *definitions, const char *expression)
{
  char *text;
  size_t len, count;
  FILE *f = open_memstream(&text, &len);
  fprintf(f, ".word (%s) & 0xffffffff, ((%s) >> 32) & 0xffffffff\n%s", expression, expression,
          definitions);
  fclose(f);
  uint32_t *words = run_words(text, &count);
  assert_int_equal(count, 2);
  int64_t value = (int64_t)((uint64_t)words[1] << 32 | words[0]);
  free(words);
  free(text);
  return value;
}

static void test_literals(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int64_t value;
  } cases[] = {
      {"0", 0},
      {"10", 10},
      {"0x1F", 31},
      {"0b101", 5},
      {"010", 8},
      {"0", 0},
      {"18446744073709551615", -1},
      {"0xffffffffffffffff", -1},
      {"'a'", 97},
      {"'\\n'", 10},
      {"'\\''", 39},
      {"'\\\\'", 92},
      {"'\"'", 34},
      {"'\\x7f'", 127},
      {"'\\0'", 0},
      {"'\\377'", 255},
      {"';'", ';'},
      {"'#'", '#'},
      {"%hi(0x12345678)", 0x12345},
      {"%lo(0x12345678)", 0x678},
      {"%lo(-1)", 0xfff},
      {"%hi(-1)", 0xfffff},
      {"%hi(0xffffffff)", 0xfffff},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t got = value_of("", cases[i].text);
    if (got != cases[i].value)
      fail_msg("%s is %" PRId64, cases[i].text, got);
  }
}

static void test_precedence(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int64_t value;
  } cases[] = {
      {"1 + 2 * 3", 7},
      {"(1 + 2) * 3", 9},
      {"10 - 4 - 3", 3},
      {"100 / 10 / 5", 2},
      {"-7 / 2", -3},
      {"-7 % 2", -1},
      {"1 << 2 + 3", 32},
      {"1 << 40 >> 38", 4},
      {"-8 >> 1", -4},
      {"1 | 2 ^ 3 & 4", 1 | (2 ^ (3 & 4))},
      {"5 & 3 == 3", 1},
      {"1 < 2 == 2 > 1", 1},
      {"1 == 2 || 3 != 4 && 0", 0},
      {"~0", -1},
      {"!5 + 1", 1},
      {"!0", 1},
      {"- - 5", 5},
      {"-~5", 6},
      {"1 ? 2 : 3 ? 4 : 5", 2},
      {"0 ? 2 : 0 ? 4 : 5", 5},
      {"(1 ? 0 : 1) ? 2 : 3", 3},
      {"2 + 1 ? 10 : 20", 10},
      {"'a' + 1", 98},
      {"3 * -2", -6},
      {"1 - -1", 2},
      {"0x7fffffffffffffff + 1", INT64_MIN},
      {"-0x8000000000000000 / -1", INT64_MIN},
      {"-0x8000000000000000 % -1", 0},
      {"1 <= 1 >= 1", 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t got = value_of("", cases[i].text);
    if (got != cases[i].value)
      fail_msg("%s is %" PRId64, cases[i].text, got);
  }
}

/* ------------------------------------------------- seeded random expressions */
#define NAMES 4

struct random_expr {
  uint64_t seed;
  int64_t names[NAMES];
  FILE *literal, *named; /* the same, with numbers and with names for some of them */
};

static void put(struct random_expr *r, const char *text)
{
  fputs(text, r->literal);
  fputs(text, r->named);
}

static int64_t leaf(struct random_expr *r)
{
  uint64_t n = next_random(&r->seed);
  if (n % 3 == 0) {
    fprintf(r->named, "n%d", (int)(n / 3 % NAMES));
    int64_t value = r->names[n / 3 % NAMES];
    if (value < 0)
      fprintf(r->literal, "(-0x%" PRIx64 ")", 0 - (uint64_t)value);
    else
      fprintf(r->literal, "%" PRId64, value);
    return value;
  }
  char text[32];
  int64_t value = (int64_t)(n >> 32) >> n % 32;
  snprintf(text, sizeof text, n & 64 ? "%" PRId64 : "0x%" PRIx64, value);
  put(r, text);
  return value;
}

static int64_t apply(int op, int64_t x, int64_t y)
{
  uint64_t a = (uint64_t)x, b = (uint64_t)y;
  switch (op) {
  case 0:
    return (int64_t)(a + b);
  case 1:
    return (int64_t)(a - b);
  case 2:
    return (int64_t)(a * b);
  case 3:
    return (int64_t)(a & b);
  case 4:
    return (int64_t)(a | b);
  case 5:
    return (int64_t)(a ^ b);
  case 6:
    return x < y;
  case 7:
    return x > y;
  case 8:
    return x <= y;
  case 9:
    return x >= y;
  case 10:
    return x == y;
  case 11:
    return x != y;
  case 12:
    return x && y;
  default:
    return x || y;
  }
}

static int64_t random_tree(struct random_expr *r, unsigned depth)
{
  static const char *const ops[] = {" + ", " - ",  " * ",  " & ",  " | ",  " ^ ",  " < ",
                                    " > ", " <= ", " >= ", " == ", " != ", " && ", " || "};
  uint64_t n = next_random(&r->seed);
  if (depth == 0 || n % 5 == 0)
    return leaf(r);
  int64_t x, y, z;
  n /= 5;
  if (n % 8 == 0) {
    put(r, n & 8 ? "(-" : "(~");
    x = random_tree(r, depth - 1);
    put(r, ")");
    return n & 8 ? (int64_t)(0 - (uint64_t)x) : ~x;
  }
  put(r, "(");
  x = random_tree(r, depth - 1);
  if (n % 8 == 1) {
    put(r, " ? ");
    y = random_tree(r, depth - 1);
    put(r, " : ");
    z = random_tree(r, depth - 1);
    put(r, ")");
    return x ? y : z;
  }
  unsigned op = (unsigned)(n / 8 % (sizeof ops / sizeof ops[0]));
  put(r, ops[op]);
  y = random_tree(r, depth - 1);
  put(r, ")");
  return apply((int)op, x, y);
}

static void test_random(void **state)
{
  (void)state;
  struct random_expr r = {.seed = 42, .names = {5, -1, 0x123456789, INT64_MIN}};
  static const char definitions[] = ".equ n3, -0x7fffffffffffffff - 1\n.equ n2, 0x123456789\n"
                                    ".equ n1, n0 - 6\n.equ n0, 5\n";
  for (int i = 0; i < 1000; i++) {
    char *literal, *named;
    size_t len;
    r.literal = open_memstream(&literal, &len);
    r.named = open_memstream(&named, &len);
    int64_t expected = random_tree(&r, 5);
    fclose(r.literal);
    fclose(r.named);
    int64_t now = value_of("", literal), later = value_of(definitions, named);
    if (now != expected || later != expected)
      fail_msg("%s is %" PRId64 " at once and %" PRId64 " by forward reference, not %" PRId64,
               literal, now, later, expected);
    free(literal);
    free(named);
  }
}

/* ------------------------------------------------------------------ symbols */
static void expect_words(const char *text, const uint32_t *expected, size_t expected_count)
{
  size_t count;
  uint32_t *words = run_words(text, &count);
  if (count != expected_count)
    fail_msg("%zu words, not %zu:\n%s", count, expected_count, text);
  for (size_t i = 0; i < count; i++)
    if (words[i] != expected[i])
      fail_msg("word %zu is 0x%x, not 0x%x:\n%s", i, words[i], expected[i], text);
  free(words);
}
#define EXPECT(text, ...)                                                                          \
  expect_words((text), (const uint32_t[]){__VA_ARGS__},                                            \
               sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void test_symbols(void **state)
{
  (void)state;
  EXPECT("a: .word a, b, b - a\nb: .word .\n", 0x1000, 0x100c, 12, 0x100c);
  EXPECT(".set x, 1\n.word x\n.set x, x + 1\n.word x\nx = x * 10\n.word x\n", 1, 2, 20);
  EXPECT(".word x\n.set x, 1\n.set x, 2\n", 2);
  EXPECT("y = later + 1\n.word y\nlater = 5\n", 6);
  EXPECT(".equ a, b\n.equ b, c + 1\n.equ c, 3\n.word a, b, c\n", 4, 4, 3);
  EXPECT(".word ., ., .\n.word . - 4\n", 0x1000, 0x1000, 0x1000, 0x1008);
  EXPECT("1: .word 1b, 1f\n1: .word 1b, 2f\n2:\n", 0x1000, 0x1008, 0x1008, 0x1010);
  EXPECT(".word d\n.data\n.org 0x1004\nd: .word e - d\ne:\n", 0x1004, 4);
  EXPECT("start: .space 512 - (. - start) - 508, 7\n", 0x07070707);
  /* Within a section that has no place yet, differences and comparisons are known. */
  EXPECT(".text\n.data\nx: .word 1\ny:\n.text\n.org 0x1ffc\n.fill (y - x) / 4, 4, 9\n"
         ".data\n.if y > x && y == x + 4\n.word 2\n.endif\n",
         9, 1, 2);
}

static void test_symbol_errors(void **state)
{
  (void)state;
  run_fails(".word nothing\n", "'nothing' is not defined");
  run_fails("counter: .word conter\n", "did you mean 'counter'?");
  run_fails("a:\na:\n", "'a' is already defined");
  run_fails(".equ a, 1\n.equ a, 1\n", "'a' is already defined");
  run_fails(".equ a, 1\n.set a, 1\n", "'a' is already defined");
  run_fails(".equ a, b\n.equ b, a\n", "in terms of itself");
  run_fails(".word 1b\n", "no label '1:' before");
  run_fails(".word 1f\n1b\n", "no label '1:' after");
  run_fails("sp:\n", "is a register");
  run_fails(".globl nowhere\n", "declared global but never defined");
  run_fails(".space later\nlater = 1\n", "must be known here");
  run_fails(".word 1 / 0\n", "division by zero");
  run_fails(".equ z, 0\n.word 1 % y\ny = z\n", "division by zero");
  run_fails(".word 1 << 64\n", "0 to 63");
  run_fails(".word %hi(0x100000000)\n", "does not fit 32 bits");
  run_fails(".byte 256\n", "-128 to 255");
  run_fails(".half -32769\n", "-32768 to 65535");
  run_fails(".word 0x100000000\n", "does not fit 32 bits");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_literals),      cmocka_unit_test(test_precedence),
      cmocka_unit_test(test_random),        cmocka_unit_test(test_symbols),
      cmocka_unit_test(test_symbol_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
