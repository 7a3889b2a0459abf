/* The memory map: which machine owns what of the real machine's storage, which part
 * of it the guests' relocation showed, and whose the disk is. Addresses grow upwards;
 * heights are not to scale. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/trace/picture.h"

#define COLUMN   250.0
#define STEP     44.0 /* between two boundaries */
#define WIDTH    210.0
#define INCH     72.0
#define MAX_EDGE (8 * TRACE_MAX_MACHINES)
#define WINDOWS  6u /* of a guest, that are shown */

struct window {
  uint32_t start, size; /* as real addresses */
  uint64_t times;
  unsigned column; /* of those for windows: none covers another */
};

struct map {
  FILE *out;
  const struct trace *trace;
  uint64_t edges[MAX_EDGE]; /* boundaries, as real addresses, ascending */
  size_t edge_count;
  unsigned depth; /* of machines */
  struct window windows[TRACE_MAX_MACHINES][WINDOWS];
  unsigned window_count[TRACE_MAX_MACHINES];
  bool more; /* there were others than those shown */
};

static uint64_t real_start(const struct trace *t, unsigned machine)
{
  uint64_t start = 0;
  for (int i = (int)machine; i >= 0; i = t->machines[i].parent)
    start += t->machines[i].start;
  return start;
}

static unsigned depth_of(const struct trace *t, unsigned machine)
{
  unsigned depth = 0;
  for (int i = t->machines[machine].parent; i >= 0; i = t->machines[i].parent)
    depth++;
  return depth;
}

static void add_edge(struct map *m, uint64_t at)
{
  size_t i = 0;
  while (i < m->edge_count && m->edges[i] < at)
    i++;
  if ((i < m->edge_count && m->edges[i] == at) || m->edge_count == MAX_EDGE)
    return;
  memmove(&m->edges[i + 1], &m->edges[i], (m->edge_count - i) * sizeof *m->edges);
  m->edges[i] = at;
  m->edge_count++;
}

static double height_of(const struct map *m, uint64_t at)
{
  size_t i = 0;
  while (i + 1 < m->edge_count && m->edges[i] < at)
    i++;
  return (double)i * STEP;
}

/* The windows that a guest's relocation opened, the first few. */
static void add_window(struct map *m, unsigned machine, const struct trace_event *e)
{
  const struct trace *t = m->trace;
  int parent = t->machines[machine].parent;
  uint64_t start = e->a + (parent < 0 ? 0 : real_start(t, (unsigned)parent));
  uint64_t own = real_start(t, machine);
  if (start == own && e->b >= t->machines[machine].storage)
    return; /* all of it: translation is off */
  struct window *w = m->windows[machine];
  for (unsigned i = 0; i < m->window_count[machine]; i++) {
    if (w[i].start == start && w[i].size == e->b) {
      w[i].times++;
      return;
    }
  }
  if (m->window_count[machine] == WINDOWS)
    m->more = true;
  else
    w[m->window_count[machine]++] = (struct window){(uint32_t)start, e->b, 1, 0};
}

static bool overlap(const struct window *a, const struct window *b)
{
  return a->start < (uint64_t)b->start + b->size && b->start < (uint64_t)a->start + a->size;
}

static bool covered(const struct map *m, const struct window *w, unsigned machine, unsigned end)
{
  for (unsigned i = 0; i <= machine; i++)
    for (unsigned k = 0; k < (i == machine ? end : m->window_count[i]); k++)
      if (m->windows[i][k].column == w->column && overlap(&m->windows[i][k], w))
        return true;
  return false;
}

static void arrange_windows(struct map *m)
{
  for (unsigned i = 0; i < m->trace->machine_count; i++)
    for (unsigned k = 0; k < m->window_count[i]; k++)
      while (covered(m, &m->windows[i][k], i, k))
        m->windows[i][k].column++;
}

static void look(struct map *m, const struct trace_filter *f)
{
  const struct trace *t = m->trace;
  struct trace_cursor c;
  struct trace_event e;
  unsigned machine;
  trace_start(&c, t);
  while (trace_next(&c, &machine, &e))
    if (e.kind == TRACE_MAP && !words_has_vmm(t, machine) && e.tick >= f->from && e.tick <= f->to)
      add_window(m, machine, &e);
  arrange_windows(m);
  for (unsigned i = 0; i < t->machine_count; i++) {
    unsigned depth = depth_of(t, i) + 1;
    m->depth = depth > m->depth ? depth : m->depth;
    add_edge(m, real_start(t, i));
    add_edge(m, real_start(t, i) + t->machines[i].storage);
    for (unsigned k = 0; k < m->window_count[i]; k++) {
      add_edge(m, m->windows[i][k].start);
      add_edge(m, (uint64_t)m->windows[i][k].start + m->windows[i][k].size);
    }
  }
}

static void put_box(const struct map *m, double column, uint64_t start, uint64_t end,
                    const char *style, const char *label)
{
  double low = height_of(m, start), high = height_of(m, end);
  fprintf(m->out,
          "  \"b%.1f,%" PRIu64
          ",%s\" [pos=\"%.1f,%.1f\" shape=box fixedsize=true margin=0 width=%.3f "
          "height=%.3f %s label=",
          column, start, *style == 's' ? "s" : "f", column * COLUMN, (low + high) / 2, WIDTH / INCH,
          (high - low) / INCH, style);
  picture_quote(m->out, label);
  fprintf(m->out, "]\n");
}

