/* Instructions: the operands written, against the shape in the definition. */
#include <ctype.h>
#include <string.h>

#include "asm/assembly.h"

#define SHAPE_ITEMS 4

/* One operand as written: a register or value, or value(register). */
struct shape_item {
  const struct isa_operand *operand;
  const struct isa_operand *base; /* value(register) */
};

static const struct isa_operand *by_name(const struct isa_format_info *format, const char *name,
                                         size_t len)
{
  for (size_t i = 0; i < format->operand_count; i++)
    if (strlen(format->operands[i].name) == len && memcmp(format->operands[i].name, name, len) == 0)
      return &format->operands[i];
  return NULL;
}

const struct isa_operand *insn_operand(enum isa_insn insn, enum isa_operand_slot slot)
{
  const struct isa_format_info *format = isa_format_info(isa_insn_info(insn)->format);
  for (size_t i = 0; i < format->operand_count; i++)
    if (format->operands[i].slot == slot)
      return &format->operands[i];
  return NULL;
}

static size_t read_shape(const struct isa_insn_info *info, struct shape_item items[SHAPE_ITEMS])
{
  const struct isa_format_info *format = isa_format_info(info->format);
  size_t count = 0;
  bool base = false;
  for (const char *p = info->shape; *p;) {
    size_t len = 0;
    while (isalnum((unsigned char)p[len]))
      len++;
    if (len == 0) {
      base = *p++ == '(';
      continue;
    }
    if (base)
      items[count - 1].base = by_name(format, p, len);
    else if (count < SHAPE_ITEMS)
      items[count++] = (struct shape_item){by_name(format, p, len), NULL};
    base = false;
    p += len;
  }
  return count;
}

static const char *item_words(const struct shape_item *item)
{
  if (item->base)
    return "offset(register)";
  switch (item->operand->kind) {
  case ISA_OPERAND_REG:
    return "register";
  case ISA_OPERAND_REL:
    return "target";
  case ISA_OPERAND_CR:
    return "control-register";
  default:
    return "constant";
  }
}

static void wrong_count(struct assembly *a, const struct statement *st,
                        const struct shape_item *items, size_t count)
{
  const char *form = st->op->text;
  for (size_t i = 0; i < count; i++)
    form = arena_printf(&a->arena, "%s%s%s", form, i ? ", " : " ", item_words(&items[i]));
  asm_error(a, token_loc(a, st->op), "%s takes %zu operand%s, not %zu: %s", st->op->text, count,
            count == 1 ? "" : "s", st->operands.count, form);
}

/* "; did you mean 'addi'?" where the other of a pair such as add and addi fits. */
static const char *immediate_twin(struct assembly *a, const struct statement *st, bool got_register)
{
  const char *name = st->op->text;
  size_t len = st->op->len;
  enum isa_insn insn;
  const char *twin = got_register ? arena_copy(&a->arena, name, len ? len - 1 : 0)
                                  : arena_printf(&a->arena, "%si", name);
  if ((got_register && name[len - 1] != 'i') || !isa_find_insn(twin, strlen(twin), &insn))
    return "";
  return arena_printf(&a->arena, "; did you mean '%s'?", twin);
}

static bool control_register(struct assembly *a, const struct operand *op, uint8_t *n)
{
  const struct expr *e = op->expr;
  const struct symbol *s = e->kind == EXPR_SYMBOL && e->symbol->name ? e->symbol : NULL;
  enum isa_cr cr;
  if (s && isa_find_cr(s->name, s->len, &cr)) {
    *n = (uint8_t)cr;
    return true;
  }
  if (s && s->kind == SYMBOL_UNDEFINED) {
    struct suggestion best = suggest_begin(s->name, s->len);
    for (int i = 0; i < ISA_CR_COUNT; i++)
      suggest_offer(&best, isa_cr_info((enum isa_cr)i)->name);
    asm_error(a, op->loc, "there is no control register '%s'%s", s->name,
              asm_did_you_mean(a, &best));
    return false;
  }
  int64_t number;
  if (!expr_eval_range(a, e, "the number of the control register", 0, ISA_CR_COUNT - 1, &number))
    return false;
  *n = (uint8_t)number;
  return true;
}

