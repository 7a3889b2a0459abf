/* trapeze grade-all: the marks of a class, and what to do with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/grade/class.h"

#define JOBS_MAX 256u

struct request {
  struct grade_options o; /* first */
  uint64_t jobs;
  bool again, merge, diff, each_own;
};

OPTION_FLAG(apply_again, struct request, again)
OPTION_FLAG(apply_merge, struct request, merge)
OPTION_FLAG(apply_diff, struct request, diff)
OPTION_FLAG(apply_each_own, struct request, each_own)

static int apply_jobs(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (options_count(value, &r->jobs) && r->jobs >= 1 && r->jobs <= JOBS_MAX)
    return STATUS_DONE;
  message_usage("grade-all", "'%s' is no number of submissions at a time: from 1 to %u", value,
                JOBS_MAX);
  return STATUS_USAGE;
}

static const struct option_spec options[] = {
    {"output", 'o', "DIR", "the folder of the results (default: results)", grade_apply_output},
    {"jobs", 'j', "N", "submissions at the same time (default: 1)", apply_jobs},
    {"again", 0, NULL, "grade also what has not changed since it was graded", apply_again},
    {"shard", 0, "I/N", "only every N-th submission, from the I-th on", grade_apply_shard},
    {"merge", 0, NULL, "sum up the results in the folders named, for example of all shards",
     apply_merge},
    {"diff", 0, NULL, "say what differs between two folders of results", apply_diff},
    {"only", 0, "TEXT", "run only the tests with TEXT in their id", grade_apply_only},
    {"hidden", 0, "DIR", "the folder of the hidden tests; none: without (default: the lab's own)",
     grade_apply_hidden},
    {"labs", 0, "DIR",
     "where labs are looked for by number or name (default: labs, or the installed ones)",
     grade_apply_labs},
    {"seed", 0, "N", "of the tests that draw their input, and of variants (default: 1)",
     grade_apply_seed},
    {"each-own", 0, NULL,
     "each submission's seed is that of its name: `trapeze grade --student=NAME`", apply_each_own},
    {"sandbox", 0, "RUNG",
     "the least to be content with: bwrap (or require), seccomp or limits (default)",
     grade_apply_sandbox},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "grade-all",
    .synopsis = "[OPTION]... LAB DIR\n       trapeze grade-all --merge -o DIR RESULTS...\n"
                "       trapeze grade-all --diff RESULTS RESULTS",
    .about =
        "Grade every submission in a folder, each a folder or file in it, and sum up: "
        "NAME.result.json for each, summary.csv, summary.json, and a histogram. What was graded "
        "before and has not changed, nor the lab, is kept: a run that was interrupted goes on.",
    .notes =
        "Exit status: 0 graded, or the results are the same; 1 with --diff: they differ; 2 usage, "
        "or a mistake in the lab; 3 trapeze or the host failed.",
    .min_operands = 1,
    .max_operands = -1,
    .operand = "a lab and a folder of submissions",
};

static int grade_class(const struct request *r, const char *where, const char *submissions)
{
  char installed[4096];
  const char *labs = r->o.labs ? r->o.labs : grade_default_labs(installed, sizeof installed);
  struct lab lab;
  int status = lab_load(&lab, "grade-all", labs, where, r->o.hidden, r->o.seed);
  struct class_config c = {.submissions = submissions,
                           .results = r->o.output,
                           .jobs = (unsigned)r->jobs,
                           .shard = r->o.shard,
                           .shards = r->o.shards,
                           .again = r->again,
                           .each_own = r->each_own,
                           .each = {.lab = &lab,
                                    .seed = r->o.seed,
                                    .only = r->o.only,
                                    .jobs = 1,
                                    .limits = check_limits_usual}};
  if (status == STATUS_DONE)
    status = grade_choose_sandbox("grade-all", r->o.required, &c.each.rung);
  struct class_counts counts;
  if (status == STATUS_DONE)
    status = class_grade(&c, &counts);
  if (status == STATUS_DONE) {
    printf("%zu graded, %zu kept from before\n", counts.graded, counts.kept);
    status = class_summarise(&r->o.output, 1, r->o.output, stdout);
  }
  lab_destroy(&lab);
  return status;
}

static int diff(char **folders)
{
  bool changed;
  int status = class_diff(folders[0], folders[1], stdout, &changed);
  return status == STATUS_DONE && changed ? STATUS_NO : status;
}

int cmd_grade_all(int argc, char **argv)
{
  struct request r = {.o = {.command = "grade-all", .output = "results", .seed = 1}, .jobs = 1};
  struct option_group groups[] = {{"Options", options, &r}, {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  if (r.merge && r.diff) {
    message_usage("grade-all", "--merge and --diff exclude one another");
    return STATUS_USAGE;
  }
  if (r.merge)
    return class_summarise((const char *const *)operands, (size_t)count, r.o.output, stdout);
  if (count != 2) {
    message_usage("grade-all", r.diff ? "--diff wants two folders of results"
                                      : "expected a lab and a folder of submissions");
    return STATUS_USAGE;
  }
  return r.diff ? diff(operands) : grade_class(&r, operands[0], operands[1]);
}
