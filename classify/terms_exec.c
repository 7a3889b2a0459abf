/* The primitives that gen/pg32_terms.h asks for: the trusted base (terms.h). */
#include "classify/terms_internal.h"

#include <assert.h>

#include "isa/pages.h"
#include "machine/keys.h"

#define MAX_DEPTH 8
#define WIDE      34 /* bits in which no sum of addresses wraps */

/* ------------------------------------------------------ the PSW, translation */

Z3_ast terms_field(struct terms *t, Z3_ast psw, uint32_t mask)
{
  unsigned low = (unsigned)__builtin_ctz(mask), high = 31 - (unsigned)__builtin_clz(mask);
  return term_widen(t->z3, term_bits(t->z3, psw, high, low), 32);
}

static Z3_ast with_field(struct terms *t, Z3_ast psw, uint32_t mask, Z3_ast value)
{
  Z3_context z = t->z3;
  unsigned low = (unsigned)__builtin_ctz(mask), high = 31 - (unsigned)__builtin_clz(mask);
  Z3_ast x = term_bits(z, value, high - low, 0);
  x = high < 31 ? term_concat(z, term_bits(z, psw, 31, high + 1), x) : x;
  return low > 0 ? term_concat(z, x, term_bits(z, psw, low - 1, 0)) : x;
}

static const struct isa_psw_field_info *field_below(unsigned top, unsigned *index)
{
  const struct isa_psw_field_info *f = isa_psw_fields();
  for (*index = 0; f[*index].name; ++*index) {
    if (f[*index].high == top - 1) {
      return &f[*index];
    }
  }
  return NULL;
}

Z3_ast terms_psw(struct terms *t, const Z3_ast *field)
{
  Z3_ast psw = NULL;
  unsigned i, top = 32;
  while (top > 0) {
    const struct isa_psw_field_info *f = field_below(top, &i);
    psw = term_concat(t->z3, psw, f ? field[i] : term_number(t->z3, 1, 0));
    top = f ? f->low : top - 1;
  }
  return psw;
}

/* Modes that do not exist become the least privileged one. */
Z3_ast terms_legal_psw(struct terms *t, Z3_ast value)
{
  Z3_context z = t->z3;
  const struct isa_psw_field_info *f = isa_psw_fields();
  Z3_ast field[TERMS_MAX_FIELDS];
  for (unsigned i = 0; f[i].name; i++) {
    unsigned width = f[i].high - f[i].low + 1u;
    field[i] = term_bits(z, value, f[i].high, f[i].low);
    if (f[i].is_mode && profile_modes(t->profile) < 1u << width) {
      Z3_ast user = term_number(z, width, profile_user_mode(t->profile));
      field[i] = term_ite(z, Z3_mk_bvugt(z, field[i], user), user, field[i]);
    }
  }
  return terms_psw(t, field);
}

struct term_who terms_who(struct terms *t, const struct term_state *s)
{
  Z3_ast psw = s->cr[CR_PSW];
  return (struct term_who){term_truth(t->z3, terms_field(t, psw, PSW_TE_MASK)),
                           terms_field(t, psw, PSW_MODE_MASK)};
}

/* ------------------------------------------------------------------- pages */

Z3_ast terms_map(struct terms *t, const struct term_state *s)
{
  Z3_ast arg[] = {s->cr[CR_PTBR] ? s->cr[CR_PTBR] : s->cr[CR_ASID],
                  s->tlb ? s->tlb : term_number(t->z3, 32, 0)};
  return Z3_mk_app(t->z3, terms_function(t, TERM_SYMBOL_MAP, 0, 0), 2, arg);
}

/* Bool: in the unmapped kernel segment. */
static Z3_ast in_kseg(struct terms *t, Z3_ast va)
{
  Z3_context z = t->z3;
  return profile_features(t->profile) & ISA_FEATURE_KSEG
             ? Z3_mk_bvult(z, Z3_mk_bvsub(z, va, term_number(z, 32, KSEG_START)),
                           term_number(z, 32, KSEG_SIZE))
             : term_bool(z, false);
}

static Z3_ast page_entry(struct terms *t, const struct term_state *s, Z3_ast va)
{
  Z3_ast arg[] = {terms_map(t, s), term_bits(t->z3, va, 31, 12)};
  return Z3_mk_app(t->z3, terms_function(t, TERM_SYMBOL_PAGE, 0, 0), 2, arg);
}

static Z3_ast mapped(struct terms *t, const struct term_state *s, Z3_ast va)
{
  Z3_context z = t->z3;
  Z3_ast frame = term_bits(z, page_entry(t, s, va), 31, 12);
  Z3_ast there = term_concat(z, frame, term_bits(z, va, 11, 0));
  Z3_ast segment = Z3_mk_bvsub(z, va, term_number(z, 32, KSEG_START));
  return term_ite(z, in_kseg(t, va), segment, there);
}

/* Bool. */
static Z3_ast has_bit(struct terms *t, Z3_ast entry, uint32_t mask)
{
  unsigned bit = (unsigned)__builtin_ctz(mask);
  return term_eq(t->z3, term_bits(t->z3, entry, bit, bit), term_number(t->z3, 1, 1));
}

