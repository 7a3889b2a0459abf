#include "machine/bare.h"

void bare_phys_store(struct bare *b, uint32_t pa, const void *buf, uint32_t len)
{
  if (len > 0) {
    storage_write(&b->storage, pa, buf, len);
    code_forget(b, pa, len);
  }
}

/* Alignment, translation, protection, bus, in this order. */
static bool locate(struct bare *b, uint32_t va, uint32_t size, enum machine_access access, bool te,
                   uint32_t *pa)
{
  if (va % size != 0) {
    bare_set_trap(b, CAUSE_ALIGNMENT, va);
    return false;
  }
  struct translation t = mmu_translate(b, va, size, access, te);
  if (!t.ok) {
    bare_set_trap(b, t.cause, va);
    return false;
  }
  *pa = t.pa.v;
  return true;
}

bool bare_load(struct bare *b, uint32_t va, uint32_t size, bool te, uint32_t *value)
{
  uint32_t pa;
  if (!locate(b, va, size, MACHINE_LOAD, te, &pa)) {
    return false;
  }
  *value = storage_load(&b->storage, pa, size);
  if (b->stops.watch_count > 0) {
    stops_access(&b->stops, MACHINE_EVENT_LOAD, pa, size, *value, *value);
  }
  return true;
}

bool bare_store(struct bare *b, uint32_t va, uint32_t size, bool te, uint32_t value)
{
  uint32_t pa;
  if (!locate(b, va, size, MACHINE_STORE, te, &pa)) {
    return false;
  }
  if (b->stops.watch_count > 0) {
    uint32_t old = storage_load(&b->storage, pa, size), mask = UINT32_MAX >> (32 - 8 * size);
    stops_access(&b->stops, MACHINE_EVENT_STORE, pa, size, old, value & mask);
  }
  storage_store(&b->storage, pa, value, size);
  code_forget(b, pa, size);
  return true;
}

bool bare_fetch(struct bare *b, uint32_t pc, uint32_t *word)
{
  uint32_t pa;
  if (!locate(b, pc, 4, MACHINE_FETCH, psw_te(b->psw), &pa)) {
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

/* ------------------------------------------------------------ previous mode */

bool bare_prev_te(const struct bare *b)
{
  return psw_pmode(b->psw) != 0 || psw_te(b->psw);
}
