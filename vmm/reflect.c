/* The reflector: works out which trap the *virtual* machine meets, and delivers
 * traps to the guest as its hardware would.
 *
 * Equivalence: a trap of the guest's own must look to it as on a bare machine. For
 * errant and privileged instructions the real cause is the virtual one. For memory
 * traps it need not be: where the virtual machine, translation off, runs off the
 * end of its storage (a bus error), the real machine runs against the VMM's bound
 * (a bounds trap). So the causes of memory traps are never copied: cause and
 * address are derived anew from the virtual translation.
 */
#include <stddef.h>

#include "vmm/modules.h"

#define WORD_SIZE 4u

static const struct vmm_trap no_trap = {.raised = false};

/* What an instruction touches when it executes directly; the sensitive ones do
 * on profiles that leave them unprivileged. */
struct operand {
  enum { NO_OPERAND, MEMORY, STACK, PREVIOUS, PORT, BLOCK } where;
  enum machine_access access;
  uint8_t size;
  uint8_t words; /* consecutive accesses, each checked in full before the next */
};

static const struct operand operands[ISA_INSN_COUNT] = {
    [ISA_LB] = {MEMORY, MACHINE_LOAD, 1, 1},       [ISA_LBU] = {MEMORY, MACHINE_LOAD, 1, 1},
    [ISA_LH] = {MEMORY, MACHINE_LOAD, 2, 1},       [ISA_LHU] = {MEMORY, MACHINE_LOAD, 2, 1},
    [ISA_LW] = {MEMORY, MACHINE_LOAD, 4, 1},       [ISA_SB] = {MEMORY, MACHINE_STORE, 1, 1},
    [ISA_SH] = {MEMORY, MACHINE_STORE, 2, 1},      [ISA_SW] = {MEMORY, MACHINE_STORE, 4, 1},
    [ISA_LPSW] = {MEMORY, MACHINE_LOAD, 4, 2},     [ISA_SVBR] = {MEMORY, MACHINE_STORE, 4, 1},
    [ISA_POPF] = {STACK, MACHINE_LOAD, 4, 1},      [ISA_PUSHF] = {STACK, MACHINE_STORE, 4, 1},
    [ISA_LDPREV] = {PREVIOUS, MACHINE_LOAD, 4, 1}, [ISA_STPREV] = {PREVIOUS, MACHINE_STORE, 4, 1},
    [ISA_IN] = {PORT, MACHINE_LOAD, 0, 0},         [ISA_OUT] = {PORT, MACHINE_STORE, 0, 0},
    [ISA_ISK] = {BLOCK, MACHINE_LOAD, 0, 0},       [ISA_SSK] = {BLOCK, MACHINE_STORE, 0, 0},
};

static struct vmm_trap trap(enum isa_cause cause, uint32_t epc, uint32_t value, uint32_t insn)
{
  return (struct vmm_trap){true, {.cause = cause, .epc = epc, .value = value, .insn = insn}};
}

static uint32_t operand_address(const struct vmm_env *env, struct isa_decoded d)
{
  const struct operand *o = &operands[d.insn];
  if (o->where == STACK) {
    uint32_t sp = env->get_reg(env->ctx, REG_SP);
    return o->access == MACHINE_STORE ? sp - WORD_SIZE : sp;
  }
  return env->get_reg(env->ctx, d.b) + d.imm;
}

