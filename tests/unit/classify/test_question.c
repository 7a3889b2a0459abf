/* What is a witness and what is not: pairs put together by hand, run, and judged in
 * both models; then results falsified one by one, to see that the judge looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/common/program.h"
#include "tests/unit/classify/trying.h"

#define STACK 0x2000u
#define WHERE 0x1800u
#define USER  PSW_MODE_MASK /* on machines with two modes: made legal */

static struct profile *profile;
static struct trial_machine *machine;

static void open_profile(const char *name)
{
  profile = trying_profile(name);
  machine = trial_machine_create(profile, TRYING_STORAGE, MACHINE_ENGINE_FAST);
  assert_non_null(machine);
}

static void close_profile(void)
{
  trial_machine_destroy(machine);
  profile_destroy(profile);
}

/* Two equal states with this instruction in this PSW; sp and a1 point at data. */
static struct witness pair_of(uint32_t word, uint32_t psw, uint32_t data)
{
  struct witness w = {0};
  w.state[0] = trying_state(word);
  w.state[0].cr[CR_PSW] = profile_legal_psw(profile, psw);
  w.state[0].cr[CR_BOUND] = 0x8000;
  w.state[0].reg[REG_SP] = STACK;
  w.state[0].reg[REG_A1] = STACK;
  if (data != 0) {
    trying_view(&w.state[0], STACK, data);
  }
  w.state[1] = w.state[0];
  return w;
}

static void set_mode(struct trial_state *s, unsigned mode)
{
  s->cr[CR_PSW] = psw_set_mode(s->cr[CR_PSW], mode);
}

static void run(struct witness *w)
{
  for (unsigned i = 0; i < 2; i++) {
    w->result[i] = trying_run(machine, &w->state[i]);
  }
}

/* The questions that this is a witness of, a letter each. */
static const char *judged(enum model model, const struct witness *w)
{
  static char text[QUESTION_COUNT + 1];
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    bool yes = question_judge((enum question)q, model, profile, w);
    text[q] = yes ? "UCLMRcr"[q] : '-';
  }
  return text;
}

static void assert_judged(struct witness *w, const char *paper, const char *extended)
{
  run(w);
  assert_string_equal(judged(MODEL_PAPER, w), paper);
  assert_string_equal(judged(MODEL_EXTENDED, w), extended);
}

/* ------------------------------------------------------- one after the other */

static void test_popf(void **unused)
{
  (void)unused;
  open_profile("x86-popf");
  uint32_t popf = trying_word(ISA_POPF, 0, 0, 0, 0);
  struct witness w = pair_of(popf, 0, PSW_IE_MASK);
  assert_judged(&w, "-------", "-C-----");
  w = pair_of(popf, USER, PSW_IE_MASK); /* partial */
  assert_judged(&w, "-------", "-------");
  w = pair_of(popf, USER, PSW_IE_MASK);
  set_mode(&w.state[0], 0);
  assert_judged(&w, "U------", "UC-----");
  w.state[0].reg[REG_SP] = w.state[1].reg[REG_SP] = STACK + 1; /* memory traps witness nothing */
  assert_judged(&w, "-------", "-------");
  close_profile();
}

static void test_rfe(void **unused)
{
  (void)unused;
  open_profile("pg");
  uint32_t rfe = trying_word(ISA_RFE, 0, 0, 0, 0);
  struct witness w = pair_of(rfe, 0, 0);
  w.state[1].cr[CR_EPC] = 0x3000; /* in the paper's model EPC is no resource: not equal before */
  assert_judged(&w, "-------", "----R--");
  w = pair_of(rfe, 0, 0);
  w.state[0].cr[CR_EPSW] = w.state[1].cr[CR_EPSW] = psw_set_mode(0, 1);
  assert_judged(&w, "-C-----", "-C-----");
  set_mode(&w.state[1], 1); /* privileged: that it traps is protection */
  assert_judged(&w, "-C-----", "-C-----");
  close_profile();
}

