/* A file compiled into the program (tools/build/embed.c writes the tables). */
#ifndef TRAPEZE_ISA_EMBED_H
#define TRAPEZE_ISA_EMBED_H

#include <stddef.h>

struct embedded_file {
  const char *name;           /* NULL ends a table */
  const unsigned char *bytes; /* followed by a zero byte that len does not count */
  size_t len;
};

#endif
