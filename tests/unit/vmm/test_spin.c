/* Loops that do nothing but wait: a VM in one sleeps, and is at every tick where it would be
 * had it executed them all. Loops that do something are executed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "machine/devices/ports.h"
#include "tests/unit/vmm/crowd.h"

#define HANDLER 0x800u
#define FLAG    0x3000u

/* Vectors and a handler that counts in s0, sets the flag and arms the timer anew. */
static void add_handler(struct crowd *c, uint32_t ticks)
{
  struct program p = {.origin = HANDLER};
  put(&p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  put_li(&p, REG_T0, FLAG);
  put(&p, ISA_SW, REG_S0, REG_T0, 0, 0);
  put_set_cr(&p, CR_TIMER, ticks, REG_T0);
  put(&p, ISA_RFE, 0, 0, 0, 0);
  crowd_load(c, &p);
  crowd_vectors(c, HANDLER);
}

static struct program start(uint32_t ticks)
{
  struct program p = {.origin = ISA_RESET_PC};
  put_set_cr(&p, CR_TIMER, ticks, REG_T0);
  put(&p, ISA_STI, 0, 0, 0, 0);
  return p;
}

static void jump_to(struct program *p, uint32_t top)
{
  put(p, ISA_JAL, REG_ZERO, 0, 0, top - here(p));
}

/* Spins by `words` instructions a round, on nothing. */
static struct program idle_loop(uint32_t ticks, unsigned words)
{
  struct program p = start(ticks);
  uint32_t top = here(&p);
  for (unsigned i = 1; i < words; i++) {
    put(&p, i % 2 ? ISA_ADDI : ISA_XORI, REG_T0 + i % 3, REG_ZERO, 0, i);
  }
  jump_to(&p, top);
  return p;
}

/* Waits until the handler has set the flag, clears it and counts in a0. */
static struct program polling(uint32_t ticks)
{
  struct program p = start(ticks);
  put_li(&p, REG_A1, FLAG);
  uint32_t top = here(&p);
  put(&p, ISA_LW, REG_A2, REG_A1, 0, 0);
  put(&p, ISA_BEQ, REG_A2, REG_ZERO, 0, (uint32_t)-4);
  put(&p, ISA_SW, REG_ZERO, REG_A1, 0, 0);
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  jump_to(&p, top);
  return p;
}

/* Runs in random pieces, all being as alone after each. */
static void run_compared(struct crowd *c, uint64_t until, uint64_t seed)
{
  struct random r = random_from(seed);
  while (machine_tick(c->real) < until) {
    uint64_t next = machine_tick(c->real) + 1 + random_below(&r, 60000);
    struct vmm_stop stop = vmm_run(c->vmm, next < until ? next : until);
    crowd_compare(c, "in between");
    crowd_check_account(c);
    if (stop.why != VMM_LIMIT) {
      return;
    }
  }
}

static struct vmm_account run_loop_by(const struct program *p, uint32_t ticks, uint64_t seed,
                                      enum vmm_technique technique)
{
  struct crowd c;
  crowd_open(&c, 2);
  crowd_add(&c, (struct vmm_vm_config){.share = 1, .technique = technique});
  crowd_load(&c, p);
  add_handler(&c, ticks);
  if (seed % 2) { /* a neighbour that is busy */
    struct program busy = {.origin = ISA_RESET_PC};
    put(&busy, ISA_ADDI, REG_A0, REG_A0, 0, 1);
    jump_to(&busy, ISA_RESET_PC);
    crowd_add(&c, (struct vmm_vm_config){.share = 3});
    crowd_load(&c, &busy);
  }
  if (seed % 3) {
    vmm_set_costs(c.vmm, &vmm_default_costs);
  }
  run_compared(&c, 2000000, seed);
  struct vmm_account a = vmm_vm_account(c.member[0].vm);
  crowd_close(&c);
  return a;
}

static struct vmm_account run_loop(const struct program *p, uint32_t ticks, uint64_t seed)
{
  return run_loop_by(p, ticks, seed, VMM_TECHNIQUE_TRAP_AND_EMULATE);
}

static void idle_loops_sleep(void **state)
{
  (void)state;
  uint64_t seed = 0;
  for (unsigned words = 1; words <= 64; words = words * 2 + words / 3) {
    for (uint32_t ticks = 50000; ticks < 50000 + words; ticks += 1 + words / 3) {
      struct program p = idle_loop(ticks, words);
      struct vmm_account a = run_loop(&p, ticks, seed++);
      assert_true(a.skipped > a.executed * 7 / 5 && a.skipped > 400000);
      assert_true(a.skipped <= a.asleep);
    }
  }
}

static void a_flag_is_waited_for(void **state)
{
  (void)state;
  for (uint64_t seed = 0; seed < 6; seed++) {
    struct program p = polling(40001);
    struct vmm_account a = run_loop(&p, 40001, seed);
    assert_true(a.skipped > a.executed / 2 && a.skipped > 250000);
  }
}

/* Whoever executes the instructions: what is interpreted waits just so. */
static void interpreted_loops_sleep(void **state)
{
  (void)state;
  for (uint64_t seed = 0; seed < 12; seed++) {
    struct program p = seed % 2 ? polling(50001) : idle_loop(50001, 1 + 5 * (unsigned)seed);
    struct vmm_account a = run_loop_by(&p, 50001, seed, VMM_TECHNIQUE_INTERPRET);
    assert_true(a.skipped > a.executed * 7 / 5);
  }
}

/* One that counts, one that stores, one that is too long, one that asks for the time, one
 * whose registers come back only after two rounds. */
static void loops_that_do_something_run(void **state)
{
  (void)state;
  struct program p[5];
  uint32_t top;
  p[0] = start(30000);
  put(&p[0], ISA_ADDI, REG_A0, REG_A0, 0, 1);
  jump_to(&p[0], here(&p[0]) - 4);
  p[1] = start(30000);
  put_li(&p[1], REG_A1, FLAG);
  put(&p[1], ISA_SW, REG_ZERO, REG_A1, 0, 4);
  jump_to(&p[1], here(&p[1]) - 4);
  p[2] = idle_loop(30000, 65);
  p[3] = start(30000);
  top = here(&p[3]);
  put(&p[3], ISA_RDTICK, REG_A0, 0, 0, 0);
  jump_to(&p[3], top);
  p[4] = start(30000);
  put(&p[4], ISA_XORI, REG_A0, REG_A0, 0, 1);
  jump_to(&p[4], here(&p[4]) - 4);
  for (unsigned i = 0; i < 5; i++) {
    for (unsigned interpret = 0; interpret < 2; interpret++) {
      struct vmm_account a = run_loop_by(
          &p[i], 30000, i, interpret ? VMM_TECHNIQUE_INTERPRET : VMM_TECHNIQUE_TRAP_AND_EMULATE);
      assert_int_equal(a.skipped, 0);
      assert_int_equal(a.asleep, 0);
    }
  }
}

static const char mapped[] =
    "profile mapped;\ntitle \"t\";\nstory \"s\";\nsource \"x\";\nmodes 2;\nmmu bounds;\nio mmio;\n";

/* An access to a device in memory is an innocuous instruction, but not one that only waits. */
static void interpreted_loops_of_devices_run(void **state)
{
  (void)state;
  struct program p = start(30000);
  put_li(&p, REG_A1, MMIO_START);
  put(&p, ISA_LW, REG_A2, REG_A1, 0, 4 * PORT_CONSOLE_STATUS);
  jump_to(&p, here(&p) - 4);
  struct crowd c;
  crowd_open_with(&c, 1, NULL, mapped);
  crowd_add(&c, (struct vmm_vm_config){.share = 1, .technique = VMM_TECHNIQUE_INTERPRET});
  crowd_load(&c, &p);
  add_handler(&c, 30000);
  run_compared(&c, 500000, 1);
  assert_int_equal(vmm_vm_account(c.member[0].vm).skipped, 0);
  assert_true(machine_get_reg(c.member[0].vm, REG_S0) > 2); /* the timer goes off meanwhile */
  crowd_close(&c);
}

/* It spins for ever: no event is to come. Input ends that; so does the owner's hand. */
static void spins_for_ever(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 1);
  struct machine *vm = crowd_add(&c, (struct vmm_vm_config){.share = 1});
  struct program p = polling(0);
  crowd_load(&c, &p);
  add_handler(&c, 0);
  assert_int_equal(vmm_run(c.vmm, 10000000).why, VMM_WAITS);
  assert_int_equal(vmm_vm_stop(vm).why, MACHINE_WAITS);
  assert_true(machine_tick(c.real) < 100000);
  crowd_compare(&c, "asleep");
  crowd_type(&c, 0, 'x');
  assert_int_equal(vmm_run(c.vmm, 10000000).why, VMM_WAITS);
  assert_int_equal(machine_get_reg(vm, REG_A0), 1);
  crowd_compare(&c, "asleep again");
  uint64_t tick = machine_tick(c.real);
  assert_true(machine_phys_write_word(vm, gpa(FLAG), 1));
  assert_true(machine_phys_write_word(c.member[0].bare, gpa(FLAG), 1));
  assert_int_equal(vmm_run(c.vmm, tick + 7).why, VMM_LIMIT);
  crowd_compare(&c, "poked");
  assert_int_equal(vmm_run(c.vmm, 10000000).why, VMM_WAITS);
  assert_int_equal(machine_get_reg(vm, REG_A0), 2);
  crowd_compare(&c, "asleep once more");
  crowd_close(&c);
}

