/* Records are in slots. A sector that is written again goes to a slot that nobody needs,
 * and only when it is there its older record is one of those: what is under way never
 * touches what completed. Each record seals the set of all that count once it is there,
 * so that a record that has gone is noticed, unless it is the last one: a torn write.
 */
#include "vmm/devices/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "machine/machine.h"

#define SECTOR      MACHINE_SECTOR_SIZE
#define HEADER_SIZE 512u
#define VERSION     1u

/* The header, little-endian as all else. */
#define AT_VERSION      8u
#define AT_DISK_SECTORS 12u
#define AT_FIRST        16u
#define AT_SECTORS      20u
#define AT_BASE_DIGEST  24u
#define AT_HEADER_SUM   32u  /* of the bytes before */
#define AT_COMMITTING   508u /* anything but 0: yes; not part of the sum, written alone */

/* A record. */
#define AT_RECORD_SUM 0u /* of the bytes behind, beginning with the header's sum */
#define AT_NUMBER     8u
#define AT_SEAL       16u
#define AT_SECTOR     24u
#define AT_CONTENTS   32u
#define RECORD_SIZE   (AT_CONTENTS + SECTOR)

static const uint8_t magic[8] = {'T', 'R', 'A', 'P', 'O', 'V', 'L', '\n'};

/* Where a sector is. */
struct place {
  uint64_t number; /* of its record; 0: it is not here */
  uint32_t slot;
};

struct overlay {
  struct overlay_store store;
  uint32_t sectors, written;
  uint64_t sum;    /* of the header */
  uint64_t number; /* of the last record */
  uint64_t seal;   /* sum of seal_of() of all that count */
  uint32_t slots;  /* that the store has */
  uint32_t free_count;
  uint32_t *free; /* slots that nobody needs; the last one is next */
  struct place *places;
};

uint64_t overlay_digest(uint64_t digest, const void *bytes, size_t len)
{
  const uint8_t *b = bytes;
  for (size_t i = 0; i < len; i++) {
    digest = (digest ^ b[i]) * 0x100000001b3u;
  }
  return digest;
}

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
  for (unsigned i = 0; i < bytes; i++) {
    at[i] = (uint8_t)(value >> 8 * i);
  }
}

static uint64_t get(const uint8_t *at, unsigned bytes)
{
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; i++) {
    value |= (uint64_t)at[i] << 8 * i;
  }
  return value;
}

/* ------------------------------------------------------------------- in memory */

struct memory {
  uint8_t *bytes;
  uint64_t size, room;
};

static uint64_t memory_size(void *ctx)
{
  return ((struct memory *)ctx)->size;
}

static bool memory_read(void *ctx, uint64_t at, void *buf, size_t len)
{
  const struct memory *m = ctx;
  if (at > m->size || len > m->size - at) {
    return false;
  }
  memcpy(buf, m->bytes + at, len);
  return true;
}

static bool memory_write(void *ctx, uint64_t at, const void *buf, size_t len)
{
  struct memory *m = ctx;
  uint64_t end = at + len;
  if (end > m->room) {
    uint64_t room = 2 * end;
    uint8_t *bytes = room > SIZE_MAX ? NULL : realloc(m->bytes, (size_t)room);
    if (!bytes) {
      return false;
    }
    memset(bytes + m->room, 0, (size_t)(room - m->room));
    m->bytes = bytes;
    m->room = room;
  }
  memcpy(m->bytes + at, buf, len);
  m->size = end > m->size ? end : m->size;
  return true;
}

static bool memory_clear(void *ctx)
{
  struct memory *m = ctx;
  m->size = 0;
  return true;
}

static void memory_close(void *ctx)
{
  struct memory *m = ctx;
  free(m->bytes);
  free(m);
}

bool overlay_memory(struct overlay_store *store)
{
  struct memory *m = calloc(1, sizeof *m);
  *store = (struct overlay_store){.ctx = m,
                                  .size = memory_size,
                                  .read = memory_read,
                                  .write = memory_write,
                                  .clear = memory_clear,
                                  .close = memory_close};
  return m != NULL;
}

/* ---------------------------------------------------------------------- header */

static void make_header(uint8_t *h, const struct overlay_base *base)
{
  memset(h, 0, HEADER_SIZE);
  memcpy(h, magic, sizeof magic);
  put(h + AT_VERSION, VERSION, 4);
  put(h + AT_DISK_SECTORS, base->disk_sectors, 4);
  put(h + AT_FIRST, base->first, 4);
  put(h + AT_SECTORS, base->sectors, 4);
  put(h + AT_BASE_DIGEST, base->digest, 8);
  put(h + AT_HEADER_SUM, overlay_digest(OVERLAY_DIGEST_START, h, AT_HEADER_SUM), 8);
}

