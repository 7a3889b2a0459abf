/* Who traps to whom: the rows of the story, counted. */
#include <string.h>

#include "tools/common/text.h"
#include "tools/trace/counts.h"
#include "tools/trace/picture.h"

#define LINES 7 /* of an arrow's label */

enum group { GROUP_TRAPS, GROUP_INTERRUPTS, GROUP_HANDLERS, GROUP_RESUMES, GROUP_OTHER };

static const struct {
  const char *title, *several, *style, *color, *head;
} groups[] = {
    [GROUP_TRAPS] = {"trap", "traps", "solid", "#c00000", "normal"},
    [GROUP_INTERRUPTS] = {"interrupt", "interrupts", "dotted", "#7030a0", "vee"},
    [GROUP_HANDLERS] = {"into a handler", "into a handler", "dashed", "#0050b0", "normal"},
    [GROUP_RESUMES] = {"back to the guest", "back to the guest", "dashed", "#007020", "empty"},
    [GROUP_OTHER] = {"port access", "port accesses", "bold", "#805000", "diamond"},
};

static enum group group_of(const struct row *r)
{
  switch (r->kind) {
  case ROW_TRAP:
    return GROUP_TRAPS;
  case ROW_INTERRUPT:
    return GROUP_INTERRUPTS;
  case ROW_DELIVER:
    return GROUP_HANDLERS;
  case ROW_IO:
    return GROUP_OTHER;
  default:
    return r->reflects ? GROUP_HANDLERS : GROUP_RESUMES;
  }
}

static void add(struct counts *c, const struct row *r)
{
  const char *label = r->label;
  int group = (int)group_of(r);
  static const char *const verbs[] = {"deliver ", "reflect ", "interrupt: ", "raise "};
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (strncmp(label, verbs[i], strlen(verbs[i])) == 0)
      label += strlen(verbs[i]);
  if (row_is_arrow(r))
    counts_add(c, r->from, r->to, group, label, 1);
  else if (r->back >= 0)
    counts_add(c, r->from, r->back, group, label, 1);
}

/* How many instructions ran in a lane. */
static uint64_t executed(const struct story *s, unsigned lane)
{
  uint64_t total = 0;
  for (size_t i = 0; i < s->count; i++) {
    const struct row *r = &s->rows[i];
    if (r->from == (int)lane)
      total += r->kind == ROW_RUN ? r->ticks : r->kind == ROW_SENSITIVE || r->kind == ROW_INSN;
  }
  return total;
}

static bool used(const struct counts *c, unsigned lane)
{
  for (size_t i = 0; i < c->count; i++)
    if (c->all[i].from == (int)lane || c->all[i].to == (int)lane)
      return true;
  return false;
}

static void put_node(FILE *out, const struct story *s, const struct counts *c, unsigned lane)
{
  uint64_t n = executed(s, lane);
  if (n == 0 && !used(c, lane))
    return;
  char count[TEXT_COUNT_SIZE], label[128];
  snprintf(label, sizeof label, "%s", s->lanes[lane]);
  if (n)
    snprintf(label, sizeof label, "%s\\n%s instruction%s directly", s->lanes[lane],
             text_count(count, n), n == 1 ? "" : "s");
  fprintf(out, "  n%u [label=", lane);
  picture_quote(out, label);
  fprintf(out, "]\n");
}

static void put_edges(FILE *out, const struct counts *c)
{
  for (size_t at = 0; at < c->count;) {
    const struct count *first = &c->all[at];
    char lines[640], label[760], total[TEXT_COUNT_SIZE];
    uint64_t times;
    counts_label(c, &at, LINES, 4, lines, sizeof lines, &times);
    snprintf(label, sizeof label, "  %s %s \\l%s", text_count(total, times),
             times == 1 ? groups[first->group].title : groups[first->group].several, lines);
    fprintf(out,
            "  n%d -> n%d [style=%s color=\"%s\" fontcolor=\"%s\" arrowhead=%s label=", first->from,
            first->to, groups[first->group].style, groups[first->group].color,
            groups[first->group].color, groups[first->group].head);
    picture_quote(out, label);
    fprintf(out, "]\n");
  }
}

bool graph_write(FILE *out, const struct trace *t, const struct trace_filter *f)
{
  struct story s;
  struct counts c = {0};
  if (!story_tell(&s, t, f))
    return false;
  for (size_t i = 0; i < s.count; i++)
    add(&c, &s.rows[i]);
  counts_sort(&c);
  char title[160];
  story_title(t, title, sizeof title);
  fprintf(out,
          "digraph traps {\n  graph [rankdir=TB nodesep=1.2 ranksep=0.9 labelloc=t "
          "fontname=\"%s\" fontsize=12 label=",
          PICTURE_FONT);
  picture_quote(out, title);
  fprintf(out,
          "]\n  node [shape=box style=\"filled,bold\" fillcolor=white fontname=\"%s\" "
          "fontsize=12 width=2.4 height=0.6 margin=\"0.25,0.12\"]\n  edge [fontname=\"%s\" "
          "fontsize=%d]\n",
          PICTURE_FONT, PICTURE_FONT, PICTURE_FONT_SIZE);
  for (unsigned lane = 0; lane < s.lane_count; lane++)
    put_node(out, &s, &c, lane);
  put_edges(out, &c);
  fprintf(out, "}\n");
  bool done = !c.no_memory;
  counts_destroy(&c);
  story_destroy(&s);
  return done;
}
