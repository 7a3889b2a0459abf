#include "tools/system/command.h"

#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/terminal.h"
#include "tools/common/text.h"
#include "tools/system/report.h"
#include "tools/system/run.h"
#include "tools/system/trace.h"

#define MOST_QUANTUM 1000000000u

/* ------------------------------------------------------------------------- options */

static int apply_quantum(void *ctx, const char *value)
{
  struct system_options *o = ctx;
  if (options_count(value, &o->quantum) && o->quantum >= 1 && o->quantum <= MOST_QUANTUM)
    return STATUS_DONE;
  message_usage(o->command, "'%s' is no quantum: ticks of the real machine, from 1 to 1G", value);
  return STATUS_USAGE;
}

/* "dispatch,emulate,reflect,switch" */
static bool four_costs(const char *value, struct vmm_costs *costs)
{
  uint32_t *const to[] = {&costs->dispatch, &costs->emulate, &costs->reflect, &costs->world_switch};
  for (size_t i = 0; i < 4; i++) {
    char number[32];
    uint64_t n;
    size_t len = strcspn(value, ",");
    if (len >= sizeof number || (value[len] == ',') != (i < 3))
      return false;
    memcpy(number, value, len);
    number[len] = 0;
    if (!options_count(number, &n) || n > 1000000)
      return false;
    *to[i] = (uint32_t)n;
    value += len + 1;
  }
  return true;
}

static int apply_costs(void *ctx, const char *value)
{
  struct system_options *o = ctx;
  o->said = (struct vmm_costs){0};
  o->costs = &o->said;
  if (strcmp(value, "default") == 0)
    o->said = vmm_default_costs;
  else if (strcmp(value, "0") != 0 && !four_costs(value, &o->said)) {
    message_usage(o->command,
                  "'%s' are no costs: default, 0, or ticks for each dispatch, emulation, "
                  "reflection and world switch, as 20,30,40,60",
                  value);
    return STATUS_USAGE;
  }
  return STATUS_DONE;
}

const struct option_spec system_option_specs[] = {
    {"quantum", 0, "TICKS",
     "how long a user runs before another is looked for, in ticks of the real machine (default: "
     "10000)",
     apply_quantum},
    {"costs", 0, "COSTS",
     "ticks that the VMM's own work takes: default, 0, or four numbers for each dispatch, "
     "emulation, reflection, world switch",
     apply_costs},
    {NULL, 0, NULL, NULL, NULL},
};

bool system_is_directory(const char *operand)
{
  size_t len = strlen(operand);
  return len > 4 && strcmp(operand + len - 4, ".dir") == 0;
}

int system_refuse_options(const struct setup *s)
{
  const char *which = s->storage          ? "--memory"
                      : s->disk           ? "--disk"
                      : s->input          ? "--input"
                      : s->input_file_log ? "--input-log"
                      : s->session        ? "--session"
                                          : NULL;
  if (!which)
    return STATUS_DONE;
  message_usage(s->command, "%s is for one program; in a system directory each user has its own",
                which);
  return STATUS_USAGE;
}

/* ----------------------------------------------------------------------------- run */

static int finish(const struct system_request *q, const struct system_run *run)
{
  struct system_run r = *run;
  struct trace_recorder *recorder;
  int status = system_trace_start(q->trace, r.system, &recorder);
  if (status != STATUS_DONE) {
    consoles_drop_logs(r.consoles);
    return status;
  }
  consoles_begin_logs(r.consoles);
  struct system_end end = system_run(&r);
  status = system_failure(&r, &end);
  if (q->json && status == STATUS_DONE)
    status = report_json(&r, &end);
  status = system_trace_end(recorder, &end, status);
  int logged = consoles_close_logs(r.consoles);
  if (status == STATUS_DONE)
    status = logged;
  if (status != STATUS_DONE)
    return status;
  status = system_report(&r, &end);
  if (q->runner->stats)
    report_stats(stderr, r.system);
  return status;
}

static int run(const struct system_request *q, struct system *s)
{
  bool live = !q->json && isatty(STDOUT_FILENO) == 1;
  const struct consoles_config config = {.command = "vmm",
                                         .out = q->json ? NULL : stdout,
                                         .live = live,
                                         .color = live && message_color(stdout),
                                         .columns = text_columns(stdout)};
  struct consoles *consoles = consoles_create(s->directory, &config);
  if (!consoles) {
    message_error("vmm", "out of memory");
    return STATUS_OURS;
  }
  for (size_t i = 0; i < s->count; i++)
    consoles_listen(consoles, i, s->users[i].vm);
  int status = consoles_open_logs(consoles);
  if (status == STATUS_DONE)
    status = finish(q, &(struct system_run){.command = "vmm",
                                            .system = s,
                                            .consoles = consoles,
                                            .limit = q->runner->setup.ticks,
                                            .keyboard = terminal_available()});
  consoles_destroy(consoles);
  return status;
}

int system_command(const struct system_request *q)
{
  const struct setup *setup = &q->runner->setup;
  int status = system_refuse_options(setup);
  if (status != STATUS_DONE)
    return status;
  if (q->runner->record) {
    message_usage("vmm", "--record is for one program, not for a system directory");
    return STATUS_USAGE;
  }
  const struct system_config config = {
      .command = "vmm",
      .path = q->path,
      .profile = q->profile,
      .mmu = setup->mmu,
      .io = setup->io,
      .engine = setup->engine,
      .rate = setup->rate,
      .quantum = (uint32_t)q->options->quantum,
      .costs = q->options->costs ? q->options->costs : &vmm_default_costs,
      .standard_input = !isatty(STDIN_FILENO),
  };
  struct system system;
  status = system_create(&system, &config);
  if (status == STATUS_DONE)
    status = run(q, &system);
  return system_destroy(&system, status);
}
