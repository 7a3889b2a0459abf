/* Parsing: text to tree. The lexer and the parser share this. */
#ifndef TRAPEZE_ISA_GEN_PARSE_H
#define TRAPEZE_ISA_GEN_PARSE_H

#include "isa/gen/ast.h"
#include "isa/gen/diag.h"

struct parse {
  struct def *def;
  struct diag *diag;
  struct ident group; /* of the instructions that follow */
};

/* Fills *def from the diag's source. False after messages; def_destroy() is
 * the caller's in either case. */
bool parse_definition(struct def *def, struct diag *diag);

#endif
