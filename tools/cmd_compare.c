/* trapeze compare: one guest, every technique, every profile. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/classify/apart.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/guests.h"
#include "tools/common/json.h"
#include "tools/common/memory.h"
#include "tools/common/message.h"
#include "tools/compare/compare.h"
#include "tools/compare/memory.h"
#include "tools/common/stack.h"
#include "tools/trace/graphviz.h"

#define MOST_JOBS 64u

enum form { FORM_TEXT, FORM_JSON, FORM_MARKDOWN, FORM_HTML, FORM_DOT, FORM_SVG, FORM_PNG };
static const char *const forms[] = {"text", "json", "markdown", "html", "dot", "svg", "png", NULL};

struct request {
  struct setup setup;
  const char *program, *output;
  const char *sibling; /* the paravirtual build; NULL: that of the shipped guest, if it has one */
  char sibling_name[64];
  struct program sibling_program;
  char *names; /* of profiles, cut at its commas */
  enum vmm_technique technique[VMM_TECHNIQUES];
  unsigned techniques;
  unsigned form;
  uint64_t interval, jobs;
  bool timed, memories;
  const struct option_spec *machine_memory; /* --memory of all commands */
};

/* ----------------------------------------------------------------------- options */

/* A list of names, separated by commas. */
static int apply_technique(void *ctx, const char *value)
{
  struct request *r = ctx;
  char *names = strdup(value), *rest = names;
  int status = names ? STATUS_DONE : STATUS_OURS;
  r->techniques = 0;
  for (char *name; status == STATUS_DONE && (name = strsep(&rest, ","));) {
    enum vmm_technique t;
    status = stack_parse_technique("compare", name, &t);
    for (unsigned i = 0; status == STATUS_DONE && i < r->techniques; i++)
      if (r->technique[i] == t) {
        message_usage("compare", "technique '%s' is named twice", name);
        status = STATUS_USAGE;
      }
    if (status == STATUS_DONE)
      r->technique[r->techniques++] = t;
  }
  free(names);
  return status;
}

static int apply_form(void *ctx, const char *value)
{
  return options_choose("compare", "format", forms, value, &((struct request *)ctx)->form);
}

static int apply_interval(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (options_count(value, &r->interval) && r->interval >= 1)
    return STATUS_DONE;
  message_usage("compare", "'%s' is no number of ticks", value);
  return STATUS_USAGE;
}

static int apply_jobs(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (options_count(value, &r->jobs) && r->jobs >= 1 && r->jobs <= MOST_JOBS)
    return STATUS_DONE;
  message_usage("compare", "'%s' is no number of jobs: 1 to %u", value, MOST_JOBS);
  return STATUS_USAGE;
}

OPTION_TEXT(apply_output, struct request, output)
OPTION_TEXT(apply_sibling, struct request, sibling)
OPTION_FLAG(apply_time, struct request, timed)
OPTION_FLAG(apply_memories, struct request, memories)

/* A guest's name in the place of a size, as in `compare --memory minos`: no size begins with
 * anything but a digit. */
static int apply_memory(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (*value >= '0' && *value <= '9')
    return r->machine_memory->apply(&r->setup, value);
  r->program = value;
  r->memories = r->timed = true;
  return STATUS_DONE;
}

