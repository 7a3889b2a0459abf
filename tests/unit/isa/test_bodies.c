/* The generated bodies, run by a small interpreter, against results written
 * down separately: every user instruction over edge values and drawn ones, with
 * every way in which its operands can be the same register. The system bodies
 * by a few properties. This file is also what compiles the bodies under the
 * project's warnings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "isa/bodies_support.h"
#include "words.h"

enum { STORAGE = 64 }; /* bytes; an address at or above it traps */

struct state {
  uint32_t reg[ISA_REG_COUNT];
  uint32_t pc, psw;
  uint32_t cr[ISA_CR_COUNT];
  uint8_t storage[STORAGE];
};

struct outcome {
  bool trapped;
  enum isa_cause cause;
  uint32_t value;
  unsigned waits, halts, others;
};

static void set_reg(struct state *s, unsigned reg, uint32_t value)
{
  s->reg[reg] = reg == REG_ZERO ? 0 : value;
}

static bool accessible(uint32_t address, uint32_t size)
{
  return address % size == 0 && address <= STORAGE - size;
}

static uint32_t load(const struct state *s, uint32_t address, uint32_t size)
{
  uint32_t value = 0;
  for (uint32_t i = 0; i < size; i++)
    value |= (uint32_t)s->storage[address + i] << (8 * i);
  return value;
}

static void store(struct state *s, uint32_t address, uint32_t size, uint32_t value)
{
  for (uint32_t i = 0; i < size; i++)
    s->storage[address + i] = (uint8_t)(value >> (8 * i));
}

#define OPERAND_A   ((unsigned)d->a)
#define OPERAND_B   ((unsigned)d->b)
#define OPERAND_C   ((unsigned)d->c)
#define OPERAND_N   ((unsigned)d->n)
#define OPERAND_IMM (d->imm)

#define BODY_BEGIN(I, B)        case BODY_##I##_##B:
#define BODY_END(I, B)          break;
#define BODY_SYSTEM_BEGIN(I, B) case BODY_##I##_##B:
#define BODY_SYSTEM_END(I, B)   break;

#define GET_REG(i)    (s->reg[i])
#define SET_REG(i, v) set_reg(s, (i), (v))
#define GET_PC()      (s->pc)
#define JUMP(target)                                                                               \
  do {                                                                                             \
    s->pc = (target);                                                                              \
    return o;                                                                                      \
  } while (0)
#define JUMP_REL(offset)    JUMP(s->pc + (offset))
#define GET_PSW()           (s->psw)
#define SET_PSW(v)          (s->psw = (v)&PSW_ALL_MASK)
#define FIELD_SHIFTED(F, v) (((v) << PSW_##F##_SHIFT) & PSW_##F##_MASK)
#define GET_PSW_FIELD(F)    ((s->psw & PSW_##F##_MASK) >> PSW_##F##_SHIFT)
#define SET_PSW_FIELD(F, v) (s->psw = (s->psw & ~PSW_##F##_MASK) | FIELD_SHIFTED(F, v))
#define USER_MODE()         1u
#define GET_CR(n)           (s->cr[n])
#define READ_CR(dst, n)     ((dst) = s->cr[n])
#define WRITE_CR(n, v)      (s->cr[n] = (v))

#define RAISE(c, v)                                                                                \
  do {                                                                                             \
    o.trapped = true;                                                                              \
    o.cause = (c);                                                                                 \
    o.value = (v);                                                                                 \
    return o;                                                                                      \
  } while (0)
#define LOAD(dst, a, size)                                                                         \
  do {                                                                                             \
    uint32_t at_ = (a);                                                                            \
    if (!accessible(at_, size))                                                                    \
      RAISE(CAUSE_BUS, at_);                                                                       \
    (dst) = load(s, at_, size);                                                                    \
  } while (0)
#define STORE(a, v, size)                                                                          \
  do {                                                                                             \
    uint32_t at_ = (a), value_ = (v);                                                              \
    if (!accessible(at_, size))                                                                    \
      RAISE(CAUSE_BUS, at_);                                                                       \
    store(s, at_, size, value_);                                                                   \
  } while (0)
