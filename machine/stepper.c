/* The plain stepper: one instruction, fetched, decoded and looked up in the
 * profile each time. It caches nothing, so that it is the reference that the
 * fast engine is compared with. The bodies are generated from isa/pg32.isa. */
#include "machine/bare.h"

#include "isa/bodies_support.h"
#include "machine/trace_emit.h"

/* How a body ended; pc and the tick belong to the caller. */
enum outcome { DONE, TRAPPED };

#define BODY_BEGIN(I, B)        case BODY_##I##_##B:
#define BODY_END(I, B)          return DONE;
#define BODY_SYSTEM_BEGIN(I, B) BODY_BEGIN(I, B)
#define BODY_SYSTEM_END(I, B)   BODY_END(I, B)

#define OPERAND_A   (d->a)
#define OPERAND_B   (d->b)
#define OPERAND_C   (d->c)
#define OPERAND_N   (d->n)
#define OPERAND_IMM (d->imm)

#define GET_REG(i)       (b->reg[i])
#define SET_REG(i, v)    (b->reg[(i) == REG_ZERO ? BARE_SINK : (i)] = (v))
#define GET_PC()         (b->pc)
#define JUMP(target)     (*next = (target))
#define JUMP_REL(offset) JUMP(b->pc + (offset))

#define GET_PSW()        (b->psw)
#define SET_PSW(v)       bare_write_psw(b, (v))
#define GET_PSW_FIELD(F) ((b->psw & PSW_##F##_MASK) >> PSW_##F##_SHIFT)
#define SET_PSW_FIELD(F, v)                                                                        \
  bare_write_psw(b, (b->psw & ~PSW_##F##_MASK) | ((v) << PSW_##F##_SHIFT & PSW_##F##_MASK))
#define USER_MODE()     profile_user_mode(b->machine.profile)
#define GET_CR(n)       bare_read_cr(b, (n), b->tick)
#define READ_CR(dst, n) ((dst) = bare_read_cr(b, (n), b->tick))
#define WRITE_CR(n, v)  bare_write_cr(b, (n), (v), b->tick + 1)

#define ATTEMPT(act)                                                                               \
  do {                                                                                             \
    if (!(act)) {                                                                                  \
      return TRAPPED;                                                                              \
    }                                                                                              \
  } while (0)
#define LOAD_B(dst, addr)    ATTEMPT(bare_load(b, (addr), 1, bare_who(b), &(dst)))
#define LOAD_H(dst, addr)    ATTEMPT(bare_load(b, (addr), 2, bare_who(b), &(dst)))
#define LOAD_W(dst, addr)    ATTEMPT(bare_load(b, (addr), 4, bare_who(b), &(dst)))
#define STORE_B(addr, v)     ATTEMPT(bare_store(b, (addr), 1, bare_who(b), (v)))
#define STORE_H(addr, v)     ATTEMPT(bare_store(b, (addr), 2, bare_who(b), (v)))
#define STORE_W(addr, v)     ATTEMPT(bare_store(b, (addr), 4, bare_who(b), (v)))
#define LOAD_PREV(dst, addr) ATTEMPT(bare_load(b, (addr), 4, bare_prev(b), &(dst)))
#define STORE_PREV(addr, v)  ATTEMPT(bare_store(b, (addr), 4, bare_prev(b), (v)))
#define TRANSLATE(ok_, pa_, va, ACCESS)                                                            \
  do {                                                                                             \
    struct translation t_ = mmu_translate(b, (va), 1, MACHINE_##ACCESS, bare_who(b));              \
    (ok_) = t_.ok;                                                                                 \
    (pa_) = t_.ok ? t_.pa.v : 0;                                                                   \
  } while (0)
#define RAISE(cause, value)                                                                        \
  do {                                                                                             \
    bare_set_trap(b, (cause), (value));                                                            \
    return TRAPPED;                                                                                \
  } while (0)

#define KEY_GET(dst, pa)         ATTEMPT(bare_insn_key_get(b, (pa), &(dst)))
#define KEY_SET(pa, key)         ATTEMPT(bare_insn_key_set(b, (pa), (key)))
#define PORT_IN(dst, port)       ATTEMPT(bare_insn_in(b, b->tick + 1, (port), &(dst)))
#define PORT_OUT(port, v)        ATTEMPT(bare_insn_out(b, b->tick + 1, (port), (v)))
#define CHANNEL_START(dst, caw)  ((dst) = bare_insn_sio(b, b->tick + 1, (caw)))
#define CHANNEL_TEST(dst, n)     ((dst) = bare_insn_tio(b, (n)))
#define WAIT()                   (b->run_state = MACHINE_WAITING)
#define HALT()                   (b->run_state = MACHINE_STOPPED)
#define TLB_WRITE()              mmu_tlb_write(b)
#define TLB_PROBE(dst, hi)       ((dst) = mmu_tlb_probe(b, (hi)))
#define TLB_INVALIDATE(va, asid) bare_insn_invalidate(b, (va), (asid))

static enum outcome execute(struct bare *b, enum isa_body body, const struct isa_decoded *d,
                            uint32_t *next)
{
  switch (body) {
#include "gen/pg32_bodies.h"
  case ISA_BODY_COUNT:
    break;
  }
  __builtin_unreachable();
}

static bool fail(struct bare *b, uint32_t word)
{
  b->trap.epc = b->pc;
  b->trap.insn = word;
  return false;
}

void bare_complete(struct bare *b, uint32_t word, enum isa_insn insn, uint32_t psw, uint32_t next)
{
  if (trace_wants_instruction(&b->machine, insn, psw)) {
    trace_emit(&b->machine, TRACE_INSN, b->tick, 0, b->pc, psw, word);
  }
  b->resync_pc = b->pc;
  b->pc = next;
  b->tick++;
  b->stats.instructions++;
}

bool bare_step(struct bare *b)
{
  uint32_t word, next = b->pc + 4, psw = b->psw;
  struct isa_decoded d;
  if (!bare_fetch(b, b->pc, &word)) {
    return fail(b, 0);
  }
  if (!profile_decode(b->machine.profile, word, &d)) {
    bare_set_trap(b, CAUSE_ILLEGAL, 0);
    return fail(b, word);
  }
  const struct profile_behaviour *behaviour =
      profile_behaviour(b->machine.profile, d.insn, psw_mode(b->psw));
  switch (behaviour->kind) {
  case PROFILE_NOP:
    break;
  case PROFILE_BODY:
    if (execute(b, behaviour->body, &d, &next) == TRAPPED) {
      return fail(b, word);
    }
    break;
  default:
    bare_set_trap(b, behaviour->kind == PROFILE_TRAP ? CAUSE_PRIVILEGED : CAUSE_ILLEGAL, 0);
    return fail(b, word);
  }
  bare_complete(b, word, d.insn, psw, next);
  return true;
}
