/* docs/machine.md, "At each instruction boundary": a test for each sentence. */
#include "cmocka_all.h"
#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "machine/trace.h"
#include "programs.h"
#include "random.h"
#include "rig.h"

enum { TIMER_LINE = 1, CONSOLE_LINE = 2, DISK_LINE = 4, ALL_LINES = 0x1f };

/* ------------------------------------------------------------ 1. events due */

struct order {
  struct tracer tracer;
  uint32_t causes[8];
  size_t count;
};

static void record_devices(struct tracer *t, const struct trace_event *event)
{
  struct order *o = (struct order *)t;
  if (event->kind == TRACE_DEVICE && o->count < 8) {
    o->causes[o->count++] = event->a;
  }
}

static void all_due_at(struct rig *r, uint64_t tick)
{
  assert_true(machine_port_out(r->m, PORT_DISK_COMMAND, 9)); /* an error: 1000 ticks */
  machine_idle(r->m, tick - 100);
  machine_console_input(r->m, tick, 'x');
  machine_console_input(r->m, tick, 'y');
  set_cr(r, CR_TIMER, 100);
}

static void events_happen_in_device_order(struct rig *r)
{
  struct order o = {.tracer = {.record = record_devices}};
  machine_set_tracer(r->m, &o.tracer);
  all_due_at(r, 1000);
  emit_nops(r, 200);
  run_to(r, 999);
  assert_int_equal(cr(r, CR_IPEND), 0);
  run_to(r, 1000);
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE | CONSOLE_LINE | DISK_LINE);
  assert_int_equal(o.count, 3); /* two bytes raise the line once */
  assert_int_equal(o.causes[0], CAUSE_TIMER);
  assert_int_equal(o.causes[1], CAUSE_CONSOLE);
  assert_int_equal(o.causes[2], CAUSE_DISK);
  machine_set_tracer(r->m, NULL);
}

/* The interrupt lands on the exact instruction, wherever the engine's blocks
 * and fused pairs begin. */
static void events_happen_at_their_tick(struct rig *r)
{
  for (uint32_t n = 1; n < 70; n++) {
    struct machine *m = rig_another(r);
    struct rig one = *r;
    one.m = m;
    one.at = RIG_CODE;
    for (int i = 0; i < 20; i++) {
      emit(&one, ISA_LUI, REG_A0, 0, 0, 0x12345000);
      emit(&one, ISA_ADDI, REG_A0, REG_A0, 0, 0x678);
      emit(&one, ISA_SLTU, REG_A1, REG_A0, REG_A2, 0);
      emit(&one, ISA_BNE, REG_A1, REG_ZERO, 0, 8);
    }
    set_cr(&one, CR_PSW, PSW_IE_MASK);
    set_cr(&one, CR_TIMER, n);
    struct machine_stop s = machine_run(m, 1000);
    assert_int_equal(s.why, MACHINE_TRAP);
    assert_int_equal(s.trap.cause, CAUSE_TIMER);
    assert_true(machine_tick(m) == n);
    assert_int_equal(s.trap.epc, RIG_CODE + 4 * n);
    assert_int_equal(machine_get_pc(m), s.trap.epc);
    machine_destroy(m);
  }
}

/* -------------------------------------------------- 2. stopped, until_tick */

static void stopped_for_good_answers_so(struct rig *r)
{
  emit_none(r, ISA_HALT);
  assert_int_equal(machine_run(r->m, 1).why, MACHINE_HALTED);
  uint64_t before = machine_state_hash(r->m);
  set_cr(r, CR_PSW, PSW_IE_MASK);
  set_cr(r, CR_IPEND, ALL_LINES);
  assert_int_equal(machine_run(r->m, 0).why, MACHINE_HALTED);
  assert_int_equal(machine_run(r->m, 1).why, MACHINE_HALTED);
  assert_int_equal(machine_run(r->m, 1000).why, MACHINE_HALTED);
  assert_true(now(r) == 1);
  set_cr(r, CR_PSW, 0);
  set_cr(r, CR_IPEND, 0);
  assert_true(machine_state_hash(r->m) == before);
}

static void limit_looks_at_nothing_below(struct rig *r)
{
  run_to(r, 0);
  set_cr(r, CR_PSW, PSW_IE_MASK);
  set_cr(r, CR_IPEND, ALL_LINES);
  run_to(r, 0); /* no interrupt is reported, … */
  set_cr(r, CR_PSW, 0);
  machine_set_pc(r->m, 3);
  run_to(r, 0); /* no fetch is tried, … */
  machine_set_run_state(r->m, MACHINE_WAITING);
  run_to(r, 0); /* and nothing wakes */
  assert_int_equal(machine_run_state(r->m), MACHINE_WAITING);
  set_cr(r, CR_IPEND, 0);
  machine_idle(r->m, 10);
  machine_set_run_state(r->m, MACHINE_RUNNING);
  assert_int_equal(machine_run(r->m, 5).why, MACHINE_LIMIT); /* a tick long past */
  assert_true(now(r) == 10);
}

