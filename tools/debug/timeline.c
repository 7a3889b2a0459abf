#include "tools/debug/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "tools/debug/timeline_keep.h"

#define DEFAULT_MEMORY ((size_t)240 << 20)

/* Work is what takes the host time, counted: an instruction executed by the real machine
 * is one, a trap of it, with all that a VMM does about it, this many. A checkpoint
 * is taken when so much was done since the one before; it costs more the larger the
 * storage is. 100 million are about a quarter of a second. */
#define WORK_TRAP        30u  /* taken by a bare machine */
#define WORK_EXIT        220u /* dealt with by a VMM; by each of several */
#define WORK_SPACING     4000000u
#define WORK_PER_STORAGE 16u /* bytes */

/* Interrupts are polled this often. */
#define SLICE_TICKS 20000u

/* Who goes back by steps goes back further: where that means to execute more than some of these
 * again, a checkpoint is taken so far before the place that is gone to. */
#define DEFAULT_NEAR 20000u

/* Input typed by the user: arrives at the tick after `tick`. */
struct typed {
  uint64_t tick;
  uint8_t byte;
  bool forget; /* what was still to come of the log before is not */
};

struct timeline {
  struct debug_world_maker maker;
  struct timeline_options options;
  struct debug_world world;
  bool made;
  struct keep keep;
  struct typed *typed;
  size_t typed_count, typed_capacity, typed_done;
  struct timeline_stops stops; /* the user's; its lists are ours */
  unsigned next_number;
  uint64_t furthest; /* tick of this history reached so far */
  uint64_t keep_at;  /* a checkpoint is wanted at this tick; 0: nowhere */
  uint64_t reexecuted;
  const char *cannot_save; /* NULL: it can */
  /* `trap` is raised here: met by a run, and still to be delivered; or only known. */
  bool trap_met, trap_known;
  struct trap trap;
  bool armed; /* the machine looks out as … */
  const struct timeline_stops *armed_for;
  bool deaf;           /* to interrupts */
  const char *failure; /* of the host; NULL: none so far */
  struct tracer *tracer;
};

/* What a move looks out for. */
struct lookout {
  const struct timeline_stops *stops; /* NULL: for nothing, but … */
  bool waits;                         /* … the beginning of a wait: TIMELINE_ARRIVED */
  uint64_t from;                      /* stops at boundaries before this tick do not count */
};

static uint64_t now(struct timeline *t)
{
  return machine_tick(t->world.focus);
}

static struct timeline_stop stop_here(struct timeline *t, enum timeline_why why)
{
  return (struct timeline_stop){.why = why, .tick = t->made ? now(t) : 0};
}

static struct timeline_stop fail(struct timeline *t, const char *reason)
{
  struct timeline_stop stop = stop_here(t, TIMELINE_FAILED);
  t->failure = reason ? reason : "out of memory";
  stop.machine = (struct machine_stop){.why = MACHINE_HOST_ERROR, .reason = t->failure};
  return stop;
}

static uint64_t work(const struct timeline *t)
{
  const struct machine_stats *s = machine_stats(t->world.real);
  uint64_t traps = 0;
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    traps += s->traps[cause];
  }
  return s->instructions + (WORK_TRAP + WORK_EXIT * t->world.vmms) * traps;
}

static uint64_t spacing(const struct timeline *t)
{
  return t->options.spacing ? t->options.spacing
                            : WORK_SPACING + machine_storage_size(t->world.real) / WORK_PER_STORAGE;
}

/* ---------------------------------------------------------------- checkpoints */

/* In the middle of a wait: no enabled line is pending yet. */
static bool still_waits(struct machine *m)
{
  return machine_run_state(m) == MACHINE_WAITING &&
         (machine_get_cr(m, CR_IPEND) & machine_get_cr(m, CR_IMASK)) == 0;
}

static struct kept *keep_here(struct timeline *t, unsigned number, bool edited)
{
  const char *reason = NULL;
  struct kept entry = {.tick = now(t),
                       .work = work(t),
                       .typed = t->typed_done,
                       .number = number,
                       .edited = edited,
                       .waiting = still_waits(t->world.focus)};
  entry.checkpoint = debug_checkpoint_take(&t->world, keep_near(&t->keep, entry.tick), &reason);
  if (!entry.checkpoint) {
    t->cannot_save = t->keep.count == 0 ? reason : NULL;
    return NULL;
  }
  if (!keep_insert(&t->keep, &entry)) {
    debug_checkpoint_destroy(entry.checkpoint);
    return NULL;
  }
  if (!keep_fit(&t->keep, t->options.memory, entry.work) && number == 0 && !edited &&
      t->keep.count > 1) {
    return NULL; /* users' checkpoints alone are too many; they stay */
  }
  return keep_before(&t->keep, entry.tick);
}

