/* docs/machine.md, "Delivery" and "Time": a test for each sentence. */
#include "cmocka_all.h"
#include "machine/ops.h"
#include "machine/trace.h"
#include "programs.h"
#include "rig.h"

enum { TIMER_LINE = 1, CONSOLE_LINE = 2, DISK_LINE = 4, ALL_LINES = 0x1f };

/* ---------------------------------------------------------------- delivery */

static void delivery_saves_and_sets(struct rig *r)
{
  uint32_t old = psw_set_pmode(psw(1, PSW_IE_MASK | PSW_TE_MASK | PSW_C_MASK | PSW_KEY_MASK), 1);
  set_cr(r, CR_PSW, old);
  set_cr(r, CR_VBR, 0x3000);
  set_cr(r, CR_BASE, 0x123);
  set_cr(r, CR_BOUND, 0x456);
  set_cr(r, CR_SCR0, 0x789);
  set_cr(r, CR_IPEND, ALL_LINES);
  set_reg(r, REG_SP, 0x777);
  set_vector(r, CAUSE_BOUNDS, 0x2468);
  struct trap trap = {.cause = CAUSE_BOUNDS, .epc = 0x1111, .value = 0x2222, .insn = 0x3333};
  assert_true(machine_deliver(r->m, &trap));
  assert_int_equal(cr(r, CR_EPSW), old);
  assert_int_equal(cr(r, CR_EPC), 0x1111);
  assert_int_equal(cr(r, CR_CAUSE), CAUSE_BOUNDS);
  assert_int_equal(cr(r, CR_BADVA), 0x2222);
  assert_int_equal(cr(r, CR_EINSN), 0x3333);
  assert_int_equal(cr(r, CR_PSW), psw_set_pmode(PSW_C_MASK, 1));
  assert_int_equal(machine_get_pc(r->m), 0x2468);
  assert_int_equal(cr(r, CR_BASE), 0x123);
  assert_int_equal(cr(r, CR_BOUND), 0x456);
  assert_int_equal(cr(r, CR_VBR), 0x3000);
  assert_int_equal(cr(r, CR_SCR0), 0x789);
  assert_int_equal(cr(r, CR_IPEND), ALL_LINES); /* no interrupt: no line */
  assert_int_equal(reg(r, REG_SP), 0x777);
  assert_true(now(r) == 1);
}

static void carry_and_overflow_stay(struct rig *r)
{
  set_vector(r, CAUSE_SYSCALL, 0x2000);
  for (uint32_t flags = 0; flags < 4; flags++) {
    uint32_t old = psw(1, flags << PSW_C_SHIFT);
    set_cr(r, CR_PSW, old);
    struct trap trap = {.cause = CAUSE_SYSCALL};
    assert_true(machine_deliver(r->m, &trap));
    assert_int_equal(cr(r, CR_PSW), psw_set_pmode(flags << PSW_C_SHIFT, 1));
  }
}

static void previous_mode_is_the_mode_left(struct rig *r)
{
  set_vector(r, CAUSE_SYSCALL, 0x2000);
  struct trap trap = {.cause = CAUSE_SYSCALL};
  set_cr(r, CR_PSW, psw(1, 0));
  assert_true(machine_deliver(r->m, &trap));
  assert_int_equal(psw_pmode(cr(r, CR_PSW)), 1);
  assert_true(machine_deliver(r->m, &trap)); /* a trap in the handler */
  assert_int_equal(psw_pmode(cr(r, CR_PSW)), 0);
  assert_int_equal(psw_pmode(cr(r, CR_EPSW)), 1);
}

static void handler_of_each_cause(struct rig *r)
{
  set_cr(r, CR_VBR, 0x3000);
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    put_word(r, 0x3000 + 4 * cause, 0x4000 + 8 * cause);
  }
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    if (isa_cause_info(cause)->name) {
      struct trap trap = {.cause = (enum isa_cause)cause};
      assert_true(machine_deliver(r->m, &trap));
      assert_int_equal(machine_get_pc(r->m), 0x4000 + 8 * cause);
      assert_int_equal(cr(r, CR_CAUSE), cause);
    }
  }
}

