/* Random words, executed in every mode: bare, in a VM, in a VM on a VM, on every
 * profile shipped and on nasty ones, each with every engine. Nothing stops the
 * process; a machine that stops says why and is in a possible state; the neighbours
 * of a VM are as they would be alone.
 *
 * TRAPEZE_TICKS=n in the environment executes that many ticks instead (make soak);
 * TRAPEZE_SEED=n begins with that seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "machine/devices/ports.h"

#define BARE_TICKS    100000000ull /* in `make check`, all profiles together */
#define VIRTUAL_TICKS 4000000ull
#define SLICE         1500u /* ticks between interventions */
#define REFILL        16u   /* slices between new words in all of storage */
#define COUNT(array)  (sizeof(array) / sizeof *(array))

static uint64_t setting(const char *name, uint64_t otherwise)
{
  const char *value = getenv(name);
  return value ? strtoull(value, NULL, 0) : otherwise;
}

/* ------------------------------------------------------------------ the words */

static uint32_t code_address(struct random *r)
{
  return 4 * random_below(r, ARENA_STORAGE / 4);
}

static uint32_t any_address(struct random *r)
{
  switch (random_below(r, 6)) {
  case 0:
    return random_word(r);
  case 1:
    return ARENA_STORAGE - random_below(r, 16);
  case 2:
    return 0 - random_below(r, 16);
  default:
    return code_address(r);
  }
}

/* An instruction, whatever its operands. */
static uint32_t insn_word(struct random *r)
{
  struct isa_decoded d = {.insn = (enum isa_insn)random_below(r, ISA_INSN_COUNT),
                          .a = (uint8_t)random_below(r, ISA_REG_COUNT),
                          .b = (uint8_t)random_below(r, ISA_REG_COUNT),
                          .c = (uint8_t)random_below(r, ISA_REG_COUNT),
                          .n = (uint8_t)random_below(r, ISA_CR_COUNT)};
  if (d.insn == ISA_HALT && random_below(r, 4)) {
    d.insn = ISA_ADD;
  }
  const struct isa_format_info *format = isa_format_info(isa_insn_info(d.insn)->format);
  for (size_t i = 0; i < format->operand_count; i++) {
    const struct isa_operand *o = &format->operands[i];
    int64_t low, high;
    isa_operand_range(o, &low, &high);
    if (o->slot == ISA_SLOT_IMM) {
      d.imm = o->kind == ISA_OPERAND_UPPER ? random_word(r) & 0x8001f000
              : o->kind == ISA_OPERAND_REL ? 4 * random_below(r, 60) - 100
              : random_below(r, 2)         ? random_below(r, 1u + (uint32_t)(high < 64 ? high : 64))
                                   : (uint32_t)low + random_word(r) % (uint32_t)(high - low);
    }
  }
  uint32_t word = random_word(r);
  isa_encode(&d, &word, NULL, NULL, NULL);
  return word;
}

/* `legal`: of a hundred words, so many are instructions for sure. */
static void fill(struct machine *m, struct random *r, uint32_t legal)
{
  static uint32_t words[ARENA_STORAGE / 4];
  for (size_t i = 0; i < COUNT(words); i++) {
    words[i] = random_below(r, 100) < legal ? insn_word(r) : random_word(r);
  }
  /* Vectors that lead on, mostly. */
  for (size_t i = 0; i < ISA_CAUSE_LIMIT; i++) {
    words[i] = random_below(r, 60) ? code_address(r) : any_address(r);
  }
  assert_true(machine_phys_write(m, gpa(0), words, sizeof words));
}

/* -------------------------------------------------------------- interventions */

static uint32_t cr_value(struct random *r, enum isa_cr cr)
{
  switch (cr) {
  case CR_VBR:
    return random_below(r, 8) ? 0 : any_address(r);
  case CR_BASE:
    return random_below(r, 3) ? random_below(r, 8) * ISA_PAGE_SIZE : any_address(r);
  case CR_BOUND:
    return random_below(r, 3) ? random_below(r, 17) * ISA_PAGE_SIZE : any_address(r);
  case CR_TIMER:
    return random_below(r, 3) ? random_below(r, 300) : random_word(r);
  case CR_EPC:
    return any_address(r);
  default:
    return random_word(r);
  }
}