/* Bool: whether the mode is none of those, or the access none of those, that it allows. */
static Z3_ast entry_refuses(struct terms *t, Z3_ast entry, enum machine_access access, Z3_ast mode)
{
  Z3_context z = t->z3;
  unsigned low = PTE_LEVEL_SHIFT;
  Z3_ast below = Z3_mk_bvugt(z, term_bits(z, mode, 1, 0), term_bits(z, entry, low + 1, low));
  Z3_ast fetch_only = has_bit(t, entry, PTE_FETCH_ONLY), what = fetch_only;
  if (access == MACHINE_FETCH) {
    what = term_not(z, has_bit(t, entry, PTE_EXECUTE));
  } else if (access == MACHINE_STORE) {
    what = term_or(z, fetch_only, term_not(z, has_bit(t, entry, PTE_WRITE)));
  }
  return term_or(z, below, what);
}

/* Bool: an entry that a walk reads lies beyond storage. */
static Z3_ast walks_astray(struct terms *t, const struct term_state *s, Z3_ast va)
{
  Z3_context z = t->z3;
  if (!s->cr[CR_PTBR]) {
    return term_bool(z, false);
  }
  Z3_ast arg[] = {terms_map(t, s), term_bits(z, va, 31, 22)};
  Z3_ast table = Z3_mk_app(z, terms_function(t, TERM_SYMBOL_ASTRAY_AT, 0, 0), 2, arg);
  Z3_ast some = terms_some(t, TERM_SYMBOL_ASTRAY);
  return term_or(z, Z3_mk_bvuge(z, s->cr[CR_PTBR], s->storage), term_and(z, some, table));
}

/* WIDE bits. */
static Z3_ast physical(struct terms *t, const struct term_state *s, Z3_ast va, Z3_ast te)
{
  Z3_context z = t->z3;
  Z3_ast at = term_widen(z, va, WIDE);
  Z3_ast there = s->cr[CR_BASE] ? Z3_mk_bvadd(z, at, term_widen(z, s->cr[CR_BASE], WIDE))
                                : term_widen(z, mapped(t, s, va), WIDE);
  return term_ite(z, te, there, at);
}

/* TE ? BASE + va : va */
static Z3_ast terms_physical(struct terms *t, const struct term_state *s, Z3_ast va, Z3_ast te)
{
  return term_bits(t->z3, physical(t, s, va, te), 31, 0);
}

static Z3_ast key_of(struct terms *t, const struct term_state *s, Z3_ast pa)
{
  return term_apply1(t->z3, s->key, term_bits(t->z3, pa, 31, KEY_BLOCK_SHIFT));
}

/* Whether the key of the block at pa (WIDE bits) refuses; what lies beyond storage has
 * none. */
static Z3_ast key_refuses(struct terms *t, const struct term_state *s, Z3_ast pa, bool store)
{
  Z3_context z = t->z3;
  Z3_ast mine = term_bits(z, terms_field(t, s->cr[CR_PSW], PSW_KEY_MASK), 3, 0);
  Z3_ast key = key_of(t, s, pa);
  Z3_ast other = term_not(z, term_or(z, term_eq(z, mine, term_number(z, 4, 0)),
                                     term_eq(z, mine, term_bits(z, key, 3, 0))));
  Z3_ast closed =
      store ? term_bool(z, true) : term_eq(z, term_bits(z, key, 4, 4), term_number(z, 1, 1));
  Z3_ast exists = Z3_mk_bvult(z, pa, term_widen(z, s->storage, WIDE));
  return term_and(z, exists, term_and(z, other, closed));
}

static void refuse_by_map(struct terms *t, const struct term_state *s, Z3_ast va,
                          enum machine_access access, struct term_who who, struct term_refusal *no)
{
  Z3_context z = t->z3;
  Z3_ast here = term_and(z, who.te, term_not(z, in_kseg(t, va)));
  Z3_ast segment = term_and(z, who.te, in_kseg(t, va)), entry = page_entry(t, s, va);
  Z3_ast astray = walks_astray(t, s, va), valid = has_bit(t, entry, PTE_VALID);
  Z3_ast walked = term_and(z, here, term_not(z, astray));
  no->fault = term_and(z, walked, term_not(z, valid));
  no->protection = term_or(z, term_and(z, segment, term_truth(z, who.mode)),
                           term_and(z, term_and(z, walked, valid),
                                    entry_refuses(t, entry, access, who.mode)));
  no->bus = term_or(z, no->bus, term_and(z, here, astray));
}