static void never_passes_until(struct rig *r)
{
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8);
  uint64_t seed = 1, until = 0;
  for (int i = 0; i < 2000; i++) {
    until += random_below(&seed, i % 2 ? 4 : 300);
    run_to(r, until);
    assert_int_equal(reg(r, REG_A0), until - until / 3);
  }
}

/* -------------------------------------------------------------- 3. waiting */

static void wait_for(struct rig *r, uint32_t imask)
{
  emit_none(r, ISA_WFI);
  emit_nops(r, 50);
  set_cr(r, CR_IMASK, imask);
}

static void wakes_whatever_ie_says(struct rig *r)
{
  wait_for(r, ALL_LINES);
  set_cr(r, CR_IPEND, DISK_LINE);
  steps(r, 1);
  assert_int_equal(machine_run_state(r->m), MACHINE_WAITING);
  steps(r, 1); /* waking takes no tick */
  assert_int_equal(machine_run_state(r->m), MACHINE_RUNNING);
  assert_int_equal(machine_get_pc(r->m), RIG_CODE + 8);
  assert_int_equal(cr(r, CR_IPEND), DISK_LINE);
}

static void wakes_and_takes_the_interrupt(struct rig *r)
{
  wait_for(r, ALL_LINES);
  set_cr(r, CR_PSW, PSW_IE_MASK);
  set_cr(r, CR_TIMER, 500);
  struct machine_stop s = machine_run(r->m, 1000);
  assert_int_equal(s.why, MACHINE_TRAP);
  assert_int_equal(s.trap.cause, CAUSE_TIMER);
  assert_int_equal(s.trap.epc, RIG_CODE + 4);
  assert_true(now(r) == 500);
  assert_int_equal(machine_run_state(r->m), MACHINE_RUNNING);
}

static void masked_lines_do_not_wake(struct rig *r)
{
  wait_for(r, DISK_LINE);
  set_cr(r, CR_TIMER, 100);
  machine_console_input(r->m, 200, 'x');
  assert_int_equal(machine_run(r->m, 1000).why, MACHINE_WAITS);
  assert_true(now(r) == 200); /* each event on the way happened */
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE | CONSOLE_LINE);
  assert_int_equal(machine_run_state(r->m), MACHINE_WAITING);
  /* The owner may still help. */
  set_cr(r, CR_IMASK, CONSOLE_LINE);
  steps(r, 1);
  assert_int_equal(machine_get_pc(r->m), RIG_CODE + 8);
}

static void time_jumps_to_the_event_or_until(struct rig *r)
{
  wait_for(r, ALL_LINES);
  set_cr(r, CR_TIMER, 100);
  run_to(r, 60);
  assert_int_equal(machine_run_state(r->m), MACHINE_WAITING);
  assert_int_equal(cr(r, CR_TIMER), 40);
  run_to(r, 100);
  assert_int_equal(machine_run_state(r->m), MACHINE_WAITING);
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE);
  run_to(r, 101);
  assert_int_equal(machine_get_pc(r->m), RIG_CODE + 8);
}

static void waits_forever_at_once(struct rig *r)
{
  wait_for(r, ALL_LINES);
  assert_int_equal(machine_run(r->m, 1000).why, MACHINE_WAITS);
  assert_true(now(r) == 1);
  assert_int_equal(machine_advance(r->m, 1000).why, MACHINE_WAITS);
  assert_true(now(r) == 1);
  machine_console_input(r->m, 50, 'x');
  run_to(r, 60); /* it was waiting for this */
  assert_int_equal(machine_get_pc(r->m), RIG_CODE + 4 + 4 * 10);
}

/* ------------------------------------------------------------ 4. interrupts */

static void lowest_line_is_taken(struct rig *r)
{
  static const enum isa_cause causes[] = {CAUSE_TIMER, CAUSE_CONSOLE, CAUSE_DISK, CAUSE_CHANNEL,
                                          CAUSE_NETWORK};
  set_cr(r, CR_PSW, psw(0, PSW_IE_MASK | PSW_C_MASK));
  for (uint32_t mask = 1; mask <= ALL_LINES; mask++) {
    for (uint32_t lines = 1; lines <= ALL_LINES; lines++) {
      set_cr(r, CR_IMASK, mask);
      set_cr(r, CR_IPEND, lines);
      if (lines & mask) {
        expect_interrupt(r, causes[__builtin_ctz(lines & mask)]);
      }
    }
  }
}

