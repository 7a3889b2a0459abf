/* Command lines: finding the command, files of them, commands that the user defines. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "isa/host.h"
#include "isa/suggest.h"
#include "tools/common/file.h"
#include "tools/common/text.h"
#include "tools/debug/debugger.h"

#define MAX_DEPTH 20u

void repl_free_lines(struct repl_lines *lines)
{
  for (size_t i = 0; i < lines->count; i++)
    free(lines->line[i]);
  free(lines->line);
  *lines = (struct repl_lines){0};
}

/* ---------------------------------------------------------------------- finding */

static bool is(const char *name, const char *word, size_t len)
{
  return name && strlen(name) == len && strncmp(name, word, len) == 0;
}

const struct repl_user_command *repl_find_user_command(struct debugger *d, const char *name,
                                                       size_t len)
{
  for (const struct repl_user_command *u = d->user_commands; u; u = u->next)
    if (is(u->name, name, len))
      return u;
  return NULL;
}

/* Words of gdb's that mean nothing here, or something else. */
static const char *const of_gdb[][2] = {
    {"attach file load core-file exec-file symbol-file target remote",
     "a session has one program: 'trapeze debug PROGRAM' opens another"},
    {"call", "code runs only by going on: 'print' shows values, 'jump' moves the pc"},
    {"clear", "'delete N' deletes a breakpoint, 'info breakpoints' lists them"},
    {"frame up down select-frame thread inferior",
     "calls have no variables of their own here: 'backtrace' lists them, 'reverse-finish' goes "
     "back to the caller"},
    {"handle signal", "traps are caught with 'catch trap CAUSE'"},
    {"hbreak", "'break' costs nothing while the program runs"},
    {"kill detach", "'start' goes to the beginning, 'quit' leaves"},
    {"output printf", "'print' and 'echo' show things"},
    {"pwd cd make shell !", "the shell is outside: Ctrl-Z goes there and 'fg' comes back"},
    {"record", "everything is recorded: 'reverse-stepi' goes back at any time"},
    {"show unset", "there are no settings; 'info' tells about things"},
    {"tui focus refresh winheight", "'layout on' is the full-screen view"},
    {"whatis ptype", "values have no types; 'print/FMT' says how one is shown"},
};

static bool among(const char *words, const char *word, size_t len)
{
  for (; *words; words += strcspn(words, " "), words += *words == ' ')
    if (strcspn(words, " ") == len && strncmp(words, word, len) == 0)
      return true;
  return false;
}

static void unknown_command(struct debugger *d, const char *name, size_t len)
{
  struct suggestion s = suggest_begin(name, len);
  struct formula_value v;
  struct formula_error error;
  struct formula_scope scope = repl_scope(d);
  char text[64];
  for (size_t i = 0; i < sizeof of_gdb / sizeof *of_gdb; i++) {
    if (among(of_gdb[i][0], name, len)) {
      repl_refuse(d, "gdb's '%.*s' is not here: %s", (int)len, name, of_gdb[i][1]);
      return;
    }
  }
  snprintf(text, sizeof text, "%.*s", (int)len, name);
  for (const struct repl_command *c = repl_commands; c->name; c++)
    suggest_offer(&s, c->name);
  if (s.best)
    repl_refuse(d, "no command '%.*s'; did you mean '%s'?", (int)len, name, s.best);
  else if (formula_now(text, &scope, &v, &error))
    repl_refuse(d, "'%s' is no command: 'print %s' shows its value", text, text);
  else
    repl_refuse(d, "no command '%.*s'; 'help' lists them", (int)len, name);
}

const struct repl_command *repl_find_command(struct debugger *d, const char *name, size_t len)
{
  const struct repl_command *found = NULL;
  char names[160] = "";
  unsigned n = 0;
  for (const struct repl_command *c = repl_commands; c->name; c++)
    if (is(c->name, name, len) || is(c->alias, name, len))
      return c;
  for (const struct repl_command *c = repl_commands; c->name; c++) {
    if (strncmp(c->name, name, len) != 0)
      continue;
    found = c;
    size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", n++ ? ", " : "", c->name);
  }
  if (n == 1 || !d)
    return n == 1 ? found : NULL;
  if (n > 1)
    repl_refuse(d, "'%.*s' could be more than one command: %s", (int)len, name, names);
  else
    unknown_command(d, name, len);
  return NULL;
}

/* -------------------------------------------------------------------- executing */

