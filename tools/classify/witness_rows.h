/* The one or two executions of a witness as rows for a table: only what matters. */
#ifndef TRAPEZE_TOOLS_CLASSIFY_WITNESS_ROWS_H
#define TRAPEZE_TOOLS_CLASSIFY_WITNESS_ROWS_H

#include <stdio.h>

#include "classify/question.h"

/* The columns "before" and "after" of each execution, a row a component: the operands,
 * what differs between the states, what was changed; `<` marks what the question
 * is about. */
void witness_rows_print(FILE *out, const struct profile *profile, enum question q, enum model model,
                        const struct witness *w);

#endif
