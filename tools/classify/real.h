/* Instructions by the names that they have on the real machine. */
#ifndef TRAPEZE_TOOLS_CLASSIFY_REAL_H
#define TRAPEZE_TOOLS_CLASSIFY_REAL_H

#include "isa/profile.h"

#define REAL_SEVERAL_SIZE 100
/* The instruction that stands for "POPF" or "int n" on this profile: of those that it
 * lists, and of what its behaviours stand for. False if there is none, or if there are
 * several, whose names `several` then has ("" if there is none). */
bool real_find(const struct profile *p, const char *name, enum isa_insn *insn,
               char several[REAL_SEVERAL_SIZE]);

#endif
