/* The edges of what directives, conditions, macros and operands take: what is said
 * of each wrong one, and where, and that the right ones beside them are taken. And
 * the options: colour, the cap on messages, defined names, include folders. */
#include "run.h"

#include <stdlib.h>
#include <string.h>

struct edge {
  const char *text, *message; /* message: "line:column: error: …"; NULL ends a table */
};

static bool refused(const struct edge *e)
{
  const struct test_file files[] = {{"t.s", e->text, 0}, {"six", "abcdef", 6}, {NULL, NULL, 0}};
  char expected[256];
  struct run r = run_files(files, RUN_ELF);
  snprintf(expected, sizeof expected, "t.s:%s", e->message);
  bool ok = r.status == ASM_ERRORS && strncmp(r.errors, expected, strlen(expected)) == 0;
  run_free(&r);
  return ok;
}

static void check(const struct edge *edges)
{
  unsigned wrong = 0;
  for (const struct edge *e = edges; e->text; e++) {
    if (refused(e))
      continue;
    wrong++;
    struct run r = run_text(e->text, RUN_ELF);
    print_error("%s\n  expected t.s:%s\n  got status %d, %s\n", e->text, e->message, r.status,
                r.errors);
    run_free(&r);
  }
  assert_int_equal(wrong, 0);
}

static void test_conditions(void **state)
{
  (void)state;
  static const struct edge edges[] = {
      {".ifdef 1\n.endif", "1:8: error: expected the name of a symbol"},
      {".ifdef a b\n.endif", "1:10: error: expected the end of the line"},
      {".if \"x\"\n.endif", "1:1: error: .if takes one expression"},
      {".if 1, 2\n.endif", "1:1: error: .if takes one expression"},
      {".if 1/0\n.endif", "1:5: error: division by zero"},
      {".if 0\n.elseif \"x\"\n.endif", "2:1: error: .elseif takes one expression"},
      {".if 1\n.else 3\n.endif", "2:7: error: expected the end of the line"},
      {".endif 1", "1:1: error: .endif without .if"},
      {NULL, NULL},
  };
  check(edges);
}

static void test_data(void **state)
{
  (void)state;
  static const struct edge edges[] = {
      {".byte \"x\"", "1:7: error: .byte expects a number here; text is for .ascii and .asciz"},
      {".byte a0", "1:7: error: .byte expects a number here"},
      {".ascii 1", "1:8: error: .ascii expects a string here"},
      {".space a0", "1:8: error: .space expects a number here"},
      {".space 4, 256", "1:11: error: the fill byte is 256: it must lie in -128 to 255"},
      {".bss\n.space 4, 1", "2:11: error: .bss holds no contents, only room"},
      {".align 4, 256", "1:11: error: the fill byte is 256: it must lie in -128 to 255"},
      {".align a0", "1:8: error: .align expects a number here"},
      {".fill \"x\"", "1:7: error: .fill expects a number here; text is for .ascii and .asciz"},
      {".fill 1, 5", "1:10: error: the size of one is 5: it must lie in 1 to 4"},
      {".fill 1, 3", "1:10: error: the size of one must be 1, 2 or 4"},
      {".fill 1, 4, \"x\"", "1:13: error: .fill expects a number here"},
      {".fill 1, 1, 256", "1:13: error: 256 does not fit 8 bits"},
      {".fill 1, 1, -129", "1:13: error: -129 does not fit 8 bits"},
      {".bss\n.fill 1, 1, 1", "2:1: error: .bss holds no contents, only room"},
      {".bss\n.asciz \"a\"", "2:8: error: .bss holds no contents, only room: use .space, or .data"},
      {".bss\n.word 1", "2:7: error: .bss holds no contents, only room: use .space, or .data"},
      {".bss\nnop", "2:1: error: .bss holds no contents, only room: use .space, or .data"},
      {".space 0x3ffff00\n.data\n.space 0x101",
       "3:1: error: .text and .data together would be bigger than"},
      {".word 1 << 64", "1:12: error: the shift count is 64: it must lie in 0 to 63"},
      {".word 1 >> -1", "1:12: error: the shift count is -1: it must lie in 0 to 63"},
      {".word %hi(-0x80000001)", "1:11: error: -2147483649 (0xffffffff7fffffff) does not fit"},
      {NULL, NULL},
  };
  check(edges);
}

