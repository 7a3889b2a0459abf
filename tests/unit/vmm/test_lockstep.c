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

#include "tests/common/chaos.h"
#include "tests/common/program.h"
#include "tests/common/twin.h"

#define KEYED       "tests/common/keyed.profile"
#define ROUNDS      12u  /* of a run; … */
#define ROUND_TICKS 300u /* … each so long at most, then the owner interferes */

/* What all runs together met: programs that never get anywhere prove nothing. */
struct met {
  uint64_t emulated[ISA_INSN_COUNT];
  uint64_t trapped[ISA_CAUSE_LIMIT];
  uint64_t direct, frozen;
};

static uint64_t setting(const char *name, uint64_t otherwise)
{
  const char *value = getenv(name);
  return value ? strtoull(value, NULL, 0) : otherwise;
}

static void note(struct met *met, struct machine *vm)
{
  const struct vmm_stats *s = vmm_vm_stats(vm);
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    met->emulated[i] += s->emulated_by[i];
  }
  for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++) {
    met->trapped[i] += machine_stats(vm)->traps[i];
  }
  met->direct += s->direct;
  met->frozen += s->frozen;
}

static void chaos(struct met *met, const char *profile, uint64_t seed, unsigned depth,
                  uint32_t stride)
{
  struct twin t;
  uint32_t sectors = seed % 3 ? 20 : 0;
  struct random bare = random_from(seed), virtual = bare;
  twin_open(&t, &(struct twin_config){.profile = profile, .sectors = sectors, .depth = depth});
  load_chaos(t.bare, &bare, sectors);
  load_chaos(t.vm, &virtual, sectors);
  for (uint32_t i = 0; i < ROUNDS; i++) {
    if (!twin_equal(&t) || !twin_run(&t, machine_tick(t.bare) + ROUND_TICKS, stride)) {
      fail_msg("%s, seed %llu, depth %u, stride %u: %s", profile, (unsigned long long)seed, depth,
               stride, t.difference);
    }
    stir_chaos(t.bare, &bare);
    stir_chaos(t.vm, &virtual);
  }
  for (unsigned i = 0; i < t.depth; i++) {
    assert_int_equal(vmm_violations(t.vmm[i], NULL), 0);
  }
  note(met, t.vm);
  twin_close(&t);
}

static void every_tick(void **state)
{
  uint64_t first = setting("SEED", 0);
  for (uint64_t seed = first; seed < first + setting("SEEDS", 200); seed++) {
    chaos(*state, seed % 4 == 0 ? "s360" : seed % 4 == 1 ? KEYED : "pg", seed, 1, 1);
  }
}

static void in_strides(void **state)
{
  uint64_t first = setting("SEED", 0);
  for (uint64_t seed = first; seed < first + setting("SEEDS", 200); seed++) {
    chaos(*state, seed % 4 == 1 ? KEYED : "pg", seed + 1000000, 1,
          3 + (uint32_t)(seed * 37 % ROUND_TICKS));
  }
}

static void stacked(void **state)
{
  uint64_t first = setting("SEED", 0);
  for (uint64_t seed = first; seed < first + setting("SEEDS", 200) / 4; seed++) {
    chaos(*state, seed % 4 == 1 ? KEYED : "pg", seed + 2000000, 2 + (unsigned)(seed % 3),
          seed % 2 ? 1 : 100);
  }
}

/* The programs are worth something: every routine ran, every cause came up, and
 * much was executed directly. */
static void everything_was_met(void **state)
{
  const struct met *met = *state;
  struct profile *keyed = profile_load(KEYED, stderr);
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    enum isa_insn insn = (enum isa_insn)i;
    if (profile_behaviour(keyed, insn, profile_user_mode(keyed))->kind == PROFILE_TRAP &&
        met->emulated[i] == 0) {
      fail_msg("no run emulated %s", isa_insn_info(insn)->mnemonic);
    }
  }
  static const enum isa_cause causes[] = {CAUSE_ILLEGAL,    CAUSE_PRIVILEGED, CAUSE_SYSCALL,
                                          CAUSE_BREAKPOINT, CAUSE_HYPERCALL,  CAUSE_ALIGNMENT,
                                          CAUSE_BOUNDS,     CAUSE_PROTECTION, CAUSE_BUS,
                                          CAUSE_TIMER,      CAUSE_CONSOLE,    CAUSE_DISK};
  for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
    if (met->trapped[causes[i]] == 0) {
      fail_msg("no run met a %s trap", isa_cause_info(causes[i])->name);
    }
  }
  assert_true(met->direct > 10000);
  assert_true(met->frozen > 10000);
  profile_destroy(keyed);
}

int main(int argc, char **argv)
{
  struct met met = {0};
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(every_tick, &met),
      cmocka_unit_test_prestate(in_strides, &met),
      cmocka_unit_test_prestate(stacked, &met),
      cmocka_unit_test_prestate(everything_was_met, &met),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("lockstep", tests, NULL, NULL) != 0;
}
