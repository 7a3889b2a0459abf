/* The hypercall interface, call by call: docs/paravirt.md, "The interface", against
 * vmm/techniques/paravirt.c in a VMM. What a guest does that means harm is in
 * test_paravirt_hostile.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyper_rig.h"
#include "machine/checkpoint.h"
#include "machine/devices/ports.h"
#include "machine/snapshot.h"
#include "tests/common/program.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TIMER_LINE   1u
#define CONSOLE_LINE 2u
#define DISK_LINE    4u
#define LOOP         (HYPER_RIG_CALLS + 8 * 60 + 4) /* a jump to itself */

static struct hyper_rig open_rig(void)
{
  struct hyper_rig r;
  hyper_rig_open(&r, "pg", VMM_TECHNIQUE_PARAVIRT);
  hyper_register(r.vm);
  return r;
}

/* The guest loops for so many ticks; what is delivered counts. */
static void loop(struct machine *m, uint64_t ticks)
{
  machine_set_pc(m, LOOP);
  machine_advance(m, machine_tick(m) + ticks);
}

static bool at_entry(struct machine *m)
{
  return machine_get_pc(m) == HYPER_RIG_ENTRY;
}

/* ------------------------------------------------------- who may ask, and for what */

static void off_by_default(void **state)
{
  (void)state;
  struct hyper_rig r;
  hyper_rig_open(&r, "pg", VMM_TECHNIQUE_TRAP_AND_EMULATE);
  machine_set_pc(r.vm, HYPER_RIG_CALLS);
  struct machine_stop stop = machine_run(r.vm, 10);
  assert_int_equal(stop.why, MACHINE_TRAP);
  assert_int_equal(stop.trap.cause, CAUSE_HYPERCALL);
  assert_int_equal(vmm_vm_stats(r.vm)->hypercalls, 0);
  hyper_rig_close(&r);
}

static void version(void **state)
{
  (void)state;
  struct hyper_rig r;
  hyper_rig_open(&r, "x86", VMM_TECHNIQUE_PARAVIRT);
  assert_int_equal(hyper_ask(r.vm, HYPER_VERSION, 7, 0), HYPER_VERSION_1);
  assert_int_equal(machine_get_pc(r.vm), HYPER_RIG_CALLS + 4);
  assert_int_equal(vmm_vm_stats(r.vm)->hypercalls, 1);
  assert_int_equal(vmm_vm_stats(r.vm)->refused, 0);
  hyper_rig_close(&r);
}

static void refusals(void **state)
{
  (void)state;
  static const struct {
    uint32_t n, a0, a1, answer;
  } asked[] = {
      {HYPER_CALLS, 0, 0, HYPER_ERROR_CALL},
      {63, 0, 0, HYPER_ERROR_CALL},
      {HYPER_IRET, 0, 0, HYPER_ERROR_PAGE},
      {HYPER_EVENTS, 0, 0, HYPER_ERROR_PAGE},
      {HYPER_KICK, 0, 0, HYPER_ERROR_PAGE},
      {HYPER_REGISTER, HYPER_RIG_PAGE + 4, HYPER_RIG_ENTRY, HYPER_ERROR_ADDRESS},
      {HYPER_REGISTER, HYPER_RIG_PAGE + 2048, HYPER_RIG_ENTRY, HYPER_ERROR_ADDRESS},
      {HYPER_REGISTER, HYPER_RIG_STORAGE, HYPER_RIG_ENTRY, HYPER_ERROR_ADDRESS},
      {HYPER_REGISTER, 0xfffff000, HYPER_RIG_ENTRY, HYPER_ERROR_ADDRESS},
      {HYPER_REGISTER, 0x80000000, HYPER_RIG_ENTRY, HYPER_ERROR_ADDRESS},
      {HYPER_REGISTER, HYPER_RIG_PAGE, HYPER_RIG_ENTRY + 2, HYPER_ERROR_ADDRESS},
      {HYPER_REGISTER, HYPER_RIG_STORAGE - 4096, 0xfffffffc, HYPER_OK},
      {HYPER_REGISTER, HYPER_RIG_PAGE, HYPER_RIG_ENTRY, HYPER_ERROR_STATE},
  };
  struct hyper_rig r;
  hyper_rig_open(&r, "pg", VMM_TECHNIQUE_PARAVIRT);
  unsigned refused = 0;
  for (size_t i = 0; i < COUNT(asked); i++) {
    uint64_t digest = machine_storage_digest(r.vm);
    assert_int_equal(hyper_ask(r.vm, asked[i].n, asked[i].a0, asked[i].a1), asked[i].answer);
    assert_int_equal(machine_get_pc(r.vm), HYPER_RIG_CALLS + 8 * asked[i].n + 4);
    if (asked[i].answer == HYPER_ERROR_ADDRESS || asked[i].answer == HYPER_ERROR_PAGE) {
      assert_int_equal(machine_storage_digest(r.vm), digest);
    }
    refused += asked[i].answer == HYPER_ERROR_CALL || asked[i].answer == HYPER_ERROR_PAGE;
  }
  assert_int_equal(vmm_vm_stats(r.vm)->refused, refused);
  hyper_rig_close(&r);
}

