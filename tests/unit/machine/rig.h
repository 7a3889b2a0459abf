/* A machine on a bench: small programs put into storage by hand, run on every
 * engine, for the tests of docs/machine.md (test_spec_*.c).
 */
#ifndef TRAPEZE_TESTS_UNIT_MACHINE_RIG_H
#define TRAPEZE_TESTS_UNIT_MACHINE_RIG_H

#include "machine/machine.h"

#define RIG_STORAGE MACHINE_MIN_STORAGE
#define RIG_SECTORS 64u
#define RIG_CODE    0x1000u /* where pc and emit() start: the reset pc */

struct rig {
  struct profile *profile;
  struct disk_store *disk;
  struct machine *m;
  enum machine_engine engine;
  uint32_t at; /* where emit() puts the next word */
};

/* One test, run once on each engine, each time on a freshly reset machine. */
struct rig_case {
  const char *name;
  void (*test)(struct rig *r);
  const char *profile; /* NULL: pg */
};

#define RIG_CASE(f)                                                                                \
  {                                                                                                \
#f, f, NULL                                                                                    \
  }

/* For main(): the exit status. */
int rig_run(const struct rig_case *cases, size_t count);
#define RIG_RUN(cases) rig_run((cases), sizeof(cases) / sizeof *(cases))

/* Another machine of the same configuration; the caller destroys it. */
struct machine *rig_another(const struct rig *r);

/* Put an instruction at r->at; its word. */
uint32_t emit(struct rig *r, enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm);
uint32_t emit_cr(struct rig *r, enum isa_insn insn, unsigned a, enum isa_cr cr);
uint32_t emit_none(struct rig *r, enum isa_insn insn);
void emit_nops(struct rig *r, unsigned count);

uint32_t word_at(struct rig *r, uint32_t at);
void put_word(struct rig *r, uint32_t at, uint32_t word);
uint32_t reg(struct rig *r, unsigned reg);
void set_reg(struct rig *r, unsigned reg, uint32_t value);
uint32_t cr(struct rig *r, enum isa_cr cr);
void set_cr(struct rig *r, enum isa_cr cr, uint32_t value);
uint64_t now(struct rig *r);
/* A PSW: mode, and the other fields as bits (PSW_IE_MASK …). */
uint32_t psw(unsigned mode, uint32_t fields);
void set_vector(struct rig *r, enum isa_cause cause, uint32_t handler);

/* Executes exactly n instructions, none of which may trap. */
void steps(struct rig *r, unsigned n);
/* The next instruction must trap like this, taking no time and changing no
 * state. insn: the word at pc, unless the cause is of the fetch. */
void expect_trap(struct rig *r, enum isa_cause cause, uint32_t value, uint32_t insn);
/* The same, then delivers it. */
void expect_delivery(struct rig *r, enum isa_cause cause, uint32_t value, uint32_t insn);
/* The next boundary must take this interrupt. */
void expect_interrupt(struct rig *r, enum isa_cause cause);
/* machine_run() to a tick must end there, with MACHINE_LIMIT. */
void run_to(struct rig *r, uint64_t tick);

#endif
