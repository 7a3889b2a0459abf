/* The semantics of an instruction as Z3 terms, made by gen/pg32_terms.h from the
 * definition that the machine executes.
 *
 * A body becomes a function from one symbolic state to another: a statement is an
 * update that applies where its path's condition holds. That is exact, because the
 * definition language has no loops, reads before it writes and does at most one
 * thing that it cannot take back (isa/LANGUAGE.md).
 *
 * What terms_exec.c states by hand is the trusted base:
 *
 *   storage     one map from word addresses, as the current relocation shows them,
 *               to words: the view. Two states of a pair share it, as the paper has
 *               them share e|r; where it lies physically is TE ? BASE + va : va.
 *   translate   docs/machine.md in closed form: sums of 34 bits, so that none wraps;
 *               the last byte checked; protection before bus.
 *   pages       Under `mmu paged` and `tlb` what is known of a page is an uninterpreted
 *               function, its entry, of a map: of PTBR, or of ASID and what the TLB holds.
 *               What an entry says is docs/mmu.md in closed form, and so are the unmapped
 *               segment and a directory beyond storage; that a table lies there is a
 *               function again. Two states have the same tables, which lie in storage,
 *               but not the same PTBR. A and D are taken for part of the map. Of what
 *               tlbw and tlbi make of the TLB it is known only that it is a function.
 *               That two pages may show one word is not: a "yes" that needs it has no state.
 *   ldprev,     With TE on, the previous mode's translation is the current one. With
 *   stprev      TE off the view is all of storage, by physical address. So they never
 *               reach storage that the view does not show; a BASE that is no multiple
 *               of 4 makes them straddle two words.
 *   control     a write changes what profile_cr_write() says; TIMER and TICK read as
 *   registers   they stand at the boundary before.
 *   keys        a map from blocks to keys; ssk and isk meet a bus error beyond storage.
 *   ports       uninterpreted: which ports exist, what is read, and what state the
 *               devices are in then, are functions of the port, the value and the
 *               state before. Nothing is known of them but that they are functions,
 *               so a "no" holds for all devices; a "yes" may need a particular one.
 *   channels    the same of units. A channel program lies in storage, by a real address:
 *               what is found there is a function of that address and the relocation,
 *               for where the view's words lie depends on it.
 *   wait, halt  the run state.
 *
 * The maps are uninterpreted functions and not arrays: nothing is ever stored into
 * the map of the state before, and the map after is a term at one index. To say that
 * two maps differ is to say that they do at some index, a constant of its own; so
 * there are no quantifiers and no extensionality.
 *
 * Each axiom is held against the machine: tests/unit/classify/test_terms.c evaluates
 * the terms and runs the engine on the same states.
 */
#ifndef TRAPEZE_CLASSIFY_TERMS_H
#define TRAPEZE_CLASSIFY_TERMS_H

#include <z3.h>

#include "classify/trial.h"

/* What a symbol stands for. */
enum term_symbol_kind {
  TERM_SYMBOL_STORAGE, /* q */
  TERM_SYMBOL_PC,
  TERM_SYMBOL_PSW,         /* number: a field of it */
  TERM_SYMBOL_CR,          /* number: which; not the PSW */
  TERM_SYMBOL_DEVICES,     /* a name for their state: one step can tell few apart */
  TERM_SYMBOL_OPERAND,     /* number: index in the format */
  TERM_SYMBOL_REG,         /* function of a number */
  TERM_SYMBOL_VIEW,        /* function of va / 4 */
  TERM_SYMBOL_KEY,         /* function of pa / block */
  TERM_SYMBOL_PORT_EXISTS, /* function of the port */
  TERM_SYMBOL_PORT_IN,     /* of devices, port: the value */
  TERM_SYMBOL_AFTER_IN,    /* … devices then */
  TERM_SYMBOL_AFTER_OUT,   /* of devices, port, value */
  TERM_SYMBOL_LAYOUT,      /* of TE, BASE and BOUND, or the map: a name for what lies where */
  TERM_SYMBOL_SIO,         /* of devices, layout, channel address word: the answer */
  TERM_SYMBOL_AFTER_SIO,   /* … devices then */
  TERM_SYMBOL_TIO,         /* of devices, operand: the answer */
  TERM_SYMBOL_TLB,         /* a name for what it holds */
  TERM_SYMBOL_MAP,         /* of PTBR or ASID, TLB: a name for how pages are mapped */
  TERM_SYMBOL_PAGE,        /* of the map, page: its entry; V is 0 if there is none */
  TERM_SYMBOL_ASTRAY,      /* some tables lie beyond storage: … */
  TERM_SYMBOL_ASTRAY_AT,   /* … of the map, 4 MiB of addresses: whether these do */
  TERM_SYMBOL_WINDOW,      /* of TLBHI, TLBLO, TLBIX: a name for them, … */
  TERM_SYMBOL_AFTER_TLBW,  /* … of the TLB, it, TLBRND: the TLB then */
  TERM_SYMBOL_AFTER_TLBI,  /* of the TLB, address, space: the TLB then */
  TERM_SYMBOL_TLBP,        /* of the TLB, TLBHI: the index */
  TERM_SYMBOL_SOME_REG,    /* where maps may differ: a number of a register, … */
  TERM_SYMBOL_SOME_WORD,   /* … va / 4, … */
  TERM_SYMBOL_SOME_KEY,    /* … a block */
};

