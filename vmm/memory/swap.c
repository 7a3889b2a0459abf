#include "vmm/memory/swap.h"

#include <stdlib.h>
#include <string.h>

struct swap_saved {
  uint32_t unused;
  uint32_t *refs, *free;
  uint8_t *pages; /* of the slots in use, in their order */
  size_t bytes;
};

/* Slot 0 is on top of the stack. */
bool swap_open(struct swap *s, const struct overlay_store *store, uint32_t slots)
{
  *s = (struct swap){.store = *store, .slots = slots, .unused = slots};
  s->refs = calloc(slots, sizeof *s->refs);
  s->free = malloc(slots * sizeof *s->free);
  if (!s->refs || !s->free) {
    swap_close(s);
    return false;
  }
  for (uint32_t i = 0; i < slots; i++) {
    s->free[i] = slots - 1 - i;
  }
  return true;
}

void swap_close(struct swap *s)
{
  if (s->slots > 0 && s->store.close) {
    s->store.close(s->store.ctx);
  }
  free(s->refs);
  free(s->free);
  *s = (struct swap){0};
}

bool swap_write(struct swap *s, const void *page, uint32_t refs, uint32_t *slot)
{
  if (s->unused == 0) {
    return false;
  }
  *slot = s->free[s->unused - 1];
  if (!s->store.write(s->store.ctx, (uint64_t)*slot * ISA_PAGE_SIZE, page, ISA_PAGE_SIZE)) {
    return false;
  }
  s->unused--;
  s->refs[*slot] = refs;
  return true;
}

bool swap_read(const struct swap *s, uint32_t slot, void *page)
{
  return s->store.read(s->store.ctx, (uint64_t)slot * ISA_PAGE_SIZE, page, ISA_PAGE_SIZE);
}

void swap_release(struct swap *s, uint32_t slot)
{
  if (--s->refs[slot] == 0) {
    s->free[s->unused++] = slot;
  }
}

/* ----------------------------------------------------------- kept and put back */

static bool copy_pages(const struct swap *s, struct swap_saved *saved)
{
  uint8_t *to = saved->pages;
  for (uint32_t slot = 0; slot < s->slots; slot++) {
    if (s->refs[slot] > 0) {
      if (!swap_read(s, slot, to)) {
        return false;
      }
      to += ISA_PAGE_SIZE;
    }
  }
  return true;
}

struct swap_saved *swap_save(const struct swap *s)
{
  struct swap_saved *saved = calloc(1, sizeof *saved);
  if (!saved) {
    return NULL;
  }
  size_t list = s->slots * sizeof(uint32_t) + 1;
  size_t pages = (size_t)(s->slots - s->unused) * ISA_PAGE_SIZE;
  saved->unused = s->unused;
  saved->bytes = sizeof *saved + 2 * list + pages;
  saved->refs = malloc(list);
  saved->free = malloc(list);
  saved->pages = malloc(pages + 1);
  if (!saved->refs || !saved->free || !saved->pages || !copy_pages(s, saved)) {
    swap_saved_destroy(saved);
    return NULL;
  }
  if (s->slots > 0) {
    memcpy(saved->refs, s->refs, list - 1);
    memcpy(saved->free, s->free, list - 1);
  }
  return saved;
}

bool swap_restore(struct swap *s, const struct swap_saved *saved)
{
  const uint8_t *from = saved->pages;
  bool ok = true;
  s->unused = saved->unused;
  for (uint32_t slot = 0; slot < s->slots; slot++) {
    s->refs[slot] = saved->refs[slot];
    s->free[slot] = saved->free[slot];
    if (s->refs[slot] > 0) {
      uint64_t at = (uint64_t)slot * ISA_PAGE_SIZE;
      ok = s->store.write(s->store.ctx, at, from, ISA_PAGE_SIZE) && ok;
      from += ISA_PAGE_SIZE;
    }
  }
  return ok;
}

void swap_saved_destroy(struct swap_saved *saved)
{
  if (saved) {
    free(saved->refs);
    free(saved->free);
    free(saved->pages);
  }
  free(saved);
}

size_t swap_saved_bytes(const struct swap_saved *saved)
{
  return saved->bytes;
}
