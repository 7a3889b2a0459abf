/* One engine, as a function; engine.c includes this twice. Not a header: no
 * guard. ENGINE_NAME, ENGINE_COUNTED: see engine.c.
 *
 * `mark` is the address at which the slots would end the budget if they went on
 * in a line: mark - slot is what is left of it, in slots. So straight code costs
 * no counting, and the tick at any slot is known. */

#define HERE          ((intptr_t)(uintptr_t)slot)
#define LEFT          (mark - HERE)
#define TICKS(bytes)  ((uint64_t)(bytes) / sizeof(struct slot))
#define NOW()         (end - TICKS(LEFT)) /* tick at the boundary before this slot */
#define INDEX()       ((uint32_t)(slot - page->slot))
#define DISPATCH_KIND goto *table[page->insn[INDEX()]]

#if ENGINE_COUNTED
#define DISPATCH DISPATCH_KIND
#define MAY_GO_ON(left) ((left) > 0)
#define NEXT                                                                                       \
  do {                                                                                             \
    slot++;                                                                                        \
    if (HERE == mark) {                                                                            \
      goto limit;                                                                                  \
    }                                                                                              \
    DISPATCH;                                                                                      \
  } while (0)
#else
#define DISPATCH goto *slot->go
#define MAY_GO_ON(left) ((left) >= BLOCK_LIMIT)
#define NEXT                                                                                       \
  do {                                                                                             \
    slot++;                                                                                        \
    DISPATCH;                                                                                      \
  } while (0)
#endif

