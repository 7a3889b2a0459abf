/* The first route: all states, by Z3 over the terms made from the definition. */
#include <stdlib.h>
#include <string.h>

#include "classify/route.h"
#include "classify/solver_query.h"
#include "classify/terms_build.h"
#include "classify/terms_eval.h"
#include "machine/keys.h"

/* No query comes near; Z3 gives up there, the same on every host. */
#define RESOURCE_LIMIT 200000000u

struct solver {
  const struct profile *profile;
};

struct solver *solver_create(const struct profile *profile, const char **reason)
{
  uint32_t other = ISA_FEATURE_MMU_TLB | ISA_FEATURE_MMU_PAGED | ISA_FEATURE_MMU_NESTED;
  if (profile_features(profile) & other) {
    *reason = "the solver knows no MMU but bounds";
    return NULL;
  }
  struct solver *s = calloc(1, sizeof *s);
  *reason = s ? NULL : "out of memory";
  if (s) {
    s->profile = profile;
  }
  return s;
}

void solver_destroy(struct solver *s)
{
  free(s);
}

const struct profile *solver_profile(const struct solver *s)
{
  return s->profile;
}

/* --------------------------------------------------------------- witnesses */

static uint32_t number_in(Z3_context z, Z3_model model, Z3_ast term)
{
  Z3_ast value = NULL;
  uint64_t number = 0;
  if (Z3_model_eval(z, model, term, true, &value)) {
    Z3_get_numeral_uint64(z, value, &number);
  }
  return (uint32_t)number;
}

struct taking {
  Z3_context z;
  Z3_model model;
  const struct term_program *query; /* whose reads are what matters */
};

static void take_constants(const struct taking *x, const struct term_state *from,
                           struct trial_state *s)
{
  s->storage = number_in(x->z, x->model, from->storage);
  s->pc = number_in(x->z, x->model, from->pc);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    s->cr[n] = from->cr[n] ? number_in(x->z, x->model, from->cr[n]) : 0;
  }
}

/* The i-th place where the query reads a map, and what the model has there. */
static uint32_t take_read(const struct taking *x, Z3_func_decl map, unsigned i, uint32_t *value)
{
  Z3_ast at = term_read(x->query, map, i);
  *value = number_in(x->z, x->model, term_apply1(x->z, map, at));
  return number_in(x->z, x->model, at);
}

static void take_registers(const struct taking *x, Z3_func_decl reg, struct trial_state *s)
{
  for (unsigned i = 0; i < term_reads(x->query, reg); i++) {
    uint32_t value, n = take_read(x, reg, i, &value);
    s->reg[n] = n == REG_ZERO ? 0 : value;
  }
}

/* Whether it is one already, or cannot be one; words that are 0 need no cell. */
static bool needs_cell(const struct trial_state *s, uint32_t at, uint32_t word)
{
  uint32_t pa;
  for (unsigned i = 0; i < s->view_count; i++) {
    if (s->view[i].at == at) {
      return false;
    }
  }
  return word != 0 && trial_shows(s, at, &pa) && s->storage - pa >= 4;
}

