/* Saved device state as a whole: all or nothing. */
#include "cmocka_all.h"

#include "machine/devices/devices.h"
#include "machine/devices/ports.h"
#include "machine/ops.h"

#define SECTORS 4u

struct fixture {
  uint8_t sectors[SECTORS][MACHINE_SECTOR_SIZE];
  bool refuses;
  struct devices devices;
};

static bool peek(void *ctx, uint32_t sector, void *buf)
{
  memcpy(buf, ((struct fixture *)ctx)->sectors[sector], MACHINE_SECTOR_SIZE);
  return !((struct fixture *)ctx)->refuses;
}

static bool poke(void *ctx, uint32_t sector, const void *buf)
{
  struct fixture *d = ctx;
  if (d->refuses || sector == 2) {
    return false;
  }
  memcpy(d->sectors[sector], buf, MACHINE_SECTOR_SIZE);
  return true;
}

static uint32_t storage_size(void *ctx)
{
  (void)ctx;
  return 0x10000;
}

static const struct disk_ops disk = {.peek = peek, .poke = poke, .storage_size = storage_size};
static const struct net_ops net = {.storage_size = storage_size};
static const struct devices_ops ops = {.disk = &disk, .net = &net};

static struct fixture *create(char output)
{
  struct fixture *d = calloc(1, sizeof *d);
  assert_non_null(d);
  assert_true(devices_create(&d->devices, SECTORS, 7, &ops, d));
  console_port_out(d->devices.console, 0, PORT_CONSOLE_DATA, (uint8_t)output);
  disk_port_out(d->devices.disk, 0, PORT_DISK_COUNT, (uint8_t)output);
  memset(d->sectors[1], output, MACHINE_SECTOR_SIZE);
  return d;
}

static void destroy(struct fixture *d)
{
  devices_destroy(&d->devices);
  free(d);
}

static uint64_t digest(struct fixture *d)
{
  return devices_digest(&d->devices, 0);
}

static void test_loads_both(void **state)
{
  (void)state;
  struct fixture *a = create('a'), *b = create('b');
  struct machine_blob blob;
  assert_true(digest(a) != digest(b));
  assert_true(devices_save(&a->devices, &blob));
  assert_true(devices_load(&b->devices, &blob));
  assert_true(digest(a) == digest(b));
  free(blob.bytes);
  destroy(a);
  destroy(b);
}

static void test_digest_sees_both(void **state)
{
  (void)state;
  struct fixture *a = create('a');
  uint64_t first = digest(a);
  console_port_out(a->devices.console, 0, PORT_CONSOLE_DATA, 'x');
  uint64_t second = digest(a);
  disk_port_out(a->devices.disk, 0, PORT_DISK_COUNT, 9);
  assert_true(first != second && second != digest(a));
  destroy(a);
}

static void test_refuses_cut_and_padded_state(void **state)
{
  (void)state;
  struct fixture *a = create('a'), *b = create('b');
  struct machine_blob blob;
  uint64_t before = digest(b);
  assert_true(devices_save(&a->devices, &blob));
  for (size_t len = 0; len < blob.len; len++) {
    struct machine_blob part = {.bytes = blob.bytes, .len = len};
    assert_false(devices_load(&b->devices, &part));
  }
  struct machine_blob padded = {.bytes = calloc(1, blob.len + 1), .len = blob.len + 1};
  assert_non_null(padded.bytes);
  memcpy(padded.bytes, blob.bytes, blob.len);
  assert_false(devices_load(&b->devices, &padded));
  assert_true(digest(b) == before);
  free(padded.bytes);
  free(blob.bytes);
  destroy(a);
  destroy(b);
}

/* Sector 2 cannot be written: sector 1, changed first, is put back. */
static void test_host_refuses_a_load(void **state)
{
  (void)state;
  struct fixture *a = create('a'), *b = create('b');
  struct machine_blob blob;
  memset(a->sectors[2], 'a', MACHINE_SECTOR_SIZE);
  assert_true(devices_save(&a->devices, &blob));
  uint64_t before = digest(b);
  assert_false(devices_load(&b->devices, &blob));
  assert_true(digest(b) == before);
  assert_int_equal(b->sectors[1][0], 'b');
  free(blob.bytes);
  destroy(a);
  destroy(b);
}

static void test_host_refuses_a_save(void **state)
{
  (void)state;
  struct fixture *a = create('a');
  struct machine_blob blob;
  a->refuses = true;
  assert_false(devices_save(&a->devices, &blob));
  assert_null(blob.bytes);
  destroy(a);
}

static void test_numbers(void **state)
{
  (void)state;
  struct state_writer w = {0};
  for (uint64_t i = 0; i < 1000; i++) {
    state_put_u8(&w, (uint8_t)(0x80 + i));
    state_put_u32(&w, (uint32_t)(0x81828384 * i));
    state_put_u64(&w, 0x8182838485868788 * i);
    state_put_bytes(&w, "four", i % 5);
  }
  assert_false(w.failed);
  assert_int_equal(w.len, 1000 * (13 + 2));
  struct state_reader r = {.bytes = w.bytes, .len = w.len};
  for (uint64_t i = 0; i < 1000; i++) {
    assert_int_equal(state_get_u8(&r), (uint8_t)(0x80 + i));
    assert_int_equal(state_get_u32(&r), (uint32_t)(0x81828384 * i));
    assert_true(state_get_u64(&r) == 0x8182838485868788 * i);
    const uint8_t *bytes = state_get_bytes(&r, i % 5);
    assert_memory_equal(bytes, "four", i % 5);
  }
  assert_false(r.failed);
  assert_int_equal(r.at, r.len);
  free(w.bytes);
}

static void test_reading_beyond_the_end(void **state)
{
  (void)state;
  static const uint8_t bytes[] = {1, 2, 3};
  struct state_reader r = {.bytes = bytes, .len = sizeof bytes};
  assert_int_equal(state_get_u8(&r), 1);
  assert_int_equal(state_get_u32(&r), 0);
  assert_true(r.failed);
  assert_int_equal(state_get_u8(&r), 0); /* and so it stays */
  assert_null(state_get_bytes(&r, 0));
  r = (struct state_reader){.bytes = bytes, .len = sizeof bytes};
  assert_null(state_get_bytes(&r, SIZE_MAX));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_loads_both),
      cmocka_unit_test(test_digest_sees_both),
      cmocka_unit_test(test_refuses_cut_and_padded_state),
      cmocka_unit_test(test_host_refuses_a_load),
      cmocka_unit_test(test_host_refuses_a_save),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_reading_beyond_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