struct term_refusal terms_refusal(struct terms *t, const struct term_state *s, Z3_ast va,
                                  unsigned size, enum machine_access access, struct term_who who)
{
  Z3_context z = t->z3;
  Z3_ast no_way = term_bool(z, false), bytes = term_number(z, WIDE, size);
  struct term_refusal no = {no_way, no_way, no_way, no_way};
  Z3_ast pa = physical(t, s, va, who.te);
  no.bus = Z3_mk_bvugt(z, Z3_mk_bvadd(z, pa, bytes), term_widen(z, s->storage, WIDE));
  if (!s->cr[CR_BASE]) {
    refuse_by_map(t, s, va, access, who, &no);
    return no;
  }
  Z3_ast end = Z3_mk_bvadd(z, term_widen(z, va, WIDE), bytes);
  Z3_ast beyond = Z3_mk_bvugt(z, end, term_widen(z, s->cr[CR_BOUND], WIDE));
  no.bounds = term_and(z, who.te, beyond);
  if (profile_features(t->profile) & ISA_FEATURE_KEYS) {
    bool store = access == MACHINE_STORE;
    no.protection = key_refuses(t, s, pa, store);
    if (size > 1) {
      Z3_ast last = Z3_mk_bvadd(z, pa, term_number(z, WIDE, size - 1));
      no.protection = term_or(z, no.protection, key_refuses(t, s, last, store));
    }
  }
  return no;
}

Z3_ast terms_refused(struct terms *t, const struct term_refusal *no)
{
  Z3_ast missing = term_or(t->z3, no->bounds, no->fault);
  return term_or(t->z3, missing, term_or(t->z3, no->protection, no->bus));
}

/* --------------------------------------------------------------- execution */

struct branch {
  Z3_ast before, condition, began, after_then;
};

struct exec {
  struct terms *t;
  Z3_context z;
  const struct term_state *s;
  struct term_result *r;
  Z3_ast path; /* Bool: what is executed now is */
  struct branch branch[MAX_DEPTH];
  unsigned depth;
};

/* output := value, on this path. */
static void assign(struct exec *x, unsigned output, Z3_ast value)
{
  x->r->output[output] = term_ite(x->z, x->path, value, x->r->output[output]);
}

static void take_if(struct exec *x, Z3_ast value)
{
  assert(x->depth < MAX_DEPTH);
  struct branch *b = &x->branch[x->depth++];
  b->before = x->path;
  b->condition = term_truth(x->z, value);
  b->began = x->path = term_and(x->z, b->before, b->condition);
}

static void take_else(struct exec *x)
{
  struct branch *b = &x->branch[x->depth - 1];
  b->after_then = x->path;
  x->path = term_and(x->z, b->before, term_not(x->z, b->condition));
}

/* Where neither branch has left, the path is what it was. */
static void take_end(struct exec *x)
{
  struct branch *b = &x->branch[--x->depth];
  Z3_ast other = term_and(x->z, b->before, term_not(x->z, b->condition));
  bool whole = b->after_then == b->began && x->path == other;
  x->path = whole ? b->before : term_or(x->z, b->after_then, x->path);
}

/* The first trap of a path counts. What is written after it is without meaning, so
 * the path goes on: a result then does not depend on whether an access was allowed. */
static void trap_if(struct exec *x, Z3_ast condition, enum isa_cause cause, Z3_ast value)
{
  Z3_ast *out = x->r->output;
  Z3_ast already = term_or(x->z, out[TERM_MEMORY_TRAP], out[TERM_OTHER_TRAP]);
  Z3_ast now = term_and(x->z, term_and(x->z, x->path, condition), term_not(x->z, already));
  bool memory = isa_cause_info(cause)->kind == ISA_CAUSE_MEMORY;
  Z3_ast *which = &out[memory ? TERM_MEMORY_TRAP : TERM_OTHER_TRAP];
  *which = term_or(x->z, *which, now);
  out[TERM_CAUSE] = term_ite(x->z, now, term_number(x->z, 32, cause), out[TERM_CAUSE]);
  out[TERM_VALUE] = term_ite(x->z, now, value, out[TERM_VALUE]);
}

static void raise(struct exec *x, enum isa_cause cause, Z3_ast value)
{
  trap_if(x, term_bool(x->z, true), cause, value);
  x->path = term_bool(x->z, false);
}

static void jump(struct exec *x, Z3_ast target)
{
  assign(x, TERM_PC, target);
  x->path = term_bool(x->z, false);
}

/* --------------------------------------------------------------- registers */

static Z3_ast reg_number(struct exec *x, Z3_ast r)
{
  return term_bits(x->z, r, 3, 0);
}

static Z3_ast get_reg(struct exec *x, Z3_ast r)
{
  Z3_ast n = reg_number(x, r);
  return term_ite(x->z, term_eq(x->z, n, term_number(x->z, 4, REG_ZERO)), term_number(x->z, 32, 0),
                  term_apply1(x->z, x->s->reg, n));
}

static void set_reg(struct exec *x, Z3_ast r, Z3_ast value)
{
  Z3_ast n = reg_number(x, r), some = terms_some(x->t, TERM_SYMBOL_SOME_REG);
  Z3_ast here = term_and(x->z, term_eq(x->z, n, some),
                         term_not(x->z, term_eq(x->z, n, term_number(x->z, 4, REG_ZERO))));
  assign(x, TERM_REG, term_ite(x->z, here, value, x->r->output[TERM_REG]));
}

static void set_psw(struct exec *x, Z3_ast value)
{
  assign(x, TERM_CR + CR_PSW, terms_legal_psw(x->t, value));
}

