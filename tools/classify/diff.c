/* Which verdicts flip from one profile to another: what a changed line does. */
#include <string.h>

#include "tools/classify/show.h"
#include "tools/common/text.h"

struct pair {
  const struct classification *a, *b;
  FILE *out;
  bool any;
  char line[600]; /* what flips for one subject */
  size_t at;
};

static void flip(struct pair *d, const char *what, const char *from, const char *to)
{
  if (strcmp(from, to) != 0) {
    d->at += (size_t)snprintf(d->line + d->at, sizeof d->line - d->at, "%s%s %s -> %s",
                              d->at ? ", " : "", what, from, to);
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

static void compare_insn(struct pair *d, enum isa_insn insn)
{
  const struct classify_insn *a = classification_insn(d->a, insn);
  const struct classify_insn *b = classification_insn(d->b, insn);
  static const char *const words[] = {"no", "yes"};
  char from[64], to[64];
  flip(d, "is", presence(a), presence(b));
  if (a->present && b->present) {
    flip(d, "outside", show_behaviour(classification_profile(d->a), insn, from, sizeof from),
         show_behaviour(classification_profile(d->b), insn, to, sizeof to));
    flip(d, "privileged", words[a->privileged], words[b->privileged]);
    flip(d, "control sensitive", words[a->control], words[b->control]);
    flip(d, "location sensitive", words[a->location], words[b->location]);
    flip(d, "mode sensitive", words[a->mode], words[b->mode]);
    flip(d, "resource sensitive", words[a->resource], words[b->resource]);
    flip(d, "user sensitive", words[a->user_sensitive], words[b->user_sensitive]);
  }
  end_subject(d, isa_insn_info(insn)->mnemonic);
}

void show_diff(const struct classification *a, const struct classification *b, FILE *out)
{
  struct pair d = {.a = a, .b = b, .out = out};
  fprintf(out, "%s -> %s, in the %s model\n\n", profile_name(classification_profile(a)),
          profile_name(classification_profile(b)), show_model(classification_model(a)));
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    compare_insn(&d, (enum isa_insn)n);
  }
  static const char *const theorems[CLASSIFY_THEOREMS] = {"Theorem 1", "Theorem 2", "Theorem 3"};
  for (unsigned t = 0; t < CLASSIFY_THEOREMS; t++) {
    flip(&d, "verdict", show_verdict(a, (enum classify_theorem)t),
         show_verdict(b, (enum classify_theorem)t));
    end_subject(&d, theorems[t]);
  }
  if (!d.any) {
    fputs("  no verdict differs\n", out);
  }
}
