/* A VMM and its virtual machines on a host that refuses: whoever asked is told, what
 * a refused VM would have had is there for the next one, and the others go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "tests/common/host.h"
#include "tests/common/program.h"
#include "vmm/vmm.h"

#include <errno.h>

#define STORAGE MACHINE_MIN_STORAGE
#define SECTORS 8u

struct bench {
  struct profile *profile;
  struct disk_store *disk, *bare_disk;
  struct machine *real, *bare;
  struct vmm *vmm;
};

static struct machine *machine_of(struct bench *b, uint32_t storage, struct disk_store *disk)
{
  struct machine *m = machine_create(
      &(struct machine_config){.profile = b->profile, .storage = storage, .disk = disk}, NULL);
  assert_non_null(m);
  return m;
}

static void bench_open(struct bench *b)
{
  *b = (struct bench){.profile = profile_load("tests/common/keyed.profile", stderr),
                      .disk = disk_store_memory(SECTORS),
                      .bare_disk = disk_store_memory(SECTORS)};
  assert_non_null(b->profile);
  assert_non_null(b->disk);
  assert_non_null(b->bare_disk);
  b->real = machine_of(b, VMM_OWN_STORAGE + 2 * STORAGE, b->disk);
  b->bare = machine_of(b, STORAGE, b->bare_disk);
  b->vmm = vmm_create(b->real, NULL);
  assert_non_null(b->vmm);
}

static void bench_close(struct bench *b)
{
  vmm_destroy(b->vmm);
  machine_destroy(b->bare);
  machine_destroy(b->real);
  disk_store_destroy(b->bare_disk);
  disk_store_destroy(b->disk);
  profile_destroy(b->profile);
}

static struct machine *vm_of_size(struct bench *b, uint32_t sectors, const char **reason)
{
  struct vmm_vm_config config = {.name = "a", .storage = STORAGE, .disk_sectors = sectors};
  return vmm_create_vm(b->vmm, &config, reason);
}

static struct machine *vm_create(struct bench *b, uint32_t sectors)
{
  struct machine *vm = vm_of_size(b, sectors, NULL);
  assert_non_null(vm);
  return vm;
}

/* Counts in a0 for ever. */
static void put_loop(struct machine *m)
{
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  load_program(m, &p);
}

/* -------------------------------------------------------------------- creating */

static void test_create_vmm(void **state)
{
  (void)state;
  struct bench b;
  const char *reason = NULL;
  bench_open(&b);
  struct machine *real = machine_of(&b, VMM_OWN_STORAGE + STORAGE, NULL);
  for (int silent = 0; silent < 2; silent++) {
    host_fail(HOST_MEMORY, 1, ENOMEM);
    assert_null(vmm_create(real, silent ? NULL : &reason));
    assert_true(host_heal());
  }
  assert_string_equal(reason, "no memory for the VMM");
  struct vmm *vmm = vmm_create(real, &reason);
  assert_non_null(vmm);
  vmm_destroy(vmm);
  machine_set_cr(real, CR_PSW, psw_set_mode(0, 1));
  assert_null(vmm_create(real, &reason));
  assert_string_equal(reason, "the VMM can only take over a machine that was just reset");
  machine_destroy(real);
  bench_close(&b);
}

/* The first one, and the ninth, need room in the queue for the processor. */
static void test_room_in_the_queue(void **state)
{
  (void)state;
  struct bench b;
  bench_open(&b);
  struct machine *real = machine_of(&b, VMM_OWN_STORAGE + 9 * STORAGE, NULL), *vm[9];
  struct vmm *vmm = vmm_create(real, NULL);
  struct vmm_vm_config config = {.storage = STORAGE};
  for (unsigned i = 0; i < 9; i++) {
    vm[i] = NULL;
    for (unsigned long nth = 1; !vm[i]; nth++) {
      host_fail(HOST_MEMORY, nth, ENOMEM);
      vm[i] = vmm_create_vm(vmm, &config, NULL);
      assert_int_equal(host_heal(), vm[i] == NULL);
    }
    put_loop(vm[i]);
  }
  assert_int_equal(vmm_run(vmm, 900000).why, VMM_LIMIT);
  for (unsigned i = 0; i < 9; i++) {
    assert_in_range(machine_get_reg(vm[i], REG_A0), 49000, 51000);
    machine_destroy(vm[i]);
  }
  vmm_destroy(vmm);
  machine_destroy(real);
  bench_close(&b);
}