/* The fields that are not written are legal as they are. */
static void set_psw_field(struct exec *x, uint32_t mask, Z3_ast value)
{
  Z3_ast before = x->r->output[TERM_CR + CR_PSW];
  Z3_ast legal = terms_legal_psw(x->t, with_field(x->t, before, mask, value));
  assign(x, TERM_CR + CR_PSW, with_field(x->t, before, mask, terms_field(x->t, legal, mask)));
}

static Z3_ast read_cr(struct exec *x, Z3_ast n)
{
  Z3_ast value = x->s->cr[CR_PSW];
  for (unsigned i = 1; i < ISA_CR_COUNT; i++) {
    if (x->s->cr[i]) {
      Z3_ast is = term_eq(x->z, n, term_number(x->z, 32, i));
      value = term_ite(x->z, is, x->s->cr[i], value);
    }
  }
  return value;
}

static Z3_ast written(struct exec *x, enum isa_cr cr, Z3_ast old, Z3_ast value)
{
  const struct isa_cr_info *info = isa_cr_info(cr);
  if (info->is_psw) {
    return terms_legal_psw(x->t, value);
  }
  if (info->write_mask == 0 || info->write_mask == UINT32_MAX) {
    return info->write_mask == 0 ? old : value;
  }
  Z3_ast keep = Z3_mk_bvand(x->z, old, term_number(x->z, 32, ~info->write_mask));
  Z3_ast change = Z3_mk_bvand(x->z, value, term_number(x->z, 32, info->write_mask));
  return Z3_mk_bvor(x->z, keep, change);
}

static void write_cr(struct exec *x, Z3_ast n, Z3_ast value)
{
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    Z3_ast old = x->r->output[TERM_CR + i];
    if (old) {
      Z3_ast is = term_eq(x->z, n, term_number(x->z, 32, i));
      assign(x, TERM_CR + i, term_ite(x->z, is, written(x, (enum isa_cr)i, old, value), old));
    }
  }
}

/* ----------------------------------------------------------------- storage */

/* Alignment, bounds, protection, bus, in this order. */
static void check_access(struct exec *x, Z3_ast va, unsigned size, enum machine_access access,
                         struct term_who who)
{
  if (size > 1) {
    unsigned bits = size == 4 ? 2 : 1;
    Z3_ast low = term_bits(x->z, va, bits - 1, 0);
    trap_if(x, term_not(x->z, term_eq(x->z, low, term_number(x->z, bits, 0))), CAUSE_ALIGNMENT, va);
  }
  struct term_refusal no = terms_refusal(x->t, x->s, va, size, access, who);
  trap_if(x, no.bounds, CAUSE_BOUNDS, va);
  trap_if(x, no.fault, access == MACHINE_STORE ? CAUSE_STORE_FAULT : CAUSE_LOAD_FAULT, va);
  trap_if(x, no.protection, CAUSE_PROTECTION, va);
  trap_if(x, no.bus, CAUSE_BUS, va);
}

static Z3_ast word_at(struct exec *x, Z3_ast number)
{
  return term_apply1(x->z, x->s->view, number);
}

/* Where within a word: whether `at` is at its byte k. */
static Z3_ast at_byte(struct exec *x, Z3_ast at, unsigned k)
{
  return term_eq(x->z, term_bits(x->z, at, 1, 0), term_number(x->z, 2, k));
}

/* `size` bytes from `at` on, of a word, or of two where `at` may be anywhere. */
static Z3_ast pick(struct exec *x, Z3_ast words, Z3_ast at, unsigned size)
{
  unsigned width = term_width(x->z, words), step = width == 32 ? size : 1;
  Z3_ast value = term_bits(x->z, words, 8 * size - 1, 0);
  for (unsigned k = step; k < 4 && 8 * (k + size) <= width; k += step) {
    Z3_ast here = term_bits(x->z, words, 8 * (k + size) - 1, 8 * k);
    value = term_ite(x->z, at_byte(x, at, k), here, value);
  }
  return value;
}

/* The same words with `size` bytes of value there. */
static Z3_ast put(struct exec *x, Z3_ast words, Z3_ast value, Z3_ast at, unsigned size)
{
  unsigned width = term_width(x->z, words), step = width == 32 ? size : 1;
  Z3_ast bytes = term_bits(x->z, value, 8 * size - 1, 0), result = NULL;
  for (unsigned k = 0; k < 4 && 8 * (k + size) <= width; k += step) {
    unsigned end = 8 * (k + size);
    Z3_ast here =
        end < width ? term_concat(x->z, term_bits(x->z, words, width - 1, end), bytes) : bytes;
    here = k > 0 ? term_concat(x->z, here, term_bits(x->z, words, 8 * k - 1, 0)) : here;
    result = result ? term_ite(x->z, at_byte(x, at, k), here, result) : here;
  }
  return result;
}

static Z3_ast load(struct exec *x, Z3_ast va, unsigned size)
{
  check_access(x, va, size, MACHINE_LOAD, terms_who(x->t, x->s));
  return term_widen(x->z, pick(x, word_at(x, term_bits(x->z, va, 31, 2)), va, size), 32);
}

