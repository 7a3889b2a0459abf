#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "machine/checkpoint.h"
#include "machine/snapshot.h"
#include "tools/debug/timeline.h"

/* The processor time of this process: it has one thread, waits for nothing, and
 * other people's programs on the same host do not count. */
static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --------------------------------------------------------------- machines */

static bool load(struct bench *b)
{
  char path[BENCH_TEXT];
  bool source = strchr(b->program, '.') != NULL;
  snprintf(path, sizeof path, "%s%s", source ? "tests/bench/" : "", b->program);
  return program_load("bench", b->path[0] ? b->path : path, &b->world.program) == 0;
}

static struct profile *own_profile(const struct bench *b, const char *mmu)
{
  struct profile *named = profile_load(b->profile ? b->profile : "pg", stderr);
  struct profile *own = named ? profile_override(named, mmu, b->io, stderr) : NULL;
  profile_destroy(named);
  return own;
}

static bool open_one(struct bench_set *set, struct bench *b)
{
  const char *reason = "out of memory";
  if (b->command[0]) {
    return true;
  }
  if (!load(b)) {
    return false;
  }
  if (b->guests) {
    b->world.crowd = bench_crowd_open(set->profile, &b->world.program, b->guests);
    return b->world.crowd != NULL;
  }
  b->world.profile = own_profile(b, b->mmu);
  b->world.below = b->below ? own_profile(b, b->below) : NULL;
  b->world.disk = b->sectors ? disk_store_memory(b->sectors) : NULL;
  struct stack_config config = {.profile = b->world.profile,
                                .below = b->world.below,
                                .disk = b->world.disk,
                                .storage = b->storage,
                                .depth = b->depth,
                                .technique = b->technique,
                                .memory = b->memory,
                                .engine = b->engine,
                                .neighbours = b->neighbours};
  bool ok = config.profile && (!b->below || config.below);
  b->world.stack = ok ? stack_create(&config, &reason) : NULL;
  if (!b->world.stack) {
    fprintf(stderr, "bench: %s: %s\n", b->name, reason);
    return false;
  }
  b->world.m = b->depth ? stack_vm(b->world.stack) : b->world.stack->real;
  return image_load(b->world.program.image, b->world.m, stderr) && (!b->setup || b->setup(b));
}

bool bench_open(struct bench_set *set)
{
  set->profile = profile_load("pg", stderr);
  for (unsigned i = 0; set->profile && i < set->count; i++) {
    if (!open_one(set, &set->bench[i])) {
      return false;
    }
  }
  return set->profile != NULL;
}

void bench_close(struct bench_set *set)
{
  for (unsigned i = 0; i < set->count; i++) {
    struct bench_world *w = &set->bench[i].world;
    timeline_destroy(w->timeline);
    bench_crowd_close(w->crowd);
    snapshot_destroy(w->taken);
    checkpoint_destroy(w->kept);
    stack_destroy(w->stack);
    disk_store_destroy(w->disk);
    profile_destroy(w->below);
    profile_destroy(w->profile);
    program_destroy(&w->program);
  }
  profile_destroy(set->profile);
}

/* --------------------------------------------------------------- sampling */

static bool take(struct bench *b, uint64_t count, double *nanoseconds)
{
  double start = now();
  bool done = b->rounds(b, count);
  *nanoseconds = now() - start;
  if (!done) {
    fprintf(stderr, "bench: %s %s: the machine stopped\n", b->group, b->name);
  }
  return done;
}

/* Other processes take long: every third turn is theirs; whole runs, in the short form, once. */
#define COMMAND_TURNS 3
#define WHOLE_TURNS   17

/* How many rounds fill a sample; and the caches are warm afterwards. */
static bool calibrate(struct bench *b, double sample_time)
{
  double t = 0;
  b->count = 1;
  if (b->command[0]) {
    return true;
  }
  do {
    b->count *= 2;
    if (!take(b, b->count, &t)) {
      return false;
    }
  } while (t < sample_time / 4);
  double count = (double)b->count * sample_time / t;
  b->count = count < 1 ? 1 : (uint64_t)count;
  return true;
}

static bool sample(struct bench *b, unsigned round)
{
  double t = 0;
  bool command = b->command[0] != '\0';
  if (command && round % (b->less[0] ? COMMAND_TURNS : WHOLE_TURNS) != 0) {
    return true;
  }
  /* A round before, which does not count: others had the caches, and the host's memory. */
  if (command ? !bench_run_command(b, &t) : !take(b, 1, &t) || !take(b, b->count, &t)) {
    return false;
  }
  b->sample[b->samples++] = t / (double)b->count;
  return true;
}

