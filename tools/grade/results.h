/* What a grading found: the one model from which every format is written.
 */
#ifndef TRAPEZE_TOOLS_GRADE_RESULTS_H
#define TRAPEZE_TOOLS_GRADE_RESULTS_H

#include <stdio.h>

#include "tools/grade/check.h"

enum result_state { RESULT_NOT_RUN, RESULT_PASSED, RESULT_FAILED };

struct result {
  const struct lab_test *test;
  enum result_state state;
  unsigned score;
  char *text;    /* why it failed, for the student; NULL: nothing. Whole, whatever is revealed */
  char *printed; /* what the submission printed, cut; NULL: nothing, or a hidden test */
  double cpu;    /* seconds of the submission's process */
};

struct results {
  const struct lab *lab;
  enum sandbox_rung rung;
  uint64_t seed;
  char *problem;         /* it could not be handed in or built, and no test was run; NULL: none */
  struct result *result; /* as many as were wanted, in the lab's order */
  size_t count;
  bool timings; /* say them; they differ from run to run */
};

unsigned results_score(const struct results *r);
unsigned results_points(const struct results *r); /* of the tests in it */

/* What a student may see of a result by the lab's setting. NULL: nothing. The name is never
 * hidden from the instructor's files, so these are for all formats. malloc'd. */
char *result_shown_title(const struct results *r, const struct result *t);
char *result_shown_text(const struct results *r, const struct result *t); /* or NULL */

struct format {
  const char *name;
  bool (*write)(const struct results *r, FILE *out); /* false: no memory */
};
/* Ended by a NULL name. docs/grading.md says for whom each is. */
extern const struct format formats[];

/* The same as JSON, schema trapeze-grade/1. NULL: no memory. */
json_t *results_json(const struct results *r);

#endif
