/* A virtual machine is a machine: struct machine_ops over a struct vm.
 *
 * vm_run() is the VMM's main loop: a virtual instruction boundary, direct
 * execution on the real machine until it traps, the dispatcher. The order of
 * events at a boundary is that of docs/machine.md, in virtual time.
 */
#include <stdlib.h>

#include "vmm/world.h"

/* ------------------------------------------------------- virtual devices' time */

static uint64_t next_due(const struct vm *vm)
{
  uint64_t timer = vm_timer_next(vm);
  uint64_t next = devices_next_event(&vm->devices);
  return timer < next ? timer : next;
}

static uint64_t next_event(struct machine *m)
{
  return next_due(vm_of(m));
}

static inline void fire_timer(struct vm *vm)
{
  if (vm_timer_fire(vm)) {
    vcpu_raise(vm, CAUSE_TIMER);
  }
}

static void fire_devices(struct vm *vm)
{
  uint64_t now = vm->cpu.tick;
  for (uint32_t causes = devices_fire(&vm->devices, now); causes != 0; causes &= causes - 1) {
    vcpu_raise(vm, (enum isa_cause)__builtin_ctz(causes));
  }
}

/* Timer, then the devices. */
void vm_fire(struct vm *vm)
{
  fire_timer(vm);
  fire_devices(vm);
}

static void pass_time(struct vm *vm, uint64_t until)
{
  uint64_t next = next_due(vm);
  vm->cpu.tick = next < until ? next : until;
  vm_fire(vm);
}

/* -------------------------------------------------------------------- running */

/* A turn of the main loop, and each of its parts, answers whether it has come to a stop: which,
 * is in *vm->answer then. */
enum turn { GO_ON, STOPPED };

static enum turn stop_with(struct vm *vm, struct machine_stop stop)
{
  *vm->answer = stop;
  return STOPPED;
}

/* The same for what most stops are, and no more than that has (struct machine_ops). */
static inline enum turn stop_to_deliver(struct vm *vm, const struct trap *trap)
{
  vm->answer->why = MACHINE_TRAP;
  vm->answer->trap = *trap;
  vm->answer->reason = NULL;
  return STOPPED;
}

static enum turn stop_for(struct vm *vm, enum machine_why why)
{
  return stop_with(vm, (struct machine_stop){.why = why});
}

static __attribute__((noinline)) enum turn stop_by_fate(struct vm *vm)
{
  return stop_with(vm, (struct machine_stop){.why = vm->fate, .reason = vm->reason});
}

/* The guest's trap: "executing never delivers" holds for a VM too, so reflecting
 * is this stop, and the VM's owner delivers it. */
static __attribute__((noinline)) enum turn stop_with_trap(struct vm *vm, const struct trap *trap,
                                                          enum isa_cause real)
{
  if (vm->fate != MACHINE_LIMIT) {
    return stop_by_fate(vm); /* for want of its storage, which is no trap of its own */
  }
  vm->stats.reflected++;
  vm->machine_stats.traps[trap->cause]++;
  vm_trace(vm, TRACE_REFLECT, trap->cause, trap->epc, real, 0);
  vm_trace(vm, TRACE_TRAP, trap->cause, trap->epc, trap->value, trap->insn);
  return stop_to_deliver(vm, trap);
}

/* Virtual interrupts are recognised by the virtual IE, IMASK and IPEND, at
 * virtual boundaries: the real ones belong to the VMM. */
static enum turn take_interrupt(struct vm *vm)
{
  uint32_t lines = vcpu_enabled_lines(vm);
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    if (isa_cause_is_interrupt(cause) && (lines & 1u << isa_cause_info(cause)->line)) {
      struct trap trap = {.cause = (enum isa_cause)cause, .epc = vcpu_get_pc(vm)};
      vm->machine_stats.traps[cause]++;
      vm_trace(vm, TRACE_TRAP, cause, trap.epc, 0, 0);
      return stop_to_deliver(vm, &trap);
    }
  }
  return GO_ON;
}

static enum turn report(struct vm *vm)
{
  return stop_with(vm, stops_report(&vm->stops, vm->last_pc));
}

static enum turn wait_at_boundary(struct vm *vm, uint64_t until)
{
  while (vm->cpu.run_state == MACHINE_WAITING) {
    if (vcpu_enabled_lines(vm) != 0) {
      vm->cpu.run_state = MACHINE_RUNNING;
      vm_trace(vm, TRACE_STATE, MACHINE_RUNNING, vcpu_get_pc(vm), 0, 0);
    } else if (next_due(vm) == MACHINE_NEVER) {
      return stop_for(vm, MACHINE_WAITS);
    } else {
      pass_time(vm, until);
      if (vm->stops.queued > 0) {
        return report(vm);
      }
      if (vm->cpu.tick >= until) {
        return stop_for(vm, MACHINE_LIMIT);
      }
    }
  }
  return GO_ON;
}

