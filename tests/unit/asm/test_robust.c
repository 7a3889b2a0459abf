/* No source crashes the assembler, makes it run away, or leaks. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm/assembly.h"

static char *repeated(const char *head, const char *piece, size_t times, const char *tail,
                      size_t *len)
{
  size_t h = strlen(head), p = strlen(piece), t = strlen(tail);
  char *text = malloc(h + p * times + t + 1);
  memcpy(text, head, h);
  for (size_t i = 0; i < times; i++)
    memcpy(text + h + i * p, piece, p);
  memcpy(text + h + p * times, tail, t + 1);
  *len = h + p * times + t;
  return text;
}

static void expect(const char *head, const char *piece, size_t times, const char *tail,
                   const char *message)
{
  size_t len;
  char *text = repeated(head, piece, times, tail, &len);
  struct run r = run_bytes(text, len, len < 1u << 20 ? RUN_LISTING : RUN_ELF);
  if (message ? r.status != ASM_ERRORS || !strstr(r.errors, message) : r.status != ASM_OK)
    fail_msg("expected %s, got status %d: %.1000s", message ? message : "success", r.status,
             r.errors);
  assert_true(strlen(r.errors) < 30000);
  run_free(&r);
  free(text);
}

static void test_depths(void **state)
{
  (void)state;
  expect(".word ", "(", 150000, "1", "nested too deeply");
  expect(".word ", "-", 150000, "1", "nested too deeply");
  expect(".word 1", "+1", 50000, "\n", NULL);
  expect(".word x", "+x", 50000, "\nx:\n", "nested too deeply");
  expect(".word ", "1 ? 1 : ", 400, "1\n", NULL);
  expect(".word ", "x ? x : ", 5000, "1\nx:\n", "nested too deeply");
  expect("", ".if 1\n", 100000, "", "no .endif");
  expect("", ".rept 1\n", 100000, "", "no .endr");
  expect("", ".macro m\n", 100000, "", "no .endm");
  expect(".macro m\nm\n.endm\nm\n", "", 0, "", "call itself without end");
  expect(".macro m\n.rept 2\nm\n.endr\n.endm\nm\n", "", 0, "", "nested more than 64 deep");
  expect(".include \"test.s\"\n", "", 0, "", "include itself");
}

static void test_chains(void **state)
{
  (void)state;
  char *text;
  size_t len;
  FILE *f = open_memstream(&text, &len);
  for (int i = 0; i < 20000; i++)
    fprintf(f, ".equ n%d, n%d + n%d\n", i, i + 1, i + 1);
  fprintf(f, ".equ n20000, 0\n.word n0\n");
  fclose(f);
  struct run r = run_text(text, RUN_ELF);
  assert_int_equal(r.status, ASM_ERRORS);
  assert_non_null(strstr(r.errors, "nested too deeply"));
  run_free(&r);
  free(text);
  f = open_memstream(&text, &len);
  fprintf(f, ".set v, fwd\n");
  for (int i = 0; i < 300; i++)
    fprintf(f, ".set v, v + v\n");
  fprintf(f, ".word v\n.equ fwd, 0\n");
  fclose(f);
  r = run_text(text, RUN_ELF);
  if (r.status != ASM_OK)
    fail_msg("%s", r.errors);
  run_free(&r);
  free(text);
}

static void test_sizes(void **state)
{
  (void)state;
  static const char *const huge[] = {
      ".space 0x7fffffffffffffff\n",
      ".space -1\n",
      ".fill 0x3fffffff, 4, 1\n",
      ".fill 0x7fffffffffffffff, 4, 1\n",
      ".org 0x7fffffffffffffff\n",
      ".org -1\n",
      ".align 0x80000000\n",
      ".align 0\n",
      ".p2align 63\n",
      ".p2align -1\n",
      ".rept 0x7fffffffffffffff\nnop\n.endr\n",
      ".rept -1\nnop\n.endr\n",
      ".rept 3000\n.rept 3000\nnop\n.endr\n.endr\n",
      ".rept 4000000\n\n\n.endr\n",
      ".macro m a\n.rept 100\nm \\a\\a\\a\\a\n.endr\n.endm\nm aaaaaaaa\n",
      ".rept 1000\n.space 1000000\n.endr\n",
      ".bss\n.rept 1000\n.space 10000000\n.endr\n",
      "nop\n.org 0x3fffffff\n",
      "a: .word 1 << 63 << 1 >> 70\n",
      ".fill 4, 3, 1\n",
      ".fill 1, 1, 256\n",
  };
  for (size_t i = 0; i < sizeof huge / sizeof huge[0]; i++)
    expect(huge[i], "", 0, "", "error: ");
  expect(".rept 0\n.error \"no\"\n.endr\n.rept 1000000000 * 0\n.endr\n", "", 0, "", NULL);
  expect(".rept 900000\n.endr\n", "", 0, "", NULL);
  expect("", "nop\n", 300000, "", NULL);
}

static void test_long_lines(void **state)
{
  (void)state;
  expect(".ascii \"", "0123456789", 1000000, "\"\n", NULL);
  expect("# ", "0123456789", 1000000, "\n", NULL);
  expect("", " ", 10000000, "nop", NULL);
  expect("", "x", 10000000, "", "there is no instruction");
  expect(".byte 1", ",1", 90000, "\n", NULL);
  expect(".byte 1", ",1", 5000000, "\n", "more than 200000");
  expect("", "@", 10000000, "\n", "more than 200000");
  expect("", ":", 100000, "\n", "expected");
  expect("a", "b: a", 50000, "b:\n", "already defined");
  expect(".ascii \"", "\\q", 1000000, "\"\n", "not an escape");
  expect("/*", " x\n", 1000000, "", "has no '*/'");
  expect(".macro m a\n.ascii \\a\n.endm\nm \"", "0123456789", 1000000, "\"\n", NULL);
}

