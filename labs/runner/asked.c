/* See asked.h. */
#include "labs/runner/asked.h"

#include <string.h>
#include <unistd.h>

/* Operations that change nothing of what a view holds, but for what is set. */
#define QUIET(operation) (UINT64_C(1) << WIRE_OP_##operation)
static const uint64_t quiet =
    QUIET(get_reg) | QUIET(get_pc) | QUIET(get_cr) | QUIET(set_reg) | QUIET(set_pc) |
    QUIET(set_cr) | QUIET(tick) | QUIET(hypercalls) | QUIET(allocation) | QUIET(translate) |
    QUIET(commit) | QUIET(tlb_get) | QUIET(frame) | QUIET(table_load) | QUIET(table_store) |
    QUIET(traced) | QUIET(count) | QUIET(load) | QUIET(store) | QUIET(read) | QUIET(write) |
    QUIET(key_get) | QUIET(key_set) | QUIET(port_exists) | QUIET(device_at) | QUIET(port_at) |
    QUIET(disk_place) | QUIET(decode) | QUIET(behaviour) | QUIET(behaviour_of) | QUIET(user_mode) |
    QUIET(features);
_Static_assert(WIRE_OPERATION_COUNT <= 64, "a bit for each");

static void look_again(struct asked *a, enum wire_operation op)
{
  if (!(quiet >> op & 1)) {
    a->holds = 0;
  }
}

void asked_send(struct asked_session *s, struct wire *w)
{
  memcpy(w->value + w->count, s->post, s->posted * sizeof *s->post);
  w->count += s->posted;
  w->spared = s->spared;
  s->posted = s->spared = 0;
  if (!wire_send(s->fd, w)) {
    _exit(1);
  }
}

/* Results take the arguments' place. */
static void ask(void *ctx, enum wire_operation op, uint64_t *value)
{
  struct asked *a = ctx;
  const struct wire_shape *shape = wire_operation(op);
  struct wire w;
  w.kind = WIRE_REQUEST, w.op = op, w.seq = a->seq, w.count = shape->arguments;
  memcpy(w.value, value, shape->arguments * sizeof *value);
  asked_send(a->session, &w);
  look_again(a, op);
  while (wire_receive(a->session->fd, &w) == WIRE_MESSAGE) {
    if (w.kind == WIRE_ANSWER) {
      memcpy(value, w.value, shape->results * sizeof *value);
      return;
    }
    a->holds = 0;
    a->serve(a, &w);
  }
  _exit(1);
}

/* The same of an operation without a result: it need not be waited for. */
static void post(void *ctx, enum wire_operation op, uint64_t *value)
{
  struct asked *a = ctx;
  struct asked_session *s = a->session;
  uint32_t n = wire_operation(op)->arguments;
  if (a->early || s->posted + 1 + n > WIRE_POSTED) {
    ask(ctx, op, value);
    return;
  }
  s->post[s->posted++] = op;
  memcpy(s->post + s->posted, value, n * sizeof *value);
  s->posted += n;
  look_again(a, op);
}

/* The judge stops a module that asks without end, so it must now and then hear of it. */
#define SPARED_MAX 1000u

static bool in_view(struct asked *a, unsigned i)
{
  bool there = a->holds >> i & 1 && a->session->spared < SPARED_MAX;
  a->session->spared += there;
  return there;
}

_Static_assert(ASKED_VALUES >= 7, "the most that an operation asked once answers");

/* The same of an operation that answers by the profile alone. `value` has at least two. */
static void ask_once(void *ctx, enum wire_operation op, uint64_t *value)
{
  struct asked *a = ctx;
  uint64_t hash = (value[0] ^ value[0] >> 13 ^ value[0] >> 24) + 7 * value[1] + 31 * (uint64_t)op;
  struct asked_known *k = &a->session->known[hash % ASKED_KNOWN];
  size_t size = wire_operation(op)->results * sizeof *value;
  if (!k->known || k->op != op || k->given[0] != value[0] || k->given[1] != value[1]) {
    *k = (struct asked_known){.known = true, .op = op, .given = {value[0], value[1]}};
    ask(ctx, op, value);
    memcpy(k->value, value, size);
  } else {
    memcpy(value, k->value, size);
  }
}

