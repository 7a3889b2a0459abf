/* A snapshot holds the whole canonical state: whatever runs on from it, in the
 * same machine or another one, ends in the same state. */
#include "cmocka_all.h"
#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "machine/snapshot.h"
#include "programs.h"
#include "random.h"

#define STORAGE MACHINE_MIN_STORAGE
#define SECTORS 64u

struct setting {
  struct profile *profile;
  struct disk_store *disk;
  struct machine *machine;
};

static int setup(void **state)
{
  struct setting *s = calloc(1, sizeof *s);
  assert_non_null(s);
  s->profile = profile_load("pg", stderr);
  s->disk = disk_store_memory(SECTORS);
  assert_non_null(s->profile);
  assert_non_null(s->disk);
  struct machine_config config = {
      .profile = s->profile, .storage = STORAGE, .disk = s->disk, .engine = MACHINE_ENGINE_FAST};
  s->machine = machine_create(&config, NULL);
  assert_non_null(s->machine);
  *state = s;
  return 0;
}

static int teardown(void **state)
{
  struct setting *s = *state;
  machine_destroy(s->machine);
  disk_store_destroy(s->disk);
  profile_destroy(s->profile);
  free(s);
  return 0;
}

static struct snapshot *take_like(struct machine *m, const struct snapshot *like)
{
  uint64_t before = machine_state_hash(m);
  struct snapshot *s = snapshot_take_like(m, like);
  assert_non_null(s);
  assert_true(machine_state_hash(m) == before); /* taking changes nothing */
  assert_true(snapshot_tick(s) == machine_tick(m));
  return s;
}

static struct snapshot *take(struct machine *m)
{
  return take_like(m, NULL);
}

/* Takes, has the state changed by `spoil`, restores, and finds it as it was. */
static void round_trip(struct machine *m, void (*spoil)(struct machine *m))
{
  uint64_t before = machine_state_hash(m);
  struct snapshot *s = take(m);
  spoil(m);
  assert_true(machine_state_hash(m) != before);
  assert_true(snapshot_restore(m, s));
  assert_true(machine_state_hash(m) == before);
  snapshot_destroy(s);
}

/* ------------------------------------------------------------- part by part */

static void spoil_registers(struct machine *m)
{
  machine_set_reg(m, REG_A3, 99);
}
static void spoil_pc(struct machine *m)
{
  machine_set_pc(m, 0x7777);
}
static void spoil_storage(struct machine *m)
{
  static const uint8_t zeros[0x4000];
  assert_true(machine_phys_write(m, gpa(STORAGE - 1), "x", 1));
  assert_true(machine_phys_write(m, gpa(0x5000), zeros, sizeof zeros));
}
static void spoil_run_state(struct machine *m)
{
  machine_set_run_state(m, MACHINE_WAITING);
}
static void spoil_console(struct machine *m)
{
  assert_true(machine_port_out(m, PORT_CONSOLE_DATA, 'x'));
}
static void spoil_disk_register(struct machine *m)
{
  assert_true(machine_port_out(m, PORT_DISK_ADDRESS, 0x1234));
}
static void spoil_time(struct machine *m)
{
  assert_true(machine_idle(m, machine_tick(m) + 5) > 0);
}

static void test_each_part(void **state)
{
  struct machine *m = ((struct setting *)*state)->machine;
  machine_set_reg(m, REG_SP, 0x8000);
  assert_true(machine_phys_write(m, gpa(0x3ffe), "page boundary", 13));
  uint8_t page[ISA_PAGE_SIZE]; /* neither is a page of zeros, though each looks like one */
  memset(page, 0x55, sizeof page);
  assert_true(machine_phys_write(m, gpa(0x6000), page, sizeof page));
  assert_true(machine_phys_write(m, gpa(0x8fff), "x", 1));
  round_trip(m, spoil_registers);
  round_trip(m, spoil_pc);
  round_trip(m, spoil_storage);
  round_trip(m, spoil_run_state);
  round_trip(m, spoil_console);
  round_trip(m, spoil_disk_register);
  round_trip(m, spoil_time);
}

static void test_each_control_register(void **state)
{
  struct setting *t = *state;
  struct machine *m = t->machine;
  for (enum isa_cr cr = 0; cr < ISA_CR_COUNT; cr++) {
    if (!profile_has_cr(t->profile, cr) || cr == CR_TICK || cr == CR_CPUID) {
      continue;
    }
    machine_set_cr(m, cr, 0x15555555);
    uint32_t value = machine_get_cr(m, cr);
    uint64_t before = machine_state_hash(m);
    struct snapshot *s = take(m);
    machine_set_cr(m, cr, 0x2aaaaaaa);
    assert_true(machine_get_cr(m, cr) != value);
    assert_true(snapshot_restore(m, s));
    assert_int_equal(machine_get_cr(m, cr), value);
    assert_true(machine_state_hash(m) == before);
    snapshot_destroy(s);
  }
}

