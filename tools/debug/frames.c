/* Calls and traps that have not returned, known by executing the past again: no
 * frame pointers are needed. Threads mix in that past. A return belongs to the call
 * with the same stack pointer in the same address space, an rfe to the trap at the
 * place that it goes back to; what is left over is other threads' and not shown. */
#include <string.h>

#include "tools/debug/debugger.h"

bool repl_scan(struct debugger *d, uint64_t from, uint64_t to,
               void (*visit)(void *ctx, struct debugger *d), void *ctx)
{
  struct timeline_stop s = timeline_goto(d->timeline, from);
  while (s.why == TIMELINE_ARRIVED || s.why == TIMELINE_START) {
    if (timeline_tick(d->timeline) >= to)
      return true;
    visit(ctx, d);
    s = timeline_step(d->timeline, 1);
  }
  return s.why == TIMELINE_ENDED;
}

/* Which address space: 0 without relocation. */
static uint64_t space_of(struct machine *m, uint32_t psw)
{
  return psw_te(psw) ? (uint64_t)machine_get_cr(m, CR_BASE) + 1 : 0;
}

struct repl_frame repl_here(struct debugger *d)
{
  struct machine *m = repl_focus(d);
  uint32_t pc = machine_get_pc(m), psw = machine_get_cr(m, CR_PSW);
  return (struct repl_frame){
      .tick = timeline_tick(d->timeline),
      .pc = pc,
      .sp = machine_get_reg(m, REG_SP),
      .mode = psw_mode(psw),
      .pa = machine_translate(m, gva(pc), MACHINE_FETCH, psw_te(psw)).pa.v,
      .space = space_of(m, psw),
  };
}

void repl_goal_after(struct debugger *d, const struct repl_frame *f)
{
  d->goal = (struct repl_goal){
      .count = f->is_trap ? 2 : 1,
      .pc = {f->pc + 4, f->pc},
      .same_frame = true,
      .sp = f->sp,
      .mode = f->mode,
      .pa = f->is_trap ? f->pa : f->pa + 4,
  };
}

#define KEPT 256u
#define FAR  4096u /* bytes: another thread's stack */
struct stack_of_calls {
  struct repl_frame frame[KEPT]; /* the oldest are forgotten */
  unsigned depth;
  unsigned handlers; /* traps since the last rfe: those that the present place is in */
};

static void push(struct stack_of_calls *s, struct repl_frame f)
{
  if (s->depth == KEPT) {
    memmove(s->frame, s->frame + 1, (KEPT - 1) * sizeof *s->frame);
    s->depth--;
  }
  s->frame[s->depth++] = f;
}

static void take_out(struct stack_of_calls *s, unsigned i)
{
  memmove(s->frame + i, s->frame + i + 1, (s->depth - i - 1) * sizeof *s->frame);
  s->depth--;
}

/* A return to `to`: of the call that left that address, with the same stack pointer, or
 * else the nearest (a routine may leave something on the stack, as minos's lock does). */
static void pop_call(struct stack_of_calls *s, const struct repl_frame *here, uint32_t to)
{
  unsigned best = KEPT;
  uint32_t least = UINT32_MAX;
  for (unsigned i = s->depth; i-- > 0;) {
    const struct repl_frame *f = &s->frame[i];
    uint32_t off = f->sp > here->sp ? f->sp - here->sp : here->sp - f->sp;
    if (f->is_trap || f->space != here->space || off >= least)
      continue;
    if (off == 0 || (f->pc + 4 == to && off <= FAR)) {
      best = i;
      least = off;
    }
  }
  if (best < KEPT)
    take_out(s, best);
}

/* Back to `pc` of a space: the handler's own calls end, and the trap there. */
static void pop_trap(struct stack_of_calls *s, uint32_t pc, uint64_t space)
{
  while (s->depth > 0 && s->handlers > 0 && !s->frame[s->depth - 1].is_trap)
    s->depth--;
  s->handlers = 0;
  for (unsigned i = s->depth; i-- > 0;) {
    const struct repl_frame *f = &s->frame[i];
    if (f->is_trap && f->space == space && (f->pc == pc || f->pc + 4 == pc)) {
      take_out(s, i);
      return;
    }
  }
}

