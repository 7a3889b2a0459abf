#include "tools/common/message.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "isa/suggest.h"
#include "tools/command.h"

bool message_color(FILE *stream)
{
  const char *no = getenv("NO_COLOR");
  return !(no && *no) && isatty(fileno(stream)) == 1;
}

static void say(const char *command, const char *kind, const char *color, const char *format,
                va_list args)
{
  /* What the guest has written so far comes first. */
  fflush(stdout);
  bool on = message_color(stderr);
  fprintf(stderr, "trapeze%s%s: ", command ? " " : "", command ? command : "");
  if (kind)
    fprintf(stderr, "%s%s%s ", on ? color : "", kind, on ? "\033[0m" : "");
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
}

#define ERROR_COLOR "\033[1;31m"

void message_error(const char *command, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  say(command, "error:", ERROR_COLOR, format, args);
  va_end(args);
}

void message_note(const char *command, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  say(command, NULL, "", format, args);
  va_end(args);
}

void message_usage(const char *command, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  say(command, "error:", ERROR_COLOR, format, args);
  va_end(args);
  fprintf(stderr, "Try 'trapeze %s%s--help'.\n", command ? command : "", command ? " " : "");
}

void message_lost_output(void)
{
  sigset_t pending;
  sigpending(&pending);
  if (sigismember(&pending, SIGPIPE) == 1)
    return; /* we are about to die of it, and the reader is gone: nobody wants to know */
  message_error(NULL, "cannot write to standard output");
}

void message_unknown_command(const char *name)
{
  struct suggestion s = suggest_begin(name, strlen(name));
  for (const struct command *c = command_table(); c->name; c++)
    suggest_offer(&s, c->name);
  if (s.best)
    message_usage(NULL, "unknown command '%s'; did you mean '%s'?", name, s.best);
  else
    message_usage(NULL, "unknown command '%s'", name);
}
