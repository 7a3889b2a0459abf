/* From a model to states that anybody can run.
 *
 * A model gives a value to every symbol; most of them do not matter. What is taken is
 * made smaller at once, by evaluating the formula without one word or register after
 * the other. What the formula says in the end of the states as they are handed out
 * decides whether they are a witness. */
#include "classify/solver_query.h"
#include "classify/terms_eval.h"
#include "classify/terms_internal.h"
#include "machine/keys.h"

#define MAX_WORDS 32

struct taking {
  Z3_context z;
  Z3_model model;
  const struct query *query;
  struct term_program *formula;
  struct term_input in;
  struct witness *w;
  struct trial_cell word[MAX_WORDS]; /* of the view, which both states share */
  unsigned words;
};

static uint32_t number_in(const struct taking *x, Z3_ast term)
{
  Z3_ast value = NULL;
  uint64_t number = 0;
  if (Z3_model_eval(x->z, x->model, term, true, &value)) {
    Z3_get_numeral_uint64(x->z, value, &number);
  }
  return (uint32_t)number;
}

static uint32_t argument_in(const struct taking *x, Z3_ast application, unsigned i)
{
  return number_in(x, Z3_get_app_arg(x->z, Z3_to_app(x->z, application), i));
}

static bool holds(struct taking *x)
{
  x->in.view = x->word;
  x->in.view_count = x->words;
  term_run(x->formula, &x->in);
  return term_value(x->formula, 0) != 0;
}

/* ------------------------------------------------------------------ taking */

/* The i-th place where the formula reads a map, and what the model has there. */
static uint32_t take_read(const struct taking *x, Z3_func_decl map, unsigned i, uint32_t *value)
{
  Z3_ast read = term_read(x->formula, map, i);
  *value = number_in(x, read);
  return argument_in(x, read, 0);
}

static void take_registers(const struct taking *x, Z3_func_decl reg, struct trial_state *s)
{
  for (unsigned i = 0; i < term_reads(x->formula, reg); i++) {
    uint32_t value, n = take_read(x, reg, i, &value);
    s->reg[n] = n == REG_ZERO ? 0 : value;
  }
}

static bool has_key(const struct trial_state *s, uint32_t block)
{
  for (unsigned i = 0; i < s->key_count; i++) {
    if (s->key[i].block == block) {
      return true;
    }
  }
  return false;
}

static bool take_keys(const struct taking *x, Z3_func_decl map, struct trial_state *s)
{
  for (unsigned i = 0; i < term_reads(x->formula, map); i++) {
    uint32_t key, block = take_read(x, map, i, &key);
    if (key == 0 || has_key(s, block) || block >= s->storage >> KEY_BLOCK_SHIFT) {
      continue;
    }
    if (s->key_count == TRIAL_KEYS) {
      return false;
    }
    s->key[s->key_count++] = (struct trial_key){block, (uint8_t)key};
  }
  return true;
}

static bool take_state(const struct taking *x, const struct term_state *from, struct trial_state *s)
{
  *s = (struct trial_state){0};
  s->storage = number_in(x, from->storage);
  s->pc = number_in(x, from->pc);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    s->cr[n] = from->cr[n] ? number_in(x, from->cr[n]) : 0;
  }
  take_registers(x, from->reg, s);
  return take_keys(x, from->key, s);
}

static bool has_word(const struct taking *x, uint32_t at)
{
  for (unsigned i = 0; i < x->words; i++) {
    if (x->word[i].at == at) {
      return true;
    }
  }
  return false;
}

static void take_words(struct taking *x)
{
  Z3_func_decl view = x->query->state[0].view;
  for (unsigned i = 0; i < term_reads(x->formula, view) && x->words < MAX_WORDS; i++) {
    uint32_t value, at = take_read(x, view, i, &value) * 4;
    if (value != 0 && !has_word(x, at)) {
      x->word[x->words++] = (struct trial_cell){at, value};
    }
  }
}

/* -------------------------------------------------------------------- maps */

/* One entry of a state's map, of what the formula says of a page. */
static bool add_entry(struct map *m, struct map_entry e)
{
  bool tlb = (m->mmu & ISA_FEATURE_MMU_TLB) != 0;
  if (!(e.word & PTE_VALID) || map_find(m, e.space, e.page)) {
    return true;
  }
  e.word = (e.word & ~PTE_GLOBAL) | (tlb ? 0 : PTE_ACCESSED | PTE_DIRTY);
  if (m->count < MAP_ENTRIES) {
    m->entry[m->count++] = e;
    return true;
  }
  return false;
}

