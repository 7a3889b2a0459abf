/* Within one behaviour: what each name stands for, and whether values, widths
 * and arguments fit. */
#include "isa/gen/check.h"

#include <string.h>

struct scope {
  struct stmt *let;
  struct scope *outer;
};

struct body {
  struct def *def;
  struct diag *diag;
  const struct insn *insn;
  struct scope *scope; /* visible lets, innermost first */
};

static bool same(const char *a, const char *b)
{
  return strcmp(a, b) == 0;
}

static void check_expr(struct body *b, struct expr *e);

/* ------------------------------------------------------------------- names */
static const struct operand *find_operand(const struct body *b, const char *name)
{
  for (const struct operand *o = b->insn->format->operands; o; o = o->next)
    if (same(o->name.text, name))
      return o;
  return NULL;
}

static bool find_register(const struct body *b, const char *name, unsigned *number)
{
  unsigned n = 0;
  for (const struct ident_list *r = b->def->registers; r; r = r->next, n++)
    if (same(r->id.text, name)) {
      *number = n;
      return true;
    }
  return false;
}

static struct stmt *find_let(const struct body *b, const char *name)
{
  for (const struct scope *s = b->scope; s; s = s->outer)
    if (same(s->let->name.text, name))
      return s->let;
  return NULL;
}

static const struct cr *find_cr(const struct body *b, const char *name)
{
  for (const struct cr *cr = b->def->crs; cr; cr = cr->next)
    if (same(cr->name.text, name))
      return cr;
  return NULL;
}

static bool is_translation(const struct stmt *let)
{
  return let->value->primitive && let->value->primitive->result == RESULT_TRANSLATION;
}

static const struct field *need_field(struct body *b, const struct ident *name)
{
  const struct field *f = find_field(b->def, name->text);
  char names[256];
  LIST_NAMES(names, struct field, b->def->psw, name);
  if (!f)
    diag_error(b->diag, name->loc, "the PSW has no field '%s'; expected %s", name->text, names);
  return f;
}

static void resolve_let_member(struct body *b, struct expr *e, struct stmt *let)
{
  const struct ident *member = &e->name.member;
  e->ref.let = let;
  let->used = true;
  if (!is_translation(let)) {
    e->ref.kind = member->text ? REF_LET_FIELD : REF_LET;
    if (member->text)
      e->ref.field = need_field(b, member);
    return;
  }
  if (member->text && same(member->text, "ok")) {
    e->ref.kind = REF_TRANSLATE_OK;
    let->used_ok = true;
  } else if (member->text && same(member->text, "pa")) {
    e->ref.kind = REF_TRANSLATE_PA;
    let->used_pa = true;
  } else {
    diag_error(b->diag, e->loc, "'%s' is the result of translate; expected %s.ok or %s.pa",
               let->name.text, let->name.text, let->name.text);
  }
}

static void resolve_psw(struct body *b, struct expr *e)
{
  const struct ident *member = &e->name.member;
  e->ref.kind = member->text ? REF_PSW_FIELD : REF_PSW;
  if (member->text)
    e->ref.field = need_field(b, member);
  bool carry = member->text && (same(member->text, "c") || same(member->text, "v"));
  if (b->insn->group == GROUP_USER && !carry)
    diag_error(b->diag, e->loc, "the user group may mention only psw.c and psw.v, not %s%s",
               member->text ? "psw." : "the whole psw", member->text ? member->text : "");
}

/* Whoever has the instruction must have the control register. */
static void check_cr_exists(struct body *b, const struct expr *e)
{
  uint32_t wanted = e->ref.cr->requires.mask, given = b->insn->requires.mask;
  if (!wanted || (given && !(given & ~wanted)))
    return;
  diag_error(
      b->diag, e->loc,
      "cr.%s does not exist wherever '%s' does; expected the instruction to require the same",
      e->ref.cr->name.text, b->insn->name.text);
  diag_note(b->diag, e->ref.cr->name.loc, "its requirement is here");
}

