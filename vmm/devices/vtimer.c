/* The virtual interval timer. It runs in virtual time: it counts what the guest
 * completed, not what the real machine spent on its behalf, so that it goes off
 * at the same instruction as on a bare machine. (VM/370 offered a real-time
 * alternative, SET TIMER REAL; equivalence "but for timing" allows both.)
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/modules.h"

struct vtimer {
  uint64_t due;
};

static void set(void *state, uint64_t now, uint32_t ticks)
{
  struct vtimer *t = state;
  t->due = ticks == 0 ? MACHINE_NEVER : now + ticks;
}

static void *create(void *with)
{
  (void)with;
  struct vtimer *t = malloc(sizeof *t);
  if (t) {
    set(t, 0, 0);
  }
  return t;
}

static uint32_t left(void *state, uint64_t now)
{
  const struct vtimer *t = state;
  return t->due == MACHINE_NEVER ? 0 : (uint32_t)(t->due - now);
}

static uint64_t next_event(void *state)
{
  const struct vtimer *t = state;
  return t->due;
}

static bool fire(void *state, uint64_t now)
{
  struct vtimer *t = state;
  if (t->due > now) {
    return false;
  }
  set(t, now, 0);
  return true;
}

static uint32_t save(void *state, void *bytes, uint32_t room)
{
  if (room >= sizeof(struct vtimer)) {
    memcpy(bytes, state, sizeof(struct vtimer));
  }
  return sizeof(struct vtimer);
}

static bool load(void *state, const void *bytes, uint32_t len)
{
  if (len != sizeof(struct vtimer)) {
    return false;
  }
  memcpy(state, bytes, len);
  return true;
}

const struct vmm_timer_module vmm_timer_virtual = {
    .create = create,
    .destroy = free,
    .set = set,
    .left = left,
    .next_event = next_event,
    .fire = fire,
    .save = save,
    .load = load,
};
