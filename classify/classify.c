/* The three routes put together. What a route found is believed only as far as
 * it can show: a witness is run on the engine and judged again before it counts,
 * and routes that contradict each other are reported, never outvoted.
 */
#include "classify/classify.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SAMPLES 4000u
#define MAX_THREADS     64u

enum route { ROUTE_SOLVER, ROUTE_EXHAUSTION, ROUTE_EXPERIMENT, ROUTE_COUNT };

static const char *const route_names[ROUTE_COUNT] = {"the solver", "exhaustion", "the experiment"};

/* All that an answer depends on. An instruction that behaves alike in two profiles
 * with the same modes and features has the same answers in both. */
struct question_key {
  enum isa_insn insn;
  enum model model;
  unsigned modes, routes;
  uint32_t features;
  uint64_t seed, samples;
  struct {
    enum profile_behaviour_kind kind;
    enum isa_body body;
  } in_mode[4];
};

/* What is known of one instruction. */
struct entry {
  struct entry *next;
  struct question_key key;
  struct classify_insn insn;
  struct witness witness[QUESTION_COUNT];
  unsigned disagreements;
  char first[200];
};

struct classify_memo {
  struct entry *entries;
};

struct classification {
  const struct profile *profile;
  enum model model;
  uint64_t samples;
  struct classify_memo *own; /* none was given */
  struct classify_insn insn[ISA_INSN_COUNT];
  unsigned disagreements;
  const char *first; /* of an entry */
};

/* One thread's means of asking. */
struct asker {
  const struct profile *profile;
  enum model model;
  struct solver *solver;
  struct exhaust *exhaust;
  struct experiment *experiment;
  struct trial_machine *machine; /* of the last witness that was run */
  uint32_t machine_storage;
  bool no_memory; /* for a witness */
};

/* ------------------------------------------------------------- witnesses */

