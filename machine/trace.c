#include "machine/trace.h"
#include "machine/trace_emit.h"

void trace_tell(const struct machine *m, const struct trace_event *event)
{
  m->tracer->record(m->tracer, event);
}

void trace_full(const struct machine *m)
{
  m->tracer->full(m->tracer);
}
