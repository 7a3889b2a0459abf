/* The first route: all states, by Z3 over the terms made from the definition. */
#include <stdlib.h>
#include <string.h>

#include "classify/route.h"
#include "classify/solver_query.h"
#include "classify/terms_build.h"
#include "classify/z3_late.h"

/* No query comes near; Z3 gives up there, the same on every host. */
#define RESOURCE_LIMIT 200000000u

struct solver {
  const struct profile *profile;
};

struct solver *solver_create(const struct profile *profile, const char **reason)
{
  z3_begin_thread();
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

/* Directories in the upper half of storage, and no table elsewhere. */
static Z3_ast has_near_tables(struct terms *t, const struct query *query)
{
  Z3_context z = terms_z3(t);
  Z3_ast near = term_not(z, terms_some(t, TERM_SYMBOL_ASTRAY));
  for (unsigned i = 0; i < query->states; i++) {
    Z3_ast ptbr = query->state[i].cr[CR_PTBR];
    if (ptbr) {
      Z3_ast upper = term_bits(z, ptbr, 31, 16);
      near = term_and(z, near, term_eq(z, upper, term_number(z, 16, MACHINE_MIN_STORAGE >> 16)));
    }
  }
  return near;
}

/* A state that a person can read: little storage, whole pages, small numbers. */
static Z3_ast is_small(struct terms *t, const struct query *query)
{
  Z3_context z = terms_z3(t);
  bool pages = query->state[0].cr[CR_BASE] == NULL;
  uint32_t storage = pages ? 2 * MACHINE_MIN_STORAGE : MACHINE_MIN_STORAGE;
  Z3_ast small = term_eq(z, query->state[0].storage, term_number(z, 32, storage));
  small = pages ? term_and(z, small, has_near_tables(t, query)) : small;
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

static bool take_model(struct terms *t, const struct query *query, Z3_solver solver,
                       struct witness *w)
{
  Z3_context z = terms_z3(t);
  Z3_model model = Z3_solver_get_model(z, solver);
  if (!model) {
    return false;
  }
  Z3_model_inc_ref(z, model);
  bool taken = witness_take(t, query, model, w);
  Z3_model_dec_ref(z, model);
  return taken;
}

static enum route_answer answer_of(Z3_lbool sat)
{
  return sat == Z3_L_TRUE ? ROUTE_YES : sat == Z3_L_FALSE ? ROUTE_NO : ROUTE_UNKNOWN;
}

/* First with the assumption that the state is small. That there is none is a proof for
 * all states if the assumption had no part in it. */
static void decide(struct terms *t, const struct query *query, Z3_solver solver,
                   struct route_finding *out)
{
  Z3_context z = terms_z3(t);
  Z3_ast small = Z3_mk_const(z, Z3_mk_string_symbol(z, "small"), Z3_mk_bool_sort(z));
  Z3_solver_assert(z, solver, Z3_mk_implies(z, small, is_small(t, query)));
  out->answer = answer_of(Z3_solver_check_assumptions(z, solver, 1, &small));
  if (out->answer == ROUTE_YES && take_model(t, query, solver, &out->witness)) {
    out->has_witness = true;
    return;
  }
  if (out->answer == ROUTE_NO && Z3_ast_vector_size(z, Z3_solver_get_unsat_core(z, solver)) == 0) {
    return;
  }
  Z3_lbool sat = Z3_solver_check(z, solver);
  out->answer = answer_of(sat);
  out->has_witness = sat == Z3_L_TRUE && take_model(t, query, solver, &out->witness);
}

static void ask(struct terms *t, enum question q, enum model model, struct route_findings *out)
{
  Z3_context z = terms_z3(t);
  struct query query;
  query_build(t, q, model, &query);
  out->states++;
  Z3_ast asks = Z3_simplify(z, query.asks);
  if (term_is(z, asks, false)) {
    return;
  }
  Z3_solver solver = make_solver(z);
  Z3_solver_assert(z, solver, query.encoded);
  Z3_solver_assert(z, solver, query.legal[0]);
  if (query.states == 2) {
    Z3_solver_assert(z, solver, query.legal[1]);
  }
  Z3_solver_assert(z, solver, asks);
  decide(t, &query, solver, &out->finding[q]);
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
