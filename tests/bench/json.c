#include <math.h>
#include <stdio.h>

#include <jansson.h>

#include "bench.h"
#include "tools/common/json.h"

/* Three digits after the point are more than a sample is worth. */
static json_t *number(double value)
{
  return isnan(value) ? json_null() : json_real(round(value * 1e3) / 1e3);
}

static double ratio_to(const struct bench_set *set, const struct bench *b, const char *id)
{
  return bench_ratio(b, bench_find(set, b->group, b->family, id));
}

static json_t *loop_json(const struct bench_set *set, const struct bench *b)
{
  return json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o}", "loop", b->family, "machine", b->id,
                   "name", b->name, "depth", (int)b->depth, "ticks_per_second",
                   json_integer((json_int_t)(1e9 / bench_median(b))), "ns_per_tick",
                   number(bench_median(b)), "ratio",
                   number(b->than ? ratio_to(set, b, b->than) : 1), "ratio_to_stepper",
                   number(ratio_to(set, b, "bare-stepper")));
}

/* ns: for a tick, so for an instruction of PG32's or what stands for it elsewhere. */
static json_t *kernel_json(const struct bench_set *set, const struct bench *b)
{
  return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "kernel", b->family, "way", b->id,
                   "name", b->name, "ns_per_tick", number(bench_median(b)), "to_bare_paged",
                   number(ratio_to(set, b, "bare-paged")), "to_qemu",
                   number(ratio_to(set, b, "qemu")), "to_qemu_icount",
                   number(ratio_to(set, b, "qemu-icount")), "to_bare",
                   number(b->than ? ratio_to(set, b, b->than) : 1));
}

static json_t *operation_json(const struct bench_set *set, const struct bench *b)
{
  json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o}", "id", b->id, "group", b->group,
                           "name", b->name, "depth", (int)b->depth, "ns", number(bench_median(b)),
                           "ns_least", number(bench_best(b)), "ns_most", number(bench_worst(b)));
  if (b->than) {
    json_object_set_new(json, "ratio", number(bench_ratio(b, bench_base(set, b))));
  }
  return json;
}

bool bench_report_json(const struct bench_set *set, const char *form, const char *file)
{
  json_t *loops = json_array(), *kernels = json_array(), *operations = json_array();
  for (unsigned i = 0; i < set->count; i++) {
    const struct bench *b = &set->bench[i];
    if (bench_is(b, BENCH_LOOP)) {
      json_array_append_new(loops, loop_json(set, b));
    } else if (bench_is(b, BENCH_KERNEL)) {
      json_array_append_new(kernels, kernel_json(set, b));
    } else {
      json_array_append_new(operations, operation_json(set, b));
    }
  }
  json_array_append_new(operations,
                        json_pack("{s:s, s:s, s:s, s:i, s:o}", "id", "world-switch", "group",
                                  BENCH_OPERATION, "name", "world switch (turns less staying)",
                                  "depth", 1, "ns", number(bench_world_switch(set))));
  json_t *all =
      json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o}", "schema", "trapeze-bench/2", "version",
                TRAPEZE_VERSION, "form", form, "clock", "process CPU time", "samples",
                (int)set->rounds, "loops", loops, "kernels", kernels, "operations", operations);
  if (!file) {
    return json_print("bench", all) == 0;
  }
  bool done = json_dump_file(all, file, JSON_INDENT(2)) == 0;
  json_decref(all);
  if (!done) {
    fprintf(stderr, "bench: %s cannot be written\n", file);
  }
  return done;
}
