/* What cells are made of, whatever their technique. */
#ifndef TRAPEZE_TOOLS_COMPARE_CELL_H
#define TRAPEZE_TOOLS_COMPARE_CELL_H

#include "tools/compare/compare.h"
#include "tools/verify/pair.h"

/* Freshly made machines, on the fast engine. Loans are steady: where the run is cut to compare
 * makes no difference to what is counted. The maker destroys the pair. False: the cell says why,
 * and there is no pair. */
bool cell_make(const struct pair_maker *maker, struct pair *pair, struct compare_cell *cell);
/* Runs on, and adds what that took of the host's processor; nanoseconds may be NULL. */
struct machine_stop cell_advance(struct machine *m, uint64_t until, uint64_t *nanoseconds);
/* A sentence, if the host failed one of the two or its disk; NULL: it has not. */
const char *cell_host_failure(const struct pair *pair, const struct machine_stop *bare,
                              const struct machine_stop *virtual);
/* What the pair's VM and its VMM have done. */
void cell_count(struct compare_cell *cell, const struct pair *pair);
/* COMPARE_HOST; reason NULL or empty: it has no memory. */
void cell_give_up(struct compare_cell *cell, const char *reason);

#endif
