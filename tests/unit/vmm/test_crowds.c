/* Hundreds of VMs, VMs that wait, and VMs that go wrong among others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine/devices/ports.h"
#include "tests/unit/vmm/crowd.h"

#define HANDLER 0x800u

static void jump_to(struct program *p, uint32_t top)
{
  put(p, ISA_JAL, REG_ZERO, 0, 0, top - here(p));
}

/* Sleeps `ticks` at a time; the handler counts in s0 and arms the timer anew. */
static void load_idler(struct crowd *c, uint32_t ticks)
{
  struct program p = {.origin = HANDLER};
  put(&p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  put_set_cr(&p, CR_TIMER, ticks, REG_T0);
  put(&p, ISA_RFE, 0, 0, 0, 0);
  crowd_load(c, &p);
  crowd_vectors(c, HANDLER);
  p = (struct program){.origin = ISA_RESET_PC};
  put_set_cr(&p, CR_TIMER, ticks, REG_T0);
  put(&p, ISA_STI, 0, 0, 0, 0);
  put(&p, ISA_WFI, 0, 0, 0, 0);
  jump_to(&p, here(&p) - 4);
  crowd_load(c, &p);
}

/* Works `rounds` rounds of a random walk from `seed`, prints what comes out, and halts. */
static void load_worker(struct crowd *c, uint32_t seed, uint32_t rounds)
{
  struct program p = {.origin = ISA_RESET_PC};
  put_li(&p, REG_A0, seed);
  put_li(&p, REG_A1, rounds);
  uint32_t top = here(&p);
  put(&p, ISA_SLLI, REG_A2, REG_A0, 0, 13);
  put(&p, ISA_XOR, REG_A0, REG_A0, REG_A2, 0);
  put(&p, ISA_SRLI, REG_A2, REG_A0, 0, 17);
  put(&p, ISA_XOR, REG_A0, REG_A0, REG_A2, 0);
  put(&p, ISA_ADDI, REG_A1, REG_A1, 0, (uint32_t)-1);
  put(&p, ISA_BNE, REG_A1, REG_ZERO, 0, top - here(&p));
  for (unsigned i = 0; i < 8; i++) { /* as letters from '@' on */
    put(&p, ISA_SRLI, REG_A2, REG_A0, 0, 28 - 4 * i);
    put(&p, ISA_ANDI, REG_A2, REG_A2, 0, 15);
    put(&p, ISA_ORI, REG_A2, REG_A2, 0, 64);
    put(&p, ISA_OUT, REG_A2, REG_ZERO, 0, PORT_CONSOLE_DATA);
  }
  put(&p, ISA_HALT, 0, 0, 0, 0);
  crowd_load(c, &p);
}

static void letters_of(uint32_t seed, uint32_t rounds, char *letters)
{
  for (uint32_t i = 0; i < rounds; i++) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
  }
  for (unsigned i = 0; i < 8; i++) {
    letters[i] = (char)(64 | (seed >> (28 - 4 * i) & 15));
  }
}

static void two_hundred_finish(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 200);
  c.alone = true;
  vmm_set_costs(c.vmm, &vmm_default_costs);
  for (unsigned i = 0; i < 200; i++) {
    crowd_add(&c, (struct vmm_vm_config){.share = 1 + i % 7});
    load_worker(&c, 1000 + i, 2000 + 100 * i);
  }
  assert_int_equal(vmm_run(c.vmm, 100000000).why, VMM_STOPPED);
  crowd_check_account(&c);
  for (unsigned i = 0; i < 200; i++) {
    char want[8];
    size_t len;
    letters_of(1000 + i, 2000 + 100 * i, want);
    const uint8_t *out = machine_console_output(c.member[i].vm, &len);
    assert_int_equal(len, 8);
    assert_memory_equal(out, want, 8);
    assert_int_equal(vmm_vm_stop(c.member[i].vm).why, MACHINE_HALTED);
  }
  crowd_close(&c);
}

