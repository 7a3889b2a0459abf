/* pg32_bodies.h: every body as C over the includer's macros (isa/BODIES.md).
 * Values are uint32_t throughout. Names of lets get a prefix, so that they
 * shadow nothing of the includer's. */
#include "isa/gen/emit.h"

enum place { INNER, OUTER }; /* OUTER: needs no parentheses of its own */

static void emit_value(FILE *out, const struct expr *e, enum place place);

static void emit_constant(FILE *out, uint32_t value)
{
  fprintf(out, value < 100 ? "%uu" : "0x%xu", value);
}

static void emit_ref(FILE *out, const struct ref *r)
{
  switch (r->kind) {
  case REF_NONE:
    break;
  case REF_OPERAND:
    emit_name(out, r->operand->kind == OPERAND_REG ? "GET_REG(OPERAND_" : "OPERAND_",
              r->operand->name.text);
    if (r->operand->kind == OPERAND_REG)
      fputc(')', out);
    break;
  case REF_REGISTER:
    break; /* emit_value(): needs the name */
  case REF_LET:
    fprintf(out, "let_%s", r->let->name.text);
    break;
  case REF_LET_FIELD:
    fprintf(out, "psw_%s(let_%s)", r->field->name.text, r->let->name.text);
    break;
  case REF_TRANSLATE_OK:
    fprintf(out, "let_%s_ok", r->let->name.text);
    break;
  case REF_TRANSLATE_PA:
    fprintf(out, "let_%s_pa", r->let->name.text);
    break;
  case REF_PC:
    fputs("GET_PC()", out);
    break;
  case REF_PSW:
    fputs("GET_PSW()", out);
    break;
  case REF_PSW_FIELD:
    emit_name(out, "GET_PSW_FIELD(", r->field->name.text);
    fputc(')', out);
    break;
  case REF_CR:
    emit_name(out, "GET_CR(CR_", r->cr->name.text);
    fputc(')', out);
    break;
  case REF_USER_MODE:
    fputs("USER_MODE()", out);
    break;
  case REF_FLAGS_MASK:
    fputs("PSW_FLAGS_MASK", out);
    break;
  }
}

static void emit_name_expr(FILE *out, const struct expr *e)
{
  if (e->ref.kind == REF_REGISTER) {
    emit_name(out, "GET_REG(REG_", e->name.base.text);
    fputc(')', out);
  } else {
    emit_ref(out, &e->ref);
  }
}

static void emit_call(FILE *out, const struct expr *e)
{
  fprintf(out, "isa_%s(", function_text(e->function));
  emit_value(out, e->args, OUTER);
  fputs(", ", out);
  emit_value(out, e->args->next, OUTER);
  fputc(')', out);
}

static const char *helper(enum binary op)
{
  switch (op) {
  case BINARY_SHRS:
    return "isa_shrs";
  case BINARY_DIVU:
    return "isa_divu";
  case BINARY_DIVS:
    return "isa_divs";
  case BINARY_REMU:
    return "isa_remu";
  case BINARY_REMS:
    return "isa_rems";
  default:
    return NULL;
  }
}

static const char *c_operator(enum binary op, bool *is_signed)
{
  static const char *const text[] = {
      [BINARY_ADD] = "+",  [BINARY_SUB] = "-",  [BINARY_MUL] = "*",  [BINARY_AND] = "&",
      [BINARY_OR] = "|",   [BINARY_XOR] = "^",  [BINARY_SHL] = "<<", [BINARY_SHRU] = ">>",
      [BINARY_EQ] = "==",  [BINARY_NE] = "!=",  [BINARY_LTU] = "<",  [BINARY_LTS] = "<",
      [BINARY_LEU] = "<=", [BINARY_LES] = "<=", [BINARY_GTU] = ">",  [BINARY_GTS] = ">",
      [BINARY_GEU] = ">=", [BINARY_GES] = ">=",
  };
  *is_signed = op == BINARY_LTS || op == BINARY_LES || op == BINARY_GTS || op == BINARY_GES;
  return text[op];
}

static void emit_infix(FILE *out, const struct expr *e)
{
  bool is_signed;
  const char *op = c_operator(e->binary, &is_signed);
  const char *cast = is_signed ? "(int32_t)" : "";
  fputs(cast, out);
  emit_value(out, e->left, INNER);
  fprintf(out, " %s %s", op, cast);
  emit_value(out, e->right, INNER);
}