static void interrupt_clears_its_line(struct rig *r)
{
  static const enum isa_cause causes[] = {CAUSE_TIMER, CAUSE_CONSOLE, CAUSE_DISK, CAUSE_CHANNEL,
                                          CAUSE_NETWORK};
  for (unsigned line = 0; line < 5; line++) {
    set_vector(r, causes[line], 0x2000);
    set_cr(r, CR_IPEND, ALL_LINES);
    struct trap trap = {.cause = causes[line]};
    assert_true(machine_deliver(r->m, &trap));
    assert_int_equal(cr(r, CR_IPEND), ALL_LINES & ~(1u << line));
  }
}

static void vectors_are_physical(struct rig *r)
{
  set_cr(r, CR_BASE, 0x4000);
  set_cr(r, CR_BOUND, 0x1000);
  set_cr(r, CR_VBR, 0x3000);
  put_word(r, 0x3000 + 4 * CAUSE_SYSCALL, 0x2000);
  put_word(r, 0x7000 + 4 * CAUSE_SYSCALL, 0x2004);
  set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
  struct trap trap = {.cause = CAUSE_SYSCALL};
  assert_true(machine_deliver(r->m, &trap));
  assert_int_equal(machine_get_pc(r->m), 0x2000);
}

static void double_fault(struct rig *r, uint32_t vbr, uint32_t handler)
{
  struct trap trap = {.cause = CAUSE_SYSCALL, .epc = 1, .value = 2, .insn = 3};
  set_cr(r, CR_PSW, psw(1, PSW_IE_MASK));
  set_cr(r, CR_VBR, vbr);
  if (handler) {
    set_vector(r, trap.cause, handler);
  }
  uint64_t before = machine_state_hash(r->m), tick = now(r);
  assert_false(machine_deliver(r->m, &trap));
  assert_true(machine_state_hash(r->m) == before); /* as before the delivery */
  for (uint64_t until = 0; until < 3; until++) {
    struct machine_stop s = machine_run(r->m, until * 1000);
    assert_int_equal(s.why, MACHINE_DOUBLE_FAULT);
    assert_int_equal(s.trap.cause, CAUSE_SYSCALL);
    assert_int_equal(s.trap.epc, 1);
    assert_int_equal(s.trap.value, 2);
    assert_int_equal(s.trap.insn, 3);
    assert_int_equal(machine_advance(r->m, until).why, MACHINE_DOUBLE_FAULT);
  }
  assert_true(machine_state_hash(r->m) == before);
  assert_true(now(r) == tick);
  machine_set_run_state(r->m, MACHINE_RUNNING); /* the owner's hand */
  assert_int_equal(machine_run(r->m, 0).why, MACHINE_LIMIT);
}

static void unreadable_vector_is_a_double_fault(struct rig *r)
{
  double_fault(r, RIG_STORAGE, 0);
  double_fault(r, RIG_STORAGE - 4 * CAUSE_SYSCALL, 0);
  double_fault(r, 0x80000000, 0);
  double_fault(r, 0xfffffffc, 0);
  set_cr(r, CR_VBR, RIG_STORAGE - 4 * CAUSE_SYSCALL - 4);
  set_vector(r, CAUSE_SYSCALL, 0x2000);
  struct trap trap = {.cause = CAUSE_SYSCALL};
  assert_true(machine_deliver(r->m, &trap)); /* the last word of storage */
  assert_int_equal(machine_get_pc(r->m), 0x2000);
}

static void misaligned_handler_is_a_double_fault(struct rig *r)
{
  double_fault(r, 0, 0x2001);
  double_fault(r, 0, 0x2002);
  double_fault(r, 0, 0x2003);
  double_fault(r, 0x3000, 0xffffffff);
}

static void vector_sum_is_of_33_bits(struct rig *r)
{
  put_word(r, 0x3c, 0x2000); /* where 0xfffffffc + 4 * 16 would wrap to */
  set_cr(r, CR_VBR, 0xfffffffc);
  uint64_t before = machine_state_hash(r->m);
  struct trap trap = {.cause = CAUSE_TIMER};
  assert_false(machine_deliver(r->m, &trap));
  assert_true(machine_state_hash(r->m) == before);
}

/* A handler beyond storage is none of delivery's business. */
static void handler_beyond_storage_is_delivered(struct rig *r)
{
  set_vector(r, CAUSE_SYSCALL, 0xfffffffc);
  struct trap trap = {.cause = CAUSE_SYSCALL};
  assert_true(machine_deliver(r->m, &trap));
  expect_trap(r, CAUSE_BUS, 0xfffffffc, 0);
}