static void put_word(struct exec *x, Z3_ast number, Z3_ast value)
{
  Z3_ast here = term_eq(x->z, number, terms_some(x->t, TERM_SYMBOL_SOME_WORD));
  assign(x, TERM_WORD, term_ite(x->z, here, value, x->r->output[TERM_WORD]));
}

static void note_store(struct exec *x, Z3_ast at)
{
  assign(x, TERM_STORES, term_bool(x->z, true));
  assign(x, TERM_STORE_AT, at);
}

static void store(struct exec *x, Z3_ast va, unsigned size, Z3_ast value)
{
  check_access(x, va, size, MACHINE_STORE, terms_who(x->t, x->s));
  Z3_ast number = term_bits(x->z, va, 31, 2);
  put_word(x, number, put(x, word_at(x, number), value, va, size));
  note_store(x, va);
}

static struct term_who previous(struct exec *x)
{
  Z3_ast mode = terms_field(x->t, x->s->cr[CR_PSW], PSW_PMODE_MASK);
  Z3_ast te = term_or(x->z, term_truth(x->z, mode), terms_who(x->t, x->s).te);
  return (struct term_who){te, mode};
}

/* Where the view shows what the previous mode has at va: at va where TE is on; else
 * at the physical address, which need not be a multiple of 4. */
static Z3_ast previous_place(struct exec *x, Z3_ast va)
{
  return term_ite(x->z, terms_who(x->t, x->s).te, va,
                  terms_physical(x->t, x->s, va, previous(x).te));
}

static Z3_ast next_number(struct exec *x, Z3_ast number)
{
  return Z3_mk_bvadd(x->z, number, term_number(x->z, term_width(x->z, number), 1));
}

static Z3_ast two_words(struct exec *x, Z3_ast number)
{
  return term_concat(x->z, word_at(x, next_number(x, number)), word_at(x, number));
}

static Z3_ast load_previous(struct exec *x, Z3_ast va)
{
  check_access(x, va, 4, MACHINE_LOAD, previous(x));
  Z3_ast at = previous_place(x, va);
  return pick(x, two_words(x, term_bits(x->z, at, 31, 2)), at, 4);
}

static void store_previous(struct exec *x, Z3_ast va, Z3_ast value)
{
  check_access(x, va, 4, MACHINE_STORE, previous(x));
  Z3_ast at = previous_place(x, va), number = term_bits(x->z, at, 31, 2);
  Z3_ast words = put(x, two_words(x, number), value, at, 4);
  put_word(x, number, term_bits(x->z, words, 31, 0));
  put_word(x, next_number(x, number), term_bits(x->z, words, 63, 32));
  note_store(x, at);
}

static void translate(struct exec *x, Z3_ast *ok, Z3_ast *pa, Z3_ast va, enum machine_access access)
{
  struct term_who who = terms_who(x->t, x->s);
  struct term_refusal no = terms_refusal(x->t, x->s, va, 1, access, who);
  Z3_ast yes = term_not(x->z, terms_refused(x->t, &no));
  *ok = term_of_bool(x->z, yes);
  *pa = term_ite(x->z, yes, terms_physical(x->t, x->s, va, who.te), term_number(x->z, 32, 0));
}

/* ---------------------------------------------------------- keys and devices */

static void check_block(struct exec *x, Z3_ast pa)
{
  trap_if(x, Z3_mk_bvuge(x->z, pa, x->s->storage), CAUSE_BUS, pa);
}

static Z3_ast get_key(struct exec *x, Z3_ast pa)
{
  check_block(x, pa);
  return term_widen(x->z, key_of(x->t, x->s, pa), 32);
}

static void set_key(struct exec *x, Z3_ast pa, Z3_ast key)
{
  check_block(x, pa);
  Z3_ast block = term_bits(x->z, pa, 31, KEY_BLOCK_SHIFT);
  Z3_ast here = term_eq(x->z, block, terms_some(x->t, TERM_SYMBOL_SOME_KEY));
  Z3_ast bits = term_bits(x->z, key, 4, 0);
  assign(x, TERM_KEY, term_ite(x->z, here, bits, x->r->output[TERM_KEY]));
  assign(x, TERM_KEY_SETS, term_bool(x->z, true));
  assign(x, TERM_KEY_AT, block);
}

static void check_port(struct exec *x, Z3_ast port)
{
  Z3_func_decl exists = terms_function(x->t, TERM_SYMBOL_PORT_EXISTS, 0, 0);
  trap_if(x, term_not(x->z, term_apply1(x->z, exists, port)), CAUSE_BUS, port);
}

static Z3_ast port_in(struct exec *x, Z3_ast port)
{
  Z3_ast arg[] = {x->s->devices, port};
  check_port(x, port);
  assign(x, TERM_DEVICES,
         Z3_mk_app(x->z, terms_function(x->t, TERM_SYMBOL_AFTER_IN, 0, 0), 2, arg));
  return Z3_mk_app(x->z, terms_function(x->t, TERM_SYMBOL_PORT_IN, 0, 0), 2, arg);
}

