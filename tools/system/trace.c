#include "tools/system/trace.h"

#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/message.h"

bool system_trace_nothing(const char *command, const char *name, struct program *p)
{
  const size_t least = 4;
  *p = (struct program){.name = name, .bytes = calloc(1, least), .len = least};
  if (p->bytes)
    p->image = image_parse(p->name, p->bytes, p->len, stderr);
  else
    message_error(command, "out of memory");
  return p->image != NULL;
}

static bool is_of_one_program(const struct system *s)
{
  for (size_t i = 1; i < s->count; i++)
    if (s->users[i].program != s->users[0].program)
      return false;
  return true;
}

static bool add_machines(struct trace_recorder *r, const struct system *s)
{
  bool added = trace_record_machine(r, s->real, NULL, NULL);
  for (size_t i = 0; added && i < s->count; i++) {
    struct vmm_allocation given = vmm_vm_allocation(s->users[i].vm);
    added = trace_record_machine(r, s->users[i].vm, s->real, &given);
  }
  return added;
}

int system_trace_start(const struct trace_options *o, const struct system *s,
                       struct trace_recorder **r)
{
  struct program none = {0};
  const struct program *program = s->users[0].program;
  const char *file = strrchr(s->directory->file, '/');
  *r = NULL;
  if (!o->path)
    return STATUS_DONE;
  if (!is_of_one_program(s)) {
    if (!system_trace_nothing("vmm", file ? file + 1 : s->directory->file, &none)) {
      program_destroy(&none);
      return STATUS_OURS;
    }
    program = &none;
  }
  int status = trace_options_open(o, program, s->directory->profile, r);
  program_destroy(&none);
  return *r ? trace_options_begin(o, add_machines(*r, s), r) : status;
}

int system_trace_end(struct trace_recorder *r, const struct system_end *end, int status)
{
  static const char *const words[] = {[VMM_LIMIT] = "was stopped",
                                      [VMM_STOPPED] = "all have halted",
                                      [VMM_WAITS] = "those left wait forever",
                                      [VMM_HOST_ERROR] = "host error"};
  if (r && status != STATUS_OURS)
    trace_record_stop(r, end->signal ? "was stopped" : words[end->stop.why]);
  return trace_options_finish(r, status);
}
