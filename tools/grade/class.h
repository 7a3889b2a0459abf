/* All submissions of a class: graded side by side, their results kept a file each, so that
 * what is done stays done, and summed up from those files. */
#ifndef TRAPEZE_TOOLS_GRADE_CLASS_H
#define TRAPEZE_TOOLS_GRADE_CLASS_H

#include "tools/grade/grade.h"

struct class_config {
  struct grade_config each; /* without a submission; jobs: 1 */
  const char *submissions;  /* a folder: each folder or file in it is one, by its name */
  const char *results;      /* a folder, made if it is not there: NAME.result.json for each */
  unsigned jobs;            /* submissions at the same time */
  unsigned shard, shards;   /* of the submissions, in the order of their names; 0: all */
  bool again;               /* also those graded before */
  bool each_own;            /* the seed of a submission is that of its name */
};

struct class_counts {
  size_t graded, kept; /* kept: the same submission, lab and seed as when it was graded */
};

/* Grades what is missing. Returns an exit status, after a message. */
int class_grade(const struct class_config *config, struct class_counts *counts);

/* The results in these folders, in the order of names; of a submission in several, that of
 * the last folder. The order of the folders makes no other difference. Writes summary.csv and
 * summary.json into `to`, and for people a histogram to `out`. */
int class_summarise(const char *const *folders, size_t count, const char *to, FILE *out);

/* What has changed between two gradings: to `out`. *changed: whether anything has. */
int class_diff(const char *before, const char *after, FILE *out, bool *changed);

#endif
