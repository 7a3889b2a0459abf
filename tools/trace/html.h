/* A trace as one self-contained page: filter, zoom, source lines under the pointer. */
#ifndef TRAPEZE_TOOLS_TRACE_HTML_H
#define TRAPEZE_TOOLS_TRACE_HTML_H

#include "tools/trace/story.h"

/* False: out of memory. */
bool html_write(FILE *out, const struct trace *t, const struct trace_filter *f);

#endif
