/* The first route: what it answers where the answer is plain by hand; every witness
 * that it gives is one on the engine; the same question has the same answer whatever
 * was asked before; what it prints is what it asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "classify/route.h"
#include "classify/solver_query.h"
#include "tests/common/program.h"
#include "tests/unit/classify/trying.h"

#define MACHINE "modes 2; mmu bounds; io "

static struct solver *open_solver(const struct profile *profile)
{
  const char *reason;
  struct solver *s = solver_create(profile, &reason);
  insist(s != NULL, reason);
  return s;
}

/* ------------------------------------------------------------- known answers */

/* Y and n: yes and no, for each question in order. */
static const struct {
  enum isa_insn insn;
  const char *behaviour;
  enum model model;
  const char *answers;
} known[] = {
    /*                                     privileged? control location mode resource user: c, r */
    {ISA_POPF, "trap", MODEL_EXTENDED, "nYnnnnn"},
    {ISA_POPF, "nop", MODEL_EXTENDED, "YYnYYnn"},
    {ISA_POPF, "partial", MODEL_EXTENDED, "YYnnnnn"},
    {ISA_POPF, "full", MODEL_EXTENDED, "YYnnnYn"},
    {ISA_POPF, "full", MODEL_PAPER, "Ynnnnnn"},
    {ISA_POPF, "nop", MODEL_PAPER, "YnnYYnn"},
    {ISA_PUSHF, "full", MODEL_EXTENDED, "YnnnYnY"},
    {ISA_PUSHF, "full", MODEL_PAPER, "Ynnnnnn"},
    {ISA_CLI, "nop", MODEL_EXTENDED, "YYnnnnn"},
    {ISA_CLI, "trap", MODEL_EXTENDED, "nYnnnnn"},
    {ISA_RDPSW, "full", MODEL_PAPER, "YnYYYnY"},
    {ISA_RDPSW, "trap", MODEL_PAPER, "nnYnYnn"},
    {ISA_LPSW, "partial", MODEL_PAPER, "YYnnnnn"},
    {ISA_LPSW, "full", MODEL_PAPER, "YYnnnYn"},
    {ISA_LPSW, "check", MODEL_PAPER, "YYnnnnn"},
    {ISA_LRA, "full", MODEL_PAPER, "YnYnYnY"},
    {ISA_LRA, "trap", MODEL_PAPER, "nnYnYnn"},
    {ISA_PROBE, "full", MODEL_PAPER, "YnYnYnY"},
    {ISA_LDPREV, "full", MODEL_PAPER, "YnYnYnY"},
    {ISA_STPREV, "full", MODEL_PAPER, "YnYnYnY"},
    {ISA_RFE, "trap", MODEL_EXTENDED, "nYnnYnn"},
    {ISA_JUSER, "full", MODEL_EXTENDED, "YYnnnnn"},
    {ISA_SVBR, "full", MODEL_EXTENDED, "YnnnYnY"},
    {ISA_SVBR, "full", MODEL_PAPER, "Ynnnnnn"},
    {ISA_MFCR, "full", MODEL_PAPER, "YnYYYnY"},
    {ISA_MTCR, "full", MODEL_PAPER, "YYnnnYn"},
    {ISA_MTCR, "nop", MODEL_EXTENDED, "YYnYYnn"},
    {ISA_RDTICK, "full", MODEL_EXTENDED, "YnnnYnY"},
    {ISA_CPUID, "full", MODEL_EXTENDED, "YnnnYnY"},
    {ISA_WFI, "full", MODEL_EXTENDED, "YYnnnYn"},
    {ISA_SPL, "nop", MODEL_EXTENDED, "YYnnnnn"},
    {ISA_IN, "full", MODEL_EXTENDED, "YYnnYYY"},
    {ISA_OUT, "full", MODEL_EXTENDED, "YYnnnYn"},
    {ISA_OUT, "trap", MODEL_PAPER, "nnnnnnn"},
    {ISA_SIO, "full", MODEL_EXTENDED, "YYYnYYY"},
    {ISA_SIO, "full", MODEL_PAPER, "YnYnYnY"},
    {ISA_TIO, "nop", MODEL_EXTENDED, "YnnYYnn"},
    {ISA_ADD, NULL, MODEL_EXTENDED, "Ynnnnnn"},
    {ISA_LW, NULL, MODEL_EXTENDED, "Ynnnnnn"},
    {ISA_SW, NULL, MODEL_EXTENDED, "Ynnnnnn"},
    {ISA_SYS, NULL, MODEL_EXTENDED, "Ynnnnnn"},
    {ISA_ADDC, NULL, MODEL_EXTENDED, "Ynnnnnn"},
    {ISA_JALR, NULL, MODEL_EXTENDED, "Ynnnnnn"},
};

static void lines_of(enum isa_insn insn, const char *behaviour, char *lines, size_t size)
{
  bool ports = insn != ISA_SIO && insn != ISA_TIO;
  int len = snprintf(lines, size, MACHINE "%s;", ports ? "ports" : "channel");
  if (behaviour) {
    snprintf(lines + len, size - (size_t)len, "outside %s = %s;", isa_insn_info(insn)->mnemonic,
             behaviour);
  }
}

