/* The virtual machine as a module in the runner sees it: each operation asks the judge. */
#ifndef TRAPEZE_LABS_RUNNER_ASKED_H
#define TRAPEZE_LABS_RUNNER_ASKED_H

#include "labs/runner/wire.h"
#include "vmm/modules.h"

/* A call of the judge's, while it is being answered. */
struct asked {
  int fd;
  uint64_t seq;
  /* Answers a call that comes while a request waits for its answer: what one module asks for
   * may need another. */
  void (*serve)(struct asked *outer, const struct wire *call);
};

/* ctx is `a`. A judge that is gone ends the process. */
struct vmm_env asked_env(struct asked *a);

#endif
