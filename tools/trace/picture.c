#include "tools/trace/picture.h"

bool picture_write(FILE *out, struct picture *p, const struct trace *t,
                   const struct trace_filter *f)
{
  p->pages = 1;
  p->program = p->kind == PICTURE_GRAPH || p->kind == PICTURE_MODES ? "dot" : "neato";
  switch (p->kind) {
  case PICTURE_LADDER:
    return ladder_write(out, p, t, f);
  case PICTURE_GRAPH:
    return graph_write(out, t, f);
  case PICTURE_MODES:
    return modes_write(out, t, f);
  case PICTURE_MEMORY:
  case PICTURE_COUNT:
    break;
  }
  memory_write(out, t, f);
  return true;
}

/* Bytes that are not ASCII would have to be UTF-8, and of one width. */
static void escape(FILE *out, const char *text)
{
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '\\' && (text[1] == 'n' || text[1] == 'l' || text[1] == 'r')) {
      fputc(c, out);
      fputc(*++text, out);
    } else if (c == '"' || c == '\\') {
      fprintf(out, "\\%c", c);
    } else {
      fputc(c >= 0x20 && c < 0x7f ? c : '?', out);
    }
  }
}

void picture_quote_all(FILE *out, const char *const *texts)
{
  fputc('"', out);
  for (; *texts; texts++) {
    escape(out, *texts);
  }
  fputc('"', out);
}

void picture_quote(FILE *out, const char *text)
{
  picture_quote_all(out, (const char *const[]){text, NULL});
}
