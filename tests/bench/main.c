/* trapeze-bench: figures of one run, as tables, as JSON and as a picture. Not a test: nothing
 * fails for being slow. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const struct form {
  const char *option, *name;
  unsigned rounds;
  double sample_time;
} forms[] = {
    {"--short", "short", 15, 4e6},   /* seconds; the default */
    {"--long", "long", 51, 40e6},    /* minutes */
    {"--smoke", "smoke", 3, 0.05e6}, /* no figure means anything: does it run? */
};

struct request {
  const struct form *form;
  bool json, list;
  bool wrong; /* show that machines in different states are noticed */
  const char *json_file, *chart;
  uint64_t rounds; /* not 0: of each, for callgrind, and no report */
};

static int usage(FILE *out, int status)
{
  fprintf(out,
          "usage: bench [--short | --long | --smoke] [--json[=FILE]] [--chart=FILE.svg]\n"
          "             [--kernels=DIR] [--trapeze=COMMAND] [--only=TEXT | --id=NAME]\n"
          "             [--list] [--rounds=N] [--wrong]\n"
          "TEXT is a part of a group's, of a loop's or kernel's name, or of an id in JSON; NAME\n"
          "is one id, FAMILY/ID for those of loops and kernels. DIR is what kernels.sh made;\n"
          "COMMAND is trapeze, for what is measured as a whole. --rounds: so many of each and\n"
          "no report, for callgrind. Run from the top of the source tree; programs are read\n"
          "from tests/bench.\n");
  return status;
}

static int report(const struct bench_set *set, const struct request *r)
{
  if (!r->json) {
    bench_report_table(set);
  }
  bool done = (!r->json && !r->json_file) || bench_report_json(set, r->form->name, r->json_file);
  return done && (!r->chart || bench_report_chart(set, r->chart)) ? 0 : 3;
}

static int list(const struct bench_set *set)
{
  for (unsigned i = 0; i < set->count; i++) {
    const struct bench *b = &set->bench[i];
    printf("%s %s%s%s\n", b->group, b->family ? b->family : "", b->family ? "/" : "", b->id);
  }
  return 0;
}

static int measure(struct bench_set *set, const struct request *r)
{
  set->rounds = r->form->rounds;
  set->sample_time = r->form->sample_time;
  if (!suite_fill(set)) {
    return 3;
  }
  if (r->list) {
    return list(set);
  }
  int status = 3;
  bool open = bench_open(set);
  if (open && r->wrong) {
    machine_set_reg(set->bench[set->count - 1].world.m, REG_GP, 1);
  }
  if (open && r->rounds) {
    status = bench_count(set, r->rounds) ? 0 : 3;
  } else if (open && suite_hashes_agree(set) && bench_measure(set)) {
    status = report(set, r);
  }
  bench_close(set);
  return status;
}

static const char *value_of(const char *argument, const char *option)
{
  size_t len = strlen(option);
  return strncmp(argument, option, len) == 0 ? argument + len : NULL;
}

static bool take_value(const char *argument, struct bench_set *set, struct request *r)
{
  const struct {
    const char *option, **to;
  } options[] = {{"--only=", &set->only},       {"--id=", &set->exactly},
                 {"--kernels=", &set->kernels}, {"--trapeze=", &set->trapeze},
                 {"--chart=", &r->chart},       {"--json=", &r->json_file}};
  for (unsigned i = 0; i < sizeof options / sizeof *options; i++) {
    const char *value = value_of(argument, options[i].option);
    if (value) {
      *options[i].to = value;
      return true;
    }
  }
  const char *rounds = value_of(argument, "--rounds=");
  r->rounds = rounds ? strtoull(rounds, NULL, 10) : r->rounds;
  return rounds && r->rounds > 0;
}

int main(int argc, char **argv)
{
  struct request r = {.form = &forms[0]};
  struct bench_set *set = calloc(1, sizeof *set);
  int status = set ? -1 : 3;
  for (int i = 1; i < argc && status < 0; i++) {
    const struct form *chosen = NULL;
    for (unsigned f = 0; f < sizeof forms / sizeof *forms; f++) {
      chosen = strcmp(argv[i], forms[f].option) == 0 ? &forms[f] : chosen;
    }
    if (chosen) {
      r.form = chosen;
    } else if (strcmp(argv[i], "--json") == 0) {
      r.json = true;
    } else if (strcmp(argv[i], "--wrong") == 0) {
      r.wrong = true;
    } else if (strcmp(argv[i], "--list") == 0) {
      r.list = true;
    } else if (strcmp(argv[i], "--help") == 0) {
      status = usage(stdout, 0);
    } else if (!take_value(argv[i], set, &r)) {
      status = usage(stderr, 2);
    }
  }
  status = status < 0 ? measure(set, &r) : status;
  free(set);
  return status;
}
