#include "isa/diagnose.h"

#include <stdarg.h>

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

char diagnose_printable(char c)
{
  unsigned char byte = (unsigned char)c;
  return (byte < ' ' && c != '\t') || byte == 0x7f ? '?' : c;
}

void diagnose_line(FILE *out, unsigned number, const char *text, size_t len, size_t first,
                   size_t last, bool color)
{
  if (first > len)
    first = len;
  size_t start = first > SHOWN_BYTES / 2 ? first - SHOWN_BYTES / 2 : 0;
  size_t end = len - start > SHOWN_BYTES ? start + SHOWN_BYTES : len;
  while (start < first && continues_utf8(text[start]))
    start++;
  while (end < len && continues_utf8(text[end]))
    end++;
  fprintf(out, "%5u | %s", number, start ? "…" : "");
  for (size_t i = start; i < end; i++)
    fputc(diagnose_printable(text[i]), out);
  fprintf(out, "%s\n      | %s", end < len ? "…" : "", start ? " " : "");
  for (size_t i = start; i < first; i++)
    if (!continues_utf8(text[i]))
      fputc(text[i] == '\t' ? '\t' : ' ', out);
  fprintf(out, "%s^", color ? "\033[1;32m" : "");
  for (size_t i = first + 1; i < last && i < end; i++)
    if (!continues_utf8(text[i]))
      fputc('~', out);
  fprintf(out, "%s\n", color ? "\033[0m" : "");
}

void diagnose(FILE *out, const struct source_text *source, struct source_place at, const char *kind,
              const char *format, ...)
{
  if (at.offset > source->len)
    at.offset = source->len;
  unsigned line = source_line(source, at.offset);
  size_t start = line_start(source, at.offset), end = line_end(source, at.offset);
  size_t first = at.offset - start;
  fprintf(out, "%s:%u:%zu: %s: ", source->file, line, first + 1, kind);
  va_list args;
  va_start(args, format);
  vfprintf(out, format, args);
  va_end(args);
  fputc('\n', out);
  diagnose_line(out, line, source->text + start, end > start ? end - start : 0, first,
                first + at.length, false);
}
