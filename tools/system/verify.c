#include "tools/system/verify.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/json.h"
#include "tools/common/message.h"
#include "tools/common/storm.h"
#include "tools/common/text.h"
#include "tools/system/twins.h"
#include "tools/verify/report.h"

#define NAME        ((int)DIRECTORY_MAX_NAME)
#define REASON_SIZE 2048

static const char *const verdict_words[] = {[TWIN_EQUAL] = "equivalent",
                                            [TWIN_DIFFERS] = "DIFFERS",
                                            [TWIN_REAL_TIME] = "real time: not comparable",
                                            [TWIN_LEFT_OUT] = "not compared"};

/* What the report is about. */
struct verified {
  const struct system_verify_request *request;
  const struct twins *twins;
  const struct twin *first; /* the difference that was found first, or NULL */
  bool pinpointed;          /* … to the tick */
  struct twin exact;        /* then what it was found to be */
  size_t equal, real_time;
  unsigned violations;
  const char *first_violation;
};

/* ------------------------------------------------------------------------- running */

static void show_progress(uint64_t tick)
{
  char n[TEXT_COUNT_SIZE];
  if (isatty(STDERR_FILENO) == 1)
    fprintf(stderr, "\rtick %s of the real machine\033[K", text_count(n, tick));
}

static void run_to_the_end(struct twins *t, const struct system_verify_request *q)
{
  bool goes_on = true;
  for (uint64_t at = 0; goes_on && at < q->ticks;) {
    at += q->ticks - at < q->interval ? q->ticks - at : q->interval;
    goes_on = twins_run(t, at);
    show_progress(at);
  }
  if (isatty(STDERR_FILENO) == 1)
    fprintf(stderr, "\r\033[K");
}

static struct system_config config_of(const struct system_verify_request *q)
{
  return (struct system_config){
      .command = "verify",
      .path = q->path,
      .profile = q->profile,
      .mmu = q->setup->mmu,
      .io = q->setup->io,
      .engine = q->setup->engine,
      .rate = q->setup->rate,
      .quantum = (uint32_t)q->options->quantum,
      .costs = q->options->costs ? q->options->costs : &vmm_default_costs,
      .copy_disk = true,
  };
}

static int failed(const struct twins *t)
{
  if (t->failure)
    message_error("verify", "%s", t->failure);
  return t->failure ? STATUS_OURS : STATUS_DONE;
}

/* Once more from the start, and from the last comparison that held on by single ticks of
 * the real machine. The same run: only where it is looked at is different. */
static int pinpoint(struct verified *v)
{
  struct twins again;
  const struct twin *first = v->first;
  const struct system_config config = config_of(v->request);
  int status = twins_create(&again, &config, first->user->entry->name);
  if (status == STATUS_DONE) {
    struct twin *t = &again.twin[first - v->twins->twin];
    uint64_t at = first->real_tick;
    if (at > 0)
      twins_run(&again, at);
    while (t->verdict == TWIN_EQUAL && at < first->differs_real && !again.failure) {
      twins_look(t);
      twins_run(&again, ++at);
    }
    status = failed(&again);
    v->exact = *t;
    v->pinpointed = t->verdict == TWIN_DIFFERS;
  }
  return twins_destroy(&again, status);
}

static void sum_up(struct verified *v)
{
  const struct twins *t = v->twins;
  for (size_t i = 0; i < t->system.count; i++) {
    const struct twin *one = &t->twin[i];
    v->equal += one->verdict == TWIN_EQUAL;
    v->real_time += one->verdict == TWIN_REAL_TIME;
    if (one->verdict == TWIN_DIFFERS && (!v->first || one->differs_real < v->first->differs_real))
      v->first = one;
  }
  v->violations = vmm_violations(t->system.vmm, &v->first_violation);
}

/* An interrupt was delivered, as far as the registers that it fills tell. */
static bool took_interrupt(const struct observation *before, const struct observation *after)
{
  static const enum isa_cr filled[] = {CR_CAUSE, CR_EPC, CR_EPSW, CR_IPEND};
  bool changed = false;
  for (unsigned i = 0; i < sizeof filled / sizeof *filled; i++)
    changed |= before->cr[filled[i]] != after->cr[filled[i]];
  return changed && isa_cause_is_interrupt(after->cr[CR_CAUSE]) && after->pc != before->pc + 4;
}

