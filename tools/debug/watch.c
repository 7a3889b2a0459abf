/* Watches of what no access to storage changes: registers, fields of the PSW,
 * expressions. They are compared after every step. To step is slow, so a stretch is
 * first executed at once while a tracer compares; only a stretch in which something
 * changed is gone back over, step by step, which finds the place exactly. */
#include "tools/debug/debugger.h"

#define STRETCH 20000u

static struct machine *machine_of(struct debugger *d, const struct repl_stop *s)
{
  return s->at_machine ? repl_real(d) : repl_focus(d);
}

static uint32_t field_of(const struct isa_psw_field_info *f, uint32_t psw)
{
  return psw >> f->low & ((1u << (f->high - f->low + 1)) - 1);
}

static bool read_watch(struct debugger *d, const struct repl_stop *s, struct formula_value *v)
{
  struct machine *m = machine_of(d, s);
  struct formula_scope scope = {m, d->setup->program.image, &d->memory};
  struct formula_error error;
  *v = s->last;
  switch (s->last.place) { /* without a look at names, millions of times */
  case FORMULA_REG: v->v = machine_get_reg(m, v->where); return true;
  case FORMULA_CR: v->v = machine_get_cr(m, (enum isa_cr)v->where); return true;
  case FORMULA_FIELD:
    v->v = field_of(&isa_psw_fields()[v->field], machine_get_cr(m, (enum isa_cr)v->where));
    return true;
  default: return formula_eval(s->watched, &scope, v, &error);
  }
}

static bool is_soft(const struct repl_stop *s)
{
  return s->soft && s->enabled;
}

void repl_read_watches(struct debugger *d)
{
  for (struct repl_stop *s = d->stops; s; s = s->next)
    if (is_soft(s))
      read_watch(d, s, &s->last);
}

/* The first watch whose value is another now, and whose user wants to know. */
static struct repl_stop *changed(struct debugger *d, bool count)
{
  struct formula_value v;
  for (struct repl_stop *s = d->stops; s; s = s->next) {
    if (!is_soft(s) || !read_watch(d, s, &v) || v.v == s->last.v)
      continue;
    d->soft_was = s->last;
    d->soft_is = s->last = v;
    if (!repl_condition_holds(d, s, machine_of(d, s)))
      continue;
    s->hits += count;
    if (!count || s->ignore == 0)
      return s;
    s->ignore--;
  }
  return NULL;
}

/* ------------------------------------------------------------------ a stretch */

struct comparer {
  struct tracer tracer;
  struct debugger *debugger;
  bool changed;
  /* Traps of the machine below, at `from` or later: the first, or the last one. */
  uint64_t from, before, tick;
  bool trapped, last, raised;
  enum isa_cause cause, met;
};

static bool is_real(const struct repl_stop *s)
{
  return s->enabled && s->kind == REPL_REAL_TRAP;
}

/* Some catchpoint wants it; hit: the condition holds here, and it is counted. */
static bool wants_trap(struct debugger *d, const struct comparer *c, bool hit)
{
  for (struct repl_stop *s = d->stops; s; s = s->next) {
    if (!is_real(s) || !(s->causes >> c->cause & 1))
      continue;
    if (!hit)
      return true;
    if (!repl_condition_holds(d, s, repl_focus(d)))
      continue;
    s->hits++;
    d->soft_hit = s;
    if (s->ignore == 0)
      return true;
    s->ignore--;
    d->soft_hit = NULL;
  }
  return false;
}

/* The machine below raises it, then the virtual machine says at which of its ticks. */
static void see_trap(struct comparer *c, const struct trace_event *e)
{
  struct machine *focus = repl_focus(c->debugger), *below = machine_parent(focus);
  if (below && e->kind == TRACE_TRAP && e->machine == machine_name(below)) {
    c->met = (enum isa_cause)e->a;
    c->raised = true;
  } else if (e->kind == TRACE_WORLD_OUT && e->machine == machine_name(focus) && c->raised) {
    struct comparer now = *c;
    c->raised = false;
    now.cause = c->met;
    if (e->tick < c->from || e->tick >= c->before || (c->trapped && !c->last) ||
        !wants_trap(c->debugger, &now, false))
      return;
    c->trapped = true;
    c->cause = c->met;
    c->tick = e->tick;
  }
}

static void compare(struct tracer *tracer, const struct trace_event *event)
{
  struct comparer *c = (struct comparer *)tracer;
  struct formula_value v;
  if (event)
    see_trap(c, event);
  for (struct repl_stop *s = c->debugger->stops; s && !c->changed; s = s->next)
    c->changed = is_soft(s) && read_watch(c->debugger, s, &v) && v.v != s->last.v;
}

