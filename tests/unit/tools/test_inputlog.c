#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/inputlog.h"

static void typed_bytes_come_at_a_steady_rate(void **state)
{
  (void)state;
  struct inputlog log = {0};
  assert_true(inputlog_type(&log, (const uint8_t *)"abc", 3, 5000));
  assert_int_equal(log.count, 3);
  assert_int_equal(log.entries[0].tick, 5000);
  assert_int_equal(log.entries[2].tick, 15000);
  assert_int_equal(log.entries[2].byte, 'c');
  inputlog_destroy(&log);
}

static void what_is_written_is_read_back(void **state)
{
  (void)state;
  struct inputlog log = {0}, again = {0};
  for (unsigned i = 0; i < 256; i++)
    assert_true(inputlog_add(&log, i * 17 / 3, (uint8_t)i));
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  inputlog_write(&log, out);
  fclose(out);
  assert_int_equal(inputlog_parse(&again, "log", text), STATUS_DONE);
  assert_int_equal(again.count, 256);
  for (unsigned i = 0; i < 256; i++) {
    assert_int_equal(again.entries[i].tick, log.entries[i].tick);
    assert_int_equal(again.entries[i].byte, log.entries[i].byte);
  }
  free(text);
  inputlog_destroy(&log);
  inputlog_destroy(&again);
}

static void ticks_do_not_go_back(void **state)
{
  (void)state;
  struct inputlog log = {0};
  assert_true(inputlog_add(&log, 100, 1) && inputlog_add(&log, 50, 2));
  assert_int_equal(log.entries[1].tick, 100);
  inputlog_destroy(&log);
}

static void bad_logs_are_refused(void **state)
{
  (void)state;
  static const char *const bad[] = {"5000\n",       "x 1\n",  "1 256\n", "1 2 3\n",
                                    "20 1\n10 1\n", "1 2x\n", "-1 2\n",  "1,2\n"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct inputlog log = {0};
    if (inputlog_parse(&log, "bad", bad[i]) != STATUS_USAGE)
      fail_msg("'%s' was taken for a log", bad[i]);
    inputlog_destroy(&log);
  }
  struct inputlog log = {0};
  assert_int_equal(inputlog_parse(&log, "good", "# none\n\n  7\t0x41 # A\n8 66"), STATUS_DONE);
  assert_int_equal(log.count, 2);
  assert_int_equal(log.entries[1].byte, 'B');
  inputlog_destroy(&log);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(typed_bytes_come_at_a_steady_rate),
      cmocka_unit_test(what_is_written_is_read_back),
      cmocka_unit_test(ticks_do_not_go_back),
      cmocka_unit_test(bad_logs_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
