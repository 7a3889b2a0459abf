/* docs/machine.md, "Ports": a test for each sentence, and what the machine makes
 * of a host that fails its disk. */
#include "cmocka_all.h"

#include <unistd.h>

#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "programs.h"
#include "random.h"
#include "rig.h"

#define SECTOR MACHINE_SECTOR_SIZE

enum { TIMER_LINE = 1, CONSOLE_LINE = 2, DISK_LINE = 4, ALL_LINES = 0x1f };

/* The loop of in and out instructions that the tests drive: one step each. */
static uint32_t in(struct rig *r, uint32_t port)
{
  r->at = RIG_CODE;
  machine_set_pc(r->m, RIG_CODE);
  emit(r, ISA_IN, REG_A0, REG_A1, 0, 0);
  set_reg(r, REG_A1, port);
  steps(r, 1);
  return reg(r, REG_A0);
}

static void out(struct rig *r, uint32_t port, uint32_t value)
{
  r->at = RIG_CODE;
  machine_set_pc(r->m, RIG_CODE);
  emit(r, ISA_OUT, REG_A0, REG_A1, 0, 0);
  set_reg(r, REG_A0, value);
  set_reg(r, REG_A1, port);
  steps(r, 1);
}

/* Gives a command by `out`; the tick of the boundary after it. */
static uint64_t command(struct rig *r, uint32_t cmd, uint32_t sector, uint32_t address,
                        uint32_t count)
{
  out(r, PORT_DISK_SECTOR, sector);
  out(r, PORT_DISK_ADDRESS, address);
  out(r, PORT_DISK_COUNT, count);
  out(r, PORT_DISK_COMMAND, cmd);
  return now(r);
}

static void spin_to(struct rig *r, uint64_t tick)
{
  r->at = RIG_CODE;
  machine_set_pc(r->m, RIG_CODE);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, 0);
  run_to(r, tick);
}

/* Completes at `due`, not a tick earlier; then `status`, with its interrupt. */
static void completes(struct rig *r, uint64_t due, uint32_t status)
{
  spin_to(r, due - 1);
  assert_int_equal(cr(r, CR_IPEND), 0);
  uint32_t got;
  assert_true(machine_port_in(r->m, PORT_DISK_STATUS, &got));
  assert_int_equal(got, DISK_STATUS_BUSY);
  spin_to(r, due);
  assert_int_equal(cr(r, CR_IPEND), DISK_LINE);
  assert_true(machine_port_in(r->m, PORT_DISK_STATUS, &got));
  assert_int_equal(got, status);
  set_cr(r, CR_IPEND, 0);
}

static void fill_sector(struct rig *r, uint32_t sector, uint8_t byte)
{
  uint8_t buf[SECTOR];
  memset(buf, byte, SECTOR);
  assert_true(disk_store_write(r->disk, sector, buf));
}

static void assert_storage(struct rig *r, uint32_t at, uint8_t byte, uint32_t len)
{
  uint8_t got[4 * SECTOR];
  assert_true(len <= sizeof got && machine_phys_read(r->m, gpa(at), got, len));
  for (uint32_t i = 0; i < len; i++) {
    assert_int_equal(got[i], byte);
  }
}

static void assert_disk(struct rig *r, uint32_t sector, uint8_t byte)
{
  uint8_t got[SECTOR];
  assert_true(machine_disk_peek(r->m, sector, got));
  for (uint32_t i = 0; i < SECTOR; i++) {
    assert_int_equal(got[i], byte);
  }
}

/* --------------------------------------------------------------- any port */

static const uint32_t no_ports[] = {0x02,  0x0f,       0x16,       0x17,      0x28,
                                    0x100, 0x10000000, 0xffffffff, 0x80000010};

