#include "tools/verify/observe.h"

#include <stdio.h>
#include <string.h>

void observe(struct machine *m, struct observation *o)
{
  o->storage = machine_storage_digest(m);
  o->devices = machine_device_digest(m);
  o->tick = machine_tick(m);
  o->pc = machine_get_pc(m);
  o->run_state = machine_run_state(m);
  machine_get_regs(m, o->reg);
  machine_get_crs(m, o->cr);
}

bool observation_equal(const struct observation *a, const struct observation *b)
{
  return a->pc == b->pc && a->tick == b->tick && a->storage == b->storage &&
         a->devices == b->devices && a->run_state == b->run_state &&
         memcmp(a->reg, b->reg, sizeof a->reg) == 0 && memcmp(a->cr, b->cr, sizeof a->cr) == 0;
}

bool observe_instruction(struct machine *m, uint32_t *word)
{
  bool te = psw_te(machine_get_cr(m, CR_PSW));
  struct translation t = machine_translate(m, gva(machine_get_pc(m)), MACHINE_FETCH, te);
  return t.ok && t.pa.v % 4 == 0 && machine_phys_read_word(m, t.pa, word);
}

struct collector {
  struct observed_field *fields;
  size_t count, max;
  bool differing; /* collect those in which the machines differ; else the others */
};

static void collect(struct collector *c, const char *name, uint32_t before, uint32_t bare,
                    uint32_t vm)
{
  bool wanted = c->differing ? bare != vm : bare == vm && before != bare;
  if (!wanted || c->count == c->max)
    return;
  struct observed_field *f = &c->fields[c->count++];
  snprintf(f->name, sizeof f->name, "%s", name);
  f->before = before;
  f->bare = bare;
  f->vm = vm;
}

static void collect_psw(struct collector *c, uint32_t before, uint32_t bare, uint32_t vm)
{
  for (const struct isa_psw_field_info *f = isa_psw_fields(); f->name; f++) {
    char name[16];
    uint32_t mask = ~(uint32_t)0 >> (31 - (f->high - f->low));
    snprintf(name, sizeof name, "psw.%s", f->name);
    collect(c, name, before >> f->low & mask, bare >> f->low & mask, vm >> f->low & mask);
  }
}

static void collect_all(struct collector *c, const struct profile *p,
                        const struct observation *before, const struct observation *bare,
                        const struct observation *vm)
{
  collect_psw(c, before->cr[CR_PSW], bare->cr[CR_PSW], vm->cr[CR_PSW]);
  collect(c, "pc", before->pc, bare->pc, vm->pc);
  for (unsigned i = 0; i < ISA_REG_COUNT; i++)
    collect(c, isa_reg_name(i), before->reg[i], bare->reg[i], vm->reg[i]);
  for (unsigned i = 0; i < ISA_CR_COUNT; i++)
    if (i != CR_PSW && i != CR_TICK && profile_has_cr(p, (enum isa_cr)i))
      collect(c, isa_cr_info((enum isa_cr)i)->name, before->cr[i], bare->cr[i], vm->cr[i]);
  collect(c, "tick", (uint32_t)before->tick, (uint32_t)bare->tick, (uint32_t)vm->tick);
}

size_t observation_fields(const struct profile *p, const struct observation *before,
                          const struct observation *bare, const struct observation *vm,
                          struct observed_field *fields, size_t max)
{
  struct collector c = {.fields = fields, .max = max, .differing = true};
  collect_all(&c, p, before, bare, vm);
  c.differing = false;
  collect_all(&c, p, before, bare, vm);
  return c.count;
}

const char *observation_run_state(enum machine_run_state state)
{
  static const char *const names[] = {"running", "waiting", "stopped"};
  return names[state];
}
