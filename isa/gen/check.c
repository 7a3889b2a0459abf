/* Declarations: numbers, bit ranges, duplicates, references between them. */
#include "isa/gen/check.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
  return strcmp(a, b) == 0;
}

static void duplicate(struct diag *d, const char *what, const struct ident *id,
                      const struct ident *first)
{
  diag_error(d, id->loc, "%s '%s' is already declared", what, id->text);
  diag_note(d, first->loc, "the first one is here");
}

/* Reports each node of the list whose name an earlier one has. */
#define CHECK_UNIQUE(d, what, type, head, member)                                                  \
  for (const type *n = (head); n; n = n->next)                                                     \
    for (const type *m = (head); m != n; m = m->next)                                              \
      if (same(n->member.text, m->member.text)) {                                                  \
        duplicate(d, what, &n->member, &m->member);                                                \
        break;                                                                                     \
      }

static uint32_t bits(uint32_t high, uint32_t low)
{
  return (high == 31 ? UINT32_MAX : (1u << (high + 1)) - 1) & ~((1u << low) - 1);
}

static bool check_range(struct diag *d, const char *what, const struct ident *id,
                        const struct number *high, const struct number *low)
{
  struct loc loc = {high->loc.first_line, high->loc.first_column, low->loc.last_line,
                    low->loc.last_column};
  if (high->value > 31 || low->value > high->value) {
    diag_error(d, loc, "bits of %s '%s' are out of range; expected HIGH:LOW with 31 >= HIGH >= LOW",
               what, id->text);
    return false;
  }
  return true;
}

/* -------------------------------------------------------------- registers… */
static void check_registers(struct def *def, struct diag *d)
{
  CHECK_UNIQUE(d, "register", struct ident_list, def->registers, id)
  unsigned count = 0;
  for (const struct ident_list *r = def->registers; r; r = r->next)
    count++;
  if (count != 16) {
    struct loc at = def->registers ? def->registers->id.loc : (struct loc){1, 1, 1, 1};
    diag_error(d, at, "%u registers are declared; expected 16, one for each value of 4 bits",
               count);
  }
}

static void check_features(struct def *def, struct diag *d)
{
  uint32_t bit = 1;
  for (struct feature *f = def->features; f; f = f->next, bit <<= 1) {
    f->bit = bit;
    if (bit == 0)
      diag_error(d, f->kind.loc, "too many features; expected at most 32");
    for (const struct feature *g = def->features; g != f; g = g->next)
      if (same(f->kind.text, g->kind.text) &&
          (!f->name.text || !g->name.text || same(f->name.text, g->name.text))) {
        duplicate(d, "feature", f->name.text ? &f->name : &f->kind,
                  g->name.text ? &g->name : &g->kind);
        break;
      }
  }
}

static void unknown_feature(struct def *def, struct diag *d, const struct ident *id)
{
  char text[256] = "";
  size_t len = 0;
  for (const struct feature *f = def->features; f && len < sizeof text; f = f->next)
    len +=
        (size_t)snprintf(text + len, sizeof text - len, "%s%s%s%s", len ? ", " : "", f->kind.text,
                         f->name.text ? " " : "", f->name.text ? f->name.text : "");
  diag_error(d, id->loc, "unknown feature '%s'; expected one of %s", id->text, text);
}

static void check_requires(struct def *def, struct diag *d, struct requires *r)
{
  const struct ident_list *kind = r->words;
  if (!kind)
    return;
  for (const struct feature *f = def->features; f; f = f->next)
    if (same(f->kind.text, kind->id.text) && !f->name.text)
      r->mask = f->bit;
  if (!kind->next && !r->mask)
    unknown_feature(def, d, &kind->id);
  for (const struct ident_list *n = kind->next; n; n = n->next) {
    uint32_t bit = 0;
    for (const struct feature *f = def->features; f; f = f->next)
      if (same(f->kind.text, kind->id.text) && f->name.text && same(f->name.text, n->id.text))
        bit = f->bit;
    if (!bit)
      unknown_feature(def, d, &n->id);
    r->mask |= bit;
  }
}

