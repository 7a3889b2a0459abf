/* The dispatcher D: every trap of the real machine comes here, and gets one of
 * three answers. With it the table of FACTS, section 2, comes out:
 *
 *                 virtual user mode         virtual privileged mode
 *   innocuous     does not trap             does not trap
 *   errant        reflect                   reflect
 *   sensitive     reflect                   emulate
 *   interrupt     serve                     serve
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
  /* Errant instructions, and memory traps: the real map allows exactly what the
   * virtual machine allows, so the virtual machine traps too. */
  return VMM_REFLECT;
}

const struct vmm_dispatch_module vmm_dispatch = {.dispatch = dispatch};
