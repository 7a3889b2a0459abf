/* The definition language as a tree: what the parser builds, the checker
 * resolves and every backend (header, tables, bodies, manual, solver terms)
 * reads. All nodes and strings live in the definition's arena.
 */
#ifndef TRAPEZE_ISA_GEN_AST_H
#define TRAPEZE_ISA_GEN_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines and columns from 1; the last column is one past the end. */
struct loc {
  int first_line, first_column, last_line, last_column;
};

struct ident {
  const char *text;
  struct loc loc;
};

struct ident_list {
  struct ident id;
  struct ident_list *next;
};

struct number {
  uint32_t value;
  struct loc loc;
};

/* ------------------------------------------------------------ declarations */
struct feature {
  struct ident kind; /* mmu, io, keys */
  struct ident name; /* bounds; text NULL: the kind itself is the feature */
  uint32_t bit;
  struct feature *next;
};

struct requires
{
  struct ident_list *words; /* kind, then names; NULL: nothing required */
  uint32_t mask;            /* resolved */
};

struct cause {
  struct ident name, kind;
  struct number number;
  bool has_line;
  struct number line;
  struct ident summary;
  struct cause *next;
};

struct field {
  struct ident name, write;
  struct number high, low;
  struct ident summary;
  struct field *next;
};

struct cr {
  struct ident name;
  struct number number;
  bool is_psw; /* `write psw`: write_mask is the union of the PSW's fields */
  bool live;   /* its value is computed when read */
  struct number write_mask;
  struct requires requires;
  struct ident summary;
  struct cr *next;
};

enum operand_kind {
  OPERAND_REG,
  OPERAND_SIMM,
  OPERAND_UIMM,
  OPERAND_UPPER,
  OPERAND_REL,
  OPERAND_CR,
};

struct operand {
  struct ident name, kind_name;
  enum operand_kind kind; /* resolved */
  struct number high, low;
  struct operand *next;
};

struct format {
  struct ident name;
  struct operand *operands;
  uint32_t bits; /* resolved: bits that operands cover */
  struct format *next;
};

/* ------------------------------------------------------------- expressions */
enum unary { UNARY_NEG, UNARY_COMPL, UNARY_NOT };

enum binary {
  BINARY_ADD,
  BINARY_SUB,
  BINARY_MUL,
  BINARY_AND,
  BINARY_OR,
  BINARY_XOR,
  BINARY_SHL,
  BINARY_SHRU,
  BINARY_SHRS,
  BINARY_DIVU,
  BINARY_DIVS,
  BINARY_REMU,
  BINARY_REMS,
  BINARY_EQ,
  BINARY_NE,
  BINARY_LTU,
  BINARY_LTS,
  BINARY_LEU,
  BINARY_LES,
  BINARY_GTU,
  BINARY_GTS,
  BINARY_GEU,
  BINARY_GES,
};

enum function { FUNCTION_MULHSS, FUNCTION_MULHSU, FUNCTION_MULHUU, FUNCTION_SEXT };

/* What a name stands for, after checking. */
enum ref_kind {
  REF_NONE,
  REF_OPERAND,      /* operand: a register's value, or the immediate, or a cr number */
  REF_REGISTER,     /* number: a register that the body names itself */
  REF_LET,          /* let: its value */
  REF_LET_FIELD,    /* let, field: a PSW field of its value */
  REF_TRANSLATE_OK, /* let: translate succeeded */
  REF_TRANSLATE_PA, /* let: physical address */
  REF_PC,
  REF_PSW,
  REF_PSW_FIELD, /* field */
  REF_CR,        /* cr */
  REF_USER_MODE,
  REF_FLAGS_MASK,
};

struct stmt;

struct ref {
  enum ref_kind kind;
  const struct operand *operand;
  unsigned number;
  const struct stmt *let;
  const struct field *field;
  const struct cr *cr;
};

/* `base` or `base.member`; member.text is NULL without one. */
struct dotted {
  struct ident base, member;
  struct loc loc;
};