static void no_interrupt_without_ie_or_mask(struct rig *r)
{
  emit_nops(r, 8);
  set_cr(r, CR_IPEND, ALL_LINES);
  steps(r, 2);
  set_cr(r, CR_PSW, PSW_IE_MASK);
  set_cr(r, CR_IMASK, 0);
  steps(r, 2);
  set_cr(r, CR_IPEND, DISK_LINE);
  set_cr(r, CR_IMASK, ALL_LINES & ~(uint32_t)DISK_LINE);
  steps(r, 2);
  set_cr(r, CR_IMASK, DISK_LINE);
  expect_interrupt(r, CAUSE_DISK);
}

static void interrupts_in_user_mode(struct rig *r)
{
  emit_nops(r, 100);
  set_cr(r, CR_PSW, psw(1, PSW_IE_MASK));
  set_cr(r, CR_TIMER, 33);
  assert_int_equal(machine_run(r->m, 90).why, MACHINE_TRAP);
  assert_true(now(r) == 33);
  expect_interrupt(r, CAUSE_TIMER);
}

static void interrupt_comes_before_the_fetch(struct rig *r)
{
  set_cr(r, CR_PSW, PSW_IE_MASK);
  set_cr(r, CR_IPEND, CONSOLE_LINE);
  static const uint32_t pcs[] = {0x1001, RIG_STORAGE, 0xfffffffe, 0x1000};
  for (size_t i = 0; i < 4; i++) {
    machine_set_pc(r->m, pcs[i]);
    expect_interrupt(r, CAUSE_CONSOLE);
  }
}

/* --------------------------------------------------- 5. the order of traps */

static void fetch_alignment_comes_first(struct rig *r)
{
  set_cr(r, CR_BOUND, 0x1000);
  set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
  for (uint32_t low = 1; low < 4; low++) {
    machine_set_pc(r->m, 0x1000 + low);
    expect_trap(r, CAUSE_ALIGNMENT, 0x1000 + low, 0);
    machine_set_pc(r->m, 0xfffffffc + low);
    expect_trap(r, CAUSE_ALIGNMENT, 0xfffffffc + low, 0);
  }
}

static void fetch_translation_comes_before_bus(struct rig *r)
{
  set_cr(r, CR_BOUND, RIG_STORAGE);
  set_cr(r, CR_PSW, PSW_TE_MASK);
  machine_set_pc(r->m, RIG_STORAGE);
  expect_trap(r, CAUSE_BOUNDS, RIG_STORAGE, 0);
  set_cr(r, CR_BOUND, RIG_STORAGE + 4);
  expect_trap(r, CAUSE_BUS, RIG_STORAGE, 0);
}

static void jump_to_misaligned_completes(struct rig *r)
{
  emit(r, ISA_JALR, REG_RA, REG_A1, 0, 0);
  set_reg(r, REG_A1, 0x2003);
  steps(r, 1);
  assert_int_equal(reg(r, REG_RA), RIG_CODE + 4);
  expect_trap(r, CAUSE_ALIGNMENT, 0x2002, 0); /* bit 0 is dropped */
}

static void illegal_words(struct rig *r)
{
  static const uint32_t words[] = {
      0, 0xffffffff, 0x01000000, 0x0fffffff, 0x1f000000,
  };
  for (unsigned mode = 0; mode < 2; mode++) {
    set_cr(r, CR_PSW, psw(mode, 0));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
      put_word(r, RIG_CODE, words[i]);
      expect_trap(r, CAUSE_ILLEGAL, 0, words[i]);
    }
    r->at = RIG_CODE;
    uint32_t unused_bit = emit(r, ISA_ADD, REG_A0, REG_A0, REG_A0, 0) | 1;
    put_word(r, RIG_CODE, unused_bit);
    expect_trap(r, CAUSE_ILLEGAL, 0, unused_bit);
    r->at = RIG_CODE;
    unused_bit = emit_none(r, ISA_RFE) | 0x800;
    put_word(r, RIG_CODE, unused_bit);
    expect_trap(r, CAUSE_ILLEGAL, 0, unused_bit);
  }
}

/* What the profile lacks is illegal in every mode, before it is privileged. */
static void absent_is_illegal(struct rig *r)
{
  static const enum isa_insn absent[] = {ISA_TLBW, ISA_TLBP, ISA_TLBI, ISA_SSK,
                                         ISA_ISK,  ISA_SIO,  ISA_TIO};
  static const enum isa_cr registers[] = {CR_PTBR, CR_ASID, CR_TLBHI, CR_TLBLO, CR_TLBIX};
  for (unsigned mode = 0; mode < 2; mode++) {
    set_cr(r, CR_PSW, psw(mode, 0));
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
      r->at = RIG_CODE;
      expect_trap(r, CAUSE_ILLEGAL, 0, emit(r, absent[i], 0, 0, 0, 0));
    }
    for (size_t i = 0; i < sizeof registers / sizeof *registers; i++) {
      r->at = RIG_CODE;
      expect_trap(r, CAUSE_ILLEGAL, 0, emit_cr(r, ISA_MFCR, REG_A0, registers[i]));
      r->at = RIG_CODE;
      expect_trap(r, CAUSE_ILLEGAL, 0, emit_cr(r, ISA_MTCR, REG_A0, registers[i]));
    }
    r->at = RIG_CODE;
    uint32_t no_such = emit_cr(r, ISA_MFCR, REG_A0, CR_PSW) | 0x80;
    put_word(r, RIG_CODE, no_such);
    expect_trap(r, CAUSE_ILLEGAL, 0, no_such);
  }
}

