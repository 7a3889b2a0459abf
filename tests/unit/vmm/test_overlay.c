/* Copy-on-write overlays: whatever the host does to their bytes, and whenever it stops,
 * they hold what completed or say that they do not; and a VM over one is a VM over a disk,
 * whose base nobody touches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "machine/machine.h"
#include "vmm/devices/overlay.h"
#include "vmm/vmm.h"

#define SECTOR  MACHINE_SECTOR_SIZE
#define SECTORS 6u
#define WRITES  24u
#define ROOM    (64u << 10)

static const struct overlay_base base = {
    .disk_sectors = 40, .first = 7, .sectors = SECTORS, .digest = 12345};

/* --------------------------------------------- a host that stops, or fails */

struct host {
  uint8_t bytes[ROOM];
  size_t size;
  uint64_t left;   /* bytes that are still written; then nothing is any more */
  unsigned fail;   /* the how manieth write fails, half done; 0: none */
  unsigned writes; /* so many there were */
};

static uint64_t host_size(void *ctx)
{
  return ((struct host *)ctx)->size;
}

static bool host_read(void *ctx, uint64_t at, void *buf, size_t len)
{
  const struct host *h = ctx;
  if (at + len > h->size) {
    return false;
  }
  memcpy(buf, h->bytes + at, len);
  return true;
}

static bool host_write(void *ctx, uint64_t at, const void *buf, size_t len)
{
  struct host *h = ctx;
  size_t n = len;
  if (++h->writes == h->fail) {
    n = len / 2;
  }
  n = h->left < n ? (size_t)h->left : n;
  assert_true(at + len <= ROOM);
  memcpy(h->bytes + at, buf, n);
  h->size = at + n > h->size ? (size_t)at + n : h->size;
  h->left -= n;
  return n == len;
}

static bool host_clear(void *ctx)
{
  struct host *h = ctx;
  if (h->left == 0) {
    return false;
  }
  h->left--;
  h->size = 0;
  return true;
}

static struct overlay *open_on(struct host *h, const struct overlay_base *b, enum overlay_use use,
                               const char **reason)
{
  const struct overlay_store store = {
      .ctx = h, .size = host_size, .read = host_read, .write = host_write, .clear = host_clear};
  return overlay_open(&store, b, use, reason);
}

static struct host *new_host(uint64_t left)
{
  struct host *h = calloc(1, sizeof *h);
  assert_non_null(h);
  h->left = left;
  return h;
}

/* ------------------------------------------------- what should be in it */

struct model {
  uint8_t value[SECTORS]; /* of every byte; 0: not written */
};

static uint32_t sector_of(unsigned n)
{
  return n * n * 7 / 3 % SECTORS;
}

static void fill(uint8_t *buf, uint8_t value)
{
  memset(buf, value, SECTOR);
}

static bool write_next(struct overlay *o, unsigned n)
{
  uint8_t buf[SECTOR];
  fill(buf, (uint8_t)(n + 1));
  return overlay_write(o, sector_of(n), buf);
}

static struct model after(unsigned writes)
{
  struct model m = {0};
  for (unsigned n = 0; n < writes; n++) {
    m.value[sector_of(n)] = (uint8_t)(n + 1);
  }
  return m;
}

static bool holds(struct overlay *o, const struct model *m)
{
  bool same = true;
  for (uint32_t i = 0; i < SECTORS; i++) {
    uint8_t buf[SECTOR], want[SECTOR];
    fill(want, m->value[i]);
    bool there = overlay_read(o, i, buf);
    same = same && there == (m->value[i] != 0) && there == overlay_has(o, i) &&
           (!there || memcmp(buf, want, SECTOR) == 0);
  }
  return same;
}

static bool reopened_holds(struct host *h, unsigned writes)
{
  const char *reason = NULL;
  struct model m = after(writes);
  struct overlay *o = open_on(h, &base, OVERLAY_GUEST, &reason);
  bool same = o && holds(o, &m);
  overlay_close(o);
  return same;
}

/* ------------------------------------------------------------------- tests */

