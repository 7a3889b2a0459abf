/* trapeze vmm: a program in a virtual machine. */
#include <errno.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/runner.h"
#include "tools/common/stack.h"
#include "tools/common/stats.h"
#include "tools/trace/trace_options.h"

struct request {
  struct runner runner;
  struct trace_options trace;
  uint64_t depth;
};

static int apply_depth(void *ctx, const char *value)
{
  return stack_parse_depth("vmm", value, 1, &((struct request *)ctx)->depth);
}

static const struct option_spec options[] = {
    {"depth", 0, "N", "stack N VMMs, each in a virtual machine of the one below (default: 1)",
     apply_depth},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "vmm",
    .synopsis = "[OPTION]... PROGRAM",
    .about = "Run a program in a virtual machine: the same as 'trapeze run', but the machine is "
             "one that a VMM offers. Storage and disk are the virtual machine's; the real machine "
             "has what the VMM needs besides.",
    .notes = "Ticks are the virtual machine's own. --stats shows the VMM's work: the share of "
             "instructions that ran directly on the real machine, what was emulated, which traps "
             "were given back to the guest.\n\n"
             "As with 'trapeze run', there is no limit unless --ticks gives one.\n\n"
             "Exit status: as for 'trapeze run'; 1 also if the VMM lost control of the machine.",
    .min_operands = 1,
    .max_operands = 1,
    .operand = "a program",
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
                                .engine = s->engine};
  int status = setup_open_disk(s, true, &config.disk, &config.disk_readonly);
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

int cmd_vmm(int argc, char **argv)
{
  struct request r = {.depth = 1, .trace.command = "vmm"};
  struct setup *s = &r.runner.setup;
  setup_init(s, "vmm");
  const struct option_group groups[] = {
      {"The machine", setup_machine_options, s}, {"The VMM", options, &r},
      {"The console", setup_console_options, s}, {"The run", runner_options, &r.runner},
      {"The trace", trace_options, &r.trace},    {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  runner_choose_console(&r.runner);
  status = setup_load(s, operands[0]);
  if (status == STATUS_DONE)
    status = run_virtual(&r);
  setup_destroy(s);
  return status;
}
