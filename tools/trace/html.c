#include "tools/trace/html.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "isa/embed.h"
#include "tools/common/json.h"

/* The page (page.html), compiled in; the trace goes where this stands in it. */
extern const struct embedded_file tools_embedded_page[];
#define DATA_MARK "@DATA@"

/* Strings and places by number: a row that comes often is short. */
struct index {
  json_t *numbers; /* text: its number */
  json_t *all;
};

static int index_of(struct index *x, const char *key, json_t *value)
{
  json_t *known = json_object_get(x->numbers, key);
  if (known) {
    json_decref(value);
    return (int)json_integer_value(known);
  }
  int number = (int)json_array_size(x->all);
  json_object_set_new(x->numbers, key, json_integer(number));
  json_array_append_new(x->all, value);
  return number;
}

static json_t *json_place(const struct story *s, const struct row *r)
{
  char name[64];
  row_place(s, r, name, sizeof name);
  const struct image_line *line =
      r->in_program ? image_line_written(image_line_at(s->trace->image, r->address)) : NULL;
  if (!line)
    return json_pack("{s:o}", "name", json_text(name));
  return json_pack("{s:o, s:o, s:I}", "name", json_text(name), "file", json_text(line->file),
                   "line", (json_int_t)line->line);
}

static int place_of(const struct story *s, struct index *places, const struct row *r)
{
  if (!r->placed)
    return -1;
  char key[32];
  snprintf(key, sizeof key, "%d %x %x", r->in_program, r->pc, r->in_program ? r->address : 0);
  return index_of(places, key, json_place(s, r));
}

static json_t *json_row(const struct story *s, struct index *labels, struct index *places,
                        const struct row *r)
{
  return json_pack("[i,i,i,i,i,i,I,I,i,i]", (int)r->kind, (int)row_class(r), r->from, r->to,
                   r->back, r->reflects, (json_int_t)r->tick, (json_int_t)r->ticks,
                   index_of(labels, r->label, json_text(r->label)), place_of(s, places, r));
}

static json_t *json_rows(const struct story *s, struct index *labels, struct index *places)
{
  json_t *rows = json_array();
  for (size_t i = 0; i < s->count; i++)
    json_array_append_new(rows, json_row(s, labels, places, &s->rows[i]));
  return rows;
}

static json_t *json_names(const char *(*name)(int), int count)
{
  json_t *names = json_array();
  for (int i = 0; i < count; i++)
    json_array_append_new(names, json_text(name(i)));
  return names;
}

static const char *kind_name(int kind)
{
  return row_kind_name((enum row_kind)kind);
}

static const char *class_name(int c)
{
  return trace_class_name((enum trace_class)c);
}

/* {file: {line: text}} */
static json_t *json_source(const struct trace *t)
{
  json_t *files = json_object();
  for (size_t i = 0; i < t->source_count; i++) {
    const struct trace_source *s = &t->source[i];
    json_t *lines = json_object_get(files, s->file);
    if (!lines) {
      lines = json_object();
      json_object_set_new(files, s->file, lines);
    }
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)s->line);
    json_object_set_new(lines, number, json_text(s->text));
  }
  return files;
}

static json_t *json_story(const struct story *s)
{
  struct index labels = {json_object(), json_array()}, places = {json_object(), json_array()};
  json_t *lanes = json_array();
  for (unsigned i = 0; i < s->lane_count; i++)
    json_array_append_new(lanes, json_text(s->lanes[i]));
  char title[160];
  story_title(s->trace, title, sizeof title);
  json_t *rows = json_rows(s, &labels, &places);
  json_decref(labels.numbers);
  json_decref(places.numbers);
  return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "title", json_text(title),
                   "cut", s->cut, "lanes", lanes, "kinds", json_names(kind_name, ROW_KIND_COUNT),
                   "classes", json_names(class_name, CLASS_COUNT), "labels", labels.all, "places",
                   places.all, "rows", rows, "source", json_source(s->trace));
}

bool html_write(FILE *out, const struct trace *t, const struct trace_filter *f)
{
  struct story s;
  if (!story_tell(&s, t, f))
    return false;
  const char *page = (const char *)tools_embedded_page[0].bytes, *mark = strstr(page, DATA_MARK);
  errno = 0;
  json_t *data = json_story(&s);
  fwrite(page, 1, (size_t)(mark - page), out);
  /* With slashes escaped, nothing in it can end the element that holds it. */
  bool done =
      data && errno != ENOMEM && json_dumpf(data, out, JSON_COMPACT | JSON_ESCAPE_SLASH) == 0;
  fputs(mark + strlen(DATA_MARK), out);
  json_decref(data);
  story_destroy(&s);
  return done;
}
