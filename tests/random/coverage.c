#include "tests/random/coverage.h"

#include <string.h>

#include "tests/common/program.h"

struct coverage_of_profile *coverage_for(struct coverage *c, const struct profile *profile,
                                         bool compared)
{
  for (unsigned i = 0; i < c->count; i++) {
    if (c->of[i].profile == profile && c->of[i].compared == compared) {
      return &c->of[i];
    }
  }
  insist(c->count < COVERAGE_PROFILES, "too many profiles");
  c->of[c->count].profile = profile;
  c->of[c->count].compared = compared;
  return &c->of[c->count++];
}

/* ---------------------------------------------------------------- noting */

struct coverage_view coverage_look(struct machine *m)
{
  uint32_t psw = machine_get_cr(m, CR_PSW);
  enum machine_run_state state = machine_run_state(m);
  bool wakes = machine_get_cr(m, CR_IPEND) & machine_get_cr(m, CR_IMASK);
  struct coverage_view v = {.runs = state == MACHINE_RUNNING || (state == MACHINE_WAITING && wakes),
                            .pc = machine_get_pc(m),
                            .mode = psw_mode(psw)};
  struct translation t = machine_translate(m, gva(v.pc), MACHINE_FETCH, psw_te(psw));
  if (v.pc % 4 == 0 && t.ok && machine_phys_read_word(m, t.pa, &v.word)) {
    struct isa_decoded d;
    v.fetched = true;
    v.known = isa_decode(v.word, &d);
    v.legal = profile_decode(machine_profile(m), v.word, &d);
    v.insn = v.known ? d.insn : ISA_INSN_COUNT;
  }
  return v;
}

void coverage_history_reset(struct coverage_history *h)
{
  h->last = h->before = ISA_INSN_COUNT;
}

/* In virtual mode 0, and trapping in the real user mode. */
static bool is_emulated(const struct profile *p, const struct coverage_view *v)
{
  return v->legal && v->mode == 0 &&
         profile_behaviour(p, v->insn, profile_user_mode(p))->kind == PROFILE_TRAP;
}

static void note_interrupt(struct coverage_of_profile *c, const struct coverage_history *h,
                           const struct coverage_view *v)
{
  if (is_emulated(c->profile, v)) {
    c->taken[v->insn][COVERAGE_BEFORE]++;
  }
  if (h->last != ISA_INSN_COUNT) {
    c->taken[h->last][COVERAGE_AT]++;
  }
  if (h->before != ISA_INSN_COUNT) {
    c->taken[h->before][COVERAGE_AFTER]++;
  }
}

/* Does this trap show what the instruction does, rather than a failing operand? */
static bool is_own_trap(const struct coverage_view *v, const struct trap *trap)
{
  bool errant = v->known && isa_insn_info(v->insn)->group == ISA_GROUP_ERRANT;
  return trap->epc == v->pc &&
         (trap->cause == CAUSE_PRIVILEGED || errant || (trap->cause == CAUSE_ILLEGAL && v->known));
}

void coverage_step(struct coverage_of_profile *c, struct coverage_history *h,
                   const struct coverage_view *view, const struct machine_stop *stop, bool advanced)
{
  if (stop->why == MACHINE_TRAP) {
    c->trapped[stop->trap.cause]++;
    if (isa_cause_is_interrupt(stop->trap.cause)) {
      note_interrupt(c, h, view);
    } else if (is_own_trap(view, &stop->trap)) {
      c->executed[view->insn][view->mode]++;
    }
    coverage_history_reset(h);
    return;
  }
  if (!advanced && stop->why != MACHINE_LIMIT) {
    c->ended[stop->why]++;
  }
  if (advanced && view->runs && view->known) {
    c->executed[view->insn][view->mode]++;
    h->before = h->last;
    h->last = is_emulated(c->profile, view) ? view->insn : ISA_INSN_COUNT;
  }
}

/* ---------------------------------------------------------------- telling */

static const char *name_of(enum isa_insn insn)
{
  return isa_insn_info(insn)->mnemonic;
}

/* Errant instructions trap of themselves in every mode. */
static const char *behaviour_of(const struct profile *p, enum isa_insn insn, unsigned mode)
{
  return profile_behaviour(p, insn, mode)->name;
}

static void print_executed(const struct coverage_of_profile *c, FILE *out)
{
  fprintf(out, "%-8s", "");
  for (unsigned mode = 0; mode < profile_modes(c->profile); mode++) {
    fprintf(out, "  %-18s%u", "mode", mode);
  }
  fprintf(out, "\n");
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    fprintf(out, "%-8s", name_of((enum isa_insn)i));
    for (unsigned mode = 0; mode < profile_modes(c->profile); mode++) {
      fprintf(out, "  %-8s%11llu", behaviour_of(c->profile, (enum isa_insn)i, mode),
              (unsigned long long)c->executed[i][mode]);
    }
    fprintf(out, "\n");
  }
}

