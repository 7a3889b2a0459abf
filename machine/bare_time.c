#include "machine/bare.h"
#include "machine/trace_emit.h"

static void raise_line(struct bare *b, enum isa_cause cause)
{
  b->cr[CR_IPEND] |= 1u << isa_cause_info(cause)->line;
  trace_emit(&b->machine, TRACE_DEVICE, b->tick, cause, 0, 0, 0);
}

void bare_schedule(struct bare *b)
{
  b->device_at = devices_next_event(&b->devices);
  bare_schedule_timer(b);
}

void bare_fire(struct bare *b)
{
  if (b->tick >= b->timer_at) {
    b->timer_at = MACHINE_NEVER;
    raise_line(b, CAUSE_TIMER);
  }
  for (uint32_t causes = devices_fire(&b->devices, b->tick); causes != 0; causes &= causes - 1) {
    raise_line(b, (enum isa_cause)__builtin_ctz(causes));
  }
  bare_schedule(b);
}

/* Time passes up to the next event, or until if that is earlier; events due at
 * the tick reached have happened. */
static void pass_time(struct bare *b, uint64_t until)
{
  b->tick = b->next_event < until ? b->next_event : until;
  if (b->tick >= b->next_event) {
    bare_fire(b);
  }
}

bool bare_wait(struct bare *b, uint64_t until)
{
  if (b->cr[CR_IPEND] & b->cr[CR_IMASK]) {
    b->run_state = MACHINE_RUNNING;
    trace_emit(&b->machine, TRACE_STATE, b->tick, MACHINE_RUNNING, b->pc, 0, 0);
    return true;
  }
  if (b->next_event == MACHINE_NEVER) {
    return false;
  }
  pass_time(b, until);
  return true;
}

uint64_t bare_idle(struct machine *m, uint64_t until)
{
  struct bare *b = bare_of(m);
  bare_schedule_timer(b);
  if (b->tick >= b->next_event) {
    bare_fire(b);
  }
  /* With no end and no event there is nowhere to go. */
  while (b->tick < until && b->cr[CR_IPEND] == 0 &&
         (until != MACHINE_NEVER || b->next_event != MACHINE_NEVER)) {
    pass_time(b, until);
  }
  return b->tick;
}
