#include "tools/verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/storm.h"
#include "tools/verify/passes.h"

/* ---------------------------------------------------------------- counting */

static void count(struct machine *m, struct verify_counts *c)
{
  const struct machine_stats *s = machine_stats(m);
  *c = (struct verify_counts){.tick = machine_tick(m),
                              .instructions = s->instructions,
                              .preemptions = s->delivered[CAUSE_TIMER],
                              .disk_interrupts =
                                  s->delivered[CAUSE_DISK] + s->delivered[CAUSE_CHANNEL],
                              .console_interrupts = s->delivered[CAUSE_CONSOLE],
                              .end = MACHINE_LIMIT};
  machine_console_output(m, &c->output);
}

static void subtract(struct verify_counts *c, const struct verify_counts *before)
{
  c->instructions -= before->instructions;
  c->preemptions -= before->preemptions;
  c->disk_interrupts -= before->disk_interrupts;
  c->console_interrupts -= before->console_interrupts;
}

/* ------------------------------------------------------- what came after it */

static void note_lost_control(struct verify_resources *r, const struct machine_stop *stop)
{
  if (stop->why != MACHINE_LOST_CONTROL || r->lost_control)
    return;
  r->lost_control = true;
  snprintf(r->lost_reason, sizeof r->lost_reason, "%s",
           stop->reason ? stop->reason : "the processor did not come back");
}

static void compare_output(struct verify_after *a, const struct pair *pair)
{
  size_t len[2];
  const uint8_t *out[2] = {machine_console_output(pair->bare, &len[0]),
                           machine_console_output(pair->vm, &len[1])};
  size_t shorter = len[0] < len[1] ? len[0] : len[1];
  size_t equal = 0;
  while (equal < shorter && out[0][equal] == out[1][equal])
    equal++;
  a->output_equal = equal;
  a->output_differs = len[0] != len[1] || equal < shorter;
  size_t line = equal;
  while (line > 0 && equal - line < VERIFY_EXCERPT / 2 && out[0][line - 1] != '\n')
    line--;
  for (unsigned i = 0; i < 2; i++) {
    size_t rest = len[i] - line;
    a->output_ends[i] = len[i] == equal;
    a->excerpt_len[i] = rest < VERIFY_EXCERPT ? rest : VERIFY_EXCERPT;
    if (a->excerpt_len[i])
      memcpy(a->excerpt[i], out[i] + line, a->excerpt_len[i]);
  }
}

/* Both from just after the divergent instruction to where the bare run ends. */
static void run_on(const struct verify_config *c, struct pair *pair, struct verify_result *r)
{
  struct machine *m[2] = {pair->bare, pair->vm};
  struct machine_stop stop[2];
  uint64_t until = c->ticks;
  for (unsigned i = 0; i < 2; i++) {
    struct verify_counts before;
    count(m[i], &before);
    machine_set_engine(m[i], MACHINE_ENGINE_FAST);
    stop[i] = machine_advance(m[i], until);
    count(m[i], &r->after.delta[i]);
    subtract(&r->after.delta[i], &before);
    r->after.delta[i].end = stop[i].why;
    note_lost_control(&r->resources, &stop[i]);
    if (i == 0)
      until = machine_tick(m[0]);
  }
  const char *failure = passes_host_failure(pair, stop);
  if (failure)
    snprintf(r->host_reason, sizeof r->host_reason, "%s", failure);
  compare_output(&r->after, pair);
}

/* -------------------------------------------------------------- properties */

/* Called with each pair before it goes. The same run again violates again: the
 * first count stays. */
static void look_at_resources(struct pair *pair, struct verify_resources *r)
{
  if (!pair->stack)
    return;
  const char *first;
  unsigned violations = stack_violations(pair->stack, &first);
  if (violations && !r->violations) {
    snprintf(r->first, sizeof r->first, "%s", first ? first : "no reason given");
    r->violations = violations;
  }
  int level = stack_disturbed_level(pair->stack);
  if (level >= 0 && r->disturbed_level < 0)
    r->disturbed_level = level;
}

