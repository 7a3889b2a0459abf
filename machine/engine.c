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
#endif

#include "isa/bodies_support.h"
#include "machine/trace_emit.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
/* Bytes of slots that a fast block may run through. */
#define BLOCK_LIMIT ((intptr_t)(CODE_PAGE_WORDS * sizeof(struct slot)))
#define MAX_BUDGET  ((uint64_t)1 << 40) /* so that slot addresses plus budget fit a word */

enum engine_exit {
  ENGINE_ON,    /* look at the boundary again */
  ENGINE_TRAP,  /* b->trap */
  ENGINE_PLAIN, /* the instruction at pc can only be stepped; nothing done */
};

/* The slots for the instruction at pc, or NULL. */
static struct code_page *enter_page(struct bare *b, struct space *space, uint32_t pc)
{
  struct code_entry *e = &space->code[(pc >> STORAGE_PAGE_SHIFT) % MMU_CODE_ENTRIES];
  if ((pc & ~(ISA_PAGE_SIZE - 4)) == e->tag) {
    return pc % ISA_PAGE_SIZE / 4 < e->code->words ? e->code : NULL;
  }
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

/* After an access: a debugger's stop is due, or what is being executed may have changed. */
static bool must_look(const struct bare *b)
{
  return b->stops.queued > 0 || b->mmu.stale;
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
  code_build_table(b, CODE_FAST, b->code.labels);
  code_build_table(b, CODE_COUNTED, counted);
}
