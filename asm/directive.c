/* Directives that are parsed as a whole; .if, .macro and .rept have files of
 * their own.
 */
#include <inttypes.h>
#include <string.h>

#include "asm/assembly.h"
#include "gen/asm/parser.h"

struct directive {
  const char *name;
  void (*run)(struct assembly *a, const struct statement *st, unsigned detail);
  unsigned detail;
  unsigned min, max; /* operands */
  const char *form;
};

/* ---------------------------------------------------------------- operands */
static const struct expr *expr_operand(struct assembly *a, const struct statement *st, size_t i)
{
  const struct operand *op = &st->operands.items[i];
  if (op->kind == OPERAND_EXPR)
    return op->expr;
  asm_error(a, op->loc, "%s expects a number here%s", st->op->text,
            op->kind == OPERAND_STRING ? "; text is for .ascii and .asciz" : "");
  return NULL;
}

static bool number_operand(struct assembly *a, const struct statement *st, size_t i,
                           const char *what, int64_t min, int64_t max, int64_t *number)
{
  if (i >= st->operands.count)
    return true; /* left at its default */
  const struct expr *e = expr_operand(a, st, i);
  return e && expr_eval_range(a, e, what, min, max, number);
}

static const struct operand *string_operand(struct assembly *a, const struct statement *st,
                                            size_t i)
{
  const struct operand *op = &st->operands.items[i];
  if (op->kind == OPERAND_STRING)
    return op;
  asm_error(a, op->loc, "%s expects a string here", st->op->text);
  return NULL;
}

static struct symbol *name_operand(struct assembly *a, const struct statement *st, size_t i)
{
  const struct operand *op = &st->operands.items[i];
  if (op->kind == OPERAND_EXPR && op->expr->kind == EXPR_SYMBOL && op->expr->symbol->name) {
    struct symbol *s = op->expr->symbol;
    return s->variable ? s->variable : s;
  }
  asm_error(a, op->loc, "%s expects the name of a symbol here%s", st->op->text,
            op->kind == OPERAND_REG ? ", and this is a register" : "");
  return NULL;
}

/* ---------------------------------------------------------------- contents */
static void do_section(struct assembly *a, const struct statement *st, unsigned id)
{
  (void)st;
  a->section = &a->sections.s[id];
}

static void do_named_section(struct assembly *a, const struct statement *st, unsigned detail)
{
  (void)detail;
  const struct symbol *s = name_operand(a, st, 0);
  for (unsigned id = 0; s && id < SECTION_COUNT; id++) {
    if (strcmp(s->name, a->sections.s[id].name) == 0) {
      a->section = &a->sections.s[id];
      return;
    }
  }
  if (s)
    asm_error(a, st->operands.items[0].loc, "the sections are .text, .data and .bss");
}

/* The classic: data after a string. */
static void warn_misaligned(struct assembly *a, const struct statement *st, unsigned size)
{
  uint32_t at = a->section->size + (a->section->fixed ? a->section->base : 0);
  if (at % size != 0 && st->operands.items[0].kind == OPERAND_EXPR)
    asm_warning(a, token_loc(a, st->op),
                "this does not lie at a multiple of %u, so a load from it will trap: put "
                "'.align %u' before it",
                size, size);
}

static void do_data(struct assembly *a, const struct statement *st, unsigned size)
{
  a->noted.unit = (uint8_t)size;
  section_touch(a);
  warn_misaligned(a, st, size);
  for (size_t i = 0; i < st->operands.count && !a->stop; i++) {
    const struct expr *e = expr_operand(a, st, i);
    if (e)
      section_emit_value(a, e, size);
  }
}

static void do_string(struct assembly *a, const struct statement *st, unsigned terminated)
{
  for (size_t i = 0; i < st->operands.count; i++) {
    const struct operand *op = string_operand(a, st, i);
    if (!op || !section_emit(a, op->loc, op->text, op->len) ||
        (terminated && !section_emit(a, op->loc, "", 1)))
      return;
  }
}

