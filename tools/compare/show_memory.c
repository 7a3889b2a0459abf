/* The ways to make memory side by side: on a terminal, as JSON, in the manual, as a page and
 * as a picture. */
#include <stdio.h>
#include <string.h>

#include "tools/common/json.h"
#include "tools/common/text.h"
#include "tools/compare/compare.h"
#include "tools/compare/memory.h"
#include "tools/trace/picture.h"

typedef uint64_t number_of(const struct compare_memory_row *row);

static uint64_t entries(const struct compare_memory_row *r)
{
  return r->entries;
}

static uint64_t true_faults(const struct compare_memory_row *r)
{
  return r->vmm.true_faults;
}

static uint64_t hidden(const struct compare_memory_row *r)
{
  return r->vmm.hidden_faults;
}

static uint64_t refused(const struct compare_memory_row *r)
{
  return r->vmm.refused_direct;
}

static uint64_t fills(const struct compare_memory_row *r)
{
  return r->vmm.fills;
}

static uint64_t tables(const struct compare_memory_row *r)
{
  return r->vmm.tables * 4ull;
}

static uint64_t work(const struct compare_memory_row *r)
{
  return r->work;
}

static const struct column {
  const char *head, *key, *means;
  number_of *of;
} columns[] = {
    {"entries", "entries", "traps of the real machine that took the VMM to work", entries},
    {"true", "true_faults", "of the memory faults: those that the guest has itself", true_faults},
    {"hidden", "hidden_faults", "those of the real map alone, which the guest never sees", hidden},
    {"refused", "refused", "those after which an instruction was interpreted", refused},
    {"fills", "fills", "entries made in real tables, or in the real TLB", fills},
    {"KiB", "table_kib", "of the real machine's storage, for the VMM's tables in the end", tables},
    {"work", "work", "the VMM's, in ticks by the model of docs/timers.md", work},
};
#define COLUMNS (sizeof columns / sizeof *columns)

static bool is_disco(const struct compare_memory_row *r)
{
  return r->memory == VMM_MEMORY_DISCO;
}

static const char *outcome(const struct compare_memory_row *r, char buf[COMPARE_RUN_SIZE])
{
  char n[TEXT_COUNT_SIZE];
  if (r->out_of_control)
    return "lost control";
  if (r->equal)
    return "equal";
  if (is_disco(r))
    return r->ticks[1] < r->ticks[0] ? "fewer ticks" : "other ticks";
  snprintf(buf, COMPARE_RUN_SIZE, "parts @%s", text_count(n, r->tick));
  return buf;
}

/* Of the bare machine's time. */
static uint64_t hundredths(const struct compare_memory_row *r)
{
  return r->host[0] ? (r->host[1] * 100 + r->host[0] / 2) / r->host[0] : 0;
}

static void ratio(const struct compare_memory_row *r, char *buf, size_t size)
{
  uint64_t n = hundredths(r);
  snprintf(buf, size, "%llu.%02llu", (unsigned long long)(n / 100), (unsigned long long)(n % 100));
}

static char *story(const struct compare_memory *c, char buf[COMPARE_STORY_SIZE])
{
  char storage[TEXT_COUNT_SIZE], n[TEXT_COUNT_SIZE];
  const struct setup *s = c->rows ? &c->row[0].setup : c->setup;
  snprintf(buf, COMPARE_STORY_SIZE,
           "on %s, %s of storage; console input: %s; compared with the bare machine every %s ticks",
           s->profile_name, text_size(storage, s->storage),
           s->input_story ? s->input_story : "none", text_count(n, c->interval));
  return buf;
}

/* ------------------------------------------------------------------- on a terminal */

/* Of a column: so wide that its head and what it says stand below one another. */
static int width(size_t k)
{
  return (int)strlen(columns[k].head) < 5 ? 5 : (int)strlen(columns[k].head);
}

/* One word; those that are not equal have a line of their own below. */
static const char *brief_outcome(const struct compare_memory_row *r)
{
  return r->out_of_control ? "lost" : r->equal ? "equal" : is_disco(r) ? "ticks" : "parts";
}

static void text_remarks(const struct compare_memory *c, FILE *out)
{
  char run[COMPARE_RUN_SIZE];
  for (unsigned i = 0; i < c->rows; i++) {
    const struct compare_memory_row *r = &c->row[i];
    if (!r->equal || r->out_of_control)
      fprintf(out, "  %s, %s: %s\n", r->guest, vmm_memories[r->memory].name, outcome(r, run));
  }
}