/* Every system instruction of pg, with operands that would fault. */
static void privileged_comes_before_operands(struct rig *r)
{
  set_cr(r, CR_PSW, psw(1, PSW_IE_MASK | PSW_V_MASK));
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    set_reg(r, reg, 0xffffffff);
  }
  unsigned found = 0;
  for (enum isa_insn insn = 0; insn < ISA_INSN_COUNT; insn++) {
    const struct profile_behaviour *b = profile_behaviour(r->profile, insn, 1);
    if (b->kind != PROFILE_TRAP) {
      continue;
    }
    found++;
    r->at = RIG_CODE;
    expect_trap(r, CAUSE_PRIVILEGED, 0, emit(r, insn, 0, 0, 0, 0));
  }
  assert_true(found > 20);
}

static void errant_instructions_trap_in_every_mode(struct rig *r)
{
  for (unsigned mode = 0; mode < 2; mode++) {
    set_cr(r, CR_PSW, psw(mode, 0));
    r->at = RIG_CODE;
    expect_trap(r, CAUSE_SYSCALL, 0, emit(r, ISA_SYS, 0, 0, 0, 0xffff));
    r->at = RIG_CODE;
    expect_trap(r, CAUSE_BREAKPOINT, 0, emit_none(r, ISA_BRK));
    r->at = RIG_CODE;
    expect_trap(r, CAUSE_HYPERCALL, 0, emit(r, ISA_HCALL, 0, 0, 0, 1));
  }
}

static void operand_order(struct rig *r)
{
  emit(r, ISA_LW, REG_A0, REG_A1, 0, 0);
  uint32_t load = word_at(r, RIG_CODE), store = emit(r, ISA_SH, REG_A0, REG_A1, 0, 0);
  set_cr(r, CR_BOUND, 0x2000);
  set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
  set_reg(r, REG_A1, 0xfffffffd); /* misaligned, beyond the bound and storage */
  expect_trap(r, CAUSE_ALIGNMENT, 0xfffffffd, load);
  set_reg(r, REG_A1, 0xfffffffc); /* beyond both */
  expect_trap(r, CAUSE_BOUNDS, 0xfffffffc, load);
  set_cr(r, CR_BOUND, 0xffffffff);
  set_reg(r, REG_A1, 0xfffffff0);
  expect_trap(r, CAUSE_BUS, 0xfffffff0, load);
  machine_set_pc(r->m, RIG_CODE + 4);
  set_reg(r, REG_A1, 0xfffffff1);
  expect_trap(r, CAUSE_ALIGNMENT, 0xfffffff1, store);
  set_reg(r, REG_A1, 0xfffffff2);
  expect_trap(r, CAUSE_BUS, 0xfffffff2, store);
}

/* expect_trap() compares the whole state: no register, stack pointer, flag,
 * storage or device changes. */
static void trapping_changes_nothing(struct rig *r)
{
  static const uint32_t bad[] = {0x2001, RIG_STORAGE, 0xfffffffc, 0xffffffff};
  static const enum isa_insn insns[] = {ISA_LW,   ISA_LH,     ISA_SW,     ISA_SH,  ISA_POPF,
                                        ISA_LPSW, ISA_LDPREV, ISA_STPREV, ISA_SVBR};
  set_cr(r, CR_PSW, psw(0, PSW_C_MASK));
  for (size_t i = 0; i < sizeof insns / sizeof *insns; i++) {
    for (size_t k = 0; k < 4; k++) {
      r->at = RIG_CODE;
      set_reg(r, REG_SP, bad[k]);
      uint32_t word = emit(r, insns[i], insns[i] == ISA_POPF ? 0 : REG_SP,
                           insns[i] == ISA_POPF ? 0 : REG_SP, 0, 0);
      expect_trap(r, bad[k] & 1 ? CAUSE_ALIGNMENT : CAUSE_BUS, bad[k], word);
    }
  }
  set_reg(r, REG_SP, 4 + 3);
  r->at = RIG_CODE;
  expect_trap(r, CAUSE_ALIGNMENT, 3, emit_none(r, ISA_PUSHF));
  set_reg(r, REG_SP, 0);
  expect_trap(r, CAUSE_BUS, 0xfffffffc, word_at(r, RIG_CODE));
  /* The second word of two. */
  set_reg(r, REG_A1, RIG_STORAGE - 4);
  r->at = RIG_CODE;
  expect_trap(r, CAUSE_BUS, RIG_STORAGE, emit(r, ISA_LPSW, 0, REG_A1, 0, 0));
  set_reg(r, REG_A1, 0x777);
  r->at = RIG_CODE;
  expect_trap(r, CAUSE_BUS, 0x777, emit(r, ISA_IN, REG_A1, REG_A1, 0, 0));
  r->at = RIG_CODE;
  expect_trap(r, CAUSE_BUS, 0x777, emit(r, ISA_OUT, REG_A1, REG_A1, 0, 0));
}