/* Whatever allocation fails, nothing of the VM stays: the next one has the storage
 * and the sectors that it would have had, and the neighbour is as it was. */
static void test_create_vm(void **state)
{
  (void)state;
  struct bench b;
  bench_open(&b);
  struct machine *neighbour = vm_create(&b, 0);
  put_loop(neighbour);
  uint64_t before = machine_state_hash(neighbour);
  const uint32_t peers[] = {1};
  const struct vmm_station station = {.address = 9, .peers = peers, .peer_count = 1};
  const struct vmm_vm_config config = {
      .name = "a", .storage = STORAGE, .disk_sectors = SECTORS, .station = &station};
  unsigned long nth = 0;
  struct machine *vm = NULL;
  while (!vm) {
    const char *reason = NULL;
    assert_true(nth < 100);
    host_fail(HOST_MEMORY, ++nth, ENOMEM);
    vm = vmm_create_vm(b.vmm, &config, &reason);
    assert_int_equal(host_heal(), vm == NULL);
    if (!vm) {
      assert_string_equal(reason, "no memory for a virtual machine");
    }
  }
  assert_in_range(nth, 6, 30);
  assert_int_equal(machine_net_state(vm).station, 9);
  machine_destroy(vm);
  vm = vm_create(&b, SECTORS);
  assert_int_equal(machine_disk_sectors(vm), SECTORS);
  assert_true(machine_state_hash(neighbour) == before);
  assert_true(machine_state_hash(vm) == machine_state_hash(b.bare));
  machine_destroy(vm);
  machine_destroy(neighbour);
  bench_close(&b);
}

/* --------------------------------------------------------------------- running */

static void expect_host_error(struct machine *vm, const char *reason)
{
  for (int twice = 0; twice < 2; twice++) {
    struct machine_stop stop = machine_run(vm, machine_tick(vm) + 100);
    assert_int_equal(stop.why, MACHINE_HOST_ERROR);
    assert_non_null(stop.reason);
    if (!strstr(stop.reason, reason)) {
      fail_msg("expected '%s', got '%s'", reason, stop.reason);
    }
  }
}

/* A VM that lost input or output stops and says so; its neighbour runs on. */
static void test_lost_console(void **state)
{
  (void)state;
  for (int output = 0; output < 2; output++) {
    struct bench b;
    bench_open(&b);
    struct machine *vm = vm_create(&b, 0), *neighbour = vm_create(&b, 0);
    put_loop(vm);
    put_loop(neighbour);
    host_fail(HOST_MEMORY, 1, ENOMEM);
    if (output) {
      assert_true(machine_port_out(vm, PORT_CONSOLE_DATA, 'x'));
    } else {
      machine_console_input(vm, 5, 'x');
    }
    assert_true(host_heal());
    expect_host_error(vm, output ? "console output" : "console input");
    assert_int_equal(machine_run(neighbour, 1000).why, MACHINE_LIMIT);
    assert_int_equal(machine_get_reg(neighbour, REG_A0), 500);
    machine_destroy(neighbour);
    machine_destroy(vm);
    bench_close(&b);
  }
}

/* The real machine's trouble with the host is its VMs' too. */
static void test_real_machine_fails(void **state)
{
  (void)state;
  struct bench b;
  bench_open(&b);
  struct machine *vm = vm_create(&b, 0);
  put_loop(vm);
  host_fail(HOST_MEMORY, 1, ENOMEM);
  machine_console_input(b.real, 0, 'x');
  assert_true(host_heal());
  expect_host_error(vm, "console input");
  machine_destroy(vm);
  bench_close(&b);
}

