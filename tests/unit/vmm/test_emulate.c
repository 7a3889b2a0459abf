/* Every emulation routine, one instruction at a time: what it does in virtual
 * mode 0 is what the bare machine does; what makes it trap leaves nothing half
 * done; in virtual user mode it is the guest's own trap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "machine/devices/ports.h"
#include "tests/common/program.h"
#include "tests/common/twin.h"

#define PC      0x2000u
#define STORAGE MACHINE_MIN_STORAGE
#define NO_TRAP ISA_CAUSE_LIMIT

struct fixture {
  struct twin t;
};

static int open_fixture(void **state)
{
  struct fixture *f = test_calloc(1, sizeof *f);
  twin_open(&f->t, &(struct twin_config){.sectors = 8});
  *state = f;
  return 0;
}

static int close_fixture(void **state)
{
  struct fixture *f = *state;
  twin_close(&f->t);
  test_free(f);
  return 0;
}

/* A state in which every register and control register is told apart. */
static void prepare(struct twin *t)
{
  machine_set_run_state(t->bare, MACHINE_RUNNING);
  machine_set_run_state(t->vm, MACHINE_RUNNING);
  for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
    twin_set_reg(t, r, 0x3000 + 16 * r);
    twin_write_word(t, 0x3000 + 16 * r, 0x01010101u * r);
    twin_write_word(t, 0x3000 + 16 * r + 4, 0x2000 + 4 * r);
  }
  twin_set_cr(t, CR_PSW, 0);
  twin_set_cr(t, CR_EPC, 0x2468);
  twin_set_cr(t, CR_EPSW, psw_set_ie(psw_set_mode(0, 1), 1));
  twin_set_cr(t, CR_CAUSE, 0xc0c0c0c0);
  twin_set_cr(t, CR_BADVA, 0xbadbad);
  twin_set_cr(t, CR_EINSN, 0xe1e1e1e1);
  twin_set_cr(t, CR_VBR, 0x100);
  twin_set_cr(t, CR_SCR0, 0x5c0);
  twin_set_cr(t, CR_SCR1, 0x5c1);
  twin_set_cr(t, CR_SCR2, 0x5c2);
  twin_set_cr(t, CR_SCR3, 0x5c3);
  twin_set_cr(t, CR_BASE, 0x1000);
  twin_set_cr(t, CR_BOUND, 0x8000);
  twin_set_cr(t, CR_IPEND, 0);
  twin_set_cr(t, CR_IMASK, 0x1f);
  twin_set_cr(t, CR_TIMER, 1000);
  twin_set_pc(t, PC);
}

static void place(struct twin *t, uint32_t word)
{
  bool te = psw_te(machine_get_cr(t->bare, CR_PSW));
  twin_write_word(t, PC + (te ? machine_get_cr(t->bare, CR_BASE) : 0), word);
}

/* One instruction on both. `want`: the trap it meets, or NO_TRAP. */
static void once(struct twin *t, uint32_t word, unsigned want)
{
  place(t, word);
  struct isa_decoded d;
  assert_true(isa_decode(word, &d));
  const char *name = isa_insn_info(d.insn)->mnemonic;
  const struct vmm_stats before = *vmm_vm_stats(t->vm);
  uint64_t hash = machine_state_hash(t->vm), tick = machine_tick(t->bare);
  struct machine_stop bare = machine_run(t->bare, tick + 1);
  struct machine_stop virtual = machine_run(t->vm, tick + 1);
  const struct vmm_stats *after = vmm_vm_stats(t->vm);
  if (!twin_equal(t)) {
    fail_msg("%s: %s", name, t->difference);
  }
  if (want == NO_TRAP) {
    if (bare.why == MACHINE_TRAP || virtual.why == MACHINE_TRAP) {
      fail_msg("%s traps", name);
    }
    assert_int_equal(machine_tick(t->vm), tick + 1);
    assert_int_equal(after->emulated_by[d.insn], before.emulated_by[d.insn] + 1);
    assert_int_equal(after->direct, before.direct);
    return;
  }
  if (virtual.why != MACHINE_TRAP || virtual.trap.cause != want) {
    fail_msg("%s does not meet the %s trap", name, isa_cause_info(want)->name);
  }
  assert_int_equal(bare.why, MACHINE_TRAP);
  assert_memory_equal(&bare.trap, &virtual.trap, sizeof bare.trap);
  assert_int_equal(machine_state_hash(t->vm), hash);
  assert_int_equal(after->emulated, before.emulated);
  assert_int_equal(after->reflected, before.reflected + 1);
}