static void in_memory(void **state)
{
  (void)state;
  struct overlay_store store;
  const char *reason = NULL;
  assert_true(overlay_memory(&store));
  struct overlay *o = overlay_open(&store, &base, OVERLAY_GUEST, &reason);
  assert_non_null(o);
  assert_int_equal(overlay_sectors(o), SECTORS);
  assert_int_equal(overlay_written(o), 0);
  for (unsigned n = 0; n < WRITES; n++) {
    struct model m = after(n);
    assert_true(holds(o, &m));
    assert_true(write_next(o, n));
  }
  uint8_t buf[SECTOR];
  fill(buf, 1);
  assert_false(overlay_write(o, SECTORS, buf));
  assert_false(overlay_read(o, SECTORS, buf));
  assert_false(overlay_has(o, SECTORS));
  overlay_close(o);
}

/* What a sector that is written again takes is room for one more, not more and more. */
static void does_not_grow(void **state)
{
  (void)state;
  struct host *h = new_host(UINT64_MAX);
  const char *reason = NULL;
  struct overlay *o = open_on(h, &base, OVERLAY_GUEST, &reason);
  for (unsigned n = 0; n < 5 * WRITES; n++) {
    assert_true(write_next(o, n));
  }
  overlay_close(o);
  assert_true(h->size <= 512 + (SECTORS + 1) * (SECTOR + 32));
  free(h);
}

static void stopped_at_any_byte(void **state)
{
  (void)state;
  for (uint64_t left = 0;; left += left % 5 + 1) {
    struct host *h = new_host(left);
    const char *reason = NULL;
    unsigned done = 0;
    struct overlay *o = open_on(h, &base, OVERLAY_GUEST, &reason);
    while (o && done < WRITES && write_next(o, done)) {
      done++;
    }
    overlay_close(o);
    bool whole = h->left > 0;
    h->left = UINT64_MAX;
    assert_true(reopened_holds(h, done));
    /* It goes on from there. */
    o = open_on(h, &base, OVERLAY_GUEST, &reason);
    for (unsigned n = done; n < done + 3; n++) {
      assert_true(write_next(o, n));
    }
    overlay_close(o);
    assert_true(reopened_holds(h, done + 3));
    free(h);
    if (whole) {
      break;
    }
  }
}

static void a_write_fails(void **state)
{
  (void)state;
  for (unsigned fail = 2; fail <= WRITES + 1; fail++) {
    struct host *h = new_host(UINT64_MAX);
    const char *reason = NULL;
    h->fail = fail;
    struct overlay *o = open_on(h, &base, OVERLAY_GUEST, &reason);
    for (unsigned n = 0; n < WRITES; n++) {
      struct model m = after(n);
      if (!write_next(o, n)) {
        assert_int_equal(h->writes, fail);
        assert_true(holds(o, &m));
        assert_true(reopened_holds(h, n));
        assert_true(write_next(o, n)); /* the host has room again */
      }
    }
    overlay_close(o);
    assert_true(reopened_holds(h, WRITES));
    free(h);
  }
}

static struct host *written(unsigned writes)
{
  struct host *h = new_host(UINT64_MAX);
  const char *reason = NULL;
  struct overlay *o = open_on(h, &base, OVERLAY_GUEST, &reason);
  for (unsigned n = 0; n < writes; n++) {
    assert_true(write_next(o, n));
  }
  overlay_close(o);
  return h;
}

/* Of a changed byte it is said, or it does not count; only of the last record it could as
 * well be that the host stopped while it was written. */
static void a_byte_lies(void **state)
{
  (void)state;
  unsigned refused = 0;
  struct host *h = written(WRITES);
  for (size_t at = 0; at < h->size; at++) {
    h->bytes[at] ^= (uint8_t)(1u << at % 8);
    const char *reason = NULL;
    struct model now = after(WRITES), before = after(WRITES - 1);
    struct overlay *o = open_on(h, &base, OVERLAY_GUEST, &reason);
    assert_true(o ? holds(o, &now) || holds(o, &before) : reason != NULL);
    refused += !o;
    overlay_close(o);
    h->bytes[at] ^= (uint8_t)(1u << at % 8);
  }
  assert_true(refused > h->size / 2);
  assert_true(reopened_holds(h, WRITES));
  free(h);
}

