/* Calls and traps that have not returned, known by executing the past again: no
 * frame pointers are needed, and no guess is made. */
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

struct stack_of_calls {
  struct repl_frame frame[REPL_FRAMES]; /* round: the oldest are overwritten */
  unsigned depth;
};

static void push(struct stack_of_calls *s, struct repl_frame f)
{
  if (s->depth == REPL_FRAMES) {
    memmove(s->frame, s->frame + 1, (REPL_FRAMES - 1) * sizeof *s->frame);
    s->depth--;
  }
  s->frame[s->depth++] = f;
}

/* Back from a trap: to the frame with that place, if it is known. A scheduler may go
 * to another process, whose trap is further down or was never seen. */
static void pop_trap(struct stack_of_calls *s)
{
  while (s->depth > 0 && !s->frame[s->depth - 1].is_trap)
    s->depth--;
  s->depth -= s->depth > 0;
}

static void visit(void *ctx, struct debugger *d)
{
  struct stack_of_calls *s = ctx;
  struct trap trap;
  struct isa_decoded insn;
  struct machine *m = repl_focus(d);
  if (timeline_trap(d->timeline, &trap)) {
    struct repl_frame f = repl_here(d);
    f.is_trap = true;
    f.cause = trap.cause;
    push(s, f);
  } else if (!repl_decode_at(m, machine_get_pc(m), &insn)) {
    return;
  } else if (repl_is_call(&insn)) {
    push(s, repl_here(d));
  } else if (repl_is_return(&insn)) {
    s->depth -= s->depth > 0 && !s->frame[s->depth - 1].is_trap;
  } else if ((insn.insn == ISA_RFE || insn.insn == ISA_LPSW) &&
             psw_mode(machine_get_cr(m, CR_PSW)) == 0) {
    pop_trap(s);
  }
}

bool repl_find_frames(struct debugger *d, unsigned want, struct repl_frame frames[REPL_FRAMES],
                      unsigned *count, bool *beginning)
{
  uint64_t now = timeline_tick(d->timeline), window = 4096;
  struct stack_of_calls s;
  do {
    uint64_t from = now > window ? now - window : 0;
    s.depth = 0;
    *beginning = from == 0;
    if (!repl_scan(d, from, now, visit, &s)) {
      timeline_goto(d->timeline, now);
      return false;
    }
    window *= 16;
  } while (s.depth < want && !*beginning);
  *count = s.depth;
  for (unsigned i = 0; i < s.depth; i++)
    frames[i] = s.frame[s.depth - 1 - i];
  return true;
}
