/* trapeze debug: a program under the debugger. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/flaws.h"
#include "tools/common/message.h"
#include "tools/common/setup.h"
#include "tools/common/stack.h"
#include "tools/debug/debugger.h"
#include "tools/system/command.h"
#include "tools/system/system.h"
#include "tools/system/trace.h"

struct request {
  struct setup setup;
  int opened; /* exit status of opening the disk */
  const char *profile;        /* as given, or NULL */
  uint64_t depth;
  enum vmm_technique technique;
  bool technique_said;
  enum vmm_memory memory;
  bool memory_said;
  const char *flaw;           /* of the VMM; NULL: none */
  struct vmm_modules modules; /* with it */
  const char *path;           /* of a system directory; NULL: one program */
  const char *user;           /* of it, as given */
  struct directory *directory;
  size_t which;               /* that user's place */
  struct repl_options repl;
  struct trace_options trace;
  struct program nothing; /* for traces, where users have different programs */
};

static int apply_depth(void *ctx, const char *value)
{
  return stack_parse_depth("debug", value, 0, &((struct request *)ctx)->depth);
}

static int apply_memory(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->memory_said = true;
  return stack_parse_memory("debug", value, &r->memory);
}

static int apply_technique(void *ctx, const char *value)
{
  struct request *r = ctx;
  r->technique_said = true;
  return stack_parse_technique("debug", value, &r->technique);
}

static int apply_flaw(void *ctx, const char *value)
{
  struct request *r = ctx;
  if (!flaws_plant(value, &r->modules)) {
    message_usage("debug", "'%s' is no flaw; docs/grading.md tells where they are", value);
    return STATUS_USAGE;
  }
  r->flaw = value;
  r->depth = r->depth ? r->depth : 1;
  return STATUS_DONE;
}

static int apply_vmm(void *ctx, const char *value)
{
  (void)value;
  struct request *r = ctx;
  r->depth = r->depth ? r->depth : 1;
  return STATUS_DONE;
}

static int apply_user(void *ctx, const char *value)
{
  ((struct request *)ctx)->user = value;
  return STATUS_DONE;
}

static int add_script(struct request *r, const char *text, bool is_file)
{
  struct repl_options *o = &r->repl;
  if (o->scripts == sizeof o->script / sizeof *o->script) {
    message_usage("debug", "more than %zu commands and command files; put them into one file",
                  sizeof o->script / sizeof *o->script);
    return STATUS_USAGE;
  }
  o->script[o->scripts].text = text;
  o->script[o->scripts++].is_file = is_file;
  return STATUS_DONE;
}

static int apply_command_file(void *ctx, const char *value)
{
  return add_script(ctx, value, true);
}

static int apply_command(void *ctx, const char *value)
{
  return add_script(ctx, value, false);
}

static int apply_batch(void *ctx, const char *value)
{
  (void)value;
  ((struct request *)ctx)->repl.batch = true;
  return STATUS_DONE;
}

static int apply_quiet(void *ctx, const char *value)
{
  (void)value;
  ((struct request *)ctx)->repl.quiet = true;
  return STATUS_DONE;
}

static int apply_no_init(void *ctx, const char *value)
{
  (void)value;
  ((struct request *)ctx)->repl.no_init = true;
  return STATUS_DONE;
}

