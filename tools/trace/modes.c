/* Modes: the state machine of each guest's processor, as it was observed. */
#include <string.h>

#include "tools/trace/counts.h"
#include "tools/trace/picture.h"

#define LINES 8

/* States of one processor, beside its modes. */
enum { WAITS = 8, STOPPED, RESET, STATES };
enum group { GROUP_TRAPS, GROUP_INTERRUPTS, GROUP_INSTRUCTIONS, GROUP_OTHER };

static const struct {
  const char *style, *color;
} groups[] = {
    [GROUP_TRAPS] = {"solid", "#c00000"},
    [GROUP_INTERRUPTS] = {"dotted", "#7030a0"},
    [GROUP_INSTRUCTIONS] = {"dashed", "#007020"},
    [GROUP_OTHER] = {"bold", "#404040"},
};

struct observer {
  struct counts counts;
  int state[TRACE_MAX_MACHINES];
};

static void step(struct observer *o, unsigned machine, int to, enum group group, const char *label)
{
  int base = (int)machine * STATES;
  counts_add(&o->counts, base + o->state[machine], base + to, (int)group, label, 1);
  o->state[machine] = to;
}

static void observe_event(struct observer *o, unsigned machine, const struct trace_event *e)
{
  switch (e->kind) {
  case TRACE_DELIVER:
    step(o, machine, 0, isa_cause_is_interrupt(e->a) ? GROUP_INTERRUPTS : GROUP_TRAPS,
         words_cause(e->a));
    break;
  case TRACE_MODE:
    o->state[machine] = (int)psw_mode(e->a);
    step(o, machine, (int)psw_mode(e->c), GROUP_INSTRUCTIONS, words_mnemonic(e->d));
    break;
  case TRACE_STATE:
    if (e->a == MACHINE_WAITING)
      step(o, machine, WAITS, GROUP_INSTRUCTIONS, words_mnemonic(e->d));
    else if (e->a == MACHINE_STOPPED)
      step(o, machine, STOPPED, GROUP_INSTRUCTIONS, words_mnemonic(e->d));
    else /* only mode 0 can have waited, unless the profile lets others */
      step(o, machine, 0, GROUP_OTHER, "wakes");
    break;
  default:
    break;
  }
}

static void state_name(const struct trace *t, int state, char *buf, size_t size)
{
  if (state == WAITS)
    snprintf(buf, size, "waits");
  else if (state == STOPPED)
    snprintf(buf, size, "stopped");
  else if (state == 0)
    snprintf(buf, size, "mode 0\\n(privileged)");
  else
    snprintf(buf, size, "mode %d%s", state, state + 1 == (int)t->modes ? "\\n(user)" : "");
}

static bool used(const struct counts *c, int node)
{
  for (size_t i = 0; i < c->count; i++)
    if (c->all[i].from == node || c->all[i].to == node)
      return true;
  return node % STATES == 0; /* where a machine begins */
}

/* A label is a node between the two states, so that nothing crosses it. All lines go
 * from the left to the right for Graphviz; the head is where it belongs. */
static void put_edge(FILE *out, const struct count *one, size_t id, const char *label)
{
  const char *style = groups[one->group].style, *color = groups[one->group].color;
  bool back = one->to <= one->from;
  int left = back ? one->to : one->from, right = back ? one->from : one->to;
  fprintf(out,
          "    e%zu [shape=plaintext style=\"\" margin=\"0.06,0.03\" fontsize=%d fontcolor=\"%s\" "
          "label=",
          id, PICTURE_FONT_SIZE, color);
  picture_quote(out, label);
  fprintf(out, "]\n    n%d -> e%zu [dir=%s style=%s color=\"%s\"]\n", left, id,
          back ? "back" : "none", style, color);
  if (left == right)
    fprintf(out, "    n%d -> e%zu [dir=none style=%s color=\"%s\"]\n", left, id, style, color);
  else
    fprintf(out, "    e%zu -> n%d [dir=%s style=%s color=\"%s\"]\n", id, right,
            back ? "none" : "forward", style, color);
}

static void put_edges(FILE *out, const struct counts *c, int base)
{
  for (size_t at = 0; at < c->count;) {
    const struct count *first = &c->all[at];
    char label[640];
    size_t id = at;
    uint64_t times;
    counts_label(c, &at, LINES, 0, label, sizeof label, &times);
    if (first->from / STATES * STATES == base)
      put_edge(out, first, id, label);
  }
}

static void put_machine(FILE *out, const struct trace *t, const struct counts *c, unsigned machine)
{
  int base = (int)machine * STATES;
  fprintf(out, "  subgraph cluster%u { style=dotted fontname=\"%s\" fontsize=12 label=", machine,
          PICTURE_FONT);
  picture_quote(out, t->machines[machine].name);
  fprintf(out, "\n    n%d [shape=point width=0.12 label=\"\"]\n", base + RESET);
  for (int state = 0; state < STATES - 1; state++) {
    if (!used(c, base + state))
      continue;
    char name[48];
    state_name(t, state, name, sizeof name);
    fprintf(out, "    n%d [%slabel=", base + state, state == STOPPED ? "peripheries=2 " : "");
    picture_quote(out, name);
    fprintf(out, "]\n");
  }
  fprintf(out, "    n%d -> n%d [minlen=2 label=\" reset \"]\n", base + RESET, base);
  put_edges(out, c, base);
  fprintf(out, "  }\n");
}

bool modes_write(FILE *out, const struct trace *t, const struct trace_filter *f)
{
  struct observer o = {0};
  struct trace_cursor cursor;
  struct trace_event e;
  unsigned machine;
  trace_start(&cursor, t);
  while (trace_next(&cursor, &machine, &e))
    if (!words_has_vmm(t, machine) && trace_filter_takes(f, &e))
      observe_event(&o, machine, &e);
  counts_sort(&o.counts);
  char title[160];
  story_title(t, title, sizeof title);
  fprintf(
      out,
      "digraph modes {\n  graph [rankdir=LR nodesep=0.25 ranksep=0.5 labelloc=t fontname=\"%s\" "
      "fontsize=12 label=",
      PICTURE_FONT);
  picture_quote(out, title);
  fprintf(out,
          "]\n  node [shape=ellipse style=bold fontname=\"%s\" fontsize=12]\n  edge "
          "[fontname=\"%s\" fontsize=%d]\n",
          PICTURE_FONT, PICTURE_FONT, PICTURE_FONT_SIZE);
  for (unsigned i = 0; i < t->machine_count; i++)
    if (!words_has_vmm(t, i))
      put_machine(out, t, &o.counts, i);
  fprintf(out, "}\n");
  bool done = !o.counts.no_memory;
  counts_destroy(&o.counts);
  return done;
}
