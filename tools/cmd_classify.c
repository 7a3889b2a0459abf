/* trapeze classify: can this machine be virtualized, and if not, why not? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "isa/suggest.h"
#include "tools/classify/actions.h"
#include "tools/classify/apart.h"
#include "tools/classify/demonstrate.h"
#include "tools/classify/explain.h"
#include "tools/classify/matrix.h"
#include "tools/classify/real.h"
#include "tools/classify/sets.h"
#include "tools/classify/show.h"
#include "tools/classify/smtlib.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/json.h"
#include "tools/common/memory.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/common/setup.h"
#include "tools/trace/graphviz.h"

/* What is asked for; ACTION_REPORT if no option says otherwise. */
enum action {
  ACTION_REPORT,
  ACTION_ALL,
  ACTION_DIFF,
  ACTION_EXPLAIN,
  ACTION_WITNESS,
  ACTION_TABLES,
  ACTION_PICTURE,
  ACTION_SMTLIB
};

struct request {
  enum action action;
  bool contradictory; /* two actions */
  enum model model;
  unsigned routes;
  uint64_t samples, seed;
  bool json, markdown;
  const char *insn_name; /* ACTION_EXPLAIN, ACTION_WITNESS */
  enum isa_insn insn;
  const char *output, *format, *dir;
  const char *mmu, *io; /* NULL: the profile's */
  const char *profile;  /* the operand, where there is one */
  char *machine;        /* it with --mmu and --io, as the user would write it after --profile */
  char **operands;
  int operand_count;
  struct classify_memo *memo;
  unsigned turn, turns; /* of --all, for its progress; 0: none */
};

/* ----------------------------------------------------------------- options */

static int apply_model(void *ctx, const char *value)
{
  if (model_find(value, &((struct request *)ctx)->model)) {
    return STATUS_DONE;
  }
  message_usage("classify", "'%s' is no model of state: paper or extended", value);
  return STATUS_USAGE;
}

static int apply_routes(void *ctx, const char *value)
{
  static const struct {
    const char *name;
    unsigned route;
  } names[] = {{"solver", CLASSIFY_SOLVER},
               {"exhaustion", CLASSIFY_EXHAUSTION},
               {"experiment", CLASSIFY_EXPERIMENT},
               {"all", CLASSIFY_ALL_ROUTES}};
  struct request *r = ctx;
  r->routes = 0;
  for (const char *word = value;;) {
    size_t len = strcspn(word, ",");
    unsigned route = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      if (strlen(names[i].name) == len && strncmp(word, names[i].name, len) == 0) {
        route = names[i].route;
      }
    }
    if (!route) {
      message_usage("classify", "'%.*s' is no route: solver, exhaustion, experiment or all",
                    (int)len, word);
      return STATUS_USAGE;
    }
    r->routes |= route;
    if (!word[len]) {
      return STATUS_DONE;
    }
    word += len + 1;
  }
}

static int apply_samples(void *ctx, const char *value)
{
  uint64_t *samples = &((struct request *)ctx)->samples;
  if (options_count(value, samples) && *samples >= 1) {
    return STATUS_DONE;
  }
  message_usage("classify", "'%s' is no number of samples", value);
  return STATUS_USAGE;
}

static int apply_seed(void *ctx, const char *value)
{
  if (options_count(value, &((struct request *)ctx)->seed)) {
    return STATUS_DONE;
  }
  message_usage("classify", "'%s' is no seed: a number", value);
  return STATUS_USAGE;
}

static void act(struct request *r, enum action action)
{
  r->contradictory = r->contradictory || (r->action != ACTION_REPORT && r->action != action);
  r->action = action;
}

static int apply_all(void *ctx, const char *value)
{
  (void)value;
  act(ctx, ACTION_ALL);
  return STATUS_DONE;
}

static int apply_diff(void *ctx, const char *value)
{
  (void)value;
  act(ctx, ACTION_DIFF);
  return STATUS_DONE;
}

static int apply_explain(void *ctx, const char *value)
{
  act(ctx, ACTION_EXPLAIN);
  ((struct request *)ctx)->insn_name = value;
  return STATUS_DONE;
}

static int apply_witness(void *ctx, const char *value)
{
  act(ctx, ACTION_WITNESS);
  ((struct request *)ctx)->insn_name = value;
  return STATUS_DONE;
}

