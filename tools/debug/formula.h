/* Expressions as the debugger's user writes them: C's operators over registers,
 * control registers, fields of the PSW, symbols, storage and the user's own
 * variables. Parsed once, evaluated as often as needed.
 */
#ifndef TRAPEZE_TOOLS_DEBUG_FORMULA_H
#define TRAPEZE_TOOLS_DEBUG_FORMULA_H

#include "machine/image.h"
#include "machine/machine.h"

/* Where a value was found, so that it can be set or watched. */
enum formula_place {
  FORMULA_NOWHERE,
  FORMULA_REG,
  FORMULA_PC,
  FORMULA_CR,
  FORMULA_FIELD,    /* of a control register */
  FORMULA_VIRTUAL,  /* storage by the address that the program would use */
  FORMULA_PHYSICAL, /* storage of the machine */
  FORMULA_VARIABLE,
};

/* Values have 32 bits, but for the tick, which has 64. Signed if a literal or a
 * cast made it so: like C's int and unsigned. */
struct formula_value {
  uint64_t v;
  bool is_signed, wide;
  enum formula_place place;
  uint32_t where; /* number or address */
  unsigned size;  /* storage: 1, 2 or 4 bytes */
  unsigned field; /* FORMULA_FIELD: its place in isa_psw_fields() */
};

#define FORMULA_NAME_SIZE    128
#define FORMULA_VARIABLES    64
#define FORMULA_HISTORY      256
#define FORMULA_MESSAGE_SIZE 200

/* The user's variables and the values that print has shown. Zeroed is empty. */
struct formula_memory {
  struct {
    char name[FORMULA_NAME_SIZE];
    struct formula_value value;
  } variable[FORMULA_VARIABLES];
  unsigned variables;
  struct formula_value history[FORMULA_HISTORY]; /* $1 in [0]; the last ones stay */
  unsigned shown;                          /* how many have been */
};

/* What names mean. */
struct formula_scope {
  struct machine *machine;
  const struct image *image;
  struct formula_memory *memory;
};

struct formula_error {
  char message[FORMULA_MESSAGE_SIZE];
  int column; /* into the text, from 0; -1: about no place in it */
  bool no_memory;
};

struct formula;
/* NULL with *error filled. */
struct formula *formula_parse(const char *text, struct formula_error *error);
void formula_destroy(struct formula *e); /* NULL is fine */
const char *formula_text(const struct formula *e);

/* False with *error filled: no such name, storage that cannot be read, … */
bool formula_eval(const struct formula *e, const struct formula_scope *scope, struct formula_value *value,
               struct formula_error *error);
/* Both, for an expression that is used once. */
bool formula_now(const char *text, const struct formula_scope *scope, struct formula_value *value,
              struct formula_error *error);
/* Gives a place a value. False with *error filled. */
bool formula_set(const struct formula_value *place, uint64_t v, const struct formula_scope *scope,
              struct formula_error *error);

/* Storage as the program would load it now, by the PSW in force; `size` bytes. */
bool formula_read(struct machine *m, uint32_t va, unsigned size, uint32_t *value);
/* Where an address of the program lies in storage. */
bool formula_locate(struct machine *m, uint32_t va, uint32_t *pa);

/* Names for completion: calls back with each register, control register and field. */
void formula_each_name(void (*visit)(void *ctx, const char *name), void *ctx);

/* ------------------------------------------------- between parser and evaluator */

enum formula_kind { FORMULA_NUMBER, FORMULA_NAME, FORMULA_DOLLAR, FORMULA_MEMBER, FORMULA_UNARY, FORMULA_BINARY,
                 FORMULA_CHOOSE, FORMULA_LOAD, FORMULA_CAST, FORMULA_ASSIGN };

struct formula_node {
  struct formula_node *next_made;
  enum formula_kind kind;
  int op; /* a token, or the bytes of a load (negative: physical) */
  int column;
  uint64_t number;
  bool is_signed;
  char name[FORMULA_NAME_SIZE];
  struct formula_node *a, *b, *c;
};

struct formula {
  char *text;
  struct formula_node *made; /* all of them */
  struct formula_node *root;
};

struct formula_reader {
  struct formula *formula;
  const char *at;
  int column; /* of the token last read */
  struct formula_error *error;
};

/* NULL: no memory. */
struct formula_node *formula_make(struct formula_reader *r, enum formula_kind kind, int column, int op,
                            struct formula_node *a, struct formula_node *b, struct formula_node *c);

#endif
