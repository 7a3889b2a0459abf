#include "machine/bare.h"
#include "machine/trace_emit.h"

void bare_trace_map(const struct bare *b, struct relocation before)
{
  struct relocation now = bare_relocation(b);
  if (now.base != before.base || now.bound != before.bound) {
    trace_emit(&b->machine, TRACE_MAP, b->tick, now.base, now.bound, b->cr[CR_BASE],
               b->cr[CR_BOUND]);
  }
}

bool bare_deliver(struct machine *m, const struct trap *trap)
{
  struct bare *b = bare_of(m);
  uint32_t handler;
  if (!bare_read_vector(b, trap->cause, &handler)) {
    b->trap = *trap;
    b->double_fault = true;
    return false;
  }
  struct relocation before = {0};
  if (m->tracer) {
    before = bare_relocation(b);
  }
  bare_enter_handler(b, trap, handler);
  if (isa_cause_is_interrupt(trap->cause)) {
    b->cr[CR_IPEND] &= ~(1u << isa_cause_info(trap->cause)->line);
  }
  if (b->run_state == MACHINE_WAITING) {
    b->run_state = MACHINE_RUNNING;
  }
  if (m->tracer) {
    trace_emit(m, TRACE_DELIVER, b->tick, trap->cause, trap->epc, handler, 0);
    bare_trace_map(b, before);
  }
  b->tick++;
  if (b->tick >= b->next_event) {
    bare_fire(b);
  }
  return true;
}
