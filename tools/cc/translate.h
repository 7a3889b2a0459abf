/* From the assembly that GCC writes for RV32E to PG32's. The user instructions of PG32 are
 * those of RV32EM, so most lines stay as they are; what differs is the assembler: sections,
 * alignment, symbols of several files in one source, line numbers.
 */
#ifndef TRAPEZE_TOOLS_CC_TRANSLATE_H
#define TRAPEZE_TOOLS_CC_TRANSLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What one C file was compiled to. */
struct cc_unit {
  const char *name; /* of the C file, for messages */
  const char *text; /* zero-terminated */
  /* A symbol that an earlier unit defines too is this one's own business: a program may
   * have a memcpy that is not the library's. */
  bool library;
};

struct cc_linker;
/* Collects units into one source. NULL: no memory. `out` gets the assembly, `errors` what
 * is wrong, a line each; both are the caller's. */
struct cc_linker *cc_linker_create(FILE *out, FILE *errors);
void cc_linker_destroy(struct cc_linker *l); /* NULL is fine */
/* A symbol that is defined elsewhere, in assembly; one that is used there. False: no memory. */
bool cc_linker_know(struct cc_linker *l, const char *symbol);
bool cc_linker_want(struct cc_linker *l, const char *symbol);
/* False: after a message, or no memory. */
bool cc_linker_add(struct cc_linker *l, const struct cc_unit *unit);
/* After the last unit: whether every symbol is defined somewhere; a message for each that is
 * not. */
bool cc_linker_close(struct cc_linker *l);
/* It has met the end of memory. */
bool cc_linker_failed(const struct cc_linker *l);

#endif
