/* One run of the assembler: everything it knows. Internal to asm/. */
#ifndef TRAPEZE_ASM_ASSEMBLY_H
#define TRAPEZE_ASM_ASSEMBLY_H

#include "asm/arena.h"
#include "asm/asm.h"
#include "asm/diag.h"
#include "asm/expr.h"
#include "asm/section.h"
#include "asm/source.h"
#include "asm/symbol.h"

#define FRAME_LIMIT  64u         /* nested includes, macro calls, repetitions */
#define LINE_LIMIT   1000000u    /* lines that macros and repetitions may produce */
#define EXPAND_LIMIT (64u << 20) /* bytes that macros may produce */
#define SOURCE_LIMIT (64u << 20) /* bytes of one source file */
#define TOKEN_LIMIT  200000u     /* in one statement */
#define DEPTH_LIMIT  1000u       /* of an expression */
#define MEMORY_LIMIT ((size_t)1 << 30)

struct token {
  int kind; /* enum asm_yytokentype; 0 at the end */
  size_t first, last;
  uint64_t number;
  const char *text; /* IDENT: name; STRING: decoded; BAD: what is wrong with it */
  size_t len;
  bool forward; /* LOCALREF */
};

enum operand_kind { OPERAND_REG, OPERAND_EXPR, OPERAND_MEM, OPERAND_STRING };

struct operand {
  enum operand_kind kind;
  unsigned reg;            /* REG, MEM */
  const struct expr *expr; /* EXPR, MEM (NULL: none written) */
  const char *text;        /* STRING */
  size_t len;
  struct loc loc;
};

struct statement {
  const struct token *op;      /* NULL: labels only */
  const struct expr *assigned; /* op = assigned */
  VEC(struct operand) operands;
};

struct parameter {
  const char *name;
  size_t len;
  bool has_default, rest;
  struct argument fallback;
};

struct macro {
  struct macro *chain;
  const char *name; /* terminated */
  size_t len;
  struct loc defined;
  VEC(struct parameter) parameters;
  struct body body;
};

#define MACRO_BUCKETS 64u

struct condition {
  struct loc at;
  bool active, taken, outer, else_seen;
};

enum recording_kind { RECORD_NONE, RECORD_MACRO, RECORD_REPT };

struct recording {
  enum recording_kind kind;
  unsigned depth;      /* nested definitions inside */
  struct macro *macro; /* NULL: the header was bad; lines are dropped */
  uint64_t times;
  struct loc at;
  const struct origin *origin;
  VEC(const struct line *) lines;
};

/* A line of the source that this one was made from, by a compiler. */
struct place {
  const char *file; /* NULL: from none */
  unsigned number;
};

/* Line table and listing: what a line of source became. */
struct emitted {
  const struct line *line;
  struct place from;
  struct section *section;
  uint32_t offset, size;
  uint8_t unit;  /* 1, 2, 4: data; 0: instructions */
  bool pseudo;   /* the instructions are not the ones written */
  bool labelled; /* a label stands here */
};

struct assertion {
  const struct expr *expr;
  const char *text;
};

struct frame {
  struct origin *origin;
  size_t conditions; /* open when the frame began */
  unsigned number;   /* lines supplied */
  /* FILE */
  const char *text, *shown;
  size_t pos, end;
  const char *file;
  /* MACRO, REPT */
  struct body body;
  uint64_t times;
  const struct macro *macro;
  const struct argument *arguments;
  uint64_t serial; /* \@ */
};

struct assembly {
  const struct asm_options *options;
  struct arena arena;
  bool stop;       /* assemble no further */
  bool incomplete; /* something was left out: undefined symbols mean nothing */
  bool placed;     /* sections have their addresses */
  size_t error_count;
  VEC(struct diag) diags;

  struct frame frames[FRAME_LIMIT + 1];
  size_t frame_count;
  size_t sequence;
  size_t expanded_lines, expanded_bytes;
  uint64_t macro_serial;

