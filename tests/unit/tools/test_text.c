#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "tools/common/options.h"
#include "tools/common/text.h"

static void counts_have_separators(void **state)
{
  (void)state;
  char buf[TEXT_COUNT_SIZE];
  assert_string_equal(text_count(buf, 0), "0");
  assert_string_equal(text_count(buf, 999), "999");
  assert_string_equal(text_count(buf, 1000), "1,000");
  assert_string_equal(text_count(buf, 1234567), "1,234,567");
  assert_string_equal(text_count(buf, UINT64_MAX), "18,446,744,073,709,551,615");
}

/* 100 % must mean all: nothing rounds up to it. */
static void percentages_round_down(void **state)
{
  (void)state;
  char buf[TEXT_COUNT_SIZE];
  assert_string_equal(text_percent(buf, 1, 1), "100 %");
  assert_string_equal(text_percent(buf, 9999999, 10000000), "99.99 %");
  assert_string_equal(text_percent(buf, 0, 10), "0.00 %");
  assert_string_equal(text_percent(buf, 0, 0), "-");
  assert_string_equal(text_percent(buf, UINT64_MAX - 1, UINT64_MAX), "99.99 %");
}

static void sizes_have_units(void **state)
{
  (void)state;
  char buf[TEXT_COUNT_SIZE];
  assert_string_equal(text_size(buf, 1u << 20), "1 MiB");
  assert_string_equal(text_size(buf, 192u << 10), "192 KiB");
  assert_string_equal(text_size(buf, 1000), "1000 bytes");
  assert_string_equal(text_size(buf, 0), "0 bytes");
  assert_string_equal(text_size(buf, 4ull << 40), "4096 GiB");
}

static char *wrapped(const char *text, int column, int indent)
{
  char *buf = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&buf, &size);
  text_wrap(out, text, column, indent);
  fclose(out);
  return buf;
}

static void wrapped_lines_fit(void **state)
{
  (void)state;
  char words[400] = "";
  for (int i = 0; i < 60; i++)
    strcat(words, i % 3 ? "word " : "longer ");
  char *text = wrapped(words, 20, 20);
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    assert_true(strlen(line) <= TEXT_WIDTH);
    assert_true(line[strlen(line) - 1] != ' ');
  }
  free(text);
  text = wrapped("", 4, 4);
  assert_string_equal(text, "\n");
  free(text);
}

static void quotes_are_readable_and_cut(void **state)
{
  (void)state;
  char buf[16];
  assert_string_equal(text_quote(buf, sizeof buf, (const uint8_t *)"a\n\"\x01", 4),
                      "a\\n\\\"\\x01");
  assert_string_equal(text_quote(buf, sizeof buf, (const uint8_t *)"0123456789abcdefgh", 18),
                      "0123456789ab...");
  assert_string_equal(text_quote(buf, sizeof buf, (const uint8_t *)"", 0), "");
}

static void numbers_of_options(void **state)
{
  (void)state;
  uint64_t n = 7;
  assert_true(options_count("5M", &n) && n == 5000000);
  assert_true(options_count("0x10", &n) && n == 16);
  assert_true(options_size("64K", &n) && n == 65536);
  assert_true(options_size("1G", &n) && n == 1u << 30);
  assert_true(options_count("010", &n) && n == 10); /* people mean ten */
  static const char *const bad[] = {"",
                                    "-1",
                                    "5m",
                                    "M",
                                    "1MM",
                                    "1 ",
                                    " 1",
                                    "0x",
                                    "1.5",
                                    "18446744073709551616",
                                    "99999999999999999G"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (options_count(bad[i], &n))
      fail_msg("'%s' was taken for a number", bad[i]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_have_separators),
      cmocka_unit_test(percentages_round_down),
      cmocka_unit_test(sizes_have_units),
      cmocka_unit_test(wrapped_lines_fit),
      cmocka_unit_test(quotes_are_readable_and_cut),
      cmocka_unit_test(numbers_of_options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
