/* Channel programs of virtual machines: whatever a program is, the virtual machine does with
 * it what a bare one does, at every tick; and nothing outside what the VM was given is read
 * or changed, whatever its programs name and however they change under way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine/devices/channel.h"
#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "machine/snapshot.h"
#include "tests/common/program.h"
#include "vmm/devices/overlay.h"
#include "vmm/modules.h"
#include "vmm/vmm.h"

#define PROFILE "profile c; extends pg; title \"t\"; story \"s\"; io channel;"
#define SIZE    MACHINE_MIN_STORAGE
#define SECTOR  MACHINE_SECTOR_SIZE
#define CASES   400u

#define REAL_SECTORS 48u
#define SECTORS      21u
#define READONLY     18u /* the last three */
/* The virtual disk, in pieces that lie apart. Between them are the neighbour's sectors. */
static const struct vmm_extent extents[] = {
    {5, 6, false}, {30, 4, false}, {14, 8, false}, {1, 3, true}};
#define COW 1u /* the second one has an overlay */

#define PROGRAM_AT 0x2000u
#define WHERE_AT   0x3000u /* arguments of seeks */
#define DATA_AT    0x4000u

struct rig {
  struct profile *profile;
  struct disk_store *bare_disk, *real_disk;
  struct overlay *overlay;
  struct machine *bare, *real, *vm, *neighbour;
  struct vmm *vmm;
  uint64_t quiet; /* digest of the neighbour */
};

static uint32_t real_sector(uint32_t sector)
{
  unsigned i = 0;
  while (sector >= extents[i].sectors) {
    sector -= extents[i++].sectors;
  }
  return extents[i].first + sector;
}

static void fill(uint8_t *buf, uint32_t sector)
{
  for (uint32_t i = 0; i < SECTOR; i++) {
    buf[i] = (uint8_t)(i * 7 + sector * 13 + 1);
  }
}

static void make_disks(struct rig *r)
{
  static const struct overlay_base base = {
      .disk_sectors = REAL_SECTORS, .first = 30, .sectors = 4, .digest = 1};
  uint8_t buf[SECTOR];
  struct overlay_store store;
  r->real_disk = disk_store_memory(REAL_SECTORS);
  r->bare_disk = disk_store_memory(SECTORS);
  for (uint32_t i = 0; i < REAL_SECTORS; i++) {
    fill(buf, i);
    disk_store_write(r->real_disk, i, buf);
  }
  for (uint32_t i = 0; i < SECTORS; i++) {
    fill(buf, real_sector(i));
    disk_store_write(r->bare_disk, i, buf);
  }
  disk_store_protect(r->bare_disk, READONLY, SECTORS - READONLY);
  const char *reason = NULL;
  insist(overlay_memory(&store), "there is memory");
  r->overlay = overlay_open(&store, &base, OVERLAY_GUEST, &reason);
  insist(r->overlay != NULL, "there is an overlay");
}

static struct machine *make_bare(const struct rig *r, uint32_t storage, struct disk_store *disk)
{
  struct machine_config config = {
      .profile = r->profile, .storage = storage, .disk = disk, .engine = MACHINE_ENGINE_FAST};
  return machine_create(&config, NULL);
}

static void open_rig(struct rig *r, const struct vmm_modules *modules)
{
  struct overlay *overlays[4] = {NULL};
  memset(r, 0, sizeof *r);
  r->profile = profile_parse("c", PROFILE, strlen(PROFILE), stderr);
  insist(r->profile != NULL, "the profile is one");
  make_disks(r);
  overlays[COW] = r->overlay;
  r->bare = make_bare(r, SIZE, r->bare_disk);
  r->real = make_bare(r, VMM_OWN_STORAGE + 3 * SIZE, r->real_disk);
  const char *reason = NULL;
  r->vmm = vmm_create_with(r->real, modules ? modules : &vmm_default_modules, &reason);
  assert_non_null(r->vmm);
  struct vmm_vm_config other = {.storage = SIZE, .disk_first = 22, .disk_sectors = 8};
  struct vmm_vm_config own = {
      .storage = SIZE, .extents = extents, .extent_count = 4, .overlays = overlays};
  r->neighbour = vmm_create_vm(r->vmm, &other, &reason);
  r->vm = vmm_create_vm(r->vmm, &own, &reason);
  if (!r->neighbour || !r->vm) {
    fail_msg("%s", reason);
  }
  for (uint32_t at = 0; at < SIZE; at += 4) {
    machine_phys_write_word(r->neighbour, gpa(at), at ^ 0x5a5a5a5a);
  }
  r->quiet = machine_state_hash(r->neighbour);
}

