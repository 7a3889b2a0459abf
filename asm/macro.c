/* .macro, .rept, and macro calls. */
#include <ctype.h>
#include <string.h>

#include "asm/assembly.h"
#include "gen/asm/parser.h"

static bool same(const struct parameter *p, const char *name, size_t len)
{
  return p->len == len && memcmp(p->name, name, len) == 0;
}

static size_t bucket_of(const char *name, size_t len)
{
  size_t h = len;
  for (size_t i = 0; i < len; i++)
    h = h * 31 + (unsigned char)name[i];
  return h % MACRO_BUCKETS;
}

struct macro *macro_find(const struct assembly *a, const char *name, size_t len)
{
  struct macro *m = a->macros[bucket_of(name, len)];
  while (m && !(m->len == len && memcmp(m->name, name, len) == 0))
    m = m->chain;
  return m;
}

/* Text from one token's start to another's end. */
static struct argument text_between(const struct assembly *a, size_t first, size_t end)
{
  if (first == end)
    return (struct argument){"", 0};
  const struct token *t = a->tokens.items;
  return (struct argument){a->line->text + t[first].first, t[end - 1].last - t[first].first};
}

/* Index of the comma or end that closes the argument at `i`. */
static size_t argument_end(const struct assembly *a, size_t i)
{
  unsigned depth = 0;
  for (; a->tokens.items[i].kind != 0; i++) {
    int kind = a->tokens.items[i].kind;
    if (kind == ',' && depth == 0)
      break;
    if (kind == '(')
      depth++;
    else if (kind == ')' && depth > 0)
      depth--;
  }
  return i;
}

/* -------------------------------------------------------------- definition */
static size_t parse_parameter(struct assembly *a, struct macro *m, size_t i)
{
  const struct token *t = &a->tokens.items[i];
  if (t->kind != IDENT && t->kind != REG) {
    asm_error(a, token_loc(a, t), "expected the name of a parameter");
    return SIZE_MAX;
  }
  for (size_t k = 0; k < m->parameters.count; k++)
    if (same(&m->parameters.items[k], t->text, t->len))
      asm_error(a, token_loc(a, t), "there is a parameter '%s' already", t->text);
  struct parameter *p = VEC_PUSH(&a->arena, &m->parameters);
  *p = (struct parameter){.name = t->text, .len = t->len};
  i++;
  if (t[1].kind == ':' && t[2].kind == IDENT) {
    p->rest = strcmp(t[2].text, "vararg") == 0;
    if (!p->rest && strcmp(t[2].text, "req") != 0)
      asm_error(a, token_loc(a, &t[2]), "expected 'req' or 'vararg'");
    i += 2;
  }
  if (a->tokens.items[i].kind == '=') {
    size_t end = argument_end(a, i + 1);
    p->has_default = true;
    p->fallback = text_between(a, i + 1, end);
    i = end;
  }
  return i;
}

static bool parse_parameters(struct assembly *a, struct macro *m, size_t i)
{
  if (a->tokens.items[i].kind == ',')
    i++;
  while (a->tokens.items[i].kind != 0) {
    i = parse_parameter(a, m, i);
    if (i == SIZE_MAX)
      return false;
    const struct token *t = &a->tokens.items[i];
    if (t->kind == ',') {
      i++;
    } else if (t->kind != 0 && t->kind != IDENT && t->kind != REG) {
      asm_error(a, token_loc(a, t), "expected ',', '=' or the end of the line");
      return false;
    }
    if (m->parameters.items[m->parameters.count - 1].rest && a->tokens.items[i].kind != 0) {
      asm_error(a, token_loc(a, t), "a vararg parameter must be the last");
      return false;
    }
  }
  return true;
}

static bool name_is_free(struct assembly *a, const struct token *t)
{
  enum isa_insn insn;
  const struct macro *old = macro_find(a, t->text, t->len);
  struct loc loc = token_loc(a, t);
  if (old) {
    asm_error(a, loc, "there is a macro '%s' already", t->text);
    asm_note(a, old->defined, "it is defined here");
  } else if (isa_find_insn(t->text, t->len, &insn) || pseudo_exists(t->text)) {
    asm_error(a, loc, "'%s' is an instruction and cannot be the name of a macro", t->text);
  } else {
    return true;
  }
  return false;
}

