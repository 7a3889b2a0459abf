/* Decode, encode, print and find: every instruction, every operand shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "words.h"

static bool same_decoded(const struct isa_decoded *x, const struct isa_decoded *y)
{
  return x->insn == y->insn && x->a == y->a && x->b == y->b && x->c == y->c && x->n == y->n &&
         x->imm == y->imm;
}

/* ------------------------------------------------------------- round trips */
/* encode -> decode -> print -> parse -> encode */
static void check_round_trip(const struct isa_decoded *d, uint32_t pc)
{
  uint32_t word, again;
  struct isa_decoded decoded, parsed;
  char text[80];
  assert_int_equal(isa_encode(d, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  assert_true(isa_decode(word, &decoded));
  assert_true(same_decoded(d, &decoded));
  int len = isa_print(text, sizeof text, word, pc, NULL, NULL);
  assert_int_equal(len, strlen(text));
  if (!words_parse(text, pc, &parsed))
    fail_msg("0x%08x prints as '%s', which does not fit its shape", word, text);
  assert_int_equal(isa_encode(&parsed, &again, NULL, NULL, NULL), ISA_ENCODE_OK);
  if (again != word)
    fail_msg("0x%08x prints as '%s', which is 0x%08x", word, text, again);
}

static struct isa_decoded draw(enum isa_insn insn, uint64_t *seed)
{
  const struct isa_format_info *f = isa_format_info(isa_insn_info(insn)->format);
  struct isa_decoded d = {.insn = insn};
  for (size_t i = 0; i < f->operand_count; i++)
    words_set_slot(&d, f->operands[i].slot,
                   words_value(&f->operands[i], (unsigned)(next_random(seed) % 64), seed));
  return d;
}

/* Each operand takes each of its edges, and each register and control register
 * number, while the others are drawn. */
static void sweep_operand(enum isa_insn insn, const struct isa_operand *o, uint64_t *seed)
{
  int64_t min, max;
  isa_operand_range(o, &min, &max);
  for (int64_t v = 0; v <= max && v < 64; v++) {
    struct isa_decoded d = draw(insn, seed);
    if (o->kind == ISA_OPERAND_REG || o->kind == ISA_OPERAND_CR)
      words_set_slot(&d, o->slot, (uint32_t)v);
    check_round_trip(&d, 0x1000);
  }
  for (unsigned which = 0; which < WORDS_EDGES; which++) {
    struct isa_decoded d = draw(insn, seed);
    words_set_slot(&d, o->slot, words_value(o, which, seed));
    check_round_trip(&d, 0xfffffffc);
  }
}

static void test_every_instruction_round_trips(void **state)
{
  (void)state;
  uint64_t seed = 0x9e3779b97f4a7c15ull;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    enum isa_insn insn = (enum isa_insn)i;
    const struct isa_format_info *f = isa_format_info(isa_insn_info(insn)->format);
    for (size_t o = 0; o < f->operand_count; o++)
      sweep_operand(insn, &f->operands[o], &seed);
    for (unsigned n = 0; n < 3000; n++) {
      struct isa_decoded d = draw(insn, &seed);
      check_round_trip(&d, (uint32_t)next_random(&seed) & ~3u);
    }
  }
}

static uint32_t used_bits(const struct isa_format_info *f)
{
  uint32_t bits = 0;
  for (size_t i = 0; i < f->operand_count; i++)
    for (unsigned bit = f->operands[i].low; bit <= f->operands[i].high; bit++)
      bits |= 1u << bit;
  return bits;
}

/* Any word, any word of an opcode that exists, or one without unused bits too. */
static uint32_t draw_word(unsigned n, uint64_t *seed)
{
  uint32_t word = (uint32_t)next_random(seed);
  const struct isa_insn_info *info =
      isa_insn_info((enum isa_insn)(next_random(seed) % ISA_INSN_COUNT));
  if (n % 3 == 0)
    return word;
  word &= n % 3 == 1 ? 0x00ffffff : used_bits(isa_format_info(info->format));
  return word | (uint32_t)info->opcode << 24;
}

static void test_words_round_trip(void **state)
{
  (void)state;
  uint64_t seed = 1;
  unsigned decodable = 0;
  for (unsigned n = 0; n < 4000000; n++) {
    uint32_t word = draw_word(n, &seed), again = ~word;
    struct isa_decoded d;
    if (!isa_decode(word, &d))
      continue;
    decodable++;
    if (isa_encode(&d, &again, NULL, NULL, NULL) != ISA_ENCODE_OK || again != word)
      fail_msg("0x%08x decodes and encodes to 0x%08x", word, again);
  }
  assert_true(decodable > 1000000);
}

/* The comparison can fail: another operand, another word. */
static void test_round_trip_can_fail(void **state)
{
  (void)state;
  struct isa_decoded d = {.insn = ISA_ADDI, .a = 1, .b = 2, .imm = 3}, other = d;
  uint32_t word, changed;
  other.imm = 4;
  assert_int_equal(isa_encode(&d, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  assert_int_equal(isa_encode(&other, &changed, NULL, NULL, NULL), ISA_ENCODE_OK);
  assert_int_not_equal(word, changed);
  assert_false(same_decoded(&d, &other));
  assert_false(words_parse("addi ra, sp", 0, &d));
  assert_false(words_parse("addi ra, sp, 3 ", 0, &d));
  assert_false(words_parse("addi ra, sp, three", 0, &d));
}

/* ------------------------------------------------------------ illegal words */
static const struct isa_insn_info *find_opcode(unsigned opcode)
{
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    if (isa_insn_info((enum isa_insn)i)->opcode == opcode)
      return isa_insn_info((enum isa_insn)i);
  return NULL;
}

/* One bit too many, alone or with others. */
static void check_unused_bits(const struct isa_insn_info *info, uint64_t *seed)
{
  struct isa_decoded d, legal;
  uint32_t word, unused = 0x00ffffff & ~used_bits(isa_format_info(info->format));
  for (unsigned n = 0; n < 200; n++) {
    enum isa_insn insn;
    assert_true(isa_find_insn(info->mnemonic, strlen(info->mnemonic), &insn));
    legal = draw(insn, seed);
    assert_int_equal(isa_encode(&legal, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
    for (unsigned bit = 0; bit < 24; bit++)
      if (unused & (1u << bit))
        assert_false(isa_decode(word | (1u << bit), &d));
    uint32_t some = (uint32_t)next_random(seed) & unused;
    assert_int_equal(isa_decode(word | some, &d), some == 0);
  }
}

static void test_illegal_words(void **state)
{
  (void)state;
  uint64_t seed = 7;
  struct isa_decoded d;
  unsigned known = 0;
  assert_false(isa_decode(0x00000000, &d));
  assert_false(isa_decode(0xffffffff, &d));
  for (unsigned opcode = 0; opcode < 256; opcode++) {
    const struct isa_insn_info *info = find_opcode(opcode);
    if (info) {
      known++;
      check_unused_bits(info, &seed);
      continue;
    }
    for (unsigned bit = 0; bit <= 24; bit++) /* all zeros too */
      assert_false(isa_decode(opcode << 24 | ((1u << bit) & 0xffffff), &d));
    for (unsigned n = 0; n < 1000; n++)
      assert_false(isa_decode(opcode << 24 | (next_random(&seed) & 0xffffff), &d));
  }
  assert_int_equal(known, ISA_INSN_COUNT);
}

static void test_control_registers_that_do_not_exist(void **state)
{
  (void)state;
  struct isa_decoded d = {.insn = ISA_MFCR, .a = 5, .n = CR_CPUID};
  uint32_t word;
  assert_int_equal(isa_encode(&d, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  for (uint32_t n = 0; n < 256; n++)
    assert_int_equal(isa_decode(word - CR_CPUID + n, &d), n < ISA_CR_COUNT);
}

static void test_failed_decode_leaves_the_result(void **state)
{
  (void)state;
  struct isa_decoded d = {.insn = ISA_LW, .a = 1, .imm = 99}, before = d;
  assert_false(isa_decode(0, &d));
  assert_true(same_decoded(&d, &before));
  struct isa_decoded good = {.insn = ISA_MFCR, .a = 1};
  uint32_t word;
  assert_int_equal(isa_encode(&good, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  assert_false(isa_decode(word | 0xff, &d)); /* found out last: no such control register */
  assert_true(same_decoded(&d, &before));
}

/* ----------------------------------------------------------- encode's errors */
static void expect_error(struct isa_decoded d, const struct isa_operand *o, size_t index,
                         enum isa_encode_status status)
{
  uint32_t word = 0x12345678;
  size_t operand = 99;
  int64_t min = 0, max = 0, low, high;
  isa_operand_range(o, &low, &high);
  assert_int_equal(isa_encode(&d, &word, &operand, &min, &max), status);
  assert_int_equal(operand, index);
  assert_int_equal(min, low);
  assert_int_equal(max, high);
  assert_int_equal(word, 0x12345678);
  assert_int_equal(isa_encode(&d, &word, NULL, NULL, NULL), status);
}

static void check_operand_errors(enum isa_insn insn, const struct isa_operand *o, size_t index)
{
  uint64_t seed = insn + 1u;
  int64_t min, max;
  struct isa_decoded d = draw(insn, &seed);
  isa_operand_range(o, &min, &max);
  bool scaled = o->kind == ISA_OPERAND_REL || o->kind == ISA_OPERAND_UPPER;
  if (o->kind != ISA_OPERAND_UPPER) { /* whose range ends with the word */
    words_set_slot(&d, o->slot, (uint32_t)(max + (scaled ? 4 : 1)));
    expect_error(d, o, index, ISA_ENCODE_RANGE);
  }
  if (min < 0) {
    words_set_slot(&d, o->slot, (uint32_t)(min - (scaled ? 4 : 1)));
    expect_error(d, o, index, ISA_ENCODE_RANGE);
  }
  if (scaled) {
    words_set_slot(&d, o->slot, 1);
    expect_error(d, o, index, ISA_ENCODE_ALIGN);
    words_set_slot(&d, o->slot, 2);
    expect_error(d, o, index, ISA_ENCODE_ALIGN);
  }
}

static void test_encode_reports_operand_and_range(void **state)
{
  (void)state;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const struct isa_format_info *f = isa_format_info(isa_insn_info((enum isa_insn)i)->format);
    for (size_t o = 0; o < f->operand_count; o++)
      check_operand_errors((enum isa_insn)i, &f->operands[o], o);
  }
}

static void test_ranges(void **state)
{
  (void)state;
  static const struct {
    struct isa_operand operand;
    int64_t min, max;
  } cases[] = {
      {{"a", ISA_SLOT_A, ISA_OPERAND_REG, 23, 20}, 0, 15},
      {{"imm", ISA_SLOT_IMM, ISA_OPERAND_SIMM, 15, 0}, -32768, 32767},
      {{"imm", ISA_SLOT_IMM, ISA_OPERAND_UIMM, 15, 0}, 0, 65535},
      {{"imm", ISA_SLOT_IMM, ISA_OPERAND_REL, 15, 0}, -131072, 131068},
      {{"imm", ISA_SLOT_IMM, ISA_OPERAND_REL, 19, 0}, -2097152, 2097148},
      {{"imm", ISA_SLOT_IMM, ISA_OPERAND_UPPER, 19, 0}, 0, 0xfffff000},
      {{"n", ISA_SLOT_N, ISA_OPERAND_CR, 7, 0}, 0, ISA_CR_COUNT - 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t min, max;
    isa_operand_range(&cases[i].operand, &min, &max);
    assert_int_equal(min, cases[i].min);
    assert_int_equal(max, cases[i].max);
  }
}

/* ------------------------------------------------------------------- print */
static void expect_print(struct isa_decoded d, uint32_t pc, const char *text)
{
  uint32_t word;
  char buf[80];
  assert_int_equal(isa_encode(&d, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  isa_print(buf, sizeof buf, word, pc, NULL, NULL);
  assert_string_equal(buf, text);
}

static void test_print_follows_the_shape(void **state)
{
  (void)state;
  expect_print((struct isa_decoded){.insn = ISA_ADD, .a = REG_A0, .b = REG_SP, .c = REG_ZERO}, 0,
               "add a0, sp, zero");
  expect_print((struct isa_decoded){.insn = ISA_ADDI, .a = 1, .b = 2, .imm = (uint32_t)-32768}, 0,
               "addi ra, sp, -32768");
  expect_print((struct isa_decoded){.insn = ISA_LW, .a = REG_T0, .b = REG_SP}, 0, "lw t0, 0(sp)");
  expect_print((struct isa_decoded){.insn = ISA_SW, .a = 5, .b = 2, .imm = (uint32_t)-4}, 0,
               "sw t0, -4(sp)");
  expect_print((struct isa_decoded){.insn = ISA_BEQ, .a = 10, .b = 11, .imm = 16}, 0x1000,
               "beq a0, a1, 0x1010");
  expect_print((struct isa_decoded){.insn = ISA_JAL, .a = 0, .imm = (uint32_t)-8}, 4,
               "jal zero, 0xfffffffc");
  expect_print((struct isa_decoded){.insn = ISA_LUI, .a = 5, .imm = 0x12345000}, 0,
               "lui t0, 0x12345");
  expect_print((struct isa_decoded){.insn = ISA_MFCR, .a = 5, .n = CR_EPC}, 0, "mfcr t0, epc");
  expect_print((struct isa_decoded){.insn = ISA_MTCR, .a = 5, .n = CR_CAUSE}, 0, "mtcr cause, t0");
  expect_print((struct isa_decoded){.insn = ISA_SYS, .imm = 65535}, 0, "sys 65535");
  expect_print((struct isa_decoded){.insn = ISA_RFE}, 0, "rfe");
}

static void test_print_illegal_word(void **state)
{
  (void)state;
  char buf[80];
  assert_int_equal(isa_print(buf, sizeof buf, 0xdead, 0, NULL, NULL), 16);
  assert_string_equal(buf, ".word 0x0000dead");
}

static void test_print_terminates_like_snprintf(void **state)
{
  (void)state;
  struct isa_decoded d = {.insn = ISA_ADD, .a = 10, .b = 11, .c = 12};
  uint32_t word;
  char full[80], buf[80];
  isa_encode(&d, &word, NULL, NULL, NULL);
  int len = isa_print(full, sizeof full, word, 0, NULL, NULL);
  assert_int_equal(isa_print(NULL, 0, word, 0, NULL, NULL), len);
  for (size_t size = 1; size <= (size_t)len + 1; size++) {
    memset(buf, 'X', sizeof buf);
    assert_int_equal(isa_print(buf, size, word, 0, NULL, NULL), len);
    assert_int_equal(strlen(buf), size - 1);
    assert_memory_equal(buf, full, size - 1);
    assert_int_equal(buf[size], 'X');
  }
}

static bool name_loop(void *ctx, uint32_t address, char *buf, size_t size)
{
  if (address != *(uint32_t *)ctx)
    return false;
  snprintf(buf, size, "loop");
  return true;
}

static void test_print_asks_for_symbols(void **state)
{
  (void)state;
  struct isa_decoded d = {.insn = ISA_BNE, .a = 10, .b = 0, .imm = (uint32_t)-12};
  uint32_t word, address = 0x1ff4;
  char buf[80];
  isa_encode(&d, &word, NULL, NULL, NULL);
  isa_print(buf, sizeof buf, word, 0x2000, name_loop, &address);
  assert_string_equal(buf, "bne a0, zero, loop");
  isa_print(buf, sizeof buf, word, 0x3000, name_loop, &address);
  assert_string_equal(buf, "bne a0, zero, 0x2ff4");
}

/* -------------------------------------------------------------------- find */
static void test_find_instructions(void **state)
{
  (void)state;
  enum isa_insn insn;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const char *name = isa_insn_info((enum isa_insn)i)->mnemonic;
    assert_true(isa_find_insn(name, strlen(name), &insn));
    assert_int_equal(insn, i);
    char longer[32];
    int len = snprintf(longer, sizeof longer, "%s_x", name);
    assert_false(isa_find_insn(longer, (size_t)len, &insn));
    assert_true(isa_find_insn(longer, (size_t)len - 2, &insn)); /* `len` bytes count */
  }
  assert_false(isa_find_insn("", 0, &insn));
  assert_false(isa_find_insn("ADD", 3, &insn));
  assert_false(isa_find_insn("zzz", 3, &insn));
  assert_false(isa_find_insn("add\0", 4, &insn));
}

static void test_find_registers(void **state)
{
  (void)state;
  unsigned reg;
  char name[8];
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    assert_true(isa_find_reg(isa_reg_name(i), strlen(isa_reg_name(i)), &reg));
    assert_int_equal(reg, i);
    int len = snprintf(name, sizeof name, "x%u", i);
    assert_true(isa_find_reg(name, (size_t)len, &reg));
    assert_int_equal(reg, i);
  }
  static const char *const bad[] = {"x", "x16", "x01", "x100", "x1a", "a6", "X1", "", "Sp"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(isa_find_reg(bad[i], strlen(bad[i]), &reg));
}

static void test_find_control_registers_and_causes(void **state)
{
  (void)state;
  enum isa_cr cr;
  enum isa_cause cause;
  unsigned causes = 0;
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    const char *name = isa_cr_info((enum isa_cr)i)->name;
    assert_true(isa_find_cr(name, strlen(name), &cr));
    assert_int_equal(cr, i);
  }
  assert_false(isa_find_cr("EPC", 3, &cr));
  for (unsigned i = 0; i < 300; i++) {
    const char *name = isa_cause_info(i)->name;
    if (!name)
      continue;
    causes++;
    assert_true(isa_find_cause(name, strlen(name), &cause));
    assert_int_equal(cause, i);
  }
  assert_true(causes > 0);
  assert_false(isa_find_cause("nothing", 7, &cause));
  assert_null(isa_cause_info(ISA_CAUSE_LIMIT)->name);
  assert_null(isa_cause_info(UINT32_MAX)->name);
  assert_true(isa_cause_is_interrupt(CAUSE_TIMER));
  assert_false(isa_cause_is_interrupt(CAUSE_SYSCALL));
  assert_false(isa_cause_is_interrupt(ISA_CAUSE_LIMIT));
}

/* --------------------------------------------------------------------- PSW */
static void check_field(const struct isa_psw_field_info *f, uint32_t (*get)(uint32_t),
                        uint32_t (*set)(uint32_t, uint32_t), uint32_t mask, uint32_t *all)
{
  uint32_t ones = (1u << (f->high - f->low + 1)) - 1;
  assert_int_equal(mask, ones << f->low);
  assert_int_equal(*all & mask, 0);
  *all |= mask;
  for (uint32_t v = 0; v <= ones; v++) {
    assert_int_equal(get(set(0, v)), v);
    assert_int_equal(get(set(UINT32_MAX, v)), v);
    assert_int_equal(set(0, v) & ~mask, 0);
    assert_int_equal(set(UINT32_MAX, v) | mask, UINT32_MAX);
  }
  assert_int_equal(set(0, UINT32_MAX), mask);
}

static void test_psw_accessors(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    uint32_t (*get)(uint32_t);
    uint32_t (*set)(uint32_t, uint32_t);
    uint32_t mask;
  } fields[] = {
      {"mode", psw_mode, psw_set_mode, PSW_MODE_MASK},
      {"pmode", psw_pmode, psw_set_pmode, PSW_PMODE_MASK},
      {"ie", psw_ie, psw_set_ie, PSW_IE_MASK},
      {"te", psw_te, psw_set_te, PSW_TE_MASK},
      {"c", psw_c, psw_set_c, PSW_C_MASK},
      {"v", psw_v, psw_set_v, PSW_V_MASK},
      {"key", psw_key, psw_set_key, PSW_KEY_MASK},
  };
  uint32_t all = 0;
  const struct isa_psw_field_info *f = isa_psw_fields();
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++, f++) {
    assert_string_equal(f->name, fields[i].name);
    check_field(f, fields[i].get, fields[i].set, fields[i].mask, &all);
  }
  assert_null(f->name);
  assert_int_equal(all, PSW_ALL_MASK);
  assert_int_equal(PSW_FLAGS_MASK, PSW_C_MASK | PSW_V_MASK | PSW_IE_MASK);
}

/* ------------------------------------------------------------------ tables */
static void test_tables_are_complete(void **state)
{
  (void)state;
  unsigned bodies = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const struct isa_insn_info *info = isa_insn_info((enum isa_insn)i);
    assert_true(info->behaviour_count >= 1);
    assert_string_equal(info->behaviours[0].name, "full");
    for (size_t b = 0; b < info->behaviour_count; b++)
      assert_int_equal(info->behaviours[b].body, bodies++);
    assert_int_equal(info->group == ISA_GROUP_SYSTEM, *info->sensitive != '\0');
    assert_true(*info->summary != '\0');
  }
  assert_int_equal(bodies, ISA_BODY_COUNT);
  assert_true(isa_cr_info(CR_PSW)->is_psw && isa_cr_info(CR_EPSW)->is_psw);
  assert_int_equal(isa_cr_info(CR_EPSW)->write_mask, PSW_ALL_MASK);
  assert_int_equal(isa_cr_info(CR_BASE)->requires, ISA_FEATURE_MMU_BOUNDS);
  assert_int_equal(isa_cr_info(CR_ASID)->requires, ISA_FEATURE_MMU_TLB | ISA_FEATURE_MMU_PAGED);
  assert_int_equal(isa_insn_info(ISA_IN)->requires, ISA_FEATURE_IO_PORTS);
  assert_int_equal(isa_cause_info(CAUSE_DISK)->line, 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_instruction_round_trips),
      cmocka_unit_test(test_words_round_trip),
      cmocka_unit_test(test_round_trip_can_fail),
      cmocka_unit_test(test_illegal_words),
      cmocka_unit_test(test_control_registers_that_do_not_exist),
      cmocka_unit_test(test_failed_decode_leaves_the_result),
      cmocka_unit_test(test_encode_reports_operand_and_range),
      cmocka_unit_test(test_ranges),
      cmocka_unit_test(test_print_follows_the_shape),
      cmocka_unit_test(test_print_illegal_word),
      cmocka_unit_test(test_print_terminates_like_snprintf),
      cmocka_unit_test(test_print_asks_for_symbols),
      cmocka_unit_test(test_find_instructions),
      cmocka_unit_test(test_find_registers),
      cmocka_unit_test(test_find_control_registers_and_causes),
      cmocka_unit_test(test_psw_accessors),
      cmocka_unit_test(test_tables_are_complete),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