static char letter_of(enum route_answer answer)
{
  return answer == ROUTE_YES ? 'Y' : answer == ROUTE_NO ? 'n' : '?';
}

static void test_known(void **state)
{
  (void)state;
  static struct route_findings f;
  unsigned wrong = 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char lines[100], answers[QUESTION_COUNT + 1] = "";
    lines_of(known[i].insn, known[i].behaviour, lines, sizeof lines);
    struct profile *profile = trying_profile_of(lines);
    struct solver *s = open_solver(profile);
    solver_ask(s, known[i].insn, known[i].model, &f);
    for (unsigned q = 0; q < QUESTION_COUNT; q++) {
      answers[q] = letter_of(f.finding[q].answer);
    }
    if (strcmp(answers, known[i].answers) != 0) {
      print_message("%s %s, %s: %s, expected %s\n", isa_insn_info(known[i].insn)->mnemonic,
                    known[i].behaviour ? known[i].behaviour : "", model_name(known[i].model),
                    answers, known[i].answers);
      wrong++;
    }
    solver_destroy(s);
    profile_destroy(profile);
  }
  assert_int_equal(wrong, 0);
}

/* ----------------------------------------------------------------- witnesses */

/* As the engine has it; false: it does not agree with the terms, or is no witness. */
static bool confirmed(const struct profile *profile, struct trial_machine *t, enum question q,
                      enum model model, const struct witness *w)
{
  struct witness run = *w;
  for (unsigned i = 0; i < question_states(q); i++) {
    if (!trial_run(t, &w->state[i], &run.result[i]) ||
        !trying_same(&run.result[i], &w->result[i])) {
      return false;
    }
  }
  return question_judge(q, model, profile, &run);
}

static unsigned count_witnesses(const char *name, unsigned *refuted, unsigned *answered)
{
  static struct route_findings f;
  struct profile *profile = trying_profile(name);
  struct solver *s = open_solver(profile);
  struct trial_machine *t = trial_machine_create(profile, MACHINE_MIN_STORAGE, MACHINE_ENGINE_FAST);
  insist(t != NULL, "there is memory");
  unsigned count = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT * MODEL_COUNT; i++) {
    enum isa_insn insn = (enum isa_insn)(i / MODEL_COUNT);
    enum model model = (enum model)(i % MODEL_COUNT);
    solver_ask(s, insn, model, &f);
    for (unsigned q = 0; q < QUESTION_COUNT; q++) {
      const struct route_finding *finding = &f.finding[q];
      assert_int_not_equal(finding->answer, ROUTE_UNKNOWN);
      *answered += finding->answer == ROUTE_YES;
      count += finding->has_witness;
      *refuted += finding->has_witness &&
                  !confirmed(profile, t, (enum question)q, model, &finding->witness);
    }
  }
  trial_machine_destroy(t);
  solver_destroy(s);
  profile_destroy(profile);
  return count;
}

/* Only what devices do has no witness. */
static void test_witnesses(void **state)
{
  (void)state;
  unsigned refuted = 0, answered = 0;
  unsigned count = count_witnesses("armv7", &refuted, &answered);
  assert_int_equal(refuted, 0);
  assert_true(count >= 160 && answered - count <= 3);
}

/* The same with a witness that is none: the engine is not obliging. */
/* Of one instruction on a machine with pages: how many of its yeses have states, all of
 * which are confirmed. */
static unsigned count_mapped(const char *lines, enum isa_insn insn, unsigned *answered)
{
  static struct route_findings f;
  struct profile *profile = trying_profile_of(lines);
  struct solver *s = open_solver(profile);
  unsigned count = 0;
  solver_ask(s, insn, MODEL_EXTENDED, &f);
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    const struct route_finding *finding = &f.finding[q];
    *answered += finding->answer == ROUTE_YES;
    if (finding->has_witness) {
      const struct trial_state *before = &finding->witness.state[0];
      struct trial_machine *t =
          trial_machine_create(profile, before->storage, MACHINE_ENGINE_STEPPER);
      insist(t != NULL, "there is memory");
      assert_true(confirmed(profile, t, (enum question)q, MODEL_EXTENDED, &finding->witness));
      trial_machine_destroy(t);
      count++;
    }
  }
  solver_destroy(s);
  profile_destroy(profile);
  return count;
}

/* What a model says of entries becomes tables, or a TLB, in which the machine agrees. Now and
 * then no such map can be made of it. */
static void test_mapped_witnesses(void **state)
{
  (void)state;
  static const struct {
    const char *lines;
    enum isa_insn insn;
  } cases[] = {{"modes 2; io none; mmu paged; outside lra = full;", ISA_LRA},
               {"modes 2; io none; mmu paged; outside probe = full;", ISA_PROBE},
               {"modes 3; io none; mmu paged; outside stprev = full;", ISA_STPREV},
               {"modes 2; io none; mmu paged; outside rdpsw = full;", ISA_RDPSW},
               {"modes 2; io none; mmu nested; outside mfcr = full;", ISA_MFCR},
               {"modes 2; io none; mmu tlb; outside probe = full;", ISA_PROBE},
               {"modes 2; io none; mmu tlb; kseg; outside lra = full;", ISA_LRA}};
  unsigned answered = 0, count = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    count += count_mapped(cases[i].lines, cases[i].insn, &answered);
  }
  assert_true(answered >= 30 && count + 5 >= answered);
}

