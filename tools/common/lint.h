/* The guest's own errors that a machine with page tables walked at every access forgives, and
 * others do not: a missing tlbi. */
#ifndef TRAPEZE_TOOLS_COMMON_LINT_H
#define TRAPEZE_TOOLS_COMMON_LINT_H

#include "machine/image.h"
#include "machine/machine.h"

#define LINT_PLACES 16u

struct lint_place {
  struct machine_lint first; /* its pc is the place */
  uint64_t count;
};
struct lint_report {
  struct lint_place place[LINT_PLACES];
  unsigned places;
  uint64_t elsewhere; /* … beyond those */
};

/* From now on; *r must stay until the machine goes. Returns an exit status. */
int lint_start(struct lint_report *r, const char *command, struct machine *m);
/* What was found, on stderr. */
void lint_print(const struct lint_report *r, const char *command, const struct image *image,
                struct machine *m);

#endif
