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
#define BENCH_MAX         64
#define BENCH_STORAGE     (1u << 20)
#define BENCH_OPERATION   "operation" /* groups of what is no loop */
#define BENCH_IO          "devices"   /* … pairs, on a bare machine and in a virtual one */
#define BENCH_SNAPSHOT    (16u << 20)

/* Machines that a benchmark may use; unused ones are NULL. */
struct bench_world {
  struct program program;
  struct profile *profile; /* its own, or NULL */
  struct disk_store *disk;
  struct stack *stack;
  struct machine *m;     /* what is measured: the real machine, or the innermost VM */
  struct machine *other; /* a second VM beside it; the stack's */
  struct snapshot *taken;
  struct checkpoint *kept;
  struct bench_crowd *crowd;
};

struct bench {
  const char *group;            /* loops: the program's name */
  const char *id;               /* in JSON */
  const char *name;             /* for people */
  const char *program;          /* source in tests/bench */
  unsigned depth;               /* VMMs below it, … */
  enum vmm_technique technique; /* … and how each has instructions done */
  enum machine_engine engine;
  uint32_t storage;
  const char *io;                 /* style of I/O; NULL: the profile's */
  const char *mmu;                /* likewise */
  uint32_t sectors;               /* of its disk */
  const char *than;               /* id of what it is a ratio to, in its group; NULL: of none */
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
  const char *only; /* only benchmarks whose group or id contains it; NULL: all */
  struct profile *profile;
  struct bench bench[BENCH_MAX];
  unsigned count;
  unsigned rounds;    /* samples of each */
  double sample_time; /* nanoseconds that one should take */
};

/* The benchmarks, all of them (suite.c, io.c). */
void suite_fill(struct bench_set *set);
void io_fill(struct bench_set *set);
void bench_add(struct bench_set *set, const struct bench *b);
bool bench_run_ticks(struct bench *b, uint64_t count);
/* False: after the same number of ticks two machines differ, said on stderr. */
bool suite_hashes_agree(struct bench_set *set);

/* Assembles programs, makes machines. False after a message. */
bool bench_open(struct bench_set *set);
void bench_close(struct bench_set *set);
/* Takes all samples, in turns. False after a message. */
bool bench_measure(struct bench_set *set);

double bench_median(const struct bench *b);
double bench_best(const struct bench *b);
double bench_worst(const struct bench *b);
/* Median of a's time over b's, sample by sample: they were taken side by side. NAN
 * without b. */
double bench_ratio(const struct bench *a, const struct bench *b);
bool bench_is_loop(const struct bench *b);
/* NULL: not in the set, or id is NULL. */
const struct bench *bench_find(const struct bench_set *set, const char *group, const char *id);

/* Guests that take turns (crowd.c). NULL after a message. */
struct bench_crowd *bench_crowd_open(const struct profile *profile, const struct program *program,
                                     unsigned guests);
void bench_crowd_close(struct bench_crowd *c); /* NULL is fine */
bool bench_run_turns(struct bench *b, uint64_t count);

/* The results (report.c); the exit status. */
int bench_report_table(const struct bench_set *set);
int bench_report_json(const struct bench_set *set, const char *form);

#endif
