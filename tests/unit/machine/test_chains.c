/* The channel's front end by itself: its time, what it is to digests and snapshots, and what
 * it makes of a host that fails. What programs do is in tests/guest/channel.s, and any
 * program against the VMM's module in tests/unit/vmm/test_channel.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine/devices/channel.h"
#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "machine/machine.h"
#include "machine/ops.h"

#define PROFILE "profile c; extends pg; title \"t\"; story \"s\"; io channel;"
#define STORAGE MACHINE_MIN_STORAGE
#define SECTORS 8u
#define SECTOR  MACHINE_SECTOR_SIZE
#define AT      0x1000u
#define WHERE   0x2000u
#define DATA    0x3000u
#define CC      (CHANNEL_COMMAND_CHAIN << CHANNEL_FLAGS_SHIFT)
#define CD      (CHANNEL_DATA_CHAIN << CHANNEL_FLAGS_SHIFT)

struct rig {
  struct profile *profile;
  struct disk_store *disk;
  struct machine *m;
};

static void open_rig(struct rig *r)
{
  r->profile = profile_parse("c", PROFILE, strlen(PROFILE), stderr);
  assert_non_null(r->profile);
  r->disk = disk_store_memory(SECTORS);
  struct machine_config config = {.profile = r->profile, .storage = STORAGE, .disk = r->disk};
  r->m = machine_create(&config, NULL);
  assert_non_null(r->m);
}

static void close_rig(struct rig *r)
{
  machine_destroy(r->m);
  disk_store_destroy(r->disk);
  profile_destroy(r->profile);
}

static void ccw(struct rig *r, unsigned i, uint32_t what, uint32_t count, uint32_t address)
{
  machine_phys_write_word(r->m, gpa(AT + 8 * i), what | count << CHANNEL_COUNT_SHIFT);
  machine_phys_write_word(r->m, gpa(AT + 8 * i + 4), address);
}

static uint32_t start(struct rig *r)
{
  return machine_channel_start(r->m, AT | CHANNEL_UNIT_DISK);
}

static uint64_t left(struct rig *r)
{
  return machine_next_event(r->m) - machine_tick(r->m);
}

static uint32_t finish(struct rig *r)
{
  machine_idle(r->m, machine_next_event(r->m));
  assert_int_equal(machine_get_cr(r->m, CR_IPEND), 1u << isa_cause_info(CAUSE_CHANNEL)->line);
  machine_set_cr(r->m, CR_IPEND, 0);
  return machine_channel_test(r->m, CHANNEL_UNIT_DISK);
}

static void as_long_as_it_takes(void **state)
{
  (void)state;
  struct rig r;
  open_rig(&r);
  ccw(&r, 0, CHANNEL_NOP, 1, 0);
  assert_int_equal(start(&r), 0);
  assert_int_equal(left(&r), 1000);
  finish(&r);
  ccw(&r, 0, CHANNEL_READ | CC, 3 * SECTOR, DATA);
  ccw(&r, 1, CHANNEL_SENSE, 4, DATA);
  assert_int_equal(start(&r), 0);
  assert_int_equal(left(&r), 1300);
  finish(&r);
  ccw(&r, 1, CHANNEL_SEEK | CC, 4, WHERE);
  ccw(&r, 2, CHANNEL_SEEK | CC, 4, WHERE);
  ccw(&r, 3, CHANNEL_WRITE | CD, SECTOR + 5, DATA);
  ccw(&r, 4, 0, SECTOR - 5, DATA);
  assert_int_equal(start(&r), 0);
  assert_int_equal(left(&r), 2500);
  machine_idle(r.m, machine_tick(r.m) + 2499);
  assert_int_equal(machine_channel_test(r.m, CHANNEL_UNIT_DISK), CHANNEL_BUSY);
  assert_int_equal(finish(&r), CHANNEL_ENDED << CHANNEL_STATUS_SHIFT);
  close_rig(&r);
}

/* The argument of a seek belongs to the snapshot. */
static void sector_of_the_start(void **state)
{
  (void)state;
  struct rig r;
  uint8_t buf[SECTOR];
  open_rig(&r);
  machine_phys_write_word(r.m, gpa(WHERE), 2);
  machine_phys_write_word(r.m, gpa(DATA), 0x01020304);
  ccw(&r, 0, CHANNEL_SEEK | CC, 4, WHERE);
  ccw(&r, 1, CHANNEL_WRITE, SECTOR, DATA);
  assert_int_equal(start(&r), 0);
  machine_phys_write_word(r.m, gpa(WHERE), 5);
  machine_phys_write_word(r.m, gpa(DATA), 0x05060708);
  assert_int_equal(finish(&r) & 3, CHANNEL_AVAILABLE);
  assert_true(machine_disk_peek(r.m, 2, buf));
  assert_int_equal(buf[0], 8); /* the data are those of the end */
  assert_true(machine_disk_peek(r.m, 5, buf));
  assert_int_equal(buf[0], 0);
  close_rig(&r);
}