static void advance_stops_at_a_double_fault(struct rig *r)
{
  emit_nops(r, 4);
  emit(r, ISA_SYS, 0, 0, 0, 0);
  set_vector(r, CAUSE_SYSCALL, 0x2002);
  struct machine_stop s = machine_advance(r->m, 1000);
  assert_int_equal(s.why, MACHINE_DOUBLE_FAULT);
  assert_int_equal(s.trap.cause, CAUSE_SYSCALL);
  assert_true(now(r) == 4);
  assert_int_equal(machine_get_pc(r->m), RIG_CODE + 16);
}

static void trap_in_a_handler_overwrites_epc(struct rig *r)
{
  set_vector(r, CAUSE_SYSCALL, 0x2000);
  set_vector(r, CAUSE_BREAKPOINT, 0x3000);
  uint32_t sys = emit(r, ISA_SYS, 0, 0, 0, 0);
  r->at = 0x2000;
  uint32_t brk = emit_none(r, ISA_BRK);
  expect_delivery(r, CAUSE_SYSCALL, 0, sys);
  assert_int_equal(cr(r, CR_EPC), RIG_CODE);
  expect_delivery(r, CAUSE_BREAKPOINT, 0, brk);
  assert_int_equal(cr(r, CR_EPC), 0x2000);
}

static void badva_and_einsn_of_real_traps(struct rig *r)
{
  set_vector(r, CAUSE_BUS, 0x2000);
  set_vector(r, CAUSE_TIMER, 0x3000);
  emit(r, ISA_LW, REG_A0, REG_A1, 0, 0);
  set_reg(r, REG_A1, RIG_STORAGE);
  expect_delivery(r, CAUSE_BUS, RIG_STORAGE, word_at(r, RIG_CODE));
  assert_int_equal(cr(r, CR_BADVA), RIG_STORAGE);
  assert_int_equal(cr(r, CR_EINSN), word_at(r, RIG_CODE));
  machine_set_pc(r->m, RIG_STORAGE + 0x100);
  expect_delivery(r, CAUSE_BUS, RIG_STORAGE + 0x100, 0);
  assert_int_equal(cr(r, CR_EINSN), 0);
  set_cr(r, CR_IPEND, TIMER_LINE);
  set_cr(r, CR_PSW, PSW_IE_MASK);
  expect_delivery(r, CAUSE_TIMER, 0, 0);
  assert_int_equal(cr(r, CR_BADVA), 0);
  assert_int_equal(cr(r, CR_EPC), 0x2000);
}

/* Traps and return, through the whole path, at speed. */
static void system_calls_round_and_round(struct rig *r)
{
  set_vector(r, CAUSE_SYSCALL, 0x2000);
  emit(r, ISA_SYS, 0, 0, 0, 1);
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8);
  r->at = 0x2000;
  emit_cr(r, ISA_MFCR, REG_T0, CR_EPC);
  emit(r, ISA_ADDI, REG_T0, REG_T0, 0, 4);
  emit_cr(r, ISA_MTCR, REG_T0, CR_EPC);
  emit_none(r, ISA_RFE);
  set_cr(r, CR_PSW, psw(1, PSW_V_MASK));
  assert_int_equal(machine_advance(r->m, 7000).why, MACHINE_LIMIT);
  assert_int_equal(reg(r, REG_A0), 1000); /* delivery, 4, addi, jal: 7 ticks a round */
  assert_int_equal(machine_get_pc(r->m), RIG_CODE);
  assert_int_equal(cr(r, CR_PSW), psw(1, PSW_V_MASK));
  const struct machine_stats *stats = machine_stats(r->m);
  assert_int_equal(stats->delivered[CAUSE_SYSCALL], 1000);
  assert_int_equal(stats->instructions, 6000);
}

/* -------------------------------------------------------------------- time */

static void tick_counts_instructions_deliveries_waiting(struct rig *r)
{
  set_vector(r, CAUSE_SYSCALL, 0x2000);
  emit_nops(r, 3);
  emit(r, ISA_SYS, 0, 0, 0, 0);
  r->at = 0x2000;
  emit_none(r, ISA_WFI);
  emit(r, ISA_RDTICK, REG_A0, 0, 0, 0);
  emit_cr(r, ISA_MFCR, REG_A1, CR_TICK);
  set_cr(r, CR_TIMER, 100);
  assert_int_equal(machine_advance(r->m, 102).why, MACHINE_LIMIT);
  assert_int_equal(reg(r, REG_A0), 100); /* the boundary before it */
  assert_int_equal(reg(r, REG_A1), 101);
  assert_int_equal(cr(r, CR_TICK), 102);
}

