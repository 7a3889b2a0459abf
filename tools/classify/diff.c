/* Which verdicts flip from one profile to another: what a changed line does. */
#include <string.h>

#include "tools/classify/show.h"
#include "tools/common/text.h"

struct pair {
  const struct classification *a, *b;
  FILE *out;
  bool any;
};

static void flip(struct pair *d, const char *subject, const char *what, const char *from,
                 const char *to)
{
  if (strcmp(from, to) != 0) {
    char line[200];
    snprintf(line, sizeof line, "%s: %s -> %s", what, from, to);
    int column = fprintf(d->out, "  %-9s ", subject);
    text_wrap(d->out, line, column, 12);
    d->any = true;
  }
}

static void compare_insn(struct pair *d, enum isa_insn insn)
{
  const struct classify_insn *a = classification_insn(d->a, insn);
  const struct classify_insn *b = classification_insn(d->b, insn);
  const char *name = isa_insn_info(insn)->mnemonic;
  char from[64], to[64];
  flip(d, name, "outside the privileged mode",
       show_behaviour(classification_profile(d->a), insn, from, sizeof from),
       show_behaviour(classification_profile(d->b), insn, to, sizeof to));
  flip(d, name, "class", show_class(d->a, insn), show_class(d->b, insn));
  if (!a->present || !b->present) {
    return;
  }
  static const char *const words[] = {"no", "yes"};
  flip(d, name, "privileged", words[a->privileged], words[b->privileged]);
  flip(d, name, "control sensitive", words[a->control], words[b->control]);
  flip(d, name, "location sensitive", words[a->location], words[b->location]);
  flip(d, name, "mode sensitive", words[a->mode], words[b->mode]);
  flip(d, name, "resource sensitive", words[a->resource], words[b->resource]);
  flip(d, name, "user sensitive", words[a->user_sensitive], words[b->user_sensitive]);
}

void show_diff(const struct classification *a, const struct classification *b, FILE *out)
{
  struct pair d = {.a = a, .b = b, .out = out};
  static const char *const verdicts[] = {"FAILS", "holds"};
  fprintf(out, "%s -> %s, in the %s model\n\n", profile_name(classification_profile(a)),
          profile_name(classification_profile(b)), model_name(classification_model(a)));
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    compare_insn(&d, (enum isa_insn)n);
  }
  static const char *const theorems[CLASSIFY_THEOREMS] = {"Theorem 1", "Theorem 2", "Theorem 3"};
  for (unsigned t = 0; t < CLASSIFY_THEOREMS; t++) {
    flip(&d, theorems[t], "verdict", verdicts[classification_holds(a, (enum classify_theorem)t)],
         verdicts[classification_holds(b, (enum classify_theorem)t)]);
  }
  if (!d.any) {
    fputs("  no verdict differs\n", out);
  }
}