/* A process's hcall is its kernel's affair. */
static void from_user_mode(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  machine_set_cr(r.vm, CR_BOUND, HYPER_RIG_STORAGE);
  machine_set_cr(r.vm, CR_PSW,
                 psw_set_te(psw_set_mode(0, profile_user_mode(r.profile)), 1) | PSW_C_MASK);
  machine_set_pc(r.vm, HYPER_RIG_CALLS + 8 * HYPER_HALT);
  uint64_t before = vmm_vm_stats(r.vm)->hypercalls;
  struct machine_stop stop = machine_run(r.vm, machine_tick(r.vm) + 5);
  assert_int_equal(stop.why, MACHINE_TRAP);
  assert_int_equal(stop.trap.cause, CAUSE_HYPERCALL);
  assert_int_equal(vmm_vm_stats(r.vm)->hypercalls, before);
  uint64_t tick = machine_tick(r.vm);
  assert_true(machine_deliver(r.vm, &stop.trap));
  assert_int_equal(machine_tick(r.vm), tick + 1);
  assert_true(at_entry(r.vm));
  assert_int_equal(psw_mode(machine_get_cr(r.vm, CR_PSW)), 0);
  assert_int_equal(psw_te(machine_get_cr(r.vm, CR_PSW)), 0);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_CAUSE), CAUSE_HYPERCALL);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PC), HYPER_RIG_CALLS + 8 * HYPER_HALT);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_INSN), word_of(ISA_HCALL, 0, 0, 0, HYPER_HALT));
  uint32_t psw = hyper_word(r.vm, HYPER_PAGE_PSW);
  assert_true(psw_mode(psw) == profile_user_mode(r.profile) && psw_te(psw) && psw_c(psw));
  assert_false(psw_ie(psw)); /* it was masked */
  hyper_rig_close(&r);
}

/* A memory trap's address and cause are the virtual machine's own. */
static void traps_arrive(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  uint32_t load = word_of(ISA_LW, REG_A0, REG_A1, 0, 0);
  assert_true(machine_phys_write_word(r.vm, gpa(0x2000), load));
  machine_set_reg(r.vm, REG_A1, HYPER_RIG_STORAGE + 16);
  machine_set_pc(r.vm, 0x2000);
  machine_advance(r.vm, machine_tick(r.vm) + 1);
  assert_true(at_entry(r.vm));
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_CAUSE), CAUSE_BUS);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_VALUE), HYPER_RIG_STORAGE + 16);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_INSN), load);
  hyper_rig_close(&r);
}

/* ---------------------------------------------------------------------- events */

static void masked_event_waits(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  assert_int_equal(hyper_ask(r.vm, HYPER_TIMER, 50, 0), HYPER_OK);
  loop(r.vm, 200);
  assert_false(at_entry(r.vm));
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PENDING), TIMER_LINE);
  hyper_set(r.vm, HYPER_PAGE_MASK, 0x100); /* any word but 0 */
  loop(r.vm, 200);
  assert_false(at_entry(r.vm));
  /* The guest's store is not seen; the call is. */
  struct program p = {.origin = 0x2000};
  put_li(&p, REG_T0, HYPER_RIG_PAGE);
  put(&p, ISA_SW, REG_ZERO, REG_T0, 0, HYPER_PAGE_MASK);
  put(&p, ISA_ADDI, REG_T1, REG_T1, 0, 1);
  put(&p, ISA_HCALL, 0, 0, 0, HYPER_EVENTS);
  load_program(r.vm, &p);
  machine_set_pc(r.vm, p.origin);
  machine_set_reg(r.vm, REG_A0, 1234);
  machine_advance(r.vm, machine_tick(r.vm) + p.count + 1);
  assert_true(at_entry(r.vm));
  assert_int_equal(machine_get_reg(r.vm, REG_A0), 1234);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_CAUSE), CAUSE_TIMER);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PC), here(&p));
  assert_true(psw_ie(hyper_word(r.vm, HYPER_PAGE_PSW)));
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_MASK), 1);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PENDING), 0);
  hyper_rig_close(&r);
}

/* With the mask off an event comes at its tick, as an interrupt would. */
static void open_event_is_punctual(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  hyper_ask(r.vm, HYPER_TIMER, 50, 0);
  uint64_t due = machine_tick(r.vm) + 50;
  hyper_set(r.vm, HYPER_PAGE_MASK, 0);
  machine_set_pc(r.vm, LOOP);
  machine_advance(r.vm, due);
  assert_false(at_entry(r.vm));
  machine_advance(r.vm, due + 1);
  assert_true(at_entry(r.vm));
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_TICK), due);
  machine_advance(r.vm, due + 5000);
  assert_int_equal(vmm_vm_stats(r.vm)->reflected, 0);
  assert_int_equal(machine_stats(r.vm)->delivered[CAUSE_TIMER], 1);
  hyper_rig_close(&r);
}