static bool is_due(const struct timeline *t, uint64_t tick)
{
  const struct kept *last = keep_before(&t->keep, tick);
  return last && last->tick < tick && work(t) - last->work >= spacing(t);
}

static void forget_trap(struct timeline *t)
{
  t->trap_met = t->trap_known = false;
}

static bool restore(struct timeline *t, const struct kept *entry)
{
  t->typed_done = entry->typed;
  forget_trap(t);
  return debug_checkpoint_restore(&t->world, entry->checkpoint);
}

static void trace_all(struct timeline *t, struct tracer *tracer)
{
  for (struct machine *m = t->world.focus; m; m = machine_parent(m)) {
    machine_set_tracer(m, tracer);
  }
}

static bool make_world(struct timeline *t, const char **reason)
{
  if (!t->maker.make(t->maker.ctx, &t->world, reason)) {
    return false;
  }
  t->made = true;
  t->typed_done = 0;
  t->armed = false;
  forget_trap(t);
  for (unsigned i = 0; i < t->world.vmms; i++) {
    vmm_set_steady(t->world.vmm[i], true);
  }
  trace_all(t, t->tracer);
  return true;
}

static void destroy_world(struct timeline *t)
{
  if (t->made) {
    t->maker.destroy(t->maker.ctx, &t->world);
    t->made = false;
  }
}

/* To a state that is known, at `tick` or before. Without checkpoints that is the
 * beginning, in a new world. */
static bool return_before(struct timeline *t, uint64_t tick, const char **reason)
{
  const struct kept *entry = keep_before(&t->keep, tick);
  if (entry) {
    *reason = "a checkpoint cannot be restored";
    return restore(t, entry);
  }
  destroy_world(t);
  *reason = "the world cannot be made anew";
  return make_world(t, reason);
}

/* -------------------------------------------------------------------- forward */

/* What happens to the world at a tick of focus, whoever brought it there. A checkpoint is
 * only taken where a run ended by its limit, as it would when gone to: where it stopped
 * for other reasons a VMM may already have done some of the next step. */
static bool arrive(struct timeline *t, uint64_t before, bool by_limit)
{
  uint64_t tick = now(t);
  const struct debug_world *w = &t->world;
  if (w->quantum > 0) {
    uint64_t others = tick - tick % w->quantum;
    for (unsigned i = 0; i < w->others; i++) {
      if (machine_tick(w->other[i]) < others) {
        machine_advance(w->other[i], others);
      }
    }
  }
  if (tick > before) {
    t->reexecuted +=
        (tick < t->furthest ? tick : t->furthest) - (before < t->furthest ? before : t->furthest);
    t->furthest = tick > t->furthest ? tick : t->furthest;
    const struct kept *edited = keep_next_edited(&t->keep, before);
    if (edited && edited->tick == tick) {
      return restore(t, edited);
    }
    if (by_limit && (tick == t->keep_at || is_due(t, tick)) && !still_waits(w->focus)) {
      keep_here(t, 0, false);
    }
  }
  return true;
}

/* Input that was typed here is typed again before going on from here. */
static void type_again(struct timeline *t)
{
  struct machine *m = t->world.focus;
  uint64_t tick = now(t);
  while (t->typed_done < t->typed_count && t->typed[t->typed_done].tick <= tick) {
    const struct typed *k = &t->typed[t->typed_done++];
    if (k->forget) {
      machine_console_forget(m);
    }
    machine_console_input(m, tick + 1, k->byte);
  }
}

