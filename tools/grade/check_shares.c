/* "shares": virtual machines that always want the processor run side by side under the
 * submission's scheduler, and each must get its share of the time. Where some of them sleep
 * for a while the lab says what all have had at the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/setup.h"
#include "tools/grade/hosted.h"
#include "vmm/vmm.h"

/* So often it is looked at whether the submission is still there. */
#define SLICE       50000u
#define TICKS_USUAL 2000000u
#define STORAGE     (64u << 10)
#define VMS_MAX     64u
#define TOLERANCE   2 /* percent of its share */

struct shares {
  const struct check_run *run;
  struct setup setup;
  const char *guest; /* of those that have none of their own */
  char *path[VMS_MAX];
  struct program program[VMS_MAX];
  uint64_t tolerance;
  uint32_t share[VMS_MAX], expected[VMS_MAX];
  unsigned count;
  struct machine *real;
  struct vmm *vmm;
  struct machine *vm[VMS_MAX];
};

static bool read_spec(struct shares *s)
{
  const struct check_run *run = s->run;
  const json_t *shares = json_object_get(run->test->spec, "shares");
  s->setup.ticks = TICKS_USUAL;
  s->setup.disk = "0";
  s->setup.storage = STORAGE;
  s->tolerance = TOLERANCE;
  if (!lab_string(run->lab, run->test, "guest", &s->guest) ||
      !lab_string(run->lab, run->test, "profile", &s->setup.profile_name) ||
      !lab_count(run->lab, run->test, "tolerance", &s->tolerance) ||
      !lab_count(run->lab, run->test, "ticks", &s->setup.ticks)) {
    return false;
  }
  for (size_t i = 0; i < json_array_size(shares) && i < VMS_MAX; i++) {
    s->share[s->count++] = (uint32_t)json_integer_value(json_array_get(shares, i));
  }
  if (!s->guest || s->count == 0) {
    check_lab_is_wrong(s->run, "a \"guest\" and \"shares\"");
    return false;
  }
  return true;
}

/* What each VM runs, and what it is to have had: by its share unless the lab says otherwise. */
static bool load(struct shares *s)
{
  const json_t *spec = s->run->test->spec;
  const json_t *guests = json_object_get(spec, "guests"),
               *expected = json_object_get(spec, "expected");
  for (unsigned i = 0; i < s->count; i++) {
    const char *own = json_string_value(json_array_get(guests, i));
    const json_t *due = json_array_get(expected, i);
    s->expected[i] = due ? (uint32_t)json_integer_value(due) : s->share[i];
    s->path[i] = lab_path(s->run->test, own ? own : s->guest);
    if (!s->path[i] || program_load("grade", s->path[i], &s->program[i]) != STATUS_DONE) {
      return false;
    }
  }
  s->setup.profile = profile_load(s->setup.profile_name, stderr);
  return s->setup.profile != NULL;
}

static bool make_machines(struct shares *s, const struct vmm_modules *modules, const char **reason)
{
  struct machine_config config = {.profile = s->setup.profile,
                                  .storage = VMM_OWN_STORAGE + s->count * STORAGE,
                                  .engine = MACHINE_ENGINE_FAST};
  s->real = machine_create(&config, reason);
  s->vmm = s->real ? vmm_create_with(s->real, modules, reason) : NULL;
  for (unsigned i = 0; s->vmm && i < s->count; i++) {
    char name[16];
    snprintf(name, sizeof name, "vm%u", i + 1);
    struct vmm_vm_config vm = {
        .name = name, .storage = STORAGE, .share = s->share[i], .console_private = true};
    s->vm[i] = vmm_create_vm(s->vmm, &vm, reason);
    if (!s->vm[i] || !image_load(s->program[i].image, s->vm[i], stderr)) {
      return false;
    }
  }
  return s->vmm != NULL;
}

static void destroy_machines(struct shares *s)
{
  for (unsigned i = 0; i < s->count; i++) {
    if (s->vm[i]) {
      machine_destroy(s->vm[i]);
    }
  }
  if (s->vmm) {
    vmm_destroy(s->vmm);
  }
  if (s->real) {
    machine_destroy(s->real);
  }
}

/* What it had may differ from its share of what all had by so many percent of that, and by a
 * quantum, which nobody can divide. */
static char *unfair(const struct shares *s)
{
  uint64_t had[VMS_MAX], all = 0, shares = 0;
  char *text = NULL;
  for (unsigned i = 0; i < s->count; i++) {
    struct vmm_account a = vmm_vm_account(s->vm[i]);
    had[i] = a.executed + a.overhead;
    all += had[i];
    shares += s->expected[i];
  }
  for (unsigned i = 0; i < s->count; i++) {
    uint64_t due = all * s->expected[i] / shares, slack = due * s->tolerance / 100;
    slack = slack < VMM_QUANTUM ? VMM_QUANTUM : slack;
    if ((had[i] + slack < due || had[i] > due + slack) &&
        asprintf(&text,
                 "input     %u virtual machines; number %u of them, with share %" PRIu32
                 ", is due %" PRIu32 " parts of %" PRIu64 "\nexpected  %" PRIu64
                 " ticks of %" PRIu64 ", give or take %" PRIu64 " %%\nactual    %" PRIu64
                 " ticks\n",
                 s->count, i + 1, s->share[i], s->expected[i], shares, due, all, s->tolerance,
                 had[i]) >= 0) {
      return text;
    }
  }
  return NULL;
}

static struct check_outcome compare(struct shares *s, struct hosted *h)
{
  const char *reason = "out of memory";
  struct hosted_modules *m = hosted_start(h, &reason);
  bool made = m && make_machines(s, &m->remote.set, &reason);
  char *text = NULL;
  if (made) {
    for (uint64_t at = SLICE; m->remote.end == REMOTE_OPEN && at < s->setup.ticks + SLICE;
         at += SLICE) {
      vmm_run(s->vmm, at < s->setup.ticks ? at : s->setup.ticks);
    }
    text = unfair(s);
  }
  destroy_machines(s);
  if (m) {
    hosted_end(h, m);
  }
  if (!made) {
    message_error("grade", "%s", reason);
    return check_fail(CHECK_HOST, NULL);
  }
  if (h->end != REMOTE_OPEN) {
    free(text);
    return hosted_outcome(h);
  }
  return text ? check_fail(CHECK_FAILED, text) : (struct check_outcome){.verdict = CHECK_PASSED};
}

struct check_outcome check_shares(const struct check_run *run)
{
  struct shares s = {.run = run};
  struct hosted h = {.run = run};
  setup_init(&s.setup, "grade");
  struct check_outcome outcome =
      read_spec(&s) && load(&s) ? compare(&s, &h) : check_fail(CHECK_LAB, NULL);
  outcome.cpu = h.cpu;
  outcome.printed = h.printed;
  setup_destroy(&s.setup);
  for (unsigned i = 0; i < s.count; i++) {
    program_destroy(&s.program[i]);
    free(s.path[i]);
  }
  return outcome;
}