static void text_row(const struct compare_memory *c, const struct compare_memory_row *r, FILE *out)
{
  char n[COMPARE_BRIEF_SIZE];
  fprintf(out, "%-11s %-7s %-6s", r->guest, vmm_memories[r->memory].name, brief_outcome(r));
  for (size_t k = 0; k < COLUMNS; k++)
    fprintf(out, " %*s", width(k), compare_brief(n, columns[k].of(r)));
  if (c->timed) {
    ratio(r, n, sizeof n);
    fprintf(out, " %4s", n);
  }
  fputc('\n', out);
}

void compare_memory_text(const struct compare_memory *c, FILE *out)
{
  char buf[COMPARE_STORY_SIZE];
  int column = fprintf(out, "%s: ", c->guest);
  text_wrap(out, story(c, buf), column, 2);
  fprintf(out, "\n%-11s %-7s %-6s", "guest", "memory", "run");
  for (size_t k = 0; k < COLUMNS; k++)
    fprintf(out, " %*s", width(k), columns[k].head);
  fputs(c->timed ? " time\n" : "\n", out);
  for (unsigned i = 0; i < c->rows; i++)
    text_row(c, &c->row[i], out);
  text_remarks(c, out);
  fputc('\n', out);
  for (size_t k = 0; k < COLUMNS; k++) {
    column = fprintf(out, "%-9s ", columns[k].head);
    text_wrap(out, columns[k].means, column, 10);
  }
  if (c->timed)
    fputs("time      of the host's processor, over the bare machine's\n", out);
}

/* ------------------------------------------------------------------------- JSON */

struct json_t *compare_memory_json(const struct compare_memory *c)
{
  json_t *rows = json_array();
  for (unsigned i = 0; i < c->rows; i++) {
    const struct compare_memory_row *r = &c->row[i];
    json_t *row = json_pack(
        "{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:I, s:I}", "guest", r->guest, "memory",
        vmm_memories[r->memory].name, "profile", profile_name(r->setup.profile), "machine_mmu",
        r->mmu, "equal", r->equal, "same_output", r->output, "in_control", !r->out_of_control,
        "bare_ticks", (json_int_t)r->ticks[0], "virtual_ticks", (json_int_t)r->ticks[1]);
    for (size_t k = 0; k < COLUMNS; k++)
      json_object_set_new(row, columns[k].key, json_integer((json_int_t)columns[k].of(r)));
    json_object_set_new(row, "bare_nanoseconds",
                        c->timed ? json_integer((json_int_t)r->host[0]) : json_null());
    json_object_set_new(row, "virtual_nanoseconds",
                        c->timed ? json_integer((json_int_t)r->host[1]) : json_null());
    json_array_append_new(rows, row);
  }
  return json_pack("{s:s, s:o, s:I, s:b, s:o}", "schema", "trapeze-compare-memory/1", "guest",
                   json_text(c->guest), "interval", (json_int_t)c->interval, "consistent",
                   compare_memory_status(c) == 0, "rows", rows);
}

/* ------------------------------------------------------------------- the manual */

void compare_memory_markdown(const struct compare_memory *c, FILE *out)
{
  char buf[COMPARE_STORY_SIZE], n[TEXT_COUNT_SIZE], run[COMPARE_RUN_SIZE];
  fprintf(out, "`%s`, %s.\n\n| guest | memory | run |", c->guest, story(c, buf));
  for (size_t k = 0; k < COLUMNS; k++)
    fprintf(out, " %s |", columns[k].head);
  fprintf(out, "%s\n|---|---|---|", c->timed ? " time |" : "");
  for (size_t k = 0; k < COLUMNS + c->timed; k++)
    fputs("---|", out);
  fputc('\n', out);
  for (unsigned i = 0; i < c->rows; i++) {
    const struct compare_memory_row *r = &c->row[i];
    fprintf(out, "| `%s` | %s | %s |", r->guest, vmm_memories[r->memory].name, outcome(r, run));
    for (size_t k = 0; k < COLUMNS; k++)
      fprintf(out, " %s |", text_count(n, columns[k].of(r)));
    if (c->timed) {
      ratio(r, n, sizeof n);
      fprintf(out, " %s |", n);
    }
    fputc('\n', out);
  }
}

/* ---------------------------------------------------------- the page, the picture */

/* Of a column's numbers, those of the whole page: how long a bar is, of 0 to `full`. */
static unsigned bar(const struct compare_memory *c, number_of *of,
                    const struct compare_memory_row *r, unsigned full)
{
  uint64_t most = 1;
  for (unsigned i = 0; i < c->rows; i++)
    if (of(&c->row[i]) > most)
      most = of(&c->row[i]);
  return (unsigned)(of(r) * full / most);
}