static void test_odd_bytes(void **state)
{
  (void)state;
  static const char nul[] = "nop\nn\0p\n";
  struct run r = run_bytes(nul, sizeof nul - 1, RUN_ELF);
  assert_int_equal(r.status, ASM_ERRORS);
  assert_non_null(strstr(r.errors, "test.s:2:2: error: the source holds a zero byte"));
  run_free(&r);
  size_t count;
  uint32_t *words = run_words("\r\n.word 1\r\n/* a\r\n b */ .word 2 # c\r\nx: .word x\r", &count);
  assert_int_equal(count, 3);
  assert_int_equal(words[2], 0x1008);
  free(words);
  words = run_words(".word 5", &count); /* no line end */
  assert_int_equal(words[0], 5);
  free(words);
  run_fails("\xef\xbb\xbfnop\n", "no meaning here");
  run_fails("nop \x80\xff\n", "no meaning here");
  run_fails("\033[2Jnop\n", "?[2Jnop"); /* the terminal never sees it */
}

static void test_error_cap(void **state)
{
  (void)state;
  size_t len;
  char *text = repeated("", "foo\n", 1000, "", &len);
  struct run r = run_bytes(text, len, RUN_ELF);
  size_t errors = 0;
  for (const char *p = r.errors; (p = strstr(p, "there is no instruction")) != NULL; p++)
    errors++;
  assert_int_equal(errors, 20);
  assert_non_null(strstr(r.errors, "too many errors"));
  run_free(&r);
  free(text);
}

/* Whatever memory there is: done, or "out of memory"; leaks are the sanitizer's. */
static void test_memory(void **state)
{
  (void)state;
  static const char *const texts[] = {
      ".macro m a\n.ascii \"\\a\"\n.endm\nm x\n_start: li a0, later\nlater: .word . ? a : b\na: "
      "b:\n"
      ".space 300000\nm \"text\"\n.byte 1, 2, 3\n",
      "foo bar\n.word nothing, 1 / 0\nadd a0, a1\n.if\n.endif\n.macro x\n"};
  struct run r;
  for (size_t i = 0; i < 2; i++) {
    const struct test_file files[] = {{"test.s", texts[i], 0}, {NULL, NULL, 0}};
    struct run probe = run_files(files, RUN_RAW);
    enum asm_status wanted = probe.status;
    run_free(&probe);
    size_t failures = 0;
    enum asm_status status = ASM_HOST;
    for (size_t limit = 0; status == ASM_HOST && limit < 1u << 24; limit += 4096) {
      size_t errors_len;
      FILE *errors = open_memstream(&r.errors, &errors_len);
      struct asm_options o = {.reader = run_reader(files), .errors = errors};
      status = assembly_run("test.s", &o, limit, output_elf, &r.out);
      fclose(errors);
      failures += status == ASM_HOST;
      if (status == ASM_HOST)
        assert_non_null(strstr(r.errors, "out of memory"));
      free(r.errors);
      free(r.out.bytes);
    }
    assert_int_equal(status, wanted);
    assert_true(failures > 1);
  }
}

