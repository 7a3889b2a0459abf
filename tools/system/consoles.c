#include "tools/system/consoles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/system/line.h"

/* Of a private console, when the terminal is switched to it. */
#define HISTORY_LINES 10u

struct console_of {
  struct consoles *all;
  const struct directory_user *user;
  struct line line;
  char prefix[DIRECTORY_MAX_NAME + 3]; /* the user's name, if the directory says none */
  FILE *log;
  bool log_made; /* the file was not there */
  int log_error; /* errno of the first write that failed */
};

struct consoles {
  struct consoles_config config;
  struct console_of *users;
  size_t count;
  size_t focus;
  /* What stands on the terminal's last line: the first bytes of the focus's, or nothing. */
  bool drawn;
  struct line shown;
};

struct consoles *consoles_create(const struct directory *d, const struct consoles_config *config)
{
  struct consoles *c = calloc(1, sizeof *c);
  struct console_of *users = calloc(d->user_count, sizeof *users);
  if (!c || !users) {
    free(c);
    free(users);
    return NULL;
  }
  *c = (struct consoles){
      .config = *config, .users = users, .count = d->user_count, .focus = CONSOLES_NOBODY};
  for (size_t i = 0; i < c->count; i++) {
    users[i].all = c;
    users[i].user = &d->users[i];
    snprintf(users[i].prefix, sizeof users[i].prefix, "%s: ", d->users[i].name);
  }
  return c;
}

void consoles_destroy(struct consoles *c)
{
  if (!c)
    return;
  for (size_t i = 0; i < c->count; i++) {
    line_free(&c->users[i].line);
    if (c->users[i].log)
      fclose(c->users[i].log);
  }
  line_free(&c->shown);
  free(c->users);
  free(c);
}

/* ----------------------------------------------------------------------- logs */

/* What is there stays as it is until the run begins. */
static FILE *open_log(const char *path, bool *made)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  *made = fd >= 0;
  if (fd < 0 && errno == EEXIST)
    fd = open(path, O_WRONLY | O_CLOEXEC);
  FILE *log = fd >= 0 ? fdopen(fd, "wb") : NULL;
  if (fd >= 0 && !log)
    close(fd);
  return log;
}

int consoles_open_logs(struct consoles *c)
{
  for (size_t i = 0; i < c->count; i++) {
    struct console_of *u = &c->users[i];
    const char *path = u->user->console.log;
    if (path && !(u->log = open_log(path, &u->log_made))) {
      int error = errno;
      message_error(c->config.command, "cannot create the log '%s' of '%s': %s", path,
                    u->user->name, strerror(error));
      consoles_drop_logs(c);
      return host_at_fault(error) ? STATUS_OURS : STATUS_USAGE;
    }
  }
  return STATUS_DONE;
}

void consoles_begin_logs(struct consoles *c)
{
  for (size_t i = 0; i < c->count; i++) {
    /* A terminal or a pipe refuses, and has nothing in it. */
    int ignored = c->users[i].log ? ftruncate(fileno(c->users[i].log), 0) : 0;
    (void)ignored;
  }
}

void consoles_drop_logs(struct consoles *c)
{
  for (size_t i = 0; i < c->count; i++) {
    struct console_of *u = &c->users[i];
    if (!u->log)
      continue;
    fclose(u->log);
    u->log = NULL;
    if (u->log_made)
      unlink(u->user->console.log);
  }
}

static void log_byte(struct console_of *u, uint8_t byte)
{
  if (u->log && putc(byte, u->log) == EOF && !u->log_error)
    u->log_error = errno;
}

int consoles_close_logs(struct consoles *c)
{
  int status = STATUS_DONE;
  for (size_t i = 0; i < c->count; i++) {
    struct console_of *u = &c->users[i];
    if (u->log && fclose(u->log) != 0 && !u->log_error)
      u->log_error = errno;
    u->log = NULL;
    if (u->log_error) {
      message_error(c->config.command, "cannot write the log '%s' of '%s': %s",
                    u->user->console.log, u->user->name, strerror(u->log_error));
      status = STATUS_OURS;
    }
  }
  return status;
}

/* ------------------------------------------------------------------- the terminal */

const char *consoles_prefix(const struct consoles *c, size_t i)
{
  const char *said = c->users[i].user->console.prefix;
  return said ? said : c->users[i].prefix;
}

static bool is_shown(const struct consoles *c, size_t i)
{
  return c->config.out && (!c->users[i].user->console.is_private || i == c->focus);
}

