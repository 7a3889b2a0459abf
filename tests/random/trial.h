/* One guest on two machines that must agree. */
#ifndef TRAPEZE_TESTS_RANDOM_TRIAL_H
#define TRAPEZE_TESTS_RANDOM_TRIAL_H

#include "tests/random/coverage.h"
#include "tests/random/guest.h"
#include "vmm/modules.h"
#include "vmm/vmm.h"

/* The bare machine under the stepper against … */
struct trial_way {
  bool engines;                      /* … another engine; else a virtual machine */
  enum machine_engine engine;        /* of the other, or of the machine under it */
  unsigned depth;                    /* VMMs on top of each other, … */
  enum vmm_technique technique;      /* … and how each has instructions done */
  uint32_t cache;                    /* … from, if it has one; 0: as by default */
  uint32_t stride;                   /* ticks between comparisons at most; 1: every tick */
  const struct vmm_modules *modules; /* NULL: the VMM's own */
  bool moved; /* the virtual machine, to a processor with another identity and time */
};

/* Where they parted: they were equal at `tick`, about to execute `at`. */
struct finding {
  uint64_t tick;
  struct coverage_view at;
  char what[420];
};

/* True: they agreed to the end. c: where to note what was met, or NULL. ticks: is
 * increased by how long they ran, or NULL. */
bool trial(const struct guest *g, const struct trial_way *way, struct coverage_of_profile *c,
           uint64_t *ticks, struct finding *f);
/* The guest as it is after `tick` ticks on a bare machine. */
void trial_advance(struct guest *to, const struct guest *g, uint64_t tick);
/* Marks the words that a bare machine looks at as instructions up to `tick`. */
void trial_trace(const struct guest *g, uint64_t tick, bool executed[GUEST_WORDS]);

#endif