static void other_ports_are_bus_errors(struct rig *r)
{
  for (size_t i = 0; i < sizeof no_ports / sizeof *no_ports; i++) {
    set_reg(r, REG_A1, no_ports[i] + 4);
    for (int k = 0; k < 2; k++) { /* either first: nothing is left from the trap before */
      enum isa_insn insn = (i + (size_t)k) % 2 ? ISA_IN : ISA_OUT;
      r->at = RIG_CODE;
      expect_trap(r, CAUSE_BUS, no_ports[i], emit(r, insn, REG_A0, REG_A1, 0, (uint32_t)-4));
    }
    uint32_t value = 7;
    assert_false(machine_port_in(r->m, no_ports[i], &value));
    assert_false(machine_port_out(r->m, no_ports[i], 1));
    assert_int_equal(value, 7);
  }
}

static void ports_are_privileged(struct rig *r)
{
  set_cr(r, CR_PSW, psw(1, 0));
  set_reg(r, REG_A1, 0x999);
  expect_trap(r, CAUSE_PRIVILEGED, 0, emit(r, ISA_IN, REG_A0, REG_ZERO, 0, 0));
  r->at = RIG_CODE;
  expect_trap(r, CAUSE_PRIVILEGED, 0, emit(r, ISA_OUT, REG_A0, REG_A1, 0, 0));
}

/* --------------------------------------------------------------- console */

static void console_output_is_immediate(struct rig *r)
{
  size_t len;
  assert_non_null(machine_console_output(r->m, &len));
  assert_int_equal(len, 0);
  out(r, PORT_CONSOLE_DATA, 0xffffff41);
  assert_memory_equal(machine_console_output(r->m, &len), "A", 1);
  assert_int_equal(len, 1);
  out(r, PORT_CONSOLE_STATUS, 'x'); /* ignored */
  machine_console_output(r->m, &len);
  assert_int_equal(len, 1);
}

static void console_input_queues(struct rig *r)
{
  assert_int_equal(in(r, PORT_CONSOLE_STATUS), 0);
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 0xffffffff);
  machine_console_input(r->m, 50, 'a');
  machine_console_input(r->m, 50, 0xff);
  machine_console_input(r->m, 60, 'b');
  spin_to(r, 49);
  assert_int_equal(cr(r, CR_IPEND), 0);
  assert_int_equal(in(r, PORT_CONSOLE_STATUS), 0); /* read at boundary 49 */
  assert_int_equal(cr(r, CR_IPEND), CONSOLE_LINE);
  set_cr(r, CR_IPEND, 0);
  assert_int_equal(in(r, PORT_CONSOLE_STATUS), 1);
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 'a');
  spin_to(r, 60);
  assert_int_equal(cr(r, CR_IPEND), CONSOLE_LINE);
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 0xff);
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 'b');
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 0xffffffff);
  assert_int_equal(in(r, PORT_CONSOLE_STATUS), 0);
}

static void each_byte_raises_the_line(struct rig *r)
{
  for (uint64_t at = 10; at < 40; at += 3) {
    machine_console_input(r->m, at, 'x');
  }
  for (uint64_t tick = 1; tick < 50; tick++) {
    spin_to(r, tick);
    bool due = tick >= 10 && tick < 40 && tick % 3 == 1;
    assert_int_equal(cr(r, CR_IPEND), due ? CONSOLE_LINE : 0);
    set_cr(r, CR_IPEND, 0);
  }
}

/* An `in` that completes as the byte arrives has not seen it. */
static void input_counts_at_the_boundary_before(struct rig *r)
{
  machine_console_input(r->m, 1, 'x');
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 0xffffffff);
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 'x');
}

static void late_input_is_clamped(struct rig *r)
{
  spin_to(r, 100);
  machine_console_input(r->m, 20, 'a');
  assert_int_equal(cr(r, CR_IPEND), CONSOLE_LINE);
  machine_console_input(r->m, 200, 'b');
  machine_console_input(r->m, 150, 'c'); /* not before b */
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 'a');
  spin_to(r, 199);
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 0xffffffff);
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 'b');
  assert_int_equal(in(r, PORT_CONSOLE_DATA), 'c');
}

/* ------------------------------------------------------------------ disk */