static int apply_tables(void *ctx, const char *value)
{
  (void)value;
  act(ctx, ACTION_TABLES);
  return STATUS_DONE;
}

static int apply_picture(void *ctx, const char *value)
{
  static const char *const formats[] = {"dot", "svg", "png"};
  struct request *r = ctx;
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    if (strcmp(value, formats[i]) == 0) {
      r->format = formats[i];
      return STATUS_DONE;
    }
  }
  message_usage("classify", "'%s' is no format: dot, svg or png", value);
  return STATUS_USAGE;
}

static int apply_smtlib(void *ctx, const char *value)
{
  act(ctx, ACTION_SMTLIB);
  ((struct request *)ctx)->dir = value;
  return STATUS_DONE;
}

OPTION_TEXT(apply_mmu, struct request, mmu)
OPTION_TEXT(apply_io, struct request, io)
OPTION_TEXT(apply_output, struct request, output)
OPTION_FLAG(apply_json, struct request, json)
OPTION_FLAG(apply_markdown, struct request, markdown)

static const struct option_spec options[] = {
    {"model", 'm', "MODEL",
     "what belongs to the resources: paper (mode and relocation only) or extended (the default: "
     "also interrupts, clock, devices, all control registers)",
     apply_model},
    {"mmu", 0, "NAME",
     "with another memory management unit than the profile's (bounds, paged, tlb, nested)",
     apply_mmu},
    {"io", 0, "NAME",
     "with another style of input and output than the profile's (ports, none, mmio, channel)",
     apply_io},
    {"all", 'a', NULL,
     "all shipped profiles, and those that are named, against the theorems, in both models",
     apply_all},
    {"diff", 'd', NULL, "of two profiles, the verdicts that differ", apply_diff},
    {"explain", 'e', "INSTRUCTION",
     "why it is what it is: what that means for a VMM, each question, the states that show the "
     "answer, how it is known; its name may be that of the real machine",
     apply_explain},
    {"witness", 'w', "INSTRUCTION",
     "write a program that shows it: the bare machine and a virtual one differ at this instruction",
     apply_witness},
    {"tables", 't', NULL,
     "what each class of instructions does on a real and on a virtual machine, by running all",
     apply_tables},
    {"format", 'T', "FORMAT",
     "a picture of the sets, or with --all of the matrix, instruction by instruction: dot, svg or "
     "png (drawn by Graphviz)",
     apply_picture},
    {"smtlib", 0, "DIR", "write the solver's queries there, for another solver to confirm",
     apply_smtlib},
    {"output", 'o', "FILE", "of --witness and -T; standard output without it, or if it is -",
     apply_output},
    {"markdown", 0, NULL, "with --all: the table as the manual has it", apply_markdown},
    {"json", 0, NULL,
     "one JSON object, schema trapeze-classify/1, with the witnesses; also of --all and --diff",
     apply_json},
    {"routes", 0, "LIST", "how to find out: solver, exhaustion, experiment (default: all three)",
     apply_routes},
    {"samples", 0, "N", "random pairs of states for each instruction (default: 4,000)",
     apply_samples},
    {"seed", 0, "N", "other random states", apply_seed},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "classify",
    .synopsis = "[OPTION]... PROFILE\n       trapeze classify --all [PROFILE]...\n"
                "       trapeze classify --diff PROFILE PROFILE",
    .about =
        "Decide for a machine what Popek and Goldberg (1974) ask: which instructions are "
        "privileged, control sensitive, location or mode sensitive, user sensitive or innocuous, "
        "and so whether a VMM, a recursive VMM and a hybrid VMM may be constructed. Nothing is "
        "looked up: each answer comes from the definition that the machine executes, by a solver "
        "over all states, by exhausting a small scope and by experiment, and the three must "
        "agree.",
    .notes = "In the report, * is what stands in the way of Theorem 1, `outside` what the "
             "instruction does in the other modes than 0 (trap; nop: nothing; full: as in mode 0; "
             "partial, check: a variant), K the resources of the model, and ? what was only "
             "sampled.\n\nPROFILE is a shipped one (`trapeze profiles` lists them) or a file "
             "NAME.profile of your own.\n\nExit status: 0 Theorem 1 holds (for --witness: the "
             "instruction is shown "
             "to break a virtual machine; for other options: done); 1 it does not, or is open: no "
             "counterexample was found where states were only sampled; 2 usage or bad input; 3 "
             "trapeze or the host failed, or the routes disagree.",
    .max_operands = -1,
};

