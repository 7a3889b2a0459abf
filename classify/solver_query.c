#include "classify/solver_query.h"

#include "classify/terms_internal.h"

/* The components in which the two states of the question may differ. */
static component_set query_differ(const struct profile *profile, enum question q, enum model model)
{
  switch (q) {
  case QUESTION_UNPRIVILEGED:
  case QUESTION_MODE:
    return model_mode();
  case QUESTION_LOCATION:
    return model_location(profile);
  case QUESTION_RESOURCE:
  case QUESTION_USER_RESOURCE:
    return model_resources(model, profile);
  default:
    return 0;
  }
}

/* One execution: the state before and what comes of it. */
struct run {
  const struct term_state *s;
  struct term_result r;
};

static Z3_ast mode_of(struct terms *t, const struct run *x)
{
  return terms_field(t, x->s->cr[CR_PSW], PSW_MODE_MASK);
}

static Z3_ast has_mode(struct terms *t, const struct run *x, unsigned mode)
{
  return term_eq(t->z3, mode_of(t, x), term_number(t->z3, 32, mode));
}

static Z3_ast differs(struct terms *t, Z3_ast x, Z3_ast y)
{
  return term_not(t->z3, term_eq(t->z3, x, y));
}

/* An output of the instruction, or what it made of a PSW field, is not `before`. */
static Z3_ast changed_field(struct terms *t, const struct run *x, uint32_t mask)
{
  return differs(t, terms_field(t, x->r.output[TERM_CR + CR_PSW], mask),
                 terms_field(t, x->s->cr[CR_PSW], mask));
}

static Z3_ast changed_psw(struct terms *t, const struct run *x, component_set k)
{
  Z3_ast any = term_bool(t->z3, false);
  const struct isa_psw_field_info *f = isa_psw_fields();
  for (unsigned i = 0; f[i].name; i++) {
    if (k & component_bit(COMPONENT_PSW + i)) {
      uint32_t mask = UINT32_MAX >> (31 - (f[i].high - f[i].low)) << f[i].low;
      any = term_or(t->z3, any, changed_field(t, x, mask));
    }
  }
  return any;
}

/* Storage outside the view needs no term: nothing ever writes there (terms.h). */
static Z3_ast changed(struct terms *t, const struct run *x, component_set k)
{
  Z3_context z = t->z3;
  const Z3_ast *out = x->r.output;
  Z3_ast any = changed_psw(t, x, k);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    if (n != CR_PSW && x->s->cr[n] && k & component_bit(COMPONENT_CR + n)) {
      any = term_or(z, any, differs(t, out[TERM_CR + n], x->s->cr[n]));
    }
  }
  if (k & component_bit(COMPONENT_KEYS)) {
    Z3_ast before = term_apply1(z, x->s->key, terms_some(t, TERM_SYMBOL_SOME_KEY));
    any = term_or(z, any, differs(t, out[TERM_KEY], before));
  }
  if (k & component_bit(COMPONENT_DEVICES)) {
    any = term_or(z, any, differs(t, out[TERM_DEVICES], x->s->devices));
  }
  if (k & component_bit(COMPONENT_TLB)) {
    any = term_or(z, any, differs(t, out[TERM_TLB], x->s->tlb));
  }
  if (k & component_bit(COMPONENT_RUN)) {
    any = term_or(z, any, differs(t, out[TERM_RUN], term_number(z, 32, MACHINE_RUNNING)));
  }
  return any;
}

/* Outside of K: registers, pc, C, V, the view. */
static Z3_ast outcomes_differ(struct terms *t, const struct run *x, const struct run *y)
{
  static const unsigned compared[] = {TERM_PC, TERM_REG, TERM_WORD};
  static const uint32_t flags[] = {PSW_C_MASK, PSW_V_MASK};
  const Z3_ast *a = x->r.output, *b = y->r.output;
  Z3_ast any = term_bool(t->z3, false);
  for (unsigned i = 0; i < sizeof compared / sizeof *compared; i++) {
    any = term_or(t->z3, any, differs(t, a[compared[i]], b[compared[i]]));
  }
  for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++) {
    any = term_or(t->z3, any,
                  differs(t, terms_field(t, a[TERM_CR + CR_PSW], flags[i]),
                          terms_field(t, b[TERM_CR + CR_PSW], flags[i])));
  }
  return any;
}