static const struct option_spec vmm_options[] = {
    {"vmm", 0, NULL, "in a virtual machine; both machines can be seen", apply_vmm},
    {"depth", 0, "N", "in a virtual machine on N VMMs, each on the one below (default: 0)",
     apply_depth},
    {"technique", 0, "NAME", STACK_TECHNIQUE_HELP, apply_technique},
    {"memory-technique", 0, "NAME", STACK_MEMORY_HELP, apply_memory},
    {"flaw", 0, "NAME", "in a virtual machine whose VMM has a hole, for lab 9; others lie beside it",
     apply_flaw},
    {"user", 'u', "NAME", "of a system directory: whose virtual machine (default: the first user's)",
     apply_user},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_spec repl_options[] = {
    {"command", 'x', "FILE", "execute the debugger's commands in FILE", apply_command_file},
    {"ex", 'e', "COMMAND", "execute one command; -x and -e in the order given", apply_command},
    {"batch", 0, NULL, "do not read commands from standard input afterwards", apply_batch},
    {"quiet", 'q', NULL, "do not say anything at the start", apply_quiet},
    {"nx", 'n', NULL, "do not execute the init file, $XDG_CONFIG_HOME/trapeze/init",
     apply_no_init},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "debug",
    .synopsis = "[OPTION]... PROGRAM\n       trapeze debug [OPTION]... FILE.dir",
    .about = "Step a program, forwards and backwards, on the bare machine or in a virtual one. "
             "Commands are gdb's; 'help' lists them. docs/walkthrough.md is a first session.\n\n"
             "Of a system directory (see 'trapeze directory') one user's virtual machine is stepped, "
             "and the others' run beside it.",
    .notes =
        "gdb's spellings -ex, -batch and -nx are understood. Commands are read from a terminal with "
        "line editing, history and completion; from a file or a pipe without a prompt.\n\n"
        "Nothing that is done here reaches the host: a disk image is not written.\n\n"
        "Exit status: 0; 2 usage or bad input, or a command of -x, -e or a pipe failed; 3 trapeze "
        "or the host failed.",
    .min_operands = 1,
    .max_operands = 1,
    .operand = "a program",
};

/* --------------------------------------------------------------------- the world */

struct machines {
  struct disk_store *disk;
  struct machine *bare;
  struct stack *stack;
  struct system system;
};

static void destroy_world(void *ctx, struct debug_world *w)
{
  (void)ctx;
  struct machines *o = w->owned;
  if (!o)
    return;
  stack_destroy(o->stack);
  system_destroy(&o->system, STATUS_DONE);
  machine_destroy(o->bare);
  disk_store_destroy(o->disk);
  free(o);
  w->owned = NULL;
}

static bool make_machines(struct request *r, struct machines *o, struct debug_world *w,
                          const char **reason)
{
  struct setup *s = &r->setup;
  bool readonly;
  *reason = NULL;
  r->opened = setup_open_disk(s, false, &o->disk, &readonly);
  if (r->opened != STATUS_DONE)
    return false;
  *reason = "out of memory";
  w->disk = o->disk;
  if (r->depth == 0) {
    struct machine_config c = {
        .profile = s->profile, .storage = s->storage, .disk = o->disk, .engine = s->engine};
    w->focus = w->real = o->bare = machine_create(&c, reason);
    return o->bare != NULL;
  }
  struct stack_config c = {.profile = s->profile,
                           .storage = s->storage,
                           .depth = (unsigned)r->depth,
                           .technique = r->technique,
                           .memory = r->memory,
                           .below = s->real_profile,
                           .disk = o->disk,
                           .disk_readonly = readonly,
                           .modules = r->flaw ? &r->modules : NULL,
                           .neighbours = r->flaw != NULL,
                           .engine = s->engine};
  o->stack = stack_create(&c, reason);
  if (!o->stack)
    return false;
  w->focus = stack_vm(o->stack);
  w->real = o->stack->real;
  w->vmms = (unsigned)r->depth;
  for (unsigned i = 0; i < w->vmms; i++)
    w->vmm[i] = o->stack->level[i].vmm;
  return true;
}

/* A user's virtual machine; the others' run beside it. */
#define OTHERS_QUANTUM VMM_QUANTUM

static bool make_system(struct request *r, struct machines *o, struct debug_world *w)
{
  const struct setup *s = &r->setup;
  const struct system_config c = {.command = s->command,
                                  .path = r->path,
                                  .profile = r->profile,
                                  .engine = s->engine,
                                  .rate = s->rate,
                                  .costs = &vmm_default_costs,
                                  .copy_disk = true};
  r->opened = system_create(&o->system, &c);
  if (r->opened != STATUS_DONE)
    return false;
  w->disk = o->system.disk;
  w->real = o->system.real;
  w->vmm[w->vmms++] = o->system.vmm;
  w->quantum = OTHERS_QUANTUM;
  for (size_t i = 0; i < o->system.count; i++) {
    if (i == r->which)
      w->focus = o->system.users[i].vm;
    else
      w->other[w->others++] = o->system.users[i].vm;
  }
  return true;
}

static bool make_world(void *ctx, struct debug_world *w, const char **reason)
{
  struct request *r = ctx;
  *w = (struct debug_world){.owned = calloc(1, sizeof(struct machines))};
  *reason = "out of memory";
  if (!w->owned)
    return false;
  if (r->path) {
    *reason = NULL;
    if (make_system(r, w->owned, w))
      return true;
  } else if (make_machines(r, w->owned, w, reason)) {
    *reason = NULL;
    if (image_load(r->setup.program.image, w->focus, stderr)) {
      inputlog_feed(&r->setup.log, w->focus);
      return true;
    }
  }
  destroy_world(NULL, w);
  return false;
}

/* ------------------------------------------------------------- a system directory */

/* What the directory says, for each user. */
static int refuse_options(const struct request *r)
{
  const struct setup *s = &r->setup;
  const char *which = r->flaw             ? "--flaw"
                      : r->depth          ? "--vmm or --depth"
                      : r->technique_said ? "--technique"
                      : r->memory_said    ? "--memory-technique"
                      : s->storage        ? "--memory"
                      : s->disk           ? "--disk"
                      : s->mmu            ? "--mmu"
                      : s->real_mmu       ? "--real-mmu"
                      : s->io             ? "--io"
                      : s->input          ? "--input"
                      : s->input_file_log ? "--input-log"
                      : s->session        ? "--session"
                                          : NULL;
  if (!which)
    return STATUS_DONE;
  message_usage("debug", "%s is for one program; in a system directory each user has its own", which);
  return STATUS_USAGE;
}

static int find_user(struct request *r)
{
  const struct directory *d = r->directory;
  if (d->user_count > DEBUG_WORLD_OTHERS + 1) {
    message_error("debug", "'%s' has %zu users; no more than %u can be debugged together", r->path,
                  d->user_count, DEBUG_WORLD_OTHERS + 1);
    return STATUS_USAGE;
  }
  for (size_t i = 0; i < d->user_count; i++) {
    if (r->user && strcmp(d->users[i].name, r->user) != 0)
      continue;
    r->which = i;
    return STATUS_DONE;
  }
  fprintf(stderr, "trapeze debug: error: '%s' has no user '%s'; there are", r->path, r->user);
  for (size_t i = 0; i < d->user_count; i++)
    fprintf(stderr, "%s %s", i ? "," : "", d->users[i].name);
  fputc('\n', stderr);
  return STATUS_USAGE;
}

static int choose_trace_program(struct request *r)
{
  const struct directory *d = r->directory;
  for (size_t i = 1; i < d->user_count; i++)
    if (strcmp(d->users[i].program, d->users[0].program) != 0)
      return system_trace_nothing("debug", d->file, &r->nothing) ? STATUS_DONE : STATUS_OURS;
  return STATUS_DONE;
}

/* The directory is read for the user's program here, and again for each world. */
static int load_directory(struct request *r, const char *path)
{
  int status = refuse_options(r);
  if (status != STATUS_DONE)
    return status;
  r->path = path;
  r->directory = directory_load(path, &directory_files, stderr);
  if (!r->directory)
    return errno ? STATUS_OURS : STATUS_USAGE;
  status = find_user(r);
  if (status != STATUS_DONE)
    return status;
  const struct directory_user *u = &r->directory->users[r->which];
  r->depth = 1;
  r->setup.storage = u->storage.size;
  if (!r->profile)
    r->setup.profile_name = profile_name(r->directory->profile);
  status = setup_load(&r->setup, u->program);
  return status == STATUS_DONE ? choose_trace_program(r) : status;
}

/* ------------------------------------------------------------------- the session */

static int debug_program(struct request *r)
{
  struct debugger *d = calloc(1, sizeof *d);
  if (!d) {
    message_error("debug", "out of memory");
    return STATUS_OURS;
  }
  const struct debug_world_maker maker = {make_world, destroy_world, r};
  const struct timeline_options options = {.interrupt = &d->interrupt};
  const char *reason = NULL;
  *d = (struct debugger){.setup = &r->setup,
                         .trace = &r->trace,
                         .trace_program = r->nothing.image ? &r->nothing : &r->setup.program,
                         .depth = (unsigned)r->depth,
                         .out = stdout};
  d->interactive = !r->repl.batch && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  d->colour = d->interactive && message_color(stdout);
  errno = 0;
  d->timeline = timeline_create(&maker, &options, &reason);
  struct timeline_cost cost = d->timeline ? timeline_cost(d->timeline) : (struct timeline_cost){0};
  int status;
  if (cost.cannot_save && !d->interactive) { /* our own machines always can, given memory */
    message_error("debug", "%s", cost.reason);
    status = STATUS_OURS;
  } else if (d->timeline && !repl_trace_can_end(d)) {
    status = d->status ? d->status : STATUS_USAGE;
  } else if (d->timeline) {
    status = repl_session(d, &r->repl);
  } else {
    status = r->opened == STATUS_OURS || host_at_fault(errno) ? STATUS_OURS : STATUS_USAGE;
    if (reason)
      message_error("debug", "no machine: %s", reason);
  }
  repl_forget(d);
  timeline_destroy(d->timeline);
  free(d);
  return status;
}

/* gdb's long options have one hyphen: seen as options of one letter otherwise. */
static char **spell_options(int argc, char **argv)
{
  static const char *const gdb[][2] = {
      {"-ex", "--ex"}, {"-batch", "--batch"}, {"-nx", "--nx"}, {"-quiet", "--quiet"}};
  char **spelt = calloc((size_t)argc + 1, sizeof *spelt);
  for (int i = 0; spelt && i < argc; i++) {
    spelt[i] = argv[i];
    for (size_t k = 0; k < sizeof gdb / sizeof *gdb; k++)
      if (strcmp(argv[i], gdb[k][0]) == 0)
        spelt[i] = (char *)gdb[k][1];
  }
  return spelt;
}

int cmd_debug(int argc, char **argv)
{
  struct request r = {.trace.command = "debug"};
  struct setup *s = &r.setup;
  setup_init(s, "debug");
  s->storage = 0; /* not said */
  const char *unsaid = s->profile_name;
  const struct option_group groups[] = {{"The machine", setup_machine_options, s},
                                        {"The machine below", setup_below_options, s},
                                        {"The VMM", vmm_options, &r},
                                        {"The console", setup_console_options, s},
                                        {"The debugger", repl_options, &r},
                                        {"The trace", trace_options, &r.trace},
                                        {NULL, NULL, NULL}};
  char **operands, **spelt = spell_options(argc, argv);
  int count;
  if (!spelt) {
    message_error("debug", "out of memory");
    return STATUS_OURS;
  }
  int status = options_parse(&usage, groups, argc, spelt, &operands, &count);
  if (status == OPTIONS_GO_ON) {
    bool directory = system_is_directory(operands[0]);
    r.profile = s->profile_name == unsaid ? NULL : s->profile_name;
    if (!directory && (r.technique_said || r.memory_said) && r.depth == 0)
      r.depth = 1;
    if (!directory && !s->storage)
      s->storage = SETUP_DEFAULT_STORAGE;
    if (r.user && !directory) {
      message_usage("debug", "--user is for a system directory, a file whose name ends in .dir");
      status = STATUS_USAGE;
    } else {
      status = directory ? load_directory(&r, operands[0]) : setup_load(s, operands[0]);
    }
    if (status == STATUS_DONE)
      status = debug_program(&r);
    setup_destroy(s);
    directory_destroy(r.directory);
    program_destroy(&r.nothing);
  }
  free(spelt);
  return status;
}
