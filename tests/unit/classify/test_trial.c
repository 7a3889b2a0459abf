/* Trials: one instruction in one state, by hand and against the plain stepper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/common/program.h"
#include "tests/unit/classify/trying.h"

#define PORT_CONSOLE 0u
#define PORT_DISK    0x10u

struct bench {
  struct profile *profile;
  struct trial_machine *fast, *stepper;
};

static struct bench *open_bench(const char *profile)
{
  static struct bench b; /* one at a time */
  b.profile = trying_profile(profile);
  b.fast = trial_machine_create(b.profile, TRYING_STORAGE, MACHINE_ENGINE_FAST);
  b.stepper = trial_machine_create(b.profile, TRYING_STORAGE, MACHINE_ENGINE_STEPPER);
  insist(b.fast && b.stepper, "there is memory");
  return &b;
}

static void close_bench(struct bench *b)
{
  trial_machine_destroy(b->fast);
  trial_machine_destroy(b->stepper);
  profile_destroy(b->profile);
}

/* On both engines, three times, at last with something else in between: it is all
 * undone. */
static struct trial_result run(struct bench *b, const struct trial_state *s)
{
  struct trial_state other = trying_state(trying_word(ISA_SW, REG_A0, REG_A0, 0, 0));
  other.reg[REG_A0] = 0x2004;
  struct trial_result r[6];
  for (unsigned i = 0; i < 6; i++) {
    struct trial_machine *t = i % 2 ? b->stepper : b->fast;
    r[i] = trying_run(t, s);
    assert_true(trying_same(&r[0], &r[i]));
    if (i < 2) {
      continue;
    }
    struct trial_result o = trying_run(t, &other);
    assert_int_equal(o.stored, TRIAL_STORE_VIEW);
    assert_int_equal(o.store.at, 0x2004);
    assert_int_equal(o.store.word, 0x2004);
  }
  return r[0];
}

/* What a result is made of when nothing but pc + 4 happened. */
static void assert_nothing_else(const struct trial_state *s, const struct trial_result *r)
{
  assert_false(r->trapped);
  assert_int_equal(r->pc, s->pc + 4);
  assert_memory_equal(r->reg, s->reg, sizeof r->reg);
  assert_memory_equal(r->cr, s->cr, sizeof r->cr);
  assert_int_equal(r->stored, TRIAL_NO_STORE);
  assert_false(r->key_changed);
  assert_false(r->device_changed);
  assert_int_equal(r->run_state, MACHINE_RUNNING);
}

static void test_arithmetic(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("pg");
  struct trial_state s = trying_state(trying_word(ISA_ADDI, REG_A0, REG_A1, 0, 5));
  s.reg[REG_A1] = 7;
  struct trial_result r = run(b, &s);
  assert_int_equal(r.reg[REG_A0], 12);
  r.reg[REG_A0] = 0;
  assert_nothing_else(&s, &r);
  close_bench(b);
}

static void test_traps_alone(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("pg");
  struct trial_state s = trying_state(trying_word(ISA_CLI, 0, 0, 0, 0));
  s.cr[CR_PSW] = psw_set_ie(psw_set_mode(0, 1), 1);
  struct trial_result r = run(b, &s);
  assert_true(r.trapped);
  assert_int_equal(r.trap.cause, CAUSE_PRIVILEGED);
  assert_int_equal(r.trap.epc, TRYING_PC);
  assert_int_equal(r.trap.insn, s.view[0].word);
  struct trial_result nothing = {.trapped = true, .trap = r.trap};
  assert_true(trying_same(&r, &nothing));
  s.cr[CR_PSW] = psw_set_ie(0, 1);
  r = run(b, &s);
  assert_int_equal(r.cr[CR_PSW], 0);
  close_bench(b);
}

/* ------------------------------------------------------------------ storage */

