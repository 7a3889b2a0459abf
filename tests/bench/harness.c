#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "machine/checkpoint.h"
#include "machine/snapshot.h"

/* The processor time of this process: it has one thread, waits for nothing, and
 * other people's programs on the same host do not count. */
static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --------------------------------------------------------------- machines */

static bool open_one(struct bench_set *set, struct bench *b)
{
  const char *reason = "out of memory";
  char path[64];
  snprintf(path, sizeof path, "tests/bench/%s", b->program);
  if (program_load("bench", path, &b->world.program) != 0) {
    return false;
  }
  if (b->guests) {
    b->world.crowd = bench_crowd_open(set->profile, &b->world.program, b->guests);
    return b->world.crowd != NULL;
  }
  bool own = b->io || b->mmu;
  if (own) {
    b->world.profile = profile_override(set->profile, b->mmu, b->io, stderr);
  }
  b->world.disk = b->sectors ? disk_store_memory(b->sectors) : NULL;
  struct stack_config config = {.profile = own ? b->world.profile : set->profile,
                                .disk = b->world.disk,
                                .storage = b->storage,
                                .depth = b->depth,
                                .technique = b->technique,
                                .engine = b->engine,
                                .neighbours = b->neighbours};
  b->world.stack = config.profile ? stack_create(&config, &reason) : NULL;
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
    bench_crowd_close(w->crowd);
    snapshot_destroy(w->taken);
    checkpoint_destroy(w->kept);
    stack_destroy(w->stack);
    disk_store_destroy(w->disk);
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

/* How many rounds fill a sample; and the caches are warm afterwards. */
static bool calibrate(struct bench *b, double sample_time)
{
  double t = 0;
  b->count = 1;
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

bool bench_measure(struct bench_set *set)
{
  for (unsigned i = 0; i < set->count; i++) {
    if (!calibrate(&set->bench[i], set->sample_time)) {
      return false;
    }
  }
  for (unsigned round = 0; round < set->rounds; round++) {
    for (unsigned i = 0; i < set->count; i++) {
      struct bench *b = &set->bench[i];
      double t = 0;
      if (!take(b, b->count, &t)) {
        return false;
      }
      b->sample[b->samples++] = t / (double)b->count;
    }
  }
  return true;
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
  for (unsigned i = 0; i < a->samples; i++) {
    ratios[i] = a->sample[i] / b->sample[i];
  }
  return quantile(ratios, a->samples, 0.5);
}

bool bench_is_loop(const struct bench *b)
{
  return strcmp(b->group, BENCH_OPERATION) != 0 && strcmp(b->group, BENCH_IO) != 0;
}

const struct bench *bench_find(const struct bench_set *set, const char *group, const char *id)
{
  for (unsigned i = 0; id && i < set->count; i++) {
    const struct bench *b = &set->bench[i];
    if (strcmp(b->group, group) == 0 && strcmp(b->id, id) == 0) {
      return b;
    }
  }
  return NULL;
}
