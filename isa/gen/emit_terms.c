/* pg32_terms.h: every body as straight calls over the includer's macros
 * (isa/TERMS.md), for whoever reasons about a body instead of running it. Each
 * operation is a statement of its own with a numbered result: nested calls would
 * leave their order to the C compiler, and a solver's answers may depend on the
 * order in which its terms were made. */
#include "isa/gen/emit.h"

/* A value that has been computed: how C names it. */
struct value {
  char text[96];
};

struct terms {
  FILE *out;
  unsigned next; /* number of the next temporary of this body */
  int depth;
};

static struct value emit_value(struct terms *t, const struct expr *e);

static void indent(const struct terms *t)
{
  fprintf(t->out, "%*s", t->depth * 2, "");
}

/* Begins the statement that computes a new temporary. */
static struct value begin(struct terms *t)
{
  struct value v;
  snprintf(v.text, sizeof v.text, "t%u", t->next++);
  indent(t);
  fprintf(t->out, "const TERM %s = ", v.text);
  return v;
}

static struct value emit_constant(struct terms *t, uint32_t value)
{
  struct value v = begin(t);
  fprintf(t->out, value < 100 ? "NUMBER(%uu);\n" : "NUMBER(0x%xu);\n", value);
  return v;
}

/* A let, or a part of one, whose variable the body has declared. */
static struct value let_value(const struct ref *r)
{
  const char *part = "";
  if (r->kind == REF_TRANSLATE_OK)
    part = "_ok";
  else if (r->kind == REF_TRANSLATE_PA)
    part = "_pa";
  struct value v;
  snprintf(v.text, sizeof v.text, "let_%.80s%s", r->let->name.text, part);
  return v;
}

static struct value named(struct terms *t, const char *prefix, const char *name, const char *end)
{
  struct value v = begin(t);
  emit_name(t->out, prefix, name);
  fputs(end, t->out);
  return v;
}

static struct value plain(struct terms *t, const char *text)
{
  struct value v = begin(t);
  fputs(text, t->out);
  return v;
}

static struct value emit_let_field(struct terms *t, const struct ref *r)
{
  struct value v = begin(t);
  fprintf(t->out, "FIELD(let_%s, ", r->let->name.text);
  emit_name(t->out, "", r->field->name.text);
  fputs(");\n", t->out);
  return v;
}

static struct value emit_name_expr(struct terms *t, const struct expr *e)
{
  const struct ref *r = &e->ref;
  switch (r->kind) {
  case REF_OPERAND:
    return r->operand->kind == OPERAND_REG
               ? named(t, "GET_REG(OPERAND_", r->operand->name.text, ");\n")
               : named(t, "OPERAND_", r->operand->name.text, ";\n");
  case REF_REGISTER:
    return named(t, "GET_REG(NUMBER(REG_", e->name.base.text, "));\n");
  case REF_LET_FIELD:
    return emit_let_field(t, r);
  case REF_PC:
    return plain(t, "GET_PC();\n");
  case REF_PSW:
    return plain(t, "GET_PSW();\n");
  case REF_PSW_FIELD:
    return named(t, "FIELD(GET_PSW(), ", r->field->name.text, ");\n");
  case REF_CR:
    return named(t, "GET_CR(CR_", r->cr->name.text, ");\n");
  case REF_USER_MODE:
    return plain(t, "USER_MODE();\n");
  case REF_FLAGS_MASK:
    return plain(t, "NUMBER(PSW_FLAGS_MASK);\n");
  default:
    return let_value(r);
  }
}

/* ------------------------------------------------------------- operations */
static struct value operation(struct terms *t, const char *name, const struct value *x,
                              const struct value *y)
{
  struct value v = begin(t);
  fprintf(t->out, "OP_%s(%s", name, x->text);
  if (y)
    fprintf(t->out, ", %s", y->text);
  fputs(");\n", t->out);
  return v;
}

