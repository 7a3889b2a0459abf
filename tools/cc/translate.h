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

/* Where the program is to lie. */
enum cc_layout {
  CC_SECTIONS, /* as the assembler places its sections */
  /* In one piece at the end of .text, for an operating system that copies it somewhere:
   * text, then data; what begins as zeros follows, as addresses only. Whoever includes it
   * defines C_BASE, what is subtracted from an address to get the one that the process has;
   * it defines c_end, where text and data end, and C_ZEROS, how many zeros are to follow. */
  CC_ONE_PIECE
};

struct cc_linker;
/* Collects units into one source. NULL: no memory. `out` gets the assembly, `errors` what
 * is wrong, a line each; both are the caller's. */
struct cc_linker *cc_linker_create(FILE *out, FILE *errors, enum cc_layout layout);
void cc_linker_destroy(struct cc_linker *l); /* NULL is fine */
/* A symbol that is defined elsewhere, in assembly; one that is used there. False: no memory. */
bool cc_linker_know(struct cc_linker *l, const char *symbol);
bool cc_linker_want(struct cc_linker *l, const char *symbol);
/* A name that the C program may have, but not in the assembly: what is around it there uses
 * it for something else. False: no memory. */
bool cc_linker_reserve(struct cc_linker *l, const char *symbol, size_t len);
/* False: after a message, or no memory. */
bool cc_linker_add(struct cc_linker *l, const struct cc_unit *unit);
/* The name by which the unit that was added last has its main(): "main", or another if an
 * earlier one has that. False: it has none; or `size` is too small. */
bool cc_linker_main(const struct cc_linker *l, char *name, size_t size);
/* After the last unit: whether every symbol is defined somewhere; a message for each that is
 * not. */
bool cc_linker_close(struct cc_linker *l);
/* It has met the end of memory. */
bool cc_linker_failed(const struct cc_linker *l);

#endif
