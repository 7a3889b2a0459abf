#include "classify/terms_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "isa/pages.h"
#include "machine/keys.h"

#define REG_BITS  4
#define VIEW_BITS 30
#define KEY_BITS  (32 - KEY_BLOCK_SHIFT)

/* ------------------------------------------------------------ life */

/* One message, whichever threads meet it. Not exit(): the destructors of Z3 would take
 * from other threads what they use. */
static void host_failed(Z3_context z3, Z3_error_code code)
{
  flockfile(stderr);
  fprintf(stderr, "trapeze: error: the solver failed: %s\n", Z3_get_error_msg(z3, code));
  _exit(3);
}

static void make_operands(struct terms *t);

struct terms *terms_create(const struct profile *profile, enum isa_insn insn)
{
  struct terms *t = calloc(1, sizeof *t);
  if (!t) {
    return NULL;
  }
  Z3_config config = Z3_mk_config();
  t->z3 = Z3_mk_context(config);
  Z3_del_config(config);
  if (!t->z3) {
    free(t);
    return NULL;
  }
  Z3_set_error_handler(t->z3, host_failed);
  t->profile = profile;
  t->insn = insn;
  make_operands(t);
  return t;
}

void terms_destroy(struct terms *t)
{
  if (t) {
    Z3_del_context(t->z3);
    free(t);
  }
}

Z3_context terms_z3(const struct terms *t)
{
  return t->z3;
}

enum isa_insn terms_insn(const struct terms *t)
{
  return t->insn;
}

/* --------------------------------------------------------------- symbols */

static const struct {
  const char *name, *what;
  uint8_t domain[3]; /* widths of arguments */
  uint8_t range;     /* width; 0: Bool */
} kinds[] = {
    [TERM_SYMBOL_STORAGE] = {"q", "bytes of storage", {0}, 32},
    [TERM_SYMBOL_PC] = {"pc", "the pc", {0}, 32},
    [TERM_SYMBOL_PSW] = {"psw", "field of the PSW", {0}, 32},
    [TERM_SYMBOL_CR] = {"cr", "control register", {0}, 32},
    [TERM_SYMBOL_DEVICES] = {"devices", "a name for the state of the devices", {0}, 32},
    [TERM_SYMBOL_OPERAND] = {"operand", "operand", {0}, 32},
    [TERM_SYMBOL_REG] = {"reg", "the registers", {REG_BITS}, 32},
    [TERM_SYMBOL_VIEW] = {"view", "storage as relocation shows it, by words", {VIEW_BITS}, 32},
    [TERM_SYMBOL_KEY] = {"key", "storage keys, by blocks", {KEY_BITS}, 5},
    [TERM_SYMBOL_PORT_EXISTS] = {"port-exists", "whether there is such a port", {32}, 0},
    [TERM_SYMBOL_PORT_IN] = {"port-in", "what devices answer at a port", {32, 32}, 32},
    [TERM_SYMBOL_AFTER_IN] = {"after-in", "devices after a port was read", {32, 32}, 32},
    [TERM_SYMBOL_AFTER_OUT] = {"after-out",
                               "devices after a value was written to a port",
                               {32, 32, 32},
                               32},
    [TERM_SYMBOL_LAYOUT] = {"layout", "a name for what lies where in storage", {1, 32, 32}, 32},
    [TERM_SYMBOL_SIO] = {"channel-start",
                         "what starting a channel program answers",
                         {32, 32, 32},
                         32},
    [TERM_SYMBOL_AFTER_SIO] = {"after-start", "devices after that", {32, 32, 32}, 32},
    [TERM_SYMBOL_TIO] = {"channel-test", "what testing a unit answers", {32, 32}, 32},
    [TERM_SYMBOL_TLB] = {"tlb", "a name for what the TLB holds", {0}, 32},
    [TERM_SYMBOL_MAP] = {"map", "a name for how pages are mapped", {32, 32}, 32},
    [TERM_SYMBOL_PAGE] = {"page", "the entry of a page, by maps", {32, 20}, 32},
    [TERM_SYMBOL_ASTRAY] = {"astray", "whether some tables lie beyond storage", {0}, 0},
    [TERM_SYMBOL_ASTRAY_AT] = {"astray-at", "whether a table does, by maps", {32, 10}, 0},
    [TERM_SYMBOL_WINDOW] = {"window", "a name for the TLB window", {32, 32, 32}, 32},
    [TERM_SYMBOL_AFTER_TLBW] = {"tlb-written",
                                "the TLB after an entry is written",
                                {32, 32, 32},
                                32},
    [TERM_SYMBOL_AFTER_TLBI] = {"tlb-emptied", "the TLB after entries are emptied", {32, 32, 8}, 32},
    [TERM_SYMBOL_TLBP] = {"tlb-index", "where the TLB has an entry", {32, 32}, 32},
    [TERM_SYMBOL_SOME_REG] = {"some-reg", "a register that differs, if any", {0}, REG_BITS},
    [TERM_SYMBOL_SOME_WORD] = {"some-word", "a word that differs, if any", {0}, VIEW_BITS},
    [TERM_SYMBOL_SOME_KEY] = {"some-key", "a block whose key differs, if any", {0}, KEY_BITS},
};

