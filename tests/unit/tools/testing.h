/* What every test of this room includes, and its helpers: programs as text, and
 * machines that go wrong at a chosen tick.
 */
#ifndef TRAPEZE_TESTS_UNIT_TOOLS_TESTING_H
#define TRAPEZE_TESTS_UNIT_TOOLS_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/verify/pair.h"

/* Assembles `text` and puts it into the machine; fails the test on errors. */
void load_text(struct machine *m, const char *text);

/* What goes wrong with a machine; applied to it between two instructions. */
typedef void fault_fn(struct machine *m);

struct fault {
  fault_fn *apply;  /* NULL: nothing does */
  uint64_t at;      /* tick */
  uint64_t min_run; /* only in calls that run at least so many ticks; 0: always */
  /* From `at` on it answers this and goes no further; MACHINE_LIMIT: it does not. */
  enum machine_why stop;
};

/* Pairs of two bare machines with the same program, the second one faulty. */
struct faulty_pairs {
  const struct profile *profile;
  const char *text;
  struct fault fault;
  unsigned made;    /* how many so far */
  unsigned fail_at; /* the making that fails; 0: none does */
  unsigned alive;   /* made and not yet destroyed */
};

struct pair_maker faulty_maker(struct faulty_pairs *f);

#endif
