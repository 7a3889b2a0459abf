/* Several virtual machines on one VMM: each is a duplicate of the bare machine
 * whatever the others do; what belongs to one is never given to another; and a
 * machine's state can be carried from a bare machine to a VM and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine/devices/ports.h"
#include "machine/snapshot.h"
#include "machine/trace.h"
#include "tests/common/chaos.h"
#include "tests/common/program.h"
#include "tests/common/twin.h"

#define VMS     3u
#define STORAGE MACHINE_MIN_STORAGE
#define SECTORS 6u

struct host {
  struct profile *profile;
  struct disk_store *disk;
  struct machine *real;
  struct vmm *vmm;
};

static void open_host(struct host *h, uint32_t storage, uint32_t sectors)
{
  memset(h, 0, sizeof *h);
  h->profile = profile_load("pg", stderr);
  h->disk = sectors ? disk_store_memory(sectors) : NULL;
  h->real = machine_create(
      &(struct machine_config){.profile = h->profile, .storage = storage, .disk = h->disk}, NULL);
  const char *reason = NULL;
  h->vmm = vmm_create(h->real, &reason);
  assert_non_null(h->vmm);
}

static void close_host(struct host *h)
{
  vmm_destroy(h->vmm);
  machine_destroy(h->real);
  disk_store_destroy(h->disk);
  profile_destroy(h->profile);
}

/* -------------------------------------------------------------- interleaving */

struct pair {
  struct disk_store *disk;
  struct machine *bare, *vm;
  struct random bare_random, vm_random;
};

static void open_pair(struct host *h, struct pair *p, uint32_t i, uint64_t seed)
{
  p->disk = disk_store_memory(SECTORS);
  p->bare = machine_create(
      &(struct machine_config){.profile = h->profile, .storage = STORAGE, .disk = p->disk}, NULL);
  const char *reason = NULL;
  p->vm = vmm_create_vm(h->vmm,
                        &(struct vmm_vm_config){.name = "vm",
                                                .storage = STORAGE,
                                                .disk_first = i * SECTORS,
                                                .disk_sectors = SECTORS,
                                                .console_private = true},
                        &reason);
  assert_non_null(p->vm);
  p->bare_random = p->vm_random = random_from(seed);
  load_chaos(p->bare, &p->bare_random, SECTORS);
  load_chaos(p->vm, &p->vm_random, SECTORS);
}

static void interleaved(void **state)
{
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    struct host h;
    struct pair pairs[VMS];
    struct random r = random_from(seed);
    open_host(&h, VMM_OWN_STORAGE + VMS * STORAGE, VMS * SECTORS);
    for (uint32_t i = 0; i < VMS; i++) {
      open_pair(&h, &pairs[i], i, seed * VMS + i);
    }
    for (uint32_t turn = 0; turn < 300; turn++) {
      struct pair *p = &pairs[random_below(&r, VMS)];
      if (random_below(&r, 20) == 0) {
        stir_chaos(p->bare, &p->bare_random);
        stir_chaos(p->vm, &p->vm_random);
      }
      uint64_t until = machine_tick(p->bare) + 1 + random_below(&r, 400);
      machine_advance(p->bare, until);
      machine_advance(p->vm, until);
      if (machine_state_hash(p->bare) != machine_state_hash(p->vm)) {
        fail_msg("seed %llu, turn %u, tick %llu: a VM differs", (unsigned long long)seed, turn,
                 (unsigned long long)machine_tick(p->bare));
      }
    }
    uint64_t switches = 0;
    for (uint32_t i = 0; i < VMS; i++) {
      switches += vmm_vm_stats(pairs[i].vm)->world_switches;
      assert_int_equal(machine_state_hash(pairs[i].bare), machine_state_hash(pairs[i].vm));
      machine_destroy(pairs[i].vm);
      machine_destroy(pairs[i].bare);
      disk_store_destroy(pairs[i].disk);
    }
    assert_true(switches > 30);
    size_t len;
    machine_console_output(h.real, &len);
    assert_int_equal(len, 0); /* their consoles are private */
    close_host(&h);
  }
}