static void resolve_cr(struct body *b, struct expr *e)
{
  const struct ident *member = &e->name.member;
  if (!member->text) {
    diag_error(b->diag, e->loc, "expected cr.NAME");
    return;
  }
  e->ref.kind = REF_CR;
  e->ref.cr = find_cr(b, member->text);
  char names[512];
  LIST_NAMES(names, struct cr, b->def->crs, name);
  if (!e->ref.cr)
    diag_error(b->diag, member->loc, "unknown control register '%s'; expected %s", member->text,
               names);
  else
    check_cr_exists(b, e);
  if (b->insn->group == GROUP_USER)
    diag_error(b->diag, e->loc, "the user group may not mention control registers");
}

static void resolve_constant(struct body *b, struct expr *e, enum ref_kind kind)
{
  e->ref.kind = kind;
  if (b->insn->group == GROUP_USER && kind == REF_USER_MODE)
    diag_error(b->diag, e->loc, "the user group may not depend on the profile's modes");
}

/* A name without a member. */
static void resolve_plain(struct body *b, struct expr *e)
{
  const char *name = e->name.base.text;
  unsigned number;
  const struct operand *o = find_operand(b, name);
  if (o) {
    e->ref = (struct ref){.kind = REF_OPERAND, .operand = o};
  } else if (find_register(b, name, &number)) {
    e->ref = (struct ref){.kind = REF_REGISTER, .number = number};
  } else if (same(name, "pc")) {
    e->ref.kind = REF_PC;
  } else if (same(name, "umode")) {
    resolve_constant(b, e, REF_USER_MODE);
  } else if (same(name, "flagsmask")) {
    resolve_constant(b, e, REF_FLAGS_MASK);
  } else {
    diag_error(b->diag, e->loc,
               "unknown name '%s'; expected an operand of format '%s', a register, a let defined "
               "before, pc, psw, cr.NAME, umode or flagsmask",
               name, b->insn->format->name.text);
  }
}

static void resolve_name(struct body *b, struct expr *e)
{
  const char *base = e->name.base.text;
  struct stmt *let = find_let(b, base);
  if (let)
    resolve_let_member(b, e, let);
  else if (same(base, "psw"))
    resolve_psw(b, e);
  else if (same(base, "cr"))
    resolve_cr(b, e);
  else if (!e->name.member.text)
    resolve_plain(b, e);
  else
    diag_error(b->diag, e->name.base.loc,
               "'%s' has no members; expected psw.FIELD, cr.NAME or a let defined before", base);
}

/* ------------------------------------------------------------------- calls */
static void dotted_text(const struct dotted *name, char *buf, size_t size)
{
  snprintf(buf, size, "%s%s%s", name->base.text, name->member.text ? "." : "",
           name->member.text ? name->member.text : "");
}

static size_t count_args(const struct expr *call)
{
  size_t count = 0;
  for (const struct expr *a = call->args; a; a = a->next)
    count++;
  return count;
}

static bool check_arg_count(struct body *b, const struct expr *call, const char *name, size_t want)
{
  size_t have = count_args(call);
  if (have != want)
    diag_error(b->diag, call->loc, "%s has %zu argument%s; expected %zu", name, have,
               have == 1 ? "" : "s", want);
  return have == want;
}

static void check_cr_arg(struct body *b, struct expr *arg)
{
  if (arg->kind == EXPR_NAME)
    resolve_name(b, arg);
  bool operand = arg->ref.kind == REF_OPERAND && arg->ref.operand->kind == OPERAND_CR;
  if (!operand && arg->ref.kind != REF_CR)
    diag_error(b->diag, arg->loc, "expected a control register: cr.NAME or an operand of kind cr");
}

static void check_access_arg(struct body *b, struct expr *arg)
{
  const char *name = arg->kind == EXPR_NAME && !arg->name.member.text ? arg->name.base.text : "";
  if (!same(name, "load") && !same(name, "store") && !same(name, "fetch"))
    diag_error(b->diag, arg->loc, "expected an access: load, store or fetch");
}

static const struct primitive *find_primitive(const char *name)
{
  for (const struct primitive *p = primitives; p->name; p++)
    if (same(p->name, name))
      return p;
  return NULL;
}