/* As after the first write, or before it, is all that cannot be told from a lie. */
static void cut_short(void **state)
{
  (void)state;
  struct host *h = written(SECTORS * 20);
  size_t size = h->size;
  unsigned refused = 0;
  for (h->size = 512 + SECTOR + 32; h->size < size; h->size++) {
    const char *reason = NULL;
    struct overlay *o = open_on(h, &base, OVERLAY_GUEST, &reason);
    struct model now = after(SECTORS * 20), before = after(SECTORS * 20 - 1);
    assert_true(!o || holds(o, &now) || holds(o, &before));
    refused += !o;
    overlay_close(o);
  }
  assert_true(refused > 3 * SECTOR);
  free(h);
}

static void is_refused(struct host *h, const struct overlay_base *b, const char *why)
{
  const char *reason = NULL;
  assert_null(open_on(h, b, OVERLAY_GUEST, &reason));
  assert_non_null(strstr(reason, why));
}

static void of_another_base(void **state)
{
  (void)state;
  struct host *h = written(WRITES);
  struct overlay_base other = base;
  other.first++;
  is_refused(h, &other, "another mini-disk");
  other = base;
  other.sectors++;
  is_refused(h, &other, "another mini-disk");
  other = base;
  other.disk_sectors--;
  is_refused(h, &other, "another mini-disk");
  other = base;
  other.digest++;
  is_refused(h, &other, "have changed");
  memcpy(h->bytes, "Dear diary,", 11);
  is_refused(h, &base, "no overlay");
  h->size = 11;
  is_refused(h, &base, "no overlay");
  assert_int_equal(h->writes, WRITES + 1);
  assert_memory_equal(h->bytes, "Dear diary,", 11);
  free(h);
}

/* -------------------------------------------------------------------- commit */

struct below {
  struct host *host; /* which stops here as well */
  uint8_t sector[SECTORS][SECTOR];
};

static bool write_below(void *ctx, uint32_t sector, const void *buf)
{
  struct below *b = ctx;
  size_t n = b->host->left < SECTOR ? (size_t)b->host->left : SECTOR;
  memcpy(b->sector[sector], buf, n);
  b->host->left -= n;
  return n == SECTOR;
}

static bool sync_below(void *ctx)
{
  struct below *b = ctx;
  return b->host->left > 0;
}

/* Sectors never written are 0 in the model, and below. */
static bool is_below(const struct below *b, const struct model *m)
{
  uint8_t want[SECTOR];
  bool same = true;
  for (uint32_t i = 0; i < SECTORS; i++) {
    fill(want, m->value[i]);
    same = same && memcmp(b->sector[i], want, SECTOR) == 0;
  }
  return same;
}

static bool commit(struct host *h, struct below *b, const struct overlay_base *now)
{
  const char *reason = NULL;
  struct overlay *o = open_on(h, now, OVERLAY_COMMIT, &reason);
  bool done = o && overlay_commit(o, &(struct overlay_sink){b, write_below, sync_below});
  overlay_close(o);
  return done;
}

static void commit_stopped_at_any_byte(void **state)
{
  (void)state;
  struct model all = after(SECTORS - 1), none = {0};
  bool whole = false;
  for (uint64_t left = 0; !whole; left++) {
    struct host *h = written(SECTORS - 1);
    struct below b = {.host = h};
    h->left = left;
    whole = commit(h, &b, &base);
    h->left = UINT64_MAX;
    struct overlay_base changed = base;
    changed.digest += !is_below(&b, &none);
    struct overlay_claim claim;
    const char *reason = NULL;
    if (h->size == 0) {
      assert_true(whole && is_below(&b, &all));
    } else {
      const struct overlay_store store = {.ctx = h, .size = host_size, .read = host_read};
      assert_true(overlay_claim(&store, &claim, &reason));
      if (claim.committing) {
        is_refused(h, &changed, "interrupted");
      } else {
        assert_true(is_below(&b, &none) && reopened_holds(h, SECTORS - 1));
      }
      assert_true(commit(h, &b, &changed));
      assert_true(is_below(&b, &all) && h->size == 0);
    }
    free(h);
  }
}