/* States that a guest can tell apart, now or later, have different digests. */
static void digests_tell(void **state)
{
  (void)state;
  struct rig r;
  uint64_t digest[8];
  open_rig(&r);
  digest[0] = machine_device_digest(r.m);
  assert_int_equal(start(&r), CHANNEL_CHECKED); /* a program check */
  digest[1] = machine_device_digest(r.m);
  for (unsigned i = 0; i < 4; i++) { /* of the last one another address, count, sector */
    machine_phys_write_word(r.m, gpa(WHERE), i == 3);
    ccw(&r, 0, CHANNEL_SEEK | CC, 4, WHERE);
    ccw(&r, 1, CHANNEL_READ | (i == 1 ? CC : 0), SECTOR, DATA + (i == 2));
    ccw(&r, 2, CHANNEL_NOP, 1, 0);
    assert_int_equal(start(&r), 0);
    digest[2 + i] = machine_device_digest(r.m);
    finish(&r);
  }
  assert_int_equal(start(&r), 0);
  machine_idle(r.m, machine_tick(r.m) + 1); /* a tick less is left */
  digest[6] = machine_device_digest(r.m);
  finish(&r);
  machine_phys_write_word(r.m, gpa(WHERE), SECTORS);
  assert_int_equal(start(&r), 0);
  finish(&r); /* a unit check */
  digest[7] = machine_device_digest(r.m);
  for (unsigned i = 0; i < 8; i++) {
    for (unsigned k = 0; k < i; k++) {
      assert_true(digest[i] != digest[k]);
    }
  }
  close_rig(&r);
}

/* The sectors before the one that fails are written, and the program ends there. */
static void a_host_that_fails(void **state)
{
  (void)state;
  struct rig r;
  uint8_t buf[SECTOR];
  open_rig(&r);
  assert_true(disk_store_protect(r.disk, 3, 1));
  memset(buf, 7, sizeof buf);
  for (unsigned i = 0; i < 5; i++) {
    machine_phys_write(r.m, gpa(DATA + i * SECTOR), buf, SECTOR);
  }
  machine_phys_write_word(r.m, gpa(WHERE), 1);
  ccw(&r, 0, CHANNEL_SEEK | CC, 4, WHERE);
  ccw(&r, 1, CHANNEL_WRITE | CC | CD, 2000, DATA);
  ccw(&r, 2, CC, 560, DATA);
  ccw(&r, 3, CHANNEL_READ, SECTOR, 0);
  uint64_t before = machine_device_digest(r.m);
  assert_int_equal(start(&r), 0);
  uint32_t status = finish(&r);
  assert_int_equal(status & 3, CHANNEL_CHECKED);
  assert_int_equal(status >> CHANNEL_STATUS_SHIFT & 0xff, CHANNEL_ENDED | CHANNEL_UNIT_CHECK);
  assert_int_equal(status >> CHANNEL_SENSE_SHIFT & 0x3f, DISK_ERROR_HOST);
  assert_int_equal(status >> CHANNEL_RESIDUAL_SHIFT, 2000);
  assert_int_equal(machine_channel_test(r.m, CHANNEL_UNIT_DISK | CHANNEL_TEST_ADDRESS), AT + 16);
  assert_true(machine_device_digest(r.m) != before);
  for (unsigned i = 0; i < SECTORS; i++) {
    assert_true(machine_disk_peek(r.m, i, buf));
    assert_int_equal(buf[0], i == 1 || i == 2 ? 7 : 0);
  }
  close_rig(&r);
}

