/* Each function when the host has no memory left, at each of its allocations: whoever
 * asked is told, and what there was before is as it was. And what takes any machine,
 * on one that refuses its storage. */
#include "cmocka_all.h"
#include "elf_builder.h"
#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "machine/image.h"
#include "machine/ops.h"
#include "machine/snapshot.h"
#include "programs.h"
#include "tests/common/host.h"

#include <errno.h>
#include <stdio.h>

#define STORAGE MACHINE_MIN_STORAGE
#define SECTORS 256u /* two of the store's allocations */
#define SECTOR  MACHINE_SECTOR_SIZE

/* Calls `attempt` until nothing fails in it any more, each time with another
 * allocation failing, which it must report. How many there were. */
static unsigned each_allocation(bool (*attempt)(void *ctx), void *ctx)
{
  for (unsigned long nth = 1;; nth++) {
    assert_true(nth < 1000);
    host_fail(HOST_MEMORY, nth, ENOMEM);
    bool done = attempt(ctx);
    bool struck = host_heal();
    if (done == struck) {
      fail_msg("allocation %lu: %s", nth, struck ? "its failure is not reported" : "it failed");
    }
    if (done) {
      return (unsigned)nth - 1;
    }
  }
}

static struct machine *machine_of(struct profile *profile, struct disk_store *disk)
{
  struct machine_config config = {
      .profile = profile, .storage = STORAGE, .disk = disk, .station = 9};
  struct machine *m = machine_create(&config, NULL);
  assert_non_null(m);
  return m;
}

struct bench {
  struct profile *profile;
  struct disk_store *disk;
  struct machine *m, *other;
  struct snapshot *snapshot;
};

static int setup(void **state)
{
  struct bench *b = calloc(1, sizeof *b);
  assert_non_null(b);
  b->profile = profile_load("tests/common/keyed.profile", stderr);
  b->disk = disk_store_memory(SECTORS);
  assert_non_null(b->profile);
  assert_non_null(b->disk);
  b->m = machine_of(b->profile, b->disk);
  *state = b;
  return 0;
}

static int teardown(void **state)
{
  struct bench *b = *state;
  snapshot_destroy(b->snapshot);
  machine_destroy(b->m);
  disk_store_destroy(b->disk);
  profile_destroy(b->profile);
  free(b);
  return 0;
}

/* ------------------------------------------------------------------ a machine */

static bool create(void *ctx)
{
  struct bench *b = ctx;
  const char *reason = NULL;
  struct machine_config config = {
      .profile = b->profile, .storage = STORAGE, .disk = b->disk, .station = 9};
  struct machine *m = machine_create(&config, &reason);
  if (m) {
    assert_null(reason);
    machine_destroy(m);
    return true;
  }
  assert_string_equal(reason, "the host has no memory for the machine");
  return false;
}

static bool create_silently(void *ctx)
{
  struct bench *b = ctx;
  struct machine_config config = {.profile = b->profile, .storage = STORAGE};
  struct machine *m = machine_create(&config, NULL);
  machine_destroy(m);
  return m != NULL;
}

static void test_create(void **state)
{
  assert_in_range(each_allocation(create, *state), 6, 30);
  each_allocation(create_silently, *state);
}

static bool watch(void *ctx)
{
  struct bench *b = ctx;
  uint64_t all = machine_storage_digest(b->m);
  unsigned id = machine_watch_storage(b->m, (gpa_range_t){gpa(0x1000), 0x2000});
  assert_true(machine_storage_digest(b->m) == all);
  if (id == MACHINE_NO_WATCH) {
    assert_true(machine_watched_digest(b->m, id) == 0);
  } else {
    assert_true(machine_watched_digest(b->m, id) != 0);
  }
  machine_unwatch_storage(b->m, id);
  return id != MACHINE_NO_WATCH;
}

static void test_watch(void **state)
{
  struct bench *b = *state;
  assert_true(machine_phys_write(b->m, gpa(0x1800), "watched", 7));
  assert_int_equal(each_allocation(watch, b), 1);
}

/* ------------------------------------------------------------------- the engine */

static void put_loop(struct machine *m)
{
  const uint32_t words[] = {
      program_word(ISA_ADDI, REG_A0, REG_A0, 0, 1),
      program_word(ISA_XOR, REG_A1, REG_A1, REG_A0, 0),
      program_word(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8),
  };
  program_put(m, ISA_RESET_PC, words, 3);
}

