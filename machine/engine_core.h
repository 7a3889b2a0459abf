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
#define PC()          (page_va + INDEX() * 4)
#define DISPATCH_INSN goto *table[page->insn[INDEX()]]

#if ENGINE_COUNTED
#define DISPATCH        DISPATCH_INSN
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
#define DISPATCH        goto * slot->go
#define MAY_GO_ON(left) ((left) >= BLOCK_LIMIT)
#define NEXT                                                                                       \
  do {                                                                                             \
    slot++;                                                                                        \
    DISPATCH;                                                                                      \
  } while (0)
#endif

/* Jump by the slot's immediate; within the page unless it turns out otherwise. */
#define NEAR                                                                                       \
  do {                                                                                             \
    intptr_t left_ = LEFT - (intptr_t)sizeof *slot;                                                \
    intptr_t slot_ = HERE + (intptr_t)(int32_t)slot->imm * (intptr_t)(sizeof *slot / 4);           \
    if (LIKELY((uintptr_t)slot_ - (uintptr_t)page->slot < (uintptr_t)BLOCK_LIMIT) &&               \
        LIKELY(MAY_GO_ON(left_))) {                                                                \
      slot = (struct slot *)(uintptr_t)slot_;                                                      \
      mark = slot_ + left_;                                                                        \
      DISPATCH;                                                                                    \
    }                                                                                              \
    goto near_out;                                                                                 \
  } while (0)

/* Jump to an address; often within the page, too. */
#define FAR(address)                                                                               \
  do {                                                                                             \
    target = (address);                                                                            \
    left = LEFT - (intptr_t)sizeof *slot;                                                          \
    if ((target & ~(ISA_PAGE_SIZE - 4)) == page_va && LIKELY(MAY_GO_ON(left))) {                   \
      slot = &page->slot[target % ISA_PAGE_SIZE / 4];                                              \
      mark = HERE + left;                                                                          \
      DISPATCH;                                                                                    \
    }                                                                                              \
    goto land;                                                                                     \
  } while (0)

#define RUN_KNOWING(I, B, known, value)                                                            \
  run_##I##_##B(b, space, slot, PC(), NOW(), &to, known, value)
#define RUN(I, B) RUN_KNOWING(I, B, KNOWN_NONE, 0)
#define GO_ON(outcome)                                                                             \
  switch (outcome) {                                                                               \
  case OUT_NEXT:                                                                                   \
  case OUT_REDISPATCH:                                                                             \
    NEXT;                                                                                          \
  case OUT_NEAR:                                                                                   \
    NEAR;                                                                                          \
  case OUT_JUMP:                                                                                   \
    FAR(to);                                                                                       \
  case OUT_RESYNC:                                                                                 \
    goto resync;                                                                                   \
  case OUT_RESYNC_JUMP:                                                                            \
    target = to;                                                                                   \
    goto resync_jump;                                                                              \
  case OUT_TRAP:                                                                                   \
    goto trapped;                                                                                  \
  }                                                                                                \
  __builtin_unreachable();

#define BODY(I, B)                                                                                 \
  body_##I##_##B:                                                                                  \
  {                                                                                                \
    uint32_t to = 0;                                                                               \
    enum outcome out = RUN(I, B);                                                                  \
    GO_ON(out)                                                                                     \
  }
#define PAIR(F, S)                                                                                 \
  pair_##F##_##S:                                                                                  \
  {                                                                                                \
    uint32_t to = 0;                                                                               \
    enum outcome out = RUN(F, FULL);                                                               \
    if (LIKELY(out == OUT_NEXT)) {                                                                 \
      slot++;                                                                                      \
      out = RUN(S, FULL);                                                                          \
    }                                                                                              \
    GO_ON(out)                                                                                     \
  }
/* The second takes what the first has written from there, not from the register: a chain of
 * such pairs does not wait for the host to forward one store after the other. */
