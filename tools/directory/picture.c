/* The maps of storage and disk, side by side, for Graphviz's neato -n2. Addresses and
 * sectors grow downwards, as in the tables; heights are not to scale, but as much as
 * the words in a box need. What is writable has a bold frame, what is free a dotted one;
 * grey is read-only, so that the maps can be printed in black and white. */
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/directory/directory.h"
#include "tools/trace/picture.h"

#define INCH       72.0
#define LINE       13.0 /* of text */
#define LEAST      16.0 /* between two boundaries, whose labels need room */
#define GAP        10.0 /* between columns */
#define MOST_BOXES 64u  /* of a map; the last one stands for what is left */
#define MOST_LINES 8u   /* of a box */
#define LINE_CHARS 80u

struct box {
  uint64_t start, end;
  unsigned lines, more; /* more: that had no room */
  char text[MOST_LINES][LINE_CHARS];
  const char *style;
  bool shared;
  unsigned column;
};

struct map {
  FILE *out;
  const char *title;
  bool hex; /* boundaries are addresses */
  struct box boxes[MOST_BOXES];
  size_t box_count;
  size_t left_out;
  uint64_t edges[2 * MOST_BOXES];
  double tops[2 * MOST_BOXES]; /* of the edges, downwards from 0 */
  size_t edge_count;
  double widths[MOST_BOXES]; /* of columns */
  size_t column_count;
};

/* -------------------------------------------------------------------- content */

static void add_line(struct box *b, const char *text)
{
  if (b->lines == MOST_LINES) {
    b->more++;
    return;
  }
  snprintf(b->text[b->lines++], LINE_CHARS, "%s", text);
}

/* NULL: there is no room. */
static struct box *add_box(struct map *m, uint64_t start, uint64_t size, const char *style)
{
  if (m->box_count == MOST_BOXES - 1) {
    struct box *last = &m->boxes[MOST_BOXES - 1];
    if (m->left_out++ == 0)
      *last = (struct box){.start = start, .style = "style=dashed"};
    if (start + size > last->end)
      last->end = start + size;
    return NULL;
  }
  struct box *b = &m->boxes[m->box_count++];
  *b = (struct box){.start = start, .end = start + size, .style = style};
  return b;
}

/* What had no room is one more box. */
static void end_boxes(struct map *m, const char *what)
{
  char line[TEXT_THINGS_SIZE];
  if (m->left_out == 0)
    return;
  add_line(&m->boxes[m->box_count++], text_things(line, m->left_out, what));
}

static void fill_storage(struct map *m, const struct directory *d)
{
  char line[LINE_CHARS], size[TEXT_COUNT_SIZE];
  add_line(add_box(m, d->own.start.v, d->own.size, "style=filled fillcolor=\"#d0d0d0\""),
           "the VMM");
  if (d->frames > 0) {
    uint32_t start = d->own.start.v + d->own.size;
    snprintf(line, sizeof line, "frames of %zu users, and tables", d->user_count);
    add_line(add_box(m, start, d->free.start.v - start, "style=bold"), line);
  }
  for (size_t i = 0; d->frames == 0 && i < d->user_count; i++) {
    const struct directory_user *u = &d->users[i];
    struct box *b = add_box(m, u->storage.start.v, u->storage.size, "style=bold");
    snprintf(line, sizeof line, "%s, %s", u->name, text_size(size, u->storage.size));
    if (b)
      add_line(b, line);
  }
  end_boxes(m, "more user");
  if (d->free.size == 0)
    return;
  /* The last box holds both, if there is no room for one more. */
  bool full = m->box_count == MOST_BOXES;
  struct box *b = &m->boxes[full ? MOST_BOXES - 1 : m->box_count++];
  if (!full)
    *b = (struct box){.start = d->free.start.v, .style = "style=dotted"};
  b->end = (uint64_t)d->free.start.v + d->free.size;
  snprintf(line, sizeof line, "free, %s", text_size(size, d->free.size));
  add_line(b, line);
}

static struct box *shared_box(struct map *m, struct directory_extent e)
{
  for (size_t i = m->box_count; i > 0 && m->boxes[i - 1].start == e.first; i--)
    if (m->boxes[i - 1].shared && m->boxes[i - 1].end == (uint64_t)e.first + e.sectors)
      return &m->boxes[i - 1];
  return NULL;
}

