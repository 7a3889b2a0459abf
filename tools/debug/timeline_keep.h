/* The checkpoints that a timeline keeps, in the order of their ticks, within a bound
 * of memory: dense around where it is needed, sparser the further away.
 */
#ifndef TRAPEZE_TOOLS_DEBUG_TIMELINE_KEEP_H
#define TRAPEZE_TOOLS_DEBUG_TIMELINE_KEEP_H

#include "tools/debug/world.h"

struct kept {
  struct debug_checkpoint *checkpoint;
  uint64_t tick;
  uint64_t work;   /* done by the world when it was there: see timeline.c */
  size_t typed;    /* input typed so far */
  unsigned number; /* the user's; 0: ours */
  bool edited;     /* the state was changed at this tick: this is what it became */
  bool waiting;    /* in the middle of a wait: no place that a step leads to */
};

/* Zeroed is empty. */
struct keep {
  struct kept *kept;
  size_t count, capacity;
  size_t bytes; /* of all */
};

void keep_destroy(struct keep *k);
/* The latest at `tick` or before; NULL: none. */
struct kept *keep_before(const struct keep *k, uint64_t tick);
/* The first after `tick` that is edited; NULL: none. */
const struct kept *keep_next_edited(const struct keep *k, uint64_t tick);
/* The nearest one, to share with; NULL: none. */
const struct debug_checkpoint *keep_near(const struct keep *k, uint64_t tick);
/* In its place, after any of the same tick; owns the checkpoint. False: no memory. */
bool keep_insert(struct keep *k, const struct kept *entry);
void keep_remove(struct keep *k, size_t index);
/* Those after `tick`, and all that are at `tick` too if `there`. */
void keep_forget_after(struct keep *k, uint64_t tick, bool there);
/* Gives up what is missed least, seen from `work`, until the rest fits; never the
 * first, numbered or edited ones. False: it does not fit. */
bool keep_fit(struct keep *k, size_t memory, uint64_t work);

#endif