/* Only a change of VM is a world switch. */
static void staying_is_no_switch(void **state)
{
  (void)state;
  struct host h;
  open_host(&h, VMM_OWN_STORAGE + STORAGE, 0);
  struct vmm_vm_config config = {.name = "alone", .storage = STORAGE};
  struct machine *vm = vmm_create_vm(h.vmm, &config, NULL);
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_CLI, 0, 0, 0, 0);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  load_program(vm, &p);
  for (uint64_t t = 1; t < 1000; t++) {
    machine_advance(vm, t);
  }
  assert_int_equal(vmm_vm_stats(vm)->world_switches, 1);
  assert_int_equal(vmm_vm_stats(vm)->emulated, 500);
  machine_destroy(vm);
  close_host(&h);
}

/* ------------------------------------------------------------------ allocation */

static struct machine *try_vm(struct host *h, uint32_t storage, uint32_t first, uint32_t sectors,
                              bool readonly, const char *refusal)
{
  const char *reason = NULL;
  struct vmm_vm_config config = {.name = "x",
                                 .storage = storage,
                                 .disk_first = first,
                                 .disk_sectors = sectors,
                                 .disk_readonly = readonly};
  struct machine *vm = vmm_create_vm(h->vmm, &config, &reason);
  if (refusal) {
    assert_null(vm);
    assert_non_null(strstr(reason, refusal));
  } else {
    assert_non_null(vm);
  }
  return vm;
}

static void storage_is_given_once(void **state)
{
  (void)state;
  struct host h;
  open_host(&h, VMM_OWN_STORAGE + 4 * STORAGE, 0);
  try_vm(&h, STORAGE - ISA_PAGE_SIZE, 0, 0, false, "at least 64 KiB");
  try_vm(&h, STORAGE + 1, 0, 0, false, "whole pages");
  try_vm(&h, 5 * STORAGE, 0, 0, false, "not enough storage");
  try_vm(&h, 0u - ISA_PAGE_SIZE, 0, 0, false, "not enough storage");
  struct machine *a = try_vm(&h, STORAGE, 0, 0, false, NULL);
  struct machine *b = try_vm(&h, STORAGE, 0, 0, false, NULL);
  struct machine *c = try_vm(&h, 2 * STORAGE, 0, 0, false, NULL);
  try_vm(&h, STORAGE, 0, 0, false, "not enough storage");
  assert_true(machine_phys_write_word(b, gpa(0), 0x5ec2e7));
  machine_destroy(b);
  try_vm(&h, 2 * STORAGE, 0, 0, false, "not enough storage");
  b = try_vm(&h, STORAGE, 0, 0, false, NULL); /* the hole is found, and was cleared */
  uint32_t word = 1;
  assert_true(machine_phys_read_word(b, gpa(0), &word));
  assert_int_equal(word, 0);
  assert_false(machine_phys_read_word(b, gpa(STORAGE), &word));
  machine_destroy(a);
  machine_destroy(b);
  machine_destroy(c);
  close_host(&h);
}

static void extents_are_given_once(void **state)
{
  (void)state;
  struct host h;
  open_host(&h, VMM_OWN_STORAGE + 8 * STORAGE, 20);
  try_vm(&h, STORAGE, 15, 6, false, "beyond the end");
  try_vm(&h, STORAGE, UINT32_MAX, 2, false, "beyond the end");
  struct machine *a = try_vm(&h, STORAGE, 5, 5, false, NULL);
  try_vm(&h, STORAGE, 9, 1, true, "overlaps");
  try_vm(&h, STORAGE, 0, 6, false, "overlaps");
  struct machine *b = try_vm(&h, STORAGE, 10, 10, true, NULL);
  struct machine *c = try_vm(&h, STORAGE, 15, 5, true, NULL); /* both only read */
  try_vm(&h, STORAGE, 15, 5, false, "overlaps");
  struct machine *d = try_vm(&h, STORAGE, 0, 0, false, NULL); /* without a disk */
  assert_int_equal(machine_disk_sectors(d), 0);
  machine_destroy(a);
  a = try_vm(&h, STORAGE, 0, 10, false, NULL);
  assert_int_equal(machine_disk_sectors(a), 10);
  machine_destroy(a);
  machine_destroy(b);
  machine_destroy(c);
  machine_destroy(d);
  close_host(&h);
}