static void test_false_witness(void **state)
{
  (void)state;
  static struct route_findings f;
  struct profile *profile = trying_profile("x86");
  struct solver *s = open_solver(profile);
  struct trial_machine *t = trial_machine_create(profile, MACHINE_MIN_STORAGE, MACHINE_ENGINE_FAST);
  insist(t != NULL, "there is memory");
  solver_ask(s, ISA_PUSHF, MODEL_EXTENDED, &f);
  struct witness w = f.finding[QUESTION_RESOURCE].witness;
  assert_true(f.finding[QUESTION_RESOURCE].has_witness);
  assert_true(confirmed(profile, t, QUESTION_RESOURCE, MODEL_EXTENDED, &w));
  assert_false(confirmed(profile, t, QUESTION_RESOURCE, MODEL_PAPER, &w));
  w.result[1].store.word ^= PSW_IE_MASK;
  assert_false(confirmed(profile, t, QUESTION_RESOURCE, MODEL_EXTENDED, &w));
  trial_machine_destroy(t);
  solver_destroy(s);
  profile_destroy(profile);
}

/* -------------------------------------------------------------------- order */

/* Witnesses included. */
static void test_order(void **state)
{
  (void)state;
  static struct route_findings first, second;
  struct profile *profile = trying_profile("vax");
  struct solver *s = open_solver(profile), *other = open_solver(profile);
  solver_ask(s, ISA_LPSW, MODEL_EXTENDED, &first);
  solver_ask(other, ISA_STPREV, MODEL_PAPER, &second);
  solver_ask(other, ISA_LPSW, MODEL_EXTENDED, &second);
  assert_memory_equal(&first, &second, sizeof first);
  solver_destroy(other);
  solver_destroy(s);
  profile_destroy(profile);
}

static void test_absent(void **state)
{
  (void)state;
  static struct route_findings f;
  struct profile *profile = trying_profile_of(MACHINE "ports; absent popf;");
  struct solver *s = open_solver(profile);
  solver_ask(s, ISA_POPF, MODEL_EXTENDED, &f);
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    assert_int_equal(f.finding[q].answer, ROUTE_NO);
  }
  solver_destroy(s);
  profile_destroy(profile);
}

/* ----------------------------------------------------------------- printing */

static Z3_lbool check_text(const char *text)
{
  Z3_config config = Z3_mk_config();
  Z3_context z = Z3_mk_context(config);
  Z3_del_config(config);
  Z3_solver solver = Z3_mk_simple_solver(z);
  Z3_solver_inc_ref(z, solver);
  Z3_ast_vector parsed = Z3_parse_smtlib2_string(z, text, 0, NULL, NULL, 0, NULL, NULL);
  Z3_ast_vector_inc_ref(z, parsed);
  for (unsigned i = 0; i < Z3_ast_vector_size(z, parsed); i++) {
    Z3_solver_assert(z, solver, Z3_ast_vector_get(z, parsed, i));
  }
  Z3_lbool sat = Z3_solver_check(z, solver);
  Z3_ast_vector_dec_ref(z, parsed);
  Z3_solver_dec_ref(z, solver);
  Z3_del_context(z);
  return sat;
}

static char *print_text(struct solver *s, enum isa_insn insn, enum question q)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  insist(out != NULL, "there is memory");
  solver_print(s, insn, MODEL_EXTENDED, q, out);
  fclose(out);
  return text;
}

/* Read back, the text has the answer that the question had. */
static void test_print(void **state)
{
  (void)state;
  static const enum isa_insn insns[] = {ISA_POPF, ISA_STPREV, ISA_DIV, ISA_IN, ISA_SSK, ISA_ISK};
  static struct route_findings f;
  struct profile *profile =
      trying_profile_of(MACHINE "ports; keys; outside popf = partial; absent isk;");
  struct solver *s = open_solver(profile);
  for (size_t i = 0; i < sizeof insns / sizeof *insns; i++) {
    solver_ask(s, insns[i], MODEL_EXTENDED, &f);
    for (unsigned q = 0; q < QUESTION_COUNT; q++) {
      char *text = print_text(s, insns[i], (enum question)q);
      assert_non_null(strstr(text, isa_insn_info(insns[i])->mnemonic));
      assert_non_null(strstr(text, question_name((enum question)q)));
      assert_int_equal(check_text(text) == Z3_L_TRUE, f.finding[q].answer == ROUTE_YES);
      free(text);
    }
  }
  solver_destroy(s);
  profile_destroy(profile);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known),
      cmocka_unit_test(test_witnesses),
      cmocka_unit_test(test_mapped_witnesses),
      cmocka_unit_test(test_false_witness),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_absent),
      cmocka_unit_test(test_print),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
