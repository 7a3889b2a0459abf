/* Which clock a VM's interval timer counts by: its own, as on a bare machine, or the real
 * one, which has run ahead of it by the time for which the VM stood still while others
 * ran or the VMM worked. Everyone who wants the timer comes by here.
 */
#include "vmm/internal.h"

void vm_timer_learn(struct vm *vm)
{
  vm->timer_due = vm->vmm->modules->timer->next_event(vm->state.timer);
}

void vm_timer_set(struct vm *vm, uint64_t tick, uint32_t ticks)
{
  vm->vmm->modules->timer->set(vm->state.timer, vm_timer_clock(vm, tick), ticks);
  vm_timer_learn(vm);
}

/* Nobody asks while it is overdue: whatever makes it so is followed by vm_fire(). */
uint32_t vm_timer_left(struct vm *vm)
{
  return vm->vmm->modules->timer->left(vm->state.timer, vm_timer_clock(vm, vm->cpu.tick));
}

uint64_t vm_timer_by_real_clock(const struct vm *vm)
{
  uint64_t now = vm_timer_clock(vm, vm->cpu.tick);
  return vm->cpu.tick + (vm->timer_due > now ? vm->timer_due - now : 0);
}
