/* The solver when the host has no memory left, at each of our allocations: it may give
 * up or come without a witness, but never answers wrongly. (Z3's own memory is its
 * own affair: it ends the process with status 3.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "classify/route.h"
#include "classify/terms_eval.h"
#include "tests/common/host.h"
#include "tests/common/program.h"
#include "tests/unit/classify/trying.h"

static bool asks_as(const struct profile *profile, const struct route_findings *right)
{
  static struct route_findings f;
  const char *reason = NULL;
  struct solver *s = solver_create(profile, &reason);
  if (!s) {
    assert_non_null(reason);
    return false;
  }
  solver_ask(s, ISA_STPREV, MODEL_EXTENDED, &f);
  solver_destroy(s);
  bool same = true;
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    const struct route_finding *a = &f.finding[q], *b = &right->finding[q];
    assert_true(a->answer == b->answer || a->answer == ROUTE_UNKNOWN);
    same = same && a->answer == b->answer && a->has_witness == b->has_witness;
  }
  return same;
}

static void test_ask(void **state)
{
  (void)state;
  static struct route_findings right;
  struct profile *profile = trying_profile("s360");
  const char *reason;
  struct solver *s = solver_create(profile, &reason);
  insist(s != NULL, "there is memory");
  solver_ask(s, ISA_STPREV, MODEL_EXTENDED, &right);
  solver_destroy(s);
  unsigned less = 0;
  for (unsigned long nth = 1;; nth++) {
    assert_true(nth < 1000);
    host_fail(HOST_MEMORY, nth, ENOMEM);
    bool same = asks_as(profile, &right);
    bool struck = host_heal();
    less += !same;
    if (!struck) {
      assert_true(same);
      break;
    }
  }
  assert_true(less >= 2);
  profile_destroy(profile);
}

/* Terms enough that their program has to grow. */
static void test_compile(void **state)
{
  (void)state;
  struct profile *profile = trying_profile("s360");
  struct terms *t = terms_create(profile, ISA_MTCR);
  insist(t != NULL, "there is memory");
  struct term_state s;
  struct term_result r;
  terms_state(t, 0, 0, &s);
  terms_execute(t, &s, &r);
  unsigned long nth = 0;
  struct term_program *p = NULL;
  bool struck = true;
  while (struck) {
    assert_true(nth < 100);
    host_fail(HOST_MEMORY, ++nth, ENOMEM);
    p = term_compile(t, r.output, TERM_OUTPUTS);
    struck = host_heal();
    assert_true((p == NULL) == struck);
  }
  assert_true(nth > 4);
  term_program_destroy(p);
  terms_destroy(t);
  profile_destroy(profile);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ask),
      cmocka_unit_test(test_compile),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
