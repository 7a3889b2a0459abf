#include "tools/trace/graphviz.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/message.h"

extern char **environ;

/* Through files without names, so that neither side waits for the other. */
FILE *graphviz_temporary(const char *command)
{
  FILE *f = tmpfile();
  if (!f)
    message_error(command, "cannot create a temporary file: %s", strerror(errno));
  return f;
}

static int spawn(const char *program, const char *format, FILE *in, FILE *out, pid_t *pid)
{
  char option[16];
  snprintf(option, sizeof option, "-T%s", format);
  char *dot[] = {(char *)(uintptr_t)program, option, NULL};
  char *neato[] = {(char *)(uintptr_t)program, "-n2", option, NULL};
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error)
    return error;
  error = posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
  if (!error)
    error = posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
  if (!error)
    error = posix_spawnp(pid, program, &actions, NULL, strcmp(program, "neato") == 0 ? neato : dot,
                         environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

static void complain(const char *command, const char *program, int error)
{
  if (error == ENOENT)
    message_error(command,
                  "there is no program '%s': pictures need Graphviz (Debian: graphviz); -T dot "
                  "writes the graph without it",
                  program);
  else
    message_error(command, "cannot run '%s': %s", program, strerror(error));
}

int graphviz_copy(const char *command, FILE *from, FILE *to)
{
  char buf[65536];
  size_t n;
  rewind(from);
  while ((n = fread(buf, 1, sizeof buf, from)) > 0)
    fwrite(buf, 1, n, to);
  if (!ferror(from))
    return STATUS_DONE;
  message_error(command, "cannot read a temporary file: %s", strerror(errno));
  return STATUS_OURS;
}

int graphviz_draw_file(const char *command, const char *program, const char *format, FILE *graph,
                       FILE *out)
{
  FILE *drawn = graphviz_temporary(command);
  if (!drawn)
    return STATUS_OURS;
  rewind(graph);
  pid_t pid;
  int status = STATUS_OURS, how = 0;
  int error = spawn(program, format, graph, drawn, &pid);
  if (error) {
    complain(command, program, error);
  } else {
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
      ;
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0)
      status = graphviz_copy(command, drawn, out);
    else
      message_error(command, "'%s' could not draw the picture", program);
  }
  fclose(drawn);
  return status;
}

int graphviz_draw(const char *command, const char *program, const char *format, const char *graph,
                  size_t len, FILE *out)
{
  FILE *f = graphviz_temporary(command);
  if (!f)
    return STATUS_OURS;
  int status = STATUS_OURS;
  if (fwrite(graph, 1, len, f) == len && fflush(f) == 0)
    status = graphviz_draw_file(command, program, format, f, out);
  else
    message_error(command, "cannot write a temporary file: %s", strerror(errno));
  fclose(f);
  return status;
}