static void test_timer_goes_on(void **state)
{
  struct machine *m = ((struct setting *)*state)->machine;
  machine_idle(m, 100);
  machine_set_cr(m, CR_TIMER, 50);
  machine_idle(m, 120);
  struct snapshot *s = take(m);
  assert_true(machine_idle(m, 1000) == 150);
  assert_int_equal(machine_get_cr(m, CR_IPEND), 1);
  machine_set_cr(m, CR_TIMER, 7); /* must not survive */
  assert_true(snapshot_restore(m, s));
  assert_true(machine_tick(m) == 120);
  assert_int_equal(machine_get_cr(m, CR_TIMER), 30);
  assert_int_equal(machine_get_cr(m, CR_IPEND), 0);
  assert_true(machine_next_event(m) == 150);
  assert_true(machine_idle(m, 1000) == 150);
  snapshot_destroy(s);
}

static void test_double_fault_ends(void **state)
{
  struct machine *m = ((struct setting *)*state)->machine;
  struct snapshot *s = take(m);
  machine_set_cr(m, CR_VBR, 0xfffffffc);
  struct trap trap = {.cause = CAUSE_BREAKPOINT};
  assert_false(machine_deliver(m, &trap));
  assert_int_equal(machine_run(m, 10).why, MACHINE_DOUBLE_FAULT);
  assert_true(snapshot_restore(m, s));
  assert_int_equal(machine_run(m, 0).why, MACHINE_LIMIT);
  snapshot_destroy(s);
}

/* Input typed, partly arrived, partly read; a disk command on its way. */
static void test_devices_go_on(void **state)
{
  struct machine *m = ((struct setting *)*state)->machine;
  for (const char *p = "abc"; *p; p++) {
    machine_console_input(m, 10, (uint8_t)*p);
  }
  machine_console_input(m, 2000, 'd');
  assert_true(machine_idle(m, 50) == 10);
  uint32_t value;
  assert_true(machine_port_in(m, PORT_CONSOLE_DATA, &value));
  machine_set_cr(m, CR_IPEND, 0);
  assert_true(machine_port_out(m, PORT_DISK_COUNT, 1));
  assert_true(machine_port_out(m, PORT_DISK_ADDRESS, 0x2000));
  assert_true(machine_port_out(m, PORT_DISK_COMMAND, DISK_COMMAND_WRITE));
  assert_true(machine_phys_write(m, gpa(0x2000), "to disk", 8));
  struct snapshot *s = take(m);
  for (int round = 0; round < 3; round++) {
    char sector[MACHINE_SECTOR_SIZE];
    assert_true(machine_idle(m, 5000) == 1110);
    assert_int_equal(machine_get_cr(m, CR_IPEND), 4);
    assert_true(machine_disk_peek(m, 0, sector));
    assert_string_equal(sector, "to disk");
    machine_set_cr(m, CR_IPEND, 0);
    assert_true(machine_idle(m, 5000) == 2000);
    for (const char *p = "bcd"; *p; p++) {
      assert_true(machine_port_in(m, PORT_CONSOLE_DATA, &value));
      assert_int_equal(value, *p);
    }
    assert_true(snapshot_restore(m, s));
    assert_true(machine_disk_peek(m, 0, sector));
    assert_string_equal(sector, ""); /* the disk went back too */
  }
  snapshot_destroy(s);
}

/* ------------------------------------------------------------------ sharing */

/* Several leaves of pages, the last one short; more than a block of kept_pages.c; storage keys. */
#define LARGE (700 * ISA_PAGE_SIZE)

static struct machine *create_large(const struct profile *profile)
{
  struct machine_config config = {.profile = profile, .storage = LARGE};
  struct machine *m = machine_create(&config, NULL);
  assert_non_null(m);
  return m;
}

static bool leads_to(const struct snapshot *s, const struct profile *profile, uint64_t hash)
{
  struct machine *m = create_large(profile);
  assert_true(snapshot_restore(m, s));
  bool same = machine_state_hash(m) == hash;
  machine_destroy(m);
  return same;
}

