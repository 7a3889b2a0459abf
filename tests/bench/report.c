#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

static void print_time(double nanoseconds)
{
  if (nanoseconds < 1e4) {
    printf("%10.1f ns", nanoseconds);
  } else if (nanoseconds < 1e7) {
    printf("%10.1f us", nanoseconds / 1e3);
  } else {
    printf("%10.1f ms", nanoseconds / 1e6);
  }
}

/* -------------------------------------------------------------------- loops */

static void print_loops(const struct bench_set *set)
{
  const char *family = "";
  for (unsigned i = 0; i < set->count; i++) {
    const struct bench *b = &set->bench[i], *base = bench_base(set, b);
    if (!bench_is(b, BENCH_LOOP) && !bench_is(b, BENCH_SYSTEM)) {
      continue;
    }
    const char *heading = b->family ? b->family : "four busy processes, 10,000 ticks each";
    if (strcmp(heading, family) != 0) {
      printf("\n%-40s%13s %9s %6s\n", heading, "M ticks/s", "ns/tick", "ratio");
      family = heading;
    }
    printf("  %-38s%13.0f %9.2f", b->name, 1e3 / bench_median(b), bench_median(b));
    if (base || !b->than) {
      printf(" %6.2f", base ? bench_ratio(b, base) : 1.0);
    }
    printf("\n");
  }
}

/* ------------------------------------------------------------------ kernels */

static void print_kernel_names(const struct bench_set *set, const char *title)
{
  printf("\n%-36s", title);
  for (unsigned k = 0; k < BENCH_KERNELS && set->kernel_names[k][0]; k++) {
    printf("%11s", set->kernel_names[k]);
  }
}

/* The first kernel's ways: the others have the same. */
static const struct bench *next_way(const struct bench_set *set, unsigned *i)
{
  for (; *i < set->count; ++*i) {
    const struct bench *b = &set->bench[*i];
    if (bench_is(b, BENCH_KERNEL) && b->family == set->kernel_names[0]) {
      return &set->bench[(*i)++];
    }
  }
  return NULL;
}

static void print_number(double value, int width)
{
  if (isnan(value)) {
    printf("%*s", width, "-");
  } else {
    printf("%*.2f", width, value);
  }
}

/* to: the id of what is divided by; "": each by its own base; NULL: nanoseconds. */
static void print_kernels(const struct bench_set *set, const char *title, const char *to)
{
  const struct bench *way;
  unsigned i = 0;
  print_kernel_names(set, title);
  printf("%s\n", to ? "  mean of 7" : "");
  while ((way = next_way(set, &i))) {
    const char *base = to && !to[0] ? way->than : to;
    if (to && !base) {
      continue;
    }
    printf("  %-34s", way->name);
    for (unsigned k = 0; k < BENCH_KERNELS && set->kernel_names[k][0]; k++) {
      const struct bench *b = bench_find(set, BENCH_KERNEL, set->kernel_names[k], way->id);
      const struct bench *than = bench_find(set, BENCH_KERNEL, set->kernel_names[k], base);
      print_number(!b ? NAN : to ? bench_ratio(b, than) : bench_median(b), 11);
    }
    if (to) {
      print_number(bench_mean(set, way->id, base), 11);
    }
    printf("\n");
  }
}

static void print_all_kernels(const struct bench_set *set)
{
  unsigned i = 0;
  if (!next_way(set, &i)) {
    return;
  }
  print_kernels(set, "ns for an instruction of PG32's", NULL);
  print_kernels(set, "over the machine with pages, bare", "bare-paged");
  if (bench_find(set, BENCH_KERNEL, set->kernel_names[0], "qemu")) {
    print_kernels(set, "over qemu-system-riscv32, Sv32", "qemu");
  }
  print_kernels(set, "over the same machine, bare, fused", "");
}

/* --------------------------------------------------------------- operations */

static void print_group(const struct bench_set *set, const char *group, const char *title)
{
  bool begun = false;
  for (unsigned i = 0; i < set->count; i++) {
    const struct bench *b = &set->bench[i];
    if (!bench_is(b, group)) {
      continue;
    }
    if (!begun) {
      printf("\n%-43s%13s%13s%13s\n", title, "median", "least", "most");
      begun = true;
    }
    printf("  %-41s", b->name);
    print_time(bench_median(b));
    print_time(bench_best(b));
    print_time(bench_worst(b));
    printf("\n");
  }
  double change = bench_world_switch(set);
  if (strcmp(group, BENCH_OPERATION) == 0 && !isnan(change)) {
    printf("  %-41s", "world switch (turns less staying)");
    print_time(change);
    printf("\n");
  }
}

static void print_io(const struct bench_set *set)
{
  bool begun = false;
  for (unsigned i = 0; i < set->count; i++) {
    const struct bench *b = &set->bench[i], *than = bench_base(set, b);
    if (!bench_is(b, BENCH_IO) || !than) {
      continue;
    }
    if (!begun) {
      printf("\n%-43s%13s%13s%13s\n", "input and output, one of", "bare", "virtual", "ratio");
      begun = true;
    }
    printf("  %-41s", b->name);
    print_time(bench_median(than));
    print_time(bench_median(b));
    printf("%13.1f\n", bench_ratio(b, than));
  }
}

void bench_report_table(const struct bench_set *set)
{
  printf("Medians of %u samples, taken in turns; processor time. A ratio is the time over\n"
         "that of the bare machine's engine: less is better.\n",
         set->rounds);
  print_all_kernels(set);
  print_loops(set);
  print_group(set, BENCH_OPERATION, "one of these takes");
  print_group(set, BENCH_DEBUGGER, "the debugger's");
  print_io(set);
  print_group(set, BENCH_COMMAND, "a whole run of trapeze");
  printf("\nAfter the same ticks all machines that ran the same program were in the same state:\n"
         "with fused runs and without, by the stepper, in virtual machines by each technique.\n");
  bench_report_aims(set);
}
