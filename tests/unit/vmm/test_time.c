/* Virtual time: the clock, the timer, the devices' completion ticks, waiting and
 * freezing, all against the bare machine at every tick.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "machine/devices/ports.h"
#include "tests/common/program.h"
#include "tests/common/twin.h"

static void both_load(struct twin *t, const struct program *p)
{
  load_program(t->bare, p);
  load_program(t->vm, p);
}

static void must_agree(struct twin *t, uint64_t until, uint32_t stride)
{
  if (!twin_run(t, until, stride)) {
    fail_msg("%s", t->difference);
  }
}

/* Every vector leads to one handler at 0x800: counts in s0 and returns. */
static void put_vectors(struct twin *t, bool rearm, uint32_t ticks)
{
  struct program p = {.origin = 0x800};
  put(&p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  if (rearm) {
    put(&p, ISA_ADDI, REG_S1, REG_ZERO, 0, ticks);
    put_cr(&p, ISA_MTCR, CR_TIMER, REG_S1);
  }
  put(&p, ISA_RFE, 0, 0, 0, 0);
  both_load(t, &p);
  for (uint32_t cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    twin_write_word(t, 4 * cause, 0x800);
  }
}

/* A mixture of direct and emulated instructions, for ever. */
static struct program mixture(void)
{
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_STI, 0, 0, 0, 0);
  uint32_t top = here(&p);
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  put(&p, ISA_RDTICK, REG_A1, 0, 0, 0);
  put(&p, ISA_ADD, REG_A2, REG_A1, REG_A0, 0);
  put(&p, ISA_ADD, REG_A3, REG_A2, REG_A0, 0);
  put_cr(&p, ISA_MFCR, CR_TIMER, REG_A4);
  put(&p, ISA_CLI, 0, 0, 0, 0);
  put(&p, ISA_STI, 0, 0, 0, 0);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, top - here(&p));
  return p;
}

/* Whatever the phase, the interrupt comes at the same instruction. */
static void timer_every_phase(void **state)
{
  (void)state;
  for (uint32_t ticks = 1; ticks < 40; ticks++) {
    struct twin t;
    twin_open(&t, &(struct twin_config){.depth = 1 + ticks % 2});
    struct program p = mixture();
    both_load(&t, &p);
    put_vectors(&t, true, ticks);
    twin_set_cr(&t, CR_TIMER, ticks);
    must_agree(&t, 300, 1);
    must_agree(&t, 3000, 7);
    assert_int_equal(machine_stats(t.vm)->delivered[CAUSE_TIMER],
                     machine_stats(t.bare)->delivered[CAUSE_TIMER]);
    twin_close(&t);
  }
}

/* The timer is due at the boundary before a system call: the interrupt is first
 * if IE is on; if not, its line is pending when the call traps. */
static void timer_and_trap_at_one_boundary(void **state)
{
  (void)state;
  for (uint32_t due = 1; due <= 4; due++) {
    for (unsigned ie = 0; ie < 2; ie++) {
      struct twin t;
      twin_open(&t, &(struct twin_config){0});
      struct program p = {.origin = ISA_RESET_PC};
      put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
      put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
      put(&p, ISA_SYS, 0, 0, 0, 1);
      both_load(&t, &p);
      put_vectors(&t, false, 0);
      twin_set_cr(&t, CR_PSW, psw_set_ie(0, ie));
      twin_set_cr(&t, CR_TIMER, due);
      struct machine_stop stop = machine_run(t.vm, 10), bare = machine_run(t.bare, 10);
      bool interrupt = ie && due <= 2;
      assert_int_equal(stop.why, MACHINE_TRAP);
      assert_int_equal(stop.trap.cause, interrupt ? CAUSE_TIMER : CAUSE_SYSCALL);
      assert_int_equal(stop.trap.epc, bare.trap.epc);
      assert_int_equal(machine_tick(t.vm), interrupt ? due : 2);
      assert_int_equal(machine_get_cr(t.vm, CR_IPEND), due <= 2 ? 1 : 0);
      if (!twin_equal(&t)) {
        fail_msg("%s", t.difference);
      }
      must_agree(&t, 20, 1);
      twin_close(&t);
    }
  }
}

/* A line that becomes pending with IE off is taken as soon as IE is on. */
static void pending_line_waits_for_ie(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){0});
  struct program p = {.origin = ISA_RESET_PC};
  for (int i = 0; i < 5; i++) {
    put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  }
  put(&p, ISA_STI, 0, 0, 0, 0);
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  both_load(&t, &p);
  put_vectors(&t, false, 0);
  twin_set_cr(&t, CR_TIMER, 2);
  struct machine_stop stop = machine_run(t.vm, 100);
  assert_int_equal(stop.why, MACHINE_TRAP);
  assert_int_equal(stop.trap.cause, CAUSE_TIMER);
  assert_int_equal(stop.trap.epc, ISA_RESET_PC + 24);
  assert_int_equal(machine_tick(t.vm), 6);
  twin_close(&t);
}