/* Whether both states of a pair look into the map of state i: page tables lie in storage,
 * and perhaps there is but one TLB. */
static bool shares_map(const struct taking *x)
{
  const struct term_state *s = x->query->state;
  return x->query->states == 2 && (!s[0].tlb || number_in(x, s[0].tlb) == number_in(x, s[1].tlb));
}

/* A map has the same name in both states if they have the same one; or if the model has no
 * reason to tell them apart. */
static bool take_page(struct taking *x, const uint32_t name[2], Z3_ast read)
{
  uint32_t map = argument_in(x, read, 0), page = argument_in(x, read, 1) * ISA_PAGE_SIZE;
  uint32_t word = number_in(x, read);
  for (unsigned i = 0; i < x->query->states; i++) {
    struct trial_state *s = &x->w->state[i];
    struct map_entry e = {map_space(&s->map, s->cr), page, word};
    if (name[i] == map && (!add_entry(&s->map, e) ||
                           (shares_map(x) && !add_entry(&x->w->state[!i].map, e)))) {
      return false;
    }
  }
  return true;
}

static bool take_maps(struct taking *x, struct terms *t)
{
  uint32_t name[2] = {0, 0}, mmu = map_mmu(t->profile);
  for (unsigned i = 0; i < x->query->states; i++) {
    x->w->state[i].map = (struct map){.mmu = mmu};
    name[i] = mmu ? number_in(x, terms_map(t, &x->query->state[i])) : 0;
  }
  Z3_func_decl pages = terms_function(t, TERM_SYMBOL_PAGE, 0, 0);
  for (unsigned i = 0; mmu != 0 && i < term_reads(x->formula, pages); i++) {
    if (!take_page(x, name, term_read(x->formula, pages, i))) {
      return false;
    }
  }
  return true;
}

/* The entry for that page of that space, in each state that has it. */
static void put_entry(struct taking *x, struct map_entry e)
{
  for (unsigned i = 0; i < x->query->states; i++) {
    struct map *m = &x->w->state[i].map;
    for (unsigned k = 0; k < m->count; k++) {
      if (m->entry[k].space == e.space && m->entry[k].page == e.page) {
        m->entry[k].word = e.word;
      }
    }
  }
}

/* Whether another page of its space has the entry's frame, or its frame is a directory. */
static bool frame_is_taken(const struct map *m, const struct map_entry *e, uint32_t frame)
{
  for (unsigned i = 0; i < m->count; i++) {
    const struct map_entry *o = &m->entry[i];
    if (o->space == frame || (o->space == e->space && o->page != e->page &&
                              pte_frame(o->word) == frame)) {
      return true;
    }
  }
  return false;
}

/* What the model says of frames is often all the same. Where a frame cannot be, another one
 * will do if the formula still holds. False: none does. */
static bool find_frame(struct taking *x, struct map *m, unsigned i)
{
  const uint32_t storage = x->w->state[0].storage;
  const struct map_entry e = m->entry[i];
  struct map_entry other = e;
  if (pte_frame(e.word) >= storage || !frame_is_taken(m, &e, pte_frame(e.word))) {
    return true;
  }
  for (uint32_t frame = 0; frame < storage; frame += ISA_PAGE_SIZE) {
    other.word = (e.word & ~PTE_FRAME_MASK) | frame;
    if (!frame_is_taken(m, &e, frame)) {
      put_entry(x, other);
      if (holds(x)) {
        return true;
      }
    }
  }
  return false;
}

static bool drop_entry(struct taking *x, unsigned state, unsigned i)
{
  const struct witness before = *x->w;
  const struct map_entry e = x->w->state[state].map.entry[i];
  for (unsigned k = 0; k < x->query->states; k++) {
    struct map *m = &x->w->state[k].map;
    for (unsigned n = m->count; n-- > 0;) {
      if (m->entry[n].space == e.space && m->entry[n].page == e.page) {
        m->entry[n] = m->entry[--m->count];
      }
    }
  }
  if (!holds(x)) {
    *x->w = before;
    return false;
  }
  return true;
}

/* Maps of as few pages as will do, each in a frame of its own. */
static bool settle_maps(struct taking *x)
{
  for (unsigned state = 0; state < x->query->states; state++) {
    for (unsigned i = x->w->state[state].map.count; i-- > 0;) {
      drop_entry(x, state, i);
    }
  }
  for (unsigned state = 0; state < x->query->states; state++) {
    struct map *m = &x->w->state[state].map;
    for (unsigned i = 0; i < m->count; i++) {
      if (!find_frame(x, m, i)) {
        return false;
      }
    }
  }
  return true;
}

