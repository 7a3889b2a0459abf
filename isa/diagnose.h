/* Messages about a source text: `file:line:col: error: …`, the line itself and
 * a caret range under what is wrong. Columns count bytes from 1.
 */
#ifndef TRAPEZE_ISA_DIAGNOSE_H
#define TRAPEZE_ISA_DIAGNOSE_H

#include <stddef.h>
#include <stdio.h>

struct source_text {
  const char *file;
  const char *text; /* need not be terminated; any bytes */
  size_t len;
};

/* `length` bytes at `offset`; a range that runs over its line is cut there. */
struct source_place {
  size_t offset;
  size_t length;
};

unsigned source_line(const struct source_text *source, size_t offset); /* from 1 */

/* kind: "error" or "note". */
void diagnose(FILE *out, const struct source_text *source, struct source_place at, const char *kind,
              const char *format, ...) __attribute__((format(printf, 5, 6), nonnull));

#endif