/* Whether a tracer sees each value that it has: time and the flags of a virtual machine
 * are brought up to date between runs only, a pc after the event. */
static bool can_compare(const struct repl_stop *s)
{
  const struct formula_value *v = &s->last;
  switch (v->place) {
  case FORMULA_REG: return true;
  case FORMULA_CR:
    return !isa_cr_info((enum isa_cr)v->where)->is_psw && v->where != CR_TICK &&
           v->where != CR_TIMER && v->where != CR_IPEND;
  case FORMULA_FIELD: return (isa_psw_fields()[v->field].high < PSW_C_SHIFT ||
                              isa_psw_fields()[v->field].low > PSW_V_SHIFT);
  default: return false;
  }
}

static bool can_compare_all(const struct debugger *d)
{
  for (const struct repl_stop *s = d->stops; s; s = s->next)
    if (is_soft(s) && !can_compare(s))
      return false;
  return !timeline_cost(d->timeline).cannot_save;
}

static bool has_kind(const struct debugger *d, bool (*is)(const struct repl_stop *s))
{
  for (const struct repl_stop *s = d->stops; s; s = s->next)
    if (is(s))
      return true;
  return false;
}

static void begin(struct debugger *d, struct comparer *c, uint64_t from)
{
  *c = (struct comparer){.tracer = {.record = compare, .instructions = has_kind(d, is_soft)},
                         .debugger = d,
                         .from = from,
                         .before = UINT64_MAX};
  timeline_trace(d->timeline, &c->tracer);
}

/* Whether anything changed since. */
static bool end(struct debugger *d, struct comparer *c)
{
  timeline_trace(d->timeline, NULL);
  compare(&c->tracer, NULL);
  return c->changed;
}

bool repl_has_soft_watch(const struct debugger *d)
{
  return has_kind(d, is_soft) || has_kind(d, is_real);
}

/* -------------------------------------------------------------------- forward */

static struct timeline_stop soft_step(struct debugger *d)
{
  struct timeline_stop s = timeline_continue(d->timeline, timeline_tick(d->timeline) + 1);
  d->soft_hit = changed(d, true);
  if (s.why != TIMELINE_ARRIVED || !d->soft_hit) {
    d->soft_hit = s.why == TIMELINE_ARRIVED ? d->soft_hit : NULL;
    return s;
  }
  s.why = TIMELINE_WATCH;
  return s;
}

/* A step ends at its limit and sees no break there: they are looked for here. */
static struct timeline_stop step_by_step(struct debugger *d, uint64_t until)
{
  struct timeline_stop s = {.why = TIMELINE_ARRIVED, .tick = timeline_tick(d->timeline)};
  while (s.why == TIMELINE_ARRIVED && s.tick < until) {
    s = soft_step(d);
    struct timeline_stop here = s;
    here.why = TIMELINE_BREAK;
    if (s.why == TIMELINE_ARRIVED && repl_stops_here(d, &here))
      return here;
  }
  return s;
}

/* The trap of the real machine that the stretch met first, unless nobody wants it. */
static bool stop_at_trap(struct debugger *d, const struct comparer *c, uint64_t *from,
                         struct timeline_stop *s)
{
  *s = repl_return(d, c->tick);
  *from = c->tick + 1;
  if (s->why != TIMELINE_ARRIVED || !wants_trap(d, c, true))
    return s->why != TIMELINE_ARRIVED;
  s->why = TIMELINE_TRAP;
  s->machine.trap = (struct trap){.cause = c->cause, .epc = machine_get_pc(repl_focus(d))};
  return true;
}

/* Back to the beginning of a stretch, and through it step by step; beyond its end, if
 * that was a stop: it is met again. */
static struct timeline_stop go_over(struct debugger *d, uint64_t start, uint64_t end)
{
  struct timeline_stop s = repl_return(d, start);
  return s.why == TIMELINE_ARRIVED ? step_by_step(d, end) : s;
}

