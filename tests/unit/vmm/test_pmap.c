/* Storage in frames: a VM whose pages lie anywhere is the machine that it was, and the
 * addresses of the real machine are nobody's but the VMM's.
 * SEEDS=n in the environment runs that many; SEED=n begins there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/common/chaos.h"
#include "tests/common/program.h"
#include "tests/common/twin.h"

#define ROUNDS      6u
#define ROUND_TICKS 200u

static uint64_t setting(const char *name, uint64_t otherwise)
{
  const char *value = getenv(name);
  return value ? strtoull(value, NULL, 0) : otherwise;
}

static bool chaos(const char *profile, unsigned depth, uint64_t seed)
{
  struct twin t;
  struct random bare = random_from(seed), virtual = bare;
  struct twin_config c = {.profile = profile,
                          .technique = VMM_TECHNIQUE_INTERPRET,
                          .scattered = true,
                          .depth = depth,
                          .sectors = seed % 3 ? 20 : 0};
  twin_open(&t, &c);
  load_chaos(t.bare, &bare, c.sectors);
  load_chaos(t.vm, &virtual, c.sectors);
  bool agreed = true;
  for (uint32_t i = 0; agreed && i < ROUNDS; i++) {
    agreed = twin_equal(&t) && twin_run(&t, machine_tick(t.bare) + ROUND_TICKS,
                                        seed % 2 ? 1 : 3 + (uint32_t)(seed * 37 % 200));
    stir_chaos(t.bare, &bare);
    stir_chaos(t.vm, &virtual);
  }
  if (!agreed) {
    print_message("%s, depth %u, seed %llu: %s\n", profile, depth, (unsigned long long)seed,
                  t.difference);
  }
  twin_close(&t);
  return agreed;
}

static void frames_are_not_noticed(void **state)
{
  (void)state;
  uint64_t first = setting("SEED", 0), seeds = setting("SEEDS", 8);
  for (const char *const *p = profile_shipped(); *p; p++) {
    for (uint64_t seed = first; seed < first + seeds; seed++) {
      assert_true(chaos(*p, 1, seed));
    }
  }
  assert_true(chaos("pg", 2, first));
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(frames_are_not_noticed)};
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