static uint32_t get_reg(void *ctx, unsigned reg)
{
  struct asked *a = ctx;
  uint64_t v[] = {reg};
  if (reg < ISA_REG_COUNT && in_view(a, reg)) {
    return (uint32_t)a->view[reg];
  }
  ask(ctx, WIRE_OP_get_reg, v);
  return (uint32_t)v[0];
}

static void set_reg(void *ctx, unsigned reg, uint32_t value)
{
  struct asked *a = ctx;
  uint64_t v[] = {reg, value};
  if (reg >= ISA_REG_COUNT) {
    ask(ctx, WIRE_OP_set_reg, v);
    return;
  }
  post(ctx, WIRE_OP_set_reg, v);
  if (reg != REG_ZERO) {
    a->view[reg] = value;
  }
}

static uint32_t get_pc(void *ctx)
{
  struct asked *a = ctx;
  uint64_t v[1];
  if (in_view(a, WIRE_VIEW_PC)) {
    return (uint32_t)a->view[WIRE_VIEW_PC];
  }
  ask(ctx, WIRE_OP_get_pc, v);
  return (uint32_t)v[0];
}

static void set_pc(void *ctx, uint32_t pc)
{
  struct asked *a = ctx;
  post(ctx, WIRE_OP_set_pc, (uint64_t[]){pc});
  a->view[WIRE_VIEW_PC] = pc;
}

static uint32_t get_cr(void *ctx, enum isa_cr cr)
{
  struct asked *a = ctx;
  uint64_t v[] = {(uint64_t)cr};
  if ((unsigned)cr < ISA_CR_COUNT && cr != CR_TIMER && in_view(a, WIRE_VIEW_CR + (unsigned)cr)) {
    return (uint32_t)a->view[WIRE_VIEW_CR + (unsigned)cr];
  }
  ask(ctx, WIRE_OP_get_cr, v);
  return (uint32_t)v[0];
}

/* What of the value is kept, the judge knows. */
static void set_cr(void *ctx, enum isa_cr cr, uint32_t value)
{
  struct asked *a = ctx;
  uint64_t v[] = {(uint64_t)cr, value};
  if ((unsigned)cr >= ISA_CR_COUNT) {
    ask(ctx, WIRE_OP_set_cr, v);
    return;
  }
  post(ctx, WIRE_OP_set_cr, v);
  a->holds &= (UINT64_C(1) << WIRE_VIEW_CR) - 1;
}

static void wait_for_interrupt(void *ctx)
{
  post(ctx, WIRE_OP_wait, (uint64_t[]){0});
}

static void halt(void *ctx)
{
  post(ctx, WIRE_OP_halt, (uint64_t[]){0});
}

static uint64_t tick(void *ctx)
{
  uint64_t v[1];
  ask(ctx, WIRE_OP_tick, v);
  return v[0];
}

static bool hypercalls(void *ctx)
{
  uint64_t v[1];
  ask(ctx, WIRE_OP_hypercalls, v);
  return v[0] != 0;
}

static void yield(void *ctx)
{
  post(ctx, WIRE_OP_yield, (uint64_t[]){0});
}

static void leave(void *ctx, uint32_t status)
{
  post(ctx, WIRE_OP_exit, (uint64_t[]){status});
}

static mpa_range_t allocation(void *ctx)
{
  uint64_t v[2];
  ask(ctx, WIRE_OP_allocation, v);
  return (mpa_range_t){.start = {(uint32_t)v[0]}, .size = (uint32_t)v[1]};
}

static struct translation translate(void *ctx, gva_t va, uint32_t size, enum machine_access access,
                                    bool te, unsigned mode)
{
  uint64_t v[7] = {va.v, size, (uint64_t)access, te, mode};
  ask(ctx, WIRE_OP_translate, v);
  return (struct translation){.ok = v[0] != 0,
                              .pa = {(uint32_t)v[1]},
                              .cause = (enum isa_cause)v[2],
                              .device = v[3] != 0,
                              .marks = v[4] != 0,
                              .entry = {(uint32_t)v[5]},
                              .marked = (uint32_t)v[6]};
}

static void commit(void *ctx, struct translation t)
{
  post(ctx, WIRE_OP_commit, (uint64_t[]){t.marks, t.entry.v, t.marked});
}

static void tlb_write(void *ctx)
{
  post(ctx, WIRE_OP_tlb_write, (uint64_t[]){0});
}

static uint32_t tlb_probe(void *ctx, uint32_t hi)
{
  uint64_t v[] = {hi};
  ask(ctx, WIRE_OP_tlb_probe, v);
  return (uint32_t)v[0];
}

