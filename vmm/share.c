/* Who gets the processor next: stride scheduling (Waldspurger and Weihl 1995). Each VM has a
 * pass, the processor time that it has had divided by its share; the one with the
 * lowest pass is next, and the VM with the lower number among equals. So over any time
 * in which the same VMs are ready each gets its share of it, to within one quantum,
 * and none starves, however small its share.
 *
 * A VM that has slept comes back at the pass that the others have reached: it neither
 * hoards the time that it did not want nor starts behind them. If it went to sleep
 * ahead of them it stays ahead, or sleeping would be a way to shake off a debt.
 *
 * Those ready are a heap, so a choice among n costs log n.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/modules.h"

/* A pass counts in 2^-20 ticks: 2^44 ticks of the processor at share 1 before it wraps. */
#define PASS_SHIFT 20
#define NOWHERE    UINT32_MAX

struct member {
  uint64_t pass;
  uint32_t share; /* 0: no such VM */
  uint32_t at;    /* in the heap, or NOWHERE: it is not ready */
};

struct share {
  uint64_t now; /* the lowest pass of those ready, when last asked; never goes back */
  uint32_t room, heaped;
  struct member *member; /* room of them, by slot */
  uint32_t *heap;        /* slots; room for as many */
};

/* ------------------------------------------------------------------- the heap */

static bool before(const struct share *s, uint32_t a, uint32_t b)
{
  const struct member *x = &s->member[a], *y = &s->member[b];
  return x->pass != y->pass ? x->pass < y->pass : a < b;
}

static void put_at(struct share *s, uint32_t at, uint32_t slot)
{
  s->heap[at] = slot;
  s->member[slot].at = at;
}

/* Moves `slot`, whose pass has changed or which is new at `at`, to where it belongs. */
static void sift(struct share *s, uint32_t at, uint32_t slot)
{
  while (at > 0 && before(s, slot, s->heap[(at - 1) / 2])) {
    put_at(s, at, s->heap[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child + 1 < s->heaped && before(s, s->heap[child + 1], s->heap[child])) {
      child++;
    }
    if (child >= s->heaped || before(s, slot, s->heap[child])) {
      break;
    }
    put_at(s, at, s->heap[child]);
    at = child;
  }
  put_at(s, at, slot);
}

static void take_out(struct share *s, uint32_t slot)
{
  uint32_t at = s->member[slot].at;
  uint32_t last = s->heap[--s->heaped];
  s->member[slot].at = NOWHERE;
  if (last != slot) {
    sift(s, at, last);
  }
}

/* ----------------------------------------------------------------- the module */

static void *create(void *with)
{
  (void)with;
  return calloc(1, sizeof(struct share));
}

static void destroy(void *state)
{
  struct share *s = state;
  free(s->member);
  free(s->heap);
  free(s);
}

static bool grow(struct share *s, uint32_t slot)
{
  uint32_t room = s->room;
  while (room <= slot) {
    room = room ? 2 * room : 8;
  }
  struct member *member = realloc(s->member, room * sizeof *member);
  s->member = member ? member : s->member;
  uint32_t *heap = realloc(s->heap, room * sizeof *heap);
  s->heap = heap ? heap : s->heap;
  if (!member || !heap) {
    return false;
  }
  memset(s->member + s->room, 0, (room - s->room) * sizeof *member);
  s->room = room;
  return true;
}

static bool join(void *state, uint32_t slot, uint32_t share)
{
  struct share *s = state;
  if (slot >= s->room && !grow(s, slot)) {
    return false;
  }
  s->member[slot] = (struct member){.pass = s->now, .share = share ? share : 1, .at = NOWHERE};
  return true;
}

static void ready(void *state, uint32_t slot, bool is)
{
  struct share *s = state;
  struct member *m = &s->member[slot];
  if (is == (m->at != NOWHERE)) {
    return;
  }
  if (!is) {
    take_out(s, slot);
    return;
  }
  m->pass = m->pass > s->now ? m->pass : s->now;
  sift(s, s->heaped++, slot);
}

static void leave(void *state, uint32_t slot)
{
  struct share *s = state;
  ready(s, slot, false);
  s->member[slot].share = 0;
}

static uint32_t next(void *state)
{
  struct share *s = state;
  if (s->heaped == 0) {
    return VMM_NOBODY;
  }
  uint64_t lowest = s->member[s->heap[0]].pass;
  s->now = lowest > s->now ? lowest : s->now;
  return s->heap[0];
}

static uint32_t quantum(void *state, uint32_t slot, uint32_t usual)
{
  (void)state;
  (void)slot;
  return usual;
}

static void charge(void *state, uint32_t slot, uint64_t ticks)
{
  struct share *s = state;
  struct member *m = &s->member[slot];
  m->pass += (ticks << PASS_SHIFT) / m->share;
  if (m->at != NOWHERE) {
    sift(s, m->at, slot);
  }
}

/* ------------------------------------------------------- for going back in time */

struct saved {
  uint64_t now;
  uint32_t room, heaped;
};

static uint32_t save(void *state, void *bytes, uint32_t room)
{
  const struct share *s = state;
  struct saved head = {s->now, s->room, s->heaped};
  uint32_t members = s->room * (uint32_t)sizeof *s->member;
  uint32_t len = (uint32_t)sizeof head + members;
  if (room >= len) {
    memcpy(bytes, &head, sizeof head);
    memcpy((char *)bytes + sizeof head, s->member, members);
  }
  return len;
}

static bool load(void *state, const void *bytes, uint32_t len)
{
  struct share *s = state;
  struct saved head;
  if (len < sizeof head) {
    return false;
  }
  memcpy(&head, bytes, sizeof head);
  if (len != sizeof head + head.room * sizeof *s->member || head.room > s->room) {
    return false;
  }
  memcpy(s->member, (const char *)bytes + sizeof head, head.room * sizeof *s->member);
  s->now = head.now;
  s->heaped = head.heaped;
  for (uint32_t slot = head.room; slot < s->room; slot++) {
    s->member[slot].at = NOWHERE;
  }
  for (uint32_t slot = 0; slot < head.room; slot++) {
    if (s->member[slot].share && s->member[slot].at != NOWHERE) {
      s->heap[s->member[slot].at] = slot;
    }
  }
  return true;
}

const struct vmm_share_module vmm_share = {
    .create = create,
    .destroy = destroy,
    .join = join,
    .leave = leave,
    .ready = ready,
    .next = next,
    .quantum = quantum,
    .charge = charge,
    .save = save,
    .load = load,
};