static uint32_t cr_word(enum isa_insn insn, enum isa_cr n, unsigned a)
{
  struct program p = {.count = 0};
  put_cr(&p, insn, n, a);
  return p.words[0];
}

static struct twin *fresh(void **state)
{
  struct fixture *f = *state;
  prepare(&f->t);
  return &f->t;
}

/* Translation on, in virtual mode 0. */
static void relocate(struct twin *t, uint32_t base, uint32_t bound)
{
  twin_set_cr(t, CR_PSW, psw_set_te(machine_get_cr(t->bare, CR_PSW), 1));
  twin_set_cr(t, CR_BASE, base);
  twin_set_cr(t, CR_BOUND, bound);
}

/* ---------------------------------------------------------------- PSW and pc */

static void rfe(void **state)
{
  struct twin *t = fresh(state);
  once(t, word_of(ISA_RFE, 0, 0, 0, 0), NO_TRAP);
  assert_int_equal(machine_get_pc(t->vm), 0x2468);
  assert_int_equal(psw_mode(machine_get_cr(t->vm, CR_PSW)), 1);
  t = fresh(state);
  twin_set_cr(t, CR_EPC, 0x2467); /* the fetch that follows traps, not rfe */
  twin_set_cr(t, CR_EPSW, UINT32_MAX);
  once(t, word_of(ISA_RFE, 0, 0, 0, 0), NO_TRAP);
}

static void lpsw(void **state)
{
  struct twin *t = fresh(state);
  once(t, word_of(ISA_LPSW, 0, REG_A0, 0, 0), NO_TRAP);
  assert_int_equal(machine_get_pc(t->vm), 0x2000 + 4 * REG_A0);
  t = fresh(state);
  once(t, word_of(ISA_LPSW, 0, REG_A0, 0, 2), CAUSE_ALIGNMENT);
  t = fresh(state);
  twin_set_reg(t, REG_A0, STORAGE);
  once(t, word_of(ISA_LPSW, 0, REG_A0, 0, 0), CAUSE_BUS);
  t = fresh(state); /* the first word is there, the second is not */
  twin_set_reg(t, REG_A0, STORAGE - 4);
  once(t, word_of(ISA_LPSW, 0, REG_A0, 0, 0), CAUSE_BUS);
  t = fresh(state); /* the second word's address wraps around to 0 */
  relocate(t, 0, UINT32_MAX);
  twin_set_reg(t, REG_A0, 0xfffffffcu);
  once(t, word_of(ISA_LPSW, 0, REG_A0, 0, 0), CAUSE_BOUNDS);
  t = fresh(state);
  relocate(t, 0x1000, 0x4000);
  twin_set_reg(t, REG_A0, 0x3ffc);
  once(t, word_of(ISA_LPSW, 0, REG_A0, 0, 0), CAUSE_BOUNDS);
}

static void juser(void **state)
{
  struct twin *t = fresh(state);
  once(t, word_of(ISA_JUSER, 0, REG_A1, 0, 4), NO_TRAP);
  assert_int_equal(psw_te(machine_get_cr(t->vm, CR_PSW)), 1);
  t = fresh(state);
  once(t, word_of(ISA_JUSER, 0, REG_A1, 0, 1), NO_TRAP);
}

/* ---------------------------------------------------------------------- flags */

