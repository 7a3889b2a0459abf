#include "reference.h"

/* ------------------------------------------------------------------ numbers */

/* "XLEN-bit two's complement": the value that 32 bits stand for. */
static int64_t sign(uint32_t x)
{
  return x >= 0x80000000u ? (int64_t)x - 0x100000000 : (int64_t)x;
}

static uint32_t low_word(__int128 x)
{
  return (uint32_t)((unsigned __int128)x & 0xffffffffu);
}
static uint32_t high_word(__int128 x)
{
  return (uint32_t)((unsigned __int128)x >> 32 & 0xffffffffu);
}

/* "Only the low 5 bits of the shift amount are used." One place at a time. */
static uint32_t shift(uint32_t x, uint32_t amount, bool left, bool sign_in)
{
  uint32_t top = sign_in && x >= 0x80000000u ? 0x80000000u : 0;
  for (uint32_t i = 0; i < amount % 32; i++)
    x = left ? x + x : x / 2 + top;
  return x;
}

/* Table "Semantics for division by zero and division overflow". In 64 bits the
 * overflowing quotient is 2^31, whose low word is the dividend. */
static uint32_t divide(int64_t dividend, int64_t divisor)
{
  return divisor == 0 ? 0xffffffffu : (uint32_t)(dividend / divisor);
}

static uint32_t leftover(int64_t dividend, int64_t divisor)
{
  return divisor == 0 ? (uint32_t)dividend : (uint32_t)(dividend % divisor);
}

static bool fits_signed(int64_t x)
{
  return x >= -2147483648 && x <= 2147483647;
}
static bool fits_unsigned(int64_t x)
{
  return x >= 0 && x <= 4294967295;
}

/* ------------------------------------------------------------------- state */

static void set(struct reference *r, unsigned reg, uint32_t value)
{
  if (reg != 0)
    r->regs[reg] = value;
}

/* a = exact result; C says that it does not fit as unsigned, V as signed. */
static void set_with_flags(struct reference *r, unsigned reg, int64_t as_signed,
                           int64_t as_unsigned)
{
  set(r, reg, (uint32_t)as_unsigned);
  r->c = !fits_unsigned(as_unsigned);
  r->v = !fits_signed(as_signed);
}

static enum reference_outcome check(const struct reference *r, uint32_t address, uint32_t size,
                                    uint32_t *fault)
{
  *fault = address;
  if (address % size != 0)
    return REFERENCE_MISALIGNED;
  return (uint64_t)address + size > r->size ? REFERENCE_OUTSIDE : REFERENCE_DONE;
}

static enum reference_outcome load(struct reference *r, const struct isa_decoded *i, uint32_t size,
                                   bool extend_sign, uint32_t *fault)
{
  uint32_t address = r->regs[i->b] + i->imm, value = 0;
  enum reference_outcome outcome = check(r, address, size, fault);
  if (outcome != REFERENCE_DONE)
    return outcome;
  for (uint32_t n = size; n-- > 0;) /* little-endian: the highest address is the highest byte */
    value = value * 256 + r->memory[address + n];
  if (extend_sign && r->memory[address + size - 1] >= 0x80)
    for (uint32_t n = size; n < 4; n++)
      value += (uint32_t)0xff << 8 * n;
  set(r, i->a, value);
  r->pc += 4;
  return REFERENCE_DONE;
}

static enum reference_outcome store(struct reference *r, const struct isa_decoded *i, uint32_t size,
                                    uint32_t *fault)
{
  uint32_t address = r->regs[i->b] + i->imm, value = r->regs[i->a];
  enum reference_outcome outcome = check(r, address, size, fault);
  if (outcome != REFERENCE_DONE)
    return outcome;
  for (uint32_t n = 0; n < size; n++, value /= 256)
    r->memory[address + n] = (uint8_t)(value % 256);
  r->pc += 4;
  return REFERENCE_DONE;
}

/* -------------------------------------------------------------- computations */

static bool compute_m(struct reference *r, const struct isa_decoded *i)
{
  uint32_t x = r->regs[i->b], y = r->regs[i->c];
  switch (i->insn) {
  case ISA_MUL:
    set(r, i->a, low_word((__int128)x * y));
    return true;
  case ISA_MULH:
    set(r, i->a, high_word((__int128)sign(x) * sign(y)));
    return true;
  case ISA_MULHSU:
    set(r, i->a, high_word((__int128)sign(x) * y));
    return true;
  case ISA_MULHU:
    set(r, i->a, high_word((__int128)x * y));
    return true;
  case ISA_DIV:
    set(r, i->a, divide(sign(x), sign(y)));
    return true;
  case ISA_DIVU:
    set(r, i->a, divide(x, y));
    return true;
  case ISA_REM:
    set(r, i->a, leftover(sign(x), sign(y)));
    return true;
  case ISA_REMU:
    set(r, i->a, leftover(x, y));
    return true;
  default:
    return false;
  }
}