static bool can_be_emulated(const struct coverage_of_profile *c, enum isa_insn insn)
{
  return profile_behaviour(c->profile, insn, profile_user_mode(c->profile))->kind == PROFILE_TRAP;
}

static void print_one(const struct coverage_of_profile *c, FILE *out)
{
  fprintf(out, "== %s, %s: %llu programs, %llu ticks, step by step\n", profile_name(c->profile),
          c->compared ? "bare and virtual" : "engines only", (unsigned long long)c->programs,
          (unsigned long long)c->ticks);
  print_executed(c, out);
  fprintf(out, "traps\n");
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    if (isa_cause_info(cause)->name) {
      fprintf(out, "  %-12s %11llu\n", isa_cause_info(cause)->name,
              (unsigned long long)c->trapped[cause]);
    }
  }
  fprintf(out, "ends: %llu halted, %llu wait forever, %llu double faults\n",
          (unsigned long long)c->ended[MACHINE_HALTED], (unsigned long long)c->ended[MACHINE_WAITS],
          (unsigned long long)c->ended[MACHINE_DOUBLE_FAULT]);
  if (!c->compared) {
    return;
  }
  fprintf(out,
          "interrupts taken around an emulated instruction: before it, at its end, one later\n");
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    if (can_be_emulated(c, (enum isa_insn)i)) {
      fprintf(out, "  %-8s %9llu %9llu %9llu\n", name_of((enum isa_insn)i),
              (unsigned long long)c->taken[i][COVERAGE_BEFORE],
              (unsigned long long)c->taken[i][COVERAGE_AT],
              (unsigned long long)c->taken[i][COVERAGE_AFTER]);
    }
  }
}

void coverage_print(const struct coverage *c, FILE *out)
{
  for (unsigned i = 0; i < c->count; i++) {
    print_one(&c->of[i], out);
  }
}

/* ---------------------------------------------------------------- holes */

/* Causes of MMUs and devices that no machine here has. */
static bool can_be_raised(const struct profile *profile, unsigned cause)
{
  switch (cause) {
  case CAUSE_PROTECTION:
    return (profile_features(profile) & ISA_FEATURE_KEYS) != 0;
  case CAUSE_FETCH_FAULT:
  case CAUSE_LOAD_FAULT:
  case CAUSE_STORE_FAULT:
  case CAUSE_NESTED_FETCH:
  case CAUSE_NESTED_LOAD:
  case CAUSE_NESTED_STORE:
  case CAUSE_CHANNEL:
  case CAUSE_NETWORK:
    return false; /* IPEND can raise the last two, but needs not */
  default:
    return isa_cause_info(cause)->name != NULL;
  }
}

/* Nothing follows halt; after cli and before the next sti nothing is taken. */
static bool can_be_taken(enum isa_insn insn, enum coverage_place place)
{
  return place == COVERAGE_BEFORE || (insn != ISA_HALT && insn != ISA_CLI);
}

static unsigned holes_of(const struct coverage_of_profile *c, FILE *out)
{
  static const char *const places[] = {"before", "at the end of", "one after"};
  const char *name = profile_name(c->profile);
  unsigned holes = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    enum isa_insn insn = (enum isa_insn)i;
    for (unsigned mode = 0; mode < profile_modes(c->profile); mode++) {
      if (c->executed[i][mode] == 0) {
        fprintf(out, "# hole: %s: %s (%s) never executed in mode %u\n", name, name_of(insn),
                behaviour_of(c->profile, insn, mode), mode);
        holes++;
      }
    }
    for (unsigned place = 0; c->compared && place < COVERAGE_PLACES; place++) {
      if (can_be_emulated(c, insn) && can_be_taken(insn, (enum coverage_place)place) &&
          c->taken[i][place] == 0) {
        fprintf(out, "# hole: %s: no interrupt %s %s\n", name, places[place], name_of(insn));
        holes++;
      }
    }
  }
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    if (can_be_raised(c->profile, cause) && c->trapped[cause] == 0 &&
        (cause != CAUSE_PRIVILEGED || c->compared)) {
      fprintf(out, "# hole: %s: no %s trap\n", name, isa_cause_info(cause)->name);
      holes++;
    }
  }
  static const enum machine_why ends[] = {MACHINE_HALTED, MACHINE_WAITS, MACHINE_DOUBLE_FAULT};
  for (unsigned i = 0; i < 3; i++) {
    if (c->compared && c->ended[ends[i]] == 0) {
      fprintf(out, "# hole: %s: no program ended with stop %d\n", name, (int)ends[i]);
      holes++;
    }
  }
  return holes;
}

unsigned coverage_holes(const struct coverage *c, FILE *out)
{
  unsigned holes = 0;
  for (unsigned i = 0; i < c->count; i++) {
    holes += holes_of(&c->of[i], out);
  }
  return holes;
}
