/* "profile": a submitted profile is what was ordered. Each of the test's "wants" is a
 * sentence about it, which the classifier decides, or a run of a guest on it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/grade/duel.h"
#include "tools/grade/theory.h"

#define TICKS_USUAL 20000u

struct order {
  const struct check_run *run;
  const char *file;
  const struct profile *profile;
  const json_t *want; /* one of them */
};

static struct check_outcome passed(void)
{
  return (struct check_outcome){.verdict = CHECK_PASSED};
}

static struct check_outcome lab_is_wrong(const struct order *o)
{
  return check_lab_is_wrong(o->run, "\"wants\": docs/grading.md says which there are");
}

/* A member that says what is wanted. */
static const char *word(const struct order *o, const char *key)
{
  return json_string_value(json_object_get(o->want, key));
}

static bool number(const struct order *o, const char *key, unsigned *value)
{
  const json_t *member = json_object_get(o->want, key);
  if (!json_is_integer(member) || json_integer_value(member) < 0 ||
      json_integer_value(member) > ISA_INSN_COUNT) {
    return false;
  }
  *value = (unsigned)json_integer_value(member);
  return true;
}

static bool theorem_and_model(const struct order *o, enum classify_theorem *theorem,
                              enum model *model)
{
  unsigned n = 0;
  const char *name = word(o, "model");
  return number(o, "theorem", &n) && theory_theorem(n, theorem) && name && model_find(name, model);
}

static char *look_at(const struct order *o, const char *model, char *buf, size_t size)
{
  snprintf(buf, size, "build/trapeze classify submission/%s -m %s", o->file, model);
  return buf;
}

/* ------------------------------------------------------------------- the theorems */

/* {"theorem", "model", "holds", "offenders": how many, "offender": which one} */
static struct check_outcome want_theorem(const struct order *o)
{
  enum classify_theorem theorem;
  enum model model;
  struct theory_offenders found;
  char names[THEORY_NAMES_SIZE], expected[300], look[300];
  const json_t *holds = json_object_get(o->want, "holds");
  const char *one = word(o, "offender");
  unsigned count = 0;
  bool counted = number(o, "offenders", &count);
  enum isa_insn insn = ISA_INSN_COUNT;
  if (!theorem_and_model(o, &theorem, &model) || !json_is_boolean(holds) ||
      (one && !isa_find_insn(one, strlen(one), &insn))) {
    return lab_is_wrong(o);
  }
  if (!theory_offends(o->profile, model, theorem, &found)) {
    return check_fail(CHECK_HOST, NULL);
  }
  if ((found.count == 0) == json_is_true(holds) && (!counted || found.count == count) &&
      (!one || found.is[insn])) {
    return passed();
  }
  size_t len = (size_t)snprintf(expected, sizeof expected, "Theorem %u %s in the %s model",
                                theorem == CLASSIFY_THEOREM_3 ? 3u : 1u,
                                json_is_true(holds) ? "holds" : "fails",
                                model == MODEL_PAPER ? "paper's" : "extended");
  if (counted) {
    len += (size_t)snprintf(expected + len, sizeof expected - len, ", with %u in its way", count);
  }
  if (one) {
    snprintf(expected + len, sizeof expected - len, "%s %s", counted ? ":" : ", in its way", one);
  }
  return check_differs(look_at(o, word(o, "model"), look, sizeof look), expected,
                       "in its way: %s (%u)", theory_names(&found, names), found.count);
}

/* ------------------------------------------------------------------ the profile itself */

static bool does_not_trap(const struct profile *p, enum isa_insn insn)
{
  enum profile_behaviour_kind kind = profile_behaviour(p, insn, profile_user_mode(p))->kind;
  return isa_insn_info(insn)->group == ISA_GROUP_SYSTEM && kind != PROFILE_TRAP &&
         kind != PROFILE_ABSENT;
}