static void disk_registers_read_back(struct rig *r)
{
  static const uint32_t ports[] = {PORT_DISK_SECTOR, PORT_DISK_ADDRESS, PORT_DISK_COUNT};
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(in(r, ports[i]), 0);
    out(r, ports[i], 0xfedc0000 + i);
  }
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(in(r, ports[i]), 0xfedc0000 + i);
  }
  out(r, PORT_DISK_STATUS, 0xffffffff);
  out(r, PORT_DISK_SIZE, 5);
  assert_int_equal(in(r, PORT_DISK_COMMAND), 0);
  assert_int_equal(in(r, PORT_DISK_STATUS), 0);
  assert_int_equal(in(r, PORT_DISK_SIZE), RIG_SECTORS);
}

static void disk_reads(struct rig *r)
{
  fill_sector(r, 5, 0x55);
  fill_sector(r, 6, 0x66);
  uint64_t start = command(r, DISK_COMMAND_READ, 5, 0x2004, 2);
  assert_true(machine_next_event(r->m) == start + 1200);
  spin_to(r, start + 1199);
  assert_storage(r, 0x2004, 0, 2 * SECTOR); /* the whole transfer at completion */
  completes(r, start + 1200, 0);
  assert_storage(r, 0x2004, 0x55, SECTOR);
  assert_storage(r, 0x2004 + SECTOR, 0x66, SECTOR);
  assert_storage(r, 0x2000, 0, 4);
  assert_storage(r, 0x2004 + 2 * SECTOR, 0, SECTOR);
}

static void disk_writes_what_is_there_at_completion(struct rig *r)
{
  uint8_t before[SECTOR], after[SECTOR];
  memset(before, 1, SECTOR);
  memset(after, 2, SECTOR);
  assert_true(machine_phys_write(r->m, gpa(0x2000), before, SECTOR));
  uint64_t start = command(r, DISK_COMMAND_WRITE, 9, 0x2000, 1);
  assert_true(machine_phys_write(r->m, gpa(0x2000), after, SECTOR));
  spin_to(r, start + 1099);
  assert_disk(r, 9, 0);
  completes(r, start + 1100, 0);
  assert_disk(r, 9, 2);
  assert_disk(r, 8, 0);
  assert_disk(r, 10, 0);
}

static void disk_captures_its_registers(struct rig *r)
{
  fill_sector(r, 5, 0x55);
  uint64_t start = command(r, DISK_COMMAND_READ, 5, 0x2000, 1);
  out(r, PORT_DISK_SECTOR, 60);
  out(r, PORT_DISK_ADDRESS, 1);
  out(r, PORT_DISK_COUNT, 0);
  completes(r, start + 1100, 0);
  assert_storage(r, 0x2000, 0x55, SECTOR);
}

static void commands_are_ignored_while_busy(struct rig *r)
{
  uint64_t start = command(r, DISK_COMMAND_READ, 5, 0x2000, 1);
  command(r, DISK_COMMAND_WRITE, 0, 0x2000, 128);
  out(r, PORT_DISK_COMMAND, 77);
  completes(r, start + 1100, 0);
  assert_true(machine_next_event(r->m) == MACHINE_NEVER);
}

struct error_case {
  uint32_t command, sector, address, count, error;
};

