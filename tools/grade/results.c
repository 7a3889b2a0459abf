/* See results.h. */
#include "tools/grade/results.h"

#include <stdlib.h>
#include <string.h>

unsigned results_score(const struct results *r)
{
  unsigned sum = 0;
  for (size_t i = 0; i < r->count; i++) {
    sum += r->result[i].score;
  }
  return sum;
}

unsigned results_points(const struct results *r)
{
  unsigned sum = 0;
  for (size_t i = 0; i < r->count; i++) {
    sum += r->result[i].test->points;
  }
  return sum;
}

char *result_shown_title(const struct results *r, const struct result *t)
{
  char *title = NULL;
  if (!t->test->hidden || r->lab->reveal == LAB_REVEAL_FULL) {
    return strdup(t->test->title);
  }
  int done = r->lab->reveal == LAB_REVEAL_CATEGORY
                 ? asprintf(&title, "a hidden test of %s", t->test->category)
                 : asprintf(&title, "hidden test %s", t->test->id);
  return done < 0 ? NULL : title;
}

char *result_shown_text(const struct results *r, const struct result *t)
{
  char *text = NULL;
  if (t->state != RESULT_FAILED || !t->text ||
      (t->test->hidden && r->lab->reveal != LAB_REVEAL_FULL)) {
    return NULL;
  }
  int done = asprintf(&text, "%srule      %s\n%s%s", t->text, t->test->rule,
                      t->printed ? "your output, at most 2,000 bytes:\n" : "",
                      t->printed ? t->printed : "");
  return done < 0 ? NULL : text;
}