static void close_rig(struct rig *r)
{
  machine_destroy(r->vm);
  machine_destroy(r->neighbour);
  vmm_destroy(r->vmm);
  machine_destroy(r->real);
  machine_destroy(r->bare);
  overlay_close(r->overlay);
  disk_store_destroy(r->real_disk);
  disk_store_destroy(r->bare_disk);
  profile_destroy(r->profile);
}

/* Of the real disk all that is not in an extent that the VM may write, and of real storage
 * all that is not its own; the VMM's page for programs and its buffer apart. */
static const char *harm(struct rig *r)
{
  uint8_t buf[SECTOR], want[SECTOR];
  for (uint32_t i = 0; i < REAL_SECTORS; i++) {
    bool own = false;
    for (unsigned k = 0; k < 4; k++) {
      own |= k != COW && !extents[k].readonly &&
             range_contains(extents[k].first, extents[k].sectors, i, 1);
    }
    fill(want, i);
    if (!own && (!disk_store_read(r->real_disk, i, buf) || memcmp(buf, want, SECTOR) != 0)) {
      return "a sector of somebody else's";
    }
  }
  for (uint32_t at = 0; at < VMM_OWN_STORAGE / 2 - ISA_PAGE_SIZE; at += 4) {
    uint32_t word = 1;
    machine_phys_read_word(r->real, gpa(at), &word);
    if (word != 0) {
      return "the VMM's storage";
    }
  }
  return machine_state_hash(r->neighbour) != r->quiet ? "the neighbour"
         : vmm_violations(r->vmm, NULL)               ? "resource control"
                                                      : NULL;
}

/* ----------------------------------------------------------- both machines alike */

static void put_both(struct rig *r, uint32_t at, uint32_t word)
{
  machine_phys_write_word(r->bare, gpa(at), word);
  machine_phys_write_word(r->vm, gpa(at), word);
}

static void ccw(struct rig *r, uint32_t at, uint32_t what, uint32_t count, uint32_t address)
{
  put_both(r, at, what | count << CHANNEL_COUNT_SHIFT);
  put_both(r, at + 4, address);
}

#define CC (CHANNEL_COMMAND_CHAIN << CHANNEL_FLAGS_SHIFT)
#define CD (CHANNEL_DATA_CHAIN << CHANNEL_FLAGS_SHIFT)

static void expect_same(struct rig *r, const char *when, unsigned number)
{
  if (machine_state_hash(r->bare) == machine_state_hash(r->vm)) {
    return;
  }
  fail_msg("%u: they differ %s%s%s%s; tick %llu and %llu, status %08x and %08x", number, when,
           machine_storage_digest(r->bare) != machine_storage_digest(r->vm) ? ", storage" : "",
           machine_device_digest(r->bare) != machine_device_digest(r->vm) ? ", devices" : "",
           machine_get_cr(r->bare, CR_IPEND) != machine_get_cr(r->vm, CR_IPEND) ? ", lines" : "",
           (unsigned long long)machine_tick(r->bare), (unsigned long long)machine_tick(r->vm),
           machine_channel_test(r->bare, 1), machine_channel_test(r->vm, 1));
}

static uint32_t start_both(struct rig *r, uint32_t caw, unsigned number)
{
  uint32_t bare = machine_channel_start(r->bare, caw), vm = machine_channel_start(r->vm, caw);
  if (bare != vm) {
    fail_msg("%u: the bare machine answers %u, the virtual one %u", number, bare, vm);
  }
  for (uint32_t operand = 0; operand < 16; operand++) {
    assert_int_equal(machine_channel_test(r->bare, operand), machine_channel_test(r->vm, operand));
  }
  return bare;
}

static void idle_both(struct rig *r, uint64_t until)
{
  machine_idle(r->bare, until);
  machine_idle(r->vm, until);
}

/* To the tick before the end, and to the end. Answers the status. */
static uint32_t end_both(struct rig *r, unsigned number)
{
  uint64_t end = machine_next_event(r->bare);
  assert_int_equal(end, machine_next_event(r->vm));
  assert_true(end != MACHINE_NEVER);
  idle_both(r, end - 1);
  expect_same(r, "a tick before the end", number);
  idle_both(r, end);
  expect_same(r, "at the end", number);
  assert_int_equal(machine_get_cr(r->vm, CR_IPEND), 1u << isa_cause_info(CAUSE_CHANNEL)->line);
  machine_set_cr(r->bare, CR_IPEND, 0);
  machine_set_cr(r->vm, CR_IPEND, 0);
  return machine_channel_test(r->vm, CHANNEL_UNIT_DISK);
}

/* ------------------------------------------------------------------ any program */

