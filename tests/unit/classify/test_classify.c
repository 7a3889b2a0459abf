/* The routes put together. The routes here are ours: they answer as a test wants, so
 * that routes which contradict each other, and witnesses which show nothing, can be
 * had. (The linker takes these functions and leaves the library's alone.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "classify/classify.h"

enum { SOLVER, EXHAUSTION, EXPERIMENT, ROUTES };

/* What the routes answer, to every question but where `insn` says otherwise. */
static struct script {
  enum isa_insn insn;
  enum question q;
  enum route_answer answer[ROUTES];
  const struct witness *witness[ROUTES];
} script;
static const char *refusal; /* of exhaust_create() */
static atomic_uint asked[ISA_INSN_COUNT];

static void answer(unsigned route, enum isa_insn insn, struct route_findings *out)
{
  memset(out, 0, sizeof *out);
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    out->finding[q].answer = ROUTE_NO;
  }
  if (insn == script.insn) {
    struct route_finding *f = &out->finding[script.q];
    f->answer = script.answer[route];
    f->has_witness = script.witness[route] != NULL;
    if (f->has_witness) {
      f->witness = *script.witness[route];
    }
  }
  asked[insn]++;
}

static int something;

struct solver *solver_create(const struct profile *profile, const char **reason)
{
  (void)profile, (void)reason;
  return (struct solver *)&something;
}
void solver_destroy(struct solver *s)
{
  (void)s;
}
void solver_ask(struct solver *s, enum isa_insn insn, enum model model, struct route_findings *out)
{
  (void)s, (void)model;
  answer(SOLVER, insn, out);
}
struct exhaust *exhaust_create(const struct profile *profile, const char **reason)
{
  (void)profile;
  if (refusal) {
    *reason = refusal;
    return NULL;
  }
  return (struct exhaust *)&something;
}
void exhaust_destroy(struct exhaust *e)
{
  (void)e;
}
void exhaust_ask(struct exhaust *e, enum isa_insn insn, enum model model,
                 struct route_findings *out)
{
  (void)e, (void)model;
  answer(EXHAUSTION, insn, out);
}
struct experiment *experiment_create(const struct profile *profile, uint64_t seed, uint64_t count,
                                     const char **reason)
{
  (void)profile, (void)seed, (void)count, (void)reason;
  return (struct experiment *)&something;
}
void experiment_destroy(struct experiment *e)
{
  (void)e;
}
void experiment_ask(struct experiment *e, enum isa_insn insn, enum model model,
                    struct route_findings *out)
{
  (void)e, (void)model;
  answer(EXPERIMENT, insn, out);
}

/* ------------------------------------------------------------------- helpers */

static struct profile *load(const char *name)
{
  struct profile *p = profile_load(name, stderr);
  assert_non_null(p);
  return p;
}

static unsigned present(const struct profile *p)
{
  unsigned count = 0;
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    count += profile_behaviour(p, (enum isa_insn)n, 0)->kind != PROFILE_ABSENT;
  }
  return count;
}

static unsigned all_asked(void)
{
  unsigned count = 0;
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    count += asked[n];
  }
  return count;
}

static void forget(void)
{
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    asked[n] = 0;
  }
}

static void say(enum isa_insn insn, enum question q, enum route_answer solver,
                enum route_answer exhaustion, enum route_answer experiment)
{
  script = (struct script){.insn = insn, .q = q, .answer = {solver, exhaustion, experiment}};
  refusal = NULL;
  forget();
}

static struct classification *classify(const struct profile *p, unsigned routes)
{
  const char *reason;
  const struct classify_options o = {.routes = routes, .model = MODEL_EXTENDED, .threads = 1};
  struct classification *c = classify_profile(p, &o, &reason);
  assert_non_null(c);
  return c;
}