bool bench_measure(struct bench_set *set)
{
  for (unsigned i = 0; i < set->count; i++) {
    if (!calibrate(&set->bench[i], set->sample_time)) {
      return false;
    }
  }
  for (unsigned round = 0; round < set->rounds; round++) {
    for (unsigned i = 0; i < set->count; i++) {
      if (!sample(&set->bench[i], round)) {
        return false;
      }
    }
  }
  return true;
}

__attribute__((noinline)) bool bench_counted(struct bench *b, uint64_t rounds)
{
  return b->rounds(b, rounds);
}

bool bench_count(struct bench_set *set, uint64_t rounds)
{
  for (unsigned i = 0; i < set->count; i++) {
    struct bench *b = &set->bench[i];
    if (b->command[0] || !b->rounds(b, rounds / 4 + 3) || !bench_counted(b, rounds)) {
      fprintf(stderr, "bench: %s cannot be counted\n", b->id);
      return false;
    }
  }
  return set->count > 0;
}

/* ------------------------------------------------------------- statistics */

static int by_size(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The value at a place from 0, the smallest, to 1, the largest. */
static double quantile(const double *values, unsigned n, double place)
{
  double sorted[BENCH_MAX_SAMPLES];
  memcpy(sorted, values, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, by_size);
  return sorted[(unsigned)(place * (n - 1))];
}

double bench_median(const struct bench *b)
{
  return quantile(b->sample, b->samples, 0.5);
}

double bench_best(const struct bench *b)
{
  return quantile(b->sample, b->samples, 0);
}

double bench_worst(const struct bench *b)
{
  return quantile(b->sample, b->samples, 1);
}

double bench_ratio(const struct bench *a, const struct bench *b)
{
  double ratios[BENCH_MAX_SAMPLES];
  if (!b) {
    return NAN;
  }
  if (a->samples != b->samples) {
    return bench_median(a) / bench_median(b);
  }
  for (unsigned i = 0; i < a->samples; i++) {
    ratios[i] = a->sample[i] / b->sample[i];
  }
  return quantile(ratios, a->samples, 0.5);
}

bool bench_is(const struct bench *b, const char *group)
{
  return strcmp(b->group, group) == 0;
}

bool bench_is_run(const struct bench *b)
{
  return (bench_is(b, BENCH_LOOP) || bench_is(b, BENCH_KERNEL)) && !b->command[0];
}

static bool same(const char *a, const char *b)
{
  return a == b || (a && b && strcmp(a, b) == 0);
}

const struct bench *bench_find(const struct bench_set *set, const char *group, const char *family,
                               const char *id)
{
  for (unsigned i = 0; id && i < set->count; i++) {
    const struct bench *b = &set->bench[i];
    if (bench_is(b, group) && same(b->family, family) && strcmp(b->id, id) == 0) {
      return b;
    }
  }
  return NULL;
}

const struct bench *bench_base(const struct bench_set *set, const struct bench *b)
{
  return bench_find(set, b->group, b->family, b->than);
}

double bench_world_switch(const struct bench_set *set)
{
  const struct bench *turns = bench_find(set, BENCH_OPERATION, NULL, "step-two-vms");
  const struct bench *staying = bench_find(set, BENCH_OPERATION, NULL, "step-vm");
  double more[BENCH_MAX_SAMPLES];
  if (!turns || !staying) {
    return NAN;
  }
  for (unsigned i = 0; i < turns->samples; i++) {
    more[i] = turns->sample[i] - staying->sample[i];
  }
  return quantile(more, turns->samples, 0.5);
}

double bench_mean(const struct bench_set *set, const char *way, const char *to)
{
  double sum = 0;
  unsigned n = 0;
  for (unsigned i = 0; i < set->count; i++) {
    const struct bench *b = &set->bench[i];
    const struct bench *base = bench_find(set, BENCH_KERNEL, b->family, to);
    bool mix = b->family && (strstr(b->family, "mark") || strstr(b->family, "stone"));
    if (bench_is(b, BENCH_KERNEL) && strcmp(b->id, way) == 0 && base && !mix) {
      sum += log(bench_ratio(b, base));
      n++;
    }
  }
  return n ? exp(sum / n) : NAN;
}
