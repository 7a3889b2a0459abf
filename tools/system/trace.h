/* A trace of a system: of the real machine and of every user's virtual machine. */
#ifndef TRAPEZE_TOOLS_SYSTEM_TRACE_H
#define TRAPEZE_TOOLS_SYSTEM_TRACE_H

#include "tools/system/run.h"
#include "tools/trace/trace_options.h"

/* A trace has one program, by whose symbols and lines all its places are named. Where
 * users have different ones it gets this, so that nothing is named by another's. False:
 * after a message; program_destroy() is due either way. */
bool system_trace_nothing(const char *command, const char *name, struct program *p);
/* From now on. *r is NULL if no trace is wanted. Returns an exit status, after a message. */
int system_trace_start(const struct trace_options *o, const struct system *s,
                       struct trace_recorder **r);
/* The exit status: `status`, that of the run, unless the trace cannot be written. */
int system_trace_end(struct trace_recorder *r, const struct system_end *end, int status);

#endif