/* ------------------------------------------------------------------- noise */
static const char *const seeds[] = {
    ".macro say msg, port=0\n la a0, msg\\@\n1: lbu a1, (a0)\n beqz a1, 2f\n out a1, \\port\n j "
    "1b\n"
    "2:\n.data\nmsg\\@: .asciz \"\\msg\\n\"\n.text\n.endm\n_start: say \"hello\"\n say x, 4\n "
    "halt\n",
    ".if x - 4 == 0 && 'a' < 5\n.rept 3\n.byte x\n.endr\n.elseif 1\n.word %hi(l), %lo(l + "
    "4)\n.else\n"
    ".error \"no\"\n.endif\n.set x, 4\nl: lw a0, -4(sp)\nmfcr a0, epc\nmtcr vbr, a1\n.align "
    "8\n.org 0x2000\n",
    ".data\n.org 0x400\nt: .word a, b - a, ~1 ^ 0x7f\n.half 1\n.text\na: li t0, b /* c */\nb: push "
    "ra, s0\n"
    " pop ra, s0\n jal t\n jalr 4(t0)\n.bss\nroom: .space 40 * 2, 0\n.globl a, room\n.equ q, room "
    "+ 1\n",
};

static void mutate(char *text, size_t *len, size_t max, uint64_t *seed)
{
  static const char *const splices[] = {".macro ",
                                        ".endm\n",
                                        ".rept 9\n",
                                        ".endr\n",
                                        ".if ",
                                        ".endif\n",
                                        "\\@",
                                        "\"",
                                        "'",
                                        "(",
                                        ")",
                                        ",",
                                        "1b",
                                        "1f",
                                        "0x",
                                        "%hi(",
                                        "\n",
                                        "\\",
                                        ".include \"test.s\"\n",
                                        ".set x, x + x\n",
                                        "/*",
                                        "*/",
                                        ": "};
  uint64_t n = next_random(seed);
  size_t at = *len ? n / 8 % *len : 0;
  const char *splice = splices[(n >> 40) % (sizeof splices / sizeof splices[0])];
  size_t size = strlen(splice);
  if (n % 3 == 0 && *len) {
    text[at] = (char)(n >> 32);
  } else if (n % 3 == 1 && *len + size < max) {
    memmove(text + at + size, text + at, *len - at);
    memcpy(text + at, splice, size);
    *len += size;
  } else if (*len > 10) {
    size_t cut = (n >> 50) % (*len - at < 10 ? *len - at : 10);
    memmove(text + at, text + at + cut, *len - at - cut);
    *len -= cut;
  }
}

static void test_noise(void **state)
{
  (void)state;
  uint64_t seed = 99;
  size_t accepted = 0;
  char text[4096];
  for (int round = 0; round < 6000; round++) {
    const char *base = seeds[round % 3];
    size_t len = strlen(base);
    memcpy(text, base, len);
    for (uint64_t n = next_random(&seed) % 8; n > 0; n--)
      mutate(text, &len, sizeof text, &seed);
    if (round % 10 == 9)
      for (size_t i = 0; i < len; i++)
        text[i] = (char)(next_random(&seed) >> 40);
    struct run r = run_bytes(text, len ? len : 1, round % 2 ? RUN_LISTING : RUN_RAW);
    assert_true(r.status == ASM_OK || (r.status == ASM_ERRORS && *r.errors));
    accepted += r.status == ASM_OK;
    run_free(&r);
  }
  assert_true(accepted > 300 && accepted < 5700);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_depths),    cmocka_unit_test(test_chains),
      cmocka_unit_test(test_sizes),     cmocka_unit_test(test_long_lines),
      cmocka_unit_test(test_odd_bytes), cmocka_unit_test(test_error_cap),
      cmocka_unit_test(test_memory),    cmocka_unit_test(test_noise),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