#define LOAD_B(dst, a)    LOAD(dst, a, 1)
#define LOAD_H(dst, a)    LOAD(dst, a, 2)
#define LOAD_W(dst, a)    LOAD(dst, a, 4)
#define STORE_B(a, v)     STORE(a, v, 1)
#define STORE_H(a, v)     STORE(a, v, 2)
#define STORE_W(a, v)     STORE(a, v, 4)
#define LOAD_PREV(dst, a) LOAD(dst, a, 4)
#define STORE_PREV(a, v)  STORE(a, v, 4)

/* Loads translate below 64, stores below 32, fetches below 16; by 4096. */
enum { LIMIT_LOAD = 64, LIMIT_STORE = 32, LIMIT_FETCH = 16 };
#define TRANSLATE(ok, pa, va, ACCESS)                                                              \
  do {                                                                                             \
    uint32_t at_ = (va);                                                                           \
    (ok) = at_ < LIMIT_##ACCESS;                                                                   \
    (pa) = at_ + 4096;                                                                             \
  } while (0)
#define PORT_IN(dst, port)       ((dst) = (port) ^ 0xff00u)
#define PORT_OUT(port, v)        (o.others += (port)*256 + (v))
#define WAIT()                   (o.waits++)
#define HALT()                   (o.halts++)
#define TLB_WRITE()              (o.others++)
#define TLB_PROBE(dst, va)       ((dst) = (va) ^ 1u)
#define TLB_INVALIDATE(va, asid) (o.others += (unsigned)((va) + (asid) != 0xffffffffu))
#define KEY_SET(pa, key)         (o.others += (unsigned)((pa) + (key) != 0xffffffffu))
#define KEY_GET(dst, pa)         ((dst) = (pa) ^ 2u)
#define CHANNEL_START(dst, pa)   ((dst) = (pa) ^ 3u)
#define CHANNEL_TEST(dst, n)     ((dst) = (n) ^ 4u)

/* Runs one body. pc is the next instruction's unless it jumped or trapped. */
static struct outcome run(struct state *s, const struct isa_decoded *d, enum isa_body body)
{
  struct outcome o = {0};
  switch (body) {
#include "gen/pg32_bodies.h"
  case ISA_BODY_COUNT:
    fail();
  }
  s->pc += 4;
  return o;
}

/* --------------------------------------------------------------- reference */
/* Written in wide or bitwise arithmetic, so as to share no idea with the
 * definition. The result of an instruction that only computes. */
static int64_t as_signed(uint32_t x)
{
  return x & 0x80000000u ? (int64_t)x - 4294967296 : x;
}

static uint32_t shift_right(uint32_t x, uint32_t n, uint32_t fill)
{
  for (uint32_t i = 0; i < n; i++)
    x = (x / 2) | fill << 31;
  return x;
}

static uint32_t divide(uint32_t x, uint32_t y)
{
  int64_t quotient = as_signed(y) == 0 ? -1 : as_signed(x) / as_signed(y);
  return (uint32_t)quotient;
}

static uint32_t high_word(int64_t x, int64_t y)
{
  return (uint32_t)((uint64_t)(x * y) >> 32);
}

static bool reference(enum isa_insn insn, uint32_t x, uint32_t y, uint32_t *result)
{
  uint32_t n = y % 32;
  switch (insn) {
  case ISA_ADD:
  case ISA_ADDI:
    *result = (uint32_t)(as_signed(x) + as_signed(y));
    return true;
  case ISA_SUB:
    *result = (uint32_t)(as_signed(x) - as_signed(y));
    return true;
  case ISA_AND:
  case ISA_ANDI:
    *result = x & y;
    return true;
  case ISA_OR:
  case ISA_ORI:
    *result = ~(~x & ~y);
    return true;
  case ISA_XOR:
  case ISA_XORI:
    *result = (x | y) - (x & y);
    return true;
  case ISA_SLL:
  case ISA_SLLI:
    *result = (uint32_t)((uint64_t)x * (1ull << n));
    return true;
  case ISA_SRL:
  case ISA_SRLI:
    *result = shift_right(x, n, 0);
    return true;
  case ISA_SRA:
  case ISA_SRAI:
    *result = shift_right(x, n, x >> 31);
    return true;
  case ISA_SLT:
  case ISA_SLTI:
    *result = as_signed(x) < as_signed(y);
    return true;
  case ISA_SLTU:
  case ISA_SLTIU:
    *result = (uint64_t)x < (uint64_t)y;
    return true;
  case ISA_MUL:
    *result = (uint32_t)((uint64_t)x * y);
    return true;
  case ISA_MULH:
    *result = high_word(as_signed(x), as_signed(y));
    return true;
  case ISA_MULHSU:
    *result = high_word(as_signed(x), (int64_t)y);
    return true;
  case ISA_MULHU:
    *result = (uint32_t)(((uint64_t)x * y) / 4294967296u);
    return true;
  case ISA_DIV:
    *result = divide(x, y);
    return true;
  case ISA_DIVU:
    *result = y == 0 ? 0xffffffff : x / y;
    return true;
  case ISA_REM:
    *result = y == 0 ? x : (uint32_t)(as_signed(x) % as_signed(y));
    return true;
  case ISA_REMU:
    *result = y == 0 ? x : x % y;
    return true;
  default:
    return false;
  }
}