static void test_store_through_relocation(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("pg");
  struct trial_state s = trying_state(trying_word(ISA_SB, REG_A0, REG_A1, 0, 1));
  s.cr[CR_PSW] = psw_set_te(0, 1);
  s.cr[CR_BASE] = 0x3000;
  s.cr[CR_BOUND] = 0x2000;
  s.reg[REG_A0] = 0xee;
  s.reg[REG_A1] = 0x1ff0;
  trying_view(&s, 0x1ff0, 0x11223344);
  trying_outside(&s, 0x5000, 0x55667788);
  struct trial_result r = run(b, &s);
  assert_int_equal(r.stored, TRIAL_STORE_VIEW);
  assert_int_equal(r.store.at, 0x1ff0);
  assert_int_equal(r.store.word, 0x1122ee44);
  s.reg[REG_A0] = 0x33; /* what is there */
  r = run(b, &s);
  assert_nothing_else(&s, &r);
  s.reg[REG_A1] = 0x1fff;
  r = run(b, &s);
  assert_int_equal(r.trap.cause, CAUSE_BOUNDS);
  close_bench(b);
}

static void test_loads_see_the_view(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("pg");
  struct trial_state s = trying_state(trying_word(ISA_LW, REG_A0, REG_A1, 0, 0));
  s.cr[CR_PSW] = psw_set_te(0, 1);
  s.cr[CR_BASE] = 0x3001; /* no multiple of 4 is needed */
  s.cr[CR_BOUND] = 0x1ff4;
  s.reg[REG_A1] = 0x1ff0;
  trying_view(&s, 0x1ff0, 0x11223344);
  struct trial_result r = run(b, &s);
  assert_int_equal(r.reg[REG_A0], 0x11223344);
  assert_int_equal(trial_view_word(&s, 0x1ff0), 0x11223344);
  assert_int_equal(trial_view_word(&s, 0x1ff4), 0);
  close_bench(b);
}

static void test_store_straddles(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("pg");
  struct trial_state s = trying_state(trying_word(ISA_STPREV, REG_A0, REG_A1, 0, 0));
  s.cr[CR_PSW] = psw_set_pmode(0, 1);
  s.cr[CR_BASE] = 0x3002;
  s.cr[CR_BOUND] = 0x2000;
  s.reg[REG_A0] = 0xaabbccdd;
  s.reg[REG_A1] = 0x10;
  struct trial_result r = run(b, &s);
  assert_int_equal(r.stored, TRIAL_STORE_VIEW);
  assert_int_equal(r.store.at, 0x3012);
  assert_int_equal(r.store.word, 0xaabbccdd);
  s.cr[CR_BASE] = TRYING_STORAGE - 0x12; /* its last word but two bytes */
  s.cr[CR_BOUND] = 0x20;
  s.reg[REG_A1] = 0xc;
  r = run(b, &s);
  assert_int_equal(r.store.at, TRYING_STORAGE - 6);
  s.cr[CR_PSW] = 0;
  s.reg[REG_A1] = TRYING_STORAGE - 4;
  s.reg[REG_A0] = 0xdd000000; /* only its last byte changes */
  r = run(b, &s);
  assert_int_equal(r.store.at, TRYING_STORAGE - 4);
  assert_int_equal(r.store.word, 0xdd000000);
  close_bench(b);
}

static void test_stores_over_the_instruction(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("pg");
  struct trial_state s = trying_state(trying_word(ISA_SW, REG_A0, REG_A1, 0, 0));
  s.reg[REG_A0] = 1;
  s.reg[REG_A1] = TRYING_PC;
  struct trial_result r = run(b, &s);
  assert_int_equal(r.store.at, TRYING_PC);
  assert_int_equal(r.store.word, 1);
  close_bench(b);
}

/* --------------------------------------------------------------------- time */

static struct trial_result with_timer(struct bench *b, uint32_t word, uint32_t timer,
                                      uint32_t ipend, uint32_t a0)
{
  struct trial_state s = trying_state(word);
  s.cr[CR_TIMER] = timer;
  s.cr[CR_IPEND] = ipend;
  s.reg[REG_A0] = a0;
  return run(b, &s);
}