/* Time that instructions, emulations and injections take; hidden traps take none. */
static void the_clock(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){0});
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  put(&p, ISA_CLI, 0, 0, 0, 0);
  put(&p, ISA_SYS, 0, 0, 0, 0);
  both_load(&t, &p);
  put_vectors(&t, false, 0);
  machine_run(t.vm, 1);
  assert_int_equal(machine_tick(t.vm), 1);
  machine_run(t.vm, 2);
  assert_int_equal(machine_tick(t.vm), 2);
  struct machine_stop stop = machine_run(t.vm, 10);
  assert_int_equal(machine_tick(t.vm), 2);
  assert_true(machine_deliver(t.vm, &stop.trap));
  assert_int_equal(machine_tick(t.vm), 3);
  const struct vmm_stats *s = vmm_vm_stats(t.vm);
  assert_int_equal(s->direct, 1);
  assert_int_equal(s->emulated, 1);
  assert_int_equal(s->reflected, 1);
  assert_int_equal(machine_stats(t.vm)->instructions, 2);
  twin_close(&t);
}

static void put_disk_command(struct program *p, uint32_t sector, uint32_t address, uint32_t count,
                             uint32_t command)
{
  const uint32_t values[] = {sector, address, count, command};
  for (uint32_t i = 0; i < 4; i++) {
    put_li(p, REG_T0, values[i]);
    put(p, ISA_OUT, REG_T0, REG_ZERO, 0, PORT_DISK_SECTOR + i);
  }
}

/* Reads, changes and writes sectors, waiting by wfi or by running on. */
static struct program disk_work(bool waiting)
{
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_STI, 0, 0, 0, 0);
  uint32_t top = here(&p);
  for (uint32_t i = 0; i < 2; i++) {
    put_disk_command(&p, 1 + i, 0x4000, 2, i == 0 ? DISK_COMMAND_READ : DISK_COMMAND_WRITE);
    if (waiting) {
      put(&p, ISA_WFI, 0, 0, 0, 0);
    } else {
      put_li(&p, REG_A1, 700);
      put(&p, ISA_ADDI, REG_A1, REG_A1, 0, (uint32_t)-1);
      put(&p, ISA_BNE, REG_A1, REG_ZERO, 0, (uint32_t)-4);
    }
    put_li(&p, REG_A2, 0x4000);
    put(&p, ISA_SW, REG_A1, REG_A2, 0, 8);
    put(&p, ISA_RDTICK, REG_A3, 0, 0, 0);
    put(&p, ISA_SW, REG_A3, REG_A2, 0, 12);
  }
  put(&p, ISA_JAL, REG_ZERO, 0, 0, top - here(&p));
  return p;
}

static void disk_at_its_tick(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 6; i++) {
    struct twin t;
    twin_open(&t, &(struct twin_config){.sectors = 10, .depth = 1 + i / 2});
    struct program p = disk_work(i % 2);
    both_load(&t, &p);
    put_vectors(&t, false, 0);
    must_agree(&t, 8000, i < 2 ? 1 : 13);
    const struct vmm_stats *s = vmm_vm_stats(t.vm);
    assert_true(machine_stats(t.vm)->delivered[CAUSE_DISK] > 4);
    /* Waiting costs the guest no instructions, but the real disk its time. */
    assert_true(s->frozen > (i % 2 ? 2400 : 0));
    twin_close(&t);
  }
}

/* A read is started early, so a guest that goes on computing seldom freezes. */
static void reads_are_started_early(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){.sectors = 10});
  struct program p = {.origin = ISA_RESET_PC};
  put_disk_command(&p, 0, 0x4000, 4, DISK_COMMAND_READ);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, 0);
  both_load(&t, &p);
  must_agree(&t, 3000, 500);
  assert_true(machine_get_cr(t.vm, CR_IPEND) != 0);
  assert_true(vmm_vm_stats(t.vm)->frozen <= 2);
  twin_close(&t);
}

