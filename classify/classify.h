/* The classification of a profile: for each instruction what the 1974 paper
 * asks, how each answer is known, and what follows for the three theorems.
 */
#ifndef TRAPEZE_CLASSIFY_CLASSIFY_H
#define TRAPEZE_CLASSIFY_CLASSIFY_H

#include "classify/route.h"

enum classify_how {
  CLASSIFY_PROVED,    /* no such state: the solver, for all states */
  CLASSIFY_EXHAUSTED, /* no such state in the scope */
  CLASSIFY_WITNESSED, /* a pair of states, run on the engine */
  CLASSIFY_SAMPLED,   /* no such state was met */
  CLASSIFY_SOLVED,    /* such a state exists, says the solver; none was run */
  CLASSIFY_UNKNOWN
};

struct classify_answer {
  bool yes;
  enum classify_how how;
  const struct witness *witness; /* the smallest found; NULL if none */
  /* What each route said; ROUTE_UNKNOWN for those that were not asked. */
  enum route_answer by_solver, by_exhaustion, by_experiment;
};

struct classify_insn {
  enum isa_insn insn;
  bool present; /* else nothing below is set */
  bool errant;  /* sys, brk, hcall: traps in every mode */
  struct classify_answer answer[QUESTION_COUNT];
  /* Derived. */
  bool privileged, control, location, mode, resource; /* resource: any of K */
  bool sensitive, user_sensitive, innocuous;
};

/* Of these questions (1u << QUESTION_…) the weakest no: CLASSIFY_PROVED, _EXHAUSTED,
 * _SAMPLED or _UNKNOWN; _PROVED if there is none. */
#define CLASSIFY_PRIVILEGED_BY (1u << QUESTION_UNPRIVILEGED)
#define CLASSIFY_SENSITIVE_BY                                                                      \
  (1u << QUESTION_CONTROL | 1u << QUESTION_LOCATION | 1u << QUESTION_MODE | 1u << QUESTION_RESOURCE)
#define CLASSIFY_USER_BY (1u << QUESTION_USER_CONTROL | 1u << QUESTION_USER_RESOURCE)
enum classify_how classify_how_no(const struct classify_insn *i, unsigned questions);
/* A no that was only sampled, or not found out, is none yet. */
static inline bool classify_open(enum classify_how how)
{
  return how == CLASSIFY_SAMPLED || how == CLASSIFY_UNKNOWN;
}

enum classify_theorem {
  CLASSIFY_THEOREM_1,
  CLASSIFY_THEOREM_2,
  CLASSIFY_THEOREM_3,
  CLASSIFY_THEOREMS
};

enum {
  CLASSIFY_SOLVER = 1,
  CLASSIFY_EXHAUSTION = 2,
  CLASSIFY_EXPERIMENT = 4,
  CLASSIFY_ALL_ROUTES = 7
};

/* What was found for one profile serves others: an instruction that behaves alike in
 * profiles with the same modes and features has the same answers. Holds results, so it
 * must outlive the classifications made with it. NULL: out of memory. */
struct classify_memo;
struct classify_memo *classify_memo_create(void);
void classify_memo_destroy(struct classify_memo *m);

struct classify_options {
  enum model model;
  unsigned routes; /* CLASSIFY_SOLVER | … */
  /* Of the experiment; samples 0: the default. With fewer, that it met nothing contradicts
   * no other route that did. */
  uint64_t seed, samples;
  unsigned threads;           /* at most; the answers do not depend on it */
  struct classify_memo *memo; /* borrowed; NULL: nothing is shared */
  const enum isa_insn *only;  /* this one; the others are as if absent. NULL: all */
  /* Called after each instruction, by one thread at a time; NULL for none. */
  void (*progress)(void *ctx, unsigned done, unsigned of);
  void *ctx;
};

struct classification;
/* NULL with a sentence in *reason: the host failed. The profile is borrowed. */
struct classification *classify_profile(const struct profile *profile,
                                        const struct classify_options *options,
                                        const char **reason);
void classification_destroy(struct classification *c);

const struct profile *classification_profile(const struct classification *c);
enum model classification_model(const struct classification *c);
const struct classify_insn *classification_insn(const struct classification *c, enum isa_insn insn);
/* Whether no instruction is known to stand in the theorem's way. It is no better known
 * than classification_how() says. */
bool classification_holds(const struct classification *c, enum classify_theorem t);
/* How it is known that no instruction, or no other one, stands in the theorem's way: the
 * weakest of the noes on which that rests. CLASSIFY_PROVED, _EXHAUSTED, _SAMPLED or
 * _UNKNOWN. */
enum classify_how classification_how(const struct classification *c, enum classify_theorem t);
/* Random pairs of states for each instruction, where there was an experiment. */
uint64_t classification_samples(const struct classification *c);
/* Whether this instruction stands in the theorem's way. */
bool classification_offends(const struct classification *c, enum classify_theorem t,
                            enum isa_insn insn);
/* Routes that contradict each other: an error of ours. The number, and the first
 * one's sentence (owned by c). */
unsigned classification_disagreements(const struct classification *c, const char **first);

#endif
