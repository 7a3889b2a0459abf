/* Disassembly reassembles to the same bytes at the same addresses. */
#include "run.h"

#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that differ after disassembling and assembling again; -1: lengths do. */
static long differences(const uint8_t *bytes, size_t len, uint32_t origin)
{
  char *errors, *text = disassembled(bytes, len, origin, &errors);
  if (!text)
    fail_msg("%s", errors);
  struct run r = run_text(text, RUN_RAW);
  if (r.status != ASM_OK)
    fail_msg("%s\n%s", r.errors, text);
  assert_string_equal(r.errors, "");
  long count = r.out.len == len ? 0 : -1;
  for (size_t i = 0; count >= 0 && i < len; i++)
    count += bytes[i] != r.out.bytes[i];
  run_free(&r);
  free(text);
  free(errors);
  return count;
}

static void test_random_words(void **state)
{
  (void)state;
  uint64_t seed = 11;
  uint8_t bytes[4099];
  for (int round = 0; round < 60; round++) {
    for (size_t i = 0; i < sizeof bytes; i++)
      bytes[i] = (uint8_t)(next_random(&seed) >> 20);
    for (size_t i = 3; i < sizeof bytes; i += 4) /* half of them opcodes that exist */
      if (round % 2)
        bytes[i] = (uint8_t)((bytes[i] & 0x0f) | ((0x10u << bytes[i] % 4) & 0xf0));
    size_t len = sizeof bytes - (size_t)round % 8;
    uint32_t origin = round % 3 == 0 ? 0x1000 : round % 3 == 1 ? 0 : 0x1000u + (uint32_t)round;
    assert_int_equal(differences(bytes, len, origin), 0);
  }
}

static void test_texts_and_zeros(void **state)
{
  (void)state;
  uint64_t seed = 5;
  uint8_t bytes[2000];
  for (int round = 0; round < 60; round++) {
    for (size_t i = 0; i < sizeof bytes;) {
      uint64_t n = next_random(&seed);
      size_t run = n % 90;
      for (; i < sizeof bytes && run > 0; run--, i++)
        bytes[i] = n % 4 == 0 ? 0 : (uint8_t)(n % 4 == 1 ? 32 + next_random(&seed) % 95 : n >> 32);
    }
    assert_int_equal(differences(bytes, sizeof bytes, 0x1000u + (uint32_t)round), 0);
  }
}

static const char *const programs[] = {
    "_start: beq a0, a1, _start\nj end\n.word 0\nend: call _start\n.data\nx: .asciz \"hello\"\n"
    ".byte 1\ny: .word x, end\nz:\n.bss\nb: .space 10\nc: .space 6\nd:\n",
    ".globl main\nnop\nmain: nop\n.globl _start\n_start: j main\n.equ K, 5\n",
    ".data\n.org 0x100\nt: .word main\n.text\n.org 0x2000\nmain: ret\n",
    "nop\n.space 100\nx: .ascii \"abc\"\n.byte 0\ny: nop\n1: bne a0, zero, 1b\n.half 3\nodd: .half "
    "4\n",
    ".bss\nx: .space 0x10000000\ny: .space 4\n",
    "L_00001004: nop\nnop\nnop\nj . - 8\nbeq a0, a0, 0x20000\n",
    ".data\n.align 1\n.byte 1\n",
};

static void check_same_image(const struct run *x, const struct run *y)
{
  elf_version(EV_CURRENT);
  Elf *a = elf_memory((char *)x->out.bytes, x->out.len);
  Elf *b = elf_memory((char *)y->out.bytes, y->out.len);
  assert_int_equal(elf32_getehdr(a)->e_entry, elf32_getehdr(b)->e_entry);
  assert_int_equal(elf32_getehdr(a)->e_phnum, elf32_getehdr(b)->e_phnum);
  const Elf32_Phdr *p = elf32_getphdr(a), *q = elf32_getphdr(b);
  for (int i = 0; i < elf32_getehdr(a)->e_phnum; i++) {
    assert_int_equal(p[i].p_paddr, q[i].p_paddr);
    assert_int_equal(p[i].p_filesz, q[i].p_filesz);
    assert_int_equal(p[i].p_memsz, q[i].p_memsz);
    assert_memory_equal(x->out.bytes + p[i].p_offset, y->out.bytes + q[i].p_offset, p[i].p_filesz);
  }
  elf_end(a);
  elf_end(b);
}