static void test_time_is_no_change(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("pg");
  uint32_t addi = trying_word(ISA_ADDI, REG_A1, REG_A1, 0, 1);
  uint32_t timer = trying_word_cr(ISA_MTCR, REG_A0, CR_TIMER);
  uint32_t ipend = trying_word_cr(ISA_MTCR, REG_A0, CR_IPEND);
  const struct {
    uint32_t word, timer, ipend, a0, timer_after, ipend_after;
  } cases[] = {
      {addi, 5, 0, 0, 5, 0},
      {addi, 1, 0, 0, 1, 0},
      {addi, 1, 1, 0, 1, 1},
      {addi, 0xffffffff, 0, 0, 0xffffffff, 0},
      {timer, 5, 0, 4, 4, 0}, /* as if it had run down */
      {timer, 5, 0, 5, 5, 0},
      {timer, 1, 0, 0, 0, 0},
      {timer, 1, 1, 0, 0, 1},
      {timer, 0, 0, 9, 9, 0},
      {timer, 0x80000001, 0, 0x80000000, 0x80000000, 0},
      {ipend, 1, 0, 2, 1, 2},
      {ipend, 1, 1, 0, 1, 0},
      {ipend, 7, 0, 1, 7, 1},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct trial_result r =
        with_timer(b, cases[i].word, cases[i].timer, cases[i].ipend, cases[i].a0);
    assert_int_equal(r.cr[CR_TIMER], cases[i].timer_after);
    assert_int_equal(r.cr[CR_IPEND], cases[i].ipend_after);
  }
  close_bench(b);
}

static void test_any_tick_any_identity(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("x86");
  const uint32_t values[] = {0, 1, 0x7fffffff, 0xffffffff, 0x50470001};
  for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
    struct trial_state s = trying_state(trying_word(ISA_RDTICK, REG_A0, 0, 0, 0));
    s.cr[CR_TICK] = values[i];
    struct trial_result r = run(b, &s);
    assert_int_equal(r.reg[REG_A0], values[i]);
    assert_int_equal(r.cr[CR_TICK], values[i]);
    s = trying_state(trying_word(ISA_CPUID, REG_A0, 0, 0, 0));
    s.cr[CR_CPUID] = values[i];
    r = run(b, &s);
    assert_int_equal(r.reg[REG_A0], values[i]);
    assert_int_equal(r.cr[CR_CPUID], values[i]);
  }
  close_bench(b);
}

/* ------------------------------------------------------------ devices, run state */

static void test_devices(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("pg");
  struct trial_state s = trying_state(trying_word(ISA_IN, REG_A0, REG_A1, 0, PORT_CONSOLE));
  struct trial_result r = run(b, &s);
  assert_int_equal(r.reg[REG_A0], 0xffffffff);
  assert_false(r.device_changed);
  s.input = true;
  s.input_byte = 'x';
  r = run(b, &s);
  assert_int_equal(r.reg[REG_A0], 'x');
  assert_true(r.device_changed);
  assert_int_equal(r.cr[CR_IPEND], 0);
  s.view[0].word = trying_word(ISA_OUT, REG_A0, REG_A1, 0, PORT_DISK);
  s.reg[REG_A0] = 3;
  s.disk_sector = 3;
  r = run(b, &s);
  assert_nothing_else(&s, &r);
  s.disk_sector = 4;
  r = run(b, &s);
  assert_true(r.device_changed);
  s.view[0].word = trying_word(ISA_OUT, REG_A0, REG_A1, 0, PORT_DISK + 3); /* the command */
  r = run(b, &s);
  assert_true(r.device_changed);
  s.cr[CR_TICK] = 0xffffffff;
  s.view[0].word = trying_word(ISA_IN, REG_A0, REG_A1, 0, PORT_CONSOLE);
  r = run(b, &s);
  assert_int_equal(r.reg[REG_A0], 'x');
  s.cr[CR_TICK] = 0; /* what came later, in that trial, is not to come again */
  s.input_byte = 'y';
  r = run(b, &s);
  assert_int_equal(r.reg[REG_A0], 'y');
  close_bench(b);
}

/* A word at which a device has a register is beyond storage, in every mode. */
static void test_no_windows(void **unused)
{
  static const enum isa_insn reach[] = {ISA_LW, ISA_SW, ISA_LDPREV, ISA_STPREV};
  (void)unused;
  struct profile *p = trying_profile_of("modes 2; mmu bounds; io mmio; "
                                        "outside ldprev = full; outside stprev = full;");
  struct trial_machine *t = trial_machine_create(p, TRYING_STORAGE, MACHINE_ENGINE_FAST);
  insist(t, "there is memory");
  for (unsigned i = 0; i < 2 * sizeof reach / sizeof *reach; i++) {
    uint32_t word = trying_word(reach[i / 2], REG_A0, REG_A1, 0, (uint32_t)-4096);
    struct trial_state s = trying_state(word);
    s.cr[CR_PSW] = psw_set_mode(0, i % 2);
    s.input = true;
    struct trial_result r = trying_run(t, &s);
    assert_true(r.trapped && r.trap.cause == CAUSE_BUS && !r.device_changed);
  }
  trial_machine_destroy(t);
  profile_destroy(p);
}