/* How far a run may go before something of ours must happen. */
static uint64_t limit_of(const struct timeline *t, uint64_t tick, uint64_t until)
{
  uint64_t slice = spacing(t) < SLICE_TICKS ? spacing(t) : SLICE_TICKS;
  bool waiting = machine_run_state(t->world.focus) == MACHINE_WAITING;
  slice = until - tick > 1 && !waiting && is_due(t, tick) ? 1 : slice;
  uint64_t limit = until - tick > slice ? tick + slice : until;
  const struct kept *edited = keep_next_edited(&t->keep, tick);
  if (edited && edited->tick < limit) {
    limit = edited->tick;
  }
  if (t->keep_at > tick && t->keep_at < limit) {
    limit = t->keep_at;
  }
  if (t->typed_done < t->typed_count && t->typed[t->typed_done].tick < limit) {
    limit = t->typed[t->typed_done].tick;
  }
  if (waiting) {
    uint64_t next = machine_next_event(t->world.focus);
    limit = next < limit ? next : limit;
  }
  uint64_t quantum = t->world.quantum;
  if (quantum > 0 && limit - tick > quantum - tick % quantum) {
    limit = tick + quantum - tick % quantum;
  }
  return limit;
}

static bool wants_trap(const struct lookout *l, const struct trap *trap)
{
  return l->stops && (l->stops->traps >> trap->cause & 1) != 0;
}

static bool is_wanted(struct timeline *t, const struct lookout *l, const struct timeline_stop *stop)
{
  return !l->stops->wanted || l->stops->wanted(l->stops->ctx, t->world.focus, stop);
}

static unsigned mode(struct machine *m)
{
  return psw_mode(machine_get_cr(m, CR_PSW));
}

/* A trap was met: stop before its delivery, or deliver. True: *stop. */
static bool meet_trap(struct timeline *t, const struct lookout *l, const struct machine_stop *met,
                      struct timeline_stop *stop)
{
  struct machine *m = t->world.focus;
  uint64_t tick = now(t);
  *stop = stop_here(t, TIMELINE_TRAP);
  stop->machine = *met;
  if (tick >= l->from && wants_trap(l, &met->trap) && is_wanted(t, l, stop)) {
    t->trap_met = t->trap_known = true;
    t->trap = met->trap;
    return true;
  }
  unsigned before = mode(m);
  machine_deliver(m, &met->trap); /* a double fault is what the next run answers */
  *stop = stop_here(t, TIMELINE_MODE);
  stop->machine = *met;
  return l->stops && l->stops->mode && mode(m) != before && is_wanted(t, l, stop);
}

static enum timeline_why why_of(const struct machine_stop *stop)
{
  switch (stop->why) {
  case MACHINE_BREAK:
    return TIMELINE_BREAK;
  case MACHINE_WATCH:
    return TIMELINE_WATCH;
  case MACHINE_CATCH:
    return stop->hit.event == MACHINE_EVENT_MODE ? TIMELINE_MODE : TIMELINE_IO;
  default:
    return TIMELINE_ENDED;
  }
}

/* A run ended otherwise than by its limit. True: *stop. */
static bool look(struct timeline *t, const struct lookout *l, const struct machine_stop *met,
                 struct timeline_stop *stop)
{
  if (met->why == MACHINE_TRAP) {
    return meet_trap(t, l, met, stop);
  }
  *stop = stop_here(t, why_of(met));
  stop->id = met->hit.id;
  stop->machine = *met;
  if (met->why == MACHINE_HOST_ERROR) {
    t->failure = met->reason ? met->reason : "the host failed";
  }
  if (met->why == MACHINE_CATCH && met->hit.event == MACHINE_EVENT_WAIT) {
    stop->why = TIMELINE_ARRIVED;
    return l->waits;
  }
  return stop->why == TIMELINE_ENDED || (l->stops && is_wanted(t, l, stop));
}

static bool arm(struct timeline *t, const struct lookout *l)
{
  if (t->armed && t->armed_for == l->stops) {
    machine_stops_from(t->world.focus, l->from);
    return true;
  }
  struct machine_stops stops = {.wait = true};
  if (l->stops) {
    stops.breaks = l->stops->breaks;
    stops.break_count = l->stops->break_count;
    stops.watches = l->stops->watches;
    stops.watch_count = l->stops->watch_count;
    stops.mode = l->stops->mode;
    stops.io = l->stops->io;
  }
  t->armed = machine_set_stops(t->world.focus, &stops);
  t->armed_for = l->stops;
  machine_stops_from(t->world.focus, l->from);
  return t->armed;
}

/* One run. A machine that woke only to stop where it was is put back: a place has one
 * state, however one comes to it. */
