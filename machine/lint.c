/* The missing `tlbi`: docs/mmu.md, "What a kernel must tell". This machine walks its page tables at
 * every access, and real ones keep what they have read until they are told to forget it. So
 * here is what such a machine would keep at most: of every page the entry by which it
 * was accessed last, until a tlbi of the page or a write of PTBR. An access that the kept entry
 * allows and that the tables of now would have gone otherwise is the guest's error.
 *
 * A machine is free to forget: one with fewer entries goes wrong now and then only, which is
 * worse. What the kept entry does not allow is looked up anew, as after a miss; so a right that
 * was added needs no tlbi, and neither does an A bit that was taken away.
 */
#include <stdlib.h>

#include "machine/bare.h"

/* What a monitor changes below a guest is no kernel's error, so guest mode is left out. */
#define PAGES (1u << 20)

/* An entry with the generation in which it was kept; PTBR begins a new one. */
struct kept {
  uint32_t entry, generation;
};

struct lint {
  machine_lint_fn *fn;
  void *ctx;
  uint32_t generation; /* never 0 */
  struct kept page[PAGES];
};

bool bare_set_lint(struct machine *m, machine_lint_fn *fn, void *ctx)
{
  struct bare *b = bare_of(m);
  free(b->lint);
  b->lint = NULL;
  if (!fn || b->mmu.kind != MMU_PAGED) {
    return true;
  }
  b->lint = calloc(1, sizeof *b->lint);
  if (b->lint) {
    b->lint->fn = fn;
    b->lint->ctx = ctx;
    b->lint->generation = 1;
  }
  return b->lint != NULL;
}

static bool reached(const struct translation *t)
{
  return t->ok || t->device;
}

/* Whether an access by the kept entry would go otherwise than by the tables. */
static bool is_stale(const struct bare *b, uint32_t kept, enum machine_access access,
                     struct mmu_who who, const struct translation *t)
{
  enum isa_cause cause;
  if (!(kept & PTE_VALID) || !mmu_entry_allows(kept, access, who, &cause)) {
    return false;
  }
  if (access == MACHINE_STORE && !(kept & PTE_DIRTY)) {
    return false; /* it would be looked up, to set D */
  }
  if (!reached(t)) {
    return true;
  }
  bool dirties = access == MACHINE_STORE && !(storage_load(&b->storage, t->entry.v, 4) & PTE_DIRTY);
  return pte_frame(t->marked) != pte_frame(kept) || dirties;
}

void lint_access(struct bare *b, uint32_t va, enum machine_access access, struct mmu_who who,
                 const struct translation *t)
{
  struct lint *l = b->lint;
  if (!who.te || who.guest || (b->mmu.kseg && kseg_has(va))) {
    return;
  }
  struct kept *k = &l->page[va >> STORAGE_PAGE_SHIFT];
  uint32_t kept = k->generation == l->generation ? k->entry : 0;
  if (is_stale(b, kept, access, who, t)) {
    struct machine_lint event = {.pc = gva(b->pc),
                                 .va = gva(va),
                                 .access = access,
                                 .kept = kept,
                                 .now = reached(t) ? t->marked : 0};
    b->stats.stale++;
    l->fn(l->ctx, &event);
  }
  *k = (struct kept){reached(t) ? t->marked : 0, l->generation};
}

void lint_forget(struct bare *b, uint32_t va)
{
  b->lint->page[va >> STORAGE_PAGE_SHIFT].entry = 0;
}

void lint_forget_all(struct bare *b)
{
  b->lint->generation++;
}
