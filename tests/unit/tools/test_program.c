#include "testing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/common/guests.h"
#include "tools/common/program.h"

/* A file with this text, removed by forget(). */
static char *file_with(const char *text, size_t len)
{
  char *path = strdup("/tmp/trapeze-program-XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, len), (ssize_t)len);
  close(fd);
  return path;
}

static void forget(char *path)
{
  unlink(path);
  free(path);
}

static void expect_line(const char *path, unsigned line, const char *expected)
{
  char buf[32];
  bool found = program_source_text(path, line, buf, sizeof buf);
  assert_int_equal(found, expected != NULL);
  if (expected)
    assert_string_equal(buf, expected);
  else
    assert_int_equal(errno, 0);
}

static void lines_are_found(void **state)
{
  (void)state;
  static const char text[] = "one\n\ttwo\r\n\nfour \x01\0five";
  char *path = file_with(text, sizeof text - 1);
  expect_line(path, 0, NULL);
  expect_line(path, 1, "one");
  expect_line(path, 2, " two");
  expect_line(path, 3, "");
  expect_line(path, 4, "four   five"); /* no newline after it */
  expect_line(path, 5, NULL);
  expect_line(path, 0xffffffffu, NULL);
  forget(path);
}

static void long_lines_are_cut(void **state)
{
  (void)state;
  char text[10000];
  memset(text, 'a', sizeof text);
  memcpy(text + 9000, "\nbc", 3);
  char *path = file_with(text, sizeof text);
  expect_line(path, 1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  expect_line(path, 2, "bcaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  forget(path);
}

static void shipped_lines_are_found(void **state)
{
  (void)state;
  char buf[400];
  assert_true(program_source_text(GUESTS_FOLDER "hello.s", 1, buf, sizeof buf));
  assert_int_equal(buf[0], '#');
}

/* A line table may name them; none may hang or fill the memory. */
static void what_is_no_file_has_no_lines(void **state)
{
  (void)state;
  expect_line("/nowhere/at/all.s", 1, NULL);
  expect_line("/tmp", 1, NULL);
  expect_line("/dev/zero", 1, NULL);
  char *path = file_with("", 0);
  expect_line(path, 1, NULL);
  unlink(path);
  assert_int_equal(mkfifo(path, 0600), 0);
  expect_line(path, 1, NULL);
  forget(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_are_found),
      cmocka_unit_test(long_lines_are_cut),
      cmocka_unit_test(shipped_lines_are_found),
      cmocka_unit_test(what_is_no_file_has_no_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