/* NULL: it is a header. */
static const char *check_header(const uint8_t *h)
{
  if (memcmp(h, magic, sizeof magic) != 0) {
    return "this is no overlay of a mini-disk";
  }
  if (get(h + AT_VERSION, 4) != VERSION) {
    return "this overlay has a format of another version";
  }
  if (get(h + AT_HEADER_SUM, 8) != overlay_digest(OVERLAY_DIGEST_START, h, AT_HEADER_SUM)) {
    return "the overlay is damaged: its header has a wrong checksum";
  }
  for (unsigned i = AT_HEADER_SUM + 8; i < AT_COMMITTING; i++) {
    if (h[i] != 0) {
      return "the overlay is damaged: its header is not zero where it must be";
    }
  }
  return NULL;
}

bool overlay_claim(const struct overlay_store *store, struct overlay_claim *claim,
                   const char **reason)
{
  uint8_t h[HEADER_SIZE];
  if (store->size(store->ctx) < HEADER_SIZE) {
    *reason =
        store->size(store->ctx) == 0 ? "the overlay is empty" : "this is no overlay of a mini-disk";
    return false;
  }
  if (!store->read(store->ctx, 0, h, HEADER_SIZE)) {
    *reason = "the overlay cannot be read";
    return false;
  }
  const char *wrong = check_header(h);
  if (wrong) {
    *reason = wrong;
    return false;
  }
  *claim = (struct overlay_claim){.base = {.disk_sectors = (uint32_t)get(h + AT_DISK_SECTORS, 4),
                                           .first = (uint32_t)get(h + AT_FIRST, 4),
                                           .sectors = (uint32_t)get(h + AT_SECTORS, 4),
                                           .digest = get(h + AT_BASE_DIGEST, 8)},
                                  .committing = get(h + AT_COMMITTING, 4) != 0};
  return true;
}

/* NULL: the overlay belongs to this base. */
static const char *compare(const struct overlay_claim *claim, const struct overlay_base *base,
                           enum overlay_use use)
{
  const struct overlay_base *c = &claim->base;
  if (c->first != base->first || c->sectors != base->sectors ||
      c->disk_sectors != base->disk_sectors) {
    return "the overlay belongs to another mini-disk: of other sectors, or of an image of "
           "another size";
  }
  if (claim->committing) {
    return use == OVERLAY_COMMIT
               ? NULL
               : "a commit of the overlay was interrupted, and is to be completed "
                 "before it is used";
  }
  return c->digest == base->digest ? NULL
                                   : "the sectors under the overlay have changed since it "
                                     "was begun";
}

/* An empty store, or what is left of one that was being begun, becomes an overlay. */
static const char *begin(struct overlay *o, const struct overlay_base *base)
{
  uint8_t h[HEADER_SIZE], found[HEADER_SIZE];
  size_t size = (size_t)o->store.size(o->store.ctx);
  make_header(h, base);
  if (size > 0 && !o->store.read(o->store.ctx, 0, found, size)) {
    return "the overlay cannot be read";
  }
  if (memcmp(found, h, size) != 0) {
    return "this is no overlay of a mini-disk";
  }
  return o->store.write(o->store.ctx, 0, h, HEADER_SIZE) ? NULL : "the overlay cannot be written";
}

/* --------------------------------------------------------------------- records */

static uint64_t slot_at(uint32_t slot)
{
  return HEADER_SIZE + (uint64_t)slot * RECORD_SIZE;
}

static uint64_t seal_of(uint32_t sector, uint64_t number)
{
  uint8_t bytes[12];
  put(bytes, number, 8);
  put(bytes + 8, sector, 4);
  return overlay_digest(OVERLAY_DIGEST_START, bytes, sizeof bytes);
}

static uint64_t record_sum(const struct overlay *o, const uint8_t *r)
{
  uint8_t sum[8];
  put(sum, o->sum, 8);
  return overlay_digest(overlay_digest(OVERLAY_DIGEST_START, sum, sizeof sum), r + AT_NUMBER,
                        RECORD_SIZE - AT_NUMBER);
}

static bool is_record(const struct overlay *o, const uint8_t *r)
{
  return get(r + AT_RECORD_SUM, 8) == record_sum(o, r) && get(r + AT_NUMBER, 8) != 0 &&
         get(r + AT_SECTOR, 4) < o->sectors;
}

/* The record of `sector` is this one from now on. */
static void settle(struct overlay *o, uint32_t sector, struct place place)
{
  struct place *p = &o->places[sector];
  if (p->number != 0) {
    o->seal -= seal_of(sector, p->number);
    o->free[o->free_count++] = p->slot;
  } else {
    o->written++;
  }
  o->seal += seal_of(sector, place.number);
  *p = place;
}

