#include "tests/unit/machine/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/disk_store.h"
#include "machine/machine.h"
#include "tests/unit/machine/folder.h"

#define SECTOR MACHINE_SECTOR_SIZE

static int byte_in_file(const char *path, long at)
{
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fseek(file, at, SEEK_SET), 0);
  int byte = fgetc(file);
  fclose(file);
  return byte;
}

static void open_fails(const char *path, enum disk_store_mode mode, const char *why)
{
  const char *reason = NULL;
  assert_null(disk_store_open(path, mode, &reason));
  assert_non_null(reason);
  if (!strstr(reason, why)) {
    fail_msg("expected \"…%s…\", got \"%s\"", why, reason);
  }
  assert_null(disk_store_open(path, mode, NULL));
}

static void assert_sector(struct disk_store *d, uint32_t sector, uint8_t byte)
{
  uint8_t buf[SECTOR];
  memset(buf, 0x77, SECTOR);
  assert_true(disk_store_read(d, sector, buf));
  for (size_t i = 0; i < SECTOR; i++) {
    assert_int_equal(buf[i], byte);
  }
}

static bool write_sector(struct disk_store *d, uint32_t sector, uint8_t byte)
{
  uint8_t buf[SECTOR];
  memset(buf, byte, SECTOR);
  return disk_store_write(d, sector, buf);
}

static void test_write_goes_through(void **state)
{
  struct folder *f = *state;
  make_image(f->image, 4, 0);
  struct disk_store *d = open_image(f->image, DISK_STORE_WRITE);
  assert_int_equal(disk_store_sectors(d), 4);
  assert_sector(d, 3, 4);
  assert_true(write_sector(d, 2, 0xaa));
  assert_int_equal(byte_in_file(f->image, 2 * SECTOR), 0xaa); /* before it is closed */
  assert_int_equal(byte_in_file(f->image, 2 * SECTOR - 1), 2);
  assert_int_equal(byte_in_file(f->image, 3 * SECTOR), 4);
  assert_sector(d, 2, 0xaa);
  disk_store_destroy(d);
}

static void test_no_such_sector(void **state)
{
  struct folder *f = *state;
  make_image(f->image, 4, 0);
  struct disk_store *stores[] = {open_image(f->image, DISK_STORE_DISCARD), disk_store_memory(4),
                                 open_image(f->image, DISK_STORE_WRITE)};
  for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
    uint8_t buf[SECTOR];
    assert_false(disk_store_read(stores[i], 4, buf));
    assert_false(disk_store_read(stores[i], UINT32_MAX, buf));
    assert_false(write_sector(stores[i], 4, 1));
    assert_false(write_sector(stores[i], UINT32_MAX, 1));
    disk_store_destroy(stores[i]);
  }
  struct stat st;
  assert_int_equal(stat(f->image, &st), 0);
  assert_int_equal(st.st_size, 4 * SECTOR);
}

static void test_readonly(void **state)
{
  struct folder *f = *state;
  make_image(f->image, 2, 0);
  assert_int_equal(chmod(f->image, 0444), 0);
  struct disk_store *d = open_image(f->image, DISK_STORE_READONLY);
  assert_sector(d, 1, 2);
  assert_false(write_sector(d, 1, 9));
  assert_null(disk_store_failure(d)); /* nobody asked the host */
  assert_sector(d, 1, 2);
  disk_store_destroy(d);
}

static void test_discard(void **state)
{
  struct folder *f = *state;
  make_image(f->image, 300, 0);
  struct disk_store *d = open_image(f->image, DISK_STORE_DISCARD);
  assert_int_equal(disk_store_sectors(d), 300);
  assert_true(write_sector(d, 200, 0xbb));
  assert_sector(d, 200, 0xbb);
  assert_sector(d, 199, 200);
  assert_int_equal(byte_in_file(f->image, 200 * SECTOR), 201);
  unlink(f->image);
  assert_sector(d, 255, 0); /* 256 as a byte: read from the copy */
  disk_store_destroy(d);
}