/* Three at once: one after the other, the lowest line first, none lost, none twice. */
static void every_event_arrives(void **state)
{
  (void)state;
  static const enum isa_cause causes[] = {CAUSE_TIMER, CAUSE_CONSOLE, CAUSE_DISK};
  struct hyper_rig r = open_rig();
  hyper_request(r.vm, DISK_COMMAND_READ, 1, HYPER_RIG_BUFFER, 1);
  machine_console_input(r.vm, machine_tick(r.vm) + 30, 'x');
  hyper_ask(r.vm, HYPER_TIMER, 90, 0);
  loop(r.vm, 3000);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PENDING), TIMER_LINE | CONSOLE_LINE | DISK_LINE);
  hyper_set(r.vm, HYPER_PAGE_PC, LOOP);
  hyper_set(r.vm, HYPER_PAGE_PSW, psw_set_ie(0, 1));
  for (size_t i = 0; i < COUNT(causes); i++) {
    machine_set_pc(r.vm, HYPER_RIG_CALLS + 8 * HYPER_IRET);
    machine_advance(r.vm, machine_tick(r.vm) + 2);
    assert_true(at_entry(r.vm));
    assert_int_equal(hyper_word(r.vm, HYPER_PAGE_CAUSE), causes[i]);
    assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PC), LOOP);
  }
  machine_set_pc(r.vm, HYPER_RIG_CALLS + 8 * HYPER_IRET);
  machine_advance(r.vm, machine_tick(r.vm) + 9);
  assert_int_equal(machine_get_pc(r.vm), LOOP);
  hyper_rig_close(&r);
}

/* The page's copy may be anything. */
static void pending_is_only_shown(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  hyper_set(r.vm, HYPER_PAGE_PENDING, 0xffffffff);
  hyper_set(r.vm, HYPER_PAGE_MASK, 0);
  loop(r.vm, 50);
  assert_false(at_entry(r.vm));
  hyper_set(r.vm, HYPER_PAGE_MASK, 1);
  hyper_ask(r.vm, HYPER_TIMER, 10, 0);
  loop(r.vm, 50);
  hyper_set(r.vm, HYPER_PAGE_PENDING, 0);
  hyper_set(r.vm, HYPER_PAGE_MASK, 0);
  loop(r.vm, 5);
  assert_true(at_entry(r.vm));
  hyper_rig_close(&r);
}

static void iret_loads_all(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  uint32_t psw = psw_set_mode(psw_set_te(psw_set_ie(PSW_C_MASK, 1), 1), 3);
  hyper_set(r.vm, HYPER_PAGE_PC, 0x20);
  hyper_set(r.vm, HYPER_PAGE_PSW, psw);
  hyper_set(r.vm, HYPER_PAGE_BASE, 0x8000);
  hyper_set(r.vm, HYPER_PAGE_BOUND, 0x2000);
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    machine_set_reg(r.vm, reg, 100 + reg);
  }
  machine_set_pc(r.vm, HYPER_RIG_CALLS + 8 * HYPER_IRET);
  machine_run(r.vm, machine_tick(r.vm) + 1);
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    assert_int_equal(machine_get_reg(r.vm, reg), 100 + reg);
  }
  uint32_t now = machine_get_cr(r.vm, CR_PSW);
  assert_int_equal(machine_get_pc(r.vm), 0x20);
  assert_true(psw_mode(now) == profile_user_mode(r.profile) && psw_te(now) && psw_c(now));
  assert_false(psw_v(now));
  assert_int_equal(machine_get_cr(r.vm, CR_BASE), 0x8000);
  assert_int_equal(machine_get_cr(r.vm, CR_BOUND), 0x2000);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_MASK), 0);
  assert_true(psw_ie(now)); /* the owner sees the mask as IE, a guest's store too */
  hyper_set(r.vm, HYPER_PAGE_MASK, 1);
  assert_false(psw_ie(machine_get_cr(r.vm, CR_PSW)));
  hyper_rig_close(&r);
}

static void iret_may_mask(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  hyper_set(r.vm, HYPER_PAGE_MASK, 0);
  hyper_set(r.vm, HYPER_PAGE_PC, 0x2002); /* misaligned: a trap, as after rfe */
  machine_set_pc(r.vm, HYPER_RIG_CALLS + 8 * HYPER_IRET);
  machine_run(r.vm, machine_tick(r.vm) + 1);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_MASK), 1);
  machine_advance(r.vm, machine_tick(r.vm) + 1);
  assert_true(at_entry(r.vm));
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_CAUSE), CAUSE_ALIGNMENT);
  hyper_rig_close(&r);
}

/* ------------------------------------------------------------------------ time */