/* Interrupts off, a line pending that nobody takes: still a loop, and a byte that
 * arrives meanwhile changes nothing. */
static void deaf_to_interrupts(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 1);
  crowd_add(&c, (struct vmm_vm_config){.share = 1});
  struct program p = {.origin = ISA_RESET_PC};
  put_set_cr(&p, CR_TIMER, 70001, REG_T0);
  jump_to(&p, here(&p));
  crowd_load(&c, &p);
  machine_console_input(c.member[0].vm, 300007, 'x');
  machine_console_input(c.member[0].bare, 300007, 'x');
  run_compared(&c, 250000, 1);
  crowd_type(&c, 0, 'y');
  run_compared(&c, 400000, 2);
  assert_true(vmm_vm_account(c.member[0].vm).skipped > 200000);
  crowd_close(&c);
}

/* The event comes at the very tick at which a round is over and the proof with it. Then
 * nobody may sleep, or the interrupt would be slept through. */
static void the_event_ends_the_proof(void **state)
{
  (void)state;
  for (uint32_t quantum = 90; quantum < 190; quantum++) {
    struct crowd c;
    crowd_open(&c, 1);
    crowd_add(&c, (struct vmm_vm_config){.share = 1});
    struct program p = idle_loop(201, 5);
    crowd_load(&c, &p);
    add_handler(&c, 201);
    vmm_set_quantum(c.vmm, quantum);
    assert_int_equal(vmm_run(c.vmm, 5000).why, VMM_LIMIT);
    crowd_compare(&c, "after some interrupts");
    crowd_close(&c);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(idle_loops_sleep),
      cmocka_unit_test(a_flag_is_waited_for),
      cmocka_unit_test(interpreted_loops_sleep),
      cmocka_unit_test(loops_that_do_something_run),
      cmocka_unit_test(interpreted_loops_of_devices_run),
      cmocka_unit_test(spins_for_ever),
      cmocka_unit_test(deaf_to_interrupts),
      cmocka_unit_test(the_event_ends_the_proof),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
