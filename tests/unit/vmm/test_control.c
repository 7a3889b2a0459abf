/* Losing control: profiles in which user code reaches the real processor's
 * resources. The VMM must notice, say what happened, stop the VM and be able to
 * go on with another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/common/program.h"
#include "tests/common/twin.h"

#define HOLE(what)                                                                                 \
  "profile hole;\ntitle \"t\";\nstory \"s\";\nsource \"x\";\nmodes 2;\nmmu bounds;\nio ports;\n"   \
  "outside " what ";\n"

static void open_hole(struct twin *t, const char *text, const struct program *p, unsigned depth)
{
  twin_open(t, &(struct twin_config){.text = text, .depth = depth});
  load_program(t->vm, p);
}

/* Runs p in a VM of a profile with that hole: must stop the VM, and the reason
 * must contain `sentence`. */
static void loses(const char *text, const struct program *p, const char *sentence, unsigned depth)
{
  struct twin t;
  const char *first = NULL;
  open_hole(&t, text, p, depth);
  struct machine_stop stop = machine_advance(t.vm, 5000);
  assert_int_equal(stop.why, MACHINE_LOST_CONTROL);
  if (!strstr(stop.reason, sentence)) {
    fail_msg("\"%s\" does not say \"%s\"", stop.reason, sentence);
  }
  for (unsigned i = 0; i < depth; i++) {
    assert_true(vmm_violations(t.vmm[i], &first) > 0);
    assert_non_null(strstr(first, sentence));
  }
  assert_int_equal(machine_run(t.vm, 6000).why, MACHINE_LOST_CONTROL); /* for good */
  twin_close(&t);
}

static struct program begin(void)
{
  return (struct program){.origin = ISA_RESET_PC};
}

static void loop(struct program *p)
{
  put(p, ISA_JAL, REG_ZERO, 0, 0, 0);
}

static void interrupts_off(void **state)
{
  (void)state;
  struct program p = begin();
  put(&p, ISA_CLI, 0, 0, 0, 0);
  loop(&p);
  loses(HOLE("cli = full"), &p, "did not come back from the guest: it turned the real PSW.IE off",
        1);
}

/* The loss is the innermost VMM's, but it is the outermost that has the real
 * machine: everybody is told. */
static void interrupts_off_stacked(void **state)
{
  (void)state;
  struct program p = begin();
  put(&p, ISA_CLI, 0, 0, 0, 0);
  loop(&p);
  loses(HOLE("cli = full"), &p, "it turned the real PSW.IE off", 3);
}

/* A trap comes before the timer: the loss shows in the PSW. */
static void interrupts_off_then_trap(void **state)
{
  (void)state;
  struct program p = begin();
  put(&p, ISA_CLI, 0, 0, 0, 0);
  put(&p, ISA_SYS, 0, 0, 0, 0);
  loses(HOLE("cli = full"), &p, "the real machine's PSW.IE from 1 to 0", 1);
}

static void level_raised(void **state)
{
  (void)state;
  struct program p = begin();
  put(&p, ISA_SPL, 0, 0, 0, 5);
  loop(&p);
  loses(HOLE("spl = full"), &p, "it masked the timer in the real IMASK", 1);
}

static void timer_stopped(void **state)
{
  (void)state;
  struct program p = begin();
  put_cr(&p, ISA_MTCR, CR_TIMER, REG_ZERO);
  loop(&p);
  loses(HOLE("mtcr = full"), &p, "it changed the real TIMER", 1);
}

static void timer_stretched(void **state)
{
  (void)state;
  struct program p = begin();
  put_li(&p, REG_T0, 100000000);
  put_cr(&p, ISA_MTCR, CR_TIMER, REG_T0);
  put(&p, ISA_BRK, 0, 0, 0, 0);
  loses(HOLE("mtcr = full"), &p, "the real machine's TIMER", 1);
}

static void bound_moved(void **state)
{
  (void)state;
  struct program p = begin();
  put_li(&p, REG_T0, 0x40000);
  put_cr(&p, ISA_MTCR, CR_BOUND, REG_T0);
  put(&p, ISA_BRK, 0, 0, 0, 0);
  loses(HOLE("mtcr = full"), &p, "the real machine's BOUND", 1);
}

static void vectors_moved(void **state)
{
  (void)state;
  struct program p = begin();
  put_li(&p, REG_T0, 0x40000);
  put_cr(&p, ISA_MTCR, CR_VBR, REG_T0);
  loop(&p);
  loses(HOLE("mtcr = full"), &p, "the real machine's VBR from 0x00000000 to 0x00040000", 1);
}