/* Elsewhere, in another mode, with other registers; running, whatever it did. */
static void scatter(struct machine *m, struct random *r)
{
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    machine_set_reg(m, reg, random_below(r, 3) ? any_address(r) : random_word(r));
  }
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    if (profile_has_cr(machine_profile(m), (enum isa_cr)i)) {
      machine_set_cr(m, (enum isa_cr)i, cr_value(r, (enum isa_cr)i));
    }
  }
  machine_set_pc(m, random_below(r, 30) ? code_address(r) : any_address(r));
  machine_set_run_state(m, MACHINE_RUNNING);
  if (random_below(r, 4) == 0) {
    machine_console_input(m, machine_tick(m) + random_below(r, SLICE), (uint8_t)random_word(r));
  }
  if (random_below(r, 4) == 0) {
    uint32_t values[] = {random_below(r, ARENA_SECTORS + 1), any_address(r) & ~3u,
                         random_below(r, 10), 1 + random_below(r, 2)};
    for (uint32_t i = 0; i < 4; i++) {
      machine_port_out(m, PORT_DISK_SECTOR + i, values[i]);
    }
  }
}

/* ---------------------------------------------------------------- the attack */

/* What was met: an attack that goes nowhere proves nothing. */
struct met {
  uint64_t ticks, by_mode[4], slices;
  uint64_t ends[MACHINE_HOST_ERROR + 1];
  uint64_t traps[ISA_CAUSE_LIMIT], instructions, emulated;
};

static void note(struct met *met, struct arena *a)
{
  const struct machine_stats *s = machine_stats(a->target);
  met->instructions += s->instructions;
  met->emulated += a->depth ? vmm_vm_stats(a->target)->emulated : 0;
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    met->traps[cause] += s->traps[cause];
  }
}

/* One stretch; NULL, or what is wrong. A stop for good is found again when asked
 * again. */
static const char *slice(struct arena *a, struct met *met)
{
  struct machine *m = a->target;
  uint64_t before = machine_tick(m);
  unsigned mode = psw_mode(machine_get_cr(m, CR_PSW));
  struct machine_stop stop = machine_advance(m, before + SLICE);
  const char *wrong = arena_nonsense(a, &stop, before + SLICE);
  met->by_mode[mode] += machine_tick(m) - before;
  met->ticks += machine_tick(m) - before;
  met->slices++;
  if (wrong) {
    return wrong;
  }
  met->ends[stop.why]++;
  uint64_t hash = machine_state_hash(m);
  struct machine_stop again = machine_advance(m, before + SLICE);
  if (again.why != stop.why || machine_state_hash(m) != hash) {
    return "asked again, it answers otherwise";
  }
  return NULL;
}

/* Waiting lets time leap: ticks that cost nothing count for no more than a slice. */
static void assault(const struct arena_profile *kind, unsigned depth, enum machine_engine engine,
                    uint64_t seed, uint64_t ticks, struct met *met)
{
  static const uint32_t legal[] = {0, 50, 97, 100};
  struct arena a, quiet;
  struct random r = random_from(seed);
  arena_open(&a, kind, depth, engine);
  arena_open(&quiet, kind, depth, engine);
  uint64_t until = met->ticks + ticks;
  for (uint32_t n = 0; met->ticks < until; n++) {
    if (n % REFILL == 0) {
      fill(a.target, &r, legal[random_below(&r, COUNT(legal))]);
    }
    scatter(a.target, &r);
    const char *wrong = slice(&a, met);
    if (n % 8 == 0) {
      arena_run_neighbours(&a, 300);
      arena_run_neighbours(&quiet, 300);
    }
    if (!wrong && kind->contained && n % 64 == 0) {
      wrong = arena_harm(&a, &quiet);
    }
    if (wrong) {
      fail_msg("%s, depth %u, engine %d, seed %llu, slice %u: %s", kind->name, depth, (int)engine,
               (unsigned long long)seed, n, wrong);
    }
  }
  const char *harm = kind->contained ? arena_harm(&a, &quiet) : NULL;
  if (harm) {
    fail_msg("%s, depth %u, seed %llu: %s", kind->name, depth, (unsigned long long)seed, harm);
  }
  note(met, &a);
  arena_close(&quiet);
  arena_close(&a);
}