/* ----------------------------------------------------------------- over a VM */

#define FIRST 4u
#define USERS 2u

struct system {
  struct profile *profile;
  struct disk_store *disk;
  struct machine *real;
  struct vmm *vmm;
  struct overlay *overlay[USERS];
  struct host *host[USERS];
  struct machine *vm[USERS];
};

static void open_system(struct system *s)
{
  const char *reason = NULL;
  uint8_t buf[SECTOR];
  s->profile = profile_load("pg", stderr);
  s->disk = disk_store_memory(FIRST + SECTORS + 2);
  for (uint32_t i = 0; i < FIRST + SECTORS + 2; i++) {
    fill(buf, (uint8_t)(0xa0 + i));
    assert_true(disk_store_write(s->disk, i, buf));
  }
  s->real = machine_create(
      &(struct machine_config){.profile = s->profile, .storage = 1u << 20, .disk = s->disk}, NULL);
  s->vmm = vmm_create(s->real, &reason);
  assert_non_null(s->vmm);
  for (unsigned i = 0; i < USERS; i++) {
    const struct vmm_extent extent = {FIRST, SECTORS, false};
    s->host[i] = new_host(UINT64_MAX);
    s->overlay[i] = open_on(s->host[i], &base, OVERLAY_GUEST, &reason);
    s->vm[i] = vmm_create_vm(s->vmm,
                             &(struct vmm_vm_config){.name = "vm",
                                                     .storage = MACHINE_MIN_STORAGE,
                                                     .extents = &extent,
                                                     .extent_count = 1,
                                                     .overlays = &s->overlay[i]},
                             &reason);
    assert_non_null(s->vm[i]);
  }
}

static void close_system(struct system *s)
{
  for (unsigned i = 0; i < USERS; i++) {
    machine_destroy(s->vm[i]);
    overlay_close(s->overlay[i]);
    free(s->host[i]);
  }
  vmm_destroy(s->vmm);
  machine_destroy(s->real);
  disk_store_destroy(s->disk);
  profile_destroy(s->profile);
}

static uint32_t transfer(struct machine *vm, uint32_t command, uint32_t sector, uint32_t count)
{
  uint32_t status = 0;
  machine_set_cr(vm, CR_IPEND, 0);
  machine_port_out(vm, PORT_DISK_SECTOR, sector);
  machine_port_out(vm, PORT_DISK_ADDRESS, 0x2000);
  machine_port_out(vm, PORT_DISK_COUNT, count);
  machine_port_out(vm, PORT_DISK_COMMAND, command);
  machine_idle(vm, machine_next_event(vm));
  machine_port_in(vm, PORT_DISK_STATUS, &status);
  assert_false(status & DISK_STATUS_BUSY);
  return status;
}

static uint32_t write_value(struct machine *vm, uint32_t sector, uint32_t count, uint8_t value)
{
  uint8_t buf[SECTORS * SECTOR];
  memset(buf, value, sizeof buf);
  assert_true(machine_phys_write(vm, gpa(0x2000), buf, count * SECTOR));
  return transfer(vm, DISK_COMMAND_WRITE, sector, count);
}

static void reads(struct machine *vm, const uint8_t *values)
{
  uint8_t buf[SECTORS * SECTOR], want[SECTOR];
  assert_int_equal(transfer(vm, DISK_COMMAND_READ, 0, SECTORS), 0);
  assert_true(machine_phys_read(vm, gpa(0x2000), buf, sizeof buf));
  for (uint32_t i = 0; i < SECTORS; i++) {
    uint8_t peeked[SECTOR];
    fill(want, values[i]);
    assert_memory_equal(buf + i * SECTOR, want, SECTOR);
    assert_true(machine_disk_peek(vm, i, peeked));
    assert_memory_equal(peeked, want, SECTOR);
  }
}

