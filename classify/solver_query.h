/* The questions of question.h as formulas. Inside classify/ only. */
#ifndef TRAPEZE_CLASSIFY_SOLVER_QUERY_H
#define TRAPEZE_CLASSIFY_SOLVER_QUERY_H

#include "classify/question.h"
#include "classify/terms.h"

struct solver;
const struct profile *solver_profile(const struct solver *s);

/* Satisfiable together: the answer is yes. */
struct query {
  unsigned states;
  struct term_state state[2];
  Z3_ast encoded;  /* the operands are those of a defined encoding */
  Z3_ast legal[2]; /* each state is one that the questions are about */
  Z3_ast asks;     /* what the question asks of the executions */
};
void query_build(struct terms *t, enum question q, enum model model, struct query *out);
Z3_ast query_whole(struct terms *t, const struct query *query);

/* solver_witness.c: concrete states from a model of the query. False: there are none
 * that trial_run() could be given, or none that this route can vouch for. */
bool witness_take(struct terms *t, const struct query *query, Z3_model model, struct witness *w);

#endif