/* docs/machine.md, "At each instruction boundary"; the timer has been asked. */
static enum turn at_boundary(struct vm *vm, uint64_t until)
{
  fire_devices(vm);
  if (vm->stops.queued > 0) {
    return report(vm);
  }
  if (vm->fate != MACHINE_LIMIT) {
    return stop_by_fate(vm);
  }
  if (devices_host_error(&vm->devices)) {
    return stop_with(vm, (struct machine_stop){.why = MACHINE_HOST_ERROR,
                                               .reason = devices_host_error(&vm->devices)});
  }
  if (vm->cpu.double_faulted) {
    return stop_with(vm, (struct machine_stop){.why = MACHINE_DOUBLE_FAULT, .trap = vm->cpu.fault});
  }
  if (vm->cpu.run_state == MACHINE_STOPPED) {
    return stop_for(vm, MACHINE_HALTED);
  }
  if (vm->cpu.tick >= until) {
    return stop_for(vm, MACHINE_LIMIT);
  }
  if (wait_at_boundary(vm, until) == STOPPED) {
    return STOPPED;
  }
  bool open = hyper_takes_over(vm) ? hyper_open(vm) : psw_ie(vm->cpu.cr[CR_PSW]);
  return open && vcpu_enabled_lines(vm) != 0 ? take_interrupt(vm) : GO_ON;
}

/* at_boundary() would find nothing: so it is at nearly all of them. */
ALWAYS_INLINE bool is_quiet(const struct vm *vm, uint64_t until, uint64_t next, bool plain)
{
  bool calm = (plain || (vm->stops.queued == 0 && !vm->state.paravirt)) &&
              vm->fate == MACHINE_LIMIT && !vm->cpu.double_faulted &&
              vm->cpu.run_state == MACHINE_RUNNING;
  return calm && vcpu_enabled_lines(vm) == 0 && vm->cpu.tick < until && vm->cpu.tick < next &&
         !devices_host_error(&vm->devices);
}

/* -------------------------------------------------------------- the dispatcher */

/* Serving must lead somewhere. A dispatcher that serves a trap for which nothing
 * is done would meet it for ever. */
static bool serves_in_vain(struct vm *vm)
{
  if (vm->served_at != vm->cpu.tick) {
    vm->served_at = vm->cpu.tick;
    vm->served_there = 0;
  }
  return ++vm->served_there > SERVED_MAX;
}

static enum turn serve(struct vm *vm, const struct trap *real)
{
  vm->stats.served++;
  vm_trace(vm, TRACE_SERVE, real->cause, 0, 0, 0);
  if (serves_in_vain(vm)) {
    vmm_lose_control(vm,
                     "the dispatcher keeps serving the %s at 0x%08x, and the guest stands still",
                     isa_cause_info(real->cause)->summary, real->epc);
    return stop_by_fate(vm);
  }
  if (real->cause == CAUSE_DISK) {
    vdisk_serve(vm->vmm);
  }
  return GO_ON;
}

static __attribute__((noinline)) void note_changes(struct vm *vm, uint32_t psw)
{
  if (vm->stops.mode && ((psw ^ vm->cpu.cr[CR_PSW]) & PSW_MODE_MASK)) {
    stops_note(&vm->stops, &(struct machine_hit){.event = MACHINE_EVENT_MODE});
  }
  if (vm->stops.wait && vm->cpu.run_state == MACHINE_WAITING) {
    stops_note(&vm->stops, &(struct machine_hit){.event = MACHINE_EVENT_WAIT});
  }
}

static __attribute__((noinline)) void trace_changes(const struct vm *vm, uint32_t psw,
                                                    const struct trap *real)
{
  uint64_t at = vm->cpu.tick - 1;
  if ((psw ^ vm->cpu.cr[CR_PSW]) & PSW_MODE_MASK) {
    trace_emit(&vm->machine, TRACE_MODE, at, psw, real->epc, vm->cpu.cr[CR_PSW], real->insn);
  }
  if (vm->cpu.run_state != MACHINE_RUNNING) {
    trace_emit(&vm->machine, TRACE_STATE, at, vm->cpu.run_state, real->epc, 0, real->insn);
  }
}

/* The instruction at real->epc is done by the VMM; psw: the virtual one before it. */
ALWAYS_INLINE void complete(struct vm *vm, uint32_t psw, const struct trap *real, bool plain)
{
  vm->cpu.tick++;
  vm->last_pc = real->epc;
  vm->machine_stats.instructions++;
  if (!plain && vm->stops.armed) {
    note_changes(vm, psw);
  }
  if (!plain && vm->machine.tracer) {
    trace_changes(vm, psw, real);
  }
}

ALWAYS_INLINE enum turn emulate(struct vm *vm, const struct trap *real, bool plain)
{
  uint32_t psw = vm->cpu.cr[CR_PSW];
  const struct vmm_emulate_module *module = vm->vmm->modules->emulate;
  enum isa_insn insn = vm_decode(vm, real->insn).decoded.insn;
  if (!plain) {
    vm_trace(vm, TRACE_EMULATE, insn, real->epc, 0, real->insn);
  }
  vm->emulating = true;
  struct vmm_trap met = module->emulate(vm->state.emulate, &vm->env, real->insn);
  vm->emulating = false;
  if (met.raised) {
    vm->stops.queued = 0; /* an access before the one that trapped was none */
    return stop_with_trap(vm, &met.trap, real->cause);
  }
  vm->stats.emulated++;
  vm->stats.emulated_by[insn]++;
  complete(vm, psw, real, plain);
  return GO_ON;
}

