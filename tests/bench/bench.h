/* Measuring. A benchmark is a machine in a state to be measured and a function
 * that puts it through `count` rounds; the harness chooses the counts, takes
 * turns among all benchmarks, and keeps every sample.
 */
#ifndef TRAPEZE_TESTS_BENCH_BENCH_H
#define TRAPEZE_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/common/program.h"
#include "tools/common/stack.h"

#define BENCH_MAX_SAMPLES 101
#define BENCH_MAX         256
#define BENCH_STORAGE     (1u << 20)
#define BENCH_LOOP        "loop"   /* groups: programs that never end, … */
#define BENCH_KERNEL      "kernel" /* … the C kernels, everywhere, … */
#define BENCH_SYSTEM      "system" /* … minos with busy processes … */
#define BENCH_OPERATION   "operation"
#define BENCH_DEBUGGER    "debugger"
#define BENCH_IO          "devices" /* … pairs, on a bare machine and in a virtual one */
#define BENCH_COMMAND     "command" /* … and other programs, for which BUILD must be known */
#define BENCH_SNAPSHOT    (16u << 20)
#define BENCH_TEXT        400
#define BENCH_KERNELS     16

/* Machines that a benchmark may use; unused ones are NULL. */
struct bench_world {
  struct program program;
  struct profile *profile; /* its own, or NULL */
  struct profile *below;   /* of the machine below, or NULL */
  struct disk_store *disk;
  struct stack *stack;
  struct machine *m;     /* what is measured: the real machine, or the innermost VM */
  struct machine *other; /* a second VM beside it; the stack's */
  struct snapshot *taken;
  struct checkpoint *kept;
  struct bench_crowd *crowd;
  struct timeline *timeline;
};

struct bench {
  const char *group;     /* one of the above */
  const char *family;    /* loops and kernels: the program's name; else NULL */
  const char *id;        /* in JSON; one of its family, or of its group */
  const char *name;      /* for people */
  const char *program;   /* source in tests/bench, or a shipped guest */
  char path[BENCH_TEXT]; /* not empty: the program, instead */
  /* Not empty: what is measured is another process, for `large` ticks (1: for a run). With
   * `less` the same for `small` ticks is taken away, so that its start does not count. */
  char command[BENCH_TEXT], less[BENCH_TEXT];
  uint64_t small, large;
  unsigned depth;               /* VMMs below it, … */
  enum vmm_technique technique; /* … and how each has instructions done */
  enum machine_engine engine;
  uint32_t storage;
  const char *io;                 /* style of I/O; NULL: the profile's */
  const char *mmu;                /* likewise */
  const char *profile;            /* NULL: pg */
  const char *below;              /* MMU of the real machine; NULL: the same profile */
  enum vmm_memory memory;         /* how each VMM translates addresses */
  uint32_t sectors;               /* of its disk */
  const char *than;               /* id of what it is a ratio to, in its family; NULL: of none */
  bool neighbours;                /* other VMs beside it */
  unsigned guests;                /* not 0: so many that take turns instead */
  bool (*setup)(struct bench *b); /* NULL: nothing more */
  bool (*rounds)(struct bench *b, uint64_t count); /* false: the machine stopped */
  /* Filled in by the harness. */
  struct bench_world world;
  uint64_t count;                   /* rounds a sample */
  double sample[BENCH_MAX_SAMPLES]; /* nanoseconds a round */
  unsigned samples;
};

struct bench_set {
  const char *only;    /* only benchmarks whose group, family or id contains it; NULL: all */
  const char *exactly; /* only "ID", or "FAMILY/ID"; NULL: all */
  const char *kernels; /* folder that kernels.sh made; NULL: no kernels */
  char kernel_names[BENCH_KERNELS][32];
  const char *trapeze; /* the command; NULL: no other programs are measured */
  struct profile *profile;
  struct bench bench[BENCH_MAX];
  unsigned count;
  unsigned rounds;    /* samples of each */
  double sample_time; /* nanoseconds that one should take */
};

/* The benchmarks, all of them (suite.c, …). False after a message. */
bool suite_fill(struct bench_set *set);
void io_fill(struct bench_set *set);
void debugger_fill(struct bench_set *set);
void busy_fill(struct bench_set *set);
void command_fill(struct bench_set *set);
bool kernels_fill(struct bench_set *set);
void bench_add(struct bench_set *set, const struct bench *b);
bool bench_run_ticks(struct bench *b, uint64_t count);
/* False: after the same number of ticks two machines differ, said on stderr. */
bool suite_hashes_agree(struct bench_set *set);

/* Assembles programs, makes machines. False after a message. */
bool bench_open(struct bench_set *set);
void bench_close(struct bench_set *set);
/* Takes all samples, in turns. False after a message. */
bool bench_measure(struct bench_set *set);
/* Exactly so many rounds of each, after some that do not count. For callgrind, which is told to
 * count within bench_counted() alone. False after a message. */
bool bench_count(struct bench_set *set, uint64_t rounds);
bool bench_counted(struct bench *b, uint64_t rounds);
/* Runs b's commands; nanoseconds of processor time a tick. False after a message. */
bool bench_run_command(const struct bench *b, double *nanoseconds);

double bench_median(const struct bench *b);
double bench_best(const struct bench *b);
double bench_worst(const struct bench *b);
/* Median of a's time over b's, sample by sample: they were taken side by side. Where there are
 * fewer of one, the ratio of medians. NAN without b. */
double bench_ratio(const struct bench *a, const struct bench *b);
bool bench_is(const struct bench *b, const char *group);
/* What runs for ticks: a loop or a kernel, here. */
bool bench_is_run(const struct bench *b);
/* NULL: not in the set, or id is NULL. family NULL: of none. */
const struct bench *bench_find(const struct bench_set *set, const char *group, const char *family,
                               const char *id);
/* What b is a ratio to. */
const struct bench *bench_base(const struct bench_set *set, const struct bench *b);

/* Guests that take turns (crowd.c). NULL after a message. */
struct bench_crowd *bench_crowd_open(const struct profile *profile, const struct program *program,
                                     unsigned guests);
void bench_crowd_close(struct bench_crowd *c); /* NULL is fine */
bool bench_run_turns(struct bench *b, uint64_t count);

/* One world switch: what taking turns costs over staying. NAN without. */
double bench_world_switch(const struct bench_set *set);
/* Geometric mean over the seven kernels of the ratio of two ways; NAN without. */
double bench_mean(const struct bench_set *set, const char *way, const char *to);

/* The results (report.c, aims.c, json.c, chart.c). False after a message. */
void bench_report_table(const struct bench_set *set);
void bench_report_aims(const struct bench_set *set);
bool bench_report_json(const struct bench_set *set, const char *form, const char *file);
bool bench_report_chart(const struct bench_set *set, const char *file);

#endif