struct author {
  struct rig *r;
  struct random chance;
  uint32_t at, where;
};

static bool one_in(struct author *a, uint32_t n)
{
  return random_below(&a->chance, n) == 0;
}

static uint32_t some_address(struct author *a, uint32_t len)
{
  switch (random_below(&a->chance, 12)) {
  case 0:
    return SIZE - len; /* up to the end */
  case 1:
    return PROGRAM_AT + random_below(&a->chance, 64);
  case 2:
    return WHERE_AT + random_below(&a->chance, 16);
  case 3:
    return random_below(&a->chance, SIZE);
  default:
    return DATA_AT + random_below(&a->chance, 0x8000);
  }
}

static uint32_t some_sector(struct author *a)
{
  return one_in(a, 24) ? random_word(&a->chance) : random_below(&a->chance, SECTORS + 1);
}

/* One CCW; a few are spoilt. */
static void write_ccw(struct author *a, uint32_t what, uint32_t count, uint32_t address)
{
  uint32_t low = what | count << CHANNEL_COUNT_SHIFT;
  if (one_in(a, 60)) {
    low ^= 1u << random_below(&a->chance, 32);
  }
  if (one_in(a, 80)) {
    address = random_word(&a->chance);
  }
  put_both(a->r, a->at, low);
  put_both(a->r, a->at + 4, address);
  a->at += CHANNEL_CCW_SIZE;
}

/* Some sectors in pieces of any length. */
static void write_transfer(struct author *a, uint32_t chain)
{
  uint32_t command = one_in(a, 2) ? CHANNEL_READ : CHANNEL_WRITE;
  uint32_t left = (1 + random_below(&a->chance, one_in(a, 8) ? 12 : 4)) * SECTOR;
  while (left > 0) {
    uint32_t len = one_in(a, 2) ? left : 1 + random_below(&a->chance, left);
    left -= len;
    write_ccw(a, command | (left ? CD : chain), len, some_address(a, len));
    if (left && one_in(a, 6)) {
      write_ccw(a, CHANNEL_TIC, 0, a->at + 3 * CHANNEL_CCW_SIZE);
      a->at += 2 * CHANNEL_CCW_SIZE;
    }
    command = one_in(a, 3) ? random_below(&a->chance, 7) : command;
  }
}

static void write_command(struct author *a, uint32_t chain)
{
  uint32_t at, count;
  switch (random_below(&a->chance, 8)) {
  case 0:
    at = some_address(a, 4);
    count = 1 + random_below(&a->chance, 5);
    write_ccw(a, CHANNEL_SENSE | chain | (one_in(a, 2) ? 0x2000 : 0), count, at);
    break;
  case 1:
    write_ccw(a, CHANNEL_NOP | chain, 1, 0);
    break;
  case 2:
  case 3:
  case 4:
    put_both(a->r, a->where, some_sector(a));
    write_ccw(a, CHANNEL_SEEK | chain, 4, a->where);
    a->where += 4;
    break;
  default:
    write_transfer(a, chain);
  }
  if (chain && one_in(a, 10)) {
    uint32_t to = one_in(a, 8) ? PROGRAM_AT : a->at + 2 * CHANNEL_CCW_SIZE;
    write_ccw(a, CHANNEL_TIC, random_below(&a->chance, 4), to);
    a->at = a->at + CHANNEL_CCW_SIZE;
  }
}

static void write_program(struct author *a)
{
  uint32_t commands = 1 + random_below(&a->chance, one_in(a, 12) ? 40 : 6);
  a->at = PROGRAM_AT;
  a->where = WHERE_AT;
  for (uint32_t i = 0; i < commands; i++) {
    write_command(a, i + 1 < commands ? CC : 0);
  }
}

/* While it is under way. */
static void meddle(struct author *a)
{
  for (uint32_t i = random_below(&a->chance, 6); i > 0; i--) {
    uint32_t at = one_in(a, 2) ? PROGRAM_AT : WHERE_AT;
    uint32_t word = random_word(&a->chance);
    put_both(a->r, at + 4 * random_below(&a->chance, 24), word);
  }
  for (uint32_t i = 0; i < 8; i++) {
    uint32_t word = random_word(&a->chance);
    put_both(a->r, DATA_AT + 4 * random_below(&a->chance, 0x2000), word);
  }
}