/* The instruction at the virtual pc, whether it trapped first or not. */
static struct vmm_trap interpret_one(struct vm *vm)
{
  vm->emulating = true;
  struct vmm_trap met = vm->vmm->modules->interpret->interpret(vm->state.interpret, &vm->env);
  vm->emulating = false;
  if (met.raised) {
    vm->stops.queued = 0;
  }
  return met;
}

static enum turn hypercall(struct vm *vm, const struct trap *real)
{
  uint32_t psw = vm->cpu.cr[CR_PSW];
  struct vmm_insn insn = vm->env.decode(vm, real->insn);
  bool hint = real->cause == CAUSE_HYPERCALL && hint_is(vm, insn.decoded.imm);
  if (vm->hints && !hint && !vm->state.paravirt) {
    return stop_with_trap(vm, real, real->cause); /* it is none: the guest's own trap */
  }
  if (!hint && (!vm->state.paravirt || real->cause != CAUSE_HYPERCALL)) {
    vmm_lose_control(vm, "the dispatcher takes the %s at 0x%08x for a hypercall",
                     isa_cause_info(real->cause)->summary, real->epc);
    return stop_by_fate(vm);
  }
  vm_trace(vm, TRACE_EMULATE, insn.decoded.insn, real->epc, 0, real->insn);
  if (hint) {
    hint_take(vm, insn.decoded.imm);
  } else {
    hyper_call(vm, insn.decoded.imm);
  }
  complete(vm, psw, real, false);
  return GO_ON;
}

/* A memory trap of the real machine may be due to the real map alone. */
static enum vmm_fault look_at_fault(struct vm *vm, const struct trap *real)
{
  if (!vm->memory->fault || isa_cause_info(real->cause)->kind != ISA_CAUSE_MEMORY) {
    return VMM_FAULT_TRUE;
  }
  uint64_t zeroed = vm->paging.zeroed;
  enum vmm_fault fault = vm->memory->fault(vm->state.memory, &vm->env, *real);
  if (vm->paging.zeroed != zeroed) {
    hint_missed(vm, *real);
  }
  vm->stats.true_faults += fault == VMM_FAULT_TRUE;
  vm->stats.hidden_faults += fault == VMM_FAULT_HIDDEN || fault == VMM_FAULT_MARKS;
  vm->stats.refused_direct += fault == VMM_FAULT_INTERPRET;
  vm->cpu.map_stale |= fault != VMM_FAULT_TRUE;
  return fault;
}

static enum turn execute_again(struct vm *vm, const struct trap *real)
{
  vm_trace(vm, TRACE_SERVE, real->cause, 0, 0, 0);
  if (serves_in_vain(vm)) {
    vmm_lose_control(vm,
                     "the memory module keeps mending the %s at 0x%08x, and the guest stands still",
                     isa_cause_info(real->cause)->summary, real->epc);
    return stop_by_fate(vm);
  }
  return GO_ON;
}

/* What the trace says of the instruction at pc before it is interpreted. */
static struct trap announce(struct vm *vm, uint32_t pc)
{
  struct trap at = {.epc = pc};
  uint32_t psw = vm->cpu.cr[CR_PSW];
  struct translation t =
      vm->env.translate(vm, gva(pc), sizeof at.insn, MACHINE_FETCH, psw_te(psw), psw_mode(psw));
  struct vmm_insn insn = {.legal = false};
  if (t.ok && machine_phys_read(&vm->machine, t.pa, &at.insn, sizeof at.insn)) {
    insn = vm->env.decode(vm, at.insn);
  }
  bool system = insn.legal && isa_insn_info(insn.decoded.insn)->group == ISA_GROUP_SYSTEM;
  if (system || (insn.legal && trace_wants_instructions(&vm->machine))) {
    vm_trace(vm, TRACE_INTERPRET, insn.decoded.insn, pc, 0, at.insn);
  }
  return at;
}

/* The instruction at which the real machine trapped. A guest that asks the VMM for something
 * is answered even if its fetch was what trapped. */
static enum turn interpret(struct vm *vm, const struct trap *real)
{
  uint32_t psw = vm->cpu.cr[CR_PSW];
  struct trap at = *real;
  if (real->insn != 0) {
    struct vmm_insn insn = vm->env.decode(vm, real->insn);
    vm_trace(vm, TRACE_INTERPRET, insn.decoded.insn, real->epc, 0, real->insn);
  } else if (vm->machine.tracer) {
    at = announce(vm, real->epc);
  }
  struct vmm_trap met = interpret_one(vm);
  if (met.raised && met.trap.cause == CAUSE_HYPERCALL && vm->env.hypercalls(vm) &&
      psw_mode(psw) == 0) {
    return hypercall(vm, &met.trap);
  }
  if (met.raised) {
    return stop_with_trap(vm, &met.trap, real->cause);
  }
  vm->stats.interpreted++;
  complete(vm, psw, &at, false);
  return GO_ON;
}

