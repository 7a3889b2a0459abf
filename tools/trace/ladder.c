/* The ladder: a lane for each of application, guest OS, VMM and hardware, time
 * downwards, a row for each thing that happened. All positions are computed here. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/trace/picture.h"

/* Points. */
#define LANE          200.0 /* from one lane to the next */
#define ROW           24.0  /* from one row to the next */
#define BOX_HEIGHT    17.0
#define DOUBLE_HEIGHT 12.5 /* the outer line takes 4 more on each side */
#define TICK_WIDTH    84.0
#define MARGIN        100.0 /* between the outer lanes' middles and the texts beside them */
#define TEXT_CHARS    58    /* of the source line */
#define INCH          72.0

struct style {
  const char *color; /* of the line */
  const char *fill;  /* of a box */
  const char *box;   /* style of a box's line */
  const char *line;  /* style of an arrow */
  const char *head;
};

/* A colour never says alone what a line style does not say as well. */
static const struct style styles[ROW_KIND_COUNT] = {
    [ROW_RUN] = {"#808080", "#f4f4f4", "solid", "solid", "normal"},
    [ROW_TRAP] = {"#c00000", "#ffffff", "solid", "solid", "normal"},
    [ROW_INTERRUPT] = {"#7030a0", "#ffffff", "dotted", "dotted", "vee"},
    [ROW_DELIVER] = {"#0050b0", "#ffffff", "dashed", "dashed", "normal"},
    [ROW_EMULATE] = {"#007020", "#e6f4ea", "rounded", "dashed", "empty"},
    [ROW_REFLECT] = {"#0050b0", "#e8f0fb", "rounded,dashed", "dashed", "normal"},
    [ROW_SERVE] = {"#7030a0", "#f3ebfa", "rounded,dotted", "dashed", "empty"},
    [ROW_RAISE] = {"#7030a0", "#f3ebfa", "dotted", "dashed", "normal"},
    [ROW_RETURN] = {"#007020", "#ffffff", "solid", "dashed", "empty"},
    [ROW_IO] = {"#805000", "#ffffff", "solid", "bold", "diamond"},
    [ROW_MAP] = {"#404040", "#ffffff", "solid", "solid", "normal"},
    [ROW_SENSITIVE] = {"#c00000", "#fff0f0", "bold", "solid", "normal"},
    [ROW_INSN] = {"#808080", "#ffffff", "solid", "solid", "normal"},
    [ROW_STATE] = {"#000000", "#ffffff", "rounded,bold", "solid", "normal"},
    [ROW_NOTE] = {"#c00000", "#fff8c0", "bold", "solid", "normal"},
};

struct sheet {
  FILE *out;
  const struct story *story;
  double height; /* rows count downwards, points upwards */
};

static double lane_x(int lane)
{
  return lane * LANE;
}

static double row_y(const struct sheet *s, double row)
{
  return s->height - row * ROW;
}

static double text_width(size_t chars)
{
  return (double)chars * PICTURE_CHAR + 8;
}

static double right_x(const struct sheet *s)
{
  return lane_x((int)s->story->lane_count - 1) + MARGIN;
}

/* --------------------------------------------------------------------- text */

/* A text in a place of its own, `align` l, r or n (in the middle) in `width`. */
static void put_text(const struct sheet *s, double x, double y, double width, char align,
                     const char *color, const char *text)
{
  char line[256];
  snprintf(line, sizeof line, "%.200s%s%c", text, align == 'n' ? "" : "\\",
           align == 'n' ? 0 : align);
  fprintf(s->out,
          "  { node [shape=plaintext fixedsize=true margin=0 width=%.3f height=0.17 "
          "fontcolor=\"%s\"] \"t%.1f,%.1f\" [pos=\"%.1f,%.1f\" label=",
          width / INCH, color, x, y, x, y);
  picture_quote(s->out, line);
  fprintf(s->out, "] }\n");
}

/* Text in front of lines, with paper behind it. */
static void put_arrow_label(const struct sheet *s, double x, double y, const char *color,
                            const char *text)
{
  fprintf(s->out,
          "  \"a%.1f,%.1f\" [pos=\"%.1f,%.1f\" shape=plaintext style=filled fillcolor=white "
          "fixedsize=true margin=0 width=%.3f height=0.15 fontcolor=\"%s\" label=",
          x, y, x, y, text_width(strlen(text)) / INCH, color);
  picture_quote(s->out, text);
  fprintf(s->out, "]\n");
}

/* --------------------------------------------------------------------- rows */

static void run_label(const struct story *s, const struct passage *p, size_t at, char *buf,
                      size_t size)
{
  uint64_t least = UINT64_MAX, most = 0;
  for (uint64_t i = 0; i < p->times; i++) {
    uint64_t ticks = s->rows[p->first + i * p->rows + at].ticks;
    least = ticks < least ? ticks : least;
    most = ticks > most ? ticks : most;
  }
  char a[TEXT_COUNT_SIZE], b[TEXT_COUNT_SIZE];
  if (least == most)
    snprintf(buf, size, "%s instruction%s", text_count(a, least), least == 1 ? "" : "s");
  else
    snprintf(buf, size, "%s to %s instr.", text_count(a, least), text_count(b, most));
}