/* sti, after reset but for `psw` and a register. */
static void witness_of_sti(struct witness *w, uint32_t psw, uint32_t a0)
{
  struct isa_decoded d = {.insn = ISA_STI};
  memset(w, 0, sizeof *w);
  trial_reset(&w->state[0], MACHINE_MIN_STORAGE);
  w->state[0].cr[CR_PSW] = psw;
  w->state[0].reg[REG_A0] = a0;
  w->state[0].view_count = 1;
  w->state[0].view[0].at = w->state[0].pc;
  assert_int_equal(isa_encode(&d, &w->state[0].view[0].word, NULL, NULL, NULL), ISA_ENCODE_OK);
}

/* --------------------------------------------------------------------- tests */

static void how_a_no_is_known(void **state)
{
  (void)state;
  static const struct {
    unsigned routes;
    enum classify_how how;
  } cases[] = {{CLASSIFY_ALL_ROUTES, CLASSIFY_PROVED},
               {CLASSIFY_SOLVER, CLASSIFY_PROVED},
               {CLASSIFY_EXHAUSTION | CLASSIFY_EXPERIMENT, CLASSIFY_EXHAUSTED},
               {CLASSIFY_EXPERIMENT, CLASSIFY_SAMPLED},
               {0, CLASSIFY_UNKNOWN}};
  struct profile *p = load("pg");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    say(ISA_STI, QUESTION_CONTROL, ROUTE_NO, ROUTE_NO, ROUTE_NO);
    struct classification *c = classify(p, cases[i].routes);
    const struct classify_answer *a = &classification_insn(c, ISA_STI)->answer[QUESTION_CONTROL];
    assert_false(a->yes);
    assert_int_equal(a->how, cases[i].how);
    assert_null(a->witness);
    classification_destroy(c);
  }
  profile_destroy(p);
}

/* A theorem is no better known than the weakest no on which it rests. */
static void how_a_theorem_is_known(void **state)
{
  (void)state;
  static const struct {
    unsigned routes;
    enum classify_how how;
  } cases[] = {{CLASSIFY_ALL_ROUTES, CLASSIFY_PROVED},
               {CLASSIFY_EXHAUSTION | CLASSIFY_EXPERIMENT, CLASSIFY_EXHAUSTED},
               {CLASSIFY_EXPERIMENT, CLASSIFY_SAMPLED},
               {0, CLASSIFY_UNKNOWN}};
  struct profile *p = load("pg");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    say(ISA_STI, QUESTION_CONTROL, ROUTE_NO, ROUTE_NO, ROUTE_NO);
    struct classification *c = classify(p, cases[i].routes);
    assert_true(classification_holds(c, CLASSIFY_THEOREM_1));
    assert_int_equal(classification_how(c, CLASSIFY_THEOREM_1), cases[i].how);
    assert_int_equal(classification_how(c, CLASSIFY_THEOREM_3), cases[i].how);
    assert_int_equal(classify_open(cases[i].how), i > 1);
    struct classify_insn *insn = (struct classify_insn *)classification_insn(c, ISA_STI);
    for (unsigned q = 0; q < QUESTION_COUNT; q++) {
      insn->answer[q].how = CLASSIFY_UNKNOWN;
    }
    assert_int_equal(classification_how(c, CLASSIFY_THEOREM_1), CLASSIFY_UNKNOWN);
    /* It is enough to know that it is privileged, or that it is not sensitive. */
    insn->answer[QUESTION_UNPRIVILEGED].how = CLASSIFY_PROVED;
    assert_int_equal(classification_how(c, CLASSIFY_THEOREM_1), cases[i].how);
    insn->answer[QUESTION_UNPRIVILEGED].how = CLASSIFY_UNKNOWN;
    insn->answer[QUESTION_USER_CONTROL].how = CLASSIFY_PROVED;
    insn->answer[QUESTION_USER_RESOURCE].how = CLASSIFY_SAMPLED;
    assert_int_equal(classification_how(c, CLASSIFY_THEOREM_3),
                     i == 3 ? CLASSIFY_UNKNOWN : CLASSIFY_SAMPLED);
    /* One that is known to stand in the way says nothing of the others. */
    insn->privileged = false;
    insn->sensitive = true;
    assert_false(classification_holds(c, CLASSIFY_THEOREM_1));
    assert_int_equal(classification_how(c, CLASSIFY_THEOREM_1), cases[i].how);
    classification_destroy(c);
  }
  profile_destroy(p);
}