static enum turn reflect(struct vm *vm, const struct trap *real)
{
  struct vmm_trap trap = vm->vmm->modules->reflect->derive(vm->state.reflect, &vm->env, *real);
  if (!trap.raised) {
    /* Nothing of the VM's own explains it: the real map was not the one that the
     * VMM composed, or the composition is wrong. */
    vmm_lose_control(vm,
                     "the real machine reports a %s at 0x%08x, which the virtual machine's "
                     "state does not explain",
                     isa_cause_info(real->cause)->summary, real->epc);
    return stop_by_fate(vm);
  }
  return stop_with_trap(vm, &trap.trap, real->cause);
}

/* The real machine may have other registers and instructions than the virtual one, those of
 * its MMU. What is none of the guest's is illegal, whatever the real machine had against
 * it. True: it is one of the guest's, and the real machine has not got it. */
static __attribute__((noinline)) bool is_known_to_guest_alone(const struct vm *vm,
                                                              struct trap *real)
{
  if (real->cause != CAUSE_ILLEGAL && real->cause != CAUSE_PRIVILEGED) {
    return false;
  }
  bool legal = vm->env.decode(vm->env.ctx, real->insn).legal;
  bool alone = legal && real->cause == CAUSE_ILLEGAL;
  real->cause = legal ? real->cause : CAUSE_ILLEGAL;
  return alone;
}

/* What the dispatcher has decided, but for emulation. */
static __attribute__((noinline)) enum turn carry_out(struct vm *vm, const struct trap *real,
                                                     enum vmm_action action)
{
  switch (action) {
  case VMM_SERVE:
    return serve(vm, real);
  case VMM_INTERPRET:
    return interpret(vm, real);
  case VMM_HYPERCALL:
    return hypercall(vm, real);
  case VMM_EMULATE:
  case VMM_REFLECT:
    break;
  }
  switch (look_at_fault(vm, real)) {
  case VMM_FAULT_HIDDEN:
    return execute_again(vm, real);
  case VMM_FAULT_MARKS:
  case VMM_FAULT_INTERPRET:
    return interpret(vm, real);
  case VMM_FAULT_TRUE:
    break;
  }
  return reflect(vm, real);
}

ALWAYS_INLINE enum turn dispatch(struct vm *vm, struct trap *real, bool plain)
{
  vm->stats.dispatched++;
  bool alike = plain || vm->machine.profile == vm->vmm->real->profile;
  if (!alike && is_known_to_guest_alone(vm, real)) {
    return interpret(vm, real);
  }
  enum vmm_action action =
      vm->vmm->modules->dispatch->dispatch(vm->state.dispatch, &vm->env, *real);
  return action == VMM_EMULATE ? emulate(vm, real, plain) : carry_out(vm, real, action);
}

/* A stop that ends neither the loan nor anything else in the VM. */
static __attribute__((noinline)) bool is_pause(const struct vm *vm, const struct machine_stop *stop)
{
  const struct world *w = &vm->vmm->world;
  switch (stop->why) {
  case MACHINE_LIMIT:
    return machine_tick(vm->vmm->real) < w->entered + w->timer;
  case MACHINE_BREAK:
  case MACHINE_WATCH:
  case MACHINE_CATCH:
    return true;
  default:
    return false;
  }
}

static __attribute__((noinline)) enum turn pause_run(struct vm *vm, struct machine_stop stop)
{
  vcpu_pause(vm);
  if (next_due(vm) <= vm->cpu.tick) {
    /* The loan is over at this tick as well; and what happens now may take real time, for a
     * transfer that is not done, which is no time of the guest's. */
    vcpu_settle(vm->vmm);
  }
  vm_fire(vm);
  if (stop.why == MACHINE_LIMIT) {
    return GO_ON; /* the boundary answers so */
  }
  if (translate_inside(vm)) {
    stop.hit.pc = translate_pc(vm, stop.hit.pc);
  }
  if (stop.why == MACHINE_WATCH) {
    vm_own_hit(vm, &stop.hit);
  }
  return stop_with(vm, stop);
}

/* The real machine stops where whoever runs this VM wants it to: pcs are the same, and
 * so are virtual and real ticks as long as the guest executes directly. */
static bool load_stops(struct vm *vm)
{
  struct vmm *vmm = vm->vmm;
  if (vmm->stopper != vm && (vmm->stopper || vm->stops.armed) && !vm_load_stops(vm)) {
    return false;
  }
  if (vm->stops.armed) {
    uint64_t skip = vm->stops.from > vm->cpu.tick ? vm->stops.from - vm->cpu.tick : 0;
    machine_stops_from(vmm->real, machine_tick(vmm->real) + skip);
  }
  return true;
}

/* The processor is lent until something must happen in the VM, or the limit. Where loans
 * are steady, the limit ends the run but not the loan: a VM that is looked at now
 * and then goes the same way, on the real machine too, as one that is left alone. */
static __attribute__((noinline)) void lend_anew(struct vm *vm, uint64_t until, uint64_t next,
                                                bool steady)
{
  uint64_t now = vm->cpu.tick;
  uint64_t end = steady ? now + STEADY_TICKS : until;
  /* A timer module may say that what it has just done is still due. There is no loan to a time
   * that is over: it would be one of 2^32 ticks. */
  next = next > now ? next : MACHINE_NEVER;
  world_enter(vm, vm->vmm->modules->schedule->lend(vm->state.schedule, now, next, end));
}