static void timer_by_the_page(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_TIMER), HYPER_TIMER_KEEP);
  hyper_set(r.vm, HYPER_PAGE_TIMER, 700);
  loop(r.vm, 20);
  assert_int_equal(machine_get_cr(r.vm, CR_TIMER), 0);
  hyper_ask(r.vm, HYPER_EVENTS, 0, 0);
  assert_int_equal(machine_get_cr(r.vm, CR_TIMER), 700);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_TIMER), HYPER_TIMER_KEEP);
  hyper_ask(r.vm, HYPER_EVENTS, 0, 0);
  assert_int_equal(machine_get_cr(r.vm, CR_TIMER), 699);
  hyper_set(r.vm, HYPER_PAGE_TIMER, 0);
  hyper_ask(r.vm, HYPER_EVENTS, 0, 0);
  assert_int_equal(machine_get_cr(r.vm, CR_TIMER), 0);
  hyper_rig_close(&r);
}

static void time_has_two_words(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  machine_set_cr(r.vm, CR_TIMER, 0);
  struct snapshot *s = snapshot_take(r.vm);
  snapshot_destroy(s);
  loop(r.vm, 1000);
  uint64_t tick = machine_tick(r.vm);
  assert_int_equal(hyper_ask(r.vm, HYPER_TIME, 0, 55), (uint32_t)tick);
  assert_int_equal(machine_get_reg(r.vm, REG_A1), (uint32_t)(tick >> 32));
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_TICK), (uint32_t)tick);
  hyper_rig_close(&r);
}

/* --------------------------------------------------------------------- console */

static void says(struct machine *m, const char *text)
{
  size_t len;
  const uint8_t *out = machine_console_output(m, &len);
  assert_int_equal(len, strlen(text));
  assert_memory_equal(out, text, len);
}

static void any_call_takes_output(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  hyper_print(r.vm, "from a ");
  loop(r.vm, 10);
  says(r.vm, "");
  hyper_ask(r.vm, HYPER_TIME, 0, 0);
  says(r.vm, "from a ");
  hyper_print(r.vm, "ring\n");
  assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_OK);
  assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_OK);
  says(r.vm, "from a ring\n");
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_OUT_TAKEN), 12);
  assert_int_equal(vmm_vm_stats(r.vm)->ring_bytes, 12);
  hyper_rig_close(&r);
}

/* Round the ring three times, in pieces of every alignment. */
static void output_goes_round(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  static char all[3 * HYPER_OUT_SIZE + 200];
  size_t len = 0;
  for (unsigned piece = 1; len + piece < sizeof all - 1; piece = piece % 97 + 1) {
    char text[100];
    for (unsigned i = 0; i < piece; i++) {
      text[i] = (char)('!' + (len + i) % 90);
    }
    text[piece] = 0;
    memcpy(all + len, text, piece);
    len += piece;
    hyper_print(r.vm, text);
    hyper_ask(r.vm, HYPER_KICK, 0, 0);
  }
  says(r.vm, all);
  hyper_rig_close(&r);
}

static void full_but_not_fuller(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  size_t len;
  hyper_set(r.vm, HYPER_PAGE_OUT_PUT, HYPER_OUT_SIZE + 1);
  assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_ERROR_RING);
  machine_console_output(r.vm, &len);
  assert_int_equal(len, 0);
  hyper_set(r.vm, HYPER_PAGE_OUT_PUT, HYPER_OUT_SIZE);
  assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_OK);
  machine_console_output(r.vm, &len);
  assert_int_equal(len, HYPER_OUT_SIZE);
  hyper_set(r.vm, HYPER_PAGE_OUT_PUT, HYPER_OUT_SIZE - 1); /* backwards */
  hyper_ask(r.vm, HYPER_EVENTS, 0, 0);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_ERROR), HYPER_ERROR_RING);
  hyper_rig_close(&r);
}

static void input_fills_the_ring(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  for (unsigned i = 0; i < 300; i++) {
    machine_console_input(r.vm, machine_tick(r.vm), (uint8_t)i);
  }
  hyper_set(r.vm, HYPER_PAGE_MASK, 0);
  loop(r.vm, 2);
  assert_true(at_entry(r.vm));
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_CAUSE), CAUSE_CONSOLE);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_IN_PUT), HYPER_IN_SIZE);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_IN_MORE), 1);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_IN + 4), 0x07060504);
  hyper_set(r.vm, HYPER_PAGE_IN_TAKEN, 2); /* whoever has made room need not even kick */
  hyper_ask(r.vm, HYPER_TIME, 0, 0);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_IN_PUT), HYPER_IN_SIZE + 2);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_IN), 0x03020100);
  hyper_set(r.vm, HYPER_PAGE_IN_TAKEN, 258);
  assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_OK);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_IN_PUT), 300);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_IN_MORE), 0);
  hyper_set(r.vm, HYPER_PAGE_IN_TAKEN, 301); /* more than there was */
  assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_ERROR_RING);
  hyper_rig_close(&r);
}

/* ------------------------------------------------------------------------ disk */

static void fill(struct machine *m, uint32_t at, uint32_t word, uint32_t bytes)
{
  for (uint32_t i = 0; i < bytes; i += 4) {
    assert_true(machine_phys_write_word(m, gpa(at + i), word));
  }
}

