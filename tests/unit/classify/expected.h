/* The verdicts derived by hand: the lines `verdict` of tests/classify/expected.txt.
 */
#ifndef TRAPEZE_TESTS_UNIT_CLASSIFY_EXPECTED_H
#define TRAPEZE_TESTS_UNIT_CLASSIFY_EXPECTED_H

#include "classify/route.h"

struct expected;

/* The process ends if the file is not as it should be. */
struct expected *expected_load(void);
void expected_free(struct expected *e);
/* Number of the profile's lines that expected_check() has not looked up. */
unsigned expected_unused(const struct expected *e, const char *profile);

/* Whether a route's findings are what is expected; says on stderr what is not. User and
 * errant instructions, which the file does not list, are unprivileged and innocuous; a
 * system instruction that traps outside mode 0 is on every profile what it is on pg. */
bool expected_check(struct expected *e, const struct profile *profile, enum isa_insn insn,
                    enum model model, const struct route_findings *f);

#endif