static void privilege_taken(void **state)
{
  (void)state;
  struct program p = begin();
  put_li(&p, REG_T0, psw_set_te(psw_set_ie(0, 1), 1));
  put_li(&p, REG_T1, here(&p) + 16);
  put(&p, ISA_SW, REG_T0, REG_ZERO, 0, 0x100);
  put(&p, ISA_SW, REG_T1, REG_ZERO, 0, 0x104);
  put(&p, ISA_LPSW, 0, REG_ZERO, 0, 0x100);
  loop(&p);
  loses(HOLE("lpsw = full"), &p, "the real machine's PSW.mode from 1 to 0", 1);
}

static void machine_halted(void **state)
{
  (void)state;
  struct program p = begin();
  put(&p, ISA_HALT, 0, 0, 0, 0);
  loses(HOLE("halt = full"), &p, "the guest stopped the real machine", 1);
}

/* The guest gives the processor up by a wfi that does not trap. The timer brings
 * it back: nothing is lost but equivalence. */
static void wait_is_no_loss(void **state)
{
  (void)state;
  struct program p = begin();
  put(&p, ISA_WFI, 0, 0, 0, 0);
  loop(&p);
  struct twin t;
  open_hole(&t, HOLE("wfi = full"), &p, 1);
  assert_int_equal(machine_advance(t.vm, 5000).why, MACHINE_LIMIT);
  assert_int_equal(vmm_violations(t.vmm[0], NULL), 0);
  twin_close(&t);
}

/* On a profile without holes the same programs lose nothing. */
static void no_hole_no_loss(void **state)
{
  (void)state;
  struct program p = begin();
  put(&p, ISA_CLI, 0, 0, 0, 0);
  put(&p, ISA_SPL, 0, 0, 0, 5);
  put_set_cr(&p, CR_TIMER, 3, REG_T0);
  put_set_cr(&p, CR_BASE, 0, REG_T0);
  put_set_cr(&p, CR_BOUND, UINT32_MAX, REG_T0);
  put_set_cr(&p, CR_VBR, 0x40000, REG_T0);
  put_set_cr(&p, CR_PSW, psw_set_te(0, 1), REG_T0);
  loop(&p);
  struct twin t;
  const char *first = "";
  twin_open(&t, &(struct twin_config){.depth = 2});
  load_program(t.vm, &p);
  load_program(t.bare, &p);
  assert_true(twin_run(&t, 5000, 100));
  assert_int_equal(vmm_violations(t.vmm[0], &first), 0);
  assert_null(first);
  twin_close(&t);
}

static struct machine *neighbour(struct twin *t, uint32_t storage, const char **reason)
{
  return vmm_create_vm(t->vmm[0], &(struct vmm_vm_config){.name = "second", .storage = storage},
                       reason);
}

/* "The VM is stopped with its first reason and the others run on." */
static void others_run_on(void **state)
{
  (void)state;
  static const struct {
    enum isa_insn insn;
    const char *text;
  } holes[] = {{ISA_CLI, HOLE("cli = full")},
               {ISA_HALT, HOLE("halt = full")},
               {ISA_SPL, HOLE("spl = full")}};
  for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++) {
    struct program p = begin();
    put(&p, holes[i].insn, 0, 0, 0, holes[i].insn == ISA_SPL ? 9 : 0);
    loop(&p);
    struct twin t;
    open_hole(&t, holes[i].text, &p, 1);
    struct machine *second = neighbour(&t, MACHINE_MIN_STORAGE, NULL);
    assert_non_null(second);
    struct program q = begin();
    put(&q, ISA_ADDI, REG_A0, REG_A0, 0, 1);
    put(&q, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
    load_program(second, &q);
    assert_int_equal(machine_advance(second, 100).why, MACHINE_LIMIT);
    assert_int_equal(machine_advance(t.vm, 100).why, MACHINE_LOST_CONTROL);
    assert_int_equal(machine_advance(second, 1000).why, MACHINE_LIMIT);
    assert_int_equal(machine_get_reg(second, REG_A0), 500);
    assert_int_equal(machine_tick(second), 1000);
    machine_destroy(second);
    twin_close(&t);
  }
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(interrupts_off),
      cmocka_unit_test(interrupts_off_stacked),
      cmocka_unit_test(interrupts_off_then_trap),
      cmocka_unit_test(level_raised),
      cmocka_unit_test(timer_stopped),
      cmocka_unit_test(timer_stretched),
      cmocka_unit_test(bound_moved),
      cmocka_unit_test(vectors_moved),
      cmocka_unit_test(privilege_taken),
      cmocka_unit_test(machine_halted),
      cmocka_unit_test(wait_is_no_loss),
      cmocka_unit_test(no_hole_no_loss),
      cmocka_unit_test(others_run_on),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("control", tests, NULL, NULL) != 0;
}