/* A call in a place where a primitive may stand. */
static void check_primitive(struct body *b, struct expr *call)
{
  const struct primitive *p = call->primitive;
  if (b->insn->group == GROUP_USER && !p->user)
    diag_error(b->diag, call->loc, "the user group may not use %s; expected load.* or store.*",
               p->name);
  if (!check_arg_count(b, call, p->name, strlen(p->args)))
    return;
  const char *kind = p->args;
  for (struct expr *a = call->args; a; a = a->next, kind++) {
    if (*kind == 'c')
      check_cr_arg(b, a);
    else if (*kind == 'x')
      check_access_arg(b, a);
    else
      check_expr(b, a);
  }
}

static void check_function(struct body *b, struct expr *call)
{
  char name[64];
  dotted_text(&call->name, name, sizeof name);
  for (enum function f = FUNCTION_MULHSS; f <= FUNCTION_SEXT; f++) {
    if (!same(name, function_text(f)))
      continue;
    call->function = f;
    for (struct expr *a = call->args; a; a = a->next)
      check_expr(b, a);
    if (!check_arg_count(b, call, name, 2) || f != FUNCTION_SEXT)
      return;
    const struct expr *width = call->args->next;
    if (width->kind != EXPR_NUMBER || width->value < 1 || width->value > 31)
      diag_error(b->diag, width->loc, "expected the width of the value as a number from 1 to 31");
    return;
  }
  if (find_primitive(name))
    diag_error(
        b->diag, call->loc,
        "primitive %s is nested in an expression; expected a statement of its own: let x = %s(…);",
        name, name);
  else
    diag_error(b->diag, call->loc, "unknown function '%s'; expected mulhss, mulhsu, mulhuu or sext",
               name);
}

/* ------------------------------------------------------------- expressions */
/* How many low bits of a value can be other than zero: an upper bound. */
static unsigned width_of(const struct expr *e)
{
  unsigned left, right;
  switch (e->kind) {
  case EXPR_NUMBER:
    return e->value ? 32 - (unsigned)__builtin_clz(e->value) : 0;
  case EXPR_SLICE:
    return e->high - e->low + 1;
  case EXPR_NAME:
    if (e->ref.kind == REF_OPERAND && e->ref.operand->kind == OPERAND_UIMM)
      return e->ref.operand->high.value - e->ref.operand->low.value + 1;
    if ((e->ref.kind == REF_PSW_FIELD || e->ref.kind == REF_LET_FIELD) && e->ref.field)
      return e->ref.field->high.value - e->ref.field->low.value + 1;
    if (e->ref.kind == REF_LET)
      return width_of(e->ref.let->value);
    return e->ref.kind == REF_TRANSLATE_OK ? 1 : 32;
  case EXPR_UNARY:
    return e->unary == UNARY_NOT ? 1 : 32;
  case EXPR_CONDITIONAL:
    left = width_of(e->left), right = width_of(e->right);
    return left > right ? left : right;
  case EXPR_BINARY:
    if (binary_is_comparison(e->binary))
      return 1;
    left = width_of(e->left), right = width_of(e->right);
    if (e->binary == BINARY_AND)
      return left < right ? left : right;
    if (e->binary == BINARY_OR || e->binary == BINARY_XOR)
      return left > right ? left : right;
    return 32;
  default:
    return 32;
  }
}

static void check_binary(struct body *b, struct expr *e)
{
  check_expr(b, e->left);
  check_expr(b, e->right);
  bool shift = e->binary == BINARY_SHL || e->binary == BINARY_SHRU || e->binary == BINARY_SHRS;
  if (shift && width_of(e->right) > 5)
    diag_error(b->diag, e->right->loc,
               "the shift amount may exceed 31; expected a value of at most 5 bits, as in x[4:0]");
}

static void check_slice(struct body *b, struct expr *e)
{
  check_expr(b, e->left);
  if (e->high > 31 || e->low > e->high)
    diag_error(b->diag, e->loc, "slice [%u:%u] is out of the 32 bits; expected 31 >= HIGH >= LOW",
               e->high, e->low);
}

