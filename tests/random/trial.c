#include "tests/random/trial.h"

#include <stdio.h>
#include <string.h>

#include "machine/ops.h"
#include "tests/common/program.h"
#include "tests/common/twin.h"

static void open_pair(struct twin *t, const struct guest *g, const struct trial_way *way)
{
  twin_open(t, &(struct twin_config){.loaded = g->profile,
                                     .sectors = g->sectors,
                                     .depth = way->depth,
                                     .technique = way->technique,
                                     .cache = way->cache,
                                     .engine = way->engine,
                                     .no_vmm = way->engines,
                                     .modules = way->modules,
                                     .storage = GUEST_STORAGE});
  if (way->moved) {
    t->real->ops->set_cpuid(t->real, ~machine_get_cr(t->real, CR_CPUID));
    insist(machine_idle(t->real, 1000) == 1000, "time passes");
  }
  guest_load(g, t->bare);
  guest_load(g, t->vm);
}

static bool in_control(struct twin *t)
{
  for (unsigned i = 0; i < t->depth; i++) {
    const char *first;
    if (vmm_violations(t->vmm[i], &first)) {
      snprintf(t->difference, sizeof t->difference, "resource control: %s", first);
      return false;
    }
  }
  return true;
}

bool trial(const struct guest *g, const struct trial_way *way, struct coverage_of_profile *c,
           uint64_t *ticks, struct finding *f)
{
  struct twin t;
  struct coverage_history history;
  struct random cuts = random_from(g->seed);
  coverage_history_reset(&history);
  open_pair(&t, g, way);
  bool agreed = twin_equal(&t), ended = false;
  memset(f, 0, sizeof *f);
  bool stepping = way->stride == 1;
  while (agreed && !ended && machine_tick(t.bare) < g->ticks) {
    f->tick = machine_tick(t.bare);
    f->at = stepping ? coverage_look(t.bare) : (struct coverage_view){.runs = false};
    uint32_t stride = stepping ? 1 : 1 + random_below(&cuts, way->stride);
    uint64_t until = f->tick + stride;
    agreed = twin_run(&t, until < g->ticks ? until : g->ticks, stride) && in_control(&t);
    ended = machine_tick(t.bare) == f->tick;
    if (c && stepping) {
      coverage_step(c, &history, &f->at, &t.stop, !ended);
    }
  }
  if (!agreed) {
    memcpy(f->what, t.difference, sizeof t.difference);
  }
  if (ticks) {
    *ticks += machine_tick(t.bare);
  }
  twin_close(&t);
  return agreed;
}

void trial_advance(struct guest *to, const struct guest *g, uint64_t tick)
{
  struct twin t;
  struct trial_way way = {.engines = true, .engine = MACHINE_ENGINE_STEPPER};
  open_pair(&t, g, &way);
  machine_advance(t.bare, tick);
  guest_capture(to, g, t.bare);
  twin_close(&t);
}

void trial_trace(const struct guest *g, uint64_t tick, bool executed[GUEST_WORDS])
{
  struct twin t;
  struct trial_way way = {.engines = true, .engine = MACHINE_ENGINE_STEPPER};
  memset(executed, 0, GUEST_WORDS * sizeof *executed);
  open_pair(&t, g, &way);
  for (uint64_t at = 0; at <= tick; at++) {
    struct coverage_view v = coverage_look(t.bare);
    uint32_t psw = machine_get_cr(t.bare, CR_PSW);
    struct translation there = machine_translate(t.bare, gva(v.pc), MACHINE_FETCH, psw_te(psw));
    if (v.runs && v.fetched && there.ok) {
      executed[there.pa.v / 4] = true;
    }
    machine_advance(t.bare, at + 1);
  }
  twin_close(&t);
}
