/* The classifier on profiles of people's own, made at random (profile.h).
 *
 *   own write SEED
 *     the profile of a seed
 *   own agree TABLE FROM COUNT [EACH]
 *     the profiles of COUNT seeds, in both models, by all routes: every question has an
 *     answer of each route, all are the same, and they are those of TABLE, which was
 *     derived by hand; an instruction has the same verdicts as in a profile that has
 *     nothing else; theorems and offenders follow from the verdicts. EACH: of so many
 *     instructions of a profile, chosen by its seed; else of all, theorems too.
 *
 *   own small NAME|SEED…
 *     the witnesses of these profiles: of none can a part be left out (small.h)
 *   own padded NAME|SEED…
 *     the same of witnesses that have too much
 *
 * Exit status: 0 so it is; 1 it is not; 2 usage; 3 the host failed. */
#include <stdlib.h>
#include <string.h>

#include "classify/classify.h"
#include "tests/common/program.h"
#include "tests/own/profile.h"
#include "tests/own/small.h"

enum { VERDICTS = 6 };
static const char letters[VERDICTS + 1] = "clmrup";

/* A line of the table. */
struct row {
  char insn[16], behaviour[16], verdicts[MODEL_COUNT][VERDICTS + 1];
  bool met;
};

struct check {
  struct row row[200];
  unsigned rows, wrong;
  struct classify_memo *memo; /* for profiles of one instruction */
  const struct profile *profile;
  uint64_t asked;
};

static void complain(struct check *c, enum model model, const char *what, const char *about)
{
  c->wrong++;
  printf("# %s, %s model: %s%s%s\n", profile_name(c->profile), model_name(model), about,
         about[0] ? ": " : "", what);
}

/* ------------------------------------------------------------------------ table */

static void read_table(struct check *c, const char *path)
{
  char line[200];
  FILE *in = fopen(path, "r");
  insist(in, path);
  while (fgets(line, sizeof line, in)) {
    struct row *r = &c->row[c->rows];
    if (line[0] == '#' || line[0] == '\n') {
      continue;
    }
    int count = sscanf(line, "%15s %15s %6s %6s", r->insn, r->behaviour, r->verdicts[MODEL_PAPER],
                       r->verdicts[MODEL_EXTENDED]);
    insist(count == 4 && ++c->rows < sizeof c->row / sizeof *c->row, line);
  }
  fclose(in);
}

/* NULL: a user instruction, or an errant one. */
static struct row *find_row(struct check *c, const struct isa_insn_info *info,
                            const char *behaviour)
{
  for (unsigned i = 0; i < c->rows; i++) {
    if (strcmp(c->row[i].insn, info->mnemonic) == 0 &&
        strcmp(c->row[i].behaviour, behaviour) == 0) {
      return &c->row[i];
    }
  }
  return NULL;
}

/* ---------------------------------------------------------------------- verdicts */

static void say_verdicts(const struct classify_insn *i, char text[VERDICTS + 1])
{
  const bool yes[VERDICTS] = {i->control,  i->location,       i->mode,
                              i->resource, i->user_sensitive, i->privileged};
  for (unsigned n = 0; n < VERDICTS; n++) {
    text[n] = yes[n] ? letters[n] : '-';
  }
  text[VERDICTS] = '\0';
}

/* No route is missing, none says otherwise, and what is said is known. */
static void check_answers(struct check *c, enum model model, const struct classify_insn *i)
{
  const char *name = isa_insn_info(i->insn)->mnemonic;
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    const struct classify_answer *a = &i->answer[q];
    enum route_answer all = a->yes ? ROUTE_YES : ROUTE_NO;
    if (a->by_solver != all || a->by_exhaustion != all || a->by_experiment != all) {
      complain(c, model, question_name((enum question)q), "not all routes give one answer");
      printf("#   about %s\n", name);
    }
    if (a->how != (a->yes ? CLASSIFY_WITNESSED : CLASSIFY_PROVED)) {
      complain(c, model, question_name((enum question)q), "not known as it could be");
      printf("#   about %s\n", name);
    }
    c->asked++;
  }
}

