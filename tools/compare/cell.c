/* One cell of the matrix: the bare machine and a virtual one, side by side. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/compare/cell.h"
#include "tools/verify/verify.h"
#include "tools/verify/world.h"

static uint64_t cpu_time(void)
{
  struct timespec t;
  return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0
             ? (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec
             : 0;
}

void cell_give_up(struct compare_cell *cell, const char *reason)
{
  cell->run = COMPARE_HOST;
  snprintf(cell->reason, sizeof cell->reason, "%s", reason && *reason ? reason : "out of memory");
}

bool cell_make(const struct pair_maker *maker, struct pair *pair, struct compare_cell *cell)
{
  const char *reason = NULL;
  *pair = (struct pair){0};
  if (!maker->make(maker->ctx, MACHINE_ENGINE_FAST, pair, &reason)) {
    cell_give_up(cell, reason);
    maker->destroy(maker->ctx, pair);
    return false;
  }
  vmm_set_steady(pair->stack->level[0].vmm, true);
  return true;
}

/* ---------------------------------------------------------------- what was done */

static uint64_t sum(const uint64_t *counts)
{
  uint64_t total = 0;
  for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++)
    total += counts[i];
  return total;
}

/* The model of docs/timers.md, as vmm_run() would have charged it. */
static uint64_t work_of(const struct compare_cell *cell)
{
  const struct vmm_costs *c = &vmm_default_costs;
  const struct vmm_stats *s = &cell->vmm;
  return s->dispatched * c->dispatch + (s->emulated + s->interpreted + s->hypercalls) * c->emulate +
         cell->delivered * c->reflect + s->world_switches * c->world_switch +
         s->ring_requests * c->request + s->ring_bytes * c->byte;
}

void cell_count(struct compare_cell *cell, const struct pair *pair)
{
  const char *first;
  const struct machine_stats *real = machine_stats(pair->stack->real);
  cell->vmm = *vmm_vm_stats(pair->vm);
  cell->seen = machine_stats(pair->vm)->instructions;
  cell->traps = sum(real->traps);
  cell->hypercalls = real->traps[CAUSE_HYPERCALL];
  cell->delivered = sum(machine_stats(pair->vm)->delivered);
  cell->work = work_of(cell);
  cell->out_of_control = cell->out_of_control || stack_violations(pair->stack, &first) > 0 ||
                         stack_disturbed_level(pair->stack) >= 0;
}

bool compare_has_run(const struct compare_cell *cell)
{
  return cell->run != COMPARE_REFUSED && cell->run != COMPARE_NO_BUILD;
}

uint64_t compare_translated(const struct compare_cell *cell)
{
  const struct vmm_stats *s = &cell->vmm;
  return s->identical + s->inlined + s->callout + s->patched;
}

/* ------------------------------------------------------------------ the two runs */

const char *cell_host_failure(const struct pair *pair, const struct machine_stop *bare,
                              const struct machine_stop *virtual)
{
  const struct machine_stop *failed = bare->why == MACHINE_HOST_ERROR      ? bare
                                      : virtual->why == MACHINE_HOST_ERROR ? virtual
                                                                           : NULL;
  const char *reason = failed ? failed->reason ? failed->reason : "no reason given" : NULL;
  for (unsigned i = 0; i < 2 && !reason; i++)
    reason = pair->disk[i] ? disk_store_failure(pair->disk[i]) : NULL;
  return reason ? reason : stack_disk_failure(pair->stack);
}

struct machine_stop cell_advance(struct machine *m, uint64_t until, uint64_t *nanoseconds)
{
  if (!nanoseconds)
    return machine_advance(m, until);
  uint64_t before = cpu_time();
  struct machine_stop stop = machine_advance(m, until);
  *nanoseconds += cpu_time() - before;
  return stop;
}

/* The tick of the next comparison. */
static uint64_t next_look(const struct compare_matrix *m, uint64_t tick)
{
  uint64_t step = tick < COMPARE_DENSE_TICKS ? 1 : m->interval;
  return m->setup->ticks - tick > step ? tick + step : m->setup->ticks;
}