static void put_point(const struct sheet *s, int lane, double y)
{
  fprintf(s->out, "  \"p%d,%.1f\" [pos=\"%.1f,%.1f\" shape=point style=invis width=0.01]\n", lane,
          y, lane_x(lane), y);
}

static void put_box(const struct sheet *s, const struct row *r, double y, const char *label)
{
  const struct style *style = &styles[r->kind];
  double width = text_width(strlen(label)) + 6;
  bool doubled = r->kind == ROW_SENSITIVE || r->kind == ROW_NOTE;
  fprintf(s->out,
          "  \"b%.1f\" [pos=\"%.1f,%.1f\" shape=box fixedsize=true margin=0 width=%.3f "
          "height=%.3f style=\"filled,%s\" color=\"%s\" fillcolor=\"%s\"%s label=",
          y, lane_x(r->from), y, width / INCH, (doubled ? DOUBLE_HEIGHT : BOX_HEIGHT) / INCH,
          style->box, style->color, style->fill, doubled ? " peripheries=2" : "");
  picture_quote(s->out, label);
  fprintf(s->out, "]\n");
  if (r->back >= 0) {
    put_point(s, r->back, y);
    fprintf(s->out, "  \"b%.1f\" -> \"p%d,%.1f\" [style=dashed color=\"%s\" arrowhead=%s]\n", y,
            r->back, y, style->color, r->reflects ? "normal" : "empty");
  }
}

static void put_arrow(const struct sheet *s, const struct row *r, double y)
{
  const struct style *style = &styles[r->kind];
  put_point(s, r->from, y);
  put_point(s, r->to, y);
  fprintf(s->out, "  \"p%d,%.1f\" -> \"p%d,%.1f\" [style=%s color=\"%s\" arrowhead=%s]\n", r->from,
          y, r->to, y, style->line, style->color, style->head);
  double middle = lane_x(r->from) + (r->to > r->from ? LANE : -LANE) / 2;
  put_arrow_label(s, middle, y + 7, style->color, r->label);
}

static void put_row_texts(const struct sheet *s, const struct row *r, bool same_place, double y)
{
  char tick[TEXT_COUNT_SIZE], place[64], source[WORDS_SIZE], text[256];
  double width = TICK_WIDTH;
  put_text(s, -MARGIN - width / 2, y, width, 'r', "#404040", text_count(tick, r->tick));
  if (same_place)
    return;
  row_place(s->story, r, place, sizeof place);
  row_source(s->story, r, source, sizeof source);
  snprintf(text, sizeof text, "%s%s%s", place, *source ? "  " : "", source);
  if (strlen(text) > TEXT_CHARS)
    strcpy(text + TEXT_CHARS - 3, "...");
  width = text_width(TEXT_CHARS);
  if (*text)
    put_text(s, right_x(s) + 36 + width / 2, y, width, 'l', "#404040", text);
}

static void put_row(const struct sheet *s, const struct passage *p, size_t at, double y)
{
  const struct row *r = &s->story->rows[p->first + at];
  char label[64];
  snprintf(label, sizeof label, "%s", r->label);
  if (r->kind == ROW_RUN)
    run_label(s->story, p, at, label, sizeof label);
  if (row_is_arrow(r))
    put_arrow(s, r, y);
  else
    put_box(s, r, y, label);
  bool told = y < row_y(s, 1.5) && r->placed && r[-1].placed && r[-1].pc == r->pc;
  put_row_texts(s, r, told, y);
}

/* A bracket beside rows that stand for many, and how many. */
static void put_bracket(const struct sheet *s, const struct passage *p, double top, double bottom)
{
  if (p->times == 1)
    return;
  char times[TEXT_COUNT_SIZE], text[TEXT_COUNT_SIZE + 4];
  double x = right_x(s) - 14;
  top += BOX_HEIGHT / 2;
  bottom -= BOX_HEIGHT / 2;
  fprintf(s->out,
          "  { node [shape=point style=invis width=0.01] \"k%.1f\" [pos=\"%.1f,%.1f\"] \"l%.1f\" "
          "[pos=\"%.1f,%.1f\"] }\n  \"k%.1f\" -> \"l%.1f\" [dir=both arrowhead=tee arrowtail=tee "
          "arrowsize=0.6 penwidth=1.5]\n",
          top, x, top, bottom, x, bottom, top, bottom);
  snprintf(text, sizeof text, "x%s", text_count(times, p->times));
  double width = text_width(strlen(text));
  put_text(s, x + 6 + width / 2, (top + bottom) / 2, width, 'l', "#000000", text);
}