static void disk_errors_complete_too(struct rig *r)
{
  static const struct error_case cases[] = {
      {DISK_COMMAND_READ, RIG_SECTORS, 0x2000, 1, 1},
      {DISK_COMMAND_WRITE, RIG_SECTORS - 1, 0x2000, 2, 1},
      {DISK_COMMAND_READ, 0xffffffff, 0x2000, 2, 1},
      {DISK_COMMAND_READ, 0, RIG_STORAGE, 1, 2},
      {DISK_COMMAND_READ, 0, RIG_STORAGE - SECTOR + 4, 1, 2},
      {DISK_COMMAND_WRITE, 0, 0xfffffe00, 1, 2},
      {DISK_COMMAND_READ, 0, 0x2002, 1, 2},
      {0, 0, 0x2000, 1, 4},
      {3, 0, 0x2000, 1, 4},
      {DISK_COMMAND_READ, 0, 0x2000, 0, 5},
      {DISK_COMMAND_WRITE, 0, 0x2000, 129, 5},
      {3, RIG_SECTORS, 1, 0, 4}, /* command, count, sector, address */
      {DISK_COMMAND_READ, RIG_SECTORS, 1, 0, 5},
      {DISK_COMMAND_READ, RIG_SECTORS, 1, 1, 1},
  };
  fill_sector(r, 0, 0x11);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct error_case *e = &cases[i];
    uint64_t start = command(r, e->command, e->sector, e->address, e->count);
    assert_int_equal(in(r, PORT_DISK_STATUS), DISK_STATUS_BUSY);
    completes(r, start + 1000, e->error << DISK_STATUS_ERROR_SHIFT);
    assert_storage(r, 0x2000, 0, SECTOR);
    assert_disk(r, 0, 0x11);
  }
  uint64_t start = command(r, DISK_COMMAND_READ, 0, 0x2000, 1);
  completes(r, start + 1100, 0); /* the error was that of the last command */
}

static void disk_edges_work(struct rig *r)
{
  fill_sector(r, RIG_SECTORS - 1, 0x99);
  uint64_t start = command(r, DISK_COMMAND_READ, RIG_SECTORS - 1, RIG_STORAGE - SECTOR, 1);
  completes(r, start + 1100, 0);
  assert_storage(r, RIG_STORAGE - SECTOR, 0x99, SECTOR);
  start = command(r, DISK_COMMAND_READ, 0, 0x8000, 64);
  completes(r, start + 1000 + 6400, 0);
}

static void without_a_disk(struct rig *r)
{
  struct machine_config config = {
      .profile = r->profile, .storage = RIG_STORAGE, .disk = NULL, .engine = r->engine};
  struct rig none = *r;
  none.m = machine_create(&config, NULL);
  assert_non_null(none.m);
  assert_int_equal(in(&none, PORT_DISK_SIZE), 0);
  uint64_t start = command(&none, DISK_COMMAND_READ, 0, 0, 1);
  completes(&none, start + 1000, DISK_ERROR_SECTOR << DISK_STATUS_ERROR_SHIFT);
  uint8_t buf[SECTOR];
  assert_int_equal(machine_disk_sectors(none.m), 0);
  assert_false(machine_disk_peek(none.m, 0, buf));
  machine_destroy(none.m);
}

