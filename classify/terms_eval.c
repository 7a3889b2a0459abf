#include "classify/terms_eval.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "machine/keys.h"

enum op {
  OP_CONSTANT,
  OP_SYMBOL, /* number: index of the symbol; arguments in arg */
  OP_AND,
  OP_OR,
  OP_NOT,
  OP_ITE,
  OP_EQ,
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_BVAND,
  OP_BVOR,
  OP_BVXOR,
  OP_BVNOT,
  OP_NEG,
  OP_SHL,
  OP_LSHR,
  OP_ASHR,
  OP_UDIV,
  OP_SDIV,
  OP_UREM,
  OP_SREM,
  OP_ULT,
  OP_ULE,
  OP_UGT,
  OP_UGE,
  OP_SLT,
  OP_SLE,
  OP_SGT,
  OP_SGE,
  OP_CONCAT,
  OP_EXTRACT, /* number: the low bit */
  OP_ZERO_EXT,
  OP_SIGN_EXT,
};

static const struct {
  Z3_decl_kind kind;
  enum op op;
} ops[] = {
    {Z3_OP_AND, OP_AND},
    {Z3_OP_OR, OP_OR},
    {Z3_OP_NOT, OP_NOT},
    {Z3_OP_ITE, OP_ITE},
    {Z3_OP_EQ, OP_EQ},
    {Z3_OP_BADD, OP_ADD},
    {Z3_OP_BSUB, OP_SUB},
    {Z3_OP_BMUL, OP_MUL},
    {Z3_OP_BAND, OP_BVAND},
    {Z3_OP_BOR, OP_BVOR},
    {Z3_OP_BXOR, OP_BVXOR},
    {Z3_OP_BNOT, OP_BVNOT},
    {Z3_OP_BNEG, OP_NEG},
    {Z3_OP_BSHL, OP_SHL},
    {Z3_OP_BLSHR, OP_LSHR},
    {Z3_OP_BASHR, OP_ASHR},
    {Z3_OP_BUDIV, OP_UDIV},
    {Z3_OP_BSDIV, OP_SDIV},
    {Z3_OP_BUREM, OP_UREM},
    {Z3_OP_BSREM, OP_SREM},
    {Z3_OP_ULT, OP_ULT},
    {Z3_OP_ULEQ, OP_ULE},
    {Z3_OP_UGT, OP_UGT},
    {Z3_OP_UGEQ, OP_UGE},
    {Z3_OP_SLT, OP_SLT},
    {Z3_OP_SLEQ, OP_SLE},
    {Z3_OP_SGT, OP_SGT},
    {Z3_OP_SGEQ, OP_SGE},
    {Z3_OP_CONCAT, OP_CONCAT},
    {Z3_OP_EXTRACT, OP_EXTRACT},
    {Z3_OP_ZERO_EXT, OP_ZERO_EXT},
    {Z3_OP_SIGN_EXT, OP_SIGN_EXT},
};

/* On which of the constants TERM_SYMBOL_SOME_… a node depends. */
enum { ON_REG = 1, ON_WORD = 2, ON_KEY = 4 };

struct node {
  enum op op;
  uint8_t width;     /* of the result; Bool: 1 */
  uint8_t arg_width; /* of the last argument */
  uint8_t depends;
  uint32_t arg[3];
  uint64_t number;
  Z3_ast ast; /* of OP_SYMBOL */
};

struct term_program {
  const struct terms *t;
  struct node *node;
  uint64_t *value;
  unsigned count, room;
  uint32_t *root; /* node + 1; 0: none */
  unsigned roots;
  /* From a term to its node + 1. */
  struct {
    Z3_ast ast;
    uint32_t node;
  } * table;
  unsigned table_size; /* a power of two */
  bool failed;
};

/* ----------------------------------------------------------------- compiling */

static unsigned slot_of(const struct term_program *p, Z3_ast ast)
{
  unsigned i = (unsigned)((uintptr_t)ast >> 4) * 2654435761u & (p->table_size - 1);
  while (p->table[i].ast && p->table[i].ast != ast) {
    i = (i + 1) & (p->table_size - 1);
  }
  return i;
}