static void pushf(void **state)
{
  struct twin *t = fresh(state);
  twin_set_cr(t, CR_PSW, PSW_C_MASK | PSW_IE_MASK);
  once(t, word_of(ISA_PUSHF, 0, 0, 0, 0), NO_TRAP);
  t = fresh(state);
  twin_set_reg(t, REG_SP, 0x4001);
  once(t, word_of(ISA_PUSHF, 0, 0, 0, 0), CAUSE_ALIGNMENT);
  t = fresh(state);
  twin_set_reg(t, REG_SP, 0); /* pushes to the top of the address space */
  once(t, word_of(ISA_PUSHF, 0, 0, 0, 0), CAUSE_BUS);
  t = fresh(state);
  twin_set_reg(t, REG_SP, STORAGE);
  once(t, word_of(ISA_PUSHF, 0, 0, 0, 0), NO_TRAP);
}

static void popf(void **state)
{
  struct twin *t = fresh(state);
  twin_write_word(t, 0x4000, UINT32_MAX); /* sets C, V and IE, and nothing else */
  twin_set_reg(t, REG_SP, 0x4000);
  once(t, word_of(ISA_POPF, 0, 0, 0, 0), NO_TRAP);
  assert_int_equal(machine_get_cr(t->vm, CR_PSW), PSW_FLAGS_MASK);
  t = fresh(state);
  twin_set_cr(t, CR_PSW, PSW_FLAGS_MASK);
  twin_write_word(t, 0x4000, 0);
  twin_set_reg(t, REG_SP, 0x4000);
  once(t, word_of(ISA_POPF, 0, 0, 0, 0), NO_TRAP);
  assert_int_equal(machine_get_cr(t->vm, CR_PSW), 0);
  t = fresh(state);
  twin_set_reg(t, REG_SP, STORAGE); /* sp must not move */
  once(t, word_of(ISA_POPF, 0, 0, 0, 0), CAUSE_BUS);
  t = fresh(state);
  twin_set_reg(t, REG_SP, 0x4002);
  once(t, word_of(ISA_POPF, 0, 0, 0, 0), CAUSE_ALIGNMENT);
}

static void rdpsw(void **state)
{
  struct twin *t = fresh(state);
  twin_set_cr(t, CR_PSW, PSW_IE_MASK | PSW_V_MASK);
  once(t, word_of(ISA_RDPSW, REG_A2, 0, 0, 0), NO_TRAP);
  assert_int_equal(machine_get_reg(t->vm, REG_A2), PSW_IE_MASK | PSW_V_MASK);
  once(fresh(state), word_of(ISA_RDPSW, REG_ZERO, 0, 0, 0), NO_TRAP);
}

/* ------------------------------------------------ interrupts, control registers */

static void sti_cli(void **state)
{
  struct twin *t = fresh(state);
  once(t, word_of(ISA_STI, 0, 0, 0, 0), NO_TRAP);
  assert_true(psw_ie(machine_get_cr(t->vm, CR_PSW)));
  twin_set_pc(t, PC);
  once(t, word_of(ISA_CLI, 0, 0, 0, 0), NO_TRAP);
  assert_false(psw_ie(machine_get_cr(t->vm, CR_PSW)));
}

static void spl(void **state)
{
  for (uint32_t level = 0; level < 16; level++) {
    struct twin *t = fresh(state);
    once(t, word_of(ISA_SPL, 0, 0, 0, level), NO_TRAP);
    assert_int_equal(machine_get_cr(t->vm, CR_IMASK), 0x1fu >> level);
  }
}

static void mfcr(void **state)
{
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    struct twin *t = fresh(state);
    enum isa_cr cr = (enum isa_cr)i;
    if (profile_has_cr(t->profile, cr)) {
      uint32_t want = machine_get_cr(t->vm, cr);
      once(t, cr_word(ISA_MFCR, cr, REG_A3), NO_TRAP);
      assert_int_equal(machine_get_reg(t->vm, REG_A3), want);
    } else {
      once(t, cr_word(ISA_MFCR, cr, REG_A3), CAUSE_ILLEGAL);
    }
  }
}

static void mtcr(void **state)
{
  static const uint32_t values[] = {0, 1, 2, 0x5a5a5a5a, UINT32_MAX};
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
      struct twin *t = fresh(state);
      enum isa_cr cr = (enum isa_cr)i;
      twin_set_reg(t, REG_A3, values[j]);
      once(t, cr_word(ISA_MTCR, cr, REG_A3),
           profile_has_cr(t->profile, cr) ? NO_TRAP : CAUSE_ILLEGAL);
    }
  }
}

