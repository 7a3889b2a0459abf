/* The translation cache, as words in and words out. `check()` says of a whole cache what must
 * hold of it, from the guest's words and addresses; random programs are translated, entered
 * in the middle, written to and pushed out of a small cache, and it must hold at each step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/common/program.h"
#include "vmm/techniques/tcache.h"

#define STORAGE (16 * ISA_PAGE_SIZE)
#define WORDS   (STORAGE / 4)

struct guest {
  struct profile *profile;
  struct tcache *t;
  uint32_t word[WORDS];
  uint32_t base, bound; /* of the current space: pc + base is where it lies */
  uint32_t cache[TCACHE_MAX_WORDS];
  bool watched[STORAGE / ISA_PAGE_SIZE];
};

static struct tcache_fetched fetch(void *ctx, uint32_t pc)
{
  const struct guest *g = ctx;
  uint32_t at = pc + g->base;
  bool ok = pc < g->bound && at < STORAGE;
  return (struct tcache_fetched){.ok = ok, .at = at, .word = ok ? g->word[at / 4] : 0};
}

static void put_cached(void *ctx, uint32_t index, uint32_t word)
{
  ((struct guest *)ctx)->cache[index] = word;
}

static void watch(void *ctx, uint32_t page, bool on)
{
  struct guest *g = ctx;
  assert_true(g->watched[page / ISA_PAGE_SIZE] != on);
  g->watched[page / ISA_PAGE_SIZE] = on;
}

static struct guest *open_guest(const char *profile, uint32_t words)
{
  struct guest *g = calloc(1, sizeof *g);
  assert_non_null(g);
  g->bound = STORAGE;
  g->profile = profile_load(profile, stderr);
  assert_non_null(g->profile);
  g->t = tcache_create(&(struct tcache_config){.profile = g->profile,
                                               .real = g->profile,
                                               .words = words,
                                               .storage = STORAGE,
                                               .fetch = fetch,
                                               .put = put_cached,
                                               .watch = watch,
                                               .ctx = g});
  assert_non_null(g->t);
  return g;
}

static void close_guest(struct guest *g)
{
  tcache_destroy(g->t);
  profile_destroy(g->profile);
  free(g);
}

static void set(struct guest *g, uint32_t at, uint32_t word)
{
  g->word[at / 4] = word;
  tcache_written(g->t, at, 4);
}

/* ------------------------------------------------------------- what must hold */

static struct isa_decoded decoded(uint32_t word)
{
  struct isa_decoded d = {.insn = ISA_INSN_COUNT};
  isa_decode(word, &d);
  return d;
}

static bool is_branch(struct isa_decoded d)
{
  return d.insn < ISA_INSN_COUNT && isa_insn_info(d.insn)->format == FORMAT_RRB;
}

/* `now` makes register a that value. */
static void check_constant(struct isa_decoded now, unsigned a, uint32_t value)
{
  assert_true(now.insn == ISA_LUI || (now.insn == ISA_ADDI && now.b == REG_ZERO));
  assert_int_equal(now.a, a);
  if (a != REG_ZERO) {
    assert_int_equal(now.imm, value);
  }
}

/* It leads to a translation of `pc`, or to an exit for it. */
static void check_leads(const struct guest *g, uint32_t index, uint32_t pc)
{
  struct isa_decoded now = decoded(g->cache[index]);
  struct tcache_place to = tcache_at(g->t, index + (uint32_t)((int32_t)now.imm / 4));
  assert_int_equal(now.imm % 4, 0);
  assert_true(to.kind != TCACHE_NONE);
  assert_int_equal(to.pc, pc);
}

static void check_inline(const struct guest *g, uint32_t index, const struct tcache_place *p)
{
  struct isa_decoded old = decoded(p->word), now = decoded(p->now);
  if (is_branch(old) || (old.insn == ISA_JAL && now.insn == ISA_JAL)) {
    assert_true(now.insn == old.insn && now.a == old.a && now.b == old.b);
    check_leads(g, index, p->pc + old.imm);
  } else if (old.insn == ISA_JAL) {
    check_constant(now, old.a, p->pc + 4);
  } else {
    assert_int_equal(old.insn, ISA_AUIPC);
    check_constant(now, old.a, p->pc + old.imm);
  }
}