/* Decoded code is a cache: without room for it the program runs all the same. */
static void test_no_room_for_decoded_code(void **state)
{
  struct bench *b = *state;
  struct machine *plain = machine_of(b->profile, NULL);
  struct machine *poor = machine_of(b->profile, NULL);
  put_loop(plain);
  put_loop(poor);
  host_fail(HOST_MEMORY, 1, ENOMEM);
  assert_int_equal(machine_run(poor, 4000).why, MACHINE_LIMIT);
  assert_true(host_heal());
  assert_int_equal(machine_run(plain, 4000).why, MACHINE_LIMIT);
  assert_int_equal(machine_get_reg(poor, REG_A0), 1334);
  assert_true(machine_state_hash(poor) == machine_state_hash(plain));
  machine_destroy(plain);
  machine_destroy(poor);
}

/* ------------------------------------------------------------------ the console */

static void expect_host_error(struct machine *m, const char *reason)
{
  for (int twice = 0; twice < 2; twice++) {
    struct machine_stop stop = machine_run(m, machine_tick(m) + 10);
    assert_int_equal(stop.why, MACHINE_HOST_ERROR);
    assert_non_null(stop.reason);
    if (!strstr(stop.reason, reason)) {
      fail_msg("expected '%s', got '%s'", reason, stop.reason);
    }
  }
}

static void test_lost_input(void **state)
{
  struct bench *b = *state;
  put_loop(b->m);
  host_fail(HOST_MEMORY, 1, ENOMEM);
  machine_console_input(b->m, 5, 'x');
  assert_true(host_heal());
  expect_host_error(b->m, "console input");
}

static void test_lost_frames(void **state)
{
  struct bench *b = *state;
  uint8_t frame[MACHINE_MIN_FRAME] = {0};
  put_loop(b->m);
  host_fail(HOST_MEMORY, 1, ENOMEM);
  assert_false(machine_net_arrive(b->m, 5, frame, sizeof frame));
  assert_true(host_heal());
  expect_host_error(b->m, "frames that arrive");
}

static void test_lost_output(void **state)
{
  struct bench *b = *state;
  size_t len;
  put_loop(b->m);
  host_fail(HOST_MEMORY, 1, ENOMEM);
  assert_true(machine_port_out(b->m, PORT_CONSOLE_DATA, 'x'));
  assert_true(host_heal());
  assert_true(machine_port_out(b->m, PORT_CONSOLE_DATA, 'y'));
  machine_console_output(b->m, &len);
  assert_int_equal(len, 0); /* a beginning, never a text with a hole */
  expect_host_error(b->m, "console output");
}

/* -------------------------------------------------------------------- snapshots */

/* Pages, sectors, input and output enough for several allocations of each. */
static void fill(struct machine *m, uint8_t with)
{
  uint8_t sector[SECTOR];
  memset(sector, with, sizeof sector);
  for (uint32_t at = 0; at < STORAGE; at += ISA_PAGE_SIZE) {
    assert_true(machine_phys_write(m, gpa(at), &with, 1));
  }
  for (uint32_t i = 0; i < SECTORS; i += 3) {
    assert_true(m->ops->disk_poke(m, i, sector));
  }
  for (unsigned i = 0; i < 100; i++) {
    machine_console_input(m, i, with);
    assert_true(machine_port_out(m, PORT_CONSOLE_DATA, with));
  }
  for (unsigned i = 0; i < 20; i++) {
    assert_true(machine_net_arrive(m, i, sector, 8 + i));
  }
}

static bool take(void *ctx)
{
  struct bench *b = ctx;
  uint64_t before = machine_state_hash(b->m);
  struct snapshot *s = snapshot_take(b->m);
  assert_true(machine_state_hash(b->m) == before);
  snapshot_destroy(s);
  return s != NULL;
}

static bool restore(void *ctx)
{
  struct bench *b = ctx;
  uint64_t before = machine_state_hash(b->m);
  bool done = snapshot_restore(b->m, b->snapshot);
  assert_int_equal(machine_state_hash(b->m) != before, done);
  return done;
}

static void test_snapshots(void **state)
{
  struct bench *b = *state;
  fill(b->m, 1);
  assert_in_range(each_allocation(take, b), 4, 100);
  b->snapshot = snapshot_take(b->m);
  assert_non_null(b->snapshot);
  uint64_t taken = machine_state_hash(b->m);
  fill(b->m, 2);
  assert_in_range(each_allocation(restore, b), 4, 100);
  assert_true(machine_state_hash(b->m) == taken);
}

