/* trapeze vmm: a program in a virtual machine. */
#include <errno.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/runner.h"
#include "tools/common/stack.h"
#include "tools/common/stats.h"
#include "tools/system/command.h"
#include "tools/system/keyboard.h"
#include "tools/trace/trace_options.h"

struct request {
  struct runner runner;
  struct trace_options trace;
  struct system_options system;
  bool json;
  uint64_t depth; /* 0: not said */
  enum vmm_technique technique;
  bool technique_said;
  enum vmm_memory memory;
  bool memory_said;
};

static int apply_depth(void *ctx, const char *value)
{
  return stack_parse_depth("vmm", value, 1, &((struct request *)ctx)->depth);
}

static int apply_memory(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->memory_said = true;
  return stack_parse_memory("vmm", value, &r->memory);
}

static int apply_technique(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->technique_said = true;
  return stack_parse_technique("vmm", value, &r->technique);
}

static const struct option_spec options[] = {
    {"depth", 0, "N", "stack N VMMs, each in a virtual machine of the one below (default: 1)",
     apply_depth},
    {"technique", 0, "NAME", STACK_TECHNIQUE_HELP, apply_technique},
    {"memory-technique", 0, "NAME", STACK_MEMORY_HELP, apply_memory},
    {NULL, 0, NULL, NULL, NULL},
};

OPTION_FLAG(apply_json, struct request, json)

static const struct option_spec report_options[] = {
    {"json", 0, NULL,
     "of a system directory, instead of the consoles: one JSON object about the run, schema "
     "trapeze-vmm/1",
     apply_json},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "vmm",
    .synopsis = "[OPTION]... PROGRAM\n       trapeze vmm [OPTION]... FILE.dir",
    .about = "Run a program in a virtual machine: the same as 'trapeze run', but the machine is "
             "one that a VMM offers. Storage and disk are the virtual machine's; the real machine "
             "has what the VMM needs besides.\n\n"
             "Or run a system directory (a file whose name ends in .dir; see 'trapeze directory'): "
             "all its users at once, each in a virtual machine of its own, on one machine. Each "
             "line that they write is shown with its user's prefix. At a terminal the keyboard is "
             "one user's; " KEYBOARD_SWITCH_NAME " gives it to another. Otherwise standard input "
             "is what the first user without an input file types.",
    .notes = "Ticks are the virtual machine's own; with a system directory, the real machine's. "
             "--stats shows the VMM's work: the share of "
             "instructions that ran directly on the real machine, what was emulated, which traps "
             "were given back to the guest; with a system directory, where each user's time "
             "went.\n\n"
             "As with 'trapeze run', there is no limit unless --ticks gives one.\n\n"
             "Exit status: as for 'trapeze run'; 1 also if the VMM lost control of the machine. "
             "With a system directory: 0 if all users halted or the limit was reached; 1 if one "
             "waits for what cannot come, could not deliver a trap, or took control.",
    .min_operands = 1,
    .max_operands = 1,
    .operand = "a program or a system directory",
};

static void print_stats(struct stack *s)
{
  for (unsigned level = s->depth; level >= 1; level--) {
    fprintf(stderr, level == s->depth ? "the virtual machine\n" : "the virtual machine under it\n");
    stats_machine(stderr, s->level[level - 1].vm);
    fprintf(stderr, "its VMM\n");
    stats_vmm(stderr, s, level);
  }
}

static int report_violations(const struct stack *s, int status)
{
  const char *first;
  unsigned n = stack_violations(s, &first);
  if (n == 0 || status > STATUS_NO)
    return status;
  message_note("vmm", "resource control was violated %u time%s, first: %s", n, n == 1 ? "" : "s",
               first ? first : "no reason given");
  return STATUS_NO;
}

