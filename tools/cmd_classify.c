/* trapeze classify: can this machine be virtualized, and if not, why not? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "tools/classify/show.h"
#include "tools/command.h"
#include "tools/common/json.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/common/text.h"

struct request {
  enum model model;
  unsigned routes;
  uint64_t samples, seed;
  bool all, diff, json;
  struct classify_memo *memo;
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

static int apply_all(void *ctx, const char *value)
{
  (void)value;
  ((struct request *)ctx)->all = true;
  return STATUS_DONE;
}

static int apply_diff(void *ctx, const char *value)
{
  (void)value;
  ((struct request *)ctx)->diff = true;
  return STATUS_DONE;
}

static int apply_json(void *ctx, const char *value)
{
  (void)value;
  ((struct request *)ctx)->json = true;
  return STATUS_DONE;
}

static const struct option_spec options[] = {
    {"model", 'm', "MODEL",
     "what belongs to the resources: paper (mode and relocation only) or extended (the default: "
     "also interrupts, clock, devices, all control registers)",
     apply_model},
    {"all", 'a', NULL, "all shipped profiles against the theorems, in both models", apply_all},
    {"diff", 'd', NULL, "of two profiles, the verdicts that differ", apply_diff},
    {"json", 0, NULL, "one JSON object, schema trapeze-classify/1, with the witnesses", apply_json},
    {"routes", 0, "LIST", "how to find out: solver, exhaustion, experiment (default: all three)",
     apply_routes},
    {"samples", 0, "N", "random pairs of states for each instruction (default: 4,000)",
     apply_samples},
    {"seed", 0, "N", "other random states", apply_seed},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "classify",
    .synopsis = "[OPTION]... PROFILE\n       trapeze classify --all\n"
                "       trapeze classify --diff PROFILE PROFILE",
    .about =
        "Decide for a machine what Popek and Goldberg (1974) ask: which instructions are "
        "privileged, control sensitive, location or mode sensitive, user sensitive or innocuous, "
        "and so whether a VMM, a recursive VMM and a hybrid VMM may be constructed. Nothing is "
        "looked up: each answer comes from the definition that the machine executes, by a solver "
        "over all states, by exhausting a small scope and by experiment, and the three must "
        "agree.",
    .notes = "Exit status: 0 Theorem 1 holds (for --all and --diff: done); 1 it does not; 2 usage "
             "or bad input; 3 trapeze or the host failed, or the routes disagree.",
    .max_operands = 2,
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
  char name[80];
  snprintf(name, sizeof name, "%s", profile_name(p));
  const struct classify_options o = {.model = model,
                                     .routes = r->routes,
                                     .seed = r->seed,
                                     .samples = r->samples,
                                     .threads = (unsigned)get_nprocs(),
                                     .memo = r->memo,
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

static struct profile *load(const char *name, int *status)
{
  struct profile *p = profile_load(name, stderr);
  if (!p) {
    *status = errno ? STATUS_OURS : STATUS_USAGE;
  }
  return p;
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

static int run_one(const struct request *r, const char *name)
{
  int status = STATUS_DONE;
  struct profile *p = load(name, &status);
  struct classification *c = p ? classify(r, p, r->model, &status) : NULL;
  if (c) {
    if (r->json) {
      status = json_print("classify", show_json(c));
    } else {
      show_print(c, stdout);
    }
    if (status == STATUS_DONE) {
      status = disagreements(c);
    }
    if (status == STATUS_DONE && !classification_holds(c, CLASSIFY_THEOREM_1)) {
      status = STATUS_NO;
    }
  }
  classification_destroy(c);
  profile_destroy(p);
  return status;
}

/* --all: every shipped profile in both models. */
static int run_all(const struct request *r)
{
  const char *const *names = profile_shipped();
  size_t count = 0;
  while (names[count]) {
    count++;
  }
  struct classification **of = calloc(count * MODEL_COUNT, sizeof(struct classification *));
  struct profile **profiles = calloc(count, sizeof *profiles);
  int status = of && profiles ? STATUS_DONE : STATUS_OURS;
  for (size_t i = 0; i < count && status == STATUS_DONE; i++) {
    profiles[i] = load(names[i], &status);
    for (unsigned m = 0; m < MODEL_COUNT && status == STATUS_DONE; m++) {
      of[i * MODEL_COUNT + m] = classify(r, profiles[i], (enum model)m, &status);
      if (status == STATUS_DONE) {
        status = disagreements(of[i * MODEL_COUNT + m]);
      }
    }
  }
  if (status == STATUS_DONE) {
    if (r->json) {
      status = json_print("classify", show_matrix_json(of, count));
    } else {
      show_matrix(of, count, stdout);
    }
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
    p[i] = load(names[i], &status);
    c[i] = p[i] ? classify(r, p[i], r->model, &status) : NULL;
    if (c[i]) {
      status = disagreements(c[i]);
    }
  }
  if (status == STATUS_DONE) {
    show_diff(c[0], c[1], stdout);
  }
  for (unsigned i = 0; i < 2; i++) {
    classification_destroy(c[i]);
    profile_destroy(p[i]);
  }
  return status;
}

static int check_request(const struct request *r, int count)
{
  int wanted = r->all ? 0 : r->diff ? 2 : 1;
  if (r->all && r->diff) {
    message_usage("classify", "--all and --diff exclude one another");
    return STATUS_USAGE;
  }
  if (r->diff && r->json) {
    message_usage("classify", "--diff has no JSON form: compare two --json reports");
    return STATUS_USAGE;
  }
  if (count != wanted) {
    message_usage("classify", r->all ? "--all takes no profile"
                              : r->diff
                                  ? "--diff takes two profiles"
                                  : "give one profile (`trapeze profiles` lists them), or --all");
    return STATUS_USAGE;
  }
  return STATUS_DONE;
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
  status = check_request(&r, count);
  if (status != STATUS_DONE) {
    return status;
  }
  r.memo = classify_memo_create();
  if (!r.memo) {
    message_error("classify", "out of memory");
    return STATUS_OURS;
  }
  status = r.all ? run_all(&r) : r.diff ? run_diff(&r, operands) : run_one(&r, operands[0]);
  classify_memo_destroy(r.memo);
  return status;
}
