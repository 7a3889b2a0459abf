/* The world switch where there is little to switch: after an instruction was emulated the VM is
 * loaded still, and its real map holds. Then to lend the processor is to set the real TIMER, and
 * to take it back is to see that nothing of the VMM's has changed. All else is in vcpu.c.
 */
#ifndef TRAPEZE_VMM_WORLD_H
#define TRAPEZE_VMM_WORLD_H

#include "vmm/internal.h"

#define PSW_GUEST_MASK (PSW_C_MASK | PSW_V_MASK) /* what the guest may change as it runs */

/* vcpu.c: the long ways. */
/* The real map, of a VM that may be loaded; it is stale. False: the VM has come to an end. */
bool world_map(struct vm *vm);
void world_check(struct vm *vm, uint64_t elapsed); /* reads every register that is the VMM's, … */
void world_check_keys(struct vm *vm);              /* … and every storage key */
void world_check_stop(struct vm *vm, const struct machine_stop *stop);
void world_clear_line(struct vmm *vmm, enum isa_cause cause);
void world_recover(struct vm *vm);

static inline void world_trace_in(struct vm *vm)
{
  if (vm->machine.tracer) {
    vm_trace(vm, TRACE_WORLD_IN, 0, vcpu_get_pc(vm), vm->cpu.cr[CR_PSW], 0);
  }
}

/* Lends the real processor for `ticks`. There is no loan now. */
void world_enter(struct vm *vm, uint32_t ticks);

/* A loan up to `until`, by the VM's clock, is what it had before it trapped, and all that came
 * between was work of the VMM's: no time of the real machine's, and nothing that this would
 * have to be told. Then it goes on, and only the real TIMER is to be set anew, by as much as the
 * VM's clock is ahead: a tick for each instruction emulated. */
ALWAYS_INLINE bool world_goes_on(const struct vm *vm, uint64_t until)
{
  const struct world *w = &vm->vmm->world;
  const struct machine_live *live = &vm->vmm->real->live;
  return w->borrower == vm && w->until == until && vm->cpu.tick < until && !vm->cpu.map_stale &&
         *live->tick == w->charged && live->timer_at && *live->cr_writes == w->cr_writes;
}

ALWAYS_INLINE void world_go_on(struct vm *vm, bool plain)
{
  struct world *w = &vm->vmm->world;
  uint64_t left = w->until - vm->cpu.tick;
  *vm->vmm->real->live.timer_at = w->charged + left;
  w->timer = (uint32_t)left;
  w->entered = w->charged;
  w->lent = vm;
  if (!plain) {
    world_trace_in(vm);
  }
}

/* Virtual time: one tick for each instruction executed directly, and none for
 * the trap that ended the run. */
static inline void world_charge(struct vm *vm, uint64_t now)
{
  struct world *w = &vm->vmm->world;
  uint64_t elapsed = now - w->charged;
  vm->cpu.tick += elapsed;
  vm->stats.direct += elapsed;
  vm->plain += elapsed;
  vm->machine_stats.instructions += elapsed;
  w->charged = now;
}

static inline void world_take_flags(struct vm *vm, uint32_t psw)
{
  vm->cpu.cr[CR_PSW] = (vm->cpu.cr[CR_PSW] & ~PSW_GUEST_MASK) | (psw & PSW_GUEST_MASK);
}

/* Resource control: the allocator is invoked for every attempt to affect
 * resources. So whatever belongs to the allocator must be as it was, since no trap
 * asked for it. Of the whole real processor the guest may have changed its
 * registers, pc, C and V. A machine that counts writes of its control registers says with
 * one number that there were none; of any other each is read. */
ALWAYS_INLINE bool world_is_untouched(const struct vmm *vmm)
{
  const struct machine_live *live = &vmm->real->live;
  return live->cr_writes && *live->cr_writes == vmm->world.cr_writes &&
         ((*live->psw ^ vmm->world.psw) & ~PSW_GUEST_MASK) == 0;
}

/* Takes the processor back after a real stop. */
ALWAYS_INLINE void world_leave(struct vm *vm, const struct machine_stop *stop, bool plain)
{
  struct vmm *vmm = vm->vmm;
  struct machine *real = vmm->real;
  uint64_t now = *real->live.tick;
  const bool trapped = stop->why == MACHINE_TRAP;
  vmm->world.lent = NULL;
  if (!plain && vm->cache) {
    translate_leave(vm);
  }
  world_charge(vm, now);
  if (!trapped) {
    world_check_stop(vm, stop);
  }
  if (__builtin_expect(world_is_untouched(vmm), 1)) {
    world_take_flags(vm, *real->live.psw);
  } else {
    world_check(vm, now - vmm->world.entered);
  }
  if (!plain && vmm->keys) {
    world_check_keys(vm);
  }
  if (!plain && vm->tlb_exposed) {
    rtlb_check(vm);
  }
  if (trapped && isa_cause_is_interrupt(stop->trap.cause)) {
    world_clear_line(vmm, stop->trap.cause);
  }
  if (!plain && vm->machine.tracer) {
    vm_trace(vm, TRACE_WORLD_OUT, stop->trap.cause, vcpu_get_pc(vm), vm->cpu.cr[CR_PSW], 0);
  }
  if (vm->fate == MACHINE_LOST_CONTROL) {
    world_recover(vm);
  }
}

#endif
