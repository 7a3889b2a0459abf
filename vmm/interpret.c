/* Memory-mapped devices: a guest's load or store of a device register is innocuous, but
 * what it names is not storage, and what answers is a virtual device. Direct execution
 * cannot do that; the access faults, and the VMM decodes the instruction and does it.
 */
#include "vmm/modules.h"

static bool interpret(void *state, const struct vmm_env *env, uint32_t word)
{
  (void)state;
  struct vmm_insn insn = env->decode(env->ctx, word);
  bool load = insn.decoded.insn == ISA_LW;
  if (!insn.legal || (!load && insn.decoded.insn != ISA_SW)) {
    return false;
  }
  uint32_t va = env->get_reg(env->ctx, insn.decoded.b) + insn.decoded.imm;
  struct translation at = env->translate(env->ctx, gva(va), 4, load ? MACHINE_LOAD : MACHINE_STORE,
                                         psw_te(env->get_cr(env->ctx, CR_PSW)));
  if (!at.device) {
    return false;
  }
  uint32_t port = env->port_at(env->ctx, at.pa);
  if (load) {
    env->set_reg(env->ctx, insn.decoded.a, env->port_in(env->ctx, port));
  } else {
    env->port_out(env->ctx, port, env->get_reg(env->ctx, insn.decoded.a));
  }
  env->set_pc(env->ctx, env->get_pc(env->ctx) + 4);
  return true;
}

const struct vmm_interpret_module vmm_interpret = {.interpret = interpret};
