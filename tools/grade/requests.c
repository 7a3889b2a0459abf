/* See requests.h. */
#include "tools/grade/requests.h"

#include <stddef.h>

static uint32_t word_of(uint64_t v)
{
  return (uint32_t)v;
}

/* Every number of the environment's is one of 32 bits, but for an address that is
 * looked up before it is known to be one. */
static bool fits(uint32_t op, const uint64_t *value)
{
  for (uint32_t i = 0; i < wire_operation(op)->arguments; i++) {
    if (value[i] > UINT32_MAX && !(op == WIRE_OP_device_at && i == 0)) {
      return false;
    }
  }
  return true;
}

/* An environment without a virtual machine lacks most of it. */
static bool offered(const struct vmm_env *env, uint32_t op)
{
  switch ((enum wire_operation)op) {
#define X(operation, arguments, results)                                                           \
  case WIRE_OP_##operation:                                                                        \
    return env->operation != NULL;
    WIRE_OPERATIONS(X)
#undef X
  default:
    return false;
  }
}

const char *requests_forbidden(const struct vmm_env *env, uint32_t op, const uint64_t *v)
{
  if (!offered(env, op)) {
    return "what this module has no use for";
  }
  if (!fits(op, v)) {
    return "a value of more than 32 bits";
  }
  switch ((enum wire_operation)op) {
  case WIRE_OP_get_reg:
  case WIRE_OP_set_reg:
    return v[0] < ISA_REG_COUNT ? NULL : "a register that does not exist";
  case WIRE_OP_get_cr:
  case WIRE_OP_set_cr:
    return v[0] < ISA_CR_COUNT ? NULL : "a control register that does not exist";
  case WIRE_OP_translate:
    return (v[1] == 1 || v[1] == 2 || v[1] == 4) && v[2] <= MACHINE_FETCH && v[3] <= 1 &&
                   v[4] <= psw_mode(PSW_MODE_MASK)
               ? NULL
               : "a translation for no access that there is";
  case WIRE_OP_table_take:
    return v[0] == VMM_TABLE_DIRECTORY || v[0] == VMM_TABLE_LEAF
               ? NULL
               : "a frame of no use that there is";
  case WIRE_OP_count:
    return v[0] < VMM_MEMORY_EVENTS ? NULL : "an event of no kind that there is";
  case WIRE_OP_key_set:
    return v[1] <= UINT8_MAX ? NULL : "a storage key of more than 8 bits";
  case WIRE_OP_port_in:
  case WIRE_OP_port_out:
    return env->port_exists(env->ctx, word_of(v[0])) ? NULL : "a port that does not exist";
  case WIRE_OP_read:
    return (v[1] == 1 || v[1] == 2 || v[1] == 4) && v[2] <= MACHINE_FETCH
               ? NULL
               : "an access of no kind that there is";
  case WIRE_OP_write:
    return v[1] == 1 || v[1] == 2 || v[1] == 4 ? NULL : "an access of no kind that there is";
  case WIRE_OP_behaviour:
  case WIRE_OP_behaviour_of:
    return v[0] < ISA_INSN_COUNT && v[1] <= psw_mode(PSW_MODE_MASK)
               ? NULL
               : "the behaviour of no instruction or mode that there is";
  default:
    return NULL;
  }
}

static void put_translation(uint64_t *out, struct translation t)
{
  out[0] = t.ok;
  out[1] = t.pa.v;
  out[2] = (uint64_t)t.cause;
  out[3] = t.device;
  out[4] = t.marks;
  out[5] = t.entry.v;
  out[6] = t.marked;
}

static void put_frame(uint64_t *out, struct vmm_frame frame)
{
  out[0] = frame.ok | (frame.ok && frame.writable ? 2u : 0u);
  out[1] = frame.at.v;
}

static void put_entry(uint64_t *out, struct vmm_tlb_entry e)
{
  out[0] = e.ok;
  out[1] = e.hi;
  out[2] = e.lo;
}

