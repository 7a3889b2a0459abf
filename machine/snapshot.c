#include "machine/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "isa/pages.h"
#include "machine/ops.h"

struct page {
  uint32_t number;
  uint8_t bytes[ISA_PAGE_SIZE];
};

struct snapshot {
  unsigned modes;
  uint32_t features, storage, disk_sectors;
  uint64_t tick;
  enum machine_run_state run_state;
  uint32_t pc;
  uint32_t regs[ISA_REG_COUNT];
  uint32_t crs[ISA_CR_COUNT]; /* TIMER: ticks left */
  struct page *pages;         /* those that are not all zero, ascending */
  size_t page_count, page_capacity;
  struct {
    uint32_t hi, lo;
  } tlb[TLB_ENTRIES]; /* of zeros where there is none */
  uint8_t *keys;      /* one for each block; NULL: the machine has none */
  struct machine_blob devices;
};

static bool is_zero(const uint8_t *bytes, size_t len)
{
  return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* ------------------------------------------------------------------- taking */

static bool add_page(struct snapshot *s, uint32_t number, const uint8_t *bytes)
{
  if (s->page_count == s->page_capacity) {
    size_t capacity = s->page_capacity ? 2 * s->page_capacity : 16;
    struct page *pages = reallocarray(s->pages, capacity, sizeof *pages);
    if (!pages) {
      return false;
    }
    s->pages = pages;
    s->page_capacity = capacity;
  }
  struct page *page = &s->pages[s->page_count++];
  page->number = number;
  memcpy(page->bytes, bytes, ISA_PAGE_SIZE);
  return true;
}

static bool take_storage(struct snapshot *s, struct machine *m)
{
  uint8_t bytes[ISA_PAGE_SIZE];
  for (uint32_t i = 0; i < s->storage / ISA_PAGE_SIZE; i++) {
    if (!machine_phys_read(m, gpa(i * ISA_PAGE_SIZE), bytes, sizeof bytes) ||
        (!is_zero(bytes, sizeof bytes) && !add_page(s, i, bytes))) {
      return false;
    }
  }
  return true;
}

static uint32_t blocks(const struct snapshot *s)
{
  return s->features & ISA_FEATURE_KEYS ? s->storage / KEY_BLOCK_SIZE : 0;
}

static bool take_keys(struct snapshot *s, struct machine *m)
{
  if (blocks(s) == 0) {
    return true;
  }
  s->keys = malloc(blocks(s));
  for (uint32_t i = 0; s->keys && i < blocks(s); i++) {
    machine_key_get(m, gpa(i * KEY_BLOCK_SIZE), &s->keys[i]);
  }
  return s->keys != NULL;
}

static void take_processor(struct snapshot *s, struct machine *m)
{
  s->tick = machine_tick(m);
  s->run_state = machine_run_state(m);
  s->pc = machine_get_pc(m);
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    s->regs[i] = machine_get_reg(m, i);
  }
  for (enum isa_cr cr = 0; cr < ISA_CR_COUNT; cr++) {
    s->crs[cr] = profile_has_cr(machine_profile(m), cr) ? machine_get_cr(m, cr) : 0;
  }
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    machine_tlb_get(m, i, &s->tlb[i].hi, &s->tlb[i].lo);
  }
}

struct snapshot *snapshot_take(struct machine *m)
{
  struct snapshot *s = calloc(1, sizeof *s);
  if (!s) {
    return NULL;
  }
  s->modes = profile_modes(machine_profile(m));
  s->features = profile_features(machine_profile(m));
  s->storage = machine_storage_size(m);
  s->disk_sectors = machine_disk_sectors(m);
  take_processor(s, m);
  if (!take_storage(s, m) || !take_keys(s, m) || !m->ops->save_devices(m, &s->devices)) {
    snapshot_destroy(s);
    return NULL;
  }
  return s;
}

void snapshot_destroy(struct snapshot *s)
{
  if (s) {
    free(s->keys);
    free(s->pages);
    free(s->devices.bytes);
    free(s);
  }
}

uint64_t snapshot_tick(const struct snapshot *s)
{
  return s->tick;
}

/* ---------------------------------------------------------------- restoring */

static bool fits(const struct snapshot *s, struct machine *m)
{
  return s->modes == profile_modes(machine_profile(m)) &&
         s->features == profile_features(machine_profile(m)) &&
         s->storage == machine_storage_size(m) && s->disk_sectors == machine_disk_sectors(m);
}

/* Pages that are right already are not written: whatever the machine derives
 * from them (decoded code, digests) stays. */
static void restore_storage(const struct snapshot *s, struct machine *m)
{
  static const uint8_t zeros[ISA_PAGE_SIZE];
  uint8_t now[ISA_PAGE_SIZE];
  size_t next = 0;
  for (uint32_t i = 0; i < s->storage / ISA_PAGE_SIZE; i++) {
    const uint8_t *wanted = zeros;
    if (next < s->page_count && s->pages[next].number == i) {
      wanted = s->pages[next++].bytes;
    }
    gpa_t at = gpa(i * ISA_PAGE_SIZE);
    if (!machine_phys_read(m, at, now, sizeof now) || memcmp(now, wanted, sizeof now) != 0) {
      machine_phys_write(m, at, wanted, ISA_PAGE_SIZE);
    }
  }
}

static void restore_keys(const struct snapshot *s, struct machine *m)
{
  for (uint32_t i = 0; i < blocks(s); i++) {
    machine_key_set(m, gpa(i * KEY_BLOCK_SIZE), s->keys[i]);
  }
}

/* After the tick, from which TIMER counts. IPEND comes last: no other register
 * raises a line when set, and should one ever do so it must not outlive this. */
static void restore_processor(const struct snapshot *s, struct machine *m)
{
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    machine_set_reg(m, i, s->regs[i]);
  }
  machine_set_pc(m, s->pc);
  for (enum isa_cr cr = 0; cr < ISA_CR_COUNT; cr++) {
    if (profile_has_cr(machine_profile(m), cr) && cr != CR_IPEND) {
      machine_set_cr(m, cr, s->crs[cr]);
    }
  }
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    machine_tlb_set(m, i, s->tlb[i].hi, s->tlb[i].lo);
  }
  machine_set_cr(m, CR_IPEND, s->crs[CR_IPEND]);
  machine_set_run_state(m, s->run_state);
}

bool snapshot_restore(struct machine *m, const struct snapshot *s)
{
  if (!fits(s, m)) {
    return false;
  }
  uint64_t tick = machine_tick(m);
  m->ops->set_tick(m, s->tick);
  if (!m->ops->load_devices(m, &s->devices)) {
    m->ops->set_tick(m, tick);
    return false;
  }
  restore_storage(s, m);
  restore_keys(s, m);
  restore_processor(s, m);
  return true;
}