static void check_expr(struct body *b, struct expr *e)
{
  switch (e->kind) {
  case EXPR_NUMBER:
    break;
  case EXPR_NAME:
    resolve_name(b, e);
    if (e->ref.kind == REF_OPERAND && e->ref.operand->kind == OPERAND_CR)
      diag_error(b->diag, e->loc, "'%s' is the number of a control register; expected readcr(%s)",
                 e->name.base.text, e->name.base.text);
    if (e->ref.kind == REF_CR && e->ref.cr && e->ref.cr->live)
      diag_error(b->diag, e->loc,
                 "the value of cr.%s is computed when read; expected let x = readcr(cr.%s);",
                 e->ref.cr->name.text, e->ref.cr->name.text);
    break;
  case EXPR_CALL:
    check_function(b, e);
    break;
  case EXPR_UNARY:
    check_expr(b, e->left);
    break;
  case EXPR_BINARY:
    check_binary(b, e);
    break;
  case EXPR_CONDITIONAL:
    check_expr(b, e->condition);
    check_expr(b, e->left);
    check_expr(b, e->right);
    break;
  case EXPR_SLICE:
    check_slice(b, e);
    break;
  }
}

/* -------------------------------------------------------------- statements */
static bool call_is_primitive(struct expr *e)
{
  char name[64];
  if (e->kind != EXPR_CALL)
    return false;
  dotted_text(&e->name, name, sizeof name);
  e->primitive = find_primitive(name);
  return e->primitive != NULL;
}

static void check_let(struct body *b, struct stmt *s, struct scope *scope)
{
  const char *name = s->name.text;
  unsigned number;
  if (find_let(b, name)) {
    diag_error(b->diag, s->name.loc, "'%s' is assigned a second time; expected another name", name);
    diag_note(b->diag, find_let(b, name)->name.loc, "the first time is here");
  } else if (find_operand(b, name) || find_register(b, name, &number) || same(name, "pc") ||
             same(name, "psw") || same(name, "cr") || same(name, "umode") ||
             same(name, "flagsmask")) {
    diag_error(b->diag, s->name.loc, "'%s' has a meaning already; expected another name", name);
  }
  if (call_is_primitive(s->value)) {
    check_primitive(b, s->value);
    if (s->value->primitive->result == RESULT_NONE)
      diag_error(b->diag, s->value->loc, "%s has no result", s->value->primitive->name);
  } else {
    check_expr(b, s->value);
  }
  if (find_let(b, name)) {
    s->used = true; /* said enough about it */
    return;
  }
  *scope = (struct scope){s, b->scope};
  b->scope = scope;
}

static void check_target(struct body *b, struct expr *t)
{
  unsigned before = b->diag->errors;
  resolve_name(b, t);
  if (b->diag->errors != before)
    return;
  const char *name = t->name.base.text;
  switch (t->ref.kind) {
  case REF_OPERAND:
    if (t->ref.operand->kind == OPERAND_CR)
      diag_error(b->diag, t->loc,
                 "'%s' is the number of a control register; expected writecr(%s, …);", name, name);
    else if (t->ref.operand->kind != OPERAND_REG)
      diag_error(b->diag, t->loc, "'%s' is an immediate; expected a register, pc, psw or psw.FIELD",
                 name);
    break;
  case REF_REGISTER:
  case REF_PC:
  case REF_PSW:
  case REF_PSW_FIELD:
    break;
  case REF_CR:
    diag_error(b->diag, t->loc,
               "control registers are written by a primitive; expected writecr(cr.%s, …);",
               t->name.member.text);
    break;
  case REF_LET:
  case REF_LET_FIELD:
  case REF_TRANSLATE_OK:
  case REF_TRANSLATE_PA:
    diag_error(b->diag, t->loc,
               "'%s' is assigned a second time; expected a register, pc, psw or psw.FIELD", name);
    diag_note(b->diag, t->ref.let->name.loc, "the let is here");
    break;
  default:
    diag_error(b->diag, t->loc, "'%s' is a constant; expected a register, pc, psw or psw.FIELD",
               name);
  }
}

/* Exactly `pc = pc + imm`, with an immediate operand. */
static bool is_relative_jump(const struct expr *value)
{
  return value->kind == EXPR_BINARY && value->binary == BINARY_ADD &&
         value->left->ref.kind == REF_PC && value->right->ref.kind == REF_OPERAND &&
         value->right->ref.operand->kind == OPERAND_REL;
}

