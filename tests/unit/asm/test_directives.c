/* Directives, macros and pseudo-instructions: each text against the same program
 * written plainly, as .word and real instructions. */
#include "run.h"

#include <stdlib.h>
#include <string.h>

struct pair {
  const char *text, *plain; /* NULL ends a table */
};

static bool same(const char *text, const char *plain)
{
  size_t count, plain_count;
  uint32_t *words = run_words(text, &count), *expected = run_words(plain, &plain_count);
  bool equal = count == plain_count && memcmp(words, expected, 4 * count) == 0;
  free(words);
  free(expected);
  return equal;
}

static void check(const struct pair *pairs)
{
  for (; pairs->text; pairs++)
    if (!same(pairs->text, pairs->plain))
      fail_msg("this:\n%s\nis not the same as this:\n%s", pairs->text, pairs->plain);
}

static void test_parts(void **state)
{
  (void)state;
  static const struct pair pairs[] = {
      {".word %hi(0x12345fff), %lo(0x12345fff)", ".word 0x12345, 0xfff"},
      {".word %hi(-1), %lo(-1)", ".word 0xfffff, 0xfff"},
      {"la a0, x\n.equ x, 0xfffff800", "lui a0, 0xfffff\naddi a0, a0, 0x800"},
      {NULL, NULL},
  };
  check(pairs);
}

static void test_set(void **state)
{
  (void)state;
  static const struct pair pairs[] = {
      {".set x, 1\n.word x\n.set x, x + 1\n.word x", ".word 1, 2"},
      {".set x, 1\n.word x + y\n.set x, 10\n.equ y, 5", ".word 6"}, /* y is known later */
      {NULL, NULL},
  };
  check(pairs);
}

/* Labels in a section that has no place yet: their differences are known at once,
 * they themselves later. */
static void test_unplaced(void **state)
{
  (void)state;
  static const struct pair pairs[] = {
      {"nop\n.data\na: .word 1, 2, 3\nb:\n.if b - a == 12\n.word 4\n.endif\n",
       "nop\n.data\n.word 1, 2, 3, 4"},
      {"nop\n.data\n.word 1\nx: .word x, y\n.equ y, x + 4", "nop\n.data\n.word 1, 0x2004, 0x2008"},
      {NULL, NULL},
  };
  check(pairs);
  run_fails(".data\na: .space b - a + 4\nb: .word b - a\n", "must be known here");
}

static void test_ranges(void **state)
{
  (void)state;
  static const struct pair pairs[] = {
      {".byte 255, -128, -1, 127", ".word 0x7fff80ff"},
      {".half 0xffff, -0x8000", ".word 0x8000ffff"},
      {".word 0xffffffff, -0x80000000", ".word -1, 0x80000000"},
      {"addi a0, a0, 0xffffffff", "addi a0, a0, -1"},
      {NULL, NULL},
  };
  check(pairs);
  run_fails(".byte 256", "256 does not fit 8 bits");
  run_fails(".byte -129", "-129 does not fit 8 bits");
  run_fails(".byte x\n.equ x, 256", "256 does not fit 8 bits");
  run_fails(".half 65536", "65536 does not fit 16 bits");
  run_fails(".word 0x100000000", "does not fit 32 bits");
  run_fails("addi a0, a0, 32768", "32768 is out of range");
  run_fails("lui a0, 0x100000", "1048576 is out of range");
  run_fails("beq a0, a0, . + 131072", "the target is 131072 bytes away");
  run_fails("beq a0, a0, . + 2", "multiple of 4");
}

static void test_alignment(void **state)
{
  (void)state;
  static const struct pair pairs[] = {
      {".org 0x1004\nnop\n.align 16\n.word 1", ".org 0x1004\nnop\n.word 0, 0, 1"},
      {".byte 1\n.align 4, 0xff\n.p2align 3\n.word 2", ".word 0xffffff01, 0, 2"},
      /* .bss lies right after .data, but where its own alignment says. */
      {".word b\n.data\n.word 0\n.bss\n.align 64\nb: .space 4", ".word 0x2040\n.data\n.word 0"},
      {NULL, NULL},
  };
  check(pairs);
  run_fails(".align 3", "must be a power of two");
}

