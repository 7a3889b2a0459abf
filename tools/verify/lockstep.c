#include "tools/verify/lockstep.h"

#include "tools/common/holes.h"

void lockstep_init(struct lockstep *l, struct machine *bare, struct machine *vm)
{
  *l = (struct lockstep){.machine = {bare, vm}};
  for (unsigned i = 0; i < 2; i++)
    observe(l->machine[i], &l->after[i]);
  l->before = l->after[0];
  l->initially = !observation_equal(&l->after[0], &l->after[1]);
}

/* One tick of one machine, which stands at `tick`. */
static struct step lockstep_step(struct machine *m, uint64_t tick)
{
  struct step s = {.stop = machine_run(m, tick + 1)};
  if (s.stop.why == MACHINE_TRAP)
    s.delivered = machine_deliver(m, &s.stop.trap);
  return s;
}

static bool same_trap(const struct trap *a, const struct trap *b)
{
  return a->cause == b->cause && a->epc == b->epc && a->value == b->value && a->insn == b->insn;
}

bool lockstep_same_stop(const struct machine_stop *a, const struct machine_stop *b)
{
  if (a->why != b->why)
    return false;
  bool has_trap = a->why == MACHINE_TRAP || a->why == MACHINE_DOUBLE_FAULT;
  return !has_trap || same_trap(&a->trap, &b->trap);
}

static bool same_step(const struct lockstep *l)
{
  return lockstep_same_stop(&l->step[0].stop, &l->step[1].stop) &&
         l->step[0].delivered == l->step[1].delivered &&
         observation_equal(&l->after[0], &l->after[1]);
}

/* The hole that the bare machine is about to execute; false: none. */
static bool next_hole(const struct lockstep *l, enum isa_insn *insn)
{
  struct isa_decoded decoded;
  uint32_t word;
  const struct profile *p = machine_profile(l->machine[0]);
  if (l->before.run_state != MACHINE_RUNNING || !observe_instruction(l->machine[0], &word) ||
      !profile_decode(p, word, &decoded))
    return false;
  *insn = decoded.insn;
  return hole_in(p, decoded.insn);
}

enum lockstep_result lockstep_run(struct lockstep *l, uint64_t until)
{
  if (l->initially)
    return LOCKSTEP_DIVERGED;
  while (l->before.tick < until) {
    enum isa_insn hole = ISA_INSN_COUNT;
    bool at_hole = l->holes_met && next_hole(l, &hole);
    for (unsigned i = 0; i < 2; i++) {
      l->step[i] = lockstep_step(l->machine[i], l->before.tick);
      observe(l->machine[i], &l->after[i]);
    }
    if (at_hole && l->step[0].stop.why != MACHINE_TRAP)
      l->holes_met[hole]++;
    if (!same_step(l))
      return LOCKSTEP_DIVERGED;
    l->before = l->after[0];
    l->compared++;
    enum machine_why why = l->step[0].stop.why;
    if (why != MACHINE_LIMIT && why != MACHINE_TRAP)
      return LOCKSTEP_ENDED;
  }
  return LOCKSTEP_LIMIT;
}