static void check_assign(struct body *b, struct stmt *s)
{
  check_target(b, s->target);
  if (call_is_primitive(s->value)) {
    diag_error(b->diag, s->value->loc,
               "the result of %s goes into a let first, since the register may vanish (zero): let "
               "x = %s(…);",
               s->value->primitive->name, s->value->primitive->name);
    return;
  }
  check_expr(b, s->value);
  s->is_jump = s->target->ref.kind == REF_PC;
  s->is_jump_rel = s->is_jump && is_relative_jump(s->value);
}

static void check_trap(struct body *b, struct stmt *s)
{
  for (const struct cause *c = b->def->causes; c; c = c->next)
    if (same(c->name.text, s->name.text))
      s->cause = c;
  char names[512];
  LIST_NAMES(names, struct cause, b->def->causes, name);
  if (!s->cause)
    diag_error(b->diag, s->name.loc, "unknown cause '%s'; expected %s", s->name.text, names);
  else if (s->cause->has_line)
    diag_error(b->diag, s->name.loc,
               "'%s' is an interrupt; expected a cause that an instruction raises", s->name.text);
  if (b->insn->group == GROUP_USER)
    diag_error(b->diag, s->loc,
               "the user group raises no traps of its own; expected group errant or system");
  if (s->value)
    check_expr(b, s->value);
}

static void check_call_statement(struct body *b, struct stmt *s)
{
  char name[64];
  dotted_text(&s->value->name, name, sizeof name);
  if (!call_is_primitive(s->value)) {
    diag_error(b->diag, s->loc,
               "'%s' is no primitive; expected an assignment or a primitive such as store.w", name);
    return;
  }
  check_primitive(b, s->value);
  if (s->value->primitive->result != RESULT_NONE)
    diag_error(b->diag, s->loc, "the result of %s is lost; expected let x = %s(…);", name, name);
}

static void check_block(struct body *b, struct stmt *first);

static void check_stmt(struct body *b, struct stmt *s)
{
  switch (s->kind) {
  case STMT_LET:
    break; /* check_block(): it opens a scope */
  case STMT_ASSIGN:
    check_assign(b, s);
    break;
  case STMT_IF:
    check_expr(b, s->value);
    check_block(b, s->then_body);
    check_block(b, s->else_body);
    break;
  case STMT_TRAP:
    check_trap(b, s);
    break;
  case STMT_PRIMITIVE:
    check_call_statement(b, s);
    break;
  }
}

static void check_block(struct body *b, struct stmt *first)
{
  struct scope *outer = b->scope;
  for (struct stmt *s = first; s; s = s->next) {
    if (s->kind == STMT_LET)
      check_let(b, s, arena_alloc(&b->def->arena, sizeof(struct scope)));
    else
      check_stmt(b, s);
  }
  b->scope = outer;
  for (const struct stmt *s = first; s; s = s->next)
    if (s->kind == STMT_LET && !s->used)
      diag_error(b->diag, s->name.loc, "'%s' is never used", s->name.text);
}

void check_body(struct def *def, struct diag *diag, struct insn *insn, struct behaviour *behaviour)
{
  struct body b = {.def = def, .diag = diag, .insn = insn};
  check_block(&b, behaviour->body);
}

/* ---------------------------------------------------------------- mentions */
static bool expr_mentions(const struct expr *e, const struct operand *operand)
{
  for (; e; e = e->next) {
    if (e->ref.operand == operand)
      return true;
    if (expr_mentions(e->args, operand) || expr_mentions(e->left, operand) ||
        expr_mentions(e->right, operand) || expr_mentions(e->condition, operand))
      return true;
  }
  return false;
}

bool body_mentions(const struct stmt *body, const struct operand *operand)
{
  for (const struct stmt *s = body; s; s = s->next)
    if (expr_mentions(s->target, operand) || expr_mentions(s->value, operand) ||
        body_mentions(s->then_body, operand) || body_mentions(s->else_body, operand))
      return true;
  return false;
}