/* `mtcr timer, a0` completes at tick 1; n nops follow. */
static void timer_counts_from_the_boundary_after(struct rig *r)
{
  for (uint32_t n = 1; n < 40; n++) {
    struct rig one = *r;
    one.m = rig_another(r);
    one.at = RIG_CODE;
    emit_cr(&one, ISA_MTCR, REG_A0, CR_TIMER);
    emit_nops(&one, 60);
    set_reg(&one, REG_A0, n);
    set_cr(&one, CR_PSW, PSW_IE_MASK);
    run_to(&one, 1);
    assert_int_equal(cr(&one, CR_TIMER), n);
    assert_true(machine_next_event(one.m) == 1 + n);
    assert_int_equal(machine_run(one.m, 100).why, MACHINE_TRAP);
    assert_true(now(&one) == 1 + n);
    assert_int_equal(cr(&one, CR_TIMER), 0);
    assert_int_equal(cr(&one, CR_IPEND), TIMER_LINE);
    assert_int_equal(machine_get_pc(one.m), RIG_CODE + 4 + 4 * n);
    machine_destroy(one.m);
  }
}

/* The same in one go, without stopping after the mtcr. */
static void timer_set_in_mid_run(struct rig *r)
{
  for (uint32_t n = 1; n < 40; n++) {
    struct rig one = *r;
    one.m = rig_another(r);
    one.at = RIG_CODE;
    emit_nops(&one, 5);
    emit_cr(&one, ISA_MTCR, REG_A0, CR_TIMER);
    emit_nops(&one, 60);
    set_reg(&one, REG_A0, n);
    set_cr(&one, CR_PSW, PSW_IE_MASK);
    assert_int_equal(machine_run(one.m, 100).why, MACHINE_TRAP);
    assert_true(now(&one) == 6 + n);
    machine_destroy(one.m);
  }
}

static void timer_fires_once(struct rig *r)
{
  emit(r, ISA_JAL, REG_ZERO, 0, 0, 0);
  set_cr(r, CR_TIMER, 10);
  run_to(r, 10);
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE);
  set_cr(r, CR_IPEND, 0);
  run_to(r, 5000);
  assert_int_equal(cr(r, CR_IPEND), 0);
  assert_int_equal(cr(r, CR_TIMER), 0);
  assert_true(machine_next_event(r->m) == MACHINE_NEVER);
}

static void reading_gives_the_boundary_before(struct rig *r)
{
  emit_cr(r, ISA_MTCR, REG_A0, CR_TIMER);
  emit_cr(r, ISA_MFCR, REG_A1, CR_TIMER);
  emit_nops(r, 3);
  emit_cr(r, ISA_MFCR, REG_A2, CR_TIMER);
  emit_cr(r, ISA_MFCR, REG_A3, CR_TICK);
  emit(r, ISA_RDTICK, REG_A4, 0, 0, 0);
  set_reg(r, REG_A0, 100);
  run_to(r, 8);
  assert_int_equal(reg(r, REG_A1), 100);
  assert_int_equal(reg(r, REG_A2), 96);
  assert_int_equal(reg(r, REG_A3), 6);
  assert_int_equal(reg(r, REG_A4), 7);
  assert_int_equal(cr(r, CR_TIMER), 93);
  assert_int_equal(cr(r, CR_TICK), 8);
}

static void writing_0_turns_it_off(struct rig *r)
{
  emit_cr(r, ISA_MTCR, REG_A0, CR_TIMER);
  emit_cr(r, ISA_MTCR, REG_ZERO, CR_TIMER);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, 0);
  set_reg(r, REG_A0, 1); /* due at tick 2, as the second one completes … */
  run_to(r, 50);
  assert_int_equal(cr(r, CR_IPEND), 0); /* … which turned it off */
  machine_set_pc(r->m, RIG_CODE);
  set_reg(r, REG_A0, 2);
  run_to(r, 100);
  assert_int_equal(cr(r, CR_IPEND), 0);
  assert_true(machine_next_event(r->m) == MACHINE_NEVER);
  set_cr(r, CR_TIMER, 10);
  set_cr(r, CR_TIMER, 0);
  run_to(r, 150);
  assert_int_equal(cr(r, CR_IPEND), 0);
}

