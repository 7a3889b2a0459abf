/* "same": a guest was changed so that it runs where it did not. In a virtual machine, on a
 * profile with holes and with a technique, the submitted one does what the lab's does on a
 * bare machine: it prints the same and halts, and of the profile's holes it executes none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/trace.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/holes.h"
#include "tools/common/message.h"
#include "tools/common/stack.h"
#include "tools/grade/guest.h"

#define LINES_MAX 4000u

struct same {
  struct guest theirs, ours;
  enum vmm_technique technique;
  const char *like, *technique_name;
  char *like_path;
  uint64_t lines; /* that may be changed; 0: any number */
  uint64_t traps; /* percent of those that the lab's guest takes where all holes trap; 0: any */
  struct tracer tracer;
  bool met; /* a hole was executed, first … */
  enum isa_insn hole;
  uint32_t hole_at;
};

/* ------------------------------------------------------------------ what is changed */

struct lines {
  uint8_t *bytes;
  const char *line[LINES_MAX];
  size_t len[LINES_MAX], count;
  bool more;
};

static bool read_lines(struct lines *l, const char *path)
{
  size_t len;
  if (file_read("grade", path, WORKSHOP_MAX_FILE, &l->bytes, &len) != STATUS_DONE) {
    return false;
  }
  const char *at = (const char *)l->bytes;
  while (*at && l->count < LINES_MAX) {
    size_t n = strcspn(at, "\n"), kept = n;
    while (kept > 0 && (at[kept - 1] == ' ' || at[kept - 1] == '\r' || at[kept - 1] == '\t')) {
      kept--;
    }
    if (kept > 0) {
      l->line[l->count] = at;
      l->len[l->count++] = kept;
    }
    at += n + (at[n] == '\n');
  }
  l->more = *at != '\0';
  return true;
}

static bool same_line(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
  return a->len[i] == b->len[j] && memcmp(a->line[i], b->line[j], a->len[i]) == 0;
}

/* Lines of either that the other has not, in order: as diff counts them. */
static size_t lines_changed(const struct lines *a, const struct lines *b)
{
  uint16_t *row = calloc(b->count + 1, sizeof *row);
  if (!row) {
    return a->count + b->count;
  }
  for (size_t i = 0; i < a->count; i++) {
    uint16_t before = 0; /* the longest common part of what comes before both */
    for (size_t j = 0; j < b->count; j++) {
      uint16_t up = row[j + 1];
      row[j + 1] = same_line(a, i, b, j) ? (uint16_t)(before + 1) : up > row[j] ? up : row[j];
      before = up;
    }
  }
  size_t common = row[b->count];
  free(row);
  return a->count + b->count - 2 * common;
}

static struct check_outcome count_lines(struct same *s)
{
  struct lines *l = calloc(2, sizeof *l);
  char *path = workshop_file(s->theirs.run->workshop, s->theirs.program);
  struct check_outcome outcome = {.verdict = CHECK_HOST};
  if (l && path && read_lines(&l[0], s->like_path) && read_lines(&l[1], path)) {
    size_t changed = lines_changed(&l[0], &l[1]);
    char expected[100];
    snprintf(expected, sizeof expected, "at most %" PRIu64 " lines added and taken away", s->lines);
    outcome.verdict = CHECK_PASSED;
    if (l[1].more) {
      outcome = check_differs(NULL, expected, "there are more than %u lines", LINES_MAX);
    } else if (changed > s->lines) {
      outcome = check_differs(NULL, expected, "%zu", changed);
    }
  }
  free(l ? l[0].bytes : NULL);
  free(l ? l[1].bytes : NULL);
  free(l);
  free(path);
  return outcome;
}

/* ------------------------------------------------------------------------- the runs */

static void record(struct tracer *t, const struct trace_event *event)
{
  struct same *s = (struct same *)((char *)t - offsetof(struct same, tracer));
  struct isa_decoded insn;
  if (!s->met && event->kind == TRACE_INSN &&
      profile_decode(s->theirs.setup.profile, event->d, &insn) &&
      hole_in(s->theirs.setup.profile, insn.insn)) {
    s->met = true;
    s->hole = insn.insn;
    s->hole_at = event->b;
  }
}

static char *look_at(const struct same *s, char *buf, size_t size)
{
  snprintf(buf, size, "build/trapeze vmm submission/%s -p %s --technique=%s", s->theirs.program,
           profile_name(s->theirs.setup.profile), s->technique_name);
  return buf;
}

static struct check_outcome judge(struct same *s, struct machine *vm, enum machine_why end,
                                  const uint8_t *want, size_t want_len)
{
  char look[300], place[100];
  size_t len;
  const uint8_t *got = machine_console_output(vm, &len);
  s->theirs.look = look_at(s, look, sizeof look);
  if (len != want_len || memcmp(got, want, len) != 0) {
    return check_fail(CHECK_FAILED, guest_output_differs(&s->theirs, want, want_len, got, len));
  }
  if (end != MACHINE_HALTED) {
    return check_differs(look, "it halts", "it %s",
                         guest_end_name(&(struct machine_stop){.why = end}));
  }
  if (s->met) {
    return check_differs(
        look_at(s, look, sizeof look), "nothing sensitive is executed directly", "%s at %s",
        isa_insn_info(s->hole)->mnemonic,
        program_place(s->theirs.setup.program.image, s->hole_at, place, sizeof place));
  }
  return (struct check_outcome){.verdict = CHECK_PASSED};
}

