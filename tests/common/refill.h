/* Random guests that refill a TLB themselves: tests/tlb/kernel.s, with random page tables and
 * random programs that load, store, trap, and have their tables edited. And the oracle: they
 * run bare and virtual, side by side, and must agree.
 */
#ifndef TRAPEZE_TESTS_COMMON_REFILL_H
#define TRAPEZE_TESTS_COMMON_REFILL_H

#include "machine/machine.h"
#include "vmm/modules.h"
#include "vmm/vmm.h"

#define REFILL_MAX_VMS 3u

struct refill_way {
  const char *base;                  /* profile that gets `mmu tlb`; NULL: by the seed */
  enum vmm_memory memory;            /* of every VMM */
  const struct vmm_modules *modules; /* of the innermost VMM; NULL: its own */
  enum machine_engine engine;        /* of the real machine */
  unsigned vms;                      /* guests side by side in one VMM, of seeds that follow; 0: 1 */
  unsigned depth;                    /* VMMs; 0: 1 */
  uint32_t stride;                   /* ticks between comparisons */
  bool output_only;                  /* they are compared when they have halted, but for time */
  bool tame;                         /* only correct kernels: what output_only needs */
  uint32_t frames; /* of the real machine, for all guests' pages: less than they have; 0: enough */
};

/* What was met, added up. */
struct refill_met {
  struct vmm_stats stats; /* of its memory, and how its instructions were done */
  uint64_t traps[ISA_CAUSE_LIMIT];
  uint64_t ticks, virtual_ticks; /* bare, virtual; by output: of those that have halted */
  uint64_t guests, halted;
};

/* The guest of a seed, into a machine of MACHINE_MIN_STORAGE that was just reset and has a TLB. */
void refill_load(struct machine *m, uint64_t seed, bool tame);

/* True: they agree. Else what says why. met: is added to. */
bool refill_trial(uint64_t seed, const struct refill_way *way, struct refill_met *met, char *what,
                  size_t size);

#endif