static const char *load(struct overlay *o)
{
  uint8_t r[RECORD_SIZE];
  uint64_t size = o->store.size(o->store.ctx), count = (size - HEADER_SIZE) / RECORD_SIZE;
  uint64_t seal = 0;
  if (count >= UINT32_MAX) {
    return "the overlay is damaged: it is too large";
  }
  o->slots = (uint32_t)count;
  /* Only where none is free the store gets longer, so there is never room for more. */
  o->free = malloc((count + 1) * sizeof *o->free);
  if (!o->free) {
    return "no memory for an overlay";
  }
  for (uint32_t slot = 0; slot < o->slots; slot++) {
    if (!o->store.read(o->store.ctx, slot_at(slot), r, sizeof r)) {
      return "the overlay cannot be read";
    }
    uint64_t number = get(r + AT_NUMBER, 8);
    uint32_t sector = (uint32_t)get(r + AT_SECTOR, 4);
    if (!is_record(o, r) || number <= o->places[sector].number) {
      o->free[o->free_count++] = slot;
      continue;
    }
    settle(o, sector, (struct place){.number = number, .slot = slot});
    if (number > o->number) {
      o->number = number;
      seal = get(r + AT_SEAL, 8);
    }
  }
  return o->seal == seal && (o->number != 0 || o->slots <= 1)
             ? NULL
             : "the overlay is damaged: sectors that were written are not in it";
}

/* ------------------------------------------------------------------------ life */

static const char *open_parts(struct overlay *o, const struct overlay_base *base,
                              enum overlay_use use)
{
  struct overlay_claim claim;
  const char *reason = NULL;
  if (o->store.size(o->store.ctx) < HEADER_SIZE) {
    reason = begin(o, base);
  }
  if (reason || !overlay_claim(&o->store, &claim, &reason)) {
    return reason;
  }
  reason = compare(&claim, base, use);
  if (reason) {
    return reason;
  }
  uint8_t h[HEADER_SIZE];
  make_header(h, &claim.base);
  o->sum = get(h + AT_HEADER_SUM, 8);
  o->sectors = base->sectors;
  o->places = calloc((size_t)o->sectors + 1, sizeof *o->places);
  return o->places ? load(o) : "no memory for an overlay";
}

struct overlay *overlay_open(const struct overlay_store *store, const struct overlay_base *base,
                             enum overlay_use use, const char **reason)
{
  struct overlay *o = calloc(1, sizeof *o);
  const char *refusal = "no memory for an overlay";
  if (o) {
    o->store = *store;
    refusal = open_parts(o, base, use);
  } else if (store->close) {
    store->close(store->ctx);
  }
  if (refusal) {
    *reason = refusal;
    overlay_close(o);
    return NULL;
  }
  return o;
}

void overlay_close(struct overlay *o)
{
  if (o) {
    if (o->store.close) {
      o->store.close(o->store.ctx);
    }
    free(o->free);
    free(o->places);
    free(o);
  }
}

uint32_t overlay_sectors(const struct overlay *o)
{
  return o->sectors;
}

uint32_t overlay_written(const struct overlay *o)
{
  return o->written;
}

/* --------------------------------------------------------------------- sectors */

bool overlay_has(const struct overlay *o, uint32_t sector)
{
  return sector < o->sectors && o->places[sector].number != 0;
}

bool overlay_read(struct overlay *o, uint32_t sector, void *buf)
{
  uint8_t r[RECORD_SIZE];
  if (!overlay_has(o, sector) ||
      !o->store.read(o->store.ctx, slot_at(o->places[sector].slot), r, sizeof r) ||
      !is_record(o, r) || get(r + AT_SECTOR, 4) != sector ||
      get(r + AT_NUMBER, 8) != o->places[sector].number) {
    return false;
  }
  memcpy(buf, r + AT_CONTENTS, SECTOR);
  return true;
}

/* A write that fails may have left a part of its record, or all of it: the next one has
 * the same number and goes to the same slot. */
bool overlay_write(struct overlay *o, uint32_t sector, const void *buf)
{
  uint8_t r[RECORD_SIZE] = {0};
  bool longer = o->free_count == 0;
  struct place place = {.number = o->number + 1,
                        .slot = longer ? o->slots : o->free[o->free_count - 1]};
  if (sector >= o->sectors || place.slot == UINT32_MAX) {
    return false;
  }
  uint64_t seal = o->seal + seal_of(sector, place.number);
  if (overlay_has(o, sector)) {
    seal -= seal_of(sector, o->places[sector].number);
  }
  put(r + AT_NUMBER, place.number, 8);
  put(r + AT_SEAL, seal, 8);
  put(r + AT_SECTOR, sector, 4);
  memcpy(r + AT_CONTENTS, buf, SECTOR);
  put(r + AT_RECORD_SUM, record_sum(o, r), 8);
  if (!o->store.write(o->store.ctx, slot_at(place.slot), r, sizeof r)) {
    return false;
  }
  o->number = place.number;
  if (longer) {
    o->slots++;
  } else {
    o->free_count--;
  }
  settle(o, sector, place);
  return true;
}

bool overlay_commit(struct overlay *o, const struct overlay_sink *to)
{
  static const uint8_t yes[4] = {'y', 'e', 's', '\n'};
  uint8_t buf[SECTOR];
  if (!o->store.write(o->store.ctx, AT_COMMITTING, yes, sizeof yes)) {
    return false;
  }
  for (uint32_t i = 0; i < o->sectors; i++) {
    if (overlay_has(o, i) && !(overlay_read(o, i, buf) && to->write(to->ctx, i, buf))) {
      return false;
    }
  }
  return to->sync(to->ctx) && o->store.clear(o->store.ctx);
}
