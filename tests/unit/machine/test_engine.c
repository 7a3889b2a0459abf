/* All engines give the same state at every tick: seeded random programs, run by
 * the plain stepper, the unfused and the fused engine side by side. */
#include "cmocka_all.h"
#include "machine/bare.h"
#include "programs.h"
#include "random.h"

enum { STEPPER, UNFUSED, FUSED, ENGINES };
static const enum machine_engine engines[ENGINES] = {MACHINE_ENGINE_STEPPER, MACHINE_ENGINE_UNFUSED,
                                                     MACHINE_ENGINE_FAST};

static bool same_stop(struct machine_stop a, struct machine_stop b)
{
  return a.why == b.why &&
         (a.why != MACHINE_TRAP || (a.trap.cause == b.trap.cause && a.trap.epc == b.trap.epc &&
                                    a.trap.value == b.trap.value && a.trap.insn == b.trap.insn));
}

static bool same_counts(const struct machine_stats *a, const struct machine_stats *b)
{
  return a->instructions == b->instructions &&
         memcmp(a->traps, b->traps, sizeof a->traps) == 0 &&
         memcmp(a->delivered, b->delivered, sizeof a->delivered) == 0;
}

/* What a test does to the machines before each stretch; NULL: nothing. */
typedef void perturb_fn(struct machine *m, unsigned engine, unsigned stretch);

/* Runs the machines of a seed in stretches of random length. True: they agreed
 * at the end of each. */
static bool agree(uint64_t seed, unsigned stretches, uint32_t longest, perturb_fn *perturb,
                  uint64_t *ticks)
{
  struct program p[ENGINES];
  for (unsigned i = 0; i < ENGINES; i++) {
    program_create(&p[i], seed, engines[i]);
  }
  bool equal = true, stuck = false;
  unsigned kicked = longest > 100 ? 3 : 100; /* every so many stretches */
  for (unsigned n = 0; n < stretches && equal; n++) {
    uint64_t until = machine_tick(p[0].machine) + 1 + random_below(&seed, longest);
    bool deliver = random_below(&seed, 2) == 0;
    uint64_t kick = random_next(&seed);
    struct machine_stop stop[ENGINES];
    uint64_t hash[ENGINES];
    for (unsigned i = 0; i < ENGINES; i++) {
      struct machine *m = p[i].machine;
      if (stuck || n % kicked == kicked - 1) {
        program_kick(m, kick, stuck);
      }
      if (perturb) {
        perturb(m, i, n);
      }
      stop[i] = deliver ? machine_advance(m, until) : machine_run(m, until);
      hash[i] = machine_state_hash(m);
      equal = equal && same_stop(stop[i], stop[0]) && hash[i] == hash[0];
      if (stop[i].why == MACHINE_TRAP) {
        machine_deliver(m, &stop[i].trap);
      }
    }
    for (unsigned i = 1; i < ENGINES; i++) {
      equal = equal && same_counts(machine_stats(p[i].machine), machine_stats(p[0].machine));
    }
    stuck = stop[0].why != MACHINE_TRAP && stop[0].why != MACHINE_LIMIT;
  }
  *ticks += machine_tick(p[0].machine);
  for (unsigned i = 0; i < ENGINES; i++) {
    program_destroy(&p[i]);
  }
  return equal;
}

static void compare(uint64_t first, uint64_t rounds, unsigned stretches, uint32_t longest)
{
  uint64_t ticks = 0;
  for (uint64_t seed = first; seed < first + rounds; seed++) {
    if (!agree(seed, stretches, longest, NULL, &ticks)) {
      fail_msg("engines disagree: seed %llu, %u stretches of up to %u ticks",
               (unsigned long long)seed, stretches, longest);
    }
  }
  /* The programs are no use if they all die at once. */
  print_message("# %llu ticks\n", (unsigned long long)ticks);
  assert_true(ticks > rounds * 500);
}

static void test_short_stretches(void **state)
{
  (void)state;
  compare(1, 150, 400, 40);
}

static void test_long_stretches(void **state)
{
  (void)state;
  compare(100000, 200, 30, 5000);
}

static void test_single_steps(void **state)
{
  (void)state;
  compare(200000, 60, 2000, 1);
}

/* Where runs are cut does not matter: one machine goes in one piece, the other,
 * on another engine, in pieces of a tick or a few. */
static void test_pieces(void **state)
{
  (void)state;
  for (uint64_t seed = 300000; seed < 300040; seed++) {
    struct program whole, pieces;
    program_create(&whole, seed, engines[seed % ENGINES]);
    program_create(&pieces, seed, engines[(seed + seed / ENGINES) % ENGINES]);
    uint64_t until = 0, cuts = seed;
    for (unsigned n = 0; n < 8; n++) {
      program_kick(whole.machine, seed + n, n > 0);
      program_kick(pieces.machine, seed + n, n > 0);
      until += 4000;
      struct machine_stop a = machine_advance(whole.machine, until), b = a;
      for (uint64_t t = machine_tick(pieces.machine); t < until;) {
        t += 1 + random_below(&cuts, n + 1);
        b = machine_advance(pieces.machine, t < until ? t : until);
      }
      assert_true(same_stop(a, b));
      assert_int_equal(machine_state_hash(whole.machine), machine_state_hash(pieces.machine));
    }
    program_destroy(&whole);
    program_destroy(&pieces);
  }
}

/* ------------------------------------------------- the comparison can fail */

static bool caught(perturb_fn *perturb, uint64_t first)
{
  uint64_t ticks = 0;
  for (uint64_t seed = first; seed < first + 20; seed++) {
    if (!agree(seed, 12, 3000, perturb, &ticks)) {
      return true;
    }
  }
  return false;
}

/* The timer a tick late. */
static void late_timer(struct machine *m, unsigned engine, unsigned stretch)
{
  struct bare *b = bare_of(m);
  if (engine == FUSED && stretch == 1 && b->timer_at != MACHINE_NEVER) {
    b->timer_at++;
    bare_schedule(b);
  }
}

/* A decoded operand wrong. */
static void wrong_operand(struct machine *m, unsigned engine, unsigned stretch)
{
  if (engine == UNFUSED && stretch == 1) {
    for (struct code_page *page = bare_of(m)->code.pages; page; page = page->next) {
      for (uint32_t i = 0; i < page->words; i++) {
        page->slot[i].what += (uint64_t)4 << 32;
      }
    }
  }
}

/* Stores that reach storage and not the decoded code: all of it rotated by one
 * instruction behind the engines' backs. */
static void forgotten_store(struct machine *m, unsigned engine, unsigned stretch)
{
  (void)engine;
  if (stretch == 1) {
    struct storage *s = &bare_of(m)->storage;
    for (uint32_t at = 0x100; at + 4 < s->size; at += 4) {
      storage_store(s, at, storage_load(s, at + 4, 4), 4);
    }
  }
}

static void test_catches_late_timer(void **state)
{
  (void)state;
  assert_true(caught(late_timer, 1));
}

static void test_catches_wrong_operand(void **state)
{
  (void)state;
  assert_true(caught(wrong_operand, 1));
}

static void test_catches_forgotten_store(void **state)
{
  (void)state;
  assert_true(caught(forgotten_store, 1));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_short_stretches),
      cmocka_unit_test(test_long_stretches),
      cmocka_unit_test(test_single_steps),
      cmocka_unit_test(test_pieces),
      cmocka_unit_test(test_catches_late_timer),
      cmocka_unit_test(test_catches_wrong_operand),
      cmocka_unit_test(test_catches_forgotten_store),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