static void test_run_state(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("pg");
  struct trial_state s = trying_state(trying_word(ISA_WFI, 0, 0, 0, 0));
  s.cr[CR_IPEND] = 2;
  assert_int_equal(run(b, &s).run_state, MACHINE_WAITING);
  s.cr[CR_TIMER] = 1;
  struct trial_result r = run(b, &s);
  assert_int_equal(r.run_state, MACHINE_WAITING);
  assert_int_equal(r.cr[CR_TIMER], 1);
  s.view[0].word = trying_word(ISA_HALT, 0, 0, 0, 0);
  assert_int_equal(run(b, &s).run_state, MACHINE_STOPPED);
  close_bench(b);
}

/* --------------------------------------------------------------------- keys */

static void test_keys(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("s360");
  struct trial_state s = trying_state(trying_word(ISA_SSK, REG_A0, REG_A1, 0, 0));
  s.reg[REG_A0] = 0x15;
  s.reg[REG_A1] = 0x4800;
  s.key_count = 1;
  s.key[0] = (struct trial_key){9, 3};
  struct trial_result r = run(b, &s);
  assert_true(r.key_changed);
  assert_int_equal(r.key.block, 9);
  assert_int_equal(r.key.key, 0x15);
  s.reg[REG_A0] = 3; /* as it is */
  r = run(b, &s);
  assert_nothing_else(&s, &r);
  s.view[0].word = trying_word(ISA_ISK, REG_A0, REG_A1, 0, 0);
  assert_int_equal(run(b, &s).reg[REG_A0], 3);
  s.reg[REG_A1] = 0;
  assert_int_equal(run(b, &s).reg[REG_A0], 0);
  s.view[0].word = trying_word(ISA_SW, REG_A0, REG_A1, 0, 0);
  s.reg[REG_A1] = 0x4ffc;
  s.cr[CR_PSW] = psw_set_key(0, 5);
  assert_int_equal(run(b, &s).trap.cause, CAUSE_PROTECTION);
  s.key[0].key = 5;
  assert_int_equal(run(b, &s).store.at, 0x4ffc);
  close_bench(b);
}

/* ------------------------------------------------------------- no such state */

static void assert_no_state(struct bench *b, const struct trial_state *s)
{
  struct trial_result r;
  assert_false(trial_run(b->fast, s, &r));
  assert_false(trial_run(b->stepper, s, &r));
}

static void test_no_such_state(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("pg");
  struct trial_state good = trying_state(trying_word(ISA_ADDI, REG_A0, REG_A0, 0, 1)), s;
  good.cr[CR_PSW] = psw_set_te(0, 1);
  good.cr[CR_BOUND] = 0x2000;
  good.cr[CR_BASE] = 0x4000;
  run(b, &good);
#define WITHOUT(change)                                                                            \
  do {                                                                                             \
    s = good;                                                                                      \
    change;                                                                                        \
    assert_no_state(b, &s);                                                                        \
  } while (0)
  WITHOUT(s.storage *= 2);
  WITHOUT(s.pc += 2);
  WITHOUT(s.pc = 0x2000);
  WITHOUT(s.reg[REG_ZERO] = 1);
  WITHOUT(s.cr[CR_BOUND] = TRYING_PC + 3);
  WITHOUT(s.cr[CR_BASE] = TRYING_STORAGE - TRYING_PC);
  WITHOUT(s.cr[CR_BASE] = 0xfffff000);
  WITHOUT(s.cr[CR_PSW] |= 2); /* a mode that pg lacks */
  WITHOUT(s.cr[CR_PSW] |= 1u << 31);
  WITHOUT(s.cr[CR_VBR] = 2);
  WITHOUT(s.cr[CR_PTBR] = 0x1000);
  WITHOUT(s.cr[CR_IPEND] = 1; s.cr[CR_PSW] |= PSW_IE_MASK);
  WITHOUT(trying_view(&s, 0x1002, 1));
  WITHOUT(trying_view(&s, 0x2000, 1));
  WITHOUT(trying_view(&s, TRYING_PC, 1));
  WITHOUT(trying_outside(&s, 0x4000, 1));
  WITHOUT(trying_outside(&s, TRYING_STORAGE, 1));
  WITHOUT(trying_outside(&s, 0x8002, 1));
  WITHOUT(trying_outside(&s, 0x8000, 1); trying_outside(&s, 0x8000, 1));
  WITHOUT(s.key_count = 1); /* pg has none */
#undef WITHOUT
  s = good;
  s.cr[CR_IPEND] = 1;
  s.cr[CR_IMASK] = 2;
  s.cr[CR_PSW] |= PSW_IE_MASK;
  trying_outside(&s, 0x3ffc, 1);
  trying_view(&s, 0x1ffc, 1);
  run(b, &s);
  close_bench(b);
}