/* What a hand has derived, of the definition alone. */
static void check_by_hand(struct check *c, enum model model, const struct classify_insn *i)
{
  const struct isa_insn_info *info = isa_insn_info(i->insn);
  const char *outside = profile_outside(c->profile, i->insn);
  char text[VERDICTS + 1], said[120];
  const char *want = "------";
  say_verdicts(i, text);
  if (info->group == ISA_GROUP_SYSTEM) {
    struct row *r = find_row(c, info, outside);
    want = r ? r->verdicts[model] : "in the table";
    if (r) {
      r->met = true;
    }
  }
  if (strcmp(text, want) != 0) {
    snprintf(said, sizeof said, "%s %s is %s, not %s", info->mnemonic, outside, text, want);
    complain(c, model, said, "");
  }
}

static struct classification *classify(const struct profile *p, enum model model,
                                       struct classify_memo *memo, const enum isa_insn *only)
{
  const char *reason;
  const struct classify_options o = {.model = model,
                                     .routes = CLASSIFY_ALL_ROUTES,
                                     .seed = 1,
                                     .threads = 1,
                                     .memo = memo,
                                     .only = only};
  struct classification *made = classify_profile(p, &o, &reason);
  insist(made, reason);
  return made;
}

/* Whatever else there is makes no difference. */
static void check_alone(struct check *c, enum model model, const struct classify_insn *i)
{
  struct profile *p = own_profile_alone(c->profile, i->insn);
  struct classification *alone = classify(p, model, c->memo, &i->insn);
  const struct classify_insn *other = classification_insn(alone, i->insn);
  char one[VERDICTS + 1], two[VERDICTS + 1];
  say_verdicts(i, one);
  say_verdicts(other, two);
  if (!other->present || strcmp(one, two) != 0) {
    complain(c, model, isa_insn_info(i->insn)->mnemonic,
             "otherwise in a profile that has it alone");
  }
  classification_destroy(alone);
  profile_destroy(p);
}

static void check_insn(struct check *c, enum model model, const struct classify_insn *i)
{
  bool wanted = profile_behaviour(c->profile, i->insn, 0)->kind != PROFILE_ABSENT;
  if (i->present != wanted) {
    complain(c, model, isa_insn_info(i->insn)->mnemonic, "there or not there");
  }
  if (i->present) {
    check_answers(c, model, i);
    check_by_hand(c, model, i);
    if (isa_insn_info(i->insn)->group == ISA_GROUP_SYSTEM) {
      check_alone(c, model, i);
    }
  }
}

/* ---------------------------------------------------------------------- theorems */

/* By inclusion of sets, of what the table says. */
static void check_theorems(struct check *c, enum model model, const struct classification *made)
{
  bool holds[2] = {true, true};
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    const struct isa_insn_info *info = isa_insn_info((enum isa_insn)n);
    const struct row *r = find_row(c, info, profile_outside(c->profile, (enum isa_insn)n));
    const char *v = r ? r->verdicts[model] : "------";
    bool sensitive = strpbrk(v, "clmr") != NULL, user = strchr(v, 'u') != NULL;
    bool offends[2] = {sensitive && !strchr(v, 'p'), user && !strchr(v, 'p')};
    const enum classify_theorem which[2] = {CLASSIFY_THEOREM_1, CLASSIFY_THEOREM_3};
    for (unsigned t = 0; t < 2; t++) {
      holds[t] = holds[t] && !offends[t];
      if (classification_offends(made, which[t], (enum isa_insn)n) != offends[t]) {
        complain(c, model, info->mnemonic,
                 t ? "in the way of Theorem 3" : "in the way of Theorem 1");
      }
    }
  }
  if (classification_holds(made, CLASSIFY_THEOREM_1) != holds[0] ||
      classification_holds(made, CLASSIFY_THEOREM_2) != holds[0] ||
      classification_holds(made, CLASSIFY_THEOREM_3) != holds[1]) {
    complain(c, model, "do not follow from the verdicts", "theorems");
  }
}

static void check_disagreements(struct check *c, enum model model,
                                const struct classification *made)
{
  const char *first;
  if (classification_disagreements(made, &first) != 0) {
    complain(c, model, first, "the routes disagree");
  }
}