/* ------------------------------------------------------ 6. and what follows */

static void completing_takes_a_tick(struct rig *r)
{
  emit(r, ISA_ADDI, REG_A0, REG_ZERO, 0, 5);
  emit(r, ISA_BEQ, REG_ZERO, REG_ZERO, 0, 8);
  emit_nops(r, 1);
  emit(r, ISA_JAL, REG_RA, 0, 0, 8);
  emit_nops(r, 1);
  emit(r, ISA_DIV, REG_A0, REG_A0, REG_ZERO, 0);
  emit(r, ISA_SW, REG_A0, REG_ZERO, 0, 0x200);
  emit_none(r, ISA_STI);
  run_to(r, 6);
  assert_int_equal(machine_get_pc(r->m), RIG_CODE + 4 * 8);
  assert_int_equal(machine_stats(r->m)->instructions, 6);
}

/* After `set` with a line pending, the very next boundary takes it. */
static void effect_at_next_boundary(struct rig *r, uint32_t word)
{
  machine_set_pc(r->m, r->at);
  put_word(r, r->at, word);
  r->at += 4;
  steps(r, 1);
  expect_interrupt(r, CAUSE_TIMER);
}

static void sti_popf_mtcr_rfe_take_effect_next(struct rig *r)
{
  set_cr(r, CR_IPEND, TIMER_LINE);
  effect_at_next_boundary(r, program_word(ISA_STI, 0, 0, 0, 0));
  assert_int_equal(machine_get_pc(r->m), r->at);
  set_cr(r, CR_PSW, 0);
  set_reg(r, REG_SP, 0x2000);
  put_word(r, 0x2000, PSW_IE_MASK);
  effect_at_next_boundary(r, program_word(ISA_POPF, 0, 0, 0, 0));
  set_cr(r, CR_PSW, 0);
  set_reg(r, REG_A0, PSW_IE_MASK);
  effect_at_next_boundary(r, program_cr_word(ISA_MTCR, REG_A0, CR_PSW));
  set_cr(r, CR_PSW, 0);
  set_cr(r, CR_EPSW, PSW_IE_MASK);
  set_cr(r, CR_EPC, 0x3003);
  effect_at_next_boundary(r, program_word(ISA_RFE, 0, 0, 0, 0));
  assert_int_equal(machine_get_pc(r->m), 0x3003);
  set_cr(r, CR_PSW, 0);
  put_word(r, 0x2004, 0x3004);
  effect_at_next_boundary(r, program_word(ISA_LPSW, 0, REG_ZERO, 0, 0x2000));
  assert_int_equal(machine_get_pc(r->m), 0x3004);
  set_cr(r, CR_IMASK, 0);
  effect_at_next_boundary(r, program_word(ISA_SPL, 0, 0, 0, 4));
  set_cr(r, CR_IMASK, 0);
  set_reg(r, REG_A0, 1);
  effect_at_next_boundary(r, program_cr_word(ISA_MTCR, REG_A0, CR_IMASK));
  set_cr(r, CR_IPEND, 0);
  effect_at_next_boundary(r, program_cr_word(ISA_MTCR, REG_A0, CR_IPEND));
}

/* No shadow after sti, none before cli. */
static void sti_cli_leaves_one_boundary(struct rig *r)
{
  emit_none(r, ISA_STI);
  emit_none(r, ISA_CLI);
  set_cr(r, CR_IPEND, DISK_LINE);
  assert_int_equal(machine_run(r->m, 100).why, MACHINE_TRAP);
  assert_true(now(r) == 1);
  expect_interrupt(r, CAUSE_DISK);
  set_cr(r, CR_IPEND, 0);
  steps(r, 1);
  set_cr(r, CR_IPEND, DISK_LINE);
  emit_nops(r, 3);
  steps(r, 3);
}

/* Changes of the map by the program itself, from one instruction to the next. */
static void map_changes_take_effect_next(struct rig *r)
{
  set_reg(r, REG_A0, PSW_TE_MASK);
  uint32_t set = emit_cr(r, ISA_MTCR, REG_A0, CR_PSW);
  set_cr(r, CR_BASE, 0x2000);
  set_cr(r, CR_BOUND, 0x2000);
  r->at = 0x3004;
  set_reg(r, REG_A1, 0x5000);
  set_reg(r, REG_A2, 0x1010);
  emit_cr(r, ISA_MTCR, REG_A1, CR_BASE); /* goes on at 0x5000 + 0x1008 */
  r->at = 0x6008;
  emit_cr(r, ISA_MTCR, REG_A2, CR_BOUND);
  emit_nops(r, 2);
  steps(r, 4);
  assert_int_equal(word_at(r, RIG_CODE), set);
  assert_int_equal(machine_get_pc(r->m), 0x1010);
  expect_trap(r, CAUSE_BOUNDS, 0x1010, 0);
}

