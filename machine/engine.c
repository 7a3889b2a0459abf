/* The fast engine: decoded slots, computed goto, software TLB, and a budget that
 * is charged at taken transfers only.
 *
 * engine_core.h is compiled twice. The fast one goes from slot to slot without
 * counting: it may run to the end of a page past any budget, so it is entered,
 * and goes on after a taken transfer, only with a page's worth of budget left.
 * The counted one ends on the exact instruction. */
#include "machine/bare.h"

#include <string.h>

/* Each instruction keeps its own indirect jump: merged, they would share one
 * entry of the host's branch predictor. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-crossjumping", "no-gcse")
#elif defined(__clang__)
/* Variables times labels: clang would look for 22 seconds. gcc sees them. */
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
#define MAX_BUDGET     ((uint64_t)1 << 40) /* so that slot addresses plus budget fit a word */

enum engine_exit {
  ENGINE_ON,    /* look at the boundary again */
  ENGINE_TRAP,  /* b->trap */
  ENGINE_PLAIN, /* the instruction at pc can only be stepped; nothing done */
};

static struct code_entry *code_entry(struct space *space, uint32_t pc)
{
  return &space->code[(pc >> STORAGE_PAGE_SHIFT) % MMU_CODE_ENTRIES];
}

static __attribute__((noinline)) struct code_page *find_page(struct bare *b, struct space *space,
                                                             uint32_t pc)
{
  struct code_entry *e = code_entry(space, pc);
  uint32_t page, words;
  if (pc % 4 != 0 || !mmu_code_extent(b, space, pc, &page, &words)) {
    return NULL;
  }
  struct code_page *code = code_page_get(b, page, words);
  if (code) {
    e->tag = pc & ~(ISA_PAGE_SIZE - 1);
    e->code = code;
  }
  return code;
}

/* The slots for the instruction at pc, or NULL. */
static inline struct code_page *enter_page(struct bare *b, struct space *space, uint32_t pc)
{
  const struct code_entry *e = code_entry(space, pc);
  if (LIKELY((pc & ~(ISA_PAGE_SIZE - 4)) == e->tag)) {
    return LIKELY(pc % ISA_PAGE_SIZE / 4 < e->code->words) ? e->code : NULL;
  }
  return find_page(b, space, pc);
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

/* Hardware delivers, if the owner lets it, without ending the run. False: the trap is for the
 * boundary, where a tracer sees it, and a bus error may be a device. */
static __attribute__((noinline)) bool deliver_inside(struct bare *b)
{
  if (b->machine.tracer || b->stops.armed ||
      (b->mmu.mmio && b->trap.cause == CAUSE_BUS)) {
    return false;
  }
  b->stats.traps[b->trap.cause]++;
  if (bare_deliver(&b->machine, &b->trap)) {
    b->stats.instructions--; /* its tick will be counted as one */
  }
  return true;
}

/* Whether the boundary has nothing to do before `end`, after an instruction that may have
 * changed that. What it looks at is what run() in bare.c looks at. */
static inline bool may_go_on(const struct bare *b, uint64_t end)
{
  bool interrupted = psw_ie(b->psw) && (b->cr[CR_IPEND] & b->cr[CR_IMASK]) != 0;
  bool due = b->next_event < end;
  bool stuck = b->run_state != MACHINE_RUNNING || b->double_fault || b->host_error;
  return !interrupted && !due && !stuck && !b->stops.armed && !b->machine.tracer;
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

/* Clang's analysis takes minutes for functions with so many labels; GCC's is quick. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wuninitialized"
#pragma clang diagnostic ignored "-Wsometimes-uninitialized"
#endif

#define ENGINE_COUNTED 0
#define ENGINE_NAME    engine_fast
#include "machine/engine_core.h"
#undef ENGINE_COUNTED
#undef ENGINE_NAME
#define ENGINE_COUNTED 1
#define ENGINE_NAME    engine_counted
#include "machine/engine_core.h"

bool engine_run(struct bare *b, uint64_t budget)
{
  uint64_t before = b->tick;
  struct space *space = mmu_space(b);
  b->mmu.stale = false;
  budget = budget < MAX_BUDGET ? budget : MAX_BUDGET;
  enum engine_exit exit = budget >= CODE_PAGE_WORDS ? engine_fast(b, space, budget, NULL)
                                                    : engine_counted(b, space, budget, NULL);
  b->stats.instructions += b->tick - before;
  return exit == ENGINE_PLAIN ? bare_step(b) : exit == ENGINE_ON;
}

void engine_init(struct bare *b)
{
  const struct code_labels *counted;
  engine_fast(b, NULL, 0, &b->code.labels);
  engine_counted(b, NULL, 0, &counted);
  code_build_runs(b);
  code_build_table(b, CODE_FAST, b->code.labels);
  code_build_table(b, CODE_COUNTED, counted);
}
