/* The output of two guests that are not the same: what counts as the same, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/compare/output.h"

static struct output_text text(const char *s)
{
  return (struct output_text){(const uint8_t *)s, strlen(s)};
}

static struct output_verdict hold(const char *native, const char *later, const char *other)
{
  struct output_verdict v;
  assert_true(output_compare(text(native), text(later), text(other), &v));
  return v;
}

static void same(void **state)
{
  (void)state;
  struct output_verdict v = hold("a 1\nb\n", "a 1\nb\n", "a 1\nb\n");
  assert_true(v.bytes && v.lines && v.of_all == 2 && v.timely == 0);
  v = hold("a 1\nb\n", "a 1\nb\n", "b\na 1\n");
  assert_true(!v.bytes && v.lines);
  v = hold("", "", "");
  assert_true(v.bytes && v.lines && v.of_all == 0);
  v = hold("a\nb", "a\nb", "b\na"); /* without the last line's end */
  assert_true(v.lines && !v.bytes);
}

/* No number may be another unless the clock's. */
static void what_tells_the_time(void **state)
{
  (void)state;
  const char *native = "2 and 2 is 4\nat tick 100\nwait   7  x\n";
  struct output_verdict v = hold(native, "2 and 2 is 4\nat tick 110\nwait  12  x\n",
                                 "at tick 99\n2 and 2 is 4\nwait 1000  x\n");
  assert_true(v.lines && v.of_all == 3 && v.timely == 2);
  v = hold(native, "2 and 2 is 4\nat tick 110\nwait  12  x\n",
           "at tick 99\n2 and 2 is 5\nwait 1000  x\n");
  assert_false(v.lines);
  assert_string_equal(v.first, "2 and 2 is 4");
  v = hold(native, native, "2 and 2 is 4\nat tick 99\nwait   7  x\n");
  assert_false(v.lines); /* that clock was the same */
}

/* As many of such lines; but where the clock decides how many there are, any number. */
static void lines_that_are_missing(void **state)
{
  (void)state;
  assert_false(hold("a\nb\n", "a\nb\n", "a\n").lines);
  assert_string_equal(hold("a\n", "a\n", "a\nc\n").first, "c");
  assert_false(hold("a\na\n", "a\na\n", "a\n").lines);
  assert_false(hold("t 1\nt 2\n", "t 3\nt 4\n", "t 5\n").lines);
  assert_true(hold("t 1\nt 2\n", "t 3\n", "t 5\nt 6\nt 7\n").lines);
  assert_false(hold("t 1\nt 2\n", "t 3\n", "t 5\nu 6\n").lines);
}

static void bytes_that_are_no_text(void **state)
{
  (void)state;
  struct output_verdict v;
  static const uint8_t a[] = {'a', 0, 'b', '\n', 27, '\n'}, b[] = {'a', 0, 'c', '\n', 27, '\n'};
  struct output_text one = {a, sizeof a}, other = {b, sizeof b};
  assert_true(output_compare(one, one, one, &v) && v.bytes && v.lines);
  assert_true(output_compare(one, one, other, &v) && !v.bytes && !v.lines);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same),
      cmocka_unit_test(what_tells_the_time),
      cmocka_unit_test(lines_that_are_missing),
      cmocka_unit_test(bytes_that_are_no_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
