/* See check.h. */
#include "tools/grade/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/grade/assign.h"

const struct check_limits check_limits_usual = {.cpu_seconds = 5, .stall_ms = 20000};

static const struct {
  const char *name;
  check_fn *run;
  enum lab_kind needs;
} checks[] = {
    {"equivalent", check_equivalent, LAB_MODULE},
    {"model", check_model, LAB_MODULE},
    {"shares", check_shares, LAB_MODULE},
    {"patch", check_patch, LAB_MODULE},
    {"patched", check_patched, LAB_MODULE},
    {"output", check_output, LAB_GUEST},
    {"call", check_call, LAB_GUEST},
    {"witness", check_witness, LAB_GUEST},
    {"same", check_same, LAB_GUEST},
    {"escape", check_escape, LAB_GUEST},
    {"catches", check_catches, LAB_GUEST},
    {"predict", check_predict, LAB_TEXT},
    {"profile", check_profile, LAB_TEXT},
    {"diagnosis", check_diagnosis, LAB_TEXT},
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

char *check_text(const struct check_run *run, const char *name, size_t *len,
                 struct check_outcome *o)
{
  uint8_t *text = NULL;
  char *path = workshop_file(run->workshop, name);
  const char *problem = workshop_problem(run->workshop, name);
  *o = check_fail(CHECK_HOST, NULL);
  if (problem) {
    *o = check_differs(NULL, "a file that can be read", "%s", problem);
  } else if (path && file_read("grade", path, WORKSHOP_MAX_FILE, &text, len) != STATUS_DONE) {
    text = NULL;
  }
  free(path);
  return (char *)text;
}

char *check_known(const char *name, char buf[CHECK_KNOWN_SIZE])
{
  const size_t len = sizeof ASSIGN_FOLDER;
  bool own = strncmp(name, ASSIGN_FOLDER "/", len) == 0;
  snprintf(buf, CHECK_KNOWN_SIZE, "%s%s", own ? "assignment/" : "", own ? name + len : name);
  return buf;
}

struct check_outcome check_differs(const char *look, const char *expected, const char *format, ...)
{
  char *actual = NULL, *text = NULL;
  va_list args;
  va_start(args, format);
  if (vasprintf(&actual, format, args) < 0) {
    actual = NULL;
  }
  va_end(args);
  if (!actual || asprintf(&text, "expected  %s\nactual    %s\n%s%s%s", expected, actual,
                          look ? "look      " : "", look ? look : "", look ? "\n" : "") < 0) {
    text = NULL;
  }
  free(actual);
  return check_fail(CHECK_FAILED, text);
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

static struct check_outcome no_such_check(const struct check_run *run)
{
  char expected[300] = "a \"check\" for files of the lab's kinds:";
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    if (run->lab->kinds & 1u << checks[i].needs) {
      size_t len = strlen(expected);
      snprintf(expected + len, sizeof expected - len, " %s", checks[i].name);
    }
  }
  return check_lab_is_wrong(run, expected);
}

/* A submission that does what ours does is done in a fraction of the time; any other is
 * looked at call by call. */
static struct check_outcome run_check(check_fn *check, const struct check_run *run)
{
  struct check_outcome o = check(run);
  if (o.verdict == CHECK_AGAIN) {
    double cpu = o.cpu;
    struct check_run exact = *run;
    exact.exact = true;
    check_outcome_free(&o);
    o = check(&exact);
    o.cpu += cpu;
  }
  return o;
}

struct check_outcome check_run(const struct check_run *run)
{
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    if (strcmp(checks[i].name, run->test->check) == 0 && run->lab->kinds & 1u << checks[i].needs) {
      return run_check(checks[i].run, run);
    }
  }
  return no_such_check(run);
}