/* ------------------------------------------------------------------ running */

static void show_progress(void *ctx, unsigned done, unsigned of)
{
  fprintf(stderr, "\r%s: %u of %u instructions\033[K", (const char *)ctx, done, of);
}

/* NULL after a message; *status is set then. */
static struct classification *classify(const struct request *r, const struct profile *p,
                                       enum model model, int *status)
{
  bool progress = isatty(STDERR_FILENO) == 1;
  bool one = r->action == ACTION_EXPLAIN || r->action == ACTION_WITNESS;
  char name[80];
  if (r->turns) {
    snprintf(name, sizeof name, "%u of %u, %s", r->turn, r->turns, profile_name(p));
  } else {
    snprintf(name, sizeof name, "%s", profile_name(p));
  }
  const struct classify_options o = {.model = model,
                                     .routes = r->routes,
                                     .seed = r->seed,
                                     .samples = r->samples,
                                     .threads = (unsigned)get_nprocs(),
                                     .memo = r->memo,
                                     .only = one ? &r->insn : NULL,
                                     .progress = progress ? show_progress : NULL,
                                     .ctx = name};
  const char *reason;
  struct classification *c = classify_profile(p, &o, &reason);
  if (progress) {
    fprintf(stderr, "\r\033[K");
  }
  if (!c) {
    message_error("classify", "%s", reason);
    *status = STATUS_OURS;
  }
  return c;
}

static struct profile *load(const struct request *r, const char *name, int *status)
{
  struct setup s;
  setup_init(&s, "classify");
  s.profile_name = name;
  s.mmu = r->mmu;
  s.io = r->io;
  *status = setup_load_profile(&s);
  return s.profile;
}

static int tell_no_insn(const char *name, const char *several)
{
  struct suggestion near = suggest_begin(name, strlen(name));
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    suggest_offer(&near, isa_insn_info((enum isa_insn)n)->mnemonic);
  }
  if (several[0]) {
    message_usage("classify", "several stand for '%s' on this machine: %s", name, several);
  } else {
    message_usage("classify", "there is no instruction '%s'%s%s%s", name,
                  near.best ? "; did you mean '" : "", near.best ? near.best : "",
                  near.best ? "'?" : "");
  }
  return STATUS_USAGE;
}

/* By its own name, or by that of the real instruction that it stands for. */
static int find_insn(struct request *r, const struct profile *p)
{
  char several[REAL_SEVERAL_SIZE];
  const char *name = r->insn_name;
  if (!name || isa_find_insn(name, strlen(name), &r->insn) ||
      real_find(p, name, &r->insn, several)) {
    return STATUS_DONE;
  }
  return tell_no_insn(name, several);
}

static int disagreements(const struct classification *c)
{
  const char *first;
  if (classification_disagreements(c, &first) == 0) {
    return STATUS_DONE;
  }
  message_error("classify", "the routes disagree about %s: %s; please report it",
                profile_name(classification_profile(c)), first);
  return STATUS_OURS;
}

static int report(const struct request *r, const struct classification *c)
{
  if (r->json) {
    int status = json_print("classify", show_json(c));
    if (status != STATUS_DONE) {
      return status;
    }
  } else {
    show_print(c, stdout);
  }
  bool holds = classification_holds(c, CLASSIFY_THEOREM_1) &&
               !classify_open(classification_how(c, CLASSIFY_THEOREM_1));
  return holds ? STATUS_DONE : STATUS_NO;
}

static int check_present(const struct request *r, const struct classification *c)
{
  if (classification_insn(c, r->insn)->present) {
    return STATUS_DONE;
  }
  const struct profile_feature_word *w = profile_feature_words;
  uint32_t requires = isa_insn_info(r->insn)->requires;
  bool has_them = profile_features(classification_profile(c)) & requires;
  while (w->key && (has_them || !(w->feature & requires))) {
    w++;
  }
  char needs[PROFILE_FEATURE_SIZE];
  message_error("classify", "%s has no instruction '%s'%s%s",
                profile_name(classification_profile(c)), isa_insn_info(r->insn)->mnemonic,
                w->key ? ": it needs " : "", w->key ? profile_say_feature(w, needs) : "");
  return STATUS_USAGE;
}

