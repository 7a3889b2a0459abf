/* Lines from a person, with GNU readline: editing, history, completion. And from a
 * file or a pipe: plain.
 *
 * Signals go to a thread that sets a flag in the debugger, so a running guest is
 * stopped by Ctrl-C at a whole step, and nothing is interrupted anywhere else.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "tools/debug/debugger.h"

struct repl_signals {
  pthread_t thread;
  sigset_t saved;
  int pipe[2]; /* a byte wakes whoever waits for a line; what came, the flags say */
  bool running;
  volatile sig_atomic_t resized;
  volatile sig_atomic_t continued; /* after Ctrl-Z: the shell has set the terminal its way */
  struct debugger *debugger;
};

/* Readline calls back without an argument: what it is to complete for, and the line
 * that it has read, for as long as repl_read_line() is in it. */
static struct {
  struct debugger *debugger;
  char *line;
  bool done;
} in_readline;

static void *take_signals(void *arg)
{
  struct repl_signals *s = arg;
  sigset_t set;
  int signal;
  sigemptyset(&set);
  static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT, SIGUSR2};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    sigaddset(&set, taken[i]);
  while (sigwait(&set, &signal) == 0 && signal != SIGUSR2) {
    if (signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT)
      s->debugger->killed_by = signal; /* before a move ends: no other is to begin */
    if (signal == SIGCONT)
      s->continued = 1;
    if (signal == SIGWINCH || signal == SIGCONT)
      s->resized = 1;
    else
      s->debugger->interrupt = 1;
    if (write(s->pipe[1], "", 1) != 1)
      continue; /* full: it has bytes enough to wake anybody */
  }
  return NULL;
}

/* ----------------------------------------------------------------------- history */

/* Under $XDG_STATE_HOME, else ~/.local/state: the folder made if it is not there. */
static bool history_file(char *buf, size_t size, bool make)
{
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  bool own = state && *state == '/';
  if (!own && (!home || !*home))
    return false;
  snprintf(buf, size, "%s%s/trapeze", own ? state : home, own ? "" : "/.local/state");
  for (char *at = buf + 1; make && *at; at++) {
    if (*at == '/') {
      *at = 0;
      mkdir(buf, 0700);
      *at = '/';
    }
  }
  if (make)
    mkdir(buf, 0700);
  size_t used = strlen(buf);
  snprintf(buf + used, size - used, "/history");
  return used + 9 < size;
}

#define HISTORY_LINES 1000

static void save_history(void)
{
  char path[4096];
  if (history_length > 0 && history_file(path, sizeof path, true))
    write_history(path);
}

void repl_keys_history(struct debugger *d, unsigned count)
{
  int first = history_length > (int)count ? history_length - (int)count : 0;
  for (int i = first; i < history_length; i++) {
    HIST_ENTRY *e = history_get(history_base + i);
    if (e)
      repl_say(d, "%5d  %s\n", i + 1, e->line);
  }
}

/* -------------------------------------------------------------------- completion */

struct words {
  char **word;
  size_t count, capacity;
};

static void add_word(void *ctx, const char *word)
{
  struct words *w = ctx;
  if (w->count + 3 > w->capacity) {
    size_t more = w->capacity ? 2 * w->capacity : 64;
    char **bigger = realloc(w->word, more * sizeof *bigger);
    if (!bigger)
      return;
    w->word = bigger;
    w->capacity = more;
  }
  char *copy = strdup(word);
  if (copy)
    w->word[1 + w->count++] = copy;
}

/* Readline wants what all have in common first, and NULL last. */
static char **complete(const char *text, int start, int end)
{
  struct words w = {0};
  (void)text;
  char *line = strndup(rl_line_buffer, (size_t)end);
  rl_attempted_completion_over = 1;
  if (!line)
    return NULL;
  const struct repl_command *c =
      repl_find_command(NULL, line + strspn(line, " "), strcspn(line + strspn(line, " "), " "));
  if (c && c->complete == REPL_FILE && start > 0) {
    rl_attempted_completion_over = 0; /* files are readline's own */
    free(line);
    return NULL;
  }
  repl_complete(in_readline.debugger, line, (size_t)start, add_word, &w);
  free(line);
  if (w.count == 0)
    return NULL;
  size_t common = strlen(w.word[1]);
  for (size_t i = 1; i < w.count; i++) {
    size_t same = 0;
    while (same < common && w.word[1 + i][same] == w.word[1][same])
      same++;
    common = same;
  }
  if (common > 0 && w.word[1][common - 1] == ':')
    rl_completion_append_character = 0; /* a line number follows */
  w.word[0] = strndup(w.word[1], common);
  w.word[1 + w.count] = NULL;
  if (w.count == 1) {
    free(w.word[1]);
    w.word[1] = NULL;
  }
  return w.word;
}

/* ----------------------------------------------------------------------- reading */

static void line_read(char *line)
{
  in_readline.line = line;
  in_readline.done = true;
  rl_callback_handler_remove();
}

