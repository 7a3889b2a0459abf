#include "isa/diagnose.h"

#include <stdarg.h>
#include <stdbool.h>

/* A longer line is shown by the part around the caret. */
#define SHOWN_BYTES 160

unsigned source_line(const struct source_text *source, size_t offset)
{
  unsigned line = 1;
  for (size_t i = 0; i < offset && i < source->len; i++)
    line += source->text[i] == '\n';
  return line;
}

static size_t line_start(const struct source_text *source, size_t offset)
{
  while (offset > 0 && source->text[offset - 1] != '\n')
    offset--;
  return offset;
}

static size_t line_end(const struct source_text *source, size_t offset)
{
  while (offset < source->len && source->text[offset] != '\n')
    offset++;
  while (offset > 0 && offset <= source->len && source->text[offset - 1] == '\r')
    offset--;
  return offset;
}

static bool continues_utf8(char c)
{
  return ((unsigned char)c & 0xc0) == 0x80;
}

/* Control bytes would act on the reader's terminal. */
static char printable(char c)
{
  return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f ? '?' : c;
}

static void show_line(FILE *out, const struct source_text *source, struct source_place at,
                      unsigned line)
{
  size_t start = line_start(source, at.offset), end = line_end(source, at.offset);
  if (end < at.offset)
    end = at.offset;
  if (at.offset - start > SHOWN_BYTES / 2)
    start = at.offset - SHOWN_BYTES / 2;
  while (start < at.offset && continues_utf8(source->text[start]))
    start++;
  if (end - start > SHOWN_BYTES)
    end = start + SHOWN_BYTES;

  fprintf(out, "%5u | ", line);
  for (size_t i = start; i < end; i++)
    fputc(printable(source->text[i]), out);
  fputs("\n      | ", out);
  for (size_t i = start; i < at.offset; i++)
    if (!continues_utf8(source->text[i]))
      fputc(source->text[i] == '\t' ? '\t' : ' ', out);
  fputc('^', out);
  for (size_t i = at.offset + 1; i < at.offset + at.length && i < end; i++)
    if (!continues_utf8(source->text[i]))
      fputc('~', out);
  fputc('\n', out);
}

void diagnose(FILE *out, const struct source_text *source, struct source_place at, const char *kind,
              const char *format, ...)
{
  if (at.offset > source->len)
    at.offset = source->len;
  unsigned line = source_line(source, at.offset);
  size_t column = at.offset - line_start(source, at.offset) + 1;
  fprintf(out, "%s:%u:%zu: %s: ", source->file, line, column, kind);
  va_list args;
  va_start(args, format);
  vfprintf(out, format, args);
  va_end(args);
  fputc('\n', out);
  show_line(out, source, at, line);
}