/* ------------------------------------------------------------------ causes */
static void check_cause(struct def *def, struct diag *d, const struct cause *c)
{
  if (c->number.value > 255)
    diag_error(d, c->number.loc, "cause number is out of range; expected 0 to 255");
  if (!same(c->kind.text, "sync") && !same(c->kind.text, "memory") &&
      !same(c->kind.text, "interrupt"))
    diag_error(d, c->kind.loc, "unknown kind of cause '%s'; expected sync, memory or interrupt",
               c->kind.text);
  else if (same(c->kind.text, "interrupt") != c->has_line)
    diag_error(d, c->kind.loc, "expected a line number after 'interrupt', and only there");
  if (c->has_line && c->line.value > 31)
    diag_error(d, c->line.loc, "line is out of range; expected 0 to 31");
  for (const struct cause *o = def->causes; o != c; o = o->next) {
    if (o->number.value == c->number.value) {
      diag_error(d, c->number.loc, "cause number %u is taken", c->number.value);
      diag_note(d, o->number.loc, "by '%s'", o->name.text);
    }
    if (o->has_line && c->has_line && o->line.value == c->line.value) {
      diag_error(d, c->line.loc, "interrupt line %u is taken", c->line.value);
      diag_note(d, o->line.loc, "by '%s'", o->name.text);
    }
  }
}

/* --------------------------------------------------------------------- PSW */
const struct field *find_field(const struct def *def, const char *name)
{
  for (const struct field *f = def->psw; f; f = f->next)
    if (same(f->name.text, name))
      return f;
  return NULL;
}

static void check_psw(struct def *def, struct diag *d)
{
  CHECK_UNIQUE(d, "PSW field", struct field, def->psw, name)
  for (const struct field *f = def->psw; f; f = f->next) {
    if (same(f->name.text, "all") || same(f->name.text, "flags"))
      diag_error(d, f->name.loc, "'%s' cannot name a field; expected neither 'all' nor 'flags'",
                 f->name.text);
    if (!same(f->write.text, "any") && !same(f->write.text, "mode"))
      diag_error(d, f->write.loc, "unknown kind of field '%s'; expected any or mode",
                 f->write.text);
    if (!check_range(d, "PSW field", &f->name, &f->high, &f->low))
      continue;
    uint32_t mine = bits(f->high.value, f->low.value);
    if (def->psw_mask & mine)
      diag_error(d, f->high.loc, "bits of PSW field '%s' overlap those of an earlier field",
                 f->name.text);
    def->psw_mask |= mine;
  }
  char names[256];
  LIST_NAMES(names, struct field, def->psw, name);
  CHECK_UNIQUE(d, "flag", struct ident_list, def->flags, id)
  for (const struct ident_list *n = def->flags; n; n = n->next) {
    const struct field *f = find_field(def, n->id.text);
    if (!f)
      diag_error(d, n->id.loc, "unknown PSW field '%s'; expected %s", n->id.text, names);
    else if (f->high.value <= 31 && f->low.value <= f->high.value)
      def->flags_mask |= bits(f->high.value, f->low.value);
  }
}

static void check_crs(struct def *def, struct diag *d)
{
  CHECK_UNIQUE(d, "control register", struct cr, def->crs, name)
  uint32_t expected = 0;
  for (struct cr *cr = def->crs; cr; cr = cr->next, expected++) {
    if (cr->number.value != expected)
      diag_error(
          d, cr->number.loc,
          "control register '%s' has number %u; expected %u (they count from 0 without gaps)",
          cr->name.text, cr->number.value, expected);
    if (cr->is_psw)
      cr->write_mask.value = def->psw_mask;
    check_requires(def, d, &cr->requires);
  }
}

/* ----------------------------------------------------------------- formats */
static const struct {
  const char *name;
  enum operand_kind kind;
  const char *slots; /* the operand names it may have */
} operand_kinds[] = {
    {"reg", OPERAND_REG, "a b c"},   {"simm", OPERAND_SIMM, "imm"}, {"uimm", OPERAND_UIMM, "imm"},
    {"upper", OPERAND_UPPER, "imm"}, {"rel", OPERAND_REL, "imm"},   {"cr", OPERAND_CR, "n"},
};

/* `word` is one of the space-separated words of `list`. */
static bool word_in(const char *word, const char *list)
{
  size_t len = strlen(word);
  for (const char *p = list; (p = strstr(p, word)); p += len)
    if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
      return true;
  return false;
}

static bool check_operand_kind(struct diag *d, struct operand *o)
{
  for (size_t i = 0; i < sizeof operand_kinds / sizeof *operand_kinds; i++) {
    if (!same(o->kind_name.text, operand_kinds[i].name))
      continue;
    o->kind = operand_kinds[i].kind;
    if (!word_in(o->name.text, operand_kinds[i].slots))
      diag_error(d, o->name.loc, "an operand of kind %s cannot be called '%s'; expected one of: %s",
                 operand_kinds[i].name, o->name.text, operand_kinds[i].slots);
    return true;
  }
  diag_error(d, o->kind_name.loc,
             "unknown kind of operand '%s'; expected reg, simm, uimm, upper, rel or cr",
             o->kind_name.text);
  return false;
}