/* $arg0 … of the user's command that this line is in, put in their places. */
static void put_args(const struct debugger *d, const char *line, char *buf, size_t size)
{
  const struct repl_source *s = d->source;
  size_t used = 0;
  while (*line && used + 1 < size) {
    if (s && s->args && strncmp(line, "$argc", 5) == 0) {
      used += (size_t)snprintf(buf + used, size - used, "%zu", s->arg_count);
      line += 5;
    } else if (s && s->args && strncmp(line, "$arg", 4) == 0 && isdigit((unsigned char)line[4])) {
      size_t n = (size_t)(line[4] - '0');
      used += (size_t)snprintf(buf + used, size - used, "%s", n < s->arg_count ? s->args[n] : "");
      line += 5;
    } else {
      buf[used++] = *line++;
    }
    used = used < size ? used : size - 1;
  }
  buf[used] = 0;
}

static bool run_user_command(struct debugger *d, const struct repl_user_command *u,
                             const char *args)
{
  char text[512], *arg[10], *save = NULL;
  size_t count = 0;
  snprintf(text, sizeof text, "%s", args);
  for (char *a = strtok_r(text, " \t", &save); a && count < 10; a = strtok_r(NULL, " \t", &save))
    arg[count++] = a;
  return repl_execute_lines(d, &u->lines, arg, count);
}

/* The command's name ends where no letter follows: "x/4xw", "p$a0", "info". */
static size_t name_length(const char *line)
{
  size_t len = 0;
  while (isalnum((unsigned char)line[len]) || line[len] == '-' || line[len] == '_')
    len++;
  return len ? len : 1;
}

bool repl_execute(struct debugger *d, const char *given)
{
  char line[1024];
  put_args(d, given + strspn(given, " \t"), line, sizeof line);
  for (size_t len = strlen(line); len && isspace((unsigned char)line[len - 1]);)
    line[--len] = 0;
  if (!*line || *line == '#')
    return true;
  size_t len = name_length(line);
  const char *args = line + len;
  while (*args == ' ' || *args == '\t')
    args++;
  const struct repl_user_command *u = repl_find_user_command(d, line, len);
  if (u)
    return run_user_command(d, u, args);
  const struct repl_command *c = repl_find_command(d, line, len);
  if (!c)
    return false;
  if (!d->source)
    snprintf(d->repeat, sizeof d->repeat, "%.*s", (int)sizeof d->repeat - 1, c->repeats ? line : "");
  bool ok = c->run(d, args);
  const char *failure = timeline_failure(d->timeline);
  return failure ? repl_host_failed(d, failure) : ok;
}

/* The next line, from wherever commands come now. NULL: the end, or after a message
 * that d->quit goes with. */
static char *next_line(struct debugger *d, const char *prompt)
{
  struct repl_source *s = d->source;
  char *line = NULL;
  size_t size = 0;
  if (!s)
    return repl_read_line(d, prompt);
  if (s->lines && s->at == s->lines->count)
    return NULL;
  if (s->lines) {
    line = strdup(s->lines->line[s->at++]);
    if (!line)
      repl_no_memory(d);
    return line;
  }
  errno = 0;
  ssize_t n = s->file ? getline(&line, &size, s->file) : -1;
  if (n < 0) {
    free(line);
    if (s->file && !feof(s->file))
      repl_host_failed(d, strerror(errno));
    return NULL;
  }
  s->at++;
  if (n > 0 && line[n - 1] == '\n')
    line[n - 1] = 0;
  return line;
}

static bool add_line(struct repl_lines *lines, char *line)
{
  char **more = realloc(lines->line, (lines->count + 1) * sizeof *more);
  if (!more)
    return false;
  lines->line = more;
  lines->line[lines->count++] = line;
  return true;
}

bool repl_read_block(struct debugger *d, const char *prompt, struct repl_lines *lines)
{
  char *line;
  while ((line = next_line(d, prompt))) {
    const char *word = line + strspn(line, " \t");
    if (strncmp(word, "end", 3) == 0 && !isalnum((unsigned char)word[3])) {
      free(line);
      return true;
    }
    memmove(line, word, strlen(word) + 1);
    if (!add_line(lines, line)) {
      free(line);
      repl_free_lines(lines);
      return repl_no_memory(d);
    }
  }
  repl_free_lines(lines);
  return !d->quit && !d->killed_by && repl_refuse(d, "the lines end without 'end'");
}