static void test_lra(void **unused)
{
  (void)unused;
  open_profile("pg");
  struct witness w = pair_of(trying_word(ISA_LRA, REG_A0, REG_A1, 0, 0), PSW_TE_MASK, 0);
  assert_judged(&w, "-------", "-------");
  w.state[1].cr[CR_BASE] = 0x4000;
  assert_judged(&w, "--L-R--", "--L-R--");
  w.state[1].cr[CR_PSW] |= PSW_IE_MASK; /* another component besides */
  assert_judged(&w, "-------", "----R--");
  w.state[1].cr[CR_PSW] = w.state[0].cr[CR_PSW] & ~PSW_TE_MASK; /* TE is of R */
  assert_judged(&w, "-------", "-------");
  w.state[0].cr[CR_BASE] = w.state[1].cr[CR_BASE];
  assert_judged(&w, "--L-R--", "--L-R--");
  close_profile();
}

static void test_probe(void **unused)
{
  (void)unused;
  open_profile("x86");
  struct witness w = pair_of(trying_word(ISA_PROBE, REG_A0, REG_A1, 0, 0), USER | PSW_TE_MASK, 0);
  w.state[1].cr[CR_BOUND] = 0x1800;
  assert_judged(&w, "--L-R-r", "--L-R-r");
  set_mode(&w.state[0], 0);
  set_mode(&w.state[1], 0);
  assert_judged(&w, "--L-R--", "--L-R--");
  close_profile();
}

static void test_rdpsw(void **unused)
{
  (void)unused;
  open_profile("x86");
  struct witness w = pair_of(trying_word(ISA_RDPSW, REG_A0, 0, 0, 0), USER, 0);
  set_mode(&w.state[0], 0);
  assert_judged(&w, "U--MR--", "U--MR--");
  set_mode(&w.state[0], 1);
  w.state[0].cr[CR_PSW] |= PSW_IE_MASK;
  assert_judged(&w, "-------", "----R-r");
  close_profile();
  open_profile("vax"); /* modes between */
  w = pair_of(trying_word(ISA_RDPSW, REG_A0, 0, 0, 0), psw_set_mode(0, 1), 0);
  set_mode(&w.state[0], 2);
  assert_judged(&w, "---MR--", "---MR--");
  close_profile();
}

static void test_errant_and_innocuous(void **unused)
{
  (void)unused;
  open_profile("pg");
  struct witness w = pair_of(trying_word(ISA_SYS, 0, 0, 0, 3), USER, 0);
  set_mode(&w.state[0], 0);
  assert_judged(&w, "U------", "U------"); /* traps in both */
  set_mode(&w.state[0], 1);
  w.state[0].cr[CR_BASE] = 0x1000;
  assert_judged(&w, "-------", "-------");
  w = pair_of(trying_word(ISA_ADDI, REG_A0, REG_A1, 0, 1), USER, 0);
  set_mode(&w.state[0], 0);
  assert_judged(&w, "U------", "U------");
  w.state[0].reg[REG_A1]++; /* another program */
  assert_judged(&w, "-------", "-------");
  w = pair_of(trying_word(ISA_CLI, 0, 0, 0, 0), USER, 0);
  set_mode(&w.state[0], 0);
  assert_judged(&w, "-------", "-------"); /* privileged */
  close_profile();
  open_profile("armv7"); /* silently ignored is not privileged */
  w = pair_of(trying_word(ISA_CLI, 0, 0, 0, 0), USER | PSW_IE_MASK, 0);
  set_mode(&w.state[0], 0);
  assert_judged(&w, "U------", "UC-----");
  close_profile();
}

static void test_memory_traps(void **unused)
{
  (void)unused;
  open_profile("pg");
  struct witness w = pair_of(trying_word(ISA_LW, REG_A0, REG_A1, 0, 0), PSW_TE_MASK, 7);
  w.state[1].cr[CR_BOUND] = 0x1800; /* STACK traps */
  w.state[1].view_count = 1;
  assert_judged(&w, "-------", "-------");
  w.state[1].cr[CR_BOUND] = 0x3000;
  w.state[1].cr[CR_BASE] = 0x4000; /* the view moves along */
  trying_view(&w.state[1], STACK, 7);
  assert_judged(&w, "-------", "-------");
  w.state[1].view[1].word = 8; /* another view: no pair */
  assert_judged(&w, "-------", "-------");
  close_profile();
}