static void test_memory(void **state)
{
  (void)state;
  struct disk_store *d = disk_store_memory(300);
  assert_non_null(d);
  assert_int_equal(disk_store_sectors(d), 300);
  for (uint32_t i = 0; i < 300; i++) {
    assert_sector(d, i, 0);
  }
  assert_true(write_sector(d, 299, 0)); /* takes no room */
  assert_true(write_sector(d, 127, 1));
  assert_true(write_sector(d, 128, 2));
  assert_true(write_sector(d, 128, 0));
  assert_sector(d, 126, 0);
  assert_sector(d, 127, 1);
  assert_sector(d, 128, 0);
  assert_sector(d, 299, 0);
  uint8_t buf[SECTOR] = {0}, got[SECTOR];
  buf[SECTOR - 1] = 1; /* no sector of zeros, and the first of its chunk */
  assert_true(disk_store_write(d, 256, buf));
  assert_true(disk_store_read(d, 256, got));
  assert_memory_equal(got, buf, SECTOR);
  disk_store_destroy(d);
  disk_store_destroy(NULL);
}

/* A terabyte of zeros costs its table, and only as far as it is touched. */
static void test_memory_is_sparse(void **state)
{
  (void)state;
  struct disk_store *d = disk_store_memory(0x80000000u);
  assert_non_null(d);
  assert_true(write_sector(d, 0x7fffffff, 5));
  assert_sector(d, 0x7fffffff, 5);
  assert_sector(d, 0x7ffffffe, 0);
  assert_sector(d, 0x3fffffff, 0);
  disk_store_destroy(d);
}

static void test_protected(void **state)
{
  (void)state;
  struct disk_store *d = disk_store_memory(20);
  assert_true(disk_store_protect(d, 5, 9));
  assert_true(disk_store_protect(d, 18, 100)); /* to its end */
  assert_true(disk_store_protect(d, 3, 0));
  for (uint32_t i = 0; i < 20; i++) {
    bool protected = (i >= 5 && i < 14) || i >= 18;
    assert_int_equal(write_sector(d, i, 7), !protected);
    assert_sector(d, i, protected ? 0 : 7);
  }
  assert_null(disk_store_failure(d)); /* nobody failed */
  struct disk_store *copy = disk_store_copy(d);
  assert_true(write_sector(copy, 5, 1));
  disk_store_destroy(copy);
  disk_store_destroy(d);
}

static void test_copy(void **state)
{
  struct folder *f = *state;
  make_image(f->image, 200, 0);
  struct disk_store *d = open_image(f->image, DISK_STORE_WRITE);
  struct disk_store *copy = disk_store_copy(d), *again = disk_store_copy(copy);
  assert_non_null(copy);
  assert_non_null(again);
  assert_true(write_sector(d, 5, 0xdd));
  assert_true(write_sector(copy, 6, 0xee)); /* also if the original is a file */
  assert_sector(copy, 5, 6);
  assert_sector(again, 6, 7);
  assert_sector(d, 6, 7);
  disk_store_destroy(d);
  disk_store_destroy(copy);
  disk_store_destroy(again);
}

static void test_refuses_what_is_no_image(void **state)
{
  struct folder *f = *state;
  for (enum disk_store_mode mode = DISK_STORE_WRITE; mode <= DISK_STORE_DISCARD; mode++) {
    open_fails("/nonexistent/disk", mode, strerrordesc_np(ENOENT));
    open_fails(mode == DISK_STORE_WRITE ? "/dev/null" : f->dir, mode, "regular file");
    make_image(f->image, 0, 0);
    open_fails(f->image, mode, "empty");
    make_image(f->image, 0, 511);
    open_fails(f->image, mode, "multiple of 512");
    make_image(f->image, 3, 1);
    open_fails(f->image, mode, "multiple of 512");
    unlink(f->image);
    assert_int_equal(mkfifo(f->image, 0600), 0);
    open_fails(f->image, mode, "regular file"); /* and does not wait for a peer */
    unlink(f->image);
  }
  open_fails(f->dir, DISK_STORE_WRITE, strerrordesc_np(EISDIR));
  make_image(f->image, 1, 0);
  assert_int_equal(truncate(f->image, (off_t)SECTOR << 32), 0);
  open_fails(f->image, DISK_STORE_READONLY, "2 TiB");
}

