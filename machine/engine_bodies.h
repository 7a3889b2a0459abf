/* The generated bodies as inline functions, for engine.c only: run_ADD_FULL(…).
 * Each does what its instruction does to the machine and answers how to go on;
 * where to go is the engine's affair. Inlined, the answer is a constant on every
 * path and costs nothing. */

enum outcome {
  OUT_NEXT,        /* completed */
  OUT_REDISPATCH,  /* completed; the next slot may have changed */
  OUT_NEAR,        /* completed; jump by the slot's immediate */
  OUT_JUMP,        /* completed; jump to *to */
  OUT_RESYNC,      /* completed; look at the boundary */
  OUT_RESYNC_JUMP, /* completed; look at the boundary, at *to */
  OUT_TRAP,        /* cause and value in b->trap; nothing else changed */
};

#define BODY_BEGIN(I, B)                                                                           \
  static inline __attribute__((always_inline)) enum outcome run_##I##_##B(                         \
      struct bare *b, struct space *space, uintptr_t linear, uint64_t what, uint32_t pc,           \
      uint64_t now, uint32_t *to, enum engine_known known, uint32_t value, uint32_t *result,       \
      bool gone)                                                                                   \
  {                                                                                                \
    bool resync = false, redispatch = false;                                                       \
    (void)b, (void)space, (void)linear, (void)what, (void)pc, (void)now, (void)to, (void)known,    \
        (void)value;                                                                               \
    (void)result, (void)gone;
#define BODY_END(I, B)                                                                             \
  return resync ? OUT_RESYNC : redispatch ? OUT_REDISPATCH : OUT_NEXT;                             \
  }
#define BODY_SYSTEM_BEGIN(I, B) BODY_BEGIN(I, B)
#define BODY_SYSTEM_END(I, B)   BODY_END(I, B)

#define OPERAND_A   slot_a(what)
#define OPERAND_B   slot_b(what)
#define OPERAND_C   slot_imm(what)
#define OPERAND_N   slot_imm(what)
#define OPERAND_IMM slot_imm(what)

#define VALUE_OF_OPERAND_A (known == KNOWN_A ? value : b->reg[OPERAND_A])
#define VALUE_OF_OPERAND_B (known == KNOWN_B ? value : b->reg[OPERAND_B])
#define VALUE_OF_OPERAND_C (known == KNOWN_C ? value : b->reg[OPERAND_C])
#define VALUE_OF_REG_SP    (b->reg[REG_SP])

/* The destination by name: the operand's is the sink when it is zero, which `gone` says that
 * the decoder knows. */
