/* `trapeze vmm FILE.dir`: the command, once its line is read. */
#ifndef TRAPEZE_TOOLS_SYSTEM_COMMAND_H
#define TRAPEZE_TOOLS_SYSTEM_COMMAND_H

#include "tools/common/options.h"
#include "tools/common/runner.h"
#include "tools/trace/trace_options.h"
#include "vmm/vmm.h"

struct system_options {
  uint64_t quantum;              /* 0: not said */
  const struct vmm_costs *costs; /* NULL: not said */
  struct vmm_costs said;
  bool json;
};
/* ctx: struct system_options, zeroed. */
extern const struct option_spec system_option_specs[];

/* By its name: it ends in ".dir". */
bool system_is_directory(const char *operand);

struct system_request {
  const struct runner *runner; /* the options of 'run', as far as a directory leaves them open */
  const struct trace_options *trace;
  const struct system_options *options;
  const char *profile; /* given on the command line, or NULL */
  const char *path;
};
/* Returns an exit status, after messages. */
int system_command(const struct system_request *request);

#endif
