/* What the paper calls an instruction on this machine: the classifier's questions,
 * asked of one instruction when it is met, by exhaustion. That takes some
 * milliseconds where proofs take seconds; tests hold the answers against it. */
#include <stdlib.h>

#include "classify/route.h"
#include "tools/debug/debugger.h"

struct classes {
  struct exhaust *exhaust;
  struct repl_class of[ISA_INSN_COUNT];
  bool asked[ISA_INSN_COUNT];
};

static void ask(struct debugger *d, struct classes *c, enum isa_insn insn)
{
  struct repl_class *k = &c->of[insn];
  struct route_findings *f = calloc(1, sizeof *f);
  const char *reason;
  if (!c->exhaust)
    c->exhaust = exhaust_create(d->setup->profile, &reason);
  if (!f || !c->exhaust) {
    repl_no_memory(d);
  } else {
    exhaust_ask(c->exhaust, insn, MODEL_EXTENDED, f);
    if (f->host_failed)
      repl_no_memory(d);
    k->known = !f->host_failed;
    k->privileged = f->finding[QUESTION_UNPRIVILEGED].answer == ROUTE_NO;
    for (unsigned q = QUESTION_CONTROL; q <= QUESTION_RESOURCE; q++)
      k->sensitive = k->sensitive || f->finding[q].answer == ROUTE_YES;
    k->innocuous = !k->sensitive;
  }
  free(f);
}

struct repl_class repl_classify(struct debugger *d, enum isa_insn insn)
{
  enum isa_group group = isa_insn_info(insn)->group;
  struct classes *c = d->classes;
  if (group != ISA_GROUP_SYSTEM)
    return (struct repl_class){.known = true,
                               .errant = group == ISA_GROUP_ERRANT,
                               .innocuous = group == ISA_GROUP_USER};
  if (!c && !(d->classes = c = calloc(1, sizeof *c))) {
    repl_no_memory(d);
    return (struct repl_class){0};
  }
  if (!c->asked[insn])
    ask(d, c, insn);
  c->asked[insn] = true;
  return c->of[insn];
}

const char *repl_class_text(const struct repl_class *c)
{
  return !c->known                       ? "class unknown"
         : c->errant                     ? "errant"
         : c->sensitive && c->privileged ? "sensitive, privileged"
         : c->sensitive                  ? "sensitive and unprivileged"
         : c->privileged                 ? "privileged, not sensitive"
                                         : "innocuous";
}

void repl_class_destroy(struct debugger *d)
{
  struct classes *c = d->classes;
  if (c)
    exhaust_destroy(c->exhaust);
  free(c);
  d->classes = NULL;
}
