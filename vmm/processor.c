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
#include "vmm/internal.h"

/* Instructions that such routines take on a machine like this one: registers saved and
 * restored, a decoding, a few control registers. docs/timers.md has the table. */
const struct vmm_costs vmm_default_costs = {
    .dispatch = 40, .emulate = 30, .reflect = 30, .world_switch = 100, .request = 20, .byte = 4, .swap = 2000};

uint64_t processor_clock(const struct vmm *vmm)
{
  return machine_tick(vmm->real) + vmm->processor.owed;
}

void vmm_set_costs(struct vmm *vmm, const struct vmm_costs *costs)
{
  vmm->processor.costs = *costs;
}

void vmm_set_quantum(struct vmm *vmm, uint32_t ticks)
{
  vmm->processor.quantum = ticks ? ticks : 1;
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
  uint64_t virtual, real, frozen, emulated, dispatched, requests, bytes, swapped;
};

static struct reading read_clocks(const struct vm *vm)
{
  const struct vmm_stats *s = &vm->stats;
  return (struct reading){vm->cpu.tick,  machine_tick(vm->vmm->real),
                          s->frozen,     s->emulated + s->interpreted + s->hypercalls,
                          s->dispatched, s->ring_requests,
                          s->ring_bytes,    vm->paging.read + vm->paging.written};
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
  uint64_t traps = now.dispatched - before->dispatched;
  uint64_t rings = (now.requests - before->requests) * p->costs.request +
                   (now.bytes - before->bytes) * p->costs.byte;
  uint64_t swapped = (now.swapped - before->swapped) * p->costs.swap;
  spend(vm, traps * p->costs.dispatch + emulated * p->costs.emulate + rings + swapped);
}

/* --------------------------------------------------------------------------- turns */

static bool is_ready(const struct processor *p, uint32_t slot)
{
  return slot < p->slots && p->slot[slot] && p->slot[slot]->place.where == PLACE_READY;
}

/* Who is next is the module's choice, but not whether somebody is: if it names one that is
 * not ready the first that is will do. NULL: none is. */
static struct vm *next_ready(const struct processor *p)
{
  if (p->ready == 0) {
    return NULL;
  }
  uint32_t slot = p->module->next(p->share);
  for (uint32_t i = 0; !is_ready(p, slot); i++) {
    slot = i;
  }
  return p->slot[slot];
}

static bool choose(struct vmm *vmm)
{
  struct processor *p = &vmm->processor;
  struct vm *vm = next_ready(p);
  if (!vm) {
    return false;
  }
  uint64_t waited = processor_clock(vmm) - vm->place.since;
  uint32_t quantum = p->module->quantum(p->share, vm->place.slot, p->quantum);
  vm->place.account.ready += waited;
  vm->place.account.quanta++;
  vm->lag += waited;
  p->current = vm;
  p->began = processor_clock(vmm);
  p->calm = true;
  p->end = p->began + (quantum ? quantum : 1);
  return true;
}

/* It has had its turn, because of which it is now `where`. */
static void end_turn(struct vm *vm, enum place_where where)
{
  struct vmm *vmm = vm->vmm;
  struct processor *p = &vmm->processor;
  uint64_t now = processor_clock(vmm);
  vcpu_settle(vmm);
  /* Who has given up the rest of a quantum has had it, or it would be the next again. */
  p->module->charge(p->share, vm->place.slot, now - p->began + p->yielded);
  p->yielded = 0;
  p->current = NULL;
  p->switching = NULL;
  if (where != PLACE_ASLEEP || !queue_sleep(vm, now)) {
    queue_move(vm, where == PLACE_ASLEEP ? PLACE_READY : where, now);
  }
}

/* The world switch is charged once, before its loan and not to its quantum, or one that is
 * shorter would never begin. False: it has just been. */
