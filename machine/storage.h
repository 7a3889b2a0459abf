/* Physical storage of a bare machine, and its digest kept up to date.
 *
 * Pages that were never written cost nothing: the host maps them on demand and
 * their digest is known to be 0. A page is *clean* while its digest is right and
 * *dirty* while it is not; only stores into clean pages need to be noticed. The
 * first stores into a clean page update its digest word by word, so that a
 * machine that is stepped and hashed pays for the words written, not for pages.
 */
#ifndef TRAPEZE_MACHINE_STORAGE_H
#define TRAPEZE_MACHINE_STORAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "machine/address.h"
#include "machine/keys.h"

#define STORAGE_PAGE_SHIFT 12u
#define STORAGE_PAGE_SIZE  (1u << STORAGE_PAGE_SHIFT)

struct code_page;

struct page {
  uint64_t digest;        /* of the contents; right unless dirty */
  uint64_t counted;       /* the digest that the watches' sums contain */
  struct code_page *code; /* decoded instructions of this page; engine's business */
  bool dirty;
  bool touched;    /* in the list of pages to settle */
  bool watched;    /* a debugger wants to know of accesses: no tags */
  bool write_tags; /* the MMU's: some space may have a write tag for it */
  uint8_t table;   /* the MMU's: it holds entries that tags stand for */
  uint8_t updates; /* stores that were followed word by word since settled */
};

struct watch;

struct storage {
  uint8_t *bytes;
  uint32_t size;
  struct page *page; /* one for each page */
  uint32_t *touched;
  uint32_t touched_count;
  struct watch *watch; /* [0]: all of storage */
  unsigned watch_count;
  uint8_t *key;         /* one for each block (keys.h); NULL: this storage has none */
  uint64_t key_changes; /* how often one was changed */
};

/* All zero. False: no host memory, nothing to free. size is in whole pages. */
bool storage_init(struct storage *s, uint32_t size);
void storage_free(struct storage *s);
/* Gives every block a key, 0 at first. False: no host memory, nothing changed. */
bool storage_add_keys(struct storage *s);

/* The range must exist. */
void storage_write(struct storage *s, uint32_t at, const void *buf, uint32_t len);
/* size 1, 2 or 4; `at` may be misaligned. */
void storage_store(struct storage *s, uint32_t at, uint32_t value, uint32_t size);
static inline uint32_t storage_load(const struct storage *s, uint32_t at, uint32_t size)
{
  uint32_t value = 0;
  memcpy(&value, s->bytes + at, size); /* hosts are little-endian: the engine loads so too */
  return value;
}

/* The key of the block that holds `at`; the storage has keys, and `at` lies in it.
 * Keys count in the digests. */
static inline uint32_t storage_key(const struct storage *s, uint32_t at)
{
  return s->key[at >> KEY_BLOCK_SHIFT];
}
void storage_set_key(struct storage *s, uint32_t at, uint32_t key);

/* Brings every page's digest up to date; calls `cleaned` for each page that was
 * dirty and no longer is. */
typedef void storage_cleaned_fn(void *ctx, uint32_t page);
void storage_settle(struct storage *s, storage_cleaned_fn *cleaned, void *ctx);

/* Sums over ranges of whole pages: see machine_watch_storage(). Id 0 is the
 * whole storage and always there. False: no host memory. */
bool storage_watch(struct storage *s, gpa_range_t range, unsigned *id);
void storage_unwatch(struct storage *s, unsigned id);
/* Right after storage_settle(). */
uint64_t storage_watched(const struct storage *s, unsigned id);

#endif