static void rewriting_starts_anew(struct rig *r)
{
  emit_cr(r, ISA_MTCR, REG_A0, CR_TIMER);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  set_reg(r, REG_A0, 3); /* kept from firing by being set every 2 ticks */
  run_to(r, 1001);
  assert_int_equal(cr(r, CR_IPEND), 0);
  assert_int_equal(cr(r, CR_TIMER), 3);
}

static void owner_sets_from_the_current_tick(struct rig *r)
{
  emit(r, ISA_JAL, REG_ZERO, 0, 0, 0);
  run_to(r, 500);
  set_cr(r, CR_TIMER, 20);
  assert_true(machine_next_event(r->m) == 520);
  assert_int_equal(cr(r, CR_TIMER), 20);
  run_to(r, 519);
  assert_int_equal(cr(r, CR_IPEND), 0);
  run_to(r, 520);
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE);
}

static void timer_is_of_32_bits(struct rig *r)
{
  set_cr(r, CR_TIMER, 0xffffffff);
  assert_int_equal(cr(r, CR_TIMER), 0xffffffff);
  assert_true(machine_next_event(r->m) == 0xffffffff);
  assert_true(machine_idle(r->m, MACHINE_NEVER) == 0xffffffff);
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE);
}

/* TICK is the low half; time goes on beyond it. */
static void tick_register_wraps(struct rig *r)
{
  r->m->ops->set_tick(r->m, 0xfffffffe);
  set_cr(r, CR_TIMER, 10);
  set_cr(r, CR_PSW, PSW_IE_MASK);
  emit_nops(r, 2);
  emit(r, ISA_RDTICK, REG_A0, 0, 0, 0);
  emit_cr(r, ISA_MFCR, REG_A1, CR_TIMER);
  emit_nops(r, 20);
  assert_int_equal(machine_run(r->m, UINT64_C(0x200000000)).why, MACHINE_TRAP);
  assert_true(now(r) == UINT64_C(0x100000008));
  assert_int_equal(reg(r, REG_A0), 0);
  assert_int_equal(reg(r, REG_A1), 7);
  assert_int_equal(cr(r, CR_TICK), 8);
}

static void wfi_completes_then_waits(struct rig *r)
{
  emit_none(r, ISA_WFI);
  run_to(r, 1);
  assert_int_equal(machine_run_state(r->m), MACHINE_WAITING);
  assert_int_equal(machine_get_pc(r->m), RIG_CODE + 4);
  assert_int_equal(machine_stats(r->m)->instructions, 1);
}

static void halt_completes_then_is_stopped(struct rig *r)
{
  emit_nops(r, 3);
  emit_none(r, ISA_HALT);
  set_cr(r, CR_PSW, PSW_IE_MASK);
  set_cr(r, CR_TIMER, 4); /* raised by the halt's own boundary, not taken */
  assert_int_equal(machine_run(r->m, 1000).why, MACHINE_HALTED);
  assert_true(now(r) == 4);
  assert_int_equal(machine_get_pc(r->m), RIG_CODE + 16);
  assert_int_equal(machine_run_state(r->m), MACHINE_STOPPED);
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE);
  assert_int_equal(machine_advance(r->m, 2000).why, MACHINE_HALTED);
  assert_true(now(r) == 4);
}

static void ipend_is_written_by_software(struct rig *r)
{
  emit_cr(r, ISA_MTCR, REG_A0, CR_IPEND);
  emit_cr(r, ISA_MTCR, REG_A1, CR_IPEND);
  set_reg(r, REG_A0, 0xffffffff);
  set_reg(r, REG_A1, DISK_LINE);
  steps(r, 1);
  assert_int_equal(cr(r, CR_IPEND), ALL_LINES);
  steps(r, 1);
  assert_int_equal(cr(r, CR_IPEND), DISK_LINE);
}