static int explain(const struct request *r, const struct classification *c)
{
  int status = check_present(r, c);
  if (status != STATUS_DONE) {
    return status;
  }
  bool shown = false;
  const char *lacks = NULL;
  if (classification_offends(c, CLASSIFY_THEOREM_1, r->insn) ||
      classification_offends(c, CLASSIFY_THEOREM_3, r->insn)) {
    const struct demonstrate_names names = {r->machine, "FILE.s"};
    struct demonstration d;
    const char *reason;
    enum demonstrate_status found = demonstrate(c, r->insn, &names, &d, &reason);
    free(d.text);
    if (found == DEMONSTRATE_HOST) {
      message_error("classify", "%s", reason);
      return STATUS_OURS;
    }
    shown = found == DEMONSTRATE_DIVERGES;
    lacks = found == DEMONSTRATE_LACKS ? reason : NULL;
  }
  explain_print(c, r->insn, r->machine, shown, lacks, stdout);
  return STATUS_DONE;
}

/* Whole, or nothing. */
static int write_output(const struct request *r, const char *text, size_t len)
{
  struct file_out f = {0};
  int status = file_out_open(&f, "classify", r->output ? r->output : "-");
  if (status == STATUS_DONE) {
    fwrite(text, 1, len, f.stream);
    status = file_out_commit(&f);
  }
  file_out_abandon(&f);
  return status;
}

static const char *as_far(const struct classify_insn *i, unsigned questions)
{
  return classify_open(classify_how_no(i, questions)) ? ", as far as was sampled," : "";
}

static int tell_witness(const struct request *r, const struct classification *c,
                        enum demonstrate_status found, const char *lacks)
{
  const struct classify_insn *i = classification_insn(c, r->insn);
  const char *name = isa_insn_info(r->insn)->mnemonic;
  if (found == DEMONSTRATE_DIVERGES) {
    return STATUS_DONE;
  }
  if (classification_offends(c, CLASSIFY_THEOREM_1, r->insn) && found == DEMONSTRATE_LACKS) {
    message_note("classify",
                 "'%s' is sensitive and not privileged, but no state that a program can set up "
                 "here makes our VMM's machine differ; others need '%s'",
                 name, lacks);
  } else if (classification_offends(c, CLASSIFY_THEOREM_1, r->insn)) {
    message_note("classify",
                 "'%s' is sensitive and not privileged, but no witness makes our VMM's machine "
                 "differ: Theorem 1 is sufficient, not necessary (docs/classification.md)",
                 name);
  } else {
    message_note("classify",
                 "'%s' is %s%s: a virtual machine does with it what the bare machine does", name,
                 i->privileged ? "privileged" : "not sensitive",
                 as_far(i, i->privileged ? CLASSIFY_PRIVILEGED_BY : CLASSIFY_SENSITIVE_BY));
  }
  return STATUS_NO;
}

static int witness(const struct request *r, const struct classification *c)
{
  struct demonstration d;
  const char *reason;
  const struct demonstrate_names names = {
      r->machine, !r->output || strcmp(r->output, "-") == 0 ? "FILE.s" : r->output};
  const struct classify_insn *i = classification_insn(c, r->insn);
  int status = check_present(r, c);
  if (status != STATUS_DONE) {
    return status;
  }
  if (!i->sensitive) {
    message_note("classify", "'%s' is %s%s: there is nothing to show, and no program was written",
                 isa_insn_info(r->insn)->mnemonic,
                 i->errant ? "errant, it traps everywhere" : "innocuous",
                 i->errant ? "" : as_far(i, CLASSIFY_SENSITIVE_BY));
    return STATUS_NO;
  }
  enum demonstrate_status found = demonstrate(c, r->insn, &names, &d, &reason);
  if (found == DEMONSTRATE_HOST || found == DEMONSTRATE_NOTHING) {
    message_error("classify", "%s", reason);
    status = STATUS_OURS;
  } else {
    status = write_output(r, d.text, d.len);
  }
  free(d.text);
  return status == STATUS_DONE ? tell_witness(r, c, found, reason) : status;
}

static int tables(const struct classification *c)
{
  const char *reason;
  if (actions_print(c, stdout, &reason)) {
    return STATUS_DONE;
  }
  message_error("classify", "%s", reason);
  return STATUS_OURS;
}