/* Whether the word must not execute in user mode, said once more. */
static bool offends(const struct guest *g, uint32_t word)
{
  struct isa_decoded d;
  return profile_decode(g->profile, word, &d) && isa_insn_info(d.insn)->group == ISA_GROUP_SYSTEM &&
         strcmp(profile_outside(g->profile, d.insn), "trap") != 0;
}

/* Whether the guest goes on, from there, in the next word of the cache; and at which pc. */
static bool goes_on(const struct guest *g, const struct tcache_place *p, uint32_t *pc)
{
  struct isa_decoded old = decoded(p->word), now = decoded(p->now);
  *pc = p->pc + (old.insn == ISA_JAL ? old.imm : 4);
  if (p->kind == TCACHE_IDENTICAL) {
    return profile_decode(g->profile, p->word, &old) &&
           isa_insn_info(old.insn)->group == ISA_GROUP_USER;
  }
  return p->kind == TCACHE_INLINE && now.insn != ISA_JAL;
}

static void check_place(const struct guest *g, uint32_t i, bool last)
{
  struct tcache_place p = tcache_at(g->t, i), next = tcache_at(g->t, i + 1);
  uint32_t pc;
  assert_true(p.kind != TCACHE_NONE);
  assert_int_equal(p.now, g->cache[i]);
  if (p.kind == TCACHE_EXIT) {
    assert_int_equal(p.now, word_of(ISA_BRK, 0, 0, 0, 0));
    return;
  }
  assert_int_equal(p.word, g->word[p.at / 4]);
  assert_true(g->watched[p.at / ISA_PAGE_SIZE]);
  if (p.kind == TCACHE_IDENTICAL) {
    assert_int_equal(p.now, p.word);
    assert_false(offends(g, p.word));
  } else if (p.kind == TCACHE_INLINE) {
    check_inline(g, i, &p);
  } else {
    assert_int_equal(p.now, word_of(ISA_HCALL, 0, 0, 0, 0));
  }
  if (goes_on(g, &p, &pc)) {
    assert_false(last);
    assert_true(next.kind != TCACHE_NONE && next.block == p.block);
    assert_int_equal(next.pc, pc);
  }
}

/* Every word of every block, and that pages are watched if and only if they are in use. */
static uint32_t check(const struct guest *g)
{
  bool used[STORAGE / ISA_PAGE_SIZE] = {false};
  uint32_t blocks = 0, words = 0;
  for (uint32_t b = tcache_next_block(g->t, TCACHE_NOWHERE, &words); b != TCACHE_NOWHERE;
       b = tcache_next_block(g->t, b, &words), blocks++) {
    for (uint32_t i = b; i < b + words; i++) {
      check_place(g, i, i == b + words - 1);
      struct tcache_place p = tcache_at(g->t, i);
      if (p.kind != TCACHE_EXIT) {
        used[p.at / ISA_PAGE_SIZE] = true;
      }
    }
  }
  assert_memory_equal(used, g->watched, sizeof used);
  return blocks;
}

/* ------------------------------------------------------------------ case by case */

static void each_kind(void **state)
{
  (void)state;
  struct guest *g = open_guest("x86", 1024);
  g->word[0x1000 / 4] = word_of(ISA_ADD, REG_A0, REG_A1, REG_A2, 0);
  g->word[0x1004 / 4] = word_of(ISA_AUIPC, REG_A0, 0, 0, 0x3000);     /* 0x4004: an addi */
  g->word[0x1008 / 4] = word_of(ISA_AUIPC, REG_A0, 0, 0, 0xfffff000); /* 8 */
  g->word[0x100c / 4] = word_of(ISA_JAL, REG_RA, 0, 0, 0x100);
  g->word[0x110c / 4] = word_of(ISA_CLI, 0, 0, 0, 0); /* traps on x86: is left alone */
  g->word[0x2000 / 4] = word_of(ISA_POPF, 0, 0, 0, 0);
  uint32_t i = tcache_enter(g->t, 0, 0x1000);
  static const enum tcache_kind kinds[] = {TCACHE_IDENTICAL, TCACHE_INLINE, TCACHE_INLINE,
                                           TCACHE_INLINE, TCACHE_IDENTICAL};
  for (unsigned k = 0; k < 5; k++) {
    assert_int_equal(tcache_at(g->t, i + k).kind, kinds[k]);
  }
  assert_int_equal(g->cache[i + 3], word_of(ISA_ADDI, REG_RA, REG_ZERO, 0, 0x1010));
  assert_int_equal(tcache_at(g->t, tcache_enter(g->t, 0, 0x2000)).kind, TCACHE_CALLOUT);
  assert_int_equal(tcache_enter(g->t, 0, STORAGE), TCACHE_NOWHERE);
  assert_int_equal(tcache_enter(g->t, 0, 0x1002), TCACHE_NOWHERE);
  assert_int_equal(check(g), 2);
  close_guest(g);
}

