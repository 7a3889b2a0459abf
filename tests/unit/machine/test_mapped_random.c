/* Random programs that torture page tables and the TLB: every engine against the plain
 * stepper, by the hash of the whole state; and the stepper against a walker written from
 * docs/mmu.md, instruction by instruction. TRAPEZE_SEEDS=n in the environment runs that
 * many; TRAPEZE_SEED=n begins there.
 */
#include "cmocka_all.h"
#include "machine/checkpoint.h"
#include "machine/snapshot.h"
#include "random.h"
#include "tests/common/mapped.h"
#include "walker.h"

#include <stdio.h>

static uint64_t setting(const char *name, uint64_t otherwise)
{
  const char *value = getenv(name);
  return value ? strtoull(value, NULL, 10) : otherwise;
}

#define ROUNDS 24u

/* ------------------------------------------------------- engines, by the hash */

/* False, after a message, if they differ. */
static bool same(struct machine *m, struct machine *reference, uint64_t seed, unsigned round)
{
  if (machine_state_hash(m) == machine_state_hash(reference)) {
    return true;
  }
  print_message("# seed %llu, round %u: tick %llu against %llu, pc %x against %x\n",
                (unsigned long long)seed, round, (unsigned long long)machine_tick(m),
                (unsigned long long)machine_tick(reference), machine_get_pc(m),
                machine_get_pc(reference));
  return false;
}

static bool engines_agree(uint64_t seed)
{
  struct profile *p = mapped_profile(seed, NULL);
  struct machine *m[] = {
      mapped_create(p, seed, MACHINE_ENGINE_STEPPER),
      mapped_create(p, seed, MACHINE_ENGINE_FAST),
      mapped_create(p, seed, MACHINE_ENGINE_UNFUSED),
  };
  uint64_t random = seed;
  bool agree = true;
  for (unsigned round = 0; agree && round < ROUNDS; round++) {
    uint64_t until = machine_tick(m[0]) + 1 + random_below(&random, round % 8 ? 300 : 3000);
    struct machine_stop stop = machine_advance(m[0], until);
    for (unsigned i = 1; i < 3; i++) {
      struct machine_stop other = machine_advance(m[i], until);
      agree = agree && other.why == stop.why && same(m[i], m[0], seed, round);
    }
    uint64_t kick = random_next(&random);
    for (unsigned i = 0; i < 3; i++) {
      mapped_kick(m[i], kick, stop.why != MACHINE_LIMIT);
    }
  }
  for (unsigned i = 0; i < 3; i++) {
    machine_destroy(m[i]);
  }
  profile_destroy(p);
  return agree;
}

static void test_engines(void **state)
{
  (void)state;
  uint64_t first = setting("TRAPEZE_SEED", 1), count = setting("TRAPEZE_SEEDS", 300);
  for (uint64_t seed = first; seed < first + count; seed++) {
    assert_true(engines_agree(seed));
  }
  print_message("# %llu programs, each by three engines\n", (unsigned long long)count);
}

/* ------------------------------------------------------------- back in time */

static uint64_t after_rounds(struct machine *m, uint64_t seed)
{
  for (unsigned round = 0; round < 6; round++) {
    struct machine_stop stop = machine_advance(m, machine_tick(m) + 100);
    mapped_kick(m, seed + round, stop.why != MACHINE_LIMIT);
  }
  return machine_state_hash(m);
}

/* What was kept leads to the same end, here and in another machine. */
static void back_in_time(uint64_t seed)
{
  struct profile *p = mapped_profile(seed, NULL);
  struct machine *m = mapped_create(p, seed, MACHINE_ENGINE_FAST);
  struct machine *other = mapped_create(p, seed + 1, MACHINE_ENGINE_FAST);
  after_rounds(m, seed);
  after_rounds(other, seed);
  struct snapshot *snapshot = snapshot_take(m);
  struct checkpoint *checkpoint = checkpoint_take(m, NULL);
  assert_true(snapshot && checkpoint);
  uint64_t end = after_rounds(m, seed + 1000);
  assert_true(snapshot_restore(m, snapshot));
  assert_true(after_rounds(m, seed + 1000) == end);
  checkpoint_restore(m, checkpoint);
  assert_true(after_rounds(m, seed + 1000) == end);
  assert_true(snapshot_restore(other, snapshot));
  assert_true(after_rounds(other, seed + 1000) == end);
  snapshot_destroy(snapshot);
  checkpoint_destroy(checkpoint);
  machine_destroy(m);
  machine_destroy(other);
  profile_destroy(p);
}

static void test_back_in_time(void **state)
{
  (void)state;
  uint64_t first = setting("TRAPEZE_SEED", 1), count = setting("TRAPEZE_SEEDS", 300);
  for (uint64_t seed = first; seed < first + count / 3; seed++) {
    back_in_time(seed);
  }
}

/* ------------------------------------------------- the stepper, by the walker */

struct met {
  uint64_t steps, causes[ISA_CAUSE_LIMIT];
};

