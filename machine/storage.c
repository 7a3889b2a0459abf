#include "machine/storage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "machine/digest.h"

/* Stores into a clean page that are followed word by word before the page is
 * let go dirty: enough for stepping, few enough to cost a fast run nothing. */
#define UPDATES_FOLLOWED 2u

struct watch {
  uint32_t first, count; /* pages; count 0: unused */
  uint64_t sum;
};

bool storage_init(struct storage *s, uint32_t size)
{
  uint32_t pages = size >> STORAGE_PAGE_SHIFT;
  *s = (struct storage){.size = size};
  void *bytes =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED) {
    return false;
  }
  s->bytes = bytes;
  s->page = calloc(pages, sizeof *s->page);
  s->touched = malloc(pages * sizeof *s->touched);
  unsigned all;
  if (!s->page || !s->touched || !storage_watch(s, (gpa_range_t){gpa(0), size}, &all)) {
    storage_free(s);
    return false;
  }
  return true;
}

void storage_free(struct storage *s)
{
  free(s->key);
  free(s->watch);
  free(s->touched);
  free(s->page);
  if (s->bytes) {
    munmap(s->bytes, s->size);
  }
  *s = (struct storage){0};
}

bool storage_add_keys(struct storage *s)
{
  s->key = calloc(s->size >> KEY_BLOCK_SHIFT, sizeof *s->key);
  return s->key != NULL;
}

#define PLACE 0x9e3779b97f4a7c15u

/* The share of one doubleword in its page's digest; `index` within the page. */
static uint64_t word_share(uint32_t index, uint64_t word)
{
  return word == 0 ? 0 : digest_mix(word ^ ((index + 1) * PLACE));
}

#define KEYS_IN_PAGE (STORAGE_PAGE_SIZE / KEY_BLOCK_SIZE)

/* A key counts as one more doubleword behind those of its page. */
static uint64_t key_share(uint32_t block, uint32_t key)
{
  return word_share(STORAGE_PAGE_SIZE / 8 + block % KEYS_IN_PAGE, key);
}

static uint64_t keys_digest(const struct storage *s, uint32_t index)
{
  uint64_t sum = 0;
  for (uint32_t i = 0; s->key && i < KEYS_IN_PAGE; i++) {
    sum += key_share(i, s->key[index * KEYS_IN_PAGE + i]);
  }
  return sum;
}

/* The sum of word_share() over a page, four doublewords at a time; compiled twice. */
typedef uint64_t four __attribute__((vector_size(32)));
static inline __attribute__((always_inline)) uint64_t sum_of_words(const uint8_t *bytes)
{
  four place = {PLACE, 2 * PLACE, 3 * PLACE, 4 * PLACE}, sum = {0};
  for (uint32_t i = 0; i < STORAGE_PAGE_SIZE; i += sizeof(four)) {
    four word, x;
    memcpy(&word, bytes + i, sizeof word);
    x = word ^ place;
    DIGEST_MIX(x);
    sum += x & (four)(word != 0);
    place += 4 * PLACE;
  }
  return sum[0] + sum[1] + sum[2] + sum[3];
}

static uint64_t sum_anywhere(const uint8_t *bytes)
{
  return sum_of_words(bytes);
}

#ifdef __x86_64__
/* Three times as fast: a snapshot of a machine that has run is mostly this. */
static __attribute__((target("avx2"))) uint64_t sum_by_avx2(const uint8_t *bytes)
{
  return sum_of_words(bytes);
}
#define SUM_OF_WORDS(bytes)                                                                        \
  (__builtin_cpu_supports("avx2") ? sum_by_avx2(bytes) : sum_anywhere(bytes))
#else
#define SUM_OF_WORDS(bytes) sum_anywhere(bytes)
#endif

static uint64_t page_digest(const struct storage *s, uint32_t index)
{
  const uint8_t *bytes = s->bytes + ((size_t)index << STORAGE_PAGE_SHIFT);
  return keys_digest(s, index) + SUM_OF_WORDS(bytes);
}