static bool compute(struct reference *r, const struct isa_decoded *i)
{
  uint32_t x = r->regs[i->b], y = r->regs[i->c], imm = i->imm;
  bool c = r->c;
  switch (i->insn) {
  case ISA_ADD:
    set(r, i->a, (uint32_t)(sign(x) + sign(y)));
    return true;
  case ISA_SUB:
    set(r, i->a, (uint32_t)(sign(x) - sign(y)));
    return true;
  case ISA_AND:
    set(r, i->a, x & y);
    return true;
  case ISA_OR:
    set(r, i->a, x | y);
    return true;
  case ISA_XOR:
    set(r, i->a, x ^ y);
    return true;
  case ISA_SLL:
    set(r, i->a, shift(x, y, true, false));
    return true;
  case ISA_SRL:
    set(r, i->a, shift(x, y, false, false));
    return true;
  case ISA_SRA:
    set(r, i->a, shift(x, y, false, true));
    return true;
  case ISA_SLT:
    set(r, i->a, sign(x) < sign(y));
    return true;
  case ISA_SLTU:
    set(r, i->a, x < y);
    return true;
  case ISA_ADDI:
    set(r, i->a, (uint32_t)(sign(x) + sign(imm)));
    return true;
  case ISA_ANDI:
    set(r, i->a, x & imm);
    return true;
  case ISA_ORI:
    set(r, i->a, x | imm);
    return true;
  case ISA_XORI:
    set(r, i->a, x ^ imm);
    return true;
  case ISA_SLLI:
    set(r, i->a, shift(x, imm, true, false));
    return true;
  case ISA_SRLI:
    set(r, i->a, shift(x, imm, false, false));
    return true;
  case ISA_SRAI:
    set(r, i->a, shift(x, imm, false, true));
    return true;
  case ISA_SLTI:
    set(r, i->a, sign(x) < sign(imm));
    return true;
  case ISA_SLTIU:
    set(r, i->a, x < imm);
    return true; /* "sign-extended, then treated as unsigned" */
  case ISA_ADDC:
    set_with_flags(r, i->a, sign(x) + sign(y) + c, (int64_t)x + (int64_t)y + c);
    return true;
  case ISA_SUBC:
    set_with_flags(r, i->a, sign(x) - sign(y) - c, (int64_t)x - (int64_t)y - c);
    return true;
  case ISA_LUI:
    set(r, i->a, imm);
    return true;
  case ISA_AUIPC:
    set(r, i->a, r->pc + imm);
    return true;
  default:
    return compute_m(r, i);
  }
}

/* ------------------------------------------------------------ control transfer */

/* *taken: the address it goes to is pc + imm. */
static bool is_branch(const struct reference *r, const struct isa_decoded *i, bool *taken)
{
  uint32_t x = r->regs[i->a], y = r->regs[i->b];
  switch (i->insn) {
  case ISA_BEQ:
    *taken = x == y;
    return true;
  case ISA_BNE:
    *taken = x != y;
    return true;
  case ISA_BLT:
    *taken = sign(x) < sign(y);
    return true;
  case ISA_BGE:
    *taken = sign(x) >= sign(y);
    return true;
  case ISA_BLTU:
    *taken = x < y;
    return true;
  case ISA_BGEU:
    *taken = x >= y;
    return true;
  default:
    return false;
  }
}

/* "The target is obtained by adding the immediate to rs1, then setting the
 * least-significant bit of the result to zero"; rs1 is read before rd is written. */
static bool jump(struct reference *r, const struct isa_decoded *i)
{
  uint32_t target, link = r->pc + 4;
  if (i->insn == ISA_JAL)
    target = r->pc + i->imm;
  else if (i->insn == ISA_JALR)
    target = (r->regs[i->b] + i->imm) / 2 * 2;
  else
    return false;
  set(r, i->a, link);
  r->pc = target;
  return true;
}

enum reference_outcome reference_execute(struct reference *r, const struct isa_decoded *insn,
                                         uint32_t *address)
{
  bool taken;
  *address = 0;
  switch (insn->insn) {
  case ISA_LB:
    return load(r, insn, 1, true, address);
  case ISA_LH:
    return load(r, insn, 2, true, address);
  case ISA_LW:
    return load(r, insn, 4, false, address);
  case ISA_LBU:
    return load(r, insn, 1, false, address);
  case ISA_LHU:
    return load(r, insn, 2, false, address);
  case ISA_SB:
    return store(r, insn, 1, address);
  case ISA_SH:
    return store(r, insn, 2, address);
  case ISA_SW:
    return store(r, insn, 4, address);
  default:
    break;
  }
  if (jump(r, insn))
    return REFERENCE_DONE;
  if (is_branch(r, insn, &taken)) {
    r->pc += taken ? insn->imm : 4;
    return REFERENCE_DONE;
  }
  if (!compute(r, insn))
    return REFERENCE_NOT_USER;
  r->pc += 4;
  return REFERENCE_DONE;
}