static void do_space(struct assembly *a, const struct statement *st, unsigned detail)
{
  (void)detail;
  int64_t size = 0, fill = 0;
  struct loc loc = token_loc(a, st->op);
  if (!number_operand(a, st, 0, "the size", 0, IMAGE_LIMIT, &size) ||
      !number_operand(a, st, 1, "the fill byte", -128, 255, &fill))
    return;
  if (fill != 0 && a->section->nobits) {
    asm_error(a, st->operands.items[1].loc, "%s holds no contents, only room", a->section->name);
    return;
  }
  uint8_t *room;
  if (section_reserve(a, loc, (uint64_t)size, &room) && room)
    memset(room, (int)(fill & 0xff), (size_t)size);
}

static void do_fill(struct assembly *a, const struct statement *st, unsigned detail)
{
  (void)detail;
  int64_t times = 0, size = 1, value = 0;
  if (!number_operand(a, st, 0, "the number of times", 0, IMAGE_LIMIT, &times) ||
      !number_operand(a, st, 1, "the size of one", 1, 4, &size) ||
      !number_operand(a, st, 2, "the value", INT32_MIN, UINT32_MAX, &value))
    return;
  if (size == 3) {
    asm_error(a, st->operands.items[1].loc, "the size of one must be 1, 2 or 4");
    return;
  }
  struct loc loc = token_loc(a, st->op);
  if (a->section->nobits && value != 0) {
    asm_error(a, loc, "%s holds no contents, only room", a->section->name);
    return;
  }
  int64_t min = -((int64_t)1 << (8 * size - 1)), max = ((int64_t)1 << 8 * size) - 1;
  if (value < min || value > max) {
    asm_error(a, st->operands.items[2].loc, "%" PRId64 " does not fit %" PRId64 " bits", value,
              8 * size);
    return;
  }
  uint8_t *room;
  a->noted.unit = (uint8_t)size;
  if (section_reserve(a, loc, (uint64_t)(times * size), &room) && room)
    for (int64_t i = 0; i < times * size; i++)
      room[i] = (uint8_t)((uint64_t)value >> 8 * (i % size));
}

static void do_align(struct assembly *a, const struct statement *st, unsigned power)
{
  int64_t n = 0, fill = 0;
  if (!number_operand(a, st, 0, power ? "the power of two" : "the alignment", power ? 0 : 1,
                      power ? 20 : ALIGN_LIMIT, &n) ||
      !number_operand(a, st, 1, "the fill byte", -128, 255, &fill))
    return;
  uint32_t alignment = power ? 1u << n : (uint32_t)n;
  if (alignment & (alignment - 1))
    asm_error(a, st->operands.items[0].loc,
              "the alignment is %" PRIu32 ": it is in bytes and must be a power of two", alignment);
  else
    section_align(a, token_loc(a, st->op), alignment, (uint8_t)fill);
}

static void do_org(struct assembly *a, const struct statement *st, unsigned detail)
{
  (void)detail;
  int64_t address;
  if (number_operand(a, st, 0, "the address", 0, IMAGE_LIMIT - 1, &address))
    section_org(a, token_loc(a, st->op), address);
}

/* ----------------------------------------------------------------- symbols */
static void do_equ(struct assembly *a, const struct statement *st, unsigned kind)
{
  struct symbol *s = name_operand(a, st, 0);
  const struct expr *e = expr_operand(a, st, 1);
  if (s)
    symbol_define_value(a, s, st->operands.items[0].loc, (enum symbol_kind)kind, e);
}

static void do_globl(struct assembly *a, const struct statement *st, unsigned detail)
{
  (void)detail;
  for (size_t i = 0; i < st->operands.count; i++) {
    struct symbol *s = name_operand(a, st, i);
    if (s && !s->global) {
      s->global = true;
      s->globalized = st->operands.items[i].loc;
    }
  }
}

