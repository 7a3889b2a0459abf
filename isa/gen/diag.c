#include "isa/gen/diag.h"

#include <stdarg.h>
#include <string.h>

static const char *line_start(const struct source *s, int line)
{
  const char *p = s->text;
  for (int n = 1; n < line && p; n++) {
    p = strchr(p, '\n');
    p = p ? p + 1 : NULL;
  }
  return p ? p : s->text + s->len;
}

static void print_caret(struct diag *d, struct loc loc)
{
  const char *line = line_start(d->source, loc.first_line);
  int len = (int)strcspn(line, "\n");
  int end = loc.last_line == loc.first_line ? loc.last_column : len + 1;
  fprintf(d->out, "  %.*s\n  ", len, line);
  for (int i = 1; i < loc.first_column; i++)
    fputc(i <= len && line[i - 1] == '\t' ? '\t' : ' ', d->out);
  fputc('^', d->out);
  for (int i = loc.first_column + 1; i < end; i++)
    fputc('~', d->out);
  fputc('\n', d->out);
}

static void print(struct diag *d, struct loc loc, const char *kind, const char *format, va_list ap)
{
  fprintf(d->out, "%s:%d:%d: %s: ", d->source->name, loc.first_line, loc.first_column, kind);
  vfprintf(d->out, format, ap);
  fputc('\n', d->out);
  print_caret(d, loc);
}

void diag_error(struct diag *d, struct loc loc, const char *format, ...)
{
  d->errors++;
  if (d->errors > DIAG_MAX_ERRORS)
    return;
  va_list ap;
  va_start(ap, format);
  print(d, loc, "error", format, ap);
  va_end(ap);
}

void diag_note(struct diag *d, struct loc loc, const char *format, ...)
{
  if (d->errors > DIAG_MAX_ERRORS)
    return;
  va_list ap;
  va_start(ap, format);
  print(d, loc, "note", format, ap);
  va_end(ap);
}