static bool taken(enum isa_insn insn, uint32_t x, uint32_t y)
{
  switch (insn) {
  case ISA_BEQ:
    return !(x ^ y);
  case ISA_BNE:
    return x ^ y;
  case ISA_BLT:
    return as_signed(x) < as_signed(y);
  case ISA_BGE:
    return as_signed(x) >= as_signed(y);
  case ISA_BLTU:
    return (uint64_t)x < (uint64_t)y;
  default:
    return (uint64_t)x >= (uint64_t)y;
  }
}

/* ------------------------------------------------------------------- states */
static const uint32_t edges[] = {
    0,          1,          2,          3,          4,          5,          31,
    32,         33,         0x7f,       0x80,       0xff,       0x100,      0x7fff,
    0x8000,     0xffff,     0x10000,    0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001,
    0xffff7fff, 0xffff8000, 0xfffffffe, 0xffffffff,
};
enum { EDGES = sizeof edges / sizeof *edges };

static uint32_t draw_value(uint64_t *seed)
{
  uint64_t r = next_random(seed);
  return r & 1 ? edges[(r >> 8) % EDGES] : (uint32_t)(r >> 16);
}

static struct state draw_state(uint64_t *seed)
{
  struct state s = {.pc = (uint32_t)next_random(seed) & ~3u};
  s.psw = (uint32_t)next_random(seed) & PSW_ALL_MASK;
  for (unsigned i = 1; i < ISA_REG_COUNT; i++)
    s.reg[i] = draw_value(seed);
  for (unsigned i = 0; i < ISA_CR_COUNT; i++)
    s.cr[i] = draw_value(seed);
  for (unsigned i = 0; i < STORAGE; i++)
    s.storage[i] = (uint8_t)next_random(seed);
  return s;
}

static void expect_state(const struct isa_decoded *d, const struct state *is,
                         const struct state *want)
{
  const char *name = isa_insn_info(d->insn)->mnemonic;
  for (unsigned i = 0; i < ISA_REG_COUNT; i++)
    if (is->reg[i] != want->reg[i])
      fail_msg("%s: %s is 0x%08x, expected 0x%08x (a %u, b %u, c %u, imm 0x%x)", name,
               isa_reg_name(i), is->reg[i], want->reg[i], d->a, d->b, d->c, d->imm);
  if (is->pc != want->pc || is->psw != want->psw)
    fail_msg("%s: pc 0x%08x, psw 0x%08x, expected 0x%08x, 0x%08x", name, is->pc, is->psw, want->pc,
             want->psw);
  assert_memory_equal(is->cr, want->cr, sizeof is->cr);
  assert_memory_equal(is->storage, want->storage, sizeof is->storage);
}

static void expect_outcome(const struct isa_decoded *d, const struct state *before,
                           const struct state *want, bool traps)
{
  struct state s = *before;
  struct outcome o = run(&s, d, isa_insn_info(d->insn)->behaviours[0].body);
  assert_int_equal(o.trapped, traps);
  expect_state(d, &s, traps ? before : want);
}

/* ---------------------------------------------------------------- computing */
static bool second_is_immediate(enum isa_insn insn)
{
  return isa_insn_info(insn)->format != FORMAT_RRR;
}

