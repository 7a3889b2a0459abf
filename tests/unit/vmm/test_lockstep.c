/* Equivalence, on programs that nobody would write: seeded random programs, bare
 * and virtual, tick by tick and in strides, one VMM and several on top of each
 * other. SEEDS=n in the environment runs that many; SEED=n begins there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program.h"
#include "twin.h"

#define TICKS 3000u

static uint64_t setting(const char *name, uint64_t otherwise)
{
  const char *value = getenv(name);
  return value ? strtoull(value, NULL, 0) : otherwise;
}

static void chaos(const char *profile, uint64_t seed, unsigned depth, uint32_t stride,
                  uint32_t ticks)
{
  struct twin t;
  uint32_t sectors = seed % 3 ? 20 : 0;
  twin_open(&t, &(struct twin_config){.profile = profile, .sectors = sectors, .depth = depth});
  load_chaos(t.bare, seed, sectors);
  load_chaos(t.vm, seed, sectors);
  if (!twin_equal(&t) || !twin_run(&t, ticks, stride)) {
    fail_msg("%s, seed %llu, depth %u, stride %u: %s", profile, (unsigned long long)seed, depth,
             stride, t.difference);
  }
  twin_close(&t);
}

static void every_tick(void **state)
{
  (void)state;
  uint64_t first = setting("SEED", 0);
  for (uint64_t seed = first; seed < first + setting("SEEDS", 200); seed++) {
    chaos(seed % 4 ? "pg" : "s360", seed, 1, 1, TICKS);
  }
}

static void in_strides(void **state)
{
  (void)state;
  uint64_t first = setting("SEED", 0);
  for (uint64_t seed = first; seed < first + setting("SEEDS", 200); seed++) {
    chaos("pg", seed + 1000000, 1, 3 + (uint32_t)(seed * 37 % 1500), 10 * TICKS);
  }
}

static void stacked(void **state)
{
  (void)state;
  uint64_t first = setting("SEED", 0);
  for (uint64_t seed = first; seed < first + setting("SEEDS", 200) / 4; seed++) {
    chaos("pg", seed + 2000000, 2 + (unsigned)(seed % 3), seed % 2 ? 1 : 100, TICKS);
  }
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_tick),
      cmocka_unit_test(in_strides),
      cmocka_unit_test(stacked),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("lockstep", tests, NULL, NULL) != 0;
}