static bool grow(struct term_program *p)
{
  unsigned room = p->room * 2;
  struct node *node = reallocarray(p->node, room, sizeof *node);
  p->node = node ? node : p->node;
  void *table = node ? calloc(room * 2, sizeof *p->table) : NULL;
  if (!table) {
    return false;
  }
  struct term_program old = *p;
  p->table = table;
  p->table_size = room * 2;
  for (unsigned i = 0; i < old.table_size; i++) {
    if (old.table[i].ast) {
      p->table[slot_of(p, old.table[i].ast)].ast = old.table[i].ast;
      p->table[slot_of(p, old.table[i].ast)].node = old.table[i].node;
    }
  }
  free(old.table);
  p->room = room;
  return true;
}

static uint8_t width_of(Z3_context z, Z3_ast ast)
{
  Z3_sort sort = Z3_get_sort(z, ast);
  return Z3_get_sort_kind(z, sort) == Z3_BV_SORT ? (uint8_t)Z3_get_bv_sort_size(z, sort) : 1;
}

static void set_symbol(const struct term_program *p, struct node *n, Z3_func_decl decl)
{
  unsigned i = 0;
  while (terms_symbol(p->t, i)->decl != decl) {
    i++;
    assert(i < terms_symbol_count(p->t));
  }
  enum term_symbol_kind kind = terms_symbol(p->t, i)->kind;
  n->op = OP_SYMBOL;
  n->number = i;
  n->depends |= kind == TERM_SYMBOL_SOME_REG    ? ON_REG
                : kind == TERM_SYMBOL_SOME_WORD ? ON_WORD
                : kind == TERM_SYMBOL_SOME_KEY  ? ON_KEY
                                                : 0;
}

static void set_op(const struct term_program *p, struct node *n, Z3_func_decl decl)
{
  Z3_context z = terms_z3(p->t);
  Z3_decl_kind kind = Z3_get_decl_kind(z, decl);
  if (kind == Z3_OP_UNINTERPRETED) {
    set_symbol(p, n, decl);
    return;
  }
  if (kind == Z3_OP_TRUE || kind == Z3_OP_FALSE) {
    n->op = OP_CONSTANT;
    n->number = kind == Z3_OP_TRUE;
    return;
  }
  unsigned i = 0;
  while (ops[i].kind != kind) {
    i++;
    assert(i < sizeof ops / sizeof *ops);
  }
  n->op = ops[i].op;
  n->number = n->op == OP_EXTRACT ? (unsigned)Z3_get_decl_int_parameter(z, decl, 1) : 0;
}

static uint32_t compile(struct term_program *p, Z3_ast ast);

static struct node make_node(struct term_program *p, Z3_ast ast)
{
  Z3_context z = terms_z3(p->t);
  struct node n = {.width = width_of(z, ast), .ast = ast};
  if (Z3_get_ast_kind(z, ast) == Z3_NUMERAL_AST) {
    n.op = OP_CONSTANT;
    Z3_get_numeral_uint64(z, ast, &n.number);
    return n;
  }
  Z3_app app = Z3_to_app(z, ast);
  unsigned args = Z3_get_app_num_args(z, app);
  assert(args <= 3);
  for (unsigned i = 0; i < args; i++) {
    n.arg[i] = compile(p, Z3_get_app_arg(z, app, i));
    if (!p->failed) {
      n.depends |= p->node[n.arg[i]].depends;
      n.arg_width = p->node[n.arg[i]].width;
    }
  }
  set_op(p, &n, Z3_get_app_decl(z, app));
  return n;
}

/* Arguments come before what they are arguments of. */
static uint32_t compile(struct term_program *p, Z3_ast ast)
{
  unsigned at = slot_of(p, ast);
  if (p->table[at].ast) {
    return p->table[at].node;
  }
  struct node n = make_node(p, ast);
  if (p->failed || (p->count == p->room && !grow(p))) {
    p->failed = true;
    return 0;
  }
  p->node[p->count] = n;
  at = slot_of(p, ast);
  p->table[at].ast = ast;
  p->table[at].node = p->count;
  return p->count++;
}

