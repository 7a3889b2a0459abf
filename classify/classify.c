/* The three routes put together. What a route found is believed only as far as
 * it can show: a witness is run on the engine and judged again before it counts,
 * and routes that contradict each other are reported, never outvoted.
 */
#include "classify/classify.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_SAMPLES 20000u

enum route { ROUTE_SOLVER, ROUTE_EXHAUSTION, ROUTE_EXPERIMENT, ROUTE_COUNT };

static const char *const route_names[ROUTE_COUNT] = {"the solver", "exhaustion", "the experiment"};

struct classification {
  const struct profile *profile;
  enum model model;
  unsigned routes; /* that could be asked */
  struct solver *solver;
  struct exhaust *exhaust;
  struct experiment *experiment;
  struct trial_machine *machine; /* of the last witness that was run */
  uint32_t machine_storage;
  struct classify_insn insn[ISA_INSN_COUNT];
  struct witness *witness[ISA_INSN_COUNT]; /* QUESTION_COUNT of them, each */
  unsigned disagreements;
  char first[200];
};

/* ------------------------------------------------------------- witnesses */

static struct trial_machine *machine_for(struct classification *c, uint32_t storage)
{
  if (c->machine && c->machine_storage != storage) {
    trial_machine_destroy(c->machine);
    c->machine = NULL;
  }
  if (!c->machine) {
    c->machine = trial_machine_create(c->profile, storage, MACHINE_ENGINE_FAST);
    c->machine_storage = storage;
  }
  return c->machine;
}

/* Runs it, and makes it small. False: it shows nothing. */
static bool run_witness(struct classification *c, enum question q, struct witness *w)
{
  struct trial_machine *t = machine_for(c, w->state[0].storage);
  if (!t) {
    return false;
  }
  for (unsigned i = 0; i < question_states(q); i++) {
    if (!trial_run(t, &w->state[i], &w->result[i])) {
      return false;
    }
  }
  if (!question_judge(q, c->model, c->profile, w)) {
    return false;
  }
  question_shrink(q, c->model, c->profile, t, w);
  return true;
}

/* ---------------------------------------------------------------- answers */

static void disagree(struct classification *c, enum isa_insn insn, enum question q,
                     const char *sentence, const char *one, const char *other)
{
  if (c->disagreements++ == 0) {
    snprintf(c->first, sizeof c->first, "'%s' %s: %s %s%s", isa_insn_info(insn)->mnemonic,
             question_name(q), one, sentence, other);
  }
}

static void compare_routes(struct classification *c, enum isa_insn insn, enum question q,
                           const enum route_answer by[ROUTE_COUNT])
{
  for (unsigned i = 0; i < ROUTE_COUNT; i++) {
    for (unsigned j = i + 1; j < ROUTE_COUNT; j++) {
      if (by[i] != ROUTE_UNKNOWN && by[j] != ROUTE_UNKNOWN && by[i] != by[j]) {
        disagree(c, insn, q, by[i] == ROUTE_YES ? "says yes, no says " : "says no, yes says ",
                 route_names[i], route_names[j]);
      }
    }
  }
}

static enum classify_how how_no(const enum route_answer by[ROUTE_COUNT])
{
  if (by[ROUTE_SOLVER] == ROUTE_NO) {
    return CLASSIFY_PROVED;
  }
  if (by[ROUTE_EXHAUSTION] == ROUTE_NO) {
    return CLASSIFY_EXHAUSTED;
  }
  return by[ROUTE_EXPERIMENT] == ROUTE_NO ? CLASSIFY_SAMPLED : CLASSIFY_UNKNOWN;
}

/* The smallest witness of the routes, in c's own place. NULL: none holds. */
static const struct witness *choose_witness(struct classification *c, enum isa_insn insn,
                                            enum question q,
                                            struct route_findings findings[ROUTE_COUNT])
{
  struct witness *best = &c->witness[insn][q];
  unsigned best_size = 0;
  bool found = false;
  for (unsigned r = 0; r < ROUTE_COUNT; r++) {
    struct route_finding *f = &findings[r].finding[q];
    if (f->answer != ROUTE_YES || !f->has_witness) {
      continue;
    }
    if (!run_witness(c, q, &f->witness)) {
      disagree(c, insn, q, "has a witness that shows nothing when it is run", route_names[r], "");
      continue;
    }
    unsigned size = question_size(c->profile, q, &f->witness);
    if (!found || size < best_size) {
      *best = f->witness;
      best_size = size;
      found = true;
    }
  }
  return found ? best : NULL;
}

static void answer(struct classification *c, enum isa_insn insn, enum question q,
                   struct route_findings findings[ROUTE_COUNT])
{
  struct classify_answer *a = &c->insn[insn].answer[q];
  enum route_answer by[ROUTE_COUNT];
  bool yes = false;
  for (unsigned r = 0; r < ROUTE_COUNT; r++) {
    by[r] = findings[r].finding[q].answer;
    yes = yes || by[r] == ROUTE_YES;
  }
  compare_routes(c, insn, q, by);
  a->by_solver = by[ROUTE_SOLVER];
  a->by_exhaustion = by[ROUTE_EXHAUSTION];
  a->by_experiment = by[ROUTE_EXPERIMENT];
  a->yes = yes;
  if (yes) {
    a->witness = choose_witness(c, insn, q, findings);
    a->how = a->witness ? CLASSIFY_WITNESSED : CLASSIFY_SOLVED;
  } else {
    a->how = how_no(by);
  }
}

