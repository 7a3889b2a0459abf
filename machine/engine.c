/* The fast engine: decoded slots, computed goto, software TLB, and a budget that
 * is charged at taken transfers only.
 *
 * engine_core.h is compiled twice. The fast one goes from slot to slot without
 * counting: it may run to the end of a page past any budget, so it is entered,
 * and goes on after a taken transfer, only with a page's worth of budget left.
 * The counted one ends on the exact instruction. */
#include "machine/bare.h"

#include <stddef.h>
#include <string.h>

/* Each instruction keeps its own indirect jump: merged, they would share one
 * entry of the host's branch predictor. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-crossjumping", "no-gcse")
#ifdef __SANITIZE_ADDRESS__ /* it takes minutes with what is checked then */
#pragma GCC optimize("no-tree-pta")
#endif
#elif defined(__clang__)
/* Variables times labels: clang's analysis takes minutes. gcc sees them. */
#pragma clang diagnostic ignored "-Wuninitialized"
#pragma clang diagnostic ignored "-Wsometimes-uninitialized"
#pragma clang diagnostic ignored "-Wconditional-uninitialized"
#endif

#include "isa/bodies_support.h"
#include "machine/trace_emit.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
/* Bytes of slots that a fast block may run through. */
#define BLOCK_LIMIT ((intptr_t)(CODE_PAGE_WORDS * sizeof(struct slot)))
/* … to a byte of guest addresses. */
#define SLOTS_PER_BYTE ((intptr_t)sizeof(struct slot) / 4)

static struct code_entry *code_entry(struct space *space, uint32_t pc)
{
  return &space->code[(pc >> STORAGE_PAGE_SHIFT) % MMU_CODE_ENTRIES];
}

/* Where the slot for address 0 would be, if those of the page at va went on down to it. */
static inline intptr_t bias_of(const struct code_page *page, uint32_t va)
{
  return (intptr_t)(uintptr_t)page->slot - (intptr_t)(va & ~(ISA_PAGE_SIZE - 1)) * SLOTS_PER_BYTE;
}

static inline struct code_page *page_of_bias(intptr_t bias, uint32_t va)
{
  _Static_assert(offsetof(struct code_page, slot) == 0, "a page begins with its slots");
  return (struct code_page *)(uintptr_t)(bias +
                                         (intptr_t)(va & ~(ISA_PAGE_SIZE - 1)) * SLOTS_PER_BYTE);
}

static __attribute__((noinline)) bool find_page(struct bare *b, struct space *space, uint32_t pc,
                                                intptr_t *bias)
{
  struct code_entry *e = code_entry(space, pc);
  uint32_t page, words;
  if (pc % 4 != 0 || !mmu_code_extent(b, space, pc, &page, &words)) {
    return false;
  }
  const struct code_page *code = code_page_get(b, page, words);
  if (code) {
    e->tag = pc & ~(ISA_PAGE_SIZE - 1);
    e->bias = *bias = bias_of(code, pc);
  }
  return code != NULL;
}

/* The slots for the instruction at pc; false: it can only be stepped. */
static inline bool enter_page(struct bare *b, struct space *space, uint32_t pc, intptr_t *bias)
{
  const struct code_entry *e = code_entry(space, pc);
  if (LIKELY((pc & ~(ISA_PAGE_SIZE - 4)) == e->tag)) {
    *bias = e->bias;
    return true;
  }
  return find_page(b, space, pc, bias);
}

static bool load_slow(struct bare *b, struct space *space, uint32_t va, uint32_t size,
                      uint32_t *value)
{
  if (!bare_load(b, va, size, bare_who(b), value)) {
    return false;
  }
  mmu_fill_data(b, space, va);
  return true;
}

static bool store_slow(struct bare *b, struct space *space, uint32_t va, uint32_t size,
                       uint32_t value)
{
  if (!bare_store(b, va, size, bare_who(b), value)) {
    return false;
  }
  mmu_fill_data(b, space, va);
  return true;
}

/* A tracer and a debugger see each boundary: an engine that meets one goes no further. */
static inline bool is_watched(const struct bare *b)
{
  return b->machine.tracer != NULL || b->stops.armed;
}

/* Hardware delivers the trap of an instruction, if the owner lets it, without ending the run: what
 * bare_deliver() does where nobody watches. False: the trap is for the boundary, and nothing has
 * changed. A bus error may be a device. */
static inline bool deliver_inside(struct bare *b)
{
  enum isa_cause cause = b->trap.cause;
  uint32_t handler;
  if (!b->delivers || (b->mmu.mmio && cause == CAUSE_BUS) ||
      !bare_read_vector(b, cause, &handler)) {
    return false;
  }
  b->stats.traps[cause]++;
  b->stats.instructions--; /* its tick will be counted as one */
  bare_enter_handler(b, &b->trap, handler);
  b->tick++;
  return true;
}

/* Whether the boundary has nothing to do before the next event, after an instruction that may
 * have changed that. What it looks at is what run() in bare.c looks at. No event is due up to
 * `last`. */
static inline bool may_go_on(const struct bare *b, uint64_t last)
{
  bool interrupted = psw_ie(b->psw) && (b->cr[CR_IPEND] & b->cr[CR_IMASK]) != 0;
  bool due = b->next_event <= last;
  bool stuck = b->run_state != MACHINE_RUNNING || b->double_fault || b->host_error;
  return !interrupted && !due && !stuck;
}

/* After an access: a debugger's stop is due, or what is being executed may have changed. */
static bool must_look(const struct bare *b)
{
  return b->stops.queued > 0 || b->mmu.stale;
}

/* At once, and not byte by byte from memory, as the compiler would have it. */
static inline __attribute__((always_inline)) uint64_t what_of(const struct slot *slot)
{
  uint64_t what = slot->what;
  __asm__("" : "+r"(what));
  return what;
}

#include "machine/engine_bodies.h"

#define ENGINE_COUNTED 0
#define ENGINE_NAME    engine_fast
#include "machine/engine_core.h"
#undef ENGINE_COUNTED
#undef ENGINE_NAME
#define ENGINE_COUNTED 1
#define ENGINE_NAME    engine_counted
#include "machine/engine_core.h"

void engine_init(struct bare *b)
{
  const struct code_labels *counted;
  engine_fast(b, NULL, 0, &b->code.labels);
  engine_counted(b, NULL, 0, &counted);
  code_build_runs(b);
  code_build_table(b, CODE_FAST, b->code.labels);
  code_build_table(b, CODE_COUNTED, counted);
}