static void a_yes_without_a_witness_is_solved(void **state)
{
  (void)state;
  struct profile *p = load("pg");
  say(ISA_OUT, QUESTION_CONTROL, ROUTE_YES, ROUTE_UNKNOWN, ROUTE_UNKNOWN);
  struct classification *c = classify(p, CLASSIFY_ALL_ROUTES);
  const struct classify_insn *i = classification_insn(c, ISA_OUT);
  assert_int_equal(i->answer[QUESTION_CONTROL].how, CLASSIFY_SOLVED);
  assert_true(i->control && i->sensitive && !i->innocuous);
  const char *first;
  assert_int_equal(classification_disagreements(c, &first), 0);
  assert_null(first);
  classification_destroy(c);
  profile_destroy(p);
}

static void contradictions_are_reported(void **state)
{
  (void)state;
  struct profile *p = load("pg");
  const char *first;
  say(ISA_STI, QUESTION_MODE, ROUTE_NO, ROUTE_YES, ROUTE_UNKNOWN);
  struct classification *c = classify(p, CLASSIFY_ALL_ROUTES);
  assert_int_equal(classification_disagreements(c, &first), 1);
  assert_non_null(strstr(first, "mode"));
  assert_non_null(strstr(first, "the solver"));
  assert_non_null(strstr(first, "exhaustion"));
  classification_destroy(c);
  say(ISA_STI, QUESTION_MODE, ROUTE_YES, ROUTE_NO, ROUTE_NO);
  c = classify(p, CLASSIFY_ALL_ROUTES);
  assert_int_equal(classification_disagreements(c, &first), 2);
  classification_destroy(c);
  profile_destroy(p);
}

/* An experiment that was cut short and met nothing has not answered, where others have. */
static void few_samples_contradict_nobody(void **state)
{
  (void)state;
  struct profile *p = load("pg");
  const char *first, *reason;
  for (uint64_t samples = 0; samples <= 4000; samples += 1000) {
    say(ISA_STI, QUESTION_MODE, ROUTE_YES, ROUTE_YES, ROUTE_NO);
    const struct classify_options o = {
        .routes = CLASSIFY_ALL_ROUTES, .model = MODEL_EXTENDED, .threads = 1, .samples = samples};
    struct classification *c = classify_profile(p, &o, &reason);
    assert_non_null(c);
    const struct classify_answer *a = &classification_insn(c, ISA_STI)->answer[QUESTION_MODE];
    bool few = samples > 0 && samples < 4000;
    assert_int_equal(classification_disagreements(c, &first), few ? 0 : 2);
    assert_int_equal(a->by_experiment, few ? ROUTE_UNKNOWN : ROUTE_NO);
    assert_true(a->yes);
    classification_destroy(c);
  }
  profile_destroy(p);
}

static void a_witness_must_show_it_when_run(void **state)
{
  (void)state;
  struct profile *p = load("pg");
  struct witness w, nonsense;
  const char *first;
  say(ISA_STI, QUESTION_CONTROL, ROUTE_YES, ROUTE_YES, ROUTE_YES);
  witness_of_sti(&w, psw_set_ie(0, 1), 0); /* which changes nothing */
  script.witness[EXHAUSTION] = &w;
  struct classification *c = classify(p, CLASSIFY_ALL_ROUTES);
  assert_int_equal(classification_disagreements(c, &first), 1);
  assert_non_null(strstr(first, "shows nothing"));
  assert_int_equal(classification_insn(c, ISA_STI)->answer[QUESTION_CONTROL].how, CLASSIFY_SOLVED);
  classification_destroy(c);
  nonsense = w;
  nonsense.state[0].view_count = 0; /* no instruction there */
  script.witness[EXHAUSTION] = &nonsense;
  c = classify(p, CLASSIFY_ALL_ROUTES);
  assert_int_equal(classification_disagreements(c, &first), 1);
  classification_destroy(c);
  profile_destroy(p);
}