static void tlb_invalidate(void *ctx, uint32_t va, uint32_t space)
{
  post(ctx, WIRE_OP_tlb_invalidate, (uint64_t[]){va, space});
}

static struct vmm_tlb_entry tlb_get(void *ctx, unsigned index)
{
  uint64_t v[3] = {index};
  ask(ctx, WIRE_OP_tlb_get, v);
  return (struct vmm_tlb_entry){v[0] != 0, (uint32_t)v[1], (uint32_t)v[2]};
}

static struct vmm_frame frame(void *ctx, gpa_t at, bool for_stores)
{
  uint64_t v[] = {at.v, for_stores};
  ask(ctx, WIRE_OP_frame, v);
  return (struct vmm_frame){v[0] != 0, mpa((uint32_t)v[1]), (v[0] & 2) != 0};
}

static struct vmm_frame table_take(void *ctx, enum vmm_table kind)
{
  uint64_t v[2] = {(uint64_t)kind};
  ask(ctx, WIRE_OP_table_take, v);
  return (struct vmm_frame){v[0] != 0, mpa((uint32_t)v[1]), (v[0] & 2) != 0};
}

static bool table_give(void *ctx, mpa_t at)
{
  uint64_t v[] = {at.v};
  ask(ctx, WIRE_OP_table_give, v);
  return v[0] != 0;
}

static struct vmm_word table_load(void *ctx, mpa_t at)
{
  uint64_t v[2] = {at.v};
  ask(ctx, WIRE_OP_table_load, v);
  return (struct vmm_word){.ok = v[0] != 0, .word = (uint32_t)v[1]};
}

static bool table_store(void *ctx, mpa_t at, uint32_t word)
{
  uint64_t v[] = {at.v, word};
  ask(ctx, WIRE_OP_table_store, v);
  return v[0] != 0;
}

static void trace(void *ctx, gpa_t at, bool on)
{
  post(ctx, WIRE_OP_trace, (uint64_t[]){at.v, on});
}

static bool traced(void *ctx, gpa_t at)
{
  uint64_t v[] = {at.v};
  ask(ctx, WIRE_OP_traced, v);
  return v[0] != 0;
}

static void count(void *ctx, enum vmm_memory_event event)
{
  post(ctx, WIRE_OP_count, (uint64_t[]){(uint64_t)event});
}

static struct vmm_word load(void *ctx, gpa_t at)
{
  uint64_t v[2] = {at.v};
  ask(ctx, WIRE_OP_load, v);
  return (struct vmm_word){.ok = v[0] != 0, .word = (uint32_t)v[1]};
}

static bool store(void *ctx, gpa_t at, uint32_t word)
{
  uint64_t v[] = {at.v, word};
  ask(ctx, WIRE_OP_store, v);
  return v[0] != 0;
}

static struct vmm_word read_bytes(void *ctx, gpa_t at, uint32_t size, enum machine_access access)
{
  uint64_t v[] = {at.v, size, (uint64_t)access};
  ask(ctx, WIRE_OP_read, v);
  return (struct vmm_word){.ok = v[0] != 0, .word = (uint32_t)v[1]};
}

static bool write_bytes(void *ctx, gpa_t at, uint32_t size, uint32_t value)
{
  uint64_t v[] = {at.v, size, value};
  ask(ctx, WIRE_OP_write, v);
  return v[0] != 0;
}

static struct vmm_key key_get(void *ctx, gpa_t at)
{
  uint64_t v[2] = {at.v};
  ask(ctx, WIRE_OP_key_get, v);
  return (struct vmm_key){.ok = v[0] != 0, .key = (uint8_t)v[1]};
}

static bool key_set(void *ctx, gpa_t at, uint8_t key)
{
  uint64_t v[] = {at.v, key};
  ask(ctx, WIRE_OP_key_set, v);
  return v[0] != 0;
}

static bool port_exists(void *ctx, uint32_t port)
{
  uint64_t v[] = {port, 0};
  ask_once(ctx, WIRE_OP_port_exists, v);
  return v[0] != 0;
}

static bool device_at(void *ctx, uint64_t at, uint32_t size)
{
  uint64_t v[] = {at, size};
  ask(ctx, WIRE_OP_device_at, v);
  return v[0] != 0;
}

static uint32_t port_at(void *ctx, gpa_t at)
{
  uint64_t v[] = {at.v};
  ask(ctx, WIRE_OP_port_at, v);
  return (uint32_t)v[0];
}