static void test_elf(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
    struct run first = run_text(programs[i], RUN_ELF);
    assert_int_equal(first.status, ASM_OK);
    char *errors, *text = disassembled(first.out.bytes, first.out.len, 0, &errors);
    if (!text)
      fail_msg("%s", errors);
    struct run second = run_text(text, RUN_ELF);
    if (second.status != ASM_OK)
      fail_msg("%s\n%s", second.errors, text);
    check_same_image(&first, &second);
    run_free(&first);
    run_free(&second);
    free(text);
    free(errors);
  }
}

static void test_names(void **state)
{
  (void)state;
  struct run r = run_text(programs[0], RUN_ELF);
  char *errors, *text = disassembled(r.out.bytes, r.out.len, 0, &errors);
  static const char *const parts[] = {"_start:\n",
                                      "beq a0, a1, _start ",
                                      "jal zero, end ",
                                      "jal ra, _start ",
                                      "x:\n        .asciz \"hello\"\n",
                                      ".word 0x00000000\n",
                                      "z:\n",
                                      "c:\n        .space 6\nd:\n"};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    if (!strstr(text, parts[i]))
      fail_msg("no '%s' in\n%s", parts[i], text);
  run_free(&r);
  free(text);
  free(errors);
}

/* No file makes it crash; what it accepts it prints. */
static void test_damaged_elf(void **state)
{
  (void)state;
  struct run r = run_text(programs[0], RUN_ELF);
  uint64_t seed = 3;
  size_t refused = 0;
  uint8_t *bytes = malloc(r.out.len);
  for (int round = 0; round < 3000; round++) {
    memcpy(bytes, r.out.bytes, r.out.len);
    size_t len = round % 4 == 0 ? next_random(&seed) % r.out.len : r.out.len;
    for (uint64_t n = next_random(&seed) % 6; n > 0; n--) {
      /* Mostly the headers: the ELF header, and the tables at the end. */
      uint64_t k = next_random(&seed);
      size_t at = k % 3 == 0   ? k / 3 % 160
                  : k % 3 == 1 ? r.out.len - 1 - k / 3 % 800
                               : k / 3 % r.out.len;
      bytes[at] = (uint8_t)(next_random(&seed) >> 30);
    }
    char *errors, *text = disassembled(bytes, len, 0x1000, &errors);
    refused += text == NULL;
    assert_true(text != NULL || *errors);
    free(text);
    free(errors);
  }
  assert_true(refused > 500);
  free(bytes);
  run_free(&r);
}

/* Tables at odd offsets, as only a crafted file has them, are read all the same. */
static void test_odd_offsets(void **state)
{
  (void)state;
  struct run r = run_text("_start: nop\nhalt\n", RUN_ELF);
  uint8_t *bytes = calloc(1, r.out.len + 1);
  uint32_t shoff = word_at(r.out.bytes, 32);
  memcpy(bytes, r.out.bytes, shoff);
  memcpy(bytes + shoff + 1, r.out.bytes + shoff, r.out.len - shoff);
  bytes[32]++;
  char *errors, *text = disassembled(bytes, r.out.len + 1, 0, &errors);
  assert_non_null(text);
  assert_non_null(strstr(text, "_start:\n"));
  free(text);
  free(errors);
  free(bytes);
  run_free(&r);
}

static void test_refusals(void **state)
{
  (void)state;
  char *errors;
  uint8_t bytes[8] = {0};
  assert_null(disassembled(bytes, 8, 0x3ffffffc, &errors));
  assert_non_null(strstr(errors, "beyond 1 GiB"));
  free(errors);
  struct run r = run_text("nop\n", RUN_ELF);
  r.out.bytes[18] = 3; /* EM_386 */
  assert_null(disassembled(r.out.bytes, r.out.len, 0, &errors));
  assert_non_null(strstr(errors, "another machine"));
  free(errors);
  run_free(&r);
}

/* The property can fail: one instruction changed in the text is seen. */
static void test_comparison_can_fail(void **state)
{
  (void)state;
  struct run first = run_text("nop\n", RUN_RAW), second = run_text("nop\nnop\n", RUN_RAW);
  assert_int_not_equal(first.out.len, second.out.len);
  assert_int_equal(differences(first.out.bytes, first.out.len, 0x1000), 0);
  run_free(&first);
  run_free(&second);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_words), cmocka_unit_test(test_texts_and_zeros),
      cmocka_unit_test(test_elf),          cmocka_unit_test(test_names),
      cmocka_unit_test(test_damaged_elf),  cmocka_unit_test(test_odd_offsets),
      cmocka_unit_test(test_refusals),     cmocka_unit_test(test_comparison_can_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
