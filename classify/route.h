/* The three routes to an answer. Each works from the same questions and knows
 * nothing of the others, so that they can be held against each other.
 */
#ifndef TRAPEZE_CLASSIFY_ROUTE_H
#define TRAPEZE_CLASSIFY_ROUTE_H

#include <stdio.h>

#include "classify/question.h"

/* What one route says about one question. */
enum route_answer {
  ROUTE_UNKNOWN, /* not asked, the solver gave up, the host failed */
  ROUTE_YES,     /* with a witness, if has_witness */
  ROUTE_NO,
};
struct route_finding {
  enum route_answer answer;
  bool has_witness; /* the solver's uninterpreted devices give none */
  struct witness witness;
};

/* About all questions of one instruction in one model. */
struct route_findings {
  struct route_finding finding[QUESTION_COUNT];
  uint64_t states;  /* exhaustion, experiment: tried; solver: queries */
  bool host_failed; /* exhaustion, experiment: a NO may be none */
};

/* Solver: all states, by Z3 over the terms generated from the definition. */
struct solver;
struct solver *solver_create(const struct profile *profile, const char **reason);
void solver_destroy(struct solver *s);
void solver_ask(struct solver *s, enum isa_insn insn, enum model model, struct route_findings *out);
/* The query as SMT-LIB 2; satisfiable if and only if the answer is yes. */
void solver_print(struct solver *s, enum isa_insn insn, enum model model, enum question q,
                  FILE *out);

/* Exhaustion: every state of a small scope, through the machine's engine. */
struct exhaust;
struct exhaust *exhaust_create(const struct profile *profile, const char **reason);
void exhaust_destroy(struct exhaust *e);
void exhaust_ask(struct exhaust *e, enum isa_insn insn, enum model model,
                 struct route_findings *out);

/* Experiment: `count` random pairs of states of full size, through the engine. */
struct experiment;
struct experiment *experiment_create(const struct profile *profile, uint64_t seed, uint64_t count,
                                     const char **reason);
void experiment_destroy(struct experiment *e);
void experiment_ask(struct experiment *e, enum isa_insn insn, enum model model,
                    struct route_findings *out);

#endif