static void check_operand_bits(struct diag *d, struct format *f, const struct operand *o)
{
  if (!check_range(d, "operand", &o->name, &o->high, &o->low))
    return;
  uint32_t width = o->high.value - o->low.value + 1;
  if (o->high.value > 23) {
    diag_error(d, o->high.loc, "operand '%s' overlaps the opcode; expected bits within 23:0",
               o->name.text);
    return;
  }
  if (o->kind == OPERAND_REG && width != 4)
    diag_error(d, o->high.loc, "a register operand has %u bits; expected 4", width);
  if (o->kind == OPERAND_UPPER && width > 20)
    diag_error(d, o->high.loc, "an upper operand has %u bits; expected at most 20", width);
  uint32_t mine = bits(o->high.value, o->low.value);
  if (f->bits & mine) {
    diag_error(d, o->high.loc, "operand '%s' overlaps another operand of format '%s'", o->name.text,
               f->name.text);
    for (const struct operand *p = f->operands; p != o; p = p->next)
      if (p->high.value <= 31 && p->low.value <= p->high.value &&
          bits(p->high.value, p->low.value) & mine)
        diag_note(d, p->high.loc, "'%s' is here", p->name.text);
  }
  f->bits |= mine;
}

static void check_format(struct diag *d, struct format *f)
{
  CHECK_UNIQUE(d, "operand", struct operand, f->operands, name)
  for (struct operand *o = f->operands; o; o = o->next)
    if (check_operand_kind(d, o))
      check_operand_bits(d, f, o);
}

/* ------------------------------------------------------------ instructions */
static void check_opcode(struct def *def, struct diag *d, const struct insn *insn)
{
  uint32_t opcode = insn->opcode.value;
  if (opcode > 0xff)
    diag_error(d, insn->opcode.loc, "opcode is out of range; expected 0x01 to 0xfe");
  else if (opcode == 0x00 || opcode == 0xff)
    diag_error(d, insn->opcode.loc,
               "opcode 0x%02x is reserved, so that 00000000 and ffffffff are illegal; expected "
               "0x01 to 0xfe",
               opcode);
  for (const struct insn *o = def->insns; o != insn; o = o->next)
    if (o->opcode.value == opcode) {
      diag_error(d, insn->opcode.loc,
                 "the encodings of '%s' and '%s' overlap: opcode 0x%02x is taken", o->name.text,
                 insn->name.text, opcode);
      diag_note(d, o->opcode.loc, "by '%s'", o->name.text);
      break;
    }
}

static void resolve_group(struct diag *d, struct insn *insn)
{
  static const char *const names[] = {
      [GROUP_USER] = "user", [GROUP_ERRANT] = "errant", [GROUP_SYSTEM] = "system"};
  if (!insn->group_name.text) {
    diag_error(d, insn->name.loc, "no group; expected 'group user;', errant or system before it");
    return;
  }
  for (enum group g = GROUP_USER; g <= GROUP_SYSTEM; g++)
    if (same(insn->group_name.text, names[g])) {
      insn->group = g;
      return;
    }
  diag_error(d, insn->group_name.loc, "unknown group '%s'; expected user, errant or system",
             insn->group_name.text);
}

static void resolve_format(struct def *def, struct diag *d, struct insn *insn)
{
  for (const struct format *f = def->formats; f; f = f->next)
    if (same(f->name.text, insn->format_name.text)) {
      insn->format = f;
      return;
    }
  char names[512];
  LIST_NAMES(names, struct format, def->formats, name);
  diag_error(d, insn->format_name.loc, "unknown format '%s'; expected %s", insn->format_name.text,
             names);
}

/* The place of shape[at … at + len) within the string token. */
static struct loc shape_loc(const struct insn *insn, size_t at, size_t len)
{
  struct loc loc = insn->shape.loc;
  loc.first_column += 1 + (int)at;
  loc.last_column = loc.first_column + (int)len;
  return loc;
}

static unsigned shape_count(const char *shape, const char *name)
{
  unsigned count = 0;
  size_t len = strlen(name);
  for (const char *p = shape; *p; p += strspn(p, ", ()")) {
    size_t n = strcspn(p, ", ()");
    count += n == len && memcmp(p, name, n) == 0;
    p += n;
  }
  return count;
}