#define BODY_BEGIN(I, B)                                                                           \
  if (labels) {                                                                                    \
    static const void *const label = &&body_##I##_##B;                                             \
    labels->body[BODY_##I##_##B] = label;                                                          \
  } else {                                                                                         \
    body_##I##_##B:;                                                                               \
    bool resync = false;                                                                           \
    (void)resync;
#define BODY_END(I, B)                                                                             \
    if (resync) {                                                                                  \
      goto resync_next;                                                                            \
    }                                                                                              \
    NEXT;                                                                                          \
  }
#define BODY_SYSTEM_BEGIN(I, B) BODY_BEGIN(I, B)
#define BODY_SYSTEM_END(I, B)   BODY_END(I, B)

#define OPERAND_A   (slot->a)
#define OPERAND_B   (slot->b)
#define OPERAND_C   (slot->c)
#define OPERAND_N   (slot->c)
#define OPERAND_IMM (slot->imm)

/* The destination by name: the operand's is the sink when it is zero. */
#define TO_OPERAND_A slot->to
#define TO_REG_SP    REG_SP
#define GET_REG(i)    (b->reg[i])
#define SET_REG(i, v) (b->reg[TO_##i] = (v))
#define GET_PC()      (page_va + INDEX() * 4)

#define JUMP(address)                                                                              \
  do {                                                                                             \
    target = (address);                                                                            \
    if (resync) {                                                                                  \
      goto resync_jump;                                                                            \
    }                                                                                              \
    goto jump;                                                                                     \
  } while (0)
#define JUMP_REL(offset)                                                                           \
  do {                                                                                             \
    intptr_t left_ = LEFT - (intptr_t)sizeof *slot;                                                \
    intptr_t to_ = HERE + (intptr_t)(int32_t)(offset) * (intptr_t)(sizeof *slot / 4);              \
    if (LIKELY((uintptr_t)to_ - (uintptr_t)page->slot < (uintptr_t)BLOCK_LIMIT) &&                 \
        LIKELY(MAY_GO_ON(left_))) {                                                                \
      mark = to_ + left_;                                                                          \
      slot = (struct slot *)(uintptr_t)to_;                                                        \
      DISPATCH;                                                                                    \
    }                                                                                              \
    target = GET_PC() + (offset);                                                                  \
    goto jump;                                                                                     \
  } while (0)

/* C and V steer nothing; any other field may. */
#define STEERING_PSW (~(PSW_C_MASK | PSW_V_MASK))
#define GET_PSW()     (b->psw)
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
#define GET_CR(n)       bare_read_cr(b, (n), NOW())
#define READ_CR(dst, n) ((dst) = bare_read_cr(b, (n), NOW()))
#define WRITE_CR(n, v)                                                                             \
  do {                                                                                             \
    bare_write_cr(b, (n), (v), NOW() + 1);                                                         \
    resync = true;                                                                                 \
  } while (0)

#define ATTEMPT(act)                                                                               \
  do {                                                                                             \
    if (!(act)) {                                                                                  \
      goto trapped;                                                                                \
    }                                                                                              \
  } while (0)
/* An address matches a tag if its page does and its alignment bits are 0. */
#define TAG_OF(va, size) ((va) & ~(ISA_PAGE_SIZE - (uint32_t)(size)))
/* space->data[page of va % MMU_DATA_ENTRIES], without scaling the index twice. */
#define ENTRY_OF(va)                                                                               \
  ((const struct data_entry *)((const char *)space->data +                                         \
                               ((va) >> (STORAGE_PAGE_SHIFT - 4) &                                 \
                                (MMU_DATA_ENTRIES - 1) * sizeof(struct data_entry))))
#define LOAD(dst, address, type)                                                                   \
  do {                                                                                             \
    uint32_t va_ = (address);                                                                      \
    const struct data_entry *entry_ = ENTRY_OF(va_);                                               \
    if (LIKELY(TAG_OF(va_, sizeof(type)) == entry_->read)) {                                       \
      type value_;                                                                                 \
      memcpy(&value_, (const void *)(entry_->offset + va_), sizeof value_);                        \
      (dst) = value_;                                                                              \
    } else {                                                                                       \
      uint32_t value_;                                                                             \
      ATTEMPT(load_slow(b, space, va_, sizeof(type), &value_));                                    \
      (dst) = value_;                                                                              \
    }                                                                                              \
  } while (0)
#define STORE(address, v, type)                                                                    \
  do {                                                                                             \
    uint32_t va_ = (address);                                                                      \
    const struct data_entry *entry_ = ENTRY_OF(va_);                                               \
    type value_ = (type)(v);                                                                       \
    if (LIKELY(TAG_OF(va_, sizeof(type)) == entry_->write)) {                                      \
      memcpy((void *)(entry_->offset + va_), &value_, sizeof value_);                              \
    } else {                                                                                       \
      ATTEMPT(store_slow(b, space, va_, sizeof(type), value_));                                    \
    }                                                                                              \
  } while (0)
#define LOAD_B(dst, address)  LOAD(dst, address, uint8_t)
#define LOAD_H(dst, address)  LOAD(dst, address, uint16_t)
#define LOAD_W(dst, address)  LOAD(dst, address, uint32_t)
#define STORE_B(address, v)   STORE(address, v, uint8_t)
#define STORE_H(address, v)   STORE(address, v, uint16_t)
#define STORE_W(address, v)   STORE(address, v, uint32_t)
#define LOAD_PREV(dst, address)                                                                    \
  do {                                                                                             \
    uint32_t value_;                                                                               \
    ATTEMPT(bare_load(b, (address), 4, bare_prev_te(b), &value_));                                 \
    (dst) = value_;                                                                                \
  } while (0)
#define STORE_PREV(address, v) ATTEMPT(bare_store(b, (address), 4, bare_prev_te(b), (v)))
#define TRANSLATE(ok_, pa_, va, ACCESS)                                                            \
  do {                                                                                             \
    struct translation t_ = mmu_translate(b, (va), 1, space->te);                                  \
    (ok_) = t_.ok;                                                                                 \
    (pa_) = t_.ok ? t_.pa.v : 0;                                                                   \
  } while (0)
#define RAISE(cause, value)                                                                        \
  do {                                                                                             \
    bare_set_trap(b, (cause), (value));                                                            \
    goto trapped;                                                                                  \
  } while (0)

/* The tracer sees b->tick. */
#define PORT_IN(dst, port)                                                                         \
  do {                                                                                             \
    uint32_t value_;                                                                               \
    b->tick = NOW();                                                                               \
    ATTEMPT(bare_insn_in(b, b->tick + 1, (port), &value_));                                        \
    (dst) = value_;                                                                                \
  } while (0)
#define PORT_OUT(port, v)                                                                          \
  do {                                                                                             \
    b->tick = NOW();                                                                               \
    ATTEMPT(bare_insn_out(b, b->tick + 1, (port), (v)));                                           \
    resync = true;                                                                                 \
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
#include "machine/absent_devices.h"

/* labels not NULL: only tells where its labels are. */
static __attribute__((noinline)) enum engine_exit
ENGINE_NAME(struct bare *b, struct space *space, uint64_t budget, struct code_labels *labels)
{
  struct code_page *page = NULL;
  struct slot *slot = NULL;
  const void *const *table = NULL;
  intptr_t mark = 0, left;
  uint64_t end = 0;
  uint32_t page_va = 0, target = 0;

  if (labels) {
    static const struct code_places places = {.illegal = &&illegal,
                                              .undecoded = &&undecoded,
                                              .end = &&page_end,
                                              .system = &&system,
                                              .privileged = &&privileged,
                                              .nop = &&nop};
    memcpy(&labels->places, &places, sizeof places);
  } else {
    page = enter_page(b, space, b->pc);
    if (!page) {
      return ENGINE_PLAIN;
    }
    table = b->code.table[ENGINE_COUNTED][psw_mode(b->psw)];
    page_va = b->pc & ~(ISA_PAGE_SIZE - 1);
    slot = &page->slot[b->pc % ISA_PAGE_SIZE / 4];
    mark = HERE + (intptr_t)(budget * sizeof *slot);
    end = b->tick + budget;
    DISPATCH;
  }

#include "gen/pg32_bodies.h"
  if (labels) {
    return ENGINE_ON;
  }

nop:
  NEXT;

system: /* a slot of the system group: the profile decides */
  DISPATCH_KIND;

undecoded:
  code_decode(b, page, INDEX());
  DISPATCH;

page_end: /* not an instruction */
  target = GET_PC();
  left = LEFT;
  goto land;

jump:
  left = LEFT - (intptr_t)sizeof *slot;
land:
  if (MAY_GO_ON(left)) {
    page = enter_page(b, space, target);
    if (page) {
      page_va = target & ~(ISA_PAGE_SIZE - 1);
      slot = &page->slot[target % ISA_PAGE_SIZE / 4];
      mark = HERE + left;
      DISPATCH;
    }
  }
  b->pc = target;
  b->tick = end - TICKS(left);
  return ENGINE_ON;

resync_next:
  target = GET_PC() + 4;
resync_jump:
  b->tick = NOW() + 1;
  b->pc = target;
  return ENGINE_ON;

#if ENGINE_COUNTED
limit:
  b->pc = GET_PC();
  b->tick = end;
  return ENGINE_ON;
#endif

illegal:
  bare_set_trap(b, CAUSE_ILLEGAL, 0);
  goto trapped;
privileged:
  bare_set_trap(b, CAUSE_PRIVILEGED, 0);
trapped:
  b->tick = NOW();
  b->pc = GET_PC();
  b->trap.epc = b->pc;
  b->trap.insn = storage_load(&b->storage, page->page * ISA_PAGE_SIZE + INDEX() * 4, 4);
  return ENGINE_TRAP;
}

#undef HERE
#undef LEFT
#undef TICKS
#undef NOW
#undef INDEX
#undef DISPATCH_KIND
#undef DISPATCH
#undef MAY_GO_ON
#undef NEXT
#include "machine/bodies_undef.h"
#undef TO_OPERAND_A
#undef TO_REG_SP
#undef STEERING_PSW
#undef ATTEMPT
#undef TAG_OF
#undef ENTRY_OF
#undef LOAD
#undef STORE
#undef ABSENT
#undef ABSENT_2
