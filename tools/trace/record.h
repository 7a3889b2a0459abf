/* Records the trace events of a run's machines into a file (docs/trace.md). The
 * file appears when it is complete. Anything that runs machines can record:
 *
 *   trace_record_open(&r, &config);
 *   trace_record_machine(r, real, NULL, NULL); trace_record_machine(r, vm, real, &given); …
 *   … run them …
 *   trace_record_stop(r, "halted"); trace_record_close(r);
 */
#ifndef TRAPEZE_TOOLS_TRACE_RECORD_H
#define TRAPEZE_TOOLS_TRACE_RECORD_H

#include "tools/common/program.h"
#include "tools/trace/classes.h"
#include "vmm/vmm.h"

struct trace_recorder;

struct trace_record_config {
  const char *command; /* for messages, and in the file */
  const char *path;
  unsigned classes;              /* of enum trace_class */
  const struct program *program; /* goes into the file, with its source lines; borrowed */
  const struct profile *profile; /* borrowed */
};

/* Returns an exit status, after a message; *r is NULL then. */
int trace_record_open(struct trace_recorder **r, const struct trace_record_config *config);

/* From now on the machine's events are recorded, under its name. `given`: what the
 * VMM on `parent` allocated to it; NULL both for a bare machine. The parent comes
 * first. At most TRACE_MAX_MACHINES (codec.h): false if there are more. */
bool trace_record_machine(struct trace_recorder *r, struct machine *m, struct machine *parent,
                          const struct vmm_allocation *given);

/* The host refused something, of which the user was told: nothing will come of it. */
bool trace_record_failed(const struct trace_recorder *r);

/* A remark about the machine at a tick: "the first divergence". */
void trace_record_note(struct trace_recorder *r, struct machine *m, uint64_t tick,
                       const char *text);

/* Writes how it ended (a sentence; NULL for none). The machines are no longer watched
 * and may go. */
void trace_record_stop(struct trace_recorder *r, const char *end);
/* After that: how many events there are. */
uint64_t trace_record_count(const struct trace_recorder *r);
/* Then: gives the file its name and frees r. Returns an exit status, after a
 * message. */
int trace_record_close(struct trace_recorder *r);
/* At any time: leaves no file. NULL is fine. */
void trace_record_abandon(struct trace_recorder *r);

#endif