struct term_program *term_compile(const struct terms *t, const Z3_ast *roots, unsigned count)
{
  struct term_program *p = calloc(1, sizeof *p);
  if (!p) {
    return NULL;
  }
  *p = (struct term_program){.t = t, .room = 512, .table_size = 1024, .roots = count};
  p->node = calloc(p->room, sizeof *p->node);
  p->table = calloc(p->table_size, sizeof *p->table);
  p->root = calloc(count, sizeof *p->root);
  p->failed = !p->node || !p->table || !p->root;
  for (unsigned i = 0; i < count && !p->failed; i++) {
    p->root[i] = roots[i] ? compile(p, roots[i]) + 1 : 0;
  }
  p->value = p->failed ? NULL : calloc(p->count + 1, sizeof *p->value);
  if (!p->value) {
    term_program_destroy(p);
    return NULL;
  }
  return p;
}

void term_program_destroy(struct term_program *p)
{
  if (p) {
    free(p->node);
    free(p->value);
    free(p->root);
    free(p->table);
    free(p);
  }
}

static const struct term_symbol *symbol_of(const struct term_program *p, const struct node *n)
{
  return terms_symbol(p->t, (unsigned)n->number);
}

static const struct node *find_read(const struct term_program *p, Z3_func_decl map, unsigned *skip)
{
  for (unsigned i = 0; i < p->count; i++) {
    const struct node *n = &p->node[i];
    if (n->op == OP_SYMBOL && symbol_of(p, n)->decl == map && (*skip)-- == 0) {
      return n;
    }
  }
  return NULL;
}

unsigned term_reads(const struct term_program *p, Z3_func_decl map)
{
  unsigned skip = UINT32_MAX;
  find_read(p, map, &skip);
  return UINT32_MAX - skip;
}

Z3_ast term_read(const struct term_program *p, Z3_func_decl map, unsigned i)
{
  return find_read(p, map, &i)->ast;
}

/* --------------------------------------------------------------- evaluating */

static uint32_t cell_word(const struct trial_cell *cell, unsigned count, uint64_t at)
{
  for (unsigned i = 0; i < count; i++) {
    if (cell[i].at == at) {
      return cell[i].word;
    }
  }
  return 0;
}

static uint32_t view_word(const struct term_input *in, const struct trial_state *s, uint64_t number)
{
  if (in->view) {
    return cell_word(in->view, in->view_count, number * 4);
  }
  return s->map.count > 0 ? trial_view_word(s, (uint32_t)number * 4)
                          : cell_word(s->view, s->view_count, number * 4);
}

static uint8_t block_key(const struct trial_state *s, uint64_t block)
{
  for (unsigned i = 0; i < s->key_count; i++) {
    if (s->key[i].block == block) {
      return s->key[i].key;
    }
  }
  return 0;
}

static uint32_t field(uint32_t word, unsigned high, unsigned low)
{
  return word >> low & UINT32_MAX >> (31 - (high - low));
}

static uint32_t operand_bits(const struct terms *t, const struct term_input *in,
                             const struct trial_state *s, unsigned i)
{
  const struct isa_format_info *f = isa_format_info(isa_insn_info(terms_insn(t))->format);
  return field(view_word(in, s, s->pc / 4), f->operands[i].high, f->operands[i].low);
}

static uint64_t ask_devices(const struct term_devices *d, enum term_symbol_kind kind,
                            const uint64_t *arg)
{
  const uint32_t a = (uint32_t)arg[0], b = (uint32_t)arg[1], c = (uint32_t)arg[2];
  if (!d) {
    return kind == TERM_SYMBOL_AFTER_IN || kind == TERM_SYMBOL_AFTER_OUT ||
                   kind == TERM_SYMBOL_AFTER_SIO
               ? a
               : 0;
  }
  switch (kind) {
  case TERM_SYMBOL_PORT_EXISTS:
    return d->exists(d->ctx, a);
  case TERM_SYMBOL_PORT_IN:
    return d->in(d->ctx, a, b);
  case TERM_SYMBOL_AFTER_IN:
    return d->after_in(d->ctx, a, b);
  case TERM_SYMBOL_SIO:
    return d->sio(d->ctx, a, b, c);
  case TERM_SYMBOL_AFTER_SIO:
    return d->after_sio(d->ctx, a, b, c);
  case TERM_SYMBOL_TIO:
    return d->tio(d->ctx, a, b);
  default:
    return d->after_out(d->ctx, a, b, c);
  }
}

/* -------------------------------------------------------------------- maps */