enum expr_kind {
  EXPR_NUMBER,
  EXPR_NAME,
  EXPR_CALL,
  EXPR_UNARY,
  EXPR_BINARY,
  EXPR_CONDITIONAL,
  EXPR_SLICE,
};

struct expr {
  enum expr_kind kind;
  struct loc loc;
  uint32_t value;                    /* NUMBER */
  struct dotted name;                /* NAME, CALL */
  struct ref ref;                    /* NAME, resolved */
  enum function function;            /* CALL of a function, resolved */
  const struct primitive *primitive; /* CALL of a primitive, resolved */
  struct expr *args;                 /* CALL: first argument */
  enum unary unary;
  enum binary binary;
  struct expr *left, *right, *condition; /* UNARY and SLICE use left */
  uint32_t high, low;                    /* SLICE */
  struct expr *next;                     /* next argument */
};

/* -------------------------------------------------------------- statements */
enum stmt_kind { STMT_LET, STMT_ASSIGN, STMT_IF, STMT_TRAP, STMT_PRIMITIVE };

struct stmt {
  enum stmt_kind kind;
  struct loc loc;
  struct ident name;   /* LET, TRAP (the cause) */
  struct expr *target; /* ASSIGN */
  struct expr *value;  /* LET, ASSIGN, PRIMITIVE (the call), TRAP (or NULL), IF (the condition) */
  struct stmt *then_body, *else_body;
  const struct cause *cause;   /* TRAP, resolved */
  bool used, used_ok, used_pa; /* LET, resolved */
  bool is_jump, is_jump_rel;   /* ASSIGN to pc, resolved */
  struct stmt *next;
};

struct behaviour {
  struct ident name; /* "full" for a body without a name */
  struct stmt *body;
  struct loc loc; /* of the body with its braces */
  struct behaviour *next;
};

enum group { GROUP_USER, GROUP_ERRANT, GROUP_SYSTEM };

struct insn {
  struct ident name;
  struct number opcode;
  struct ident format_name, group_name;
  struct ident shape, summary, models, sensitive; /* text "" where not given */
  struct requires requires;
  bool has_behaviours; /* written with named behaviours */
  struct behaviour *behaviours;
  enum group group;            /* resolved */
  const struct format *format; /* resolved */
  struct insn *next;
};

struct arena {
  struct arena_block *blocks;
};

struct def {
  struct arena arena;
  struct ident isa;
  struct number version;
  struct ident_list *registers;
  struct feature *features;
  struct cause *causes;
  struct field *psw;
  struct ident_list *flags;
  struct cr *crs;
  struct format *formats;
  struct insn *insns;
  uint32_t psw_mask, flags_mask; /* resolved */
};

/* Zeroed memory that lives as long as the definition; ends the process with
 * status 3 when the host has none. */
void *arena_alloc(struct arena *arena, size_t size);
/* Says so and ends the process. */
_Noreturn void out_of_memory(void);
char *arena_text(struct arena *arena, const char *text, size_t len);
void def_destroy(struct def *def);

/* Appends to a singly linked list; `next` is the link. */
#define LIST_APPEND(head, node)                                                                    \
  do {                                                                                             \
    __typeof__(&(head)) link_ = &(head);                                                           \
    while (*link_)                                                                                 \
      link_ = &(*link_)->next;                                                                     \
    *link_ = (node);                                                                               \
  } while (0)

/* -------------------------------------------------------------- primitives */
/* Arguments, a letter each: e an expression, c a control register (an operand
 * of that kind or cr.NAME), x an access (load, store, fetch). */
struct primitive {
  const char *name;  /* "load.w" */
  const char *macro; /* "LOAD_W" */
  const char *args;
  enum { RESULT_NONE, RESULT_VALUE, RESULT_TRANSLATION } result;
  bool may_trap;
  bool effect; /* changes storage, a device or the TLB: at most one, and last */
  bool write;  /* writes a register of the processor, as an assignment does */
  bool user;   /* the user group may have it */
};
extern const struct primitive primitives[]; /* ends with name NULL */

/* In definition-language notation: "+", "<s", "sext". */
bool binary_is_comparison(enum binary op);
const char *function_text(enum function f);

#endif
