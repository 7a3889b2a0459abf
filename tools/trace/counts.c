#include "tools/trace/counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"

void counts_add(struct counts *c, int from, int to, int group, const char *label, uint64_t times)
{
  for (size_t i = 0; i < c->count; i++) {
    struct count *one = &c->all[i];
    if (one->from == from && one->to == to && one->group == group &&
        strcmp(one->label, label) == 0) {
      one->times += times;
      return;
    }
  }
  struct count *moved = realloc(c->all, (c->count + 1) * sizeof *moved);
  if (!moved) {
    c->no_memory = true;
    return;
  }
  c->all = moved;
  struct count *one = &c->all[c->count++];
  *one = (struct count){.from = from, .to = to, .group = group, .times = times};
  snprintf(one->label, sizeof one->label, "%s", label);
}

static bool same_arrow(const struct count *a, const struct count *b)
{
  return a->from == b->from && a->to == b->to && a->group == b->group;
}

static int compare(const void *a, const void *b)
{
  const struct count *x = a, *y = b;
  if (x->from != y->from)
    return x->from - y->from;
  if (x->to != y->to)
    return x->to - y->to;
  if (x->group != y->group)
    return x->group - y->group;
  if (x->times != y->times)
    return x->times < y->times ? 1 : -1;
  return strcmp(x->label, y->label);
}

void counts_sort(struct counts *c)
{
  if (c->count)
    qsort(c->all, c->count, sizeof *c->all, compare);
}

void counts_destroy(struct counts *c)
{
  free(c->all);
}

void counts_label(const struct counts *c, size_t *at, unsigned lines, char *buf, size_t size,
                  uint64_t *times)
{
  const struct count *first = &c->all[*at];
  size_t end = *at, used = 0;
  uint64_t rest = 0;
  while (end < c->count && same_arrow(first, &c->all[end]))
    end++;
  bool all = end - *at <= lines;
  *times = 0;
  *buf = 0;
  for (size_t i = *at; i < end && used < size; i++) {
    const struct count *one = &c->all[i];
    char n[TEXT_COUNT_SIZE];
    *times += one->times;
    if (all || i - *at + 1 < lines)
      used += (size_t)snprintf(buf + used, size - used, "  %9s %s\\l", text_count(n, one->times),
                               one->label);
    else
      rest += one->times;
  }
  char n[TEXT_COUNT_SIZE];
  if (rest && used < size)
    snprintf(buf + used, size - used, "  %9s others\\l", text_count(n, rest));
  *at = end;
}
