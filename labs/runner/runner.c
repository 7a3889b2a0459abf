/* The process in which a submission's module lives. It is linked with the module, and
 * answers the judge's calls; what the module wants of the virtual machine it asks the
 * judge for. Nothing that it says is believed: see wire.h.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "labs/patch.h"
#include "labs/runner/asked.h"
#include "labs/runner/wire_chain.h"

/* A lab replaces one module or two; the others are not there. */
#pragma weak vmm_dispatch
#pragma weak vmm_emulate
#pragma weak vmm_interpret
#pragma weak vmm_reflect
#pragma weak vmm_memory_bounds
#pragma weak vmm_memory_shadow
#pragma weak vmm_timer_virtual
#pragma weak vmm_schedule
#pragma weak vmm_minidisk
#pragma weak vmm_chain
#pragma weak vmm_share
#pragma weak lab_patch

/* A handle is the address of what create() answered, which only this process understands.
 * A module without a create() has the handle 1. */
static uint64_t create(void *(*module_create)(void *with))
{
  return module_create ? (uint64_t)(uintptr_t)module_create(NULL) : 1;
}

static struct trap trap_of(const uint64_t *v)
{
  return (struct trap){.cause = (enum isa_cause)v[0],
                       .epc = (uint32_t)v[1],
                       .value = (uint32_t)v[2],
                       .insn = (uint32_t)v[3]};
}

static void put_trap(uint64_t *out, struct vmm_trap t)
{
  out[0] = t.raised;
  if (t.raised) {
    out[1] = (uint64_t)t.trap.cause;
    out[2] = t.trap.epc;
    out[3] = t.trap.value;
    out[4] = t.trap.insn;
  }
}

static void call_traps(const struct vmm_env *env, enum wire_function f, void *state,
                       const uint64_t *v, uint64_t *out)
{
  switch (f) {
  case WIRE_dispatch_create:
    out[0] = create(vmm_dispatch.create);
    break;
  case WIRE_dispatch_dispatch:
    out[0] = (uint64_t)vmm_dispatch.dispatch(state, env, trap_of(v + 1));
    break;
  case WIRE_emulate_create:
    out[0] = create(vmm_emulate.create);
    break;
  case WIRE_emulate_handles:
    out[0] = vmm_emulate.handles((enum isa_insn)v[0]);
    break;
  case WIRE_emulate_emulate:
    put_trap(out, vmm_emulate.emulate(state, env, (uint32_t)v[1]));
    break;
  case WIRE_interpret_create:
    out[0] = create(vmm_interpret.create);
    break;
  case WIRE_interpret_interpret:
    put_trap(out, vmm_interpret.interpret(state, env));
    break;
  case WIRE_reflect_create:
    out[0] = create(vmm_reflect.create);
    break;
  case WIRE_reflect_derive:
    put_trap(out, vmm_reflect.derive(state, env, trap_of(v + 1)));
    break;
  case WIRE_reflect_inject:
    out[0] = vmm_reflect.inject(state, env, trap_of(v + 1));
    break;
  default:
    _exit(1);
  }
}

static void call_memory(const struct vmm_env *env, enum wire_function f, void *state,
                        const uint64_t *v, uint64_t *out)
{
  if (f == WIRE_memory_create) {
    out[0] = create(vmm_memory_bounds.create);
  } else if (f == WIRE_memory_compose) {
    struct vmm_real_map map = vmm_memory_bounds.compose(state, env);
    out[0] = map.base;
    out[1] = map.bound;
  } else {
    struct translation t =
        vmm_memory_bounds.translate(state, env, gva((uint32_t)v[1]), (uint32_t)v[2],
                                    (enum machine_access)v[3], v[4] != 0, (unsigned)v[5]);
    out[0] = t.ok;
    out[1] = t.pa.v;
    out[2] = (uint64_t)t.cause;
    out[3] = t.device;
    out[4] = t.marks;
    out[5] = t.entry.v;
    out[6] = t.marked;
  }
}

static void call_shadow(const struct vmm_env *env, enum wire_function f, void *state,
                        const uint64_t *v, uint64_t *out)
{
  switch (f) {
  case WIRE_shadow_create:
    out[0] = create(vmm_memory_shadow.create);
    break;
  case WIRE_shadow_compose:
    out[0] = vmm_memory_shadow.compose(state, env).ptbr;
    break;
  case WIRE_shadow_fault:
    out[0] = (uint64_t)vmm_memory_shadow.fault(state, env, trap_of(v + 1));
    break;
  case WIRE_shadow_written:
    vmm_memory_shadow.written(state, env, gpa((uint32_t)v[1]), (uint32_t)v[2]);
    break;
  case WIRE_shadow_forget:
    vmm_memory_shadow.forget(state, env, gpa((uint32_t)v[1]));
    break;
  default:
    _exit(1);
  }
}

static void call_time(enum wire_function f, void *state, const uint64_t *v, uint64_t *out)
{
  switch (f) {
  case WIRE_timer_create:
    out[0] = create(vmm_timer_virtual.create);
    break;
  case WIRE_timer_set:
    vmm_timer_virtual.set(state, v[1], (uint32_t)v[2]);
    break;
  case WIRE_timer_left:
    out[0] = vmm_timer_virtual.left(state, v[1]);
    break;
  case WIRE_timer_next_event:
    out[0] = vmm_timer_virtual.next_event(state);
    break;
  case WIRE_timer_fire:
    out[0] = vmm_timer_virtual.fire(state, v[1]);
    break;
  case WIRE_schedule_create:
    out[0] = create(vmm_schedule.create);
    break;
  case WIRE_schedule_lend:
    out[0] = vmm_schedule.lend(state, v[1], v[2], v[3]);
    break;
  default:
    _exit(1);
  }
}