struct match {
  struct isa_decoded insn;
  const struct isa_operand *operand; /* that `expr` fills */
  const struct expr *expr;
};

static void set_register(struct match *m, const struct isa_operand *operand, unsigned reg)
{
  switch (operand->slot) {
  case ISA_SLOT_A:
    m->insn.a = (uint8_t)reg;
    break;
  case ISA_SLOT_B:
    m->insn.b = (uint8_t)reg;
    break;
  default:
    m->insn.c = (uint8_t)reg;
    break;
  }
}

/* The name of what is not defined (so far) where a register has to stand, or NULL. */
static const char *unknown_name(const struct operand *op)
{
  const struct expr *e = op->kind == OPERAND_EXPR ? op->expr : NULL;
  bool unknown = e && e->kind == EXPR_SYMBOL && e->symbol->kind == SYMBOL_UNDEFINED;
  return unknown ? e->symbol->name : NULL;
}

/* "r1": another machine's register rather than a constant, or a slip as "a9" is. */
static bool is_numbered(const char *name)
{
  unsigned reg;
  if (!name || strlen(name) < 2 || strspn(name + 1, "0123456789") != strlen(name + 1))
    return false;
  return !isa_find_reg((const char[]){name[0], '0'}, 2, &reg);
}

const char *insn_register_hint(struct assembly *a, const struct operand *op)
{
  const char *name = unknown_name(op);
  if (!name)
    return "";
  struct suggestion best = suggest_begin(name, strlen(name));
  for (unsigned i = 0; i < ISA_REG_COUNT; i++)
    suggest_offer(&best, isa_reg_name(i));
  if (best.best && !is_numbered(name))
    return asm_did_you_mean(a, &best);
  const char *names = isa_reg_name(0);
  for (unsigned i = 1; i < ISA_REG_COUNT; i++)
    names = arena_printf(&a->arena, "%s %s", names, isa_reg_name(i));
  return arena_printf(&a->arena, "; there are x0 to x%d, also called %s", ISA_REG_COUNT - 1, names);
}

static bool match_register(struct assembly *a, const struct statement *st,
                           const struct shape_item *item, const struct operand *op, struct match *m)
{
  if (op->kind != OPERAND_REG) {
    bool constant = op->kind == OPERAND_EXPR && !is_numbered(unknown_name(op));
    const char *twin = constant ? immediate_twin(a, st, false) : "";
    if (!*twin)
      twin = insn_register_hint(a, op);
    asm_error(a, op->loc, "%s expects a register here%s", st->op->text, twin);
    return false;
  }
  set_register(m, item->operand, op->reg);
  return true;
}

static bool match_memory(struct assembly *a, const struct statement *st,
                         const struct shape_item *item, const struct operand *op, struct match *m)
{
  if (op->kind != OPERAND_MEM && op->kind != OPERAND_EXPR) {
    asm_error(a, op->loc, "%s expects offset(register) here%s", st->op->text,
              op->kind == OPERAND_REG
                  ? arena_printf(&a->arena, ", as in 0(%s)", isa_reg_name(op->reg))
                  : "");
    return false;
  }
  set_register(m, item->base, op->kind == OPERAND_MEM ? op->reg : REG_ZERO);
  m->operand = item->operand;
  m->expr = op->expr ? op->expr : expr_number(a, op->loc, 0);
  return true;
}

static bool match_item(struct assembly *a, const struct statement *st,
                       const struct shape_item *item, const struct operand *op, struct match *m)
{
  if (item->base)
    return match_memory(a, st, item, op, m);
  if (item->operand->kind == ISA_OPERAND_REG)
    return match_register(a, st, item, op, m);
  if (op->kind != OPERAND_EXPR) {
    asm_error(a, op->loc, "%s expects a %s here%s", st->op->text,
              item->operand->kind == ISA_OPERAND_CR ? "control register" : item_words(item),
              op->kind == OPERAND_REG ? immediate_twin(a, st, true) : "");
    return false;
  }
  if (item->operand->kind == ISA_OPERAND_CR)
    return control_register(a, op, &m->insn.n);
  m->operand = item->operand;
  m->expr = op->expr;
  return true;
}