static void timer_counts_from_the_end_of_mtcr(void **state)
{
  struct twin *t = fresh(state);
  twin_set_reg(t, REG_A3, 7);
  once(t, cr_word(ISA_MTCR, CR_TIMER, REG_A3), NO_TRAP);
  assert_int_equal(machine_get_cr(t->vm, CR_TIMER), 7);
  assert_int_equal(machine_next_event(t->vm), machine_tick(t->vm) + 7);
}

static void svbr(void **state)
{
  struct twin *t = fresh(state);
  once(t, word_of(ISA_SVBR, 0, REG_S0, 0, 8), NO_TRAP);
  t = fresh(state);
  once(t, word_of(ISA_SVBR, 0, REG_S0, 0, 9), CAUSE_ALIGNMENT);
  t = fresh(state);
  relocate(t, 0, 0x3000);
  once(t, word_of(ISA_SVBR, 0, REG_S0, 0, 0), CAUSE_BOUNDS);
}

static void wfi_halt(void **state)
{
  struct twin *t = fresh(state);
  once(t, word_of(ISA_WFI, 0, 0, 0, 0), NO_TRAP);
  assert_int_equal(machine_run_state(t->vm), MACHINE_WAITING);
  t = fresh(state); /* IE is off, and yet a pending line ends the wait */
  twin_set_cr(t, CR_IPEND, 4);
  once(t, word_of(ISA_WFI, 0, 0, 0, 0), NO_TRAP);
  t = fresh(state);
  once(t, word_of(ISA_HALT, 0, 0, 0, 0), NO_TRAP);
  assert_int_equal(machine_run_state(t->vm), MACHINE_STOPPED);
}

static void rdtick_cpuid(void **state)
{
  struct twin *t = fresh(state);
  uint32_t tick = (uint32_t)machine_tick(t->vm);
  once(t, word_of(ISA_RDTICK, REG_A0, 0, 0, 0), NO_TRAP);
  assert_int_equal(machine_get_reg(t->vm, REG_A0), tick);
  once(fresh(state), word_of(ISA_CPUID, REG_A0, 0, 0, 0), NO_TRAP);
}

/* --------------------------------------------------------- location and rights */

static void lra_probe(void **state)
{
  static const uint32_t addresses[] = {0,       3,           0x2fff,     0x3000,
                                       STORAGE, STORAGE - 1, 0xfffff000, UINT32_MAX};
  for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
    for (unsigned te = 0; te < 2; te++) {
      for (uint32_t asked = 0; asked < 5; asked++) {
        struct twin *t = fresh(state);
        if (te) {
          relocate(t, 0x1000, 0x3000);
        }
        twin_set_reg(t, REG_A1, addresses[i]);
        once(t,
             asked < 4 ? word_of(ISA_PROBE, REG_A0, REG_A1, 0, asked)
                       : word_of(ISA_LRA, REG_A0, REG_A1, 0, 0),
             NO_TRAP);
      }
    }
  }
}

static void previous(void **state)
{
  for (unsigned pmode = 0; pmode < 2; pmode++) {
    struct twin *t = fresh(state);
    twin_set_cr(t, CR_PSW, psw_set_pmode(0, pmode));
    once(t, word_of(ISA_LDPREV, REG_A0, REG_A1, 0, 4), NO_TRAP);
    t = fresh(state);
    twin_set_cr(t, CR_PSW, psw_set_pmode(0, pmode));
    once(t, word_of(ISA_STPREV, REG_A0, REG_A1, 0, 4), NO_TRAP);
    t = fresh(state);
    twin_set_cr(t, CR_PSW, psw_set_pmode(0, pmode));
    twin_set_reg(t, REG_A1, 0x8000);
    once(t, word_of(ISA_STPREV, REG_A0, REG_A1, 0, 0), pmode ? CAUSE_BOUNDS : NO_TRAP);
    t = fresh(state);
    twin_set_cr(t, CR_PSW, psw_set_pmode(0, pmode));
    once(t, word_of(ISA_LDPREV, REG_A0, REG_A1, 0, 1), CAUSE_ALIGNMENT);
  }
}