static void port_out(struct exec *x, Z3_ast port, Z3_ast value)
{
  Z3_ast arg[] = {x->s->devices, port, value};
  check_port(x, port);
  assign(x, TERM_DEVICES,
         Z3_mk_app(x->z, terms_function(x->t, TERM_SYMBOL_AFTER_OUT, 0, 0), 3, arg));
}

/* --------------------------------------------------------------------- TLB */

/* The next value of TLBRND, if the machine chooses. */
static Z3_ast next_random(struct exec *x, Z3_ast random)
{
  Z3_ast product = Z3_mk_bvmul(x->z, random, term_number(x->z, 32, 25173));
  Z3_ast sum = Z3_mk_bvadd(x->z, product, term_number(x->z, 32, 13849));
  return Z3_mk_bvand(x->z, sum, term_number(x->z, 32, 0xffff));
}

static void write_tlb(struct exec *x)
{
  const Z3_ast *cr = x->s->cr;
  if (!x->s->tlb) {
    return; /* the profile has no such instruction */
  }
  Z3_ast window[] = {cr[CR_TLBHI], cr[CR_TLBLO], cr[CR_TLBIX]};
  Z3_ast entry = Z3_mk_app(x->z, terms_function(x->t, TERM_SYMBOL_WINDOW, 0, 0), 3, window);
  Z3_ast arg[] = {x->s->tlb, entry, cr[CR_TLBRND]};
  assign(x, TERM_TLB, Z3_mk_app(x->z, terms_function(x->t, TERM_SYMBOL_AFTER_TLBW, 0, 0), 3, arg));
  Z3_ast chooses = term_eq(x->z, term_bits(x->z, cr[CR_TLBIX], 31, 31), term_number(x->z, 1, 1));
  assign(x, TERM_CR + CR_TLBRND,
         term_ite(x->z, chooses, next_random(x, cr[CR_TLBRND]), cr[CR_TLBRND]));
}

static Z3_ast probe_tlb(struct exec *x, Z3_ast hi)
{
  Z3_ast arg[] = {x->s->tlb ? x->s->tlb : hi, hi};
  return Z3_mk_app(x->z, terms_function(x->t, TERM_SYMBOL_TLBP, 0, 0), 2, arg);
}

/* Page tables are as they are, whatever it says. */
static void invalidate_tlb(struct exec *x, Z3_ast va, Z3_ast space)
{
  if (x->s->tlb) {
    Z3_ast arg[] = {x->s->tlb, va, term_bits(x->z, space, 7, 0)};
    assign(x, TERM_TLB,
           Z3_mk_app(x->z, terms_function(x->t, TERM_SYMBOL_AFTER_TLBI, 0, 0), 3, arg));
  }
}

/* A name for what lies where in storage, by real addresses. With the same view it depends on
 * where the relocation puts that; without translation on one thing only. */
static Z3_ast layout_of(struct exec *x)
{
  Z3_context z = x->z;
  const Z3_ast *cr = x->s->cr;
  Z3_ast te = terms_who(x->t, x->s).te, none = term_number(z, 32, 0);
  Z3_ast arg[] = {term_ite(z, te, term_number(z, 1, 1), term_number(z, 1, 0)),
                  term_ite(z, te, cr[CR_BASE] ? cr[CR_BASE] : terms_map(x->t, x->s), none),
                  term_ite(z, te, cr[CR_BOUND] ? cr[CR_BOUND] : none, none)};
  return Z3_mk_app(z, terms_function(x->t, TERM_SYMBOL_LAYOUT, 0, 0), 3, arg);
}

/* What a program does in storage is the devices' own affair here: of storage that an
 * instruction reaches by the map nothing is said. */
static Z3_ast ask_channel(struct exec *x, enum term_symbol_kind kind, Z3_ast caw)
{
  Z3_ast arg[] = {x->s->devices, layout_of(x), caw};
  return Z3_mk_app(x->z, terms_function(x->t, kind, 0, 0), 3, arg);
}

static Z3_ast start_channel(struct exec *x, Z3_ast caw)
{
  assign(x, TERM_DEVICES, ask_channel(x, TERM_SYMBOL_AFTER_SIO, caw));
  return ask_channel(x, TERM_SYMBOL_SIO, caw);
}

static Z3_ast test_unit(struct exec *x, Z3_ast operand)
{
  Z3_ast arg[] = {x->s->devices, operand};
  return Z3_mk_app(x->z, terms_function(x->t, TERM_SYMBOL_TIO, 0, 0), 2, arg);
}

/* ------------------------------------------------------------- expressions */

static Z3_ast high_product(struct exec *x, Z3_ast a, bool a_signed, Z3_ast b, bool b_signed)
{
  a = a_signed ? Z3_mk_sign_ext(x->z, 32, a) : Z3_mk_zero_ext(x->z, 32, a);
  b = b_signed ? Z3_mk_sign_ext(x->z, 32, b) : Z3_mk_zero_ext(x->z, 32, b);
  return term_bits(x->z, Z3_mk_bvmul(x->z, a, b), 63, 32);
}

