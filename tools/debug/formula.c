#include "tools/debug/formula.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gen/tools/debug/formula_parser.h"
#include "isa/suggest.h"

struct formula_node *formula_make(struct formula_reader *r, enum formula_kind kind, int column, int op,
                            struct formula_node *a, struct formula_node *b, struct formula_node *c)
{
  struct formula_node *n = calloc(1, sizeof *n);
  if (!n) {
    snprintf(r->error->message, sizeof r->error->message, "out of memory");
    r->error->no_memory = true;
    return NULL;
  }
  *n = (struct formula_node){
      .next_made = r->formula->made, .kind = kind, .op = op, .column = column, .a = a, .b = b, .c = c};
  r->formula->made = n;
  return n;
}

void formula_destroy(struct formula *e)
{
  if (!e)
    return;
  while (e->made) {
    struct formula_node *n = e->made;
    e->made = n->next_made;
    free(n);
  }
  free(e->text);
  free(e);
}

const char *formula_text(const struct formula *e)
{
  return e->text;
}

/* -------------------------------------------------------------------- storage */

bool formula_locate(struct machine *m, uint32_t va, uint32_t *pa)
{
  bool te = psw_te(machine_get_cr(m, CR_PSW));
  struct translation t = machine_translate(m, gva(va), MACHINE_LOAD, te);
  *pa = t.pa.v;
  return t.ok;
}

bool formula_read(struct machine *m, uint32_t va, unsigned size, uint32_t *value)
{
  *value = 0;
  for (unsigned i = 0; i < size; i++) {
    uint32_t pa;
    uint8_t byte;
    if (!formula_locate(m, va + i, &pa) || !machine_phys_read(m, gpa(pa), &byte, 1))
      return false;
    *value |= (uint32_t)byte << 8 * i;
  }
  return true;
}

static bool read_physical(struct machine *m, uint32_t pa, unsigned size, uint32_t *value)
{
  uint8_t bytes[4] = {0};
  bool ok = machine_phys_read(m, gpa(pa), bytes, size);
  *value = 0;
  for (unsigned i = 0; ok && i < size; i++)
    *value |= (uint32_t)bytes[i] << 8 * i;
  return ok;
}

/* ---------------------------------------------------------------------- names */

/* An evaluation on its way. */
struct run {
  const struct formula_scope *scope;
  struct formula_error *error;
};

