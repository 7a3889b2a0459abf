/* The solver's queries as files, for another solver to confirm. */
#ifndef TRAPEZE_TOOLS_CLASSIFY_SMTLIB_H
#define TRAPEZE_TOOLS_CLASSIFY_SMTLIB_H

#include "classify/classify.h"

/* Writes DIR/INSTRUCTION-QUESTION.smt2 for every instruction that is present, and
 * DIR/INDEX: file, the answer expected (sat or unsat), and what it asks. Makes DIR.
 * Returns an exit status, after a message. */
int smtlib_write(const struct classification *c, const char *dir);

#endif