static struct vmm_trap derive_operand(const struct vmm_env *env, uint32_t pc, uint32_t word,
                                      struct isa_decoded d)
{
  const struct operand *o = &operands[d.insn];
  uint32_t va = operand_address(env, d);
  if (o->where == PORT && !env->port_exists(env->ctx, va)) {
    return trap(CAUSE_BUS, pc, va, word);
  }
  if (o->where == BLOCK && !env->key_get(env->ctx, gpa(va)).ok) {
    return trap(CAUSE_BUS, pc, va, word);
  }
  uint32_t psw = env->get_cr(env->ctx, CR_PSW);
  bool te = psw_te(psw) || (o->where == PREVIOUS && psw_pmode(psw) != 0);
  unsigned mode = o->where == PREVIOUS ? psw_pmode(psw) : psw_mode(psw);
  for (unsigned i = 0; i < o->words; i++, va += o->size) {
    if (va % o->size != 0) {
      return trap(CAUSE_ALIGNMENT, pc, va, word);
    }
    struct translation t = env->translate(env->ctx, gva(va), o->size, o->access, te, mode);
    if (!t.ok) {
      return trap(t.cause, pc, va, word);
    }
  }
  return no_trap;
}

/* Goes through the boundary as docs/machine.md orders it: fetch, then the
 * operand. */
static struct vmm_trap derive_memory(const struct vmm_env *env)
{
  uint32_t pc = env->get_pc(env->ctx), psw = env->get_cr(env->ctx, CR_PSW);
  if (pc % WORD_SIZE != 0) {
    return trap(CAUSE_ALIGNMENT, pc, pc, 0);
  }
  struct translation t =
      env->translate(env->ctx, gva(pc), WORD_SIZE, MACHINE_FETCH, psw_te(psw), psw_mode(psw));
  if (!t.ok) {
    return trap(t.cause, pc, pc, 0);
  }
  struct vmm_word fetched = env->load(env->ctx, t.pa);
  if (!fetched.ok) {
    return trap(CAUSE_BUS, pc, pc, 0);
  }
  struct vmm_insn insn = env->decode(env->ctx, fetched.word);
  return insn.legal ? derive_operand(env, pc, fetched.word, insn.decoded) : no_trap;
}

static struct vmm_trap derive(void *state, const struct vmm_env *env, struct trap real)
{
  (void)state;
  if (isa_cause_info(real.cause)->kind == ISA_CAUSE_MEMORY) {
    return derive_memory(env);
  }
  return trap(real.cause, env->get_pc(env->ctx), 0, real.insn);
}

/* docs/machine.md, "Delivery", on the virtual machine. The guest's handler runs
 * in virtual mode 0 with translation off; in the real machine nothing of its
 * privilege changes. The vector is read before anything is written, so that a
 * double fault leaves the state before the delivery. */
static bool inject(void *state, const struct vmm_env *env, struct trap trap)
{
  (void)state;
  uint64_t vector = (uint64_t)env->get_cr(env->ctx, CR_VBR) + WORD_SIZE * trap.cause;
  if (vector > UINT32_MAX) {
    return false;
  }
  struct vmm_word handler = env->load(env->ctx, gpa((uint32_t)vector));
  if (!handler.ok || handler.word % WORD_SIZE != 0) {
    return false;
  }
  uint32_t psw = env->get_cr(env->ctx, CR_PSW);
  env->set_cr(env->ctx, CR_EPSW, psw);
  env->set_cr(env->ctx, CR_EPC, trap.epc);
  env->set_cr(env->ctx, CR_CAUSE, trap.cause);
  env->set_cr(env->ctx, CR_BADVA, trap.value);
  env->set_cr(env->ctx, CR_EINSN, trap.insn);
  if (isa_cause_is_interrupt(trap.cause)) {
    uint32_t line = 1u << isa_cause_info(trap.cause)->line;
    env->set_cr(env->ctx, CR_IPEND, env->get_cr(env->ctx, CR_IPEND) & ~line);
  }
  uint32_t next = psw_set_pmode(psw, psw_mode(psw));
  next = psw_set_mode(next, 0);
  next = psw_set_ie(next, 0);
  next = psw_set_te(next, 0);
  next = psw_set_key(next, 0);
  env->set_cr(env->ctx, CR_PSW, next);
  env->set_pc(env->ctx, handler.word);
  return true;
}

const struct vmm_reflect_module vmm_reflect = {.derive = derive, .inject = inject};
