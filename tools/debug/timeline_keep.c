#include "tools/debug/timeline_keep.h"

#include <stdlib.h>
#include <string.h>

void keep_destroy(struct keep *k)
{
  while (k->count > 0) {
    keep_remove(k, k->count - 1);
  }
  free(k->kept);
  *k = (struct keep){0};
}

/* How many are at `tick` or before. */
static size_t count_until(const struct keep *k, uint64_t tick)
{
  size_t low = 0, high = k->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (k->kept[middle].tick <= tick) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

struct kept *keep_before(const struct keep *k, uint64_t tick)
{
  size_t n = count_until(k, tick);
  return n > 0 ? &k->kept[n - 1] : NULL;
}

const struct kept *keep_next_edited(const struct keep *k, uint64_t tick)
{
  for (size_t i = count_until(k, tick); i < k->count; i++) {
    if (k->kept[i].edited) {
      return &k->kept[i];
    }
  }
  return NULL;
}

const struct debug_checkpoint *keep_near(const struct keep *k, uint64_t tick)
{
  size_t n = count_until(k, tick);
  size_t i = n > 0 ? n - 1 : 0;
  return k->count > 0 ? k->kept[i].checkpoint : NULL;
}

bool keep_insert(struct keep *k, const struct kept *entry)
{
  if (k->count == k->capacity) {
    size_t capacity = k->capacity ? 2 * k->capacity : 64;
    struct kept *kept = reallocarray(k->kept, capacity, sizeof *kept);
    if (!kept) {
      return false;
    }
    k->kept = kept;
    k->capacity = capacity;
  }
  size_t at = count_until(k, entry->tick);
  memmove(&k->kept[at + 1], &k->kept[at], (k->count - at) * sizeof *k->kept);
  k->kept[at] = *entry;
  k->count++;
  k->bytes += debug_checkpoint_bytes(entry->checkpoint);
  return true;
}

void keep_remove(struct keep *k, size_t index)
{
  k->bytes -= debug_checkpoint_destroy(k->kept[index].checkpoint);
  k->count--;
  memmove(&k->kept[index], &k->kept[index + 1], (k->count - index) * sizeof *k->kept);
}

void keep_forget_after(struct keep *k, uint64_t tick, bool there)
{
  while (k->count > 0) {
    uint64_t last = k->kept[k->count - 1].tick;
    if (last < tick || (last == tick && !there)) {
      return;
    }
    keep_remove(k, k->count - 1);
  }
}

/* A gap is the harder to bear the nearer it is. */
static double loss(const struct keep *k, size_t i, uint64_t work)
{
  const struct kept *e = &k->kept[i];
  uint64_t next = i + 1 < k->count ? e[1].work : e->work;
  double gap = (double)next - (double)e[-1].work;
  double distance = (double)work - (double)e->work;
  return gap / ((distance < 0 ? -distance : distance) + gap + 1);
}

bool keep_fit(struct keep *k, size_t memory, uint64_t work)
{
  while (k->bytes > memory) {
    size_t victim = 0;
    double least = 0;
    for (size_t i = 1; i < k->count; i++) {
      double l = loss(k, i, work);
      if (k->kept[i].number == 0 && !k->kept[i].edited && (victim == 0 || l < least)) {
        victim = i;
        least = l;
      }
    }
    if (victim == 0) {
      return false;
    }
    keep_remove(k, victim);
  }
  return true;
}
