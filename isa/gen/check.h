/* The checker: resolves every name of the tree and rejects a definition that
 * the backends could not serve. It reports as many errors as it finds.
 */
#ifndef TRAPEZE_ISA_GEN_CHECK_H
#define TRAPEZE_ISA_GEN_CHECK_H

#include "isa/gen/ast.h"
#include "isa/gen/diag.h"

/* True: the tree is fully resolved and every rule of isa/LANGUAGE.md holds. */
bool check_definition(struct def *def, struct diag *diag);

/* Names, types and widths within one behaviour of one instruction. */
void check_body(struct def *def, struct diag *diag, struct insn *insn, struct behaviour *b);

/* The order of events on every path of a resolved behaviour. */
void check_paths(struct diag *diag, const struct insn *insn, const struct behaviour *b);

/* Whether the statements mention the operand. */
bool body_mentions(const struct stmt *body, const struct operand *operand);

/* "a, b or c" of a list's names, into an array. */
#define LIST_NAMES(buf, type, head, member)                                                        \
  do {                                                                                             \
    size_t len_ = 0;                                                                               \
    buf[0] = '\0';                                                                                 \
    for (const type *n_ = (head); n_ && len_ < sizeof(buf); n_ = n_->next)                         \
      len_ += (size_t)snprintf(buf + len_, sizeof(buf) - len_, "%s%s",                             \
                               len_ == 0  ? ""                                                     \
                               : n_->next ? ", "                                                   \
                                          : " or ",                                                \
                               n_->member.text);                                                   \
  } while (0)

const struct field *find_field(const struct def *def, const char *name);

#endif