static Z3_ast neither(struct terms *t, const struct run *x, const struct run *y,
                      enum term_output trap)
{
  return term_not(t->z3, term_or(t->z3, x->r.output[trap], y->r.output[trap]));
}

/* Both free of memory traps, and the results differ. */
static Z3_ast results_differ(struct terms *t, const struct run *x, const struct run *y)
{
  Z3_context z = t->z3;
  const Z3_ast *a = x->r.output, *b = y->r.output;
  Z3_ast complete = term_and(z, neither(t, x, y, TERM_OTHER_TRAP), outcomes_differ(t, x, y));
  Z3_ast both = term_and(z, a[TERM_OTHER_TRAP], b[TERM_OTHER_TRAP]);
  Z3_ast traps = term_or(z, differs(t, a[TERM_OTHER_TRAP], b[TERM_OTHER_TRAP]),
                         term_and(z, both, differs(t, a[TERM_CAUSE], b[TERM_CAUSE])));
  Z3_ast same_mode = term_eq(z, mode_of(t, x), mode_of(t, y));
  return term_and(z, neither(t, x, y, TERM_MEMORY_TRAP),
                  term_or(z, complete, term_and(z, same_mode, traps)));
}

static Z3_ast unprivileged(struct terms *t, const struct run *s, const struct run *u)
{
  Z3_context z = t->z3;
  Z3_ast modes = term_and(z, has_mode(t, s, 0), has_mode(t, u, profile_user_mode(t->profile)));
  Z3_ast protects =
      term_and(z, u->r.output[TERM_OTHER_TRAP], term_not(z, s->r.output[TERM_OTHER_TRAP]));
  return term_and(z, term_and(z, modes, neither(t, s, u, TERM_MEMORY_TRAP)), term_not(z, protects));
}

static Z3_ast controls(struct terms *t, const struct run *x, enum model model)
{
  Z3_context z = t->z3;
  Z3_ast traps = term_or(z, x->r.output[TERM_MEMORY_TRAP], x->r.output[TERM_OTHER_TRAP]);
  return term_and(z, term_not(z, traps), changed(t, x, model_resources(model, t->profile)));
}

void query_build(struct terms *t, enum question q, enum model model, struct query *out)
{
  Z3_context z = t->z3;
  component_set own = query_differ(t->profile, q, model);
  unsigned user = profile_user_mode(t->profile);
  struct run run[2];
  out->states = question_states(q);
  out->encoded = terms_encoded(t);
  for (unsigned i = 0; i < out->states; i++) {
    terms_state(t, own, i + 1, &out->state[i]);
    out->legal[i] = terms_legal(t, &out->state[i]);
    run[i].s = &out->state[i];
    terms_execute(t, &out->state[i], &run[i].r);
  }
  switch (q) {
  case QUESTION_UNPRIVILEGED:
    out->asks = unprivileged(t, &run[0], &run[1]);
    break;
  case QUESTION_CONTROL:
    out->asks = controls(t, &run[0], model);
    break;
  case QUESTION_USER_CONTROL:
    out->asks = term_and(z, has_mode(t, &run[0], user), controls(t, &run[0], model));
    break;
  case QUESTION_MODE:
    out->asks = term_and(z, differs(t, mode_of(t, &run[0]), mode_of(t, &run[1])),
                         results_differ(t, &run[0], &run[1]));
    break;
  case QUESTION_USER_RESOURCE:
    out->asks = term_and(z, term_and(z, has_mode(t, &run[0], user), has_mode(t, &run[1], user)),
                         results_differ(t, &run[0], &run[1]));
    break;
  default:
    out->asks = results_differ(t, &run[0], &run[1]);
    break;
  }
}

Z3_ast query_whole(struct terms *t, const struct query *query)
{
  Z3_context z = t->z3;
  Z3_ast all = term_and(z, query->encoded, query->legal[0]);
  all = query->states == 2 ? term_and(z, all, query->legal[1]) : all;
  return term_and(z, all, query->asks);
}