/* The same one for the console, which mostly refuses it, and a short one. */
static void console_program(struct author *a, unsigned number)
{
  struct rig *r = a->r;
  for (uint32_t i = random_below(&a->chance, 20); i > 0; i--) {
    uint8_t byte = (uint8_t)random_word(&a->chance);
    machine_console_input(r->bare, 0, byte);
    machine_console_input(r->vm, 0, byte);
  }
  start_both(r, PROGRAM_AT | CHANNEL_UNIT_CONSOLE, number);
  expect_same(r, "when the console has it", number);
  a->at = PROGRAM_AT;
  for (uint32_t i = 0; i < 5; i++) {
    uint32_t flags = i < 4 ? one_in(a, 3) ? CD : CC : 0;
    flags |= one_in(a, 2) ? 0x2000 : 0;
    uint32_t count = 1 + random_below(&a->chance, one_in(a, 5) ? 100 : 12);
    uint32_t at = some_address(a, count);
    write_ccw(a, (1 + random_below(&a->chance, 4)) | flags, count, at);
  }
  start_both(r, PROGRAM_AT | CHANNEL_UNIT_CONSOLE, number);
  expect_same(r, "when the console has a short one", number);
  machine_set_cr(r->bare, CR_IPEND, 0);
  machine_set_cr(r->vm, CR_IPEND, 0);
}

static void any_program(void **state)
{
  (void)state;
  unsigned refused = 0, well = 0, failed = 0;
  struct rig r;
  open_rig(&r, NULL);
  struct author a = {.r = &r, .chance = random_from(41)};
  const char *seeds = getenv("TRAPEZE_CHAINS");
  unsigned cases = seeds ? (unsigned)strtoul(seeds, NULL, 10) : CASES;
  for (unsigned i = 0; i < cases; i++) {
    write_program(&a);
    if (one_in(&a, 6)) {
      console_program(&a, i);
      continue;
    }
    uint32_t condition = start_both(&r, PROGRAM_AT | CHANNEL_UNIT_DISK, i);
    expect_same(&r, "at the start", i);
    meddle(&a);
    if (condition != CHANNEL_AVAILABLE) {
      refused++;
      continue;
    }
    assert_int_equal(start_both(&r, PROGRAM_AT | CHANNEL_UNIT_DISK, i), CHANNEL_BUSY);
    uint32_t status = end_both(&r, i);
    well += (status & 3) == CHANNEL_AVAILABLE;
    failed += (status & 3) == CHANNEL_CHECKED;
    const char *who = harm(&r);
    if (who) {
      fail_msg("%u: %s", i, who);
    }
  }
  if (cases == CASES) { /* none of these is rare */
    assert_true(refused > CASES / 16 && well > CASES / 16 && failed > CASES / 16);
  }
  close_rig(&r);
}

/* --------------------------------------------------------------- hostile ones */

enum { REFUSED, ENDS, FAILS };
struct hostile {
  const char *what;
  int end;
  uint32_t first, count, address; /* the last CCW, behind a seek to: */
  uint32_t sector;
};

/* Guest-physical addresses under which others would lie, if only the allocation were added. */
#define VMM_BELOW       (0u - 2 * SIZE - VMM_OWN_STORAGE)
#define NEIGHBOUR_BELOW (0u - 2 * SIZE)

static const struct hostile hostile[] = {
    {"into the storage above", REFUSED, CHANNEL_READ, SECTOR, SIZE, 0},
    {"out of the storage above", REFUSED, CHANNEL_WRITE, SECTOR, SIZE + 0x1000, 0},
    {"across the end", REFUSED, CHANNEL_READ, SECTOR, SIZE - SECTOR + 1, 0},
    {"up to the end", ENDS, CHANNEL_READ, SECTOR, SIZE - SECTOR, 0},
    {"into the neighbour below", REFUSED, CHANNEL_READ, SECTOR, NEIGHBOUR_BELOW + 0x2000, 0},
    {"into the VMM", REFUSED, CHANNEL_READ, SECTOR, VMM_BELOW, 0},
    {"around the addresses", REFUSED, CHANNEL_READ, SECTOR, UINT32_MAX - 100, 0},
    {"nothing at all", REFUSED, CHANNEL_READ, 0, DATA_AT, 0},
    {"the most", REFUSED, CHANNEL_READ, 65535, DATA_AT, 0},
    {"the most that fits", REFUSED, CHANNEL_WRITE, 65024, 1024, 0},
    {"more than the disk has", FAILS, CHANNEL_WRITE, 22 * SECTOR, 0, 0},
    {"past the end of the disk", FAILS, CHANNEL_WRITE, SECTOR, DATA_AT, SECTORS},
    {"across the end of the disk", FAILS, CHANNEL_READ, 2 * SECTOR, DATA_AT, SECTORS - 1},
    {"a neighbour's sector, counted from its extent", FAILS, CHANNEL_WRITE, SECTOR, DATA_AT, 22},
    {"sector -1", FAILS, CHANNEL_WRITE, SECTOR, DATA_AT, UINT32_MAX},
    {"a sector that wraps around the extent", FAILS, CHANNEL_WRITE, SECTOR, DATA_AT, 0u - 5},
    {"onto a read-only extent", FAILS, CHANNEL_WRITE, SECTOR, DATA_AT, READONLY},
    {"across into one", FAILS, CHANNEL_WRITE, 3 * SECTOR, DATA_AT, READONLY - 1},
    {"from one extent into the next", ENDS, CHANNEL_WRITE, 12 * SECTOR, DATA_AT, 3},
    {"over its own program", ENDS, CHANNEL_READ, SECTOR, PROGRAM_AT, 4},
    {"over its vectors", ENDS, CHANNEL_READ, SECTOR, 0, 1},
};