static void check_compute(enum isa_insn insn, uint32_t x, uint32_t y, const uint8_t regs[3],
                          uint64_t *seed)
{
  struct isa_decoded d = {.insn = insn, .a = regs[0], .b = regs[1], .c = regs[2]};
  struct state s = draw_state(seed);
  set_reg(&s, d.b, x);
  if (second_is_immediate(insn)) {
    d.c = 0;
    d.imm = isa_insn_info(insn)->format == FORMAT_RRU ? y % 32 : (uint32_t)(int32_t)(int16_t)y;
  } else {
    set_reg(&s, d.c, y);
  }
  struct state want = s;
  uint32_t result;
  assert_true(reference(insn, s.reg[d.b], second_is_immediate(insn) ? d.imm : s.reg[d.c], &result));
  set_reg(&want, d.a, result);
  want.pc += 4;
  expect_outcome(&d, &s, &want, false);
}

static void test_computing(void **state)
{
  (void)state;
  static const uint8_t aliases[][3] = {{5, 6, 7}, {6, 6, 7}, {7, 6, 7}, {5, 6, 6}, {6, 6, 6},
                                       {0, 6, 7}, {5, 0, 7}, {5, 6, 0}, {0, 0, 0}};
  uint64_t seed = 11;
  unsigned covered = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    uint32_t ignored;
    if (!reference((enum isa_insn)i, 1, 1, &ignored))
      continue;
    covered++;
    for (unsigned x = 0; x < EDGES; x++)
      for (unsigned y = 0; y < EDGES; y++)
        for (unsigned k = 0; k < sizeof aliases / sizeof *aliases; k++)
          check_compute((enum isa_insn)i, edges[x], edges[y], aliases[k], &seed);
    for (unsigned n = 0; n < 5000; n++) {
      uint32_t y = (uint32_t)next_random(&seed), x = (uint32_t)next_random(&seed);
      check_compute((enum isa_insn)i, x, y, aliases[n % 9], &seed);
    }
  }
  assert_int_equal(covered, 27);
}

static void check_carry(enum isa_insn insn, uint32_t x, uint32_t y, uint32_t carry, uint64_t *seed)
{
  struct isa_decoded d = {.insn = insn, .a = 5, .b = 6, .c = 7};
  struct state s = draw_state(seed);
  s.reg[6] = x;
  s.reg[7] = y;
  s.psw = psw_set_c(s.psw, carry);
  bool add = insn == ISA_ADDC;
  int64_t wide = add ? (int64_t)x + y + carry : (int64_t)x - y - carry;
  int64_t exact = add ? as_signed(x) + as_signed(y) + carry : as_signed(x) - as_signed(y) - carry;
  struct state want = s;
  want.reg[5] = (uint32_t)wide;
  want.psw = psw_set_c(want.psw, wide < 0 || wide > 0xffffffffll);
  want.psw = psw_set_v(want.psw, exact != as_signed((uint32_t)exact));
  want.pc += 4;
  expect_outcome(&d, &s, &want, false);
}

static void test_carry_and_overflow(void **state)
{
  (void)state;
  uint64_t seed = 12;
  for (unsigned x = 0; x < EDGES; x++)
    for (unsigned y = 0; y < EDGES; y++)
      for (unsigned carry = 0; carry < 2; carry++) {
        check_carry(ISA_ADDC, edges[x], edges[y], carry, &seed);
        check_carry(ISA_SUBC, edges[x], edges[y], carry, &seed);
      }
}

/* -------------------------------------------------------- storage and jumps */
static uint32_t extend(enum isa_insn insn, uint32_t value)
{
  if (insn == ISA_LB && value >= 0x80)
    return value + 0xffffff00;
  if (insn == ISA_LH && value >= 0x8000)
    return value + 0xffff0000;
  return value;
}

static uint32_t access_size(enum isa_insn insn)
{
  bool byte = insn == ISA_LB || insn == ISA_LBU || insn == ISA_SB;
  bool half = insn == ISA_LH || insn == ISA_LHU || insn == ISA_SH;
  return byte ? 1 : half ? 2 : 4;
}

