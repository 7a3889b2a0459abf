/* What was aimed at, and what this run found. */
#include <math.h>
#include <stdio.h>

#include "bench.h"

static double median_of(const struct bench_set *set, const char *group, const char *id)
{
  const struct bench *b = bench_find(set, group, NULL, id);
  return b ? bench_median(b) : NAN;
}

static double ratio_of(const struct bench_set *set, const char *id)
{
  const struct bench *b = bench_find(set, BENCH_SYSTEM, NULL, id);
  return b ? bench_ratio(b, bench_base(set, b)) : NAN;
}

static double kernel_ratio(const struct bench_set *set, const char *kernel, const char *way,
                           const char *to)
{
  const struct bench *b = bench_find(set, BENCH_KERNEL, kernel, way);
  return b ? bench_ratio(b, bench_find(set, BENCH_KERNEL, kernel, to)) : NAN;
}

/* found NAN: it was not measured. */
static void aim(const char *name, const char *unit, double most, double found)
{
  if (!isnan(found)) {
    printf("  %-58s%8.2f%8.2f %-3s%s\n", name, most, found, unit, found <= most ? "" : " missed");
  }
}

void bench_report_aims(const struct bench_set *set)
{
  static const char *const op = BENCH_OPERATION;
  printf("\n%-60s%8s%8s\n", "aims", "at most", "found");
  aim("bare, pages, over qemu Sv32 (mean of 7 kernels)", "", 1.7,
      bench_mean(set, "bare-paged", "qemu"));
  aim("bare, pages, over qemu -icount (mean of 7)", "", 1.3,
      bench_mean(set, "bare-paged", "qemu-icount"));
  aim("… on calls (fibonacci), over qemu", "", 1,
      kernel_ratio(set, "fibonacci", "bare-paged", "qemu"));
  aim("… on byte code, over qemu", "", 1, kernel_ratio(set, "bytecode", "bare-paged", "qemu"));
  aim("virtual over bare, bounds (mean of 7)", "", 1.02, bench_mean(set, "vm-bounds", "bare"));
  aim("virtual over bare, shadow tables (mean of 7)", "", 1.02,
      bench_mean(set, "vm-shadow", "bare-paged"));
  aim("minos, four busy processes, virtual over bare", "", 1.15, ratio_of(set, "busy-vm"));
  aim("minos-paged, the same, shadow tables over bare", "", 1.15, ratio_of(set, "busy-shadow"));
  aim("trap and return to a minimal handler", "ns", 20, median_of(set, op, "trap-and-return"));
  aim("privileged instruction, trapped, emulated, resumed", "ns", 60,
      median_of(set, op, "emulate-cr"));
  aim("world switch", "ns", 150, bench_world_switch(set));
  aim("step by the debugger's interface (2 million a second)", "ns", 500,
      median_of(set, BENCH_DEBUGGER, "debug-step"));
  aim("… of a virtual machine", "ns", 500, median_of(set, BENCH_DEBUGGER, "debug-step-vm"));
  aim("snapshot of 16 MiB in use", "ms", 5, median_of(set, op, "snapshot-full") / 1e6);
  aim("… each page changed since the one before", "ms", 5,
      median_of(set, op, "snapshot-changed") / 1e6);
  aim("snapshot of 16 MiB, nothing changed", "ms", 0.2,
      median_of(set, op, "snapshot-unchanged") / 1e6);
  aim("checkpoint of 16 MiB, nothing changed", "ms", 0.2,
      median_of(set, op, "checkpoint-unchanged") / 1e6);
}
