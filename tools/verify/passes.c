#include "tools/verify/passes.h"

#include <stdio.h>
#include <stdlib.h>

#include "tools/common/holes.h"

static void host_reason(struct passes *p, const char *reason)
{
  snprintf(p->reason, sizeof p->reason, "%s", reason ? reason : "no reason given");
}

static bool make(struct passes *p, enum machine_engine engine, struct pair *pair)
{
  const struct pair_maker *maker = &p->config->maker;
  *pair = (struct pair){0};
  const char *reason = "out of memory";
  if (maker->make(maker->ctx, engine, pair, &reason))
    return true;
  host_reason(p, reason ? reason : "");
  maker->destroy(maker->ctx, pair);
  *pair = (struct pair){0};
  return false;
}

static void release(struct passes *p, struct pair *pair)
{
  p->config->maker.destroy(p->config->maker.ctx, pair);
  *pair = (struct pair){0};
}

void passes_release(struct passes *p)
{
  release(p, &p->pair);
}

void passes_destroy(struct passes *p)
{
  if (p->pair.bare)
    passes_release(p);
  free(p->samples);
}

static void report_progress(const struct passes *p, const char *phase, uint64_t tick)
{
  if (p->config->progress)
    p->config->progress(p->config->progress_ctx, phase, tick);
}

static const char *disk_failure(const struct pair *pair)
{
  const char *failure = NULL;
  for (unsigned i = 0; i < 2 && !failure; i++)
    failure = pair->disk[i] ? disk_store_failure(pair->disk[i]) : NULL;
  return !failure && pair->stack ? stack_disk_failure(pair->stack) : failure;
}

const char *passes_host_failure(const struct pair *pair, const struct machine_stop stop[2])
{
  for (unsigned i = 0; i < 2; i++)
    if (stop[i].why == MACHINE_HOST_ERROR)
      return stop[i].reason ? stop[i].reason : "no reason given";
  return disk_failure(pair);
}

static bool host_failed(struct passes *p, const struct pair *pair,
                        const struct machine_stop stop[2])
{
  const char *failure = passes_host_failure(pair, stop);
  if (failure)
    host_reason(p, failure);
  return failure != NULL;
}

/* The end of the next interval after `tick`. */
static uint64_t next_checkpoint(const struct verify_config *c, uint64_t tick)
{
  uint64_t next = tick - tick % c->interval + c->interval;
  return next < c->ticks ? next : c->ticks;
}

bool passes_run_virtual(struct passes *p, uint64_t until, const struct divergence *first)
{
  const struct verify_config *c = p->config;
  if (!make(p, MACHINE_ENGINE_FAST, &p->pair))
    return false;
  if (c->measuring)
    c->measuring(c->measuring_ctx, &p->pair, first, false);
  struct machine_stop stop[2] = {{.why = MACHINE_LIMIT}, machine_advance(p->pair.vm, until)};
  if (c->measuring)
    c->measuring(c->measuring_ctx, &p->pair, first, true);
  return !host_failed(p, &p->pair, stop);
}

/* ----------------------------------------------------------------- stepping */

static bool add_sample(struct passes *p, uint64_t hash)
{
  if (p->sample_count == p->sample_capacity) {
    size_t capacity = p->sample_capacity ? p->sample_capacity * 2 : 1024;
    uint64_t *moved = realloc(p->samples, capacity * sizeof *moved);
    if (!moved) {
      host_reason(p, "out of memory");
      return false;
    }
    p->samples = moved;
    p->sample_capacity = capacity;
  }
  p->samples[p->sample_count++] = hash;
  return true;
}

/* Describes where a lockstep diverged. The bare machine is run again, alone, to
 * the state before, so that what each one changed can be told. */
static bool describe(struct passes *p, const struct lockstep *l, struct divergence *d)
{
  struct pair again;
  if (!make(p, MACHINE_ENGINE_FAST, &again))
    return false;
  const struct machine_stop stop[2] = {machine_advance(again.bare, l->before.tick)};
  bool done = !host_failed(p, &again, stop);
  struct observation now;
  observe(again.bare, &now);
  bool there = done && observation_equal(&now, &l->before);
  divergence_from_lockstep(d, l, there ? again.bare : NULL);
  release(p, &again);
  return done;
}

/* From where l stands to `until`. False: the host failed. */
static bool step_to(struct passes *p, struct lockstep *l, uint64_t until,
                    enum lockstep_result *result)
{
  *result = lockstep_run(l, until);
  const struct machine_stop stop[2] = {l->step[0].stop, l->step[1].stop};
  return !host_failed(p, &p->pair, stop);
}

bool passes_step(struct passes *p, struct verify_pass *pass)
{
  *pass = (struct verify_pass){.ran = true};
  if (!make(p, MACHINE_ENGINE_STEPPER, &p->pair))
    return false;
  struct lockstep l;
  lockstep_init(&l, p->pair.bare, p->pair.vm);
  if (holes_count(machine_profile(p->pair.bare)))
    l.holes_met = pass->holes_met;
  enum lockstep_result result = LOCKSTEP_LIMIT;
  while (result == LOCKSTEP_LIMIT && l.before.tick < p->config->ticks) {
    report_progress(p, "stepping", l.before.tick);
    if (!step_to(p, &l, next_checkpoint(p->config, l.before.tick), &result) ||
        (result != LOCKSTEP_DIVERGED && !add_sample(p, machine_state_hash(p->pair.bare))))
      return false;
  }
  pass->holds = result != LOCKSTEP_DIVERGED;
  pass->ticks = l.before.tick;
  pass->compared = l.compared;
  pass->end = result == LOCKSTEP_ENDED ? l.step[0].stop.why : MACHINE_LIMIT;
  return pass->holds || describe(p, &l, &pass->divergence);
}

