/* A run that can be gone along in both directions. It owns a world and keeps
 * checkpoints of it; going back is restoring one and executing again, which leads
 * to the same state because a run depends on nothing but the world and its input.
 *
 * A place on the timeline is a tick of the focus machine. A step is one instruction
 * or one delivery of a trap, and takes one tick; waiting for an interrupt is one
 * step however long it takes. A trap that is raised takes no time: the place is the
 * same, and the next step delivers it (as hardware does).
 */
#ifndef TRAPEZE_TOOLS_DEBUG_TIMELINE_H
#define TRAPEZE_TOOLS_DEBUG_TIMELINE_H

#include <signal.h>

#include "machine/machine.h"
#include "machine/trace.h"
#include "tools/debug/world.h"

struct timeline;

struct timeline_options {
  size_t memory;    /* bytes of checkpoints; 0: 240 MiB */
  uint64_t spacing; /* work between two: instructions, and more for traps; 0: 4 million */
  uint64_t near;    /* ticks before where steps go back to, for a checkpoint; 0: 20,000 */
  /* Polled: not 0 ends any move with TIMELINE_INTERRUPTED, at a whole step. NULL: none. */
  const volatile sig_atomic_t *interrupt;
};

enum timeline_why {
  TIMELINE_ARRIVED, /* at the tick, or after the steps, that were asked for */
  TIMELINE_BREAK,   /* about to execute at a breakpoint */
  TIMELINE_WATCH,   /* see machine.hit; forward: after the access, backward: before it */
  TIMELINE_TRAP,    /* machine.trap is raised and will be delivered next */
  TIMELINE_MODE,    /* mode changed, or (backward) is about to */
  TIMELINE_IO,      /* port used, or (backward) about to be */
  TIMELINE_START,   /* gone back to the beginning */
  TIMELINE_ENDED,   /* machine.why: halted, waits, double fault, lost control, host error */
  TIMELINE_INTERRUPTED,
  TIMELINE_FAILED, /* the host's fault, see machine.reason; the timeline is only good for
                    * timeline_destroy() */
};

struct timeline_stop {
  enum timeline_why why;
  uint64_t tick;               /* where we are now */
  unsigned id;                 /* of the breakpoint or watch: its place in timeline_stops */
  struct machine_stop machine; /* details */
};

/* Where to stop when continuing, forward or backward. Copied. */
struct timeline_stops {
  const uint32_t *breaks; /* virtual pcs */
  unsigned break_count;
  const struct machine_watch *watches; /* physical ranges of focus */
  unsigned watch_count;
  uint64_t traps; /* a bit for each enum isa_cause */
  bool mode, io;
  /* Conditions: is this stop wanted? `m` is in the state at that stop (of a watch, mode
   * or I/O: after it). Called for each, also while looking for the latest one before
   * now, so one stop may be asked about several times. Changes nothing. NULL: all. */
  bool (*wanted)(void *ctx, struct machine *m, const struct timeline_stop *stop);
  void *ctx;
};

/* NULL with a sentence in *reason (NULL: the maker printed a message). */
struct timeline *timeline_create(const struct debug_world_maker *maker,
                                 const struct timeline_options *options, const char **reason);
void timeline_destroy(struct timeline *t); /* NULL is fine */

/* Valid until the next move (a world that cannot be saved is made anew to go back). Do
 * not run, deliver or set stops on its machines. Console output: read it with
 * machine_console_output(), which goes back as well; a callback would hear it again. */
struct machine *timeline_machine(struct timeline *t);
struct debug_world *timeline_world(struct timeline *t);
uint64_t timeline_tick(struct timeline *t);
/* The trap that the next step delivers, if one is raised at this place. */
bool timeline_trap(struct timeline *t, struct trap *trap);

/* False: no memory. */
bool timeline_set_stops(struct timeline *t, const struct timeline_stops *stops);

/* Moves. Steps look at no stops. continue and back_continue do not stop where they start;
 * continue goes no further than tick `until` (MACHINE_NEVER: no limit). */
struct timeline_stop timeline_step(struct timeline *t, uint64_t n);
struct timeline_stop timeline_continue(struct timeline *t, uint64_t until);
struct timeline_stop timeline_back(struct timeline *t, uint64_t n);
struct timeline_stop timeline_back_continue(struct timeline *t);
struct timeline_stop timeline_goto(struct timeline *t, uint64_t tick);
struct timeline_stop timeline_restart(struct timeline *t); /* tick 0, history and input stay */
/* "Who last wrote this?" Goes to just before the latest instruction (or transfer of a
 * device: machine.hit says) before now that stored into the range: TIMELINE_WATCH. Or
 * TIMELINE_START, and we have not moved: nothing did since the beginning. */
struct timeline_stop timeline_last_write(struct timeline *t, gpa_range_t range);

/* New history: what was known to lie after now is forgotten. Typed bytes arrive at the
 * next tick; input that had not arrived yet, typed or scripted, never will, and the
 * number of such bytes is the answer. */
unsigned timeline_type(struct timeline *t, const uint8_t *bytes, size_t len);
/* The caller has changed the state of focus (registers, storage): from now on that is what
 * happened at this tick. False: this world cannot be saved, the change would be lost by
 * going back. */
bool timeline_changed(struct timeline *t);
/* Bytes of input that are still to come on this history. */
unsigned timeline_input_ahead(struct timeline *t);

/* A checkpoint for the user, at this place: going there is fast and stays so. Its
 * number, from 1; 0: no memory. */
unsigned timeline_checkpoint(struct timeline *t);
/* False: there is none, or its history is no more. */
bool timeline_checkpoint_tick(struct timeline *t, unsigned number, uint64_t *tick);
bool timeline_checkpoint_delete(struct timeline *t, unsigned number);

/* From now on `tracer` is told what moves do on all machines, executing again included;
 * forward they execute everything. NULL: it is not. It changes nothing. */
void timeline_trace(struct timeline *t, struct tracer *tracer);

/* Executes the history again from the beginning to the present place, for somebody who
 * records it. We have not moved afterwards. */
struct timeline_replay {
  /* At tick 0: tracers are set on the world's machines. False: no, after a message. */
  bool (*begin)(void *ctx, struct debug_world *w);
  /* Now and then. False: leave off. */
  bool (*on_the_way)(void *ctx, uint64_t tick);
  /* After begin() had its way: tracers are taken off. `there`: all was executed. */
  void (*end)(void *ctx, struct debug_world *w, bool there);
  void *ctx;
};
/* `ended`: the last move found that the machine goes no further; the replay finds it too. */
struct timeline_stop timeline_replay(struct timeline *t, const struct timeline_replay *r,
                                     bool ended);

/* What happens within the next step, event by event: a trap is raised, dispatched,
 * emulated or reflected, delivered … Writes at most `max` events and answers how many
 * there are; we have not moved afterwards. `instructions`: TRACE_INSN too. */
size_t timeline_events(struct timeline *t, bool instructions, struct trace_event *events,
                       size_t max);

/* What time travel costs: for `info`, tests and bench. */
struct timeline_cost {
  size_t bytes;        /* of checkpoints now */
  size_t checkpoints;  /* how many now */
  uint64_t reexecuted; /* ticks executed again by moves so far */
  bool cannot_save;    /* going back always starts at the beginning, because … */
  const char *reason;  /* … of this */
};
struct timeline_cost timeline_cost(const struct timeline *t);

/* The host failed and something was not done: what a move, an event list or a trap told
 * since then may be wrong. NULL: it did not. */
const char *timeline_failure(const struct timeline *t);

#endif