/* ----------------------------------------------------------------------- running */

static void check_whole(struct check *c)
{
  for (unsigned m = 0; m < MODEL_COUNT; m++) {
    struct classification *made = classify(c->profile, (enum model)m, NULL, NULL);
    check_disagreements(c, (enum model)m, made);
    for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
      check_insn(c, (enum model)m, classification_insn(made, (enum isa_insn)n));
    }
    check_theorems(c, (enum model)m, made);
    classification_destroy(made);
  }
}

/* Of `count` system instructions, if there are as many. */
static void check_some(struct check *c, uint64_t seed, unsigned count)
{
  struct random r = random_from(seed + 1);
  for (unsigned tries = 0; tries < 200 && count > 0; tries++) {
    enum isa_insn insn = (enum isa_insn)random_below(&r, ISA_INSN_COUNT);
    if (isa_insn_info(insn)->group != ISA_GROUP_SYSTEM ||
        profile_behaviour(c->profile, insn, 0)->kind == PROFILE_ABSENT) {
      continue;
    }
    count--;
    for (unsigned m = 0; m < MODEL_COUNT; m++) {
      struct classification *made = classify(c->profile, (enum model)m, NULL, &insn);
      check_disagreements(c, (enum model)m, made);
      const struct classify_insn *i = classification_insn(made, insn);
      check_answers(c, (enum model)m, i);
      check_by_hand(c, (enum model)m, i);
      classification_destroy(made);
    }
  }
}

static int agree(const char *table, uint64_t from, uint64_t count, unsigned each)
{
  static struct check c;
  read_table(&c, table);
  c.memo = classify_memo_create();
  insist(c.memo, "no memory");
  for (uint64_t seed = from; seed < from + count; seed++) {
    struct profile *p = own_profile(seed);
    c.profile = p;
    if (each) {
      check_some(&c, seed, each);
    } else {
      check_whole(&c);
    }
    profile_destroy(p);
  }
  unsigned met = 0;
  for (unsigned i = 0; i < c.rows; i++) {
    met += c.row[i].met;
  }
  printf("# %llu profiles, %llu questions: %u faults; %u of %u lines of the table met\n",
         (unsigned long long)count, (unsigned long long)c.asked, c.wrong, met, c.rows);
  classify_memo_destroy(c.memo);
  return c.wrong != 0 || c.asked == 0;
}

static int small(char **names, bool padded)
{
  unsigned seen = 0, found = 0;
  for (; *names; names++) {
    bool seed = (*names)[0] >= '0' && (*names)[0] <= '9';
    struct profile *p =
        seed ? own_profile(strtoull(*names, NULL, 0)) : profile_load(*names, stderr);
    insist(p, "a profile");
    for (unsigned m = 0; m < MODEL_COUNT; m++) {
      const char *reason;
      const struct classify_options o = {
          .model = (enum model)m, .routes = CLASSIFY_EXPERIMENT, .samples = 400, .threads = 1};
      struct classification *c = classify_profile(p, &o, &reason);
      insist(c, reason);
      found += small_check(c, padded, &seen, stdout);
      classification_destroy(c);
    }
    profile_destroy(p);
  }
  printf("# %u witnesses, %u of which can do with less\n", seen, found);
  return found != 0 || seen == 0;
}

int main(int argc, char **argv)
{
  if (argc == 3 && strcmp(argv[1], "write") == 0) {
    own_profile_write(strtoull(argv[2], NULL, 0), stdout);
    return ferror(stdout) ? 3 : 0;
  }
  if ((argc == 5 || argc == 6) && strcmp(argv[1], "agree") == 0) {
    return agree(argv[2], strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0),
                 argc == 6 ? (unsigned)strtoul(argv[5], NULL, 0) : 0);
  }
  if (argc > 2 && (strcmp(argv[1], "small") == 0 || strcmp(argv[1], "padded") == 0)) {
    return small(argv + 2, strcmp(argv[1], "padded") == 0);
  }
  fputs("usage: own write SEED\n       own agree TABLE FROM COUNT [EACH]\n"
        "       own small NAME|SEED…\n",
        stderr);
  return 2;
}