static void report(const struct met *met, const char *where)
{
  print_message("# %s: %llu ticks (by mode at the start: %llu %llu %llu %llu), %llu instructions, "
                "%llu emulated\n",
                where, (unsigned long long)met->ticks, (unsigned long long)met->by_mode[0],
                (unsigned long long)met->by_mode[1], (unsigned long long)met->by_mode[2],
                (unsigned long long)met->by_mode[3], (unsigned long long)met->instructions,
                (unsigned long long)met->emulated);
  print_message("# %llu slices: limit %llu, halted %llu, waits %llu, double fault %llu, lost "
                "control %llu\n",
                (unsigned long long)met->slices, (unsigned long long)met->ends[MACHINE_LIMIT],
                (unsigned long long)met->ends[MACHINE_HALTED],
                (unsigned long long)met->ends[MACHINE_WAITS],
                (unsigned long long)met->ends[MACHINE_DOUBLE_FAULT],
                (unsigned long long)met->ends[MACHINE_LOST_CONTROL]);
}

/* Every mode, every end, every cause was met, unless the run was a short one. */
static void demand(const struct met *met, bool virtual)
{
  if (met->ticks < VIRTUAL_TICKS) {
    return;
  }
  static const enum isa_cause causes[] = {
      CAUSE_ILLEGAL,   CAUSE_PRIVILEGED, CAUSE_SYSCALL, CAUSE_BREAKPOINT, CAUSE_HYPERCALL,
      CAUSE_ALIGNMENT, CAUSE_BOUNDS,     CAUSE_BUS,     CAUSE_TIMER,      CAUSE_CONSOLE,
      CAUSE_DISK,      CAUSE_CHANNEL,    CAUSE_NETWORK};
  for (size_t i = 0; i < COUNT(causes); i++) {
    assert_true(met->traps[causes[i]] > 0);
  }
  for (unsigned mode = 0; mode < 4; mode++) {
    assert_true(met->by_mode[mode] > 0);
  }
  for (unsigned why = MACHINE_LIMIT; why < MACHINE_HOST_ERROR; why++) {
    bool can_be = why != MACHINE_TRAP && (why != MACHINE_LOST_CONTROL || virtual);
    assert_true(can_be == (met->ends[why] > 0));
  }
}

static void everywhere(unsigned from, unsigned to, uint64_t ticks, struct met *met)
{
  static const enum machine_engine engines[] = {MACHINE_ENGINE_FAST, MACHINE_ENGINE_UNFUSED,
                                                MACHINE_ENGINE_STEPPER};
  uint64_t seed = setting("TRAPEZE_SEED", 1);
  uint64_t rounds = ARENA_PROFILES * COUNT(engines) * (to - from + 1);
  for (size_t k = 0; k < ARENA_PROFILES; k++) {
    for (size_t e = 0; e < COUNT(engines); e++) {
      for (unsigned depth = from; depth <= to; depth++) {
        assault(&arena_profiles[k], depth, engines[e], seed * 1000 + 100 * depth + 10 * k + e,
                ticks / rounds, met);
      }
    }
  }
}

static void test_bare(void **state)
{
  (void)state;
  struct met met = {0};
  everywhere(0, 0, setting("TRAPEZE_TICKS", BARE_TICKS), &met);
  report(&met, "bare");
  demand(&met, false);
}

static void test_virtual(void **state)
{
  (void)state;
  struct met met = {0};
  everywhere(1, ARENA_MAX_DEPTH, setting("TRAPEZE_TICKS", VIRTUAL_TICKS * 16) / 16, &met);
  report(&met, "virtual");
  demand(&met, true);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bare),
      cmocka_unit_test(test_virtual),
  };
  return cmocka_run_group_tests_name("hostile words", tests, NULL, NULL) != 0;
}