/* ------------------------------------------------------------ other files */
static const char *path_operand(struct assembly *a, const struct statement *st)
{
  const struct operand *op = string_operand(a, st, 0);
  if (op && (op->len == 0 || memchr(op->text, 0, op->len))) {
    asm_error(a, op->loc, "this is not the name of a file");
    op = NULL;
  }
  return op ? arena_copy(&a->arena, op->text, op->len) : NULL;
}

static void do_include(struct assembly *a, const struct statement *st, unsigned detail)
{
  (void)detail;
  const char *path = path_operand(a, st);
  if (path)
    source_push_file(a, path, &st->operands.items[0].loc);
}

static void do_incbin(struct assembly *a, const struct statement *st, unsigned detail)
{
  (void)detail;
  const char *path = path_operand(a, st), *name;
  struct loc loc = st->operands.items[0].loc;
  size_t len;
  const uint8_t *bytes = path ? source_read(a, path, &loc, &len, &name) : NULL;
  if (!bytes)
    return;
  int64_t skip = 0, count;
  if (!number_operand(a, st, 1, "the number of bytes to skip", 0, (int64_t)len, &skip))
    return;
  count = (int64_t)len - skip;
  if (number_operand(a, st, 2, "the number of bytes", 0, count, &count))
    section_emit(a, loc, bytes + skip, (size_t)count);
}

/* What follows was made from that line of that file: by a compiler, whose user reads it. */
static void do_loc(struct assembly *a, const struct statement *st, unsigned detail)
{
  (void)detail;
  if (st->operands.count == 0) {
    a->from = (struct place){0};
    return;
  }
  const char *path = path_operand(a, st);
  int64_t number = 0;
  if (path && number_operand(a, st, 1, "the number of a line", 1, INT32_MAX, &number))
    a->from = (struct place){path, number == 0 ? 1 : (unsigned)number};
}

/* ---------------------------------------------------------------- messages */
static void do_message(struct assembly *a, const struct statement *st, unsigned error)
{
  const struct operand *op = st->operands.count ? string_operand(a, st, 0) : NULL;
  if (st->operands.count && !op)
    return;
  int len = op ? (int)(op->len > 1000 ? 1000 : op->len) : 0;
  const char *text = op ? op->text : "";
  struct loc loc = token_loc(a, st->op);
  if (error)
    asm_error(a, loc, "%.*s", len ? len : 6, len ? text : ".error");
  else
    asm_warning(a, loc, "%.*s", len ? len : 8, len ? text : ".warning");
}

/* Checked when everything has its place. */
static void do_assert(struct assembly *a, const struct statement *st, unsigned detail)
{
  (void)detail;
  const struct expr *e = expr_operand(a, st, 0);
  const struct operand *text = st->operands.count > 1 ? string_operand(a, st, 1) : NULL;
  if (e)
    *VEC_PUSH(&a->arena, &a->assertions) = (struct assertion){
        e, text ? arena_copy(&a->arena, text->text, text->len) : "the assertion does not hold"};
}

static void do_exitm(struct assembly *a, const struct statement *st, unsigned detail)
{
  (void)detail;
  if (!source_exit_macro(a))
    asm_error(a, token_loc(a, st->op), "%s outside a macro", st->op->text);
}

static void do_stray(struct assembly *a, const struct statement *st, unsigned macro)
{
  asm_error(a, token_loc(a, st->op), "%s without %s", st->op->text, macro ? ".macro" : ".rept");
}

#define ANY UINT32_MAX

