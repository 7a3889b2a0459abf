/* Exhaustion: against the verdicts derived by hand, and against changed profiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/common/program.h"
#include "tests/unit/classify/expected.h"
#include "tests/unit/classify/trying.h"

static bool is_there(const struct profile *p, unsigned insn)
{
  return profile_behaviour(p, (enum isa_insn)insn, 0)->kind != PROFILE_ABSENT;
}

/* Every witness, run again on another machine, holds; so it does after shrinking. */
static void assert_witnesses(const struct profile *p, enum model model, struct trial_machine *t,
                             struct route_findings *f)
{
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    struct route_finding *one = &f->finding[q];
    assert_int_not_equal(one->answer, ROUTE_UNKNOWN);
    assert_int_equal(one->has_witness, one->answer == ROUTE_YES);
    if (!one->has_witness) {
      continue;
    }
    struct witness *w = &one->witness;
    for (unsigned i = 0; i < question_states((enum question)q); i++) {
      struct trial_result r = trying_run(t, &w->state[i]);
      assert_true(trying_same(&r, &w->result[i]));
    }
    assert_true(question_judge((enum question)q, model, p, w));
    unsigned before = question_size(p, (enum question)q, w);
    question_shrink((enum question)q, model, p, t, w);
    assert_true(question_judge((enum question)q, model, p, w));
    assert_true(question_size(p, (enum question)q, w) <= before);
  }
}

/* The user part is the same on every profile: once is enough. */
static void check_profile(struct expected *expected, const char *name, enum model model)
{
  struct profile *p = trying_profile(name);
  struct exhaust *e = exhaust_create(p, NULL);
  struct trial_machine *t = trial_machine_create(p, TRYING_STORAGE, MACHINE_ENGINE_STEPPER);
  assert_true(e && t);
  for (unsigned insn = 0; insn < ISA_INSN_COUNT; insn++) {
    bool user = isa_insn_info((enum isa_insn)insn)->group == ISA_GROUP_USER;
    if (is_there(p, insn) && (!user || strcmp(name, "x86") == 0)) {
      struct route_findings f;
      exhaust_ask(e, (enum isa_insn)insn, model, &f);
      assert_true(f.states > 1000);
      assert_witnesses(p, model, t, &f);
      assert_true(expected_check(expected, p, (enum isa_insn)insn, model, &f));
    }
  }
  trial_machine_destroy(t);
  exhaust_destroy(e);
  profile_destroy(p);
}

static void test_every_profile(void **unused)
{
  (void)unused;
  struct expected *expected = expected_load();
  for (const char *const *name = trying_profiles(); *name; name++) {
    check_profile(expected, *name, MODEL_PAPER);
    check_profile(expected, *name, MODEL_EXTENDED);
    assert_int_equal(expected_unused(expected, *name), 0);
  }
  expected_free(expected);
}

/* ------------------------------------------------------------ other profiles */

#define REST "modes 2; mmu bounds; io ports;"

/* Answers as one letter each: of unprivileged, control, location, mode, resource,
 * user control, user resource. */
static const char *answers(const char *lines, enum isa_insn insn, enum model model)
{
  static char text[QUESTION_COUNT + 1];
  struct profile *p = trying_profile_of(lines);
  struct exhaust *e = exhaust_create(p, NULL);
  assert_non_null(e);
  struct route_findings f;
  exhaust_ask(e, insn, model, &f);
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    text[q] = f.finding[q].answer == ROUTE_YES ? "UCLMRcr"[q] : '-';
  }
  exhaust_destroy(e);
  profile_destroy(p);
  return text;
}

static void test_a_changed_line_flips_its_verdicts(void **unused)
{
  (void)unused;
  const enum model x = MODEL_EXTENDED, p = MODEL_PAPER;
  assert_string_equal(answers(REST, ISA_POPF, x), "-C-----");
  assert_string_equal(answers(REST "outside popf = nop;", ISA_POPF, x), "UC-MR--");
  assert_string_equal(answers(REST "outside popf = partial;", ISA_POPF, x), "UC-----");
  assert_string_equal(answers(REST "outside popf = full;", ISA_POPF, x), "UC---c-");
  assert_string_equal(answers(REST "outside popf = full;", ISA_POPF, p), "U------");
  assert_string_equal(answers(REST "outside lra = full;", ISA_LRA, p), "U-L-R-r");
  assert_string_equal(answers(REST "outside lra = nop;", ISA_LRA, p), "U-LMR--");
  assert_string_equal(answers(REST "outside cli = full;", ISA_CLI, x), "UC---c-");
  assert_string_equal(answers(REST "outside cli = full;", ISA_STI, x), "-C-----");
  assert_string_equal(answers(REST "outside rdpsw = full;", ISA_RDPSW, p), "U-LMR-r");
  assert_string_equal(answers(REST "outside rfe = full;", ISA_RFE, p), "UC---c-");
  assert_string_equal(answers(REST "outside rfe = full;", ISA_RFE, x), "UC--Rcr");
  assert_string_equal(answers(REST "outside mfcr = full;", ISA_MFCR, p), "U-LMR-r");
  assert_string_equal(answers(REST "outside mtcr = full;", ISA_MTCR, p), "UC---c-");
  assert_string_equal(answers(REST "outside in = full;", ISA_IN, x), "UC--Rcr");
  assert_string_equal(answers(REST "outside out = full;", ISA_OUT, x), "UC---c-");
  assert_string_equal(answers(REST "outside wfi = full;", ISA_WFI, x), "UC---c-");
  assert_string_equal(answers(REST "outside halt = nop;", ISA_HALT, x), "UC-----");
}

