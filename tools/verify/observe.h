/* What verify looks at: the canonical state of any machine, field by field, so
 * that a difference can be named.
 */
#ifndef TRAPEZE_TOOLS_VERIFY_OBSERVE_H
#define TRAPEZE_TOOLS_VERIFY_OBSERVE_H

#include "machine/machine.h"

struct observation {
  uint64_t storage, devices; /* their digests */
  uint64_t tick;
  uint32_t pc;
  uint32_t reg[ISA_REG_COUNT];
  uint32_t cr[ISA_CR_COUNT]; /* 0 where the profile has no such register */
  enum machine_run_state run_state;
};

void observe(struct machine *m, struct observation *o);
/* Compares every field, not one hash of them all: a hash that forgot one would hide it,
 * and hashing as well costs as much again. */
bool observation_equal(const struct observation *a, const struct observation *b);

/* The word that the machine would execute next. False: it cannot be fetched. */
bool observe_instruction(struct machine *m, uint32_t *word);

/* A named part of the state. Names: "pc", registers' and control registers' own,
 * and the fields of the PSW as "psw.ie". */
struct observed_field {
  char name[16];
  uint32_t before, bare, vm;
};

/* The fields that either machine changed or in which they differ, at most `max`
 * of them, those that differ first. The PSW appears as its fields. */
size_t observation_fields(const struct profile *p, const struct observation *before,
                          const struct observation *bare, const struct observation *vm,
                          struct observed_field *fields, size_t max);

/* "running", "waiting", "stopped". */
const char *observation_run_state(enum machine_run_state state);

#endif
