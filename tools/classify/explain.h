/* Why an instruction is what it is, in plain words; and a program that shows it. */
#ifndef TRAPEZE_TOOLS_CLASSIFY_EXPLAIN_H
#define TRAPEZE_TOOLS_CLASSIFY_EXPLAIN_H

#include <stdio.h>

#include "classify/classify.h"

/* Every question with the paper's definition, the answer, how it is known, the
 * witness; the real instruction, and what it means for a VMM. `profile`: as the user named it;
 * `shown`: whether a program makes our VMM's machine differ by it, of those that stand
 * in the way; if not, `lacks`: what it would take to set other states up, or NULL. 80
 * columns. */
void explain_print(const struct classification *c, enum isa_insn insn, const char *profile,
                   bool shown, const char *lacks, FILE *out);

#endif
