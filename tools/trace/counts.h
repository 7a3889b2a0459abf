/* Counted edges between named nodes: what the aggregated pictures show. */
#ifndef TRAPEZE_TOOLS_TRACE_COUNTS_H
#define TRAPEZE_TOOLS_TRACE_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct count {
  int from, to, group; /* group: edges of one kind between the same nodes are one arrow */
  char label[32];
  uint64_t times;
};

/* Zeroed is empty; few different edges are expected. */
struct counts {
  struct count *all;
  size_t count;
  bool no_memory;
};

void counts_add(struct counts *c, int from, int to, int group, const char *label, uint64_t times);
/* By from, to, group; then the most frequent first, and by label. */
void counts_sort(struct counts *c);
void counts_destroy(struct counts *c);

/* One arrow's label, from *at on, which goes to the next arrow: lines "12,345 mtcr",
 * at most `lines` of them, so many blanks before them, and what the rest comes to. *times: the sum.
 */
void counts_label(const struct counts *c, size_t *at, unsigned lines, int indent, char *buf,
                  size_t size, uint64_t *times);

#endif