/* Whatever the one before had, and whichever goes first. */
static void test_sharing(void **state)
{
  (void)state;
  static const uint32_t places[] = {0x0, 0x3ffff, 0x40000, 0x2bbfff};
  struct profile *profile = profile_load("s360", stderr);
  assert_non_null(profile);
  struct machine *m = create_large(profile);
  struct snapshot *s[14];
  uint64_t hash[14];
  for (uint32_t page = 0; page < LARGE / ISA_PAGE_SIZE; page += 1 + page / 650) {
    assert_true(machine_phys_write_word(m, gpa(page * ISA_PAGE_SIZE + 8), page));
  }
  s[0] = take(m);
  hash[0] = machine_state_hash(m);
  for (unsigned i = 1; i < 14; i++) { /* bytes come, keys come, bytes go */
    gpa_t at = gpa(places[i % 4]);
    assert_true(i < 5 || i > 8 ? machine_phys_write(m, at, i < 5 ? "x" : "", 1)
                               : machine_key_set(m, at, (uint8_t)i));
    assert_true(i > 12 || machine_state_hash(m) != hash[i - 1]);
    s[i] = take_like(m, s[i - 1]);
    hash[i] = machine_state_hash(m);
  }
  struct snapshot *again = take_like(m, s[13]);
  for (unsigned i = 0; i < 14; i++) {
    assert_true(leads_to(s[i], profile, hash[i]));
    assert_true(i == 0 || hash[i] == hash[i - 1] || !leads_to(s[i], profile, hash[i - 1]));
    snapshot_destroy(s[i]);
  }
  assert_true(leads_to(again, profile, hash[13]));
  snapshot_destroy(again);
  machine_destroy(m);
  profile_destroy(profile);
}

/* One of another size has nothing to share. */
static void test_sharing_with_another_size(void **state)
{
  struct setting *t = *state;
  struct machine *large = create_large(t->profile);
  assert_true(machine_phys_write(t->machine, gpa(0x5000), "here", 4));
  assert_true(machine_phys_write(large, gpa(0x5000), "there", 5));
  struct snapshot *other = take(t->machine), *s = take_like(large, other);
  assert_true(leads_to(s, t->profile, machine_state_hash(large)));
  snapshot_destroy(other);
  snapshot_destroy(s);
  machine_destroy(large);
}

/* ----------------------------------------------------------------- refusals */

static void refuses(const struct snapshot *s, const struct profile *profile, uint32_t storage,
                    struct disk_store *disk)
{
  struct machine_config config = {
      .profile = profile, .storage = storage, .disk = disk, .engine = MACHINE_ENGINE_FAST};
  struct machine *m = machine_create(&config, NULL);
  assert_non_null(m);
  machine_set_reg(m, REG_A0, 1);
  machine_idle(m, 77);
  uint64_t before = machine_state_hash(m);
  assert_false(snapshot_restore(m, s));
  assert_true(machine_state_hash(m) == before);
  machine_destroy(m);
}

static void test_refuses_other_machines(void **state)
{
  struct setting *t = *state;
  char sector[MACHINE_SECTOR_SIZE] = "boot";
  assert_true(disk_store_write(t->disk, 3, sector));
  struct snapshot *s = take(t->machine);
  struct disk_store *smaller = disk_store_memory(SECTORS - 1);
  struct disk_store *same = disk_store_memory(SECTORS);
  static const char three[] = "profile three; title \"Three\"; story \"Three modes.\";\n"
                              "source \"none\"; modes 3; mmu bounds; io ports;\n";
  struct profile *modes = profile_parse("three.profile", three, strlen(three), stderr);
  assert_non_null(modes);
  refuses(s, t->profile, STORAGE + ISA_PAGE_SIZE, same);
  refuses(s, t->profile, STORAGE, smaller);
  refuses(s, t->profile, STORAGE, NULL);
  refuses(s, modes, STORAGE, same);
  profile_destroy(modes);
  disk_store_destroy(smaller);
  disk_store_destroy(same);
  snapshot_destroy(s);
}

/* A disk that cannot be made to hold what the snapshot says. */
static void test_refuses_a_disk_that_cannot_be_written(void **state)
{
  struct setting *t = *state;
  char sector[MACHINE_SECTOR_SIZE] = "boot", path[] = "/tmp/trapeze-snapshot-XXXXXX";
  assert_true(disk_store_write(t->disk, 3, sector));
  struct snapshot *s = take(t->machine);
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *file = fdopen(fd, "wb");
  assert_non_null(file);
  for (size_t i = 0; i < SECTORS * MACHINE_SECTOR_SIZE; i++) {
    fputc(0, file);
  }
  assert_int_equal(fclose(file), 0);
  struct disk_store *readonly = disk_store_open(path, DISK_STORE_READONLY, NULL);
  assert_non_null(readonly);
  refuses(s, t->profile, STORAGE, readonly);
  /* But what differs in no sector can be restored. */
  struct machine_config config = {
      .profile = t->profile, .storage = STORAGE, .disk = readonly, .engine = MACHINE_ENGINE_FAST};
  struct machine *m = machine_create(&config, NULL);
  assert_non_null(m);
  struct snapshot *blank = take(m);
  assert_true(snapshot_restore(m, blank));
  machine_destroy(m);
  disk_store_destroy(readonly);
  remove(path);
  snapshot_destroy(blank);
  snapshot_destroy(s);
}

