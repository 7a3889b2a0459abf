/* "witness": a submitted guest shows that an instruction is sensitive and not privileged. Bare
 * and virtual, its runs part at that instruction, and it prints on which of them it is. Where
 * Theorem 1 holds ("holds": true) it must not be able to tell.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/grade/duel.h"
#include "tools/grade/guest.h"

#define TICKS_USUAL 20000u
#define SHOWN       100u

struct witness_spec {
  const char *instruction, *print[2];
  enum isa_insn insn;
  bool holds;
};

static bool read_spec(const struct check_run *run, struct witness_spec *s)
{
  *s = (struct witness_spec){.print = {"bare\n", "virtual\n"},
                             .holds = json_is_true(json_object_get(run->test->spec, "holds"))};
  if (!lab_string(run->lab, run->test, "instruction", &s->instruction)) {
    return false;
  }
  if (s->instruction && !isa_find_insn(s->instruction, strlen(s->instruction), &s->insn)) {
    check_lab_is_wrong(run, "an \"instruction\"");
    return false;
  }
  return true;
}

static const char *how(enum machine_why end)
{
  return guest_end_name(&(struct machine_stop){.why = end});
}

static struct check_outcome prints_differ(const struct duel_output *o, unsigned i, const char *want,
                                          const char *look)
{
  static const char *const where[] = {"bare", "in a virtual machine"};
  char got[4 * SHOWN + 8], wanted[SHOWN], expected[3 * SHOWN];
  size_t len = o->len[i] > SHOWN ? SHOWN : o->len[i];
  text_quote(got, sizeof got, (const uint8_t *)o->text[i], len);
  text_quote(wanted, sizeof wanted, (const uint8_t *)want, strlen(want));
  snprintf(expected, sizeof expected, "%s it prints \"%s\" and halts", where[i], wanted);
  return check_differs(look, expected, "\"%s\", and it %s", got, how(o->end[i]));
}

static struct check_outcome compare_prints(struct guest *g, const struct witness_spec *s,
                                           const char *look)
{
  struct duel_output o;
  struct check_outcome outcome = {.verdict = CHECK_PASSED};
  if (!duel_outputs(&g->setup, &o)) {
    outcome.verdict = CHECK_HOST;
  }
  for (unsigned i = 0; i < 2 && outcome.verdict == CHECK_PASSED; i++) {
    const char *want = s->print[s->holds ? 0 : i];
    if (o.end[i] != MACHINE_HALTED || o.len[i] != strlen(want) ||
        memcmp(o.text[i], want, o.len[i]) != 0) {
      outcome = prints_differ(&o, i, want, look);
    }
  }
  duel_outputs_free(&o);
  return outcome;
}

/* The first difference is this instruction's, and the profile is its reason. */
static bool parts_there(const struct guest *g, const struct witness_spec *s,
                        const struct verify_result *v)
{
  if (!v->first) {
    return s->holds;
  }
  struct explanation e = divergence_explain(v->first, g->setup.profile);
  return !s->holds && s->instruction && e.cause == DIVERGENCE_HOLE && e.has_insn &&
         e.insn == s->insn;
}

static struct check_outcome judge(struct guest *g, const struct witness_spec *s)
{
  struct verify_result v;
  char look[300], expected[200];
  const char *profile = g->setup.profile_name;
  snprintf(look, sizeof look, "build/trapeze verify submission/%s -p %s", g->program, profile);
  if (!duel_run(&g->setup, &v)) {
    return check_fail(CHECK_HOST, NULL);
  }
  if (!parts_there(g, s, &v)) {
    char *parting = duel_parting(&g->setup, &v);
    snprintf(expected, sizeof expected, "on %s the runs part first at %s", profile,
             s->holds ? "no instruction" : s->instruction);
    struct check_outcome outcome =
        check_differs(look, expected, "they part %s", parting ? parting : "");
    free(parting);
    return outcome;
  }
  return compare_prints(g, s, look);
}

struct check_outcome check_witness(const struct check_run *run)
{
  struct guest g = {.run = run};
  struct witness_spec s;
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  if (!guest_load(&g, NULL)) {
    outcome = guest_not_loaded(&g);
  } else if (read_spec(run, &s)) {
    if (!json_object_get(run->test->spec, "ticks")) {
      g.setup.ticks = TICKS_USUAL;
    }
    outcome = s.instruction || s.holds
                  ? judge(&g, &s)
                  : check_lab_is_wrong(run, "an \"instruction\", or \"holds\"");
  }
  guest_unload(&g);
  return outcome;
}