static void check_access(enum isa_insn insn, bool is_load, uint32_t address, uint64_t *seed)
{
  struct isa_decoded d = {.insn = insn, .a = (uint8_t)(next_random(seed) % 16), .b = 6};
  struct state s = draw_state(seed);
  d.imm = (uint32_t)(int32_t)(int16_t)next_random(seed);
  s.reg[6] = address - d.imm;
  struct state want = s;
  uint32_t size = access_size(insn);
  bool traps = !accessible(address, size);
  want.pc += 4;
  if (!traps && is_load)
    set_reg(&want, d.a, extend(insn, load(&s, address, size)));
  else if (!traps)
    store(&want, address, size, s.reg[d.a]);
  expect_outcome(&d, &s, &want, traps);
}

static void test_storage(void **state)
{
  (void)state;
  static const enum isa_insn loads[] = {ISA_LB, ISA_LH, ISA_LW, ISA_LBU, ISA_LHU};
  static const enum isa_insn stores[] = {ISA_SB, ISA_SH, ISA_SW};
  uint64_t seed = 13;
  for (uint32_t address = (uint32_t)-8; address != STORAGE + 8; address++)
    for (unsigned n = 0; n < 20; n++) {
      for (unsigned i = 0; i < 5; i++)
        check_access(loads[i], true, address, &seed);
      for (unsigned i = 0; i < 3; i++)
        check_access(stores[i], false, address, &seed);
    }
}

static void test_branches(void **state)
{
  (void)state;
  uint64_t seed = 14;
  for (unsigned i = ISA_BEQ; i <= ISA_BGEU; i++)
    for (unsigned x = 0; x < EDGES; x++)
      for (unsigned y = 0; y < EDGES; y++) {
        struct isa_decoded d = {.insn = (enum isa_insn)i, .a = 5, .b = 6, .imm = (uint32_t)-400};
        struct state s = draw_state(&seed), want;
        s.reg[5] = edges[x];
        s.reg[6] = edges[y];
        want = s;
        want.pc += taken(d.insn, edges[x], edges[y]) ? d.imm : 4;
        expect_outcome(&d, &s, &want, false);
      }
}

static void test_jumps(void **state)
{
  (void)state;
  uint64_t seed = 15;
  for (unsigned n = 0; n < 1000; n++) {
    uint8_t a = (uint8_t)(next_random(&seed) % 16), b = n & 1 ? a : 6;
    struct state s = draw_state(&seed), want = s;
    struct isa_decoded d = {.insn = ISA_JAL, .a = a, .imm = (uint32_t)next_random(&seed) & ~3u};
    set_reg(&want, a, s.pc + 4);
    want.pc = s.pc + d.imm;
    expect_outcome(&d, &s, &want, false);

    d = (struct isa_decoded){.insn = ISA_JALR, .a = a, .b = b, .imm = (uint32_t)n - 500};
    want.pc = (s.reg[b] + d.imm) & ~1u; /* the target is of the register before the link */
    expect_outcome(&d, &s, &want, false);

    d = (struct isa_decoded){.insn = ISA_LUI, .a = a, .imm = n << 12};
    want = s;
    want.pc += 4;
    set_reg(&want, a, n << 12);
    expect_outcome(&d, &s, &want, false);

    d.insn = ISA_AUIPC;
    set_reg(&want, a, s.pc + (n << 12));
    expect_outcome(&d, &s, &want, false);
  }
}

/* Every user instruction is in one of the tests above. */
static void test_user_group_is_covered(void **state)
{
  (void)state;
  unsigned users = 0, others = 2 /* addc subc */ + 8 /* storage */ + 6 /* branches */ + 4;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    users += isa_insn_info((enum isa_insn)i)->group == ISA_GROUP_USER;
  assert_int_equal(users, 27 + others);
}

/* The comparison can fail: a wrong result is seen. */
static void test_reference_can_fail(void **state)
{
  (void)state;
  uint32_t sum, difference;
  assert_true(reference(ISA_ADD, 5, 3, &sum));
  assert_true(reference(ISA_SUB, 5, 3, &difference));
  assert_int_not_equal(sum, difference);
  struct isa_decoded d = {.insn = ISA_ADD, .a = 5, .b = 6, .c = 7};
  struct state s = {.reg = {[6] = 5, [7] = 3}};
  run(&s, &d, BODY_SUB_FULL);
  assert_int_not_equal(s.reg[5], sum);
}