/* The name of a map is its PTBR; or with a TLB its ASID and the name of that, which is the
 * number of its state. */
enum { TLB_NAME_SHIFT = 8, TLB_IS_OTHER = 1u << 16 };

static const struct trial_state *state_named(const struct term_input *in, uint64_t number)
{
  return in->state[number == 2];
}

static bool has_tlb(const struct term_input *in)
{
  return (in->state[0]->map.mmu & ISA_FEATURE_MMU_TLB) != 0;
}

static uint32_t name_of_map(const struct term_input *in, const uint64_t *arg)
{
  return (uint32_t)(has_tlb(in) ? arg[0] | arg[1] << TLB_NAME_SHIFT : arg[0]);
}

static uint32_t page_entry(const struct term_input *in, uint32_t name, uint32_t page)
{
  const struct trial_state *s = has_tlb(in) ? state_named(in, name >> TLB_NAME_SHIFT) : in->state[0];
  uint32_t space = has_tlb(in) ? name & TLB_HI_SPACE : name;
  const struct map_entry *e = map_find(&s->map, space, page * ISA_PAGE_SIZE);
  return e ? e->word : 0;
}

static struct map_entry tlb_entry(const struct trial_state *s, uint32_t index)
{
  return index < s->map.count ? s->map.entry[index] : (struct map_entry){0, 0, 0};
}

static bool changed_by_tlbw(const struct trial_state *s)
{
  uint32_t to = s->cr[CR_TLBIX];
  struct map_entry e = tlb_entry(s, to & TLB_NONE ? tlb_choice(s->cr[CR_TLBRND]) : to & TLB_INDEX);
  return (e.page | e.space) != s->cr[CR_TLBHI] || e.word != s->cr[CR_TLBLO];
}

/* The lowest index of an entry for this address in this space. */
static uint32_t look_up(const struct trial_state *s, uint32_t va, uint32_t space)
{
  for (uint32_t i = 0; i < s->map.count; i++) {
    struct map_entry e = tlb_entry(s, i);
    if (tlb_matches(e.page | e.space, e.word, va, space)) {
      return i;
    }
  }
  return TLB_NONE;
}

static uint64_t ask_map(const struct term_input *in, enum term_symbol_kind kind,
                        const uint64_t *arg)
{
  const struct trial_state *s = state_named(in, arg[0]);
  uint32_t a = (uint32_t)arg[0], b = (uint32_t)arg[1], c = (uint32_t)arg[2];
  switch (kind) {
  case TERM_SYMBOL_MAP:
    return name_of_map(in, arg);
  case TERM_SYMBOL_PAGE:
    return page_entry(in, a, b);
  case TERM_SYMBOL_AFTER_TLBW:
    return changed_by_tlbw(s) ? a | TLB_IS_OTHER : a;
  case TERM_SYMBOL_AFTER_TLBI:
    return look_up(s, b, c) != TLB_NONE ? a | TLB_IS_OTHER : a;
  case TERM_SYMBOL_TLBP:
    return look_up(s, b, b);
  default: /* the window is that of the state; tables of a trial lie in storage */
    return 0;
  }
}

static uint64_t symbol_value(const struct term_program *p, const struct term_input *in,
                             const struct node *n)
{
  const struct term_symbol *symbol = symbol_of(p, n);
  const struct trial_state *s = in->state[symbol->state == 2];
  const uint64_t arg[3] = {p->value[n->arg[0]], p->value[n->arg[1]], p->value[n->arg[2]]};
  const struct isa_psw_field_info *f = isa_psw_fields() + symbol->number;
  switch (symbol->kind) {
  case TERM_SYMBOL_STORAGE:
    return s->storage;
  case TERM_SYMBOL_PC:
    return s->pc;
  case TERM_SYMBOL_PSW:
    return field(s->cr[CR_PSW], f->high, f->low);
  case TERM_SYMBOL_CR:
    return s->cr[symbol->number];
  case TERM_SYMBOL_DEVICES:
  case TERM_SYMBOL_TLB:
    return symbol->state;
  case TERM_SYMBOL_OPERAND:
    return operand_bits(p->t, in, s, symbol->number);
  case TERM_SYMBOL_REG:
    return s->reg[arg[0]];
  case TERM_SYMBOL_VIEW:
    return view_word(in, s, arg[0]);
  case TERM_SYMBOL_KEY:
    return block_key(s, arg[0]);
  case TERM_SYMBOL_SOME_REG:
    return in->some_reg;
  case TERM_SYMBOL_SOME_WORD:
    return in->some_word;
  case TERM_SYMBOL_SOME_KEY:
    return in->some_key;
  case TERM_SYMBOL_MAP:
  case TERM_SYMBOL_PAGE:
  case TERM_SYMBOL_ASTRAY:
  case TERM_SYMBOL_ASTRAY_AT:
  case TERM_SYMBOL_WINDOW:
  case TERM_SYMBOL_AFTER_TLBW:
  case TERM_SYMBOL_AFTER_TLBI:
  case TERM_SYMBOL_TLBP:
    return ask_map(in, symbol->kind, arg);
  case TERM_SYMBOL_LAYOUT: /* of what a name tells, the state's own relocation tells more */
    return arg[0];
  default:
    return ask_devices(in->devices, symbol->kind, arg);
  }
}