static void check_hostile(struct rig *r, unsigned i)
{
  const struct hostile *h = &hostile[i];
  put_both(r, WHERE_AT, h->sector);
  ccw(r, PROGRAM_AT, CHANNEL_SEEK | CC, 4, WHERE_AT);
  ccw(r, PROGRAM_AT + 8, h->first, h->count, h->address);
  uint32_t condition = start_both(r, PROGRAM_AT | CHANNEL_UNIT_DISK, i);
  if ((condition == CHANNEL_CHECKED) != (h->end == REFUSED)) {
    fail_msg("%s: the condition is %u", h->what, condition);
  }
  if (h->end != REFUSED) {
    uint32_t status = end_both(r, i);
    if ((status & 3) != (h->end == ENDS ? CHANNEL_AVAILABLE : CHANNEL_CHECKED)) {
      fail_msg("%s: the status is %08x", h->what, status);
    }
  }
  const char *who = harm(r);
  if (who) {
    fail_msg("%s: %s", h->what, who);
  }
}

static void hostile_programs(void **state)
{
  (void)state;
  struct rig r;
  open_rig(&r, NULL);
  for (unsigned i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    check_hostile(&r, i);
  }
  close_rig(&r);
}

/* The shape of programs; each begins with a no-op that leads to: */
struct shape {
  const char *what;
  bool refused;
  uint32_t ccw[4][3]; /* what, count, address */
};

#define TO(i) (PROGRAM_AT + 8 * (i))
static const struct shape shapes[] = {
    {"one more", false, {{CHANNEL_NOP, 1, 0}}},
    {"a transfer", false, {{CHANNEL_TIC, 0, TO(2)}, {CHANNEL_NOP, 1, 0}}},
    {"a transfer to a transfer",
     true,
     {{CHANNEL_TIC, 0, TO(2)}, {CHANNEL_TIC, 0, TO(3)}, {CHANNEL_NOP, 1, 0}}},
    {"a transfer to itself", true, {{CHANNEL_TIC, 0, TO(1)}}},
    {"a transfer back", true, {{CHANNEL_NOP | CC, 1, 0}, {CHANNEL_TIC, 0, TO(0)}}},
    {"a transfer to the program before it", true, {{CHANNEL_TIC, 0, TO(0)}}},
    {"a transfer askew", true, {{CHANNEL_TIC, 0, TO(2) + 4}, {CHANNEL_NOP, 1, 0}}},
    {"a transfer into the neighbour", true, {{CHANNEL_TIC, 0, NEIGHBOUR_BELOW}}},
    {"a transfer to the end", true, {{CHANNEL_TIC, 0, SIZE}}},
    {"a transfer nowhere", true, {{CHANNEL_TIC, 0, 0u - 8}}},
    {"a transfer within a command",
     false,
     {{CHANNEL_READ | CD, 100, DATA_AT}, {CHANNEL_TIC, 9, TO(3)}, {0, SECTOR - 100, DATA_AT}}},
    {"a seek with another count", true, {{CHANNEL_SEEK, 8, WHERE_AT}}},
    {"a seek askew", true, {{CHANNEL_SEEK, 4, WHERE_AT + 2}}},
    {"a seek by the neighbour's word", true, {{CHANNEL_SEEK, 4, NEIGHBOUR_BELOW}}},
    {"a seek by the word at the end", true, {{CHANNEL_SEEK, 4, SIZE}}},
    {"a seek by the last word", false, {{CHANNEL_SEEK, 4, SIZE - 4}}},
    {"a seek in pieces", true, {{CHANNEL_SEEK | CD, 4, WHERE_AT}, {0, 4, WHERE_AT}}},
    {"no command", true, {{0, 1, 0}}},
    {"a command too many", true, {{9, 1, 0}}},
    {"an unknown flag", true, {{CHANNEL_NOP | 0x800, 1, 0}}},
    {"half a sector", true, {{CHANNEL_WRITE, 256, DATA_AT}}},
    {"half a sector, then another command",
     true,
     {{CHANNEL_WRITE | CC, 256, DATA_AT}, {CHANNEL_WRITE, 256, DATA_AT}}},
};

