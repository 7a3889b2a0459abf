/* Resource control, the storage and the disk: whatever a guest does, nothing
 * outside what it was given changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "machine/devices/ports.h"
#include "tests/common/chaos.h"
#include "tests/common/program.h"
#include "tests/common/twin.h"

#define STORAGE MACHINE_MIN_STORAGE
#define SECTORS 8u
#define BOUNCE  (VMM_OWN_STORAGE / 2) /* real disk transfers go through here */

static uint8_t canary(uint32_t at)
{
  return (uint8_t)(at * 31 + 7);
}

static bool is_outside(uint32_t at)
{
  return at < BOUNCE || at >= VMM_OWN_STORAGE + STORAGE;
}

static void plant(struct twin *t)
{
  for (uint32_t at = 0; at < machine_storage_size(t->real); at++) {
    uint8_t byte = canary(at);
    if (is_outside(at)) {
      machine_phys_write(t->real, gpa(at), &byte, 1);
    }
  }
}

static void check_storage(struct twin *t, uint64_t seed)
{
  for (uint32_t at = 0; at < machine_storage_size(t->real); at++) {
    uint8_t byte = 0;
    machine_phys_read(t->real, gpa(at), &byte, 1);
    if (is_outside(at) && byte != canary(at)) {
      fail_msg("seed %llu: byte %08x of real storage changed", (unsigned long long)seed, at);
    }
  }
}

/* The extent begins at sector 3; around it lie zeros. */
static void check_disk(struct twin *t)
{
  static const uint8_t zeros[MACHINE_SECTOR_SIZE];
  for (uint32_t i = 0; i < disk_store_sectors(t->real_disk); i++) {
    uint8_t sector[MACHINE_SECTOR_SIZE];
    assert_true(disk_store_read(t->real_disk, i, sector));
    if (i < 3 || i >= 3 + SECTORS) {
      assert_memory_equal(sector, zeros, sizeof sector);
    }
  }
}

static void chaos_stays_inside(void **state)
{
  (void)state;
  for (uint64_t seed = 0; seed < 30; seed++) {
    struct twin t;
    twin_open(&t, &(struct twin_config){.sectors = SECTORS});
    struct random r = random_from(seed + 3000000);
    plant(&t);
    load_chaos(t.vm, &r, SECTORS);
    for (uint32_t i = 0; i < 10; i++) {
      machine_advance(t.vm, machine_tick(t.vm) + 1500);
      stir_chaos(t.vm, &r);
    }
    check_storage(&t, seed);
    check_disk(&t);
    twin_close(&t);
  }
}

/* Every store that silly relocation registers make possible. */
static void silly_maps(void **state)
{
  (void)state;
  static const uint32_t edges[] = {0,
                                   4,
                                   0x1000,
                                   STORAGE - 4,
                                   STORAGE,
                                   STORAGE + 4,
                                   0u - VMM_OWN_STORAGE,
                                   0u - VMM_OWN_STORAGE - STORAGE,
                                   0x7ffffffcu,
                                   0x80000000u,
                                   0u - 0x1000u,
                                   UINT32_MAX - 3};
  const size_t count = sizeof edges / sizeof edges[0];
  struct twin t;
  twin_open(&t, &(struct twin_config){.sectors = SECTORS});
  plant(&t);
  for (size_t i = 0; i < count * count * count; i++) {
    uint32_t base = edges[i % count], bound = edges[i / count % count];
    uint32_t address = edges[i / count / count];
    machine_set_run_state(t.bare, MACHINE_RUNNING);
    machine_set_run_state(t.vm, MACHINE_RUNNING);
    twin_set_cr(&t, CR_BASE, base);
    twin_set_cr(&t, CR_BOUND, bound);
    twin_set_cr(&t, CR_PSW, psw_set_te(0, 1));
    twin_set_reg(&t, REG_A0, address);
    twin_set_pc(&t, 0x2000);
    if ((uint64_t)base + 0x2004 <= STORAGE) {
      twin_write_word(&t, base + 0x2000, word_of(ISA_SW, REG_A0, REG_A0, 0, 0));
    }
    if (!twin_run(&t, machine_tick(t.bare) + 1, 1)) {
      fail_msg("base %08x bound %08x address %08x: %s", base, bound, address, t.difference);
    }
  }
  check_storage(&t, 0);
  twin_close(&t);
}

