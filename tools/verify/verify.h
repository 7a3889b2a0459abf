/* Does a virtual machine deserve the name? Runs one program bare and virtual
 * and answers for Popek and Goldberg's three properties (1974): equivalence,
 * resource control, efficiency. docs/verify.md describes the report.
 */
#ifndef TRAPEZE_TOOLS_VERIFY_VERIFY_H
#define TRAPEZE_TOOLS_VERIFY_VERIFY_H

#include "tools/verify/divergence.h"
#include "tools/verify/pair.h"

#define VERIFY_DEFAULT_TICKS    20000000u
#define VERIFY_DEFAULT_INTERVAL 10000u
#define VERIFY_EXCERPT          160u

struct verify_config {
  struct pair_maker maker;
  uint64_t ticks;    /* compare up to this tick */
  uint64_t interval; /* ticks between the fast engine's checkpoints */
  bool stepping, fast;
  bool brief; /* after a divergence nothing more is run: counts and efficiency are left out */
  /* Called now and then; NULL: no. phase is "stepping" or "fast engine". */
  void (*progress)(void *ctx, const char *phase, uint64_t tick);
  void *progress_ctx;
  /* Called around the last run of all, which nothing disturbs and on which efficiency
   * is measured: with the pair when its virtual machine is about to run, and (over)
   * when it has. first: the divergence found before, or NULL. NULL: no. */
  void (*measuring)(void *ctx, struct pair *pair, const struct divergence *first, bool over);
  void *measuring_ctx;
};

/* One way of comparing: by single ticks on the stepper, or at checkpoints of
 * runs through the fast engine. */
struct verify_pass {
  bool ran;
  bool holds;
  uint64_t ticks;               /* the last one at which they were found equal */
  uint64_t compared;            /* how many states were */
  enum machine_why end;         /* if it holds: how both stopped, MACHINE_LIMIT: at config.ticks */
  struct divergence divergence; /* if it does not hold */
  uint64_t holes_met[ISA_INSN_COUNT]; /* stepping: how often the bare machine completed them */
};

/* What one machine did, to where it was run. */
struct verify_counts {
  uint64_t tick;
  uint64_t instructions;
  uint64_t preemptions; /* timer interrupts delivered */
  uint64_t disk_interrupts;
  uint64_t console_interrupts;
  size_t output; /* bytes of console output */
  enum machine_why end;
};

/* After a divergence both run on, to the end of the bare machine's run. */
struct verify_after {
  struct verify_counts
      delta[2]; /* since the divergent instruction; tick, output, end: at the end */
  bool output_differs;
  size_t output_equal;                /* bytes that agree, from the start */
  bool output_ends[2];                /* there is nothing after those */
  uint8_t excerpt[2][VERIFY_EXCERPT]; /* from the start of the line that differs */
  size_t excerpt_len[2];
};

struct verify_level {
  struct vmm_stats vmm;
  struct machine_stats under; /* of the machine that the VMM runs on */
};

struct verify_resources {
  bool holds;
  unsigned violations;
  char first[200]; /* the first violation's sentence, or empty */
  bool lost_control;
  char lost_reason[200];
  int disturbed_level; /* at which something outside the allocation changed, or -1 */
};

struct verify_result {
  bool holds; /* all passes, and resource control */
  struct verify_pass stepping, fast;
  const struct divergence *first; /* the earliest, or NULL */
  /* At the tick limit the guest does nothing any more but trap: no evidence. */
  bool only_traps;
  bool engines_agree;            /* the bare machine, by stepping and through the fast engine */
  uint64_t engines_differ_at;    /* a checkpoint, if not */
  struct verify_counts bare, vm; /* to the end of the equal part */
  struct verify_after after;     /* if first */
  struct verify_resources resources;
  char host_reason[200];                      /* of VERIFY_HOST */
  unsigned levels;                            /* 0 in tests without a stack */
  struct verify_level level[STACK_MAX_DEPTH]; /* from the real machine up */
};

enum verify_status { VERIFY_DONE, VERIFY_HOST /* result->host_reason tells */ };

/* Fills *result, whatever the answer. */
enum verify_status verify_run(const struct verify_config *config, struct verify_result *result);

#endif
