/* Many VMs on one processor. The VMM is the owner of its VMs here: it runs one for a
 * quantum of the real interval timer, delivers its traps, and then asks the share module
 * (share.c) who is next.
 *
 * Two clocks. The real one goes on whatever happens. A VM's own goes on with it while the
 * VM runs, a tick for a tick, and while it sleeps; it stands while others run and while
 * the VMM works. So what a guest sees by its own clock is what it sees on a bare machine,
 * and only how far behind the real clock it has come depends on the others: `lag`.
 *
 * Where vmm_run() is cut makes no difference. So whatever is decided is decided when a
 * turn is over, a limit pauses a loan (vm.c, lend) and ends nothing, and what is
 * charged beyond it is still owed when the next run begins.
 */
#include <stdlib.h>

#include "vmm/internal.h"

/* Instructions that such routines take on a machine like this one: registers saved and
 * restored, a decoding, a few control registers. docs/timers.md has the table. */
const struct vmm_costs vmm_default_costs = {
    .dispatch = 40, .emulate = 30, .reflect = 30, .world_switch = 100};

static uint64_t real_clock(const struct vmm *vmm)
{
  return machine_tick(vmm->real) + vmm->processor.owed;
}

/* ------------------------------------------------------------------- the places */

bool processor_create(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  p->module = vmm->modules->share ? vmm->modules->share : &vmm_share;
  p->quantum = VMM_QUANTUM;
  return !p->module->create || (p->share = p->module->create()) != NULL;
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
  p->module->leave(p->share, vm->place.slot);
  p->slot[vm->place.slot] = NULL;
  p->current = p->current == vm ? NULL : p->current;
  p->switching = p->switching == vm ? NULL : p->switching;
  p->debtor = p->debtor == vm ? NULL : p->debtor;
}

void vmm_set_costs(struct vmm *vmm, const struct vmm_costs *costs)
{
  vmm->processor.costs = *costs;
}

void vmm_set_quantum(struct vmm *vmm, uint32_t ticks)
{
  vmm->processor.quantum = ticks ? ticks : 1;
}

/* ------------------------------------------------------------ ready, asleep, gone */

static void move(struct vm *vm, enum place_where where, uint64_t since)
{
  struct processor *p = &vm->vmm->processor;
  struct place *place = &vm->place;
  if (place->where == PLACE_ASLEEP && place->wake != MACHINE_NEVER) {
    sleepers_remove(p, vm);
  }
  place->where = where;
  place->since = since;
  p->module->ready(p->share, place->slot, where == PLACE_READY);
}

static bool is_stuck(const struct vm *vm)
{
  return vm->fate != MACHINE_LIMIT || vm->cpu.double_faulted;
}

static bool waits(const struct vm *vm)
{
  return vm->cpu.run_state == MACHINE_WAITING && vcpu_enabled_lines(vm) == 0 && !is_stuck(vm);
}

/* Its clock shows the time of real tick `since`, and goes on with the real one until its
 * next event. */
static void sleep_from(struct vm *vm, uint64_t since)
{
  uint64_t event = machine_next_event(&vm->machine);
  move(vm, PLACE_ASLEEP, since);
  vm->place.wake = event == MACHINE_NEVER ? MACHINE_NEVER : since + (event - vm->cpu.tick);
  if (vm->place.wake != MACHINE_NEVER) {
    sleepers_add(&vm->vmm->processor, vm);
  }
}

/* The clock of a sleeper follows the real one, but not to the tick of its event: the event
 * belongs to the state at that tick and may take the disk some time. */
static void sleep_until(struct vm *vm, uint64_t real)
{
  struct place *place = &vm->place;
  uint64_t slept = real - place->since;
  if (real >= place->wake) {
    slept = place->wake - place->since - 1;
  }
  vm->cpu.tick += slept;
  place->since += slept;
  place->account.asleep += slept;
}

static void wake(struct vm *vm)
{
  struct place *place = &vm->place;
  uint64_t event = place->wake;
  sleep_until(vm, event);
  place->account.asleep++;
  place->account.wakeups++;
  place->due = true;
  move(vm, PLACE_READY, event);
}

static void wake_those_due(struct vmm *vmm)
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
    sleep_until(vm, real_clock(vm->vmm));
  }
}

void vm_wake(struct vm *vm)
{
  struct place *place = &vm->place;
  if (place->where != PLACE_ASLEEP) {
    return;
  }
  if (waits(vm)) {
    sleep_from(vm, place->since); /* its next event may have come nearer */
    return;
  }
  place->account.wakeups++;
  move(vm, PLACE_READY, real_clock(vm->vmm));
}

/* What had stopped it is gone: a snapshot was restored, or a debugger steps on. */
static bool can_go_on(const struct vm *vm)
{
  return !is_stuck(vm) && vm->cpu.run_state != MACHINE_STOPPED &&
         vm->place.stop.why != MACHINE_HOST_ERROR;
}

