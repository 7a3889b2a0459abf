/* The VMs' places in the queue for the processor: ready, asleep or gone. Who of those ready
 * is next is the share module's affair; those asleep wake by the real clock.
 */
#include <stdlib.h>

#include "vmm/internal.h"

/* ------------------------------------------------------------------- the places */

bool processor_create(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  p->module = vmm->modules->share ? vmm->modules->share : &vmm_share;
  p->quantum = VMM_QUANTUM;
  return !p->module->create || (p->share = p->module->create(vmm->modules->with)) != NULL;
}

void processor_destroy(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  if (p->share) {
    p->module->destroy(p->share);
  }
  free(p->slot);
  free(p->sleeper);
}

static bool make_room(struct processor *p)
{
  uint32_t room = p->slots ? 2 * p->slots : 8;
  struct vm **slot = realloc(p->slot, room * sizeof *slot);
  p->slot = slot ? slot : p->slot;
  struct vm **sleeper = realloc(p->sleeper, room * sizeof *sleeper);
  p->sleeper = sleeper ? sleeper : p->sleeper;
  if (!slot || !sleeper) {
    return false;
  }
  for (uint32_t i = p->slots; i < room; i++) {
    p->slot[i] = NULL;
  }
  p->slots = room;
  return true;
}

bool processor_join(struct vm *vm, uint32_t share)
{
  struct processor *p = &vm->vmm->processor;
  uint32_t slot = 0;
  while (slot < p->slots && p->slot[slot]) {
    slot++;
  }
  if ((slot == p->slots && !make_room(p)) || !p->module->join(p->share, slot, share ? share : 1)) {
    return false;
  }
  p->slot[slot] = vm;
  vm->place.slot = slot;
  return true;
}

void processor_leave(struct vm *vm)
{
  struct processor *p = &vm->vmm->processor;
  if (vm->place.where == PLACE_ASLEEP && vm->place.wake != MACHINE_NEVER) {
    sleepers_remove(p, vm);
  }
  p->ready -= vm->place.where == PLACE_READY;
  p->frozen -= vm->place.where == PLACE_FROZEN;
  p->module->leave(p->share, vm->place.slot);
  p->slot[vm->place.slot] = NULL;
  p->current = p->current == vm ? NULL : p->current;
  p->switching = p->switching == vm ? NULL : p->switching;
  p->debtor = p->debtor == vm ? NULL : p->debtor;
}

/* ---------------------------------------------------- ready, asleep, frozen, gone */

void queue_move(struct vm *vm, enum place_where where, uint64_t since)
{
  struct processor *p = &vm->vmm->processor;
  struct place *place = &vm->place;
  if (place->where == PLACE_ASLEEP && place->wake != MACHINE_NEVER) {
    sleepers_remove(p, vm);
  }
  p->ready += where == PLACE_READY;
  p->ready -= place->where == PLACE_READY;
  p->frozen += where == PLACE_FROZEN;
  p->frozen -= place->where == PLACE_FROZEN;
  place->where = where;
  place->since = since;
  p->module->ready(p->share, place->slot, where == PLACE_READY);
}

/* It froze when its turn was over, for which time may still be owed. */
void queue_thaw(struct vm *vm)
{
  struct place *place = &vm->place;
  if (place->where != PLACE_FROZEN) {
    return;
  }
  uint64_t now = machine_tick(vm->vmm->real), since = now > place->since ? now : place->since;
  uint64_t ticks = since - place->since;
  place->account.frozen += ticks;
  vm->stats.frozen += ticks;
  vm->lag += ticks;
  queue_move(vm, PLACE_READY, since);
}

static bool is_stuck(const struct vm *vm)
{
  return vm->fate != MACHINE_LIMIT || vm->cpu.double_faulted;
}

bool queue_waits(const struct vm *vm)
{
  return vm->cpu.run_state == MACHINE_WAITING && vcpu_enabled_lines(vm) == 0 && !is_stuck(vm);
}

/* Virtual ticks up to its next event, or those of the whole rounds of its loop before it. */
static uint64_t ticks_to_sleep(struct vm *vm)
{
  uint64_t event = machine_next_event(&vm->machine);
  if (event == MACHINE_NEVER) {
    return MACHINE_NEVER;
  }
  uint64_t ticks = event > vm->cpu.tick ? event - vm->cpu.tick : 0;
  return vm->spin.period && ticks ? ticks - 1 - (ticks - 1) % vm->spin.period : ticks;
}

