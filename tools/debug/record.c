/* Recording what happened for `trapeze trace`: the history is executed again, so that
 * going back and forth leaves no trace in it. */
#include <string.h>
#include <sys/stat.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/common/text.h"
#include "tools/debug/debugger.h"

struct recording {
  struct debugger *debugger;
  struct trace_options options;
  struct trace_recorder *recorder;
  int status;
  uint64_t count;
};

static bool add_vm(struct trace_recorder *r, struct machine *vm)
{
  struct vmm_allocation given = vmm_vm_allocation(vm);
  return trace_record_machine(r, vm, machine_parent(vm), &given);
}

/* The machine that is debugged, after those below it. */
static bool add_machines(struct trace_recorder *r, const struct debug_world *w)
{
  struct machine *chain[DEBUG_WORLD_VMMS + 1];
  unsigned count = 0;
  for (struct machine *m = w->focus; m && count <= DEBUG_WORLD_VMMS; m = machine_parent(m))
    chain[count++] = m;
  bool added = trace_record_machine(r, w->real, NULL, NULL);
  for (unsigned i = count - 1; added && i-- > 0;)
    added = add_vm(r, chain[i]);
  for (unsigned i = 0; added && i < w->others; i++)
    added = add_vm(r, w->other[i]);
  return added;
}

static bool begin(void *ctx, struct debug_world *w)
{
  struct recording *g = ctx;
  struct debugger *d = g->debugger;
  g->status = trace_options_open(&g->options, d->trace_program, d->setup->profile, &g->recorder);
  if (g->status == STATUS_DONE)
    g->status = trace_options_begin(&g->options, add_machines(g->recorder, w), &g->recorder);
  return g->status == STATUS_DONE;
}

static bool on_the_way(void *ctx, uint64_t tick)
{
  const struct recording *g = ctx;
  char count[TEXT_COUNT_SIZE];
  if (g->debugger->interactive)
    fprintf(stderr, "\rtrace: tick %s\033[K", text_count(count, tick));
  return !repl_interrupted(g->debugger);
}

static void end(void *ctx, struct debug_world *w, bool there)
{
  struct recording *g = ctx;
  if (g->debugger->interactive)
    fputs("\r\033[K", stderr);
  if (!there) {
    trace_record_abandon(g->recorder);
    g->recorder = NULL;
    return;
  }
  trace_options_stop(g->recorder, w->focus);
  g->count = trace_record_count(g->recorder);
}

static bool has_ended(struct debugger *d)
{
  return d->stop.why == TIMELINE_ENDED && d->stop.tick == timeline_tick(d->timeline);
}

/* An exit status, after a message. */
static int write_trace(struct debugger *d, const struct trace_options *options)
{
  struct recording g = {.debugger = d, .options = *options};
  const struct timeline_replay replay = {begin, on_the_way, end, &g};
  char things[TEXT_THINGS_SIZE], tick[TEXT_COUNT_SIZE];
  fflush(d->out);
  struct timeline_stop stop = timeline_replay(d->timeline, &replay, has_ended(d));
  bool whole = g.recorder != NULL;
  int status = trace_options_finish(g.recorder, g.status);
  if (stop.why == TIMELINE_FAILED) {
    repl_host_failed(d, stop.machine.reason);
    return STATUS_OURS;
  }
  if (status == STATUS_DONE && !whole) {
    repl_not_moved(d);
    return STATUS_USAGE;
  }
  if (status == STATUS_DONE)
    repl_say(d, "%s up to tick %s in '%s'\n", text_things(things, g.count, "event"),
             text_count(tick, timeline_tick(d->timeline)), options->path);
  return status;
}

bool repl_cmd_trace(struct debugger *d, const char *args)
{
  char path[1024], wrong[TRACE_CLASSES_WRONG];
  bool quoted = *args == '"';
  size_t len = strcspn(args + quoted, quoted ? "\"" : " \t"), word;
  unsigned classes = 1;
  if (len == 0 || (len == 1 && args[quoted] == '-'))
    return repl_refuse(d, "into which file? trace FILE, trace FILE traps,io");
  snprintf(path, sizeof path, "%.*s", (int)len, args + quoted);
  args += quoted + len;
  args += quoted && *args == '"';
  args += strspn(args, " \t");
  const char *bad = *args ? trace_classes_find(args, CLASSES_FAST, &classes, &word) : NULL;
  if (bad) {
    trace_classes_wrong(bad, word, wrong);
    return repl_refuse(d, "%s", wrong);
  }
  if (classes == 0)
    return repl_refuse(d, "'%s' leaves no event to record", args);
  int status = write_trace(d, &(struct trace_options){"debug", path, *args ? args : NULL});
  if (status == STATUS_OURS && !d->interactive) { /* a script ends with it */
    d->status = status;
    d->quit = true;
  }
  return status == STATUS_DONE;
}

/* A trace is written at the end: who cannot have one is to know at the beginning. A pipe
 * would take being opened and closed for the end. */
bool repl_trace_can_end(struct debugger *d)
{
  struct stat s;
  struct file_out out;
  const char *path = d->trace->path;
  if (!path || (stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode)))
    return true;
  if (strcmp(path, "-") == 0) {
    message_usage("debug", "--trace needs a file here: standard output is the debugger's");
    return false;
  }
  int status = file_out_open(&out, "debug", path);
  if (status == STATUS_DONE)
    file_out_abandon(&out);
  else
    d->status = status;
  return status == STATUS_DONE;
}

int repl_trace_at_end(struct debugger *d)
{
  d->interrupt = 0;
  return d->trace->path ? write_trace(d, d->trace) : STATUS_DONE;
}
