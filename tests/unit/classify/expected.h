/* The verdicts derived by hand: the lines `verdict` of tests/classify/expected.txt.
 */
#ifndef TRAPEZE_TESTS_UNIT_CLASSIFY_EXPECTED_H
#define TRAPEZE_TESTS_UNIT_CLASSIFY_EXPECTED_H

#include "classify/route.h"

struct expected;

/* The process ends if the file is not as it should be. */
struct expected *expected_load(void);
void expected_free(struct expected *e);
/* Number of lines that expected_check() has looked up at least once, and of all. */
unsigned expected_used(const struct expected *e, unsigned *of);

/* Whether a route's findings are what is expected; says on stderr what is not. User and
 * errant instructions, which the file does not list, are unprivileged and innocuous; a
 * system instruction that traps outside mode 0 is on every profile what it is on pg. */
bool expected_check(struct expected *e, const struct profile *profile, enum isa_insn insn,
                    enum model model, const struct route_findings *f);

#endif