/* -------------------------------------------------------------------- sheet */

static void put_lanes(const struct sheet *s, double rows)
{
  double top = row_y(s, 0.8), bottom = row_y(s, rows + 0.6);
  for (unsigned i = 0; i < s->story->lane_count; i++) {
    const char *name = s->story->lanes[i];
    fprintf(s->out,
            "  \"h%u\" [pos=\"%.1f,%.1f\" shape=box style=\"filled,bold\" fillcolor=white "
            "fixedsize=true margin=0 width=%.3f height=0.3 label=",
            i, lane_x((int)i), row_y(s, 0.3), (text_width(strlen(name)) + 8) / INCH);
    picture_quote(s->out, name);
    fprintf(s->out, "]\n");
    put_point(s, (int)i, top);
    put_point(s, (int)i, bottom);
    fprintf(s->out,
            "  \"p%u,%.1f\" -> \"p%u,%.1f\" [arrowhead=none style=solid color=\"#d0d0d0\"]\n", i,
            top, i, bottom);
  }
}

/* What the lines mean, of which the page has only those that occur. */
static void put_legend(const struct sheet *s, double row)
{
  static const char *const lines[] = {
      "solid arrow: trap.  dotted: interrupt.  dashed, filled head: into a handler.  dashed, empty "
      "head: the guest goes on.",
      "grey box: executed directly.  rounded: the VMM.  double: sensitive, and did not trap.  xN: "
      "that many times.",
      "Sensitive instructions that did not trap were not recorded: "
      "--trace-events=default,sensitive "
      "does.",
  };
  for (unsigned i = 0; i < 2u + trace_hides_sensitive(s->story->trace); i++) {
    double width = text_width(strlen(lines[i]));
    put_text(s, -MARGIN - TICK_WIDTH + width / 2, row_y(s, row + i * 0.7), width, 'l', "#606060",
             lines[i]);
  }
}

static void put_heading(const struct sheet *s, const struct picture *p)
{
  char title[160], text[256];
  story_title(s->story->trace, title, sizeof title);
  snprintf(text, sizeof text, "%s: page %u of %u%s", title, p->page, p->pages,
           s->story->cut ? " (cut)" : "");
  double width = text_width(strlen(text));
  put_text(s, -MARGIN - TICK_WIDTH + width / 2, row_y(s, -1), width, 'l', "#000000", text);
  put_text(s, -MARGIN - TICK_WIDTH / 2, row_y(s, 0.3), TICK_WIDTH, 'r', "#404040", "tick");
}

/* Passages stay together; a page begins with a passage. Fills in first[page], for
 * pages + 1 pages; first may be NULL. */
static unsigned paginate(const struct passage *all, size_t count, unsigned rows, unsigned page,
                         size_t *first, size_t *end)
{
  unsigned pages = 1, on_page = 0;
  *first = 0;
  *end = count;
  for (size_t i = 0; i < count; i++) {
    if (on_page && on_page + all[i].rows > rows) {
      if (pages == page)
        *end = i;
      pages++;
      on_page = 0;
      if (pages == page)
        *first = i;
    }
    on_page += all[i].rows;
  }
  return pages;
}

static void put_sheet(struct sheet *s, const struct picture *p, const struct passage *all,
                      size_t first, size_t end)
{
  unsigned rows = 0;
  for (size_t i = first; i < end; i++)
    rows += all[i].rows;
  s->height = (rows + 4) * ROW;
  fprintf(s->out,
          "digraph ladder {\n  graph [splines=line outputorder=edgesfirst pad=0.2 "
          "fontname=\"%s\"]\n  node [fontname=\"%s\" fontsize=%d]\n  edge [arrowsize=0.7]\n",
          PICTURE_FONT, PICTURE_FONT, PICTURE_FONT_SIZE);
  put_heading(s, p);
  put_lanes(s, rows);
  unsigned row = 1;
  for (size_t i = first; i < end; i++) {
    double top = row_y(s, row + 0.3);
    for (unsigned k = 0; k < all[i].rows; k++)
      put_row(s, &all[i], k, row_y(s, row++ + 0.3));
    put_bracket(s, &all[i], top, row_y(s, row - 0.7));
  }
  put_legend(s, rows + 1.3);
  fprintf(s->out, "}\n");
}

bool ladder_write(FILE *out, struct picture *p, const struct trace *t, const struct trace_filter *f)
{
  struct story story;
  if (!story_tell(&story, t, f))
    return false;
  size_t count, first, end;
  struct passage *all = story_collapse(&story, &count);
  if (all) {
    struct sheet s = {.out = out, .story = &story};
    p->pages = paginate(all, count, p->rows, p->page, &first, &end);
    if (p->page <= p->pages)
      put_sheet(&s, p, all, first, end);
  }
  free(all);
  story_destroy(&story);
  return all != NULL;
}
