/* See remote.h. */
#include "tools/grade/remote.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "labs/runner/wire_chain.h"
#include "tools/grade/requests.h"

/* A request may need another module of the submission's, which is then called before the
 * request is answered; right modules go two or three deep. */
#define DEPTH_MAX 16u

/* What a timer has answered, and as long as it is not set and does not go off will. */
struct timer_said {
  bool next_known, left_known;
  uint64_t next, left_at; /* left_at: when it said so */
  uint32_t left;
};

/* What a module's create() answers here. */
struct part {
  struct remote *remote;
  uint64_t handle; /* theirs */
  struct timer_said said;
};

static void end(struct remote *r, enum remote_end why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void end(struct remote *r, enum remote_end why, const char *format, ...)
{
  if (r->end == REMOTE_OPEN) {
    r->end = why;
    va_list args;
    va_start(args, format);
    vsnprintf(r->reason, sizeof r->reason, format, args);
    va_end(args);
  }
}

/* At most one message is ever on its way to a module that keeps the order. */
static bool send_to(struct remote *r, const struct wire *w)
{
  if (wire_send(r->fd, w)) {
    return true;
  }
  bool full = errno == EAGAIN;
  end(r, full ? REMOTE_PROTOCOL : REMOTE_GONE,
      full ? "it does not read what it is answered" : "its process ended");
  return false;
}

/* Not more in all than the ticks that its guest has made allow: as many whatever the host is. */
static bool within_all(struct remote *r, const struct vmm_env *env)
{
  if (++r->requests <= REMOTE_REQUESTS) {
    return true;
  }
  uint64_t ticks = env && env->tick ? env->tick(env->ctx) : 0;
  if ((r->requests - REMOTE_REQUESTS) / REMOTE_REQUESTS_TICK <= ticks) {
    return true;
  }
  end(r, REMOTE_FLOODED, "it made more than %u requests, and %u for each tick of its guest",
      REMOTE_REQUESTS, REMOTE_REQUESTS_TICK);
  return false;
}

/* Its operation is looked at, and done. env: NULL where a module has none to ask. */
static bool perform(struct remote *r, const struct vmm_env *env, uint32_t op, const uint64_t *value,
                    uint64_t *out)
{
  if (!within_all(r, env)) {
    return false;
  }
  const char *why = env ? requests_forbidden(env, op, value)
                        : "something of a virtual machine that it has not got";
  if (why) {
    end(r, REMOTE_FORBIDDEN, "it called %s() for %s", wire_operation(op)->name, why);
    return false;
  }
  requests_do(env, op, value, out);
  return r->end == REMOTE_OPEN;
}

static bool no_such_request(struct remote *r)
{
  end(r, REMOTE_PROTOCOL, "it sent a request that does not exist");
  return false;
}

/* ------------------------------------------------------------------ our calls */

/* What is said while calls of ours are being answered. */
struct talk {
  const struct vmm_env *env;       /* of the last call of them */
  const struct wire_shape *last;   /* NULL: it was put off as well */
  uint64_t first, seq;             /* numbers of the first and the last */
  uint32_t calls, requests, early; /* requests within the last, and within the others */
};

/* One more request within the call that is not foretold. */
static bool counted(struct remote *r, struct talk *t, uint64_t more)
{
  if (t->requests + more > r->requests_max) {
    end(r, REMOTE_FLOODED, "%s made more than %u requests in one call", t->last->name,
        r->requests_max);
    return false;
  }
  t->requests += (uint32_t)more;
  return true;
}

/* What the message says was asked and posted before it. */
static bool do_posted(struct remote *r, struct talk *t, const struct wire *w, uint32_t at)
{
  uint64_t none[WIRE_RESULTS];
  if (!counted(r, t, w->spared)) {
    return false;
  }
  while (at < w->count) {
    uint32_t op = w->value[at] < WIRE_OPERATION_COUNT ? (uint32_t)w->value[at] : UINT32_MAX;
    const struct wire_shape *shape = wire_operation(op);
    at++;
    if (!shape || shape->results > 0 || shape->arguments > w->count - at) {
      return no_such_request(r);
    }
    if (!counted(r, t, 1) || !perform(r, t->env, op, w->value + at, none)) {
      return false;
    }
    at += shape->arguments;
  }
  return true;
}

/* What the profile alone answers, at any time. */
static bool is_timeless(uint32_t op)
{
  return op == WIRE_OP_decode || op == WIRE_OP_behaviour || op == WIRE_OP_behaviour_of ||
         op == WIRE_OP_user_mode || op == WIRE_OP_features || op == WIRE_OP_hypercalls ||
         op == WIRE_OP_port_exists;
}

/* Of a call that was put off: the virtual machine has gone on since. */
static bool late(struct remote *r)
{
  end(r, REMOTE_UNFORETOLD, "it asks for what is no longer so");
  return false;
}

/* As many as there may be, and in their order. */
static bool admitted(struct remote *r, struct talk *t, const struct wire *w)
{
  uint32_t n = wire_operation(w->op)->arguments;
  if (t->last && w->seq == t->seq) {
    return do_posted(r, t, w, n) && counted(r, t, 1);
  }
  return (is_timeless(w->op) && w->count == n && r->env && ++t->early < r->requests_max) || late(r);
}

static bool serve(struct remote *r, struct talk *t, const struct wire *w)
{
  const struct wire_shape *shape = wire_operation(w->op);
  if (!shape || w->count < shape->arguments) {
    return no_such_request(r);
  }
  if (!admitted(r, t, w)) {
    return false;
  }
  struct wire out;
  out.kind = WIRE_ANSWER, out.op = w->op, out.seq = w->seq, out.count = shape->results;
  out.spared = 0;
  memset(out.value, 0, shape->results * sizeof *out.value);
  const struct vmm_env *env = t->last && w->seq == t->seq ? t->env : r->env;
  return perform(r, env, w->op, w->value, out.value) && send_to(r, &out);
}

static bool receive(struct remote *r, struct wire *w)
{
  switch (wire_receive(r->fd, w)) {
  case WIRE_MESSAGE:
    return true;
  case WIRE_SILENT:
    end(r, REMOTE_STALLED, "it did not come back from a call");
    return false;
  case WIRE_GONE:
    end(r, REMOTE_GONE, "its process ended");
    return false;
  default:
    end(r, REMOTE_PROTOCOL, "it sent a message of another form");
    return false;
  }
}

/* Answers as foretold, then those of the last call. */
static bool returned(struct remote *r, struct talk *t, const struct wire *w, uint64_t *results)
{
  uint32_t foretold = r->foretold_count, n = t->last ? t->last->results : 0;
  if (w->op != t->calls || w->count < foretold + n) {
    end(r, REMOTE_PROTOCOL, "it answered another call");
    return false;
  }
  if (memcmp(w->value, r->foretold, foretold * sizeof *r->foretold) != 0) {
    end(r, REMOTE_UNFORETOLD, "it answered otherwise than foretold");
    return false;
  }
  r->foretold_count = 0;
  if (t->last ? !do_posted(r, t, w, foretold + n) : w->count > foretold && !late(r)) {
    return false;
  }
  memcpy(results, w->value + foretold, n * sizeof *results);
  return true;
}

static bool in_order(const struct talk *t, const struct wire *w)
{
  return w->kind == WIRE_REQUEST ? w->seq >= t->first && w->seq <= t->seq
                                 : w->kind == WIRE_RETURN && w->seq == t->seq;
}

static bool listen_to(struct remote *r, struct talk *t, uint64_t *results)
{
  struct wire w;
  while (receive(r, &w)) {
    if (!in_order(t, &w)) {
      end(r, REMOTE_PROTOCOL, "it sent a message out of order");
      return false;
    }
    if (w.kind == WIRE_RETURN) {
      return returned(r, t, &w, results);
    }
    if (!serve(r, t, &w)) {
      return false;
    }
  }
  return false;
}

/* All that stands in r->out. False: there are no results. What goes wrong in a later call before
 * it is known whether the answers to others are as foretold might not have been reached. */
static bool converse(struct remote *r, struct talk *t, uint64_t *results)
{
  t->calls = r->out.op;
  t->first = r->out.seq;
  t->seq = r->seq;
  bool sent = send_to(r, &r->out);
  r->out.op = 0;
  bool came = sent && listen_to(r, t, results);
  if (!came && t->calls > 1 && r->foretold_count > 0) {
    r->end = REMOTE_UNFORETOLD;
  }
  return came;
}

/* What it has of the virtual machine's processor without asking. */
static uint32_t put_view(struct remote *r, const struct vmm_env *env, uint64_t *out)
{
  uint64_t view[WIRE_VIEW];
  if (!env || !env->get_reg || !env->get_pc || !env->get_cr) {
    out[0] = 0;
    return 1;
  }
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    view[i] = env->get_reg(env->ctx, i);
  }
  view[WIRE_VIEW_PC] = env->get_pc(env->ctx);
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    view[WIRE_VIEW_CR + i] = i == CR_TIMER ? 0 : env->get_cr(env->ctx, (enum isa_cr)i);
  }
  return wire_put_view(out, r->view, view);
}

