#include "asm/expr.h"

#include <inttypes.h>
#include <string.h>

#include "asm/assembly.h"
#include "gen/asm/parser.h"

/* -------------------------------------------------------------- building */
static struct expr *new_expr(struct assembly *a, struct loc loc, enum expr_kind kind)
{
  struct expr *e = arena_alloc(&a->arena, sizeof *e);
  e->kind = kind;
  e->loc = loc;
  e->depth = 1;
  return e;
}

struct expr *expr_number(struct assembly *a, struct loc loc, int64_t number)
{
  struct expr *e = new_expr(a, loc, EXPR_NUMBER);
  e->number = number;
  return e;
}

struct expr *expr_symbol(struct assembly *a, struct loc loc, const char *name, size_t len)
{
  struct expr *e = new_expr(a, loc, EXPR_SYMBOL);
  e->symbol = symbol_get(a, name, len);
  if (e->symbol->kind == SYMBOL_SET)
    e->symbol = e->symbol->version; /* its value here, whatever it is set to later */
  return e;
}

struct expr *expr_local(struct assembly *a, struct loc loc, uint64_t number, bool forward)
{
  struct expr *e = new_expr(a, loc, EXPR_SYMBOL);
  e->symbol = symbol_local(a, loc, number, forward);
  return e;
}

struct expr *expr_here(struct assembly *a, struct loc loc)
{
  section_touch(a);
  struct expr *e = new_expr(a, loc, EXPR_HERE);
  e->section = a->section;
  e->number = a->here;
  return e;
}

struct expr *expr_node(struct assembly *a, struct loc loc, enum expr_kind kind, int op,
                       const struct expr *x, const struct expr *y, const struct expr *z)
{
  const struct expr *parts[3] = {x, y, z};
  struct expr *e = new_expr(a, loc, kind);
  e->op = op;
  bool constant = true;
  for (int i = 0; i < 3 && parts[i]; i++) {
    e->x[i] = parts[i];
    constant = constant && parts[i]->kind == EXPR_NUMBER;
    if (parts[i]->depth >= e->depth)
      e->depth = parts[i]->depth + 1;
  }
  if (e->depth > DEPTH_LIMIT) {
    asm_error(a, loc, "the expression is nested too deeply");
    return NULL;
  }
  struct value v;
  if (constant) { /* keeps long sums of constants flat */
    if (expr_eval(a, e, &v) == EVAL_BAD)
      return NULL;
    return expr_number(a, loc, v.number);
  }
  return e;
}

/* ------------------------------------------------------------ evaluation */
static enum evaluated later(struct assembly *a, const struct expr *e)
{
  a->later = e;
  return EVAL_LATER;
}

static enum evaluated absolute(struct value *v, int64_t number)
{
  *v = (struct value){number, NULL};
  return EVAL_KNOWN;
}

/* An address: absolute as soon as its section is placed. */
static enum evaluated address(const struct section *section, int64_t offset, struct value *v)
{
  if (section->fixed)
    return absolute(v, (int64_t)((uint64_t)offset + section->base));
  *v = (struct value){offset, section};
  return EVAL_KNOWN;
}

static enum evaluated undefined(struct assembly *a, const struct expr *e)
{
  struct symbol *s = e->symbol;
  if (!a->placed)
    return later(a, e);
  if (s->reported || a->incomplete)
    return EVAL_BAD;
  if (s->name) {
    asm_error(a, e->loc, "'%s' is not defined%s", s->name, symbol_suggest(a, s));
    s->reported = true;
  } else {
    asm_error(a, e->loc, "there is no label '%" PRIu64 ":' after this line", s->local_number);
  }
  return EVAL_BAD;
}

static enum evaluated eval_definition(struct assembly *a, struct symbol *s, struct value *v)
{
  if (s->evaluating) {
    if (!s->reported)
      asm_error(a, s->defined, "'%s' is defined in terms of itself", s->name);
    s->reported = true;
    return EVAL_BAD;
  }
  if (!s->expr) /* its definition was in error */
    return EVAL_BAD;
  s->evaluating = true;
  enum evaluated result = expr_eval(a, s->expr, v);
  s->evaluating = false;
  s->known = result == EVAL_KNOWN; /* remembered, or sums of sums would take for ever */
  s->value = *v;
  return result;
}

