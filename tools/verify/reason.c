/* The words of a divergence that text and JSON share. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "tools/common/session.h"
#include "tools/common/text.h"
#include "tools/verify/report.h"

struct words {
  char *buf;
  size_t size, len;
};

static void add(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct words *w, const char *format, ...)
{
  if (w->len >= w->size)
    return;
  va_list args;
  va_start(args, format);
  int n = vsnprintf(w->buf + w->len, w->size - w->len, format, args);
  va_end(args);
  w->len += n > 0 ? (size_t)n : 0;
}

/* ------------------------------------------------------------------- deeds */

static void deed_trap(struct words *w, const struct step *s)
{
  const struct trap *t = &s->stop.trap;
  const struct isa_cause_info *cause = isa_cause_info((unsigned)t->cause);
  if (cause->kind == ISA_CAUSE_INTERRUPT)
    add(w, "took the %s interrupt", cause->name);
  else
    add(w, "trapped: %s", cause->summary);
  if (!s->delivered)
    add(w, ", which could not be delivered: double fault");
}

/* What the profile has to say about it concerns system instructions only. */
static void deed_executed(struct words *w, const struct divergence *d, const struct explanation *e,
                          unsigned which)
{
  if (d->before.run_state == MACHINE_WAITING) {
    add(w, "waited");
    return;
  }
  add(w, "executed %s", e->has_insn ? isa_insn_info(e->insn)->mnemonic : "an instruction");
  if (!e->has_insn || isa_insn_info(e->insn)->group != ISA_GROUP_SYSTEM)
    return;
  if (which == 0)
    add(w, " in mode %u: %s", e->mode, e->bare->name);
  else if (e->vm->kind == PROFILE_TRAP)
    add(w, ": the VMM emulated it");
  else
    add(w, " in the real mode %u, unseen by the VMM: %s", e->real_mode, e->vm->name);
}

char *report_deed(const struct report *r, const struct divergence *d, unsigned which, char *buf,
                  size_t size)
{
  struct words w = {.buf = buf, .size = size};
  struct explanation e = divergence_explain(d, r->setup->profile);
  const struct step *s = &d->step[which];
  if (d->initially || d->only_in_long_runs)
    add(&w, "%s", observation_run_state(d->after[which].run_state));
  else if (s->stop.why == MACHINE_TRAP)
    deed_trap(&w, s);
  else if (s->stop.why == MACHINE_LIMIT || s->stop.why == MACHINE_HALTED)
    deed_executed(&w, d, &e, which);
  else if (s->stop.why == MACHINE_LOST_CONTROL && e.has_insn)
    add(&w, "executed %s, and the VMM lost control", isa_insn_info(e.insn)->mnemonic);
  else
    add(&w, "%s", session_why(s->stop.why));
  return buf;
}

/* ------------------------------------------------------------------ reasons */

static void add_citation(struct words *w, const struct profile_behaviour *b)
{
  if (b->line)
    add(w, " (%s:%u)", b->file, b->line);
  if (b->models)
    add(w, ", as %s does", b->models);
  if (b->source)
    add(w, " [%s]", b->source);
}

/* What the theory promises the technique, and why it does not here. */
static void reason_theory(struct words *w, enum vmm_technique technique, const char *mnemonic)
{
  if (technique == VMM_TECHNIQUE_HYBRID) {
    add(w,
        "\n\nPopek and Goldberg's Theorem 3 promises a hybrid VMM, which interprets all but user "
        "mode, where every instruction that is sensitive in user mode is privileged. Here %s is "
        "user sensitive but not privileged, so it promises nothing, and this run shows what then "
        "goes wrong.",
        mnemonic);
    return;
  }
  add(w,
      "\n\nPopek and Goldberg's Theorem 1 promises a VMM where every sensitive instruction is "
      "privileged, that is, traps outside the privileged mode. Here %s is sensitive but not "
      "privileged, so it promises nothing, and this run shows what then goes wrong.",
      mnemonic);
}

static void reason_hole(struct words *w, const struct profile *p, const struct explanation *e,
                        enum vmm_technique technique)
{
  const struct isa_insn_info *info = isa_insn_info(e->insn);
  add(w, "%s is sensitive (%s), but on profile %s it does not trap outside the privileged mode: ",
      info->mnemonic, info->sensitive, profile_name(p));
  if (e->vm->kind == PROFILE_NOP)
    add(w, "it is silently ignored there");
  else
    add(w, "its behaviour there is '%s'", e->vm->name);
  add_citation(w, e->vm);
  if (e->mode == e->real_mode)
    add(w, ". So the processor executed it by itself, on its real state,");
  else
    add(w,
        ". The guest was in mode %u, but the real machine ran it in mode %u: the processor "
        "executed "
        "the instruction by itself,",
        e->mode, e->real_mode);
  add(w, " and the VMM never saw it.");
  reason_theory(w, technique, info->mnemonic);
}

static void reason_vmm(struct words *w, const struct profile *p, const struct explanation *e)
{
  if (!e->has_insn) {
    add(w, "Nothing in profile %s explains this: the VMM, or the machine, is wrong.",
        profile_name(p));
    return;
  }
  const struct isa_insn_info *info = isa_insn_info(e->insn);
  if (info->group == ISA_GROUP_SYSTEM)
    add(w, "On profile %s %s traps outside the privileged mode", profile_name(p), info->mnemonic);
  else
    add(w, "%s is %s", info->mnemonic,
        info->group == ISA_GROUP_USER ? "innocuous" : "errant and traps in every mode");
  add(w, ", so the profile does not explain this: the VMM is wrong.");
}

char *report_reason(const struct profile *p, enum vmm_technique technique,
                    const struct divergence *d, char *buf, size_t size)
{
  struct words w = {.buf = buf, .size = size};
  struct explanation e = divergence_explain(d, p);
  buf[0] = 0;
  switch (e.cause) {
  case DIVERGENCE_INITIAL:
    add(&w, "The machines were not alike before the first instruction.");
    break;
  case DIVERGENCE_HOLE:
    reason_hole(&w, p, &e, technique);
    break;
  case DIVERGENCE_INTERRUPT:
    add(&w,
        "An interrupt reached the guest in one machine and not in the other. No instruction "
        "of profile %s explains this: the VMM's virtual time or virtual interrupts are wrong.",
        profile_name(p));
    break;
  case DIVERGENCE_VMM:
    reason_vmm(&w, p, &e);
    break;
  }
  if (d->only_in_long_runs)
    add(&w, "\n\nSingle steps from the last equal state agree; only a longer run through the fast "
            "engine shows the difference. So it lies in the engine, or in how the VMM uses it.");
  return buf;
}

void report_print_reason(char *text, FILE *out)
{
  for (char *part = text; part;) {
    char *end = strstr(part, "\n\n");
    if (end)
      *end = 0;
    fputs("  ", out);
    text_wrap(out, part, 2, 2);
    part = end ? end + 2 : NULL;
  }
}
