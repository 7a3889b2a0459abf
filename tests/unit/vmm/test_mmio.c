/* Devices in memory: whatever instruction goes to whatever address near the device
 * page, under whatever map and in whatever mode, a virtual machine does what a bare one
 * does; and what reaches a device is interpreted, nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "machine/devices/ports.h"
#include "tests/common/program.h"
#include "tests/common/twin.h"

#define MMIO    "profile m; extends pg; title \"t\"; story \"s\"; io mmio;"
#define STORAGE 0x10000u
#define CODE    0x400u
#define CASES   4000

static uint32_t pick(struct random *r, const uint32_t *from, uint32_t count)
{
  return from[random_below(r, count)];
}

/* lw and sw most often; whatever else loads or stores; near and at registers. */
static uint32_t some_instruction(struct random *r)
{
  static const uint32_t insns[] = {ISA_LW, ISA_SW,   ISA_LW,   ISA_SW,  ISA_LW,    ISA_SW,
                                   ISA_LB, ISA_SH,   ISA_LHU,  ISA_SB,  ISA_LPSW,  ISA_POPF,
                                   ISA_IN, ISA_SVBR, ISA_JALR, ISA_OUT, ISA_PUSHF, ISA_LRA};
  static const uint32_t offsets[] = {0, 4, 8, 0x40, 0x48, 0x4c, 0x50, 0x54, 0x58, 2, 0xffc, 0x1000};
  enum isa_insn insn = (enum isa_insn)pick(r, insns, sizeof insns / sizeof insns[0]);
  uint32_t offset = pick(r, offsets, sizeof offsets / sizeof offsets[0]);
  return word_of(insn, random_below(r, 4) ? REG_A0 : REG_ZERO, REG_A1, REG_A2,
                 insn == ISA_POPF || insn == ISA_PUSHF || insn == ISA_LRA ? 0 : offset);
}

/* The map: none, or one of which the code's page and a few addresses are a part. */
static void set_map(struct twin *t, struct random *r)
{
  static const uint32_t bases[] = {0, 0x100, 0x1000, 2, 0xffff0000u, 0xfffff000u};
  static const uint32_t bounds[] = {0x10000, 0xffffffffu, 0xfffff004u, 0xffffe044u, 0x800};
  uint32_t base = pick(r, bases, 6), psw = psw_set_mode(0, random_below(r, 2));
  psw = psw_set_te(psw, random_below(r, 3) > 0);
  twin_set_cr(t, CR_BASE, base);
  twin_set_cr(t, CR_BOUND, pick(r, bounds, 5));
  twin_set_cr(t, CR_PSW, psw);
  twin_set_pc(t, psw_te(psw) ? CODE - base : CODE);
  uint32_t there = MMIO_START - (psw_te(psw) && random_below(r, 4) ? base : 0);
  twin_set_reg(t, REG_A1, there);
  twin_set_reg(t, REG_SP, there + 4 * random_below(r, 4));
  twin_set_reg(t, REG_A0, random_below(r, 300));
}

/* How many instructions were interpreted; *direct: the others. */
static uint64_t any_access_by(enum vmm_technique technique, unsigned *direct)
{
  struct twin t;
  twin_open(&t, &(struct twin_config){.text = MMIO, .sectors = 8, .technique = technique});
  struct random r = random_from(11);
  *direct = 0;
  for (unsigned i = 0; i < CASES; i++) {
    set_map(&t, &r);
    for (uint32_t cause = 0; cause < ISA_CAUSE_LIMIT; cause++) { /* stores may wrap to 0 */
      twin_write_word(&t, 4 * cause, CODE + 4);
    }
    twin_write_word(&t, CODE, some_instruction(&r));
    uint64_t before = vmm_vm_stats(t.vm)->interpreted;
    if (!twin_run(&t, machine_tick(t.bare) + 1, 1)) {
      fail_msg("case %u: %s", i, t.difference);
    }
    *direct += vmm_vm_stats(t.vm)->interpreted == before;
  }
  uint64_t interpreted = vmm_vm_stats(t.vm)->interpreted;
  twin_close(&t);
  return interpreted;
}

static void any_access(void **state)
{
  (void)state;
  unsigned direct;
  uint64_t interpreted = any_access_by(VMM_TECHNIQUE_TRAP_AND_EMULATE, &direct);
  assert_true(interpreted > CASES / 20);
  assert_true(direct > CASES / 4);
}

/* The interpreter is asked for each, and must find out for itself what is a device. */
static void any_access_interpreted(void **state)
{
  (void)state;
  unsigned direct;
  uint64_t all = any_access_by(VMM_TECHNIQUE_INTERPRET, &direct);
  uint64_t some = any_access_by(VMM_TECHNIQUE_HYBRID, &direct);
  assert_true(some > CASES / 20);
  assert_true(all > some); /* those of user mode, where little does not trap */
}

/* On a machine with ports the page is nothing. */
static void none_with_ports(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){.profile = "pg", .sectors = 8});
  twin_write_word(&t, CODE, word_of(ISA_LW, REG_A0, REG_ZERO, 0, (uint32_t)-4096));
  twin_set_pc(&t, CODE);
  struct machine_stop stop = machine_run(t.vm, 10);
  assert_int_equal(stop.why, MACHINE_TRAP);
  assert_int_equal(stop.trap.cause, CAUSE_BUS);
  assert_int_equal(stop.trap.value, MMIO_START);
  assert_int_equal(vmm_vm_stats(t.vm)->interpreted, 0);
  twin_close(&t);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_access),
      cmocka_unit_test(any_access_interpreted),
      cmocka_unit_test(none_with_ports),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