static struct machine_stop run_on(struct timeline *t, uint64_t limit)
{
  struct machine *m = t->world.focus;
  if (t->trap_met) {
    forget_trap(t);
    return (struct machine_stop){.why = MACHINE_TRAP, .trap = t->trap};
  }
  forget_trap(t);
  bool waited = machine_run_state(m) == MACHINE_WAITING;
  uint64_t tick = now(t);
  struct machine_stop stop = machine_run(m, limit);
  if (waited && now(t) == tick && machine_run_state(m) == MACHINE_RUNNING &&
      (stop.why == MACHINE_BREAK || stop.why == MACHINE_TRAP)) {
    machine_set_run_state(m, MACHINE_WAITING);
  }
  return stop;
}

static bool interrupted(const struct timeline *t)
{
  return !t->deaf && t->options.interrupt && *t->options.interrupt != 0;
}

/* Runs up to `limit`, delivering what is not looked out for. A wait ends it too: where a
 * machine wakes, a run must have begun. */
static struct machine_stop run_slice(struct timeline *t, uint64_t limit, const struct lookout *l,
                                     struct timeline_stop *stop, bool *stopped)
{
  for (;;) {
    struct machine_stop met = run_on(t, limit);
    *stopped = met.why != MACHINE_LIMIT && look(t, l, &met, stop);
    bool waits = met.why == MACHINE_CATCH && met.hit.event == MACHINE_EVENT_WAIT;
    if (*stopped || met.why == MACHINE_LIMIT || waits || now(t) >= limit) {
      return met;
    }
    if (met.why == MACHINE_BREAK) { /* not wanted: it is not to be met again */
      machine_stops_from(t->world.focus, now(t) + 1);
    }
  }
}

/* Goes forward to `until` at most. */
static struct timeline_stop go(struct timeline *t, uint64_t until, const struct lookout *l)
{
  struct timeline_stop stop = {.why = TIMELINE_ARRIVED};
  if (!arm(t, l)) {
    return fail(t, "no memory for breakpoints");
  }
  for (;;) {
    uint64_t before = now(t);
    if (before >= until) {
      return stop_here(t, TIMELINE_ARRIVED);
    }
    if (interrupted(t)) {
      return stop_here(t, TIMELINE_INTERRUPTED);
    }
    type_again(t);
    bool stopped;
    struct machine_stop met = run_slice(t, limit_of(t, before, until), l, &stop, &stopped);
    if (!arrive(t, before, met.why == MACHINE_LIMIT)) {
      return fail(t, "a checkpoint cannot be restored");
    }
    if (stopped) {
      return stop;
    }
  }
}

/* The same, where the end of the run is no news: it is the place that we go to. */
static struct timeline_stop reach(struct timeline *t, uint64_t until, const struct lookout *l)
{
  struct timeline_stop stop = go(t, until, l);
  if (stop.why == TIMELINE_ENDED && now(t) >= until) {
    stop.why = TIMELINE_ARRIVED;
  }
  return stop;
}

static const struct lookout no_lookout = {.stops = NULL};

/* ---------------------------------------------------------------------- steps */

/* The next tick at which it may wake: of an event of its own, or one at which the others have
 * run and may have sent it a frame. */
static uint64_t wakes_at(struct timeline *t)
{
  uint64_t next = machine_next_event(t->world.focus), quantum = t->world.quantum;
  if (quantum == 0 || machine_net_state(t->world.focus).station == 0) {
    return next;
  }
  uint64_t others = now(t) + quantum - now(t) % quantum;
  return next < others ? next : others;
}

/* A wait is one step: to the tick at which an enabled line is pending. */
static struct timeline_stop wait_over(struct timeline *t)
{
  struct timeline_stop stop = stop_here(t, TIMELINE_ARRIVED);
  while (stop.why == TIMELINE_ARRIVED && still_waits(t->world.focus)) {
    type_again(t);
    uint64_t next = wakes_at(t);
    stop = go(t, next == MACHINE_NEVER ? now(t) + 1 : next, &no_lookout);
  }
  return stop;
}

struct timeline_stop timeline_step(struct timeline *t, uint64_t n)
{
  struct timeline_stop stop = stop_here(t, TIMELINE_ARRIVED);
  const struct lookout waits = {.waits = true};
  while (n > 0 && stop.why == TIMELINE_ARRIVED) {
    if (still_waits(t->world.focus)) {
      stop = wait_over(t);
      n--;
    } else {
      uint64_t start = now(t);
      stop = go(t, start + n < start ? MACHINE_NEVER : start + n, &waits);
      n -= now(t) - start;
    }
  }
  return stop;
}