static void set_step(struct step *s, const struct twin *t, const struct observation *after)
{
  *s = (struct step){.stop.why = MACHINE_LIMIT};
  if (took_interrupt(&t->before, after))
    s->stop = (struct machine_stop){.why = MACHINE_TRAP,
                                    .trap.cause = (enum isa_cause)after->cr[CR_CAUSE]};
}

/* By the profile and by the theory: "" if it is not known which instruction it was. */
static char *reason_of(const struct verified *v, char *buf, size_t size)
{
  const struct twin *t = &v->exact;
  buf[0] = 0;
  if (!v->pinpointed || t->vm_state.tick != t->before.tick + 1)
    return buf;
  struct divergence d = {.before = t->before,
                         .after = {t->bare_state, t->vm_state},
                         .word_known = t->word_known,
                         .word = t->word};
  set_step(&d.step[0], t, &t->bare_state);
  set_step(&d.step[1], t, &t->vm_state);
  return report_reason(v->twins->system.directory->profile, v->first->user->entry->technique, &d,
                       buf, size);
}

/* ------------------------------------------------------------------------ the text */

static void print_users(const struct verified *v)
{
  const struct system *s = &v->twins->system;
  printf("  %-*s  %-25s %13s %8s %11s\n", NAME, "user", "against the bare machine", "equal up to",
         "compared", "output");
  for (size_t i = 0; i < s->count; i++) {
    const struct twin *t = &v->twins->twin[i];
    char tick[TEXT_COUNT_SIZE] = "", compared[TEXT_COUNT_SIZE] = "", output[TEXT_COUNT_SIZE];
    size_t len;
    machine_console_output(s->users[i].vm, &len);
    if (t->bare) {
      text_count(tick, t->tick);
      text_count(compared, t->compared);
    }
    printf("  %-*s  %-25s %13s %8s %11s\n", NAME, t->user->entry->name, verdict_words[t->verdict],
           tick, compared, text_count(output, len));
  }
}

static void print_row(const char *name, const char *before, const char *bare, const char *vm)
{
  printf("  %-17s %-14s %-18s %-18s<\n", name, before, bare, vm);
}

static void print_fields(const struct verified *v, const struct twin *t)
{
  struct observed_field fields[8];
  size_t n = observation_fields(v->twins->system.directory->profile, &t->before, &t->bare_state,
                                &t->vm_state, fields, sizeof fields / sizeof *fields);
  bool head = false;
  for (size_t i = 0; i < n; i++) {
    const struct observed_field *f = &fields[i];
    char text[3][16];
    const uint32_t values[3] = {f->before, f->bare, f->vm};
    if (f->bare == f->vm)
      continue;
    for (unsigned k = 0; k < 3; k++)
      snprintf(text[k], sizeof text[k], strchr(f->name, '.') ? "%u" : "0x%08x", values[k]);
    if (!head)
      printf("  %-17s %-14s %-18s %s\n", "", "before", "bare machine", "virtual machine");
    head = true;
    print_row(f->name, text[0], text[1], text[2]);
  }
  if (t->bare_state.run_state != t->vm_state.run_state)
    print_row("it is", observation_run_state(t->before.run_state),
              observation_run_state(t->bare_state.run_state),
              observation_run_state(t->vm_state.run_state));
}

static void print_difference(const struct verified *v)
{
  const struct twin *t = v->pinpointed ? &v->exact : v->first;
  const struct image *image = v->first->user->program->image;
  char tick[TEXT_COUNT_SIZE], real[TEXT_COUNT_SIZE], place[400];
  printf("\nThe first difference: '%s', after its tick %s (%s of the real machine)\n",
         v->first->user->entry->name, text_count(tick, t->before.tick),
         text_count(real, t->differs_real));
  printf("  %-17s pc %s\n", v->pinpointed ? "at" : "some time after",
         storm_place(image, t->before.pc, place, sizeof place));
  printf("  %-17s %s\n", "it is in", t->part);
  print_fields(v, t);
  char reason[REASON_SIZE];
  if (reason_of(v, reason, sizeof reason)[0]) {
    printf("\n");
    report_print_reason(reason, stdout);
  }
}

static void print_frames(const struct twins *t)
{
  char count[TEXT_THINGS_SIZE];
  uint64_t frames = 0;
  bool network = false;
  for (size_t i = 0; i < t->system.count; i++) {
    frames += t->twin[i].frames;
    network = network || (t->twin[i].bare && t->twin[i].user->entry->network >= 0);
  }
  if (network)
    printf("Network             %s replayed\n", text_things(count, frames, "frame"));
}

