/* Graphviz draws: its programs are run, so that trapeze needs them only when a
 * picture is wanted.
 */
#ifndef TRAPEZE_TOOLS_TRACE_GRAPHVIZ_H
#define TRAPEZE_TOOLS_TRACE_GRAPHVIZ_H

#include <stddef.h>
#include <stdio.h>

/* Draws `graph` (len bytes) with "dot" or "neato", as "svg" or "png", to `out`.
 * Returns an exit status, after a message. */
int graphviz_draw(const char *command, const char *program, const char *format, const char *graph,
                  size_t len, FILE *out);

#endif