struct timeline_stop timeline_continue(struct timeline *t, uint64_t until)
{
  const struct lookout l = {.stops = &t->stops, .from = now(t) + 1};
  return go(t, until, &l);
}

/* --------------------------------------------------------------------- places */

static struct timeline_stop go_to(struct timeline *t, uint64_t tick)
{
  const char *reason = NULL;
  const struct kept *entry = keep_before(&t->keep, tick);
  /* A checkpoint on the way is a short cut, but who looks on wants to see it executed. */
  bool short_cut = entry && entry->tick > now(t) && !t->tracer;
  if (tick < now(t) || short_cut) {
    if (!return_before(t, tick, &reason)) {
      return fail(t, reason);
    }
  }
  return reach(t, tick, &no_lookout);
}

/* Where we were, come what may. */
static struct timeline_stop come_back(struct timeline *t, uint64_t tick, enum timeline_why why)
{
  t->deaf = true;
  struct timeline_stop stop = go_to(t, tick);
  t->deaf = false;
  if (stop.why != TIMELINE_FAILED) {
    stop.why = why;
  }
  return stop;
}

/* Backwards or forwards, a place that is not reached leaves us where we were. */
struct timeline_stop timeline_goto(struct timeline *t, uint64_t tick)
{
  uint64_t start = now(t);
  struct timeline_stop stop = go_to(t, tick);
  if (stop.why == TIMELINE_INTERRUPTED && tick < start) {
    return come_back(t, start, TIMELINE_INTERRUPTED);
  }
  return stop;
}

struct timeline_stop timeline_restart(struct timeline *t)
{
  return timeline_goto(t, 0);
}

/* ------------------------------------------------------------------ backwards */

/* A wait: no step leads to the ticks between its ends. */
struct wait {
  uint64_t start, end;
};

struct waits {
  struct wait *wait;
  size_t count, capacity;
};

static bool add_wait(struct waits *w, uint64_t start, uint64_t end)
{
  if (end <= start + 1) {
    return true;
  }
  if (w->count == w->capacity) {
    size_t capacity = w->capacity ? 2 * w->capacity : 64;
    struct wait *grown = reallocarray(w->wait, capacity, sizeof *grown);
    if (!grown) {
      return false;
    }
    w->wait = grown;
    w->capacity = capacity;
  }
  w->wait[w->count++] = (struct wait){start, end};
  return true;
}

/* From here to `until`, noting the waits. */
static struct timeline_stop collect_waits(struct timeline *t, uint64_t until, struct waits *w)
{
  const struct lookout l = {.waits = true};
  w->count = 0;
  for (;;) {
    struct timeline_stop stop = reach(t, until, &l);
    if (stop.why != TIMELINE_ARRIVED || now(t) >= until) {
      return stop;
    }
    uint64_t start = now(t);
    while (stop.why == TIMELINE_ARRIVED && still_waits(t->world.focus) && now(t) < until) {
      type_again(t);
      uint64_t next = wakes_at(t);
      stop = reach(t, next < until ? next : until, &no_lookout);
    }
    if (!add_wait(w, start, now(t))) {
      return fail(t, "no memory to go back");
    }
    if (stop.why != TIMELINE_ARRIVED) {
      return stop;
    }
  }
}

/* n steps back from `tick`, with the waits after `start` known. Answers how many are
 * left when `start` is reached; *tick is where one comes to. */
static uint64_t count_back(const struct waits *w, uint64_t start, uint64_t *tick, uint64_t n)
{
  for (size_t i = w->count; i-- > 0 && n > 0;) {
    const struct wait *wait = &w->wait[i];
    if (*tick - wait->end >= n) {
      break;
    }
    n -= *tick - wait->end + 1; /* and the wait itself */
    *tick = wait->start;
  }
  uint64_t rest = *tick - start < n ? *tick - start : n;
  *tick -= rest;
  return n - rest;
}

/* The latest known state before `tick` from which steps can be counted. */
static bool return_to_step(struct timeline *t, uint64_t tick, const char **reason)
{
  const struct kept *entry = tick > 0 ? keep_before(&t->keep, tick - 1) : NULL;
  while (entry && entry->waiting && !entry->edited && entry > t->keep.kept) {
    entry--;
  }
  if (entry) {
    *reason = "a checkpoint cannot be restored";
    return restore(t, entry);
  }
  return return_before(t, 0, reason);
}