static void test_views_and_outside(void **unused)
{
  (void)unused;
  open_profile("armv7");
  uint32_t stprev = trying_word(ISA_STPREV, REG_A0, REG_A1, 0, 0);
  struct witness w = pair_of(stprev, USER | psw_set_pmode(0, 1), 0);
  w.state[0].reg[REG_A0] = w.state[1].reg[REG_A0] = 9;
  w.state[1].cr[CR_BASE] = 0x4000;
  assert_judged(&w, "--L-R-r", "--L-R-r");
  w.state[0].cr[CR_PSW] |= PSW_TE_MASK; /* with TE on it stores at va, and so does the other now */
  w.state[1].cr[CR_BASE] = 0;
  assert_judged(&w, "-------", "-------");
  w.state[0].cr[CR_BASE] = w.state[1].cr[CR_BASE] = 0x4000;
  w.state[1].cr[CR_PSW] |= PSW_TE_MASK;
  w.state[1].cr[CR_BASE] = 0x4000 - 0x100;
  trying_outside(&w.state[0], 0x3800, 5); /* outside both: must be the same */
  assert_judged(&w, "-------", "-------");
  assert_int_not_equal(question_differing(profile, &w) & component_bit(COMPONENT_OUTSIDE), 0);
  trying_outside(&w.state[1], 0x3800, 5);
  assert_int_equal(question_differing(profile, &w) & component_bit(COMPONENT_OUTSIDE), 0);
  trying_outside(&w.state[0], 0x3f00, 5); /* outside the first only */
  assert_int_equal(question_differing(profile, &w) & component_bit(COMPONENT_OUTSIDE), 0);
  close_profile();
}

/* ------------------------------------------------------------ falsified results */

/* An instruction that does nothing in two states that differ in BASE. */
static struct witness quiet(uint32_t psw)
{
  struct witness w = pair_of(trying_word(ISA_ADDI, REG_A0, REG_A0, 0, 0), psw, 0);
  w.state[1].cr[CR_BASE] = 0x1000;
  run(&w);
  assert_string_equal(judged(MODEL_EXTENDED, &w), "-------");
  return w;
}

#define FALSIFIED(change, paper, extended)                                                         \
  do {                                                                                             \
    struct witness w = quiet(0);                                                                   \
    struct trial_result *r = &w.result[0];                                                         \
    change;                                                                                        \
    assert_string_equal(judged(MODEL_PAPER, &w), paper);                                           \
    assert_string_equal(judged(MODEL_EXTENDED, &w), extended);                                     \
  } while (0)

static void test_looks_at_everything(void **unused)
{
  (void)unused;
  open_profile("s360");
  FALSIFIED(r->pc += 4, "--L-R--", "--L-R--");
  FALSIFIED(r->reg[REG_A5] = 1, "--L-R--", "--L-R--");
  FALSIFIED(r->cr[CR_PSW] ^= PSW_C_MASK, "--L-R--", "--L-R--");
  FALSIFIED(r->cr[CR_PSW] ^= PSW_V_MASK, "--L-R--", "--L-R--");
  FALSIFIED(r->stored = TRIAL_STORE_VIEW; r->store.at = WHERE, "--L-R--", "--L-R--");
  FALSIFIED(r->cr[CR_PSW] ^= PSW_TE_MASK, "-C-----", "-C-----");
  FALSIFIED(r->cr[CR_PSW] ^= PSW_IE_MASK, "-------", "-C-----");
  FALSIFIED(r->cr[CR_BASE] = 4, "-C-----", "-C-----");
  FALSIFIED(r->cr[CR_SCR0] = 4, "-------", "-C-----");
  FALSIFIED(r->cr[CR_TICK]++, "-------", "-C-----");
  FALSIFIED(r->stored = TRIAL_STORE_OUTSIDE, "-------", "-C-----");
  FALSIFIED(r->key_changed = true, "-------", "-C-----");
  FALSIFIED(r->device_changed = true, "-------", "-C-----");
  FALSIFIED(r->run_state = MACHINE_WAITING, "-------", "-C-----");
  FALSIFIED(r->trapped = true; r->trap.cause = CAUSE_PRIVILEGED, "--L-R--", "--L-R--");
  FALSIFIED(r->trapped = true; r->trap.cause = CAUSE_BOUNDS, "-------", "-------");
  FALSIFIED(w.state[0].pc += 4; r->reg[REG_A5] = 1, "-------", "-------");
  FALSIFIED(w.state[0].cr[CR_PSW] ^= PSW_C_MASK; r->reg[REG_A5] = 1, "-------", "-------");
  FALSIFIED(w.state[0].cr[CR_VBR] = r->cr[CR_VBR] = 4; r->reg[REG_A5] = 1, "-------", "----R--");
  close_profile();
}

