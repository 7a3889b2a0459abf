/* Messages about a source text: `file:line:col: error: …`, the line itself and
 * a caret range under what is wrong. Columns count bytes from 1.
 */
#ifndef TRAPEZE_ISA_DIAGNOSE_H
#define TRAPEZE_ISA_DIAGNOSE_H

#include <stdbool.h>
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

/* The line and the caret range below columns [first, last), from 0; a long line is shown
 * by the part around it. */
void diagnose_line(FILE *out, unsigned number, const char *text, size_t len, size_t first,
                   size_t last, bool color);
/* '?' for a control byte, which would act on the reader's terminal; tabs are none. */
char diagnose_printable(char c);

#endif