static void print_text(const struct verified *v)
{
  const struct directory *d = v->twins->system.directory;
  char real[TEXT_COUNT_SIZE], users[TEXT_THINGS_SIZE];
  size_t compared = v->equal + (size_t)v->twins->differing;
  printf("%s: %s on %s, to tick %s of the real machine\n\n", d->file,
         text_things(users, d->user_count, "user"), profile_name(d->profile),
         text_count(real, machine_tick(v->twins->system.real)));
  print_users(v);
  printf("\nEquivalence         ");
  if (compared == 0)
    printf("nobody was compared");
  else if (v->twins->differing > 0)
    printf("FAILS for %zu of %zu compared", (size_t)v->twins->differing, compared);
  else
    printf("holds for %s compared", compared == 1 ? "the one" : "all");
  if (v->real_time > 0)
    printf("; %zu count%s real time", v->real_time, v->real_time == 1 ? "s" : "");
  printf("\n");
  print_frames(v->twins);
  printf("Resource control    ");
  if (v->violations == 0)
    printf("holds\n");
  else
    printf("FAILS: %u violation%s, first: %s\n", v->violations, v->violations == 1 ? "" : "s",
           v->first_violation ? v->first_violation : "no reason given");
  if (v->first)
    print_difference(v);
}

/* ------------------------------------------------------------------------ the JSON */

#define N(n) ((json_int_t)(n))

static json_t *user_json(const struct twin *t)
{
  static const char *const words[] = {[TWIN_EQUAL] = "equivalent",
                                      [TWIN_DIFFERS] = "differs",
                                      [TWIN_REAL_TIME] = "real time",
                                      [TWIN_LEFT_OUT] = "not compared"};
  size_t len;
  machine_console_output(t->user->vm, &len);
  return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o}", "name", t->user->entry->name, "verdict",
                   words[t->verdict], "ticks", N(t->tick), "compared", N(t->compared),
                   "output_bytes", N(len), "frames", N(t->frames), "part", json_text(t->part));
}

static json_t *first_json(const struct verified *v)
{
  if (!v->first)
    return json_null();
  const struct twin *t = v->pinpointed ? &v->exact : v->first;
  char reason[REASON_SIZE];
  return json_pack("{s:s, s:I, s:I, s:o, s:s, s:b, s:o}", "user", v->first->user->entry->name,
                   "tick", N(t->before.tick), "real_tick", N(t->differs_real), "pc",
                   json_hex(t->before.pc), "part", t->part, "exact", (int)v->pinpointed, "reason",
                   json_text(reason_of(v, reason, sizeof reason)[0] ? reason : NULL));
}

static int print_json(const struct verified *v)
{
  const struct system *s = &v->twins->system;
  errno = 0; /* json_print() looks at it */
  json_t *users = json_array();
  for (size_t i = 0; i < s->count; i++)
    json_array_append_new(users, user_json(&v->twins->twin[i]));
  bool holds = v->twins->differing == 0 && v->violations == 0;
  return json_print("verify", json_pack("{s:s, s:o, s:o, s:b, s:I, s:I, s:o, s:o}", "schema",
                                        "trapeze-verify-directory/1", "directory",
                                        json_text(s->directory->file), "profile",
                                        json_text(profile_name(s->directory->profile)), "holds",
                                        (int)holds, "ticks", N(machine_tick(s->real)), "violations",
                                        N(v->violations), "users", users, "first", first_json(v)));
}

/* -------------------------------------------------------------------------- verify */

static int report(struct verified *v)
{
  int status = v->first ? pinpoint(v) : STATUS_DONE;
  if (status == STATUS_DONE && v->request->json)
    status = print_json(v);
  else if (status == STATUS_DONE)
    print_text(v);
  if (status != STATUS_DONE)
    return status;
  if (fflush(stdout) != 0) {
    message_lost_output();
    return STATUS_OURS;
  }
  return v->twins->differing == 0 && v->violations == 0 ? STATUS_DONE : STATUS_NO;
}

int system_verify(const struct system_verify_request *q)
{
  struct twins twins;
  const struct system_config config = config_of(q);
  int status = system_refuse_options(q->setup);
  if (status != STATUS_DONE)
    return status;
  status = twins_create(&twins, &config, q->user);
  if (status == STATUS_DONE) {
    run_to_the_end(&twins, q);
    status = failed(&twins);
  }
  if (status == STATUS_DONE) {
    struct verified v = {.request = q, .twins = &twins};
    sum_up(&v);
    status = report(&v);
  }
  return twins_destroy(&twins, status);
}
