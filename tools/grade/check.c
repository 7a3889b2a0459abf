/* See check.h. */
#include "tools/grade/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct check_limits check_limits_usual = {.cpu_seconds = 5, .stall_ms = 20000};

static const struct {
  const char *name;
  check_fn *run;
  bool modules;
} checks[] = {
    {"equivalent", check_equivalent, true},
    {"model", check_model, true},
    {"shares", check_shares, true},
    {"output", check_output, false},
    {"call", check_call, false},
};

void check_outcome_free(struct check_outcome *o)
{
  free(o->text);
  free(o->printed);
}

struct check_outcome check_fail(enum check_verdict verdict, char *text)
{
  return (struct check_outcome){.verdict = verdict, .text = text};
}

struct check_outcome check_lab_is_wrong(const struct check_run *run, const char *expected)
{
  fprintf(stderr, "%s: error: %s: expected %s\n", run->test->folder, run->test->id, expected);
  return check_fail(CHECK_LAB, NULL);
}

/* Never 0, which the generator would stay at. */
uint64_t check_draw_from(uint64_t seed)
{
  return seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

uint64_t check_draw(uint64_t *random)
{
  *random ^= *random >> 12;
  *random ^= *random << 25;
  *random ^= *random >> 27;
  return *random * UINT64_C(2685821657736338717);
}

struct check_outcome check_run(const struct check_run *run)
{
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    if (strcmp(checks[i].name, run->test->check) == 0 && checks[i].modules == run->lab->modules) {
      return checks[i].run(run);
    }
  }
  fprintf(stderr, "%s: error: %s: expected a \"check\" of a lab of this kind: %s\n",
          run->test->folder, run->test->id,
          run->lab->modules ? "\"equivalent\", \"model\" or \"shares\"" : "\"output\" or \"call\"");
  return check_fail(CHECK_LAB, NULL);
}
