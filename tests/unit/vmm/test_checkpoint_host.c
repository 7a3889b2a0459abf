/* Checkpoints of a VMM where they cannot be had: on a host without memory, of modules
 * that cannot be saved or come back; and stops that could not be set. Whoever asked
 * is told, and nothing has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine/checkpoint.h"
#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "tests/common/host.h"
#include "tests/common/program.h"
#include "vmm/modules.h"
#include "vmm/vmm.h"

#include <errno.h>

#define STORAGE MACHINE_MIN_STORAGE
#define SECTORS 8u
#define BUFFER  0x8000u

struct bench {
  struct profile *profile;
  struct disk_store *disk;
  struct machine *real, *vm, *neighbour;
  struct vmm *vmm;
};

/* Counts in a0 for ever. */
static void put_loop(struct machine *m)
{
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  load_program(m, &p);
}

/* With a disk of sectors that all differ, the VM's and a neighbour's. */
static void bench_open(struct bench *b, const struct vmm_modules *modules)
{
  *b = (struct bench){.profile = profile_load("tests/common/keyed.profile", stderr),
                      .disk = disk_store_memory(SECTORS)};
  b->real = machine_create(&(struct machine_config){.profile = b->profile,
                                                    .storage = VMM_OWN_STORAGE + 2 * STORAGE,
                                                    .disk = b->disk},
                           NULL);
  assert_non_null(b->real);
  b->vmm = vmm_create_with(b->real, modules, NULL);
  assert_non_null(b->vmm);
  struct vmm_vm_config config = {.name = "a", .storage = STORAGE, .disk_sectors = SECTORS};
  b->vm = vmm_create_vm(b->vmm, &config, NULL);
  config.disk_sectors = 0;
  b->neighbour = vmm_create_vm(b->vmm, &config, NULL);
  assert_non_null(b->vm);
  assert_non_null(b->neighbour);
  put_loop(b->vm);
  put_loop(b->neighbour);
}

static void bench_close(struct bench *b)
{
  machine_destroy(b->neighbour);
  machine_destroy(b->vm);
  vmm_destroy(b->vmm);
  machine_destroy(b->real);
  disk_store_destroy(b->disk);
  profile_destroy(b->profile);
}

static void command(struct machine *m, uint32_t what, uint32_t sector, uint32_t count)
{
  assert_true(machine_port_out(m, PORT_DISK_SECTOR, sector));
  assert_true(machine_port_out(m, PORT_DISK_ADDRESS, BUFFER));
  assert_true(machine_port_out(m, PORT_DISK_COUNT, count));
  assert_true(machine_port_out(m, PORT_DISK_COMMAND, what));
}

static uint32_t status(struct machine *m)
{
  uint32_t value = 0;
  assert_true(machine_port_in(m, PORT_DISK_STATUS, &value));
  return value;
}

static void pass(struct machine *m, uint64_t ticks)
{
  machine_set_cr(m, CR_IPEND, 0); /* or no time passes */
  machine_idle(m, machine_tick(m) + ticks);
}

static void write_sector(struct bench *b, uint32_t sector, uint8_t byte)
{
  uint8_t bytes[MACHINE_SECTOR_SIZE];
  memset(bytes, byte, sizeof bytes);
  assert_true(machine_phys_write(b->vm, gpa(BUFFER), bytes, sizeof bytes));
  command(b->vm, DISK_COMMAND_WRITE, sector, 1);
  pass(b->vm, 100000);
  assert_int_equal(status(b->vm), 0);
}

/* Read early, and done on the real disk, while the VM itself has still to wait. */
static void read_early(struct bench *b, uint32_t sector, uint32_t count)
{
  command(b->vm, DISK_COMMAND_READ, sector, count);
  assert_int_equal(machine_advance(b->neighbour, machine_tick(b->neighbour) + 100000).why,
                   MACHINE_LIMIT);
}

static uint8_t arrived(struct bench *b)
{
  uint8_t byte;
  pass(b->vm, 100000);
  assert_int_equal(status(b->vm), 0);
  assert_true(machine_phys_read(b->vm, gpa(BUFFER), &byte, 1));
  return byte;
}

/* ----------------------------------------------------------------------- memory */

/* Whatever is refused, there is a sentence and no checkpoint, and all is as before. */
static void test_no_memory(void **state)
{
  (void)state;
  struct bench b;
  bench_open(&b, &vmm_default_modules);
  write_sector(&b, 3, 0x33);
  read_early(&b, 3, 1);
  uint64_t before = machine_state_hash(b.vm);
  unsigned long nth = 0;
  struct vmm_checkpoint *c = NULL;
  while (!c) {
    const char *reason = NULL;
    assert_true(nth < 100);
    host_fail(HOST_MEMORY, ++nth, ENOMEM);
    c = vmm_checkpoint_take(b.vmm, &reason);
    assert_int_equal(host_heal(), c == NULL);
    if (!c) {
      assert_non_null(reason);
      assert_int_equal(strncmp(reason, "no memory", 9), 0);
    }
    assert_true(machine_state_hash(b.vm) == before);
  }
  assert_in_range(nth, 6, 30);
  vmm_checkpoint_destroy(c);
  vmm_checkpoint_destroy(NULL);
  assert_int_equal(arrived(&b), 0x33);
  bench_close(&b);
}