/* The owner may have done anything between two runs. */
static void look_at_all(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  for (uint32_t i = 0; i < p->slots; i++) {
    struct vm *vm = p->slot[i];
    if (!vm) {
      continue;
    }
    bool new = vm->place.where == PLACE_NEW;
    if (new || (vm->place.where == PLACE_GONE && can_go_on(vm))) {
      move(vm, PLACE_READY, real_clock(vmm));
    } else {
      vm_wake(vm);
    }
  }
}

static void catch_up_all(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  for (uint32_t i = 0; i < p->slots; i++) {
    if (p->slot[i]) {
      vm_catch_up(p->slot[i]);
    }
  }
}

/* ------------------------------------------------------------------ time that passes */

/* The processor is the VMM's until real tick `until`; devices go on. */
static void pass_real_time(struct vmm *vmm, uint64_t until)
{
  struct machine *real = vmm->real;
  machine_set_cr(real, CR_TIMER, 0); /* no loan */
  for (uint64_t now = 0; now < until;) {
    now = machine_idle(real, until);
    machine_set_cr(real, CR_IPEND, 0);
    vdisk_serve(vmm);
  }
}

/* As much as the limit allows of what is owed. */
static void pay(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  uint64_t now = machine_tick(vmm->real);
  if (p->owed == 0 || now >= p->limit) {
    return;
  }
  uint64_t ticks = p->owed < p->limit - now ? p->owed : p->limit - now;
  pass_real_time(vmm, now + ticks);
  p->owed -= ticks;
}

static void spend(struct vm *vm, uint64_t ticks)
{
  vm->vmm->processor.owed += ticks;
  vm->vmm->processor.debtor = vm;
  vm->place.account.overhead += ticks;
  vm->lag += ticks;
}

/* What a step of a VM is measured by. */
struct reading {
  uint64_t virtual, real, frozen, emulated, reflected, served;
};

static struct reading read_clocks(const struct vm *vm)
{
  const struct vmm_stats *s = &vm->stats;
  return (struct reading){
      vm->cpu.tick, machine_tick(vm->vmm->real), s->frozen, s->emulated, s->reflected, s->served};
}

/* An instruction that the VMM completes for the guest, and a delivery, take the tick that
 * they take the guest; what the VMM needs for that comes on top. */
static void account_for(struct vm *vm, const struct reading *before)
{
  struct processor *p = &vm->vmm->processor;
  struct reading now = read_clocks(vm);
  uint64_t executed = now.virtual - before->virtual;
  uint64_t frozen = now.frozen - before->frozen;
  vm->place.account.executed += executed;
  vm->place.account.overhead += frozen;
  vm->lag += frozen;
  p->owed += executed + frozen - (now.real - before->real);
  uint64_t emulated = now.emulated - before->emulated;
  uint64_t reflected = now.reflected - before->reflected;
  uint64_t traps = emulated + reflected + (now.served - before->served);
  spend(vm, traps * p->costs.dispatch + emulated * p->costs.emulate);
}

/* --------------------------------------------------------------------------- turns */

static bool choose(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  uint32_t slot = p->module->next(p->share);
  if (slot >= p->slots || !p->slot[slot]) {
    return false;
  }
  struct vm *vm = p->slot[slot];
  uint64_t waited = real_clock(vmm) - vm->place.since;
  uint32_t quantum = p->module->quantum(p->share, slot, p->quantum);
  vm->place.account.ready += waited;
  vm->place.account.quanta++;
  vm->lag += waited;
  p->current = vm;
  p->began = real_clock(vmm);
  p->end = p->began + (quantum ? quantum : 1);
  return true;
}

/* It has had its turn, because of which it is now `where`. */
static void end_turn(struct vm *vm, enum place_where where)
{
  struct vmm *vmm = vm->vmm;
  struct processor *p = &vmm->processor;
  uint64_t now = real_clock(vmm);
  vcpu_settle(vmm);
  p->module->charge(p->share, vm->place.slot, now - p->began);
  p->current = NULL;
  p->switching = NULL;
  if (where == PLACE_ASLEEP) {
    sleep_from(vm, now);
  } else {
    move(vm, where, now);
  }
}

/* The world switch is charged once, before its loan. False: it has just been. */
static bool is_switched(struct vm *vm)
{
  struct processor *p = &vm->vmm->processor;
  if (vm->vmm->loaded == vm || p->switching == vm || p->costs.world_switch == 0) {
    return true;
  }
  p->switching = vm;
  spend(vm, p->costs.world_switch);
  return false;
}