static void answer_memory(const struct vmm_env *env, uint32_t op, const uint64_t *v, uint64_t *out)
{
  void *ctx = env->ctx;
  struct vmm_frame frame = {.ok = false};
  struct vmm_tlb_entry entry = {.ok = false};
  switch ((enum wire_operation)op) {
  case WIRE_OP_commit:
    env->commit(ctx, (struct translation){
                         .marks = v[0] != 0, .entry = {word_of(v[1])}, .marked = word_of(v[2])});
    break;
  case WIRE_OP_tlb_write:
    env->tlb_write(ctx);
    break;
  case WIRE_OP_tlb_probe:
    out[0] = env->tlb_probe(ctx, word_of(v[0]));
    break;
  case WIRE_OP_tlb_invalidate:
    env->tlb_invalidate(ctx, word_of(v[0]), word_of(v[1]));
    break;
  case WIRE_OP_tlb_get:
    entry = env->tlb_get(ctx, word_of(v[0]));
    put_entry(out, entry);
    break;
  case WIRE_OP_frame:
    frame = env->frame(ctx, (gpa_t){word_of(v[0])}, v[1] != 0);
    put_frame(out, frame);
    break;
  case WIRE_OP_table_take:
    frame = env->table_take(ctx, v[0] == VMM_TABLE_LEAF ? VMM_TABLE_LEAF : VMM_TABLE_DIRECTORY);
    put_frame(out, frame);
    break;
  case WIRE_OP_table_give:
    out[0] = env->table_give(ctx, mpa(word_of(v[0])));
    break;
  case WIRE_OP_table_load: {
    struct vmm_word word = env->table_load(ctx, mpa(word_of(v[0])));
    out[0] = word.ok;
    out[1] = word.word;
    break;
  }
  case WIRE_OP_table_store:
    out[0] = env->table_store(ctx, mpa(word_of(v[0])), word_of(v[1]));
    break;
  case WIRE_OP_trace:
    env->trace(ctx, (gpa_t){word_of(v[0])}, v[1] != 0);
    break;
  case WIRE_OP_traced:
    out[0] = env->traced(ctx, (gpa_t){word_of(v[0])});
    break;
  case WIRE_OP_count:
    env->count(ctx, (enum vmm_memory_event)v[0]);
    break;
  default: /* WIRE_OP_features */
    out[0] = env->features(ctx);
  }
}

static void put_insn(uint64_t *out, struct vmm_insn i)
{
  out[0] = i.legal;
  if (i.legal) {
    out[1] = (uint64_t)i.decoded.insn;
    out[2] = i.decoded.a;
    out[3] = i.decoded.b;
    out[4] = i.decoded.c;
    out[5] = i.decoded.n;
    out[6] = i.decoded.imm;
  }
}

static void answer_storage(const struct vmm_env *env, uint32_t op, const uint64_t *v, uint64_t *out)
{
  void *ctx = env->ctx;
  switch ((enum wire_operation)op) {
  case WIRE_OP_allocation: {
    mpa_range_t range = env->allocation(ctx);
    out[0] = range.start.v;
    out[1] = range.size;
    break;
  }
  case WIRE_OP_translate:
    put_translation(out, env->translate(ctx, gva(word_of(v[0])), word_of(v[1]),
                                        (enum machine_access)v[2], v[3] != 0, (unsigned)v[4]));
    break;
  case WIRE_OP_load: {
    struct vmm_word word = env->load(ctx, (gpa_t){word_of(v[0])});
    out[0] = word.ok;
    out[1] = word.word;
    break;
  }
  case WIRE_OP_store:
    out[0] = env->store(ctx, (gpa_t){word_of(v[0])}, word_of(v[1]));
    break;
  case WIRE_OP_read: {
    struct vmm_word word =
        env->read(ctx, (gpa_t){word_of(v[0])}, word_of(v[1]), (enum machine_access)v[2]);
    out[0] = word.ok;
    out[1] = word.word;
    break;
  }
  case WIRE_OP_write:
    out[0] = env->write(ctx, (gpa_t){word_of(v[0])}, word_of(v[1]), word_of(v[2]));
    break;
  case WIRE_OP_key_get: {
    struct vmm_key key = env->key_get(ctx, (gpa_t){word_of(v[0])});
    out[0] = key.ok;
    out[1] = key.key;
    break;
  }
  case WIRE_OP_disk_place: {
    struct vmm_place place = env->disk_place(ctx, word_of(v[0]), word_of(v[1]), v[2] != 0);
    out[0] = place.ok;
    out[1] = place.overlay;
    out[2] = place.sector;
    out[3] = place.count;
    break;
  }
  case WIRE_OP_key_set:
    out[0] = env->key_set(ctx, (gpa_t){word_of(v[0])}, (uint8_t)v[1]);
    break;
  default:
    answer_memory(env, op, v, out);
  }
}