static void disk_command(struct twin *t, uint32_t sector, uint32_t address, uint32_t count,
                         uint32_t command)
{
  const uint32_t values[] = {sector, address, count, command};
  for (uint32_t i = 0; i < 4; i++) {
    machine_port_out(t->bare, PORT_DISK_SECTOR + i, values[i]);
    machine_port_out(t->vm, PORT_DISK_SECTOR + i, values[i]);
  }
  machine_idle(t->bare, MACHINE_NEVER);
  machine_idle(t->vm, MACHINE_NEVER);
  twin_set_cr(t, CR_IPEND, 0);
  if (!twin_equal(t)) {
    fail_msg("sector %08x address %08x count %u: %s", sector, address, count, t->difference);
  }
}

/* DMA by guest addresses that are no storage of the guest's, and by sectors that
 * are none of its mini-disk. */
static void dma_outside(void **state)
{
  (void)state;
  static const uint32_t addresses[] = {0x4000,    STORAGE - 512,  STORAGE - 508,
                                       STORAGE,   STORAGE + 4096, 0u - VMM_OWN_STORAGE,
                                       0u - 512u, 0x80000000u,    2};
  static const uint32_t sectors[] = {0, SECTORS - 1, SECTORS, SECTORS + 1, 0u - 1u, 0u - 3u};
  struct twin t;
  twin_open(&t, &(struct twin_config){.sectors = SECTORS});
  plant(&t);
  for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
    for (size_t j = 0; j < sizeof sectors / sizeof sectors[0]; j++) {
      for (uint32_t command = 1; command <= 2; command++) {
        disk_command(&t, sectors[j], addresses[i], 1, command);
        disk_command(&t, sectors[j], addresses[i], 2, command);
        disk_command(&t, sectors[j], addresses[i], 128, command);
      }
    }
  }
  check_storage(&t, 0);
  check_disk(&t);
  twin_close(&t);
}

/* The mini-disk's own check, which stands behind the front end's. */
static void extent_is_checked_again(void **state)
{
  (void)state;
  struct vmm_extent extent = {.first = 10, .sectors = 5};
  const struct vmm_minidisk_module *m = &vmm_minidisk;
  assert_true(m->map(NULL, extent, 0, 5, true).ok);
  assert_int_equal(m->map(NULL, extent, 4, 1, true).sector, 14);
  assert_false(m->map(NULL, extent, 4, 2, false).ok);
  assert_false(m->map(NULL, extent, 5, 1, false).ok);
  assert_false(m->map(NULL, extent, UINT32_MAX, 1, false).ok);
  assert_false(m->map(NULL, extent, UINT32_MAX, 2, false).ok);
  extent.readonly = true;
  assert_true(m->map(NULL, extent, 0, 5, false).ok);
  assert_false(m->map(NULL, extent, 0, 1, true).ok);
}

/* The oracle is shown to see: a composition without a bound. */
static struct vmm_real_map boundless(void *module, const struct vmm_env *env)
{
  (void)module;
  return (struct vmm_real_map){.base = env->allocation(env->ctx).start.v, .bound = UINT32_MAX};
}

static void oracle_sees_an_escape(void **state)
{
  (void)state;
  struct vmm_memory_module memory = vmm_memory_bounds;
  memory.compose = boundless;
  struct vmm_modules modules = vmm_default_modules;
  modules.memory = &memory;
  struct twin t;
  twin_open(&t, &(struct twin_config){.modules = &modules});
  plant(&t);
  twin_set_reg(&t, REG_A0, STORAGE);
  twin_set_pc(&t, 0x2000);
  twin_write_word(&t, 0x2000, word_of(ISA_SW, REG_A0, REG_A0, 0, 0));
  assert_false(twin_run(&t, 1, 1));
  uint32_t behind = 0;
  machine_phys_read_word(t.real, gpa(VMM_OWN_STORAGE + STORAGE), &behind);
  assert_int_equal(behind, STORAGE);
  twin_close(&t);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chaos_stays_inside),    cmocka_unit_test(silly_maps),
      cmocka_unit_test(dma_outside),           cmocka_unit_test(extent_is_checked_again),
      cmocka_unit_test(oracle_sees_an_escape),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("isolation", tests, NULL, NULL) != 0;
}
