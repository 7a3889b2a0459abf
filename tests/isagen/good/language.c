/* Runs the bodies of language.isa against C written by hand. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "isa/bodies_support.h"
#include "pg32.h"

struct state {
  uint32_t reg[16], pc, psw, epc, stored, trap_value;
  bool trapped;
};

enum { A = 5, B = 6, C = 7 };

#define BODY_BEGIN(I, B)        case BODY_##I##_##B:
#define BODY_END(I, B)          break;
#define BODY_SYSTEM_BEGIN(I, B) case BODY_##I##_##B:
#define BODY_SYSTEM_END(I, B)   break;
#define OPERAND_A               A
#define OPERAND_B               B
#define OPERAND_C               C
#define GET_REG(i)              (s->reg[i])
#define SET_REG(i, v)           (s->reg[i] = (v))
#define GET_PSW_FIELD(F)        ((s->psw & PSW_##F##_MASK) >> PSW_##F##_SHIFT)
#define SET_PSW_FIELD(F, v)                                                                        \
  (s->psw = (s->psw & ~PSW_##F##_MASK) | (((v) << PSW_##F##_SHIFT) & PSW_##F##_MASK))
#define READ_CR(dst, n)            ((dst) = (n) == CR_EPC ? s->epc : 0)
#define TRANSLATE(ok, pa, va, acc) ((ok) = 1, (pa) = (va) + 100)
#define STORE_B(a, v)              (s->stored = (a)*3 + ((v)&0xff))
#define STORE_W(a, v)              (s->stored = (a)*3 + (v))
#define JUMP(t)                                                                                    \
  do {                                                                                             \
    s->pc = (t);                                                                                   \
    return;                                                                                        \
  } while (0)
#define RAISE(c, v)                                                                                \
  do {                                                                                             \
    s->trapped = (c) == CAUSE_ILLEGAL;                                                             \
    s->trap_value = (v);                                                                           \
    return;                                                                                        \
  } while (0)

static void run(struct state *s, enum isa_body body)
{
  switch (body) {
#include "pg32_bodies.h"
  default:
    break;
  }
  s->pc += 4;
}

static uint32_t sign(uint32_t x, uint32_t bits) /* of the low bits */
{
  uint32_t low = x & ((1u << bits) - 1);
  return low >> (bits - 1) ? low - (1u << (bits - 1)) * 2 : low;
}

static uint32_t quotient(int64_t b, int64_t c)
{
  return c == 0 ? (b < 0 ? 1 : 0xffffffff) : (uint32_t)(b / c);
}

static uint32_t compares(uint32_t b, uint32_t c)
{
  int32_t x = (int32_t)b, y = (int32_t)c;
  uint32_t result = 0;
  const bool bits[] = {b<c, b <= c, b> c, b >= c, x<y, x <= y, x> y, x >= y, b == c, b != c};
  for (unsigned i = 0; i < sizeof bits; i++)
    result |= (uint32_t)bits[i] << i;
  return result;
}

static uint32_t shifts(uint32_t b, uint32_t c, uint32_t carry)
{
  uint32_t n = b == c ? c % 16 : b % 32;
  return (b << n) ^ (uint32_t)((int32_t)c >> n % 8) ^ (b >> ((c % 8) | 8)) ^ (b << carry) ^
         (b == 0 ? c << 1 : c);
}

static uint32_t highs(uint32_t b, uint32_t c)
{
  int64_t sb = (int32_t)b, sc = (int32_t)c;
  return (uint32_t)((uint64_t)(sb * sc) >> 32) ^ (uint32_t)((uint64_t)(sb * (int64_t)c) >> 32) ^
         (uint32_t)(((uint64_t)b * c) >> 32);
}

static uint32_t divides(uint32_t b, uint32_t c)
{
  int64_t sb = (int32_t)b, sc = (int32_t)c;
  return (c ? b / c : 0xffffffff) ^ (c ? b % c : b) ^ quotient(sb, sc) ^
         (sc ? (uint32_t)(sb % sc) : b);
}

