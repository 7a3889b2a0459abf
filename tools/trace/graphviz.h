/* Graphviz draws: its programs are run, so that trapeze needs them only when a
 * picture is wanted.
 */
#ifndef TRAPEZE_TOOLS_TRACE_GRAPHVIZ_H
#define TRAPEZE_TOOLS_TRACE_GRAPHVIZ_H

#include <stdio.h>

/* Draws the graph in the file `graph`, from its start, with "dot" or "neato", as "svg"
 * or "png", to `out`. Returns an exit status, after a message. */
int graphviz_draw_file(const char *command, const char *program, const char *format, FILE *graph,
                       FILE *out);
/* The same for a graph in memory. */
int graphviz_draw(const char *command, const char *program, const char *format, const char *graph,
                  size_t len, FILE *out);
/* A file without a name; NULL after a message. */
FILE *graphviz_temporary(const char *command);
/* Copies it from its start. Returns an exit status, after a message. */
int graphviz_copy(const char *command, FILE *from, FILE *to);

#endif
