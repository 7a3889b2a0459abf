/* Memory-mapped I/O. Neither the stepper's accesses nor the engine's know device
 * registers: to them these are addresses beyond storage, a bus error. It is looked at
 * here before anyone hears of it, so that a machine without such devices, and every
 * access to storage on one with them, pays nothing.
 */
#include "machine/bare.h"

static uint32_t effective(const struct bare *b, const struct isa_decoded *d)
{
  return b->reg[d->b] + d->imm;
}

/* At a boundary: the trap is that of the instruction at pc. */
bool bare_mmio(struct bare *b)
{
  struct isa_decoded d;
  if (!b->mmu.mmio || b->trap.cause != CAUSE_BUS || !isa_decode(b->trap.insn, &d) ||
      (d.insn != ISA_LW && d.insn != ISA_SW)) {
    return false;
  }
  enum machine_access access = d.insn == ISA_LW ? MACHINE_LOAD : MACHINE_STORE;
  struct translation t = mmu_translate(b, effective(b, &d), 4, access, bare_who(b));
  if (!t.device) {
    return false;
  }
  mmu_commit(b, &t);
  uint32_t port = devices_port_at(t.pa.v), value;
  if (d.insn == ISA_LW) {
    bare_insn_in(b, b->tick + 1, port, &value);
    b->reg[d.a == REG_ZERO ? BARE_SINK : d.a] = value;
  } else {
    bare_insn_out(b, b->tick + 1, port, b->reg[d.a]);
  }
  bare_complete(b, b->trap.insn, d.insn, b->psw, b->pc + 4);
  return true;
}