bool queue_sleep(struct vm *vm, uint64_t since)
{
  uint64_t ticks = ticks_to_sleep(vm);
  if (ticks == 0) {
    vm->spin.period = 0;
    return false;
  }
  queue_move(vm, PLACE_ASLEEP, since);
  vm->place.wake = ticks == MACHINE_NEVER ? MACHINE_NEVER : since + ticks;
  if (vm->place.wake != MACHINE_NEVER) {
    sleepers_add(&vm->vmm->processor, vm);
  }
  return true;
}

/* The clock of a sleeper follows the real one. That of one in a loop does so by whole
 * rounds. That of another does not reach its event, which belongs to the state at that
 * tick and may take the disk some time. */
static void sleep_until(struct vm *vm, uint64_t real)
{
  struct place *place = &vm->place;
  uint64_t slept = (real < place->wake ? real : place->wake) - place->since;
  if (vm->spin.period) {
    slept -= slept % vm->spin.period;
    place->account.skipped += slept;
  } else if (real >= place->wake) {
    slept--;
  }
  vm->cpu.tick += slept;
  place->since += slept;
  place->account.asleep += slept;
}

static void wake(struct vm *vm)
{
  struct place *place = &vm->place;
  sleep_until(vm, place->wake);
  if (!vm->spin.period) {
    place->due = true;
    place->since++;
    place->account.asleep++;
  }
  vm->spin.period = 0;
  place->account.wakeups++;
  queue_move(vm, vdisk_freezes(vm) ? PLACE_FROZEN : PLACE_READY, place->since);
}

void queue_wake_those_due(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  struct vm *vm = sleepers_first(p);
  while (vm && vm->place.wake <= machine_tick(vmm->real)) {
    wake(vm);
    vm = sleepers_first(p);
  }
}

void vm_catch_up(struct vm *vm)
{
  if (vm->place.where == PLACE_ASLEEP) {
    sleep_until(vm, processor_clock(vm->vmm));
  }
}

static void look(struct vm *vm)
{
  if (queue_waits(vm) && queue_sleep(vm, vm->place.since)) {
    return; /* its next event may have come nearer */
  }
  vm->place.account.wakeups++;
  queue_move(vm, PLACE_READY, vm->place.since);
}

/* It goes on where its clock stands: what is beyond whole rounds counts as waiting. */
void vm_touch(struct vm *vm)
{
  vm->spin.proving = false;
  if (vm->spin.period) {
    vm->spin.period = 0;
    vm->place.account.wakeups++;
    queue_move(vm, PLACE_READY, vm->place.since);
  }
}

void vm_wake(struct vm *vm)
{
  struct place *place = &vm->place;
  vm_touch(vm);
  if (place->where == PLACE_ASLEEP) {
    look(vm);
  } else if (place->due && !queue_waits(vm)) {
    /* What it waited for has come a tick before its event, for which it was to wake: the
     * tick between is not slept. */
    place->due = false;
    vm->lag++;
  }
}

/* What had stopped it is gone: a snapshot was restored, or a debugger steps on. */
static bool can_go_on(const struct vm *vm)
{
  return !is_stuck(vm) && vm->cpu.run_state != MACHINE_STOPPED &&
         vm->place.stop.why != MACHINE_HOST_ERROR;
}

void queue_look_at_all(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  for (uint32_t i = 0; i < p->slots; i++) {
    struct vm *vm = p->slot[i];
    if (!vm) {
      continue;
    }
    enum place_where where = vm->place.where;
    if (where == PLACE_NEW || (where == PLACE_GONE && can_go_on(vm))) {
      queue_move(vm, PLACE_READY, processor_clock(vmm));
    } else if (where == PLACE_ASLEEP && !vm->spin.period) {
      look(vm);
    } else if (where == PLACE_FROZEN && !vdisk_waits(vm)) {
      queue_thaw(vm);
    }
  }
}

void queue_catch_up_all(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  for (uint32_t i = 0; i < p->slots; i++) {
    if (p->slot[i]) {
      vm_catch_up(p->slot[i]);
    }
  }
}
