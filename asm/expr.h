/* Expressions: 64-bit, C's operators. A value is absolute, or, before the
 * sections are placed, an offset from the start of a section.
 */
#ifndef TRAPEZE_ASM_EXPR_H
#define TRAPEZE_ASM_EXPR_H

#include "asm/source.h"

struct section;
struct symbol;

enum expr_kind {
  EXPR_NUMBER,
  EXPR_SYMBOL,
  EXPR_HERE, /* `.`: address of the statement */
  EXPR_UNARY,
  EXPR_BINARY,
  EXPR_TERNARY,
  EXPR_HI, /* bits 31:12, as lui takes them */
  EXPR_LO, /* bits 11:0 */
};

struct expr {
  enum expr_kind kind;
  int op; /* token kind of the operator */
  unsigned depth;
  struct loc loc;
  int64_t number;                /* NUMBER; HERE: offset */
  const struct section *section; /* HERE */
  struct symbol *symbol;         /* SYMBOL */
  const struct expr *x[3];       /* operands */
};

struct value {
  int64_t number;
  const struct section *section; /* NULL: absolute */
};

enum evaluated { EVAL_KNOWN, EVAL_LATER, EVAL_BAD /* reported */ };

struct expr *expr_number(struct assembly *a, struct loc loc, int64_t number);
struct expr *expr_symbol(struct assembly *a, struct loc loc, const char *name, size_t len);
/* Numeric label: "1b" or "1f". */
struct expr *expr_local(struct assembly *a, struct loc loc, uint64_t number, bool forward);
struct expr *expr_here(struct assembly *a, struct loc loc);
/* NULL after a message when the tree is too deep. Constants are folded. */
struct expr *expr_node(struct assembly *a, struct loc loc, enum expr_kind kind, int op,
                       const struct expr *x, const struct expr *y, const struct expr *z);

/* LATER leaves the subexpression to blame in a->later; it cannot happen once
 * a->placed is set, when undefined symbols are errors. */
enum evaluated expr_eval(struct assembly *a, const struct expr *e, struct value *v);
/* The value must be known now; `what` names it in the message. */
bool expr_eval_now(struct assembly *a, const struct expr *e, const char *what, int64_t *number);
/* The same and within min..max. */
bool expr_eval_range(struct assembly *a, const struct expr *e, const char *what, int64_t min,
                     int64_t max, int64_t *number);

#endif