static void call_share(enum wire_function f, void *state, const uint64_t *v, uint64_t *out)
{
  switch (f) {
  case WIRE_share_create:
    out[0] = create(vmm_share.create);
    break;
  case WIRE_share_join:
    out[0] = vmm_share.join(state, (uint32_t)v[1], (uint32_t)v[2]);
    break;
  case WIRE_share_leave:
    vmm_share.leave(state, (uint32_t)v[1]);
    break;
  case WIRE_share_ready:
    vmm_share.ready(state, (uint32_t)v[1], v[2] != 0);
    break;
  case WIRE_share_next:
    out[0] = vmm_share.next(state);
    break;
  case WIRE_share_quantum:
    out[0] = vmm_share.quantum(state, (uint32_t)v[1], (uint32_t)v[2]);
    break;
  case WIRE_share_charge:
    vmm_share.charge(state, (uint32_t)v[1], v[2]);
    break;
  default:
    _exit(1);
  }
}

static void call_disk(enum wire_function f, void *state, const uint64_t *v, uint64_t *out)
{
  if (f == WIRE_minidisk_create) {
    out[0] = create(vmm_minidisk.create);
    return;
  }
  struct vmm_extent extent = {
      .first = (uint32_t)v[1], .sectors = (uint32_t)v[2], .readonly = v[3] != 0};
  struct vmm_sector sector =
      vmm_minidisk.map(state, extent, (uint32_t)v[4], (uint32_t)v[5], v[6] != 0);
  out[0] = sector.ok;
  out[1] = sector.sector;
}

static void call_chain(const struct vmm_env *env, enum wire_function f, void *state,
                       const uint64_t *v, uint64_t *out)
{
  if (f == WIRE_chain_create) {
    out[0] = create(vmm_chain.create);
  } else if (f == WIRE_chain_snapshot) {
    struct channel_program program = vmm_chain.snapshot(state, env, (uint32_t)v[1]);
    wire_put_program(out, &program);
  } else {
    struct channel_transfer transfer;
    wire_get_transfer(v + 2, &transfer);
    struct vmm_real_chain chain = vmm_chain.translate(state, env, transfer, (uint32_t)v[1]);
    wire_put_chain(out, &chain);
  }
}

static void call_patch(const struct vmm_env *env, enum wire_function f, void *state,
                       const uint64_t *v, uint64_t *out)
{
  if (f == WIRE_patch_create) {
    out[0] = create(lab_patch.create);
  } else if (f == WIRE_patch_patch) {
    struct patch_word p = lab_patch.patch(state, env, (gpa_t){(uint32_t)v[1]});
    out[0] = p.replace;
    out[1] = p.word;
  } else {
    struct vmm_word w = lab_patch.original(state, env, (gpa_t){(uint32_t)v[1]});
    out[0] = w.ok;
    out[1] = w.word;
  }
}

static void call(const struct vmm_env *env, enum wire_function f, const uint64_t *v, uint64_t *out)
{
  void *state = (void *)(uintptr_t)v[0];
  if (f < WIRE_memory_create) {
    call_traps(env, f, state, v, out);
  } else if (f < WIRE_shadow_create) {
    call_memory(env, f, state, v, out);
  } else if (f < WIRE_timer_create) {
    call_shadow(env, f, state, v, out);
  } else if (f < WIRE_minidisk_create) {
    call_time(f, state, v, out);
  } else if (f < WIRE_chain_create) {
    call_disk(f, state, v, out);
  } else if (f < WIRE_share_create) {
    call_chain(env, f, state, v, out);
  } else if (f < WIRE_patch_create) {
    call_share(f, state, v, out);
  } else {
    call_patch(env, f, state, v, out);
  }
}

/* The call that begins at the message's value `*at`; its results go behind those that w has. */
static void serve_one(struct asked *a, const struct wire *calls, uint32_t *at, struct wire *w)
{
  const uint64_t *v = calls->value + *at + 1;
  const struct wire_shape *shape = *at < calls->count ? wire_function((uint32_t)v[-1]) : NULL;
  bool given;
  if (!shape || calls->count - *at <= shape->arguments) {
    _exit(1);
  }
  *at += 1 + shape->arguments;
  if (!wire_get_view(calls, at, a->session->view, &given)) {
    _exit(1);
  }
  memcpy(a->view, a->session->view, sizeof a->view);
  a->holds = given ? UINT64_MAX : 0;
  struct vmm_env env = asked_env(a);
  memset(w->value + w->count, 0, shape->results * sizeof *w->value);
  call(&env, (enum wire_function)v[-1], v, w->value + w->count);
  w->count += shape->results;
}

static void serve(struct asked *outer, const struct wire *calls)
{
  struct asked a = {.session = outer->session, .serve = outer->serve};
  struct wire w;
  if (calls->kind != WIRE_CALL || calls->op == 0 || calls->op > WIRE_CALLS) {
    _exit(1);
  }
  w.kind = WIRE_RETURN, w.op = calls->op, w.seq = calls->seq + calls->op - 1, w.count = 0;
  for (uint32_t i = 0, at = 0; i < calls->op; i++) {
    a.seq = calls->seq + i;
    a.early = i + 1 < calls->op;
    a.session->spared = 0; /* by the calls before, which are as good as over */
    serve_one(&a, calls, &at, &w);
  }
  asked_send(a.session, &w);
}

int main(void)
{
  struct asked_session session = {.fd = WIRE_FD};
  struct asked a = {.session = &session, .serve = serve};
  struct wire calls;
  while (wire_receive(session.fd, &calls) == WIRE_MESSAGE) {
    serve(&a, &calls);
  }
  return 0;
}