/* A write to a read-only mini-disk completes with an error, as on a machine
 * whose disk refuses, and the real disk is not touched. */
static void readonly_refuses_writes(void **state)
{
  (void)state;
  struct host h;
  open_host(&h, VMM_OWN_STORAGE + STORAGE, 4);
  struct machine *vm = try_vm(&h, STORAGE, 0, 4, true, NULL);
  assert_true(machine_phys_write_word(vm, gpa(0x4000), 0xffffffff));
  const uint32_t values[] = {1, 0x4000, 1, DISK_COMMAND_WRITE};
  for (uint32_t i = 0; i < 4; i++) {
    assert_true(machine_port_out(vm, PORT_DISK_SECTOR + i, values[i]));
  }
  assert_int_equal(machine_idle(vm, MACHINE_NEVER), DISK_LATENCY + DISK_PER_SECTOR);
  uint32_t status;
  assert_true(machine_port_in(vm, PORT_DISK_STATUS, &status));
  assert_int_equal(status >> DISK_STATUS_ERROR_SHIFT, DISK_ERROR_HOST);
  uint32_t sector[MACHINE_SECTOR_SIZE / 4] = {1};
  assert_true(disk_store_read(h.disk, 1, sector));
  assert_int_equal(sector[0], 0);
  assert_int_equal(vmm_vm_stats(vm)->frozen, 0);
  machine_destroy(vm);
  close_host(&h);
}

/* -------------------------------------------------------------- several extents */

static const struct vmm_extent row[] = {{5, 3, false}, {0, 2, true}, {12, 4, false}};

static struct machine *row_vm(struct host *h, const struct vmm_extent *extents, unsigned count,
                              const char *refusal)
{
  const char *reason = "";
  struct vmm_vm_config config = {
      .name = "row", .storage = STORAGE, .extents = extents, .extent_count = count};
  struct machine *vm = vmm_create_vm(h->vmm, &config, &reason);
  assert_int_equal(vm == NULL, refusal != NULL);
  if (refusal) {
    assert_non_null(strstr(reason, refusal));
  }
  return vm;
}

/* Answers the error of the command. */
static uint32_t transfer(struct machine *vm, uint32_t command, uint32_t sector, uint32_t count)
{
  const uint32_t values[] = {sector, 0x4000, count, command};
  for (uint32_t i = 0; i < 4; i++) {
    assert_true(machine_port_out(vm, PORT_DISK_SECTOR + i, values[i]));
  }
  uint32_t status;
  do {
    machine_idle(vm, MACHINE_NEVER);
    machine_set_cr(vm, CR_IPEND, 0);
    assert_true(machine_port_in(vm, PORT_DISK_STATUS, &status));
  } while (status & DISK_STATUS_BUSY);
  return status >> DISK_STATUS_ERROR_SHIFT;
}

static uint32_t first_word(struct disk_store *disk, uint32_t sector)
{
  uint32_t words[MACHINE_SECTOR_SIZE / 4];
  assert_true(disk_store_read(disk, sector, words));
  return words[0];
}

static void number_sectors(struct disk_store *disk, uint32_t sectors)
{
  for (uint32_t i = 0; i < sectors; i++) {
    uint32_t words[MACHINE_SECTOR_SIZE / 4] = {100 + i};
    assert_true(disk_store_write(disk, i, words));
  }
}