static void add_piece(struct map *m, const struct directory_piece *p)
{
  char line[LINE_CHARS], count[TEXT_THINGS_SIZE];
  enum directory_access access = p->user ? p->minidisk->access : DIRECTORY_RW;
  bool shared = access == DIRECTORY_SHARED || access == DIRECTORY_COW;
  struct box *b = shared ? shared_box(m, p->extent) : NULL;
  if (!b)
    b = add_box(m, p->extent.first, p->extent.sectors,
                !p->user                 ? "style=dotted"
                : access == DIRECTORY_RW ? "style=bold"
                : shared                 ? "style=filled fillcolor=\"#d8d8d8\""
                                         : "style=filled fillcolor=\"#eeeeee\"");
  if (!b)
    return;
  b->shared = shared;
  text_things(count, p->extent.sectors, "sector");
  if (p->user)
    snprintf(line, sizeof line, "%s %s: %s", p->user->name, p->minidisk->name,
             directory_access_word(access));
  else
    snprintf(line, sizeof line, "free: %s", count);
  add_line(b, line);
}

/* ------------------------------------------------------------------- geometry */

static void add_edge(struct map *m, uint64_t at)
{
  size_t i = 0;
  while (i < m->edge_count && m->edges[i] < at)
    i++;
  if (i < m->edge_count && m->edges[i] == at)
    return;
  memmove(&m->edges[i + 1], &m->edges[i], (m->edge_count - i) * sizeof *m->edges);
  m->edges[i] = at;
  m->edge_count++;
}

static size_t edge_at(const struct map *m, uint64_t at)
{
  size_t i = 0;
  while (i + 1 < m->edge_count && m->edges[i] < at)
    i++;
  return i;
}

static double needs(const struct box *b)
{
  return (b->lines + (b->more > 0)) * LINE + 8;
}

/* Every box is as high as its words; what is missing the largest of its parts gets. */
static void choose_heights(struct map *m)
{
  double heights[2 * MOST_BOXES];
  for (size_t i = 0; i + 1 < m->edge_count; i++)
    heights[i] = LEAST;
  for (size_t k = 0; k < m->box_count; k++) {
    size_t from = edge_at(m, m->boxes[k].start), to = edge_at(m, m->boxes[k].end);
    size_t largest = from;
    double have = 0;
    for (size_t i = from; i < to; i++) {
      have += heights[i];
      if (m->edges[i + 1] - m->edges[i] > m->edges[largest + 1] - m->edges[largest])
        largest = i;
    }
    if (have < needs(&m->boxes[k]))
      heights[largest] += needs(&m->boxes[k]) - have;
  }
  for (size_t i = 0; i + 1 < m->edge_count; i++)
    m->tops[i + 1] = m->tops[i] + heights[i];
}

/* Boxes come by their start: each goes into the first column that is free there. */
static void choose_columns(struct map *m)
{
  uint64_t ends[MOST_BOXES] = {0};
  for (size_t k = 0; k < m->box_count; k++) {
    struct box *b = &m->boxes[k];
    while (b->column < m->column_count && ends[b->column] > b->start)
      b->column++;
    if (b->column == m->column_count)
      m->widths[m->column_count++] = 110;
    ends[b->column] = b->end;
    for (unsigned i = 0; i < b->lines; i++) {
      double width = (double)strlen(b->text[i]) * PICTURE_CHAR + 20;
      if (width > m->widths[b->column])
        m->widths[b->column] = width;
    }
  }
}

static void lay_out(struct map *m)
{
  for (size_t k = 0; k < m->box_count; k++) {
    add_edge(m, m->boxes[k].start);
    add_edge(m, m->boxes[k].end);
  }
  choose_heights(m);
  choose_columns(m);
}

/* -------------------------------------------------------------------- drawing */

/* Text whose left end is at x. */
static void put_text(FILE *out, const char *name, double x, double y, const char *text)
{
  double width = (double)strlen(text) * PICTURE_CHAR + 8;
  fprintf(out,
          "  \"%s\" [pos=\"%.1f,%.1f\" shape=plaintext fixedsize=true margin=0 width=%.3f "
          "height=0.17 label=",
          name, x + width / 2, -y, width / INCH);
  picture_quote(out, text);
  fprintf(out, "]\n");
}