static bool take_view(const struct taking *x, Z3_func_decl view, struct trial_state *s)
{
  for (unsigned i = 0; i < term_reads(x->query, view); i++) {
    uint32_t word, at = take_read(x, view, i, &word) * 4;
    if (!needs_cell(s, at, word)) {
      continue;
    }
    if (s->view_count == TRIAL_CELLS) {
      return false;
    }
    s->view[s->view_count++] = (struct trial_cell){at, word};
  }
  return true;
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
  for (unsigned i = 0; i < term_reads(x->query, map); i++) {
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
  take_constants(x, from, s);
  take_registers(x, from->reg, s);
  return take_view(x, from->view, s) && take_keys(x, from->key, s);
}

static bool uses_devices(const struct terms *t)
{
  for (unsigned i = 0; i < terms_symbol_count(t); i++) {
    if (terms_symbol(t, i)->kind == TERM_SYMBOL_PORT_EXISTS) {
      return true;
    }
  }
  return false;
}

/* The results of the witness, by the terms. */
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

/* A model is a witness if the formula holds in the states taken from it: what it says
 * of uninterpreted devices, or of more words than a state has room for, is lost. */
static bool take_witness(struct terms *t, const struct query *query, Z3_model model,
                         struct witness *w)
{
  Z3_context z = terms_z3(t);
  if (uses_devices(t)) {
    return false;
  }
  Z3_ast whole = query_whole(t, query);
  struct term_program *p = term_compile(t, &whole, 1);
  struct taking x = {z, model, p};
  bool taken = p != NULL;
  for (unsigned i = 0; i < query->states && taken; i++) {
    taken = take_state(&x, &query->state[i], &w->state[i]);
  }
  if (taken) {
    struct term_input in = {
        .state = {&w->state[0], &w->state[query->states - 1]},
        .some_reg = number_in(z, model, terms_some(t, TERM_SYMBOL_SOME_REG)),
        .some_word = number_in(z, model, terms_some(t, TERM_SYMBOL_SOME_WORD)),
        .some_key = number_in(z, model, terms_some(t, TERM_SYMBOL_SOME_KEY)),
    };
    term_run(p, &in);
    taken = term_value(p, 0) != 0 && take_results(t, query->states, w);
  }
  term_program_destroy(p);
  return taken;
}

/* ------------------------------------------------------------------ asking */

static Z3_solver make_solver(Z3_context z)
{
  Z3_solver solver = Z3_mk_simple_solver(z);
  Z3_solver_inc_ref(z, solver);
  Z3_params params = Z3_mk_params(z);
  Z3_params_inc_ref(z, params);
  Z3_params_set_uint(z, params, Z3_mk_string_symbol(z, "rlimit"), RESOURCE_LIMIT);
  Z3_solver_set_params(z, solver, params);
  Z3_params_dec_ref(z, params);
  return solver;
}

/* A state that a person can read: little storage, whole pages, small numbers. */
static Z3_ast is_small(struct terms *t, const struct query *query)
{
  Z3_context z = terms_z3(t);
  Z3_ast small = term_eq(z, query->state[0].storage, term_number(z, 32, MACHINE_MIN_STORAGE));
  for (unsigned i = 0; i < query->states; i++) {
    const Z3_ast *cr = query->state[i].cr;
    for (unsigned n = CR_BASE; cr[CR_BASE] && n <= CR_BOUND; n++) {
      small = term_and(z, small, term_eq(z, term_bits(z, cr[n], 11, 0), term_number(z, 12, 0)));
      small = term_and(z, small, Z3_mk_bvule(z, cr[n], term_number(z, 32, MACHINE_MIN_STORAGE)));
    }
  }
  Z3_ast pc = term_number(z, 32, ISA_RESET_PC);
  return term_and(z, small, term_eq(z, query->state[0].pc, pc));
}

static Z3_model model_of(Z3_context z, Z3_solver solver)
{
  Z3_model model = Z3_solver_get_model(z, solver);
  if (model) {
    Z3_model_inc_ref(z, model);
  }
  return model;
}

/* The solver has found that there is such a state: a small one if there is one. */
static void find_witness(struct terms *t, const struct query *query, Z3_solver solver,
                         struct route_finding *out)
{
  Z3_context z = terms_z3(t);
  Z3_model model = model_of(z, solver);
  Z3_solver_push(z, solver);
  Z3_solver_assert(z, solver, is_small(t, query));
  if (Z3_solver_check(z, solver) == Z3_L_TRUE) {
    Z3_model small = model_of(z, solver);
    out->has_witness = small && take_witness(t, query, small, &out->witness);
    if (small) {
      Z3_model_dec_ref(z, small);
    }
  }
  if (!out->has_witness && model) {
    out->has_witness = take_witness(t, query, model, &out->witness);
  }
  if (model) {
    Z3_model_dec_ref(z, model);
  }
}

static void ask(struct terms *t, enum question q, enum model model, struct route_findings *out)
{
  Z3_context z = terms_z3(t);
  struct query query;
  struct route_finding *f = &out->finding[q];
  query_build(t, q, model, &query);
  out->states++;
  Z3_ast asks = Z3_simplify(z, query.asks);
  if (term_is(z, asks, false)) {
    f->answer = ROUTE_NO;
    return;
  }
  Z3_solver solver = make_solver(z);
  Z3_solver_assert(z, solver, query.encoded);
  Z3_solver_assert(z, solver, query.legal[0]);
  if (query.states == 2) {
    Z3_solver_assert(z, solver, query.legal[1]);
  }
  Z3_solver_assert(z, solver, asks);
  Z3_lbool sat = Z3_solver_check(z, solver);
  f->answer = sat == Z3_L_TRUE ? ROUTE_YES : sat == Z3_L_FALSE ? ROUTE_NO : ROUTE_UNKNOWN;
  if (f->answer == ROUTE_YES) {
    find_witness(t, &query, solver, f);
  }
  Z3_solver_dec_ref(z, solver);
}

void solver_ask(struct solver *s, enum isa_insn insn, enum model model, struct route_findings *out)
{
  memset(out, 0, sizeof *out);
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    out->finding[q].answer = ROUTE_NO;
  }
  if (profile_behaviour(s->profile, insn, 0)->kind == PROFILE_ABSENT) {
    return;
  }
  struct terms *t = terms_create(s->profile, insn);
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    if (t) {
      ask(t, (enum question)q, model, out);
    } else {
      out->finding[q].answer = ROUTE_UNKNOWN;
    }
  }
  terms_destroy(t);
}
