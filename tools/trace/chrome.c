#include "tools/trace/chrome.h"

#include <errno.h>

#include "tools/common/json.h"

struct writer {
  FILE *out;
  const struct story *story;
  uint64_t clock; /* microseconds */
  uint64_t flow;  /* arrows so far */
  bool begun, no_memory;
};

static void put(struct writer *w, json_t *event)
{
  fputs(w->begun ? ",\n" : "\n", w->out);
  w->begun = true;
  if (!event || json_dumpf(event, w->out, JSON_COMPACT | JSON_PRESERVE_ORDER) != 0)
    w->no_memory = true;
  json_decref(event);
}

static void put_name(struct writer *w, const char *what, int tid, const char *name)
{
  put(w, json_pack("{s:s, s:s, s:i, s:i, s:{s:o}}", "ph", "M", "name", what, "pid", 1, "tid", tid,
                   "args", "name", json_text(name)));
}

static void put_order(struct writer *w, int lane)
{
  put(w, json_pack("{s:s, s:s, s:i, s:i, s:{s:i}}", "ph", "M", "name", "thread_sort_index", "pid",
                   1, "tid", lane + 1, "args", "sort_index", lane));
}

static void put_slice(struct writer *w, const struct row *r, int lane, const char *name,
                      uint64_t at, uint64_t duration)
{
  char place[64], source[WORDS_SIZE];
  row_place(w->story, r, place, sizeof place);
  row_source(w->story, r, source, sizeof source);
  put(w, json_pack(
             "{s:s, s:o, s:s, s:I, s:I, s:i, s:i, s:{s:I, s:o, s:o}}", "ph", "X", "name",
             json_text(name), "cat", r->kind == ROW_RUN ? "direct" : trace_class_name(row_class(r)),
             "ts", (json_int_t)at, "dur", (json_int_t)duration, "pid", 1, "tid", lane + 1, "args",
             "tick", (json_int_t)r->tick, "at", json_text(place), "source", json_text(source)));
}

static void put_flow(struct writer *w, const char *phase, const char *name, int lane, uint64_t at)
{
  json_t *event =
      json_pack("{s:s, s:s, s:s, s:I, s:I, s:i, s:i}", "ph", phase, "name", name, "cat", "arrow",
                "id", (json_int_t)w->flow, "ts", (json_int_t)at, "pid", 1, "tid", lane + 1);
  if (event && *phase == 'f')
    json_object_set_new(event, "bp", json_string("e"));
  put(w, event);
}

/* The arrow of a row, from the slice that ends now to one that begins now. Readers bind
 * an arrow's end to the slice that was told last in its lane, so that comes first. */
static void put_arrow(struct writer *w, const struct row *r, int to, const char *there)
{
  w->flow++;
  put_flow(w, "s", r->label, r->from, w->clock - 1);
  put_slice(w, r, to, there, w->clock, 1);
  put_flow(w, "f", r->label, to, w->clock);
  w->clock++;
}

static void put_row(struct writer *w, const struct row *r)
{
  const char *name = r->kind == ROW_RUN ? "direct execution" : r->label;
  uint64_t duration = r->kind == ROW_RUN ? r->ticks : 1;
  put_slice(w, r, r->from, name, w->clock, duration);
  w->clock += duration;
  if (row_is_arrow(r))
    put_arrow(w, r, r->to, r->label);
  else if (r->back >= 0)
    put_arrow(w, r, r->back, r->reflects ? "handler" : "resume");
}

bool chrome_write(FILE *out, const struct trace *t, const struct trace_filter *f)
{
  struct story s;
  if (!story_tell(&s, t, f))
    return false;
  errno = 0;
  struct writer w = {.out = out, .story = &s};
  fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", out);
  put_name(&w, "process_name", 0, t->program);
  for (unsigned lane = 0; lane < s.lane_count; lane++) {
    put_name(&w, "thread_name", (int)lane + 1, s.lanes[lane]);
    put_order(&w, (int)lane);
  }
  for (size_t i = 0; i < s.count; i++)
    put_row(&w, &s.rows[i]);
  fputs("\n]}\n", out);
  story_destroy(&s);
  return !w.no_memory && errno != ENOMEM; /* members that could not be made */
}
