#include "tools/common/runner.h"

#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/terminal.h"

static int apply_engine(void *ctx, const char *value)
{
  static const char *const names[] = {"fast", "unfused", "step"};
  static const enum machine_engine engines[] = {MACHINE_ENGINE_FAST, MACHINE_ENGINE_UNFUSED,
                                                MACHINE_ENGINE_STEPPER};
  struct setup *s = &((struct runner *)ctx)->setup;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(value, names[i]) == 0) {
      s->engine = engines[i];
      return STATUS_DONE;
    }
  }
  message_usage(s->command, "unknown engine '%s': fast, unfused or step", value);
  return STATUS_USAGE;
}

OPTION_TEXT(apply_record, struct runner, record)
OPTION_FLAG(apply_stats, struct runner, stats)

const struct option_spec runner_options[] = {
    {"engine", 0, "NAME", "how to execute: fast (default), unfused or step", apply_engine},
    {"record", 0, "FILE", "write the console input with its ticks, for --input-log", apply_record},
    {"stats", 0, NULL, "say afterwards, on standard error, what was executed and what trapped",
     apply_stats},
    {NULL, 0, NULL, NULL, NULL},
};

static bool console_given(const struct setup *s)
{
  return s->input || s->input_file_log || s->session;
}

void runner_choose_console(struct runner *r)
{
  if (!console_given(&r->setup) && !isatty(STDIN_FILENO))
    r->setup.input = "-";
}

static int write_record(const struct runner *r, struct file_out *f)
{
  inputlog_write(&r->setup.log, f->stream);
  return file_out_commit(f);
}

int runner_run(struct runner *r, struct machine *m)
{
  struct setup *s = &r->setup;
  struct file_out record = {0};
  int status = r->record ? file_out_open(&record, s->command, r->record) : STATUS_DONE;
  if (status != STATUS_DONE)
    return status;
  inputlog_feed(&s->log, m);
  struct session session = {.command = s->command,
                            .machine = m,
                            .image = s->program.image,
                            .log = &s->log,
                            .limit = s->ticks,
                            .keyboard = !console_given(s) && terminal_available()};
  struct session_end end = session_run(&session);
  status = session_report(&session, &end);
  if (status == STATUS_OURS) {
    file_out_abandon(&record);
  } else if (r->record) {
    int written = write_record(r, &record);
    status = written == STATUS_DONE ? status : written;
  }
  return status;
}