static uint32_t word_at(struct machine *m, uint32_t at)
{
  uint32_t word;
  assert_true(machine_phys_read_word(m, gpa(at), &word));
  return word;
}

/* A ring full of writes, then of reads: one kick each, one event each. */
static void one_kick_for_many(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  for (uint32_t i = 0; i < HYPER_DISK_SIZE; i++) {
    fill(r.vm, HYPER_RIG_BUFFER + i * 512, 0x1000 + i, 512);
    hyper_request(r.vm, DISK_COMMAND_WRITE | (i < HYPER_DISK_SIZE - 1 ? HYPER_DISK_QUIET : 0), i,
                  HYPER_RIG_BUFFER + i * 512, 1);
  }
  uint64_t calls = vmm_vm_stats(r.vm)->hypercalls;
  assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_OK);
  loop(r.vm, 30 * 1100);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PENDING), 0);
  loop(r.vm, 4 * 1100);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PENDING), DISK_LINE);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_DISK_DONE), HYPER_DISK_SIZE);
  for (uint32_t i = 0; i < HYPER_DISK_SIZE; i++) {
    uint32_t sector[128];
    assert_int_equal(hyper_answer(r.vm, i), HYPER_DISK_DONE);
    assert_true(machine_disk_peek(r.vm, i, sector));
    assert_int_equal(sector[127], 0x1000 + i);
  }
  hyper_request(r.vm, DISK_COMMAND_READ, 3, 0xc000, 2); /* place 0 again */
  hyper_ask(r.vm, HYPER_TIME, 0, 0);
  loop(r.vm, 1300);
  assert_int_equal(word_at(r.vm, 0xc000 + 512), 0x1004);
  assert_int_equal(vmm_vm_stats(r.vm)->hypercalls, calls + 2);
  assert_int_equal(vmm_vm_stats(r.vm)->ring_requests, HYPER_DISK_SIZE + 1);
  hyper_rig_close(&r);
}

/* What the disk's ports refuse the ring refuses, and goes on to the next. */
static void bad_requests(void **state)
{
  (void)state;
  static const struct {
    uint32_t command, sector, address, count, error;
  } asked[] = {
      {0, 1, HYPER_RIG_BUFFER, 1, DISK_ERROR_COMMAND},
      {3, 1, HYPER_RIG_BUFFER, 1, DISK_ERROR_COMMAND},
      {0x201, 1, HYPER_RIG_BUFFER, 1, DISK_ERROR_COMMAND},
      {0x80000001, 1, HYPER_RIG_BUFFER, 1, DISK_ERROR_COMMAND},
      {1, HYPER_RIG_SECTORS, HYPER_RIG_BUFFER, 1, DISK_ERROR_SECTOR},
      {2, HYPER_RIG_SECTORS - 1, HYPER_RIG_BUFFER, 2, DISK_ERROR_SECTOR},
      {2, 0xffffffff, HYPER_RIG_BUFFER, 2, DISK_ERROR_SECTOR},
      {1, 1, HYPER_RIG_STORAGE, 1, DISK_ERROR_ADDRESS},
      {1, 1, HYPER_RIG_STORAGE - 508, 1, DISK_ERROR_ADDRESS},
      {2, 1, 0xfffffe00, 1, DISK_ERROR_ADDRESS},
      {1, 1, HYPER_RIG_BUFFER + 2, 1, DISK_ERROR_ADDRESS},
      {1, 1, HYPER_RIG_BUFFER, 0, DISK_ERROR_COUNT},
      {1, 1, HYPER_RIG_BUFFER, 129, DISK_ERROR_COUNT},
      {1 | HYPER_DISK_QUIET, 1, HYPER_RIG_BUFFER, 1, DISK_OK},
  };
  struct hyper_rig r = open_rig();
  for (size_t i = 0; i < COUNT(asked); i++) {
    hyper_request(r.vm, asked[i].command, asked[i].sector, asked[i].address, asked[i].count);
  }
  hyper_ask(r.vm, HYPER_KICK, 0, 0);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_DISK_DONE), 4); /* at once */
  loop(r.vm, 11 * 1000 + 2000);
  for (size_t i = 0; i < COUNT(asked); i++) {
    assert_int_equal(hyper_answer(r.vm, (uint32_t)i), HYPER_DISK_DONE | asked[i].error);
  }
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_DISK_DONE), COUNT(asked));
  hyper_rig_close(&r);
}

/* The first read lands on the ring: on its own request, which was quiet, and on the others,
 * which make no sense any more. */
