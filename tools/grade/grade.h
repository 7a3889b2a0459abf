/* One submission, graded.
 */
#ifndef TRAPEZE_TOOLS_GRADE_GRADE_H
#define TRAPEZE_TOOLS_GRADE_GRADE_H

#include "tools/grade/results.h"

#define GRADE_JOBS_MAX 64u

struct grade_config {
  const struct lab *lab;
  const char *submission; /* a folder, or the file of a lab that wants one */
  enum sandbox_rung rung;
  uint64_t seed;
  const char *only;       /* tests whose id has this in it; NULL: all */
  unsigned shard, shards; /* the tests number shard, shard + shards, … from 1 on */
  unsigned jobs;          /* tests at the same time */
  struct check_limits limits;
  /* Called after each test, and once before the first; NULL: no. False: stop. */
  bool (*progress)(void *ctx, const struct results *r, size_t done);
  void *progress_ctx;
};

/* What options of every command that grades say. Its request begins with this, so that each
 * of these is an option_apply for it. */
struct grade_options {
  const char *command; /* for messages */
  const char *labs, *hidden, *only, *output;
  uint64_t seed;
  unsigned shard, shards;
  enum sandbox_rung required;
};
int grade_apply_labs(void *ctx, const char *value);
int grade_apply_hidden(void *ctx, const char *value);
int grade_apply_only(void *ctx, const char *value);
int grade_apply_output(void *ctx, const char *value);
int grade_apply_seed(void *ctx, const char *value);
int grade_apply_student(void *ctx, const char *value); /* the seed, by name */
int grade_apply_shard(void *ctx, const char *value);
int grade_apply_sandbox(void *ctx, const char *value);
/* Where labs are if nobody says so: labs/ here, else those that are installed. In buf, or a
 * constant. */
const char *grade_default_labs(char *buf, size_t size);
/* The best sandbox that there is, which must be good enough. */
int grade_choose_sandbox(const char *command, enum sandbox_rung required, enum sandbox_rung *rung);

/* Each test in a process of its own. Fills *r, which grade_free() releases either way.
 * Returns an exit status: STATUS_DONE also if the submission fails every test. */
int grade(const struct grade_config *config, struct results *r);
void grade_free(struct results *r);

#endif
