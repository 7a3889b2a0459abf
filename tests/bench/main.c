/* trapeze-bench: figures of one run, as a table or as JSON. Not a test: nothing
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
    {"--long", "long", 51, 40e6},    /* about two minutes */
    {"--smoke", "smoke", 3, 0.05e6}, /* no figure means anything: does it run? */
};

static void usage(FILE *out)
{
  fprintf(out, "usage: bench [--short | --long | --smoke] [--json] [--only=TEXT]\n"
               "TEXT is a part of a loop's name or of an operation's id in JSON.\n"
               "Run from the top of the source tree; programs are read from tests/bench.\n");
}

static int measure(const struct form *form, const char *only, bool json)
{
  struct bench_set *set = calloc(1, sizeof *set);
  if (!set) {
    fprintf(stderr, "bench: out of memory\n");
    return 3;
  }
  set->rounds = form->rounds;
  set->sample_time = form->sample_time;
  set->only = only;
  suite_fill(set);
  int status = 3;
  if (bench_open(set) && suite_hashes_agree(set) && bench_measure(set)) {
    status = json ? bench_report_json(set, form->name) : bench_report_table(set);
  }
  bench_close(set);
  free(set);
  return status;
}

int main(int argc, char **argv)
{
  const struct form *form = &forms[0];
  const char *only = NULL;
  bool json = false;
  for (int i = 1; i < argc; i++) {
    const struct form *chosen = NULL;
    for (unsigned f = 0; f < sizeof forms / sizeof *forms; f++) {
      chosen = strcmp(argv[i], forms[f].option) == 0 ? &forms[f] : chosen;
    }
    if (chosen) {
      form = chosen;
    } else if (strcmp(argv[i], "--json") == 0) {
      json = true;
    } else if (strncmp(argv[i], "--only=", 7) == 0) {
      only = argv[i] + 7;
    } else if (strcmp(argv[i], "--help") == 0) {
      usage(stdout);
      return 0;
    } else {
      usage(stderr);
      return 2;
    }
  }
  return measure(form, only, json);
}
