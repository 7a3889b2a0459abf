/* Text for people: numbers with separators, wrapped paragraphs. */
#ifndef TRAPEZE_TOOLS_COMMON_TEXT_H
#define TRAPEZE_TOOLS_COMMON_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_WIDTH       80
#define TEXT_LEAST_WIDTH 40

/* Columns for prose on this stream: TEXT_WIDTH, on a terminal less if it has fewer
 * (COLUMNS, where set, says how many), but no less than TEXT_LEAST_WIDTH. */
int text_columns(FILE *out);

/* 1234567 as "1,234,567". Returns buf. */
#define TEXT_COUNT_SIZE 32
char *text_count(char buf[TEXT_COUNT_SIZE], uint64_t n);
/* "1 byte", "2,000 bytes": with an s unless there is one. thing: at most 30 bytes. */
#define TEXT_THINGS_SIZE 64
char *text_things(char buf[TEXT_THINGS_SIZE], uint64_t n, const char *thing);
/* Storage: "64 KiB", "1 MiB", else bytes. Returns buf. */
char *text_size(char buf[TEXT_COUNT_SIZE], uint64_t bytes);
/* "100 %", "99.61 %": two decimals, rounded down, so that 100 means all. */
char *text_percent(char buf[TEXT_COUNT_SIZE], uint64_t part, uint64_t whole);

/* Prints words, breaking before text_columns(); the cursor stands in `column`, other
 * lines begin at `indent`. Ends the line. */
void text_wrap(FILE *out, const char *text, int column, int indent);
/* The same of what printf would print, however long. Without memory it is not broken. */
void text_wrapf(FILE *out, int column, int indent, const char *format, ...)
    __attribute__((format(printf, 4, 5), nonnull(4)));
/* Paragraphs parted by empty lines; a line that begins with a space is kept. */
void text_paragraphs(FILE *out, const char *text);

/* As it may stand in HTML and XML, between tags or between double quotes. */
void text_markup(FILE *out, const char *text);

/* Makes '?' of control characters other than line ends and tabs, in place: what others wrote
 * may not move a terminal's cursor, and not all formats can say such a byte. */
void text_printable(char *text);

/* Bytes as they may stand between quotes: \n, \t, \\, \", \xNN. At most
 * `max` bytes of input; returns buf, cut (with …) to fit. */
char *text_quote(char *buf, size_t size, const uint8_t *bytes, size_t len);

#endif