/* A write writes what storage holds at the completion tick, not before. */
static void writes_happen_at_completion(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){.sectors = 10});
  struct program p = {.origin = ISA_RESET_PC};
  put_disk_command(&p, 0, 0x4000, 1, DISK_COMMAND_WRITE);
  put_li(&p, REG_A0, 0x4000);
  put(&p, ISA_ADDI, REG_A1, REG_A1, 0, 1);
  put(&p, ISA_SW, REG_A1, REG_A0, 0, 0);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8);
  both_load(&t, &p);
  must_agree(&t, 3000, 1);
  uint8_t bare[MACHINE_SECTOR_SIZE], virtual[MACHINE_SECTOR_SIZE];
  assert_true(machine_disk_peek(t.bare, 0, bare) && machine_disk_peek(t.vm, 0, virtual));
  assert_memory_equal(bare, virtual, sizeof bare);
  assert_true(bare[0] != 0);
  assert_true(disk_store_read(t.real_disk, 3, virtual)); /* and on the real disk, in the extent */
  assert_memory_equal(bare, virtual, sizeof bare);
  twin_close(&t);
}

/* Input arrives at its tick; what was read stays read. */
static void console_in_its_tick(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){.depth = 2});
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_STI, 0, 0, 0, 0);
  put(&p, ISA_WFI, 0, 0, 0, 0);
  put(&p, ISA_IN, REG_A0, REG_ZERO, 0, PORT_CONSOLE_DATA);
  put(&p, ISA_OUT, REG_A0, REG_ZERO, 0, PORT_CONSOLE_DATA);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-12);
  both_load(&t, &p);
  put_vectors(&t, false, 0);
  for (uint32_t i = 0; i < 20; i++) {
    machine_console_input(t.bare, 10 + 3 * i * i, (uint8_t)('a' + i));
    machine_console_input(t.vm, 10 + 3 * i * i, (uint8_t)('a' + i));
  }
  must_agree(&t, 2000, 1);
  size_t len;
  const uint8_t *out = machine_console_output(t.vm, &len);
  assert_true(len > 15);
  assert_memory_equal(out, "abcdefg", 5);
  out = machine_console_output(t.real, &len); /* shown on the real console, through both VMMs */
  assert_true(len > 15);
  assert_memory_equal(out, "abcdefg", 5);
  twin_close(&t);
}

/* Waiting for what never comes is the same, and takes no time. */
static void waits_for_ever(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){0});
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_WFI, 0, 0, 0, 0);
  both_load(&t, &p);
  must_agree(&t, 100, 10);
  assert_int_equal(machine_run(t.vm, 100).why, MACHINE_WAITS);
  assert_int_equal(machine_tick(t.vm), 1);
  twin_close(&t);
}

static void idling(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){.sectors = 4, .depth = 2});
  twin_set_cr(&t, CR_TIMER, 50);
  machine_console_input(t.bare, 30, 'x');
  machine_console_input(t.vm, 30, 'x');
  static const uint64_t untils[] = {10, 30, 40, 200, 200, MACHINE_NEVER};
  for (size_t i = 0; i < sizeof untils / sizeof untils[0]; i++) {
    if (i == sizeof untils / sizeof untils[0] - 1) {
      twin_set_cr(&t, CR_TIMER, 3);
    }
    assert_int_equal(machine_idle(t.bare, untils[i]), machine_idle(t.vm, untils[i]));
    assert_true(twin_equal(&t));
    twin_set_cr(&t, CR_IPEND, 0);
  }
  twin_close(&t);
}

/* A vector that cannot be read, one that leads to an odd place. */
static void double_faults(void **state)
{
  (void)state;
  static const uint32_t bases[] = {MACHINE_MIN_STORAGE - 8, 0xfffffffcu, 0x4000};
  for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
    struct twin t;
    twin_open(&t, &(struct twin_config){0});
    twin_write_word(&t, 0x4000 + 4 * CAUSE_SYSCALL, 0x1002);
    twin_write_word(&t, ISA_RESET_PC, word_of(ISA_SYS, 0, 0, 0, 5));
    twin_set_cr(&t, CR_VBR, bases[i]);
    must_agree(&t, 100, 10);
    struct machine_stop stop = machine_run(t.vm, 100);
    assert_int_equal(stop.why, MACHINE_DOUBLE_FAULT);
    assert_int_equal(stop.trap.cause, CAUSE_SYSCALL);
    assert_true(twin_equal(&t));
    twin_close(&t);
  }
}

/* Lending the processor for one tick at a time changes nothing: virtual time
 * does not depend on how the real machine's is divided. */
static uint32_t lend_one(void *module, uint64_t now, uint64_t next_event, uint64_t until)
{
  (void)module, (void)now, (void)next_event, (void)until;
  return 1;
}

/* Nor does lending it for no time at all. */
static uint32_t lend_nothing(void *module, uint64_t now, uint64_t next_event, uint64_t until)
{
  (void)module, (void)now, (void)next_event, (void)until;
  return 0;
}