/* --------------------------------------------------------------- the engines */

static uint32_t some_word(const struct profile *p, struct random *r)
{
  for (;;) {
    struct isa_decoded d;
    uint32_t word = random_word(r);
    if (profile_decode(p, word, &d)) {
      return word;
    }
  }
}

static struct trial_state some_state(const struct profile *p, struct random *r)
{
  struct trial_state s = trying_state(some_word(p, r));
  s.cr[CR_PSW] = profile_legal_psw(p, random_word(r));
  s.cr[CR_BOUND] = TRYING_PC + 4 + random_word(r) % 0x4000;
  s.cr[CR_BASE] = random_word(r) % 0x8000;
  s.cr[CR_IPEND] = random_word(r) & 0x1f;
  s.cr[CR_IMASK] = s.cr[CR_PSW] & PSW_IE_MASK ? ~s.cr[CR_IPEND] & 0x1f : random_word(r) & 0x1f;
  s.cr[CR_TIMER] = random_word(r) % 3;
  s.cr[CR_TICK] = random_word(r);
  s.cr[CR_EPC] = random_word(r);
  for (unsigned i = 1; i < ISA_REG_COUNT; i++) {
    s.reg[i] = random_word(r) % 4 ? random_word(r) % TRYING_STORAGE : random_word(r);
  }
  s.input = random_word(r) % 2;
  return s;
}

static void test_engines_agree(void **unused)
{
  (void)unused;
  struct bench *b = open_bench("x86");
  struct random r = random_from(4);
  unsigned tried = 0, completed = 0;
  for (unsigned i = 0; i < 60000; i++) {
    struct trial_state s = some_state(b->profile, &r);
    struct trial_result one, two;
    bool is = trial_run(b->fast, &s, &one);
    assert_int_equal(is, trial_run(b->stepper, &s, &two));
    if (is) {
      assert_true(trying_same(&one, &two));
      tried++;
      completed += !one.trapped;
    }
  }
  assert_true(tried > 40000);
  assert_true(completed > 10000);
  close_bench(b);
}

/* ------------------------------------------------------------------- maps */

#define SPACE 0xe000u /* of page tables, the directory */
#define OTHER 0xd000u

static struct bench *open_pages(const char *lines)
{
  static struct bench b;
  b.profile = trying_profile_of(lines);
  b.fast = trial_machine_create(b.profile, TRYING_STORAGE, MACHINE_ENGINE_FAST);
  b.stepper = trial_machine_create(b.profile, TRYING_STORAGE, MACHINE_ENGINE_STEPPER);
  insist(b.fast && b.stepper, "there is memory");
  return &b;
}

static void map_page(struct trial_state *s, uint32_t space, uint32_t page, uint32_t word)
{
  insist(s->map.count < MAP_ENTRIES, "there is room for an entry");
  s->map.entry[s->map.count++] = (struct map_entry){space, page, word};
}

/* Translation is on, in the least privileged of two modes; the page of the instruction lies
 * where it says, and page 0x5000 in frame 0x3000. */
static struct trial_state mapped_state(const struct bench *b, uint32_t insn, uint32_t rights)
{
  struct trial_state s = {.storage = TRYING_STORAGE, .pc = TRYING_PC};
  s.map.mmu = map_mmu(b->profile);
  uint32_t space = s.map.mmu & ISA_FEATURE_MMU_TLB ? 7 : SPACE;
  s.cr[s.map.mmu & ISA_FEATURE_MMU_TLB ? CR_ASID : CR_PTBR] = space;
  s.cr[CR_PSW] = psw_set_te(psw_set_mode(0, 1), 1);
  map_page(&s, space, TRYING_PC, TRYING_PC | MAP_RIGHTS);
  map_page(&s, space, 0x5000, 0x3000 | rights);
  trying_view(&s, TRYING_PC, insn);
  s.reg[REG_A1] = 0x5008;
  return s;
}

