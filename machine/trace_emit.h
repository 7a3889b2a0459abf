/* For implementers: emits an event if the machine has a tracer. */
#ifndef TRAPEZE_MACHINE_TRACE_EMIT_H
#define TRAPEZE_MACHINE_TRACE_EMIT_H

#include "machine/ops.h"
#include "machine/trace.h"

/* Calls the tracer, which has no room of its own; or says that its room is full. */
void trace_tell(const struct machine *m, const struct trace_event *event);
void trace_full(const struct machine *m);

static inline void trace_emit(const struct machine *m, enum trace_kind kind, uint64_t tick,
                              uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
  struct tracer *t = m->tracer;
  if (__builtin_expect(t == NULL, 1)) {
    return;
  }
  if (!t->at) {
    struct trace_event event = {kind, m->name, tick, a, b, c, d};
    trace_tell(m, &event);
  } else if (t->keep[kind] >> (a & 31) & 1) {
    *t->at = (struct trace_event){kind, m->name, tick, a, b, c, d};
    if (++t->at == t->end) {
      trace_full(m);
    }
  }
}

struct channel_program;
/* A TRACE_CCW for each of its CCWs. */
void channel_trace(const struct machine *m, uint64_t tick, const struct channel_program *p);
/* TRACE_FRAME. */
void trace_emit_frame(const struct machine *m, uint64_t tick, enum machine_frame way,
                      const uint8_t *frame, uint32_t len);

static inline bool trace_wants_sensitive(const struct machine *m)
{
  return __builtin_expect(m->tracer != NULL, 0) && m->tracer->sensitive;
}

static inline bool trace_wants_instructions(const struct machine *m)
{
  return __builtin_expect(m->tracer != NULL, 0) && m->tracer->instructions;
}

/* Of one that completed, with the PSW before. */
static inline bool trace_wants_instruction(const struct machine *m, enum isa_insn insn,
                                           uint32_t psw)
{
  return __builtin_expect(m->tracer != NULL, 0) &&
         (m->tracer->instructions || (m->tracer->sensitive && psw_mode(psw) != 0 &&
                                      isa_insn_info(insn)->group == ISA_GROUP_SYSTEM));
}

#endif
