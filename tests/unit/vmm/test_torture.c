/* Page-table torture of every memory technique. TRAPEZE_SEEDS=n in the environment makes so many
 * guests a test; TRAPEZE_SEED=n begins there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "torture.h"

static uint64_t setting(const char *name, uint64_t otherwise)
{
  const char *value = getenv(name);
  return value ? strtoull(value, NULL, 10) : otherwise;
}

/* share: one in so many of the guests. */
static struct torture_met all_alike(const struct torture *t, uint64_t share)
{
  struct torture_met met = {0};
  uint64_t from = setting("TRAPEZE_SEED", 1), count = setting("TRAPEZE_SEEDS", 300) / share,
           bad = 0;
  for (uint64_t seed = from; seed < from + count && bad < 5; seed++) {
    bad += !torture(t, seed, &met);
  }
  print_message("# %llu guests, %llu ticks; hidden faults %llu, traced writes %llu, spaces made "
                "%llu, evictions %llu, pages read %llu\n",
                (unsigned long long)count, (unsigned long long)met.ticks,
                (unsigned long long)met.hidden, (unsigned long long)met.traced,
                (unsigned long long)met.made, (unsigned long long)met.evicted,
                (unsigned long long)met.paged);
  assert_int_equal(bad, 0);
  return met;
}

static void shadow_tables(void **state)
{
  (void)state;
  struct torture_met met = all_alike(&(struct torture){.memory = VMM_MEMORY_SHADOW}, 1);
  assert_true(met.hidden > 0 && met.traced > 0 && met.evicted > 0);
}

static void shadow_tables_of_bounds(void **state)
{
  (void)state;
  all_alike(&(struct torture){.mmu = "bounds", .real_mmu = "paged"}, 1);
}

static void shadows_of_shadows(void **state)
{
  (void)state;
  all_alike(&(struct torture){.memory = VMM_MEMORY_SHADOW, .depth = 2}, 10);
}

static void nested_tables(void **state)
{
  (void)state;
  struct torture_met met = all_alike(&(struct torture){.real_mmu = "nested"}, 2);
  assert_true(met.hidden > 0 && met.made == 0);
  met = all_alike(&(struct torture){.real_mmu = "nested", .sharing = true}, 3);
  assert_true(met.shared > 0);
}

static void shadows_on_a_nested_machine(void **state)
{
  (void)state;
  all_alike(&(struct torture){.real_mmu = "nested", .memory = VMM_MEMORY_SHADOW}, 10);
}

/* Pages come and go, whatever mapped them last: several a guest. */
static void frames_are_short(void **state)
{
  (void)state;
  uint64_t many = setting("TRAPEZE_SEEDS", 300) / 3, some = many / 3;
  for (uint32_t pages = 8; pages <= 12; pages += 4) {
    struct torture_met met =
        all_alike(&(struct torture){.pages = pages, .sharing = pages == 12}, 8);
    assert_true(met.paged > many);
    met = all_alike(&(struct torture){.real_mmu = "nested", .pages = pages}, 12);
    assert_true(met.paged > some);
  }
  struct torture_met met = all_alike(&(struct torture){.mmu = "tlb", .pages = 8}, 12);
  assert_true(met.paged > many);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shadow_tables),
      cmocka_unit_test(shadow_tables_of_bounds),
      cmocka_unit_test(shadows_of_shadows),
      cmocka_unit_test(nested_tables),
      cmocka_unit_test(shadows_on_a_nested_machine),
      cmocka_unit_test(frames_are_short),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("torture", tests, NULL, NULL) != 0;
}
