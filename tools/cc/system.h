/* What a C program is compiled for: the bare machine, or an operating system whose process
 * it is to be. In each case some assembly stands around it: guestos/c/NAME.inc.
 */
#ifndef TRAPEZE_TOOLS_CC_SYSTEM_H
#define TRAPEZE_TOOLS_CC_SYSTEM_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/cc/translate.h"

/* One with a main(). */
struct cc_program {
  const char *path;
  char symbol[24]; /* its main() */
};

struct cc_system {
  const char *name;
  const char *define; /* an option of the compiler; NULL: none */
  enum cc_layout layout;
  unsigned long stack, heap; /* unless it is said otherwise */
  bool many;                 /* several programs live side by side */
  const char *const *knows;  /* what the start-up code defines, ended by NULL */
  /* What stands before the translated text; the programs number `count`. */
  void (*begin)(FILE *out, unsigned long stack, const struct cc_program *programs, size_t count);
  const char *sources; /* the system's, whose names C programs must not disturb: "minos", or NULL */
};

extern const struct cc_system cc_bare, cc_minos, cc_solo;

/* Makes known what there is. False: no memory. */
bool cc_system_prepare(const struct cc_system *s, struct cc_linker *l);

#endif
