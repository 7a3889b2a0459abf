/* Profiles on a host without memory: one message, NULL, and errno says whose fault. */
#include "tests/common/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "isa/isa.h"
#include "isa/profile.h"

#include <errno.h>

static const char text[] = "profile mine;\nextends x86;\ntitle \"Mine\";\nstory \"A hole.\";\n"
                           "outside cli = nop;\n";

static struct profile *load(FILE *errors)
{
  return profile_load("x86", errors);
}

static struct profile *parse(FILE *errors)
{
  return profile_parse("mine.profile", text, strlen(text), errors);
}

/* Each allocation fails in turn. How many there were. */
static unsigned long each(struct profile *(*make)(FILE *errors))
{
  for (unsigned long nth = 1;; nth++) {
    char *said;
    size_t size;
    FILE *errors = open_memstream(&said, &size);
    assert_non_null(errors);
    host_fail(HOST_MEMORY, nth, ENOMEM);
    struct profile *p = make(errors);
    int error = errno;
    bool struck = host_heal();
    fclose(errors);
    const char *newline = strchr(said, '\n');
    if (struck && (p || error != ENOMEM || !newline || newline[1])) {
      fail_msg("allocation %lu: %s, errno %d: %s", nth, p ? "made" : "refused", error, said);
    }
    if (!struck && (!p || *said)) {
      fail_msg("nothing failed: %s", said);
    }
    free(said);
    profile_destroy(p);
    if (!struck) {
      return nth - 1;
    }
  }
}

static void test_load(void **state)
{
  (void)state;
  assert_true(each(load) > 3);
}

static void test_parse(void **state)
{
  (void)state;
  assert_true(each(parse) > each(load));
}

static const struct profile *original;

static struct profile *copy(FILE *errors)
{
  return profile_override(original, "bounds", "ports", errors);
}

/* The copy fails; what was copied is still whole. */
static void test_copy(void **state)
{
  (void)state;
  struct profile *p = parse(stderr);
  assert_non_null(p);
  original = p;
  assert_true(each(copy) > 3);
  assert_string_equal(profile_name(p), "mine");
  assert_string_equal(profile_title(p), "Mine");
  assert_int_equal(profile_behaviour(p, ISA_CLI, profile_user_mode(p))->kind, PROFILE_NOP);
  profile_destroy(p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_load),
      cmocka_unit_test(test_copy),
      cmocka_unit_test(test_parse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
