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

/* How wide the numbers of a label are: as wide as the largest. */
static int number_width(const struct count *first, size_t count, unsigned lines, uint64_t *rest)
{
  uint64_t most = first->times; /* sorted: the first is the most frequent */
  *rest = 0;
  for (size_t i = lines - 1; count > lines && i < count; i++)
    *rest += first[i].times;
  char n[TEXT_COUNT_SIZE];
  return (int)strlen(text_count(n, most > *rest ? most : *rest));
}

void counts_label(const struct counts *c, size_t *at, unsigned lines, int indent, char *buf,
                  size_t size, uint64_t *times)
{
  const struct count *first = &c->all[*at];
  size_t count = 0, used = 0;
  *times = 0;
  while (*at + count < c->count && same_arrow(first, &first[count]))
    *times += first[count++].times;
  *at += count;
  char n[TEXT_COUNT_SIZE];
  uint64_t rest;
  int width = number_width(first, count, lines, &rest);
  *buf = 0;
  for (size_t i = 0; i < (rest ? lines - 1 : count) && used < size; i++)
    used += (size_t)snprintf(buf + used, size - used, "%*s %s\\l", indent + width,
                             text_count(n, first[i].times), first[i].label);
  if (rest && used < size)
    snprintf(buf + used, size - used, "%*s others\\l", indent + width, text_count(n, rest));
}