/* Stops that are for good, as far as the VM can tell. */
static bool has_stopped(struct vm *vm, const struct machine_stop *stop)
{
  if (stop->why == MACHINE_LIMIT) {
    return false;
  }
  if (stop->why != MACHINE_TRAP) {
    vm->place.stop = *stop;
    return true;
  }
  if (machine_deliver(&vm->machine, &stop->trap)) {
    spend(vm, vm->vmm->processor.costs.reflect);
  }
  return false; /* a double fault is what it answers next */
}

static void step(struct vm *vm)
{
  struct processor *p = &vm->vmm->processor;
  struct place *place = &vm->place;
  struct machine_stop stop = {.why = MACHINE_LIMIT};
  vm->cpu.tick += place->due;
  place->due = false;
  struct reading before = read_clocks(vm);
  vm_fire(vm);
  enum place_where where = PLACE_READY;
  if (waits(vm)) {
    where = PLACE_ASLEEP;
  } else if (is_switched(vm)) {
    uint64_t now = real_clock(vm->vmm);
    uint64_t left = p->end > now ? p->end - now : 0;
    if (vm_turn(vm, vm->cpu.tick + left, &stop) && has_stopped(vm, &stop)) {
      where = PLACE_GONE;
    }
  }
  vm_fire(vm);
  account_for(vm, &before);
  if (vm->timer_real) {
    vm_fire(vm); /* what was accounted for is time for it */
  }
  if (where == PLACE_ASLEEP && machine_next_event(&vm->machine) <= vm->cpu.tick) {
    return; /* the disk took real time, and a timer that counts it is due */
  }
  if (where != PLACE_READY || real_clock(vm->vmm) >= p->end) {
    end_turn(vm, where);
  }
}

static const char *host_failed(struct vmm *vmm)
{
  struct machine_stop stop = machine_run(vmm->real, 0); /* executes nothing */
  return stop.why == MACHINE_HOST_ERROR ? stop.reason : NULL;
}

/* Nobody is ready. False: nothing is to come either. */
static bool idle(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  const struct vm *first = sleepers_first(p);
  uint64_t now = machine_tick(vmm->real);
  if (!first) {
    return false;
  }
  uint64_t until = first->place.wake < p->limit ? first->place.wake : p->limit;
  pass_real_time(vmm, until);
  p->idle += until - now;
  return true;
}

/* All have stopped for good, or some wait for what does not come by itself. */
static enum vmm_why why_idle(const struct vmm *vmm)
{
  const struct processor *p = &vmm->processor;
  for (uint32_t i = 0; i < p->slots; i++) {
    if (p->slot[i] && p->slot[i]->place.where == PLACE_ASLEEP) {
      return VMM_WAITS;
    }
  }
  return VMM_STOPPED;
}

static struct vmm_stop run(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  for (;;) {
    pay(vmm);
    if (!p->current) {
      wake_those_due(vmm);
    }
    if (machine_tick(vmm->real) >= p->limit) {
      return (struct vmm_stop){.why = VMM_LIMIT};
    }
    if (p->current || choose(vmm)) {
      struct vm *vm = p->current;
      step(vm);
      if (vm->place.where == PLACE_GONE && vm->place.stop.why == MACHINE_HOST_ERROR &&
          host_failed(vmm)) {
        return (struct vmm_stop){VMM_HOST_ERROR, host_failed(vmm)};
      }
    } else if (!idle(vmm)) {
      return (struct vmm_stop){.why = why_idle(vmm)};
    }
  }
}

struct vmm_stop vmm_run(struct vmm *vmm, uint64_t until)
{
  struct processor *p = &vmm->processor;
  p->limit = until;
  p->running = true;
  look_at_all(vmm);
  struct vmm_stop stop = run(vmm);
  p->running = false;
  catch_up_all(vmm);
  return stop;
}

/* -------------------------------------------------------------------------- answers */

struct machine_stop vmm_vm_stop(struct machine *m)
{
  const struct place *place = &vm_of(m)->place;
  if (place->where == PLACE_GONE) {
    return place->stop;
  }
  bool for_ever = place->where == PLACE_ASLEEP && place->wake == MACHINE_NEVER;
  return (struct machine_stop){.why = for_ever ? MACHINE_WAITS : MACHINE_LIMIT};
}

struct vmm_account vmm_vm_account(struct machine *m)
{
  const struct vm *vm = vm_of(m);
  const struct processor *p = &vm->vmm->processor;
  struct vmm_account a = vm->place.account;
  if (p->debtor == vm) { /* what is owed is still to pass: the VMM's time comes last */
    uint64_t overhead = a.overhead < p->owed ? a.overhead : p->owed;
    a.overhead -= overhead;
    a.executed -= p->owed - overhead;
  }
  if (vm->place.where == PLACE_READY && p->current != vm) {
    a.ready += real_clock(vm->vmm) - vm->place.since;
  }
  return a;
}

uint64_t vmm_idle_ticks(const struct vmm *vmm)
{
  return vmm->processor.idle;
}