static void test_names(void **state)
{
  (void)state;
  static const struct edge edges[] = {
      {".global 1", "1:9: error: .global expects the name of a symbol here"},
      {".global a0", "1:9: error: .global expects the name of a symbol here, and this is a reg"},
      {".global .", "1:9: error: .global expects the name of a symbol here"},
      {"1: .global 1b", "1:12: error: .global expects the name of a symbol here"},
      {".section nowhere", "1:10: error: the sections are .text, .data and .bss"},
      {".section 1", "1:10: error: .section expects the name of a symbol here"},
      {".equ a0, 1", "1:6: error: .equ expects the name of a symbol here, and this is a regis"},
      {".equ a, \"x\"", "1:9: error: .equ expects a number here"},
      {".equ a, a + 1", "1:6: error: 'a' is defined in terms of itself"},
      {"x: .equ x, 4", "1:9: error: 'x' is already defined"},
      {".set x, 1\nx:", "2:1: error: 'x' is already defined"},
      {NULL, NULL},
  };
  check(edges);
}

static void test_files_and_messages(void **state)
{
  (void)state;
  static const struct edge edges[] = {
      {".include \"\"", "1:10: error: this is not the name of a file"},
      {".include \"a\\0b\"", "1:10: error: this is not the name of a file"},
      {".include 5", "1:10: error: .include expects a string here"},
      {".incbin \"\"", "1:9: error: this is not the name of a file"},
      {".incbin 1", "1:9: error: .incbin expects a string here"},
      {".incbin \"none\"", "1:9: error: cannot read 'none': no such file in the test"},
      {".incbin \"six\", 7",
       "1:16: error: the number of bytes to skip is 7: it must lie in 0 to 6"},
      {".incbin \"six\", 2, 5", "1:19: error: the number of bytes is 5: it must lie in 0 to 4"},
      {".incbin \"six\", \"x\"", "1:16: error: .incbin expects a number here"},
      {".incbin \"six\", 0, a0", "1:19: error: .incbin expects a number here"},
      {".error a0", "1:8: error: .error expects a string here"},
      {".error", "1:1: error: .error\n"},
      {".error \"\"", "1:1: error: .error\n"},
      {".error \"a\\nb\"", "1:1: error: a\nb\n"},
      {".warning 1", "1:10: error: .warning expects a string here"},
      {".assert a0", "1:9: error: .assert expects a number here"},
      {".assert 1, 2", "1:12: error: .assert expects a string here"},
      {".assert 0", "1:9: error: the assertion does not hold"},
      {".assert 1 > 2, \"so\"", "1:9: error: so\n"},
      {".assert x", "1:9: error: 'x' is not defined"},
      {".exitm", "1:1: error: .exitm outside a macro"},
      {".rept 1\n.exitm\n.endr", "2:1: error: .exitm outside a macro"},
      {NULL, NULL},
  };
  check(edges);
}

static void test_macros(void **state)
{
  (void)state;
  static const struct edge edges[] = {
      {".rept \"x\"\n.endr", "1:1: error: .rept takes one expression, the number of repetitions"},
      {".rept 1, 2\n.endr", "1:1: error: .rept takes one expression, the number of repetitions"},
      {".macro m a:foo\n.endm", "1:12: error: expected 'req' or 'vararg'"},
      {".macro m a:vararg b\n.endm", "1:19: error: a vararg parameter must be the last"},
      {".macro m a +\n.endm", "1:12: error: expected ',', '=' or the end of the line"},
      {".macro m 1\n.endm", "1:10: error: expected the name of a parameter"},
      {".macro 1\n.endm", "1:8: error: expected the name of the macro"},
      {".macro m a, b\n.word \\a\n.endm\nm 1, a=2", "4:1: error: macro 'm' needs the argument 'b'"},
      {NULL, NULL},
  };
  check(edges);
}