/* Commands of the present source until it ends or one fails. */
static bool run_source(struct debugger *d, struct repl_source *s)
{
  char *line;
  bool ok = true;
  s->outer = d->source;
  s->depth = s->outer ? s->outer->depth + 1 : 1;
  if (s->depth > MAX_DEPTH)
    return repl_refuse(d, "commands that execute themselves: %u deep", MAX_DEPTH);
  d->source = s;
  while (ok && !d->quit && !d->killed_by && (line = next_line(d, ""))) {
    ok = repl_execute(d, line);
    free(line);
  }
  d->source = s->outer;
  return ok;
}

bool repl_execute_lines(struct debugger *d, const struct repl_lines *lines, char *const *args,
                        size_t arg_count)
{
  /* A copy: the lines may delete what they belong to. */
  struct repl_lines copy = {0};
  bool ok = true;
  for (size_t i = 0; ok && i < lines->count; i++) {
    char *line = strdup(lines->line[i]);
    ok = line && add_line(&copy, line);
    if (!ok)
      free(line);
  }
  struct repl_source s = {.lines = &copy, .args = args, .arg_count = arg_count};
  ok = ok ? run_source(d, &s) : repl_no_memory(d);
  repl_free_lines(&copy);
  return ok;
}

bool repl_source_file(struct debugger *d, const char *path, bool must_exist)
{
  FILE *file = fopen(path, "re");
  struct stat about;
  if (!file && !must_exist)
    return true;
  if (file && fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode)) {
    fclose(file);
    file = NULL;
    errno = EISDIR;
  }
  if (!file && host_at_fault(errno) && !d->interactive) {
    char reason[400];
    snprintf(reason, sizeof reason, "cannot read '%s': %s", path, strerror(errno));
    return repl_host_failed(d, reason);
  }
  if (!file)
    return repl_refuse(d, "cannot read '%s': %s", path, strerror(errno));
  struct repl_source s = {.name = path, .file = file};
  bool ok = run_source(d, &s);
  fclose(file);
  return ok;
}

bool repl_cmd_source(struct debugger *d, const char *args)
{
  return *args ? repl_source_file(d, args, true)
               : repl_refuse(d, "which file? source FILE");
}

/* ------------------------------------------------------------------ of the user */

bool repl_cmd_define(struct debugger *d, const char *args)
{
  struct repl_lines lines = {0};
  size_t len = strlen(args);
  if (len == 0 || name_length(args) != len)
    return repl_refuse(d, "a name is letters, digits, '-' and '_': define NAME");
  for (const struct repl_command *c = repl_commands; c->name; c++)
    if (is(c->name, args, len) || is(c->alias, args, len))
      return repl_refuse(d, "'%s' is a command already; choose another name", args);
  if (d->interactive && !d->source)
    repl_say(d, "Commands of '%s', one a line; 'end' ends them.\n", args);
  struct repl_user_command *u = (struct repl_user_command *)repl_find_user_command(d, args, len);
  if (!repl_read_block(d, ">", &lines))
    return false;
  if (!u && (u = calloc(1, sizeof *u)) && (u->name = strdup(args))) {
    u->next = d->user_commands;
    d->user_commands = u;
  }
  if (!u || !u->name) {
    free(u);
    repl_free_lines(&lines);
    return repl_no_memory(d);
  }
  repl_free_lines(&u->lines);
  u->lines = lines;
  return true;
}

bool repl_cmd_document(struct debugger *d, const char *args)
{
  struct repl_lines lines = {0};
  struct repl_user_command *u =
      (struct repl_user_command *)repl_find_user_command(d, args, strlen(args));
  if (!u)
    return repl_refuse(d, "no command of yours is called '%s'; 'define %s' makes one", args, args);
  if (!repl_read_block(d, ">", &lines))
    return false;
  size_t size = 1;
  for (size_t i = 0; i < lines.count; i++)
    size += strlen(lines.line[i]) + 1;
  char *text = calloc(1, size);
  for (size_t i = 0; text && i < lines.count; i++)
    strcat(strcat(text, lines.line[i]), i + 1 < lines.count ? " " : "");
  repl_free_lines(&lines);
  if (!text)
    return repl_no_memory(d);
  free(u->document);
  u->document = text;
  return true;
}

bool repl_cmd_echo(struct debugger *d, const char *args)
{
  int last = 0;
  for (; *args; args++) {
    bool escape = *args == '\\' && args[1];
    args += escape;
    last = escape && *args == 'n' ? '\n' : escape && *args == 't' ? '\t' : *args;
    fputc(last, d->out);
  }
  if (last != '\n')
    fputc('\n', d->out);
  return true;
}

bool repl_cmd_quit(struct debugger *d, const char *args)
{
  (void)args;
  d->quit = true;
  return true;
}