/* A virtual machine that has run to its end, or NULL after a message. */
static struct stack *run_virtual(struct same *s, const struct setup *setup,
                                 const struct profile *profile, enum vmm_technique technique,
                                 enum machine_why *end)
{
  const char *reason = "out of memory";
  struct stack_config config = {.profile = profile,
                                .storage = setup->storage,
                                .depth = 1,
                                .technique = technique,
                                .engine = MACHINE_ENGINE_FAST};
  struct stack *stack = stack_create(&config, &reason);
  if (stack && image_load(setup->program.image, stack_vm(stack), stderr)) {
    s->tracer = (struct tracer){.record = record, .sensitive = true};
    machine_set_tracer(stack->real, &s->tracer);
    inputlog_feed(&setup->log, stack_vm(stack));
    struct machine_stop stop = machine_advance(stack_vm(stack), setup->ticks);
    machine_set_tracer(stack->real, NULL);
    *end = stop.why;
    if (stop.why != MACHINE_HOST_ERROR) {
      return stack;
    }
    reason = stop.reason;
  }
  message_error("grade", "%s", reason);
  stack_destroy(stack);
  return NULL;
}

/* Against the lab's guest on the paper's machine, where it runs as it is. */
static struct check_outcome count_traps(struct same *s, struct machine *vm)
{
  enum machine_why end;
  uint64_t is = vmm_vm_stats(vm)->dispatched;
  struct profile *pg = profile_load("pg", stderr);
  struct stack *native =
      pg ? run_virtual(s, &s->ours.setup, pg, VMM_TECHNIQUE_TRAP_AND_EMULATE, &end) : NULL;
  struct check_outcome outcome = {.verdict = native ? CHECK_PASSED : CHECK_HOST};
  if (native) {
    uint64_t was = vmm_vm_stats(stack_vm(native))->dispatched, most = was * s->traps / 100;
    char expected[100];
    snprintf(expected, sizeof expected,
             "at most %" PRIu64 " traps, where the guest as it was takes %" PRIu64, most, was);
    if (is > most) {
      outcome = check_differs(NULL, expected, "%" PRIu64, is);
    }
  }
  stack_destroy(native);
  profile_destroy(pg);
  return outcome;
}

/* `want` is what the bare machine has printed. */
static struct check_outcome compare(struct same *s, const uint8_t *want, size_t want_len)
{
  enum machine_why end;
  struct setup *setup = &s->theirs.setup;
  struct stack *stack = run_virtual(s, setup, setup->profile, s->technique, &end);
  if (!stack) {
    return check_fail(CHECK_HOST, NULL);
  }
  struct check_outcome outcome = judge(s, stack_vm(stack), end, want, want_len);
  if (outcome.verdict == CHECK_PASSED && s->traps) {
    outcome = count_traps(s, stack_vm(stack));
  }
  stack_destroy(stack);
  return outcome;
}

static struct check_outcome run_both(struct same *s)
{
  struct machine_stop stop = guest_run(&s->ours, s->ours.setup.ticks);
  size_t len;
  const uint8_t *want = machine_console_output(s->ours.machine, &len);
  if (stop.why != MACHINE_HALTED) {
    return check_lab_is_wrong(s->theirs.run, "a guest in \"like\" that halts on a bare machine");
  }
  struct check_outcome outcome = {.verdict = CHECK_PASSED};
  if (s->lines) {
    outcome = count_lines(s);
  }
  return outcome.verdict == CHECK_PASSED ? compare(s, want, len) : outcome;
}

/* ------------------------------------------------------------------------ the check */

static bool read_spec(struct same *s)
{
  const struct check_run *run = s->theirs.run;
  s->technique_name = vmm_techniques[VMM_TECHNIQUE_PARAVIRT].name;
  if (!lab_string(run->lab, run->test, "like", &s->like) ||
      !lab_string(run->lab, run->test, "technique", &s->technique_name) ||
      !lab_count(run->lab, run->test, "lines", &s->lines) ||
      !lab_count(run->lab, run->test, "traps", &s->traps)) {
    return false;
  }
  for (unsigned i = 0; i < VMM_TECHNIQUES; i++) {
    if (strcmp(vmm_techniques[i].name, s->technique_name) == 0) {
      s->technique = (enum vmm_technique)i;
      s->like_path = s->like ? workshop_lab_file(run->workshop, run->test, s->like) : NULL;
      return s->like_path != NULL;
    }
  }
  return false;
}

struct check_outcome check_same(const struct check_run *run)
{
  struct same *s = calloc(1, sizeof *s);
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  if (!s) {
    return check_fail(CHECK_HOST, NULL);
  }
  s->theirs.run = s->ours.run = run;
  if (!read_spec(s)) {
    check_lab_is_wrong(run, "\"like\", a guest, and a \"technique\"");
  } else if (!guest_load(&s->theirs, NULL)) {
    outcome = guest_not_loaded(&s->theirs);
  } else if (guest_load(&s->ours, s->like_path)) {
    outcome = run_both(s);
  }
  guest_unload(&s->theirs);
  guest_unload(&s->ours);
  free(s->like_path);
  free(s);
  return outcome;
}