/* One behind another they are one disk, and a transfer runs on from one into the next. */
static void extents_follow_one_another(void **state)
{
  (void)state;
  static const uint32_t there[] = {105, 106, 107, 100, 101, 112, 113, 114, 115};
  struct host h;
  open_host(&h, VMM_OWN_STORAGE + STORAGE, 20);
  number_sectors(h.disk, 20);
  struct machine *vm = row_vm(&h, row, 3, NULL);
  assert_int_equal(machine_disk_sectors(vm), 9);
  assert_int_equal(transfer(vm, DISK_COMMAND_READ, 0, 9), DISK_OK);
  for (uint32_t i = 0; i < 9; i++) {
    uint32_t word, sector[MACHINE_SECTOR_SIZE / 4];
    assert_true(machine_phys_read_word(vm, gpa(0x4000 + i * MACHINE_SECTOR_SIZE), &word));
    assert_int_equal(word, there[i]);
    assert_true(machine_disk_peek(vm, i, sector));
    assert_int_equal(sector[0], there[i]);
  }
  assert_int_equal(transfer(vm, DISK_COMMAND_READ, 8, 2), DISK_ERROR_SECTOR);
  struct vmm_allocation a = vmm_vm_allocation(vm);
  assert_int_equal(a.extent_count, 3);
  assert_int_equal(a.extents[2].first, 12);
  assert_int_equal(a.disk_sectors, 9);
  assert_false(a.disk_readonly);
  machine_destroy(vm);
  close_host(&h);
}

/* What comes before a sector that must not be written is written, and no more. */
static void writing_ends_where_it_must(void **state)
{
  (void)state;
  struct host h;
  open_host(&h, VMM_OWN_STORAGE + STORAGE, 20);
  number_sectors(h.disk, 20);
  struct machine *vm = row_vm(&h, row, 3, NULL);
  uint64_t before = machine_state_hash(vm);
  assert_int_equal(transfer(vm, DISK_COMMAND_WRITE, 3, 1), DISK_ERROR_HOST);
  assert_int_equal(transfer(vm, DISK_COMMAND_WRITE, 1, 8), DISK_ERROR_HOST);
  assert_int_equal(transfer(vm, DISK_COMMAND_WRITE, 5, 3), DISK_OK);
  static const uint32_t now[] = {100, 101, 102, 103, 104, 105, 0,   0,   108, 109,
                                 110, 111, 0,   0,   0,   115, 116, 117, 118, 119};
  for (uint32_t i = 0; i < 20; i++) {
    assert_int_equal(first_word(h.disk, i), now[i]);
  }
  assert_true(machine_state_hash(vm) != before);
  machine_destroy(vm);
  close_host(&h);
}

static void extents_of_one_vm_are_apart(void **state)
{
  (void)state;
  static const struct vmm_extent clash[] = {{5, 3, false}, {7, 2, true}};
  static const struct vmm_extent both_read[] = {{5, 3, true}, {7, 2, true}};
  static const struct vmm_extent empty[] = {{5, 3, true}, {7, 0, true}};
  static const struct vmm_extent off[] = {{5, 3, true}, {19, 2, true}};
  static const struct vmm_extent many[9] = {{0, 1, true}, {0, 1, true}, {0, 1, true},
                                            {0, 1, true}, {0, 1, true}, {0, 1, true},
                                            {0, 1, true}, {0, 1, true}, {0, 1, true}};
  struct host h;
  open_host(&h, VMM_OWN_STORAGE + 4 * STORAGE, 20);
  row_vm(&h, clash, 2, "overlaps");
  row_vm(&h, empty, 2, "at least one sector");
  row_vm(&h, off, 2, "beyond the end");
  row_vm(&h, many, 9, "at most 8");
  struct machine *a = row_vm(&h, both_read, 2, NULL);
  row_vm(&h, row, 3, "overlaps");
  assert_true(vmm_vm_allocation(a).disk_readonly);
  struct machine *b = row_vm(&h, row + 1, 2, NULL);
  try_vm(&h, STORAGE, 15, 1, true, "overlaps"); /* of its second extent */
  machine_destroy(a);
  machine_destroy(b);
  close_host(&h);
}