struct timeline_stop timeline_back(struct timeline *t, uint64_t n)
{
  uint64_t start = now(t), tick = start;
  struct waits waits = {0};
  struct timeline_stop stop = stop_here(t, TIMELINE_ARRIVED);
  while (n > 0 && tick > 0) {
    const char *reason = NULL;
    if (!return_to_step(t, tick, &reason)) {
      stop = fail(t, reason);
      break;
    }
    uint64_t from = now(t);
    t->keep_at = tick - from > 4 * t->options.near ? tick - t->options.near : 0;
    stop = collect_waits(t, tick, &waits);
    t->keep_at = 0;
    if (stop.why != TIMELINE_ARRIVED) {
      break;
    }
    n = count_back(&waits, from, &tick, n);
  }
  free(waits.wait);
  if (stop.why == TIMELINE_FAILED) {
    return stop;
  }
  if (stop.why == TIMELINE_INTERRUPTED) {
    return come_back(t, start, TIMELINE_INTERRUPTED);
  }
  stop = timeline_goto(t, tick);
  if (stop.why == TIMELINE_ARRIVED && n > 0) {
    stop.why = TIMELINE_START;
  }
  return stop;
}

/* Where a stop is when one comes to it from later on: before what it is about. */
static uint64_t place_of(const struct timeline_stop *stop)
{
  bool before = stop->why == TIMELINE_BREAK || stop->why == TIMELINE_TRAP;
  return before ? stop->tick : stop->tick - 1;
}

/* From here to `until`: the latest stop whose place is before `limit`. */
static struct timeline_stop latest_stop(struct timeline *t, const struct timeline_stops *stops,
                                        uint64_t until, uint64_t limit,
                                        struct timeline_stop *latest)
{
  struct lookout l = {.stops = stops, .from = now(t)};
  for (;;) {
    struct timeline_stop stop = reach(t, until, &l);
    switch (stop.why) {
    case TIMELINE_BREAK:
    case TIMELINE_WATCH:
    case TIMELINE_TRAP:
    case TIMELINE_MODE:
    case TIMELINE_IO:
      if (place_of(&stop) < limit) {
        *latest = stop;
      }
      break;
    default:
      return stop;
    }
    l.from = now(t) + (stop.why == TIMELINE_BREAK || stop.why == TIMELINE_TRAP ? 1 : 0);
  }
}

static struct timeline_stop search_back(struct timeline *t, const struct timeline_stops *stops)
{
  uint64_t start = now(t), until = start;
  struct timeline_stop latest = {.why = TIMELINE_START}, stop = stop_here(t, TIMELINE_ARRIVED);
  while (until > 0 && latest.why == TIMELINE_START) {
    const char *reason = NULL;
    if (!return_before(t, until - 1, &reason)) {
      return fail(t, reason);
    }
    uint64_t from = now(t);
    stop = latest_stop(t, stops, until, start, &latest);
    if (stop.why == TIMELINE_FAILED) {
      return stop;
    }
    if (stop.why == TIMELINE_INTERRUPTED) {
      return come_back(t, start, TIMELINE_INTERRUPTED);
    }
    until = from;
  }
  if (latest.why == TIMELINE_START) {
    return latest;
  }
  stop = come_back(t, place_of(&latest), latest.why);
  latest.tick = stop.tick;
  t->trap_known = latest.why == TIMELINE_TRAP;
  t->trap = latest.machine.trap;
  return stop.why == TIMELINE_FAILED ? stop : latest;
}

struct timeline_stop timeline_back_continue(struct timeline *t)
{
  struct timeline_stop stop = search_back(t, &t->stops);
  return stop.why == TIMELINE_START ? come_back(t, 0, TIMELINE_START) : stop;
}

struct timeline_stop timeline_last_write(struct timeline *t, gpa_range_t range)
{
  struct machine_watch watch = {.range = range, .on = MACHINE_ON_STORE};
  struct timeline_stops stops = {.watches = &watch, .watch_count = 1};
  uint64_t start = now(t);
  t->armed = false;
  struct timeline_stop stop = search_back(t, &stops);
  t->armed = false; /* `stops` goes */
  return stop.why == TIMELINE_START ? come_back(t, start, TIMELINE_START) : stop;
}

/* ---------------------------------------------------------------- new history */

static void forget_future(struct timeline *t)
{
  keep_forget_after(&t->keep, now(t), false);
  t->typed_count = t->typed_done;
  t->furthest = now(t);
}

unsigned timeline_input_ahead(struct timeline *t)
{
  return machine_console_ahead(t->world.focus) + (unsigned)(t->typed_count - t->typed_done);
}