static void html_row(const struct compare_memory *c, const struct compare_memory_row *r, FILE *out)
{
  char n[TEXT_COUNT_SIZE], run[COMPARE_RUN_SIZE];
  fputs("<tr><th>", out);
  text_markup(out, r->guest);
  fprintf(out, "</th><td>%s</td><td>%s</td>", vmm_memories[r->memory].name, outcome(r, run));
  for (size_t k = 0; k < COLUMNS; k++)
    fprintf(out, "<td>%s<div style=\"width:%upx\"></div></td>", text_count(n, columns[k].of(r)),
            bar(c, columns[k].of, r, 80));
  ratio(r, n, sizeof n);
  if (c->timed)
    fprintf(out, "<td>%s<div style=\"width:%upx\"></div></td>", n, bar(c, hundredths, r, 80));
  fputs("</tr>\n", out);
}

void compare_memory_html(const struct compare_memory *c, FILE *out)
{
  char buf[COMPARE_STORY_SIZE];
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", out);
  text_markup(out, c->guest);
  fputs(": the ways to make memory</title>\n<style>body{font-family:sans-serif;margin:2em}"
        "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.4em;"
        "text-align:right}div{background:#7aa6d8;height:.4em}</style></head><body>\n<h1>",
        out);
  text_markup(out, c->guest);
  fputs(": the ways to make memory</h1>\n<p>", out);
  text_markup(out, story(c, buf));
  fputs(".</p>\n<table><tr><th>guest</th><th>memory</th><th>run</th>", out);
  for (size_t k = 0; k < COLUMNS; k++)
    fprintf(out, "<th title=\"%s\">%s</th>", columns[k].means, columns[k].head);
  fputs(c->timed ? "<th>time</th></tr>\n" : "</tr>\n", out);
  for (unsigned i = 0; i < c->rows; i++)
    html_row(c, &c->row[i], out);
  fputs("</table></body></html>\n", out);
}

#define CELL 72u /* points: a number of eleven digits, in fonts wider than ours too */

/* A table of its own, all sizes given: Graphviz would widen a lone cell to what its column needs,
 * and a bar of letters is as long as the reader's font has it. */
static void dot_number(FILE *out, const char *text, unsigned points)
{
  fprintf(out,
          "<td><table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"0\">"
          "<tr><td colspan=\"%d\" fixedsize=\"true\" width=\"%u\" height=\"14\">%s</td></tr><tr>",
          1 + (points > 0 && points < CELL), CELL, text);
  if (points > 0)
    fprintf(out, "<td fixedsize=\"true\" width=\"%u\" height=\"5\" bgcolor=\"#7aa6d8\"></td>",
            points);
  if (points < CELL)
    fprintf(out, "<td fixedsize=\"true\" width=\"%u\" height=\"5\"></td>", CELL - points);
  fputs("</tr></table></td>", out);
}

static void dot_row(const struct compare_memory *c, const struct compare_memory_row *r, FILE *out)
{
  char n[TEXT_COUNT_SIZE], run[COMPARE_RUN_SIZE];
  fputs("<tr><td border=\"0\" align=\"right\"><b>", out);
  text_markup(out, r->guest);
  fprintf(out, "</b><br/>%s</td><td bgcolor=\"%s\">%s</td>", vmm_memories[r->memory].name,
          r->equal ? "#cdeac0" : "#dfe8f7", outcome(r, run));
  for (size_t k = 0; k < COLUMNS; k++)
    dot_number(out, text_count(n, columns[k].of(r)), bar(c, columns[k].of, r, CELL));
  if (c->timed) {
    ratio(r, n, sizeof n);
    dot_number(out, n, bar(c, hundredths, r, CELL));
  }
  fputs("</tr>\n", out);
}

void compare_memory_dot(const struct compare_memory *c, FILE *out)
{
  char buf[COMPARE_STORY_SIZE];
  fprintf(out,
          "digraph memory {\n  node [shape=plaintext, fontname=\"%s\", fontsize=%d];\n"
          "  ways [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" "
          "cellpadding=\"4\">\n<tr><td border=\"0\"></td><td border=\"0\"></td>",
          PICTURE_FONT, PICTURE_FONT_SIZE);
  for (size_t k = 0; k < COLUMNS; k++)
    fprintf(out, "<td border=\"0\"><b>%s</b></td>", columns[k].head);
  fputs(c->timed ? "<td border=\"0\"><b>time</b></td></tr>\n" : "</tr>\n", out);
  for (unsigned i = 0; i < c->rows; i++)
    dot_row(c, &c->row[i], out);
  fprintf(out, "<tr><td border=\"0\" align=\"left\" colspan=\"%zu\"><font point-size=\"8\">",
          COLUMNS + 2 + c->timed);
  text_markup(out, story(c, buf));
  fputs("</font></td></tr>\n</table>>];\n}\n", out);
}