static long resident_kib(void)
{
  long size, pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  assert_non_null(f);
  assert_int_equal(fscanf(f, "%ld %ld", &size, &pages), 2);
  fclose(f);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* A thousand that wake every 50 million ticks (ten times a second, where a tick is 2 ns),
 * and one that is busy. */
static void a_thousand_idle(void **state)
{
  (void)state;
  long before = resident_kib();
  struct crowd c;
  crowd_open(&c, 1001);
  c.alone = true;
  vmm_set_costs(c.vmm, &vmm_default_costs);
  for (unsigned i = 0; i < 1000; i++) {
    crowd_add(&c, (struct vmm_vm_config){.share = 1});
    load_idler(&c, 50000000 + i);
  }
  struct machine *busy = crowd_add(&c, (struct vmm_vm_config){.share = 1});
  load_worker(&c, 1, UINT32_MAX);
  assert_int_equal(vmm_run(c.vmm, 200000000).why, VMM_LIMIT);
  long grown = resident_kib() - before;
  uint64_t cost = 0;
  for (unsigned i = 0; i < 1000; i++) {
    struct vmm_account a = vmm_vm_account(c.member[i].vm);
    cost += a.executed + a.overhead;
    assert_int_equal(machine_get_reg(c.member[i].vm, REG_S0), 3);
  }
  printf("# 1000 idle VMs: %.2f %% of the ticks\n# of the host: %ld MiB\n", (double)cost / 2000000,
         grown / 1024);
  assert_true(grown < 1024 * 1024);
  assert_true(cost < 2000000); /* 1 % */
  assert_true(vmm_vm_account(busy).executed > 197000000);
  crowd_check_account(&c);
  crowd_close(&c);
}

/* ------------------------------------------------------------------------ waiting */

/* What waits wakes at its tick, costs nothing meanwhile, and the real machine idles. */
static void sleepers_wake_in_time(void **state)
{
  (void)state;
  struct crowd c;
  struct random r = random_from(5);
  crowd_open(&c, 5);
  for (unsigned i = 0; i < 5; i++) {
    crowd_add(&c, (struct vmm_vm_config){.share = 1});
    load_idler(&c, 20000 + 7 * i);
  }
  for (unsigned turn = 0; turn < 300; turn++) {
    vmm_run(c.vmm, machine_tick(c.real) + random_below(&r, 20000));
    crowd_compare(&c, "idle");
    crowd_check_account(&c);
  }
  for (unsigned i = 0; i < 5; i++) {
    struct vmm_account a = vmm_vm_account(c.member[i].vm);
    assert_true(a.executed < machine_tick(c.real) / 1000);
    assert_int_equal(a.executed + a.asleep + a.ready, machine_tick(c.real));
    /* Five that want little do not keep one another waiting. */
    assert_in_range(machine_tick(c.member[i].vm), machine_tick(c.real) - 2000, UINT32_MAX);
  }
  assert_true(vmm_idle_ticks(c.vmm) > machine_tick(c.real) / 100 * 99);
  crowd_close(&c);
}

/* Echoes what it reads; no event is ever to come. */
static void load_echo(struct crowd *c)
{
  struct program p = {.origin = HANDLER};
  put(&p, ISA_IN, REG_A0, REG_ZERO, 0, PORT_CONSOLE_DATA);
  put(&p, ISA_OUT, REG_A0, REG_ZERO, 0, PORT_CONSOLE_DATA);
  put(&p, ISA_RDTICK, REG_A1, 0, 0, 0);
  put(&p, ISA_RFE, 0, 0, 0, 0);
  crowd_load(c, &p);
  crowd_vectors(c, HANDLER);
  p = (struct program){.origin = ISA_RESET_PC};
  put(&p, ISA_STI, 0, 0, 0, 0);
  put(&p, ISA_WFI, 0, 0, 0, 0);
  jump_to(&p, here(&p) - 4);
  crowd_load(c, &p);
}

/* Input finds a sleeper at the tick to which real time has brought it. */
static void input_wakes(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 2);
  struct machine *echo = crowd_add(&c, (struct vmm_vm_config){.share = 1});
  load_echo(&c);
  assert_int_equal(vmm_run(c.vmm, 1000000).why, VMM_WAITS);
  assert_true(machine_tick(c.real) < 100); /* nothing passes for nobody */
  assert_int_equal(vmm_vm_stop(echo).why, MACHINE_WAITS);
  crowd_type(&c, 0, 'a');
  assert_int_equal(vmm_run(c.vmm, 1000000).why, VMM_WAITS);
  crowd_compare(&c, "one byte");
  crowd_add(&c, (struct vmm_vm_config){.share = 1});
  load_idler(&c, 900000);
  assert_int_equal(vmm_run(c.vmm, 500000).why, VMM_LIMIT);
  assert_in_range(machine_tick(echo), 499900, 500000);
  assert_int_equal(vmm_vm_stop(echo).why, MACHINE_WAITS);
  crowd_type(&c, 0, 'b');
  assert_int_equal(vmm_run(c.vmm, 500100).why, VMM_LIMIT);
  assert_in_range(machine_get_reg(echo, REG_A1), 499900, 500050);
  crowd_compare(&c, "another");
  machine_console_input(echo, machine_tick(echo) + 1000, 'd'); /* later */
  machine_console_input(c.member[0].bare, machine_tick(echo) + 1000, 'd');
  assert_int_equal(vmm_run(c.vmm, 600000).why, VMM_LIMIT);
  crowd_compare(&c, "one that was to come");
  size_t len;
  assert_memory_equal(machine_console_output(echo, &len), "abd", 3);
  assert_int_equal(len, 3);
  crowd_check_account(&c);
  crowd_close(&c);
}

