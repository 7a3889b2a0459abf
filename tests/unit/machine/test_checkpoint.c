/* A checkpoint brings a machine back to the last bit: what it is, and all that becomes
 * of it. */
#include "cmocka_all.h"

#include <unistd.h>

#include "machine/checkpoint.h"
#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "programs.h"
#include "random.h"

#define STEP  150u
#define STEPS 24u

/* Kicks at fixed ticks; what was seen at each is in `hash`. */
static void go(struct machine *m, uint64_t seed, uint64_t from, uint64_t *hash, bool compare)
{
  for (uint64_t i = from; i < STEPS; i++) {
    uint64_t now = machine_state_hash(m);
    if (compare && hash[i] != now) {
      fail_msg("seed %u: another machine at step %u from %u", (unsigned)seed, (unsigned)i,
               (unsigned)from);
    }
    hash[i] = now;
    program_kick(m, seed * 1000 + i, i % 4 == 0);
    machine_advance(m, (i + 1) * STEP);
  }
}

static void test_back_and_forth(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 150; seed++) {
    struct program p;
    uint64_t hash[STEPS], r = seed;
    struct checkpoint *c[STEPS] = {NULL};
    program_create(&p, seed, seed % 3 ? MACHINE_ENGINE_FAST : MACHINE_ENGINE_STEPPER);
    for (uint64_t i = 0; i < STEPS; i++) {
      c[i] = checkpoint_take(p.machine, i > 0 ? c[i - 1] : NULL);
      assert_non_null(c[i]);
      assert_int_equal(checkpoint_tick(c[i]), machine_tick(p.machine));
      hash[i] = machine_state_hash(p.machine);
      program_kick(p.machine, seed * 1000 + i, i % 4 == 0);
      machine_advance(p.machine, (i + 1) * STEP);
    }
    for (unsigned k = 0; k < 6; k++) {
      uint64_t i = random_below(&r, STEPS);
      checkpoint_restore(p.machine, c[i]);
      go(p.machine, seed, i, hash, true);
    }
    for (uint64_t i = 0; i < STEPS; i++) {
      checkpoint_destroy(c[i]);
    }
    program_destroy(&p);
  }
}

/* Checkpoints of the same pages and sectors cost them once, and give back what they cost. */
static void test_sharing(void **state)
{
  (void)state;
  struct profile *profile = profile_load("s360", stderr);
  struct disk_store *disk = disk_store_memory(1024);
  struct machine *m = machine_create(
      &(struct machine_config){.profile = profile, .storage = 1u << 20, .disk = disk}, NULL);
  uint8_t sector[MACHINE_SECTOR_SIZE] = {1};
  for (uint32_t at = 0; at < 1u << 20; at += 4) {
    machine_phys_write_word(m, gpa(at), at + 1);
  }
  disk_store_write(disk, 5, sector);
  struct checkpoint *a = checkpoint_take(m, NULL), *b = checkpoint_take(m, a);
  assert_true(checkpoint_bytes(a) > (1u << 20) && checkpoint_bytes(a) < (1u << 20) + (1u << 17));
  assert_true(checkpoint_bytes(b) < 8u << 10);
  machine_phys_write_word(m, gpa(0x5000), 77);
  machine_key_set(m, gpa(0x9000), 3);
  disk_store_write(disk, 900, sector);
  struct checkpoint *c = checkpoint_take(m, b);
  assert_true(checkpoint_bytes(c) > 64u << 10 && checkpoint_bytes(c) < 90u << 10);
  size_t bytes = checkpoint_bytes(a) + checkpoint_bytes(b) + checkpoint_bytes(c);
  uint64_t hash = machine_state_hash(m);
  checkpoint_restore(m, a);
  uint8_t key, now[MACHINE_SECTOR_SIZE];
  assert_true(machine_key_get(m, gpa(0x9000), &key) && key == 0);
  assert_true(disk_store_read(disk, 900, now) && now[0] == 0);
  size_t freed = checkpoint_destroy(a);
  checkpoint_restore(m, c);
  assert_int_equal(machine_state_hash(m), hash);
  freed += checkpoint_destroy(c) + checkpoint_destroy(b);
  assert_int_equal(freed, bytes);
  machine_destroy(m);
  disk_store_destroy(disk);
  profile_destroy(profile);
}

static void test_no_file_is_written(void **state)
{
  (void)state;
  char path[] = "checkpoint-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0 && ftruncate(fd, 4096) == 0);
  struct disk_store *disk = disk_store_open(path, DISK_STORE_WRITE, NULL);
  struct profile *profile = profile_load("pg", stderr);
  struct machine *m = machine_create(
      &(struct machine_config){.profile = profile, .storage = 1u << 20, .disk = disk}, NULL);
  assert_null(checkpoint_take(m, NULL)); /* a file would have to be written to go back */
  machine_destroy(m);
  disk_store_destroy(disk);
  profile_destroy(profile);
  close(fd);
  unlink(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_back_and_forth),
      cmocka_unit_test(test_sharing),
      cmocka_unit_test(test_no_file_is_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