static void put_box(const struct map *m, size_t k, double x, double width)
{
  const struct box *b = &m->boxes[k];
  char label[(MOST_LINES + 1) * (LINE_CHARS + 2)];
  size_t used = 0;
  for (unsigned i = 0; i < b->lines; i++)
    used += (size_t)snprintf(label + used, sizeof label - used, "%s%s", i ? "\\n" : "", b->text[i]);
  if (b->more > 0)
    snprintf(label + used, sizeof label - used, "\\nand %u more", b->more);
  double top = m->tops[edge_at(m, b->start)], bottom = m->tops[edge_at(m, b->end)];
  fprintf(m->out,
          "  \"%c%zu\" [pos=\"%.1f,%.1f\" shape=box fixedsize=true margin=0 width=%.3f "
          "height=%.3f %s label=",
          m->hex ? 's' : 'd', k, x + width / 2, -(top + bottom) / 2, width / INCH,
          (bottom - top) / INCH, b->style);
  picture_quote(m->out, label);
  fprintf(m->out, "]\n");
}

/* Its left end is at x; where the right one is. */
static double put_map(const struct map *m, double x)
{
  double labels = (m->hex ? 10 : 11) * PICTURE_CHAR + 8, at = x + labels;
  char name[32], text[TEXT_COUNT_SIZE], line[TEXT_COUNT_SIZE + 16];
  snprintf(name, sizeof name, "%c title", m->hex ? 's' : 'd');
  put_text(m->out, name, x, -26, m->title);
  for (size_t i = 0; i < m->edge_count; i++) {
    snprintf(name, sizeof name, "%c edge %zu", m->hex ? 's' : 'd', i);
    if (m->hex)
      snprintf(line, sizeof line, "0x%08llx", (unsigned long long)m->edges[i]);
    else
      snprintf(line, sizeof line, "%11s", text_count(text, m->edges[i]));
    put_text(m->out, name, x, m->tops[i], line);
  }
  for (unsigned c = 0; c < m->column_count; c++) {
    for (size_t k = 0; k < m->box_count; k++)
      if (m->boxes[k].column == c)
        put_box(m, k, at, m->widths[c]);
    at += m->widths[c] + GAP;
  }
  double title = x + (double)strlen(m->title) * PICTURE_CHAR + 8;
  return at > title ? at : title;
}

static double draw_storage(FILE *out, const struct directory *d)
{
  char title[64], size[TEXT_COUNT_SIZE];
  struct map *m = calloc(1, sizeof *m);
  if (!m)
    return -1;
  snprintf(title, sizeof title, "Storage: %s", text_size(size, d->storage));
  m->out = out;
  m->title = title;
  m->hex = true;
  fill_storage(m, d);
  lay_out(m);
  double right = put_map(m, 0);
  free(m);
  return right;
}

static bool draw_disk(FILE *out, const struct directory *d, double x)
{
  char title[128], sectors[TEXT_THINGS_SIZE];
  size_t count;
  struct map *m = calloc(1, sizeof *m);
  struct directory_piece *pieces = m ? directory_disk_map(d, &count) : NULL;
  if (!pieces) {
    free(m);
    return false;
  }
  snprintf(title, sizeof title, "Disk: %.60s, %s", d->image ? d->image : "scratch",
           text_things(sectors, d->sectors, "sector"));
  m->out = out;
  m->title = d->disk == DIRECTORY_NO_DISK ? "Disk: none" : title;
  for (size_t i = 0; i < count; i++)
    add_piece(m, &pieces[i]);
  end_boxes(m, "more piece");
  lay_out(m);
  put_map(m, x);
  free(pieces);
  free(m);
  return true;
}

bool directory_draw(FILE *out, const struct directory *d)
{
  char title[200], users[TEXT_THINGS_SIZE];
  fprintf(out,
          "digraph directory {\n  graph [pad=0.2 fontname=\"%s\"]\n  node [fontname=\"%s\" "
          "fontsize=%d]\n",
          PICTURE_FONT, PICTURE_FONT, PICTURE_FONT_SIZE);
  snprintf(title, sizeof title, "%.80s: %s on profile %.60s", d->file,
           text_things(users, d->user_count, "user"), profile_name(d->profile));
  put_text(out, "title", 0, -52, title);
  double right = draw_storage(out, d);
  bool done = right >= 0 && draw_disk(out, d, right + 30);
  fprintf(out, "}\n");
  return done;
}