static void put_call(struct remote *r, const struct vmm_env *env, uint32_t op,
                     const uint64_t *value)
{
  struct wire *w = &r->out;
  uint32_t n = wire_function(op)->arguments;
  r->seq++;
  r->calls++;
  if (w->op == 0) {
    w->kind = WIRE_CALL, w->seq = r->seq, w->count = 0, w->spared = 0;
  }
  w->op++;
  w->value[w->count++] = op;
  memcpy(w->value + w->count, value, n * sizeof *value);
  w->count += n;
  w->count += put_view(r, env, w->value + w->count);
}

void remote_settle(struct remote *r)
{
  struct talk t = {.env = r->env};
  uint64_t none[1];
  if (r->end == REMOTE_OPEN && r->out.op > 0) {
    converse(r, &t, none);
    r->ahead_max = 2 * r->ahead_max < WIRE_CALLS ? 2 * r->ahead_max : WIRE_CALLS - 1;
  }
  r->env = NULL;
}

/* A call of which we know what it answers, if it is as it should be. False: it is to be made
 * now. Never within a request: whoever asks would be answered before it is called. */
static bool put_off(struct remote *r, const struct vmm_env *env, uint32_t op, const uint64_t *value,
                    const uint64_t *foretold)
{
  uint32_t n = wire_function(op)->results;
  if (r->exact || r->depth > 0 || r->end != REMOTE_OPEN) {
    return false;
  }
  put_call(r, env, op, value);
  r->env = env ? env : r->env;
  memcpy(r->foretold + r->foretold_count, foretold, n * sizeof *foretold);
  r->foretold_count += n;
  if (r->out.op >= r->ahead_max || r->out.count > WIRE_VALUES - 2 * WIRE_CALL_VALUES) {
    remote_settle(r);
  }
  return true;
}