void requests_do(const struct vmm_env *env, uint32_t op, const uint64_t *v, uint64_t *out)
{
  void *ctx = env->ctx;
  switch ((enum wire_operation)op) {
  case WIRE_OP_get_reg:
    out[0] = env->get_reg(ctx, (unsigned)v[0]);
    break;
  case WIRE_OP_set_reg:
    env->set_reg(ctx, (unsigned)v[0], word_of(v[1]));
    break;
  case WIRE_OP_get_pc:
    out[0] = env->get_pc(ctx);
    break;
  case WIRE_OP_set_pc:
    env->set_pc(ctx, word_of(v[0]));
    break;
  case WIRE_OP_get_cr:
    out[0] = env->get_cr(ctx, (enum isa_cr)v[0]);
    break;
  case WIRE_OP_set_cr:
    env->set_cr(ctx, (enum isa_cr)v[0], word_of(v[1]));
    break;
  case WIRE_OP_wait:
    env->wait(ctx);
    break;
  case WIRE_OP_halt:
    env->halt(ctx);
    break;
  case WIRE_OP_tick:
    out[0] = env->tick(ctx);
    break;
  case WIRE_OP_hypercalls:
    out[0] = env->hypercalls(ctx);
    break;
  case WIRE_OP_yield:
    env->yield(ctx);
    break;
  case WIRE_OP_exit:
    env->exit(ctx, word_of(v[0]));
    break;
  case WIRE_OP_port_exists:
    out[0] = env->port_exists(ctx, word_of(v[0]));
    break;
  case WIRE_OP_device_at:
    out[0] = env->device_at(ctx, v[0], word_of(v[1]));
    break;
  case WIRE_OP_port_at:
    out[0] = env->port_at(ctx, (gpa_t){word_of(v[0])});
    break;
  case WIRE_OP_channel_start:
    out[0] = env->channel_start(ctx, word_of(v[0]));
    break;
  case WIRE_OP_channel_test:
    out[0] = env->channel_test(ctx, word_of(v[0]));
    break;
  case WIRE_OP_port_in:
    out[0] = env->port_in(ctx, word_of(v[0]));
    break;
  case WIRE_OP_port_out:
    env->port_out(ctx, word_of(v[0]), word_of(v[1]));
    break;
  case WIRE_OP_decode:
    put_insn(out, env->decode(ctx, word_of(v[0])));
    break;
  case WIRE_OP_behaviour:
    out[0] = (uint64_t)env->behaviour(ctx, (enum isa_insn)v[0], (unsigned)v[1]);
    break;
  case WIRE_OP_behaviour_of: {
    struct vmm_behaviour b = env->behaviour_of(ctx, (enum isa_insn)v[0], (unsigned)v[1]);
    out[0] = (uint64_t)b.kind;
    out[1] = (uint64_t)b.body;
    break;
  }
  case WIRE_OP_user_mode:
    out[0] = env->user_mode(ctx);
    break;
  default:
    answer_storage(env, op, v, out);
  }
}
