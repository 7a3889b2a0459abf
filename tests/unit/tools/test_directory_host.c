/* Directories on a host without memory: one message, NULL, and errno says whose fault. */
#include "tests/common/host.h"

#include "testing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/directory/directory.h"

/* Programs are known already: what assembling them does without memory is not the point. */
static enum directory_answer known_program(void *ctx, const char *name, uint32_t *bytes,
                                           FILE *errors)
{
  (void)ctx;
  (void)name;
  (void)errors;
  *bytes = 4096;
  return DIRECTORY_GOOD;
}

/* Each allocation fails in turn. How many there were. */
static unsigned long each(const char *text)
{
  struct directory_host host = directory_files;
  host.program = known_program;
  for (unsigned long nth = 1;; nth++) {
    char *said;
    size_t size;
    FILE *errors = open_memstream(&said, &size);
    assert_non_null(errors);
    host_fail(HOST_MEMORY, nth, ENOMEM);
    struct directory *d = directory_parse("class.dir", text, strlen(text), &host, errors);
    int error = errno;
    bool struck = host_heal();
    fclose(errors);
    const char *newline = strchr(said, '\n');
    if (struck && (d || error != ENOMEM || !newline || newline[1]))
      fail_msg("allocation %lu: %s, errno %d: %s", nth, d ? "made" : "refused", error, said);
    if (!struck && (!d || *said))
      fail_msg("nothing failed: %s", said);
    free(said);
    directory_destroy(d);
    if (!struck)
      return nth - 1;
  }
}

static void test_parse(void **state)
{
  (void)state;
  assert_true(each("user a { program minos; }") > 8);
  assert_true(each(directory_example) > 30);
}

/* Tables that grow. */
static void test_many(void **state)
{
  (void)state;
  char text[4096] = "machine { switch x; }";
  for (int i = 0; i < 20; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text),
             "user u%d { program minos; requires bounds; console shared log \"%d.log\"; "
             "network switch x peers u%d; }\n",
             i, i, i ^ 1);
  assert_true(each(text) > 100);
}

/* The file's bytes, and what is read from them. */
static void test_load(void **state)
{
  (void)state;
  char *said;
  size_t size;
  FILE *errors = open_memstream(&said, &size);
  assert_non_null(errors);
  host_fail(HOST_MEMORY, 2, ENOMEM); /* the first is fopen()'s, or the bytes */
  assert_null(directory_load("docs/examples/class.dir", &directory_files, errors));
  assert_int_equal(errno, ENOMEM);
  assert_true(host_heal());
  host_fail(HOST_FREAD, 1, EIO);
  assert_null(directory_load("docs/examples/class.dir", &directory_files, errors));
  assert_int_equal(errno, EIO);
  assert_true(host_heal());
  fclose(errors);
  assert_non_null(strstr(said, "cannot read this directory: Input/output error"));
  free(said);
}

/* Pictures and tables say so rather than leaving out. */
static void test_show(void **state)
{
  (void)state;
  struct directory_host host = directory_files;
  host.program = known_program;
  struct directory *d =
      directory_parse("class.dir", directory_example, strlen(directory_example), &host, stderr);
  FILE *sink = fopen("/dev/null", "w");
  assert_non_null(d);
  assert_non_null(sink);
  host_fail(HOST_MEMORY, 1, ENOMEM);
  assert_false(directory_print(sink, d));
  assert_true(host_heal());
  for (unsigned long nth = 1; nth <= 3; nth++) {
    host_fail(HOST_MEMORY, nth, ENOMEM);
    assert_false(directory_draw(sink, d));
    assert_true(host_heal());
  }
  assert_true(directory_print(sink, d) && directory_draw(sink, d));
  fclose(sink);
  directory_destroy(d);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse),
      cmocka_unit_test(test_many),
      cmocka_unit_test(test_load),
      cmocka_unit_test(test_show),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
