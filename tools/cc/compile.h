/* The stock cross-compiler, run on one file at a time; and what it is given besides the
 * user's sources: the headers and the library of guestos/c, in a folder of their own.
 */
#ifndef TRAPEZE_TOOLS_CC_COMPILE_H
#define TRAPEZE_TOOLS_CC_COMPILE_H

#include <stddef.h>

struct cc_compiler {
  const char *level;          /* -O… : "0", "1", "2", "3", "s", "g" */
  const char *const *options; /* -D… and -I…, ended by NULL */
  const char *system;         /* one more option, for the library as well; NULL: none */
  unsigned long heap;         /* bytes of malloc's array */
  unsigned long stack;        /* no function may want more */
  char folder[64];            /* made by cc_compiler_open() */
};

#define CC_COMPILER "riscv64-unknown-elf-gcc"
#define CC_PACKAGE  "gcc-riscv64-unknown-elf"

/* Each returns an exit status, after a message. The folder is removed by close. */
int cc_compiler_open(struct cc_compiler *c);
void cc_compiler_close(struct cc_compiler *c);
/* *text: malloc'd, zero-terminated assembly. What is wrong with the source the compiler has
 * said itself, and the status is STATUS_USAGE. */
int cc_compile(const struct cc_compiler *c, const char *path, char **text);
int cc_compile_library(const struct cc_compiler *c, char **text);

#endif
