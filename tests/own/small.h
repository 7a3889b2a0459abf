/* Whether a witness is as small as it is said to be. */
#ifndef TRAPEZE_TESTS_OWN_SMALL_H
#define TRAPEZE_TESTS_OWN_SMALL_H

#include "classify/classify.h"

/* How many of these witnesses can do without something: with one word, one field of the PSW, one
 * cell, one key or a device as after reset, in both states, or in one as in the other, they would
 * still be witnesses. Each is told to `out`. *seen is increased by the number of witnesses.
 * padded: of witnesses in which a register holds something that no instruction needs. */
unsigned small_check(const struct classification *c, bool padded, unsigned *seen, FILE *out);

#endif