/* Answers where the real machine is to stop at the latest, unless the VM has come to an end. */
ALWAYS_INLINE uint64_t lend(struct vm *vm, uint64_t until, uint64_t next, bool plain)
{
  struct vmm *vmm = vm->vmm;
  const struct world *w = &vmm->world;
  uint64_t now = vm->cpu.tick;
  if (w->lent != vm) {
    if (vmm->policy.scan_ticks != 0) {
      pmap_scan(vm);
    }
    if (vm->cpu.map_stale && !world_map(vm)) {
      return 0;
    }
    bool steady = vmm->steady && !vmm->processor.running;
    if (world_goes_on(vm, steady || next < until ? next : until)) {
      world_go_on(vm, plain);
    } else {
      lend_anew(vm, until, next, steady);
    }
  }
  uint64_t end = w->entered + w->timer;
  if (vmm->processor.running) {
    return vmm->processor.stop_at < end ? vmm->processor.stop_at : end + WATCHDOG_TICKS;
  }
  uint64_t real = vmm->steady ? *vmm->real->live.tick : 0;
  return vmm->steady && until - now < end - real ? real + (until - now) : end + WATCHDOG_TICKS;
}

/* Here at once, so that no loan begins only to be paused. */
static bool at_break(struct vm *vm)
{
  struct machine_hit hit = {.event = MACHINE_EVENT_BREAK, .pc = vcpu_get_pc(vm)};
  if (!stops_break_at(&vm->stops, vm->cpu.tick, hit.pc, &hit.id)) {
    return false;
  }
  stop_with(vm, (struct machine_stop){.why = MACHINE_BREAK, .hit = hit});
  return true;
}

/* Somebody has stops. `until`: of the loan. */
static __attribute__((noinline)) enum turn look_for_stops(struct vm *vm, uint64_t *until)
{
  if (vm->stops.break_count > 0 && at_break(vm)) {
    return STOPPED;
  }
  if (!load_stops(vm)) {
    return stop_with(vm, (struct machine_stop){.why = MACHINE_HOST_ERROR,
                                               .reason = "no memory for breakpoints"});
  }
  /* Breakpoints are at the guest's addresses, which code in the cache does not have. */
  bool look = vm->stops.break_count > 0 && translate_applies(vm) && *until > vm->cpu.tick;
  *until = look ? vm->cpu.tick + 1 : *until;
  return GO_ON;
}

/* Where guest code executes in another form: whether the trap is that form's affair, and not
 * the dispatcher's. */
static __attribute__((noinline)) bool is_of_technique(struct vm *vm, struct trap *real,
                                                      enum turn *turn)
{
  enum translate_trap kind = technique_looks_at(vm, real);
  if (kind == TRANSLATE_GUEST) {
    return false;
  }
  vm->stats.dispatched++;
  *turn = kind == TRANSLATE_EXIT ? GO_ON : interpret(vm, real);
  return true;
}

/* Efficiency: all innocuous instructions are executed by the real machine
 * directly, without the VMM. */
ALWAYS_INLINE enum turn execute(struct vm *vm, uint64_t until, uint64_t next, bool plain)
{
  if (!plain && (vm->stops.armed || vm->vmm->stopper)) {
    uint64_t limit = until;
    if (look_for_stops(vm, &limit) == STOPPED) {
      return STOPPED;
    }
    until = limit;
  }
  uint64_t end = lend(vm, until, next, plain);
  if (vm->fate != MACHINE_LIMIT) {
    vcpu_forget(vm);
    return stop_by_fate(vm);
  }
  struct machine *real = vm->vmm->real;
  struct machine_stop stop;
  real->ops->run(real, end, &stop);
  const bool trapped = stop.why == MACHINE_TRAP;
  if (!trapped && is_pause(vm, &stop)) {
    return pause_run(vm, stop);
  }
  world_leave(vm, &stop, plain);
  if (vm->fate != MACHINE_LIMIT) {
    vm_fire(vm);
    return stop_by_fate(vm);
  }
  if (!trapped && stop.why == MACHINE_HOST_ERROR) {
    return stop_with(vm, stop);
  }
  enum turn turn;
  if (!plain && (vm->cache || vm->patching) && is_of_technique(vm, &stop.trap, &turn)) {
    return turn;
  }
  return dispatch(vm, &stop.trap, plain);
}

/* The next instruction is not the real machine's. Its trap is no real one, and nothing of the
 * VMM's was asked about it: it is the guest's alone. */