/* Every word of the shape is an operand; every operand is there exactly once. */
static void check_shape(struct diag *d, const struct insn *insn)
{
  const char *shape = insn->shape.text;
  for (const char *p = shape + strspn(shape, ", ()"); *p; p += strspn(p, ", ()")) {
    size_t len = strcspn(p, ", ()");
    const struct operand *o = insn->format->operands;
    while (o && !(strlen(o->name.text) == len && memcmp(o->name.text, p, len) == 0))
      o = o->next;
    if (!o) {
      char names[128];
      LIST_NAMES(names, struct operand, insn->format->operands, name);
      diag_error(d, shape_loc(insn, (size_t)(p - shape), len),
                 "format '%s' has no operand '%.*s'; expected %s", insn->format->name.text,
                 (int)len, p, *names ? names : "an empty shape");
    }
    p += len;
  }
  for (const struct operand *o = insn->format->operands; o; o = o->next) {
    unsigned count = shape_count(shape, o->name.text);
    if (count == 0)
      diag_error(d, insn->shape.loc, "operand '%s' of format '%s' is unused: the shape lacks it",
                 o->name.text, insn->format->name.text);
    else if (count > 1)
      diag_error(d, insn->shape.loc, "operand '%s' stands %u times in the shape; expected once",
                 o->name.text, count);
  }
}

static bool is_builtin(const char *name)
{
  return same(name, "trap") || same(name, "nop") || same(name, "absent");
}

static void check_behaviours(struct def *def, struct diag *d, struct insn *insn)
{
  if (insn->group == GROUP_SYSTEM && !same(insn->behaviours->name.text, "full"))
    diag_error(d, insn->behaviours->name.loc,
               "the first behaviour of '%s' is '%s'; expected 'full', which mode 0 shows",
               insn->name.text, insn->behaviours->name.text);
  if (insn->group != GROUP_SYSTEM && insn->has_behaviours)
    diag_error(d, insn->behaviours->name.loc,
               "'%s' has named behaviours; expected one body, since only the system group's "
               "instructions differ by profile",
               insn->name.text);
  if ((insn->group == GROUP_SYSTEM) != (*insn->sensitive.text != '\0'))
    diag_error(d, insn->name.loc,
               insn->group == GROUP_SYSTEM
                   ? "'%s' does not say why it is sensitive; expected sensitive \"…\""
                   : "'%s' is said to be sensitive; expected that of the system group only",
               insn->name.text);
  CHECK_UNIQUE(d, "behaviour", struct behaviour, insn->behaviours, name)
  for (struct behaviour *b = insn->behaviours; b; b = b->next) {
    if (is_builtin(b->name.text))
      diag_error(d, b->name.loc,
                 "behaviour '%s' is built in (as trap, nop and absent are); expected another name",
                 b->name.text);
    if (!insn->format)
      continue;
    unsigned before = d->errors;
    check_body(def, d, insn, b);
    if (d->errors == before)
      check_paths(d, insn, b);
  }
}

/* The operands of errant instructions are for whoever takes the trap, which
 * passes the whole word. */
static void check_operands_used(struct diag *d, const struct insn *insn)
{
  if (insn->group == GROUP_ERRANT)
    return;
  for (const struct operand *o = insn->format->operands; o; o = o->next) {
    bool used = false;
    for (const struct behaviour *b = insn->behaviours; b; b = b->next)
      used |= body_mentions(b->body, o);
    if (!used)
      diag_error(d, insn->name.loc, "operand '%s' of '%s' is unused: no body mentions it",
                 o->name.text, insn->name.text);
  }
}

/* ISA_NAME beside ISA_INSN_COUNT: a name with '_' might be taken. */
static void check_mnemonic(struct diag *d, const struct insn *insn)
{
  if (strchr(insn->name.text, '_'))
    diag_error(d, insn->name.loc, "'_' in the mnemonic '%s'; expected letters and digits only",
               insn->name.text);
}

static void check_insn(struct def *def, struct diag *d, struct insn *insn)
{
  check_mnemonic(d, insn);
  check_opcode(def, d, insn);
  resolve_group(d, insn);
  resolve_format(def, d, insn);
  check_requires(def, d, &insn->requires);
  if (insn->format)
    check_shape(d, insn);
  unsigned before = d->errors;
  check_behaviours(def, d, insn);
  if (insn->format && d->errors == before)
    check_operands_used(d, insn);
}

bool check_definition(struct def *def, struct diag *d)
{
  if (!def->isa.text)
    diag_error(d, (struct loc){1, 1, 1, 1},
               "the definition has no name; expected isa \"NAME\" version N;");
  check_registers(def, d);
  check_features(def, d);
  CHECK_UNIQUE(d, "cause", struct cause, def->causes, name)
  for (const struct cause *c = def->causes; c; c = c->next)
    check_cause(def, d, c);
  check_psw(def, d);
  check_crs(def, d);
  CHECK_UNIQUE(d, "format", struct format, def->formats, name)
  for (struct format *f = def->formats; f; f = f->next)
    check_format(d, f);
  CHECK_UNIQUE(d, "instruction", struct insn, def->insns, name)
  for (struct insn *i = def->insns; i; i = i->next)
    check_insn(def, d, i);
  return d->errors == 0;
}