static void a_witness_is_made_small(void **state)
{
  (void)state;
  struct profile *p = load("pg");
  struct witness small, large;
  witness_of_sti(&small, 0, 0);
  witness_of_sti(&large, psw_set_te(0, 1), 0x12345678);
  large.state[0].cr[CR_BOUND] = MACHINE_MIN_STORAGE;
  for (unsigned turn = 0; turn < 3; turn++) {
    say(ISA_STI, QUESTION_CONTROL, ROUTE_YES, ROUTE_YES, ROUTE_UNKNOWN);
    script.witness[SOLVER] = turn == 0 ? &small : &large;
    script.witness[EXHAUSTION] = turn == 1 ? &small : turn == 0 ? &large : NULL;
    struct classification *c = classify(p, CLASSIFY_ALL_ROUTES);
    const struct classify_answer *a = &classification_insn(c, ISA_STI)->answer[QUESTION_CONTROL];
    assert_int_equal(a->how, CLASSIFY_WITNESSED);
    assert_int_equal(a->witness->state[0].reg[REG_A0], 0);
    assert_true(psw_ie(a->witness->result[0].cr[CR_PSW]));
    classification_destroy(c);
  }
  profile_destroy(p);
}

static void what_stands_in_the_way(void **state)
{
  (void)state;
  static const struct {
    enum question q;
    bool first, third;
  } cases[] = {{QUESTION_CONTROL, true, false},      {QUESTION_LOCATION, true, false},
               {QUESTION_MODE, true, false},         {QUESTION_RESOURCE, true, false},
               {QUESTION_USER_CONTROL, false, true}, {QUESTION_USER_RESOURCE, false, true}};
  struct profile *p = load("pg");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    /* The script has room for one question; that it is unprivileged is the other. */
    say(ISA_STI, cases[i].q, ROUTE_YES, ROUTE_YES, ROUTE_YES);
    struct classification *c = classify(p, CLASSIFY_SOLVER);
    assert_true(classification_holds(c, CLASSIFY_THEOREM_1)); /* it is privileged */
    struct classify_insn *insn = (struct classify_insn *)classification_insn(c, ISA_STI);
    insn->privileged = false;
    assert_int_equal(classification_holds(c, CLASSIFY_THEOREM_1), !cases[i].first);
    assert_int_equal(classification_holds(c, CLASSIFY_THEOREM_2), !cases[i].first);
    assert_int_equal(classification_holds(c, CLASSIFY_THEOREM_3), !cases[i].third);
    classification_destroy(c);
  }
  profile_destroy(p);
}

struct steps {
  unsigned calls, last, of;
};

static void count_step(void *ctx, unsigned done, unsigned of)
{
  struct steps *s = ctx;
  assert_true(s->calls == 0 || done == s->last + 1);
  *s = (struct steps){s->calls + 1, done, of};
}

static void threads_ask_each_question_once(void **state)
{
  (void)state;
  struct profile *p = load("x86");
  for (unsigned threads = 0; threads < 70; threads += 23) {
    struct steps steps = {0};
    const char *reason;
    const struct classify_options o = {
        .routes = CLASSIFY_ALL_ROUTES, .threads = threads, .progress = count_step, .ctx = &steps};
    say(ISA_STI, QUESTION_CONTROL, ROUTE_NO, ROUTE_NO, ROUTE_NO);
    struct classification *c = classify_profile(p, &o, &reason);
    assert_non_null(c);
    assert_int_equal(all_asked(), 3 * present(p));
    assert_int_equal(steps.calls, present(p) + 1);
    assert_int_equal(steps.last, present(p));
    assert_int_equal(steps.of, present(p));
    classification_destroy(c);
  }
  profile_destroy(p);
}

