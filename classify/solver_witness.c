/* From a model to states that anybody can run.
 *
 * A model gives a value to every symbol; most of them do not matter. What is taken is
 * made smaller at once, by evaluating the formula without one word or register after
 * the other. What the formula says in the end of the states as they are handed out
 * decides whether they are a witness. */
#include "classify/solver_query.h"
#include "classify/terms_build.h"
#include "classify/terms_eval.h"
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
  Z3_ast at = term_read(x->formula, map, i);
  *value = number_in(x, term_apply1(x->z, map, at));
  return number_in(x, at);
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

static bool take_all(struct taking *x)
{
  for (unsigned i = 0; i < x->query->states; i++) {
    if (!take_state(x, &x->query->state[i], &x->w->state[i])) {
      return false;
    }
  }
  take_words(x);
  if (!holds(x)) {
    return false;
  }
  reduce_words(x);
  reduce_registers(x);
  return give_words(x) && holds(x);
}

/* The results, by the terms. */
static bool take_results(struct terms *t, unsigned states, struct witness *w)
{
  struct term_state s;
  struct term_result r;
  terms_state(t, 0, 0, &s);
  terms_execute(t, &s, &r);
  struct term_program *p = term_compile(t, r.output, TERM_OUTPUTS);
  for (unsigned i = 0; p && i < states; i++) {
    term_trial(p, &w->state[i], NULL, &w->result[i]);
  }
  term_program_destroy(p);
  return p != NULL;
}

/* What a model says of devices, or of maps, of which nothing is known is no state of real
 * ones. */
static bool uses_unknown(const struct terms *t)
{
  for (unsigned i = 0; i < terms_symbol_count(t); i++) {
    switch (terms_symbol(t, i)->kind) {
    case TERM_SYMBOL_PORT_EXISTS:
    case TERM_SYMBOL_SIO:
    case TERM_SYMBOL_AFTER_SIO:
    case TERM_SYMBOL_TIO:
    case TERM_SYMBOL_MAP:
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
  bool taken = x.formula && take_all(&x) && take_results(t, query->states, w);
  term_program_destroy(x.formula);
  return taken;
}
