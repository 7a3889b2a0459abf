/* The virtual machine as a module in the runner sees it: each operation asks the judge, posts
 * what it wants, or finds the answer in the view (wire.h). */
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

/* What all calls of a process share. */
struct asked_session {
  int fd;
  struct asked_known known[ASKED_KNOWN];
  uint64_t view[WIRE_VIEW]; /* as it last came */
  uint32_t posted;          /* values */
  uint64_t post[WIRE_POSTED];
  uint32_t spared; /* since the last message */
};

/* A call of the judge's, while it is being answered. */
struct asked {
  struct asked_session *session;
  uint64_t seq;
  uint64_t view[WIRE_VIEW]; /* of the VM as it is now … */
  uint64_t holds;           /* … those of them for which that is so: a bit each */
  bool early;               /* the judge has gone on since: what is posted must be known at once */
  /* Answers a call that comes while a request waits for its answer: what one module asks for
   * may need another. */
  void (*serve)(struct asked *outer, const struct wire *call);
};

/* ctx is `a`. A judge that is gone ends the process. */
struct vmm_env asked_env(struct asked *a);

/* Puts what is posted behind the values of a message, and sends it. */
void asked_send(struct asked_session *s, struct wire *w);

#endif