/* {"unprivileged": at least so many system instructions that do not trap outside mode 0} */
static struct check_outcome want_unprivileged(const struct order *o)
{
  unsigned least = 0, count = 0;
  char expected[100];
  if (!number(o, "unprivileged", &least)) {
    return lab_is_wrong(o);
  }
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    count += does_not_trap(o->profile, (enum isa_insn)i);
  }
  snprintf(expected, sizeof expected,
           "at least %u system instructions that do not trap outside mode 0", least);
  return count >= least ? passed() : check_differs(NULL, expected, "%u", count);
}

static struct check_outcome want_modes(const struct order *o)
{
  unsigned modes = 0;
  char expected[40];
  if (!number(o, "modes", &modes)) {
    return lab_is_wrong(o);
  }
  snprintf(expected, sizeof expected, "%u modes", modes);
  return profile_modes(o->profile) == modes
             ? passed()
             : check_differs(NULL, expected, "%u", profile_modes(o->profile));
}

/* Instructions that do something else, and the modes and the features if they are others. */
static unsigned changes(const struct profile *a, const struct profile *b)
{
  unsigned count = profile_modes(a) == profile_modes(b) ? 0 : 1;
  count += profile_features(a) == profile_features(b) ? 0 : 1;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    for (unsigned mode = 0; mode < 2; mode++) {
      const struct profile_behaviour *was = profile_behaviour(a, (enum isa_insn)i, mode),
                                     *is = profile_behaviour(b, (enum isa_insn)i, mode);
      if (was->kind != is->kind || (was->kind == PROFILE_BODY && was->body != is->body)) {
        count++;
        break;
      }
    }
  }
  return count;
}

/* An instruction less would make any theorem hold, and any guest stop. */
static bool has_all(const struct profile *p, const struct profile *base)
{
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    if (profile_behaviour(p, (enum isa_insn)i, 0)->kind == PROFILE_ABSENT &&
        profile_behaviour(base, (enum isa_insn)i, 0)->kind != PROFILE_ABSENT) {
      return false;
    }
  }
  return true;
}

/* {"like": a profile, "changes": at most so many}, or "fewest" {"theorem", "model"}: as many
 * as stand in that theorem's way. */
static struct check_outcome want_like(const struct order *o)
{
  enum classify_theorem theorem;
  enum model model;
  struct theory_offenders found = {.count = 0};
  const char *fewest = word(o, "changes");
  char expected[200], known[CHECK_KNOWN_SIZE];
  unsigned most = 0;
  if (!number(o, "changes", &most) &&
      (!fewest || strcmp(fewest, "fewest") != 0 || !theorem_and_model(o, &theorem, &model))) {
    return lab_is_wrong(o);
  }
  struct profile *base = theory_profile(o->run, word(o, "like"));
  if (!base) {
    return check_fail(CHECK_LAB, NULL);
  }
  bool all = has_all(o->profile, base),
       found_out = !fewest || theory_offends(base, model, theorem, &found);
  unsigned count = changes(base, o->profile);
  most = fewest ? found.count : most;
  snprintf(expected, sizeof expected, "at most %u %s from %s", most,
           most == 1 ? "change" : "changes", check_known(word(o, "like"), known));
  profile_destroy(base);
  return !found_out      ? check_fail(CHECK_HOST, NULL)
         : !all          ? check_differs(NULL, expected, "an instruction is absent")
         : count <= most ? passed()
                         : check_differs(NULL, expected, "%u, counted by instruction", count);
}

/* ------------------------------------------------------------------------- a run */

/* On a bare machine it must print what it prints on the one that it was written for. */
static bool prints_the_same(struct setup *s, const struct profile *profile, bool *same)
{
  struct setup changed = *s;
  struct duel_output was, is;
  changed.profile = (struct profile *)profile;
  bool ran = duel_outputs(s, &was);
  if (!ran) {
    duel_outputs_free(&was);
    return false;
  }
  ran = duel_outputs(&changed, &is);
  *same = ran && was.end[0] == is.end[0] && was.len[0] == is.len[0] &&
          memcmp(was.text[0], is.text[0], is.len[0]) == 0;
  duel_outputs_free(&was);
  duel_outputs_free(&is);
  return ran;
}

