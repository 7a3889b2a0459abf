/* Idle loops: a guest that spins until an interrupt comes, where it could have waited. When
 * it has executed for a whole quantum and nothing ever trapped, the next instructions are
 * executed one by one and looked at. If the processor is then where it began, to the last
 * bit, and no instruction in between stored or was anything but innocuous, nothing can
 * change until the VM's next event, whose tick is known: it is in the same state
 * after any whole number of rounds. So it sleeps, and its clock goes on by rounds.
 *
 * What cannot be proved so is executed: a loop that counts, one longer than SPIN_MAX, one
 * that stores. A guest whose loop was none is not suspected again for some time.
 */
#include <string.h>

#include "vmm/internal.h"

#define SPIN_MAX     64u
#define PATIENCE_MAX 15u /* quanta */

static void give_up(struct vm *vm)
{
  struct spin *s = &vm->spin;
  s->proving = false;
  if (s->patience < PATIENCE_MAX) {
    s->patience = 2 * s->patience + 1;
  }
  s->left_alone = s->patience;
}

static uint32_t flags(const struct vm *vm)
{
  return vm->cpu.cr[CR_PSW] & (PSW_C_MASK | PSW_V_MASK);
}

void spin_suspect(struct vm *vm)
{
  struct spin *s = &vm->spin;
  if (s->left_alone > 0) {
    s->left_alone--;
  } else if (!vm->stops.armed) {
    s->proving = true;
    s->begun = false;
  }
}

static void begin(struct vm *vm)
{
  struct spin *s = &vm->spin;
  s->begun = true;
  s->from = vm->cpu.tick;
  s->event = machine_next_event(&vm->machine);
  s->pc = vcpu_get_pc(vm);
  s->flags = flags(vm);
  vcpu_get_regs(vm, s->regs);
}

static bool stores(enum isa_insn insn)
{
  return insn == ISA_SB || insn == ISA_SH || insn == ISA_SW;
}

/* The instruction at pc changes registers, pc and flags at most, and depends on nothing
 * but them and storage. */
static bool is_harmless(struct vm *vm)
{
  const struct vmm_env *env = &vm->env;
  uint32_t psw = vm->cpu.cr[CR_PSW];
  struct translation t = env->translate(env->ctx, gva(vcpu_get_pc(vm)), sizeof(uint32_t),
                                        MACHINE_FETCH, psw_te(psw), psw_mode(psw));
  if (!t.ok) {
    return false;
  }
  struct vmm_word fetched = env->load(env->ctx, t.pa);
  struct vmm_insn insn = env->decode(env->ctx, fetched.word);
  return fetched.ok && insn.legal && isa_insn_info(insn.decoded.insn)->group == ISA_GROUP_USER &&
         !stores(insn.decoded.insn);
}

bool spin_goes_on(struct vm *vm)
{
  if (vm->spin.proving && !is_harmless(vm)) {
    give_up(vm);
  } else if (vm->spin.proving && !vm->spin.begun) {
    begin(vm);
  }
  return vm->spin.proving;
}

bool spin_is_proved(struct vm *vm, bool plain)
{
  struct spin *s = &vm->spin;
  uint32_t regs[ISA_REG_COUNT];
  uint64_t steps = vm->cpu.tick - s->from;
  /* An event that is due now has not been looked at yet. */
  if (!plain || steps > SPIN_MAX || machine_next_event(&vm->machine) != s->event ||
      vm->cpu.tick >= s->event) {
    give_up(vm);
    return false;
  }
  /* No step at all: an interrupt of the real machine's was served instead. */
  if (steps == 0 || vcpu_get_pc(vm) != s->pc) {
    return false;
  }
  vcpu_get_regs(vm, regs);
  if (flags(vm) != s->flags || memcmp(regs, s->regs, sizeof regs) != 0) {
    give_up(vm); /* round once more, and something has changed: it does something */
    return false;
  }
  s->proving = false;
  s->patience = 0;
  s->period = (uint32_t)steps;
  return true;
}
