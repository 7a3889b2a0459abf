/* Interval timers that count real time: the guest's clock goes on while others run and while
 * the VMM works, and that is all that is different.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/common/chaos.h"
#include "tests/unit/vmm/crowd.h"

#define HANDLER 0x800u
#define TIMES   0x3000u

/* The handler notes TICK, its own clock, in a table at s1 and arms the timer anew. */
static void load_meter(struct crowd *c, uint32_t ticks, bool emulated)
{
  struct program p = {.origin = HANDLER};
  put_set_cr(&p, CR_TIMER, ticks, REG_T0);
  put(&p, ISA_RDTICK, REG_T0, 0, 0, 0);
  put(&p, ISA_SW, REG_T0, REG_S1, 0, 0);
  put(&p, ISA_ADDI, REG_S1, REG_S1, 0, 4);
  put(&p, ISA_RFE, 0, 0, 0, 0);
  crowd_load(c, &p);
  crowd_vectors(c, HANDLER);
  p = (struct program){.origin = ISA_RESET_PC};
  put_li(&p, REG_S1, TIMES);
  put_set_cr(&p, CR_TIMER, ticks, REG_T0);
  put(&p, ISA_STI, 0, 0, 0, 0);
  uint32_t top = here(&p);
  put(&p, emulated ? ISA_STI : ISA_ADD, REG_A1, REG_A1, REG_A0, 0);
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, top - here(&p));
  crowd_load(c, &p);
}

/* Every interval of the guest's own clock between two interrupts. */
static void intervals(struct machine *vm, unsigned from, unsigned count, uint32_t least,
                      uint32_t most)
{
  uint32_t before, now;
  assert_true(machine_get_reg(vm, REG_S1) > TIMES + 4 * (from + count));
  for (unsigned i = from; i < from + count; i++) {
    machine_phys_read_word(vm, gpa(TIMES + 4 * i), &before);
    machine_phys_read_word(vm, gpa(TIMES + 4 * i + 4), &now);
    assert_in_range(now - before, least, most);
  }
}

static void add_busy(struct crowd *c, unsigned count)
{
  for (unsigned i = 0; i < count; i++) {
    crowd_add(c, (struct vmm_vm_config){.share = 1});
    struct program p = {.origin = ISA_RESET_PC};
    put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
    put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
    crowd_load(c, &p);
  }
}

/* Alone, and where the VMM's work takes no time, real time is the guest's own: random
 * guests are as on a bare machine. */
static void alone_it_is_virtual(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 30; seed++) {
    struct crowd c;
    struct random r = random_from(seed), a = r, b = r;
    crowd_open(&c, 1);
    crowd_add(&c, (struct vmm_vm_config){.share = 1});
    load_chaos(c.member[0].bare, &a, 0);
    machine_destroy(c.member[0].vm);
    struct vmm_vm_config config = {.storage = CROWD_STORAGE, .timer_real = true};
    config.disk_sectors = CROWD_SECTORS;
    c.member[0].vm = vmm_create_vm(c.vmm, &config, NULL);
    assert_non_null(c.member[0].vm);
    load_chaos(c.member[0].vm, &b, 0);
    for (unsigned turn = 0; turn < 100; turn++) {
      vmm_run(c.vmm, machine_tick(c.real) + random_below(&r, 4000));
      crowd_compare(&c, "alone");
      crowd_check_account(&c);
    }
    crowd_close(&c);
  }
}

/* Of three, each has a third of the processor: so much is executed in an interval. */
static void others_take_time(void **state)
{
  (void)state;
  for (unsigned real = 0; real < 2; real++) {
    struct crowd c;
    crowd_open(&c, 3);
    vmm_set_quantum(c.vmm, 500);
    struct machine *vm = crowd_add(&c, (struct vmm_vm_config){.timer_real = real});
    load_meter(&c, 150000, false);
    add_busy(&c, 2);
    vmm_run(c.vmm, 9000000);
    crowd_compare(&c, "at the end");
    crowd_check_account(&c);
    if (real) {
      intervals(vm, 1, 50, 49000, 51500);
    } else {
      intervals(vm, 1, 15, 150002, 150006);
    }
    crowd_close(&c);
  }
}

/* What the VMM's work costs, a real timer shows, to the tick: a round of the guest's loop
 * is 3 of its own ticks, and those of one emulation more of real ones. */
static void the_vmm_takes_time(void **state)
{
  (void)state;
  struct vmm_costs costs = {.dispatch = 40, .emulate = 57};
  for (unsigned real = 0; real < 2; real++) {
    struct crowd c;
    crowd_open(&c, 1);
    vmm_set_costs(c.vmm, &costs);
    struct machine *vm = crowd_add(&c, (struct vmm_vm_config){.timer_real = real});
    load_meter(&c, 100000, true);
    vmm_run(c.vmm, 30 * 100000);
    struct vmm_account a = vmm_vm_account(vm);
    assert_int_equal(a.executed, machine_tick(vm));
    assert_int_equal(a.executed + a.overhead, machine_tick(c.real));
    if (real) {
      intervals(vm, 1, 20, 100000 * 3 / 100 - 15, 100000 * 3 / 100 + 15);
    }
    crowd_check_account(&c);
    crowd_close(&c);
  }
}

/* Each kind of work is charged to whom it was done for, by its price and its count. */
static void prices(void **state)
{
  (void)state;
  struct vmm_costs costs = {.dispatch = 1000, .emulate = 100000, .reflect = 10000000};
  costs.world_switch = 1000000000;
  struct crowd c;
  crowd_open(&c, 2);
  vmm_set_costs(c.vmm, &costs);
  vmm_set_quantum(c.vmm, UINT32_MAX);
  struct machine *vm = crowd_add(&c, (struct vmm_vm_config){.share = 1});
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_CLI, 0, 0, 0, 0);
  put(&p, ISA_SYS, 0, 0, 0, 0);
  crowd_load(&c, &p);
  p = (struct program){.origin = HANDLER};
  put(&p, ISA_CLI, 0, 0, 0, 0);
  put(&p, ISA_HALT, 0, 0, 0, 0);
  crowd_load(&c, &p);
  crowd_vectors(&c, HANDLER);
  add_busy(&c, 1);
  vmm_run(c.vmm, 3000000000u);
  assert_int_equal(vmm_vm_stop(vm).why, MACHINE_HALTED);
  struct vmm_account a = vmm_vm_account(vm);
  assert_int_equal(a.executed, 4);
  assert_int_equal(vmm_vm_stats(vm)->world_switches, 1);
  /* Each dispatch and emulation of its four traps, but the one that was reflected. */
  assert_int_equal(a.overhead, 1000000000 + 10000000 + 3 * 100000 + 4 * 1000);
  crowd_check_account(&c);
  crowd_close(&c);
}

/* A real timer that comes due while another runs goes off when its VM is next, once. */
static void due_while_another_runs(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 2);
  struct machine *vm = crowd_add(&c, (struct vmm_vm_config){.timer_real = true});
  load_meter(&c, 1000, false);
  add_busy(&c, 1);
  vmm_run(c.vmm, 400000);
  /* Ten intervals in its own quantum of 10,000 ticks, and one that ends in the other's. */
  uint32_t count = (machine_get_reg(vm, REG_S1) - TIMES) / 4;
  assert_in_range(count, 195, 202);
  assert_int_equal(machine_stats(vm)->delivered[CAUSE_TIMER], count);
  crowd_close(&c);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(alone_it_is_virtual),    cmocka_unit_test(others_take_time),
      cmocka_unit_test(the_vmm_takes_time),     cmocka_unit_test(prices),
      cmocka_unit_test(due_while_another_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