static void reset_state(struct rig *r)
{
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    assert_int_equal(reg(r, i), 0);
  }
  assert_int_equal(machine_get_pc(r->m), ISA_RESET_PC);
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    enum isa_cr c = (enum isa_cr)i;
    if (profile_has_cr(r->profile, c)) {
      uint32_t expected = c == CR_IMASK ? ALL_LINES : c == CR_CPUID ? 0x50470001 : 0;
      assert_int_equal(cr(r, c), expected);
    }
  }
  assert_true(now(r) == 0);
  assert_true(machine_next_event(r->m) == MACHINE_NEVER);
  assert_int_equal(machine_run_state(r->m), MACHINE_RUNNING);
  for (uint32_t at = 0; at < RIG_STORAGE; at += 4) {
    assert_int_equal(word_at(r, at), 0);
  }
}

static void cpuid_and_tick_are_read_only(struct rig *r)
{
  emit(r, ISA_CPUID, REG_A0, 0, 0, 0);
  emit_cr(r, ISA_MTCR, REG_A1, CR_CPUID);
  emit_cr(r, ISA_MTCR, REG_A1, CR_TICK);
  emit_cr(r, ISA_MFCR, REG_A2, CR_CPUID);
  set_reg(r, REG_A1, 0x12345678);
  set_cr(r, CR_CPUID, 1);
  set_cr(r, CR_TICK, 1);
  steps(r, 4);
  assert_int_equal(reg(r, REG_A0), 0x50470001);
  assert_int_equal(reg(r, REG_A2), 0x50470001);
  assert_int_equal(cr(r, CR_TICK), 4);
}

static void register_zero_stays(struct rig *r)
{
  set_reg(r, REG_ZERO, 5);
  put_word(r, 0x200, 6);
  emit(r, ISA_ADDI, REG_ZERO, REG_ZERO, 0, 7);
  emit(r, ISA_LW, REG_ZERO, REG_ZERO, 0, 0x200);
  emit_cr(r, ISA_MFCR, REG_ZERO, CR_CPUID);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, 4);
  emit(r, ISA_RDPSW, REG_ZERO, 0, 0, 0);
  emit(r, ISA_ADD, REG_A0, REG_ZERO, REG_ZERO, 0);
  set_reg(r, REG_A0, 1);
  steps(r, 6);
  assert_int_equal(reg(r, REG_ZERO), 0);
  assert_int_equal(reg(r, REG_A0), 0);
}

/* What mtcr may change, register by register. */
static void control_register_masks(struct rig *r)
{
  set_reg(r, REG_A0, 0xffffffff);
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    enum isa_cr c = (enum isa_cr)i;
    if (!profile_has_cr(r->profile, c) || c == CR_PSW || c == CR_TICK || c == CR_TIMER) {
      continue;
    }
    r->at = RIG_CODE;
    machine_set_pc(r->m, RIG_CODE);
    uint32_t old = cr(r, c);
    emit_cr(r, ISA_MTCR, REG_A0, c);
    steps(r, 1);
    assert_int_equal(cr(r, c), profile_cr_write(r->profile, c, old, 0xffffffff));
  }
  assert_int_equal(cr(r, CR_VBR), 0xfffffffc);
  assert_int_equal(cr(r, CR_EPSW), psw_set_pmode(psw(1, 0xff0), 1)); /* there is no mode 3 */
  assert_int_equal(cr(r, CR_IMASK), ALL_LINES);
  assert_int_equal(cr(r, CR_IPEND), ALL_LINES);
}

/* Time that nothing will end does not pass. */
static void idling_for_ever(struct rig *r)
{
  assert_true(machine_idle(r->m, 10) == 10);
  assert_true(machine_idle(r->m, MACHINE_NEVER) == 10);
  set_cr(r, CR_TIMER, 5);
  assert_true(machine_idle(r->m, MACHINE_NEVER) == 15);
  set_cr(r, CR_IPEND, 0);
  assert_true(machine_idle(r->m, MACHINE_NEVER) == 15);
}

/* ------------------------------------------------------------------- trace */

struct trace {
  struct tracer tracer;
  struct trace_event events[16];
  size_t count;
};

static void record(struct tracer *t, const struct trace_event *event)
{
  struct trace *trace = (struct trace *)t;
  assert_true(trace->count < 16);
  trace->events[trace->count++] = *event;
}

static void ignore(struct tracer *t, const struct trace_event *event)
{
  (void)t;
  (void)event;
}