/* What was read for a VM comes back, although another read came since. */
static void test_read_ahead_restored(void **state)
{
  (void)state;
  struct bench b;
  const char *reason = NULL;
  bench_open(&b, &vmm_default_modules);
  write_sector(&b, 3, 0x33);
  write_sector(&b, 4, 0x44);
  read_early(&b, 3, 1);
  struct checkpoint *real = checkpoint_take(b.real, NULL);
  struct vmm_checkpoint *c = vmm_checkpoint_take(b.vmm, &reason);
  assert_non_null(real);
  assert_non_null(c);
  assert_int_equal(arrived(&b), 0x33);
  read_early(&b, 4, 1);
  assert_int_equal(arrived(&b), 0x44);
  checkpoint_restore(b.real, real);
  assert_true(vmm_checkpoint_restore(b.vmm, c));
  assert_int_equal(arrived(&b), 0x33);
  vmm_checkpoint_destroy(c);
  checkpoint_destroy(real);
  bench_close(&b);
}

/* ---------------------------------------------------------------------- modules */

static uint32_t saves;  /* bytes; a second answer is one more, if it lies */
static bool lies, back; /* load's answer */

static void *create_state(void *with)
{
  (void)with;
  return malloc(1);
}

static uint32_t save(void *state, void *bytes, uint32_t room)
{
  (void)state;
  if (room >= saves && bytes) {
    memset(bytes, 7, saves);
  }
  return bytes && lies ? saves + 1 : saves;
}

static bool load(void *state, const void *bytes, uint32_t len)
{
  (void)state;
  return back && len == saves && (len == 0 || *(const uint8_t *)bytes == 7);
}

/* A mini-disk module with a state. */
struct stateful {
  struct vmm_minidisk_module minidisk;
  struct vmm_modules all;
};

static void make_stateful(struct stateful *s, bool saving, bool loading)
{
  s->minidisk = vmm_minidisk;
  s->minidisk.create = create_state;
  s->minidisk.destroy = free;
  s->minidisk.save = saving ? save : NULL;
  s->minidisk.load = loading ? load : NULL;
  s->all = vmm_default_modules;
  s->all.minidisk = &s->minidisk;
}

static void test_modules_that_cannot(void **state)
{
  (void)state;
  for (unsigned can = 0; can < 3; can++) {
    struct stateful s;
    struct bench b;
    const char *reason = NULL;
    make_stateful(&s, can == 1, can == 2);
    bench_open(&b, &s.all);
    assert_null(vmm_checkpoint_take(b.vmm, &reason));
    assert_non_null(strstr(reason, "minidisk module cannot be saved"));
    bench_close(&b);
  }
}

static void test_modules_that_can(void **state)
{
  (void)state;
  struct stateful s;
  struct bench b;
  const char *reason = NULL;
  saves = 5;
  make_stateful(&s, true, true);
  bench_open(&b, &s.all);
  lies = true;
  assert_null(vmm_checkpoint_take(b.vmm, &reason));
  assert_non_null(reason);
  lies = false;
  struct checkpoint *real = checkpoint_take(b.real, NULL);
  struct vmm_checkpoint *c = vmm_checkpoint_take(b.vmm, &reason);
  assert_non_null(c);
  for (unsigned answer = 0; answer < 2; answer++) {
    back = answer;
    checkpoint_restore(b.real, real);
    assert_int_equal(vmm_checkpoint_restore(b.vmm, c), back);
  }
  vmm_checkpoint_destroy(c);
  checkpoint_destroy(real);
  bench_close(&b);
}

/* ------------------------------------------------------------------- mini-disks */

static struct vmm_sector nowhere(void *state, struct vmm_extent extent, uint32_t sector,
                                 uint32_t count, bool write)
{
  (void)state, (void)extent, (void)sector, (void)count, (void)write;
  return (struct vmm_sector){.ok = false};
}

/* A mini-disk that has no place for a sector: an error for the guest, no transfer. */
static void test_sectors_nowhere(void **state)
{
  (void)state;
  struct vmm_minidisk_module minidisk = vmm_minidisk;
  struct vmm_modules all = vmm_default_modules;
  struct bench b;
  uint8_t bytes[MACHINE_SECTOR_SIZE] = {0};
  minidisk.map = nowhere;
  all.minidisk = &minidisk;
  bench_open(&b, &all);
  assert_false(machine_disk_peek(b.vm, 1, bytes));
  command(b.vm, DISK_COMMAND_READ, 1, 2);
  pass(b.vm, 100000);
  assert_int_not_equal(status(b.vm), 0);
  command(b.vm, DISK_COMMAND_WRITE, 1, 2);
  pass(b.vm, 100000);
  assert_int_not_equal(status(b.vm), 0);
  bench_close(&b);
}

/* ------------------------------------------------------------------------ stops */

/* A breakpoint that could not be set stops the run, rather than never being met. */
static void test_stops_refused(void **state)
{
  (void)state;
  struct bench b;
  const uint32_t at = ISA_RESET_PC + 4;
  const struct machine_stops stops = {.breaks = &at, .break_count = 1};
  bench_open(&b, &vmm_default_modules);
  unsigned long nth = 0;
  for (bool failed = true; failed;) {
    assert_true(nth < 30);
    assert_true(machine_set_stops(b.vm, &stops));
    machine_set_pc(b.vm, ISA_RESET_PC);
    host_fail(HOST_MEMORY, ++nth, ENOMEM);
    struct machine_stop stop = machine_run(b.vm, machine_tick(b.vm) + 100);
    failed = host_heal();
    if (stop.why == MACHINE_HOST_ERROR) {
      assert_true(failed);
      assert_string_equal(stop.reason, "no memory for breakpoints");
    } else {
      assert_int_equal(stop.why, MACHINE_BREAK);
      assert_int_equal(machine_get_pc(b.vm), at);
    }
  }
  assert_true(nth > 2);
  bench_close(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_memory),           cmocka_unit_test(test_read_ahead_restored),
      cmocka_unit_test(test_modules_that_cannot), cmocka_unit_test(test_modules_that_can),
      cmocka_unit_test(test_sectors_nowhere),     cmocka_unit_test(test_stops_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
