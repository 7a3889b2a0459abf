/* What the files of the terms share. Inside classify/ only. */
#ifndef TRAPEZE_CLASSIFY_TERMS_INTERNAL_H
#define TRAPEZE_CLASSIFY_TERMS_INTERNAL_H

#include "classify/terms_build.h"
#include "machine/machine.h"

#define TERMS_MAX_SYMBOLS (3 * (ISA_CR_COUNT + 24))
#define TERMS_MAX_FIELDS  16 /* of the PSW */

struct terms {
  Z3_context z3;
  const struct profile *profile;
  enum isa_insn insn;
  struct term_symbol symbol[TERMS_MAX_SYMBOLS];
  unsigned symbol_count;
  /* The operands, as a body sees them (numbers of registers have 4 bits, others 32),
   * by enum isa_operand_slot; NULL: the format has none. */
  Z3_ast slot[ISA_SLOT_IMM + 1];
  Z3_ast word;    /* the instruction word */
  Z3_ast encoded; /* the operands are those of a defined encoding */
};

/* The symbol of this kind, made when first asked for. */
Z3_func_decl terms_function(struct terms *t, enum term_symbol_kind kind, unsigned number,
                            unsigned state);

/* A field of a PSW by its mask, as it stands there. */
Z3_ast terms_field(struct terms *t, Z3_ast psw, uint32_t mask);
/* A PSW of its fields; bits outside all of them are zero. */
Z3_ast terms_psw(struct terms *t, const Z3_ast *field);
/* The PSW that results from writing `value`. */
Z3_ast terms_legal_psw(struct terms *t, Z3_ast value);

/* Why an access cannot be made; each Bool. Alignment is looked at apart. */
struct term_refusal {
  Z3_ast bounds, fault, protection, bus; /* bounds, or under other MMUs fault */
};
/* For whom an access is translated: TE (Bool), and the mode as the PSW has it. */
struct term_who {
  Z3_ast te, mode;
};
struct term_refusal terms_refusal(struct terms *t, const struct term_state *s, Z3_ast va,
                                  unsigned size, enum machine_access access, struct term_who who);
/* Any of them: Bool. */
Z3_ast terms_refused(struct terms *t, const struct term_refusal *no);
/* A name for how the state maps pages. */
Z3_ast terms_map(struct terms *t, const struct term_state *s);
struct term_who terms_who(struct terms *t, const struct term_state *s);

#endif