/* The same where the VMM runs its VMs itself: one whose console is lost is left out, and the
 * others go on; if it is the real machine, that is the end of all. */
static void test_run_by_the_vmm(void **state)
{
  (void)state;
  for (unsigned real = 0; real < 2; real++) {
    struct bench b;
    bench_open(&b);
    struct machine *vm = vm_create(&b, 0), *neighbour = vm_create(&b, 0);
    put_loop(vm);
    put_loop(neighbour);
    assert_int_equal(vmm_run(b.vmm, 1000).why, VMM_LIMIT);
    host_fail(HOST_MEMORY, 1, ENOMEM);
    machine_console_input(real ? b.real : vm, 2000, 'x');
    assert_true(host_heal());
    for (uint64_t t = 20000; t <= 40000; t += 10000) {
      struct vmm_stop stop = vmm_run(b.vmm, t);
      assert_int_equal(stop.why, real ? VMM_HOST_ERROR : VMM_LIMIT);
      assert_true(!real || strstr(stop.reason, "console input"));
    }
    if (!real) {
      assert_int_equal(vmm_vm_stop(vm).why, MACHINE_HOST_ERROR);
      assert_int_equal(vmm_vm_stop(neighbour).why, MACHINE_LIMIT);
      assert_true(machine_get_reg(neighbour, REG_A0) > 18000);
    }
    machine_destroy(neighbour);
    machine_destroy(vm);
    bench_close(&b);
  }
}

/* ------------------------------------------------------------------------ disks */

static void command(struct machine *m, uint32_t what)
{
  assert_true(machine_port_out(m, PORT_DISK_SECTOR, 2));
  assert_true(machine_port_out(m, PORT_DISK_ADDRESS, 0x8000));
  assert_true(machine_port_out(m, PORT_DISK_COUNT, 1));
  assert_true(machine_port_out(m, PORT_DISK_COMMAND, what));
}

static uint32_t status(struct machine *m)
{
  uint32_t value = 0;
  assert_true(machine_port_in(m, PORT_DISK_STATUS, &value));
  return value;
}

/* A transfer during which the host's memory is at an end, if it is to fail. */
static void transfer(struct machine *m, uint32_t what, bool fails)
{
  put_loop(m);
  assert_true(machine_phys_write(m, gpa(0x8000), "written", 8));
  machine_set_cr(m, CR_IPEND, 0); /* or no time passes */
  command(m, what);
  host_fail(HOST_MEMORY, fails ? 1 : 0, ENOMEM);
  machine_idle(m, machine_tick(m) + 100000);
  assert_int_equal(host_heal(), fails);
}

/* The real disk could not keep what a guest wrote: it is told as a bare machine's
 * program is, and sees the same state. */
static void test_failed_write(void **state)
{
  (void)state;
  struct bench b;
  bench_open(&b);
  struct machine *vm = vm_create(&b, SECTORS);
  transfer(b.bare, DISK_COMMAND_WRITE, true);
  transfer(vm, DISK_COMMAND_WRITE, true);
  assert_int_equal(status(vm), DISK_ERROR_HOST << DISK_STATUS_ERROR_SHIFT);
  assert_int_equal(status(vm), status(b.bare));
  assert_true(machine_state_hash(vm) == machine_state_hash(b.bare));
  transfer(b.bare, DISK_COMMAND_WRITE, false); /* and it can be done again */
  transfer(vm, DISK_COMMAND_WRITE, false);
  assert_int_equal(status(vm), 0);
  assert_true(machine_state_hash(vm) == machine_state_hash(b.bare));
  machine_destroy(vm);
  bench_close(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_create_vmm),        cmocka_unit_test(test_create_vm),
      cmocka_unit_test(test_lost_console),      cmocka_unit_test(test_real_machine_fails),
      cmocka_unit_test(test_room_in_the_queue), cmocka_unit_test(test_run_by_the_vmm),
      cmocka_unit_test(test_failed_write),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