/* --------------------------------------------------------------------- programs */

static bool parse(void *ctx)
{
  struct elf_file *f = ctx;
  char *messages;
  size_t size;
  FILE *errors = open_memstream(&messages, &size);
  assert_non_null(errors);
  struct image *image = image_parse("prog.elf", (const uint8_t *)f, sizeof *f, errors);
  int error = errno;
  fclose(errors);
  if (!image) {
    assert_int_equal(error, ENOMEM);
    assert_string_equal(messages, "prog.elf: error: the host has no memory left to load it\n");
  }
  free(messages);
  image_destroy(image);
  return image != NULL;
}

static bool parse_raw(void *ctx)
{
  FILE *errors = fopen("/dev/null", "w");
  assert_non_null(errors);
  struct image *image = image_parse("prog.bin", ctx, 8, errors);
  assert_true(image || errno == ENOMEM);
  fclose(errors);
  image_destroy(image);
  return image != NULL;
}

static void test_images(void **state)
{
  (void)state;
  struct elf_file f;
  uint8_t raw[8] = {1};
  elf_build(&f);
  assert_in_range(each_allocation(parse, &f), 7, 20);
  assert_int_equal(each_allocation(parse_raw, raw), 3);
}

/* ------------------------------------------------------- another kind of machine */

/* Somebody else's kind of machine may refuse, and may leave out what is optional. */
static unsigned refuse_from; /* storage is refused from this address on */

static bool refusing_read(struct machine *m, gpa_t at, void *buf, uint32_t len)
{
  (void)m;
  memset(buf, 0, len);
  return at.v + len <= refuse_from;
}

static bool refusing_write(struct machine *m, gpa_t at, const void *buf, uint32_t len)
{
  (void)m, (void)buf;
  return at.v + len <= refuse_from;
}

static void load_fails(struct machine *m, const struct image *image)
{
  char *messages;
  size_t size;
  FILE *errors = open_memstream(&messages, &size);
  assert_non_null(errors);
  assert_false(image_load(image, m, errors));
  fclose(errors);
  assert_string_equal(messages, "prog.elf: error: machine refused its storage\n");
  free(messages);
}

static void test_refused_storage(void **state)
{
  struct bench *b = *state;
  struct elf_file f;
  elf_build(&f);
  struct image *image = image_parse("prog.elf", (const uint8_t *)&f, sizeof f, stderr);
  assert_non_null(image);
  const struct machine_ops *own = b->m->ops;
  struct machine_ops ops = *own;
  ops.phys_read = refusing_read;
  ops.phys_write = refusing_write;
  assert_true(machine_phys_write(b->m, gpa(0), "x", 1)); /* a snapshot reads no blank page */
  b->m->ops = &ops;
  refuse_from = 0x1000; /* the first segment */
  load_fails(b->m, image);
  refuse_from = 0x2008; /* what is to be zero of the second */
  load_fails(b->m, image);
  refuse_from = 0x800;
  assert_null(snapshot_take(b->m));
  refuse_from = STORAGE;
  assert_true(image_load(image, b->m, stderr));
  b->m->ops = own;
  image_destroy(image);
}

static void test_registers_one_by_one(void **state)
{
  struct bench *b = *state;
  const struct machine_ops *own = b->m->ops;
  struct machine_ops ops = *own;
  uint32_t regs[ISA_REG_COUNT], got[ISA_REG_COUNT], at_once[ISA_REG_COUNT];
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    regs[i] = 100 + i;
  }
  ops.get_regs = NULL;
  ops.set_regs = NULL;
  b->m->ops = &ops;
  machine_set_regs(b->m, regs);
  machine_get_regs(b->m, got);
  uint64_t hash = machine_state_hash(b->m);
  b->m->ops = own;
  machine_get_regs(b->m, at_once);
  regs[0] = 0;
  assert_memory_equal(got, regs, sizeof regs);
  assert_memory_equal(at_once, regs, sizeof regs);
  assert_true(machine_state_hash(b->m) == hash);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_create, setup, teardown),
      cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
      cmocka_unit_test_setup_teardown(test_no_room_for_decoded_code, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lost_input, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lost_output, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lost_frames, setup, teardown),
      cmocka_unit_test_setup_teardown(test_snapshots, setup, teardown),
      cmocka_unit_test(test_images),
      cmocka_unit_test_setup_teardown(test_refused_storage, setup, teardown),
      cmocka_unit_test_setup_teardown(test_registers_one_by_one, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