static void test_operands(void **state)
{
  (void)state;
  static const struct edge edges[] = {
      {"add a0, a1, (a2)", "1:13: error: add expects a register here\n"},
      {"sub a0, a1, 3", "1:13: error: sub expects a register here\n"},
      {"sub a0, a1, a22", "1:13: error: sub expects a register here; did you mean 'a2'?"},
      {"sub a0, a1, zz + 1", "1:13: error: sub expects a register here\n"},
      {"x = 1\nsub a0, a1, x", "2:13: error: sub expects a register here\n"},
      {"addi a0, a1, \"x\"", "1:14: error: addi expects a constant here\n"},
      {"addi a0, a1, (a2)", "1:14: error: addi expects a constant here\n"},
      {"addi a0, a1, a2", "1:14: error: addi expects a constant here; did you mean 'add'?"},
      {"beq a0, a1, a2", "1:13: error: beq expects a target here\n"},
      {"lw a0, a1", "1:8: error: lw expects offset(register) here, as in 0(a1)"},
      {"lw a0, \"x\"", "1:8: error: lw expects offset(register) here\n"},
      {"li a0, \"x\"", "1:8: error: li expects a constant here"},
      {"li a0, -0x80000001", "1:8: error: -2147483649 (0xffffffff7fffffff) does not fit 32 bits"},
      {"li a0, x\n.equ x, 1/0", "2:9: error: division by zero"},
      {"spl", "1:1: error: spl takes 1 operand, not 0: spl constant"},
      {"mfcr a0, 99", "1:10: error: the number of the control register is 99: it must lie in 0"},
      {"mfcr a0, a0", "1:10: error: mfcr expects a control register here"},
      {"mfcr a0, ecp", "1:10: error: there is no control register 'ecp'; did you mean 'epc'?"},
      {NULL, NULL},
  };
  check(edges);
}

/* Where .data will lie is not known before the end: differences within it are. */
static void test_unplaced(void **state)
{
  (void)state;
  static const char *const unknown[] = {"-a",    "~a",  "a + a",      "a * 2",  "1 - a", "a && 1",
                                        "a",     "a|1", "a ? 1 : 2",  "%hi(a)", "a - c", "a == c",
                                        "a + c", "!a",  "a < a || c", "1 && a"};
  static const char *const known[] = {"a - b == -4", "a < b",  "b > a",  "a <= b",
                                      "b >= a",      "a == a", "a != b", "a - a == 0"};
  char text[128];
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    snprintf(text, sizeof text, ".data\na: .word 1\nb: .bss\nc:\n.if %s\n.endif", unknown[i]);
    run_fails(text, "the condition must be known here, but it depends on where a section will lie");
    snprintf(text, sizeof text, ".data\na: .word 1\nb: .bss\nc:\n.text\n.assert (%s) != 12345",
             unknown[i]);
    struct run r = run_text(text, RUN_ELF);
    if (r.status != ASM_OK)
      fail_msg("%s: %s", unknown[i], r.errors);
    run_free(&r);
  }
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    snprintf(text, sizeof text, ".data\na: .word 1\nb:\n.if !(%s)\n.error\n.endif", known[i]);
    struct run r = run_text(text, RUN_ELF);
    if (r.status != ASM_OK)
      fail_msg("%s: %s", known[i], r.errors);
    run_free(&r);
  }
}

/* The place is that of the .org which made them overlap. */
static void test_overlaps(void **state)
{
  (void)state;
  static const struct edge edges[] = {
      {"nop\n.data\n.org 0x1000\n.word 1",
       "3:1: error: .text (0x1000 to 0x1004) and .data (0x1000 to 0x1004) overlap"},
      {"nop\n.data\n.org 0x800\n.word 1\n.bss\n.space 0x2000",
       "3:1: error: .text (0x1000 to 0x1004) and .bss (0x804 to 0x2804) overlap"},
      {".org 0x3ffffff0\nnop\n.data\n.word 1",
       "1:1: error: .data would end at 0x40000004, beyond 1 GiB\n"},
      {".bss\n.space 0x3fffffff", "2:1: error: .bss would end at 0x4000"},
      {NULL, NULL},
  };
  check(edges);
}

static void test_taken(void **state)
{
  (void)state;
  static const struct test_file files[] = {
      {"t.s",
       ".section .text\n.incbin \"six\", 2\n.incbin \"six\", 0, 2\n.incbin \"six\", 6\n"
       ".fill 1, 2, -0x8000\n.space 0\n.ascii \"\"\n.align 4\n"
       ".macro m r:vararg\n.word \\r\n.endm\nm 1, 2\n"
       ".macro early\n.word 3\n.rept 2\n.exitm\n.endr\n.word 4\n.endm\nearly\n"
       ".section .bss\n.fill 4, 1\n.space 4, 0\n",
       0},
      {"six", "abcdef", 6},
      {NULL, NULL, 0}};
  struct run r = run_files(files, RUN_RAW);
  assert_string_equal(r.errors, "");
  assert_int_equal(r.status, ASM_OK);
  assert_int_equal(r.out.len, 20);
  assert_memory_equal(r.out.bytes, "cdefab\0\x80\1\0\0\0\2\0\0\0\3\0\0\0", 20);
  run_free(&r);
}