static void test_traps_are_results_in_one_mode(void **unused)
{
  (void)unused;
  open_profile("pg");
  struct witness w = quiet(USER);
  for (unsigned i = 0; i < 2; i++) {
    w.result[i] = (struct trial_result){.trapped = true, .trap.cause = CAUSE_SYSCALL};
  }
  assert_string_equal(judged(MODEL_PAPER, &w), "-------");
  w.result[1].trap.cause = CAUSE_BREAKPOINT;
  assert_string_equal(judged(MODEL_PAPER, &w), "--L-R-r");
  set_mode(&w.state[1], 0);
  assert_string_equal(judged(MODEL_PAPER, &w), "-------");
  w.state[1].cr[CR_BASE] = 0; /* only the mode differs now */
  assert_string_equal(judged(MODEL_PAPER, &w), "U------");
  w.result[1].trapped = false; /* does not trap in mode 0, traps in user mode: privileged */
  assert_string_equal(judged(MODEL_PAPER, &w), "-------");
  close_profile();
}

static void test_components(void **unused)
{
  (void)unused;
  open_profile("s360");
  struct witness w = quiet(0);
  const component_set base = component_bit(COMPONENT_CR + CR_BASE);
  assert_int_equal(question_differing(profile, &w), base);
  assert_int_equal(question_changed(profile, &w.state[0], &w.result[0]), 0);
  w.state[1].key_count = 1;
  w.state[1].key[0] = (struct trial_key){3, 0};
  assert_int_equal(question_differing(profile, &w), base);
  w.state[1].key[0].key = 1;
  assert_int_equal(question_differing(profile, &w), base | component_bit(COMPONENT_KEYS));
  w.state[1].key_count = 0;
  w.state[1].input_byte = 1; /* no byte waits */
  assert_int_equal(question_differing(profile, &w), base);
  w.state[1].input = true;
  assert_int_equal(question_differing(profile, &w), base | component_bit(COMPONENT_DEVICES));
  w.state[1] = w.state[0];
  set_mode(&w.state[1], 1);
  assert_int_equal(question_differing(profile, &w), model_mode());
  w.result[0].trapped = true;
  w.result[0].cr[CR_BASE] = 77;
  assert_int_equal(question_changed(profile, &w.state[0], &w.result[0]), 0);
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    assert_non_null(question_name((enum question)q));
  }
  close_profile();
}

/* ---------------------------------------------------------------- shrinking */

static void test_shrinks(void **unused)
{
  (void)unused;
  open_profile("pg");
  struct witness w = pair_of(trying_word(ISA_LRA, REG_A0, REG_A1, 0, 0),
                             PSW_TE_MASK | PSW_C_MASK | PSW_IE_MASK, 0x1234);
  w.state[1].cr[CR_BASE] = 0x4440;
  for (unsigned i = 0; i < 2; i++) {
    struct trial_state *s = &w.state[i];
    for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
      s->reg[reg] = reg == REG_A1 ? 0x1010 : 0x11111111 * reg;
    }
    s->cr[CR_EPC] = 5;
    s->cr[CR_TICK] = 99;
    s->cr[CR_IMASK] = 3;
    s->cr[CR_IPEND] = 8;
    s->pc = s->view[0].at = 0x1400;
    s->disk_count = 5;
    s->input = true;
  }
  run(&w);
  assert_true(question_judge(QUESTION_LOCATION, MODEL_PAPER, profile, &w));
  unsigned before = question_size(profile, QUESTION_LOCATION, &w);
  question_shrink(QUESTION_LOCATION, MODEL_PAPER, profile, machine, &w);
  assert_true(question_judge(QUESTION_LOCATION, MODEL_PAPER, profile, &w));
  assert_true(question_size(profile, QUESTION_LOCATION, &w) < before / 4);
  const struct trial_state *s = &w.state[0], *t = &w.state[1];
  for (unsigned reg = 0; reg < ISA_REG_COUNT; reg++) {
    assert_int_equal(s->reg[reg], 0);
    assert_int_equal(t->reg[reg], 0);
  }
  assert_int_equal(s->pc, ISA_RESET_PC);
  assert_int_equal(s->view_count, 1);
  assert_int_equal(s->cr[CR_EPC] | s->cr[CR_TICK] | s->cr[CR_IPEND] | s->disk_count, 0);
  assert_false(s->input);
  assert_int_equal(__builtin_popcountll(question_differing(profile, &w)), 1);
  close_profile();
}