/* What the VMM cannot do, it says. */
static void unsuitable_machines(void **state)
{
  (void)state;
  const char *reason = NULL;
  struct profile *pg = profile_load("pg", stderr);
  struct machine_config small = {.profile = pg, .storage = MACHINE_MIN_STORAGE};
  struct machine *m = machine_create(&small, NULL);
  assert_null(vmm_create(m, &reason));
  assert_non_null(strstr(reason, "storage is too small"));
  machine_destroy(m);
  struct machine_config used = {.profile = pg, .storage = 1 << 20};
  m = machine_create(&used, NULL);
  machine_idle(m, 5);
  assert_null(vmm_create(m, &reason));
  assert_non_null(strstr(reason, "just reset"));
  machine_destroy(m);
  profile_destroy(pg);
}

/* A real disk whose sector the VMM may not write: the guest sees the error. */
static void two_readers_share_the_real_disk(void **state)
{
  (void)state;
  struct host h;
  open_host(&h, VMM_OWN_STORAGE + 2 * STORAGE, 8);
  for (uint32_t i = 0; i < 8; i++) {
    uint8_t sector[MACHINE_SECTOR_SIZE];
    memset(sector, (int)(i + 1), sizeof sector);
    assert_true(disk_store_write(h.disk, i, sector));
  }
  struct machine *vm[2] = {try_vm(&h, STORAGE, 0, 4, false, NULL),
                           try_vm(&h, STORAGE, 4, 4, false, NULL)};
  for (unsigned i = 0; i < 2; i++) { /* both commands are under way at once */
    const uint32_t values[] = {2, 0x4000, 2, DISK_COMMAND_READ};
    for (uint32_t j = 0; j < 4; j++) {
      machine_port_out(vm[i], PORT_DISK_SECTOR + j, values[j]);
    }
  }
  for (unsigned i = 2; i-- > 0;) {
    uint32_t word = 0;
    assert_int_equal(machine_idle(vm[i], MACHINE_NEVER), 1200);
    assert_true(machine_phys_read_word(vm[i], gpa(0x4000), &word));
    assert_int_equal(word, 0x01010101u * (3 + 4 * i));
    assert_true(machine_phys_read_word(vm[i], gpa(0x4200), &word));
    assert_int_equal(word, 0x01010101u * (4 + 4 * i));
  }
  machine_destroy(vm[0]);
  machine_destroy(vm[1]);
  close_host(&h);
}

/* Gone while the real disk still reads for it. */
static void destroyed_with_a_read_under_way(void **state)
{
  (void)state;
  struct host h;
  open_host(&h, VMM_OWN_STORAGE + STORAGE, 8);
  struct machine *vm = try_vm(&h, STORAGE, 0, 4, false, NULL);
  machine_port_out(vm, PORT_DISK_COUNT, 1);
  machine_port_out(vm, PORT_DISK_COMMAND, DISK_COMMAND_READ);
  machine_destroy(vm);
  vm = try_vm(&h, STORAGE, 0, 4, false, NULL);
  machine_port_out(vm, PORT_DISK_COUNT, 1);
  machine_port_out(vm, PORT_DISK_COMMAND, DISK_COMMAND_READ);
  assert_int_equal(machine_idle(vm, MACHINE_NEVER), 1100);
  machine_destroy(vm);
  close_host(&h);
}

/* ------------------------------------------------------------------- snapshots */

