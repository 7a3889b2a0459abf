/* trapeze verify: does the virtual machine do what the bare machine does? */
#include <stdio.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/guests.h"
#include "tools/common/message.h"
#include "tools/common/text.h"
#include "tools/trace/trace_options.h"
#include "tools/verify/report.h"
#include "tools/verify/world.h"

struct request {
  struct setup setup;
  struct trace_options trace;
  struct trace_recorder *recorder;
  int traced; /* exit status of recording */
  uint64_t depth, interval;
  bool step_only, fast_only, json;
};

static int apply_depth(void *ctx, const char *value)
{
  return stack_parse_depth("verify", value, 1, &((struct request *)ctx)->depth);
}

static int apply_interval(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (options_count(value, &r->interval) && r->interval >= 1)
    return STATUS_DONE;
  message_usage("verify", "'%s' is no number of ticks", value);
  return STATUS_USAGE;
}

OPTION_FLAG(apply_step_only, struct request, step_only)
OPTION_FLAG(apply_fast_only, struct request, fast_only)
OPTION_FLAG(apply_json, struct request, json)

static const struct option_spec options[] = {
    {"depth", 0, "N", "stack N VMMs, each in a virtual machine of the one below (default: 1)",
     apply_depth},
    {"step-only", 0, NULL, "compare tick by tick only", apply_step_only},
    {"fast-only", 0, NULL, "compare runs through the fast engine only", apply_fast_only},
    {"checkpoint", 0, "N", "ticks between two comparisons of the fast engine (default: 10000)",
     apply_interval},
    {"json", 0, NULL, "one JSON object, schema trapeze-verify/1", apply_json},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "verify",
    .synopsis = "[OPTION]... PROGRAM",
    .about =
        "Run a program on the bare machine and in a virtual machine, with the same input, and "
        "check the three properties of a VMM: equivalence (the same state at every tick), "
        "resource control (nothing outside the virtual machine changes, the VMM stays in control) "
        "and efficiency (how much runs directly). If the runs differ, the first divergent "
        "instruction is named, with what either machine did and what in the profile explains it.",
    .notes =
        "A shipped guest gets the console session that comes with it, unless --input or "
        "--input-log gives another; other programs get none. Disk images are copied, never "
        "written. Without --ticks the comparison ends at tick 20,000,000.\n\n"
        "Exit status: 0 equivalent and in control; 1 not; 2 usage or bad input; 3 trapeze or the "
        "host failed.",
    .min_operands = 1,
    .max_operands = 1,
    .operand = "a program",
};

/* On a terminal only, on one line that is wiped at the end. */
static void show_progress(void *ctx, const char *phase, uint64_t tick)
{
  (void)ctx;
  char n[TEXT_COUNT_SIZE];
  if (tick % 250000 == 0)
    fprintf(stderr, "\r%s: tick %s\033[K", phase, text_count(n, tick));
}

static int print_report(const struct request *r, const struct report *report)
{
  const struct verify_result *v = report->result;
  int status = r->json ? report_print_json(report) : report_print(report, stdout);
  if (status != STATUS_DONE)
    return status;
  return !v->engines_agree ? STATUS_OURS : v->holds ? STATUS_DONE : STATUS_NO;
}

/* The trace is of the run that is measured: virtual, undisturbed by comparing. */
static void record(void *ctx, struct pair *pair, const struct divergence *first, bool over)
{
  struct request *r = ctx;
  if (over) {
    trace_options_stop(r->recorder, pair->vm);
    return;
  }
  r->traced = trace_options_start(&r->trace, &r->setup, NULL, pair->stack, &r->recorder);
  if (r->recorder && first)
    trace_record_note(r->recorder, pair->vm, first->before.tick, "first divergence");
}

static int verify(struct request *r)
{
  struct world world = {.setup = &r->setup, .depth = (unsigned)r->depth};
  bool progress = isatty(STDERR_FILENO) == 1;
  struct verify_config config = {.maker = world_maker(&world),
                                 .ticks = r->setup.ticks,
                                 .interval = r->interval,
                                 .stepping = !r->fast_only,
                                 .fast = !r->step_only,
                                 .progress = progress ? show_progress : NULL,
                                 .measuring = record,
                                 .measuring_ctx = r};
  struct verify_result result;
  enum verify_status done = verify_run(&config, &result);
  if (progress)
    fprintf(stderr, "\r\033[K");
  if (done != VERIFY_DONE) {
    if (*result.host_reason)
      message_error("verify", "%s", result.host_reason);
    return trace_options_finish(r->recorder, STATUS_OURS);
  }
  struct report report = {.setup = &r->setup,
                          .config = &config,
                          .result = &result,
                          .depth = world.depth,
                          .sectors = world.sectors};
  if (r->traced != STATUS_DONE)
    return r->traced;
  int status = print_report(r, &report);
  if (fflush(stdout) != 0 && status != STATUS_OURS) {
    message_lost_output();
    status = STATUS_OURS;
  }
  return trace_options_finish(r->recorder, status);
}

static int check_options(struct request *r, const char *program)
{
  struct setup *s = &r->setup;
  if (r->step_only && r->fast_only) {
    message_usage("verify", "--step-only and --fast-only exclude one another");
    return STATUS_USAGE;
  }
  if (s->ticks == MACHINE_NEVER)
    s->ticks = VERIFY_DEFAULT_TICKS;
  if (!s->input && !s->input_file_log && guests_is_shipped_name(program))
    s->session = guests_session(program) != NULL;
  return STATUS_DONE;
}

int cmd_verify(int argc, char **argv)
{
  struct request r = {
      .depth = 1, .interval = VERIFY_DEFAULT_INTERVAL, .trace = {.command = "verify"}};
  setup_init(&r.setup, "verify");
  const struct option_group groups[] = {{"The machine", setup_machine_options, &r.setup},
                                        {"The comparison", options, &r},
                                        {"The console", setup_console_options, &r.setup},
                                        {"The trace", trace_options, &r.trace},
                                        {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status == OPTIONS_GO_ON)
    status = check_options(&r, operands[0]);
  else
    return status;
  if (status == STATUS_DONE)
    status = setup_load(&r.setup, operands[0]);
  if (status == STATUS_DONE)
    status = verify(&r);
  setup_destroy(&r.setup);
  return status;
}