/* ------------------------------------------------------------- running on */

/* What is done to a machine right after a restore; NULL: nothing. */
typedef void sabotage_fn(struct machine *m);

/* Restores s into m, runs it to `until` and compares. */
static bool runs_on(struct machine *m, const struct snapshot *s, uint64_t start_hash,
                    uint64_t until, uint64_t end_hash, sabotage_fn *sabotage)
{
  if (!snapshot_restore(m, s)) {
    return false;
  }
  bool same = machine_state_hash(m) == start_hash;
  if (sabotage) {
    sabotage(m);
  }
  machine_advance(m, until);
  return same && machine_state_hash(m) == end_hash;
}

/* A hostile program of a seed, snapshot in mid-run; restored into itself and
 * into other machines that were up to something else. */
static bool survives(uint64_t seed, sabotage_fn *sabotage, uint64_t *ticks)
{
  static const enum machine_engine engines[] = {MACHINE_ENGINE_FAST, MACHINE_ENGINE_UNFUSED,
                                                MACHINE_ENGINE_STEPPER};
  struct program p;
  program_create(&p, seed, engines[seed % 3]);
  uint64_t numbers = seed;
  uint64_t at = random_below(&numbers, 4000), until = at + random_below(&numbers, 4000);
  machine_advance(p.machine, at / 2);
  struct snapshot *earlier = take(p.machine);
  machine_advance(p.machine, at);
  struct snapshot *s = take_like(p.machine, earlier);
  snapshot_destroy(earlier);
  uint64_t start_hash = machine_state_hash(p.machine);
  machine_advance(p.machine, until);
  uint64_t end_hash = machine_state_hash(p.machine);
  *ticks += machine_tick(p.machine) - snapshot_tick(s);
  bool same = runs_on(p.machine, s, start_hash, until, end_hash, sabotage);
  for (unsigned i = 0; same && i < 3; i++) {
    struct program other;
    program_create(&other, seed, engines[i]);
    machine_advance(other.machine, random_below(&numbers, 9000));
    assert_true(machine_phys_write(other.machine, gpa(random_below(&numbers, 60000)), "junk", 4));
    same = runs_on(other.machine, s, start_hash, until, end_hash, sabotage);
    program_destroy(&other);
  }
  snapshot_destroy(s);
  program_destroy(&p);
  return same;
}

static void test_runs_on_anywhere(void **state)
{
  (void)state;
  uint64_t ticks = 0;
  for (uint64_t seed = 1; seed <= 300; seed++) {
    if (!survives(seed, NULL, &ticks)) {
      fail_msg("seed %llu differs", (unsigned long long)seed);
    }
  }
  print_message("# %llu ticks\n", (unsigned long long)ticks);
  assert_true(ticks > 150000);
}

static void timer_off_by_one(struct machine *m)
{
  if (machine_get_cr(m, CR_TIMER) > 1) {
    machine_set_cr(m, CR_TIMER, machine_get_cr(m, CR_TIMER) - 1);
  }
}
static void lost_line(struct machine *m)
{
  machine_set_cr(m, CR_IPEND, 0);
}
static void read_byte(struct machine *m)
{
  uint32_t value;
  machine_port_in(m, PORT_CONSOLE_DATA, &value);
}
static void stale_word(struct machine *m)
{
  uint32_t word;
  assert_true(machine_phys_read_word(m, gpa(0x8000), &word));
  assert_true(machine_phys_write_word(m, gpa(0x8000), word ^ 0x100));
}

static bool noticed(sabotage_fn *sabotage)
{
  uint64_t ticks = 0;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    if (!survives(seed, sabotage, &ticks)) {
      return true;
    }
  }
  return false;
}

/* The comparison above can fail. */
static void test_notices_what_is_not_restored(void **state)
{
  (void)state;
  assert_true(noticed(timer_off_by_one));
  assert_true(noticed(lost_line));
  assert_true(noticed(read_byte));
  assert_true(noticed(stale_word));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(test_each_part),
      TEST(test_each_control_register),
      TEST(test_timer_goes_on),
      TEST(test_double_fault_ends),
      TEST(test_devices_go_on),
      TEST(test_sharing),
      TEST(test_sharing_with_another_size),
      TEST(test_refuses_other_machines),
      TEST(test_refuses_a_disk_that_cannot_be_written),
      TEST(test_runs_on_anywhere),
      TEST(test_notices_what_is_not_restored),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
