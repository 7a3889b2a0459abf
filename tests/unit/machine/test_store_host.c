/* Disk images on a host that refuses: who is at fault, what is said, and what of a
 * transfer that was interrupted or done by half. */
#include "cmocka_all.h"
#include "folder.h"
#include "machine/disk_store.h"
#include "machine/machine.h"
#include "tests/common/host.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define SECTOR  MACHINE_SECTOR_SIZE
#define SECTORS 4u

static int setup(void **state)
{
  folder_setup(state);
  make_image(((struct folder *)*state)->image, SECTORS, 0);
  return 0;
}

/* The nth such call fails: opening says why, and leaves whose fault it is in errno. */
static void open_fails(const struct folder *f, enum disk_store_mode mode, enum host_call call,
                       unsigned long nth, int error, const char *why, int fault)
{
  const char *reason = NULL;
  host_fail(call, nth, error);
  assert_null(disk_store_open(f->image, mode, &reason));
  assert_int_equal(errno, fault);
  assert_true(host_heal());
  assert_non_null(reason);
  if (!strstr(reason, why)) {
    fail_msg("expected '%s', got '%s'", why, reason);
  }
  host_fail(call, nth, error);
  assert_null(disk_store_open(f->image, mode, NULL));
  assert_true(host_heal());
  /* Nothing is left locked or half open. */
  disk_store_destroy(open_image(f->image, DISK_STORE_WRITE));
}

static void test_open(void **state)
{
  const struct folder *f = *state;
  static const enum disk_store_mode modes[] = {DISK_STORE_WRITE, DISK_STORE_READONLY,
                                               DISK_STORE_DISCARD};
  for (size_t i = 0; i < 3; i++) {
    open_fails(f, modes[i], HOST_MEMORY, 1, ENOMEM, "Cannot allocate memory", ENOMEM);
    open_fails(f, modes[i], HOST_FSTAT, 1, EIO, "Input/output error", EIO);
    open_fails(f, modes[i], HOST_FSTAT, 1, EACCES, "Permission denied", 0);
    open_fails(f, modes[i], HOST_FSTAT, 1, 9999, "for an unknown reason", 0);
    open_fails(f, modes[i], HOST_FLOCK, 1, EWOULDBLOCK, "in use", 0);
  }
}

/* A filesystem that knows no locks is no reason to refuse. */
static void test_no_locks(void **state)
{
  const struct folder *f = *state;
  host_fail(HOST_FLOCK, 1, ENOLCK);
  struct disk_store *d = open_image(f->image, DISK_STORE_WRITE);
  assert_true(host_heal());
  disk_store_destroy(d);
}

/* Into memory: the store, its table, a chunk of it, or any sector of the image. */
static void test_discard(void **state)
{
  const struct folder *f = *state;
  static const char why[] = "cannot be read into memory";
  for (unsigned long nth = 2; nth <= 4; nth++) {
    open_fails(f, DISK_STORE_DISCARD, HOST_MEMORY, nth, ENOMEM, why, EIO);
  }
  for (unsigned long nth = 1; nth <= SECTORS; nth++) {
    open_fails(f, DISK_STORE_DISCARD, HOST_PREAD, nth, EIO, why, EIO);
  }
}

static void test_memory(void **state)
{
  (void)state;
  uint8_t buf[SECTOR] = {1};
  for (unsigned long nth = 1; nth <= 2; nth++) {
    host_fail(HOST_MEMORY, nth, ENOMEM);
    assert_null(disk_store_memory(SECTORS));
    assert_true(host_heal());
  }
  struct disk_store *d = disk_store_memory(SECTORS);
  assert_non_null(d);
  host_fail(HOST_MEMORY, 1, ENOMEM);
  assert_false(disk_store_write(d, 2, buf));
  assert_true(host_heal());
  buf[0] = 9;
  assert_true(disk_store_read(d, 2, buf));
  assert_int_equal(buf[0], 0);
  buf[0] = 7;
  assert_true(disk_store_write(d, 2, buf));
  for (unsigned long nth = 1; nth <= 3; nth++) {
    host_fail(HOST_MEMORY, nth, ENOMEM);
    assert_null(disk_store_copy(d));
    assert_true(host_heal());
  }
  disk_store_destroy(d);
}

/* ------------------------------------------------------------------- transfers */

static bool read_is(struct disk_store *d, uint32_t sector, uint8_t byte)
{
  uint8_t got[SECTOR], expected[SECTOR];
  memset(expected, byte, SECTOR);
  return disk_store_read(d, sector, got) && memcmp(got, expected, SECTOR) == 0;
}

static bool write_all(struct disk_store *d, uint32_t sector, uint8_t byte)
{
  uint8_t buf[SECTOR];
  memset(buf, byte, SECTOR);
  return disk_store_write(d, sector, buf);
}

static void test_reading(void **state)
{
  const struct folder *f = *state;
  struct disk_store *d = open_image(f->image, DISK_STORE_READONLY);
  host_fail(HOST_PREAD, 1, EIO);
  assert_false(read_is(d, 1, 2));
  assert_true(host_heal());
  host_fail(HOST_PREAD, 1, EINTR); /* a signal: again */
  assert_true(read_is(d, 1, 2));
  assert_true(host_heal());
  host_fail(HOST_PREAD, 1, 0); /* a half: on from there */
  assert_true(read_is(d, 3, 4));
  assert_true(host_heal());
  disk_store_destroy(d);
}

static void test_writing(void **state)
{
  const struct folder *f = *state;
  struct disk_store *d = open_image(f->image, DISK_STORE_WRITE);
  host_fail(HOST_PWRITE, 1, ENOSPC);
  assert_false(write_all(d, 1, 0x11));
  assert_true(host_heal());
  assert_true(read_is(d, 1, 2));
  host_fail(HOST_PWRITE, 1, EINTR);
  assert_true(write_all(d, 1, 0x22));
  assert_true(host_heal());
  assert_true(read_is(d, 1, 0x22));
  host_fail(HOST_PWRITE, 1, 0);
  assert_true(write_all(d, 2, 0x33));
  assert_true(host_heal());
  assert_true(read_is(d, 2, 0x33) && read_is(d, 1, 0x22) && read_is(d, 3, 4));
  disk_store_destroy(d);
}

/* What the others rely on: a call that is to fail does, the others do not. */
static void test_the_host_can_fail(void **state)
{
  const struct folder *f = *state;
  struct disk_store *d = open_image(f->image, DISK_STORE_READONLY);
  host_fail(HOST_PREAD, 2, EIO);
  assert_true(read_is(d, 0, 1));
  assert_false(read_is(d, 0, 1));
  assert_true(read_is(d, 0, 1));
  assert_true(host_heal());
  host_fail(HOST_PWRITE, 1, EIO);
  assert_true(read_is(d, 0, 1));
  assert_false(host_heal());
  disk_store_destroy(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, folder_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(test_open),    TEST(test_no_locks), TEST(test_discard),           TEST(test_memory),
      TEST(test_reading), TEST(test_writing),  TEST(test_the_host_can_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