#define CHAIN(F, S, K)                                                                             \
  chain_##F##_##S##_##K:                                                                           \
  {                                                                                                \
    uint32_t to = 0;                                                                               \
    const uint8_t written = slot->to;                                                              \
    enum outcome out = RUN(F, FULL);                                                               \
    if (LIKELY(out == OUT_NEXT)) {                                                                 \
      const uint32_t value = b->reg[written];                                                      \
      slot++;                                                                                      \
      out = RUN_KNOWING(S, FULL, KNOWN_##K, value);                                                \
    }                                                                                              \
    GO_ON(out)                                                                                     \
  }
#define BODY_LABEL(I, B) [BODY_##I##_##B] = &&body_##I##_##B,
#define PAIR_LABEL(F, S) [PAIR_##F##_##S] = &&pair_##F##_##S,
#define CHAIN_LABEL(F, S, K) [CHAIN_##F##_##S##_##K] = &&chain_##F##_##S##_##K,

/* labels not NULL: only tells where its labels are. */
static __attribute__((noinline)) enum engine_exit
ENGINE_NAME(struct bare *b, struct space *space, uint64_t budget, const struct code_labels **labels)
{
  static const struct code_labels places = {
    .body = {ISA_BODIES(BODY_LABEL)},
#if !ENGINE_COUNTED
    .pair = {ENGINE_PAIRS(PAIR_LABEL)},
    .chain = {ENGINE_CHAINS(CHAIN_LABEL)},
#endif
    .illegal = &&illegal,
    .undecoded = &&undecoded,
    .end = &&page_end,
    .system = &&system,
    .privileged = &&privileged,
    .nop = &&nop,
    .at_break = &&at_break,
    .stepped = &&stepped,
  };
  if (labels) {
    *labels = &places;
    return ENGINE_ON;
  }

  struct code_page *page = enter_page(b, space, b->pc);
  if (!page) {
    return ENGINE_PLAIN;
  }
  const void *const *table = trace_wants_sensitive(&b->machine)
                                 ? b->code.traced[ENGINE_COUNTED][psw_mode(b->psw)]
                                 : b->code.table[ENGINE_COUNTED][psw_mode(b->psw)];
  struct slot *slot = &page->slot[b->pc % ISA_PAGE_SIZE / 4];
  uint32_t page_va = b->pc & ~(ISA_PAGE_SIZE - 1), target;
  intptr_t mark = HERE + (intptr_t)(budget * sizeof *slot), left;
  uint64_t end = b->tick + budget;
  DISPATCH;

  ISA_BODIES(BODY)
#if !ENGINE_COUNTED
  ENGINE_PAIRS(PAIR)
  ENGINE_CHAINS(CHAIN)
#endif

nop:
  NEXT;

system: /* a slot of the system group: the profile decides */
  DISPATCH_INSN;

undecoded:
  code_decode(b, page, INDEX());
  DISPATCH;

at_break: /* a breakpoint, if it is at this address; the boundary decides */
  if (!stops_has(&b->stops, PC(), &(unsigned){0})) {
    goto *table[page->under[INDEX()]];
  }
stepped: /* the tracer is to see it; the stepper tells */
  if (NOW() == b->tick) {
    return ENGINE_PLAIN; /* the boundary has decided, to go on */
  }
  b->tick = NOW();
  b->pc = PC();
  return ENGINE_ON;

page_end: /* not an instruction */
  target = PC();
  left = LEFT;
  goto land;

near_out: /* the page, or the budget */
  target = PC() + slot->imm;
  left = LEFT - (intptr_t)sizeof *slot;
land: /* at target, with `left` of the budget */
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

resync:
  target = PC() + 4;
resync_jump:
  b->tick = NOW() + 1;
  b->resync_pc = PC();
  b->pc = target;
  left = LEFT - (intptr_t)sizeof *slot;
again: /* where the boundary may be, with `left` of the budget */
  if (!may_go_on(b, end)) {
    return ENGINE_ON;
  }
  b->mmu.stale = false;
  space = mmu_space(b);
  table = b->code.table[ENGINE_COUNTED][psw_mode(b->psw)];
  target = b->pc;
  goto land;

#if ENGINE_COUNTED
limit:
  b->pc = PC();
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
  b->pc = PC();
  b->trap.epc = b->pc;
  b->trap.insn = storage_load(&b->storage, page->page * ISA_PAGE_SIZE + INDEX() * 4, 4);
  left = LEFT - (intptr_t)sizeof *slot;
  if (b->delivers && deliver_inside(b)) {
    goto again;
  }
  return ENGINE_TRAP;
}

#undef HERE
#undef LEFT
#undef TICKS
#undef NOW
#undef INDEX
#undef PC
#undef DISPATCH_INSN
#undef DISPATCH
#undef MAY_GO_ON
#undef NEXT
#undef NEAR
#undef FAR
#undef RUN_KNOWING
#undef RUN
#undef GO_ON
#undef BODY
#undef PAIR
#undef BODY_LABEL
#undef PAIR_LABEL
#undef CHAIN
#undef CHAIN_LABEL