static enum turn interpret_next(struct vm *vm)
{
  pmap_scan(vm);
  if (vm->stops.break_count > 0 && at_break(vm)) {
    return STOPPED;
  }
  uint32_t psw = vm->cpu.cr[CR_PSW];
  struct trap at = {.epc = vcpu_get_pc(vm)};
  if (vm->machine.tracer) {
    at = announce(vm, at.epc);
  }
  vm->used_device = false;
  struct vmm_trap met = interpret_one(vm);
  if (met.raised && vm->fate != MACHINE_LIMIT) {
    return stop_by_fate(vm);
  }
  if (met.raised && met.trap.cause == CAUSE_HYPERCALL && vm->hints && psw_mode(psw) == 0) {
    return hypercall(vm, &met.trap);
  }
  if (met.raised) {
    vm->machine_stats.traps[met.trap.cause]++;
    vm_trace(vm, TRACE_TRAP, met.trap.cause, met.trap.epc, met.trap.value, met.trap.insn);
    return stop_to_deliver(vm, &met.trap);
  }
  vm->stats.interpreted++;
  vm->plain += !vm->used_device;
  complete(vm, psw, &at, false);
  return GO_ON;
}

ALWAYS_INLINE enum turn turn_of(struct vm *vm, uint64_t until, bool plain)
{
  fire_timer(vm);
  uint64_t next = next_due(vm);
  if (!is_quiet(vm, until, next, plain)) {
    if (at_boundary(vm, until) == STOPPED) {
      return STOPPED;
    }
    next = next_due(vm);
  }
  return plain || technique_is_direct(vm) ? execute(vm, until, next, plain) : interpret_next(vm);
}

static __attribute__((noinline)) enum turn any_turn(struct vm *vm, uint64_t until)
{
  return turn_of(vm, until, false);
}

/* Compiled twice: once without what only tracers, debuggers and some techniques want. */
ALWAYS_INLINE enum turn turn(struct vm *vm, uint64_t until)
{
  bool watched = vm->stops.armed || vm->machine.tracer || vm->vmm->stopper;
  return vm->is_plain && !watched ? turn_of(vm, until, true) : any_turn(vm, until);
}

bool vm_turn(struct vm *vm, uint64_t until, struct machine_stop *stop)
{
  vm->answer = stop;
  return turn(vm, until) == STOPPED;
}

static void run(struct machine *m, uint64_t until, struct machine_stop *stop)
{
  struct vm *vm = vm_of(m);
  vm->served_there = 0; /* whoever steps a VM back in time serves the same tick often */
  if (vm->vmm->world.lent != vm || !vm->vmm->steady) {
    vcpu_settle(vm->vmm);
  }
  vm->answer = stop;
  while (turn(vm, until) == GO_ON) {
  }
}

static bool deliver(struct machine *m, const struct trap *trap)
{
  struct vm *vm = vm_of(m);
  vcpu_settle(vm->vmm);
  if (hyper_takes_over(vm)) {
    hyper_module(vm->vmm)->inject(vm->state.paravirt, &vm->env, *trap);
  } else if (!vm->vmm->modules->reflect->inject(vm->state.reflect, &vm->env, *trap)) {
    vm->cpu.double_faulted = true;
    vm->cpu.fault = *trap;
    return false;
  }
  if (vm->cpu.run_state == MACHINE_WAITING) {
    vm->cpu.run_state = MACHINE_RUNNING;
  }
  vm->machine_stats.delivered[trap->cause]++;
  vm_trace(vm, TRACE_DELIVER, trap->cause, trap->epc, vcpu_get_pc(vm), 0);
  vm->cpu.tick++;
  vm_fire(vm);
  return true;
}

static uint64_t idle(struct machine *m, uint64_t until)
{
  struct vm *vm = vm_of(m);
  vcpu_settle(vm->vmm);
  vm_fire(vm);
  while (vm->cpu.tick < until && vm->cpu.cr[CR_IPEND] == 0 &&
         (until != MACHINE_NEVER || next_event(m) != MACHINE_NEVER)) {
    pass_time(vm, until);
  }
  return vm->cpu.tick;
}

static void set_engine(struct machine *m, enum machine_engine engine)
{
  machine_set_engine(m->parent, engine);
}

/* ---------------------------------------------------------- state, by the owner */

static uint32_t get_reg(struct machine *m, unsigned reg)
{
  return vcpu_get_reg(vm_of(m), reg);
}

static void set_reg(struct machine *m, unsigned reg, uint32_t value)
{
  vm_touch(vm_of(m));
  vcpu_set_reg(vm_of(m), reg, value);
}

static void get_regs(struct machine *m, uint32_t *regs)
{
  vcpu_get_regs(vm_of(m), regs);
}

static void set_regs(struct machine *m, const uint32_t *regs)
{
  vm_touch(vm_of(m));
  vcpu_set_regs(vm_of(m), regs);
}

static uint32_t get_pc(struct machine *m)
{
  return vcpu_get_pc(vm_of(m));
}

static void set_pc(struct machine *m, uint32_t pc)
{
  vm_touch(vm_of(m));
  vcpu_set_pc(vm_of(m), pc);
}

static uint32_t get_cr(struct machine *m, enum isa_cr cr)
{
  uint32_t value = vcpu_get_cr(vm_of(m), cr);
  return cr == CR_PSW && hyper_takes_over(vm_of(m)) ? hyper_psw(vm_of(m), value) : value;
}

static void get_crs(struct machine *m, uint32_t *crs)
{
  vcpu_get_crs(vm_of(m), crs);
}

