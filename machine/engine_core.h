/* One engine, as a function; engine.c includes this twice. Not a header: no
 * guard. ENGINE_NAME, ENGINE_COUNTED: see engine.c.
 *
 * `mark` is the address at which the slots would end the budget if they went on
 * in a line: mark - slot is what is left of it, in slots. So straight code costs
 * no counting, and the tick at any slot is known. */

#define HERE         ((intptr_t)(uintptr_t)slot)
#define LEFT         (mark - HERE)
#define TICKS(bytes) ((uint64_t)(bytes) / sizeof(struct slot))
#define NOW()        (end - TICKS(LEFT)) /* tick at the boundary before this slot */
#define INDEX()      ((uint32_t)(slot - page->slot))
/* `bias` is bias_of() the page at page_va. */
#define SLOT_AT(va)   ((struct slot *)(uintptr_t)(bias + (intptr_t)(va)*SLOTS_PER_BYTE))
#define PC()          ((uint32_t)((uintptr_t)(HERE - bias) / SLOTS_PER_BYTE))
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

/* Jump by the slot's immediate, within the page, as has been seen when it was decoded. What
 * goes ahead comes to the end of the page within its slots, like what goes on in a line. */
#define NEAR_WITHIN(ahead)                                                                         \
  do {                                                                                             \
    intptr_t way_ = (intptr_t)(int32_t)slot_imm(slot->what);                                       \
    if ((ahead) || LIKELY(MAY_GO_ON(LEFT - (intptr_t)sizeof *slot))) {                             \
      mark += way_ * SLOTS_PER_BYTE - (intptr_t)sizeof *slot;                                      \
      slot = (struct slot *)(uintptr_t)(HERE + way_ * SLOTS_PER_BYTE);                             \
      DISPATCH;                                                                                    \
    }                                                                                              \
    goto near_out;                                                                                 \
  } while (0)

/* The same; within the page unless it turns out otherwise. */
#define NEAR                                                                                       \
  do {                                                                                             \
    intptr_t left_ = LEFT - (intptr_t)sizeof *slot;                                                \
    intptr_t slot_ = HERE + (intptr_t)(int32_t)slot_imm(slot->what) * SLOTS_PER_BYTE;              \
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
      slot = SLOT_AT(target);                                                                      \
      mark = HERE + left;                                                                          \
      DISPATCH;                                                                                    \
    }                                                                                              \
    goto land;                                                                                     \
  } while (0)

#define DO(I, B, known, value, gone)                                                               \
  run_##I##_##B(b, space, linear, what_of(slot), PC(), NOW(), &to, known, value, &result, gone)
#define GO_ON(outcome, form)                                                                       \
  switch (outcome) {                                                                               \
  case OUT_NEXT:                                                                                   \
  case OUT_REDISPATCH:                                                                             \
    NEXT;                                                                                          \
  case OUT_NEAR:                                                                                   \
    if (((form)&FORM_REACH) != FORM_ANY) {                                                         \
      NEAR_WITHIN(((form)&FORM_REACH) == FORM_AHEAD);                                              \
    }                                                                                              \
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
    uint32_t to = 0, result = 0;                                                                   \
    enum outcome out = DO(I, B, KNOWN_NONE, 0, false);                                             \
    GO_ON(out, FORM_ANY)                                                                           \
  }
/* A run: each but the first is given what the one before it has written, from there and not
 * from the register. */
#define FIRST(I, gone)                                                                             \
  uint32_t to = 0, result = 0;                                                                     \
  enum outcome out = DO(I, FULL, KNOWN_NONE, 0, gone);
#define THEN(I, known, gone)                                                                       \
  if (LIKELY(out == OUT_NEXT)) {                                                                   \
    const uint32_t value = result;                                                                 \
    slot++;                                                                                        \
    out = DO(I, FULL, known, value, gone);                                                         \
  }
#define RUN_END(form)                                                                              \
  (void)result;                                                                                    \
  GO_ON(out, form)