static struct trial_machine *machine_for(struct asker *c, uint32_t storage)
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
static bool run_witness(struct asker *c, enum question q, struct witness *w)
{
  struct trial_machine *t = machine_for(c, w->state[0].storage);
  if (!t) {
    c->no_memory = true;
    return false;
  }
  for (unsigned i = 0; i < question_states(q); i++) {
    if (!trial_run(t, &w->state[i], &w->result[i])) {
      c->no_memory = trial_host_failed(t);
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

static void disagree(struct entry *e, enum question q, const char *sentence, const char *one,
                     const char *other)
{
  if (e->disagreements++ == 0) {
    snprintf(e->first, sizeof e->first, "'%s' %s: %s %s%s", isa_insn_info(e->key.insn)->mnemonic,
             question_name(q), one, sentence, other);
  }
}

static void compare_routes(struct entry *e, enum question q,
                           const enum route_answer by[ROUTE_COUNT])
{
  for (unsigned i = 0; i < ROUTE_COUNT; i++) {
    for (unsigned j = i + 1; j < ROUTE_COUNT; j++) {
      if (by[i] != ROUTE_UNKNOWN && by[j] != ROUTE_UNKNOWN && by[i] != by[j]) {
        disagree(e, q, by[i] == ROUTE_YES ? "says yes, no says " : "says no, yes says ",
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

/* The smallest witness of the routes, in the entry. NULL: none holds. */
static const struct witness *choose_witness(struct asker *c, struct entry *e, enum question q,
                                            struct route_findings findings[ROUTE_COUNT])
{
  struct witness *best = &e->witness[q];
  unsigned best_size = 0;
  bool found = false;
  for (unsigned r = 0; r < ROUTE_COUNT; r++) {
    struct route_finding *f = &findings[r].finding[q];
    if (f->answer != ROUTE_YES || !f->has_witness) {
      continue;
    }
    if (!run_witness(c, q, &f->witness)) {
      disagree(e, q, "has a witness that shows nothing when it is run", route_names[r], "");
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

static void answer(struct asker *c, struct entry *e, enum question q,
                   struct route_findings findings[ROUTE_COUNT])
{
  struct classify_answer *a = &e->insn.answer[q];
  enum route_answer by[ROUTE_COUNT];
  bool yes = false;
  for (unsigned r = 0; r < ROUTE_COUNT; r++) {
    by[r] = findings[r].finding[q].answer;
    yes = yes || by[r] == ROUTE_YES;
  }
  if (yes && by[ROUTE_EXPERIMENT] == ROUTE_NO && e->key.samples < DEFAULT_SAMPLES) {
    by[ROUTE_EXPERIMENT] = ROUTE_UNKNOWN; /* it was cut short: none was met yet */
  }
  compare_routes(e, q, by);
  a->by_solver = by[ROUTE_SOLVER];
  a->by_exhaustion = by[ROUTE_EXHAUSTION];
  a->by_experiment = by[ROUTE_EXPERIMENT];
  a->yes = yes;
  if (yes) {
    a->witness = choose_witness(c, e, q, findings);
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

static bool classify_one(struct asker *c, struct entry *e)
{
  enum isa_insn insn = e->key.insn;
  struct route_findings *findings = calloc(ROUTE_COUNT, sizeof *findings);
  if (!findings) {
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
  e->insn.insn = insn;
  e->insn.present = true;
  e->insn.errant = isa_insn_info(insn)->group == ISA_GROUP_ERRANT;
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    answer(c, e, (enum question)q, findings);
  }
  derive(&e->insn);
  bool host_failed = findings[ROUTE_EXHAUSTION].host_failed ||
                     findings[ROUTE_EXPERIMENT].host_failed || c->no_memory;
  free(findings);
  return !host_failed;
}

/* ------------------------------------------------------------------- memo */

static void make_key(struct question_key *k, const struct profile *p,
                     const struct classify_options *o, enum isa_insn insn)
{
  memset(k, 0, sizeof *k); /* also what lies between the members: keys are compared as bytes */
  k->insn = insn;
  k->model = o->model;
  k->modes = profile_modes(p);
  k->routes = o->routes;
  k->features = profile_features(p);
  k->seed = o->seed;
  k->samples = o->samples ? o->samples : DEFAULT_SAMPLES;
  assert(k->modes <= sizeof k->in_mode / sizeof *k->in_mode);
  for (unsigned mode = 0; mode < k->modes; mode++) {
    const struct profile_behaviour *b = profile_behaviour(p, insn, mode);
    k->in_mode[mode].kind = b->kind;
    k->in_mode[mode].body = b->kind == PROFILE_BODY ? b->body : (enum isa_body)0;
  }
}

struct classify_memo *classify_memo_create(void)
{
  return calloc(1, sizeof(struct classify_memo));
}

void classify_memo_destroy(struct classify_memo *m)
{
  while (m && m->entries) {
    struct entry *e = m->entries;
    m->entries = e->next;
    free(e);
  }
  free(m);
}

static struct entry *memo_find(const struct classify_memo *m, const struct question_key *key)
{
  struct entry *e = m->entries;
  while (e && memcmp(&e->key, key, sizeof *key) != 0) {
    e = e->next;
  }
  return e;
}

/* ---------------------------------------------------------------- threads */

/* Instructions that several threads ask about; each takes the next. */
struct work {
  const struct profile *profile;
  const struct classify_options *options;
  pthread_mutex_t lock;
  struct entry *todo[ISA_INSN_COUNT];
  unsigned count, taken, done, known;
  const char *reason; /* the host failed */
};

static void close_asker(struct asker *a)
{
  solver_destroy(a->solver);
  exhaust_destroy(a->exhaust);
  experiment_destroy(a->experiment);
  trial_machine_destroy(a->machine);
}

static bool open_asker(struct asker *a, const struct work *w, const char **reason)
{
  const struct classify_options *o = w->options;
  *a = (struct asker){.profile = w->profile, .model = o->model};
  if (o->routes & CLASSIFY_SOLVER && !(a->solver = solver_create(a->profile, reason))) {
    return false;
  }
  if (o->routes & CLASSIFY_EXHAUSTION && !(a->exhaust = exhaust_create(a->profile, reason))) {
    return false;
  }
  uint64_t samples = o->samples ? o->samples : DEFAULT_SAMPLES;
  return !(o->routes & CLASSIFY_EXPERIMENT) ||
         (a->experiment = experiment_create(a->profile, o->seed, samples, reason));
}

static void report_progress(struct work *w)
{
  if (w->options->progress) {
    w->options->progress(w->options->ctx, w->known + w->done, w->known + w->count);
  }
}

static struct entry *take(struct work *w, const struct entry *finished, const char *failure)
{
  pthread_mutex_lock(&w->lock);
  if (finished) {
    w->done++;
    report_progress(w);
  }
  if (failure && !w->reason) {
    w->reason = failure;
  }
  struct entry *e = w->taken < w->count && !w->reason ? w->todo[w->taken++] : NULL;
  pthread_mutex_unlock(&w->lock);
  return e;
}

static void *ask(void *ctx)
{
  struct work *w = ctx;
  struct asker a;
  const char *failure = NULL;
  if (!open_asker(&a, w, &failure)) {
    take(w, NULL, failure);
  } else {
    for (struct entry *e = take(w, NULL, NULL); e; e = take(w, e, failure)) {
      if (!classify_one(&a, e)) {
        failure = "out of memory";
      }
    }
  }
  close_asker(&a);
  return NULL;
}

/* This thread works too; where the host gives no others it works alone. */
static void ask_all(struct work *w)
{
  pthread_t thread[MAX_THREADS];
  unsigned count = 0, wanted = w->options->threads;
  while (count + 1 < wanted && count < MAX_THREADS && count + 1 < w->count &&
         pthread_create(&thread[count], NULL, ask, w) == 0) {
    count++;
  }
  if (w->count > 0) {
    ask(w);
  }
  while (count > 0) {
    pthread_join(thread[--count], NULL);
  }
}

/* ------------------------------------------------------------------- life */

/* The entries that the memo lacks. False: out of memory. */
static bool list_work(struct work *w, const struct classify_memo *memo)
{
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    enum isa_insn insn = (enum isa_insn)n;
    if (profile_behaviour(w->profile, insn, 0)->kind == PROFILE_ABSENT ||
        (w->options->only && *w->options->only != insn)) {
      continue;
    }
    struct question_key key;
    make_key(&key, w->profile, w->options, insn);
    if (memo_find(memo, &key)) {
      w->known++;
      continue;
    }
    struct entry *e = calloc(1, sizeof *e);
    if (!e) {
      return false;
    }
    e->key = key;
    w->todo[w->count++] = e;
  }
  return true;
}

/* Into the memo, if all were asked. */
static bool keep_work(struct work *w, struct classify_memo *memo)
{
  for (unsigned i = 0; i < w->count; i++) {
    if (w->reason) {
      free(w->todo[i]);
    } else {
      w->todo[i]->next = memo->entries;
      memo->entries = w->todo[i];
    }
  }
  return !w->reason;
}

static bool do_work(const struct classification *c, const struct classify_options *o,
                    struct classify_memo *memo, const char **reason)
{
  struct work *w = calloc(1, sizeof *w);
  *reason = "out of memory";
  if (!w) {
    return false;
  }
  w->profile = c->profile;
  w->options = o;
  w->reason = "out of memory";
  if (pthread_mutex_init(&w->lock, NULL) != 0) {
    free(w);
    return false;
  }
  if (list_work(w, memo)) {
    w->reason = NULL;
    report_progress(w);
    ask_all(w);
  }
  *reason = w->reason;
  bool done = keep_work(w, memo);
  pthread_mutex_destroy(&w->lock);
  free(w);
  return done;
}

static void collect(struct classification *c, const struct classify_options *o,
                    const struct classify_memo *memo)
{
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    struct question_key key;
    c->insn[n].insn = (enum isa_insn)n;
    make_key(&key, c->profile, o, (enum isa_insn)n);
    const struct entry *e = o->only && *o->only != key.insn ? NULL : memo_find(memo, &key);
    if (e) {
      c->insn[n] = e->insn;
      c->first = c->first || !e->disagreements ? c->first : e->first;
      c->disagreements += e->disagreements;
    }
  }
}

struct classification *classify_profile(const struct profile *profile,
                                        const struct classify_options *options, const char **reason)
{
  struct classification *c = calloc(1, sizeof *c);
  struct classify_memo *memo = options->memo;
  *reason = "out of memory";
  if (!c) {
    return NULL;
  }
  c->profile = profile;
  c->model = options->model;
  c->samples = options->samples ? options->samples : DEFAULT_SAMPLES;
  if (!memo) {
    memo = c->own = classify_memo_create();
  }
  if (!memo || !do_work(c, options, memo, reason)) {
    classification_destroy(c);
    return NULL;
  }
  collect(c, options, memo);
  return c;
}

void classification_destroy(struct classification *c)
{
  if (c) {
    classify_memo_destroy(c->own);
    free(c);
  }
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

enum classify_how classify_how_no(const struct classify_insn *i, unsigned questions)
{
  enum classify_how weakest = CLASSIFY_PROVED;
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    const struct classify_answer *a = &i->answer[q];
    if (questions & 1u << q && !a->yes && a->how > weakest) {
      weakest = a->how; /* they are in that order */
    }
  }
  return weakest;
}

/* It must be privileged or not sensitive: the better known of the two will do. */
static enum classify_how how_no_offender(const struct classify_insn *i, enum classify_theorem t)
{
  bool user = t == CLASSIFY_THEOREM_3, sensitive = user ? i->user_sensitive : i->sensitive;
  enum classify_how privileged = classify_how_no(i, CLASSIFY_PRIVILEGED_BY);
  enum classify_how innocuous = classify_how_no(i, user ? CLASSIFY_USER_BY : CLASSIFY_SENSITIVE_BY);
  return sensitive ? privileged : i->privileged && privileged < innocuous ? privileged : innocuous;
}

enum classify_how classification_how(const struct classification *c, enum classify_theorem t)
{
  enum classify_how weakest = CLASSIFY_PROVED;
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    const struct classify_insn *i = &c->insn[n];
    if (i->present && !classification_offends(c, t, i->insn)) {
      enum classify_how how = how_no_offender(i, t);
      weakest = how > weakest ? how : weakest;
    }
  }
  return weakest;
}

uint64_t classification_samples(const struct classification *c)
{
  return c->samples;
}

unsigned classification_disagreements(const struct classification *c, const char **first)
{
  *first = c->first;
  return c->disagreements;
}
