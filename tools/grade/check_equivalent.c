/* "equivalent": a guest runs bare and in a virtual machine whose VMM has the submission's
 * modules, and is compared as `trapeze verify` does: the same state at every tick, nothing
 * outside the virtual machine touched.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/text.h"
#include "tools/grade/hosted.h"
#include "tools/verify/report.h"
#include "tools/verify/world.h"

#define TICKS_USUAL 20000u

struct equivalent {
  const struct check_run *run;
  struct setup setup;
  const char *guest, *input;
  char *guest_path, *input_path, *profile_path;
  uint64_t direct; /* percent of the instructions that must execute directly */
};

static bool read_spec(struct equivalent *e)
{
  const struct check_run *run = e->run;
  struct setup *s = &e->setup;
  uint64_t storage = s->storage;
  s->ticks = TICKS_USUAL;
  s->disk = "64";
  if (!lab_string(run->lab, run->test, "guest", &e->guest) ||
      !lab_string(run->lab, run->test, "profile", &s->profile_name) ||
      !lab_string(run->lab, run->test, "mmu", &s->mmu) ||
      !lab_string(run->lab, run->test, "io", &s->io) ||
      !lab_string(run->lab, run->test, "input", &e->input) ||
      !lab_string(run->lab, run->test, "disk", &s->disk) ||
      !lab_count(run->lab, run->test, "storage", &storage) ||
      !lab_count(run->lab, run->test, "rate", &s->rate) ||
      !lab_count(run->lab, run->test, "direct", &e->direct) ||
      !lab_count(run->lab, run->test, "ticks", &s->ticks)) {
    return false;
  }
  s->storage = (uint32_t)storage;
  if (!e->guest) {
    check_lab_is_wrong(run, "a \"guest\"");
    return false;
  }
  return true;
}

static bool load(struct equivalent *e)
{
  if (!read_spec(e)) {
    return false;
  }
  /* A name without a slash or a dot is that of a shipped guest. */
  bool shipped = !strpbrk(e->guest, "./");
  e->guest_path = shipped ? strdup(e->guest) : lab_path(e->run->test, e->guest);
  e->input_path = e->input ? lab_path(e->run->test, e->input) : NULL;
  e->setup.input = e->input_path;
  const char *profile = e->setup.profile_name;
  e->profile_path = profile && strchr(profile, '/') ? lab_path(e->run->test, profile) : NULL;
  e->setup.profile_name = e->profile_path ? e->profile_path : profile;
  return e->guest_path && setup_load(&e->setup, e->guest_path) == STATUS_DONE;
}

static void unload(struct equivalent *e)
{
  setup_destroy(&e->setup);
  free(e->guest_path);
  free(e->input_path);
  free(e->profile_path);
}

/* ------------------------------------------------------------------ the report */

/* One command that shows a student the place; of a hidden test there is no file to give. */
static void print_command(const struct equivalent *e, const struct verify_result *v, FILE *out)
{
  const struct lab_test *t = e->run->test;
  if (t->hidden) {
    return;
  }
  fprintf(out, "look      build/trapeze debug %s -p %s --vmm --disk %s", e->guest_path,
          e->profile_path ? e->profile_path : profile_name(e->setup.profile), e->setup.disk);
  if (e->setup.mmu) {
    fprintf(out, " --mmu %s", e->setup.mmu);
  }
  if (e->setup.io) {
    fprintf(out, " --io %s", e->setup.io);
  }
  if (e->input) {
    fprintf(out, " --input %s --input-rate %" PRIu64, e->input_path, e->setup.rate);
  }
  if (v->first) {
    fprintf(out, " -e 'goto %" PRIu64 "'", v->first->before.tick);
  }
  fputc('\n', out);
}

static void print_difference(const struct equivalent *e, const struct report *report, FILE *out)
{
  const struct verify_result *v = report->result;
  char text[2048], n[TEXT_COUNT_SIZE];
  fprintf(out, "input     guest %s on profile %s\n", e->guest, profile_name(e->setup.profile));
  if (v->first) {
    fprintf(out, "expected  at tick %s the virtual machine does what the bare machine does: %s\n",
            text_count(n, v->first->before.tick),
            report_deed(report, v->first, 0, text, sizeof text));
    fprintf(out, "actual    %s\n", report_deed(report, v->first, 1, text, sizeof text));
  } else if (v->resources.violations || v->resources.lost_control) {
    fprintf(out, "expected  the VMM keeps control of the real machine\nactual    %s\n",
            *v->resources.first ? v->resources.first : v->resources.lost_reason);
  } else {
    fputs("expected  nothing outside the virtual machine changes\n"
          "actual    storage or disk beside it changed\n",
          out);
  }
  report_print_divergence(report, out);
}

static char *explain(const struct equivalent *e, const struct report *report)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  if (!out) {
    return NULL;
  }
  print_difference(e, report, out);
  print_command(e, report->result, out);
  fclose(out);
  return text;
}

/* The paper's third property: a VMM that interprets everything is right, and none. */
static bool is_efficient(const struct equivalent *e, const struct verify_result *v)
{
  const struct vmm_stats *s = &v->level[0].vmm;
  uint64_t all = s->direct + s->emulated + s->interpreted;
  return e->direct == 0 || (v->levels > 0 && s->direct * 100 >= all * e->direct);
}

static char *explain_inefficiency(const struct equivalent *e, const struct verify_result *v)
{
  const struct vmm_stats *s = &v->level[0].vmm;
  char text[400], percent[TEXT_COUNT_SIZE], n[TEXT_COUNT_SIZE];
  snprintf(text, sizeof text,
           "input     guest %s on profile %s\n"
           "expected  the virtual machine executes at least %" PRIu64 " %% of it directly\n"
           "actual    it is equivalent, but %s directly: %s instructions were interpreted\n",
           e->guest, profile_name(e->setup.profile), e->direct,
           text_percent(percent, s->direct, s->direct + s->emulated + s->interpreted),
           text_count(n, s->interpreted));
  return strdup(text);
}

/* -------------------------------------------------------------------- the check */

static struct check_outcome compare(struct equivalent *e, struct hosted *h)
{
  struct world world = {
      .setup = &e->setup, .depth = 1, .take = hosted_take, .give_back = hosted_give_back, .ctx = h};
  struct verify_config config = {.maker = world_maker(&world),
                                 .ticks = e->setup.ticks,
                                 .interval = VERIFY_DEFAULT_INTERVAL,
                                 .stepping = true,
                                 .brief = true};
  struct verify_result result;
  struct report report = {.setup = &e->setup, .config = &config, .result = &result, .depth = 1};
  if (verify_run(&config, &result) != VERIFY_DONE) {
    if (*result.host_reason) {
      message_error("grade", "%s", result.host_reason);
    }
    return check_fail(CHECK_HOST, NULL);
  }
  report.sectors = world.sectors;
  if (h->end != REMOTE_OPEN) {
    return hosted_outcome(h);
  }
  if (!result.holds) {
    return check_fail(CHECK_FAILED, explain(e, &report));
  }
  return is_efficient(e, &result) ? (struct check_outcome){.verdict = CHECK_PASSED}
                                  : check_fail(CHECK_FAILED, explain_inefficiency(e, &result));
}

struct check_outcome check_equivalent(const struct check_run *run)
{
  struct equivalent e = {.run = run};
  struct hosted h = {.run = run};
  setup_init(&e.setup, "grade");
  struct check_outcome outcome = load(&e) ? compare(&e, &h) : check_fail(CHECK_LAB, NULL);
  outcome.cpu = h.cpu;
  outcome.printed = h.printed;
  unload(&e);
  return outcome;
}