/* Sectors land in code that is running hot. */
static void disk_reads_over_running_code(struct rig *r)
{
  uint32_t sector[SECTOR / 4];
  for (uint32_t i = 0; i < SECTOR / 4; i++) {
    sector[i] = program_word(ISA_ADDI, REG_A2, REG_A2, 0, 1);
  }
  sector[SECTOR / 4 - 1] = program_word(ISA_BRK, 0, 0, 0, 0);
  assert_true(disk_store_write(r->disk, 1, sector));
  uint64_t start = command(r, DISK_COMMAND_READ, 1, 0x2000, 1);
  r->at = 0x2000;
  emit(r, ISA_ADDI, REG_A3, REG_A3, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  machine_set_pc(r->m, 0x2000);
  struct machine_stop s = machine_run(r->m, start + 5000);
  assert_int_equal(s.why, MACHINE_TRAP);
  assert_int_equal(s.trap.cause, CAUSE_BREAKPOINT);
  assert_int_equal(reg(r, REG_A3), 550); /* 1100 ticks of the loop, … */
  assert_int_equal(reg(r, REG_A2), 127); /* … then what came from the disk */
  assert_true(now(r) == start + 1100 + 127);
}

/* Given by the owner, it counts from the current tick. */
static void owner_commands_count_from_now(struct rig *r)
{
  spin_to(r, 10);
  assert_true(machine_port_out(r->m, PORT_DISK_COUNT, 1));
  assert_true(machine_port_out(r->m, PORT_DISK_COMMAND, DISK_COMMAND_READ));
  assert_true(machine_next_event(r->m) == 1110);
}

/* ------------------------------------------------------- the host fails us */

/* A machine over an image file of 8 sectors, sector i filled with i + 1. */
struct faulty {
  struct rig rig;
  char path[48];
  struct disk_store *store;
};

static void faulty_create(struct faulty *f, struct rig *r, enum disk_store_mode mode)
{
  strcpy(f->path, "/tmp/trapeze-faults-XXXXXX");
  int fd = mkstemp(f->path);
  assert_true(fd >= 0);
  for (int i = 0; i < 8; i++) {
    uint8_t buf[SECTOR];
    memset(buf, i + 1, SECTOR);
    assert_int_equal(write(fd, buf, SECTOR), SECTOR);
  }
  close(fd);
  f->store = disk_store_open(f->path, mode, NULL);
  assert_non_null(f->store);
  struct machine_config config = {
      .profile = r->profile, .storage = RIG_STORAGE, .disk = f->store, .engine = r->engine};
  f->rig = *r;
  f->rig.m = machine_create(&config, NULL);
  assert_non_null(f->rig.m);
}

static void faulty_destroy(struct faulty *f)
{
  machine_destroy(f->rig.m);
  disk_store_destroy(f->store);
  unlink(f->path);
}

static const uint32_t host_failed = DISK_ERROR_HOST << DISK_STATUS_ERROR_SHIFT;

static void readonly_disk_refuses_writes(struct rig *r)
{
  struct faulty f;
  faulty_create(&f, r, DISK_STORE_READONLY);
  uint64_t hash = machine_device_digest(f.rig.m);
  uint64_t start = command(&f.rig, DISK_COMMAND_WRITE, 2, 0x2000, 3);
  completes(&f.rig, start + 1300, host_failed); /* after the whole time */
  assert_disk(&f.rig, 2, 3);
  start = command(&f.rig, DISK_COMMAND_READ, 2, 0x2000, 2);
  completes(&f.rig, start + 1200, 0); /* and lives on */
  assert_storage(&f.rig, 0x2000, 3, SECTOR);
  assert_storage(&f.rig, 0x2000 + SECTOR, 4, SECTOR);
  command(&f.rig, 9, 0, 0, 0); /* registers as at the start, but for the error */
  assert_true(machine_device_digest(f.rig.m) != hash);
  faulty_destroy(&f);
}

static void discarded_disk_leaves_the_file(struct rig *r)
{
  struct faulty f;
  faulty_create(&f, r, DISK_STORE_DISCARD);
  uint64_t start = command(&f.rig, DISK_COMMAND_WRITE, 2, 0x2000, 1);
  completes(&f.rig, start + 1100, 0);
  assert_disk(&f.rig, 2, 0);
  struct disk_store *again = disk_store_open(f.path, DISK_STORE_READONLY, NULL);
  assert_non_null(again);
  uint8_t buf[SECTOR];
  assert_true(disk_store_read(again, 2, buf));
  assert_int_equal(buf[0], 3);
  disk_store_destroy(again);
  faulty_destroy(&f);
}

/* A read that fails in its middle has transferred nothing. */
static void file_cut_short_fails_reads_whole(struct rig *r)
{
  struct faulty f;
  faulty_create(&f, r, DISK_STORE_WRITE);
  machine_state_hash(f.rig.m);
  assert_int_equal(truncate(f.path, 4 * SECTOR + 17), 0);
  uint64_t start = command(&f.rig, DISK_COMMAND_READ, 3, 0x2000, 2);
  completes(&f.rig, start + 1200, host_failed);
  assert_storage(&f.rig, 0x2000, 0, 2 * SECTOR);
  start = command(&f.rig, DISK_COMMAND_READ, 3, 0x2000, 1);
  completes(&f.rig, start + 1100, 0);
  assert_storage(&f.rig, 0x2000, 4, SECTOR);
  machine_state_hash(f.rig.m);
  faulty_destroy(&f);
}

/* It vanishes between command and completion. */
static void file_vanishes_under_a_command(struct rig *r)
{
  struct faulty f;
  faulty_create(&f, r, DISK_STORE_WRITE);
  uint64_t start = command(&f.rig, DISK_COMMAND_READ, 0, 0x2000, 4);
  assert_int_equal(truncate(f.path, 0), 0);
  assert_int_equal(unlink(f.path), 0);
  completes(&f.rig, start + 1400, host_failed);
  assert_storage(&f.rig, 0x2000, 0, 4 * SECTOR);
  faulty_destroy(&f);
}

/* -------------------------------------------------- random traffic, engines */

/* Programs that do nothing but talk to devices, on this engine and the stepper. */
static void emit_traffic(struct rig *r, uint64_t *seed)
{
  static const uint32_t ports[] = {0, 1, 0x10, 0x11, 0x12, 0x13, 0x13, 0x14, 0x15};
  for (int i = 0; i < 200; i++) {
    uint32_t port = ports[random_below(seed, 9)];
    uint32_t value =
        port == PORT_DISK_ADDRESS ? 0x2000 + 4 * random_below(seed, 900) : random_below(seed, 4);
    emit(r, ISA_ADDI, REG_A0, REG_ZERO, 0, value);
    emit(r, random_below(seed, 3) ? ISA_OUT : ISA_IN, REG_A0, REG_ZERO, 0, port);
    emit(r, ISA_ADD, REG_A2, REG_A2, REG_A0, 0);
  }
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-2400);
}