/* ------------------------------------------------------------------- system */
static void test_errant(void **state)
{
  (void)state;
  static const struct {
    enum isa_insn insn;
    enum isa_cause cause;
  } cases[] = {{ISA_SYS, CAUSE_SYSCALL}, {ISA_BRK, CAUSE_BREAKPOINT}, {ISA_HCALL, CAUSE_HYPERCALL}};
  uint64_t seed = 16;
  for (unsigned i = 0; i < 3; i++) {
    struct state s = draw_state(&seed), before = s;
    struct isa_decoded d = {.insn = cases[i].insn};
    struct outcome o = run(&s, &d, isa_insn_info(d.insn)->behaviours[0].body);
    assert_true(o.trapped);
    assert_int_equal(o.cause, cases[i].cause);
    assert_int_equal(o.value, 0);
    expect_state(&d, &s, &before);
  }
}

static void test_popf_and_its_hole(void **state)
{
  (void)state;
  uint64_t seed = 17;
  struct isa_decoded d = {.insn = ISA_POPF};
  for (unsigned n = 0; n < 1000; n++) {
    struct state s = draw_state(&seed);
    s.reg[REG_SP] = (uint32_t)(next_random(&seed) % 40) * 2;
    bool traps = !accessible(s.reg[REG_SP], 4);
    struct state full = s, partial = s, want = s;
    assert_int_equal(run(&full, &d, BODY_POPF_FULL).trapped, traps);
    assert_int_equal(run(&partial, &d, BODY_POPF_PARTIAL).trapped, traps);
    if (!traps) {
      uint32_t w = load(&s, s.reg[REG_SP], 4);
      want.reg[REG_SP] += 4;
      want.pc += 4;
      want.psw = (s.psw & ~PSW_FLAGS_MASK) | (w & PSW_FLAGS_MASK);
    }
    expect_state(&d, &full, &want);
    want.psw = (want.psw & ~PSW_IE_MASK) | (s.psw & PSW_IE_MASK);
    expect_state(&d, &partial, &want);
  }
}

static void test_pushf(void **state)
{
  (void)state;
  uint64_t seed = 18;
  struct isa_decoded d = {.insn = ISA_PUSHF};
  for (unsigned n = 0; n < 1000; n++) {
    struct state s = draw_state(&seed), want;
    s.reg[REG_SP] = (uint32_t)(next_random(&seed) % 40) * 2;
    want = s;
    uint32_t at = s.reg[REG_SP] - 4;
    bool traps = !accessible(at, 4);
    if (!traps)
      store(&want, at, 4, s.psw & PSW_FLAGS_MASK);
    want.reg[REG_SP] = at;
    want.pc += 4;
    expect_outcome(&d, &s, &want, traps);
  }
}

/* rfe, lpsw and juser: pc and PSW together, or neither. */
static void test_transfers_of_control(void **state)
{
  (void)state;
  uint64_t seed = 19;
  for (unsigned n = 0; n < 1000; n++) {
    struct state s = draw_state(&seed), want = s;
    struct isa_decoded d = {.insn = ISA_RFE};
    want.pc = s.cr[CR_EPC];
    want.psw = s.cr[CR_EPSW] & PSW_ALL_MASK;
    expect_outcome(&d, &s, &want, false);

    uint32_t at = (uint32_t)(next_random(&seed) % 36) * 2;
    d = (struct isa_decoded){.insn = ISA_LPSW, .b = 6, .imm = (uint32_t)-8};
    s.reg[6] = at + 8;
    bool traps = at % 4 != 0 || at + 8 > STORAGE; /* either word */
    want = s;
    if (!traps) {
      want.psw = load(&s, at, 4) & PSW_ALL_MASK;
      want.pc = load(&s, at + 4, 4);
    }
    expect_outcome(&d, &s, &want, traps);
    if (traps) {
      struct state is = s;
      assert_int_equal(run(&is, &d, BODY_LPSW_FULL).value, accessible(at, 4) ? at + 4 : at);
    }

    d = (struct isa_decoded){.insn = ISA_JUSER, .b = 6, .imm = 4};
    want = s;
    want.pc = s.reg[6] + 4;
    if (psw_mode(s.psw) != 1) /* a plain jump in user mode */
      want.psw = psw_set_te(psw_set_mode(s.psw, 1), 1);
    expect_outcome(&d, &s, &want, false);
  }
}

