#include "machine/bare.h"

void bare_phys_store(struct bare *b, uint32_t pa, const void *buf, uint32_t len)
{
  if (len > 0) {
    storage_write(&b->storage, pa, buf, len);
    code_forget(b, pa, len);
  }
}

/* Alignment, translation, bus, in this order. */
static bool locate(struct bare *b, uint32_t va, uint32_t size, bool te, uint32_t *pa)
{
  if (va % size != 0) {
    bare_set_trap(b, CAUSE_ALIGNMENT, va);
    return false;
  }
  struct translation t = mmu_translate(b, va, size, te);
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
  if (!locate(b, va, size, te, &pa)) {
    return false;
  }
  *value = storage_load(&b->storage, pa, size);
  return true;
}

bool bare_store(struct bare *b, uint32_t va, uint32_t size, bool te, uint32_t value)
{
  uint32_t pa;
  if (!locate(b, va, size, te, &pa)) {
    return false;
  }
  storage_store(&b->storage, pa, value, size);
  code_forget(b, pa, size);
  return true;
}

bool bare_fetch(struct bare *b, uint32_t pc, uint32_t *word)
{
  return bare_load(b, pc, 4, psw_te(b->psw), word);
}

bool bare_prev_te(const struct bare *b)
{
  return psw_pmode(b->psw) != 0 || psw_te(b->psw);
}
