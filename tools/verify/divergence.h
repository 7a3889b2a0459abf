/* The first divergent instruction: all there is to know about it. */
#ifndef TRAPEZE_TOOLS_VERIFY_DIVERGENCE_H
#define TRAPEZE_TOOLS_VERIFY_DIVERGENCE_H

#include "tools/verify/lockstep.h"

#define DIVERGENCE_WORDS 8u

struct divergence_word {
  uint32_t at, before, bare, vm;
};

struct divergence {
  bool initially; /* the states differed before the first instruction */
  /* Found by running from equal states to after[], not by single steps: where
   * single steps agree, only long runs show it. step[] is empty then. */
  bool only_in_long_runs;
  struct observation before; /* at tick before.tick both were in this state */
  struct step step[2];       /* bare, virtual */
  struct observation after[2];
  bool devices_differ;
  bool word_known; /* the instruction at before.pc could be read */
  uint32_t word;
  struct divergence_word words[DIVERGENCE_WORDS]; /* of storage: changed by either or differing */
  size_t word_count;                              /* those in words[] */
  size_t words_differing;                         /* all in which the machines differ */
  struct divergence_word keys[DIVERGENCE_WORDS];  /* the same of storage keys: `at` is the block */
  size_t key_count;
};

/* From two machines that a lockstep left diverged. `at_before` is a third one,
 * in the state before (replayed), or NULL. */
void divergence_from_lockstep(struct divergence *d, const struct lockstep *l,
                              struct machine *at_before);
/* The parts that are read off the machines; d->before and d->after are set. */
void divergence_look(struct divergence *d, struct machine *bare, struct machine *vm,
                     struct machine *at_before);

/* Why the profile makes them differ. */
enum divergence_cause {
  DIVERGENCE_INITIAL,   /* they were not alike to begin with */
  DIVERGENCE_HOLE,      /* a sensitive instruction that is not privileged */
  DIVERGENCE_INTERRUPT, /* one took an interrupt that the other did not */
  DIVERGENCE_VMM,       /* nothing in the profile explains it: the VMM is wrong */
};

struct explanation {
  enum divergence_cause cause;
  bool has_insn; /* the word is an instruction of this profile */
  enum isa_insn insn;
  unsigned mode;                             /* of the bare machine, and of the virtual machine */
  unsigned real_mode;                        /* in which the real machine ran the virtual one */
  const struct profile_behaviour *bare, *vm; /* in those modes; NULL without insn */
};

struct explanation divergence_explain(const struct divergence *d, const struct profile *p);

#endif