/* The check variant of lpsw traps where the new mode would be more privileged. */
static void test_lpsw_variants(void **state)
{
  (void)state;
  uint64_t seed = 20;
  struct isa_decoded d = {.insn = ISA_LPSW, .b = 6, .imm = (uint32_t)-4};
  unsigned trapped = 0;
  for (unsigned n = 0; n < 1000; n++) {
    struct state s = draw_state(&seed);
    s.reg[6] = 14; /* where no word lies */
    assert_int_equal(run(&s, &d, BODY_LPSW_PARTIAL).value, 10);
    assert_int_equal(run(&s, &d, BODY_LPSW_CHECK).value, 10);
    s.reg[6] = 12;
    uint32_t w = load(&s, 8, 4);
    struct state partial = s, check = s, want = s;
    want.pc = load(&s, 12, 4);
    want.psw = psw_set_v(psw_set_c(s.psw, psw_c(w)), psw_v(w));
    assert_false(run(&partial, &d, BODY_LPSW_PARTIAL).trapped);
    expect_state(&d, &partial, &want);

    bool traps = psw_mode(w) < psw_mode(s.psw);
    struct outcome o = run(&check, &d, BODY_LPSW_CHECK);
    assert_int_equal(o.trapped, traps);
    trapped += traps;
    want.psw = psw_set_mode(want.psw, psw_mode(w));
    expect_state(&d, &check, traps ? &s : &want);
  }
  assert_true(trapped > 100 && trapped < 900);
}

static void test_probe_and_lra(void **state)
{
  (void)state;
  static const uint32_t limits[] = {LIMIT_LOAD, LIMIT_STORE, LIMIT_FETCH, 0};
  uint64_t seed = 21;
  for (uint32_t va = 0; va < 80; va++) {
    struct state s = draw_state(&seed), want;
    s.reg[6] = va;
    want = s;
    want.pc += 4;
    struct isa_decoded d = {.insn = ISA_LRA, .a = 5, .b = 6};
    want.reg[5] = va < LIMIT_LOAD ? va + 4096 : 0xffffffff;
    expect_outcome(&d, &s, &want, false);
    for (uint32_t kind = 0; kind < 4; kind++) {
      d = (struct isa_decoded){.insn = ISA_PROBE, .a = 5, .b = 6, .imm = kind};
      want.reg[5] = va < limits[kind];
      expect_outcome(&d, &s, &want, false);
    }
  }
}

static void test_control_registers(void **state)
{
  (void)state;
  uint64_t seed = 22;
  for (uint8_t n = 0; n < ISA_CR_COUNT; n++) {
    struct state s = draw_state(&seed), want = s;
    struct isa_decoded d = {.insn = ISA_MFCR, .a = 5, .n = n};
    want.pc += 4;
    want.reg[5] = s.cr[n];
    expect_outcome(&d, &s, &want, false);
    d.insn = ISA_MTCR;
    want.reg[5] = s.reg[5];
    want.cr[n] = s.reg[5];
    expect_outcome(&d, &s, &want, false);
  }
  for (uint32_t level = 0; level < 16; level++) {
    struct state s = draw_state(&seed), want = s;
    struct isa_decoded d = {.insn = ISA_SPL, .imm = level};
    want.pc += 4;
    want.cr[CR_IMASK] = level < 5 ? (1u << (5 - level)) - 1 : 0;
    expect_outcome(&d, &s, &want, false);
  }
}

static void test_interrupt_enable(void **state)
{
  (void)state;
  uint64_t seed = 23;
  struct state s = draw_state(&seed), want = s;
  struct isa_decoded d = {.insn = ISA_STI};
  want.pc += 4;
  want.psw |= PSW_IE_MASK;
  expect_outcome(&d, &s, &want, false);
  d.insn = ISA_CLI;
  want.psw &= ~PSW_IE_MASK;
  expect_outcome(&d, &s, &want, false);
  d.insn = ISA_WFI;
  assert_int_equal(run(&s, &d, BODY_WFI_FULL).waits, 1);
  d.insn = ISA_HALT;
  assert_int_equal(run(&s, &d, BODY_HALT_FULL).halts, 1);
}