static struct value emit_binary(struct terms *t, const struct expr *e)
{
  static const char *const names[] = {
      [BINARY_ADD] = "ADD",   [BINARY_SUB] = "SUB",   [BINARY_MUL] = "MUL",
      [BINARY_AND] = "AND",   [BINARY_OR] = "OR",     [BINARY_XOR] = "XOR",
      [BINARY_SHL] = "SHL",   [BINARY_SHRU] = "SHRU", [BINARY_SHRS] = "SHRS",
      [BINARY_DIVU] = "DIVU", [BINARY_DIVS] = "DIVS", [BINARY_REMU] = "REMU",
      [BINARY_REMS] = "REMS", [BINARY_EQ] = "EQ",     [BINARY_NE] = "NE",
      [BINARY_LTU] = "LTU",   [BINARY_LTS] = "LTS",   [BINARY_LEU] = "LEU",
      [BINARY_LES] = "LES",   [BINARY_GTU] = "GTU",   [BINARY_GTS] = "GTS",
      [BINARY_GEU] = "GEU",   [BINARY_GES] = "GES",
  };
  struct value x = emit_value(t, e->left), y = emit_value(t, e->right);
  return operation(t, names[e->binary], &x, &y);
}

static struct value emit_unary(struct terms *t, const struct expr *e)
{
  static const char *const names[] = {
      [UNARY_NEG] = "NEG", [UNARY_COMPL] = "COMPL", [UNARY_NOT] = "NOT"};
  struct value x = emit_value(t, e->left);
  return operation(t, names[e->unary], &x, NULL);
}

static struct value emit_call(struct terms *t, const struct expr *e)
{
  struct value x = emit_value(t, e->args);
  if (e->function == FUNCTION_SEXT) { /* the width is a number */
    struct value v = begin(t);
    fprintf(t->out, "OP_SEXT(%s, %u);\n", x.text, e->args->next->value);
    return v;
  }
  struct value y = emit_value(t, e->args->next), v = begin(t);
  emit_name(t->out, "OP_", function_text(e->function));
  fprintf(t->out, "(%s, %s);\n", x.text, y.text);
  return v;
}

static struct value emit_conditional(struct terms *t, const struct expr *e)
{
  struct value c = emit_value(t, e->condition);
  struct value x = emit_value(t, e->left), y = emit_value(t, e->right), v = begin(t);
  fprintf(t->out, "OP_COND(%s, %s, %s);\n", c.text, x.text, y.text);
  return v;
}

static struct value emit_slice(struct terms *t, const struct expr *e)
{
  struct value x = emit_value(t, e->left), v = begin(t);
  fprintf(t->out, "OP_SLICE(%s, %u, %u);\n", x.text, e->high, e->low);
  return v;
}

static struct value emit_value(struct terms *t, const struct expr *e)
{
  switch (e->kind) {
  case EXPR_NUMBER:
    return emit_constant(t, e->value);
  case EXPR_CALL:
    return emit_call(t, e);
  case EXPR_UNARY:
    return emit_unary(t, e);
  case EXPR_BINARY:
    return emit_binary(t, e);
  case EXPR_CONDITIONAL:
    return emit_conditional(t, e);
  case EXPR_SLICE:
    return emit_slice(t, e);
  default:
    return emit_name_expr(t, e);
  }
}

/* -------------------------------------------------------------- statements */
#define MAX_ARGS 4

/* LOAD, STORE or FETCH: not a term. */
static struct value access_name(const char *name)
{
  struct value v = {0};
  for (size_t i = 0; name[i] && i + 1 < sizeof v.text; i++)
    v.text[i] = (char)(name[i] - 'a' + 'A');
  return v;
}

static struct value emit_arg(struct terms *t, const struct expr *arg, char kind)
{
  if (kind == 'c')
    return arg->ref.kind == REF_CR ? named(t, "NUMBER(CR_", arg->ref.cr->name.text, ");\n")
                                   : emit_value(t, arg);
  return kind == 'x' ? access_name(arg->name.base.text) : emit_value(t, arg);
}

/* results: what the call assigns, "" for none. */
static void emit_primitive(struct terms *t, const struct expr *call, const char *results)
{
  struct value args[MAX_ARGS];
  unsigned count = 0;
  for (const struct expr *a = call->args; a; a = a->next, count++)
    args[count] = emit_arg(t, a, call->primitive->args[count]);
  if (*results) {
    indent(t);
    fprintf(t->out, "TERM %s;\n", results);
  }
  indent(t);
  fprintf(t->out, "%s(%s", call->primitive->macro, results);
  for (unsigned i = 0; i < count; i++)
    fprintf(t->out, "%s%s", i > 0 || *results ? ", " : "", args[i].text);
  fputs(");\n", t->out);
}