static void the_processor_comes_back(void **state)
{
  (void)state;
  const struct vmm_schedule_module schedule = {.lend = lend_nothing};
  struct vmm_modules modules = vmm_default_modules;
  modules.schedule = &schedule;
  struct twin t;
  twin_open(&t, &(struct twin_config){.modules = &modules});
  struct program p = mixture();
  both_load(&t, &p);
  must_agree(&t, 500, 100);
  twin_close(&t);
}

/* A dispatcher that takes the guest's traps for its own. */
static enum vmm_action serve_all(void *module, const struct vmm_env *env, struct trap real)
{
  (void)module, (void)env, (void)real;
  return VMM_SERVE;
}

static void serving_in_vain_is_noticed(void **state)
{
  (void)state;
  const struct vmm_dispatch_module dispatch = {.dispatch = serve_all};
  struct vmm_modules modules = vmm_default_modules;
  modules.dispatch = &dispatch;
  struct twin t;
  twin_open(&t, &(struct twin_config){.modules = &modules});
  struct program p = mixture();
  both_load(&t, &p);
  struct machine_stop stop = machine_advance(t.vm, 500);
  assert_int_equal(stop.why, MACHINE_LOST_CONTROL);
  assert_string_equal(stop.reason, "the dispatcher keeps serving the privileged instruction at "
                                   "0x00001000, and the guest stands still");
  twin_close(&t);
}

/* One loan for many emulations: the guest's timer goes off among instructions that execute
 * directly, where only the real one can bring the processor back, at the very tick. */
static void a_loan_goes_on(void **state)
{
  (void)state;
  for (uint32_t ticks = 50; ticks < 70; ticks++) {
    struct twin t;
    twin_open(&t, &(struct twin_config){0});
    struct program p = mixture();
    both_load(&t, &p);
    put_vectors(&t, true, ticks);
    twin_set_cr(&t, CR_TIMER, ticks);
    must_agree(&t, 1000, 500);
    assert_true(vmm_vm_stats(t.vm)->emulated > 100);
    twin_close(&t);
  }
}

/* What passes on the real machine between two runs is no time of the VM's, and its TIMER
 * has counted it all the same. */
static void no_loan_outlives_real_time(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){0});
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_CPUID, REG_A0, 0, 0, 0);
  put(&p, ISA_SYS, 0, 0, 0, 0);
  put(&p, ISA_ADDI, REG_A1, REG_A1, 0, 1);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  both_load(&t, &p);
  twin_set_cr(&t, CR_TIMER, 100);
  for (unsigned i = 0; i < 2; i++) {
    struct machine *m = i == 0 ? t.bare : t.vm;
    assert_int_equal(machine_run(m, 200).why, MACHINE_TRAP);
    machine_set_pc(m, machine_get_pc(m) + 4);
    if (i == 1) {
      machine_idle(t.real, machine_tick(t.real) + 30);
    }
    assert_int_equal(machine_run(m, 200).why, MACHINE_LIMIT);
  }
  assert_true(twin_equal(&t));
  assert_int_equal(vmm_violations(t.vmm[0], NULL), 0);
  twin_close(&t);
}

static void any_quantum_will_do(void **state)
{
  (void)state;
  const struct vmm_schedule_module schedule = {.lend = lend_one};
  struct vmm_modules modules = vmm_default_modules;
  modules.schedule = &schedule;
  struct twin t;
  twin_open(&t, &(struct twin_config){.modules = &modules, .sectors = 10});
  struct program p = disk_work(false);
  both_load(&t, &p);
  put_vectors(&t, true, 33);
  twin_set_cr(&t, CR_TIMER, 33);
  must_agree(&t, 5000, 500);
  assert_true(vmm_vm_stats(t.vm)->served > 3000);
  twin_close(&t);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(timer_every_phase),
      cmocka_unit_test(timer_and_trap_at_one_boundary),
      cmocka_unit_test(pending_line_waits_for_ie),
      cmocka_unit_test(the_clock),
      cmocka_unit_test(disk_at_its_tick),
      cmocka_unit_test(reads_are_started_early),
      cmocka_unit_test(writes_happen_at_completion),
      cmocka_unit_test(console_in_its_tick),
      cmocka_unit_test(waits_for_ever),
      cmocka_unit_test(idling),
      cmocka_unit_test(double_faults),
      cmocka_unit_test(any_quantum_will_do),
      cmocka_unit_test(a_loan_goes_on),
      cmocka_unit_test(no_loan_outlives_real_time),
      cmocka_unit_test(the_processor_comes_back),
      cmocka_unit_test(serving_in_vain_is_noticed),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("time", tests, NULL, NULL) != 0;
}
