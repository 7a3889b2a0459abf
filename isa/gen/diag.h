/* Messages about a definition: file:line:col, the source line, a caret range. */
#ifndef TRAPEZE_ISA_GEN_DIAG_H
#define TRAPEZE_ISA_GEN_DIAG_H

#include <stdio.h>

#include "isa/gen/ast.h"

struct source {
  const char *name; /* borrowed, as the user gave it */
  char *text;       /* malloc'd, zero-terminated */
  size_t len;
};

enum { DIAG_MAX_ERRORS = 20 };

struct diag {
  const struct source *source;
  FILE *out;
  unsigned errors; /* all of them; only the first DIAG_MAX_ERRORS are printed */
};

void diag_error(struct diag *d, struct loc loc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Belongs to the error before it. */
void diag_note(struct diag *d, struct loc loc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