/* A call: its arguments, then its results. */
struct call {
  uint32_t op;
  uint64_t value[WIRE_RESULTS];
};

#define VALUES(...) ((uint64_t[]){__VA_ARGS__})
#define CALL(part_, env_, function, w, ...)                                                        \
  struct call w = {.op = WIRE_##function, .value = {__VA_ARGS__}};                                 \
  _Static_assert(sizeof VALUES(__VA_ARGS__) / sizeof(uint64_t) <= WIRE_RESULTS, "room");           \
  bool came = call((part_)->remote, env_, &w)

/* Results replace the arguments. False: there are none, all values are 0. */
static bool call(struct remote *r, const struct vmm_env *env, struct call *w)
{
  struct talk t = {.env = env, .last = wire_function(w->op)};
  if (r->end == REMOTE_OPEN && r->depth >= DEPTH_MAX) {
    end(r, REMOTE_FORBIDDEN, "it asked for what calls it again, %u times deep", DEPTH_MAX);
  }
  bool open = r->end == REMOTE_OPEN;
  if (open) {
    put_call(r, env, w->op, w->value);
  }
  memset(w->value, 0, sizeof w->value);
  r->depth++;
  bool came = open && converse(r, &t, w->value);
  r->depth--;
  return came;
}

/* A value that must be below a limit; 0 otherwise. */
static uint32_t below(struct remote *r, const struct call *w, unsigned i, uint64_t limit)
{
  if (w->value[i] < limit) {
    return (uint32_t)w->value[i];
  }
  const struct wire_shape *shape = wire_function(w->op);
  end(r, REMOTE_FORBIDDEN, "%s answered 0x%llx, which is none of the answers there are",
      shape ? shape->name : "it", (unsigned long long)w->value[i]);
  return 0;
}

static bool truth(struct remote *r, const struct call *w, unsigned i)
{
  return below(r, w, i, 2) != 0;
}

static uint32_t number(struct remote *r, const struct call *w, unsigned i)
{
  return below(r, w, i, UINT64_C(1) << 32);
}

static void *create(void *with, enum wire_function op)
{
  struct part *part = malloc(sizeof *part);
  if (!part) {
    return NULL;
  }
  struct call w = {.op = op};
  *part = (struct part){.remote = with};
  call(with, NULL, &w);
  part->handle = w.value[0];
  if (part->handle == 0) {
    end(with, REMOTE_FORBIDDEN, "%s answered that there is no memory", wire_function(op)->name);
  }
  return part; /* also when it is gone: the VMM is made, and the test says why it is red */
}

/* What was put off may need the virtual machine, which goes with its modules. */
static void destroy(void *state)
{
  struct part *part = state;
  remote_settle(part->remote);
  free(part);
}

#define CREATE(module)                                                                             \
  static void *module##_create(void *with)                                                         \
  {                                                                                                \
    return create(with, WIRE_##module##_create);                                                   \
  }

/* ---------------------------------------------------------------- the modules */

CREATE(dispatch)

/* By the table of docs/vmm.md, where what comes with the call is enough to tell. Ours is not asked:
 * where students build this, theirs stands in its place. */
static bool foretells(const struct vmm_env *env, struct trap real, uint64_t *action)
{
  bool interrupt = isa_cause_is_interrupt(real.cause);
  if (!interrupt && real.cause != CAUSE_PRIVILEGED) {
    return false;
  }
  bool privileged = psw_mode(env->get_cr(env->ctx, CR_PSW)) == 0;
  *action = interrupt ? VMM_SERVE : privileged ? VMM_EMULATE : VMM_REFLECT;
  return true;
}

static enum vmm_action dispatch(void *state, const struct vmm_env *env, struct trap real)
{
  struct part *p = state;
  uint64_t usual;
  if (foretells(env, real, &usual) &&
      put_off(p->remote, env, WIRE_dispatch_dispatch,
              VALUES(p->handle, (uint64_t)real.cause, real.epc, real.value, real.insn), &usual)) {
    return (enum vmm_action)usual;
  }
  CALL(p, env, dispatch_dispatch, w, p->handle, (uint64_t)real.cause, real.epc, real.value,
       real.insn);
  return came ? (enum vmm_action)below(p->remote, &w, 0, VMM_HYPERCALL + 1) : VMM_REFLECT;
}

static const struct vmm_dispatch_module remote_dispatch = {
    .create = dispatch_create, .destroy = destroy, .dispatch = dispatch};

CREATE(emulate)

/* Which routines there are is asked of no VM; what a submission lacks shows when it is
 * called. */
static bool handles(enum isa_insn insn)
{
  (void)insn;
  return true;
}

static struct vmm_trap trap_from(struct remote *r, const struct call *w)
{
  struct vmm_trap t = {.raised = truth(r, w, 0)};
  if (t.raised) {
    t.trap = (struct trap){.cause = (enum isa_cause)below(r, w, 1, ISA_CAUSE_LIMIT),
                           .epc = number(r, w, 2),
                           .value = number(r, w, 3),
                           .insn = number(r, w, 4)};
    if (!isa_cause_info(t.trap.cause)) {
      end(r, REMOTE_FORBIDDEN, "it raised a trap with a cause that does not exist");
    }
    t.raised = r->end == REMOTE_OPEN;
  }
  return t;
}

static struct vmm_trap emulate(void *state, const struct vmm_env *env, uint32_t word)
{
  struct part *p = state;
  CALL(p, env, emulate_emulate, w, p->handle, word);
  (void)came;
  return trap_from(p->remote, &w);
}

static const struct vmm_emulate_module remote_emulate = {
    .create = emulate_create, .destroy = destroy, .handles = handles, .emulate = emulate};

CREATE(interpret)

static struct vmm_trap interpret(void *state, const struct vmm_env *env)
{
  struct part *p = state;
  CALL(p, env, interpret_interpret, w, p->handle);
  (void)came;
  return trap_from(p->remote, &w);
}

static const struct vmm_interpret_module remote_interpret = {
    .create = interpret_create, .destroy = destroy, .interpret = interpret};

CREATE(reflect)

static struct vmm_trap derive(void *state, const struct vmm_env *env, struct trap real)
{
  struct part *p = state;
  CALL(p, env, reflect_derive, w, p->handle, (uint64_t)real.cause, real.epc, real.value, real.insn);
  (void)came;
  return trap_from(p->remote, &w);
}

static bool inject(void *state, const struct vmm_env *env, struct trap trap)
{
  struct part *p = state;
  CALL(p, env, reflect_inject, w, p->handle, (uint64_t)trap.cause, trap.epc, trap.value, trap.insn);
  return came && truth(p->remote, &w, 0);
}

static const struct vmm_reflect_module remote_reflect = {
    .create = reflect_create, .destroy = destroy, .derive = derive, .inject = inject};

/* The rest of a translation, behind the cause. */
static void get_marks(struct remote *r, const struct call *w, struct translation *t)
{
  t->device = truth(r, w, 3);
  t->marks = truth(r, w, 4);
  t->entry = (gpa_t){number(r, w, 5)};
  t->marked = number(r, w, 6);
}

CREATE(memory)

/* The allocator's word is final: a map that reaches out of the VM's storage is never
 * loaded. This is the paper's resource control. */
static struct vmm_real_map compose(void *state, const struct vmm_env *env)
{
  struct part *p = state;
  CALL(p, env, memory_compose, w, p->handle);
  struct vmm_real_map map = {.base = number(p->remote, &w, 0), .bound = number(p->remote, &w, 1)};
  mpa_range_t own = env->allocation(env->ctx);
  uint64_t last = (uint64_t)map.base + map.bound;
  if (!came || map.bound == 0) {
    return (struct vmm_real_map){.base = own.start.v, .bound = 0};
  }
  if (map.base < own.start.v || last > (uint64_t)own.start.v + own.size) {
    end(p->remote, REMOTE_FORBIDDEN,
        "memory.compose answered a map that is not within the virtual machine's storage");
    return (struct vmm_real_map){.base = own.start.v, .bound = 0};
  }
  return map;
}

static struct translation translate(void *state, const struct vmm_env *env, gva_t va, uint32_t size,
                                    enum machine_access access, bool te, unsigned mode)
{
  struct part *p = state;
  CALL(p, env, memory_translate, w, p->handle, va.v, size, (uint64_t)access, te, mode);
  struct translation t = {.ok = came && truth(p->remote, &w, 0),
                          .pa = {number(p->remote, &w, 1)},
                          .cause = (enum isa_cause)below(p->remote, &w, 2, ISA_CAUSE_LIMIT)};
  get_marks(p->remote, &w, &t);
  if (!t.ok && !isa_cause_info(t.cause)) {
    end(p->remote, REMOTE_FORBIDDEN, "memory.translate answered a cause that does not exist");
    t.cause = CAUSE_BUS;
  }
  return t;
}

static const struct vmm_memory_module remote_memory = {
    .create = memory_create, .destroy = destroy, .compose = compose, .translate = translate};

CREATE(shadow)

/* What a directory may lead to was looked at entry by entry, as it was written. That it is one
 * is looked at here. */
static struct vmm_real_map compose_shadow(void *state, const struct vmm_env *env)
{
  struct part *p = state;
  CALL(p, env, shadow_compose, w, p->handle);
  struct vmm_real_map map = {.ptbr = number(p->remote, &w, 0)};
  if (came && !env->table_load(env->ctx, mpa(map.ptbr)).ok) {
    end(p->remote, REMOTE_FORBIDDEN, "shadow.compose answered a page that is none of its tables");
  }
  return map;
}

static enum vmm_fault fault(void *state, const struct vmm_env *env, struct trap real)
{
  struct part *p = state;
  CALL(p, env, shadow_fault, w, p->handle, (uint64_t)real.cause, real.epc, real.value, real.insn);
  unsigned fault = below(p->remote, &w, 0, VMM_FAULT_INTERPRET + 1);
  return came ? (enum vmm_fault)fault : VMM_FAULT_TRUE;
}

static void written(void *state, const struct vmm_env *env, gpa_t at, uint32_t len)
{
  struct part *p = state;
  CALL(p, env, shadow_written, w, p->handle, at.v, len);
  (void)came;
}

static void forget(void *state, const struct vmm_env *env, gpa_t at)
{
  struct part *p = state;
  CALL(p, env, shadow_forget, w, p->handle, at.v);
  (void)came;
}

static const struct vmm_memory_module remote_shadow = {.create = shadow_create,
                                                       .destroy = destroy,
                                                       .compose = compose_shadow,
                                                       .fault = fault,
                                                       .written = written,
                                                       .forget = forget};

CREATE(timer)

static void set(void *state, uint64_t now, uint32_t ticks)
{
  struct part *p = state;
  p->said = (struct timer_said){.next_known = false};
  if (!put_off(p->remote, NULL, WIRE_timer_set, VALUES(p->handle, now, ticks), VALUES(0))) {
    CALL(p, NULL, timer_set, w, p->handle, now, ticks);
    (void)came;
  }
}

static uint32_t left(void *state, uint64_t now)
{
  struct part *p = state;
  struct timer_said *said = &p->said;
  uint64_t gone = now - said->left_at;
  uint64_t still = said->left > 0 ? said->left - gone : 0;
  if (said->left_known && (said->left == 0 || said->left > gone) &&
      put_off(p->remote, NULL, WIRE_timer_left, VALUES(p->handle, now), &still)) {
    return (uint32_t)still;
  }
  CALL(p, NULL, timer_left, w, p->handle, now);
  said->left_known = came;
  said->left_at = now;
  said->left = came ? number(p->remote, &w, 0) : 0;
  return said->left;
}

static uint64_t next_event(void *state)
{
  struct part *p = state;
  struct timer_said *said = &p->said;
  if (said->next_known &&
      put_off(p->remote, NULL, WIRE_timer_next_event, VALUES(p->handle), &said->next)) {
    return said->next;
  }
  CALL(p, NULL, timer_next_event, w, p->handle);
  said->next_known = came;
  said->next = came ? w.value[0] : MACHINE_NEVER;
  return said->next;
}

static bool fire(void *state, uint64_t now)
{
  struct part *p = state;
  struct timer_said *said = &p->said;
  if (said->next_known && said->next > now &&
      put_off(p->remote, NULL, WIRE_timer_fire, VALUES(p->handle, now), VALUES(false))) {
    return false;
  }
  CALL(p, NULL, timer_fire, w, p->handle, now);
  bool goes_off = came && truth(p->remote, &w, 0);
  if (goes_off || !came) {
    *said = (struct timer_said){.next_known = false};
  }
  return goes_off;
}

static const struct vmm_timer_module remote_timer = {.create = timer_create,
                                                     .destroy = destroy,
                                                     .set = set,
                                                     .left = left,
                                                     .next_event = next_event,
                                                     .fire = fire};

CREATE(schedule)

static uint32_t lend(void *state, uint64_t now, uint64_t next, uint64_t until)
{
  struct part *p = state;
  CALL(p, NULL, schedule_lend, w, p->handle, now, next, until);
  uint32_t ticks = came ? number(p->remote, &w, 0) : 1;
  if (ticks == 0) {
    end(p->remote, REMOTE_FORBIDDEN, "schedule.lend answered 0: nobody would run");
  }
  return ticks == 0 ? 1 : ticks;
}

static const struct vmm_schedule_module remote_schedule = {
    .create = schedule_create, .destroy = destroy, .lend = lend};

CREATE(minidisk)

/* Nothing outside the extent is ever reached, whatever was answered. */
static struct vmm_sector map(void *state, struct vmm_extent extent, uint32_t sector, uint32_t count,
                             bool write)
{
  struct part *p = state;
  CALL(p, NULL, minidisk_map, w, p->handle, extent.first, extent.sectors, extent.readonly, sector,
       count, write);
  struct vmm_sector s = {.ok = came && truth(p->remote, &w, 0), .sector = number(p->remote, &w, 1)};
  if (s.ok && (s.sector < extent.first ||
               (uint64_t)s.sector + count > (uint64_t)extent.first + extent.sectors ||
               (write && extent.readonly))) {
    end(p->remote, REMOTE_FORBIDDEN,
        "minidisk.map allowed %s of sector %u, %u in all, of an extent of %u%s",
        write ? "a write" : "a read", sector, count, extent.sectors,
        extent.readonly ? " that is read-only" : "");
    s.ok = false;
  }
  return s;
}

static const struct vmm_minidisk_module remote_minidisk = {
    .create = minidisk_create, .destroy = destroy, .map = map};

CREATE(chain)

static void empty_program(struct channel_program *p)
{
  *p = (struct channel_program){.refused = true};
}

/* A device knows no bounds, so what a program may name is looked at here once more. */
static bool within(const struct vmm_env *env, const struct channel_program *p)
{
  uint32_t size = env->allocation(env->ctx).size;
  for (uint32_t i = 0; i < p->count; i++) {
    if (!range_contains(0, size, p->step[i].address, p->step[i].count)) {
      return p->step[i].command == CHANNEL_NOP;
    }
  }
  return true;
}

static struct channel_program snapshot(void *state, const struct vmm_env *env, uint32_t caw)
{
  struct part *p = state;
  struct channel_program program;
  CALL(p, env, chain_snapshot, w, p->handle, caw);
  wire_get_program(w.value, &program);
  if (came && !program.refused && (program.count == 0 || !within(env, &program))) {
    end(p->remote, REMOTE_FORBIDDEN,
        "chain.snapshot accepted a program that reaches out of the virtual machine's storage");
  }
  if (p->remote->end != REMOTE_OPEN) {
    empty_program(&program);
  }
  return program;
}

/* Whether these sectors of the real disk are the guest's for this transfer. */
static bool allowed(const struct vmm_env *env, const struct channel_transfer *t, uint32_t sector,
                    uint32_t sectors)
{
  uint32_t done = 0;
  while (done < t->sectors) {
    struct vmm_place place =
        env->disk_place(env->ctx, t->sector + done, t->sectors - done, t->write);
    if (!place.ok || place.count == 0) {
      return false;
    }
    if (!place.overlay && range_contains(place.sector, place.count, sector, sectors)) {
      return true;
    }
    done += place.count;
  }
  return false;
}

/* Every address within the allocation, every sector the guest's. */
static bool contained(const struct vmm_env *env, const struct channel_transfer *t,
                      const struct vmm_real_chain *c)
{
  mpa_range_t own = env->allocation(env->ctx);
  uint32_t sector = 0;
  uint64_t bytes = 0;
  bool sought = false;
  for (uint32_t i = 0; i <= c->count; i++) {
    const struct vmm_real_ccw *ccw = &c->ccw[i];
    bool last = i == c->count, seek = !last && ccw->command == CHANNEL_SEEK;
    if ((last || seek) && sought && bytes > 0 &&
        !allowed(env, t, sector,
                 (uint32_t)((bytes + MACHINE_SECTOR_SIZE - 1) / MACHINE_SECTOR_SIZE))) {
      return false;
    }
    if (last) {
      break;
    }
    if (seek) {
      sector = ccw->argument;
      sought = true;
      bytes = 0;
    } else if ((ccw->command != CHANNEL_READ && ccw->command != CHANNEL_WRITE) || !sought ||
               (ccw->command == CHANNEL_WRITE) != t->write ||
               !range_contains(own.start.v, own.size, ccw->address.v, ccw->count)) {
      return false;
    } else {
      bytes += ccw->count;
    }
  }
  return true;
}

static struct vmm_real_chain translate_chain(void *state, const struct vmm_env *env,
                                             struct channel_transfer transfer, uint32_t done)
{
  struct part *p = state;
  struct call w = {.op = WIRE_chain_translate};
  w.value[0] = p->handle;
  w.value[1] = done;
  wire_put_transfer(w.value + 2, &transfer);
  call(p->remote, env, &w);
  struct vmm_real_chain chain;
  wire_get_chain(w.value, &chain);
  if (p->remote->end == REMOTE_OPEN &&
      (w.value[0] > VMM_CHAIN_OVERLAY || chain.sectors > transfer.sectors - done ||
       (chain.kind == VMM_CHAIN_REAL && !contained(env, &transfer, &chain)))) {
    end(p->remote, REMOTE_FORBIDDEN,
        "chain.translate made a program that reaches out of the virtual machine's storage or disk");
  }
  if (p->remote->end != REMOTE_OPEN) {
    chain = (struct vmm_real_chain){.kind = VMM_CHAIN_REFUSED};
  }
  return chain;
}

static const struct vmm_chain_module remote_chain = {
    .create = chain_create, .destroy = destroy, .snapshot = snapshot, .translate = translate_chain};

CREATE(share)

static bool join(void *state, uint32_t slot, uint32_t share)
{
  struct part *p = state;
  CALL(p, NULL, share_join, w, p->handle, slot, share);
  if (came && !truth(p->remote, &w, 0)) {
    end(p->remote, REMOTE_FORBIDDEN, "share.join answered that there is no memory");
  }
  return true;
}

static void leave(void *state, uint32_t slot)
{
  struct part *p = state;
  CALL(p, NULL, share_leave, w, p->handle, slot);
  (void)came;
}

static void ready(void *state, uint32_t slot, bool is)
{
  struct part *p = state;
  CALL(p, NULL, share_ready, w, p->handle, slot, is);
  (void)came;
}

static uint32_t next(void *state)
{
  struct part *p = state;
  CALL(p, NULL, share_next, w, p->handle);
  return came ? number(p->remote, &w, 0) : VMM_NOBODY;
}

static uint32_t quantum(void *state, uint32_t slot, uint32_t usual)
{
  struct part *p = state;
  CALL(p, NULL, share_quantum, w, p->handle, slot, usual);
  uint32_t ticks = came ? number(p->remote, &w, 0) : 1;
  if (ticks == 0) {
    end(p->remote, REMOTE_FORBIDDEN, "share.quantum answered 0: nobody would run");
  }
  return ticks == 0 ? 1 : ticks;
}

static void charge(void *state, uint32_t slot, uint64_t ticks)
{
  struct part *p = state;
  CALL(p, NULL, share_charge, w, p->handle, slot, ticks);
  (void)came;
}

static const struct vmm_share_module remote_share = {.create = share_create,
                                                     .destroy = destroy,
                                                     .join = join,
                                                     .leave = leave,
                                                     .ready = ready,
                                                     .next = next,
                                                     .quantum = quantum,
                                                     .charge = charge};

CREATE(patch)

static struct patch_word patch(void *state, const struct vmm_env *env, gpa_t at)
{
  struct part *p = state;
  CALL(p, env, patch_patch, w, p->handle, at.v);
  return (struct patch_word){.replace = came && truth(p->remote, &w, 0),
                             .word = number(p->remote, &w, 1)};
}

static struct vmm_word original(void *state, const struct vmm_env *env, gpa_t at)
{
  struct part *p = state;
  CALL(p, env, patch_original, w, p->handle, at.v);
  return (struct vmm_word){.ok = came && truth(p->remote, &w, 0), .word = number(p->remote, &w, 1)};
}

const struct patch_module remote_patch = {
    .create = patch_create, .destroy = destroy, .patch = patch, .original = original};

/* -------------------------------------------------------------------- the set */

void remote_open(struct remote *r, int fd, unsigned modules, int stall_ms, uint32_t requests_max)
{
  /* Of the socket, so that a message costs one system call and not two. */
  struct timeval patience = {0};
  if (stall_ms > 0) {
    patience = (struct timeval){.tv_sec = stall_ms / 1000, .tv_usec = stall_ms % 1000 * 1000};
  }
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  *r = (struct remote){
      .fd = fd, .requests_max = requests_max, .ahead_max = 1, .set = vmm_default_modules};
  r->set.with = r;
#define SET(flag, module)                                                                          \
  if (modules & (flag)) {                                                                          \
    r->set.module = &remote_##module;                                                              \
  }
  SET(REMOTE_DISPATCH, dispatch)
  SET(REMOTE_EMULATE, emulate)
  SET(REMOTE_INTERPRET, interpret)
  SET(REMOTE_REFLECT, reflect)
  SET(REMOTE_MEMORY, memory)
  SET(REMOTE_SHADOW, shadow)
  SET(REMOTE_TIMER, timer)
  SET(REMOTE_SCHEDULE, schedule)
  SET(REMOTE_MINIDISK, minidisk)
  SET(REMOTE_SHARE, share)
  SET(REMOTE_CHAIN, chain)
#undef SET
}

unsigned remote_module_of(const char *file)
{
  static const struct {
    const char *file;
    unsigned module;
  } files[] = {{"dispatch.c", REMOTE_DISPATCH},   {"emulate.c", REMOTE_EMULATE},
               {"interpret.c", REMOTE_INTERPRET}, {"reflect.c", REMOTE_REFLECT},
               {"shadow.c", REMOTE_SHADOW},       {"bounds.c", REMOTE_MEMORY},
               {"vtimer.c", REMOTE_TIMER},        {"schedule.c", REMOTE_SCHEDULE},
               {"minidisk.c", REMOTE_MINIDISK},   {"share.c", REMOTE_SHARE},
               {"chain.c", REMOTE_CHAIN},         {"patch.c", REMOTE_PATCH}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    if (strcmp(file, files[i].file) == 0) {
      return files[i].module;
    }
  }
  return 0;
}
