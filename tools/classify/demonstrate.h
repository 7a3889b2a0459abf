/* A program that sets up a witnessed state, executes the instruction in it and shows
 * what came of it: on the bare machine one thing, in a virtual machine another.
 */
#ifndef TRAPEZE_TOOLS_CLASSIFY_DEMONSTRATE_H
#define TRAPEZE_TOOLS_CLASSIFY_DEMONSTRATE_H

#include <stdio.h>

#include "classify/classify.h"

enum demonstrate_status {
  DEMONSTRATE_DIVERGES, /* the machines differ at this instruction, and verify says so */
  DEMONSTRATE_HOLDS,    /* none of the witnesses makes our VMM's machine differ */
  DEMONSTRATE_LACKS,    /* nor of those that can be set up: for others it takes *reason, an
                           instruction that is a hole itself or absent, or input */
  DEMONSTRATE_NOTHING,  /* no program could be made of the witnesses; *reason tells */
  DEMONSTRATE_HOST,     /* memory; *reason tells */
};

struct demonstration {
  char *text; /* the source; malloc'd */
  size_t len;
};

/* As the user wrote them; for the comments at its head. */
struct demonstrate_names {
  const char *profile, *file;
};

/* Tries the witnessed states, in mode 0 and in the least privileged mode, and keeps the
 * first whose program shows the difference on its console; else one that diverges; else
 * the first of all. The instruction is present. */
enum demonstrate_status demonstrate(const struct classification *c, enum isa_insn insn,
                                    const struct demonstrate_names *names, struct demonstration *d,
                                    const char **reason);

#endif
