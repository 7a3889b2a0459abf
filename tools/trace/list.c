#include "tools/trace/list.h"

#include <errno.h>
#include <inttypes.h>

#include "tools/common/json.h"
#include "tools/common/text.h"
#include "tools/trace/classes.h"
#include "tools/trace/words.h"

bool trace_filter_takes(const struct trace_filter *f, const struct trace_event *e)
{
  if (e->tick < f->from || e->tick > f->to)
    return false;
  unsigned of = 1u << trace_class_of(e->kind, e->a);
  if (trace_is_sensitive(e))
    of |= 1u << CLASS_SENSITIVE;
  return f->classes & of;
}

/* --------------------------------------------------------------------- text */

static void text_head(FILE *out, const struct trace *t)
{
  fprintf(out, "# trapeze %s %s, profile %s (%s)\n", t->command, t->program, t->profile, t->title);
  for (unsigned i = 0; i < t->machine_count; i++) {
    const struct trace_machine *m = &t->machines[i];
    char size[TEXT_COUNT_SIZE], tick[TEXT_COUNT_SIZE];
    fprintf(out, "# %s: %s of storage", m->name, text_size(size, m->storage));
    if (m->parent >= 0)
      fprintf(out, " at 0x%08x of %s", m->start, t->machines[m->parent].name);
    fprintf(out, ", to tick %s\n", text_count(tick, m->end));
  }
  if (trace_hides_sensitive(t))
    fprintf(out, "# sensitive instructions that did not trap were not recorded;\n"
                 "# --trace-events=default,sensitive does\n");
}

static void text_nothing(FILE *out, const struct trace *t, const struct trace_filter *f)
{
  char from[TEXT_COUNT_SIZE], to[TEXT_COUNT_SIZE];
  if (f->from > trace_last_tick(t))
    fprintf(out, "# no events: tick %s is after the end\n", text_count(from, f->from));
  else if (f->to != UINT64_MAX)
    fprintf(out, "# no events of these classes from tick %s to %s\n", text_count(from, f->from),
            text_count(to, f->to));
  else
    fprintf(out, "# no events of these classes from tick %s on\n", text_count(from, f->from));
}

/* What stands most often in a line fits into 80 columns with this. */
#define LINE "%10" PRIu64 "  %-7s %-8s %s\n"

static void text_note(FILE *out, const struct trace *t, const struct trace_note *n)
{
  fprintf(out, LINE, n->tick, t->machines[n->machine].name, "note", n->text);
}

static void text_event(FILE *out, const struct words *w, unsigned machine,
                       const struct trace_event *e)
{
  char buf[3 * WORDS_SIZE];
  fprintf(out, LINE, e->tick, e->machine, words_kind(e->kind),
          words_event(w, machine, e, buf, sizeof buf));
}

void list_text(FILE *out, const struct trace *t, const struct trace_filter *f)
{
  struct trace_cursor c;
  struct words w;
  struct trace_event e;
  unsigned machine;
  size_t note = 0;
  bool any = false;
  trace_start(&c, t);
  words_start(&w, t);
  text_head(out, t);
  while (trace_next(&c, &machine, &e)) {
    for (;
         note < t->note_count && machine == t->notes[note].machine && t->notes[note].tick < e.tick;
         note++)
      text_note(out, t, &t->notes[note]);
    words_follow(&w, machine, &e);
    if (!trace_filter_takes(f, &e))
      continue;
    any = true;
    text_event(out, &w, machine, &e);
  }
  for (; note < t->note_count; note++)
    text_note(out, t, &t->notes[note]);
  if (!any)
    text_nothing(out, t, f);
  fprintf(out, "# %s\n", *t->end ? t->end : "was stopped");
}

/* --------------------------------------------------------------- JSON lines */

/* A member that could not be made is silently left out of its object: errno tells. */
static bool put_line(FILE *out, json_t *object)
{
  bool done =
      object && errno != ENOMEM && json_dumpf(object, out, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0;
  fputc('\n', out);
  json_decref(object);
  return done;
}

static json_t *json_machines(const struct trace *t)
{
  json_t *all = json_array();
  for (unsigned i = 0; i < t->machine_count; i++) {
    const struct trace_machine *m = &t->machines[i];
    const char *parent = m->parent < 0 ? NULL : t->machines[m->parent].name;
    json_t *one = json_pack("{s:o, s:o, s:I, s:o, s:I}", "name", json_text(m->name), "runs_on",
                            json_text(parent), "storage", (json_int_t)m->storage, "start",
                            json_hex(m->start), "ticks", (json_int_t)m->end);
    json_array_append_new(all, one);
  }
  return all;
}

static json_t *json_head(const struct trace *t)
{
  return json_pack("{s:s, s:o, s:o, s:o, s:I, s:o, s:o}", "schema", "trapeze-trace/1", "command",
                   json_text(t->command), "program", json_text(t->program), "profile",
                   json_text(t->profile), "events", (json_int_t)t->count, "machines",
                   json_machines(t), "end", json_text(t->end));
}

static json_t *json_event(const struct words *w, unsigned machine, const struct trace_event *e)
{
  char buf[3 * WORDS_SIZE];
  return json_pack("{s:I, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:o}", "tick", (json_int_t)e->tick,
                   "machine", json_text(e->machine), "kind", words_kind(e->kind), "class",
                   trace_class_name(trace_class_of(e->kind, e->a)), "a", (json_int_t)e->a, "b",
                   (json_int_t)e->b, "c", (json_int_t)e->c, "d", (json_int_t)e->d, "words",
                   json_text(words_event(w, machine, e, buf, sizeof buf)));
}

bool list_jsonl(FILE *out, const struct trace *t, const struct trace_filter *f)
{
  struct trace_cursor c;
  struct words w;
  struct trace_event e;
  unsigned machine;
  trace_start(&c, t);
  words_start(&w, t);
  errno = 0;
  bool done = put_line(out, json_head(t));
  while (done && trace_next(&c, &machine, &e)) {
    words_follow(&w, machine, &e);
    if (trace_filter_takes(f, &e))
      done = put_line(out, json_event(&w, machine, &e));
  }
  return done;
}
