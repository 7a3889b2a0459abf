/* A stream into memory. Unlike open_memstream()'s it remembers that it could not
 * grow, so that half a text is never taken for a whole one.
 */
#ifndef TRAPEZE_TOOLS_COMMON_MEMORY_H
#define TRAPEZE_TOOLS_COMMON_MEMORY_H

#include <stdbool.h>
#include <stdio.h>

/* Stays where it is while it is open. */
struct memory {
  FILE *stream;
  char *text; /* malloc'd, with a zero behind `len` bytes; after closing the caller's */
  size_t len, room;
  bool failed;
};

/* False: no memory. */
bool memory_open(struct memory *m);
/* False: not all that was written is there, or it was not open; text is NULL then. */
bool memory_close(struct memory *m);

#endif