static int64_t sign(uint64_t x, unsigned width)
{
  return (int64_t)(x << (64 - width)) >> (64 - width);
}

/* As SMT-LIB has them: total, also by zero. Operands of less than 64 bits. */
static uint64_t divide(enum op op, uint64_t x, uint64_t y, unsigned width)
{
  int64_t a = sign(x, width), b = sign(y, width);
  switch (op) {
  case OP_UDIV:
    return y == 0 ? UINT64_MAX : x / y;
  case OP_UREM:
    return y == 0 ? x : x % y;
  case OP_SDIV:
    return y == 0 ? (a < 0 ? 1 : UINT64_MAX) : (uint64_t)(a / b);
  default:
    return y == 0 ? x : (uint64_t)(a % b);
  }
}

static uint64_t shift(enum op op, uint64_t x, uint64_t by, unsigned width)
{
  if (op == OP_ASHR) {
    return (uint64_t)(sign(x, width) >> (by < width ? by : width - 1));
  }
  if (by >= width) {
    return 0;
  }
  return op == OP_SHL ? x << by : x >> by;
}

static bool compare(enum op op, uint64_t x, uint64_t y, unsigned width)
{
  int64_t a = sign(x, width), b = sign(y, width);
  switch (op) {
  case OP_EQ:
    return x == y;
  case OP_ULT:
    return x < y;
  case OP_ULE:
    return x <= y;
  case OP_UGT:
    return x > y;
  case OP_UGE:
    return x >= y;
  case OP_SLT:
    return a < b;
  case OP_SLE:
    return a <= b;
  case OP_SGT:
    return a > b;
  default:
    return a >= b;
  }
}

static uint64_t arithmetic(enum op op, uint64_t x, uint64_t y)
{
  switch (op) {
  case OP_ADD:
    return x + y;
  case OP_SUB:
    return x - y;
  case OP_MUL:
    return x * y;
  case OP_AND:
  case OP_BVAND:
    return x & y;
  case OP_OR:
  case OP_BVOR:
    return x | y;
  default:
    return x ^ y;
  }
}

static uint64_t evaluate(const struct term_program *p, const struct term_input *in,
                         const struct node *n)
{
  const uint64_t x = p->value[n->arg[0]], y = p->value[n->arg[1]];
  switch (n->op) {
  case OP_CONSTANT:
    return n->number;
  case OP_SYMBOL:
    return symbol_value(p, in, n);
  case OP_NOT:
  case OP_BVNOT:
    return ~x;
  case OP_NEG:
    return 0 - x;
  case OP_ITE:
    return x ? y : p->value[n->arg[2]];
  case OP_SHL:
  case OP_LSHR:
  case OP_ASHR:
    return shift(n->op, x, y, n->width);
  case OP_UDIV:
  case OP_SDIV:
  case OP_UREM:
  case OP_SREM:
    return divide(n->op, x, y, n->width);
  case OP_CONCAT:
    return x << n->arg_width | y;
  case OP_EXTRACT:
    return x >> n->number;
  case OP_ZERO_EXT:
    return x;
  case OP_SIGN_EXT:
    return (uint64_t)sign(x, n->arg_width);
  default:
    return n->op >= OP_ULT || n->op == OP_EQ ? compare(n->op, x, y, n->arg_width)
                                             : arithmetic(n->op, x, y);
  }
}

