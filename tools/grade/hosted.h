/* A submission's modules, hosted: their process, and the VMM modules that stand for them.
 */
#ifndef TRAPEZE_TOOLS_GRADE_HOSTED_H
#define TRAPEZE_TOOLS_GRADE_HOSTED_H

#include "tools/grade/check.h"
#include "tools/grade/remote.h"

/* Of all the processes that one check needs. */
struct hosted {
  const struct check_run *run;
  enum remote_end end; /* of the first that ended before its time, … */
  char reason[300];    /* … why */
  double cpu;
  char *printed; /* by the first that printed anything; malloc'd */
};

/* One process. */
struct hosted_modules {
  struct remote remote;
  struct sandbox_run run;
  int channel;
};

/* Whether its modules are missing or do not build: *why, the workshop's. */
bool hosted_problem(const struct hosted *h, const char **why);

/* Once a submission has ended before its time no more processes are started: the modules
 * are then dead ones. NULL: the host failed, with a sentence in *reason. */
struct hosted_modules *hosted_start(struct hosted *h, const char **reason);
void hosted_end(struct hosted *h, struct hosted_modules *m);

/* For world.h: take and give_back with ctx = struct hosted. */
const struct vmm_modules *hosted_take(void *ctx, void **own, const char **reason);
void hosted_give_back(void *ctx, void *own);

/* The outcome of a check whose submission ended before its time. */
struct check_outcome hosted_outcome(struct hosted *h);

#endif
