/* A stream into memory has all that was written to it, or says that it has not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/host.h"
#include "tools/common/memory.h"

#define LINES 3000

static void write_lines(struct memory *m)
{
  for (unsigned i = 0; i < LINES; i++) {
    fprintf(m->stream, "line %u\n", i);
  }
}

static void test_whole(void **state)
{
  (void)state;
  struct memory m;
  assert_true(memory_open(&m));
  write_lines(&m);
  assert_true(memory_close(&m));
  assert_int_equal(strlen(m.text), m.len);
  const char *at = m.text;
  for (unsigned i = 0; i < LINES; i++) {
    assert_int_equal(strtoul(at + 5, (char **)&at, 10), i);
    assert_int_equal(*at++, '\n');
  }
  assert_int_equal(*at, '\0');
  free(m.text);
}

static void test_nothing_written(void **state)
{
  (void)state;
  struct memory m;
  assert_true(memory_open(&m));
  assert_true(memory_close(&m));
  assert_string_equal(m.text, "");
  free(m.text);
}

/* Each allocation of ours in turn. */
static void test_no_memory(void **state)
{
  (void)state;
  unsigned long n = 1;
  for (bool met = true; met; n++) {
    struct memory m;
    host_fail(HOST_MEMORY, n, ENOMEM);
    if (memory_open(&m)) {
      write_lines(&m);
    }
    bool whole = memory_close(&m);
    met = host_heal();
    assert_int_equal(whole, !met);
    assert_int_equal(m.text != NULL, whole);
    free(m.text);
  }
  assert_true(n > 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_whole),
      cmocka_unit_test(test_nothing_written),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