/* The graph itself, or what Graphviz makes of it. Takes the graph. */
static int draw(const struct request *r, struct memory *graph)
{
  struct file_out f = {0};
  int status = STATUS_OURS;
  if (!memory_close(graph)) {
    message_error("classify", "out of memory");
  } else if (strcmp(r->format, "dot") == 0) {
    status = write_output(r, graph->text, graph->len);
  } else {
    status = file_out_open(&f, "classify", r->output ? r->output : "-");
    if (status == STATUS_DONE) {
      status = graphviz_draw("classify", "neato", r->format, graph->text, graph->len, f.stream);
    }
    if (status == STATUS_DONE) {
      status = file_out_commit(&f);
    }
    file_out_abandon(&f);
  }
  free(graph->text);
  return status;
}

static int picture(const struct request *r, const struct classification *c)
{
  struct memory graph;
  if (memory_open(&graph)) {
    sets_write(c, graph.stream);
  }
  return draw(r, &graph);
}

static int picture_of_all(const struct request *r, struct classification *const *of, size_t count)
{
  struct memory graph;
  if (memory_open(&graph)) {
    matrix_write(of, count, r->model, graph.stream);
  }
  return draw(r, &graph);
}

/* What a picture or a table of sets cannot mark where it stands. */
static void note_samples(const struct request *r, const struct classification *c)
{
  char samples[SHOW_SAMPLES_SIZE];
  if ((r->action == ACTION_TABLES || r->action == ACTION_PICTURE) &&
      classification_how(c, CLASSIFY_THEOREM_1) == CLASSIFY_SAMPLED) {
    message_note("classify", "the sets are those that %s show, not proved",
                 show_samples(c, samples));
  }
}

static int run_action(const struct request *r, const struct classification *c)
{
  note_samples(r, c);
  switch (r->action) {
  case ACTION_EXPLAIN:
    return explain(r, c);
  case ACTION_WITNESS:
    return witness(r, c);
  case ACTION_TABLES:
    return tables(c);
  case ACTION_PICTURE:
    return picture(r, c);
  case ACTION_SMTLIB:
    return smtlib_write(c, r->dir);
  default:
    return report(r, c);
  }
}

static int run_one(struct request *r)
{
  int status = STATUS_DONE;
  struct profile *p = load(r, r->profile, &status);
  status = p ? find_insn(r, p) : status;
  struct classification *c = status == STATUS_DONE ? classify(r, p, r->model, &status) : NULL;
  if (c) {
    status = run_action(r, c);
    int disagreed = disagreements(c);
    status = disagreed != STATUS_DONE ? disagreed : status;
  }
  classification_destroy(c);
  profile_destroy(p);
  return status;
}

static int report_all(const struct request *r, struct classification *const *of, size_t count)
{
  int status = r->format ? picture_of_all(r, of, count) : STATUS_DONE;
  if (status == STATUS_DONE && r->json) {
    status = json_print("classify", show_matrix_json(of, count));
  } else if (status == STATUS_DONE && r->markdown) {
    show_matrix_markdown(of, count, stdout);
  } else if (status == STATUS_DONE && !r->format) {
    show_matrix(of, count, stdout);
  }
  return status;
}

/* --all: every shipped profile, and those that are named, in both models. */
static int run_all(struct request *r)
{
  const char *const *names = profile_shipped();
  size_t shipped = 0;
  while (names[shipped]) {
    shipped++;
  }
  size_t count = shipped + (size_t)r->operand_count;
  struct classification **of = calloc(count * MODEL_COUNT, sizeof(struct classification *));
  struct profile **profiles = calloc(count, sizeof *profiles);
  int status = STATUS_DONE;
  if (!of || !profiles) {
    message_error("classify", "out of memory");
    status = STATUS_OURS;
  }
  for (size_t i = 0; i < count && status == STATUS_DONE; i++) {
    profiles[i] = load(r, i < shipped ? names[i] : r->operands[i - shipped], &status);
  }
  for (size_t i = 0; i < count && status == STATUS_DONE; i++) {
    for (unsigned m = 0; m < MODEL_COUNT && status == STATUS_DONE; m++) {
      r->turn = (unsigned)i * MODEL_COUNT + m + 1;
      r->turns = (unsigned)count * MODEL_COUNT;
      of[i * MODEL_COUNT + m] = classify(r, profiles[i], (enum model)m, &status);
      if (status == STATUS_DONE) {
        status = disagreements(of[i * MODEL_COUNT + m]);
      }
    }
  }
  if (status == STATUS_DONE) {
    status = report_all(r, of, count);
  }
  for (size_t i = 0; of && i < count * MODEL_COUNT; i++) {
    classification_destroy(of[i]);
  }
  for (size_t i = 0; profiles && i < count; i++) {
    profile_destroy(profiles[i]);
  }
  free(of);
  free(profiles);
  return status;
}