static void derive(struct classify_insn *i)
{
  const struct classify_answer *a = i->answer;
  i->privileged = !a[QUESTION_UNPRIVILEGED].yes;
  i->control = a[QUESTION_CONTROL].yes;
  i->location = a[QUESTION_LOCATION].yes;
  i->mode = a[QUESTION_MODE].yes;
  i->resource = a[QUESTION_RESOURCE].yes;
  i->sensitive = i->control || i->location || i->mode || i->resource;
  i->user_sensitive = a[QUESTION_USER_CONTROL].yes || a[QUESTION_USER_RESOURCE].yes;
  i->innocuous = !i->sensitive && !i->errant;
}

static bool classify_one(struct classification *c, enum isa_insn insn)
{
  struct route_findings *findings = calloc(ROUTE_COUNT, sizeof *findings);
  c->witness[insn] = malloc(QUESTION_COUNT * sizeof *c->witness[insn]);
  if (!findings || !c->witness[insn]) {
    free(findings);
    return false;
  }
  if (c->solver) {
    solver_ask(c->solver, insn, c->model, &findings[ROUTE_SOLVER]);
  }
  if (c->exhaust) {
    exhaust_ask(c->exhaust, insn, c->model, &findings[ROUTE_EXHAUSTION]);
  }
  if (c->experiment) {
    experiment_ask(c->experiment, insn, c->model, &findings[ROUTE_EXPERIMENT]);
  }
  c->insn[insn].errant = isa_insn_info(insn)->group == ISA_GROUP_ERRANT;
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    answer(c, insn, (enum question)q, findings);
  }
  derive(&c->insn[insn]);
  free(findings);
  return true;
}

/* ------------------------------------------------------------------- life */

static bool open_routes(struct classification *c, const struct classify_options *o,
                        const char **reason)
{
  if (o->routes & CLASSIFY_SOLVER && !(c->solver = solver_create(c->profile, reason))) {
    return false;
  }
  if (o->routes & CLASSIFY_EXHAUSTION && !(c->exhaust = exhaust_create(c->profile, reason))) {
    return false;
  }
  uint64_t samples = o->samples ? o->samples : DEFAULT_SAMPLES;
  return !(o->routes & CLASSIFY_EXPERIMENT) ||
         (c->experiment = experiment_create(c->profile, o->seed, samples, reason));
}

static bool classify_all(struct classification *c, const struct classify_options *o)
{
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    enum isa_insn insn = (enum isa_insn)n;
    if (o->progress) {
      o->progress(o->ctx, n, ISA_INSN_COUNT);
    }
    c->insn[n].insn = insn;
    c->insn[n].present = profile_behaviour(c->profile, insn, 0)->kind != PROFILE_ABSENT;
    if (c->insn[n].present && !classify_one(c, insn)) {
      return false;
    }
  }
  if (o->progress) {
    o->progress(o->ctx, ISA_INSN_COUNT, ISA_INSN_COUNT);
  }
  return true;
}

static void close_routes(struct classification *c)
{
  solver_destroy(c->solver);
  exhaust_destroy(c->exhaust);
  experiment_destroy(c->experiment);
  trial_machine_destroy(c->machine);
  c->solver = NULL;
  c->exhaust = NULL;
  c->experiment = NULL;
  c->machine = NULL;
}

struct classification *classify_profile(const struct profile *profile,
                                        const struct classify_options *options, const char **reason)
{
  struct classification *c = calloc(1, sizeof *c);
  *reason = "out of memory";
  if (!c) {
    return NULL;
  }
  c->profile = profile;
  c->model = options->model;
  c->routes = options->routes;
  if (!open_routes(c, options, reason)) {
    classification_destroy(c);
    return NULL;
  }
  *reason = "out of memory";
  if (!classify_all(c, options)) {
    classification_destroy(c);
    return NULL;
  }
  close_routes(c);
  return c;
}

void classification_destroy(struct classification *c)
{
  if (!c) {
    return;
  }
  close_routes(c);
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    free(c->witness[n]);
  }
  free(c);
}

/* --------------------------------------------------------------- verdicts */

const struct profile *classification_profile(const struct classification *c)
{
  return c->profile;
}

enum model classification_model(const struct classification *c)
{
  return c->model;
}

const struct classify_insn *classification_insn(const struct classification *c, enum isa_insn insn)
{
  return &c->insn[insn];
}

bool classification_offends(const struct classification *c, enum classify_theorem t,
                            enum isa_insn insn)
{
  const struct classify_insn *i = &c->insn[insn];
  if (!i->present || i->privileged) {
    return false;
  }
  return t == CLASSIFY_THEOREM_3 ? i->user_sensitive : i->sensitive;
}

/* Theorem 2 asks for Theorem 1 and a VMM without timing dependencies; ours has
 * none, since a virtual machine's time is its own (docs/vmm.md), and verify shows
 * it at every depth. */
bool classification_holds(const struct classification *c, enum classify_theorem t)
{
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    if (classification_offends(c, t, (enum isa_insn)n)) {
      return false;
    }
  }
  return true;
}

unsigned classification_disagreements(const struct classification *c, const char **first)
{
  *first = c->disagreements ? c->first : NULL;
  return c->disagreements;
}