static bool is_switched(struct vm *vm)
{
  struct processor *p = &vm->vmm->processor;
  if (vm->vmm->loaded == vm || p->switching == vm || p->costs.world_switch == 0) {
    return true;
  }
  p->switching = vm;
  p->end += p->costs.world_switch;
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

/* What the VM is after some turns of the main loop, or one instruction that is looked at. */
static enum place_where turn(struct vm *vm)
{
  struct processor *p = &vm->vmm->processor;
  struct machine_stop stop;
  uint64_t now = processor_clock(vm->vmm), left = p->end > now ? p->end - now : 0;
  bool proving = spin_goes_on(vm);
  uint64_t tick = vm->cpu.tick, plainly = vm->plain, horizon = vdisk_horizon(vm);
  p->stop_at = proving && now + 1 < p->limit ? now + 1 : p->limit;
  bool stopped = vm_turn(vm, tick + left < horizon ? tick + left : horizon, &stop);
  if (stopped && has_stopped(vm, &stop)) {
    return PLACE_GONE;
  }
  bool plain = vm->cpu.tick - tick == vm->plain - plainly;
  p->calm = p->calm && plain;
  return proving && spin_is_proved(vm, plain) ? PLACE_ASLEEP : PLACE_READY;
}

static void step(struct vm *vm)
{
  struct processor *p = &vm->vmm->processor;
  struct place *place = &vm->place;
  if (vdisk_freezes(vm)) {
    end_turn(vm, PLACE_FROZEN);
    return;
  }
  vm->cpu.tick += place->due;
  place->due = false;
  struct reading before = read_clocks(vm);
  vm_fire(vm);
  enum place_where where = PLACE_READY;
  if (queue_waits(vm)) {
    where = PLACE_ASLEEP;
  } else if (is_switched(vm)) {
    where = turn(vm);
  }
  vm_fire(vm);
  account_for(vm, &before);
  if (vm->timer_real) {
    vm_fire(vm); /* what was accounted for is time for it */
  }
  bool over = processor_clock(vm->vmm) >= p->end;
  if (over && p->calm && where == PLACE_READY && !vm->spin.proving) {
    spin_suspect(vm);
  }
  if (over || where != PLACE_READY) {
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
  uint64_t until = first ? first->place.wake : MACHINE_NEVER;
  uint64_t disk = p->frozen ? machine_next_event(vmm->real) : MACHINE_NEVER;
  if (p->frozen && disk == MACHINE_NEVER) {
    vdisk_end(vmm);
    return true;
  }
  until = disk < until ? disk : until;
  if (until == MACHINE_NEVER) {
    return false;
  }
  until = until < p->limit ? until : p->limit;
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
    if (!p->current && p->owed == 0) { /* or the real disk would begin the sooner for a cut */
      queue_wake_those_due(vmm);
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
  const char *failure = host_failed(vmm);
  if (failure) {
    return (struct vmm_stop){VMM_HOST_ERROR, failure};
  }
  p->limit = until;
  p->running = true;
  queue_look_at_all(vmm);
  struct vmm_stop stop = run(vmm);
  p->running = false;
  queue_catch_up_all(vmm);
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

/* Up to now: what it is in the middle of counts, and what is still owed does not, of which
 * the VMM's time comes last. */
struct vmm_account vmm_vm_account(struct machine *m)
{
  const struct vm *vm = vm_of(m);
  const struct processor *p = &vm->vmm->processor;
  struct vmm_account a = vm->place.account;
  uint64_t now = machine_tick(vm->vmm->real);
  if (p->debtor == vm) {
    uint64_t overhead = a.overhead < p->owed ? a.overhead : p->owed;
    a.overhead -= overhead;
    a.executed -= p->owed - overhead;
    now += p->owed;
  }
  if (vm->place.where == PLACE_READY && p->current != vm) {
    a.ready += now - vm->place.since;
  } else if (vm->place.where == PLACE_ASLEEP) {
    a.asleep += now - vm->place.since;
  } else if (vm->place.where == PLACE_FROZEN && now > vm->place.since) {
    a.frozen += now - vm->place.since;
  }
  return a;
}

uint64_t vmm_idle_ticks(const struct vmm *vmm)
{
  return vmm->processor.idle;
}
