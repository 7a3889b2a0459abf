#include "tests/unit/classify/expected.h"

#include <stdlib.h>
#include <string.h>

#include "tests/common/program.h"

#define FILE_NAME "tests/classify/expected.txt"
#define COLUMNS   11

enum { CONTROL, LOCATION, MODE, RESOURCE, USER, PRIVILEGED, VERDICTS };
static const char *const verdict_names[VERDICTS] = {"control",  "location", "mode",
                                                    "resource", "user",     "privileged"};

struct line {
  char profile[32], insn[16], outside[16], model[16];
  bool verdict[VERDICTS];
  bool used;
};

struct expected {
  struct line *line;
  unsigned count;
};

static bool yes(const char *text)
{
  insist(strcmp(text, "yes") == 0 || strcmp(text, "no") == 0, "a verdict is yes or no");
  return strcmp(text, "yes") == 0;
}

static struct line read_line(char *text)
{
  struct line l = {0};
  char *column[COLUMNS], *rest = text;
  for (unsigned i = 0; i < COLUMNS; i++) {
    column[i] = strsep(&rest, "\t");
    insist(column[i] != NULL, "a verdict has eleven columns");
  }
  snprintf(l.profile, sizeof l.profile, "%s", column[1]);
  snprintf(l.insn, sizeof l.insn, "%s", column[2]);
  snprintf(l.outside, sizeof l.outside, "%s", column[3]);
  snprintf(l.model, sizeof l.model, "%s", column[4]);
  for (unsigned i = 0; i < VERDICTS; i++) {
    l.verdict[i] = yes(column[5 + i]);
  }
  return l;
}

struct expected *expected_load(void)
{
  struct expected *e = calloc(1, sizeof *e);
  FILE *f = fopen(FILE_NAME, "r");
  insist(e && f, FILE_NAME);
  char text[1000];
  while (fgets(text, sizeof text, f)) {
    if (strncmp(text, "verdict\t", 8) == 0) {
      e->line = realloc(e->line, (e->count + 1) * sizeof *e->line);
      insist(e->line != NULL, "there is memory");
      e->line[e->count++] = read_line(text);
    }
  }
  fclose(f);
  return e;
}

void expected_free(struct expected *e)
{
  free(e->line);
  free(e);
}

unsigned expected_unused(const struct expected *e, const char *profile)
{
  unsigned unused = 0;
  for (unsigned i = 0; i < e->count; i++) {
    unused += !e->line[i].used && strcmp(e->line[i].profile, profile) == 0;
  }
  return unused;
}

static struct line *find(struct expected *e, const char *profile, const char *insn,
                         const char *outside, const char *model)
{
  for (unsigned i = 0; i < e->count; i++) {
    struct line *l = &e->line[i];
    if (strcmp(l->profile, profile) == 0 && strcmp(l->insn, insn) == 0 &&
        strcmp(l->outside, outside) == 0 && strcmp(l->model, model) == 0) {
      l->used = true;
      return l;
    }
  }
  return NULL;
}

static const bool *verdicts(struct expected *e, const struct profile *profile, enum isa_insn insn,
                            enum model model)
{
  static const bool innocuous[VERDICTS] = {false};
  const struct isa_insn_info *info = isa_insn_info(insn);
  if (info->group != ISA_GROUP_SYSTEM) {
    return innocuous;
  }
  const char *outside = profile_behaviour(profile, insn, profile_user_mode(profile))->name;
  const char *name = model_name(model);
  struct line *l = find(e, profile_name(profile), info->mnemonic, outside, name);
  if (!l && strcmp(outside, "trap") == 0) {
    l = find(e, "pg", info->mnemonic, outside, name);
  }
  if (!l && strcmp(outside, "trap") == 0) {
    l = find(e, "s360", info->mnemonic, outside, name);
  }
  insist(l != NULL, info->mnemonic);
  return l->verdict;
}

bool expected_check(struct expected *e, const struct profile *profile, enum isa_insn insn,
                    enum model model, const struct route_findings *f)
{
  bool yes_to[QUESTION_COUNT];
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    yes_to[q] = f->finding[q].answer == ROUTE_YES;
  }
  const bool is[VERDICTS] = {
      [CONTROL] = yes_to[QUESTION_CONTROL],
      [LOCATION] = yes_to[QUESTION_LOCATION],
      [MODE] = yes_to[QUESTION_MODE],
      [RESOURCE] = yes_to[QUESTION_RESOURCE],
      [USER] = yes_to[QUESTION_USER_CONTROL] || yes_to[QUESTION_USER_RESOURCE],
      [PRIVILEGED] = !yes_to[QUESTION_UNPRIVILEGED],
  };
  const bool *should = verdicts(e, profile, insn, model);
  bool all = true;
  for (unsigned i = 0; i < VERDICTS; i++) {
    if (is[i] != should[i]) {
      fprintf(stderr, "%s %s (%s): %s should be %s\n", profile_name(profile),
              isa_insn_info(insn)->mnemonic, model_name(model), verdict_names[i],
              should[i] ? "yes" : "no");
      all = false;
    }
  }
  return all;
}
