/* The two ways of comparing runs; used by verify.c alone. */
#ifndef TRAPEZE_TOOLS_VERIFY_PASSES_H
#define TRAPEZE_TOOLS_VERIFY_PASSES_H

#include "tools/verify/verify.h"

struct passes {
  const struct verify_config *config;
  struct pair pair;  /* as the last pass left it: at its end, or diverged */
  char reason[200];  /* why the host failed */
  uint64_t *samples; /* state hashes of the bare machine at checkpoints, by stepping */
  size_t sample_count, sample_capacity;
  bool engines_differ;        /* stepping and fast engine disagree about the bare machine … */
  uint64_t engines_differ_at; /* … at this checkpoint */
};

/* Each fills *pass and leaves p->pair. False: the host failed, see p->reason. */
bool passes_step(struct passes *p, struct verify_pass *pass);
bool passes_fast(struct passes *p, struct verify_pass *pass);
/* No comparison: the virtual machine alone, in one run to tick `until`, which whoever
 * is `measuring` may watch. first: the divergence, or NULL. */
bool passes_run_virtual(struct passes *p, uint64_t until, const struct divergence *first);

/* A new pair in *pair, not p->pair, at tick `until`, which the maker destroys. False: there
 * is none, the host failed. */
bool passes_repeat(struct passes *p, struct pair *pair, uint64_t until);

/* A refusal by the host that either machine met, as a stop or as an error of its
 * disk: their difference then tells nothing. NULL: none. */
const char *passes_host_failure(const struct pair *pair, const struct machine_stop stop[2]);

void passes_release(struct passes *p); /* the pair */
void passes_destroy(struct passes *p);

#endif