/* What a holds after a body that only computes. */
static uint32_t expected(enum isa_body body, uint32_t b, uint32_t c, uint32_t psw)
{
  switch (body) {
  case BODY_NOT_FULL:
    return 0u - b - 1 + (0u - (c % 4) - 1);
  case BODY_NEG_FULL:
    return c - b;
  case BODY_LNOT_FULL:
    return (b == 0) + 2u * (c != 0) + 4u * (b != c);
  case BODY_SLICES_FULL:
    return b ^ ((b & 0xf0) / 16) ^ (c / 65536) ^ ((b + c) % 16);
  case BODY_ORDER_FULL:
    return (((b + 2 * c) & 0xff) ^ (2 * b)) | c / 8;
  case BODY_COMPARES_FULL:
    return compares(b, c);
  case BODY_BRANCHES_FULL:
    return b == 0 ? 1 : (b & c) != 0 ? 2 : b + c == 0 ? 3 : 4;
  case BODY_NESTED_FULL:
    return b && c ? 1 : b ? 2 : b == c ? 3 : (int32_t)c < 0 ? 4 : 5;
  case BODY_DIVIDES_FULL:
    return divides(b, c);
  case BODY_SHIFTS_FULL:
    return shifts(b, c, psw_c(psw));
  case BODY_EXTENDS_FULL:
    return (b % 2 ? 0xffffffff : 0) ^ sign(c >> 4, 12) ^ sign(b + c, 31);
  case BODY_HIGHS_FULL:
    return highs(b, c);
  default:
    return psw_c(psw) + 2 * psw_v(psw) + psw_c(b) + c; /* carry */
  }
}

static int failures;

static void check(bool holds, const char *what, uint32_t b, uint32_t c)
{
  if (holds)
    return;
  failures++;
  printf("%s with b = 0x%x, c = 0x%x\n", what, b, c);
}

static void check_pair(uint32_t b, uint32_t c, uint32_t psw)
{
  const struct state start = {.reg = {[B] = b, [C] = c}, .pc = 8, .psw = psw, .epc = 1000};
  struct state s;
  for (unsigned body = BODY_NOT_FULL; body <= BODY_CARRY_FULL; body++) {
    char what[32];
    snprintf(what, sizeof what, "body %u", body);
    s = start;
    run(&s, (enum isa_body)body);
    check(s.reg[A] == expected((enum isa_body)body, b, c, psw) && s.pc == 12, what, b, c);
  }
  check(psw_c(s.psw) == psw_v(b) && psw_v(s.psw) == b % 2, "flags", b, c);
  s = start;
  run(&s, BODY_LASTS_FULL);
  check(b == c ? s.reg[A] == 1 && s.pc == 12 && s.stored == b * 3 + c % 256
               : s.reg[A] == 0 && s.pc == b && s.stored == c * 3 + b,
        "lasts", b, c);
  s = start;
  run(&s, BODY_VALUE_FULL);
  bool less = (int32_t)b < (int32_t)c;
  check(s.trapped == less && (less ? s.trap_value == b + c && s.pc == 8 : s.reg[A] == b), "value",
        b, c);
  s = start;
  run(&s, BODY_BOTH_FULL);
  check(b ? s.trapped : s.pc == 1000 + c, "both", b, c);
  s = start;
  run(&s, BODY_BOTH_OTHER);
  check(s.reg[A] == b + c + 100, "other", b, c);
}

int main(void)
{
  static const uint32_t values[] = {
      0,      1,      2,          3,          8,          31,         32,         0xff,      0x80,
      0x1234, 0xffff, 0x12345678, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffff0, 0xffffffff};
  enum { COUNT = sizeof values / sizeof *values };
  for (unsigned b = 0; b < COUNT; b++)
    for (unsigned c = 0; c < COUNT; c++)
      for (uint32_t flags = 0; flags < 4; flags++)
        check_pair(values[b], values[c], psw_set_v(psw_set_c(0, flags & 1), flags >> 1));
  return failures != 0;
}
