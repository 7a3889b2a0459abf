#include "asm/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "asm/assembly.h"
#include "isa/diagnose.h"

#define MESSAGE_BYTES 600u /* names can be as long as files */
#define CHAIN_SHOWN   8u   /* innermost includes and macro calls */

static unsigned max_errors(const struct assembly *a)
{
  return a->options->max_errors ? a->options->max_errors : 20;
}

static void add(struct assembly *a, enum severity severity, struct loc at, const char *format,
                va_list args)
{
  char *message = arena_vprintf(&a->arena, format, args);
  if (strlen(message) > MESSAGE_BYTES)
    strcpy(message + MESSAGE_BYTES - strlen("…"), "…");
  const struct diag *last = a->diags.count ? &a->diags.items[a->diags.count - 1] : NULL;
  if (last && at.line && last->at.line == at.line && last->at.first == at.first &&
      strcmp(last->message, message) == 0)
    return; /* both halves of a constant may say the same */
  *VEC_PUSH(&a->arena, &a->diags) =
      (struct diag){.severity = severity, .at = at, .message = message};
  if (severity == SEVERITY_ERROR && ++a->error_count > max_errors(a))
    a->stop = true;
}

void asm_error(struct assembly *a, struct loc at, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  add(a, SEVERITY_ERROR, at, format, args);
  va_end(args);
}

void asm_warning(struct assembly *a, struct loc at, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  add(a, SEVERITY_WARNING, at, format, args);
  va_end(args);
}

void asm_fatal(struct assembly *a, struct loc at, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  add(a, SEVERITY_ERROR, at, format, args);
  va_end(args);
  a->stop = a->incomplete = true;
}

void asm_note(struct assembly *a, struct loc other, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  char *text = arena_vprintf(&a->arena, format, args);
  va_end(args);
  struct diag *d = &a->diags.items[a->diags.count - 1];
  d->other = other;
  d->note = text;
}

const char *asm_did_you_mean(struct assembly *a, const struct suggestion *s)
{
  return s->best ? arena_printf(&a->arena, "; did you mean '%s'?", s->best) : "";
}

/* -------------------------------------------------------------- printing */
struct printer {
  FILE *out;
  bool color;
};

static const char *paint(const struct printer *p, const char *code)
{
  return p->color ? code : "";
}

static void print_head(const struct printer *p, struct loc at, const char *code, const char *kind)
{
  fprintf(p->out, "%s%s:%u:%zu:%s %s%s:%s ", paint(p, "\033[1m"), at.line->file, at.line->number,
          at.first + 1, paint(p, "\033[0m"), paint(p, code), kind, paint(p, "\033[0m"));
}

static void print_line(const struct printer *p, struct loc at)
{
  const char *text = at.line->shown_len == at.line->len ? at.line->shown : at.line->text;
  diagnose_line(p->out, at.line->number, text, at.line->len, at.first, at.last, p->color);
}

static void print_chain(const struct printer *p, const struct origin *origin)
{
  unsigned shown = 0;
  for (; origin && origin->parent; origin = origin->parent) {
    if (++shown > CHAIN_SHOWN)
      continue;
    print_head(p, origin->call, "\033[1;36m", "note");
    if (origin->kind == ORIGIN_MACRO)
      fprintf(p->out, "in expansion of macro '%s'\n", origin->name);
    else
      fputs(origin->kind == ORIGIN_FILE ? "included from here\n" : "repeated from here\n", p->out);
  }
  if (shown > CHAIN_SHOWN)
    fprintf(p->out, "      (and %u more)\n", shown - CHAIN_SHOWN);
}

static void print_message(const struct printer *p, const char *message)
{
  for (; *message; message++)
    fputc(*message == '\n' ? '\n' : diagnose_printable(*message), p->out);
  fputc('\n', p->out);
}

static void print_diag(const struct printer *p, const struct diag *d)
{
  bool error = d->severity == SEVERITY_ERROR;
  const char *kind = error ? "error" : "warning", *code = error ? "\033[1;31m" : "\033[1;35m";
  if (d->at.line) {
    print_head(p, d->at, code, kind);
    print_message(p, d->message);
    print_line(p, d->at);
    print_chain(p, d->at.line->origin);
  } else {
    fprintf(p->out, "%s%s:%s ", paint(p, code), kind, paint(p, "\033[0m"));
    print_message(p, d->message);
  }
  if (d->note && d->other.line) {
    print_head(p, d->other, "\033[1;36m", "note");
    fprintf(p->out, "%s\n", d->note);
    print_line(p, d->other);
  }
}

static int compare_diags(const void *x, const void *y)
{
  const struct diag *a = *(const struct diag *const *)x, *b = *(const struct diag *const *)y;
  size_t sa = a->at.line ? a->at.line->sequence : 0, sb = b->at.line ? b->at.line->sequence : 0;
  if (sa != sb)
    return sa < sb ? -1 : 1;
  return a < b ? -1 : a > b; /* as they were found */
}

void diag_print_all(struct assembly *a)
{
  struct printer p = {a->options->errors, a->options->color};
  if (!p.out || a->diags.count == 0)
    return;
  const struct diag **sorted = arena_alloc(&a->arena, a->diags.count * sizeof(struct diag *));
  for (size_t i = 0; i < a->diags.count; i++)
    sorted[i] = &a->diags.items[i];
  qsort(sorted, a->diags.count, sizeof *sorted, compare_diags);
  unsigned errors = 0;
  for (size_t i = 0; i < a->diags.count; i++) {
    if (sorted[i]->severity == SEVERITY_ERROR && ++errors > max_errors(a)) {
      fprintf(p.out, "%serror:%s too many errors, stopping here\n", paint(&p, "\033[1;31m"),
              paint(&p, "\033[0m"));
      return;
    }
    print_diag(&p, sorted[i]);
  }
}