static bool refuse(struct run *r, int column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool refuse(struct run *r, int column, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vsnprintf(r->error->message, sizeof r->error->message, format, args);
  va_end(args);
  r->error->column = column;
  return false;
}

static bool find_field(const char *name, unsigned *field)
{
  const struct isa_psw_field_info *f = isa_psw_fields();
  for (*field = 0; f[*field].name; ++*field)
    if (strcmp(f[*field].name, name) == 0)
      return true;
  return false;
}

static uint32_t field_mask(unsigned field)
{
  const struct isa_psw_field_info *f = &isa_psw_fields()[field];
  return (1u << (f->high - f->low + 1)) - 1;
}

static struct formula_value of_field(uint32_t cr, uint32_t word, unsigned field)
{
  return (struct formula_value){.v = word >> isa_psw_fields()[field].low & field_mask(field),
                             .place = FORMULA_FIELD,
                             .where = cr,
                             .field = field};
}

/* pc, registers, control registers, fields of the PSW. */
static bool named_in_machine(struct machine *m, const char *name, struct formula_value *v)
{
  unsigned reg, field;
  enum isa_cr cr;
  if (strcmp(name, "pc") == 0)
    *v = (struct formula_value){.v = machine_get_pc(m), .place = FORMULA_PC};
  else if (isa_find_reg(name, strlen(name), &reg))
    *v = (struct formula_value){.v = machine_get_reg(m, reg), .place = FORMULA_REG, .where = reg};
  else if (isa_find_cr(name, strlen(name), &cr) && cr == CR_TICK)
    *v = (struct formula_value){.v = machine_tick(m), .wide = true};
  else if (isa_find_cr(name, strlen(name), &cr))
    *v = (struct formula_value){.v = machine_get_cr(m, cr), .place = FORMULA_CR, .where = cr};
  else if (find_field(name, &field))
    *v = of_field(CR_PSW, machine_get_cr(m, CR_PSW), field);
  else
    return false;
  return true;
}

void formula_each_name(void (*visit)(void *ctx, const char *name), void *ctx)
{
  visit(ctx, "pc");
  for (unsigned i = 0; i < ISA_REG_COUNT; i++)
    visit(ctx, isa_reg_name(i));
  for (unsigned i = 0; i < ISA_CR_COUNT; i++)
    visit(ctx, isa_cr_info((enum isa_cr)i)->name);
  for (const struct isa_psw_field_info *f = isa_psw_fields(); f->name; f++)
    visit(ctx, f->name);
}

static void offer(void *ctx, const char *name)
{
  suggest_offer(ctx, name);
}

static bool no_such_name(struct run *r, const struct formula_node *n)
{
  struct suggestion s = suggest_begin(n->name, strlen(n->name));
  formula_each_name(offer, &s);
  size_t count = 0;
  if (n->kind == FORMULA_NAME) {
    const struct image_symbol *symbols = image_symbols(r->scope->image, &count);
    for (size_t i = 0; i < count; i++)
      suggest_offer(&s, symbols[i].name);
  }
  const char *what = n->kind == FORMULA_NAME ? "no symbol or register" : "no register or variable";
  if (s.best)
    return refuse(r, n->column, "%s '%s'; did you mean '%s'?", what, n->name, s.best);
  return refuse(r, n->column, "%s '%s'; 'info symbols' and 'info registers' list them", what,
                n->name);
}

/* $1, $$, $$2: values that print has shown. */
static bool shown_value(struct run *r, const struct formula_node *n, struct formula_value *v)
{
  const struct formula_memory *h = r->scope->memory;
  bool back = n->name[0] == '$';
  unsigned long k = n->name[back] ? strtoul(n->name + back, NULL, 10) : back;
  unsigned long want = back || !n->name[0] ? h->shown - k : k;
  if ((back && k > h->shown) || want == 0 || want > h->shown || want + FORMULA_HISTORY <= h->shown)
    return refuse(r, n->column, "no value $%s: print has shown %u so far", n->name, h->shown);
  *v = h->history[(want - 1) % FORMULA_HISTORY];
  v->place = FORMULA_NOWHERE;
  return true;
}

static bool dollar(struct run *r, const struct formula_node *n, struct formula_value *v)
{
  const struct formula_memory *memory = r->scope->memory;
  if (strspn(n->name, "0123456789$") == strlen(n->name))
    return shown_value(r, n, v);
  if (named_in_machine(r->scope->machine, n->name, v))
    return true;
  for (unsigned i = 0; i < memory->variables; i++) {
    if (strcmp(memory->variable[i].name, n->name) == 0) {
      *v = memory->variable[i].value;
      v->place = FORMULA_VARIABLE;
      v->where = i;
      return true;
    }
  }
  return no_such_name(r, n);
}

static bool name(struct run *r, const struct formula_node *n, struct formula_value *v)
{
  uint32_t address;
  if (image_find_symbol(r->scope->image, n->name, &address)) {
    *v = (struct formula_value){.v = address};
    return true;
  }
  return named_in_machine(r->scope->machine, n->name, v) || no_such_name(r, n);
}

static bool member(struct run *r, const struct formula_node *n, const struct formula_value *of,
                   struct formula_value *v)
{
  unsigned field;
  if (!find_field(n->b->name, &field))
    return refuse(r, n->b->column, "a PSW has no field '%s'; 'info psw' shows them", n->b->name);
  if (of->place != FORMULA_CR || !isa_cr_info((enum isa_cr)of->where)->is_psw)
    return refuse(r, n->column, "only psw and epsw have fields");
  *v = of_field(of->where, (uint32_t)of->v, field);
  return true;
}

/* ------------------------------------------------------------------- operators */

static int64_t as_signed(const struct formula_value *v)
{
  return v->wide ? (int64_t)v->v : (int32_t)(uint32_t)v->v;
}

static uint64_t narrow(uint64_t v, bool wide)
{
  return wide ? v : (uint32_t)v;
}

static bool compare(int op, const struct formula_value *a, const struct formula_value *b, bool is_signed)
{
  bool less = is_signed ? as_signed(a) < as_signed(b) : a->v < b->v;
  bool equal = a->v == b->v;
  switch (op) {
  case EQ: return equal;
  case NE: return !equal;
  case '<': return less;
  case LE: return less || equal;
  case '>': return !less && !equal;
  default: return !less;
  }
}

static uint64_t divide(int op, const struct formula_value *a, const struct formula_value *b,
                       bool is_signed)
{
  if (is_signed && as_signed(b) == -1) /* the one quotient that does not fit */
    return op == '/' ? 0 - a->v : 0;
  if (is_signed)
    return (uint64_t)(op == '/' ? as_signed(a) / as_signed(b) : as_signed(a) % as_signed(b));
  return op == '/' ? a->v / b->v : a->v % b->v;
}

static uint64_t shift(int op, const struct formula_value *a, const struct formula_value *b, bool wide)
{
  unsigned bits = wide ? 64 : 32;
  bool over = b->v >= bits;
  if (op == SHL)
    return over ? 0 : a->v << b->v;
  if (a->is_signed)
    return (uint64_t)(as_signed(a) >> (over ? bits - 1 : b->v));
  return over ? 0 : a->v >> b->v;
}

static uint64_t arithmetic(int op, const struct formula_value *a, const struct formula_value *b,
                           bool wide, bool is_signed)
{
  switch (op) {
  case '+': return a->v + b->v;
  case '-': return a->v - b->v;
  case '*': return a->v * b->v;
  case '/':
  case '%': return divide(op, a, b, is_signed);
  case '&': return a->v & b->v;
  case '|': return a->v | b->v;
  case '^': return a->v ^ b->v;
  default: return shift(op, a, b, wide);
  }
}

static bool eval(struct run *r, const struct formula_node *n, struct formula_value *v);

static bool truth(struct run *r, const struct formula_node *n, bool *t)
{
  struct formula_value v;
  if (!eval(r, n, &v))
    return false;
  *t = v.v != 0;
  return true;
}

static bool logical(struct run *r, const struct formula_node *n, struct formula_value *v)
{
  bool t;
  if (!truth(r, n->a, &t))
    return false;
  if (t == (n->op == ANDAND) && !truth(r, n->b, &t))
    return false;
  *v = (struct formula_value){.v = t, .is_signed = true};
  return true;
}

static bool binary(struct run *r, const struct formula_node *n, struct formula_value *v)
{
  struct formula_value a, b;
  if (n->op == ANDAND || n->op == OROR)
    return logical(r, n, v);
  if (!eval(r, n->a, &a) || !eval(r, n->b, &b))
    return false;
  bool wide = a.wide || b.wide, is_signed = a.is_signed && b.is_signed;
  if (wide && a.is_signed && !a.wide)
    a.v = (uint64_t)as_signed(&a);
  if (wide && b.is_signed && !b.wide)
    b.v = (uint64_t)as_signed(&b);
  a.wide = b.wide = wide;
  switch (n->op) {
  case EQ: case NE: case '<': case '>': case LE: case GE:
    *v = (struct formula_value){.v = compare(n->op, &a, &b, is_signed), .is_signed = true};
    return true;
  case '/': case '%':
    if (b.v == 0)
      return refuse(r, n->b->column, "division by zero");
    break;
  default: break;
  }
  *v = (struct formula_value){.v = narrow(arithmetic(n->op, &a, &b, wide, is_signed), wide),
                           .wide = wide,
                           .is_signed = is_signed};
  return true;
}

static bool unary(struct run *r, const struct formula_node *n, struct formula_value *v)
{
  struct formula_value a;
  if (!eval(r, n->a, &a))
    return false;
  *v = (struct formula_value){.wide = a.wide, .is_signed = a.is_signed};
  switch (n->op) {
  case '-': v->v = narrow(0 - a.v, a.wide); break;
  case '~': v->v = narrow(~a.v, a.wide); break;
  case '!': *v = (struct formula_value){.v = !a.v, .is_signed = true}; break;
  case '&':
    if (a.place != FORMULA_VIRTUAL && a.place != FORMULA_PHYSICAL && n->a->kind != FORMULA_NAME)
      return refuse(r, n->a->column, "only storage has an address; '*' before it loads from one");
    v->v = a.place == FORMULA_NOWHERE ? a.v : a.where;
    v->is_signed = false;
    break;
  default: v->v = a.v;
  }
  return true;
}

static bool load(struct run *r, const struct formula_node *n, struct formula_value *v)
{
  struct formula_value a;
  uint32_t word;
  struct machine *m = r->scope->machine;
  unsigned size = (unsigned)abs(n->op);
  if (!eval(r, n->a, &a))
    return false;
  uint32_t at = (uint32_t)a.v;
  bool ok = n->op < 0 ? read_physical(m, at, size, &word) : formula_read(m, at, size, &word);
  if (!ok && n->op < 0)
    return refuse(r, n->a->column, "storage ends at 0x%08x; 0x%08x lies beyond it",
                  machine_storage_size(m), at);
  if (!ok)
    return refuse(r, n->a->column,
                  "the program cannot read 0x%08x now (%s); @ADDRESS reads storage itself", at,
                  psw_te(machine_get_cr(m, CR_PSW)) ? "relocation is on" : "storage ends before");
  *v = (struct formula_value){.v = word,
                           .place = n->op < 0 ? FORMULA_PHYSICAL : FORMULA_VIRTUAL,
                           .where = at,
                           .size = size};
  return true;
}

static unsigned make_variable(struct formula_memory *memory, const char *variable)
{
  if (memory->variables == FORMULA_VARIABLES)
    return FORMULA_VARIABLES;
  memcpy(memory->variable[memory->variables].name, variable, FORMULA_NAME_SIZE);
  return memory->variables++;
}

/* The left side need not exist if it is a variable. */
static bool assign(struct run *r, const struct formula_node *n, struct formula_value *v)
{
  struct formula_value to, value;
  if (!eval(r, n->b, &value))
    return false;
  if (!eval(r, n->a, &to)) {
    if (n->a->kind != FORMULA_DOLLAR || strspn(n->a->name, "0123456789$") == strlen(n->a->name))
      return false;
    to = (struct formula_value){.place = FORMULA_VARIABLE,
                             .where = make_variable(r->scope->memory, n->a->name)};
    if (to.where == FORMULA_VARIABLES)
      return refuse(r, n->a->column, "no room for more than %u variables", FORMULA_VARIABLES);
  }
  if (to.place == FORMULA_NOWHERE)
    return refuse(r, n->a->column,
                  n->a->kind == FORMULA_NAME ? "'%s' is an address; write *%s to set what is there"
                                          : "%s%s cannot be set: it is no place",
                  n->a->kind == FORMULA_NAME ? n->a->name : "this", n->a->kind == FORMULA_NAME ? n->a->name : "");
  if (to.place == FORMULA_VARIABLE) {
    value.place = FORMULA_NOWHERE;
    r->scope->memory->variable[to.where].value = value;
  } else if (!formula_set(&to, value.v, r->scope, r->error)) {
    return false;
  }
  return eval(r, n->a, v);
}

static bool eval(struct run *r, const struct formula_node *n, struct formula_value *v)
{
  struct formula_value a;
  bool t;
  switch (n->kind) {
  case FORMULA_NUMBER:
    *v = (struct formula_value){
        .v = n->number, .wide = n->number > UINT32_MAX, .is_signed = n->is_signed};
    return true;
  case FORMULA_NAME: return name(r, n, v);
  case FORMULA_DOLLAR: return dollar(r, n, v);
  case FORMULA_MEMBER: return eval(r, n->a, &a) && member(r, n, &a, v);
  case FORMULA_UNARY: return unary(r, n, v);
  case FORMULA_BINARY: return binary(r, n, v);
  case FORMULA_CHOOSE: return truth(r, n->a, &t) && eval(r, t ? n->b : n->c, v);
  case FORMULA_LOAD: return load(r, n, v);
  case FORMULA_ASSIGN: return assign(r, n, v);
  case FORMULA_CAST: break;
  }
  if (!eval(r, n->a, &a))
    return false;
  *v = (struct formula_value){.v = (uint32_t)a.v, .is_signed = n->op != 0};
  return true;
}

bool formula_eval(const struct formula *e, const struct formula_scope *scope, struct formula_value *value,
               struct formula_error *error)
{
  struct run r = {scope, error};
  *error = (struct formula_error){.column = -1};
  return eval(&r, e->root, value);
}

bool formula_now(const char *text, const struct formula_scope *scope, struct formula_value *value,
              struct formula_error *error)
{
  struct formula *e = formula_parse(text, error);
  bool ok = e && formula_eval(e, scope, value, error);
  formula_destroy(e);
  return ok;
}

/* --------------------------------------------------------------------- setting */

static bool set_bytes(struct machine *m, const struct formula_value *place, uint64_t v)
{
  for (unsigned i = 0; i < place->size; i++) {
    uint32_t pa = place->where + i;
    uint8_t byte = (uint8_t)(v >> 8 * i);
    if ((place->place == FORMULA_VIRTUAL && !formula_locate(m, place->where + i, &pa)) ||
        !machine_phys_write(m, gpa(pa), &byte, 1))
      return false;
  }
  return true;
}

bool formula_set(const struct formula_value *place, uint64_t v, const struct formula_scope *scope,
              struct formula_error *error)
{
  struct run r = {scope, error};
  struct machine *m = scope->machine;
  switch (place->place) {
  case FORMULA_REG: machine_set_reg(m, place->where, (uint32_t)v); return true;
  case FORMULA_PC:
    if (v % 4)
      return refuse(&r, -1, "instructions lie at multiples of 4, 0x%08x is none", (uint32_t)v);
    machine_set_pc(m, (uint32_t)v);
    return true;
  case FORMULA_CR: machine_set_cr(m, (enum isa_cr)place->where, (uint32_t)v); return true;
  case FORMULA_FIELD: {
    unsigned low = isa_psw_fields()[place->field].low;
    uint32_t mask = field_mask(place->field);
    uint32_t word = machine_get_cr(m, (enum isa_cr)place->where);
    word = (word & ~(mask << low)) | ((uint32_t)v & mask) << low;
    machine_set_cr(m, (enum isa_cr)place->where, word);
    return true;
  }
  case FORMULA_VIRTUAL:
  case FORMULA_PHYSICAL:
    return set_bytes(m, place, v) || refuse(&r, -1, "there is no storage at 0x%08x", place->where);
  case FORMULA_NOWHERE:
  case FORMULA_VARIABLE: break;
  }
  return refuse(&r, -1, "this cannot be set");
}