#define IS_GONE(FORM) ((FORM_##FORM & FORM_GONE) != 0)
#define RUN1(F, FORM)                                                                              \
  ENGINE_NAME1(run, F, FORM) :                                                                     \
  {                                                                                                \
    FIRST(F, IS_GONE(FORM))                                                                        \
    RUN_END(FORM_##FORM)                                                                           \
  }
#define RUN2(F, S, K, FORM)                                                                        \
  ENGINE_NAME2(run, F, S, K, FORM) :                                                               \
  {                                                                                                \
    FIRST(F, false)                                                                                \
    THEN(S, KNOWN_##K, IS_GONE(FORM))                                                              \
    RUN_END(FORM_##FORM)                                                                           \
  }
#define RUN3(F, S, T, K, L, FORM)                                                                  \
  ENGINE_NAME3(run, F, S, T, K, L, FORM) :                                                         \
  {                                                                                                \
    FIRST(F, false)                                                                                \
    THEN(S, KNOWN_##K, false)                                                                      \
    THEN(T, KNOWN_##L, IS_GONE(FORM))                                                              \
    RUN_END(FORM_##FORM)                                                                           \
  }
#define RUN4(F, S, T, U, K, L, M, FORM)                                                            \
  ENGINE_NAME4(run, F, S, T, U, K, L, M, FORM) :                                                   \
  {                                                                                                \
    FIRST(F, false)                                                                                \
    THEN(S, KNOWN_##K, false)                                                                      \
    THEN(T, KNOWN_##L, false)                                                                      \
    THEN(U, KNOWN_##M, IS_GONE(FORM))                                                              \
    RUN_END(FORM_##FORM)                                                                           \
  }
#define RUN5(F, S, T, U, V, K, L, M, N, FORM)                                                      \
  ENGINE_NAME5(run, F, S, T, U, V, K, L, M, N, FORM) :                                             \
  {                                                                                                \
    FIRST(F, false)                                                                                \
    THEN(S, KNOWN_##K, false)                                                                      \
    THEN(T, KNOWN_##L, false)                                                                      \
    THEN(U, KNOWN_##M, false)                                                                      \
    THEN(V, KNOWN_##N, IS_GONE(FORM))                                                              \
    RUN_END(FORM_##FORM)                                                                           \
  }
#define RUN6(F, S, T, U, V, W, K, L, M, N, O, FORM)                                                \
  ENGINE_NAME6(run, F, S, T, U, V, W, K, L, M, N, O, FORM) :                                       \
  {                                                                                                \
    FIRST(F, false)                                                                                \
    THEN(S, KNOWN_##K, false)                                                                      \
    THEN(T, KNOWN_##L, false)                                                                      \
    THEN(U, KNOWN_##M, false)                                                                      \
    THEN(V, KNOWN_##N, false)                                                                      \
    THEN(W, KNOWN_##O, IS_GONE(FORM))                                                              \
    RUN_END(FORM_##FORM)                                                                           \
  }
#define BODY_LABEL(I, B) [BODY_##I##_##B] = &&body_##I##_##B,
#define RUN1_LABEL(...)  [ENGINE_NAME1(RUN, __VA_ARGS__)] = &&ENGINE_NAME1(run, __VA_ARGS__),
#define RUN2_LABEL(...)  [ENGINE_NAME2(RUN, __VA_ARGS__)] = &&ENGINE_NAME2(run, __VA_ARGS__),
#define RUN3_LABEL(...)  [ENGINE_NAME3(RUN, __VA_ARGS__)] = &&ENGINE_NAME3(run, __VA_ARGS__),
#define RUN4_LABEL(...)  [ENGINE_NAME4(RUN, __VA_ARGS__)] = &&ENGINE_NAME4(run, __VA_ARGS__),
#define RUN5_LABEL(...)  [ENGINE_NAME5(RUN, __VA_ARGS__)] = &&ENGINE_NAME5(run, __VA_ARGS__),
#define RUN6_LABEL(...)  [ENGINE_NAME6(RUN, __VA_ARGS__)] = &&ENGINE_NAME6(run, __VA_ARGS__),

enum engine_exit ENGINE_NAME(struct bare *b, struct space *space, uint64_t budget,
                             const struct code_labels **labels)
{
  static const struct code_labels places = {
    .body = {ISA_BODIES(BODY_LABEL)},
#if !ENGINE_COUNTED
    .run = {ENGINE_RUNS(RUN1_LABEL, RUN2_LABEL, RUN3_LABEL, RUN4_LABEL, RUN5_LABEL, RUN6_LABEL)},
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

  intptr_t bias;
  if (!enter_page(b, space, b->pc, &bias)) {
    return ENGINE_PLAIN;
  }
  const void *const *table = b->code.table[ENGINE_COUNTED][psw_mode(b->psw)];
  uint32_t page_va = b->pc & ~(ISA_PAGE_SIZE - 1), target;
  struct code_page *page = page_of_bias(bias, page_va);
  struct slot *slot = SLOT_AT(b->pc);
  uintptr_t linear = space->linear;
  intptr_t mark = HERE + (intptr_t)(budget * sizeof *slot), left;
  uint64_t end = b->tick + budget;
  uint64_t last = end - 1; /* no event may be due up to it, or the boundary is looked at */
  if (is_watched(b)) {
    last = MACHINE_NEVER;
    if (trace_wants_sensitive(&b->machine)) {
      table = b->code.traced[ENGINE_COUNTED][psw_mode(b->psw)];
    }
  }
  DISPATCH;

  ISA_BODIES(BODY)
#if !ENGINE_COUNTED
  ENGINE_RUNS(RUN1, RUN2, RUN3, RUN4, RUN5, RUN6)
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
stepped: /* the tracer is to see it, and the stepper tells; or it has no slot */
  if (NOW() == b->tick) {
    return ENGINE_PLAIN; /* the boundary has decided, to go on */
  }
  b->tick = NOW();
  b->pc = PC();
  return ENGINE_ON;

page_end: /* not an instruction, unless a bound cuts the page */
  if (INDEX() < CODE_PAGE_WORDS) {
    goto stepped;
  }
  target = PC();
  left = LEFT;
  goto land;

near_out: /* the page, or the budget */
  target = PC() + slot_imm(slot->what);
  left = LEFT - (intptr_t)sizeof *slot;
land: /* at target, with `left` of the budget */
  if (MAY_GO_ON(left) && enter_page(b, space, target, &bias)) {
    page_va = target & ~(ISA_PAGE_SIZE - 1);
    page = page_of_bias(bias, page_va);
    slot = SLOT_AT(target);
    mark = HERE + left;
    DISPATCH;
  }
  b->pc = target;
  b->tick = end - TICKS(left);
  return ENGINE_ON;

resync:
  target = PC() + 4;
resync_jump:
  b->tick = NOW() + 1;
  if (last == MACHINE_NEVER) {
    b->resync_pc = PC(); /* for who watches */
  }
  b->pc = target;
  left = LEFT - (intptr_t)sizeof *slot;
  if (!may_go_on(b, last)) {
    return ENGINE_ON;
  }
again: /* the boundary has nothing to do but what the budget, of which there is `left`, says */
  b->mmu.stale = false;
  space = mmu_space(b);
  linear = space->linear;
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
  if (!deliver_inside(b)) {
    return ENGINE_TRAP;
  }
  if (left > 0) {
    goto again; /* interrupts are off, and it runs */
  }
  return ENGINE_ON;
}

#undef HERE
#undef LEFT
#undef TICKS
#undef NOW
#undef INDEX
#undef SLOT_AT
#undef PC
#undef DISPATCH_INSN
#undef DISPATCH
#undef MAY_GO_ON
#undef NEXT
#undef NEAR_WITHIN
#undef NEAR
#undef FAR
#undef DO
#undef GO_ON
#undef BODY
#undef FIRST
#undef THEN
#undef RUN_END
#undef IS_GONE
#undef RUN1
#undef RUN2
#undef RUN3
#undef RUN4
#undef RUN5
#undef RUN6
#undef BODY_LABEL
#undef RUN1_LABEL
#undef RUN2_LABEL
#undef RUN3_LABEL
#undef RUN4_LABEL
#undef RUN5_LABEL
#undef RUN6_LABEL
