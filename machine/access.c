#include "machine/bare.h"

void bare_phys_store(struct bare *b, uint32_t pa, const void *buf, uint32_t len)
{
  if (len > 0) {
    mmu_storing(b, pa, len);
    storage_write(&b->storage, pa, buf, len);
    code_forget(b, pa, len);
  }
}

static bool is_nested(enum isa_cause cause)
{
  return cause == CAUSE_NESTED_FETCH || cause == CAUSE_NESTED_LOAD || cause == CAUSE_NESTED_STORE;
}

/* Alignment, translation, protection, bus, in this order. The access will be made. */
static bool locate(struct bare *b, uint32_t va, uint32_t size, enum machine_access access,
                   struct mmu_who who, uint32_t *pa)
{
  if (va % size != 0) {
    bare_set_trap(b, CAUSE_ALIGNMENT, va);
    return false;
  }
  struct mmu_walk walk = {.count = 0};
  struct translation t = mmu_translate_by(b, va, size, access, who, &walk);
  b->stats.walks += walk.count > 0;
  b->stats.entries_read += walk.count;
  if (__builtin_expect(b->lint != NULL, 0)) {
    lint_access(b, va, access, who, &t);
  }
  if (!t.ok) {
    bare_set_trap(b, t.cause, va);
    b->trap.ngpa = is_nested(t.cause) ? t.pa.v : 0;
    return false;
  }
  mmu_commit(b, &t);
  *pa = t.pa.v;
  return true;
}

bool bare_load(struct bare *b, uint32_t va, uint32_t size, struct mmu_who who, uint32_t *value)
{
  uint32_t pa;
  if (!locate(b, va, size, MACHINE_LOAD, who, &pa)) {
    return false;
  }
  *value = storage_load(&b->storage, pa, size);
  if (b->stops.watch_count > 0) {
    stops_access(&b->stops, MACHINE_EVENT_LOAD, pa, size, *value, *value);
  }
  return true;
}

bool bare_store(struct bare *b, uint32_t va, uint32_t size, struct mmu_who who, uint32_t value)
{
  uint32_t pa;
  if (!locate(b, va, size, MACHINE_STORE, who, &pa)) {
    return false;
  }
  if (b->stops.watch_count > 0) {
    uint32_t old = storage_load(&b->storage, pa, size), mask = UINT32_MAX >> (32 - 8 * size);
    stops_access(&b->stops, MACHINE_EVENT_STORE, pa, size, old, value & mask);
  }
  mmu_storing(b, pa, size);
  storage_store(&b->storage, pa, value, size);
  code_forget(b, pa, size);
  return true;
}

bool bare_fetch(struct bare *b, uint32_t pc, uint32_t *word)
{
  uint32_t pa;
  if (!locate(b, pc, 4, MACHINE_FETCH, bare_who(b), &pa)) {
    return false;
  }
  *word = storage_load(&b->storage, pa, 4);
  return true;
}

/* ------------------------------------------------------------- storage keys */

bool bare_key_get(const struct bare *b, uint32_t pa, uint32_t *key)
{
  if (!b->storage.key || pa >= b->storage.size) {
    return false;
  }
  *key = storage_key(&b->storage, pa);
  return true;
}

bool bare_key_set(struct bare *b, uint32_t pa, uint32_t key)
{
  uint32_t old;
  if (!bare_key_get(b, pa, &old)) {
    return false;
  }
  if (old != (key & KEY_MASK)) {
    storage_set_key(&b->storage, pa, key & KEY_MASK);
    mmu_forget_page(b, pa >> STORAGE_PAGE_SHIFT);
  }
  return true;
}

bool bare_insn_key_get(struct bare *b, uint32_t pa, uint32_t *key)
{
  if (!bare_key_get(b, pa, key)) {
    bare_set_trap(b, CAUSE_BUS, pa);
    return false;
  }
  return true;
}

bool bare_insn_key_set(struct bare *b, uint32_t pa, uint32_t key)
{
  if (!bare_key_set(b, pa, key)) {
    bare_set_trap(b, CAUSE_BUS, pa);
    return false;
  }
  return true;
}

/* ---------------------------------------------------------------------- TLB */

void bare_insn_invalidate(struct bare *b, uint32_t va, uint32_t space)
{
  if (b->mmu.kind == MMU_TLB) {
    mmu_tlb_invalidate(b, va, space);
  }
  if (b->lint) {
    lint_forget(b, va);
  }
}

/* ------------------------------------------------------------ previous mode */

struct mmu_who bare_prev(const struct bare *b)
{
  unsigned mode = psw_pmode(b->psw);
  struct mmu_who who = bare_who(b);
  return (struct mmu_who){.te = mode != 0 || who.te, .mode = (uint8_t)mode, .guest = who.guest};
}