/* Its timer has woken it and others have the processor when a byte comes: it takes that first,
 * at the tick before its timer's. */
static void input_before_the_event(void **state)
{
  (void)state;
  struct crowd c;
  struct random r = random_from(3);
  crowd_open(&c, 6);
  for (unsigned i = 0; i < 6; i++) {
    crowd_add(&c, (struct vmm_vm_config){.share = 1});
    if (i < 4) {
      load_idler(&c, 401 + 2 * i);
    } else {
      load_worker(&c, i, UINT32_MAX);
    }
  }
  vmm_set_quantum(c.vmm, 60);
  for (unsigned turn = 0; turn < 3000; turn++) {
    assert_int_equal(vmm_run(c.vmm, machine_tick(c.real) + 1 + random_below(&r, 60)).why,
                     VMM_LIMIT);
    crowd_compare(&c, "input before an event");
    crowd_check_account(&c);
    if (turn % 4 == 0) {
      crowd_type(&c, random_below(&r, 4), 'x');
    }
  }
  crowd_close(&c);
}

/* ---------------------------------------------------------------------- going wrong */

/* Which guest is the bad one, and how it must end. */
static void load_bad(struct crowd *c, unsigned kind)
{
  struct program p = {.origin = ISA_RESET_PC};
  switch (kind) {
  case 0: /* takes its interrupts away, and with them the VMM's */
    put(&p, ISA_CLI, 0, 0, 0, 0);
    jump_to(&p, here(&p));
    break;
  case 1: /* has no vectors */
    put_set_cr(&p, CR_VBR, 0xfffffff0u, REG_T0);
    put(&p, ISA_SYS, 0, 0, 0, 0);
    break;
  case 2:
    put(&p, ISA_HALT, 0, 0, 0, 0);
    break;
  case 3: /* traps in the handler of the trap, for ever */
    crowd_vectors(c, ISA_RESET_PC);
    put(&p, ISA_SYS, 0, 0, 0, 0);
    break;
  case 4: /* as many timer interrupts as there can be */
    crowd_vectors(c, HANDLER);
    p.origin = HANDLER;
    put(&p, ISA_ADDI, REG_T0, REG_ZERO, 0, 1);
    put_cr(&p, ISA_MTCR, CR_TIMER, REG_T0);
    put(&p, ISA_RFE, 0, 0, 0, 0);
    crowd_load(c, &p);
    p = (struct program){.origin = ISA_RESET_PC};
    put_set_cr(&p, CR_TIMER, 1, REG_T0);
    put(&p, ISA_STI, 0, 0, 0, 0);
    jump_to(&p, here(&p));
    break;
  default: /* waits with every line masked and pending ones to come */
    put_set_cr(&p, CR_IMASK, 0, REG_T0);
    put_set_cr(&p, CR_TIMER, 100, REG_T0);
    put(&p, ISA_WFI, 0, 0, 0, 0);
    break;
  }
  crowd_load(c, &p);
}

#define BAD_KINDS 6u

static const char hole[] =
    "profile hole;\ntitle \"t\";\nstory \"s\";\nsource \"x\";\nmodes 2;\nmmu bounds;\nio ports;\n"
    "outside cli = full;\n";

static void the_bad_harm_themselves(void **state)
{
  (void)state;
  static const enum machine_why ends[BAD_KINDS] = {MACHINE_LOST_CONTROL, MACHINE_DOUBLE_FAULT,
                                                   MACHINE_HALTED,       MACHINE_LIMIT,
                                                   MACHINE_LIMIT,        MACHINE_WAITS};
  for (unsigned kind = 0; kind < BAD_KINDS; kind++) {
    struct crowd c;
    crowd_open_with(&c, 3, NULL, kind == 0 ? hole : NULL);
    crowd_add(&c, (struct vmm_vm_config){.share = 1});
    load_idler(&c, 3001);
    c.alone = true;
    struct machine *bad = crowd_add(&c, (struct vmm_vm_config){.share = 1});
    load_bad(&c, kind);
    c.alone = false;
    struct machine *good = crowd_add(&c, (struct vmm_vm_config){.share = 1});
    load_worker(&c, 1, UINT32_MAX);
    for (uint64_t t = 100000; t <= 2000000; t += 100000) {
      assert_int_equal(vmm_run(c.vmm, t).why, VMM_LIMIT);
      crowd_compare(&c, "beside a bad one");
    }
    assert_int_equal(vmm_vm_stop(bad).why, ends[kind]);
    struct vmm_account a = vmm_vm_account(good);
    assert_true(a.executed > (ends[kind] == MACHINE_LIMIT ? 900000 : 1850000));
    assert_in_range(machine_get_reg(c.member[0].vm, REG_S0), ends[kind] == MACHINE_LIMIT ? 90 : 180,
                    700);
    assert_int_equal(vmm_violations(c.vmm, NULL) > 0, kind == 0);
    crowd_close(&c);
  }
}