/* One instruction, or one delivery. False: it was not as the walker says. */
static bool step_agrees(struct walker *w, struct machine *m, struct met *met)
{
  struct trap expected;
  walker_load(w, m);
  bool whole = walker_step(w, m, &expected);
  struct machine_stop stop = machine_run(m, machine_tick(m) + 1);
  if (stop.why != MACHINE_TRAP) {
    bool device = w->mmio && expected.cause == CAUSE_BUS;
    return device || !whole || (expected.cause == WALKER_NO_TRAP && walker_agrees(w, m));
  }
  met->causes[stop.trap.cause]++;
  bool agrees = !whole || (stop.trap.cause == expected.cause && stop.trap.value == expected.value &&
                           stop.trap.ngpa == expected.ngpa && walker_agrees(w, m));
  if (!agrees && w->wrong == WALKER_RIGHT) {
    print_message("# cause %d, value %x at pc %x, insn %08x; expected cause %d, value %x\n",
                  (int)stop.trap.cause, stop.trap.value, stop.trap.epc, stop.trap.insn,
                  (int)expected.cause, expected.value);
  }
  machine_deliver(m, &stop.trap);
  return agrees;
}

/* Both ask what an access to some address would meet, and neither does anything. */
static bool translations_agree(struct walker *w, struct machine *m, uint64_t *seed)
{
  walker_load(w, m);
  for (unsigned i = 0; i < 16; i++) {
    uint32_t va = mapped_address(seed);
    enum machine_access access = (enum machine_access)random_below(seed, 3);
    bool te = random_below(seed, 4) != 0;
    struct walked expected = walker_walk(w, va, access, te, walker_mode(w));
    struct translation t = machine_translate(m, gva(va), access, te);
    if (t.ok != expected.ok || (t.ok ? t.pa.v != expected.pa : t.cause != expected.cause)) {
      return false;
    }
  }
  return walker_agrees(w, m);
}

static bool goes_on(struct machine *m)
{
  return machine_run(m, machine_tick(m)).why == MACHINE_LIMIT;
}

static bool walker_agrees_with(uint64_t seed, enum walker_wrong wrong, struct met *met)
{
  struct profile *p = mapped_profile(seed, NULL);
  struct machine *m = mapped_create(p, seed, MACHINE_ENGINE_STEPPER);
  uint8_t storage[MAPPED_STORAGE];
  struct walker w = {.storage = storage, .wrong = wrong};
  uint64_t random = seed;
  bool agree = true;
  for (unsigned round = 0; agree && round < ROUNDS; round++) {
    agree = translations_agree(&w, m, &random);
    for (unsigned i = 0; agree && i < 40 && goes_on(m); i++) {
      agree = step_agrees(&w, m, met);
      met->steps++;
    }
    if (!agree && wrong == WALKER_RIGHT) {
      print_message("# seed %llu, round %u, before pc %x\n", (unsigned long long)seed, round,
                    machine_get_pc(m));
    }
    mapped_kick(m, random_next(&random), !goes_on(m));
  }
  machine_destroy(m);
  profile_destroy(p);
  return agree;
}

static void test_walker(void **state)
{
  (void)state;
  struct met met = {0};
  uint64_t first = setting("TRAPEZE_SEED", 1), count = setting("TRAPEZE_SEEDS", 300);
  for (uint64_t seed = first; seed < first + count; seed++) {
    assert_true(walker_agrees_with(seed, WALKER_RIGHT, &met));
  }
  print_message("# %llu instructions of %llu programs\n", (unsigned long long)met.steps,
                (unsigned long long)count);
  static const enum isa_cause all[] = {CAUSE_FETCH_FAULT,  CAUSE_LOAD_FAULT,  CAUSE_STORE_FAULT,
                                       CAUSE_PROTECTION,   CAUSE_BUS,         CAUSE_ALIGNMENT,
                                       CAUSE_NESTED_FETCH, CAUSE_NESTED_LOAD, CAUSE_NESTED_STORE};
  for (unsigned i = 0; i < sizeof all / sizeof *all && count >= 100; i++) {
    assert_true(met.causes[all[i]] >= count / 10);
  }
}

/* Each mistake is noticed by some program. */
static void test_wrong_walkers(void **state)
{
  (void)state;
  for (enum walker_wrong wrong = WALKER_RIGHT + 1; wrong < WALKER_WRONGS; wrong++) {
    struct met met = {0};
    uint64_t seed = 1;
    while (seed <= 300 && walker_agrees_with(seed, wrong, &met)) {
      seed++;
    }
    if (seed > 300) {
      fail_msg("mistake %d is noticed by no program", (int)wrong);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_engines),
      cmocka_unit_test(test_back_in_time),
      cmocka_unit_test(test_walker),
      cmocka_unit_test(test_wrong_walkers),
  };
  return cmocka_run_group_tests_name("mapped, random", tests, NULL, NULL) != 0;
}
