/* Pseudo-instructions: names of ours for one or two real instructions. The real
 * ones are named by the definition's enumeration, never by their text.
 */
#include <inttypes.h>
#include <string.h>

#include "asm/assembly.h"
#include "gen/asm/parser.h"

/* What stands in a register field: a register, or the one given as operand n. */
#define OP(n) (0x80 | (n))

struct pseudo {
  const char *name;
  const char *pattern; /* r register, e constant, t target, m register or offset(register) */
  enum isa_insn insn;
  uint8_t a, b, c;
  int16_t imm; /* unless an operand gives it */
  void (*special)(struct assembly *a, const struct statement *st);
};

static void load_immediate(struct assembly *a, const struct statement *st);
static void load_address(struct assembly *a, const struct statement *st);
static void push_registers(struct assembly *a, const struct statement *st);
static void pop_registers(struct assembly *a, const struct statement *st);

static const struct pseudo table[] = {
    {"nop", "", ISA_ADDI, REG_ZERO, REG_ZERO, 0, 0, NULL},
    {"li", "re", ISA_ADDI, 0, 0, 0, 0, load_immediate},
    {"la", "re", ISA_ADDI, 0, 0, 0, 0, load_address},
    {"mv", "rr", ISA_ADDI, OP(0), OP(1), 0, 0, NULL},
    {"not", "rr", ISA_XORI, OP(0), OP(1), 0, -1, NULL},
    {"neg", "rr", ISA_SUB, OP(0), REG_ZERO, OP(1), 0, NULL},
    {"seqz", "rr", ISA_SLTIU, OP(0), OP(1), 0, 1, NULL},
    {"snez", "rr", ISA_SLTU, OP(0), REG_ZERO, OP(1), 0, NULL},
    {"sltz", "rr", ISA_SLT, OP(0), OP(1), REG_ZERO, 0, NULL},
    {"sgtz", "rr", ISA_SLT, OP(0), REG_ZERO, OP(1), 0, NULL},
    {"sgt", "rrr", ISA_SLT, OP(0), OP(2), OP(1), 0, NULL},
    {"sgtu", "rrr", ISA_SLTU, OP(0), OP(2), OP(1), 0, NULL},
    {"beqz", "rt", ISA_BEQ, OP(0), REG_ZERO, 0, 0, NULL},
    {"bnez", "rt", ISA_BNE, OP(0), REG_ZERO, 0, 0, NULL},
    {"blez", "rt", ISA_BGE, REG_ZERO, OP(0), 0, 0, NULL},
    {"bgez", "rt", ISA_BGE, OP(0), REG_ZERO, 0, 0, NULL},
    {"bltz", "rt", ISA_BLT, OP(0), REG_ZERO, 0, 0, NULL},
    {"bgtz", "rt", ISA_BLT, REG_ZERO, OP(0), 0, 0, NULL},
    {"bgt", "rrt", ISA_BLT, OP(1), OP(0), 0, 0, NULL},
    {"ble", "rrt", ISA_BGE, OP(1), OP(0), 0, 0, NULL},
    {"bgtu", "rrt", ISA_BLTU, OP(1), OP(0), 0, 0, NULL},
    {"bleu", "rrt", ISA_BGEU, OP(1), OP(0), 0, 0, NULL},
    {"j", "t", ISA_JAL, REG_ZERO, 0, 0, 0, NULL},
    {"call", "t", ISA_JAL, REG_RA, 0, 0, 0, NULL},
    {"tail", "t", ISA_JAL, REG_ZERO, 0, 0, 0, NULL},
    {"jr", "m", ISA_JALR, REG_ZERO, OP(0), 0, 0, NULL},
    {"ret", "", ISA_JALR, REG_ZERO, REG_RA, 0, 0, NULL},
    {"push", "r*", ISA_SW, 0, 0, 0, 0, push_registers},
    {"pop", "r*", ISA_LW, 0, 0, 0, 0, pop_registers},
};

