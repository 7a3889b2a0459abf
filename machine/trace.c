#include "machine/trace.h"

#include "machine/devices/net.h"
#include "machine/trace_emit.h"

void trace_tell(const struct machine *m, const struct trace_event *event)
{
  m->tracer->record(m->tracer, event);
}

void trace_full(const struct machine *m)
{
  m->tracer->full(m->tracer);
}

void trace_emit_frame(const struct machine *m, uint64_t tick, enum machine_frame way,
                      const uint8_t *frame, uint32_t len)
{
  trace_emit(m, TRACE_FRAME, tick, way, net_frame_to(frame), net_frame_from(frame), len);
}