/* An operand of `if`, `?:` and `!`: any scalar. */
static void emit_condition(FILE *out, const struct expr *e, enum place place)
{
  bool comparison = e->kind == EXPR_BINARY && binary_is_comparison(e->binary);
  if (e->kind == EXPR_UNARY && e->unary == UNARY_NOT) {
    fputc('!', out);
    emit_condition(out, e->left, INNER);
    return;
  }
  if (place == INNER)
    fputc('(', out);
  if (comparison) {
    emit_infix(out, e);
  } else {
    emit_value(out, e, INNER);
    fputs(" != 0", out);
  }
  if (place == INNER)
    fputc(')', out);
}

static void emit_binary(FILE *out, const struct expr *e, enum place place)
{
  if (helper(e->binary)) {
    fprintf(out, "%s(", helper(e->binary));
    emit_value(out, e->left, OUTER);
    fputs(", ", out);
    emit_value(out, e->right, OUTER);
    fputc(')', out);
  } else if (binary_is_comparison(e->binary)) {
    fputs("(uint32_t)(", out);
    emit_infix(out, e);
    fputc(')', out);
  } else {
    fputs(place == INNER ? "(" : "", out);
    emit_infix(out, e);
    fputs(place == INNER ? ")" : "", out);
  }
}

static void emit_unary(FILE *out, const struct expr *e, enum place place)
{
  if (e->unary == UNARY_NOT) {
    fputs("(uint32_t)", out);
    emit_condition(out, e, INNER);
    return;
  }
  fputs(place == INNER ? "(" : "", out);
  fputs(e->unary == UNARY_NEG ? "0u - " : "~", out);
  emit_value(out, e->left, INNER);
  fputs(place == INNER ? ")" : "", out);
}

static void emit_conditional(FILE *out, const struct expr *e, enum place place)
{
  fputs(place == INNER ? "(" : "", out);
  emit_condition(out, e->condition, INNER);
  fputs(" ? ", out);
  emit_value(out, e->left, INNER);
  fputs(" : ", out);
  emit_value(out, e->right, INNER);
  fputs(place == INNER ? ")" : "", out);
}

static void emit_slice(FILE *out, const struct expr *e, enum place place)
{
  uint32_t width = e->high - e->low + 1;
  fputs(place == INNER ? "(" : "", out);
  if (e->low && e->high < 31)
    fputc('(', out);
  emit_value(out, e->left, INNER);
  if (e->low)
    fprintf(out, " >> %u", e->low);
  if (e->low && e->high < 31)
    fputc(')', out);
  if (e->high < 31)
    fprintf(out, " & 0x%xu", (1u << width) - 1);
  fputs(place == INNER ? ")" : "", out);
}

static void emit_value(FILE *out, const struct expr *e, enum place place)
{
  switch (e->kind) {
  case EXPR_NUMBER:
    emit_constant(out, e->value);
    break;
  case EXPR_NAME:
    emit_name_expr(out, e);
    break;
  case EXPR_CALL:
    emit_call(out, e);
    break;
  case EXPR_UNARY:
    emit_unary(out, e, place);
    break;
  case EXPR_BINARY:
    emit_binary(out, e, place);
    break;
  case EXPR_CONDITIONAL:
    emit_conditional(out, e, place);
    break;
  case EXPR_SLICE:
    emit_slice(out, e, place);
    break;
  }
}

/* -------------------------------------------------------------- statements */
static void indent(FILE *out, int depth)
{
  fprintf(out, "%*s", depth * 2, "");
}

static void emit_arg(FILE *out, const struct expr *arg, char kind)
{
  if (kind == 'x')
    emit_upper(out, arg->name.base.text);
  else if (kind == 'c' && arg->ref.kind == REF_CR)
    emit_name(out, "CR_", arg->ref.cr->name.text);
  else
    emit_value(out, arg, OUTER);
}

static void emit_primitive(FILE *out, const struct expr *call, const char *results)
{
  const char *kind = call->primitive->args;
  fprintf(out, "%s(%s", call->primitive->macro, results);
  const char *separator = *results ? ", " : "";
  for (const struct expr *a = call->args; a; a = a->next, kind++) {
    fputs(separator, out);
    emit_arg(out, a, *kind);
    separator = ", ";
  }
  fputs(");\n", out);
}

