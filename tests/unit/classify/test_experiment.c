/* The experiment: finds what there is, and the same again from the same seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/common/program.h"
#include "tests/unit/classify/expected.h"
#include "tests/unit/classify/trying.h"

#define PAIRS      4000u /* with which it is to find everything */
#define FEWER      500u  /* whatever it finds is to hold */
#define ANY_SEED   7u
#define OTHER_SEED 8u

static bool is_there(const struct profile *p, unsigned insn)
{
  return profile_behaviour(p, (enum isa_insn)insn, 0)->kind != PROFILE_ABSENT;
}

static struct route_findings ask(const struct profile *p, uint64_t seed, uint64_t count,
                                 enum isa_insn insn, enum model model)
{
  struct route_findings f;
  struct experiment *x = experiment_create(p, seed, count, NULL);
  assert_non_null(x);
  experiment_ask(x, insn, model, &f);
  experiment_destroy(x);
  return f;
}

static void test_finds_everything(void **unused)
{
  (void)unused;
  static const struct {
    const char *profile;
    enum model model;
  } cases[] = {{"x86", MODEL_PAPER},
               {"x86", MODEL_EXTENDED},
               {"s360", MODEL_EXTENDED},
               {"vax", MODEL_EXTENDED},
               {"pdp11", MODEL_PAPER}};
  struct expected *expected = expected_load();
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct profile *p = trying_profile(cases[i].profile);
    struct experiment *x = experiment_create(p, ANY_SEED, PAIRS, NULL);
    assert_non_null(x);
    for (unsigned insn = 0; insn < ISA_INSN_COUNT; insn++) {
      if (is_there(p, insn)) {
        struct route_findings f;
        experiment_ask(x, (enum isa_insn)insn, cases[i].model, &f);
        assert_int_equal(f.states, PAIRS);
        assert_true(expected_check(expected, p, (enum isa_insn)insn, cases[i].model, &f));
      }
    }
    experiment_destroy(x);
    profile_destroy(p);
  }
  expected_free(expected);
}

static void check_witness(const struct profile *p, enum model model, enum question q,
                          struct trial_machine *t, const struct witness *w)
{
  struct witness small = *w, again = *w;
  for (unsigned i = 0; i < question_states(q); i++) {
    struct trial_result r = trying_run(t, &w->state[i]);
    assert_true(trying_same(&r, &w->result[i]));
  }
  assert_true(question_judge(q, model, p, w));
  question_shrink(q, model, p, t, &small);
  assert_true(question_judge(q, model, p, &small));
  assert_true(question_size(p, q, &small) <= question_size(p, q, w));
  question_shrink(q, model, p, t, &again);
  assert_memory_equal(small.state, again.state, sizeof small.state[0]);
}

static void test_witnesses_hold(void **unused)
{
  (void)unused;
  unsigned witnesses = 0;
  unsigned profiles = 0;
  for (const char *const *name = trying_profiles(); *name; name++, profiles++) {
    struct profile *p = trying_profile(*name);
    struct trial_machine *t = trial_machine_create(p, TRYING_STORAGE, MACHINE_ENGINE_STEPPER);
    for (unsigned i = 0; i < ISA_INSN_COUNT * MODEL_COUNT; i++) {
      enum model model = (enum model)(i % MODEL_COUNT);
      enum isa_insn insn = (enum isa_insn)(i / MODEL_COUNT);
      if (!is_there(p, insn)) {
        continue;
      }
      struct route_findings f = ask(p, OTHER_SEED, FEWER, insn, model);
      for (unsigned q = 0; q < QUESTION_COUNT; q++) {
        if (f.finding[q].has_witness) {
          check_witness(p, model, (enum question)q, t, &f.finding[q].witness);
          witnesses++;
        }
      }
    }
    trial_machine_destroy(t);
    profile_destroy(p);
  }
  assert_true(witnesses > 100 * profiles);
}

static void test_seed_decides(void **unused)
{
  (void)unused;
  struct profile *p = trying_profile("x86");
  struct experiment *x = experiment_create(p, ANY_SEED, FEWER, NULL);
  struct route_findings one, other;
  experiment_ask(x, ISA_LRA, MODEL_PAPER, &one);
  experiment_ask(x, ISA_PROBE, MODEL_PAPER, &one);
  other = ask(p, ANY_SEED, FEWER, ISA_PROBE, MODEL_PAPER);
  const struct witness *a = &one.finding[QUESTION_LOCATION].witness;
  const struct witness *b = &other.finding[QUESTION_LOCATION].witness;
  assert_true(one.finding[QUESTION_LOCATION].has_witness);
  assert_memory_equal(a->state[0].reg, b->state[0].reg, sizeof a->state[0].reg);
  assert_memory_equal(a->state[1].cr, b->state[1].cr, sizeof a->state[1].cr);
  other = ask(p, OTHER_SEED, FEWER, ISA_PROBE, MODEL_PAPER);
  assert_memory_not_equal(a->state[0].reg, b->state[0].reg, sizeof a->state[0].reg);
  experiment_destroy(x);
  profile_destroy(p);
}

static void test_too_few_find_nothing(void **unused)
{
  (void)unused;
  struct profile *p = trying_profile("pg");
  struct route_findings f = ask(p, ANY_SEED, 0, ISA_LRA, MODEL_PAPER);
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    assert_int_equal(f.finding[q].answer, ROUTE_NO);
  }
  assert_int_equal(f.states, 0);
  profile_destroy(p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_finds_everything),
      cmocka_unit_test(test_witnesses_hold),
      cmocka_unit_test(test_seed_decides),
      cmocka_unit_test(test_too_few_find_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