static struct check_outcome compare_runs(const struct order *o, struct setup *s)
{
  struct verify_result v;
  if (!duel_run(s, &v)) {
    return check_fail(CHECK_HOST, NULL);
  }
  if (v.holds) {
    return passed();
  }
  char *parting = duel_parting(s, &v), look[300], known[CHECK_KNOWN_SIZE];
  snprintf(look, sizeof look, "build/trapeze verify %s -p submission/%s",
           check_known(word(o, "guest"), known), o->file);
  struct check_outcome outcome =
      check_differs(look, "the guest does in a virtual machine what it does on a bare one",
                    "they part %s", parting ? parting : "");
  free(parting);
  return outcome;
}

static struct check_outcome run_guest(const struct order *o, struct setup *s, const char *path)
{
  if (setup_load(s, path) != STATUS_DONE) {
    return check_fail(CHECK_LAB, NULL);
  }
  if (profile_features(o->profile) != profile_features(s->profile)) {
    return check_differs(NULL, "the MMU and the I/O of pg", "others");
  }
  if (!has_all(o->profile, s->profile)) {
    return check_differs(NULL, "the instructions of pg", "one is absent");
  }
  bool same;
  if (!prints_the_same(s, o->profile, &same)) {
    return check_fail(CHECK_HOST, NULL);
  }
  if (!same) {
    return check_differs(NULL, "on a bare machine the guest prints what it prints on pg",
                         "something else");
  }
  struct profile *pg = s->profile;
  s->profile = (struct profile *)o->profile;
  struct check_outcome outcome = compare_runs(o, s);
  s->profile = pg;
  return outcome;
}

/* {"guest": a file of the lab's, "input", "ticks"}: bare and virtual it does the same on it. */
static struct check_outcome want_guest(const struct order *o)
{
  struct setup s;
  setup_init(&s, "grade");
  json_int_t ticks = json_integer_value(json_object_get(o->want, "ticks"));
  s.ticks = ticks > 0 ? (uint64_t)ticks : TICKS_USUAL;
  char *path = workshop_lab_file(o->run->workshop, o->run->test, word(o, "guest"));
  char *input =
      word(o, "input") ? workshop_lab_file(o->run->workshop, o->run->test, word(o, "input")) : NULL;
  s.input = input;
  struct check_outcome outcome = path ? run_guest(o, &s, path) : check_fail(CHECK_HOST, NULL);
  setup_destroy(&s);
  free(path);
  free(input);
  return outcome;
}

/* ----------------------------------------------------------------------- the check */

static struct check_outcome fill(const struct order *o)
{
  return word(o, "like")                            ? want_like(o)
         : word(o, "guest")                         ? want_guest(o)
         : json_object_get(o->want, "unprivileged") ? want_unprivileged(o)
         : json_object_get(o->want, "modes")        ? want_modes(o)
                                                    : want_theorem(o);
}

struct check_outcome check_profile(const struct check_run *run)
{
  struct order o = {.run = run};
  const json_t *wants = json_object_get(run->test->spec, "wants");
  if (!lab_string(run->lab, run->test, "file", &o.file) || !o.file || json_array_size(wants) == 0) {
    return check_lab_is_wrong(run, "a \"file\" and \"wants\"");
  }
  struct check_outcome outcome;
  struct profile *p = theory_submitted(run, o.file, &outcome);
  if (!p) {
    return outcome;
  }
  o.profile = p;
  outcome = passed();
  for (size_t i = 0; outcome.verdict == CHECK_PASSED && i < json_array_size(wants); i++) {
    o.want = json_array_get(wants, i);
    outcome = fill(&o);
  }
  profile_destroy(p);
  return outcome;
}
