#include "machine/bare.h"
#include "machine/trace_emit.h"

/* The vector is read before anything changes: a double fault leaves the state
 * from before the delivery. */
static bool read_vector(const struct bare *b, enum isa_cause cause, uint32_t *handler)
{
  uint64_t at = (uint64_t)b->cr[CR_VBR] + 4u * (uint32_t)cause;
  if (at + 4 > b->storage.size) {
    return false;
  }
  *handler = storage_load(&b->storage, (uint32_t)at, 4);
  return *handler % 4 == 0;
}

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
  if (!read_vector(b, trap->cause, &handler)) {
    b->trap = *trap;
    b->double_fault = true;
    return false;
  }
  struct relocation before = {0};
  if (m->tracer) {
    before = bare_relocation(b);
  }
  b->cr[CR_EPSW] = b->psw;
  b->cr[CR_EPC] = trap->epc;
  b->cr[CR_CAUSE] = trap->cause;
  b->cr[CR_BADVA] = trap->value;
  b->cr[CR_EINSN] = trap->insn;
  b->cr[CR_NGPA] = trap->ngpa; /* of other machines it stays 0 */
  b->psw = psw_set_pmode(b->psw & (PSW_C_MASK | PSW_V_MASK), psw_mode(b->psw));
  b->pc = handler;
  if (isa_cause_is_interrupt(trap->cause)) {
    b->cr[CR_IPEND] &= ~(1u << isa_cause_info(trap->cause)->line);
  }
  if (b->run_state == MACHINE_WAITING) {
    b->run_state = MACHINE_RUNNING;
  }
  b->stats.delivered[trap->cause]++;
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
