#include "machine/trace.h"
#include "machine/trace_emit.h"

/* Written field by field, where the event is to be: this is most of what recording
 * costs the thread that runs the machine. */
void trace_put(const struct machine *m, enum trace_kind kind, uint64_t tick, uint32_t a, uint32_t b,
               uint32_t c, uint32_t d)
{
  struct tracer *t = m->tracer;
  if (!t->at) {
    struct trace_event event = {kind, m->name, tick, a, b, c, d};
    t->record(t, &event);
  } else if (t->keep[kind] >> (a & 31) & 1) {
    *t->at = (struct trace_event){kind, m->name, tick, a, b, c, d};
    if (++t->at == t->end) {
      t->full(t);
    }
  }
}
