/* trapeze trace: a recorded run, as text, as data, as pictures. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/common/text.h"
#include "tools/trace/chrome.h"
#include "tools/trace/graphviz.h"
#include "tools/trace/html.h"
#include "tools/trace/list.h"
#include "tools/trace/picture.h"

enum format { TXT, JSONL, DOT, SVG, PNG, HTML, CHROME, FORMATS };

static const char *const formats[FORMATS + 1] = {"txt", "jsonl", "dot",    "svg",
                                                 "png", "html",  "chrome", NULL};
static const char *const pictures[PICTURE_COUNT + 1] = {"ladder", "graph", "modes", "memory", NULL};

#define DEFAULT_ROWS 60u
#define MAX_ROWS     20000u

struct request {
  enum format format; /* FORMATS: not said */
  bool picture_chosen;
  const char *output;
  struct picture picture;
  uint64_t page, rows;
  struct trace_filter filter; /* classes 0: as suits the format */
};

/* -------------------------------------------------------------------- options */

static int apply_format(void *ctx, const char *value)
{
  struct request *r = ctx;
  unsigned chosen = FORMATS;
  int status = options_choose("trace", "format", formats, value, &chosen);
  r->format = (enum format)chosen;
  return status;
}

static int apply_picture(void *ctx, const char *value)
{
  struct request *r = ctx;
  unsigned chosen = r->picture.kind;
  int status = options_choose("trace", "picture", pictures, value, &chosen);
  r->picture.kind = (enum picture_kind)chosen;
  r->picture_chosen = true;
  return status;
}

OPTION_TEXT(apply_output, struct request, output)

static int number(const char *value, const char *what, uint64_t least, uint64_t most, uint64_t *n)
{
  if (options_count(value, n) && *n >= least && *n <= most)
    return STATUS_DONE;
  message_usage("trace", "'%s' is no %s", value, what);
  return STATUS_USAGE;
}

static int apply_from(void *ctx, const char *value)
{
  return number(value, "tick", 0, UINT64_MAX, &((struct request *)ctx)->filter.from);
}

static int apply_to(void *ctx, const char *value)
{
  return number(value, "tick", 0, UINT64_MAX, &((struct request *)ctx)->filter.to);
}

static int apply_page(void *ctx, const char *value)
{
  return number(value, "number of a page", 1, UINT32_MAX, &((struct request *)ctx)->page);
}

static int apply_rows(void *ctx, const char *value)
{
  return number(value, "number of rows: 1 to 20000", 1, MAX_ROWS, &((struct request *)ctx)->rows);
}

static int apply_class(void *ctx, const char *value)
{
  return trace_classes_parse("trace", value, CLASSES_FAST | 1u << CLASS_SENSITIVE,
                             &((struct request *)ctx)->filter.classes);
}