static void touch(struct storage *s, uint32_t index)
{
  struct page *page = &s->page[index];
  if (!page->touched) {
    page->touched = true;
    s->touched[s->touched_count++] = index;
  }
}

/* Writes within one page. */
static void write_in_page(struct storage *s, uint32_t at, const void *buf, uint32_t len)
{
  uint32_t index = at >> STORAGE_PAGE_SHIFT;
  struct page *page = &s->page[index];
  uint32_t first = at & (STORAGE_PAGE_SIZE - 1), last = first + len - 1;
  if (page->dirty || first / 8 != last / 8 || page->updates >= UPDATES_FOLLOWED) {
    memcpy(s->bytes + at, buf, len);
    page->dirty = true;
  } else {
    uint8_t *at_word = s->bytes + (at & ~7u);
    uint64_t before, after;
    memcpy(&before, at_word, 8);
    memcpy(s->bytes + at, buf, len);
    memcpy(&after, at_word, 8);
    page->digest += word_share(first / 8, after) - word_share(first / 8, before);
    page->updates++;
  }
  touch(s, index);
}

void storage_write(struct storage *s, uint32_t at, const void *buf, uint32_t len)
{
  const uint8_t *from = buf;
  while (len > 0) {
    uint32_t room = STORAGE_PAGE_SIZE - (at & (STORAGE_PAGE_SIZE - 1));
    uint32_t part = len < room ? len : room;
    write_in_page(s, at, from, part);
    at += part;
    from += part;
    len -= part;
  }
}

void storage_store(struct storage *s, uint32_t at, uint32_t value, uint32_t size)
{
  uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                      (uint8_t)(value >> 24)};
  storage_write(s, at, bytes, size);
}

void storage_set_key(struct storage *s, uint32_t at, uint32_t key)
{
  uint32_t block = at >> KEY_BLOCK_SHIFT, index = at >> STORAGE_PAGE_SHIFT;
  struct page *page = &s->page[index];
  if (!page->dirty) {
    page->digest += key_share(block, key) - key_share(block, s->key[block]);
  }
  s->key[block] = (uint8_t)key;
  s->key_changes++;
  touch(s, index);
}

static void recount(struct storage *s, uint32_t index)
{
  struct page *page = &s->page[index];
  for (unsigned i = 0; i < s->watch_count; i++) {
    struct watch *w = &s->watch[i];
    if (index - w->first < w->count) {
      uint32_t place = index - w->first;
      w->sum += digest_place(place, page->digest) - digest_place(place, page->counted);
    }
  }
  page->counted = page->digest;
}

void storage_settle(struct storage *s, storage_cleaned_fn *cleaned, void *ctx)
{
  for (uint32_t i = 0; i < s->touched_count; i++) {
    uint32_t index = s->touched[i];
    struct page *page = &s->page[index];
    if (page->dirty) {
      page->digest = page_digest(s, index);
      page->dirty = false;
      cleaned(ctx, index);
    }
    if (page->digest != page->counted) {
      recount(s, index);
    }
    page->touched = false;
    page->updates = 0;
  }
  s->touched_count = 0;
}

static bool free_watch(struct storage *s, unsigned *id)
{
  for (*id = 0; *id < s->watch_count; ++*id) {
    if (s->watch[*id].count == 0) {
      return true;
    }
  }
  struct watch *grown = realloc(s->watch, (s->watch_count + 1) * sizeof *grown);
  if (!grown) {
    return false;
  }
  s->watch = grown;
  s->watch_count++;
  return true;
}

bool storage_watch(struct storage *s, gpa_range_t range, unsigned *id)
{
  if (!free_watch(s, id)) {
    return false;
  }
  struct watch w = {range.start.v >> STORAGE_PAGE_SHIFT, range.size >> STORAGE_PAGE_SHIFT, 0};
  for (uint32_t i = 0; i < w.count; i++) {
    w.sum += digest_place(i, s->page[w.first + i].counted);
  }
  s->watch[*id] = w;
  return true;
}

void storage_unwatch(struct storage *s, unsigned id)
{
  s->watch[id].count = 0;
}

uint64_t storage_watched(const struct storage *s, unsigned id)
{
  return s->watch[id].sum;
}