static void put_text(const struct map *m, double x, double y, double width, const char *text)
{
  fprintf(m->out,
          "  \"t%.1f,%.1f\" [pos=\"%.1f,%.1f\" shape=plaintext fixedsize=true margin=0 width=%.3f "
          "height=0.17 label=",
          x, y, x, y, width / INCH);
  picture_quote(m->out, text);
  fprintf(m->out, "]\n");
}

static void put_machine(const struct map *m, unsigned machine)
{
  const struct trace_machine *v = &m->trace->machines[machine];
  uint64_t start = real_start(m->trace, machine);
  char size[TEXT_COUNT_SIZE], label[256], sectors[TEXT_COUNT_SIZE];
  int n = snprintf(label, sizeof label, "%.60s\\n%s", v->name, text_size(size, v->storage));
  if (v->sectors && n > 0 && (size_t)n < sizeof label)
    snprintf(label + n, sizeof label - (size_t)n, "\\nsectors %u to %s%s", v->disk_first,
             text_count(sectors, (uint64_t)v->disk_first + v->sectors - 1),
             v->disk_readonly ? ", read only" : "");
  put_box(m, depth_of(m->trace, machine), start, start + v->storage,
          v->parent < 0 ? "style=bold" : "style=\"filled,bold\" fillcolor=\"#e6f4ea\"", label);
}

/* What of a machine's storage its VMM kept, beside its VMs: one column on. */
static void put_rest(const struct map *m, unsigned machine)
{
  const struct trace *t = m->trace;
  uint64_t at = real_start(t, machine), end = at + t->machines[machine].storage;
  bool first = true;
  while (words_has_vmm(t, machine) && at < end) {
    uint64_t next = end, after = end;
    for (unsigned i = 0; i < t->machine_count; i++) {
      uint64_t start = real_start(t, i);
      if (t->machines[i].parent == (int)machine && start >= at && start < next) {
        next = start;
        after = start + t->machines[i].storage;
      }
    }
    if (next > at)
      put_box(m, depth_of(t, machine) + 1, at, next,
              "style=\"filled,dashed\" fillcolor=\"#f0f0f0\"", first ? "the VMM's own" : "free");
    first = false;
    at = after;
  }
}

static void put_windows(const struct map *m, unsigned machine)
{
  for (unsigned i = 0; i < m->window_count[machine]; i++) {
    const struct window *w = &m->windows[machine][i];
    char size[TEXT_COUNT_SIZE], times[TEXT_COUNT_SIZE], label[160];
    snprintf(label, sizeof label, "%.40s: %s, x%s", m->trace->machines[machine].name,
             text_size(size, w->size), text_count(times, w->times));
    put_box(m, m->depth + w->column, w->start, (uint64_t)w->start + w->size,
            "style=\"filled,dotted\" fillcolor=\"#fff8e0\"", label);
  }
}

static bool any_windows(const struct map *m)
{
  for (unsigned i = 0; i < m->trace->machine_count; i++)
    if (m->window_count[i])
      return true;
  return false;
}

/* "given to vm2": to which machine, where there is one at this depth. */
static void put_owner(const struct map *m, unsigned depth, double top)
{
  char text[64] = "the real machine";
  const char *name = NULL;
  unsigned count = 0;
  for (unsigned i = 0; i < m->trace->machine_count; i++) {
    if (depth_of(m->trace, i) == depth) {
      name = m->trace->machines[i].name;
      count++;
    }
  }
  if (depth)
    snprintf(text, sizeof text, "given to %.20s", count == 1 ? name : "virtual machines");
  put_text(m, depth * COLUMN, top, WIDTH, text);
}

static void put_headings(const struct map *m)
{
  double top = height_of(m, UINT64_MAX) + 24;
  char title[160];
  for (unsigned depth = 0; depth < m->depth; depth++)
    put_owner(m, depth, top);
  if (any_windows(m))
    put_text(m, m->depth * COLUMN, top, WIDTH,
             m->more ? "relocated guests saw, and more" : "relocated guests saw");
  story_title(m->trace, title, sizeof title);
  double width = (double)strlen(title) * PICTURE_CHAR + 8;
  put_text(m, -WIDTH / 2 - 90 + width / 2, top + 28, width, title);
  put_text(m, -WIDTH / 2 - 48, top, 84, "not to scale");
  for (size_t i = 0; i < m->edge_count; i++) {
    char address[16];
    snprintf(address, sizeof address, "0x%08" PRIx64, m->edges[i]);
    put_text(m, -WIDTH / 2 - 48, (double)i * STEP, 72, address);
  }
}

void memory_write(FILE *out, const struct trace *t, const struct trace_filter *f)
{
  struct map m = {.out = out, .trace = t};
  look(&m, f);
  fprintf(out,
          "digraph memory {\n  graph [pad=0.2 fontname=\"%s\"]\n  node [fontname=\"%s\" "
          "fontsize=%d]\n",
          PICTURE_FONT, PICTURE_FONT, PICTURE_FONT_SIZE);
  put_headings(&m);
  for (unsigned i = 0; i < t->machine_count; i++) {
    put_machine(&m, i);
    put_rest(&m, i);
    put_windows(&m, i);
  }
  fprintf(out, "}\n");
}