static void what_is_known_is_not_asked_again(void **state)
{
  (void)state;
  static const char text[] = "extends pg; profile more; modes 3;";
  struct profile *pg = load("pg"), *popf = load("x86-popf");
  struct profile *more = profile_parse("more.profile", text, sizeof text - 1, stderr);
  assert_non_null(more);
  struct classify_memo *memo = classify_memo_create();
  const char *reason;
  struct classify_options o = {.routes = CLASSIFY_SOLVER, .threads = 2, .memo = memo};
  struct classification *c[5];
  say(ISA_POPF, QUESTION_CONTROL, ROUTE_YES, ROUTE_YES, ROUTE_YES);
  c[0] = classify_profile(pg, &o, &reason);
  assert_int_equal(all_asked(), present(pg));
  forget();
  c[1] = classify_profile(pg, &o, &reason);
  assert_int_equal(all_asked(), 0);
  assert_true(classification_insn(c[1], ISA_POPF)->control);
  c[2] = classify_profile(popf, &o, &reason); /* differs in one line */
  assert_int_equal(all_asked(), 1);
  assert_int_equal(asked[ISA_POPF], 1);
  forget();
  c[3] = classify_profile(more, &o, &reason); /* differs in its number of modes */
  assert_int_equal(all_asked(), present(more));
  forget();
  o.model = MODEL_EXTENDED;
  c[4] = classify_profile(pg, &o, &reason);
  assert_int_equal(all_asked(), present(pg));
  for (unsigned i = 0; i < 5; i++) {
    classification_destroy(c[i]);
  }
  classify_memo_destroy(memo);
  profile_destroy(pg);
  profile_destroy(popf);
  profile_destroy(more);
}

static void one_instruction_alone(void **state)
{
  (void)state;
  struct profile *p = load("pg");
  const char *reason;
  const enum isa_insn only = ISA_CLI;
  const struct classify_options o = {.routes = CLASSIFY_SOLVER, .threads = 4, .only = &only};
  say(ISA_STI, QUESTION_CONTROL, ROUTE_NO, ROUTE_NO, ROUTE_NO);
  struct classification *c = classify_profile(p, &o, &reason);
  assert_int_equal(all_asked(), 1);
  assert_true(classification_insn(c, ISA_CLI)->present);
  assert_false(classification_insn(c, ISA_STI)->present);
  assert_ptr_equal(classification_profile(c), p);
  assert_int_equal(classification_model(c), MODEL_PAPER);
  classification_destroy(c);
  profile_destroy(p);
}

static void a_route_that_cannot_begin(void **state)
{
  (void)state;
  struct profile *p = load("pg");
  struct classify_memo *memo = classify_memo_create();
  const char *reason = NULL;
  const struct classify_options o = {.routes = CLASSIFY_ALL_ROUTES, .threads = 3, .memo = memo};
  say(ISA_STI, QUESTION_CONTROL, ROUTE_NO, ROUTE_NO, ROUTE_NO);
  refusal = "no room";
  assert_null(classify_profile(p, &o, &reason));
  assert_string_equal(reason, "no room");
  refusal = NULL;
  struct classification *c = classify_profile(p, &o, &reason);
  assert_int_equal(all_asked(), 3 * present(p)); /* nothing half-known was kept */
  classification_destroy(c);
  classify_memo_destroy(memo);
  profile_destroy(p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(how_a_no_is_known),
      cmocka_unit_test(how_a_theorem_is_known),
      cmocka_unit_test(a_yes_without_a_witness_is_solved),
      cmocka_unit_test(contradictions_are_reported),
      cmocka_unit_test(few_samples_contradict_nobody),
      cmocka_unit_test(a_witness_must_show_it_when_run),
      cmocka_unit_test(a_witness_is_made_small),
      cmocka_unit_test(what_stands_in_the_way),
      cmocka_unit_test(threads_ask_each_question_once),
      cmocka_unit_test(what_is_known_is_not_asked_again),
      cmocka_unit_test(one_instruction_alone),
      cmocka_unit_test(a_route_that_cannot_begin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