static enum evaluated eval_symbol(struct assembly *a, const struct expr *e, struct value *v)
{
  struct symbol *s = e->symbol->kind == SYMBOL_SET ? e->symbol->version : e->symbol;
  if (s->kind == SYMBOL_UNDEFINED)
    return undefined(a, e);
  if (s->kind == SYMBOL_LABEL)
    return address(s->section, s->offset, v);
  if (!s->known)
    return eval_definition(a, s, v);
  *v = s->value;
  return v->section ? address(v->section, v->number, v) : EVAL_KNOWN;
}

/* Bits 31:12 and 11:0 of what must fit a register. */
static enum evaluated eval_part(struct assembly *a, const struct expr *e, struct value x,
                                struct value *v)
{
  if (x.section)
    return later(a, e->x[0]);
  if (x.number < INT32_MIN || x.number > (int64_t)UINT32_MAX) {
    asm_error(a, e->x[0]->loc, "%" PRId64 " (0x%" PRIx64 ") does not fit 32 bits", x.number,
              (uint64_t)x.number);
    return EVAL_BAD;
  }
  uint32_t word = (uint32_t)x.number;
  return absolute(v, e->kind == EXPR_HI ? word >> 12 : word & 0xfff);
}

static enum evaluated eval_unary(struct assembly *a, const struct expr *e, struct value *v)
{
  struct value x;
  enum evaluated result = expr_eval(a, e->x[0], &x);
  if (result != EVAL_KNOWN)
    return result;
  if (e->kind != EXPR_UNARY)
    return eval_part(a, e, x, v);
  if (x.section)
    return later(a, e->x[0]);
  uint64_t n = (uint64_t)x.number;
  return absolute(v, e->op == '-' ? (int64_t)(0 - n) : e->op == '~' ? (int64_t)~n : !n);
}

static enum evaluated divide(struct assembly *a, const struct expr *e, int64_t x, int64_t y,
                             struct value *v)
{
  if (y == 0) {
    asm_error(a, e->loc, "division by zero");
    return EVAL_BAD;
  }
  if (y == -1) /* INT64_MIN / -1 overflows */
    return absolute(v, e->op == '/' ? (int64_t)(0 - (uint64_t)x) : 0);
  return absolute(v, e->op == '/' ? x / y : x % y);
}

static enum evaluated shift(struct assembly *a, const struct expr *e, int64_t x, int64_t y,
                            struct value *v)
{
  if (y < 0 || y > 63) {
    asm_error(a, e->x[1]->loc, "the shift count is %" PRId64 ": it must lie in 0 to 63", y);
    return EVAL_BAD;
  }
  return absolute(v, e->op == SHL ? (int64_t)((uint64_t)x << y) : x >> y);
}

static enum evaluated arithmetic(struct assembly *a, const struct expr *e, int64_t x, int64_t y,
                                 struct value *v)
{
  uint64_t ux = (uint64_t)x, uy = (uint64_t)y;
  switch (e->op) {
  case '+':
    return absolute(v, (int64_t)(ux + uy));
  case '-':
    return absolute(v, (int64_t)(ux - uy));
  case '*':
    return absolute(v, (int64_t)(ux * uy));
  case '/':
  case '%':
    return divide(a, e, x, y, v);
  case SHL:
  case SHR:
    return shift(a, e, x, y, v);
  case '<':
    return absolute(v, x < y);
  case '>':
    return absolute(v, x > y);
  case LE:
    return absolute(v, x <= y);
  case GE:
    return absolute(v, x >= y);
  case EQ:
    return absolute(v, x == y);
  case NE:
    return absolute(v, x != y);
  case '&':
    return absolute(v, (int64_t)(ux & uy));
  case '^':
    return absolute(v, (int64_t)(ux ^ uy));
  default:
    return absolute(v, (int64_t)(ux | uy));
  }
}

static bool compares(int op)
{
  return op == '-' || op == '<' || op == '>' || op == LE || op == GE || op == EQ || op == NE;
}