static void test_writer_is_alone(void **state)
{
  struct folder *f = *state;
  make_image(f->image, 4, 0);
  struct disk_store *writer = open_image(f->image, DISK_STORE_WRITE);
  open_fails(f->image, DISK_STORE_WRITE, "in use");
  open_fails(f->image, DISK_STORE_READONLY, "in use");
  disk_store_destroy(writer);
  struct disk_store *a = open_image(f->image, DISK_STORE_READONLY);
  struct disk_store *b = open_image(f->image, DISK_STORE_READONLY);
  open_fails(f->image, DISK_STORE_WRITE, "in use");
  disk_store_destroy(a);
  disk_store_destroy(b);
  a = open_image(f->image, DISK_STORE_DISCARD); /* keeps no hold of the file */
  b = open_image(f->image, DISK_STORE_WRITE);
  disk_store_destroy(a);
  disk_store_destroy(b);
}

static void test_file_shrinks(void **state)
{
  struct folder *f = *state;
  make_image(f->image, 4, 0);
  struct disk_store *d = open_image(f->image, DISK_STORE_WRITE);
  assert_int_equal(truncate(f->image, 2 * SECTOR + 100), 0);
  uint8_t buf[SECTOR];
  assert_true(disk_store_read(d, 1, buf));
  assert_false(disk_store_read(d, 9, buf)); /* not the host's doing */
  assert_null(disk_store_failure(d));
  assert_false(disk_store_read(d, 2, buf));
  assert_false(disk_store_read(d, 3, buf));
  assert_string_equal(disk_store_failure(d), "cannot read sector 2: the image has become shorter");
  assert_null(disk_store_copy(d));
  assert_int_equal(disk_store_sectors(d), 4);
  disk_store_destroy(d);
}

static void test_file_vanishes(void **state)
{
  struct folder *f = *state;
  make_image(f->image, 4, 0);
  struct disk_store *d = open_image(f->image, DISK_STORE_WRITE);
  unlink(f->image);
  assert_sector(d, 1, 2); /* the host keeps it for us */
  assert_true(write_sector(d, 1, 8));
  assert_sector(d, 1, 8);
  disk_store_destroy(d);
}

/* A host that writes only part of a sector, then nothing: a file size limit in
 * its middle. */
static void test_host_refuses_a_write(void **state)
{
  struct folder *f = *state;
  make_image(f->image, 4, 0);
  struct disk_store *d = open_image(f->image, DISK_STORE_WRITE);
  struct rlimit old, small = {.rlim_cur = 2 * SECTOR + 100};
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  small.rlim_max = old.rlim_max;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  bool before = write_sector(d, 1, 0xaa), across = write_sector(d, 2, 0xaa),
       beyond = write_sector(d, 3, 0xaa);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  signal(SIGXFSZ, handler);
  assert_true(before);
  assert_false(across);
  assert_false(beyond);
  assert_sector(d, 1, 0xaa);
  assert_sector(d, 3, 4);
  assert_string_equal(disk_store_failure(d), "cannot write sector 2: File too large");
  disk_store_destroy(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(test_write_goes_through),
      TEST(test_no_such_sector),
      TEST(test_readonly),
      TEST(test_discard),
      TEST(test_memory),
      TEST(test_memory_is_sparse),
      TEST(test_protected),
      TEST(test_copy),
      TEST(test_refuses_what_is_no_image),
      TEST(test_writer_is_alone),
      TEST(test_file_shrinks),
      TEST(test_file_vanishes),
      TEST(test_host_refuses_a_write),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
