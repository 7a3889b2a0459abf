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
#include "machine/snapshot.h"

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
    uint8_t byte = (uint8_t)random_word(r);
    machine_console_input(m, machine_tick(m) + random_below(r, SLICE), byte);
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

/* Sent back in time, it is as it was then, whatever it has done since. */
static const char *travel(struct arena *a, struct met *met)
{
  uint64_t hash = machine_state_hash(a->target);
  struct snapshot *then = snapshot_take(a->target);
  assert_non_null(then);
  const char *wrong = slice(a, met);
  if (!wrong && !snapshot_restore(a->target, then)) {
    wrong = "its snapshot cannot be restored";
  }
  snapshot_destroy(then);
  return !wrong && machine_state_hash(a->target) != hash ? "a snapshot is not what was taken"
                                                         : wrong;
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
    const char *wrong = n % 32 == 9 ? travel(&a, met) : slice(&a, met);
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

/* ------------------------------------------------------------------ a crowd
 * All virtual machines of a VMM are hostile, and take turns; each must do what a
 * bare machine does. */

#define CROWD       3u
#define CROWD_TURNS 700u

struct crowd {
  struct profile *profile;
  struct disk_store *real_disk, *disk[CROWD];
  struct machine *real, *vm[CROWD], *bare[CROWD];
  struct vmm *vmm;
};

static struct disk_store *blank_disk(uint32_t sectors)
{
  struct disk_store *d = disk_store_memory(sectors);
  assert_non_null(d);
  return d;
}

static void crowd_open(struct crowd *c, enum machine_engine engine)
{
  c->profile = profile_load("pg", stderr);
  c->real_disk = blank_disk(CROWD * ARENA_SECTORS);
  struct machine_config config = {.profile = c->profile,
                                  .storage = VMM_OWN_STORAGE + CROWD * ARENA_STORAGE,
                                  .disk = c->real_disk,
                                  .engine = engine};
  c->real = machine_create(&config, NULL);
  assert_non_null(c->real);
  c->vmm = vmm_create(c->real, NULL);
  assert_non_null(c->vmm);
  for (uint32_t i = 0; i < CROWD; i++) {
    struct vmm_vm_config vm = {.name = "one",
                               .storage = ARENA_STORAGE,
                               .disk_first = i * ARENA_SECTORS,
                               .disk_sectors = ARENA_SECTORS};
    c->vm[i] = vmm_create_vm(c->vmm, &vm, NULL);
    assert_non_null(c->vm[i]);
    c->disk[i] = blank_disk(ARENA_SECTORS);
    struct machine_config bare = {.profile = c->profile,
                                  .storage = ARENA_STORAGE,
                                  .disk = c->disk[i],
                                  .engine = MACHINE_ENGINE_STEPPER};
    c->bare[i] = machine_create(&bare, NULL);
    assert_non_null(c->bare[i]);
  }
}

static void crowd_close(struct crowd *c)
{
  for (uint32_t i = 0; i < CROWD; i++) {
    machine_destroy(c->vm[i]);
    machine_destroy(c->bare[i]);
    disk_store_destroy(c->disk[i]);
  }
  vmm_destroy(c->vmm);
  machine_destroy(c->real);
  disk_store_destroy(c->real_disk);
  profile_destroy(c->profile);
}

/* One machine's turn: anew now and then, on from where it was otherwise. */
static struct machine_stop turn(struct machine *m, struct random r)
{
  uint32_t what = random_below(&r, 8);
  if (what == 0) {
    fill(m, &r, 97);
  }
  if (what < 4 || machine_run_state(m) == MACHINE_STOPPED) {
    scatter(m, &r);
  }
  return machine_advance(m, machine_tick(m) + 1 + random_below(&r, SLICE));
}

/* True if all were alike to the end. `spoil`: a word of storage is changed on the
 * way, as a VMM that mixes its VMs up would. */
static bool crowd(enum machine_engine engine, uint64_t seed, bool spoil, uint64_t *ticks)
{
  struct crowd c;
  struct random r = random_from(seed);
  bool alike = true;
  crowd_open(&c, engine);
  for (uint32_t n = 0; alike && n < CROWD_TURNS; n++) {
    uint32_t i = n < CROWD ? n : random_below(&r, CROWD);
    random_word(&r);
    struct machine_stop vm = turn(c.vm[i], r), bare = turn(c.bare[i], r);
    if (spoil && n == CROWD_TURNS - 1) { /* earlier it might be overwritten, and be no harm */
      machine_phys_write_word(c.real, gpa(VMM_OWN_STORAGE + 0x8000), 0x12345678);
    }
    alike = vm.why == bare.why && machine_state_hash(c.vm[i]) == machine_state_hash(c.bare[i]);
  }
  for (uint32_t i = 0; i < CROWD; i++) {
    alike = alike && machine_state_hash(c.vm[i]) == machine_state_hash(c.bare[i]);
    *ticks += machine_tick(c.vm[i]);
  }
  assert_int_equal(vmm_violations(c.vmm, NULL), 0);
  crowd_close(&c);
  return alike;
}

static void test_crowd(void **state)
{
  (void)state;
  uint64_t seed = setting("TRAPEZE_SEED", 1), ticks = 0;
  uint64_t rounds = setting("TRAPEZE_TICKS", 0) > 100000000 ? 100 : 5;
  for (uint64_t k = 0; k < rounds; k++) {
    enum machine_engine engine = k % 2 ? MACHINE_ENGINE_UNFUSED : MACHINE_ENGINE_FAST;
    if (!crowd(engine, 5000 * seed + k, false, &ticks)) {
      fail_msg("seed %llu, engine %d: a VM is not as a bare machine",
               (unsigned long long)(5000 * seed + k), (int)engine);
    }
  }
  print_message("# a crowd: %llu ticks\n", (unsigned long long)ticks);
  assert_false(crowd(MACHINE_ENGINE_FAST, seed, true, &ticks));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bare),
      cmocka_unit_test(test_virtual),
      cmocka_unit_test(test_crowd),
  };
  return cmocka_run_group_tests_name("hostile words", tests, NULL, NULL) != 0;
}