static void mode_changes_take_effect_next(struct rig *r)
{
  emit(r, ISA_JUSER, 0, REG_ZERO, 0, 0x1100);
  set_cr(r, CR_BOUND, 0x10000);
  r->at = 0x1100;
  uint32_t cli = emit_none(r, ISA_CLI);
  steps(r, 1);
  assert_int_equal(cr(r, CR_PSW), psw(1, PSW_TE_MASK));
  expect_trap(r, CAUSE_PRIVILEGED, 0, cli);
}

static void delivery_takes_a_tick_trap_none(struct rig *r)
{
  set_vector(r, CAUSE_SYSCALL, 0x2000);
  emit_nops(r, 3);
  uint32_t sys = emit(r, ISA_SYS, 0, 0, 0, 7);
  steps(r, 3);
  expect_trap(r, CAUSE_SYSCALL, 0, sys);
  assert_true(now(r) == 3);
  struct trap trap = {.cause = CAUSE_SYSCALL, .epc = RIG_CODE + 12, .insn = sys};
  assert_true(machine_deliver(r->m, &trap));
  assert_true(now(r) == 4);
  assert_int_equal(machine_stats(r->m)->instructions, 3);
}

/* ------------------------------------------- events belong to the state at t */

static void events_have_happened_for_whoever_looks(struct rig *r)
{
  emit_nops(r, 20);
  set_cr(r, CR_TIMER, 3);
  run_to(r, 3);
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE);
  set_cr(r, CR_IPEND, 0);
  set_cr(r, CR_TIMER, 5);
  assert_true(machine_idle(r->m, 8) == 8);
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE);
  set_cr(r, CR_IPEND, 0);
  set_cr(r, CR_TIMER, 1);
  set_vector(r, CAUSE_SYSCALL, 0x2000);
  struct trap trap = {.cause = CAUSE_SYSCALL};
  assert_true(machine_deliver(r->m, &trap));
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE);
  machine_console_input(r->m, 0, 'x'); /* arrives now */
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE | CONSOLE_LINE);
  uint32_t value;
  assert_true(machine_port_in(r->m, PORT_CONSOLE_DATA, &value));
  assert_int_equal(value, 'x');
}

/* At every tick of a run with events galore. */
static void timer_never_reads_0_while_armed(struct rig *r)
{
  uint64_t seed = 5;
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  unsigned raised = 0;
  bool armed = false;
  for (int i = 0; i < 3000; i++) {
    if (!armed && random_below(&seed, 3) == 0) {
      set_cr(r, CR_TIMER, 1 + random_below(&seed, 9));
      armed = true;
    }
    if (random_below(&seed, 9) == 0) {
      machine_console_input(r->m, now(r) + random_below(&seed, 5), 'x');
    }
    run_to(r, now(r) + 1);
    bool fired = (cr(r, CR_IPEND) & TIMER_LINE) != 0;
    assert_int_equal(cr(r, CR_TIMER) != 0, armed && !fired);
    assert_true(machine_next_event(r->m) > now(r));
    armed = armed && !fired;
    raised += fired;
    set_cr(r, CR_IPEND, 0);
  }
  assert_true(raised > 300);
}

static void run_that_ends_at_t_leaves_it_waiting(struct rig *r)
{
  wait_for(r, ALL_LINES);
  set_cr(r, CR_PSW, PSW_IE_MASK);
  set_cr(r, CR_TIMER, 7);
  run_to(r, 7);
  assert_int_equal(machine_run_state(r->m), MACHINE_WAITING);
  assert_int_equal(cr(r, CR_IPEND), TIMER_LINE);
  assert_int_equal(machine_run(r->m, 8).why, MACHINE_TRAP);
  assert_int_equal(machine_run_state(r->m), MACHINE_RUNNING);
}

/* Running to t and then to t + n is the same as running to t + n. */
static bool same_in_pieces(uint64_t seed, enum machine_engine engine, bool lose_a_line)
{
  struct program whole, pieces;
  program_create(&whole, seed, engine);
  program_create(&pieces, seed, engine);
  struct machine_stop a = machine_advance(whole.machine, 5000), b;
  do {
    b = machine_advance(pieces.machine, machine_tick(pieces.machine) + random_below(&seed, 90));
    if (lose_a_line) {
      machine_set_cr(pieces.machine, CR_IPEND, 0);
    }
  } while (b.why == MACHINE_LIMIT && machine_tick(pieces.machine) < 4900);
  b = machine_advance(pieces.machine, 5000);
  bool same =
      a.why == b.why && machine_state_hash(whole.machine) == machine_state_hash(pieces.machine);
  program_destroy(&whole);
  program_destroy(&pieces);
  return same;
}

