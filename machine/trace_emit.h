/* For implementers: emits an event if the machine has a tracer. */
#ifndef TRAPEZE_MACHINE_TRACE_EMIT_H
#define TRAPEZE_MACHINE_TRACE_EMIT_H

#include "machine/ops.h"
#include "machine/trace.h"

static inline void trace_emit(const struct machine *m, enum trace_kind kind, uint64_t tick,
                              uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
  if (__builtin_expect(m->tracer != NULL, 0)) {
    struct trace_event event = {kind, m->name, tick, a, b, c, d};
    m->tracer->record(m->tracer, &event);
  }
}

static inline bool trace_wants_instructions(const struct machine *m)
{
  return __builtin_expect(m->tracer != NULL, 0) && m->tracer->instructions;
}

#endif
