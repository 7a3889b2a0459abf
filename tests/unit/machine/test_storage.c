/* Storage digests and watches against contents compared from scratch; storage of
 * every size; code in more pages than are kept decoded; many machines at once. */
#include "cmocka_all.h"

#include <sys/resource.h>

#include "machine/code.h"
#include "machine/machine.h"
#include "programs.h"
#include "random.h"

static struct profile *profile;

static int load_profile(void **state)
{
  (void)state;
  profile = profile_load("pg", stderr);
  return profile == NULL;
}

static int unload_profile(void **state)
{
  (void)state;
  profile_destroy(profile);
  return 0;
}

static struct machine *create(uint32_t storage)
{
  struct machine_config config = {.profile = profile, .storage = storage};
  struct machine *m = machine_create(&config, NULL);
  assert_non_null(m);
  return m;
}

/* The digest of a fresh machine that was given [start, start+size) of m. */
static uint64_t from_scratch(struct machine *m, uint32_t start, uint32_t size)
{
  uint8_t *bytes = malloc(size);
  struct machine *fresh = create(size);
  assert_non_null(bytes);
  assert_true(machine_phys_read(m, gpa(start), bytes, size));
  assert_true(machine_phys_write(fresh, gpa(0), bytes, size));
  uint64_t digest = machine_storage_digest(fresh);
  machine_destroy(fresh);
  free(bytes);
  return digest;
}

/* One write of a random kind: a word, a few bytes, pages; often zeros. */
static void scribble(struct machine *m, uint64_t *seed)
{
  uint8_t bytes[9000];
  uint32_t kind = random_below(seed, 10), size = machine_storage_size(m);
  uint32_t len = kind < 6   ? 4
                 : kind < 9 ? random_below(seed, 20)
                            : random_below(seed, sizeof bytes);
  bool zeros = random_below(seed, 3) == 0;
  for (uint32_t i = 0; i < len; i++) {
    bytes[i] = zeros ? 0 : (uint8_t)random_next(seed);
  }
  uint32_t at = random_below(seed, size - (uint32_t)sizeof bytes);
  assert_true(machine_phys_write(m, gpa(kind < 6 ? at & ~3u : at), bytes, len));
}

static void test_digest_follows_writes(void **state)
{
  (void)state;
  const uint32_t size = MACHINE_MIN_STORAGE;
  struct machine *m = create(size);
  uint64_t seed = 5;
  for (unsigned round = 0; round < 300; round++) {
    for (uint32_t writes = random_below(&seed, 8); writes > 0; writes--) {
      scribble(m, &seed);
    }
    assert_int_equal(machine_storage_digest(m), from_scratch(m, 0, size));
  }
  machine_destroy(m);
}

static void test_digest_tells_contents_apart(void **state)
{
  (void)state;
  struct machine *m = create(MACHINE_MIN_STORAGE);
  uint64_t blank = machine_storage_digest(m);
  /* The same word in two places; two words swapped; back to blank. */
  assert_true(machine_phys_write_word(m, gpa(0x2000), 7));
  uint64_t one = machine_storage_digest(m);
  assert_true(machine_phys_write_word(m, gpa(0x2000), 0));
  assert_int_equal(machine_storage_digest(m), blank);
  assert_true(machine_phys_write_word(m, gpa(0x3000), 7));
  uint64_t other_page = machine_storage_digest(m);
  assert_true(machine_phys_write_word(m, gpa(0x3000), 0));
  assert_true(machine_phys_write_word(m, gpa(0x2004), 7));
  uint64_t other_word = machine_storage_digest(m);
  assert_true(blank != one && one != other_page && one != other_word && other_page != other_word);
  assert_true(machine_phys_write_word(m, gpa(0x2004), 0));
  assert_true(machine_phys_write_word(m, gpa(0x2008), 7));
  assert_true(machine_storage_digest(m) != one); /* the next doubleword */
  machine_destroy(m);
}

/* Watches of every place and overlap, some set late, some taken away. */
static void test_watches(void **state)
{
  (void)state;
  static const gpa_range_t ranges[] = {
      {{0}, 0x40000}, {{0x10000}, 0x10000}, {{0x18000}, 0x20000}, {{0x3f000}, 0x1000}};
  enum { RANGES = sizeof ranges / sizeof *ranges };
  struct machine *m = create(0x40000);
  unsigned id[RANGES];
  uint64_t seed = 6;
  for (unsigned round = 0; round < 60; round++) {
    unsigned n = round % RANGES;
    if (round >= RANGES) {
      machine_unwatch_storage(m, id[n]);
    }
    scribble(m, &seed);
    id[n] = machine_watch_storage(m, ranges[n]);
    assert_true(id[n] != MACHINE_NO_WATCH);
    scribble(m, &seed);
    for (unsigned i = 0; i < RANGES && i <= round; i++) {
      if (ranges[i].size >= MACHINE_MIN_STORAGE) {
        assert_int_equal(machine_watched_digest(m, id[i]),
                         from_scratch(m, ranges[i].start.v, ranges[i].size));
      }
    }
    assert_int_equal(machine_storage_digest(m), from_scratch(m, 0, 0x40000));
  }
  machine_destroy(m);
}