static void start_recording(struct assembly *a, enum recording_kind kind, struct loc at)
{
  a->recording.kind = kind;
  a->recording.depth = 0;
  a->recording.macro = NULL;
  a->recording.at = at;
  a->recording.origin = a->line->origin;
  a->recording.lines.count = 0;
}

void macro_begin(struct assembly *a, size_t i)
{
  const struct token *t = &a->tokens.items[i];
  start_recording(a, RECORD_MACRO, token_loc(a, &a->tokens.items[i - 1]));
  if (t->kind != IDENT) {
    asm_error(a, token_loc(a, t), "expected the name of the macro");
    return;
  }
  struct macro *m = arena_alloc(&a->arena, sizeof *m);
  m->name = t->text;
  m->len = t->len;
  m->defined = token_loc(a, t);
  if (name_is_free(a, t) && parse_parameters(a, m, i + 1))
    a->recording.macro = m;
}

void repeat_begin(struct assembly *a, size_t i)
{
  start_recording(a, RECORD_REPT, token_loc(a, &a->tokens.items[i - 1]));
  a->recording.times = 0;
  if (!asm_parse(a, i - 1))
    return;
  const struct statement *st = &a->statement;
  int64_t times;
  if (st->operands.count != 1 || st->operands.items[0].kind != OPERAND_EXPR)
    asm_error(a, a->recording.at, ".rept takes one expression, the number of repetitions");
  else if (expr_eval_range(a, st->operands.items[0].expr, "the number of repetitions", 0,
                           LINE_LIMIT, &times))
    a->recording.times = (uint64_t)times;
}

static struct body take_body(struct assembly *a)
{
  size_t count = a->recording.lines.count;
  struct body body = {arena_alloc(&a->arena, count * sizeof(struct line *)), count};
  if (count)
    memcpy(body.lines, a->recording.lines.items, count * sizeof(struct line *));
  return body;
}

static void finish_recording(struct assembly *a)
{
  struct body body = take_body(a);
  bool macro = a->recording.kind == RECORD_MACRO;
  a->recording.kind = RECORD_NONE;
  if (!macro) {
    source_push_rept(a, &body, a->recording.times, &a->recording.at);
    return;
  }
  struct macro *m = a->recording.macro;
  if (!m)
    return;
  m->body = body;
  size_t bucket = bucket_of(m->name, m->len);
  m->chain = a->macros[bucket];
  a->macros[bucket] = m;
}

static bool is_op(const struct token *op, const char *name)
{
  return op->kind == IDENT && strcmp(op->text, name) == 0;
}

void recording_line(struct assembly *a, const struct line *line, const struct token *op)
{
  bool macro = a->recording.kind == RECORD_MACRO;
  if (is_op(op, macro ? ".macro" : ".rept"))
    a->recording.depth++;
  if (is_op(op, macro ? ".endm" : ".endr") && a->recording.depth-- == 0)
    finish_recording(a);
  else
    *VEC_PUSH(&a->arena, &a->recording.lines) = line;
}

void recording_check_end(struct assembly *a, const struct origin *origin)
{
  struct recording *r = &a->recording;
  if (r->kind == RECORD_NONE || r->origin != origin)
    return;
  asm_error(a, r->at, "this has no %s", r->kind == RECORD_MACRO ? ".endm" : ".endr");
  r->kind = RECORD_NONE;
  a->incomplete = true;
}

/* ------------------------------------------------------------------- calls */
/* "name=value" gives an argument by name. */
static size_t named_parameter(const struct assembly *a, const struct macro *m, size_t i)
{
  const struct token *t = &a->tokens.items[i];
  if ((t->kind == IDENT || t->kind == REG) && t[1].kind == '=')
    for (size_t k = 0; k < m->parameters.count; k++)
      if (same(&m->parameters.items[k], t->text, t->len))
        return k;
  return SIZE_MAX;
}

static bool collect_arguments(struct assembly *a, const struct macro *m, struct argument *arguments,
                              size_t i)
{
  size_t position = 0;
  while (a->tokens.items[i].kind != 0) {
    size_t end = argument_end(a, i), k = named_parameter(a, m, i);
    bool named = k != SIZE_MAX;
    if (!named)
      k = position++;
    if (k >= m->parameters.count) {
      asm_error(a, token_loc(a, &a->tokens.items[i]), "macro '%s' takes at most %zu argument%s",
                m->name, m->parameters.count, m->parameters.count == 1 ? "" : "s");
      asm_note(a, m->defined, "it is defined here");
      return false;
    }
    if (m->parameters.items[k].rest)
      end = a->tokens.count - 1;
    struct argument given = text_between(a, named ? i + 2 : i, end);
    if (named || given.len > 0)
      arguments[k] = given;
    i = a->tokens.items[end].kind == ',' ? end + 1 : end;
  }
  return true;
}