#define TO_OPERAND_A slot_to(what)
#define TO_REG_SP    REG_SP
#define GET_REG(i)   VALUE_OF_##i
#define SET_REG(i, v)                                                                              \
  do {                                                                                             \
    if (!gone) {                                                                                   \
      b->reg[TO_##i] = *result = (v);                                                              \
    }                                                                                              \
  } while (0)
#define GET_PC() pc

#define JUMP(address)                                                                              \
  do {                                                                                             \
    *to = (address);                                                                               \
    return resync ? OUT_RESYNC_JUMP : OUT_JUMP;                                                    \
  } while (0)
#define JUMP_REL(offset)                                                                           \
  do {                                                                                             \
    (void)(offset);                                                                                \
    return OUT_NEAR;                                                                               \
  } while (0)

/* C and V steer nothing; any other field may. */
#define STEERING_PSW (~(PSW_C_MASK | PSW_V_MASK))
#define GET_PSW()    (b->psw)
#define SET_PSW(v)                                                                                 \
  do {                                                                                             \
    bare_write_psw(b, (v));                                                                        \
    resync = true;                                                                                 \
  } while (0)
#define GET_PSW_FIELD(F) ((b->psw & PSW_##F##_MASK) >> PSW_##F##_SHIFT)
#define SET_PSW_FIELD(F, v)                                                                        \
  do {                                                                                             \
    uint32_t psw_ = (b->psw & ~PSW_##F##_MASK) | ((v) << PSW_##F##_SHIFT & PSW_##F##_MASK);        \
    if (PSW_##F##_MASK & STEERING_PSW) {                                                           \
      bare_write_psw(b, psw_);                                                                     \
      resync = true;                                                                               \
    } else {                                                                                       \
      b->psw = psw_;                                                                               \
    }                                                                                              \
  } while (0)
#define USER_MODE()     profile_user_mode(b->machine.profile)
#define GET_CR(n)       bare_read_cr(b, (n), now)
#define READ_CR(dst, n) ((dst) = bare_read_cr(b, (n), now))
#define WRITE_CR(n, v)                                                                             \
  do {                                                                                             \
    bare_write_cr(b, (n), (v), now + 1);                                                           \
    resync = true;                                                                                 \
  } while (0)

#define ATTEMPT(act)                                                                               \
  do {                                                                                             \
    if (!(act)) {                                                                                  \
      return OUT_TRAP;                                                                             \
    }                                                                                              \
  } while (0)
/* An address matches a tag if its page does and its alignment bits are 0: turned right by as
 * many as these are, it has them above the page's number. */
#define ALIGNMENT_BITS(size) ((size) / 2u) /* of 1, 2 or 4 bytes */
#define TURNED(va, n)        ((va) >> (n) | (va) << ((32u - (n)) % 32u))
#define TAG_OF(va, size)                                                                           \
  (TURNED(va, ALIGNMENT_BITS(size)) >> (STORAGE_PAGE_SHIFT - ALIGNMENT_BITS(size)))
#define LOAD_(dst, address, type)                                                                  \
  do {                                                                                             \
    uint32_t va_ = (address);                                                                      \
    const uint32_t tag_ = TAG_OF(va_, sizeof(type));                                               \
    type value_;                                                                                   \
    if (LIKELY(tag_ == space->straight.read[tag_ % MMU_DATA_ENTRIES])) {                           \
      memcpy(&value_, (const void *)(linear + va_), sizeof value_);                                \
      (dst) = value_;                                                                              \
    } else if (tag_ == space->any.read[tag_ % MMU_DATA_ENTRIES]) {                                 \
      memcpy(&value_, (const void *)(space->offset[tag_ % MMU_DATA_ENTRIES] + va_),                \
             sizeof value_);                                                                       \
      (dst) = value_;                                                                              \
    } else {                                                                                       \
      uint32_t slow_;                                                                              \
      ATTEMPT(load_slow(b, space, va_, sizeof(type), &slow_));                                     \
      linear = space->linear; /* for another access of the body; the engine's own is stale */      \
      resync = must_look(b);                                                                       \
      (dst) = slow_;                                                                               \
    }                                                                                              \
  } while (0)
/* Only a store by the slow path can meet decoded code. */
#define STORE_(address, v, type)                                                                   \
  do {                                                                                             \
    uint32_t va_ = (address);                                                                      \
    const uint32_t tag_ = TAG_OF(va_, sizeof(type));                                               \
    type value_ = (type)(v);                                                                       \
    if (LIKELY(tag_ == space->straight.write[tag_ % MMU_DATA_ENTRIES])) {                          \
      memcpy((void *)(linear + va_), &value_, sizeof value_);                                      \
    } else if (tag_ == space->any.write[tag_ % MMU_DATA_ENTRIES]) {                                \
      memcpy((void *)(space->offset[tag_ % MMU_DATA_ENTRIES] + va_), &value_, sizeof value_);      \
    } else {                                                                                       \
      ATTEMPT(store_slow(b, space, va_, sizeof(type), value_));                                    \
      redispatch = true;                                                                           \
      resync = resync || must_look(b);                                                             \
    }                                                                                              \
  } while (0)
#define LOAD_B(dst, address) LOAD_(dst, address, uint8_t)
#define LOAD_H(dst, address) LOAD_(dst, address, uint16_t)
#define LOAD_W(dst, address) LOAD_(dst, address, uint32_t)
#define STORE_B(address, v)  STORE_(address, v, uint8_t)
#define STORE_H(address, v)  STORE_(address, v, uint16_t)
#define STORE_W(address, v)  STORE_(address, v, uint32_t)
#define LOAD_PREV(dst, address)                                                                    \
  do {                                                                                             \
    uint32_t value_;                                                                               \
    ATTEMPT(bare_load(b, (address), 4, bare_prev(b), &value_));                                    \
    resync = must_look(b);                                                                         \
    (dst) = value_;                                                                                \
  } while (0)
#define STORE_PREV(address, v)                                                                     \
  do {                                                                                             \
    ATTEMPT(bare_store(b, (address), 4, bare_prev(b), (v)));                                       \
    redispatch = true;                                                                             \
    resync = resync || must_look(b);                                                               \
  } while (0)
#define TRANSLATE(ok_, pa_, va, ACCESS)                                                            \
  do {                                                                                             \
    struct translation t_ = mmu_translate(b, (va), 1, MACHINE_##ACCESS, bare_who(b));              \
    (ok_) = t_.ok;                                                                                 \
    (pa_) = t_.ok ? t_.pa.v : 0;                                                                   \
  } while (0)
#define RAISE(cause, value)                                                                        \
  do {                                                                                             \
    bare_set_trap(b, (cause), (value));                                                            \
    return OUT_TRAP;                                                                               \
  } while (0)

#define KEY_GET(dst, pa)                                                                           \
  do {                                                                                             \
    uint32_t value_;                                                                               \
    ATTEMPT(bare_insn_key_get(b, (pa), &value_));                                                  \
    (dst) = value_;                                                                                \
  } while (0)
/* The instruction's own page may have lost its tags. */
#define KEY_SET(pa, key)                                                                           \
  do {                                                                                             \
    ATTEMPT(bare_insn_key_set(b, (pa), (key)));                                                    \
    resync = true;                                                                                 \
  } while (0)

/* The tracer sees b->tick. */
#define PORT_IN(dst, port)                                                                         \
  do {                                                                                             \
    uint32_t value_;                                                                               \
    b->tick = now;                                                                                 \
    ATTEMPT(bare_insn_in(b, now + 1, (port), &value_));                                            \
    resync = b->stops.queued > 0;                                                                  \
    (dst) = value_;                                                                                \
  } while (0)
#define PORT_OUT(port, v)                                                                          \
  do {                                                                                             \
    b->tick = now;                                                                                 \
    ATTEMPT(bare_insn_out(b, now + 1, (port), (v)));                                               \
    resync = true;                                                                                 \
  } while (0)
/* A console's program is carried out at once, and may change storage. */
#define CHANNEL_START(dst, caw)                                                                    \
  do {                                                                                             \
    b->tick = now;                                                                                 \
    (dst) = bare_insn_sio(b, now + 1, (caw));                                                      \
    resync = true;                                                                                 \
  } while (0)
#define CHANNEL_TEST(dst, n)                                                                       \
  do {                                                                                             \
    b->tick = now;                                                                                 \
    (dst) = bare_insn_tio(b, (n));                                                                 \
    resync = b->stops.queued > 0;                                                                  \
  } while (0)
#define WAIT()                                                                                     \
  do {                                                                                             \
    b->run_state = MACHINE_WAITING;                                                                \
    resync = true;                                                                                 \
  } while (0)
#define HALT()                                                                                     \
  do {                                                                                             \
    b->run_state = MACHINE_STOPPED;                                                                \
    resync = true;                                                                                 \
  } while (0)
/* The instruction's own page may be mapped otherwise now. */
#define TLB_WRITE()                                                                                \
  do {                                                                                             \
    mmu_tlb_write(b);                                                                              \
    resync = resync || space->who.te;                                                              \
  } while (0)
#define TLB_PROBE(dst, hi) ((dst) = mmu_tlb_probe(b, (hi)))
#define TLB_INVALIDATE(va, asid)                                                                   \
  do {                                                                                             \
    bare_insn_invalidate(b, (va), (asid));                                                         \
    resync = resync || space->who.te;                                                              \
  } while (0)

#include "gen/pg32_bodies.h"