/* Mid-run, disk commands under way: bare to virtual, and back. */
static void state_moves_between_kinds(void **state)
{
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    struct twin t;
    struct random r = random_from(seed);
    twin_open(&t, &(struct twin_config){.sectors = 12, .depth = 1 + (unsigned)(seed % 2)});
    load_chaos(t.bare, &r, 12);
    machine_advance(t.bare, 1500 + 100 * seed);
    for (unsigned i = 0; i < 6; i++) {
      struct machine *from = i % 2 ? t.vm : t.bare, *to = i % 2 ? t.bare : t.vm;
      struct snapshot *s = snapshot_take(from);
      assert_non_null(s);
      assert_true(snapshot_restore(to, s));
      snapshot_destroy(s);
      if (!twin_equal(&t) || !twin_run(&t, machine_tick(t.bare) + 200, 1)) {
        fail_msg("seed %llu, move %u: %s", (unsigned long long)seed, i, t.difference);
      }
      stir_chaos(from, &r);
      machine_advance(from, machine_tick(from) + 700);
    }
    twin_close(&t);
  }
}

/* ----------------------------------------------------------------- trace events */

struct counter {
  struct tracer tracer; /* first */
  unsigned kinds[TRACE_KIND_COUNT];
};

static void count_event(struct tracer *tracer, const struct trace_event *event)
{
  struct counter *c = (struct counter *)tracer;
  assert_string_equal(event->machine, "traced");
  c->kinds[event->kind]++;
}

static void events(void **state)
{
  (void)state;
  struct host h;
  struct counter c = {.tracer.record = count_event};
  open_host(&h, VMM_OWN_STORAGE + STORAGE, 0);
  struct vmm_vm_config config = {.name = "traced", .storage = STORAGE};
  struct machine *vm = vmm_create_vm(h.vmm, &config, NULL);
  assert_ptr_equal(machine_parent(vm), h.real);
  machine_set_tracer(vm, &c.tracer);
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_CLI, 0, 0, 0, 0);
  put(&p, ISA_OUT, 0, 0, 0, PORT_CONSOLE_DATA);
  put(&p, ISA_SYS, 0, 0, 0, 0);
  load_program(vm, &p);
  machine_set_cr(vm, CR_TIMER, 1);
  machine_run(vm, 1);
  struct machine_stop stop = machine_run(vm, 100);
  machine_phys_write_word(vm, gpa(4 * CAUSE_SYSCALL), ISA_RESET_PC);
  machine_deliver(vm, &stop.trap);
  machine_run(vm, machine_tick(vm) + 1);
  struct vmm_allocation given = vmm_vm_allocation(vm);
  assert_int_equal(given.storage.start.v, VMM_OWN_STORAGE);
  assert_int_equal(given.storage.size, STORAGE);
  assert_int_equal(given.disk_sectors, 0);
  assert_int_equal(c.kinds[TRACE_MAP], 1);
  assert_int_equal(c.kinds[TRACE_EMULATE], 3);
  assert_int_equal(c.kinds[TRACE_REFLECT], 1);
  assert_int_equal(c.kinds[TRACE_TRAP], 1);
  assert_int_equal(c.kinds[TRACE_DELIVER], 1);
  assert_int_equal(c.kinds[TRACE_IO], 1);
  assert_int_equal(c.kinds[TRACE_DEVICE], 1);
  assert_int_equal(c.kinds[TRACE_WORLD_IN], 4);
  assert_int_equal(c.kinds[TRACE_WORLD_OUT], 4);
  machine_destroy(vm);
  close_host(&h);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(interleaved),
      cmocka_unit_test(staying_is_no_switch),
      cmocka_unit_test(storage_is_given_once),
      cmocka_unit_test(extents_are_given_once),
      cmocka_unit_test(extents_follow_one_another),
      cmocka_unit_test(writing_ends_where_it_must),
      cmocka_unit_test(extents_of_one_vm_are_apart),
      cmocka_unit_test(readonly_refuses_writes),
      cmocka_unit_test(unsuitable_machines),
      cmocka_unit_test(two_readers_share_the_real_disk),
      cmocka_unit_test(destroyed_with_a_read_under_way),
      cmocka_unit_test(state_moves_between_kinds),
      cmocka_unit_test(events),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("vms", tests, NULL, NULL) != 0;
}