static void set_cr(struct machine *m, enum isa_cr cr, uint32_t value)
{
  if (!profile_has_cr(m->profile, cr)) {
    return;
  }
  vm_touch(vm_of(m));
  vcpu_settle(vm_of(m)->vmm);
  vcpu_set_cr(vm_of(m), cr, value, vm_of(m)->cpu.tick);
}

static uint64_t tick(const struct machine *m)
{
  return ((const struct vm *)m)->cpu.tick;
}

static void set_tick(struct machine *m, uint64_t value)
{
  vm_touch(vm_of(m));
  vcpu_settle(vm_of(m)->vmm);
  vm_of(m)->cpu.tick = value;
}

static enum machine_run_state run_state(struct machine *m)
{
  return vm_of(m)->cpu.run_state;
}

static void set_run_state(struct machine *m, enum machine_run_state state)
{
  vm_touch(vm_of(m));
  struct vm *vm = vm_of(m);
  vcpu_settle(vm->vmm);
  vm->cpu.run_state = state;
  vm->cpu.double_faulted = false;
  vm->fate = MACHINE_LIMIT; /* a snapshot may bring a lost VM back */
}

/* -------------------------------------------------------------------- storage
 * A VM's physical address becomes a real one in memory/pmap.c and nowhere else, and
 * not before the range was found to lie within its allocation. */

static uint32_t storage_size(const struct machine *m)
{
  return ((const struct vm *)m)->storage.size;
}

static bool phys_read(struct machine *m, gpa_t at, void *buf, uint32_t len)
{
  return pmap_peek(vm_of(m), at, buf, len);
}

static bool phys_write(struct machine *m, gpa_t at, const void *buf, uint32_t len)
{
  struct vm *vm = vm_of(m);
  vm_touch(vm);
  memory_writing(vm, at, len);
  bool done = pmap_write(vm, at, buf, len);
  memory_written(vm, at, len);
  return done;
}

static struct translation translate(struct machine *m, gva_t va, enum machine_access access,
                                    bool te)
{
  struct vm *vm = vm_of(m);
  return vm->env.translate(vm, va, 1, access, te, psw_mode(vm->cpu.cr[CR_PSW]));
}

static void tlb_get(struct machine *m, unsigned index, uint32_t *hi, uint32_t *lo)
{
  struct vmm_tlb_entry e = vtlb_get(vm_of(m), index);
  *hi = e.hi;
  *lo = e.lo;
}

static void tlb_set(struct machine *m, unsigned index, uint32_t hi, uint32_t lo)
{
  vm_touch(vm_of(m));
  vtlb_set(vm_of(m), index, hi, lo);
}

/* A VM's storage is whole pages, so its blocks are whole blocks of the real machine,
 * and their real keys are the virtual ones: direct execution checks them. */
static bool key_get(struct machine *m, gpa_t at, uint8_t *key)
{
  struct pmap_frame f = pmap_frame(vm_of(m), at, false);
  *key = 0;
  return f.ok && machine_key_get(m->parent, gpa(f.frame.v + at.v % ISA_PAGE_SIZE), key);
}

static bool key_set(struct machine *m, gpa_t at, uint8_t key)
{
  vm_touch(vm_of(m));
  struct pmap_frame f = pmap_frame(vm_of(m), at, true);
  return f.ok && vmm_set_key(vm_of(m)->vmm, gpa(f.frame.v + at.v % ISA_PAGE_SIZE), key);
}

static uint64_t key_changes(struct machine *m)
{
  return machine_key_changes(m->parent);
}

static uint64_t storage_digest(struct machine *m)
{
  return pmap_digest(vm_of(m));
}

static unsigned watch_storage(struct machine *m, gpa_range_t range)
{
  return pmap_watch(vm_of(m), range);
}

static uint64_t watched_digest(struct machine *m, unsigned id)
{
  return pmap_watched(vm_of(m), id);
}

static void unwatch_storage(struct machine *m, unsigned id)
{
  pmap_unwatch(vm_of(m), id);
}

static void page_digests(struct machine *m, const uint32_t *pages, uint32_t count,
                         uint64_t *digests)
{
  pmap_page_digests(vm_of(m), pages, count, digests);
}

/* -------------------------------------------------------------------- devices */

bool vm_port_in(struct vm *vm, uint64_t after, uint32_t port, uint32_t *value)
{
  if (!devices_port_in(&vm->devices, after, port, value)) {
    return false;
  }
  vm_trace(vm, TRACE_IO, port, *value, 0, 0);
  return true;
}

bool vm_port_out(struct vm *vm, uint64_t after, uint32_t port, uint32_t value)
{
  if (!devices_port_out(&vm->devices, after, port, value)) {
    return false;
  }
  vm_trace(vm, TRACE_IO, port, value, 1, 0);
  return true;
}

static bool port_in(struct machine *m, uint32_t port, uint32_t *value)
{
  vcpu_settle(vm_of(m)->vmm);
  return vm_port_in(vm_of(m), vm_of(m)->cpu.tick, port, value);
}

static bool port_out(struct machine *m, uint32_t port, uint32_t value)
{
  vcpu_settle(vm_of(m)->vmm);
  return vm_port_out(vm_of(m), vm_of(m)->cpu.tick, port, value);
}