/* False: they part before the next comparison after cell->tick. */
static bool run_together(const struct compare_matrix *m, const struct pair *pair,
                         struct compare_cell *cell)
{
  while (cell->tick < m->setup->ticks) {
    uint64_t until = next_look(m, cell->tick);
    /* With a comparison at each tick, asking for the time would take most of it. */
    struct machine_stop bare = cell_advance(pair->bare, until, m->timed ? &cell->host[0] : NULL);
    struct machine_stop virtual = cell_advance(pair->vm, until, m->timed ? &cell->host[1] : NULL);
    const char *failure = cell_host_failure(pair, &bare, &virtual);
    if (failure) {
      cell_give_up(cell, failure);
      return true;
    }
    if (!lockstep_same_stop(&bare, &virtual) ||
        machine_tick(pair->bare) != machine_tick(pair->vm) ||
        machine_state_hash(pair->bare) != machine_state_hash(pair->vm))
      return false;
    cell->tick = machine_tick(pair->bare);
    cell->end = bare.why;
    if (bare.why != MACHINE_LIMIT)
      break;
  }
  return true;
}

static void describe(struct compare_cell *cell, const struct setup *s, const struct divergence *d)
{
  struct explanation e = divergence_explain(d, s->profile);
  cell->run = COMPARE_PARTS;
  cell->tick = d->before.tick;
  cell->pc = d->before.pc;
  program_place(s->program.image, cell->pc, cell->place, sizeof cell->place);
  cell->has_insn = e.has_insn;
  cell->insn = e.insn;
  cell->mode = e.mode;
  if (e.has_insn) {
    cell->behaviour = e.vm->name;
    cell->models = e.vm->models;
  }
}

/* They are not equal at tick `by`: at which instruction do they part? */
static void locate(const struct compare_matrix *m, const struct setup *s,
                   const struct pair_maker *maker, uint64_t by, struct compare_cell *cell)
{
  struct verify_config config = {
      .maker = *maker, .ticks = by, .interval = m->interval, .fast = true};
  struct verify_result result;
  if (verify_run(&config, &result) != VERIFY_DONE) {
    cell_give_up(cell, result.host_reason);
    return;
  }
  cell->out_of_control = !result.resources.holds;
  if (!result.first) {
    cell_give_up(cell, "the same run was another run: an error of trapeze, please report it");
    return;
  }
  describe(cell, s, result.first);
  struct pair again;
  if (!cell_make(maker, &again, cell))
    return;
  cell->host[0] = cell->host[1] = 0;
  cell_advance(again.bare, cell->tick, &cell->host[0]);
  cell_advance(again.vm, cell->tick, &cell->host[1]);
  cell_count(cell, &again);
  maker->destroy(maker->ctx, &again);
}

void compare_run_cell(const struct compare_matrix *m, struct compare_row *row,
                      struct compare_cell *cell)
{
  const char *refusal = vmm_technique_refusal(cell->technique, row->setup.profile);
  if (refusal) {
    cell->run = COMPARE_REFUSED;
    snprintf(cell->reason, sizeof cell->reason, "%s", refusal);
    return;
  }
  if (cell->technique == VMM_TECHNIQUE_PARAVIRT) {
    compare_run_sibling(m, row, cell);
    return;
  }
  struct world world = {.setup = &row->setup, .depth = 1, .technique = cell->technique};
  struct pair_maker maker = world_maker(&world);
  struct pair pair;
  if (!cell_make(&maker, &pair, cell))
    return;
  bool equal = run_together(m, &pair, cell);
  uint64_t by = next_look(m, cell->tick);
  if (equal && cell->run != COMPARE_HOST)
    cell_count(cell, &pair);
  maker.destroy(maker.ctx, &pair);
  if (!equal) {
    locate(m, &row->setup, &maker, by, cell);
  }
}