static const struct directive table[] = {
    {".text", do_section, SECTION_TEXT, 0, 0, ""},
    {".data", do_section, SECTION_DATA, 0, 0, ""},
    {".bss", do_section, SECTION_BSS, 0, 0, ""},
    {".section", do_named_section, 0, 1, 1, "name"},
    {".org", do_org, 0, 1, 1, "address"},
    {".align", do_align, 0, 1, 2, "bytes, fill"},
    {".balign", do_align, 0, 1, 2, "bytes, fill"},
    {".p2align", do_align, 1, 1, 2, "power, fill"},
    {".byte", do_data, 1, 1, ANY, "value, …"},
    {".half", do_data, 2, 1, ANY, "value, …"},
    {".word", do_data, 4, 1, ANY, "value, …"},
    {".ascii", do_string, 0, 1, ANY, "\"text\", …"},
    {".asciz", do_string, 1, 1, ANY, "\"text\", …"},
    {".string", do_string, 1, 1, ANY, "\"text\", …"},
    {".space", do_space, 0, 1, 2, "bytes, fill"},
    {".skip", do_space, 0, 1, 2, "bytes, fill"},
    {".zero", do_space, 0, 1, 1, "bytes"},
    {".fill", do_fill, 0, 1, 3, "times, size, value"},
    {".equ", do_equ, SYMBOL_EQU, 2, 2, "name, value"},
    {".set", do_equ, SYMBOL_SET, 2, 2, "name, value"},
    {".globl", do_globl, 0, 1, ANY, "name, …"},
    {".global", do_globl, 0, 1, ANY, "name, …"},
    {".include", do_include, 0, 1, 1, "\"file\""},
    {".incbin", do_incbin, 0, 1, 3, "\"file\", skip, count"},
    {".loc", do_loc, 0, 0, 2, "\"file\", line"},
    {".error", do_message, 1, 0, 1, "\"text\""},
    {".warning", do_message, 0, 0, 1, "\"text\""},
    {".assert", do_assert, 0, 1, 2, "condition, \"text\""},
    {".exitm", do_exitm, 0, 0, 0, ""},
    {".endm", do_stray, 1, 0, 0, ""},
    {".endr", do_stray, 0, 0, 0, ""},
    /* Dealt with before the statement is parsed; here for the suggestions. */
    {".macro", NULL, 0, 0, 0, ""},
    {".rept", NULL, 0, 0, 0, ""},
    {".if", NULL, 0, 0, 0, ""},
    {".ifdef", NULL, 0, 0, 0, ""},
    {".ifndef", NULL, 0, 0, 0, ""},
    {".ifb", NULL, 0, 0, 0, ""},
    {".ifnb", NULL, 0, 0, 0, ""},
    {".elseif", NULL, 0, 0, 0, ""},
    {".else", NULL, 0, 0, 0, ""},
    {".endif", NULL, 0, 0, 0, ""},
};

#define COUNT (sizeof table / sizeof table[0])

static const struct directive *find(const char *name)
{
  for (size_t i = 0; i < COUNT; i++)
    if (strcmp(table[i].name, name) == 0)
      return &table[i];
  return NULL;
}

bool directive_exists(const char *name)
{
  return find(name) != NULL;
}

const char *directive_suggest(struct assembly *a, const char *name, size_t len)
{
  struct suggestion best = suggest_begin(name, len);
  for (size_t i = 0; i < COUNT; i++)
    suggest_offer(&best, table[i].name);
  return asm_did_you_mean(a, &best);
}

static void wrong_count(struct assembly *a, const struct directive *d, const struct statement *st)
{
  bool few = st->operands.count < d->min;
  unsigned limit = few ? d->min : d->max;
  const char *sense = d->min == d->max ? "" : few ? "at least " : "at most ";
  if (d->max == 0)
    asm_error(a, st->operands.items[0].loc, "%s takes no operands", d->name);
  else
    asm_error(a, token_loc(a, st->op), "%s takes %s%u operand%s, not %zu: %s %s", d->name, sense,
              limit, limit == 1 ? "" : "s", st->operands.count, d->name, d->form);
}

bool directive_run(struct assembly *a, const struct statement *st)
{
  const struct directive *d = find(st->op->text);
  if (!d || !d->run)
    return false;
  if (st->operands.count < d->min || st->operands.count > d->max)
    wrong_count(a, d, st);
  else
    d->run(a, st, d->detail);
  return true;
}