static uint32_t channel_begin(struct machine *m, uint32_t caw)
{
  vcpu_settle(vm_of(m)->vmm);
  return vm_channel_start(vm_of(m), vm_of(m)->cpu.tick, caw);
}

static uint32_t channel_ask(struct machine *m, uint32_t operand)
{
  vcpu_settle(vm_of(m)->vmm);
  return vm_channel_test(vm_of(m), operand);
}

static void console_in(struct machine *m, uint64_t at, uint8_t byte)
{
  struct vm *vm = vm_of(m);
  vcpu_settle(vm->vmm);
  vm_catch_up(vm);
  console_input(vm->devices.console, vm->cpu.tick, at, byte);
  vm_fire(vm);
  vm_wake(vm);
}

static unsigned input_ahead(struct machine *m)
{
  return console_ahead(vm_of(m)->devices.console);
}

static void forget_input(struct machine *m)
{
  vcpu_settle(vm_of(m)->vmm);
  console_forget(vm_of(m)->devices.console);
}

static const uint8_t *console_out(struct machine *m, size_t *len)
{
  return console_output(vm_of(m)->devices.console, len);
}

static void on_output(struct machine *m, machine_console_fn *fn, void *ctx)
{
  vm_of(m)->on_output = fn;
  vm_of(m)->on_output_ctx = ctx;
}

static struct machine_net network(struct machine *m)
{
  return net_state(vm_of(m)->devices.net);
}

static bool frame_in(struct machine *m, uint64_t at, const void *frame, uint32_t len)
{
  struct vm *vm = vm_of(m);
  vcpu_settle(vm->vmm);
  vm_catch_up(vm);
  bool kept = net_log(vm->devices.net, vm->cpu.tick, at, frame, len);
  vm_fire(vm);
  vm_wake(vm);
  return kept;
}

static void on_frame(struct machine *m, machine_net_fn *fn, void *ctx)
{
  vm_of(m)->on_frame = fn;
  vm_of(m)->on_frame_ctx = ctx;
}

static uint32_t sectors(struct machine *m)
{
  return disk_sectors(vm_of(m)->devices.disk);
}

static bool peek(struct machine *m, uint32_t sector, void *buf)
{
  return disk_peek(vm_of(m)->devices.disk, sector, buf);
}

static bool poke(struct machine *m, uint32_t sector, const void *buf)
{
  return disk_poke(vm_of(m)->devices.disk, sector, buf);
}

static uint64_t device_digest(struct machine *m)
{
  uint64_t devices = devices_digest(&vm_of(m)->devices, vm_of(m)->cpu.tick);
  return hyper_takes_over(vm_of(m)) ? hyper_digest(vm_of(m), devices) : devices;
}

static bool save_devices(struct machine *m, struct machine_blob *blob)
{
  const struct vm *vm = vm_of(m);
  return devices_save(&vm->devices, blob) && (!hyper_takes_over(vm) || hyper_save(vm, blob));
}

static bool load_devices(struct machine *m, const struct machine_blob *blob)
{
  vm_touch(vm_of(m));
  vcpu_settle(vm_of(m)->vmm);
  vdisk_forget(vm_of(m)); /* before anybody asks what the sectors hold */
  return vm_of(m)->state.paravirt ? hyper_load(vm_of(m), blob)
                                  : devices_load(&vm_of(m)->devices, blob);
}

static const struct machine_stats *stats(struct machine *m)
{
  return &vm_of(m)->machine_stats;
}

const struct machine_ops vm_ops = {
    .destroy = vm_destroy,
    .run = run,
    .deliver = deliver,
    .idle = idle,
    .set_engine = set_engine,
    .set_stops = vm_set_stops,
    .stops_from = vm_stops_from,
    .get_reg = get_reg,
    .set_reg = set_reg,
    .get_regs = get_regs,
    .set_regs = set_regs,
    .get_pc = get_pc,
    .set_pc = set_pc,
    .get_crs = get_crs,
    .get_cr = get_cr,
    .set_cr = set_cr,
    .tick = tick,
    .set_tick = set_tick,
    .run_state = run_state,
    .set_run_state = set_run_state,
    .next_event = next_event,
    .storage_size = storage_size,
    .phys_read = phys_read,
    .phys_write = phys_write,
    .translate = translate,
    .tlb_get = tlb_get,
    .tlb_set = tlb_set,
    .key_get = key_get,
    .key_set = key_set,
    .key_changes = key_changes,
    .port_in = port_in,
    .port_out = port_out,
    .channel_start = channel_begin,
    .channel_test = channel_ask,
    .console_input = console_in,
    .console_ahead = input_ahead,
    .console_forget = forget_input,
    .console_output = console_out,
    .console_on_output = on_output,
    .net_state = network,
    .net_arrive = frame_in,
    .net_on_frame = on_frame,
    .disk_sectors = sectors,
    .disk_peek = peek,
    .disk_poke = poke,
    .storage_digest = storage_digest,
    .device_digest = device_digest,
    .watch_storage = watch_storage,
    .watched_digest = watched_digest,
    .unwatch_storage = unwatch_storage,
    .page_digests = page_digests,
    .stats = stats,
    .save_devices = save_devices,
    .load_devices = load_devices,
};
