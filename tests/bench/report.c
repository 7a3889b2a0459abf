#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "bench.h"
#include "tools/common/json.h"

/* One world switch: what taking turns costs over staying. */
static double world_switch(const struct bench_set *set)
{
  const struct bench *turns = bench_find(set, BENCH_OPERATION, "step-two-vms");
  const struct bench *staying = bench_find(set, BENCH_OPERATION, "step-vm");
  return turns && staying ? bench_median(turns) - bench_median(staying) : NAN;
}

/* -------------------------------------------------------------------- table */

static void print_time(double nanoseconds)
{
  if (nanoseconds < 1e4) {
    printf("%10.1f ns", nanoseconds);
  } else {
    printf("%10.1f us", nanoseconds / 1e3);
  }
}

static void print_loop(const struct bench_set *set, const struct bench *b)
{
  const struct bench *bare = bench_find(set, b->group, "bare-fused");
  if (b == set->bench || strcmp(b[-1].group, b->group) != 0) {
    printf("\n%-6s%37s %9s %6s\n", b->group, "M ticks/s", "ns/tick", "ratio");
  }
  printf("  %-30s%11.0f %9.2f %6.2f\n", b->name, 1e3 / bench_median(b), bench_median(b),
         bench_ratio(b, bare));
}

static void print_operations(const struct bench_set *set)
{
  printf("\n%-43s%13s%13s%13s\n", "one of these takes", "median", "least", "most");
  for (unsigned i = 0; i < set->count; i++) {
    const struct bench *b = &set->bench[i];
    if (strcmp(b->group, BENCH_OPERATION) == 0) {
      printf("  %-41s", b->name);
      print_time(bench_median(b));
      print_time(bench_best(b));
      print_time(bench_worst(b));
      printf("\n");
    }
  }
  printf("  %-41s", "world switch (turns less staying)");
  print_time(world_switch(set));
  printf("\n");
}

static void print_io(const struct bench_set *set)
{
  printf("\n%-43s%13s%13s%13s\n", "input and output, one of", "bare", "virtual", "ratio");
  for (unsigned i = 0; i < set->count; i++) {
    const struct bench *b = &set->bench[i], *than = bench_find(set, b->group, b->than);
    if (than) {
      printf("  %-41s", b->name);
      print_time(bench_median(than));
      print_time(bench_median(b));
      printf("%13.1f\n", bench_ratio(b, than));
    }
  }
}

int bench_report_table(const struct bench_set *set)
{
  printf("Medians of %u samples, taken in turns; processor time. A ratio is the time over\n"
         "that of the bare machine's engine: less is better.\n",
         set->rounds);
  for (unsigned i = 0; i < set->count; i++) {
    if (bench_is_loop(&set->bench[i])) {
      print_loop(set, &set->bench[i]);
    }
  }
  print_operations(set);
  print_io(set);
  printf("\nAfter the same ticks all machines of a loop were in the same state.\n");
  return 0;
}

/* --------------------------------------------------------------------- JSON */

/* Three digits after the point are more than a sample is worth. */
static json_t *number(double value)
{
  return isnan(value) ? json_null() : json_real(round(value * 1e3) / 1e3);
}

static json_t *loop_json(const struct bench_set *set, const struct bench *b)
{
  return json_pack(
      "{s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o}", "loop", b->group, "machine", b->id, "name",
      b->name, "depth", (int)b->depth, "ticks_per_second",
      json_integer((json_int_t)(1e9 / bench_median(b))), "ns_per_tick", number(bench_median(b)),
      "ratio", number(bench_ratio(b, bench_find(set, b->group, "bare-fused"))), "ratio_to_stepper",
      number(bench_ratio(b, bench_find(set, b->group, "bare-stepper"))));
}

static json_t *operation_json(const struct bench_set *set, const struct bench *b)
{
  json_t *json = json_pack("{s:s, s:s, s:i, s:o, s:o, s:o}", "id", b->id, "name", b->name, "depth",
                           (int)b->depth, "ns", number(bench_median(b)), "ns_least",
                           number(bench_best(b)), "ns_most", number(bench_worst(b)));
  if (b->than) {
    json_object_set_new(json, "ratio", number(bench_ratio(b, bench_find(set, b->group, b->than))));
  }
  return json;
}

int bench_report_json(const struct bench_set *set, const char *form)
{
  json_t *loops = json_array(), *operations = json_array();
  for (unsigned i = 0; i < set->count; i++) {
    const struct bench *b = &set->bench[i];
    if (bench_is_loop(b)) {
      json_array_append_new(loops, loop_json(set, b));
    } else {
      json_array_append_new(operations, operation_json(set, b));
    }
  }
  json_array_append_new(operations, json_pack("{s:s, s:s, s:i, s:o}", "id", "world-switch", "name",
                                              "world switch (turns less staying)", "depth", 1, "ns",
                                              number(world_switch(set))));
  return json_print("bench", json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o}", "schema",
                                       "trapeze-bench/1", "version", TRAPEZE_VERSION, "form", form,
                                       "clock", "process CPU time", "samples", (int)set->rounds,
                                       "loops", loops, "operations", operations));
}