static const struct isa_operand *operand_of(const struct terms *t, unsigned i)
{
  return &isa_format_info(isa_insn_info(t->insn)->format)->operands[i];
}

static const char *own_name(const struct terms *t, enum term_symbol_kind kind, unsigned number)
{
  switch (kind) {
  case TERM_SYMBOL_PSW:
    return isa_psw_fields()[number].name;
  case TERM_SYMBOL_CR:
    return isa_cr_info((enum isa_cr)number)->name;
  case TERM_SYMBOL_OPERAND:
    return operand_of(t, number)->name;
  default:
    return "";
  }
}

/* "q", "psw-mode", "cr-base.1" */
static void name_symbol(const struct terms *t, struct term_symbol *s)
{
  const char *own = own_name(t, s->kind, s->number);
  int len = snprintf(s->name, sizeof s->name, "%s%s%s", kinds[s->kind].name, *own ? "-" : "", own);
  if (s->state > 0) {
    snprintf(s->name + len, sizeof s->name - (size_t)len, ".%u", s->state);
  }
}

static Z3_func_decl declare(const struct terms *t, const struct term_symbol *s, unsigned width)
{
  Z3_sort domain[3];
  unsigned arity = 0;
  while (arity < 3 && kinds[s->kind].domain[arity] != 0) {
    domain[arity] = Z3_mk_bv_sort(t->z3, kinds[s->kind].domain[arity]);
    arity++;
  }
  Z3_sort range = width == 0 ? Z3_mk_bool_sort(t->z3) : Z3_mk_bv_sort(t->z3, width);
  return Z3_mk_func_decl(t->z3, Z3_mk_string_symbol(t->z3, s->name), arity, domain, range);
}

static Z3_func_decl find_symbol(struct terms *t, enum term_symbol_kind kind, unsigned number,
                                unsigned state, unsigned width)
{
  for (unsigned i = 0; i < t->symbol_count; i++) {
    const struct term_symbol *s = &t->symbol[i];
    if (s->kind == kind && s->number == number && s->state == state) {
      return s->decl;
    }
  }
  struct term_symbol *s = &t->symbol[t->symbol_count++];
  *s = (struct term_symbol){.kind = kind, .number = number, .state = state};
  name_symbol(t, s);
  s->decl = declare(t, s, width);
  return s->decl;
}

Z3_func_decl terms_function(struct terms *t, enum term_symbol_kind kind, unsigned number,
                            unsigned state)
{
  return find_symbol(t, kind, number, state, kinds[kind].range);
}

/* As terms_function(), for a constant of that width. */
static Z3_ast terms_constant(struct terms *t, enum term_symbol_kind kind, unsigned number,
                             unsigned state, unsigned width)
{
  return Z3_mk_app(t->z3, find_symbol(t, kind, number, state, width), 0, NULL);
}

static Z3_ast constant(struct terms *t, enum term_symbol_kind kind, unsigned number, unsigned state)
{
  return terms_constant(t, kind, number, state, kinds[kind].range);
}