static bool remember(struct timeline *t, uint8_t byte, bool forget)
{
  if (t->typed_count == t->typed_capacity) {
    size_t capacity = t->typed_capacity ? 2 * t->typed_capacity : 64;
    struct typed *grown = reallocarray(t->typed, capacity, sizeof *grown);
    if (!grown) {
      return false;
    }
    t->typed = grown;
    t->typed_capacity = capacity;
  }
  t->typed[t->typed_count++] = (struct typed){.tick = now(t), .byte = byte, .forget = forget};
  return true;
}

unsigned timeline_type(struct timeline *t, const uint8_t *bytes, size_t len)
{
  bool first = t->typed_done == 0 || t->typed[t->typed_done - 1].tick < now(t);
  unsigned forgotten = first ? timeline_input_ahead(t) : 0;
  forget_future(t);
  for (size_t i = 0; i < len; i++) {
    if (!remember(t, bytes[i], first && i == 0)) {
      t->failure = "no memory for what was typed";
      break;
    }
  }
  type_again(t);
  forget_trap(t);
  return forgotten;
}

bool timeline_changed(struct timeline *t)
{
  forget_trap(t);
  if (t->cannot_save) {
    return false;
  }
  forget_future(t);
  const struct kept *same = keep_before(&t->keep, now(t));
  if (same && same->tick == now(t) && same->edited) {
    keep_remove(&t->keep, (size_t)(same - t->keep.kept));
  }
  return keep_here(t, 0, true) != NULL;
}

/* ------------------------------------------------------------- the user's own */

unsigned timeline_checkpoint(struct timeline *t)
{
  unsigned number = t->next_number + 1;
  if (t->cannot_save || !keep_here(t, number, false)) {
    return 0;
  }
  t->next_number = number;
  return number;
}

static struct kept *numbered(struct timeline *t, unsigned number)
{
  for (size_t i = 0; i < t->keep.count; i++) {
    if (number != 0 && t->keep.kept[i].number == number) {
      return &t->keep.kept[i];
    }
  }
  return NULL;
}

bool timeline_checkpoint_tick(struct timeline *t, unsigned number, uint64_t *tick)
{
  const struct kept *entry = numbered(t, number);
  if (entry) {
    *tick = entry->tick;
  }
  return entry != NULL;
}

bool timeline_checkpoint_delete(struct timeline *t, unsigned number)
{
  struct kept *entry = numbered(t, number);
  if (entry) {
    entry->number = 0; /* an ordinary one from now on */
  }
  return entry != NULL;
}

/* ------------------------------------------------------------ within one step */

struct recorder {
  struct tracer tracer;
  struct trace_event *events;
  size_t max, count;
};

static void record(struct tracer *tracer, const struct trace_event *event)
{
  struct recorder *r = (struct recorder *)tracer;
  if (r->count < r->max) {
    r->events[r->count] = *event;
  }
  r->count++;
}

void timeline_trace(struct timeline *t, struct tracer *tracer)
{
  t->tracer = tracer;
  trace_all(t, tracer);
}

#define REPLAY_TICKS 250000u

static struct timeline_stop replay_to(struct timeline *t, uint64_t tick,
                                      const struct timeline_replay *r)
{
  struct timeline_stop stop = stop_here(t, TIMELINE_ARRIVED);
  while (stop.why == TIMELINE_ARRIVED && now(t) < tick) {
    stop = reach(t, tick - now(t) > REPLAY_TICKS ? now(t) + REPLAY_TICKS : tick, &no_lookout);
    if (stop.why == TIMELINE_ARRIVED && !r->on_the_way(r->ctx, now(t))) {
      stop.why = TIMELINE_INTERRUPTED;
    }
  }
  return stop;
}

struct timeline_stop timeline_replay(struct timeline *t, const struct timeline_replay *r,
                                     bool ended)
{
  uint64_t start = now(t);
  const char *reason = NULL;
  if (!return_before(t, 0, &reason)) {
    return fail(t, reason);
  }
  struct timeline_stop stop = stop_here(t, TIMELINE_INTERRUPTED);
  if (r->begin(r->ctx, &t->world)) {
    stop = replay_to(t, start, r);
    bool there = stop.why == TIMELINE_ARRIVED;
    if (there && ended) { /* a double fault is raised by going on, at the same tick */
      stop = go(t, start + 1, &no_lookout);
    }
    r->end(r->ctx, &t->world, there);
    trace_all(t, t->tracer);
  }
  return stop.why == TIMELINE_FAILED ? stop : come_back(t, start, stop.why);
}

