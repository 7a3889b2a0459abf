#include "machine/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "machine/bare.h"
#include "machine/disk_store.h"
#include "machine/kept_pages.h"

/* The processor and its clocks: fields of struct bare. */
struct processor {
  uint32_t reg[ISA_REG_COUNT + 1];
  uint32_t pc, psw, resync_pc;
  uint32_t cr[ISA_CR_COUNT];
  uint64_t tick, timer_at;
  struct trap trap;
  enum machine_run_state run_state;
  bool double_fault;
  const char *host_error;
};

struct checkpoint {
  struct processor processor;
  struct machine_stats stats;
  struct devices_mark devices;
  struct disk_store_saved *sectors; /* NULL: no disk */
  uint8_t *keys;                    /* NULL: none */
  struct tlb_entry *tlb;            /* NULL: none */
  size_t own;                       /* bytes that are never shared */
  size_t shared;                    /* bytes that may be, and that it was the first to need */
  uint32_t page_count;
  struct kept_page *page[]; /* NULL: all zero */
};

/* ------------------------------------------------------------------- taking */

static void forget_write(void *ctx, uint32_t page)
{
  mmu_forget_write(ctx, page);
}

static void settle(struct bare *b)
{
  storage_settle(&b->storage, forget_write, b);
}

static struct kept_page *new_page(const struct bare *b, uint32_t number, struct kept_source *from)
{
  struct kept_page *p = kept_page_new(from);
  if (p) {
    p->digest = b->storage.page[number].digest;
    memcpy(p->bytes, b->storage.bytes + ((size_t)number << STORAGE_PAGE_SHIFT), ISA_PAGE_SIZE);
  }
  return p;
}

/* Digests tell whether pages are equal, as everywhere. Keys count in them, and are
 * saved apart: a page that differs in its keys alone is saved once more. */
static bool take_pages(struct checkpoint *c, struct bare *b, const struct checkpoint *like)
{
  struct kept_source from = {0};
  bool ok = true;
  settle(b);
  for (uint32_t i = 0; ok && i < c->page_count; i++) {
    uint64_t digest = b->storage.page[i].digest;
    struct kept_page *known = like ? like->page[i] : NULL;
    if (digest == 0) {
      continue;
    }
    if (known && known->digest == digest) {
      known->users++;
      c->page[i] = known;
      continue;
    }
    c->page[i] = new_page(b, i, &from);
    ok = c->page[i] != NULL;
    c->shared += ok ? sizeof *c->page[i] : 0;
  }
  kept_source_close(&from);
  return ok;
}

static struct processor take_processor(const struct bare *b)
{
  struct processor p = {.pc = b->pc,
                        .psw = b->psw,
                        .resync_pc = b->resync_pc,
                        .tick = b->tick,
                        .timer_at = b->timer_at,
                        .trap = b->trap,
                        .run_state = b->run_state,
                        .double_fault = b->double_fault,
                        .host_error = b->host_error};
  memcpy(p.reg, b->reg, sizeof p.reg);
  memcpy(p.cr, b->cr, sizeof p.cr);
  return p;
}

static bool take_keys(struct checkpoint *c, const struct bare *b)
{
  if (!b->storage.key) {
    return true;
  }
  size_t count = b->storage.size >> KEY_BLOCK_SHIFT;
  c->keys = malloc(count);
  if (c->keys) {
    memcpy(c->keys, b->storage.key, count);
    c->own += count;
  }
  return c->keys != NULL;
}

static bool take_tlb(struct checkpoint *c, const struct bare *b)
{
  size_t size = TLB_ENTRIES * sizeof *c->tlb;
  if (!b->mmu.tlb) {
    return true;
  }
  c->tlb = malloc(size);
  if (c->tlb) {
    memcpy(c->tlb, b->mmu.tlb, size);
    c->own += size;
  }
  return c->tlb != NULL;
}