static void running_in_pieces_is_the_same(struct rig *r)
{
  bool noticed = false;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    assert_true(same_in_pieces(seed, r->engine, false));
    noticed = noticed || !same_in_pieces(seed, r->engine, true);
  }
  assert_true(noticed); /* the comparison can fail */
}

/* -------------------------------------------------------- the owner's hand */

static void owner_settings_hold_from_the_next_boundary(struct rig *r)
{
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  steps(r, 1000);
  set_cr(r, CR_IPEND, TIMER_LINE);
  steps(r, 100);
  set_cr(r, CR_PSW, PSW_IE_MASK);
  expect_interrupt(r, CAUSE_TIMER);
  set_cr(r, CR_PSW, psw(1, 0));
  steps(r, 100);
  set_cr(r, CR_PSW, 0);
  uint32_t two = program_word(ISA_ADDI, REG_A0, REG_A0, 0, 2);
  uint32_t before = reg(r, REG_A0);
  put_word(r, RIG_CODE, two); /* the loop's own code, while it is hot */
  steps(r, 100);
  assert_int_equal(reg(r, REG_A0), before + 100);
  assert_true(machine_phys_write(r->m, gpa(RIG_CODE + 3), "\0", 1)); /* a byte of it */
  machine_set_pc(r->m, RIG_CODE);
  expect_trap(r, CAUSE_ILLEGAL, 0, two & 0x00ffffff);
}

/* ------------------------------------------- storage and decoded code agree */

/* Code that writes the word `distance` after the store, by `store`, while the
 * old word there is decoded and hot. */
static void overwrite(struct rig *r, enum isa_insn store, uint32_t distance)
{
  uint32_t words = distance / 4;
  r->at = 0x3000;
  emit(r, store, REG_A1, REG_A2, 0, (uint32_t)(0x3000 + distance - 0x3800));
  for (uint32_t i = 1; i <= words + 2; i++) {
    emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  }
  uint32_t back = r->at - 0x3000;
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t) - (int32_t)back);
  set_reg(r, REG_A2, 0x3800);
  set_reg(r, REG_A1, word_at(r, 0x3000 + distance)); /* as it is: nothing changes */
  machine_set_pc(r->m, 0x3000);
  steps(r, 20 * (words + 4));
  uint32_t added = 100;
  set_reg(r, REG_A1, program_word(ISA_ADDI, REG_A0, REG_A0, 0, added));
  set_reg(r, REG_A0, 0);
  steps(r, words + 4);
  assert_int_equal(machine_get_pc(r->m), 0x3000);
  assert_int_equal(reg(r, REG_A0), words + 1 + added);
}

static void stores_reach_code_at_once(struct rig *r)
{
  static const enum isa_insn stores[] = {ISA_SW, ISA_SH, ISA_SB, ISA_STPREV};
  for (size_t i = 0; i < 4; i++) {
    for (uint32_t distance = 4; distance < 40; distance += 4) {
      overwrite(r, stores[i], distance);
    }
  }
}

/* The same storage at two addresses: stores by one, execution by the other. */
static void stores_reach_code_mapped_elsewhere(struct rig *r)
{
  static const uint32_t bases[] = {0x2000, 0x2004, 0x5ff8};
  for (size_t i = 0; i < 3; i++) {
    uint32_t base = bases[i], code = base + 0x1000;
    uint32_t loop[] = {program_word(ISA_ADDI, REG_A0, REG_A0, 0, 1),
                       program_word(ISA_STPREV, REG_A1, REG_A2, 0, 0),
                       program_word(ISA_ADDI, REG_A0, REG_A0, 0, 1),
                       program_word(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-12)};
    assert_true(machine_phys_write(r->m, gpa(code), loop, sizeof loop));
    set_cr(r, CR_PSW, psw_set_pmode(0, 1)); /* fetches untranslated, stprev translated */
    set_cr(r, CR_BASE, base);
    set_cr(r, CR_BOUND, 0x8000);
    set_reg(r, REG_A1, loop[2]);
    set_reg(r, REG_A2, code + 8 - base);
    machine_set_pc(r->m, code);
    steps(r, 400);
    set_reg(r, REG_A0, 0);
    set_reg(r, REG_A1, program_word(ISA_ADDI, REG_A0, REG_A0, 0, 50));
    steps(r, 400);
    assert_int_equal(reg(r, REG_A0), 100 * 51);
  }
}