/* Those nodes that depend on one of `on`; 0: all. */
static void run(struct term_program *p, const struct term_input *in, unsigned on)
{
  for (unsigned i = 0; i < p->count; i++) {
    const struct node *n = &p->node[i];
    if (on == 0 || (n->depends & on) != 0) {
      p->value[i] = evaluate(p, in, n) & UINT64_MAX >> (64 - n->width);
    }
  }
}

void term_run(struct term_program *p, const struct term_input *in)
{
  run(p, in, 0);
}

uint64_t term_value(const struct term_program *p, unsigned root)
{
  return p->root[root] ? p->value[p->root[root] - 1] : 0;
}

/* ------------------------------------------------------------------ trials */

static uint32_t out32(const struct term_program *p, unsigned root)
{
  return (uint32_t)term_value(p, root);
}

static uint32_t word_after(struct term_program *p, struct term_input *in, uint32_t number)
{
  in->some_word = number & (UINT32_MAX >> 2);
  run(p, in, ON_WORD);
  return out32(p, TERM_WORD);
}

/* As struct trial_result has it: the word that holds what differs, or where two do
 * the four bytes from the first that differs. */
static void find_store(struct term_program *p, struct term_input *in, struct trial_result *r)
{
  const struct trial_state *s = in->state[0];
  uint32_t number = out32(p, TERM_STORE_AT) / 4;
  uint32_t low = word_after(p, in, number), high = word_after(p, in, number + 1);
  uint64_t after = (uint64_t)high << 32 | low;
  uint64_t before = (uint64_t)view_word(in, s, number + 1) << 32 | view_word(in, s, number);
  uint64_t change = before ^ after;
  if (change == 0) {
    return;
  }
  unsigned first = (unsigned)__builtin_ctzll(change) / 8;
  unsigned last = 7 - (unsigned)__builtin_clzll(change) / 8;
  first = first / 4 == last / 4 ? first & 4u : first;
  r->stored = TRIAL_STORE_VIEW;
  r->store = (struct trial_cell){number * 4 + first, (uint32_t)(after >> 8 * first)};
  uint32_t other;
  r->stored_twice = trial_shows_twice(s, r->store.at, &other);
}

static void find_key(struct term_program *p, struct term_input *in, struct trial_result *r)
{
  in->some_key = out32(p, TERM_KEY_AT);
  run(p, in, ON_KEY);
  uint32_t key = out32(p, TERM_KEY);
  r->key_changed = key != block_key(in->state[0], in->some_key);
  if (r->key_changed) {
    r->key = (struct trial_key){in->some_key, (uint8_t)key};
  }
}

void term_trial(struct term_program *p, const struct trial_state *s,
                const struct term_devices *devices, struct trial_result *r)
{
  struct term_input in = {.state = {s, NULL}, .devices = devices};
  memset(r, 0, sizeof *r);
  run(p, &in, 0);
  r->trapped = term_value(p, TERM_MEMORY_TRAP) || term_value(p, TERM_OTHER_TRAP);
  if (r->trapped) {
    r->trap = (struct trap){.cause = (enum isa_cause)term_value(p, TERM_CAUSE),
                            .epc = s->pc,
                            .value = out32(p, TERM_VALUE),
                            .insn = view_word(&in, s, s->pc / 4)};
    return;
  }
  r->pc = out32(p, TERM_PC);
  r->reg[0] = out32(p, TERM_REG);
  for (in.some_reg = 1; in.some_reg < ISA_REG_COUNT; in.some_reg++) {
    run(p, &in, ON_REG);
    r->reg[in.some_reg] = out32(p, TERM_REG);
  }
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    r->cr[n] = out32(p, TERM_CR + n);
  }
  if (term_value(p, TERM_STORES)) {
    find_store(p, &in, r);
  }
  if (term_value(p, TERM_KEY_SETS)) {
    find_key(p, &in, r);
  }
  r->tlb_changed = out32(p, TERM_TLB) != 0;
  r->device_changed = out32(p, TERM_DEVICES) != 0;
  r->run_state = (enum machine_run_state)term_value(p, TERM_RUN);
}
