/* Symbols: labels, .equ constants, .set variables, numeric labels. */
#ifndef TRAPEZE_ASM_SYMBOL_H
#define TRAPEZE_ASM_SYMBOL_H

#include "asm/arena.h"
#include "asm/expr.h"

enum symbol_kind {
  SYMBOL_UNDEFINED,
  SYMBOL_LABEL,
  SYMBOL_EQU, /* once; may refer forward */
  SYMBOL_SET, /* again and again */
};

struct symbol {
  struct symbol *chain; /* in its hash bucket */
  const char *name;     /* terminated; NULL: a numeric label */
  size_t len;
  enum symbol_kind kind;
  struct loc defined;
  const struct section *section; /* LABEL */
  uint32_t offset;               /* LABEL */
  const struct expr *expr;       /* EQU; NULL: in error */
  struct symbol *version;        /* SET: the EQU symbol that holds its present value */
  struct symbol *variable;       /* the SET symbol that this is a version of */
  bool evaluating, known, reported;
  struct value value; /* if known */
  bool global;
  struct loc globalized;
  uint64_t local_number; /* numeric labels */
  bool local_forward;
};

struct local_label { /* the numeric label N */
  struct local_label *chain;
  uint64_t number;
  struct symbol *last, *next; /* what Nb and Nf mean here */
};

#define SYMBOL_BUCKETS 1024u

struct symbol_table {
  struct symbol *buckets[SYMBOL_BUCKETS];
  struct local_label *locals[64];
  VEC(struct symbol *) all; /* in order of first mention */
};

/* Finds or makes it. */
struct symbol *symbol_get(struct assembly *a, const char *name, size_t len);
void symbol_define_label(struct assembly *a, struct loc loc, const char *name, size_t len);
void symbol_define_local(struct assembly *a, struct loc loc, uint64_t number);
void symbol_define_value(struct assembly *a, struct symbol *s, struct loc loc,
                         enum symbol_kind kind, const struct expr *expr);
struct symbol *symbol_local(struct assembly *a, struct loc loc, uint64_t number, bool forward);
const char *symbol_suggest(struct assembly *a, const struct symbol *s);

#endif