struct term_symbol {
  enum term_symbol_kind kind;
  unsigned number;
  unsigned state; /* 0: of both states of a pair; else of the first, the second */
  Z3_func_decl decl;
  char name[48];
};

/* The state before, in symbols. cr: the PSW too; NULL for those the profile lacks. */
struct term_state {
  Z3_ast storage, pc, devices, tlb, cr[ISA_CR_COUNT];
  Z3_func_decl reg, view, key;
};

/* What the instruction makes of it. An execution that traps has no other outputs. */
enum term_output {
  TERM_MEMORY_TRAP, /* Bool */
  TERM_OTHER_TRAP,  /* Bool; at most one of the two */
  TERM_CAUSE,
  TERM_VALUE,
  TERM_PC,
  TERM_REG,      /* the register TERM_SYMBOL_SOME_REG */
  TERM_WORD,     /* the view's word TERM_SYMBOL_SOME_WORD */
  TERM_STORES,   /* Bool: something is stored, … */
  TERM_STORE_AT, /* … at this byte of the view */
  TERM_KEY,      /* the key of block TERM_SYMBOL_SOME_KEY */
  TERM_KEY_SETS, /* Bool: a key is set, … */
  TERM_KEY_AT,   /* … of this block */
  TERM_DEVICES,
  TERM_TLB,
  TERM_RUN,
  TERM_CR, /* + enum isa_cr */
  TERM_OUTPUTS = TERM_CR + ISA_CR_COUNT
};
struct term_result {
  Z3_ast output[TERM_OUTPUTS]; /* NULL: a control register that the profile lacks */
};

/* One instruction of one profile, with symbolic operands. NULL: the host has no memory.
 * Once there is one, Z3 being out of memory ends the process with status 3. */
struct terms;
struct terms *terms_create(const struct profile *profile, enum isa_insn insn);
void terms_destroy(struct terms *t); /* and every term */
Z3_context terms_z3(const struct terms *t);
enum isa_insn terms_insn(const struct terms *t);

/* A state whose components `own` are of state `number` alone (1 or 2), the rest
 * shared by both states of a pair. */
void terms_state(struct terms *t, component_set own, unsigned number, struct term_state *s);
/* It is one of the states that the questions are about: legal control registers, no
 * interrupt about to be taken, the instruction accessible at pc. */
Z3_ast terms_legal(struct terms *t, const struct term_state *s);
/* The operands are those of a defined encoding. Holds for a pair as a whole. */
Z3_ast terms_encoded(struct terms *t);
/* The instruction as the profile has it, in all modes. */
void terms_execute(struct terms *t, const struct term_state *s, struct term_result *r);
/* TERM_SYMBOL_SOME_REG, … */
Z3_ast terms_some(struct terms *t, enum term_symbol_kind kind);

/* Every symbol made so far. */
unsigned terms_symbol_count(const struct terms *t);
const struct term_symbol *terms_symbol(const struct terms *t, unsigned i);
/* "control register base, in state 1" */
void terms_describe(const struct terms *t, const struct term_symbol *s, char *buf, size_t size);

#endif
