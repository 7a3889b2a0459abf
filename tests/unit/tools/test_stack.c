/* Stacks of VMMs, and the neighbours that watch over what is not the guest's. */
#include "testing.h"

#include "tools/common/stack.h"

static const char hello[] = "_start: li t0, 'h'\n"
                            "        out t0, 0\n"
                            "        halt\n";

static struct stack *make(const struct profile *p, unsigned depth, struct disk_store *disk)
{
  struct stack_config config = {
      .profile = p, .storage = 128u << 10, .depth = depth, .disk = disk, .neighbours = true};
  const char *reason = "";
  struct stack *s = stack_create(&config, &reason);
  if (!s)
    fail_msg("depth %u: %s", depth, reason);
  return s;
}

static int set_up(void **state)
{
  return (*state = profile_load("pg", stderr)) ? 0 : -1;
}

static int tear_down(void **state)
{
  profile_destroy(*state);
  return 0;
}

static void a_guest_runs_at_every_depth(void **state)
{
  for (unsigned depth = 1; depth <= 4; depth++) {
    struct disk_store *disk = disk_store_memory(16);
    struct stack *s = make(*state, depth, disk);
    struct machine *vm = stack_vm(s);
    assert_int_equal(machine_storage_size(vm), 128u << 10);
    assert_int_equal(machine_disk_sectors(vm), 16);
    load_text(vm, hello);
    assert_int_equal(machine_advance(vm, 100000).why, MACHINE_HALTED);
    assert_int_equal(machine_tick(vm), 3);
    size_t len;
    assert_int_equal(machine_console_output(vm, &len)[0], 'h');
    assert_int_equal(len, 1);
    assert_int_equal(stack_disturbed_level(s), -1);
    stack_destroy(s);
    disk_store_destroy(disk);
  }
}

/* The guest's disk is what the caller gave, whatever lies around it. */
static void the_disk_is_the_guests(void **state)
{
  struct disk_store *disk = disk_store_memory(4);
  uint8_t sector[MACHINE_SECTOR_SIZE] = {0}, got[MACHINE_SECTOR_SIZE];
  for (uint32_t i = 0; i < 4; i++) {
    sector[0] = (uint8_t)(i + 1);
    assert_true(disk_store_write(disk, i, sector));
  }
  struct stack *s = make(*state, 2, disk);
  for (uint32_t i = 0; i < 4; i++) {
    assert_true(machine_disk_peek(stack_vm(s), i, got));
    assert_int_equal(got[0], i + 1);
  }
  stack_destroy(s);
  disk_store_destroy(disk);
}

/* One changed byte of a neighbour is seen, on either side and at each level. */
static void disturbed_neighbours_are_seen(void **state)
{
  for (unsigned level = 0; level < 2; level++) {
    for (unsigned n = 0; n < 2; n++) {
      struct stack *s = make(*state, 2, NULL);
      assert_int_equal(stack_disturbed_level(s), -1);
      machine_phys_write(s->level[level].neighbour[n], gpa(0x8000), "", 1);
      assert_int_equal(stack_disturbed_level(s), level);
      stack_destroy(s);
    }
  }
}

static void what_does_not_fit_is_refused(void **state)
{
  struct stack_config config = {.profile = *state, .storage = MACHINE_MAX_STORAGE, .depth = 1};
  const char *reason = NULL;
  assert_null(stack_create(&config, &reason));
  assert_non_null(reason);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_guest_runs_at_every_depth),
      cmocka_unit_test(the_disk_is_the_guests),
      cmocka_unit_test(disturbed_neighbours_are_seen),
      cmocka_unit_test(what_does_not_fit_is_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