static bool take_devices(struct checkpoint *c, const struct bare *b)
{
  c->sectors = b->store ? disk_store_save(b->store) : NULL;
  if (!devices_mark(&b->devices, &c->devices) || (b->store && !c->sectors)) {
    return false;
  }
  c->shared += c->sectors ? disk_store_saved_bytes(c->sectors) : 0;
  return true;
}

struct checkpoint *checkpoint_take(struct machine *m, const struct checkpoint *like)
{
  if (machine_parent(m)) {
    return NULL;
  }
  struct bare *b = bare_of(m);
  uint32_t pages = b->storage.size >> STORAGE_PAGE_SHIFT;
  size_t size = sizeof(struct checkpoint) + pages * sizeof(struct kept_page *);
  struct checkpoint *c = calloc(1, size);
  if (!c) {
    return NULL;
  }
  c->own = size;
  c->page_count = pages;
  c->processor = take_processor(b);
  c->stats = b->stats;
  if (!take_keys(c, b) || !take_tlb(c, b) || !take_devices(c, b) || !take_pages(c, b, like)) {
    checkpoint_destroy(c);
    return NULL;
  }
  return c;
}

size_t checkpoint_destroy(struct checkpoint *c)
{
  if (!c) {
    return 0;
  }
  size_t freed = c->own + disk_store_saved_destroy(c->sectors);
  for (uint32_t i = 0; i < c->page_count; i++) {
    freed += kept_page_release(c->page[i]);
  }
  devices_mark_release(&c->devices);
  free(c->keys);
  free(c->tlb);
  free(c);
  return freed;
}

uint64_t checkpoint_tick(const struct checkpoint *c)
{
  return c->processor.tick;
}

size_t checkpoint_bytes(const struct checkpoint *c)
{
  return c->own + c->shared;
}

/* ---------------------------------------------------------------- restoring */

static void restore_keys(struct bare *b, const struct checkpoint *c)
{
  for (uint32_t i = 0; c->keys && i < b->storage.size >> KEY_BLOCK_SHIFT; i++) {
    bare_key_set(b, i << KEY_BLOCK_SHIFT, c->keys[i]);
  }
}

static void restore_tlb(struct bare *b, const struct checkpoint *c)
{
  for (unsigned i = 0; c->tlb && i < TLB_ENTRIES; i++) {
    mmu_tlb_set(b, i, c->tlb[i]);
  }
}

/* After the keys, which count in the digests. */
static void restore_pages(struct bare *b, const struct checkpoint *c)
{
  static const uint8_t zeros[ISA_PAGE_SIZE];
  settle(b);
  for (uint32_t i = 0; i < c->page_count; i++) {
    uint64_t wanted = c->page[i] ? c->page[i]->digest : 0;
    if (b->storage.page[i].digest != wanted) {
      bare_phys_store(b, i << STORAGE_PAGE_SHIFT, c->page[i] ? c->page[i]->bytes : zeros,
                      ISA_PAGE_SIZE);
    }
  }
}

static void restore_processor(struct bare *b, const struct processor *p)
{
  memcpy(b->reg, p->reg, sizeof p->reg);
  memcpy(b->cr, p->cr, sizeof p->cr);
  b->cr_writes++;
  mmu_forget_recalled(&b->mmu);
  b->pc = p->pc;
  b->psw = p->psw;
  b->resync_pc = p->resync_pc;
  b->tick = p->tick;
  b->timer_at = p->timer_at;
  b->trap = p->trap;
  b->run_state = p->run_state;
  b->double_fault = p->double_fault;
  b->host_error = p->host_error;
}

void checkpoint_restore(struct machine *m, const struct checkpoint *c)
{
  struct bare *b = bare_of(m);
  restore_processor(b, &c->processor);
  b->stats = c->stats;
  if (c->sectors) {
    disk_store_restore(b->store, c->sectors);
  }
  devices_return(&b->devices, &c->devices);
  restore_keys(b, c);
  restore_tlb(b, c);
  restore_pages(b, c);
  b->stops.queued = 0;
  bare_schedule(b);
}