static int run_diff(const struct request *r, char **names)
{
  struct profile *p[2] = {NULL, NULL};
  struct classification *c[2] = {NULL, NULL};
  int status = STATUS_DONE;
  for (unsigned i = 0; i < 2 && status == STATUS_DONE; i++) {
    p[i] = load(r, names[i], &status);
    c[i] = p[i] ? classify(r, p[i], r->model, &status) : NULL;
    if (c[i]) {
      status = disagreements(c[i]);
    }
  }
  if (status == STATUS_DONE) {
    if (r->json) {
      status = json_print("classify", show_diff_json(c[0], c[1]));
    } else {
      show_diff(c[0], c[1], stdout);
    }
  }
  for (unsigned i = 0; i < 2; i++) {
    classification_destroy(c[i]);
    profile_destroy(p[i]);
  }
  return status;
}

static const char *operand_complaint(const struct request *r)
{
  return r->action == ACTION_DIFF ? "--diff takes two profiles"
                                  : "give one profile (`trapeze profiles` lists them), or --all";
}

/* Of what does not go together. */
static const char *contradiction(const struct request *r)
{
  bool all = r->action == ACTION_ALL;
  if (r->contradictory || (r->format && r->action != ACTION_PICTURE && !all)) {
    return "only one of --all, --diff, --explain, --witness, --tables, -T and --smtlib at a "
           "time; but --all has a picture, too";
  }
  if (r->json && r->action != ACTION_REPORT && !all && r->action != ACTION_DIFF) {
    return "only the report on a profile, --all and --diff have a JSON form";
  }
  if (r->markdown && (!all || r->json)) {
    return "--markdown goes with --all, and without --json";
  }
  if (all && r->format && !r->output && (r->json || r->markdown)) {
    return "a picture beside --json or --markdown needs --output=FILE";
  }
  if (r->output && r->action != ACTION_WITNESS && !r->format) {
    return "--output goes with --witness and -T";
  }
  return NULL;
}

static const char *complaint(const struct request *r, int count)
{
  const char *wrong = contradiction(r);
  if (wrong) {
    return wrong;
  }
  if (r->format && !r->output && isatty(STDOUT_FILENO) == 1 && strcmp(r->format, "png") == 0) {
    return "a PNG picture needs --output=FILE";
  }
  return r->action == ACTION_ALL || count == (r->action == ACTION_DIFF ? 2 : 1)
             ? NULL
             : operand_complaint(r);
}

/* "x86 --mmu paged": what stands for this machine in a command. False: out of memory. */
static bool name_machine(struct request *r)
{
  return asprintf(&r->machine, "%s%s%s%s%s", r->profile ? r->profile : "", r->mmu ? " --mmu " : "",
                  r->mmu ? r->mmu : "", r->io ? " --io " : "", r->io ? r->io : "") >= 0;
}

static int work(void *ctx)
{
  struct request *r = ctx;
  r->memo = classify_memo_create();
  int status = STATUS_OURS;
  if (!r->memo || !name_machine(r)) {
    message_error("classify", "out of memory");
    classify_memo_destroy(r->memo);
    return status;
  }
  status = r->action == ACTION_ALL    ? run_all(r)
           : r->action == ACTION_DIFF ? run_diff(r, r->operands)
                                      : run_one(r);
  classify_memo_destroy(r->memo);
  free(r->machine);
  return status;
}

int cmd_classify(int argc, char **argv)
{
  struct request r = {.model = MODEL_EXTENDED, .routes = CLASSIFY_ALL_ROUTES, .seed = 1};
  const struct option_group groups[] = {{"Options", options, &r}, {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON) {
    return status;
  }
  if (r.format && r.action == ACTION_REPORT) {
    r.action = ACTION_PICTURE;
  }
  const char *wrong = complaint(&r, count);
  if (wrong) {
    message_usage("classify", "%s", wrong);
    return STATUS_USAGE;
  }
  r.profile = count ? operands[0] : NULL;
  r.operands = operands;
  r.operand_count = count;
  return apart("classify", work, &r);
}
