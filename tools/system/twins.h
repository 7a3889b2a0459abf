/* A system whose users have bare twins. A user's virtual machine is compared with its twin
 * at any tick of its own at which the system comes to rest.
 */
#ifndef TRAPEZE_TOOLS_SYSTEM_TWINS_H
#define TRAPEZE_TOOLS_SYSTEM_TWINS_H

#include "tools/system/system.h"
#include "tools/verify/observe.h"

enum twin_verdict {
  TWIN_EQUAL,
  TWIN_DIFFERS,
  TWIN_REAL_TIME, /* its timer counts while others run: no bare machine does that */
  TWIN_LEFT_OUT,  /* not asked for */
};

struct twin {
  struct system_user *user;
  struct disk_store *disk;
  struct machine *bare; /* NULL: not compared */
  enum twin_verdict verdict;
  bool over;                /* it has stopped for good, and so has the twin */
  uint64_t compared;        /* how often they were found equal */
  uint64_t frames;          /* that arrived, and reached the twin at the same tick */
  uint64_t tick, real_tick; /* the last time they were, by its own and the real machine's clock */
  /* DIFFERS: */
  struct observation before, bare_state, vm_state;
  uint64_t differs_real; /* tick of the real machine at which it was found */
  const char *part;      /* "storage", … */
  bool word_known;       /* twins_look(): the instruction to come, when it was called last */
  uint32_t word;
};

struct twins {
  struct system system;
  struct twin *twin; /* as many as users */
  uint64_t differing;
  const char *failure; /* what the host refused one of the machines, or NULL */
};

/* only: this user, or NULL. Returns an exit status, after messages; twins_destroy() either way. */
int twins_create(struct twins *t, const struct system_config *config, const char *only);
int twins_destroy(struct twins *t, int status);

/* Before the system runs by a single tick: what the twin is about to execute. */
void twins_look(struct twin *t);

/* Runs the system to this real tick and compares. False: nobody goes on, or a failure. */
bool twins_run(struct twins *t, uint64_t until);

#endif