/* --------------------------------------------------------------------- options */

static char *errors_with(struct asm_options o, const struct test_file *files,
                         enum asm_status expected)
{
  char *errors;
  size_t size;
  struct asm_output out;
  o.reader = run_reader(files);
  o.errors = open_memstream(&errors, &size);
  assert_non_null(o.errors);
  enum asm_status status = asm_assemble_raw(files[0].name, &o, &out);
  fclose(o.errors);
  free(out.bytes);
  if (status != expected)
    fail_msg("status %d: %s", status, errors);
  return errors;
}

static unsigned count(const char *text, const char *what)
{
  unsigned n = 0;
  while ((text = strstr(text, what)) != NULL)
    text++, n++;
  return n;
}

static void test_colour_and_cap(void **state)
{
  (void)state;
  const struct test_file files[] = {{"t.s", "foo\nbar\nbaz\nqux\nfum\n", 0}, {NULL, NULL, 0}};
  char *plain = errors_with((struct asm_options){0}, files, ASM_ERRORS);
  char *colour = errors_with((struct asm_options){.color = true}, files, ASM_ERRORS);
  char *few = errors_with((struct asm_options){.max_errors = 3}, files, ASM_ERRORS);
  assert_int_equal(count(plain, "no instruction"), 5);
  assert_int_equal(count(plain, "\033["), 0);
  assert_int_equal(count(colour, "no instruction"), 5);
  assert_true(count(colour, "\033[") >= 5);
  assert_int_equal(count(few, "no instruction"), 3);
  free(plain);
  free(colour);
  free(few);
}

static void test_defines(void **state)
{
  (void)state;
  const struct test_file files[] = {{"t.s", ".if a_.$1 != 7\n.error\n.endif\n", 0},
                                    {NULL, NULL, 0}};
  static const char *const wrong[] = {"", "1a", ".", "a0", "a b", "a-b", "é"};
  struct asm_define d[2] = {{"a_.$1", 7}, {NULL, 1}};
  free(errors_with((struct asm_options){.defines = d, .define_count = 1}, files, ASM_OK));
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    d[1].name = wrong[i];
    char *errors =
        errors_with((struct asm_options){.defines = d, .define_count = 2}, files, ASM_ERRORS);
    assert_non_null(strstr(errors, "cannot be defined: it is not the name of a symbol"));
    free(errors);
  }
  d[1].name = d[0].name;
  free(errors_with((struct asm_options){.defines = d, .define_count = 2}, files, ASM_ERRORS));
}

static void test_include_folders(void **state)
{
  (void)state;
  static const char *const folders[] = {"one", "two/", "", NULL};
  struct asm_options o = {.include_dirs = folders};
  const struct test_file files[] = {{"src/t.s", ".include \"here.s\"\n.include \"there.s\"\n", 0},
                                    {"one/here.s", ".error", 0},
                                    {"src/here.s", "nop", 0},
                                    {"two/there.s", "nop", 0},
                                    {NULL, NULL, 0}};
  free(errors_with(o, files, ASM_OK)); /* the includer's own folder first */
  const struct test_file rooted[] = {
      {"src/t.s", ".include \"/there.s\"\n", 0}, {"two/there.s", "nop", 0}, {NULL, NULL, 0}};
  char *errors = errors_with(o, rooted, ASM_ERRORS);
  assert_non_null(strstr(errors, "cannot read '/there.s'"));
  free(errors);
  const struct test_file none[] = {{"src/t.s", ".include \"there.s\"\n", 0}, {NULL, NULL, 0}};
  errors = errors_with(o, none, ASM_ERRORS);
  assert_non_null(strstr(errors, "cannot read 'src/there.s'"));
  free(errors);
}

static void test_comparison_can_fail(void **state)
{
  (void)state;
  assert_false(refused(&(struct edge){".word 1", "1:1: error"}));
  assert_false(refused(&(struct edge){"\n.word", "1:1: error"}));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conditions),
      cmocka_unit_test(test_data),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_files_and_messages),
      cmocka_unit_test(test_macros),
      cmocka_unit_test(test_operands),
      cmocka_unit_test(test_unplaced),
      cmocka_unit_test(test_overlaps),
      cmocka_unit_test(test_taken),
      cmocka_unit_test(test_colour_and_cap),
      cmocka_unit_test(test_defines),
      cmocka_unit_test(test_include_folders),
      cmocka_unit_test(test_comparison_can_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