/* Stores by running code are noticed, however often the digest is asked for. */
static void test_digest_follows_stores(void **state)
{
  (void)state;
  uint32_t code[] = {
      program_word(ISA_SW, REG_T0, REG_T1, 0, 0), program_word(ISA_SB, REG_T0, REG_T1, 0, 0x7f1),
      program_word(ISA_ADDI, REG_T0, REG_T0, 0, 3), program_word(ISA_ADDI, REG_T1, REG_T1, 0, 20),
      program_word(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-16)};
  struct machine *m = create(MACHINE_MIN_STORAGE);
  program_put(m, ISA_RESET_PC, code, 5);
  machine_set_reg(m, REG_T1, 0x2000);
  uint64_t seed = 7;
  for (uint64_t t = 0; t < 8000; t += 1 + random_below(&seed, 1u << random_below(&seed, 11))) {
    assert_int_equal(machine_advance(m, t).why, MACHINE_LIMIT);
    assert_int_equal(machine_storage_digest(m), from_scratch(m, 0, MACHINE_MIN_STORAGE));
  }
  machine_destroy(m);
}

static long faults(void)
{
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

/* The largest machine costs what is used of it. */
static void test_storage_is_sparse(void **state)
{
  (void)state;
  long before = faults();
  struct machine *m = create(MACHINE_MAX_STORAGE);
  assert_true(machine_phys_write_word(m, gpa(MACHINE_MAX_STORAGE - 4), 1));
  assert_false(machine_phys_write_word(m, gpa(MACHINE_MAX_STORAGE), 1));
  uint64_t digest = machine_storage_digest(m);
  assert_true(machine_phys_write_word(m, gpa(MACHINE_MAX_STORAGE - 4), 0));
  assert_true(machine_storage_digest(m) != digest);
  assert_true(faults() - before < MACHINE_MAX_STORAGE / ISA_PAGE_SIZE / 10);
  machine_destroy(m);
}

/* One page calls each of the others in turn: more than are kept decoded, while
 * the caller is still in use. */
static void test_more_code_than_is_kept(void **state)
{
  (void)state;
  const uint32_t pages = CODE_MAX_PAGES + 100, first = ISA_RESET_PC + ISA_PAGE_SIZE;
  struct machine *m = create(first + pages * ISA_PAGE_SIZE);
  const uint32_t caller[] = {program_word(ISA_JALR, REG_RA, REG_T1, 0, 0),
                             program_word(ISA_ADD, REG_T1, REG_T1, REG_T0, 0),
                             program_word(ISA_BNE, REG_T1, REG_T2, 0, (uint32_t)-8),
                             program_word(ISA_ADDI, REG_T1, REG_S0, 0, 0),
                             program_word(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-16)};
  program_put(m, ISA_RESET_PC, caller, 5);
  uint32_t sum = 0; /* of a round: page i adds i */
  for (uint32_t i = 0; i < pages; i++) {
    const uint32_t callee[] = {program_word(ISA_ADDI, REG_A0, REG_A0, 0, i),
                               program_word(ISA_JALR, REG_ZERO, REG_RA, 0, 0)};
    program_put(m, first + i * ISA_PAGE_SIZE, callee, 2);
    sum += i;
  }
  machine_set_reg(m, REG_T0, ISA_PAGE_SIZE);
  machine_set_reg(m, REG_T1, first);
  machine_set_reg(m, REG_T2, first + pages * ISA_PAGE_SIZE);
  machine_set_reg(m, REG_S0, first);
  for (uint32_t round = 1; round <= 3; round++) {
    assert_int_equal(machine_advance(m, round * (5 * pages + 2)).why, MACHINE_LIMIT);
    assert_int_equal(machine_get_reg(m, REG_A0), round * sum);
    assert_int_equal(machine_get_pc(m), ISA_RESET_PC);
  }
  machine_destroy(m);
}

/* Fifty machines in turn do what each does alone. */
static void test_many_machines(void **state)
{
  (void)state;
  enum { MACHINES = 50 };
  struct program p[MACHINES];
  for (unsigned i = 0; i < MACHINES; i++) {
    program_create(&p[i], i % 10, MACHINE_ENGINE_FAST);
  }
  for (unsigned round = 1; round <= 20; round++) {
    for (unsigned i = 0; i < MACHINES; i++) {
      machine_advance(p[i].machine, round * 100 + (i / 10) % 2);
    }
  }
  for (unsigned i = 0; i < MACHINES; i++) {
    machine_advance(p[i].machine, 3000);
    assert_int_equal(machine_state_hash(p[i].machine), machine_state_hash(p[i % 10].machine));
  }
  for (unsigned i = 0; i < MACHINES; i++) {
    program_destroy(&p[i]);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_digest_follows_writes),
      cmocka_unit_test(test_digest_tells_contents_apart),
      cmocka_unit_test(test_watches),
      cmocka_unit_test(test_digest_follows_stores),
      cmocka_unit_test(test_storage_is_sparse),
      cmocka_unit_test(test_more_code_than_is_kept),
      cmocka_unit_test(test_many_machines),
  };
  return cmocka_run_group_tests(tests, load_profile, unload_profile) != 0;
}
