/* The dispatcher D: every trap of the real machine comes here, and gets one of
 * three answers. With it the table of FACTS, section 2, comes out:
 *
 *                 virtual user mode         virtual privileged mode
 *   innocuous     does not trap             does not trap
 *   errant        reflect                   reflect
 *   sensitive     reflect                   emulate
 *   interrupt     serve                     serve
 *   hypercall     reflect                   serve, if the guest's technique has them
 *   innocuous, to a memory-mapped device: does not trap on a real machine, traps
 *   on this one; interpret in both
 *
 * What the VM's technique has interpreted does not trap, and does not come here.
 */
#include "vmm/modules.h"

/* A privileged instruction trapped. In virtual privileged mode the guest had the
 * right to it, and the routine v_i does to the virtual machine what the instruction
 * would do to a real one. In any other virtual mode the guest's own machine would
 * have trapped as well. That the profile lets an instruction execute there says
 * nothing: lpsw that checks traps by itself, and full it would give away mode 0. */
static enum vmm_action dispatch_privileged(const struct vmm_env *env, struct trap real)
{
  struct vmm_insn insn = env->decode(env->ctx, real.insn);
  if (!insn.legal) {
    return VMM_REFLECT;
  }
  unsigned mode = psw_mode(env->get_cr(env->ctx, CR_PSW));
  return mode == 0 && env->behaviour(env->ctx, insn.decoded.insn, mode) == PROFILE_BODY
             ? VMM_EMULATE
             : VMM_REFLECT;
}

/* A load or store that the guest means for a device register: such an address is no
 * storage, so it traps in every virtual mode, and on a bare machine it would not. No
 * other instruction reaches a device. */
static bool means_device(const struct vmm_env *env, struct trap real)
{
  struct vmm_insn insn = env->decode(env->ctx, real.insn);
  enum isa_insn i = insn.decoded.insn;
  if (!insn.legal || (i != ISA_LW && i != ISA_SW)) {
    return false;
  }
  uint32_t va = env->get_reg(env->ctx, insn.decoded.b) + insn.decoded.imm;
  uint32_t psw = env->get_cr(env->ctx, CR_PSW);
  enum machine_access access = i == ISA_LW ? MACHINE_LOAD : MACHINE_STORE;
  return va % 4 == 0 &&
         env->translate(env->ctx, gva(va), 4, access, psw_te(psw), psw_mode(psw)).device;
}

static enum vmm_action dispatch(void *state, const struct vmm_env *env, struct trap real)
{
  (void)state;
  if (isa_cause_is_interrupt(real.cause)) {
    /* Real devices are the VMM's; the guest's interrupts come from its own. */
    return VMM_SERVE;
  }
  if (real.cause == CAUSE_PRIVILEGED) {
    return dispatch_privileged(env, real);
  }
  if (real.cause == CAUSE_HYPERCALL && psw_mode(env->get_cr(env->ctx, CR_PSW)) == 0 &&
      env->hypercalls(env->ctx)) {
    /* A user program asks its own kernel, whoever that asks. */
    return VMM_HYPERCALL;
  }
  if (isa_cause_info(real.cause)->kind == ISA_CAUSE_MEMORY && means_device(env, real)) {
    return VMM_INTERPRET;
  }
  /* Errant instructions, and other memory traps: the real map allows exactly what the
   * virtual machine allows, so the virtual machine traps too. */
  return VMM_REFLECT;
}

const struct vmm_dispatch_module vmm_dispatch = {.dispatch = dispatch};