static void base_is_as_it_was(const struct system *s)
{
  for (uint32_t i = 0; i < FIRST + SECTORS + 2; i++) {
    uint8_t buf[SECTOR], want[SECTOR];
    fill(want, (uint8_t)(0xa0 + i));
    assert_true(disk_store_read(s->disk, i, buf));
    assert_memory_equal(buf, want, SECTOR);
  }
}

static void two_share_a_base(void **state)
{
  (void)state;
  struct system s;
  open_system(&s);
  assert_int_equal(write_value(s.vm[0], 1, 2, 0x11), 0);
  assert_int_equal(write_value(s.vm[1], 2, 1, 0x22), 0);
  assert_int_equal(write_value(s.vm[0], 5, 1, 0x33), 0);
  reads(s.vm[0], (const uint8_t[]){0xa4, 0x11, 0x11, 0xa7, 0xa8, 0x33});
  reads(s.vm[1], (const uint8_t[]){0xa4, 0xa5, 0x22, 0xa7, 0xa8, 0xa9});
  base_is_as_it_was(&s);
  assert_true(write_value(s.vm[0], 5, 2, 0x44) != 0);
  struct vmm_allocation a = vmm_vm_allocation(s.vm[0]);
  assert_true(a.extents[0].readonly && a.overlaid[0] && !a.disk_readonly);
  const char *reason = NULL;
  assert_null(vmm_checkpoint_take(s.vmm, &reason));
  assert_non_null(strstr(reason, "copy-on-write"));
  close_system(&s);
}

/* As on any disk: what comes before the sector that is refused is done. */
static void host_refuses(void **state)
{
  (void)state;
  struct system s;
  open_system(&s);
  assert_int_equal(write_value(s.vm[0], 0, 1, 0x11), 0);
  s.host[0]->fail = s.host[0]->writes + 3;
  uint32_t status = write_value(s.vm[0], 1, 4, 0x22);
  assert_int_equal(status >> DISK_STATUS_ERROR_SHIFT & DISK_STATUS_ERROR_MASK, DISK_ERROR_HOST);
  reads(s.vm[0], (const uint8_t[]){0x11, 0x22, 0x22, 0xa7, 0xa8, 0xa9});
  assert_int_equal(write_value(s.vm[0], 3, 1, 0x33), 0);
  reads(s.vm[0], (const uint8_t[]){0x11, 0x22, 0x22, 0x33, 0xa8, 0xa9});
  reads(s.vm[1], (const uint8_t[]){0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9});
  /* What is damaged is not given out. */
  s.host[0]->bytes[512 + 40] ^= 1;
  assert_true(transfer(s.vm[0], DISK_COMMAND_READ, 0, 1) != 0);
  base_is_as_it_was(&s);
  close_system(&s);
}

/* One of another size than its extent. */
static void of_another_size(void **state)
{
  (void)state;
  struct system s;
  open_system(&s);
  const char *reason = NULL;
  const struct vmm_extent extent = {FIRST, SECTORS - 1, false};
  assert_null(vmm_create_vm(s.vmm,
                            &(struct vmm_vm_config){.storage = MACHINE_MIN_STORAGE,
                                                    .extents = &extent,
                                                    .extent_count = 1,
                                                    .overlays = s.overlay},
                            &reason));
  assert_non_null(strstr(reason, "as many sectors"));
  close_system(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(in_memory),           cmocka_unit_test(does_not_grow),
      cmocka_unit_test(stopped_at_any_byte), cmocka_unit_test(a_write_fails),
      cmocka_unit_test(a_byte_lies),         cmocka_unit_test(cut_short),
      cmocka_unit_test(of_another_base),     cmocka_unit_test(commit_stopped_at_any_byte),
      cmocka_unit_test(two_share_a_base),    cmocka_unit_test(host_refuses),
      cmocka_unit_test(of_another_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
