#include "tools/compare/output.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"

struct line {
  const uint8_t *at;
  size_t len;
  const char *shape; /* with each number, and the blanks before it, as one 0 */
};

struct lines {
  struct line *line;
  size_t count, next;
  char *shapes;
};

/* ------------------------------------------------------------------------- lines */

/* At most as long as the line, and a zero. Returns where the next may begin. */
static char *shape_of(struct line *l, char *to)
{
  l->shape = to;
  for (size_t i = 0; i < l->len;) {
    size_t blanks = i, digits;
    while (blanks < l->len && l->at[blanks] == ' ')
      blanks++;
    for (digits = blanks; digits < l->len && isdigit(l->at[digits]);)
      digits++;
    *to++ = digits > blanks ? '0' : l->at[i] ? (char)l->at[i] : '?';
    i = digits > blanks ? digits : i + 1;
  }
  *to++ = 0;
  return to;
}

static int compare_bytes(const struct line *a, const struct line *b)
{
  size_t least = a->len < b->len ? a->len : b->len;
  int order = memcmp(a->at, b->at, least);
  return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int by_shape(const void *a, const void *b)
{
  const struct line *l = a, *r = b;
  int order = strcmp(l->shape, r->shape);
  return order ? order : compare_bytes(l, r);
}

static void drop_lines(struct lines *l)
{
  free(l->line);
  free(l->shapes);
}

static bool cut(struct output_text text, struct lines *l)
{
  size_t most = 1;
  for (size_t i = 0; i < text.len; i++)
    most += text.bytes[i] == '\n';
  *l = (struct lines){.line = calloc(most, sizeof *l->line), .shapes = malloc(text.len + most)};
  if (!l->line || !l->shapes)
    return false;
  char *shape = l->shapes;
  for (size_t i = 0; i < text.len;) {
    const uint8_t *end = memchr(text.bytes + i, '\n', text.len - i);
    size_t len = end ? (size_t)(end - (text.bytes + i)) : text.len - i;
    struct line *one = &l->line[l->count++];
    *one = (struct line){.at = text.bytes + i, .len = len};
    shape = shape_of(one, shape);
    i += len + 1;
  }
  qsort(l->line, l->count, sizeof *l->line, by_shape);
  return true;
}

/* ------------------------------------------------------------------------ groups */

struct group {
  const struct line *line;
  size_t count;
};

/* The next lines of this shape; none, if the next is another. */
static struct group take(struct lines *l, const char *shape)
{
  struct group g = {&l->line[l->next], 0};
  while (l->next < l->count && strcmp(l->line[l->next].shape, shape) == 0) {
    l->next++;
    g.count++;
  }
  return g;
}

/* The line of the one that the other has not; NULL: they are the same. */
static const struct line *odd_one(struct group a, struct group b)
{
  for (size_t i = 0; i < a.count && i < b.count; i++) {
    int order = compare_bytes(&a.line[i], &b.line[i]);
    if (order)
      return order < 0 ? &a.line[i] : &b.line[i];
  }
  return a.count > b.count ? &a.line[b.count] : b.count > a.count ? &b.line[a.count] : NULL;
}

static const char *first_shape(const struct lines *text, unsigned texts)
{
  const char *first = NULL;
  for (unsigned i = 0; i < texts; i++)
    if (text[i].next < text[i].count &&
        (!first || strcmp(text[i].line[text[i].next].shape, first) < 0))
      first = text[i].line[text[i].next].shape;
  return first;
}

static void judge(struct group native, struct group later, struct group other,
                  struct output_verdict *v)
{
  bool timely = odd_one(native, later) != NULL;
  const struct line *odd = NULL;
  v->of_all += (unsigned)native.count;
  v->timely += timely ? (unsigned)native.count : 0;
  if (!timely)
    odd = odd_one(native, other);
  else if (native.count == later.count && native.count != other.count)
    odd = native.count > other.count ? native.line : other.line;
  if (odd && v->lines) {
    v->lines = false;
    snprintf(v->first, sizeof v->first, "%.*s", (int)odd->len, (const char *)odd->at);
    text_printable(v->first);
  }
}

bool output_compare(struct output_text native, struct output_text later, struct output_text other,
                    struct output_verdict *v)
{
  struct lines text[3] = {{0}};
  bool done = cut(native, &text[0]) && cut(later, &text[1]) && cut(other, &text[2]);
  *v = (struct output_verdict){.lines = true};
  for (const char *shape; done && (shape = first_shape(text, 3));) {
    struct group a = take(&text[0], shape), b = take(&text[1], shape), c = take(&text[2], shape);
    judge(a, b, c, v);
  }
  v->bytes = native.len == other.len &&
             (native.len == 0 || memcmp(native.bytes, other.bytes, native.len) == 0);
  for (unsigned i = 0; i < 3; i++)
    drop_lines(&text[i]);
  return done;
}