/* What is at this place, kept aside so that we can look ahead. */
static struct debug_checkpoint *aside(struct timeline *t)
{
  const char *reason;
  if (t->cannot_save) {
    return NULL;
  }
  struct debug_checkpoint *c =
      debug_checkpoint_take(&t->world, keep_near(&t->keep, now(t)), &reason);
  if (!c) {
    t->failure = reason;
  }
  return c;
}

static void put_back(struct timeline *t, struct debug_checkpoint *c)
{
  if (!debug_checkpoint_restore(&t->world, c)) {
    t->failure = "a checkpoint cannot be restored";
  }
  debug_checkpoint_destroy(c);
}

size_t timeline_events(struct timeline *t, bool instructions, struct trace_event *events,
                       size_t max)
{
  struct recorder r = {{.record = record, .instructions = instructions}, events, max, 0};
  struct debug_checkpoint *c = aside(t);
  if (!c) {
    return 0;
  }
  struct machine *m = t->world.focus;
  machine_stops_from(m, MACHINE_NEVER);
  trace_all(t, &r.tracer);
  struct machine_stop stop = machine_run(m, now(t) + 1);
  if (stop.why == MACHINE_TRAP) {
    machine_deliver(m, &stop.trap);
  }
  trace_all(t, t->tracer);
  put_back(t, c);
  return r.count;
}

bool timeline_trap(struct timeline *t, struct trap *trap)
{
  struct debug_checkpoint *c = t->trap_known ? NULL : aside(t);
  if (c) {
    machine_stops_from(t->world.focus, MACHINE_NEVER);
    struct machine_stop stop = machine_run(t->world.focus, now(t) + 1);
    t->trap_known = stop.why == MACHINE_TRAP;
    t->trap = stop.trap;
    put_back(t, c);
  }
  *trap = t->trap;
  return t->trap_known;
}

/* ----------------------------------------------------------------------- life */

struct timeline *timeline_create(const struct debug_world_maker *maker,
                                 const struct timeline_options *options, const char **reason)
{
  struct timeline *t = calloc(1, sizeof *t);
  *reason = "no memory for the debugger";
  if (!t) {
    return NULL;
  }
  t->maker = *maker;
  t->options = *options;
  t->options.memory = options->memory ? options->memory : DEFAULT_MEMORY;
  t->options.near = options->near ? options->near : DEFAULT_NEAR;
  if (!make_world(t, reason)) {
    free(t);
    return NULL;
  }
  keep_here(t, 0, false);
  return t;
}

static void free_stops(struct timeline *t)
{
  free((void *)t->stops.breaks);
  free((void *)t->stops.watches);
  t->stops = (struct timeline_stops){0};
}

void timeline_destroy(struct timeline *t)
{
  if (t) {
    free_stops(t);
    keep_destroy(&t->keep);
    destroy_world(t);
    free(t->typed);
    free(t);
  }
}

struct machine *timeline_machine(struct timeline *t)
{
  return t->world.focus;
}

struct debug_world *timeline_world(struct timeline *t)
{
  return &t->world;
}

uint64_t timeline_tick(struct timeline *t)
{
  return now(t);
}

static void *copy(const void *from, size_t count, size_t size)
{
  void *to = calloc(count + 1, size);
  if (to && count > 0) {
    memcpy(to, from, count * size);
  }
  return to;
}

bool timeline_set_stops(struct timeline *t, const struct timeline_stops *stops)
{
  free_stops(t);
  t->armed = false;
  t->stops = *stops;
  t->stops.breaks = copy(stops->breaks, stops->break_count, sizeof *stops->breaks);
  t->stops.watches = copy(stops->watches, stops->watch_count, sizeof *stops->watches);
  if (!t->stops.breaks || !t->stops.watches) {
    free_stops(t);
    return false;
  }
  return true;
}

const char *timeline_failure(const struct timeline *t)
{
  return t->failure;
}

struct timeline_cost timeline_cost(const struct timeline *t)
{
  return (struct timeline_cost){.bytes = t->keep.bytes,
                                .checkpoints = t->keep.count,
                                .reexecuted = t->reexecuted,
                                .cannot_save = t->cannot_save != NULL,
                                .reason = t->cannot_save};
}