static void look_at_efficiency(const struct pair *pair, struct verify_result *r)
{
  const struct stack *s = pair->stack;
  r->levels = s ? s->depth : 0;
  for (unsigned i = 0; i < r->levels; i++) {
    r->level[i].vmm = *vmm_vm_stats(s->level[i].vm);
    r->level[i].under = *machine_stats(i ? s->level[i - 1].vm : s->real);
  }
}

/* ------------------------------------------------------------------- passes */

/* Counts are no part of a state and cannot be gone back to: the same run again, to
 * where the machines were last equal. */
static bool count_equal_part(struct passes *p, struct verify_result *r)
{
  struct pair again;
  if (!passes_repeat(p, &again, r->first->before.tick))
    return false;
  count(again.bare, &r->bare);
  count(again.vm, &r->vm);
  p->config->maker.destroy(p->config->maker.ctx, &again);
  return true;
}

/* The pair is at its end and about to go, so the bare machine may run on a little. */
static bool only_traps(struct machine *bare)
{
  struct storm storm = {0};
  storm_advance(&storm, bare, machine_tick(bare) + 100);
  return storm_rages(&storm, bare);
}

static bool found_earlier(const struct verify_pass *pass, const struct verify_result *r)
{
  return !pass->holds && (!r->first || pass->divergence.before.tick < r->first->before.tick);
}

/* Looks at what a finished pass left in its pair, then lets the pair go. False: the
 * host failed, see p->reason. */
static bool finish_pass(struct passes *p, struct verify_pass *pass, struct verify_result *r)
{
  bool earlier = p->pair.bare && found_earlier(pass, r);
  if (p->pair.bare) {
    if (pass->holds && !r->first) {
      count(p->pair.bare, &r->bare);
      count(p->pair.vm, &r->vm);
      r->only_traps = pass->end == MACHINE_LIMIT && only_traps(p->pair.bare);
    }
    if (!pass->holds)
      for (unsigned i = 0; i < 2; i++)
        note_lost_control(&r->resources, &pass->divergence.step[i].stop);
    if (earlier) {
      r->first = &pass->divergence;
      if (!p->config->brief)
        run_on(p->config, &p->pair, r);
    }
    look_at_resources(&p->pair, &r->resources);
  }
  passes_release(p);
  return !earlier || *r->host_reason || p->config->brief || count_equal_part(p, r);
}

/* Single steps make the VMM's timer tick at each instruction, so the traps of a
 * comparison tell nothing: the same run again, undisturbed. */
static bool measure(struct passes *p, struct verify_result *r)
{
  uint64_t until = r->first ? r->after.delta[0].tick : r->bare.tick;
  if (!passes_run_virtual(p, until, r->first))
    return false;
  look_at_resources(&p->pair, &r->resources);
  look_at_efficiency(&p->pair, r);
  passes_release(p);
  return true;
}

static void conclude(const struct verify_config *c, struct verify_result *r)
{
  struct verify_resources *res = &r->resources;
  res->holds = !res->violations && !res->lost_control && res->disturbed_level < 0;
  r->holds = res->holds && (!c->stepping || r->stepping.holds) && (!c->fast || r->fast.holds);
}

enum verify_status verify_run(const struct verify_config *config, struct verify_result *r)
{
  *r = (struct verify_result){.engines_agree = true, .resources = {.disturbed_level = -1}};
  struct passes p = {.config = config};
  bool done = true;
  if (config->stepping) {
    done = passes_step(&p, &r->stepping) && finish_pass(&p, &r->stepping, r);
  }
  done = done && !*r->host_reason;
  if (done && config->fast) {
    done = passes_fast(&p, &r->fast) && finish_pass(&p, &r->fast, r);
    r->engines_agree = !p.engines_differ;
    r->engines_differ_at = p.engines_differ_at;
  }
  bool enough = config->brief && r->first;
  done = done && !*r->host_reason && (enough || measure(&p, r));
  if (!done && !*r->host_reason)
    memcpy(r->host_reason, p.reason, sizeof r->host_reason);
  passes_destroy(&p);
  if (done)
    conclude(config, r);
  return done ? VERIFY_DONE : VERIFY_HOST;
}
