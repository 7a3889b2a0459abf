/* Bad profiles and what is said about them: tests/profiles/NAME.profile and
 * NAME.expected. UPDATE_GOLDEN=1 in the environment rewrites the expectations.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "isa/profile.h"

#define FOLDER "tests/profiles"

static char *slurp(const char *path, size_t *len)
{
  FILE *f = fopen(path, "rb");
  if (!f)
    return NULL;
  char *text = calloc(1, 1u << 16);
  *len = fread(text, 1, (1u << 16) - 1, f);
  fclose(f);
  return text;
}

static char *messages_of(const char *file, const char *text, size_t len)
{
  char *printed;
  size_t size;
  FILE *errors = open_memstream(&printed, &size);
  struct profile *p = profile_parse(file, text, len, errors);
  fclose(errors);
  assert_null(p);
  profile_destroy(p);
  return printed;
}

static bool matches(const char *stem)
{
  char path[300], expected_path[300];
  snprintf(path, sizeof path, "%s/%s.profile", FOLDER, stem);
  snprintf(expected_path, sizeof expected_path, "%s/%s.expected", FOLDER, stem);
  size_t len, expected_len = 0;
  char *text = slurp(path, &len);
  assert_non_null(text);
  char *got = messages_of(path, text, len);
  if (getenv("UPDATE_GOLDEN")) {
    FILE *f = fopen(expected_path, "wb");
    assert_non_null(f);
    fputs(got, f);
    fclose(f);
  }
  char *expected = slurp(expected_path, &expected_len);
  bool same = expected && strcmp(expected, got) == 0;
  if (!same)
    print_error("%s: expected:\n%s\n%s: got:\n%s\n", stem, expected ? expected : "(no file)", stem,
                got);
  free(expected);
  free(got);
  free(text);
  return same;
}

static void test_golden_messages(void **state)
{
  (void)state;
  struct dirent **names;
  int count = scandir(FOLDER, &names, NULL, alphasort), cases = 0, wrong = 0;
  assert_true(count > 0); /* run from the root of the repository */
  for (int i = 0; i < count; i++) {
    char *dot = strrchr(names[i]->d_name, '.');
    if (dot && strcmp(dot, ".profile") == 0) {
      *dot = '\0';
      cases++;
      wrong += !matches(names[i]->d_name);
    }
    free(names[i]);
  }
  free(names);
  assert_int_equal(wrong, 0);
  assert_true(cases >= 12);
}

/* The comparison is able to fail: one byte of the source moves the caret. */
static void test_a_difference_is_seen(void **state)
{
  (void)state;
  const char text[] = "profile p; title \"T\"; modes 5; mmu bounds; io ports;";
  char *here = messages_of("p", text, sizeof text - 1);
  const char moved[] = " profile p; title \"T\"; modes 5; mmu bounds; io ports;";
  char *there = messages_of("p", moved, sizeof moved - 1);
  assert_string_not_equal(here, there);
  free(here);
  free(there);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_golden_messages),
      cmocka_unit_test(test_a_difference_is_seen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