Z3_ast terms_some(struct terms *t, enum term_symbol_kind kind)
{
  return constant(t, kind, 0, 0);
}

unsigned terms_symbol_count(const struct terms *t)
{
  return t->symbol_count;
}

const struct term_symbol *terms_symbol(const struct terms *t, unsigned i)
{
  return &t->symbol[i];
}

void terms_describe(const struct terms *t, const struct term_symbol *s, char *buf, size_t size)
{
  const char *own = own_name(t, s->kind, s->number);
  int len = snprintf(buf, size, "%s%s%s", kinds[s->kind].what, *own ? " " : "", own);
  if (s->state > 0 && len > 0 && (size_t)len < size) {
    snprintf(buf + len, size - (size_t)len, ", in state %u", s->state);
  }
}

/* --------------------------------------------------------------- operands */

/* What a body sees of the field's bits. */
static Z3_ast scale(const struct terms *t, const struct isa_operand *o, Z3_ast bits)
{
  unsigned width = o->high - o->low + 1u;
  Z3_context z = t->z3;
  switch (o->kind) {
  case ISA_OPERAND_REG:
    return bits;
  case ISA_OPERAND_SIMM:
    return Z3_mk_sign_ext(z, 32 - width, bits);
  case ISA_OPERAND_UPPER:
    return term_concat(z, bits, term_number(z, 32 - width, 0));
  case ISA_OPERAND_REL:
    return term_concat(z, Z3_mk_sign_ext(z, 30 - width, bits), term_number(z, 2, 0));
  default:
    return term_widen(z, bits, 32);
  }
}

/* A control register number is one that the profile has. */
static Z3_ast defined_number(const struct terms *t, Z3_ast n)
{
  Z3_ast any = term_bool(t->z3, false);
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    if (profile_has_cr(t->profile, (enum isa_cr)i)) {
      any = term_or(t->z3, any, term_eq(t->z3, n, term_number(t->z3, 32, i)));
    }
  }
  return any;
}

static const struct isa_operand *operand_at(const struct isa_format_info *f, unsigned high,
                                            unsigned *index)
{
  for (*index = 0; *index < f->operand_count; ++*index) {
    if (f->operands[*index].high == high) {
      return &f->operands[*index];
    }
  }
  return NULL;
}

/* The word from its highest bit down: operands, and between them what every word of
 * the instruction has. */
static void make_operands(struct terms *t)
{
  const struct isa_format_info *f = isa_format_info(isa_insn_info(t->insn)->format);
  Z3_context z = t->z3;
  uint32_t fixed = 0;
  unsigned i;
  isa_encode(&(struct isa_decoded){.insn = t->insn}, &fixed, NULL, NULL, NULL);
  t->encoded = term_bool(z, true);
  for (unsigned top = 32; top > 0;) {
    const struct isa_operand *o = operand_at(f, top - 1, &i);
    unsigned low = o ? o->low : top - 1;
    Z3_ast bits = o ? terms_constant(t, TERM_SYMBOL_OPERAND, i, 0, top - low)
                    : term_number(z, 1, fixed >> low & 1);
    t->word = term_concat(z, t->word, bits);
    top = low;
    if (o) {
      t->slot[o->slot] = scale(t, o, bits);
    }
    if (o && o->kind == ISA_OPERAND_CR) {
      t->encoded = defined_number(t, t->slot[o->slot]);
    }
  }
}

Z3_ast terms_encoded(struct terms *t)
{
  return t->encoded;
}

/* ------------------------------------------------------------------ states */

/* Fields are symbols of their own. */
static Z3_ast make_psw(struct terms *t, component_set own, unsigned number)
{
  const struct isa_psw_field_info *f = isa_psw_fields();
  Z3_ast field[TERMS_MAX_FIELDS];
  for (unsigned i = 0; f[i].name; i++) {
    unsigned state = own & component_bit(COMPONENT_PSW + i) ? number : 0;
    field[i] = terms_constant(t, TERM_SYMBOL_PSW, i, state, f[i].high - f[i].low + 1u);
  }
  return terms_psw(t, field);
}