static bool fill_defaults(struct assembly *a, const struct macro *m, struct argument *arguments,
                          struct loc call)
{
  bool complete = true;
  for (size_t k = 0; k < m->parameters.count; k++) {
    const struct parameter *p = &m->parameters.items[k];
    if (arguments[k].text || p->rest)
      continue;
    if (!p->has_default) {
      asm_error(a, call, "macro '%s' needs the argument '%s'", m->name, p->name);
      asm_note(a, m->defined, "it is defined here");
      complete = false;
    }
    arguments[k] = p->fallback;
  }
  return complete;
}

void macro_call(struct assembly *a, const struct macro *m, size_t first)
{
  struct loc call = {
      a->line, a->tokens.items[first - 1].first,
      a->tokens.items[a->tokens.count > first + 1 ? a->tokens.count - 2 : first - 1].last};
  for (size_t i = first; i < a->tokens.count; i++) {
    if (a->tokens.items[i].kind == BAD) {
      asm_error(a, token_loc(a, &a->tokens.items[i]), "%s", a->tokens.items[i].text);
      return;
    }
  }
  struct argument *arguments = arena_alloc(&a->arena, m->parameters.count * sizeof *arguments);
  if (collect_arguments(a, m, arguments, first) && fill_defaults(a, m, arguments, call))
    source_push_macro(a, m, arguments, &call);
}

/* ------------------------------------------------------------ substitution */
typedef VEC(char) text_t;

static void append(struct assembly *a, text_t *out, const char *text, size_t len)
{
  if (len == 0)
    return;
  VEC_RESERVE(&a->arena, out, len);
  memcpy(out->items + out->count, text, len);
  out->count += len;
}

static bool is_name(char c)
{
  return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* In a string, a one-letter name that is an escape is the escape. */
static bool is_escape(char c)
{
  return strchr("abefnrtvx01234567", c) != NULL;
}

/* A string inside a string goes without its quotes. */
static void append_argument(struct assembly *a, text_t *out, struct argument argument, bool quoted)
{
  if (quoted && argument.len >= 2 && argument.text[0] == '"' &&
      argument.text[argument.len - 1] == '"') {
    argument.text++;
    argument.len -= 2;
  }
  append(a, out, argument.text, argument.len);
}

/* What follows a backslash at p. Returns the bytes consumed after it; 0: nothing
 * of ours, the backslash stays. */
static size_t substitute_one(struct assembly *a, const struct frame *f, text_t *out, const char *p,
                             size_t len, bool quoted)
{
  if (len >= 1 && p[0] == '@') {
    const char *serial = arena_printf(&a->arena, "%llu", (unsigned long long)f->serial);
    append(a, out, serial, strlen(serial));
    return 1;
  }
  if (len >= 2 && p[0] == '(' && p[1] == ')')
    return 2;
  size_t n = 0;
  while (n < len && is_name(p[n]))
    n++;
  if (quoted && n == 1 && is_escape(p[0]))
    return 0;
  for (size_t k = 0; n && k < f->macro->parameters.count; k++) {
    if (same(&f->macro->parameters.items[k], p, n)) {
      append_argument(a, out, f->arguments[k], quoted);
      return n;
    }
  }
  return 0;
}

void macro_substitute(struct assembly *a, const struct frame *f, struct line *line)
{
  if (!line->len || !memchr(line->text, '\\', line->len))
    return;
  text_t out = {0};
  bool quoted = false;
  for (size_t i = 0; i < line->len;) {
    char c = line->text[i];
    if (c == '\\') {
      size_t used = substitute_one(a, f, &out, line->text + i + 1, line->len - i - 1, quoted);
      if (used) {
        i += 1 + used;
        continue;
      }
      append(a, &out, line->text + i, 1); /* an escape of two characters, or a stray */
      if (quoted && ++i < line->len)
        append(a, &out, line->text + i, 1);
      i += !quoted || i < line->len;
      continue;
    }
    quoted = quoted != (c == '"');
    append(a, &out, &c, 1);
    i++;
  }
  line->text = line->shown = out.count ? out.items : "";
  line->len = line->shown_len = out.count;
}