/* On both engines, and again after a state with another map. */
static struct trial_result run_mapped(struct bench *b, const struct trial_state *s)
{
  struct trial_state other = mapped_state(b, trying_word(ISA_SW, REG_A0, REG_A1, 0, 0), MAP_RIGHTS);
  struct trial_result r[4];
  other.map.entry[1].word = 0x4000 | MAP_RIGHTS;
  other.reg[REG_A0] = 1;
  for (unsigned i = 0; i < 4; i++) {
    struct trial_machine *t = i % 2 ? b->stepper : b->fast;
    r[i] = trying_run(t, s);
    assert_true(trying_same(&r[0], &r[i]));
    struct trial_result o = trying_run(t, &other);
    assert_true(o.stored == TRIAL_STORE_VIEW && o.store.at == 0x5008 && o.store.word == 1);
  }
  return r[0];
}

static void try_mapped(const char *lines)
{
  struct bench *b = open_pages(lines);
  struct trial_state s = mapped_state(b, trying_word(ISA_LW, REG_A0, REG_A1, 0, 0), MAP_RIGHTS);
  trying_view(&s, 0x5008, 0x12345678);
  struct trial_result r = run_mapped(b, &s);
  assert_true(!r.trapped && r.reg[REG_A0] == 0x12345678);
  assert_true(r.stored == TRIAL_NO_STORE && !r.tlb_changed);
  s.view[0].word = trying_word(ISA_LRA, REG_A0, REG_A1, 0, 0);
  assert_int_equal(run_mapped(b, &s).reg[REG_A0], 0x3008);
  s.view[0].word = trying_word(ISA_SW, REG_A1, REG_A1, 0, 0);
  r = run_mapped(b, &s);
  assert_true(r.stored == TRIAL_STORE_VIEW && r.store.at == 0x5008 && r.store.word == 0x5008);
  s.map.entry[1].word &= ~PTE_WRITE;
  r = run_mapped(b, &s);
  assert_true(r.trapped && r.trap.cause == CAUSE_PROTECTION);
  s.reg[REG_A1] = 0x6000;
  r = run_mapped(b, &s);
  assert_true(r.trapped && r.trap.cause == CAUSE_STORE_FAULT && r.trap.value == 0x6000);
  close_bench(b);
}

static void test_maps(void **unused)
{
  (void)unused;
  try_mapped("modes 2; io none; mmu paged; outside lra = full;");
  try_mapped("modes 2; io none; mmu nested; outside lra = full;");
  try_mapped("modes 2; io none; mmu tlb; outside lra = full;");
}

/* With translation off the view is all of storage, and so are page tables. */
static void test_tables_are_shown(void **unused)
{
  (void)unused;
  struct bench *b = open_pages("modes 2; io none; mmu paged;");
  struct trial_state s = mapped_state(b, trying_word(ISA_LW, REG_A0, REG_A1, 0, 0), MAP_RIGHTS);
  s.cr[CR_PSW] = 0;
  s.reg[REG_A1] = SPACE;
  uint32_t table = trial_view_word(&s, SPACE);
  assert_int_equal(table, 0xf000 | PTE_VALID); /* the highest page that is free */
  assert_int_equal(run_mapped(b, &s).reg[REG_A0], table);
  assert_int_equal(trial_view_word(&s, pte_frame(table) + 4 * 5), 0x3000 | MAP_RIGHTS);
  close_bench(b);
}

static void test_tlb(void **unused)
{
  (void)unused;
  struct bench *b = open_pages("modes 2; io none; mmu tlb;");
  struct trial_state s = mapped_state(b, trying_word(ISA_TLBW, 0, 0, 0, 0), MAP_RIGHTS);
  s.cr[CR_PSW] = psw_set_te(0, 1);
  s.cr[CR_TLBHI] = 0x5007;
  s.cr[CR_TLBLO] = 0x3000 | MAP_RIGHTS;
  s.cr[CR_TLBIX] = 1;
  assert_false(run_mapped(b, &s).tlb_changed); /* that is what it holds there */
  s.cr[CR_TLBIX] = 2;
  assert_true(run_mapped(b, &s).tlb_changed);
  s.view[0].word = trying_word(ISA_TLBP, 0, 0, 0, 0);
  struct trial_result r = run_mapped(b, &s);
  assert_true(!r.tlb_changed && r.cr[CR_TLBIX] == 1);
  s.view[0].word = trying_word(ISA_TLBI, REG_A1, REG_A0, 0, 0);
  assert_false(run_mapped(b, &s).tlb_changed); /* of space 0 */
  s.reg[REG_A0] = 7;
  assert_true(run_mapped(b, &s).tlb_changed);
  close_bench(b);
}