/* -------------------------------------------------------------- fast engine */

/* Both at the same tick, stopped in the same way, in the same state? */
static bool advance_equal(const struct pair *pair, uint64_t until, struct machine_stop stop[2])
{
  stop[0] = machine_advance(pair->bare, until);
  stop[1] = machine_advance(pair->vm, until);
  return lockstep_same_stop(&stop[0], &stop[1]) &&
         machine_tick(pair->bare) == machine_tick(pair->vm) &&
         machine_state_hash(pair->bare) == machine_state_hash(pair->vm);
}

/* A new pair, brought to tick `from` and, in one go, to `to`. */
static bool replay(struct passes *p, struct pair *pair, uint64_t from, uint64_t to, bool *equal)
{
  struct machine_stop stop[2];
  if (!make(p, MACHINE_ENGINE_FAST, pair))
    return false;
  *equal = advance_equal(pair, from, stop) && (to == from || advance_equal(pair, to, stop));
  if (!host_failed(p, pair, stop))
    return true;
  release(p, pair);
  return false;
}

bool passes_repeat(struct passes *p, struct pair *pair, uint64_t until)
{
  bool equal;
  return replay(p, pair, until, until, &equal);
}

/* Single steps from `from` agree, one run to `to` does not: the shortest run
 * from there that differs, found by halving. Leaves p->pair after it. */
static bool find_long_run(struct passes *p, uint64_t from, uint64_t to, struct divergence *d)
{
  uint64_t equal_at = from;
  while (to - equal_at > 1) {
    uint64_t middle = equal_at + (to - equal_at) / 2;
    bool equal;
    if (!replay(p, &p->pair, from, middle, &equal))
      return false;
    passes_release(p);
    if (equal)
      equal_at = middle;
    else
      to = middle;
  }
  struct pair before;
  bool equal;
  if (!replay(p, &before, from, equal_at, &equal))
    return false;
  if (!replay(p, &p->pair, from, to, &equal)) {
    release(p, &before);
    return false;
  }
  *d = (struct divergence){.only_in_long_runs = true};
  observe(before.bare, &d->before);
  observe(p->pair.bare, &d->after[0]);
  observe(p->pair.vm, &d->after[1]);
  divergence_look(d, p->pair.bare, p->pair.vm, before.bare);
  release(p, &before);
  return true;
}

/* Equal at checkpoint `from`, not at `to`: which instruction was it? Single
 * steps from the beginning, since a difference may have come and gone before. */
static bool locate(struct passes *p, uint64_t from, uint64_t to, struct verify_pass *pass)
{
  passes_release(p);
  if (!make(p, MACHINE_ENGINE_FAST, &p->pair))
    return false;
  struct lockstep l;
  lockstep_init(&l, p->pair.bare, p->pair.vm);
  enum lockstep_result result;
  if (!step_to(p, &l, to, &result))
    return false;
  pass->ticks = l.before.tick;
  if (result == LOCKSTEP_DIVERGED)
    return describe(p, &l, &pass->divergence);
  passes_release(p);
  if (!find_long_run(p, from, to, &pass->divergence))
    return false;
  pass->ticks = pass->divergence.before.tick;
  return true;
}

/* The stepping pass was here before: the bare machine must be as it was then. */
static void compare_engines(struct passes *p, size_t checkpoint)
{
  if (checkpoint >= p->sample_count || p->engines_differ)
    return;
  if (machine_state_hash(p->pair.bare) != p->samples[checkpoint]) {
    p->engines_differ = true;
    p->engines_differ_at = machine_tick(p->pair.bare);
  }
}

bool passes_fast(struct passes *p, struct verify_pass *pass)
{
  *pass = (struct verify_pass){.ran = true, .holds = true};
  if (!make(p, MACHINE_ENGINE_FAST, &p->pair))
    return false;
  struct machine_stop stop[2];
  bool equal = advance_equal(&p->pair, 0, stop);
  if (host_failed(p, &p->pair, stop))
    return false;
  if (!equal) {
    pass->holds = false;
    return locate(p, 0, 1, pass);
  }
  while (pass->ticks < p->config->ticks) {
    report_progress(p, "fast engine", pass->ticks);
    uint64_t from = pass->ticks, to = next_checkpoint(p->config, from);
    pass->holds = advance_equal(&p->pair, to, stop);
    if (host_failed(p, &p->pair, stop))
      return false;
    if (!pass->holds)
      return locate(p, from, to, pass);
    compare_engines(p, (size_t)pass->compared);
    pass->ticks = machine_tick(p->pair.bare);
    pass->compared++;
    pass->end = stop[0].why;
    if (pass->end != MACHINE_LIMIT)
      break;
  }
  return true;
}
