/* trapeze verify: does the virtual machine do what the bare machine does? */
#include <stdio.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/guests.h"
#include "tools/common/message.h"
#include "tools/common/text.h"
#include "tools/system/verify.h"
#include "tools/trace/trace_options.h"
#include "tools/verify/report.h"
#include "tools/verify/world.h"

struct request {
  struct setup setup;
  struct trace_options trace;
  struct trace_recorder *recorder;
  int traced; /* exit status of recording */
  struct system_options system;
  const char *user;
  uint64_t depth; /* 0: not said */
  enum vmm_technique technique;
  bool technique_said;
  enum vmm_memory memory;
  bool memory_said;
  uint64_t interval;
  bool step_only, fast_only, json;
};

static int apply_depth(void *ctx, const char *value)
{
  return stack_parse_depth("verify", value, 1, &((struct request *)ctx)->depth);
}

static int apply_memory(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->memory_said = true;
  return stack_parse_memory("verify", value, &r->memory);
}

static int apply_technique(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->technique_said = true;
  return stack_parse_technique("verify", value, &r->technique);
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
OPTION_TEXT(apply_user, struct request, user)

static const struct option_spec options[] = {
    {"depth", 0, "N", "stack N VMMs, each in a virtual machine of the one below (default: 1)",
     apply_depth},
    {"technique", 0, "NAME", STACK_TECHNIQUE_HELP, apply_technique},
    {"memory-technique", 0, "NAME", STACK_MEMORY_HELP, apply_memory},
    {"step-only", 0, NULL, "compare tick by tick only", apply_step_only},
    {"fast-only", 0, NULL, "compare runs through the fast engine only", apply_fast_only},
    {"checkpoint", 0, "N", "ticks between two comparisons of the fast engine (default: 10000)",
     apply_interval},
    {"json", 0, NULL, "one JSON object, schema trapeze-verify/1", apply_json},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_spec directory_options[] = {
    {"user", 'u', "NAME", "compare this user only; the others run beside it", apply_user},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "verify",
    .synopsis = "[OPTION]... PROGRAM\n       trapeze verify [OPTION]... FILE.dir",
    .about =
        "Run a program on the bare machine and in a virtual machine, with the same input, and "
        "check the three properties of a VMM: equivalence (the same state at every tick), "
        "resource control (nothing outside the virtual machine changes, the VMM stays in control) "
        "and efficiency (how much runs directly). If the runs differ, the first divergent "
        "instruction is named, with what either machine did and what in the profile explains "
        "it.\n\n"
        "Of a system directory (a file whose name ends in .dir) all users run together, as with "
        "'trapeze vmm', and each is compared with a bare machine of its own.",
    .notes =
        "A shipped guest gets the console session that comes with it, unless --input or "
        "--input-log gives another; other programs get none. Disk images are copied, never "
        "written. Without --ticks the comparison ends at tick 20,000,000.\n\n"
        "With a system directory, --ticks and --checkpoint are ticks of the real machine, and "
        "standard input is not read. A user with a real-time timer is not compared.\n\n"
        "Exit status: 0 equivalent and in control; 1 not; 2 usage or bad input; 3 trapeze or the "
        "host failed.",
    .min_operands = 1,
    .max_operands = 1,
    .operand = "a program or a system directory",
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
  if (stack_check_technique("verify", r->technique, r->setup.profile) != STATUS_DONE)
    return trace_options_finish(r->recorder, STATUS_USAGE);
  struct world world = {.setup = &r->setup,
                        .depth = (unsigned)r->depth,
                        .technique = r->technique,
                        .memory = r->memory};
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
                          .technique = world.technique,
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

static int verify_program(struct request *r, const char *program)
{
  const struct system_options *o = &r->system;
  const char *which = r->user ? "--user" : o->quantum ? "--quantum" : o->costs ? "--costs" : NULL;
  if (which) {
    message_usage("verify", "%s is for a system directory, a file whose name ends in .dir", which);
    return STATUS_USAGE;
  }
  if (r->depth == 0)
    r->depth = 1;
  if (r->setup.storage == 0)
    r->setup.storage = SETUP_DEFAULT_STORAGE;
  int status = check_options(r, program);
  if (status == STATUS_DONE)
    status = setup_load(&r->setup, program);
  return status == STATUS_DONE ? verify(r) : status;
}

static int verify_directory(const struct request *r, const char *path, bool profile_given)
{
  const struct setup *s = &r->setup;
  const char *which = r->depth            ? "--depth"
                      : r->technique_said ? "--technique"
                      : r->memory_said    ? "--memory-technique"
                      : r->step_only      ? "--step-only"
                      : r->fast_only      ? "--fast-only"
                      : r->trace.path     ? "--trace"
                                          : NULL;
  if (which) {
    message_usage("verify", "%s is for one program, not for a system directory", which);
    return STATUS_USAGE;
  }
  return system_verify(&(struct system_verify_request){
      .setup = s,
      .options = &r->system,
      .profile = profile_given ? s->profile_name : NULL,
      .path = path,
      .user = r->user,
      .ticks = s->ticks == MACHINE_NEVER ? VERIFY_DEFAULT_TICKS : s->ticks,
      .interval = r->interval,
      .json = r->json});
}

int cmd_verify(int argc, char **argv)
{
  struct request r = {.interval = VERIFY_DEFAULT_INTERVAL,
                      .trace = {.command = "verify"},
                      .system = {.command = "verify"}};
  setup_init(&r.setup, "verify");
  r.setup.storage = 0; /* not said */
  const char *unsaid = r.setup.profile_name;
  const struct option_group groups[] = {{"The machine", setup_machine_options, &r.setup},
                                        {"The machine below", setup_below_options, &r.setup},
                                        {"The comparison", options, &r},
                                        {"A system directory", directory_options, &r},
                                        {"Its VMM", system_option_specs, &r.system},
                                        {"The console", setup_console_options, &r.setup},
                                        {"The trace", trace_options, &r.trace},
                                        {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  status = system_is_directory(operands[0])
               ? verify_directory(&r, operands[0], r.setup.profile_name != unsaid)
               : verify_program(&r, operands[0]);
  setup_destroy(&r.setup);
  return status;
}
