/* What readers of the project's own text files have in common (profiles, directories):
 * the source, messages about it up to a cap, and what the scanner needs. A grammar's
 * own reader has a struct reader within, which its scanner gets as `yyextra`.
 */
#ifndef TRAPEZE_ISA_READER_H
#define TRAPEZE_ISA_READER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include "isa/diagnose.h"

#define READER_MOST_ERRORS 20u

struct scan_block;

struct reader {
  struct source_text source;
  FILE *errors;
  unsigned error_count;
  struct scan_block *scan_blocks; /* what the scanner has allocated */
  jmp_buf scan_failed;
  size_t at;                      /* the scanner's position */
  size_t token_end, previous_end; /* where the last token ended, and the one before */
};

/* Counts and prints an error; beyond READER_MOST_ERRORS it only counts. */
void reader_verror(struct reader *r, struct source_place at, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
/* After the error it belongs to. */
void reader_vnote(const struct reader *r, struct source_place at, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
void reader_note(const struct reader *r, struct source_place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* At the end: how many errors were not printed, if any. */
void reader_say_rest(const struct reader *r);

static inline const char *reader_text(const struct reader *r, struct source_place at)
{
  return r->source.text + at.offset;
}
bool reader_is(const struct reader *r, struct source_place at, const char *word);
bool reader_new_line(const struct reader *r, size_t from, size_t to); /* is there one between */

/* The whole of a file up to one byte more than `most`, malloc'd; NULL with errno. */
char *reader_load(const char *path, size_t most, size_t *len);

/* ---- for the scanner. Its blocks live until reader_scan_end(), so that its leaving by
 * longjmp leaks none. */
void *reader_scan_alloc(struct reader *r, size_t size); /* NULL: no memory */
void *reader_scan_realloc(struct reader *r, void *old, size_t size);
void reader_scan_end(struct reader *r);

/* Each match, a token or not: its place. */
static inline struct source_place reader_step(struct reader *r, size_t length)
{
  r->at += length;
  return (struct source_place){r->at - length, length};
}
/* A match that is a token: hands it over. */
static inline int reader_token(struct reader *r, int kind)
{
  r->previous_end = r->token_end;
  r->token_end = r->at;
  return kind;
}

/* ---- for the grammar: the place of n symbols together, as bison's YYLLOC_DEFAULT. */
#define READER_SPAN(result, rhs, n)                                                                \
  do {                                                                                             \
    if (n) {                                                                                       \
      (result).offset = YYRHSLOC(rhs, 1).offset;                                                   \
      (result).length = YYRHSLOC(rhs, n).offset + YYRHSLOC(rhs, n).length - (result).offset;       \
    } else {                                                                                       \
      (result).offset = YYRHSLOC(rhs, 0).offset + YYRHSLOC(rhs, 0).length;                         \
      (result).length = 0;                                                                         \
    }                                                                                              \
  } while (0)

#endif