struct timeline_stop repl_soft_go(struct debugger *d, uint64_t from, uint64_t until)
{
  struct timeline_stop s = {.why = TIMELINE_ARRIVED, .tick = timeline_tick(d->timeline)};
  bool fast = can_compare_all(d);
  while (s.why == TIMELINE_ARRIVED && s.tick < until) {
    uint64_t start = s.tick, limit = until - start > STRETCH ? start + STRETCH : until;
    struct comparer c;
    begin(d, &c, from);
    s = fast ? timeline_continue(d->timeline, limit) : step_by_step(d, limit);
    bool other = end(d, &c) && fast;
    if (s.why == TIMELINE_FAILED || s.why == TIMELINE_INTERRUPTED)
      return s;
    uint64_t reached = s.tick;
    if (c.trapped && c.tick <= reached && !(d->soft_hit && c.tick >= reached)) {
      d->soft_hit = NULL;
      if (other)
        s = go_over(d, start, c.tick);
      if (other && (s.why != TIMELINE_ARRIVED || d->soft_hit))
        return s;
      if (stop_at_trap(d, &c, &from, &s))
        return s;
    } else if (other) {
      s = go_over(d, start, reached + 1 < until ? reached + 1 : until);
    }
  }
  return s;
}

/* ------------------------------------------------------------------- backward */

static void look(void *ctx, struct debugger *d)
{
  struct repl_change *c = ctx;
  struct repl_stop *s = c->begun ? changed(d, false) : NULL;
  if (s) {
    c->hit = s;
    c->was = d->soft_was;
    c->is = d->soft_is;
    c->tick = c->previous;
  }
  repl_read_watches(d);
  c->previous = timeline_tick(d->timeline);
  c->begun = true;
}

/* Step by step: the last change in a stretch. */
static bool last_change(struct debugger *d, uint64_t from, uint64_t to, struct repl_change *c)
{
  c->begun = false;
  if (!repl_scan(d, from, to, look, c))
    return false;
  look(c, d);
  return true;
}

/* Where the last stretch of [from, to) begins in which something changed; `to`: none. */
static bool last_stretch(struct debugger *d, uint64_t from, uint64_t to, uint64_t *start)
{
  struct timeline_stop s = timeline_goto(d->timeline, from);
  *start = to;
  for (uint64_t at = from; at < to; at = at + STRETCH < to ? at + STRETCH : to) {
    struct comparer c;
    if (s.why != TIMELINE_ARRIVED && s.why != TIMELINE_START)
      return s.why == TIMELINE_ENDED;
    repl_read_watches(d);
    begin(d, &c, UINT64_MAX);
    s = timeline_goto(d->timeline, at + STRETCH < to ? at + STRETCH : to);
    if (end(d, &c))
      *start = at;
  }
  return s.why == TIMELINE_ARRIVED || s.why == TIMELINE_ENDED;
}

/* Stretches backwards, each executed forwards, twice as long every time. */
bool repl_find_change(struct debugger *d, uint64_t oldest, uint64_t now, struct repl_change *c)
{
  uint64_t to = now, window = STRETCH;
  bool fast;
  *c = (struct repl_change){0};
  if (!has_kind(d, is_soft))
    return true;
  repl_read_watches(d); /* so that it is known where they lie */
  fast = can_compare_all(d);
  while (to > oldest && !c->hit) {
    uint64_t from = to - oldest > window ? to - window : oldest, start = from;
    if (fast && !last_stretch(d, from, to, &start))
      return false;
    uint64_t stop = fast && to - start > STRETCH ? start + STRETCH : to;
    if (start < to && !last_change(d, start, stop, c))
      return false;
    /* A change that its user does not want to know may be the only one there. */
    to = fast && start < to && !c->hit ? start : from;
    window *= 2;
  }
  return true;
}

bool repl_find_real_trap(struct debugger *d, uint64_t oldest, uint64_t now,
                         struct repl_stop **found, struct timeline_stop *at)
{
  uint64_t to = now, window = STRETCH;
  *found = NULL;
  while (has_kind(d, is_real) && to > oldest) {
    uint64_t from = to - oldest > window ? to - window : oldest;
    struct comparer c;
    struct timeline_stop s = timeline_goto(d->timeline, from);
    begin(d, &c, from);
    c.tracer.instructions = false;
    c.before = to;
    c.last = true;
    if (s.why == TIMELINE_ARRIVED || s.why == TIMELINE_START)
      s = timeline_goto(d->timeline, to);
    end(d, &c);
    if (s.why != TIMELINE_ARRIVED && s.why != TIMELINE_ENDED)
      return false;
    uint64_t ignored;
    if (c.trapped && stop_at_trap(d, &c, &ignored, at)) {
      *found = d->soft_hit;
      return *found != NULL;
    }
    to = c.trapped ? c.tick : from;
    window *= 2;
  }
  return true;
}
