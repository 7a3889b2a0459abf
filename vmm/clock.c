/* Which clock a VM's interval timer counts by: its own, as on a bare machine, or the real
 * one, which has run ahead of it by the time for which the VM stood still while others
 * ran or the VMM worked. Everyone who wants the timer comes by here.
 */
#include "vmm/internal.h"

/* The timer's clock when the VM's own shows `tick`. */
static uint64_t timer_clock(const struct vm *vm, uint64_t tick)
{
  return vm->timer_real ? tick + vm->lag : tick;
}

void vm_timer_set(struct vm *vm, uint64_t tick, uint32_t ticks)
{
  vm->vmm->modules->timer->set(vm->state.timer, timer_clock(vm, tick), ticks);
}

/* Nobody asks while it is overdue: whatever makes it so is followed by vm_fire(). */
uint32_t vm_timer_left(struct vm *vm)
{
  return vm->vmm->modules->timer->left(vm->state.timer, timer_clock(vm, vm->cpu.tick));
}

uint64_t vm_timer_next(struct vm *vm)
{
  uint64_t due = vm->vmm->modules->timer->next_event(vm->state.timer);
  if (due == MACHINE_NEVER || !vm->timer_real) {
    return due;
  }
  uint64_t now = timer_clock(vm, vm->cpu.tick);
  return vm->cpu.tick + (due > now ? due - now : 0);
}

bool vm_timer_fire(struct vm *vm)
{
  return vm->vmm->modules->timer->fire(vm->state.timer, timer_clock(vm, vm->cpu.tick));
}