/* Real instructions that may leave the link register out. */
static const struct pseudo short_forms[] = {
    {NULL, "t", ISA_JAL, REG_RA, 0, 0, 0, NULL},
    {NULL, "m", ISA_JALR, REG_RA, OP(0), 0, 0, NULL},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *pseudo_name(size_t index)
{
  return index < COUNT(table) ? table[index].name : NULL;
}

static const struct pseudo *find(const char *name)
{
  for (size_t i = 0; i < COUNT(table); i++)
    if (strcmp(table[i].name, name) == 0)
      return &table[i];
  return NULL;
}

bool pseudo_exists(const char *name)
{
  return find(name) != NULL;
}

/* ---------------------------------------------------------------- operands */
static const char *kind_words(char kind)
{
  return kind == 'r'   ? "a register"
         : kind == 'e' ? "a constant"
         : kind == 't' ? "a target"
                       : "a register";
}

static bool kind_fits(char kind, const struct operand *op)
{
  switch (kind) {
  case 'r':
    return op->kind == OPERAND_REG;
  case 'm':
    return op->kind == OPERAND_REG || op->kind == OPERAND_MEM;
  default:
    return op->kind == OPERAND_EXPR;
  }
}

static bool check_operands(struct assembly *a, const struct pseudo *p, const struct statement *st)
{
  size_t count = strlen(p->pattern), given = st->operands.count;
  bool list = count && p->pattern[count - 1] == '*';
  if (list ? given == 0 : given != count) {
    asm_error(a, token_loc(a, st->op), "%s takes %s%zu operand%s, not %zu", st->op->text,
              list ? "at least " : "", list ? 1 : count, list || count == 1 ? "" : "s", given);
    return false;
  }
  for (size_t i = 0; i < given; i++) {
    char kind = p->pattern[list ? 0 : i];
    const struct operand *op = &st->operands.items[i];
    if (kind_fits(kind, op))
      continue;
    asm_error(a, op->loc, "%s expects %s here%s", st->op->text, kind_words(kind),
              kind == 'r' ? insn_register_hint(a, op) : "");
    return false;
  }
  return true;
}

/* --------------------------------------------------------------- expansion */
static uint8_t field(uint8_t spec, const struct statement *st)
{
  return spec & 0x80 ? (uint8_t)st->operands.items[spec & 0x7f].reg : spec;
}

static void emit(struct assembly *a, const struct statement *st, struct isa_decoded insn,
                 const struct expr *expr)
{
  const struct isa_operand *imm = expr ? insn_operand(insn.insn, ISA_SLOT_IMM) : NULL;
  section_emit_insn(a, token_loc(a, st->op), &insn, imm, expr);
}

static void emit_rri(struct assembly *a, const struct statement *st, enum isa_insn insn,
                     unsigned ra, unsigned rb, int32_t imm)
{
  emit(a, st,
       (struct isa_decoded){.insn = insn, .a = (uint8_t)ra, .b = (uint8_t)rb, .imm = (uint32_t)imm},
       NULL);
}

static void expand(struct assembly *a, const struct pseudo *p, const struct statement *st)
{
  struct isa_decoded insn = {.insn = p->insn,
                             .a = field(p->a, st),
                             .b = field(p->b, st),
                             .c = field(p->c, st),
                             .imm = (uint32_t)(int32_t)p->imm};
  const struct operand *last =
      st->operands.count ? &st->operands.items[st->operands.count - 1] : NULL;
  bool has_value = last && (last->kind == OPERAND_EXPR || last->kind == OPERAND_MEM);
  emit(a, st, insn, has_value ? last->expr : NULL);
}

static void run(struct assembly *a, const struct pseudo *p, const struct statement *st)
{
  a->noted.pseudo = true;
  if (!check_operands(a, p, st))
    section_reserve(a, token_loc(a, st->op), 4, NULL);
  else if (p->special)
    p->special(a, st);
  else
    expand(a, p, st);
}

bool pseudo_assemble(struct assembly *a, const struct statement *st)
{
  const struct pseudo *p = find(st->op->text);
  if (p)
    run(a, p, st);
  return p != NULL;
}

bool pseudo_short_form(struct assembly *a, enum isa_insn insn, const struct statement *st)
{
  for (size_t i = 0; i < COUNT(short_forms); i++) {
    if (short_forms[i].insn == insn && st->operands.count == 1) {
      run(a, &short_forms[i], st);
      return true;
    }
  }
  return false;
}

/* --------------------------------------------------------- li, la, push, pop */
/* lui takes bits 31:12; the low 12 bits never look negative to a 16-bit
 * immediate, so %hi needs no correction. */
static void load_parts(struct assembly *a, const struct statement *st, const struct expr *e)
{
  uint8_t reg = (uint8_t)st->operands.items[0].reg;
  const struct expr *hi = expr_node(a, e->loc, EXPR_HI, HI, e, NULL, NULL);
  const struct expr *lo = hi ? expr_node(a, e->loc, EXPR_LO, LO, e, NULL, NULL) : NULL;
  if (!lo)
    return;
  emit(a, st, (struct isa_decoded){.insn = ISA_LUI, .a = reg}, hi);
  emit(a, st, (struct isa_decoded){.insn = ISA_ADDI, .a = reg, .b = reg}, lo);
}

static void load_address(struct assembly *a, const struct statement *st)
{
  load_parts(a, st, st->operands.items[1].expr);
}

static void load_known(struct assembly *a, const struct statement *st, const struct expr *e,
                       int64_t value)
{
  unsigned reg = st->operands.items[0].reg;
  uint32_t word = (uint32_t)value;
  int32_t number = (int32_t)word;
  if (value < INT32_MIN || value > (int64_t)UINT32_MAX) {
    asm_error(a, e->loc, "%" PRId64 " (0x%" PRIx64 ") does not fit 32 bits", value,
              (uint64_t)value);
    section_reserve(a, e->loc, 4, NULL);
  } else if (number >= INT16_MIN && number <= INT16_MAX) {
    emit_rri(a, st, ISA_ADDI, reg, REG_ZERO, number);
  } else {
    emit_rri(a, st, ISA_LUI, reg, 0, (int32_t)(word & ~0xfffu));
    if (word & 0xfff)
      emit_rri(a, st, ISA_ADDI, reg, reg, (int32_t)(word & 0xfff));
  }
}

static void load_immediate(struct assembly *a, const struct statement *st)
{
  const struct expr *e = st->operands.items[1].expr;
  struct value v;
  enum evaluated result = expr_eval(a, e, &v);
  if (result == EVAL_KNOWN && !v.section)
    load_known(a, st, e, v.number);
  else if (result != EVAL_BAD)
    load_parts(a, st, e);
}

static void push_registers(struct assembly *a, const struct statement *st)
{
  int32_t count = (int32_t)st->operands.count;
  emit_rri(a, st, ISA_ADDI, REG_SP, REG_SP, -4 * count);
  for (int32_t i = 0; i < count; i++)
    emit_rri(a, st, ISA_SW, st->operands.items[i].reg, REG_SP, 4 * i);
}

static void pop_registers(struct assembly *a, const struct statement *st)
{
  int32_t count = (int32_t)st->operands.count;
  for (int32_t i = 0; i < count; i++)
    emit_rri(a, st, ISA_LW, st->operands.items[i].reg, REG_SP, 4 * i);
  emit_rri(a, st, ISA_ADDI, REG_SP, REG_SP, 4 * count);
}