static Z3_ast sign_extended(struct exec *x, Z3_ast a, unsigned width)
{
  return Z3_mk_sign_ext(x->z, 32 - width, term_bits(x->z, a, width - 1, 0));
}

static Z3_ast slice(struct exec *x, Z3_ast a, unsigned high, unsigned low)
{
  return term_widen(x->z, term_bits(x->z, a, high, low), 32);
}

#define TERM                Z3_ast
#define NUMBER(n)           term_number(x->z, 32, (n))
#define OPERAND_A           (x->t->slot[ISA_SLOT_A])
#define OPERAND_B           (x->t->slot[ISA_SLOT_B])
#define OPERAND_C           (x->t->slot[ISA_SLOT_C])
#define OPERAND_N           (x->t->slot[ISA_SLOT_N])
#define OPERAND_IMM         (x->t->slot[ISA_SLOT_IMM])
#define GET_REG(r)          get_reg(x, (r))
#define SET_REG(r, v)       set_reg(x, (r), (v))
#define GET_PC()            (x->s->pc)
#define GET_PSW()           (x->s->cr[CR_PSW])
#define GET_CR(n)           (x->s->cr[n])
#define USER_MODE()         NUMBER(profile_user_mode(x->t->profile))
#define FIELD(a, F)         terms_field(x->t, (a), PSW_##F##_MASK)
#define SET_PSW(v)          set_psw(x, (v))
#define SET_PSW_FIELD(F, v) set_psw_field(x, PSW_##F##_MASK, (v))
#define JUMP(target)        jump(x, (target))
#define RAISE(cause, v)     raise(x, (cause), (v))
#define IF(c)               take_if(x, (c))
#define ELSE()              take_else(x)
#define END_IF()            take_end(x)

#define OP_ADD(a, b)           Z3_mk_bvadd(x->z, (a), (b))
#define OP_SUB(a, b)           Z3_mk_bvsub(x->z, (a), (b))
#define OP_MUL(a, b)           Z3_mk_bvmul(x->z, (a), (b))
#define OP_AND(a, b)           Z3_mk_bvand(x->z, (a), (b))
#define OP_OR(a, b)            Z3_mk_bvor(x->z, (a), (b))
#define OP_XOR(a, b)           Z3_mk_bvxor(x->z, (a), (b))
#define OP_SHL(a, b)           Z3_mk_bvshl(x->z, (a), (b))
#define OP_SHRU(a, b)          Z3_mk_bvlshr(x->z, (a), (b))
#define OP_SHRS(a, b)          Z3_mk_bvashr(x->z, (a), (b))
#define OP_DIVU(a, b)          Z3_mk_bvudiv(x->z, (a), (b))
#define OP_DIVS(a, b)          Z3_mk_bvsdiv(x->z, (a), (b))
#define OP_REMU(a, b)          Z3_mk_bvurem(x->z, (a), (b))
#define OP_REMS(a, b)          Z3_mk_bvsrem(x->z, (a), (b))
#define OP_EQ(a, b)            term_of_bool(x->z, term_eq(x->z, (a), (b)))
#define OP_NE(a, b)            term_of_bool(x->z, term_not(x->z, term_eq(x->z, (a), (b))))
#define OP_LTU(a, b)           term_of_bool(x->z, Z3_mk_bvult(x->z, (a), (b)))
#define OP_LTS(a, b)           term_of_bool(x->z, Z3_mk_bvslt(x->z, (a), (b)))
#define OP_LEU(a, b)           term_of_bool(x->z, Z3_mk_bvule(x->z, (a), (b)))
#define OP_LES(a, b)           term_of_bool(x->z, Z3_mk_bvsle(x->z, (a), (b)))
#define OP_GTU(a, b)           term_of_bool(x->z, Z3_mk_bvugt(x->z, (a), (b)))
#define OP_GTS(a, b)           term_of_bool(x->z, Z3_mk_bvsgt(x->z, (a), (b)))
#define OP_GEU(a, b)           term_of_bool(x->z, Z3_mk_bvuge(x->z, (a), (b)))
#define OP_GES(a, b)           term_of_bool(x->z, Z3_mk_bvsge(x->z, (a), (b)))
#define OP_MULHSS(a, b)        high_product(x, (a), true, (b), true)
#define OP_MULHSU(a, b)        high_product(x, (a), true, (b), false)
#define OP_MULHUU(a, b)        high_product(x, (a), false, (b), false)
#define OP_NEG(a)              Z3_mk_bvneg(x->z, (a))
#define OP_COMPL(a)            Z3_mk_bvnot(x->z, (a))
#define OP_NOT(a)              term_of_bool(x->z, term_not(x->z, term_truth(x->z, (a))))
#define OP_SEXT(a, width)      sign_extended(x, (a), (width))
#define OP_SLICE(a, high, low) slice(x, (a), (high), (low))
#define OP_COND(c, a, b)       term_ite(x->z, term_truth(x->z, (c)), (a), (b))