static void request_is_read_once(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  hyper_request(r.vm, DISK_COMMAND_READ | HYPER_DISK_QUIET, 9, HYPER_RIG_PAGE + HYPER_PAGE_DISK, 1);
  hyper_ask(r.vm, HYPER_KICK, 0, 0);
  loop(r.vm, 3000);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PENDING), 0);
  assert_int_equal(hyper_answer(r.vm, 0), HYPER_DISK_DONE);
  /* Changed after it was taken: nothing of that counts. */
  fill(r.vm, HYPER_RIG_BUFFER, 0xabcdef01, 512);
  hyper_request(r.vm, DISK_COMMAND_WRITE, 5, HYPER_RIG_BUFFER, 1);
  hyper_request(r.vm, DISK_COMMAND_WRITE, 6, HYPER_RIG_BUFFER, 1);
  hyper_ask(r.vm, HYPER_KICK, 0, 0);
  uint32_t at = HYPER_PAGE_DISK + 1 * HYPER_DISK_BYTES;
  hyper_set(r.vm, at + HYPER_DISK_COMMAND, DISK_COMMAND_READ | HYPER_DISK_QUIET);
  hyper_set(r.vm, at + HYPER_DISK_SECTOR, 7);
  hyper_set(r.vm, at + HYPER_DISK_ADDRESS, 0);
  hyper_set(r.vm, at + HYPER_DISK_COUNT, 4);
  /* … but this one is not taken yet. */
  hyper_set(r.vm, at + HYPER_DISK_BYTES + HYPER_DISK_SECTOR, 8);
  loop(r.vm, 1200);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PENDING), DISK_LINE);
  loop(r.vm, 1200);
  uint32_t sector[128];
  static const uint32_t holds[] = {[5] = 0xabcdef01, [6] = 0, [7] = 0, [8] = 0xabcdef01};
  for (uint32_t i = 5; i < COUNT(holds); i++) {
    assert_true(machine_disk_peek(r.vm, i, sector));
    assert_int_equal(sector[0], holds[i]);
  }
  assert_int_equal(hyper_answer(r.vm, 1), HYPER_DISK_DONE);
  hyper_rig_close(&r);
}

static void wild_disk_indices(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  static const uint32_t wild[] = {33, 0xffffffff, 0x80000000, 1000};
  for (size_t i = 0; i < COUNT(wild); i++) {
    hyper_set(r.vm, HYPER_PAGE_DISK_PUT, wild[i]);
    assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_ERROR_RING);
    assert_int_equal(hyper_word(r.vm, HYPER_PAGE_DISK_TAKEN), 0);
  }
  hyper_set(r.vm, HYPER_PAGE_DISK_PUT, 0);
  hyper_request(r.vm, DISK_COMMAND_READ, 0, HYPER_RIG_BUFFER, 1);
  hyper_request(r.vm, DISK_COMMAND_READ, 1, HYPER_RIG_BUFFER, 1);
  hyper_request(r.vm, DISK_COMMAND_READ, 2, HYPER_RIG_BUFFER, 1);
  assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_OK);
  hyper_set(r.vm, HYPER_PAGE_DISK_PUT, 2); /* what is put cannot be taken back */
  hyper_set(r.vm, HYPER_PAGE_DISK_TAKEN, 77);
  hyper_set(r.vm, HYPER_PAGE_DISK_DONE, 99);
  assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_ERROR_RING);
  loop(r.vm, 4000);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_DISK_DONE), 3);
  hyper_rig_close(&r);
}

static void ports_beside_the_ring(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  machine_port_out(r.vm, PORT_DISK_SECTOR, 1);
  machine_port_out(r.vm, PORT_DISK_ADDRESS, HYPER_RIG_BUFFER);
  machine_port_out(r.vm, PORT_DISK_COUNT, 1);
  machine_port_out(r.vm, PORT_DISK_COMMAND, DISK_COMMAND_READ);
  hyper_request(r.vm, DISK_COMMAND_READ, 1, HYPER_RIG_BUFFER, 1);
  hyper_ask(r.vm, HYPER_KICK, 0, 0);
  assert_int_equal(hyper_answer(r.vm, 0), HYPER_DISK_DONE | HYPER_DISK_ERROR_BUSY);
  hyper_rig_close(&r);
}

/* --------------------------------------------------------- waiting, yielding, ending */

static void waits(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  hyper_ask(r.vm, HYPER_TIMER, 5000, 0);
  uint64_t due = machine_tick(r.vm) + 5000;
  hyper_ask(r.vm, HYPER_WAIT, 0, 0);
  assert_int_equal(machine_run_state(r.vm), MACHINE_WAITING);
  machine_advance(r.vm, due + 3);
  assert_int_equal(machine_get_pc(r.vm), HYPER_RIG_CALLS + 8 * HYPER_WAIT + 4);
  assert_int_equal(hyper_word(r.vm, HYPER_PAGE_PENDING), TIMER_LINE);
  hyper_ask(r.vm, HYPER_WAIT, 0, 0); /* it is still pending */
  machine_advance(r.vm, machine_tick(r.vm) + 3);
  assert_int_equal(machine_run_state(r.vm), MACHINE_RUNNING);
  machine_set_cr(r.vm, CR_IPEND, 0);
  hyper_ask(r.vm, HYPER_WAIT, 0, 0);
  assert_int_equal(machine_advance(r.vm, MACHINE_NEVER).why, MACHINE_WAITS);
  hyper_rig_close(&r);
}