static void emit_let(struct terms *t, const struct stmt *s)
{
  const char *name = s->name.text;
  const struct primitive *p = s->value->primitive;
  char results[160];
  if (!p) {
    struct value v = emit_value(t, s->value);
    indent(t);
    fprintf(t->out, "const TERM let_%s = %s;\n", name, v.text);
    return;
  }
  if (p->result == RESULT_TRANSLATION)
    snprintf(results, sizeof results, "let_%s_ok, let_%s_pa", name, name);
  else
    snprintf(results, sizeof results, "let_%s", name);
  emit_primitive(t, s->value, results);
  if (p->result == RESULT_TRANSLATION && !(s->used_ok && s->used_pa)) {
    indent(t);
    fprintf(t->out, "(void)let_%s_%s;\n", name, s->used_ok ? "pa" : "ok");
  }
}

static void emit_assign(struct terms *t, const struct stmt *s)
{
  const struct ref *target = &s->target->ref;
  struct value v = emit_value(t, s->value);
  indent(t);
  if (target->kind == REF_PC) {
    fputs("JUMP(", t->out);
  } else if (target->kind == REF_PSW) {
    fputs("SET_PSW(", t->out);
  } else if (target->kind == REF_PSW_FIELD) {
    emit_name(t->out, "SET_PSW_FIELD(", target->field->name.text);
    fputs(", ", t->out);
  } else if (target->kind == REF_OPERAND) {
    emit_name(t->out, "SET_REG(OPERAND_", s->target->name.base.text);
    fputs(", ", t->out);
  } else {
    emit_name(t->out, "SET_REG(NUMBER(REG_", s->target->name.base.text);
    fputs("), ", t->out);
  }
  fprintf(t->out, "%s);\n", v.text);
}

static void emit_trap(struct terms *t, const struct stmt *s)
{
  struct value v = s->value ? emit_value(t, s->value) : emit_constant(t, 0);
  indent(t);
  emit_name(t->out, "RAISE(CAUSE_", s->cause->name.text);
  fprintf(t->out, ", %s);\n", v.text);
}

static void emit_block(struct terms *t, const struct stmt *s);

static void line(const struct terms *t, const char *text)
{
  indent(t);
  fprintf(t->out, "%s\n", text);
}

static void emit_if(struct terms *t, const struct stmt *s)
{
  struct value c = emit_value(t, s->value);
  indent(t);
  fprintf(t->out, "IF(%s);\n", c.text);
  line(t, "{");
  emit_block(t, s->then_body);
  line(t, "}");
  line(t, "ELSE();");
  line(t, "{");
  emit_block(t, s->else_body);
  line(t, "}");
  line(t, "END_IF();");
}

static void emit_block(struct terms *t, const struct stmt *s)
{
  t->depth++;
  for (; s; s = s->next) {
    switch (s->kind) {
    case STMT_LET:
      emit_let(t, s);
      break;
    case STMT_ASSIGN:
      emit_assign(t, s);
      break;
    case STMT_IF:
      emit_if(t, s);
      break;
    case STMT_TRAP:
      emit_trap(t, s);
      break;
    case STMT_PRIMITIVE:
      emit_primitive(t, s->value, "");
      break;
    }
  }
  t->depth--;
}

static void emit_bracket(FILE *out, const struct insn *i, const struct behaviour *b,
                         const char *which)
{
  emit_name(out, which, i->name.text);
  emit_name(out, ", ", b->name.text);
  fputs(")\n", out);
}

void emit_terms(FILE *out, const struct def *def)
{
  fputs("/* Generated from isa/pg32.isa by isagen; do not edit. Meant to be included\n"
        " * several times; isa/TERMS.md lists the macros that the includer defines. */\n",
        out);
  for (const struct insn *i = def->insns; i; i = i->next)
    for (const struct behaviour *b = i->behaviours; b; b = b->next) {
      struct terms t = {.out = out};
      emit_bracket(out, i, b, "TERMS_BEGIN(");
      fputs("{\n", out);
      emit_block(&t, b->body);
      fputs("}\n", out);
      emit_bracket(out, i, b, "TERMS_END(");
    }
}