static void assert_events(const struct trace *trace, const struct trace_event *expected,
                          size_t count)
{
  assert_int_equal(trace->count, count);
  for (size_t i = 0; i < count; i++) {
    const struct trace_event *e = &trace->events[i], *x = &expected[i];
    assert_int_equal(e->kind, x->kind);
    assert_string_equal(e->machine, x->machine);
    assert_true(e->tick == x->tick);
    assert_int_equal(e->a, x->a);
    assert_int_equal(e->b, x->b);
    assert_int_equal(e->c, x->c);
    assert_int_equal(e->d, x->d);
  }
}

/* machine/trace.h: each kind that a bare machine has, with its fields. */
static void trace_tells_what_happened(struct rig *r)
{
  struct trace trace = {.tracer = {.record = record}};
  set_vector(r, CAUSE_BUS, 0x2000);
  set_vector(r, CAUSE_TIMER, 0x3000);
  emit(r, ISA_OUT, REG_A0, REG_A1, 0, 0x10);
  emit(r, ISA_IN, REG_A2, REG_A1, 0, 0x15);
  uint32_t lw = emit(r, ISA_LW, REG_A0, REG_A3, 0, 0);
  r->at = 0x2000;
  emit_none(r, ISA_STI);
  emit_nops(r, 5);
  set_reg(r, REG_A0, 77);
  set_reg(r, REG_A3, 0xfffffff0);
  set_cr(r, CR_TIMER, 5);
  machine_set_tracer(r->m, &trace.tracer);
  assert_int_equal(machine_advance(r->m, 6).why, MACHINE_LIMIT);
  const struct trace_event expected[] = {
      {TRACE_IO, "machine", 0, 0x10, 77, 1, 0},
      {TRACE_IO, "machine", 1, 0x15, RIG_SECTORS, 0, 0},
      {TRACE_TRAP, "machine", 2, CAUSE_BUS, RIG_CODE + 8, 0xfffffff0, lw},
      {TRACE_DELIVER, "machine", 2, CAUSE_BUS, RIG_CODE + 8, 0x2000, 0},
      {TRACE_DEVICE, "machine", 5, CAUSE_TIMER, 0, 0, 0},
      {TRACE_TRAP, "machine", 5, CAUSE_TIMER, 0x2008, 0, 0},
      {TRACE_DELIVER, "machine", 5, CAUSE_TIMER, 0x2008, 0x3000, 0},
  };
  assert_events(&trace, expected, sizeof expected / sizeof *expected);
}

/* What an instruction did to the mode and to the run state, and on request each
 * instruction: at the tick and the pc of the instruction itself. */
static void trace_tells_modes_and_instructions(struct rig *r)
{
  struct trace trace = {.tracer = {.record = record, .instructions = true}};
  set_vector(r, CAUSE_SYSCALL, 0x3000);
  uint32_t juser = emit(r, ISA_JUSER, 0, REG_A0, 0, 0);
  r->at = 0x2010; /* 0x2000 to the user */
  emit_nops(r, 1);
  uint32_t nop = word_at(r, 0x2010), sys = emit_none(r, ISA_SYS);
  r->at = 0x3000;
  uint32_t wfi = emit_none(r, ISA_WFI), halt = emit_none(r, ISA_HALT);
  set_reg(r, REG_A0, 0x2000);
  set_cr(r, CR_BASE, 0x10);
  set_cr(r, CR_BOUND, RIG_STORAGE);
  set_cr(r, CR_TIMER, 10);
  uint32_t user = psw(1, PSW_TE_MASK);
  machine_set_tracer(r->m, &trace.tracer);
  assert_int_equal(machine_advance(r->m, 20).why, MACHINE_HALTED);
  const struct trace_event expected[] = {
      {TRACE_INSN, "machine", 0, 0, RIG_CODE, 0, juser},
      {TRACE_MODE, "machine", 0, 0, RIG_CODE, user, juser},
      {TRACE_MAP, "machine", 1, 0x10, RIG_STORAGE, 0x10, RIG_STORAGE},
      {TRACE_INSN, "machine", 1, 0, 0x2000, user, nop},
      {TRACE_TRAP, "machine", 2, CAUSE_SYSCALL, 0x2004, 0, sys},
      {TRACE_DELIVER, "machine", 2, CAUSE_SYSCALL, 0x2004, 0x3000, 0},
      {TRACE_MAP, "machine", 2, 0, RIG_STORAGE, 0x10, RIG_STORAGE},
      {TRACE_INSN, "machine", 3, 0, 0x3000, psw(0, 1u << PSW_PMODE_SHIFT), wfi},
      {TRACE_STATE, "machine", 3, MACHINE_WAITING, 0x3000, 0, wfi},
      {TRACE_DEVICE, "machine", 10, CAUSE_TIMER, 0, 0, 0},
      {TRACE_STATE, "machine", 10, MACHINE_RUNNING, 0x3004, 0, 0},
      {TRACE_INSN, "machine", 10, 0, 0x3004, psw(0, 1u << PSW_PMODE_SHIFT), halt},
      {TRACE_STATE, "machine", 10, MACHINE_STOPPED, 0x3004, 0, halt},
  };
  assert_events(&trace, expected, sizeof expected / sizeof *expected);
}

