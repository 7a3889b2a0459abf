/* Every instruction, every operand shape: encode, decode, print, assemble gives
 * the same word, through the assembler itself.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isa/isa.h"

#define BATCH 4096u

struct batch {
  uint32_t words[BATCH];
  size_t count;
};

static int64_t step_of(const struct isa_operand *o)
{
  return o->kind == ISA_OPERAND_REL ? 4 : o->kind == ISA_OPERAND_UPPER ? 4096 : 1;
}

/* 0 … 8: the edges and their neighbours; then drawn. */
static int64_t value_of(const struct isa_operand *o, unsigned which, uint64_t *seed)
{
  int64_t min, max, step = step_of(o);
  isa_operand_range(o, &min, &max);
  if (o->kind == ISA_OPERAND_CR)
    max = ISA_CR_COUNT - 1;
  int64_t span = (max - min) / step + 1;
  const int64_t edges[] = {0, 1, span / 2 - 1, span / 2, span / 2 + 1, span - 2, span - 1};
  int64_t index = which < sizeof edges / sizeof edges[0]
                      ? edges[which]
                      : (int64_t)(next_random(seed) % (uint64_t)span);
  return min + (index < 0 ? 0 : index) * step;
}

/* Assembles the printed batch; the index of the first word that differs, or -1. */
static long first_difference(const struct batch *b, const uint32_t *expected)
{
  char *text;
  size_t len;
  FILE *source = open_memstream(&text, &len);
  for (size_t i = 0; i < b->count; i++) {
    char line[128];
    isa_print(line, sizeof line, b->words[i], ISA_RESET_PC + 4 * (uint32_t)i, NULL, NULL);
    fprintf(source, "%s\n", line);
  }
  fclose(source);
  size_t count;
  uint32_t *got = run_words(text, &count);
  assert_int_equal(count, b->count);
  long difference = -1;
  for (size_t i = 0; i < count && difference < 0; i++)
    if (got[i] != expected[i])
      difference = (long)i;
  free(got);
  free(text);
  return difference;
}

static void flush(struct batch *b)
{
  long at = first_difference(b, b->words);
  if (at >= 0)
    fail_msg("0x%08x does not survive printing and assembling", b->words[at]);
  b->count = 0;
}

static void add(struct batch *b, const struct isa_decoded *d)
{
  uint32_t word;
  struct isa_decoded again;
  assert_int_equal(isa_encode(d, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  assert_true(isa_decode(word, &again));
  b->words[b->count++] = word;
  if (b->count == BATCH)
    flush(b);
}

static void add_instruction(struct batch *b, enum isa_insn insn, uint64_t *seed)
{
  const struct isa_format_info *f = isa_format_info(isa_insn_info(insn)->format);
  for (unsigned which = 0; which < 200; which++) {
    struct isa_decoded d = {.insn = insn};
    for (size_t i = 0; i < f->operand_count; i++) /* edges meet drawn values, too */
      isa_set_slot(&d, f->operands[i].slot,
                   (uint32_t)value_of(&f->operands[i],
                                      (which + 3 * (unsigned)i * (which / 16)) % 64, seed));
    add(b, &d);
  }
  for (size_t i = 0; i < f->operand_count; i++) { /* every register, every small constant */
    for (unsigned v = 0; v < 32; v++) {
      struct isa_decoded d = {.insn = insn};
      int64_t min, max;
      isa_operand_range(&f->operands[i], &min, &max);
      if (f->operands[i].kind == ISA_OPERAND_CR ? v >= ISA_CR_COUNT : v > max)
        break;
      isa_set_slot(&d, f->operands[i].slot, (uint32_t)(v * step_of(&f->operands[i])));
      add(b, &d);
    }
  }
}

static void test_every_instruction(void **state)
{
  (void)state;
  struct batch *b = calloc(1, sizeof *b);
  uint64_t seed = 2026;
  for (int i = 0; i < ISA_INSN_COUNT; i++)
    add_instruction(b, (enum isa_insn)i, &seed);
  if (b->count)
    flush(b);
  free(b);
}

static void test_random_words(void **state)
{
  (void)state;
  struct batch *b = calloc(1, sizeof *b);
  uint64_t seed = 7;
  for (unsigned round = 0; round < 10; round++) {
    while (b->count < BATCH)
      b->words[b->count++] = (uint32_t)next_random(&seed);
    flush(b);
  }
  free(b);
}

static void test_comparison_can_fail(void **state)
{
  (void)state;
  struct batch b = {.words = {0x20a00005, 0x10123000, 0}, .count = 3};
  uint32_t wrong[3] = {0x20a00005, 0x10124000, 0};
  assert_int_equal(first_difference(&b, b.words), -1);
  assert_int_equal(first_difference(&b, wrong), 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_instruction),
      cmocka_unit_test(test_random_words),
      cmocka_unit_test(test_comparison_can_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
