#include "rig.h"

#include "cmocka_all.h"
#include "machine/disk_store.h"
#include "programs.h"

static const struct {
  const char *name;
  enum machine_engine engine;
} engines[] = {
    {"stepper", MACHINE_ENGINE_STEPPER},
    {"unfused", MACHINE_ENGINE_UNFUSED},
    {"fast", MACHINE_ENGINE_FAST},
};
#define ENGINES (sizeof engines / sizeof *engines)

struct run {
  const struct rig_case *test;
  enum machine_engine engine;
};

struct machine *rig_another(const struct rig *r)
{
  struct machine_config config = {
      .profile = r->profile, .storage = RIG_STORAGE, .disk = r->disk, .engine = r->engine};
  struct machine *m = machine_create(&config, NULL);
  assert_non_null(m);
  return m;
}

static void run_one(void **state)
{
  const struct run *run = *state;
  const char *profile = run->test->profile;
  struct rig r = {.engine = run->engine, .at = RIG_CODE};
  r.profile = profile_load(profile ? profile : "pg", stderr);
  r.disk = disk_store_memory(RIG_SECTORS);
  assert_non_null(r.profile);
  assert_non_null(r.disk);
  r.m = rig_another(&r);
  run->test->test(&r);
  machine_destroy(r.m);
  disk_store_destroy(r.disk);
  profile_destroy(r.profile);
}

int rig_run(const struct rig_case *cases, size_t count)
{
  struct run *runs = calloc(count * ENGINES, sizeof *runs);
  struct CMUnitTest *tests = calloc(count * ENGINES, sizeof *tests);
  char(*names)[120] = calloc(count * ENGINES, sizeof *names);
  int failed = -1;
  if (runs && tests && names) {
    for (size_t i = 0; i < count * ENGINES; i++) {
      runs[i] = (struct run){&cases[i / ENGINES], engines[i % ENGINES].engine};
      snprintf(names[i], sizeof names[i], "%s (%s)", cases[i / ENGINES].name,
               engines[i % ENGINES].name);
      tests[i] = (struct CMUnitTest){names[i], run_one, NULL, NULL, &runs[i]};
    }
    failed = _cmocka_run_group_tests("spec", tests, count * ENGINES, NULL, NULL);
  }
  free(runs);
  free(tests);
  free(names);
  return failed != 0;
}

static uint32_t emit_word(struct rig *r, uint32_t word)
{
  put_word(r, r->at, word);
  r->at += 4;
  return word;
}

uint32_t emit(struct rig *r, enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm)
{
  return emit_word(r, program_word(insn, a, b, c, imm));
}

uint32_t emit_cr(struct rig *r, enum isa_insn insn, unsigned a, enum isa_cr cr)
{
  return emit_word(r, program_cr_word(insn, a, cr));
}

uint32_t emit_none(struct rig *r, enum isa_insn insn)
{
  return emit_word(r, program_word(insn, 0, 0, 0, 0));
}

void emit_nops(struct rig *r, unsigned count)
{
  for (unsigned i = 0; i < count; i++) {
    emit(r, ISA_ADDI, REG_ZERO, REG_ZERO, 0, 0);
  }
}

uint32_t word_at(struct rig *r, uint32_t at)
{
  uint32_t word;
  assert_true(machine_phys_read_word(r->m, gpa(at), &word));
  return word;
}

void put_word(struct rig *r, uint32_t at, uint32_t word)
{
  assert_true(machine_phys_write_word(r->m, gpa(at), word));
}

uint32_t reg(struct rig *r, unsigned reg)
{
  return machine_get_reg(r->m, reg);
}

void set_reg(struct rig *r, unsigned reg, uint32_t value)
{
  machine_set_reg(r->m, reg, value);
}

uint32_t cr(struct rig *r, enum isa_cr cr)
{
  return machine_get_cr(r->m, cr);
}

void set_cr(struct rig *r, enum isa_cr cr, uint32_t value)
{
  machine_set_cr(r->m, cr, value);
}

uint64_t now(struct rig *r)
{
  return machine_tick(r->m);
}

uint32_t psw(unsigned mode, uint32_t fields)
{
  return psw_set_mode(fields, mode);
}

void set_vector(struct rig *r, enum isa_cause cause, uint32_t handler)
{
  put_word(r, cr(r, CR_VBR) + 4 * (uint32_t)cause, handler);
}

void steps(struct rig *r, unsigned n)
{
  uint64_t start = now(r);
  struct machine_stop s = machine_run(r->m, start + n);
  if (s.why != MACHINE_LIMIT) {
    fail_msg("stopped for reason %d, cause %d, at pc 0x%x", (int)s.why, (int)s.trap.cause,
             machine_get_pc(r->m));
  }
  assert_true(now(r) == start + n);
}

void expect_trap(struct rig *r, enum isa_cause cause, uint32_t value, uint32_t insn)
{
  uint64_t before = machine_state_hash(r->m), start = now(r);
  for (int again = 0; again < 2; again++) { /* without delivery it meets it again */
    struct machine_stop s = machine_run(r->m, start + 1);
    assert_int_equal(s.why, MACHINE_TRAP);
    assert_int_equal(s.trap.cause, cause);
    assert_int_equal(s.trap.epc, machine_get_pc(r->m));
    assert_int_equal(s.trap.value, value);
    assert_int_equal(s.trap.insn, insn);
    assert_null(s.reason);
    assert_true(now(r) == start);
    assert_true(machine_state_hash(r->m) == before);
  }
}

void expect_delivery(struct rig *r, enum isa_cause cause, uint32_t value, uint32_t insn)
{
  expect_trap(r, cause, value, insn);
  struct trap trap = {.cause = cause, .epc = machine_get_pc(r->m), .value = value, .insn = insn};
  assert_true(machine_deliver(r->m, &trap));
}

void expect_interrupt(struct rig *r, enum isa_cause cause)
{
  expect_trap(r, cause, 0, 0);
}

void run_to(struct rig *r, uint64_t tick)
{
  struct machine_stop s = machine_run(r->m, tick);
  assert_int_equal(s.why, MACHINE_LIMIT);
  assert_true(now(r) == tick);
}