/* The same from whatever engine, without the instructions. */
static void trace_of_modes_needs_no_stepper(struct rig *r)
{
  struct trace trace = {.tracer = {.record = record}};
  uint32_t juser = emit(r, ISA_JUSER, 0, REG_A0, 0, 0);
  r->at = 0x2000;
  emit_nops(r, 20);
  set_reg(r, REG_A0, 0x2000);
  set_cr(r, CR_BOUND, RIG_STORAGE);
  machine_set_tracer(r->m, &trace.tracer);
  assert_int_equal(machine_advance(r->m, 10).why, MACHINE_LIMIT);
  const struct trace_event expected[] = {
      {TRACE_MODE, "machine", 0, 0, RIG_CODE, psw(1, PSW_TE_MASK), juser},
  };
  assert_events(&trace, expected, 1);
}

/* Recording never changes what a run does. */
static void tracing_changes_nothing(struct rig *r)
{
  for (uint64_t seed = 1; seed <= 20; seed++) {
    struct program quiet, traced;
    program_create(&quiet, seed, r->engine);
    program_create(&traced, seed, r->engine);
    struct tracer tracer = {.record = ignore};
    machine_set_tracer(traced.machine, &tracer);
    machine_advance(quiet.machine, 3000);
    machine_advance(traced.machine, 3000);
    assert_true(machine_state_hash(quiet.machine) == machine_state_hash(traced.machine));
    program_destroy(&quiet);
    program_destroy(&traced);
  }
}

int main(void)
{
  static const struct rig_case cases[] = {
      RIG_CASE(idling_for_ever),
      RIG_CASE(delivery_saves_and_sets),
      RIG_CASE(carry_and_overflow_stay),
      RIG_CASE(previous_mode_is_the_mode_left),
      RIG_CASE(handler_of_each_cause),
      RIG_CASE(interrupt_clears_its_line),
      RIG_CASE(vectors_are_physical),
      RIG_CASE(unreadable_vector_is_a_double_fault),
      RIG_CASE(misaligned_handler_is_a_double_fault),
      RIG_CASE(vector_sum_is_of_33_bits),
      RIG_CASE(handler_beyond_storage_is_delivered),
      RIG_CASE(advance_stops_at_a_double_fault),
      RIG_CASE(trap_in_a_handler_overwrites_epc),
      RIG_CASE(badva_and_einsn_of_real_traps),
      RIG_CASE(system_calls_round_and_round),
      RIG_CASE(tick_counts_instructions_deliveries_waiting),
      RIG_CASE(timer_counts_from_the_boundary_after),
      RIG_CASE(timer_set_in_mid_run),
      RIG_CASE(timer_fires_once),
      RIG_CASE(reading_gives_the_boundary_before),
      RIG_CASE(writing_0_turns_it_off),
      RIG_CASE(rewriting_starts_anew),
      RIG_CASE(owner_sets_from_the_current_tick),
      RIG_CASE(timer_is_of_32_bits),
      RIG_CASE(tick_register_wraps),
      RIG_CASE(wfi_completes_then_waits),
      RIG_CASE(halt_completes_then_is_stopped),
      RIG_CASE(ipend_is_written_by_software),
      RIG_CASE(reset_state),
      RIG_CASE(cpuid_and_tick_are_read_only),
      RIG_CASE(register_zero_stays),
      RIG_CASE(control_register_masks),
      RIG_CASE(trace_tells_what_happened),
      RIG_CASE(trace_tells_modes_and_instructions),
      RIG_CASE(trace_of_modes_needs_no_stepper),
      RIG_CASE(tracing_changes_nothing),
  };
  return RIG_RUN(cases);
}
