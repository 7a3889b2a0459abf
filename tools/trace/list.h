/* A trace as lists: text for people, JSON lines for programs. */
#ifndef TRAPEZE_TOOLS_TRACE_LIST_H
#define TRAPEZE_TOOLS_TRACE_LIST_H

#include <stdio.h>

#include "tools/trace/trace_file.h"

/* Which events a renderer takes. */
struct trace_filter {
  unsigned classes;
  uint64_t from, to; /* ticks of the event's own machine, to included */
};

bool trace_filter_takes(const struct trace_filter *f, const struct trace_event *e);

void list_text(FILE *out, const struct trace *t, const struct trace_filter *f);
/* One object a line, the first of them about the trace. False: out of memory. */
bool list_jsonl(FILE *out, const struct trace *t, const struct trace_filter *f);

#endif