static const struct option_spec options[] = {
    {"technique", 0, "NAME,...", "only these, of those of 'trapeze vmm' (default: every one)",
     apply_technique},
    {"paravirt-guest", 0, "PROGRAM",
     "what runs under paravirt in the program's place: the same, made for hypercalls (default: of "
     "a shipped guest NAME the one called NAME-paravirt)",
     apply_sibling},
    {"memory-techniques", 0, NULL,
     "compare instead the ways to make memory, on one machine: the program under each, and a "
     "shipped guest's builds for other MMUs",
     apply_memories},
    {"memory", 'm', "SIZE",
     "storage of the machines, as 64K, 1M, 1G (default: 1M); --memory GUEST is --memory-techniques "
     "--time GUEST",
     apply_memory},
    {"checkpoint", 0, "N",
     "ticks between two comparisons, but for the first 100,000, which are all compared (default: "
     "10000)",
     apply_interval},
    {"jobs", 'j', "N", "so many runs at a time (default: 1)", apply_jobs},
    {"time", 0, NULL, "measure how long the host's processor takes, too", apply_time},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_spec form_options[] = {
    {"format", 'T', "FORMAT", "text (default), json, markdown, html; a picture: dot, svg or png",
     apply_form},
    {"output", 'o', "FILE", "where to; - is standard output", apply_output},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "compare",
    .synopsis = "[OPTION]... PROGRAM",
    .about =
        "Run a program on the bare machine and in a virtual machine, under every technique and on "
        "every profile, and put side by side what the theory says of each and what came of it: "
        "the same as the bare machine, or the instruction at which it parts; and what it "
        "cost.\n\n"
        "trap-and-emulate is right where Theorem 1 holds (as 'trapeze classify' finds it), hybrid "
        "where Theorem 3 does, interpret always. Elsewhere a run can still be right, if the "
        "program "
        "executes no offender in a state where it matters; then it is said which they are. "
        "Under paravirt another program runs than on the bare machine: compared is what the two "
        "print and store, and it is right if there is no offender in its code. "
        "docs/techniques.md has a chapter on each.",
    .notes = "A shipped guest gets the console session that comes with it, unless --input or "
             "--input-log gives another. Disk images are copied, never written. Without --ticks "
             "the comparison ends at tick 20,000,000.\n\n"
             "Exit status: 0 no run contradicts the theory; 1 one does; 2 usage or bad input; 3 "
             "trapeze or the host failed.",
    .min_operands = 0,
    .max_operands = 1,
};

/* The program: the operand, or --memory's. */
static int take_operand(struct request *r, char **operands, int count)
{
  if (count && r->program) {
    message_usage("compare", "'%s' is no size of storage, and '%s' is the guest already",
                  r->program, operands[0]);
    return STATUS_USAGE;
  }
  if (count)
    r->program = operands[0];
  if (r->program)
    return STATUS_DONE;
  message_usage("compare", "a program is missing");
  return STATUS_USAGE;
}

/* ------------------------------------------------------------------------ the rows */

static size_t count_names(const char *names)
{
  size_t n = 1;
  for (; *names; names++)
    n += *names == ',';
  return n;
}

/* The first is loaded with the program; the others share that. */
static int load_rows(struct request *r, struct compare_matrix *m, bool said)
{
  const char *const *shipped = profile_shipped();
  size_t count = 0;
  while (shipped[count])
    count++;
  r->names = strdup(r->setup.profile_name);
  char *rest = r->names;
  count = said && rest ? count_names(rest) : count;
  m->row = calloc(count, sizeof *m->row);
  if (!r->names || !m->row) {
    message_error("compare", "out of memory");
    return STATUS_OURS;
  }
  int status = STATUS_DONE;
  for (size_t i = 0; i < count && status == STATUS_DONE; i++) {
    const char *name = said ? strsep(&rest, ",") : shipped[i];
    if (i == 0) {
      r->setup.profile_name = name;
      status = setup_load(&r->setup, r->program);
      m->row[0].setup = r->setup;
    } else {
      m->row[i].setup = r->setup;
      m->row[i].setup.profile_name = name;
      m->row[i].setup.profile = NULL;
      status = setup_load_profile(&m->row[i].setup);
    }
    m->rows++;
  }
  return status;
}

/* Whose build for paravirt is to run, if it is asked for and there is one. */
static int load_sibling(struct request *r, struct compare_matrix *m)
{
  bool wanted = false;
  for (unsigned t = 0; t < r->techniques; t++)
    wanted = wanted || r->technique[t] == VMM_TECHNIQUE_PARAVIRT;
  if (!r->sibling && guests_is_shipped_name(r->program)) {
    snprintf(r->sibling_name, sizeof r->sibling_name, "%s-paravirt", r->program);
    r->sibling = guests_source(r->sibling_name) ? r->sibling_name : NULL;
  }
  if (!wanted || !r->sibling)
    return STATUS_DONE;
  m->sibling = r->sibling;
  m->sibling_program = &r->sibling_program;
  return program_load("compare", r->sibling, &r->sibling_program);
}

static void free_rows(struct compare_matrix *m)
{
  for (unsigned i = 1; i < m->rows; i++)
    profile_destroy(m->row[i].setup.profile);
  free(m->row);
}

/* ------------------------------------------------------------------------ the forms */

/* What is printed: one of the two. */
struct result {
  const struct compare_matrix *matrix;
  const struct compare_memory *memory;
};

static void show_text(const struct result *r, FILE *out)
{
  r->memory ? compare_memory_text(r->memory, out) : compare_text(r->matrix, out);
}

static void show_markdown(const struct result *r, FILE *out)
{
  r->memory ? compare_memory_markdown(r->memory, out) : compare_markdown(r->matrix, out);
}

static void show_html(const struct result *r, FILE *out)
{
  r->memory ? compare_memory_html(r->memory, out) : compare_html(r->matrix, out);
}

static void show_dot(const struct result *r, FILE *out)
{
  r->memory ? compare_memory_dot(r->memory, out) : compare_dot(r->matrix, out);
}

static int draw(const struct result *r, enum form form, FILE *out)
{
  struct memory graph;
  int status = STATUS_OURS;
  if (memory_open(&graph))
    show_dot(r, graph.stream);
  if (memory_close(&graph))
    status = graphviz_draw("compare", "dot", forms[form], graph.text, graph.len, out);
  else
    message_error("compare", "out of memory");
  free(graph.text);
  return status;
}

static int dump_json(const struct result *r, FILE *out)
{
  json_t *json = r->memory ? compare_memory_json(r->memory) : compare_json(r->matrix);
  char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
  if (text)
    fprintf(out, "%s\n", text);
  else
    message_error("compare", "out of memory");
  json_decref(json);
  free(text);
  return text ? STATUS_DONE : STATUS_OURS;
}

static int print(const struct request *r, const struct result *what)
{
  static void (*const printers[])(const struct result *, FILE *) = {[FORM_TEXT] = show_text,
                                                                    [FORM_MARKDOWN] = show_markdown,
                                                                    [FORM_HTML] = show_html,
                                                                    [FORM_DOT] = show_dot};
  struct file_out f = {0};
  int status = file_out_open(&f, "compare", r->output ? r->output : "-");
  if (status != STATUS_DONE)
    return status;
  if (r->form == FORM_JSON)
    status = dump_json(what, f.stream);
  else if (r->form >= FORM_SVG)
    status = draw(what, (enum form)r->form, f.stream);
  else
    printers[r->form](what, f.stream);
  if (status == STATUS_DONE)
    status = file_out_commit(&f);
  file_out_abandon(&f);
  return status;
}

static void show_progress(void *ctx, unsigned done, unsigned of)
{
  (void)ctx;
  fprintf(stderr, "\r%u of %u runs\033[K", done, of);
}

static int compare(struct request *r, bool said)
{
  bool progress = isatty(STDERR_FILENO) == 1;
  struct compare_matrix m = {.guest = r->program,
                             .setup = &r->setup,
                             .interval = r->interval,
                             .timed = r->timed,
                             .techniques = r->techniques,
                             .jobs = (unsigned)r->jobs,
                             .progress = progress ? show_progress : NULL};
  memcpy(m.technique, r->technique, sizeof m.technique);
  int status = load_rows(r, &m, said);
  if (status == STATUS_DONE)
    status = load_sibling(r, &m);
  if (status == STATUS_DONE)
    status = compare_run(&m);
  if (progress)
    fprintf(stderr, "\r\033[K");
  if (status == STATUS_DONE)
    status = print(r, &(struct result){.matrix = &m});
  if (status == STATUS_DONE)
    status = compare_status(&m);
  free_rows(&m);
  program_destroy(&r->sibling_program);
  free(r->names);
  return status;
}

static int compare_memories(struct request *r)
{
  struct compare_memory *c = calloc(1, sizeof *c);
  if (!c) {
    message_error("compare", "out of memory");
    return STATUS_OURS;
  }
  *c = (struct compare_memory){
      .guest = r->program, .setup = &r->setup, .interval = r->interval, .timed = r->timed};
  int status = compare_memory_run(c);
  if (status == STATUS_DONE)
    status = print(r, &(struct result){.memory = c});
  if (status == STATUS_DONE)
    status = compare_memory_status(c);
  compare_memory_destroy(c);
  free(c);
  return status;
}

struct call {
  struct request *request;
  bool said; /* --profile */
};

static int work(void *ctx)
{
  const struct call *c = ctx;
  return c->request->memories ? compare_memories(c->request) : compare(c->request, c->said);
}

/* The same machine as elsewhere, but for the profile's default. */
static void machine_options(struct request *r, struct option_spec *to, size_t room)
{
  size_t n = 0;
  for (const struct option_spec *o = setup_machine_options; o->name && n + 1 < room; o++) {
    if (strcmp(o->name, "memory") == 0) {
      r->machine_memory = o; /* apply_memory */
      continue;
    }
    to[n] = *o;
    if (strcmp(o->name, "profile") == 0)
      to[n].help = "only these machines: shipped profiles, or files NAME.profile, separated by "
                   "commas (default: every shipped one)";
    n++;
  }
  to[n] = (struct option_spec){0};
}

int cmd_compare(int argc, char **argv)
{
  struct request r = {.interval = COMPARE_DEFAULT_INTERVAL, .jobs = 1};
  struct option_spec machine[16];
  setup_init(&r.setup, "compare");
  machine_options(&r, machine, sizeof machine / sizeof *machine);
  const char *unsaid = r.setup.profile_name;
  for (unsigned t = 0; t < VMM_TECHNIQUES; t++)
    if (compare_premise((enum vmm_technique)t) != COMPARE_NO_PREMISE)
      r.technique[r.techniques++] = (enum vmm_technique)t;
  const struct option_group groups[] = {{"The comparison", options, &r},
                                        {"The result", form_options, &r},
                                        {"The machines", machine, &r.setup},
                                        {"The console", setup_console_options, &r.setup},
                                        {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  status = take_operand(&r, operands, count);
  if (status != STATUS_DONE)
    return status;
  if (r.setup.ticks == MACHINE_NEVER)
    r.setup.ticks = COMPARE_DEFAULT_TICKS;
  if (!r.setup.input && !r.setup.input_file_log && guests_is_shipped_name(r.program))
    r.setup.session = guests_session(r.program) != NULL;
  struct call call = {&r, r.setup.profile_name != unsaid};
  status = apart("compare", work, &call);
  setup_destroy(&r.setup);
  return status;
}