static void halts_with_a_status(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  hyper_print(r.vm, "bye");
  hyper_ask(r.vm, HYPER_HALT, 42, 0);
  assert_int_equal(machine_run(r.vm, MACHINE_NEVER).why, MACHINE_HALTED);
  assert_int_equal(vmm_vm_stats(r.vm)->exit_status, 42);
  says(r.vm, "bye");
  hyper_rig_close(&r);
}

/* Two VMs; one does nothing but to yield. */
static void yields(void **state)
{
  (void)state;
  struct hyper_rig r;
  hyper_rig_open(&r, "pg", VMM_TECHNIQUE_PARAVIRT);
  hyper_rig_open_other(&r);
  uint32_t at = 0x2000, back = word_of(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  assert_true(machine_phys_write_word(r.vm, gpa(at), word_of(ISA_HCALL, 0, 0, 0, HYPER_YIELD)));
  assert_true(machine_phys_write_word(r.vm, gpa(at + 4), back));
  machine_set_pc(r.vm, at);
  assert_true(machine_phys_write_word(r.other, gpa(at), word_of(ISA_ADDI, REG_A2, REG_A2, 0, 1)));
  assert_true(machine_phys_write_word(r.other, gpa(at + 4), back));
  machine_set_pc(r.other, at);
  vmm_run(r.vmm, 1000000);
  struct vmm_account one = vmm_vm_account(r.vm), two = vmm_vm_account(r.other);
  assert_true(one.quanta > 80);
  assert_true(one.executed < 1000 && two.executed > 900000);
  hyper_rig_close(&r);
}

/* Every price, to the tick: calls, traps given back, requests, bytes. */
static void prices(void **state)
{
  (void)state;
  struct hyper_rig r;
  hyper_rig_open(&r, "pg", VMM_TECHNIQUE_PARAVIRT);
  hyper_register(r.vm);
  hyper_print(r.vm, "nine byte");
  hyper_request(r.vm, 0, 1, HYPER_RIG_BUFFER, 1);
  hyper_request(r.vm, DISK_COMMAND_READ | HYPER_DISK_QUIET, 1, HYPER_RIG_BUFFER, 1);
  hyper_request(r.vm, DISK_COMMAND_READ, 1, HYPER_RIG_BUFFER, 1);
  static const struct vmm_costs costs = {1000, 100000, 0, 0, 10000000, 1000000000, 0};
  vmm_set_costs(r.vmm, &costs);
  uint32_t halt = word_of(ISA_HCALL, 0, 0, 0, HYPER_HALT);
  assert_true(machine_phys_write_word(r.vm, gpa(HYPER_RIG_CALLS + 8 * HYPER_WAIT + 4), halt));
  /* The wait ends at once, since the first request makes no sense. */
  machine_set_pc(r.vm, HYPER_RIG_CALLS + 8 * HYPER_WAIT);
  assert_int_equal(vmm_run(r.vmm, MACHINE_NEVER - 1).why, VMM_STOPPED);
  const struct vmm_stats *s = vmm_vm_stats(r.vm);
  assert_int_equal(s->hypercalls, 3);
  /* The first was before the prices. Two requests are taken by the second, none after it. */
  assert_int_equal(vmm_vm_account(r.vm).overhead - s->frozen,
                   s->dispatched * 1000 - 1000 + 2 * 100000 + 2 * 10000000 + 9 * 1000000000ull);
  hyper_rig_close(&r);
}

/* ------------------------------------------------------------------ state, kept */

/* Something of everything under way. */
static void get_busy(struct machine *m)
{
  hyper_print(m, "some output");
  for (unsigned i = 0; i < 300; i++) {
    machine_console_input(m, machine_tick(m) + i, (uint8_t)i);
  }
  for (uint32_t i = 0; i < 5; i++) {
    fill(m, HYPER_RIG_BUFFER + i * 512, 0x5000 + i, 512);
    hyper_request(m, DISK_COMMAND_WRITE | (i % 2 ? HYPER_DISK_QUIET : 0), i,
                  HYPER_RIG_BUFFER + i * 512, 1);
  }
  hyper_ask(m, HYPER_TIMER, 2500, 0);
  hyper_set(m, HYPER_PAGE_MASK, 0);
  loop(m, 700);
}

static uint64_t go_on(struct machine *m)
{
  uint64_t hash = 0;
  for (unsigned i = 0; i < 12; i++) {
    hyper_print(m, "more");
    if (i % 3 == 2) {
      hyper_set(m, HYPER_PAGE_IN_TAKEN, hyper_word(m, HYPER_PAGE_IN_PUT));
    }
    hyper_set(m, HYPER_PAGE_MASK, 1);
    hyper_ask(m, HYPER_KICK, 0, 0);
    hyper_set(m, HYPER_PAGE_MASK, 0);
    machine_advance(m, machine_tick(m) + 600);
    hash = hash * 31 + machine_state_hash(m);
  }
  assert_int_equal(hyper_word(m, HYPER_PAGE_DISK_DONE), 5);
  return hash;
}

static void checkpoints(void **state)
{
  (void)state;
  struct hyper_rig r = open_rig();
  get_busy(r.vm);
  struct checkpoint *real = checkpoint_take(r.real, NULL);
  struct vmm_checkpoint *c = vmm_checkpoint_take(r.vmm, NULL);
  assert_non_null(c);
  uint64_t then = machine_state_hash(r.vm), later = go_on(r.vm);
  checkpoint_restore(r.real, real);
  assert_true(vmm_checkpoint_restore(r.vmm, c));
  assert_int_equal(machine_state_hash(r.vm), then);
  assert_int_equal(go_on(r.vm), later);
  vmm_checkpoint_destroy(c);
  checkpoint_destroy(real);
  hyper_rig_close(&r);
}

/* Into another VM, and back into its own; and into one that was registered what was not. */
static void snapshots(void **state)
{
  (void)state;
  struct hyper_rig r;
  hyper_rig_open(&r, "pg", VMM_TECHNIQUE_PARAVIRT);
  hyper_rig_open_other(&r);
  struct snapshot *fresh = snapshot_take(r.vm);
  uint64_t blank = machine_state_hash(r.vm);
  hyper_register(r.vm);
  get_busy(r.vm);
  struct snapshot *busy = snapshot_take(r.vm);
  uint64_t then = machine_state_hash(r.vm), later = go_on(r.vm);
  assert_true(snapshot_restore(r.other, busy));
  assert_int_equal(machine_state_hash(r.other), then);
  assert_int_equal(go_on(r.other), later);
  assert_true(snapshot_restore(r.vm, fresh));
  assert_int_equal(machine_state_hash(r.vm), blank);
  assert_int_equal(hyper_ask(r.vm, HYPER_KICK, 0, 0), HYPER_ERROR_PAGE);
  assert_true(snapshot_restore(r.vm, busy));
  assert_int_equal(go_on(r.vm), later);
  snapshot_destroy(busy);
  snapshot_destroy(fresh);
  hyper_rig_close(&r);
}

/* A VM without the technique cannot take the state of one that has made hypercalls. */
static void not_into_a_stranger(void **state)
{
  (void)state;
  struct hyper_rig r, plain;
  hyper_rig_open(&plain, "pg", VMM_TECHNIQUE_TRAP_AND_EMULATE);
  r = open_rig();
  struct snapshot *s = snapshot_take(r.vm);
  uint64_t before = machine_state_hash(plain.vm);
  assert_false(snapshot_restore(plain.vm, s));
  assert_int_equal(machine_state_hash(plain.vm), before);
  snapshot_destroy(s);
  hyper_rig_close(&r);
  hyper_rig_close(&plain);
}

/* Where the VMM's own index is elsewhere the future is another: it is in the digest. */
static void hidden_state_counts(void **state)
{
  (void)state;
  struct hyper_rig r;
  hyper_rig_open(&r, "pg", VMM_TECHNIQUE_PARAVIRT);
  hyper_rig_open_other(&r);
  struct machine *both[] = {r.vm, r.other};
  uint64_t hash[2];
  for (unsigned i = 0; i < 2; i++) {
    hyper_register(both[i]);
    hyper_set(both[i], HYPER_PAGE_DISK_PUT, i); /* one request, of no command */
    hyper_ask(both[i], HYPER_KICK, 0, 0);
    machine_set_cr(both[i], CR_IPEND, 0);
    fill(both[i], HYPER_RIG_PAGE, 0, 4096);
    hash[i] = machine_state_hash(both[i]);
  }
  assert_true(hash[0] != hash[1]);
  hyper_rig_close(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(off_by_default),
      cmocka_unit_test(version),
      cmocka_unit_test(refusals),
      cmocka_unit_test(from_user_mode),
      cmocka_unit_test(traps_arrive),
      cmocka_unit_test(masked_event_waits),
      cmocka_unit_test(open_event_is_punctual),
      cmocka_unit_test(every_event_arrives),
      cmocka_unit_test(pending_is_only_shown),
      cmocka_unit_test(iret_loads_all),
      cmocka_unit_test(iret_may_mask),
      cmocka_unit_test(timer_by_the_page),
      cmocka_unit_test(time_has_two_words),
      cmocka_unit_test(any_call_takes_output),
      cmocka_unit_test(output_goes_round),
      cmocka_unit_test(full_but_not_fuller),
      cmocka_unit_test(input_fills_the_ring),
      cmocka_unit_test(one_kick_for_many),
      cmocka_unit_test(bad_requests),
      cmocka_unit_test(request_is_read_once),
      cmocka_unit_test(wild_disk_indices),
      cmocka_unit_test(ports_beside_the_ring),
      cmocka_unit_test(waits),
      cmocka_unit_test(halts_with_a_status),
      cmocka_unit_test(yields),
      cmocka_unit_test(prices),
      cmocka_unit_test(checkpoints),
      cmocka_unit_test(snapshots),
      cmocka_unit_test(not_into_a_stranger),
      cmocka_unit_test(hidden_state_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