/* What does not trap in user mode is called out, whether it does something there or nothing. */
static void what_must_not_execute(void **state)
{
  (void)state;
  struct profile *p = profile_load("pdp11", stderr);
  assert_string_equal(profile_outside(p, ISA_SPL), "nop");
  assert_true(tcache_must_call_out(p, p, word_of(ISA_SPL, 0, 0, 0, 3)));
  assert_true(tcache_must_call_out(p, p, word_of(ISA_LDPREV, 1, 2, 0, 0)));
  assert_false(tcache_must_call_out(p, p, word_of(ISA_CLI, 0, 0, 0, 0)));
  assert_false(tcache_must_call_out(p, p, word_of(ISA_SYS, 0, 0, 0, 0)));
  assert_false(tcache_must_call_out(p, p, 0));
  profile_destroy(p);
}

/* A constant that no instruction makes, and one that lui does. */
static void constants(void **state)
{
  (void)state;
  struct guest *g = open_guest("x86", 1024);
  g->base = 0xffff0000; /* pcs from 64 KiB on */
  g->bound = UINT32_MAX;
  set(g, 0x0ffc, word_of(ISA_JAL, REG_RA, 0, 0, 8)); /* links 0x11000 */
  set(g, 0x1004, word_of(ISA_JAL, REG_RA, 0, 0, 8)); /* links 0x11008 */
  uint32_t i = tcache_enter(g->t, 0, 0x10ffc);
  assert_int_equal(g->cache[i], word_of(ISA_LUI, REG_RA, 0, 0, 0x11000));
  assert_int_equal(tcache_at(g->t, i + 1).kind, TCACHE_CALLOUT);
  check(g);
  close_guest(g);
}

/* A loop leads to itself; a branch to what is not there to an exit, until that is taken. */
static void chaining(void **state)
{
  (void)state;
  struct guest *g = open_guest("x86", 1024);
  g->word[0x1000 / 4] = word_of(ISA_ADDI, REG_A0, REG_A0, 0, 1);
  g->word[0x1004 / 4] = word_of(ISA_BEQ, REG_A0, REG_A1, 0, 0x40);
  g->word[0x1008 / 4] = word_of(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8);
  uint32_t i = tcache_enter(g->t, 0, 0x1000);
  assert_int_equal(decoded(g->cache[i + 2]).imm, (uint32_t)-8);
  uint32_t out = i + 1 + decoded(g->cache[i + 1]).imm / 4;
  assert_int_equal(tcache_at(g->t, out).kind, TCACHE_EXIT);
  tcache_exit(g->t, out);
  uint32_t to = i + 1 + decoded(g->cache[i + 1]).imm / 4;
  assert_int_equal(to, tcache_find(g->t, 0, 0x1044));
  check(g);
  set(g, 0x1044, word_of(ISA_ADDI, 0, 0, 0, 7)); /* back to the exit */
  assert_int_equal(i + 1 + decoded(g->cache[i + 1]).imm / 4, out);
  assert_int_equal(check(g), 1);
  assert_int_equal(tcache_stats(g->t)->invalidated, 1);
  set(g, 0x1100, 1); /* no word of a block */
  assert_int_equal(check(g), 1);
  close_guest(g);
}