static const struct option_spec output_options[] = {
    {"format", 'T', "FORMAT",
     "txt, jsonl, dot, svg, png, html or chrome (default: as the output's name ends, else txt)",
     apply_format},
    {"output", 'o', "FILE", "where to write (default: standard output)", apply_output},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_spec picture_options[] = {
    {"picture", 'p', "NAME",
     "of dot, svg and png: ladder (default), graph (who traps to whom), modes or memory",
     apply_picture},
    {"page", 0, "N", "of the ladder (default: 1)", apply_page},
    {"rows", 0, "N", "on a page of the ladder (default: 60)", apply_rows},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_spec filter_options[] = {
    {"from", 0, "TICK", "what happened at this tick or later", apply_from},
    {"to", 0, "TICK", "what happened at this tick or earlier", apply_to},
    {"class", 'c', "LIST", "only these classes, as for --trace-events", apply_class},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "trace",
    .synopsis = "[OPTION]... FILE",
    .about =
        "Show what 'trapeze run', 'vmm' or 'verify' recorded with --trace=FILE: as a list of "
        "events (txt, jsonl), as a picture (dot, svg, png), as a page for the browser (html), or "
        "for Perfetto and speedscope (chrome).",
    .notes =
        "The ladder has a lane for the application, the guest OS, the VMM and the hardware, and "
        "time runs down it; rows that repeat are drawn once, with a count. Pictures are drawn by "
        "Graphviz; -T dot writes what it is given.\n\n"
        "Exit status: 0 done; 2 usage or bad input; 3 trapeze or the host failed.",
    .min_operands = 1,
    .max_operands = 1,
    .operand = "a trace",
};

/* ------------------------------------------------------------------ rendering */

static int out_of_memory(bool done)
{
  if (!done)
    message_error("trace", "out of memory");
  return done ? STATUS_DONE : STATUS_OURS;
}

static int check_page(const struct request *r)
{
  const struct picture *p = &r->picture;
  if (p->page > p->pages) {
    message_error("trace", "there is no page %u: the ladder has %u", p->page, p->pages);
    return STATUS_USAGE;
  }
  if (p->pages > 1 && p->page == 1 && isatty(STDERR_FILENO))
    message_note("trace", "page 1 of %u; --page=N shows another, --rows=N makes them longer",
                 p->pages);
  return STATUS_DONE;
}

static int draw(struct request *r, const struct trace *t, FILE *out)
{
  FILE *graph = graphviz_temporary("trace");
  if (!graph)
    return STATUS_OURS;
  int status = out_of_memory(picture_write(graph, &r->picture, t, &r->filter));
  if (status == STATUS_DONE)
    status = check_page(r);
  if (status == STATUS_DONE && fflush(graph) != 0) {
    message_error("trace", "cannot write a temporary file: %s", strerror(errno));
    status = STATUS_OURS;
  }
  if (status == STATUS_DONE && r->format == DOT)
    status = graphviz_copy("trace", graph, out);
  else if (status == STATUS_DONE)
    status = graphviz_draw_file("trace", r->picture.program, formats[r->format], graph, out);
  fclose(graph);
  return status;
}

static int render(struct request *r, const struct trace *t, FILE *out)
{
  switch (r->format) {
  case TXT:
    list_text(out, t, &r->filter);
    return STATUS_DONE;
  case JSONL:
    return out_of_memory(list_jsonl(out, t, &r->filter));
  case HTML:
    return out_of_memory(html_write(out, t, &r->filter));
  case CHROME:
    return out_of_memory(chrome_write(out, t, &r->filter));
  case DOT:
  case SVG:
  case PNG:
  case FORMATS:
    break;
  }
  return draw(r, t, out);
}

/* What a file is expected to hold that is named so; FORMATS: anything. */
static enum format format_of_name(const char *path)
{
  const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
  if (!dot)
    return FORMATS;
  if (strcmp(dot + 1, "json") == 0)
    return CHROME;
  for (enum format f = 0; f < FORMATS; f++)
    if (f != CHROME && strcmp(dot + 1, formats[f]) == 0)
      return f;
  return FORMATS;
}

/* Lists may be called .txt or .json whatever they are, pictures and pages not. */
static bool contradict(enum format told, enum format named)
{
  bool text = told != PNG && (named == TXT || named == CHROME);
  return named != FORMATS && told != named && !text;
}

static int choose_format(struct request *r)
{
  enum format named = format_of_name(r->output);
  if (r->format == FORMATS) {
    r->format = named == FORMATS ? TXT : named;
  } else if (contradict(r->format, named)) {
    message_usage("trace", "-T %s contradicts the name of the output, '%s'", formats[r->format],
                  r->output);
    return STATUS_USAGE;
  }
  if (r->picture_chosen && r->format != DOT && r->format != SVG && r->format != PNG) {
    message_usage("trace", "--picture is for -T dot, svg and png; this is %s", formats[r->format]);
    return STATUS_USAGE;
  }
  if (r->format == PNG && strcmp(r->output, "-") == 0 && isatty(STDOUT_FILENO)) {
    message_usage("trace", "png is not for a terminal; -o FILE.png writes it to a file");
    return STATUS_USAGE;
  }
  return STATUS_DONE;
}

/* A list says this itself. */
static void note_empty(const struct request *r, const struct trace *t)
{
  if (r->format == TXT || r->filter.from <= trace_last_tick(t))
    return;
  char from[TEXT_COUNT_SIZE], last[TEXT_COUNT_SIZE];
  message_note("trace", "there is nothing from tick %s on: the trace ends at tick %s",
               text_count(from, r->filter.from), text_count(last, trace_last_tick(t)));
}

/* The story leaves out what would drown it, unless it is asked for. */
static void choose_classes(struct request *r)
{
  bool lists = r->format == TXT || r->format == JSONL;
  bool told = !lists && r->picture.kind != PICTURE_MEMORY;
  if (r->filter.classes == 0)
    r->filter.classes =
        told ? CLASSES_ALL & ~(1u << CLASS_MEMORY | 1u << CLASS_SWITCHES | 1u << CLASS_INSTRUCTIONS)
             : CLASSES_ALL;
}

static int show(struct request *r, const char *path)
{
  struct trace *t;
  struct file_out out;
  int status = trace_open("trace", path, &t);
  if (status != STATUS_DONE)
    return status;
  bool same_terminal = strcmp(r->output, "-") == 0 && isatty(STDOUT_FILENO);
  t->progress = isatty(STDERR_FILENO) && !same_terminal;
  status = file_out_open(&out, "trace", r->output);
  if (status == STATUS_DONE) {
    note_empty(r, t);
    status = render(r, t, out.stream);
    if (status == STATUS_DONE)
      status = file_out_commit(&out);
    else
      file_out_abandon(&out);
  }
  trace_destroy(t);
  return status;
}

int cmd_trace(int argc, char **argv)
{
  struct request r = {
      .format = FORMATS, .output = "-", .page = 1, .rows = DEFAULT_ROWS, .filter.to = UINT64_MAX};
  const struct option_group groups[] = {{"The output", output_options, &r},
                                        {"The picture", picture_options, &r},
                                        {"The events", filter_options, &r},
                                        {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  r.picture.page = (unsigned)r.page;
  r.picture.rows = (unsigned)r.rows;
  status = choose_format(&r);
  if (status != STATUS_DONE)
    return status;
  choose_classes(&r);
  return show(&r, operands[0]);
}