/* A page and the unmapped segment show the same word: which one was stored cannot be told. */
static void test_shown_twice(void **unused)
{
  (void)unused;
  struct bench *b = open_pages("modes 2; io none; mmu paged; kseg;");
  struct trial_state s = mapped_state(b, trying_word(ISA_SW, REG_A1, REG_A1, 0, 0), MAP_RIGHTS);
  uint32_t other;
  s.cr[CR_PSW] = psw_set_te(0, 1);
  assert_true(run_mapped(b, &s).stored_twice);
  assert_true(trial_shows_twice(&s, 0x5008, &other) && other == KSEG_START + 0x3008);
  assert_true(trial_shows_twice(&s, KSEG_START + 0x3008, &other) && other == 0x5008);
  s.reg[REG_A1] = KSEG_START + 0x4000;
  struct trial_result r = run_mapped(b, &s);
  assert_true(!r.stored_twice && r.stored == TRIAL_STORE_VIEW && r.store.at == s.reg[REG_A1]);
  close_bench(b);
}

static void assert_no_map(struct bench *b, const struct trial_state *s)
{
  struct trial_result r;
  assert_false(trial_run(b->fast, s, &r));
  assert_false(trial_is_laid_out(s));
}

static void test_no_such_map(void **unused)
{
  (void)unused;
  struct bench *b = open_pages("modes 2; io none; mmu paged;");
  const struct trial_state good =
      mapped_state(b, trying_word(ISA_LW, REG_A0, REG_A1, 0, 0), MAP_RIGHTS);
  struct trial_state s = good;
  struct trial_result r;
  assert_true(trial_is_laid_out(&s));
  map_page(&s, SPACE, 0x7000, 0x3000 | MAP_RIGHTS); /* two pages in a frame */
  assert_no_map(b, &s);
  s.map.entry[2].space = OTHER; /* of another space: that is all right */
  assert_true(trial_run(b->fast, &s, &r));
  s.map.entry[2].page = SPACE; /* a directory would be seen */
  assert_no_map(b, &s);
  s = good;
  map_page(&s, SPACE, 0x7000, SPACE | MAP_RIGHTS);
  assert_no_map(b, &s);
  s = good;
  s.map.entry[1].word &= ~PTE_ACCESSED; /* an access would change the map */
  assert_no_map(b, &s);
  s = good;
  s.map.entry[1].page = TRYING_PC; /* two entries of a page */
  assert_no_map(b, &s);
  s = good;
  s.cr[CR_PSW] = 0; /* a word would lie in a table */
  trying_view(&s, 0xf000, 1);
  assert_no_map(b, &s);
  s = good;
  s.map.entry[0].word &= ~PTE_LEVEL_MASK; /* the instruction cannot be fetched */
  assert_false(trial_run(b->fast, &s, &r));
  s = good;
  s.map.mmu = 0;
  assert_false(trial_run(b->fast, &s, &r));
  close_bench(b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_arithmetic),
      cmocka_unit_test(test_traps_alone),
      cmocka_unit_test(test_store_through_relocation),
      cmocka_unit_test(test_loads_see_the_view),
      cmocka_unit_test(test_store_straddles),
      cmocka_unit_test(test_stores_over_the_instruction),
      cmocka_unit_test(test_time_is_no_change),
      cmocka_unit_test(test_any_tick_any_identity),
      cmocka_unit_test(test_devices),
      cmocka_unit_test(test_no_windows),
      cmocka_unit_test(test_run_state),
      cmocka_unit_test(test_keys),
      cmocka_unit_test(test_no_such_state),
      cmocka_unit_test(test_engines_agree),
      cmocka_unit_test(test_maps),
      cmocka_unit_test(test_tables_are_shown),
      cmocka_unit_test(test_tlb),
      cmocka_unit_test(test_shown_twice),
      cmocka_unit_test(test_no_such_map),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