/* Derived by hand: R is TE with PTBR, or with ASID and the TLB; pages have rights for each
 * mode; the unmapped segment is for mode 0, and whoever traps there has shown nothing. */
static void test_pages(void **unused)
{
  (void)unused;
  const enum model x = MODEL_EXTENDED, p = MODEL_PAPER;
#define PAGES "modes 2; mmu paged; io ports;"
#define TLB   "modes 2; mmu tlb; io ports;"
  assert_string_equal(answers(PAGES "outside lra = full;", ISA_LRA, p), "U-LMR-r");
  assert_string_equal(answers(PAGES "outside lra = nop;", ISA_LRA, p), "U-LMR--");
  assert_string_equal(answers(PAGES "outside probe = full;", ISA_PROBE, p), "U-LMR-r");
  assert_string_equal(answers(PAGES "outside ldprev = full;", ISA_LDPREV, p), "U-L-R-r");
  assert_string_equal(answers(PAGES "outside stprev = full;", ISA_STPREV, x), "U-L-R-r");
  assert_string_equal(answers(PAGES "outside tlbi = full;", ISA_TLBI, x), "U------");
  assert_string_equal(answers(PAGES, ISA_MFCR, p), "--L-R--");
  assert_string_equal(answers(PAGES, ISA_LW, x), "U------");
  assert_string_equal(answers(PAGES "kseg;", ISA_SW, x), "U------");
  assert_string_equal(answers(PAGES "kseg; outside probe = full;", ISA_PROBE, p), "U-LMR-r");
  assert_string_equal(answers("modes 2; mmu nested; io none;", ISA_MTCR, p), "-C-----");
  assert_string_equal(
      answers("modes 2; mmu paged; kseg; io channel; outside sio = full;", ISA_SIO, p), "U-L-R-r");
  assert_string_equal(answers(TLB "outside tlbw = full;", ISA_TLBW, p), "UC---c-");
  assert_string_equal(answers(TLB "outside tlbi = full;", ISA_TLBI, p), "UC---c-");
  assert_string_equal(answers(TLB "outside tlbp = full;", ISA_TLBP, p), "U------");
  assert_string_equal(answers(TLB "outside tlbp = full;", ISA_TLBP, x), "UC---c-");
  assert_string_equal(answers(TLB, ISA_SW, x), "U------");
}

static void test_odd_profiles(void **unused)
{
  (void)unused;
  static const char *const odd[] = {
      "modes 4; mmu bounds; io none; keys;",
      "modes 3; mmu bounds; io none; absent lra; outside popf = full;",
      "modes 2; mmu bounds; io ports; keys; outside ssk = full; outside isk = nop;",
      "modes 3; mmu tlb; kseg; io none; outside lra = full; outside tlbi = full;",
  };
  for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
    struct profile *p = trying_profile_of(odd[i]);
    struct exhaust *e = exhaust_create(p, NULL);
    uint32_t storage = map_mmu(p) ? 2 * TRYING_STORAGE : TRYING_STORAGE;
    struct trial_machine *t = trial_machine_create(p, storage, MACHINE_ENGINE_STEPPER);
    for (unsigned insn = 0; insn < ISA_INSN_COUNT; insn++) {
      if (is_there(p, insn) && isa_insn_info((enum isa_insn)insn)->group == ISA_GROUP_SYSTEM) {
        struct route_findings f;
        exhaust_ask(e, (enum isa_insn)insn, MODEL_EXTENDED, &f);
        assert_witnesses(p, MODEL_EXTENDED, t, &f);
      }
    }
    trial_machine_destroy(t);
    exhaust_destroy(e);
    profile_destroy(p);
  }
  assert_string_equal(answers(odd[2], ISA_SSK, MODEL_EXTENDED), "UC---c-");
  assert_string_equal(answers(odd[2], ISA_ISK, MODEL_EXTENDED), "U--MR--");
  assert_string_equal(answers(odd[1], ISA_POPF, MODEL_EXTENDED), "UC---c-");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_profile),
      cmocka_unit_test(test_a_changed_line_flips_its_verdicts),
      cmocka_unit_test(test_pages),
      cmocka_unit_test(test_odd_profiles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