/* ----------------------------------------------------------------- reducing */

/* The last word takes the place of the one that goes. */
static void reduce_words(struct taking *x)
{
  for (unsigned i = x->words; i-- > 0;) {
    struct trial_cell gone = x->word[i];
    x->word[i] = x->word[--x->words];
    if (gone.at == x->w->state[0].pc || !holds(x)) {
      x->word[x->words++] = x->word[i];
      x->word[i] = gone;
    }
  }
}

static void reduce_registers(struct taking *x)
{
  for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
    uint32_t value = x->w->state[0].reg[r];
    x->w->state[0].reg[r] = x->w->state[1].reg[r] = 0;
    if (value != 0 && !holds(x)) {
      x->w->state[0].reg[r] = x->w->state[1].reg[r] = value;
    }
  }
}

/* The terms say nothing of where page tables lie, nor that two addresses can show one word.
 * What they take for a pair of states need not be one. */
static bool can_be(const struct taking *x)
{
  const struct trial_state *s = x->w->state;
  for (unsigned i = 0; i < x->query->states; i++) {
    if (!trial_is_laid_out(&s[i])) {
      return false;
    }
  }
  return x->query->states == 1 || question_same_view(&s[0], &s[1]);
}

/* To each state the words that it shows; those that neither does go. */
static bool give_words(struct taking *x)
{
  uint32_t pa;
  for (unsigned i = x->words; i-- > 0;) {
    bool shown = false;
    for (unsigned k = 0; k < x->query->states; k++) {
      struct trial_state *s = &x->w->state[k];
      if (!trial_shows(s, x->word[i].at, &pa)) {
        continue;
      }
      if (s->view_count == TRIAL_CELLS) {
        return false;
      }
      s->view[s->view_count++] = x->word[i];
      shown = true;
    }
    if (!shown) {
      x->word[i] = x->word[--x->words];
    }
  }
  return true;
}

static bool take_all(struct taking *x, struct terms *t)
{
  for (unsigned i = 0; i < x->query->states; i++) {
    if (!take_state(x, &x->query->state[i], &x->w->state[i])) {
      return false;
    }
  }
  take_words(x);
  if (!take_maps(x, t) || !holds(x) || !settle_maps(x)) {
    return false;
  }
  reduce_words(x);
  reduce_registers(x);
  return give_words(x) && holds(x) && can_be(x);
}

/* The results, by the terms. False also: where one is stored cannot be told. */
static bool take_results(struct terms *t, unsigned states, struct witness *w)
{
  struct term_state s;
  struct term_result r;
  terms_state(t, 0, 0, &s);
  terms_execute(t, &s, &r);
  struct term_program *p = term_compile(t, r.output, TERM_OUTPUTS);
  bool told = p != NULL;
  for (unsigned i = 0; told && i < states; i++) {
    term_trial(p, &w->state[i], NULL, &w->result[i]);
    told = !w->result[i].stored_twice;
  }
  term_program_destroy(p);
  return told;
}

/* What a model says of devices of which nothing is known is no state of real ones. */
static bool uses_unknown(const struct terms *t)
{
  for (unsigned i = 0; i < terms_symbol_count(t); i++) {
    switch (terms_symbol(t, i)->kind) {
    case TERM_SYMBOL_PORT_EXISTS:
    case TERM_SYMBOL_SIO:
    case TERM_SYMBOL_AFTER_SIO:
    case TERM_SYMBOL_TIO:
      return true;
    default:
      break;
    }
  }
  return false;
}

bool witness_take(struct terms *t, const struct query *query, Z3_model model, struct witness *w)
{
  if (uses_unknown(t)) {
    return false;
  }
  Z3_ast whole = query_whole(t, query);
  struct taking x = {.z = terms_z3(t), .model = model, .query = query, .w = w};
  x.formula = term_compile(t, &whole, 1);
  x.in.state[0] = &w->state[0];
  x.in.state[1] = &w->state[query->states - 1];
  x.in.some_reg = number_in(&x, terms_some(t, TERM_SYMBOL_SOME_REG));
  x.in.some_word = number_in(&x, terms_some(t, TERM_SYMBOL_SOME_WORD));
  x.in.some_key = number_in(&x, terms_some(t, TERM_SYMBOL_SOME_KEY));
  bool taken = x.formula && take_all(&x, t) && take_results(t, query->states, w);
  term_program_destroy(x.formula);
  return taken;
}