static void odd_programs(void **state)
{
  (void)state;
  struct rig r;
  open_rig(&r, NULL);
  for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const struct shape *s = &shapes[i];
    ccw(&r, TO(0), CHANNEL_NOP | CC, 1, 0);
    for (unsigned k = 0; k < 4; k++) {
      ccw(&r, TO(k + 1), s->ccw[k][0], s->ccw[k][1], s->ccw[k][2]);
    }
    bool refused = start_both(&r, TO(0) | CHANNEL_UNIT_DISK, i) == CHANNEL_CHECKED;
    if (refused != s->refused) {
      fail_msg("%s: %s", s->what, refused ? "refused" : "not refused");
    }
    expect_same(&r, "at the start", i);
    if (!refused) {
      end_both(&r, i);
    }
  }
  ccw(&r, TO(0), CHANNEL_TIC, 0, TO(1));
  ccw(&r, TO(1), CHANNEL_NOP, 1, 0);
  assert_int_equal(start_both(&r, TO(0) | CHANNEL_UNIT_DISK, 0), CHANNEL_CHECKED);
  assert_null(harm(&r));
  close_rig(&r);
}

/* As many CCWs as there may be, and one more; every second a transfer in channel, or none. */
static void as_many_as_there_may_be(void **state)
{
  (void)state;
  struct rig r;
  open_rig(&r, NULL);
  for (uint32_t n = CHANNEL_MAX_CCWS; n <= CHANNEL_MAX_CCWS + 1; n++) {
    for (uint32_t every = 2; every < 100; every += 97) {
      for (uint32_t i = 0; i < n; i++) {
        bool transfer = i % every == every - 1 && i + 1 < n;
        ccw(&r, TO(i), transfer ? CHANNEL_TIC : CHANNEL_NOP | (i + 1 < n ? CC : 0), 1, TO(i + 1));
      }
      assert_int_equal(start_both(&r, TO(0) | CHANNEL_UNIT_DISK, n), n > CHANNEL_MAX_CCWS);
      expect_same(&r, "at the start", n);
      if (n <= CHANNEL_MAX_CCWS) {
        end_both(&r, n);
      }
    }
  }
  for (uint32_t n = CHANNEL_MAX_PIECES; n <= CHANNEL_MAX_PIECES + 1; n++) {
    for (uint32_t i = 0; i < n; i++) {
      uint32_t len = i + 1 < n ? 16 : SECTOR - 16 * (n - 1);
      ccw(&r, TO(i), CHANNEL_WRITE | (i + 1 < n ? CD : 0), i + 1 < n || len ? len : SECTOR,
          DATA_AT);
    }
    assert_int_equal(start_both(&r, TO(0) | CHANNEL_UNIT_DISK, n), n > CHANNEL_MAX_PIECES);
    if (n <= CHANNEL_MAX_PIECES) {
      end_both(&r, n);
    }
  }
  for (uint32_t n = 56; n <= 57; n++) {
    ccw(&r, TO(0), CHANNEL_WRITE | CC, 200, DATA_AT);
    ccw(&r, TO(1), CHANNEL_WRITE, n, DATA_AT);
    assert_int_equal(start_both(&r, TO(0) | CHANNEL_UNIT_CONSOLE, n), n > 56);
    expect_same(&r, "when the console has it", n);
  }
  close_rig(&r);
}

/* What a program reads into itself, its seeks' arguments and what the guest changes come too
 * late, in flight and between the commands. */
static void it_is_the_snapshot(void **state)
{
  (void)state;
  struct rig r;
  uint8_t found[SECTOR], want[SECTOR];
  open_rig(&r, NULL);
  put_both(&r, WHERE_AT, 1);
  put_both(&r, WHERE_AT + 4, 2);
  ccw(&r, PROGRAM_AT, CHANNEL_SEEK | CC, 4, WHERE_AT);
  ccw(&r, PROGRAM_AT + 8, CHANNEL_READ | CC, SECTOR, WHERE_AT); /* other arguments */
  ccw(&r, PROGRAM_AT + 16, CHANNEL_READ | CC, SECTOR, PROGRAM_AT);
  ccw(&r, PROGRAM_AT + 24, CHANNEL_SEEK | CC, 4, WHERE_AT + 4);
  ccw(&r, PROGRAM_AT + 32, CHANNEL_READ, SECTOR, DATA_AT);
  assert_int_equal(start_both(&r, PROGRAM_AT | CHANNEL_UNIT_DISK, 0), CHANNEL_AVAILABLE);
  put_both(&r, WHERE_AT + 4, 17);
  put_both(&r, PROGRAM_AT + 36, SIZE - 8);
  put_both(&r, PROGRAM_AT + 20, 0u - SIZE);
  assert_int_equal(end_both(&r, 0) & 3, CHANNEL_AVAILABLE);
  machine_phys_read(r.vm, gpa(DATA_AT), found, SECTOR);
  fill(want, real_sector(2));
  assert_memory_equal(found, want, SECTOR);
  assert_null(harm(&r));
  close_rig(&r);
}

