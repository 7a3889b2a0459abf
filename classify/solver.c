/* The first route: all states, by Z3 over the terms made from the definition. */
#include <stdlib.h>
#include <string.h>

#include "classify/route.h"
#include "classify/solver_query.h"
#include "classify/terms_build.h"

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
    out->has_witness = small && witness_take(t, query, small, &out->witness);
    if (small) {
      Z3_model_dec_ref(z, small);
    }
  }
  if (!out->has_witness && model) {
    out->has_witness = witness_take(t, query, model, &out->witness);
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