static void real_instruction(struct assembly *a, enum isa_insn insn, const struct statement *st)
{
  struct shape_item items[SHAPE_ITEMS];
  size_t count = read_shape(isa_insn_info(insn), items);
  struct match m = {.insn = {.insn = insn}};
  bool ok = st->operands.count == count;
  if (!ok)
    wrong_count(a, st, items, count);
  for (size_t i = 0; ok && i < count; i++)
    ok = match_item(a, st, &items[i], &st->operands.items[i], &m);
  if (!ok) { /* keeps what follows where it would have been */
    section_reserve(a, token_loc(a, st->op), 4, NULL);
    return;
  }
  section_emit_insn(a, token_loc(a, st->op), &m.insn, m.operand, m.expr);
}

/* What other machines call it: nearer in spelling is something else, or nothing. */
static const char *called_elsewhere(const char *name)
{
  static const struct {
    const char *there;
    const char *pseudo; /* NULL: insn */
    enum isa_insn insn;
  } table[] = {
      {"iret", NULL, ISA_RFE},
      {"eret", NULL, ISA_RFE},
      {"mret", NULL, ISA_RFE},
      {"sret", NULL, ISA_RFE},
      {"rti", NULL, ISA_RFE},
      {"reti", NULL, ISA_RFE},
      {"rfi", NULL, ISA_RFE},
      {"rte", NULL, ISA_RFE},
      {"rett", NULL, ISA_RFE},
      {"syscall", NULL, ISA_SYS},
      {"ecall", NULL, ISA_SYS},
      {"svc", NULL, ISA_SYS},
      {"int", NULL, ISA_SYS},
      {"trap", NULL, ISA_SYS},
      {"hlt", NULL, ISA_HALT},
      {"ldr", NULL, ISA_LW},
      {"str", NULL, ISA_SW},
      {"jmp", "j", 0},
      {"b", "j", 0},
      {"bra", "j", 0},
      {"mov", "mv", 0},
      {"move", "mv", 0},
      {"lda", "la", 0},
      {"lea", "la", 0},
      {"bl", "call", 0},
      {"jsr", "call", 0},
      {"bsr", "call", 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(table[i].there, name) == 0)
      return table[i].pseudo ? table[i].pseudo : isa_insn_info(table[i].insn)->mnemonic;
  return NULL;
}

static const char *instruction_suggest(struct assembly *a, const char *name, size_t len)
{
  const char *dotted = arena_printf(&a->arena, ".%s", name);
  if (directive_exists(dotted))
    return arena_printf(&a->arena, "; did you mean '%s'?", dotted);
  const char *ours = called_elsewhere(name);
  if (ours)
    return arena_printf(&a->arena, "; did you mean '%s'?", ours);
  struct suggestion best = suggest_begin(name, len);
  for (int i = 0; i < ISA_INSN_COUNT; i++)
    suggest_offer(&best, isa_insn_info((enum isa_insn)i)->mnemonic);
  for (size_t i = 0; pseudo_name(i); i++)
    suggest_offer(&best, pseudo_name(i));
  for (size_t b = 0; b < MACRO_BUCKETS; b++)
    for (const struct macro *m = a->macros[b]; m; m = m->chain)
      suggest_offer(&best, m->name);
  return asm_did_you_mean(a, &best);
}

static void unknown_instruction(struct assembly *a, const struct statement *st)
{
  asm_error(a, token_loc(a, st->op), "there is no instruction or macro '%s'%s", st->op->text,
            instruction_suggest(a, st->op->text, st->op->len));
}

void insn_assemble(struct assembly *a, const struct statement *st)
{
  enum isa_insn insn;
  a->noted.unit = 0;
  if (pseudo_assemble(a, st))
    return;
  if (!isa_find_insn(st->op->text, st->op->len, &insn))
    unknown_instruction(a, st);
  else if (!pseudo_short_form(a, insn, st))
    real_instruction(a, insn, st);
}