/* Whatever caches stand between a store and the digest. */
static void digest_follows_every_store(struct rig *r)
{
  uint64_t seed = 9;
  set_cr(r, CR_BOUND, 0x8000);
  r->at = 0x100;
  emit(r, ISA_SW, REG_A0, REG_A1, 0, 0);
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8);
  uint8_t code[12];
  assert_true(machine_phys_read(r->m, gpa(0x100), code, sizeof code));
  for (uint32_t base = 0x2000; base < 0x8000; base += 0x2000) {
    assert_true(machine_phys_write(r->m, gpa(base + 0x100), code, sizeof code));
  }
  uint64_t last = machine_storage_digest(r->m);
  for (int i = 0; i < 300; i++) {
    uint32_t base = random_below(&seed, 4) * 0x2000;
    set_cr(r, CR_BASE, base);
    set_cr(r, CR_PSW, base ? PSW_TE_MASK : 0);
    set_reg(r, REG_A1, 0x1000 * random_below(&seed, 8) + 0x800);
    machine_set_pc(r->m, 0x100);
    steps(r, 3 * (1 + random_below(&seed, 5)));
    uint64_t digest = machine_storage_digest(r->m);
    assert_true(digest != last); /* what it stores is new each time */
    last = digest;
    struct machine *fresh = rig_another(r);
    uint8_t page[ISA_PAGE_SIZE];
    for (uint32_t at = 0; at < RIG_STORAGE; at += ISA_PAGE_SIZE) {
      assert_true(machine_phys_read(r->m, gpa(at), page, sizeof page));
      assert_true(machine_phys_write(fresh, gpa(at), page, sizeof page));
    }
    assert_true(machine_storage_digest(fresh) == digest);
    machine_destroy(fresh);
  }
}

static void setting_state_leaves_the_run_state(struct rig *r)
{
  wait_for(r, ALL_LINES);
  steps(r, 1);
  for (unsigned i = 0; i < 2; i++) {
    set_reg(r, REG_A0, 1);
    machine_set_pc(r->m, 0x1040);
    set_cr(r, CR_IPEND, i);
    set_cr(r, CR_PSW, PSW_IE_MASK);
    put_word(r, 0x2000, 1);
    assert_int_equal(machine_run_state(r->m), MACHINE_WAITING);
  }
}

static void delivery_makes_a_waiting_machine_run(struct rig *r)
{
  set_vector(r, CAUSE_SYSCALL, 0x2000);
  wait_for(r, ALL_LINES);
  steps(r, 1);
  struct trap trap = {.cause = CAUSE_SYSCALL};
  assert_true(machine_deliver(r->m, &trap));
  assert_int_equal(machine_run_state(r->m), MACHINE_RUNNING);
}

int main(void)
{
  static const struct rig_case cases[] = {
      RIG_CASE(events_happen_in_device_order),
      RIG_CASE(events_happen_at_their_tick),
      RIG_CASE(stopped_for_good_answers_so),
      RIG_CASE(limit_looks_at_nothing_below),
      RIG_CASE(never_passes_until),
      RIG_CASE(wakes_whatever_ie_says),
      RIG_CASE(wakes_and_takes_the_interrupt),
      RIG_CASE(masked_lines_do_not_wake),
      RIG_CASE(time_jumps_to_the_event_or_until),
      RIG_CASE(waits_forever_at_once),
      RIG_CASE(lowest_line_is_taken),
      RIG_CASE(no_interrupt_without_ie_or_mask),
      RIG_CASE(interrupts_in_user_mode),
      RIG_CASE(interrupt_comes_before_the_fetch),
      RIG_CASE(fetch_alignment_comes_first),
      RIG_CASE(fetch_translation_comes_before_bus),
      RIG_CASE(jump_to_misaligned_completes),
      RIG_CASE(illegal_words),
      RIG_CASE(absent_is_illegal),
      RIG_CASE(privileged_comes_before_operands),
      RIG_CASE(errant_instructions_trap_in_every_mode),
      RIG_CASE(operand_order),
      RIG_CASE(trapping_changes_nothing),
      RIG_CASE(completing_takes_a_tick),
      RIG_CASE(sti_popf_mtcr_rfe_take_effect_next),
      RIG_CASE(sti_cli_leaves_one_boundary),
      RIG_CASE(map_changes_take_effect_next),
      RIG_CASE(mode_changes_take_effect_next),
      RIG_CASE(delivery_takes_a_tick_trap_none),
      RIG_CASE(events_have_happened_for_whoever_looks),
      RIG_CASE(timer_never_reads_0_while_armed),
      RIG_CASE(run_that_ends_at_t_leaves_it_waiting),
      RIG_CASE(running_in_pieces_is_the_same),
      RIG_CASE(owner_settings_hold_from_the_next_boundary),
      RIG_CASE(stores_reach_code_at_once),
      RIG_CASE(stores_reach_code_mapped_elsewhere),
      RIG_CASE(digest_follows_every_store),
      RIG_CASE(setting_state_leaves_the_run_state),
      RIG_CASE(delivery_makes_a_waiting_machine_run),
  };
  return RIG_RUN(cases);
}
