/* .if and its family. */
#include <string.h>

#include "asm/assembly.h"
#include "gen/asm/parser.h"

enum condition_op {
  COND_IF,
  COND_IFDEF,
  COND_IFNDEF,
  COND_IFB,
  COND_IFNB,
  COND_ELSEIF,
  COND_ELSE,
  COND_ENDIF,
  COND_COUNT
};

static const char *const names[COND_COUNT] = {".if",   ".ifdef",  ".ifndef", ".ifb",
                                              ".ifnb", ".elseif", ".else",   ".endif"};

bool condition_active(const struct assembly *a)
{
  return a->conditions.count == 0 || a->conditions.items[a->conditions.count - 1].active;
}

static void expect_end(struct assembly *a, size_t token)
{
  const struct token *t = &a->tokens.items[token];
  if (t->kind != 0)
    asm_error(a, token_loc(a, t), "expected the end of the line");
}

static bool defined(struct assembly *a, size_t token, bool *value)
{
  const struct token *t = &a->tokens.items[token];
  if (t->kind != IDENT) {
    asm_error(a, token_loc(a, t), "expected the name of a symbol");
    return false;
  }
  expect_end(a, token + 1);
  *value = symbol_get(a, t->text, t->len)->kind != SYMBOL_UNDEFINED ||
           macro_find(a, t->text, t->len) != NULL;
  return true;
}

static bool expression(struct assembly *a, size_t first, bool *value)
{
  const struct token *op = &a->tokens.items[first - 1];
  if (!asm_parse(a, first - 1))
    return false;
  const struct statement *st = &a->statement;
  if (st->operands.count != 1 || st->operands.items[0].kind != OPERAND_EXPR) {
    asm_error(a, token_loc(a, op), "%s takes one expression", op->text);
    return false;
  }
  int64_t number;
  if (!expr_eval_now(a, st->operands.items[0].expr, "the condition", &number))
    return false;
  *value = number != 0;
  return true;
}

/* A condition in error takes neither branch. */
static bool test(struct assembly *a, enum condition_op op, size_t first, struct condition *c)
{
  bool value = false, ok = true;
  switch (op) {
  case COND_IFDEF:
  case COND_IFNDEF:
    ok = defined(a, first, &value);
    value = value != (op == COND_IFNDEF);
    break;
  case COND_IFB:
  case COND_IFNB:
    value = (a->tokens.items[first].kind == 0) == (op == COND_IFB);
    break;
  default:
    ok = expression(a, first, &value);
    break;
  }
  if (!ok)
    c->taken = true;
  return ok && value;
}

static void open_condition(struct assembly *a, enum condition_op op, size_t first, struct loc at)
{
  struct condition c = {.at = at, .outer = condition_active(a)};
  if (c.outer)
    c.active = test(a, op, first, &c);
  c.taken = c.taken || c.active;
  *VEC_PUSH(&a->arena, &a->conditions) = c;
}

static void continue_condition(struct assembly *a, enum condition_op op, size_t first,
                               struct loc at)
{
  size_t base = a->frames[a->frame_count - 1].conditions;
  if (a->conditions.count <= base) {
    asm_error(a, at, "%s without .if", names[op]);
    return;
  }
  struct condition *c = &a->conditions.items[a->conditions.count - 1];
  if (op == COND_ENDIF) {
    expect_end(a, first);
    a->conditions.count--;
    return;
  }
  if (c->else_seen) {
    asm_error(a, at, "%s after .else", names[op]);
    asm_note(a, c->at, "the .if is here");
    return;
  }
  c->else_seen = op == COND_ELSE;
  if (op == COND_ELSE)
    expect_end(a, first);
  c->active = c->outer && !c->taken && (op == COND_ELSE || test(a, op, first, c));
  c->taken = c->taken || c->active;
}

bool condition_directive(struct assembly *a, const struct token *op, size_t first_token)
{
  for (int i = 0; i < COND_COUNT; i++) {
    if (strcmp(op->text, names[i]) != 0)
      continue;
    struct loc at = token_loc(a, op);
    if (i < COND_ELSEIF)
      open_condition(a, (enum condition_op)i, first_token + 1, at);
    else
      continue_condition(a, (enum condition_op)i, first_token + 1, at);
    return true;
  }
  return false;
}

void condition_close(struct assembly *a, size_t keep)
{
  while (a->conditions.count > keep) {
    struct condition *c = &a->conditions.items[--a->conditions.count];
    asm_error(a, c->at, "this has no .endif");
  }
}