/* Sums with, and differences within, a section not yet placed. */
static enum evaluated combine(struct assembly *a, const struct expr *e, struct value x,
                              struct value y, struct value *v)
{
  if (x.section == y.section && (!x.section || compares(e->op)))
    return arithmetic(a, e, x.number, y.number, v);
  if (!(e->op == '+' && (!x.section || !y.section)) && !(e->op == '-' && !y.section))
    return later(a, x.section ? e->x[0] : e->x[1]);
  const struct section *section = x.section ? x.section : y.section;
  enum evaluated result = arithmetic(a, e, x.number, y.number, v);
  v->section = section;
  return result;
}

static bool truth(struct value v)
{
  return v.section || v.number != 0;
}

/* && || ?: evaluate what they need, as in C. */
static enum evaluated eval_choice(struct assembly *a, const struct expr *e, struct value *v)
{
  struct value x;
  enum evaluated result = expr_eval(a, e->x[0], &x);
  if (result != EVAL_KNOWN)
    return result;
  if (x.section && !a->placed)
    return later(a, e->x[0]);
  if (e->kind == EXPR_TERNARY)
    return expr_eval(a, truth(x) ? e->x[1] : e->x[2], v);
  if (truth(x) == (e->op == OROR))
    return absolute(v, e->op == OROR);
  result = expr_eval(a, e->x[1], &x);
  if (result == EVAL_KNOWN && x.section)
    return later(a, e->x[1]);
  return result == EVAL_KNOWN ? absolute(v, truth(x)) : result;
}

static enum evaluated eval_binary(struct assembly *a, const struct expr *e, struct value *v)
{
  if (e->op == ANDAND || e->op == OROR)
    return eval_choice(a, e, v);
  struct value x, y;
  enum evaluated result = expr_eval(a, e->x[0], &x);
  if (result != EVAL_KNOWN)
    return result;
  result = expr_eval(a, e->x[1], &y);
  return result == EVAL_KNOWN ? combine(a, e, x, y, v) : result;
}

static enum evaluated eval_kind(struct assembly *a, const struct expr *e, struct value *v)
{
  switch (e->kind) {
  case EXPR_NUMBER:
    return absolute(v, e->number);
  case EXPR_HERE:
    return address(e->section, e->number, v);
  case EXPR_SYMBOL:
    return eval_symbol(a, e, v);
  case EXPR_BINARY:
    return eval_binary(a, e, v);
  case EXPR_TERNARY:
    return eval_choice(a, e, v);
  default:
    return eval_unary(a, e, v);
  }
}

enum evaluated expr_eval(struct assembly *a, const struct expr *e, struct value *v)
{
  *v = (struct value){0, NULL};
  if (a->eval_depth >= 2 * DEPTH_LIMIT) { /* through chains of .equ and .set */
    asm_error(a, e->loc, "the definition of this value is nested too deeply");
    return EVAL_BAD;
  }
  a->eval_depth++;
  enum evaluated result = eval_kind(a, e, v);
  a->eval_depth--;
  return result;
}

bool expr_eval_now(struct assembly *a, const struct expr *e, const char *what, int64_t *number)
{
  struct value v;
  a->later = e;
  enum evaluated result = expr_eval(a, e, &v);
  if (result == EVAL_KNOWN && !v.section) {
    *number = v.number;
    return true;
  }
  if (result == EVAL_BAD)
    return false;
  const struct expr *culprit = a->later;
  if (culprit->kind == EXPR_SYMBOL && culprit->symbol->kind == SYMBOL_UNDEFINED)
    asm_error(a, culprit->loc, "%s must be known here, but '%.*s' is not defined before this line",
              what, (int)(culprit->loc.last - culprit->loc.first),
              culprit->loc.line->text + culprit->loc.first);
  else
    asm_error(a, culprit->loc,
              "%s must be known here, but it depends on where a section will lie "
              "(an .org at its start fixes that; .assert is checked later)",
              what);
  return false;
}

bool expr_eval_range(struct assembly *a, const struct expr *e, const char *what, int64_t min,
                     int64_t max, int64_t *number)
{
  if (!expr_eval_now(a, e, what, number))
    return false;
  if (*number >= min && *number <= max)
    return true;
  asm_error(a, e->loc, "%s is %" PRId64 ": it must lie in %" PRId64 " to %" PRId64, what, *number,
            min, max);
  return false;
}
