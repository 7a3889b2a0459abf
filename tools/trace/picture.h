/* Pictures of a trace, as graphs for Graphviz. Positions that time or addresses
 * give are ours (for `neato -n2`); the others are left to `dot`.
 */
#ifndef TRAPEZE_TOOLS_TRACE_PICTURE_H
#define TRAPEZE_TOOLS_TRACE_PICTURE_H

#include "tools/trace/story.h"

enum picture_kind { PICTURE_LADDER, PICTURE_GRAPH, PICTURE_MODES, PICTURE_MEMORY, PICTURE_COUNT };

struct picture {
  enum picture_kind kind;
  unsigned page;       /* of the ladder, from 1 */
  unsigned rows;       /* on a page */
  unsigned pages;      /* filled in: how many there are */
  const char *program; /* filled in: which of Graphviz's programs is to draw it */
};

/* Writes the graph. False: out of memory. */
bool picture_write(FILE *out, struct picture *p, const struct trace *t,
                   const struct trace_filter *f);

/* The kinds of picture; each writes a whole graph. */
bool ladder_write(FILE *out, struct picture *p, const struct trace *t,
                  const struct trace_filter *f);
bool graph_write(FILE *out, const struct trace *t, const struct trace_filter *f);
bool modes_write(FILE *out, const struct trace *t, const struct trace_filter *f);
void memory_write(FILE *out, const struct trace *t, const struct trace_filter *f);

/* A label, quoted. \n, and \l and \r for lines to the left and right, stay as they are. */
void picture_quote(FILE *out, const char *text);
/* Of several texts, up to NULL. */
void picture_quote_all(FILE *out, const char *const *texts);

/* The font of all pictures has a fixed width, so that we know how wide a label is. */
#define PICTURE_FONT      "DejaVu Sans Mono,Liberation Mono,Courier New,monospace"
#define PICTURE_FONT_SIZE 10
#define PICTURE_CHAR      6.03 /* points */

#endif