static void print_prefix(const struct consoles *c, size_t i)
{
  static const char *const colors[] = {"\033[36m", "\033[33m", "\033[35m",
                                       "\033[32m", "\033[34m", "\033[31m"};
  const char *prefix = consoles_prefix(c, i);
  if (c->config.color)
    fprintf(c->config.out, "%s%s\033[0m", colors[i % (sizeof colors / sizeof *colors)], prefix);
  else
    fputs(prefix, c->config.out);
}

static void print_line(const struct consoles *c, size_t i, const struct line *l)
{
  print_prefix(c, i);
  if (l->len > 0)
    fwrite(l->text, 1, line_visible(l), c->config.out);
}

/* A line that has been wrapped cannot be taken back: it is left as it is. */
static bool wraps(const struct consoles *c)
{
  return strlen(consoles_prefix(c, c->focus)) + c->shown.len >= (size_t)c->config.columns;
}

void consoles_step_aside(struct consoles *c)
{
  if (!c->drawn)
    return;
  fputs(wraps(c) ? "\n" : "\r\033[K", c->config.out);
  c->drawn = false;
  fflush(c->config.out);
}

/* The focus's line as it is now, at the bottom. */
static void draw(struct consoles *c)
{
  const struct line *l = &c->users[c->focus].line;
  struct line *shown = &c->shown;
  size_t len = line_visible(l);
  bool grown = c->drawn && len >= shown->len && memcmp(l->text, shown->text, shown->len) == 0;
  if (!grown) {
    consoles_step_aside(c);
    if (len == 0)
      return;
    print_prefix(c, c->focus);
    shown->len = 0;
  }
  fwrite(l->text + shown->len, 1, len - shown->len, c->config.out);
  c->drawn = true;
  if (!line_copy(shown, l)) { /* no memory: it can only be left as it is */
    fputc('\n', c->config.out);
    c->drawn = false;
  }
}

static void show_line(struct consoles *c, size_t i)
{
  if (i == c->focus && c->drawn)
    draw(c);
  if (i != c->focus || !c->drawn) {
    consoles_step_aside(c);
    print_line(c, i, &c->users[i].line);
  }
  c->drawn = false;
  fputc('\n', c->config.out);
}

void consoles_write(struct consoles *c, size_t i, uint8_t byte)
{
  struct console_of *u = &c->users[i];
  bool again;
  log_byte(u, byte);
  do {
    if (!line_put(&u->line, byte, &again))
      return;
    if (is_shown(c, i))
      show_line(c, i);
    line_clear(&u->line);
  } while (again);
}

static void written(void *ctx, uint8_t byte)
{
  struct console_of *u = ctx;
  consoles_write(u->all, (size_t)(u - u->all->users), byte);
}

void consoles_listen(struct consoles *c, size_t i, struct machine *vm)
{
  machine_console_on_output(vm, written, &c->users[i]);
}

static void show_history(struct consoles *c, size_t i, const uint8_t *history, size_t len)
{
  struct line line = {0};
  unsigned lines = 0;
  bool again = false;
  size_t at = len;
  while (at > 0 && history[at - 1] != '\n')
    at--; /* the line that grows is drawn anyway */
  size_t end = at;
  while (at > 0 && (history[at - 1] != '\n' || lines++ < HISTORY_LINES))
    at--;
  while (at < end) {
    if (line_put(&line, history[at], &again)) {
      print_line(c, i, &line);
      fputc('\n', c->config.out);
      line_clear(&line);
    }
    at += !again;
  }
  line_free(&line);
}

void consoles_focus(struct consoles *c, size_t i, const uint8_t *history, size_t len)
{
  if (c->config.out && c->config.live)
    consoles_step_aside(c);
  c->focus = i;
  if (i != CONSOLES_NOBODY && c->users[i].user->console.is_private && c->config.out)
    show_history(c, i, history, len);
}

static bool taken(struct consoles *c)
{
  return !c->config.out || (fflush(c->config.out) == 0 && !ferror(c->config.out));
}

bool consoles_lost(const struct consoles *c)
{
  bool lost = c->shown.lost;
  for (size_t i = 0; i < c->count; i++)
    lost = lost || c->users[i].line.lost;
  return lost;
}

bool consoles_flush(struct consoles *c)
{
  for (size_t i = 0; i < c->count; i++) {
    struct console_of *u = &c->users[i];
    if (u->log && fflush(u->log) != 0 && !u->log_error)
      u->log_error = errno;
  }
  if (c->config.out && c->config.live && c->focus != CONSOLES_NOBODY)
    draw(c);
  return taken(c);
}

bool consoles_finish(struct consoles *c)
{
  for (size_t i = 0; i < c->count; i++) {
    if (is_shown(c, i) && c->users[i].line.len > 0)
      show_line(c, i);
    line_clear(&c->users[i].line);
  }
  return taken(c);
}