/* What goes straight into a register, or out of one. */
static void test_moves(void **state)
{
  (void)state;
  uint64_t seed = 24;
  struct state s = draw_state(&seed);
  s.reg[6] = 8;
  const struct {
    enum isa_insn insn;
    uint32_t a; /* what a receives */
  } moves[] = {
      {ISA_RDPSW, s.psw},
      {ISA_RDTICK, s.cr[CR_TICK]},
      {ISA_CPUID, s.cr[CR_CPUID]},
      {ISA_IN, 12 ^ 0xff00},
      {ISA_LDPREV, load(&s, 12, 4)},
      {ISA_ISK, 8 ^ 2},
      {ISA_SIO, 8 ^ 3},
      {ISA_TIO, 8 ^ 4},
  };
  for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
    bool offset = moves[i].insn == ISA_IN || moves[i].insn == ISA_LDPREV;
    struct isa_decoded d = {.insn = moves[i].insn, .a = 5, .b = 6, .imm = offset ? 4 : 0};
    struct state want = s;
    want.reg[5] = moves[i].a;
    want.pc += 4;
    expect_outcome(&d, &s, &want, false);
  }
  struct state want = s;
  struct isa_decoded d = {.insn = ISA_SVBR, .b = 6, .imm = 4};
  store(&want, 12, 4, s.cr[CR_VBR]);
  want.pc += 4;
  expect_outcome(&d, &s, &want, false);
  d = (struct isa_decoded){.insn = ISA_STPREV, .a = 5, .b = 6, .imm = 4};
  store(&want, 12, 4, s.reg[5]);
  expect_outcome(&d, &s, &want, false);
}

static void test_tlb_and_devices(void **state)
{
  (void)state;
  static const enum isa_insn effects[] = {ISA_TLBW, ISA_TLBI, ISA_SSK};
  uint64_t seed = 25;
  struct state s = draw_state(&seed), want = s;
  s.reg[5] = want.reg[5] = 1;
  s.reg[6] = want.reg[6] = 2;
  want.pc += 4;
  for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
    struct isa_decoded d = {.insn = effects[i], .a = 5, .b = 6};
    struct state is = s;
    assert_int_equal(run(&is, &d, isa_insn_info(d.insn)->behaviours[0].body).others, 1);
    expect_state(&d, &is, &want);
  }
  struct isa_decoded out = {.insn = ISA_OUT, .a = 5, .b = 6, .imm = 14};
  struct state is = s;
  assert_int_equal(run(&is, &out, BODY_OUT_FULL).others, 16 * 256 + 1);
  expect_state(&out, &is, &want);
  want.cr[CR_TLBIX] = s.cr[CR_TLBHI] ^ 1;
  expect_outcome(&(struct isa_decoded){.insn = ISA_TLBP}, &s, &want, false);
}

static void test_list_of_bodies(void **state)
{
  (void)state;
#define ENTRY(I, B) BODY_##I##_##B,
  static const enum isa_body listed[] = {ISA_BODIES(ENTRY)};
#undef ENTRY
  assert_int_equal(sizeof listed / sizeof *listed, ISA_BODY_COUNT);
  for (unsigned i = 0; i < ISA_BODY_COUNT; i++)
    assert_int_equal(listed[i], i);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_computing),
      cmocka_unit_test(test_carry_and_overflow),
      cmocka_unit_test(test_storage),
      cmocka_unit_test(test_branches),
      cmocka_unit_test(test_jumps),
      cmocka_unit_test(test_user_group_is_covered),
      cmocka_unit_test(test_reference_can_fail),
      cmocka_unit_test(test_errant),
      cmocka_unit_test(test_popf_and_its_hole),
      cmocka_unit_test(test_pushf),
      cmocka_unit_test(test_transfers_of_control),
      cmocka_unit_test(test_lpsw_variants),
      cmocka_unit_test(test_probe_and_lra),
      cmocka_unit_test(test_control_registers),
      cmocka_unit_test(test_interrupt_enable),
      cmocka_unit_test(test_moves),
      cmocka_unit_test(test_tlb_and_devices),
      cmocka_unit_test(test_list_of_bodies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