static int run_stack(struct request *r, struct stack *s)
{
  struct machine *vm = stack_vm(s);
  if (!image_load(r->runner.setup.program.image, vm, stderr))
    return STATUS_USAGE;
  struct trace_recorder *recorder;
  int status = trace_options_start(&r->trace, &r->runner.setup, NULL, s, &recorder);
  if (status != STATUS_DONE)
    return status;
  status = runner_run(&r->runner, vm);
  status = trace_options_end(recorder, vm, status);
  status = report_violations(s, status);
  if (r->runner.stats && status != STATUS_OURS)
    print_stats(s);
  return status;
}

static int run_virtual(struct request *r)
{
  struct setup *s = &r->runner.setup;
  struct stack_config config = {.profile = s->profile,
                                .storage = s->storage,
                                .depth = (unsigned)r->depth,
                                .technique = r->technique,
                                .memory = r->memory,
                                .below = s->real_profile,
                                .engine = s->engine};
  int status = stack_check_technique("vmm", r->technique, s->profile);
  if (status == STATUS_DONE)
    status = setup_open_disk(s, true, &config.disk, &config.disk_readonly);
  if (status != STATUS_DONE)
    return status;
  const char *reason = "out of memory";
  errno = 0;
  struct stack *stack = stack_create(&config, &reason);
  if (stack) {
    status = run_stack(r, stack);
  } else {
    status = host_at_fault(errno) ? STATUS_OURS : STATUS_USAGE;
    message_error("vmm", "no virtual machine: %s", reason);
  }
  stack_destroy(stack);
  return setup_close_disk(s, config.disk, status);
}

/* Options that only one of the two knows. */
static int refuse_options(const struct request *r, bool directory)
{
  const struct system_options *o = &r->system;
  const char *which = o->quantum ? "--quantum" : o->costs ? "--costs" : r->json ? "--json" : NULL;
  if (directory && r->depth) {
    message_usage("vmm", "--depth is for one program; a system directory has one VMM");
    return STATUS_USAGE;
  }
  if (directory && (r->technique_said || r->memory_said)) {
    message_usage("vmm", "%s is for one program; in a system directory each user has its own",
                  r->technique_said ? "--technique" : "--memory-technique");
    return STATUS_USAGE;
  }
  if (!directory && which) {
    message_usage("vmm", "%s is for a system directory, a file whose name ends in .dir", which);
    return STATUS_USAGE;
  }
  return STATUS_DONE;
}

static int run_program(struct request *r, const char *program)
{
  struct setup *s = &r->runner.setup;
  if (r->depth == 0)
    r->depth = 1;
  if (s->storage == 0)
    s->storage = SETUP_DEFAULT_STORAGE;
  runner_choose_console(&r->runner);
  int status = setup_load(s, program);
  return status == STATUS_DONE ? run_virtual(r) : status;
}

int cmd_vmm(int argc, char **argv)
{
  struct request r = {.trace.command = "vmm", .system.command = "vmm"};
  struct setup *s = &r.runner.setup;
  setup_init(s, "vmm");
  s->storage = 0; /* not said */
  const char *unsaid = s->profile_name;
  const struct option_group groups[] = {{"The machine", setup_machine_options, s},
                                        {"The machine below", setup_below_options, s},
                                        {"The VMM", options, &r},
                                        {"A system directory", system_option_specs, &r.system},
                                        {"The console", setup_console_options, s},
                                        {"The run", runner_options, &r.runner},
                                        {"The report", report_options, &r},
                                        {"The trace", trace_options, &r.trace},
                                        {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  bool directory = system_is_directory(operands[0]);
  status = refuse_options(&r, directory);
  if (status == STATUS_DONE && directory)
    status = system_command(
        &(struct system_request){.runner = &r.runner,
                                 .trace = &r.trace,
                                 .options = &r.system,
                                 .profile = s->profile_name == unsaid ? NULL : s->profile_name,
                                 .path = operands[0],
                                 .json = r.json});
  else if (status == STATUS_DONE)
    status = run_program(&r, operands[0]);
  setup_destroy(s);
  return status;
}