static void test_shrinks_words(void **unused)
{
  (void)unused;
  open_profile("s360");
  struct witness w = pair_of(trying_word(ISA_LPSW, 0, REG_A1, 0, 4), 0, 0);
  trying_view(&w.state[0], STACK + 4, 0xffffffff);
  trying_view(&w.state[0], STACK + 8, 0x1000);
  trying_view(&w.state[0], WHERE, 0xffffffff);
  w.state[0].key_count = 1;
  w.state[0].key[0] = (struct trial_key){1, 7};
  run(&w);
  question_shrink(QUESTION_CONTROL, MODEL_PAPER, profile, machine, &w);
  assert_true(question_judge(QUESTION_CONTROL, MODEL_PAPER, profile, &w));
  assert_int_equal(w.state[0].key_count, 0);
  assert_int_equal(w.state[0].view_count, 2); /* the instruction and one word with one bit */
  assert_int_equal(__builtin_popcount(w.state[0].view[1].word), 1);
  close_profile();
}

/* ------------------------------------------------------------------- pages */

/* A store by the unmapped segment into frame 0x3000, where of two directories one has a page
 * and the other none; and one of its pages. */
static struct witness mapped_pair(uint32_t word, uint32_t at)
{
  struct witness w = {0};
  struct trial_state *s = &w.state[0];
  *s = trying_state(word);
  s->map = (struct map){map_mmu(profile),
                        3,
                        {{0xe000, TRYING_PC, TRYING_PC | MAP_RIGHTS},
                         {0xe000, 0x5000, 0x3000 | MAP_RIGHTS},
                         {0xd000, TRYING_PC, TRYING_PC | MAP_RIGHTS}}};
  s->cr[CR_PTBR] = 0xe000;
  s->cr[CR_PSW] = psw_set_te(0, 1);
  s->reg[REG_A1] = at;
  w.state[1] = w.state[0];
  w.state[1].cr[CR_PTBR] = 0xd000;
  run(&w);
  return w;
}

static void test_pages(void **unused)
{
  (void)unused;
  profile = trying_profile_of("modes 2; io none; mmu paged; kseg;");
  machine = trial_machine_create(profile, TRYING_STORAGE, MACHINE_ENGINE_FAST);
  assert_non_null(machine);
  const uint32_t sw = trying_word(ISA_SW, REG_A1, REG_A1, 0, 0);
  const uint32_t lra = trying_word(ISA_LRA, REG_A0, REG_A1, 0, 0);
  struct witness w = mapped_pair(lra, 0x5000);
  assert_string_equal(judged(MODEL_PAPER, &w), "--L-R--");
  component_set ptbr = component_bit(COMPONENT_CR + CR_PTBR);
  assert_true(question_differing(profile, &w) == ptbr);
  w = mapped_pair(sw, KSEG_START + 0x4000);
  assert_string_equal(judged(MODEL_PAPER, &w), "-------");
  w = mapped_pair(sw, KSEG_START + 0x3000); /* told as a store at 0x5000 in one state */
  assert_true(w.result[0].store.at != w.result[1].store.at);
  assert_string_equal(judged(MODEL_PAPER, &w), "-------");
  w = mapped_pair(lra, 0x5000); /* other tables: something else differs than R */
  w.state[1].map.entry[1].word &= ~PTE_WRITE;
  assert_string_equal(judged(MODEL_PAPER, &w), "-------");
  w = mapped_pair(lra, 0x5000); /* what the segment shows of the page differs */
  trying_view(&w.state[0], 0x5000, 1);
  assert_string_equal(judged(MODEL_PAPER, &w), "-------");
  trying_view(&w.state[1], KSEG_START + 0x3000, 1);
  assert_string_equal(judged(MODEL_PAPER, &w), "--L-R--");
  close_profile();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_popf),
      cmocka_unit_test(test_rfe),
      cmocka_unit_test(test_lra),
      cmocka_unit_test(test_probe),
      cmocka_unit_test(test_rdpsw),
      cmocka_unit_test(test_errant_and_innocuous),
      cmocka_unit_test(test_memory_traps),
      cmocka_unit_test(test_views_and_outside),
      cmocka_unit_test(test_looks_at_everything),
      cmocka_unit_test(test_traps_are_results_in_one_mode),
      cmocka_unit_test(test_components),
      cmocka_unit_test(test_shrinks),
      cmocka_unit_test(test_shrinks_words),
      cmocka_unit_test(test_pages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