static void test_org(void **state)
{
  (void)state;
  static const struct pair pairs[] = {
      {"nop\n.org 0x100c\nx: .word x", "nop\n.word 0, 0, 0x100c"},
      {"nop\n.org 0x1004\n.word 1", "nop\n.word 1"},
      {".org 0x4000\nx: .word x", ".word 0x4000"},
      {NULL, NULL},
  };
  check(pairs);
  run_fails("nop\nnop\n.org 0x1004\n.word 1", ".org cannot go back");
  run_fails("nop\nnop\n.data\n.org 0x1004\n.word 1", "overlap");
}

static void test_contents(void **state)
{
  (void)state;
  static const struct pair pairs[] = {
      {".fill 2, 4, 0x01020304", ".word 0x01020304, 0x01020304"},
      {".fill 2, 2, 0x0102", ".word 0x01020102"},
      {".fill 4, 1, -1\n.fill 4", ".word 0xffffffff, 0"},
      {".asciz \"abc\"\n.ascii \"defg\"", ".word 0x00636261, 0x67666564"},
      {".asciz \"abc\", \"abc\"", ".word 0x00636261, 0x00636261"},
      {".space 4, 0x11\n.zero 4\n.skip 4", ".word 0x11111111, 0, 0"},
      {NULL, NULL},
  };
  check(pairs);
}

static void test_macros(void **state)
{
  (void)state;
  static const struct pair pairs[] = {
      {".macro m a, b=7\n.word \\a, \\b\n.endm\nm 1\nm 1, 2\nm b=3, a=4", ".word 1, 7, 1, 2, 4, 3"},
      {".macro m\nat\\@: .word at\\@\n.endm\nm\nm", ".word 0x1000, 0x1004"},
      {".rept 2\n.rept 2\n.word 1\n.endr\n.word 2\n.endr", ".word 1, 1, 2, 1, 1, 2"},
      {".macro m n\n.if \\n\n.word \\n\nm \\n - 1\n.endif\n.endm\nm 3", ".word 3, 2, 1"},
      {".macro m a\n.word \\a\n.endm\n.macro n\nm 1\n.endm\nn\nn", ".word 1, 1"},
      /* A comma in parentheses is the argument's own. */
      {".macro keep text\n.endm\nkeep (1, 2)\n.word 1", ".word 1"},
      {NULL, NULL},
  };
  check(pairs);
  run_fails(".macro m a\n.word \\a\n.endm\nm", "needs the argument 'a'");
  run_fails(".macro m a\n.word \\a\n.endm\nm 1, 2", "takes at most 1 argument");
}

static void test_pseudo(void **state)
{
  (void)state;
  static const struct pair pairs[] = {
      {"li a0, -32768\nli a0, 32767", "addi a0, zero, -32768\naddi a0, zero, 32767"},
      {"li a0, 0x8000", "lui a0, 8"},
      {"li a0, 0x8001", "lui a0, 8\naddi a0, a0, 1"},
      {"li a0, 0xffff8000", "addi a0, zero, -32768"},
      {"bgt a0, a1, .\nble a0, a1, .", "blt a1, a0, .\nbge a1, a0, ."},
      {"bgtu a0, a1, .\nbleu a0, a1, .", "bltu a1, a0, .\nbgeu a1, a0, ."},
      {"bgtz a0, .\nblez a0, .", "blt zero, a0, .\nbge zero, a0, ."},
      {"push ra, s0", "addi sp, sp, -8\nsw ra, 0(sp)\nsw s0, 4(sp)"},
      {"pop ra, s0", "lw ra, 0(sp)\nlw s0, 4(sp)\naddi sp, sp, 8"},
      {"seqz a0, a1\nsnez a0, a1", "sltiu a0, a1, 1\nsltu a0, zero, a1"},
      {NULL, NULL},
  };
  check(pairs);
}

static void test_comparison_can_fail(void **state)
{
  (void)state;
  assert_false(same(".word 1", ".word 2"));
  assert_false(same(".word 1", ".word 1, 0"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts),     cmocka_unit_test(test_set),
      cmocka_unit_test(test_unplaced),  cmocka_unit_test(test_ranges),
      cmocka_unit_test(test_alignment), cmocka_unit_test(test_org),
      cmocka_unit_test(test_contents),  cmocka_unit_test(test_macros),
      cmocka_unit_test(test_pseudo),    cmocka_unit_test(test_comparison_can_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