#define LOAD_B(dst, va)               ((dst) = load(x, (va), 1))
#define LOAD_H(dst, va)               ((dst) = load(x, (va), 2))
#define LOAD_W(dst, va)               ((dst) = load(x, (va), 4))
#define STORE_B(va, v)                store(x, (va), 1, (v))
#define STORE_H(va, v)                store(x, (va), 2, (v))
#define STORE_W(va, v)                store(x, (va), 4, (v))
#define LOAD_PREV(dst, va)            ((dst) = load_previous(x, (va)))
#define STORE_PREV(va, v)             store_previous(x, (va), (v))
#define TRANSLATE(ok, pa, va, ACCESS) translate(x, &(ok), &(pa), (va), MACHINE_##ACCESS)
#define READ_CR(dst, n)               ((dst) = read_cr(x, (n)))
#define WRITE_CR(n, v)                write_cr(x, (n), (v))
#define PORT_IN(dst, port)            ((dst) = port_in(x, (port)))
#define PORT_OUT(port, v)             port_out(x, (port), (v))
#define CHANNEL_START(dst, caw)       ((dst) = start_channel(x, (caw)))
#define CHANNEL_TEST(dst, n)          ((dst) = test_unit(x, (n)))
#define KEY_GET(dst, pa)              ((dst) = get_key(x, (pa)))
#define KEY_SET(pa, k)                set_key(x, (pa), (k))
#define WAIT()                        assign(x, TERM_RUN, NUMBER(MACHINE_WAITING))
#define HALT()                        assign(x, TERM_RUN, NUMBER(MACHINE_STOPPED))
#define TLB_WRITE()                   write_tlb(x)
#define TLB_PROBE(dst, hi)            ((dst) = probe_tlb(x, (hi)))
#define TLB_INVALIDATE(va, space)     invalidate_tlb(x, (va), (space))

static void execute(struct exec *x, enum isa_body body)
{
  switch (body) {
#define TERMS_BEGIN(I, B) case BODY_##I##_##B:
#define TERMS_END(I, B)   return;
#include "gen/pg32_terms.h"
  case ISA_BODY_COUNT:
    break;
  }
}

/* --------------------------------------------------------- the instruction */

/* Nothing has happened but that the pc has moved on. */
static void begin(struct terms *t, const struct term_state *s, struct term_result *r)
{
  Z3_context z = t->z3;
  Z3_ast some_reg = terms_some(t, TERM_SYMBOL_SOME_REG);
  Z3_ast zero = term_number(z, 32, 0);
  Z3_ast *out = r->output;
  out[TERM_MEMORY_TRAP] = out[TERM_OTHER_TRAP] = term_bool(z, false);
  out[TERM_CAUSE] = out[TERM_VALUE] = zero;
  out[TERM_PC] = Z3_mk_bvadd(z, s->pc, term_number(z, 32, 4));
  out[TERM_REG] = term_ite(z, term_eq(z, some_reg, term_number(z, 4, REG_ZERO)), zero,
                           term_apply1(z, s->reg, some_reg));
  out[TERM_WORD] = term_apply1(z, s->view, terms_some(t, TERM_SYMBOL_SOME_WORD));
  out[TERM_STORES] = out[TERM_KEY_SETS] = term_bool(z, false);
  out[TERM_STORE_AT] = zero;
  out[TERM_KEY] = term_apply1(z, s->key, terms_some(t, TERM_SYMBOL_SOME_KEY));
  out[TERM_KEY_AT] = term_number(z, 32 - KEY_BLOCK_SHIFT, 0);
  out[TERM_DEVICES] = s->devices;
  out[TERM_TLB] = s->tlb;
  out[TERM_RUN] = term_number(z, 32, MACHINE_RUNNING);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    out[TERM_CR + n] = s->cr[n];
  }
}

static void behave(struct terms *t, const struct term_state *s,
                   const struct profile_behaviour *behaviour, struct term_result *r)
{
  struct exec x = {.t = t, .z = t->z3, .s = s, .r = r, .path = term_bool(t->z3, true)};
  begin(t, s, r);
  switch (behaviour->kind) {
  case PROFILE_NOP:
    break;
  case PROFILE_BODY:
    execute(&x, behaviour->body);
    break;
  default:
    raise(&x, behaviour->kind == PROFILE_TRAP ? CAUSE_PRIVILEGED : CAUSE_ILLEGAL,
          term_number(t->z3, 32, 0));
    break;
  }
}

void terms_execute(struct terms *t, const struct term_state *s, struct term_result *r)
{
  struct term_result other;
  unsigned user = profile_user_mode(t->profile);
  behave(t, s, profile_behaviour(t->profile, t->insn, 0), r);
  behave(t, s, profile_behaviour(t->profile, t->insn, user), &other);
  Z3_ast outside = term_truth(t->z3, terms_field(t, s->cr[CR_PSW], PSW_MODE_MASK));
  for (unsigned i = 0; i < TERM_OUTPUTS; i++) {
    if (r->output[i]) {
      r->output[i] = term_ite(t->z3, outside, other.output[i], r->output[i]);
    }
  }
}