void terms_state(struct terms *t, component_set own, unsigned number, struct term_state *s)
{
  s->storage = constant(t, TERM_SYMBOL_STORAGE, 0, 0);
  s->pc = constant(t, TERM_SYMBOL_PC, 0, 0);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    bool has = n != CR_PSW && profile_has_cr(t->profile, (enum isa_cr)n);
    unsigned state = own & component_bit(COMPONENT_CR + n) ? number : 0;
    s->cr[n] = has ? constant(t, TERM_SYMBOL_CR, n, state) : NULL;
  }
  s->cr[CR_PSW] = make_psw(t, own, number);
  s->devices =
      constant(t, TERM_SYMBOL_DEVICES, 0, own & component_bit(COMPONENT_DEVICES) ? number : 0);
  bool tlb = profile_features(t->profile) & ISA_FEATURE_MMU_TLB;
  s->tlb =
      tlb ? constant(t, TERM_SYMBOL_TLB, 0, own & component_bit(COMPONENT_TLB) ? number : 0) : NULL;
  s->reg = terms_function(t, TERM_SYMBOL_REG, 0, 0);
  s->view = terms_function(t, TERM_SYMBOL_VIEW, 0, 0);
  s->key = terms_function(t, TERM_SYMBOL_KEY, 0, own & component_bit(COMPONENT_KEYS) ? number : 0);
}

static Z3_ast legal_cr(struct terms *t, enum isa_cr cr, Z3_ast value)
{
  const struct isa_cr_info *info = isa_cr_info(cr);
  if (info->is_psw) {
    return term_eq(t->z3, terms_legal_psw(t, value), value);
  }
  uint32_t zeros = info->write_mask == 0 ? 0 : ~info->write_mask; /* 0: any value is its own */
  if (cr == CR_NPTBR) {
    zeros |= NPTBR_ON; /* a machine is judged by what it does without its second level */
  }
  return zeros == 0 ? term_bool(t->z3, true)
                    : term_eq(t->z3, Z3_mk_bvand(t->z3, value, term_number(t->z3, 32, zeros)),
                              term_number(t->z3, 32, 0));
}

static Z3_ast legal_storage(const struct terms *t, Z3_ast q)
{
  Z3_context z = t->z3;
  Z3_ast pages = term_eq(z, term_bits(z, q, 11, 0), term_number(z, 12, 0));
  Z3_ast enough = Z3_mk_bvuge(z, q, term_number(z, 32, MACHINE_MIN_STORAGE));
  Z3_ast possible = Z3_mk_bvule(z, q, term_number(z, 32, MACHINE_MAX_STORAGE));
  return term_and(z, pages, term_and(z, enough, possible));
}

static Z3_ast fetches(struct terms *t, const struct term_state *s)
{
  Z3_context z = t->z3;
  struct term_refusal no = terms_refusal(t, s, s->pc, 4, MACHINE_FETCH, terms_who(t, s));
  Z3_ast refused = terms_refused(t, &no);
  Z3_ast aligned = term_eq(z, term_bits(z, s->pc, 1, 0), term_number(z, 2, 0));
  Z3_ast word = term_apply1(z, s->view, term_bits(z, s->pc, 31, 2));
  return term_and(z, term_and(z, aligned, term_not(z, refused)), term_eq(z, word, t->word));
}

Z3_ast terms_legal(struct terms *t, const struct term_state *s)
{
  Z3_context z = t->z3;
  Z3_ast legal = legal_storage(t, s->storage);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    if (s->cr[n]) {
      legal = term_and(z, legal, legal_cr(t, (enum isa_cr)n, s->cr[n]));
    }
  }
  Z3_ast lines = Z3_mk_bvand(z, s->cr[CR_IPEND], s->cr[CR_IMASK]);
  Z3_ast quiet = term_or(z, term_not(z, term_truth(z, terms_field(t, s->cr[CR_PSW], PSW_IE_MASK))),
                         term_eq(z, lines, term_number(z, 32, 0)));
  return term_and(z, legal, term_and(z, quiet, fetches(t, s)));
}
