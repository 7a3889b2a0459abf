#include "tools/trace/html.h"
bool html_write(FILE *out, const struct trace *t, const struct trace_filter *f)
{
  (void)out;
  (void)t;
  (void)f;
  return true;
}