static void emit_let(FILE *out, const struct stmt *s, int depth)
{
  const char *name = s->name.text;
  const struct primitive *p = s->value->primitive;
  char results[160];
  if (!p) {
    fprintf(out, "const uint32_t let_%s = ", name);
    emit_value(out, s->value, OUTER);
    fputs(";\n", out);
    return;
  }
  if (p->result == RESULT_TRANSLATION)
    snprintf(results, sizeof results, "let_%s_ok, let_%s_pa", name, name);
  else
    snprintf(results, sizeof results, "let_%s", name);
  fprintf(out, "uint32_t %s;\n", results);
  indent(out, depth);
  emit_primitive(out, s->value, results);
  if (p->result == RESULT_TRANSLATION && !(s->used_ok && s->used_pa)) {
    indent(out, depth);
    fprintf(out, "(void)let_%s_%s;\n", name, s->used_ok ? "pa" : "ok");
  }
}

static void emit_assign(FILE *out, const struct stmt *s)
{
  const struct ref *target = &s->target->ref;
  if (s->is_jump_rel) {
    fputs("JUMP_REL(OPERAND_IMM);\n", out);
    return;
  }
  if (target->kind == REF_PC) {
    fputs("JUMP(", out);
  } else if (target->kind == REF_PSW) {
    fputs("SET_PSW(", out);
  } else if (target->kind == REF_PSW_FIELD) {
    emit_name(out, "SET_PSW_FIELD(", target->field->name.text);
    fputs(", ", out);
  } else {
    emit_name(out, target->kind == REF_OPERAND ? "SET_REG(OPERAND_" : "SET_REG(REG_",
              s->target->name.base.text);
    fputs(", ", out);
  }
  emit_value(out, s->value, OUTER);
  fputs(");\n", out);
}

static void emit_trap(FILE *out, const struct stmt *s)
{
  emit_name(out, "RAISE(CAUSE_", s->cause->name.text);
  fputs(", ", out);
  if (s->value)
    emit_value(out, s->value, OUTER);
  else
    emit_constant(out, 0);
  fputs(");\n", out);
}

static void emit_block(FILE *out, const struct stmt *s, int depth);

static void emit_if(FILE *out, const struct stmt *s, int depth)
{
  fputs("if (", out);
  emit_condition(out, s->value, OUTER);
  fputs(") {\n", out);
  emit_block(out, s->then_body, depth + 1);
  indent(out, depth);
  if (s->else_body) {
    fputs("} else {\n", out);
    emit_block(out, s->else_body, depth + 1);
    indent(out, depth);
  }
  fputs("}\n", out);
}

static void emit_block(FILE *out, const struct stmt *s, int depth)
{
  for (; s; s = s->next) {
    indent(out, depth);
    switch (s->kind) {
    case STMT_LET:
      emit_let(out, s, depth);
      break;
    case STMT_ASSIGN:
      emit_assign(out, s);
      break;
    case STMT_IF:
      emit_if(out, s, depth);
      break;
    case STMT_TRAP:
      emit_trap(out, s);
      break;
    case STMT_PRIMITIVE:
      emit_primitive(out, s->value, "");
      break;
    }
  }
}

static void emit_bracket(FILE *out, const struct insn *i, const struct behaviour *b,
                         const char *which)
{
  fprintf(out, "BODY_%s%s(", i->group == GROUP_SYSTEM ? "SYSTEM_" : "", which);
  emit_upper(out, i->name.text);
  fputs(", ", out);
  emit_upper(out, b->name.text);
  fputs(")\n", out);
}

void emit_bodies(FILE *out, const struct def *def)
{
  fputs("/* Generated from isa/pg32.isa by isagen; do not edit. Meant to be included\n"
        " * several times; isa/BODIES.md lists the macros that the includer defines. */\n",
        out);
  for (const struct insn *i = def->insns; i; i = i->next)
    for (const struct behaviour *b = i->behaviours; b; b = b->next) {
      emit_bracket(out, i, b, "BEGIN");
      fputs("{\n", out);
      emit_block(out, b->body, 1);
      fputs("}\n", out);
      emit_bracket(out, i, b, "END");
    }
}
