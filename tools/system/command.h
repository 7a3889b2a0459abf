/* `trapeze vmm FILE.dir`: the command, once its line is read. */
#ifndef TRAPEZE_TOOLS_SYSTEM_COMMAND_H
#define TRAPEZE_TOOLS_SYSTEM_COMMAND_H

#include "tools/common/options.h"
#include "tools/common/runner.h"
#include "tools/trace/trace_options.h"
#include "vmm/vmm.h"

struct system_options {
  const char *command;
  uint64_t quantum;              /* 0: not said */
  const struct vmm_costs *costs; /* NULL: not said */
  struct vmm_costs said;
};
/* ctx: struct system_options, of which the command is said. */
extern const struct option_spec system_option_specs[];

/* By its name: it ends in ".dir". */
bool system_is_directory(const char *operand);
/* STATUS_DONE, or the status after a message: of these options one was given that a
 * directory answers itself. setup.storage: 0 if it was not given. */
int system_refuse_options(const struct setup *s);

struct system_request {
  const struct runner *runner; /* the options of 'run', as far as a directory leaves them open */
  const struct trace_options *trace;
  const struct system_options *options;
  const char *profile; /* given on the command line, or NULL */
  const char *path;
  bool json;
};
/* Returns an exit status, after messages. */
int system_command(const struct system_request *request);

#endif
