/* What the options of every command that grades mean. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/grade/grade.h"
#include "tools/grade/vary.h"

#define TEXT(member)                                                                               \
  int grade_apply_##member(void *ctx, const char *value)                                           \
  {                                                                                                \
    ((struct grade_options *)ctx)->member = value;                                                 \
    return STATUS_DONE;                                                                            \
  }
TEXT(labs)
TEXT(hidden)
TEXT(only)
TEXT(output)

int grade_apply_seed(void *ctx, const char *value)
{
  struct grade_options *o = ctx;
  if (options_count(value, &o->seed)) {
    return STATUS_DONE;
  }
  message_usage(o->command, "'%s' is no seed: expected a number", value);
  return STATUS_USAGE;
}

int grade_apply_student(void *ctx, const char *value)
{
  ((struct grade_options *)ctx)->seed = vary_seed_of(value);
  return STATUS_DONE;
}

int grade_apply_shard(void *ctx, const char *value)
{
  struct grade_options *o = ctx;
  int end = 0;
  if (sscanf(value, "%u/%u%n", &o->shard, &o->shards, &end) == 2 && value[end] == '\0' &&
      o->shard >= 1 && o->shard <= o->shards) {
    return STATUS_DONE;
  }
  message_usage(o->command, "'%s' is no shard: expected 2/4 for the second of four", value);
  return STATUS_USAGE;
}

int grade_apply_sandbox(void *ctx, const char *value)
{
  struct grade_options *o = ctx;
  if (strcmp(value, "require") == 0) {
    o->required = SANDBOX_BWRAP;
    return STATUS_DONE;
  }
  if (sandbox_rung_parse(value, &o->required)) {
    return STATUS_DONE;
  }
  message_usage(o->command, "'%s' is no sandbox: expected require, bwrap, seccomp or limits",
                value);
  return STATUS_USAGE;
}

const char *grade_default_labs(char *buf, size_t size)
{
  ssize_t len = access("labs", R_OK) == 0 ? -1 : readlink("/proc/self/exe", buf, size - 1);
  if (len < 0) {
    return "labs";
  }
  buf[len] = '\0';
  char *name = strrchr(buf, '/');
  snprintf(name, size - (size_t)(name - buf), "/../share/trapeze/labs");
  return buf;
}

int grade_choose_sandbox(const char *command, enum sandbox_rung required, enum sandbox_rung *rung)
{
  *rung = sandbox_best();
  if (*rung >= required) {
    return STATUS_DONE;
  }
  message_error(command, "the best sandbox that works here is '%s', and '%s' is asked for",
                sandbox_rung_name(*rung), sandbox_rung_name(required));
  return STATUS_OURS;
}
