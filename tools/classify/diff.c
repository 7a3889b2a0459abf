/* Which verdicts flip from one profile to another: what a changed line does. */
#include <string.h>

#include "tools/classify/show.h"
#include "tools/common/json.h"
#include "tools/common/text.h"

/* What flips for one subject is text if there is a file, else JSON. */
struct pair {
  const struct classification *a, *b;
  FILE *out;
  bool any;
  char line[600];
  size_t at;
  json_t *changes; /* `what`, `from`, `to` */
  json_t *instructions, *theorems;
};

static void flip(struct pair *d, const char *what, const char *from, const char *to)
{
  if (strcmp(from, to) == 0) {
    return;
  }
  if (d->out) {
    d->at += (size_t)snprintf(d->line + d->at, sizeof d->line - d->at, "%s%s %s -> %s",
                              d->at ? ", " : "", what, from, to);
  } else {
    d->changes = d->changes ? d->changes : json_array();
    json_array_append_new(d->changes,
                          json_pack("{s:s, s:s, s:s}", "what", what, "from", from, "to", to));
  }
}

static void end_subject(struct pair *d, const char *subject)
{
  if (d->at) {
    int column = fprintf(d->out, "  %-10s", subject);
    text_wrap(d->out, d->line, column, 12);
    d->any = true;
  }
  d->at = 0;
}

static const char *presence(const struct classify_insn *i)
{
  return i->present ? "there" : "absent";
}

static const char *word(const struct classify_insn *i, bool yes, unsigned questions)
{
  return yes ? "yes" : classify_open(classify_how_no(i, questions)) ? "no?" : "no";
}

static const char *privileged(const struct classify_insn *i)
{
  return !i->privileged                                              ? "no"
         : classify_open(classify_how_no(i, CLASSIFY_PRIVILEGED_BY)) ? "yes?"
                                                                     : "yes";
}

static void compare_insn(struct pair *d, enum isa_insn insn)
{
  const struct classify_insn *a = classification_insn(d->a, insn);
  const struct classify_insn *b = classification_insn(d->b, insn);
  const struct {
    const char *name;
    bool from, to;
    unsigned questions;
  } kinds[] = {
      {"control sensitive", a->control, b->control, 1u << QUESTION_CONTROL},
      {"location sensitive", a->location, b->location, 1u << QUESTION_LOCATION},
      {"mode sensitive", a->mode, b->mode, 1u << QUESTION_MODE},
      {"resource sensitive", a->resource, b->resource, 1u << QUESTION_RESOURCE},
      {"user sensitive", a->user_sensitive, b->user_sensitive, CLASSIFY_USER_BY},
  };
  flip(d, "is", presence(a), presence(b));
  if (a->present && b->present) {
    flip(d, "outside", profile_outside(classification_profile(d->a), insn),
         profile_outside(classification_profile(d->b), insn));
    flip(d, "privileged", privileged(a), privileged(b));
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
      flip(d, kinds[k].name, word(a, kinds[k].from, kinds[k].questions),
           word(b, kinds[k].to, kinds[k].questions));
    }
  }
}

static void compare_theorem(struct pair *d, enum classify_theorem t)
{
  flip(d, "verdict", show_verdict(d->a, t), show_verdict(d->b, t));
}

void show_diff(const struct classification *a, const struct classification *b, FILE *out)
{
  struct pair d = {.a = a, .b = b, .out = out};
  const struct profile *from = classification_profile(a), *to = classification_profile(b);
  char with[2][SHOW_FEATURES_SIZE];
  text_wrapf(out, 0, 2, "%s%s -> %s%s, in the %s model", profile_name(from),
             show_features(from, with[0]), profile_name(to), show_features(to, with[1]),
             show_model(classification_model(a)));
  fputc('\n', out);
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    compare_insn(&d, (enum isa_insn)n);
    end_subject(&d, isa_insn_info((enum isa_insn)n)->mnemonic);
  }
  static const char *const theorems[CLASSIFY_THEOREMS] = {"Theorem 1", "Theorem 2", "Theorem 3"};
  for (unsigned t = 0; t < CLASSIFY_THEOREMS; t++) {
    compare_theorem(&d, (enum classify_theorem)t);
    end_subject(&d, theorems[t]);
  }
  if (!d.any) {
    fputs("  no verdict differs\n", out);
  }
}

/* `subject` is released. */
static void keep_changes(struct pair *d, json_t *list, const char *key, json_t *subject)
{
  if (d->changes) {
    json_array_append_new(list, json_pack("{s:o, s:o}", key, subject, "changes", d->changes));
  } else {
    json_decref(subject);
  }
  d->changes = NULL;
}

json_t *show_diff_json(const struct classification *a, const struct classification *b)
{
  struct pair d = {.a = a, .b = b, .instructions = json_array(), .theorems = json_array()};
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    compare_insn(&d, (enum isa_insn)n);
    keep_changes(&d, d.instructions, "instruction",
                 json_string(isa_insn_info((enum isa_insn)n)->mnemonic));
  }
  for (unsigned t = 0; t < CLASSIFY_THEOREMS; t++) {
    compare_theorem(&d, (enum classify_theorem)t);
    keep_changes(&d, d.theorems, "theorem", json_integer((int)t + 1));
  }
  return json_pack("{s:s, s:o, s:o, s:s, s:o, s:o}", "schema", "trapeze-classify-diff/1", "from",
                   json_text(profile_name(classification_profile(a))), "to",
                   json_text(profile_name(classification_profile(b))), "model",
                   model_name(classification_model(a)), "theorems", d.theorems, "instructions",
                   d.instructions);
}
