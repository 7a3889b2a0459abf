/* Messages: collected as they are found, printed at the end in the order of the
 * source, each with its line, a caret range and the chain of includes and macro
 * calls that led there.
 */
#ifndef TRAPEZE_ASM_DIAG_H
#define TRAPEZE_ASM_DIAG_H

#include "asm/source.h"
#include "isa/suggest.h"

#define PRINTF(f, args) __attribute__((format(printf, f, args)))

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct diag {
  enum severity severity;
  struct loc at;
  const char *message;
  struct loc other; /* a second place, with a note; line NULL: none */
  const char *note;
};

/* The caller's notes may be NULL. After max_errors, a->stop is set. */
void asm_error(struct assembly *a, struct loc at, const char *format, ...) PRINTF(3, 4);
void asm_warning(struct assembly *a, struct loc at, const char *format, ...) PRINTF(3, 4);
/* Adds "file:line:col: note: …" to the message just given. */
void asm_note(struct assembly *a, struct loc other, const char *format, ...) PRINTF(3, 4);
/* An error that makes the rest meaningless: no more are reported. */
void asm_fatal(struct assembly *a, struct loc at, const char *format, ...) PRINTF(3, 4);

/* "; did you mean 'word'?", or "". */
const char *asm_did_you_mean(struct assembly *a, const struct suggestion *s);

void diag_print_all(struct assembly *a);

#endif
