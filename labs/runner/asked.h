/* The virtual machine as a module in the runner sees it: each operation asks the judge. */
#ifndef TRAPEZE_LABS_RUNNER_ASKED_H
#define TRAPEZE_LABS_RUNNER_ASKED_H

#include "labs/runner/wire.h"
#include "vmm/modules.h"

/* What the judge has said of the profile, which never changes: not asked again. */
#define ASKED_KNOWN  256u
#define ASKED_VALUES 8u
struct asked_known {
  bool known;
  enum wire_operation op;
  uint64_t given[2], value[ASKED_VALUES];
};

/* A call of the judge's, while it is being answered. */
struct asked {
  int fd;
  uint64_t seq;
  struct asked_known *known; /* ASKED_KNOWN of them */
  /* Answers a call that comes while a request waits for its answer: what one module asks for
   * may need another. */
  void (*serve)(struct asked *outer, const struct wire *call);
};

/* ctx is `a`. A judge that is gone ends the process. */
struct vmm_env asked_env(struct asked *a);

#endif