static uint32_t port_in(void *ctx, uint32_t port)
{
  uint64_t v[] = {port};
  ask(ctx, WIRE_OP_port_in, v);
  return (uint32_t)v[0];
}

static void port_out(void *ctx, uint32_t port, uint32_t value)
{
  post(ctx, WIRE_OP_port_out, (uint64_t[]){port, value});
}

static uint32_t start_channel(void *ctx, uint32_t caw)
{
  uint64_t v[] = {caw};
  ask(ctx, WIRE_OP_channel_start, v);
  return (uint32_t)v[0];
}

static uint32_t test_channel(void *ctx, uint32_t operand)
{
  uint64_t v[] = {operand};
  ask(ctx, WIRE_OP_channel_test, v);
  return (uint32_t)v[0];
}

static struct vmm_place disk_place(void *ctx, uint32_t sector, uint32_t count, bool write)
{
  uint64_t v[4] = {sector, count, write};
  ask(ctx, WIRE_OP_disk_place, v);
  return (struct vmm_place){
      .ok = v[0] != 0, .overlay = v[1] != 0, .sector = (uint32_t)v[2], .count = (uint32_t)v[3]};
}

static struct vmm_insn decode(void *ctx, uint32_t word)
{
  uint64_t v[7] = {word};
  ask_once(ctx, WIRE_OP_decode, v);
  return (struct vmm_insn){.legal = v[0] != 0,
                           .decoded = {.insn = (enum isa_insn)v[1],
                                       .a = (uint8_t)v[2],
                                       .b = (uint8_t)v[3],
                                       .c = (uint8_t)v[4],
                                       .n = (uint8_t)v[5],
                                       .imm = (uint32_t)v[6]}};
}

static enum profile_behaviour_kind behaviour(void *ctx, enum isa_insn insn, unsigned mode)
{
  uint64_t v[] = {(uint64_t)insn, mode};
  ask_once(ctx, WIRE_OP_behaviour, v);
  return (enum profile_behaviour_kind)v[0];
}

static struct vmm_behaviour behaviour_of(void *ctx, enum isa_insn insn, unsigned mode)
{
  uint64_t v[] = {(uint64_t)insn, mode};
  ask_once(ctx, WIRE_OP_behaviour_of, v);
  return (struct vmm_behaviour){.kind = (enum profile_behaviour_kind)v[0],
                                .body = (enum isa_body)v[1]};
}

static unsigned user_mode(void *ctx)
{
  uint64_t v[2] = {0};
  ask_once(ctx, WIRE_OP_user_mode, v);
  return (unsigned)v[0];
}

static uint32_t features(void *ctx)
{
  uint64_t v[1];
  ask(ctx, WIRE_OP_features, v);
  return (uint32_t)v[0];
}

struct vmm_env asked_env(struct asked *a)
{
  return (struct vmm_env){.ctx = a,
                          .get_reg = get_reg,
                          .set_reg = set_reg,
                          .get_pc = get_pc,
                          .set_pc = set_pc,
                          .get_cr = get_cr,
                          .set_cr = set_cr,
                          .wait = wait_for_interrupt,
                          .halt = halt,
                          .tick = tick,
                          .hypercalls = hypercalls,
                          .yield = yield,
                          .exit = leave,
                          .allocation = allocation,
                          .translate = translate,
                          .commit = commit,
                          .tlb_write = tlb_write,
                          .tlb_probe = tlb_probe,
                          .tlb_invalidate = tlb_invalidate,
                          .tlb_get = tlb_get,
                          .frame = frame,
                          .table_take = table_take,
                          .table_give = table_give,
                          .table_load = table_load,
                          .table_store = table_store,
                          .trace = trace,
                          .traced = traced,
                          .count = count,
                          .features = features,
                          .load = load,
                          .store = store,
                          .read = read_bytes,
                          .write = write_bytes,
                          .key_get = key_get,
                          .key_set = key_set,
                          .port_exists = port_exists,
                          .device_at = device_at,
                          .port_at = port_at,
                          .port_in = port_in,
                          .port_out = port_out,
                          .channel_start = start_channel,
                          .channel_test = test_channel,
                          .disk_place = disk_place,
                          .decode = decode,
                          .behaviour = behaviour,
                          .behaviour_of = behaviour_of,
                          .user_mode = user_mode};
}