/* The same pc in two spaces is two things. */
static void spaces(void **state)
{
  (void)state;
  struct guest *g = open_guest("x86", 1024);
  g->word[0x1000 / 4] = word_of(ISA_SYS, 0, 0, 0, 1);
  g->word[0x3000 / 4] = word_of(ISA_SYS, 0, 0, 0, 2);
  uint32_t first = tcache_enter(g->t, 0, 0x1000);
  g->base = 0x2000;
  uint32_t second = tcache_enter(g->t, 1, 0x1000);
  assert_int_equal(g->cache[first], g->word[0x1000 / 4]);
  assert_int_equal(g->cache[second], g->word[0x3000 / 4]);
  assert_int_equal(tcache_enter(g->t, 0, 0x1000), first);
  tcache_written(g->t, 0x3002, 1);
  assert_int_equal(tcache_find(g->t, 0, 0x1000), first);
  assert_int_equal(tcache_find(g->t, 1, 0x1000), TCACHE_NOWHERE);
  close_guest(g);
}

/* ---------------------------------------------------------------- at random */

static uint32_t random_guest_word(struct random *r, uint32_t pc)
{
  static const enum isa_insn often[] = {ISA_BEQ, ISA_BNE, ISA_JAL,  ISA_JAL,   ISA_JALR,
                                        ISA_ADD, ISA_LW,  ISA_POPF, ISA_AUIPC, ISA_SYS};
  enum isa_insn insn = random_below(r, 2) ? often[random_below(r, 10)] : ISA_ADDI;
  unsigned a = random_below(r, 2) ? REG_ZERO : random_below(r, ISA_REG_COUNT);
  uint32_t imm = random_below(r, 16);
  if (insn == ISA_JAL || isa_insn_info(insn)->format == FORMAT_RRB) {
    imm = (random_below(r, 64) - 32) * 4;
    imm = pc + imm < STORAGE ? imm : 0;
  }
  imm = insn == ISA_AUIPC ? random_below(r, 32) << 12 : imm;
  return random_below(r, 64) == 0 ? random_word(r) : word_of(insn, a, a, a, imm);
}

static void take_an_exit(struct guest *g, struct random *r)
{
  uint32_t words = 0;
  for (uint32_t b = tcache_next_block(g->t, TCACHE_NOWHERE, &words); b != TCACHE_NOWHERE;
       b = tcache_next_block(g->t, b, &words)) {
    for (uint32_t i = b; i < b + words; i++) {
      if (tcache_at(g->t, i).kind == TCACHE_EXIT && random_below(r, 8) == 0) {
        tcache_exit(g->t, i);
        return;
      }
    }
  }
}

static void act(struct guest *g, struct random *r)
{
  uint32_t at = random_below(r, WORDS / 8) * 4;
  switch (random_below(r, 4)) {
  case 0:
    set(g, at, random_guest_word(r, at));
    break;
  case 1:
    take_an_exit(g, r);
    break;
  default:
    assert_int_equal(tcache_at(g->t, tcache_enter(g->t, 0, at)).pc, at);
  }
}

static void random_programs(void **state)
{
  (void)state;
  static const char *const profiles[] = {"x86", "pg", "armv7", "pdp10"};
  uint64_t invalidated = 0, flushes = 0, chained = 0, unchained = 0;
  for (uint64_t seed = 1; seed <= 12; seed++) {
    struct random r = random_from(seed);
    struct guest *g = open_guest(profiles[seed % 4], seed % 3 ? 4096 : TCACHE_MIN_WORDS);
    for (uint32_t i = 0; i < WORDS; i++) {
      g->word[i] = random_guest_word(&r, i * 4);
    }
    for (unsigned i = 0; i < 400; i++) {
      act(g, &r);
      check(g);
    }
    invalidated += tcache_stats(g->t)->invalidated;
    flushes += tcache_stats(g->t)->flushes;
    chained += tcache_stats(g->t)->chained;
    unchained += tcache_stats(g->t)->unchained;
    close_guest(g);
  }
  assert_true(invalidated > 100 && flushes > 10 && chained > 500 && unchained > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind), cmocka_unit_test(what_must_not_execute),
      cmocka_unit_test(constants), cmocka_unit_test(chaining),
      cmocka_unit_test(spaces),    cmocka_unit_test(random_programs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
