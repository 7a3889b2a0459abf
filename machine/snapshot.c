#include "machine/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "isa/pages.h"
#include "machine/kept_pages.h"
#include "machine/ops.h"

#define LEAF_PAGES 64u
#define LEAF_SIZE  (LEAF_PAGES * ISA_PAGE_SIZE)
#define PAGE_KEYS  (ISA_PAGE_SIZE / KEY_BLOCK_SIZE)

/* So many pages, with their keys: equal digests, equal leaf. Shared as a whole where all are
 * the same, so that a snapshot of an unchanged machine costs a look at the digests. */
struct leaf {
  unsigned users;
  uint64_t digest[LEAF_PAGES];         /* machine_page_digests() */
  struct kept_page *page[LEAF_PAGES];  /* NULL: all zero */
  uint8_t key[LEAF_PAGES * PAGE_KEYS]; /* of zeros where there are none */
};

struct snapshot {
  unsigned modes;
  uint32_t features, storage, disk_sectors;
  uint64_t tick;
  enum machine_run_state run_state;
  uint32_t pc;
  uint32_t regs[ISA_REG_COUNT];
  uint32_t crs[ISA_CR_COUNT]; /* TIMER: ticks left */
  struct leaf **leaf;         /* NULL: all zero, keys too */
  struct {
    uint32_t hi, lo;
  } tlb[TLB_ENTRIES]; /* of zeros where there is none */
  struct machine_blob devices;
};

/* ------------------------------------------------------------------- taking */

static uint32_t leaves(const struct snapshot *s)
{
  return (s->storage + LEAF_SIZE - 1) / LEAF_SIZE;
}

/* Pages of a leaf: the last one may be shorter. */
static uint32_t pages_of(const struct snapshot *s, uint32_t leaf)
{
  uint32_t rest = s->storage / ISA_PAGE_SIZE - leaf * LEAF_PAGES;
  return rest < LEAF_PAGES ? rest : LEAF_PAGES;
}

static gpa_t page_at(uint32_t leaf, uint32_t i)
{
  return gpa((leaf * LEAF_PAGES + i) * ISA_PAGE_SIZE);
}

/* A page whose digest is not 0; with keys its bytes may be all zero even so. */
static bool take_page(struct machine *m, gpa_t at, struct kept_source *from,
                      struct kept_page **page)
{
  struct kept_page *p = kept_page_new(from);
  if (!p || !machine_phys_read(m, at, p->bytes, sizeof p->bytes)) {
    kept_page_release(p);
    return false;
  }
  *page = p;
  return true;
}

static void take_page_keys(struct machine *m, gpa_t at, uint8_t *key)
{
  for (uint32_t i = 0; i < PAGE_KEYS; i++) {
    machine_key_get(m, gpa(at.v + i * KEY_BLOCK_SIZE), &key[i]);
  }
}

/* A leaf that is not the same as `known` (NULL: there is none) in all its pages. */
static bool fill_leaf(const struct snapshot *s, struct machine *m, uint32_t number,
                      const struct leaf *known, struct kept_source *from)
{
  struct leaf *leaf = s->leaf[number];
  for (uint32_t i = 0; i < pages_of(s, number); i++) {
    if (leaf->digest[i] == 0) {
      continue;
    }
    if (known && known->digest[i] == leaf->digest[i]) {
      leaf->page[i] = known->page[i];
      if (leaf->page[i]) {
        leaf->page[i]->users++;
      }
      memcpy(&leaf->key[i * PAGE_KEYS], &known->key[i * PAGE_KEYS], PAGE_KEYS);
      continue;
    }
    if (!take_page(m, page_at(number, i), from, &leaf->page[i])) {
      return false;
    }
    if (s->features & ISA_FEATURE_KEYS) {
      take_page_keys(m, page_at(number, i), &leaf->key[i * PAGE_KEYS]);
    }
  }
  return true;
}

/* Digests tell whether pages are equal, as everywhere. */
static bool take_leaf(const struct snapshot *s, struct machine *m, uint32_t number,
                      const struct snapshot *like, struct kept_source *from)
{
  static const uint64_t zeros[LEAF_PAGES];
  struct leaf *known = like && like->storage == s->storage ? like->leaf[number] : NULL;
  uint64_t digest[LEAF_PAGES] = {0};
  uint32_t page[LEAF_PAGES];
  for (uint32_t i = 0; i < pages_of(s, number); i++) {
    page[i] = number * LEAF_PAGES + i;
  }
  machine_page_digests(m, page, pages_of(s, number), digest);
  if (memcmp(zeros, digest, sizeof digest) == 0) {
    return true;
  }
  if (known && memcmp(known->digest, digest, sizeof digest) == 0) {
    known->users++;
    s->leaf[number] = known;
    return true;
  }
  struct leaf *leaf = s->leaf[number] = calloc(1, sizeof *leaf);
  if (!leaf) {
    return false;
  }
  leaf->users = 1;
  memcpy(leaf->digest, digest, sizeof digest);
  return fill_leaf(s, m, number, known, from);
}

static bool take_storage(struct snapshot *s, struct machine *m, const struct snapshot *like)
{
  bool ok = true;
  struct kept_source from = {0};
  s->leaf = calloc(leaves(s), sizeof(struct leaf *));
  for (uint32_t n = 0; ok && s->leaf && n < leaves(s); n++) {
    ok = take_leaf(s, m, n, like, &from);
  }
  kept_source_close(&from);
  return ok && s->leaf;
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

struct snapshot *snapshot_take_like(struct machine *m, const struct snapshot *like)
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
  if (!take_storage(s, m, like) || !m->ops->save_devices(m, &s->devices)) {
    snapshot_destroy(s);
    return NULL;
  }
  return s;
}

struct snapshot *snapshot_take(struct machine *m)
{
  return snapshot_take_like(m, NULL);
}

static void release(struct leaf *leaf)
{
  if (!leaf || --leaf->users > 0) {
    return;
  }
  for (uint32_t i = 0; i < LEAF_PAGES; i++) {
    kept_page_release(leaf->page[i]);
  }
  free(leaf);
}

void snapshot_destroy(struct snapshot *s)
{
  if (s) {
    for (uint32_t n = 0; s->leaf && n < leaves(s); n++) {
      release(s->leaf[n]);
    }
    free(s->leaf);
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
  for (uint32_t i = 0; i < s->storage / ISA_PAGE_SIZE; i++) {
    const struct leaf *leaf = s->leaf[i / LEAF_PAGES];
    const struct kept_page *page = leaf ? leaf->page[i % LEAF_PAGES] : NULL;
    const uint8_t *wanted = page ? page->bytes : zeros;
    gpa_t at = gpa(i * ISA_PAGE_SIZE);
    if (!machine_phys_read(m, at, now, sizeof now) || memcmp(now, wanted, sizeof now) != 0) {
      machine_phys_write(m, at, wanted, ISA_PAGE_SIZE);
    }
  }
}

static void restore_keys(const struct snapshot *s, struct machine *m)
{
  uint32_t blocks = s->features & ISA_FEATURE_KEYS ? s->storage / KEY_BLOCK_SIZE : 0;
  for (uint32_t i = 0; i < blocks; i++) {
    const struct leaf *leaf = s->leaf[i / (LEAF_PAGES * PAGE_KEYS)];
    machine_key_set(m, gpa(i * KEY_BLOCK_SIZE), leaf ? leaf->key[i % (LEAF_PAGES * PAGE_KEYS)] : 0);
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
