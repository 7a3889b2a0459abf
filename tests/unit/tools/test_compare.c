/* The verdict of trapeze compare: when a run contradicts the theory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/command.h"
#include "tools/compare/compare.h"

static enum compare_verdict judge(enum vmm_technique technique, bool first, bool third,
                                  enum compare_run run, enum isa_insn parts_at)
{
  struct compare_row row = {0};
  struct compare_cell cell = {
      .technique = technique, .run = run, .has_insn = run == COMPARE_PARTS, .insn = parts_at};
  row.theory[CLASSIFY_THEOREM_1].holds = first;
  row.theory[CLASSIFY_THEOREM_3].holds = third;
  row.theory[CLASSIFY_THEOREM_1].offends[ISA_POPF] = !first;
  row.theory[CLASSIFY_THEOREM_1].offends[ISA_RDPSW] = !first;
  row.theory[CLASSIFY_THEOREM_3].offends[ISA_RDPSW] = !third;
  return compare_judge(&row, &cell);
}

static void a_promise_that_is_kept(void **state)
{
  (void)state;
  const enum isa_insn none = ISA_ADD;
  assert_int_equal(judge(VMM_TECHNIQUE_TRAP_AND_EMULATE, true, true, COMPARE_EQUAL, none),
                   COMPARE_AGREES);
  assert_int_equal(judge(VMM_TECHNIQUE_HYBRID, false, true, COMPARE_EQUAL, none), COMPARE_AGREES);
  assert_int_equal(judge(VMM_TECHNIQUE_INTERPRET, false, false, COMPARE_EQUAL, none),
                   COMPARE_AGREES);
}

static void a_promise_that_is_broken(void **state)
{
  (void)state;
  assert_int_equal(judge(VMM_TECHNIQUE_TRAP_AND_EMULATE, true, true, COMPARE_PARTS, ISA_POPF),
                   COMPARE_CONTRADICTS);
  assert_int_equal(judge(VMM_TECHNIQUE_HYBRID, false, true, COMPARE_PARTS, ISA_RDPSW),
                   COMPARE_CONTRADICTS);
  assert_int_equal(judge(VMM_TECHNIQUE_INTERPRET, false, false, COMPARE_PARTS, ISA_POPF),
                   COMPARE_CONTRADICTS);
}

/* Nothing was promised: it may part, but at an offender of its own theorem. */
static void no_promise(void **state)
{
  (void)state;
  assert_int_equal(judge(VMM_TECHNIQUE_TRAP_AND_EMULATE, false, true, COMPARE_PARTS, ISA_POPF),
                   COMPARE_AGREES);
  assert_int_equal(judge(VMM_TECHNIQUE_TRAP_AND_EMULATE, false, true, COMPARE_PARTS, ISA_CLI),
                   COMPARE_CONTRADICTS);
  assert_int_equal(judge(VMM_TECHNIQUE_HYBRID, false, false, COMPARE_PARTS, ISA_RDPSW),
                   COMPARE_AGREES);
  assert_int_equal(judge(VMM_TECHNIQUE_HYBRID, false, false, COMPARE_PARTS, ISA_POPF),
                   COMPARE_CONTRADICTS);
  assert_int_equal(judge(VMM_TECHNIQUE_HYBRID, false, false, COMPARE_EQUAL, ISA_ADD),
                   COMPARE_NOT_EXERCISED);
}

/* Paravirt rests on its own code: whatever the theorems, no offender in it, no other output. */
static void paravirt(void **state)
{
  (void)state;
  static const struct {
    bool clean;
    enum compare_run run;
    enum compare_verdict verdict;
  } cases[] = {
      {true, COMPARE_EQUAL, COMPARE_AGREES},         {true, COMPARE_DIFFERS, COMPARE_CONTRADICTS},
      {false, COMPARE_EQUAL, COMPARE_NOT_EXERCISED}, {false, COMPARE_DIFFERS, COMPARE_AGREES},
      {true, COMPARE_UNENDED, COMPARE_UNPREDICTED},  {true, COMPARE_NO_BUILD, COMPARE_UNPREDICTED},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct compare_row row = {.code = {.holds = cases[i].clean}};
    struct compare_cell cell = {.technique = VMM_TECHNIQUE_PARAVIRT, .run = cases[i].run};
    assert_int_equal(compare_judge(&row, &cell), cases[i].verdict);
    cell.out_of_control = true;
    if (cases[i].clean && cases[i].run == COMPARE_EQUAL)
      assert_int_equal(compare_judge(&row, &cell), COMPARE_CONTRADICTS);
  }
}

static void control_that_is_lost(void **state)
{
  (void)state;
  struct compare_row row = {0};
  struct compare_cell cell = {.technique = VMM_TECHNIQUE_INTERPRET, .out_of_control = true};
  assert_int_equal(compare_judge(&row, &cell), COMPARE_CONTRADICTS);
}

static void the_exit_status(void **state)
{
  (void)state;
  struct compare_row rows[2] = {0};
  struct compare_matrix m = {.row = rows, .rows = 2, .techniques = 2};
  rows[1].cell[0].verdict = COMPARE_NOT_EXERCISED;
  assert_int_equal(compare_status(&m), STATUS_DONE);
  rows[1].cell[1].verdict = COMPARE_CONTRADICTS;
  assert_int_equal(compare_status(&m), STATUS_NO);
}

static void brief_numbers(void **state)
{
  (void)state;
  static const struct {
    uint64_t n;
    const char *text;
  } cases[] = {{0, "0"},
               {999, "999"},
               {1000, "1.00k"},
               {27240, "27.2k"},
               {999999, "999k"},
               {6265400, "6.26M"},
               {188014140, "188M"},
               {1000000000, "1.00G"},
               {UINT64_MAX, "18.4E"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char buf[COMPARE_BRIEF_SIZE];
    assert_string_equal(compare_brief(buf, cases[i].n), cases[i].text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_promise_that_is_kept),
      cmocka_unit_test(a_promise_that_is_broken),
      cmocka_unit_test(no_promise),
      cmocka_unit_test(paravirt),
      cmocka_unit_test(control_that_is_lost),
      cmocka_unit_test(the_exit_status),
      cmocka_unit_test(brief_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
