/* One line: labels, then what the operation is. */
#include <string.h>

#include "asm/assembly.h"
#include "gen/asm/parser.h"

struct loc token_loc(const struct assembly *a, const struct token *t)
{
  return (struct loc){a->line, t->first, t->last};
}

static bool is_label(const struct token *t)
{
  return (t[0].kind == IDENT || t[0].kind == NUMBER || t[0].kind == REG) && t[1].kind == ':';
}

/* Index of the first token after the labels. */
static size_t skip_labels(const struct assembly *a)
{
  size_t i = 0;
  while (is_label(&a->tokens.items[i]))
    i += 2;
  return i;
}

static void define_labels(struct assembly *a, size_t end)
{
  for (size_t i = 0; i < end; i += 2) {
    const struct token *t = &a->tokens.items[i];
    struct loc loc = token_loc(a, t);
    if (t->kind == NUMBER)
      symbol_define_local(a, loc, t->number);
    else if (t->kind == REG)
      asm_error(a, loc, "'%s' is a register and cannot be a label", t->text);
    else
      symbol_define_label(a, loc, t->text, t->len);
  }
}

/* After a bad definition of a symbol its uses need no message of their own. */
static void parse_failed(struct assembly *a, size_t first)
{
  const struct token *op = &a->tokens.items[first];
  static const char *const defining[] = {".equ", ".set", ".include"};
  if (op->kind == IDENT && op[1].kind == '=')
    a->incomplete = true;
  for (size_t i = 0; i < sizeof defining / sizeof defining[0]; i++)
    if (op->kind == IDENT && strcmp(op->text, defining[i]) == 0)
      a->incomplete = true;
}

static void assign(struct assembly *a, const struct statement *st)
{
  struct symbol *s = symbol_get(a, st->op->text, st->op->len);
  symbol_define_value(a, s, token_loc(a, st->op), SYMBOL_SET, st->assigned);
}

/* What a statement that is parsed as a whole does. */
static void run_parsed(struct assembly *a, size_t first)
{
  if (!asm_parse(a, first)) {
    parse_failed(a, first);
    return;
  }
  if (!a->statement.op)
    return;
  const struct statement *st = &a->statement;
  if (st->assigned)
    assign(a, st);
  else if (st->op->text[0] != '.')
    insn_assemble(a, st);
  else if (!directive_run(a, st))
    asm_error(a, token_loc(a, st->op), "there is no directive '%s'%s", st->op->text,
              directive_suggest(a, st->op->text, st->op->len));
}

static bool is_op(const struct token *op, const char *name)
{
  return op->kind == IDENT && strcmp(op->text, name) == 0;
}

static bool is_operation(const struct assembly *a, const struct token *t)
{
  enum isa_insn insn;
  return t->kind == IDENT && (isa_find_insn(t->text, t->len, &insn) || pseudo_exists(t->text) ||
                              directive_exists(t->text) || macro_find(a, t->text, t->len));
}

/* "loop add a0, a0, a0". It is a label then, so that its uses need no message. */
static bool lacks_colon(struct assembly *a, const struct token *op)
{
  if (op->kind != IDENT || op->text[0] == '.' || is_operation(a, op) || !is_operation(a, op + 1))
    return false;
  asm_error(a, token_loc(a, op),
            "there is no instruction or macro '%s'; a label has a colon: '%s:'", op->text,
            op->text);
  symbol_define_label(a, token_loc(a, op), op->text, op->len);
  return true;
}

static void run(struct assembly *a, size_t first)
{
  if (lacks_colon(a, &a->tokens.items[first]))
    first++;
  const struct token *op = &a->tokens.items[first];
  const struct macro *macro =
      op->kind == IDENT && op[1].kind != '=' ? macro_find(a, op->text, op->len) : NULL;
  if (macro)
    macro_call(a, macro, first + 1);
  else if (is_op(op, ".macro"))
    macro_begin(a, first + 1);
  else if (is_op(op, ".rept"))
    repeat_begin(a, first + 1);
  else
    run_parsed(a, first);
}

static void note_emitted(struct assembly *a, const struct section *before)
{
  if (a->section != before)
    a->here = a->section->size;
  struct emitted *e = VEC_PUSH(&a->arena, &a->emitted);
  *e = a->noted;
  e->line = a->line;
  e->section = a->section;
  e->offset = a->here;
  e->size = a->section->size - a->here;
}

void asm_statement(struct assembly *a, const struct line *line)
{
  a->line = line;
  a->here = a->section->size;
  a->noted = (struct emitted){.unit = 1, .from = a->from};
  const struct section *before = a->section;
  asm_lex_line(a, line);
  if (a->tokens.count > TOKEN_LIMIT) {
    asm_fatal(a, (struct loc){line, 0, 1}, "the line holds more than %u words and signs",
              TOKEN_LIMIT);
    return;
  }
  size_t first = skip_labels(a);
  const struct token *op = &a->tokens.items[first];
  if (a->recording.kind != RECORD_NONE) {
    recording_line(a, line, op);
  } else {
    bool active = condition_active(a);
    if (active)
      define_labels(a, first);
    bool condition = op->kind == IDENT && condition_directive(a, op, first);
    if (condition && !active && condition_active(a)) /* "label: .endif" */
      define_labels(a, first);
    else if (!condition && active)
      run(a, first);
  }
  note_emitted(a, before);
}
