/* --trace and --trace-events of run, vmm, verify and debug, and recording what they run. */
#ifndef TRAPEZE_TOOLS_TRACE_TRACE_OPTIONS_H
#define TRAPEZE_TOOLS_TRACE_TRACE_OPTIONS_H

#include "tools/common/options.h"
#include "tools/common/setup.h"
#include "tools/common/stack.h"
#include "tools/trace/record.h"

struct trace_options {
  const char *command;
  const char *path;   /* NULL: no trace */
  const char *events; /* what to record; NULL: "default" */
};

/* ctx: struct trace_options */
extern const struct option_spec trace_options[];

/* Records a bare machine, or a stack's machines (the other is NULL), from now on. *r
 * is NULL if no trace is wanted. Returns an exit status, after a message. */
int trace_options_start(const struct trace_options *o, const struct setup *s, struct machine *bare,
                        struct stack *stack, struct trace_recorder **r);
/* The same in two steps, for other machines: trace_options_open(), and if there is an *r
 * then, trace_record_machine() for each, and `added`: whether all found room. */
int trace_options_open(const struct trace_options *o, const struct program *program,
                       const struct profile *profile, struct trace_recorder **r);
int trace_options_begin(const struct trace_options *o, bool added, struct trace_recorder **r);
/* Ends that, before the machines go: `m` is the one that was run. NULL is fine. */
void trace_options_stop(struct trace_recorder *r, struct machine *m);
/* Afterwards; frees r. The exit status: `status`, that of the run, unless the trace
 * cannot be written. A run that failed leaves no trace. */
int trace_options_finish(struct trace_recorder *r, int status);
/* Both at once. */
int trace_options_end(struct trace_recorder *r, struct machine *m, int status);

#endif