/* --------------------------------------------------------- a guest that is quicker
 * than the VMM: each word of its program is another after it was read. */

static struct {
  struct vmm_word (*load)(void *ctx, gpa_t at);
  bool (*store)(void *ctx, gpa_t at, uint32_t word);
  uint32_t poison;
  unsigned loads;
} quick;

static struct vmm_word load_once(void *ctx, gpa_t at)
{
  struct vmm_word found = quick.load(ctx, at);
  quick.store(ctx, at, quick.poison);
  quick.loads++;
  return found;
}

static struct channel_program snapshot_of_quick(void *state, const struct vmm_env *env,
                                                uint32_t caw)
{
  struct vmm_env with = *env;
  quick.load = env->load;
  quick.store = env->store;
  with.load = load_once;
  return vmm_chain.snapshot(state, &with, caw);
}

static void read_only_once(void **state)
{
  (void)state;
  static const uint32_t poisons[] = {0, UINT32_MAX, CHANNEL_TIC, 0x02000002};
  struct vmm_chain_module chain = vmm_chain;
  struct vmm_modules modules = vmm_default_modules;
  chain.snapshot = snapshot_of_quick;
  modules.chain = &chain;
  for (unsigned i = 0; i < 4; i++) {
    struct rig r;
    uint8_t found[SECTOR], want[SECTOR];
    open_rig(&r, &modules);
    quick.poison = poisons[i];
    quick.loads = 0;
    put_both(&r, WHERE_AT, 7);
    ccw(&r, PROGRAM_AT, CHANNEL_SEEK | CC, 4, WHERE_AT);
    ccw(&r, PROGRAM_AT + 8, CHANNEL_NOP | CC, 1, 0);
    ccw(&r, PROGRAM_AT + 16, CHANNEL_TIC, 1, PROGRAM_AT + 0x100);
    ccw(&r, PROGRAM_AT + 0x100, CHANNEL_READ | CD, 100, DATA_AT);
    ccw(&r, PROGRAM_AT + 0x108, 0, SECTOR - 100, DATA_AT + 100);
    assert_int_equal(machine_channel_start(r.vm, PROGRAM_AT | CHANNEL_UNIT_DISK), 0);
    assert_int_equal(quick.loads, 5 * 2 + 1);
    machine_idle(r.vm, machine_next_event(r.vm));
    machine_phys_read(r.vm, gpa(DATA_AT), found, SECTOR);
    fill(want, real_sector(7));
    assert_memory_equal(found, want, SECTOR);
    close_rig(&r);
  }
}

/* ------------------------------------------------------- modules that are wrong */

static uint32_t wrong_by;
static bool wrong_sector;

static struct vmm_real_chain translate_wrongly(void *state, const struct vmm_env *env,
                                               struct channel_transfer t, uint32_t done)
{
  struct vmm_real_chain c = vmm_chain.translate(state, env, t, done);
  for (unsigned i = 0; i < c.count; i++) {
    if ((c.ccw[i].command == CHANNEL_SEEK) == wrong_sector) {
      c.ccw[i].argument += wrong_by;
      c.ccw[i].address.v += wrong_by;
    }
  }
  return c;
}

static struct channel_program no_program(void *state, const struct vmm_env *env, uint32_t caw)
{
  struct channel_program p = vmm_chain.snapshot(state, env, caw);
  p.step[0].flags |= CHANNEL_DATA_CHAIN; /* which never ends */
  return p;
}