/* What is carried out without being looked at again is looked at when it is loaded: with
 * any bit of it changed the machine takes it or leaves it, and stays a machine. */
static void damaged_state(void **state)
{
  (void)state;
  struct rig r;
  struct machine_blob blob;
  unsigned refused = 0;
  open_rig(&r);
  ccw(&r, 0, CHANNEL_SEEK | CC, 4, WHERE);
  ccw(&r, 1, CHANNEL_READ | CD, 100, STORAGE - 100);
  ccw(&r, 2, CC, SECTOR - 100, DATA);
  ccw(&r, 3, CHANNEL_WRITE, SECTOR, STORAGE - SECTOR);
  assert_int_equal(start(&r), 0);
  uint64_t digest = machine_device_digest(r.m);
  assert_true(r.m->ops->save_devices(r.m, &blob));
  for (size_t bit = 0; bit < 8 * blob.len; bit++) {
    blob.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    if (r.m->ops->load_devices(r.m, &blob)) {
      machine_idle(r.m, machine_tick(r.m) + 3000);
      machine_set_cr(r.m, CR_IPEND, 0);
      r.m->ops->set_tick(r.m, 0);
    } else {
      refused++;
    }
    blob.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  assert_true(r.m->ops->load_devices(r.m, &blob));
  assert_true(machine_device_digest(r.m) == digest);
  assert_true(refused > 200);
  for (size_t len = 0; len < blob.len; len++) {
    const struct machine_blob cut = {blob.bytes, len};
    assert_false(r.m->ops->load_devices(r.m, &cut));
  }
  free(blob.bytes);
  close_rig(&r);
}

/* The last CCW is not the last any more, or is none. */
static void programs_without_end(void **state)
{
  (void)state;
  static const uint8_t last[] = {CHANNEL_WRITE, 0, 0, 2, 0, 0}; /* count 0x200 */
  static const uint8_t flags[] = {CHANNEL_DATA_CHAIN, CHANNEL_COMMAND_CHAIN, 1};
  struct rig r;
  struct machine_blob blob;
  open_rig(&r);
  ccw(&r, 0, CHANNEL_NOP | CC, 1, 0);
  ccw(&r, 1, CHANNEL_WRITE, SECTOR, DATA);
  assert_int_equal(start(&r), 0);
  assert_true(r.m->ops->save_devices(r.m, &blob));
  uint8_t *at = memmem(blob.bytes, blob.len, last, sizeof last);
  assert_non_null(at);
  for (unsigned i = 0; i < sizeof flags; i++) {
    at[1] = flags[i];
    assert_false(r.m->ops->load_devices(r.m, &blob));
  }
  at[1] = 0;
  at[0] = CHANNEL_TIC;
  assert_false(r.m->ops->load_devices(r.m, &blob));
  at[0] = CHANNEL_READ;
  assert_true(r.m->ops->load_devices(r.m, &blob));
  free(blob.bytes);
  close_rig(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(as_long_as_it_takes), cmocka_unit_test(sector_of_the_start),
      cmocka_unit_test(digests_tell),        cmocka_unit_test(a_host_that_fails),
      cmocka_unit_test(damaged_state),
      cmocka_unit_test(programs_without_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
