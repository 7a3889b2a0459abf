/* trapeze grade: the marks of one submission of a lab. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/grade/assign.h"
#include "tools/grade/grade.h"

#define JOBS_MAX GRADE_JOBS_MAX

struct request {
  struct grade_options o; /* first */
  const struct format *format;
  const char *assignment;
  uint64_t jobs;
  bool timings;
};

OPTION_FLAG(apply_timings, struct request, timings)
OPTION_TEXT(apply_assignment, struct request, assignment)

static int apply_format(void *ctx, const char *value)
{
  const char *names[16];
  unsigned n = 0, chosen = 0;
  for (const struct format *f = formats; f->name; f++)
    names[n++] = f->name;
  names[n] = NULL;
  int status = options_choose("grade", "format", names, value, &chosen);
  ((struct request *)ctx)->format = &formats[chosen];
  return status;
}

static int apply_jobs(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (options_count(value, &r->jobs) && r->jobs >= 1 && r->jobs <= JOBS_MAX)
    return STATUS_DONE;
  message_usage("grade", "'%s' is no number of tests at a time: from 1 to %u", value, JOBS_MAX);
  return STATUS_USAGE;
}

static const struct option_spec options[] = {
    {"only", 0, "TEXT", "run only the tests with TEXT in their id", grade_apply_only},
    {"hidden", 0, "DIR", "the folder of the hidden tests; none: without (default: the lab's own)",
     grade_apply_hidden},
    {"labs", 0, "DIR",
     "where labs are looked for by number or name (default: labs, or the installed ones)",
     grade_apply_labs},
    {"seed", 0, "N", "of the tests that draw their input, and of a student's variant (default: 1)",
     grade_apply_seed},
    {"student", 0, "NAME", "the seed that belongs to this name", grade_apply_student},
    {"assignment", 0, "DIR",
     "instead of grading, write the student's own variant of the lab into this folder",
     apply_assignment},
    {"format", 'T', "FORMAT",
     "text (default), json (schema trapeze-grade/1), gradescope, autolab, prairielearn, "
     "classroom50, junit or tap",
     apply_format},
    {"output", 'o', "FILE",
     "where to write (default: standard output); a file is written again after each test",
     grade_apply_output},
    {"timings", 0, NULL, "say processor times too, which differ from run to run", apply_timings},
    {"jobs", 'j', "N", "tests at the same time (default: 1)", apply_jobs},
    {"shard", 0, "I/N", "only every N-th test, from the I-th on", grade_apply_shard},
    {"sandbox", 0, "RUNG",
     "the least to be content with: bwrap (or require), seccomp or limits (default)",
     grade_apply_sandbox},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "grade",
    .synopsis = "[OPTION]... LAB SUBMISSION\n       trapeze grade --assignment=DIR [OPTION]... LAB",
    .about =
        "Grade a submission of a lab. LAB is a folder with a lab.json, or the number or name of "
        "one; SUBMISSION the folder with the student's files, or the file if the lab wants one.\n\n"
        "What a student wrote is built and run in a sandbox, as a process of its own for each "
        "test. It never sees the tests, the guest's expected states or the marks; the machine is "
        "this program's, and every request to it is checked.",
    .notes =
        "The same submission and seed give the same marks and the same text. docs/grading.md "
        "describes labs, formats and the sandbox.\n\n"
        "Exit status: 0 graded, whatever the marks; 2 usage, or a mistake in the lab; 3 trapeze "
        "or the host failed, or the sandbox is not the one asked for.",
    .min_operands = 1,
    .max_operands = 2,
    .operand = "a lab and a submission",
};

static int write_results(const struct request *r, const struct results *results)
{
  struct file_out f = {0};
  int status = file_out_open(&f, "grade", r->o.output);
  if (status != STATUS_DONE)
    return status;
  if (!r->format->write(results, f.stream)) {
    message_error("grade", "out of memory");
    file_out_abandon(&f);
    return STATUS_OURS;
  }
  return file_out_commit(&f);
}

static bool progress(void *ctx, const struct results *results, size_t done)
{
  const struct request *r = ctx;
  if (isatty(STDERR_FILENO) == 1)
    fprintf(stderr, "\rtest %zu of %zu\033[K%s", done, results->count,
            done == results->count ? "\r\033[K" : "");
  if (strcmp(r->o.output, "-") == 0)
    return true;
  struct results now = *results;
  now.timings = r->timings;
  return write_results(r, &now) == STATUS_DONE;
}

static int grade_lab(struct request *r, const struct lab *lab, const char *submission)
{
  struct grade_config config = {.lab = lab,
                                .submission = submission,
                                .seed = r->o.seed,
                                .only = r->o.only,
                                .shard = r->o.shard,
                                .shards = r->o.shards,
                                .jobs = (unsigned)r->jobs,
                                .limits = check_limits_usual,
                                .progress = progress,
                                .progress_ctx = r};
  if (access(submission, F_OK) != 0) {
    message_error("grade", "%s: %s; expected a submission", submission, strerror(errno));
    return STATUS_USAGE;
  }
  int status = grade_choose_sandbox("grade", r->o.required, &config.rung);
  if (status != STATUS_DONE)
    return status;
  struct results results;
  status = grade(&config, &results);
  results.timings = r->timings;
  if (status == STATUS_DONE && results.count == 0) {
    message_error("grade", "no test of the lab is chosen");
    status = STATUS_USAGE;
  }
  if (status == STATUS_DONE)
    status = write_results(r, &results);
  grade_free(&results);
  return status;
}

int cmd_grade(int argc, char **argv)
{
  struct request r = {
      .o = {.command = "grade", .output = "-", .seed = 1}, .format = formats, .jobs = 1};
  struct option_group groups[] = {{"Options", options, &r}, {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  if (count != (r.assignment ? 1 : 2)) {
    message_usage("grade", r.assignment ? "--assignment takes a lab and no submission"
                                        : "expected a lab and a submission");
    return STATUS_USAGE;
  }
  char installed[4096];
  const char *labs = r.o.labs ? r.o.labs : grade_default_labs(installed, sizeof installed);
  struct lab lab;
  status = lab_load(&lab, "grade", labs, operands[0], r.o.hidden, r.o.seed);
  if (status == STATUS_DONE)
    status = r.assignment ? assign_write(&lab, r.assignment) : grade_lab(&r, &lab, operands[1]);
  lab_destroy(&lab);
  return status;
}