/* The VMM looks at what a module makes before the real channel does. */
static void wrong_modules(void **state)
{
  (void)state;
  static const uint32_t wrong[] = {SIZE, 0u - DATA_AT - 1, 0x80000000u};
  struct vmm_chain_module chain = vmm_chain;
  struct vmm_modules modules = vmm_default_modules;
  modules.chain = &chain;
  for (unsigned i = 0; i < 7; i++) {
    struct rig r;
    chain.translate = i < 6 ? translate_wrongly : vmm_chain.translate;
    chain.snapshot = i < 6 ? vmm_chain.snapshot : no_program;
    wrong_sector = i >= 3;
    wrong_by = i < 3 ? wrong[i] : i == 3 ? 1 : i == 4 ? 17 : 0x80000000u;
    open_rig(&r, &modules);
    put_both(&r, WHERE_AT, 5); /* the last of its extent */
    ccw(&r, PROGRAM_AT, CHANNEL_SEEK | CC, 4, WHERE_AT);
    ccw(&r, PROGRAM_AT + 8, CHANNEL_WRITE, SECTOR, DATA_AT);
    machine_channel_start(r.vm, PROGRAM_AT | CHANNEL_UNIT_DISK);
    machine_idle(r.vm, machine_tick(r.vm) + 10000);
    assert_int_equal(machine_run(r.vm, machine_tick(r.vm) + 1).why, MACHINE_LOST_CONTROL);
    assert_int_equal(vmm_violations(r.vmm, NULL), 1);
    assert_string_equal(harm(&r), "resource control");
    close_rig(&r);
  }
}

/* ------------------------------------------------------------ the rest of a machine */

/* A program under way goes from one kind of machine to the other, and back in time. */
static void saved_under_way(void **state)
{
  (void)state;
  struct rig r;
  open_rig(&r, NULL);
  struct machine *both[] = {r.bare, r.vm};
  for (unsigned i = 0; i < 2; i++) {
    struct machine *from = both[i], *to = both[1 - i];
    put_both(&r, WHERE_AT, 3 + i);
    ccw(&r, PROGRAM_AT, CHANNEL_SEEK | CC, 4, WHERE_AT);
    ccw(&r, PROGRAM_AT + 8, CHANNEL_WRITE | CD, SECTOR + 1, DATA_AT);
    ccw(&r, PROGRAM_AT + 16, 0, SECTOR - 1, PROGRAM_AT);
    assert_int_equal(machine_channel_start(from, PROGRAM_AT | CHANNEL_UNIT_DISK), 0);
    machine_idle(from, machine_tick(from) + 500);
    assert_true(machine_device_digest(from) != machine_device_digest(to));
    struct snapshot *s = snapshot_take(from);
    assert_non_null(s);
    assert_true(snapshot_restore(to, s));
    snapshot_destroy(s);
    expect_same(&r, "when it is restored", i);
    assert_int_equal(end_both(&r, i) & 3, CHANNEL_AVAILABLE);
    assert_null(harm(&r));
  }
  close_rig(&r);
}

/* To a debugger a transfer is one of the device's, on either machine. */
static void watched(void **state)
{
  (void)state;
  struct rig r;
  open_rig(&r, NULL);
  const struct machine_watch watch = {{gpa(DATA_AT + 100), 8}, MACHINE_ON_STORE};
  const struct machine_stops stops = {.watches = &watch, .watch_count = 1};
  struct machine *both[] = {r.bare, r.vm};
  put_both(&r, WHERE_AT, 5); /* and an overlay's */
  ccw(&r, PROGRAM_AT, CHANNEL_SEEK | CC, 4, WHERE_AT);
  ccw(&r, PROGRAM_AT + 8, CHANNEL_READ | CD, 104, DATA_AT);
  ccw(&r, PROGRAM_AT + 16, 0, 2 * SECTOR - 104, DATA_AT + 104);
  put_both(&r, 0x1000, word_of(ISA_WFI, 0, 0, 0, 0));
  for (unsigned i = 0; i < 2; i++) {
    assert_true(machine_set_stops(both[i], &stops));
    assert_int_equal(machine_channel_start(both[i], PROGRAM_AT | CHANNEL_UNIT_DISK), 0);
    struct machine_stop stop = machine_run(both[i], 5000);
    assert_int_equal(stop.why, MACHINE_WATCH);
    assert_true(stop.hit.device);
    assert_int_equal(stop.hit.at.v, DATA_AT + 100);
    assert_int_equal(stop.hit.size, 4);
    assert_int_equal(machine_tick(both[i]), 1200);
    stop = machine_run(both[i], 5000);
    assert_int_equal(stop.hit.at.v, DATA_AT + 104);
    stop = machine_run(both[i], 1210);
    assert_int_equal(stop.why, MACHINE_TRAP); /* nothing more; the next word is no instruction */
  }
  close_rig(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_program),
      cmocka_unit_test(hostile_programs),
      cmocka_unit_test(odd_programs),
      cmocka_unit_test(as_many_as_there_may_be),
      cmocka_unit_test(it_is_the_snapshot),
      cmocka_unit_test(read_only_once),
      cmocka_unit_test(wrong_modules),
      cmocka_unit_test(saved_under_way),
      cmocka_unit_test(watched),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