static void traffic_is_the_same_on_every_engine(struct rig *r)
{
  for (uint64_t seed = 1; seed <= 20; seed++) {
    struct rig one = *r, two = *r;
    struct disk_store *disks[] = {disk_store_memory(RIG_SECTORS), disk_store_memory(RIG_SECTORS)};
    struct machine_config config = {
        .profile = r->profile, .storage = RIG_STORAGE, .disk = disks[0], .engine = r->engine};
    assert_non_null(one.m = machine_create(&config, NULL));
    config.disk = disks[1];
    config.engine = MACHINE_ENGINE_STEPPER;
    assert_non_null(two.m = machine_create(&config, NULL));
    uint64_t numbers = seed;
    emit_traffic(&one, &numbers);
    numbers = seed;
    emit_traffic(&two, &numbers);
    for (uint64_t tick = 997; tick < 20000; tick += 997) {
      machine_console_input(one.m, tick, (uint8_t)tick);
      machine_console_input(two.m, tick, (uint8_t)tick);
      run_to(&one, tick);
      run_to(&two, tick);
      assert_true(machine_state_hash(one.m) == machine_state_hash(two.m));
    }
    machine_destroy(one.m);
    machine_destroy(two.m);
    disk_store_destroy(disks[0]);
    disk_store_destroy(disks[1]);
  }
}

int main(void)
{
  static const struct rig_case cases[] = {
      RIG_CASE(other_ports_are_bus_errors),
      RIG_CASE(ports_are_privileged),
      RIG_CASE(console_output_is_immediate),
      RIG_CASE(console_input_queues),
      RIG_CASE(each_byte_raises_the_line),
      RIG_CASE(input_counts_at_the_boundary_before),
      RIG_CASE(late_input_is_clamped),
      RIG_CASE(disk_registers_read_back),
      RIG_CASE(disk_reads),
      RIG_CASE(disk_writes_what_is_there_at_completion),
      RIG_CASE(disk_captures_its_registers),
      RIG_CASE(commands_are_ignored_while_busy),
      RIG_CASE(disk_errors_complete_too),
      RIG_CASE(disk_edges_work),
      RIG_CASE(without_a_disk),
      RIG_CASE(disk_reads_over_running_code),
      RIG_CASE(owner_commands_count_from_now),
      RIG_CASE(readonly_disk_refuses_writes),
      RIG_CASE(discarded_disk_leaves_the_file),
      RIG_CASE(file_cut_short_fails_reads_whole),
      RIG_CASE(file_vanishes_under_a_command),
      RIG_CASE(traffic_is_the_same_on_every_engine),
  };
  return RIG_RUN(cases);
}