/* Writes one sector after the other, for ever. While the real disk works for it, it stands
 * still and the others run. */
static void floods_stay_in_their_share(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 3);
  crowd_add(&c, (struct vmm_vm_config){.share = 1});
  crowd_vectors(&c, ISA_RESET_PC);
  struct program p = {.origin = ISA_RESET_PC};
  static const uint32_t values[] = {3, 0x4000, 1, DISK_COMMAND_WRITE};
  put(&p, ISA_STI, 0, 0, 0, 0);
  for (uint32_t i = 0; i < 4; i++) {
    put(&p, ISA_ADDI, REG_T0, REG_ZERO, 0, values[i]);
    put(&p, ISA_OUT, REG_T0, REG_ZERO, 0, PORT_DISK_SECTOR + i);
  }
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  jump_to(&p, here(&p) - 4);
  crowd_load(&c, &p);
  for (unsigned i = 0; i < 2; i++) {
    crowd_add(&c, (struct vmm_vm_config){.share = 1});
    load_worker(&c, i, UINT32_MAX);
  }
  for (uint64_t t = 500000; t <= 6000000; t += 500000) {
    assert_int_equal(vmm_run(c.vmm, t).why, VMM_LIMIT);
    crowd_compare(&c, "beside a flood");
    crowd_check_account(&c);
  }
  assert_true(vmm_vm_stats(c.member[0].vm)->frozen > 100000);
  assert_in_range(vmm_vm_account(c.member[1].vm).executed, 2600000, 2800000);
  assert_in_range(vmm_vm_account(c.member[2].vm).executed, 2600000, 2800000);
  crowd_close(&c);
}

/* Nobody is there; one comes, and goes in the middle of its turn. */
static void come_and_go(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 4);
  assert_int_equal(vmm_run(c.vmm, 1000).why, VMM_STOPPED);
  crowd_add(&c, (struct vmm_vm_config){.share = 1});
  load_worker(&c, 1, UINT32_MAX);
  crowd_add(&c, (struct vmm_vm_config){.share = 1});
  load_idler(&c, 5000);
  assert_int_equal(vmm_run(c.vmm, 30123).why, VMM_LIMIT);
  struct member first = c.member[0];
  machine_destroy(first.vm);
  assert_int_equal(vmm_run(c.vmm, 60000).why, VMM_LIMIT);
  c.member[0] = c.member[1];
  c.count = 1;
  crowd_compare(&c, "when the first has gone");
  struct vmm_vm_config config = {.name = "new", .storage = CROWD_STORAGE, .share = 1};
  struct machine *vm = vmm_create_vm(c.vmm, &config, NULL);
  assert_non_null(vm);
  machine_phys_write_word(vm, gpa(ISA_RESET_PC), word_of(ISA_HALT, 0, 0, 0, 0));
  assert_int_equal(vmm_run(c.vmm, 90000).why, VMM_LIMIT);
  assert_int_equal(vmm_vm_stop(vm).why, MACHINE_HALTED);
  machine_set_run_state(vm, MACHINE_RUNNING); /* the owner wants it to go on */
  machine_set_pc(vm, ISA_RESET_PC);
  assert_int_equal(vmm_run(c.vmm, 91000).why, VMM_LIMIT);
  assert_int_equal(vmm_vm_stats(vm)->emulated, 2);
  crowd_compare(&c, "when another has come");
  machine_destroy(vm);
  machine_destroy(first.bare);
  disk_store_destroy(first.disk);
  crowd_close(&c);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_hundred_finish),         cmocka_unit_test(a_thousand_idle),
      cmocka_unit_test(sleepers_wake_in_time),      cmocka_unit_test(input_wakes),
      cmocka_unit_test(input_before_the_event),     cmocka_unit_test(the_bad_harm_themselves),
      cmocka_unit_test(floods_stay_in_their_share), cmocka_unit_test(come_and_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