bool repl_cmd_history(struct debugger *d, const char *args)
{
  uint64_t n = 20;
  if (*args && !repl_count(d, args, &n))
    return false;
  repl_keys_history(d, (unsigned)n);
  return true;
}

/* -------------------------------------------------------------------------- help */

/* The first sentence. */
static int summary_length(const char *help)
{
  const char *end = strstr(help, ". ");
  return (int)(end ? end - help : (long)strlen(help) - (help[strlen(help) - 1] == '.'));
}

static void help_line(struct debugger *d, const struct repl_command *c)
{
  char name[40], text[200];
  snprintf(name, sizeof name, "%s%s%s", c->name, c->alias ? ", " : "", c->alias ? c->alias : "");
  int n = fprintf(d->out, "  %-22s ", name);
  snprintf(text, sizeof text, "%.*s", summary_length(c->help), c->help);
  text_wrap(d->out, text, n, 25);
}

static void help_group(struct debugger *d, enum repl_group group)
{
  repl_say(d, "%s%s%s:\n", repl_bold(d), repl_group_title(group), repl_plain(d));
  for (const struct repl_command *c = repl_commands; c->name; c++)
    if (c->group == group)
      help_line(d, c);
}

static void help_own(struct debugger *d)
{
  if (d->user_commands)
    repl_say(d, "Your own:\n");
  for (const struct repl_user_command *u = d->user_commands; u; u = u->next) {
    int n = fprintf(d->out, "  %-22s ", u->name);
    text_wrap(d->out, u->document ? u->document : "", n, 25);
  }
}

static void help_all(struct debugger *d)
{
  for (unsigned g = 0; g < REPL_GROUPS; g++)
    help_group(d, (enum repl_group)g);
  help_own(d);
}

/* All names, on one small screen. */
static void help_names(struct debugger *d)
{
  for (unsigned g = 0; g < REPL_GROUPS; g++) {
    char names[600] = "", title[40];
    for (const struct repl_command *c = repl_commands; c->name; c++) {
      size_t used = strlen(names);
      if (c->group == (enum repl_group)g)
        snprintf(names + used, sizeof names - used, " %s", c->name);
    }
    snprintf(title, sizeof title, "%s:", repl_group_word((enum repl_group)g));
    repl_say(d, "%s%-10s%s", repl_bold(d), title, repl_plain(d));
    text_wrap(d->out, names, 10, 10);
  }
  help_own(d);
  repl_say(d, "'help COMMAND' explains one, 'help back' those of a group, 'help all' all.\n"
              "Names may be shortened as far as they are clear; an empty line repeats steps.\n");
}

/* "help stops": a group. */
static bool help_about_group(struct debugger *d, const char *args)
{
  for (unsigned g = 0; g < REPL_GROUPS; g++) {
    if (strcmp(args, repl_group_word((enum repl_group)g)) != 0)
      continue;
    help_group(d, (enum repl_group)g);
    return true;
  }
  return false;
}

bool repl_cmd_help(struct debugger *d, const char *args)
{
  size_t len = strcspn(args, " \t/");
  if (!*args || strcmp(args, "all") == 0) {
    (*args ? help_all : help_names)(d);
    return true;
  }
  if (help_about_group(d, args))
    return true;
  const struct repl_user_command *u = repl_find_user_command(d, args, len);
  if (u) {
    repl_say(d, "%s: %s\n", u->name, u->document ? u->document : "a command of your own");
    for (size_t i = 0; i < u->lines.count; i++)
      repl_say(d, "  %s\n", u->lines.line[i]);
    return true;
  }
  const struct repl_command *c = repl_find_command(d, args, len);
  if (!c)
    return false;
  repl_say(d, "%s%s%s\n", c->name, *c->synopsis ? " " : "", c->synopsis);
  if (c->alias)
    repl_say(d, "  short: %s\n", c->alias);
  repl_say(d, "  ");
  text_wrap(d->out, c->help, 2, 2);
  return c->run != repl_cmd_info || repl_cmd_info(d, "");
}

bool repl_cmd_apropos(struct debugger *d, const char *args)
{
  bool any = false;
  if (!*args)
    return repl_refuse(d, "which word? apropos trap");
  for (const struct repl_command *c = repl_commands; c->name; c++) {
    if (strcasestr(c->name, args) || strcasestr(c->help, args)) {
      help_line(d, c);
      any = true;
    }
  }
  return any || repl_refuse(d, "no command's help speaks of '%s'", args);
}
