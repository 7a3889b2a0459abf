/* For implementers: emits an event if the machine has a tracer. */
#ifndef TRAPEZE_MACHINE_TRACE_EMIT_H
#define TRAPEZE_MACHINE_TRACE_EMIT_H

#include "machine/ops.h"
#include "machine/trace.h"

void trace_put(const struct machine *m, enum trace_kind kind, uint64_t tick, uint32_t a, uint32_t b,
               uint32_t c, uint32_t d);

static inline void trace_emit(const struct machine *m, enum trace_kind kind, uint64_t tick,
                              uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
  if (__builtin_expect(m->tracer != NULL, 0)) {
    trace_put(m, kind, tick, a, b, c, d);
  }
}

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
