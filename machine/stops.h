/* What machine_set_stops() was given, for those who implement it: where to stop, and
 * what has happened and is still to be reported.
 */
#ifndef TRAPEZE_MACHINE_STOPS_H
#define TRAPEZE_MACHINE_STOPS_H

#include "machine/machine.h"

/* One boundary may have to report an event and an access. */
#define STOPS_QUEUE 2u

struct stops {
  uint32_t *breaks;
  unsigned break_count;
  struct machine_watch *watches;
  unsigned watch_count;
  bool mode, io, wait;
  bool armed;    /* any of these */
  uint64_t from; /* no break is reported below this tick */
  unsigned queued;
  struct machine_hit queue[STOPS_QUEUE];
};

/* Zeroed is none. False: no memory, and none are left. */
bool stops_set(struct stops *s, const struct machine_stops *wanted);
void stops_free(struct stops *s);
void stops_from(struct stops *s, uint64_t now, uint64_t tick);

/* Whether there is a breakpoint at pc; its place in the list. */
bool stops_has(const struct stops *s, uint32_t pc, unsigned *id);
/* The same, where the boundary's tick counts. */
static inline bool stops_break_at(const struct stops *s, uint64_t tick, uint32_t pc, unsigned *id)
{
  return tick >= s->from && stops_has(s, pc, id);
}

/* Notes what a run will report: an access by an instruction, a transfer of a device
 * that puts `after` in the place of `before`, an event. */
void stops_access(struct stops *s, enum machine_event event, uint32_t at, uint32_t size,
                  uint32_t old, uint32_t value);
void stops_transfer(struct stops *s, uint32_t at, const uint8_t *before, const uint8_t *after,
                    uint32_t len);
void stops_note(struct stops *s, const struct machine_hit *hit);
/* The first thing noted, as a run's answer. `pc`: of the last instruction. */
struct machine_stop stops_report(struct stops *s, uint32_t pc);

#endif
