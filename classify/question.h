/* The questions: everything that Popek and Goldberg ask of an instruction is
 * whether some execution, or some pair of executions, exists. A *no* needs proof
 * or exhaustion; a *yes* is a witness that anybody can run.
 */
#ifndef TRAPEZE_CLASSIFY_QUESTION_H
#define TRAPEZE_CLASSIFY_QUESTION_H

#include "classify/trial.h"

/* Executions with a memory trap (enum isa_cause_kind) witness nothing. */
enum question {
  /* Two states that differ in the mode alone, 0 and the least privileged one; and
   * not: it traps in the latter and does not in the former. */
  QUESTION_UNPRIVILEGED,
  /* One execution that does not trap and changes a component of K, but for the
   * clock's advance. */
  QUESTION_CONTROL,
  /* Two states that differ only in R, only in M, only in K; both executions free of
   * memory traps; and the results differ outside K. Where the modes differ, both must
   * not trap: a trap on account of the mode is protection, not disclosure. Where the
   * modes are equal, trapping or not, and the cause, is a result. */
  QUESTION_LOCATION,
  QUESTION_MODE,
  QUESTION_RESOURCE,
  /* CONTROL in the least privileged mode; RESOURCE with both states in it. */
  QUESTION_USER_CONTROL,
  QUESTION_USER_RESOURCE,
  QUESTION_COUNT
};
/* "unprivileged", "control", … */
const char *question_name(enum question q);
/* 1: CONTROL and USER_CONTROL; else 2. */
unsigned question_states(enum question q);

struct witness {
  struct trial_state state[2]; /* [1] only if question_states() is 2 */
  struct trial_result result[2];
};

/* An execution that witnesses nothing: it ends in a memory trap, or has stored what the view
 * shows twice. */
bool question_shows_nothing(const struct trial_result *r);
/* Whether, where both show a word, it is the same. */
bool question_same_view(const struct trial_state *a, const struct trial_state *b);
/* Whether these executions are a witness. */
bool question_judge(enum question q, enum model model, const struct profile *profile,
                    const struct witness *w);
/* The components of K in which the states differ; those that an execution changed. */
component_set question_differing(const struct profile *profile, const struct witness *w);
component_set question_changed(const struct profile *profile, const struct trial_state *before,
                               const struct trial_result *after);
/* How small a witness is, for a person: words, bits and components away from the
 * state after reset. The smaller the better. */
unsigned question_size(const struct profile *profile, enum question q, const struct witness *w);
/* Makes a witness smaller step by step while it stays one, by running it. */
void question_shrink(enum question q, enum model model, const struct profile *profile,
                     struct trial_machine *t, struct witness *w);

#endif
