#include "tools/trace/trace_options.h"

#include <string.h>

#include "tools/command.h"
#include "tools/common/holes.h"
#include "tools/common/message.h"
#include "tools/common/session.h"

OPTION_TEXT(apply_path, struct trace_options, path)

static int apply_classes(void *ctx, const char *value)
{
  struct trace_options *o = ctx;
  unsigned classes;
  o->events = value;
  int status = trace_classes_parse(o->command, value, CLASSES_FAST, &classes);
  if (status == STATUS_DONE && classes == 0) {
    message_usage(o->command, "--trace-events=%s leaves no event to record", value);
    status = STATUS_USAGE;
  }
  return status;
}

const struct option_spec trace_options[] = {
    {"trace", 0, "FILE", "record what happens, for 'trapeze trace'", apply_path},
    {"trace-events", 0, "LIST",
     "what to record: traps, emulation, reflection, switches, interrupts, io, memory, "
     "sensitive, instructions, all; -NAME takes one out; default is all but instructions, and but "
     "sensitive where the profile has nothing of the kind",
     apply_classes},
    {NULL, 0, NULL, NULL, NULL},
};

static bool add_stack(struct trace_recorder *r, struct stack *s)
{
  if (!trace_record_machine(r, s->real, NULL, NULL))
    return false;
  struct machine *under = s->real;
  for (unsigned i = 0; i < s->depth; i++) {
    struct machine *vm = s->level[i].vm;
    struct vmm_allocation given = vmm_vm_allocation(vm);
    if (!trace_record_machine(r, vm, under, &given))
      return false;
    under = vm;
  }
  return true;
}

int trace_options_open(const struct trace_options *o, const struct program *program,
                       const struct profile *profile, struct trace_recorder **r)
{
  *r = NULL;
  if (!o->path)
    return STATUS_DONE;
  /* Only where there are holes is it worth the plain stepper to look for what falls through. */
  unsigned fallback = CLASSES_FAST | (holes_count(profile) ? 1u << CLASS_SENSITIVE : 0), classes;
  int status =
      trace_classes_parse(o->command, o->events ? o->events : "default", fallback, &classes);
  if (status != STATUS_DONE)
    return status;
  struct trace_record_config config = {.command = o->command,
                                       .path = o->path,
                                       .classes = classes,
                                       .program = program,
                                       .profile = profile};
  return trace_record_open(r, &config);
}

int trace_options_start(const struct trace_options *o, const struct setup *s, struct machine *bare,
                        struct stack *stack, struct trace_recorder **r)
{
  int status = trace_options_open(o, &s->program, s->profile, r);
  if (!*r)
    return status;
  bool added = bare ? trace_record_machine(*r, bare, NULL, NULL) : add_stack(*r, stack);
  return trace_options_begin(o, added, r);
}

int trace_options_begin(const struct trace_options *o, bool added, struct trace_recorder **r)
{
  bool failed = trace_record_failed(*r);
  if (added && !failed)
    return STATUS_DONE;
  if (!failed)
    message_error(o->command, "too many machines for one trace");
  trace_record_abandon(*r);
  *r = NULL;
  return failed ? STATUS_OURS : STATUS_USAGE;
}

void trace_options_stop(struct trace_recorder *r, struct machine *m)
{
  if (!r)
    return;
  /* At its own tick a machine executes nothing, and tells why it cannot go on. */
  struct machine_stop stop = machine_run(m, machine_tick(m));
  const char *end = stop.reason ? stop.reason : session_why(stop.why);
  if (stop.why == MACHINE_LIMIT)
    end = machine_run_state(m) == MACHINE_WAITING ? session_why(MACHINE_WAITS) : "was stopped";
  trace_record_stop(r, end);
}

int trace_options_end(struct trace_recorder *r, struct machine *m, int status)
{
  if (status != STATUS_OURS)
    trace_options_stop(r, m);
  return trace_options_finish(r, status);
}

int trace_options_finish(struct trace_recorder *r, int status)
{
  if (!r)
    return status;
  if (status == STATUS_OURS) {
    trace_record_abandon(r);
    return status;
  }
  int written = trace_record_close(r);
  return written == STATUS_DONE ? status : written;
}
