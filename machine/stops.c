#include "machine/stops.h"

#include <stdlib.h>
#include <string.h>

static void *copy(const void *from, size_t count, size_t size)
{
  void *to = calloc(count + 1, size);
  if (to && count > 0) {
    memcpy(to, from, count * size);
  }
  return to;
}

void stops_free(struct stops *s)
{
  free(s->breaks);
  free(s->watches);
  *s = (struct stops){0};
}

bool stops_set(struct stops *s, const struct machine_stops *wanted)
{
  stops_free(s);
  if (!wanted) {
    return true;
  }
  s->breaks = copy(wanted->breaks, wanted->break_count, sizeof *s->breaks);
  s->watches = copy(wanted->watches, wanted->watch_count, sizeof *s->watches);
  if (!s->breaks || !s->watches) {
    stops_free(s);
    return false;
  }
  s->break_count = wanted->break_count;
  s->watch_count = wanted->watch_count;
  s->mode = wanted->mode;
  s->io = wanted->io;
  s->wait = wanted->wait;
  s->armed = s->break_count || s->watch_count || s->mode || s->io || s->wait;
  return true;
}

void stops_from(struct stops *s, uint64_t now, uint64_t tick)
{
  s->from = tick;
  s->queued = now < tick ? 0 : s->queued;
}

bool stops_has(const struct stops *s, uint32_t pc, unsigned *id)
{
  for (unsigned i = 0; i < s->break_count; i++) {
    if (s->breaks[i] == pc) {
      *id = i;
      return true;
    }
  }
  return false;
}

/* What finds no room came second at the same boundary. */
void stops_note(struct stops *s, const struct machine_hit *hit)
{
  if (s->queued < STOPS_QUEUE) {
    s->queue[s->queued++] = *hit;
  }
}

static bool concerns(const struct machine_watch *w, enum machine_event event, bool changed)
{
  unsigned on = event == MACHINE_EVENT_LOAD ? MACHINE_ON_LOAD
                : changed                   ? MACHINE_ON_STORE | MACHINE_ON_CHANGE
                                            : MACHINE_ON_STORE;
  return (w->on & on) != 0;
}

void stops_access(struct stops *s, enum machine_event event, uint32_t at, uint32_t size,
                  uint32_t old, uint32_t value)
{
  for (unsigned i = 0; i < s->watch_count; i++) {
    const struct machine_watch *w = &s->watches[i];
    struct machine_hit hit = {.event = event,
                              .id = i,
                              .at = gpa(at),
                              .size = size,
                              .old = old,
                              .value = value,
                              .changed = event == MACHINE_EVENT_STORE && old != value};
    if (range_overlaps(w->range.start.v, w->range.size, at, size) &&
        concerns(w, event, hit.changed)) {
      stops_note(s, &hit);
      return;
    }
  }
}

void stops_transfer(struct stops *s, uint32_t at, const uint8_t *before, const uint8_t *after,
                    uint32_t len)
{
  for (unsigned i = 0; i < s->watch_count; i++) {
    const struct machine_watch *w = &s->watches[i];
    uint32_t start = w->range.start.v > at ? w->range.start.v : at;
    uint64_t end = (uint64_t)w->range.start.v + w->range.size;
    end = end < (uint64_t)at + len ? end : (uint64_t)at + len;
    if (end <= start) {
      continue;
    }
    struct machine_hit hit = {.event = MACHINE_EVENT_STORE,
                              .id = i,
                              .device = true,
                              .at = gpa(start),
                              .size = (uint32_t)(end - start)};
    hit.changed = memcmp(before + (start - at), after + (start - at), hit.size) != 0;
    if (concerns(w, hit.event, hit.changed)) {
      stops_note(s, &hit);
      return;
    }
  }
}

struct machine_stop stops_report(struct stops *s, uint32_t pc)
{
  struct machine_stop stop = {.why = MACHINE_CATCH, .hit = s->queue[0]};
  if (stop.hit.event == MACHINE_EVENT_LOAD || stop.hit.event == MACHINE_EVENT_STORE) {
    stop.why = MACHINE_WATCH;
  }
  if (!stop.hit.device) {
    stop.hit.pc = pc;
  }
  s->queue[0] = s->queue[1];
  s->queued--;
  return stop;
}