/* What a step was that executed an instruction. */
static void note_insn(struct stack_of_calls *s, struct machine *m, const struct repl_frame *before,
                      const struct isa_decoded *insn, uint32_t epc, uint64_t space)
{
  if (repl_is_call(insn))
    push(s, *before);
  else if (repl_is_return(insn))
    pop_call(s, before, machine_get_pc(m));
  else if (insn->insn == ISA_RFE && before->mode == 0)
    pop_trap(s, epc, space);
}

/* The trap that a step delivered. */
struct trap_seen {
  struct tracer tracer;
  const char *machine;
  bool raised;
  enum isa_cause cause;
};

static void see(struct tracer *tracer, const struct trace_event *e)
{
  struct trap_seen *t = (struct trap_seen *)tracer;
  if (e->kind == TRACE_DELIVER && e->machine == t->machine) {
    t->raised = true;
    t->cause = (enum isa_cause)e->a;
  }
}

static bool one_step(struct debugger *d, struct stack_of_calls *s, struct trap_seen *seen)
{
  struct machine *m = repl_focus(d);
  struct repl_frame before = repl_here(d);
  struct isa_decoded insn;
  bool decoded = repl_decode_at(m, before.pc, &insn);
  bool back = decoded && insn.insn == ISA_RFE;
  uint32_t epc = back ? machine_get_cr(m, CR_EPC) : 0;
  uint64_t space = back ? space_of(m, machine_get_cr(m, CR_EPSW)) : 0;
  seen->raised = false;
  struct timeline_stop stop = timeline_step(d->timeline, 1);
  if (seen->raised) {
    before.is_trap = true;
    before.cause = seen->cause;
    push(s, before);
    s->handlers++;
  } else if (decoded) {
    note_insn(s, m, &before, &insn, epc, space);
  }
  bool on = stop.why == TIMELINE_ENDED && timeline_tick(d->timeline) > before.tick;
  return stop.why == TIMELINE_ARRIVED || on;
}

/* The calls of a stretch. False: interrupted. */
static bool follow(struct debugger *d, uint64_t from, uint64_t to, struct stack_of_calls *s)
{
  struct timeline_stop at = timeline_goto(d->timeline, from);
  struct trap_seen seen = {.tracer.record = see, .machine = machine_name(repl_focus(d))};
  bool ok = at.why == TIMELINE_ARRIVED || at.why == TIMELINE_START;
  timeline_trace(d->timeline, &seen.tracer);
  while (ok && timeline_tick(d->timeline) < to)
    ok = one_step(d, s, &seen);
  timeline_trace(d->timeline, NULL);
  return ok;
}

/* The calls of the thread that is at the present place. */
static unsigned own_frames(struct stack_of_calls *s, struct repl_frame here,
                           struct repl_frame frames[REPL_FRAMES])
{
  unsigned count = 0, handlers = s->handlers;
  for (unsigned i = s->depth; i-- > 0 && count < REPL_FRAMES;) {
    const struct repl_frame *f = &s->frame[i];
    bool own = f->is_trap ? handlers > 0 : f->space == here.space && f->sp >= here.sp;
    if (!own)
      continue;
    handlers -= f->is_trap;
    frames[count++] = here = *f;
  }
  return count;
}

bool repl_find_frames(struct debugger *d, unsigned want, struct repl_frame frames[REPL_FRAMES],
                      unsigned *count, bool *beginning)
{
  struct repl_frame here = repl_here(d);
  uint64_t now = here.tick, window = 4096;
  struct stack_of_calls s;
  do {
    uint64_t from = now > window ? now - window : 0;
    s.depth = s.handlers = 0;
    *beginning = from == 0;
    if (!follow(d, from, now, &s)) {
      repl_return(d, now);
      return false;
    }
    window *= 16;
    *count = own_frames(&s, here, frames);
  } while (*count < want && !*beginning);
  return true;
}