  void *scanner;
  VEC(char) scan_buffer;
  VEC(struct token) tokens;
  size_t next_token; /* parser's position */
  const struct line *line;
  struct statement statement;

  struct symbol_table symbols;
  struct macro *macros[MACRO_BUCKETS];
  VEC(struct condition) conditions;
  struct recording recording;

  struct section_set sections;
  struct section *section; /* current */
  uint32_t here;           /* offset of the statement in it */
  const struct expr *later;
  unsigned eval_depth;

  struct place from; /* .loc */
  struct emitted noted; /* unit and pseudo of the statement being assembled */
  VEC(struct emitted) emitted;
  VEC(struct assertion) assertions;
};

/* lexer.l: splits a line into a->tokens, the last of kind 0. */
void asm_lex_line(struct assembly *a, const struct line *line);
void asm_lex_begin(struct assembly *a);

/* parser.y: parses a->tokens from `first` into a->statement; false after a message. */
bool asm_parse(struct assembly *a, size_t first);

/* statement.c */
void asm_statement(struct assembly *a, const struct line *line);
struct loc token_loc(const struct assembly *a, const struct token *t);

/* macro.c */
struct macro *macro_find(const struct assembly *a, const char *name, size_t len);
void macro_call(struct assembly *a, const struct macro *macro, size_t first_token);
void macro_begin(struct assembly *a, size_t first_token);  /* .macro */
void repeat_begin(struct assembly *a, size_t first_token); /* .rept */
/* The text of a body's line in the macro call that `f` is. */
void macro_substitute(struct assembly *a, const struct frame *f, struct line *line);
/* A line while a body is recorded. */
void recording_line(struct assembly *a, const struct line *line, const struct token *op);
void recording_check_end(struct assembly *a, const struct origin *origin);

/* condition.c: true if the directive is one of the .if family and was dealt with. */
bool condition_directive(struct assembly *a, const struct token *op, size_t first_token);
bool condition_active(const struct assembly *a);
/* Reports conditions left open by a frame. */
void condition_close(struct assembly *a, size_t keep);

/* directive.c */
bool directive_run(struct assembly *a, const struct statement *st);
bool directive_exists(const char *name);
const char *directive_suggest(struct assembly *a, const char *name, size_t len);

/* insn.c */
void insn_assemble(struct assembly *a, const struct statement *st);
/* The operand of the instruction's format that fills `slot`, or NULL. */
/* What may stand where `op` stands and a register has to: "; …", or "". */
const char *insn_register_hint(struct assembly *a, const struct operand *op);
const struct isa_operand *insn_operand(enum isa_insn insn, enum isa_operand_slot slot);

/* pseudo.c: true if the statement is a pseudo-instruction and was dealt with. */
bool pseudo_assemble(struct assembly *a, const struct statement *st);
/* A real instruction with fewer operands than it has: "jal label". */
bool pseudo_short_form(struct assembly *a, enum isa_insn insn, const struct statement *st);
bool pseudo_exists(const char *name);
const char *pseudo_name(size_t index); /* NULL past the last */

/* The host failed at reading `path`: says so and unwinds as for lack of memory. */
_Noreturn void assembly_give_up(struct assembly *a, const char *path, const char *reason);
/* assembly.c: the first half of both entry points. Runs to the end of the source
 * and places everything. `memory` bounds what it may allocate. */
typedef enum asm_status asm_finish_fn(struct assembly *a, struct asm_output *out);
enum asm_status assembly_run(const char *path, const struct asm_options *o, size_t memory,
                             asm_finish_fn *finish, struct asm_output *out);
asm_finish_fn output_elf, output_raw;

/* linetable.c: contents of the two sections of the line table (asm.h). */
struct line_table {
  VEC(uint8_t) records, strings;
};
void linetable_build(struct assembly *a, struct line_table *t);

/* listing.c */
void listing_print(struct assembly *a, FILE *out);

#endif
