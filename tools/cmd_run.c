/* trapeze run: a program on the bare machine. */
#include "tools/command.h"
#include "tools/common/lint.h"
#include "tools/common/message.h"
#include "tools/common/runner.h"
#include "tools/common/stats.h"
#include "tools/trace/trace_options.h"

static const struct command_usage usage = {
    .command = "run",
    .synopsis = "[OPTION]... PROGRAM",
    .about = "Run a program on the bare machine, with the terminal as its console.",
    .notes =
        "PROGRAM is a shipped guest (minos), an ELF file, a raw binary or a source ending in "
        ".s.\n\n"
        "Without --input, --input-log or --session the console is standard input: a terminal live "
        "(the guest echoes; Ctrl-C stops the machine), a file or a pipe read to its end before "
        "the machine starts. Input always reaches the guest at counted ticks, so that the same "
        "input gives the same run.\n\n"
        "A guest that never halts runs, and prints, until Ctrl-C: there is no limit unless "
        "--ticks gives one.\n\n"
        "Exit status: 0 the guest halted; 1 it did not: a double fault, it waits for an interrupt "
        "that cannot come, or the tick limit; 2 usage or bad input; 3 trapeze or the host failed.",
    .min_operands = 1,
    .max_operands = 1,
    .operand = "a program",
};

struct request {
  struct runner runner;
  struct trace_options trace;
  bool lint;
  struct lint_report report;
};

OPTION_FLAG(apply_lint, struct request, lint)

static const struct option_spec lint_options[] = {
    {"lint", 0, NULL,
     "say afterwards which accesses met page table entries that were changed and not invalidated: "
     "here they go by the new ones, on real machines perhaps not",
     apply_lint},
    {NULL, 0, NULL, NULL, NULL},
};

static int run_traced(struct request *r, struct machine *m)
{
  struct trace_recorder *recorder;
  int status = trace_options_start(&r->trace, &r->runner.setup, m, NULL, &recorder);
  if (status != STATUS_DONE)
    return status;
  status = runner_run(&r->runner, m);
  return trace_options_end(recorder, m, status);
}

static int run_linted(struct request *r, struct machine *m)
{
  const struct setup *s = &r->runner.setup;
  int status = r->lint ? lint_start(&r->report, s->command, m) : STATUS_DONE;
  if (status != STATUS_DONE)
    return status;
  status = run_traced(r, m);
  if (r->lint)
    lint_print(&r->report, s->command, s->program.image, m);
  return status;
}

static int run_bare(struct request *request)
{
  struct runner *r = &request->runner;
  struct setup *s = &r->setup;
  struct disk_store *disk;
  bool readonly;
  int status = setup_open_disk(s, true, &disk, &readonly);
  if (status != STATUS_DONE)
    return status;
  struct machine_config config = {
      .profile = s->profile, .storage = s->storage, .disk = disk, .engine = s->engine};
  const char *reason = "out of memory";
  struct machine *m = machine_create(&config, &reason);
  if (!m) {
    message_error(s->command, "no machine: %s", reason);
    status = STATUS_OURS;
  } else {
    status = image_load(s->program.image, m, stderr) ? run_linted(request, m) : STATUS_USAGE;
    if (r->stats && status != STATUS_OURS)
      stats_machine(stderr, m);
  }
  machine_destroy(m);
  return setup_close_disk(s, disk, status);
}

int cmd_run(int argc, char **argv)
{
  struct request r = {.trace.command = "run"};
  struct setup *s = &r.runner.setup;
  setup_init(s, "run");
  const struct option_group groups[] = {{"The machine", setup_machine_options, s},
                                        {"The console", setup_console_options, s},
                                        {"The run", runner_options, &r.runner},
                                        {"The guest's errors", lint_options, &r},
                                        {"The trace", trace_options, &r.trace},
                                        {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  runner_choose_console(&r.runner);
  status = setup_load(s, operands[0]);
  if (status == STATUS_DONE)
    status = run_bare(&r);
  setup_destroy(s);
  return status;
}