static void forget_wakes(struct repl_signals *s)
{
  char bytes[64];
  while (read(s->pipe[0], bytes, sizeof bytes) > 0)
    continue;
}

/* What came while we waited: Ctrl-C gives up the line, a new size is drawn. A byte may
 * come late, when a move has ended for its signal already: the flags tell. */
static void at_prompt(struct debugger *d)
{
  forget_wakes(d->signals);
  if (d->signals->continued) {
    d->signals->continued = 0;
    rl_deprep_terminal();
    rl_prep_terminal(1);
  }
  if (d->signals->resized) {
    d->signals->resized = 0;
    rl_resize_terminal();
    repl_layout_resized(d);
    rl_forced_update_display();
  }
  if (d->interrupt && !d->killed_by) {
    fputs("^C\n", stdout);
    rl_free_line_state();
    rl_replace_line("", 0);
    rl_on_new_line();
    rl_redisplay();
    d->interrupt = 0;
  }
}

static char *read_edited(struct debugger *d, const char *prompt)
{
  struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                          {.fd = d->signals->pipe[0], .events = POLLIN}};
  in_readline.debugger = d;
  in_readline.done = false;
  in_readline.line = NULL;
  rl_callback_handler_install(prompt, line_read);
  while (!in_readline.done && !d->killed_by) {
    if (poll(fds, 2, -1) < 0 && errno != EINTR)
      break;
    if (fds[1].revents)
      at_prompt(d);
    if (fds[0].revents)
      rl_callback_read_char();
  }
  if (!in_readline.done)
    rl_callback_handler_remove();
  if (in_readline.line && *in_readline.line)
    add_history(in_readline.line);
  return in_readline.line;
}

/* The next byte of a file or a pipe; -1 at its end, or if a signal asks us to end.
 * Waiting in getline() would not see that; bytes it had buffered, poll() would not. */
static int plain_byte(struct debugger *d)
{
  struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                          {.fd = d->signals->pipe[0], .events = POLLIN}};
  unsigned char byte;
  while (!d->killed_by) {
    if (poll(fds, 2, -1) < 0 && errno != EINTR)
      return -1;
    if (fds[1].revents) {
      forget_wakes(d->signals);
      d->interrupt = 0; /* nothing runs */
    }
    if (fds[0].revents) {
      ssize_t n = read(STDIN_FILENO, &byte, 1);
      if (n < 0)
        repl_host_failed(d, strerror(errno));
      return n == 1 ? byte : -1;
    }
  }
  return -1;
}

static char *read_plain(struct debugger *d)
{
  char *line = NULL;
  size_t size = 0;
  int byte = plain_byte(d);
  if (byte < 0)
    return NULL;
  FILE *out = open_memstream(&line, &size);
  for (; out && byte >= 0 && byte != '\n'; byte = plain_byte(d))
    fputc(byte, out);
  if (!out || fclose(out) != 0)
    repl_no_memory(d);
  else if (!d->quit && !d->killed_by)
    return line;
  free(line);
  return NULL;
}

char *repl_read_line(struct debugger *d, const char *prompt)
{
  fflush(d->out);
  if (d->interactive) {
    char *line = read_edited(d, prompt);
    if (!line && !d->killed_by)
      fputc('\n', stdout);
    return line;
  }
  return read_plain(d);
}

/* ---------------------------------------------------------------- opening, closing */

static bool start_signals(struct debugger *d)
{
  struct repl_signals *s = calloc(1, sizeof *s);
  if (!s)
    return false;
  s->debugger = d;
  s->pipe[0] = s->pipe[1] = -1;
  sigset_t set;
  sigemptyset(&set);
  static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT, SIGUSR2};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    sigaddset(&set, taken[i]);
  d->signals = s;
  if (pipe2(s->pipe, O_CLOEXEC | O_NONBLOCK) != 0)
    return false;
  pthread_sigmask(SIG_BLOCK, &set, &s->saved);
  s->running = pthread_create(&s->thread, NULL, take_signals, s) == 0;
  return s->running;
}

bool repl_keys_open(struct debugger *d)
{
  char path[4096];
  if (!start_signals(d))
    return false;
  if (!d->interactive)
    return true;
  rl_readline_name = "trapeze";
  rl_catch_signals = 0;
  rl_catch_sigwinch = 0;
  rl_attempted_completion_function = complete;
  rl_completer_word_break_characters = " \t\n,()*&|<>=!+~^%{}@/";
  rl_variable_bind("enable-bracketed-paste", "off");
  stifle_history(HISTORY_LINES);
  if (history_file(path, sizeof path, false))
    read_history(path);
  return true;
}

void repl_keys_close(struct debugger *d)
{
  struct repl_signals *s = d->signals;
  if (!s)
    return;
  if (d->interactive && s->running)
    save_history();
  if (s->running) {
    pthread_kill(s->thread, SIGUSR2);
    pthread_join(s->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &s->saved, NULL);
  }
  if (s->pipe[0] >= 0) {
    close(s->pipe[0]);
    close(s->pipe[1]);
  }
  free(s);
  d->signals = NULL;
}