/* ---------------------------------------------------------------------- ports */

static void ports(void **state)
{
  for (uint32_t port = 0; port < 0x20; port++) {
    uint32_t value;
    struct twin *t = fresh(state);
    unsigned want = machine_port_in(t->bare, port, &value) ? NO_TRAP : CAUSE_BUS;
    machine_port_in(t->vm, port, &value);
    once(t, word_of(ISA_IN, REG_A0, REG_ZERO, 0, port), want);
    t = fresh(state);
    once(t, word_of(ISA_OUT, REG_A0, REG_ZERO, 0, port), want);
  }
}

/* ------------------------------------------------------------ virtual user mode */

static void user_mode_reflects(void **state)
{
  unsigned privileged = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    struct twin *t = fresh(state);
    enum isa_insn insn = (enum isa_insn)i;
    unsigned user = profile_user_mode(t->profile);
    if (profile_behaviour(t->profile, insn, user)->kind == PROFILE_TRAP) {
      twin_set_cr(t, CR_PSW, psw_set_mode(0, user));
      once(t, word_of(insn, 0, 0, 0, 0), CAUSE_PRIVILEGED);
      privileged++;
    }
  }
  assert_int_equal(privileged, 22);
}

/* Errant instructions are the guest's in both of its modes. */
static void errant_reflects(void **state)
{
  for (unsigned mode = 0; mode < 2; mode++) {
    struct twin *t = fresh(state);
    twin_set_cr(t, CR_PSW, psw_set_mode(0, mode));
    once(t, word_of(ISA_SYS, 0, 0, 0, 7), CAUSE_SYSCALL);
    once(t, word_of(ISA_BRK, 0, 0, 0, 0), CAUSE_BREAKPOINT);
    once(t, word_of(ISA_HCALL, 0, 0, 0, 9), CAUSE_HYPERCALL);
  }
}

/* The virtual machine's hole is the bare machine's hole: on x86 popf in virtual
 * kernel mode executes directly, and the virtual IE stays. */
static void oracle_sees_the_hole(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){.profile = "x86-popf"});
  prepare(&t);
  twin_set_reg(&t, REG_SP, 0x4000);
  twin_write_word(&t, 0x4000, PSW_IE_MASK);
  place(&t, word_of(ISA_POPF, 0, 0, 0, 0));
  assert_false(twin_run(&t, 1, 1));
  assert_non_null(strstr(t.difference, "psw is 00000010 bare, 00000000 virtual"));
  twin_close(&t);
}

/* An lpsw that asks for more rights traps by itself in user mode, though the profile
 * lets it execute: the guest's own trap, never the way to virtual mode 0. */
static void refused_lpsw_reflects(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){.profile = "x86"});
  for (unsigned mode = 0; mode < 2; mode++) {
    prepare(&t);
    twin_set_cr(&t, CR_PSW, psw_set_mode(0, mode));
    twin_write_word(&t, 0x4000, 0);
    twin_write_word(&t, 0x4004, 0x2100);
    twin_set_reg(&t, REG_A0, 0x4000);
    once(&t, word_of(ISA_LPSW, 0, REG_A0, 0, 0), mode ? CAUSE_PRIVILEGED : NO_TRAP);
  }
  twin_close(&t);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      EACH(rfe),
      EACH(lpsw),
      EACH(juser),
      EACH(pushf),
      EACH(popf),
      EACH(rdpsw),
      EACH(sti_cli),
      EACH(spl),
      EACH(mfcr),
      EACH(mtcr),
      EACH(timer_counts_from_the_end_of_mtcr),
      EACH(svbr),
      EACH(wfi_halt),
      EACH(rdtick_cpuid),
      EACH(lra_probe),
      EACH(previous),
      EACH(ports),
      EACH(user_mode_reflects),
      EACH(errant_reflects),
      cmocka_unit_test(refused_lpsw_reflects),
      cmocka_unit_test(oracle_sees_the_hole),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("emulate", tests, NULL, NULL) != 0;
}
