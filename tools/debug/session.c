/* A session from its first line to its last; completion. */
#include <stdlib.h>
#include <string.h>

#include "isa/suggest.h"
#include "tools/command.h"
#include "tools/common/text.h"
#include "tools/debug/debugger.h"

/* ------------------------------------------------------------------- completion */

struct matcher {
  const char *prefix;
  size_t len, skip; /* `skip` characters of the word ('$') stand before the name */
  void (*offer)(void *ctx, const char *word);
  void *ctx;
};

static void match(void *ctx, const char *name)
{
  struct matcher *m = ctx;
  char word[FORMULA_NAME_SIZE + 2];
  if (strncmp(name, m->prefix + m->skip, m->len - m->skip) != 0)
    return;
  snprintf(word, sizeof word, "%.*s%s", (int)m->skip, m->prefix, name);
  m->offer(m->ctx, word);
}

static void match_words(struct matcher *m, const char *words)
{
  char text[600], *save = NULL;
  snprintf(text, sizeof text, "%s", words);
  for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
    match(m, w);
}

static void match_commands(struct debugger *d, struct matcher *m)
{
  for (const struct repl_command *c = repl_commands; c->name; c++)
    match(m, c->name);
  for (const struct repl_user_command *u = d->user_commands; u; u = u->next)
    match(m, u->name);
}

static void match_names(struct debugger *d, struct matcher *m)
{
  size_t count;
  const struct image_symbol *symbols = image_symbols(d->setup->program.image, &count);
  if (m->len == 0 || *m->prefix != '$')
    for (size_t i = 0; i < count; i++)
      match(m, symbols[i].name);
  m->skip = m->len > 0 && *m->prefix == '$';
  if (m->len > 0)
    formula_each_name(match, m);
  for (unsigned i = 0; m->skip && i < d->memory.variables; i++)
    match(m, d->memory.variable[i].name);
}

/* "trap.inc:", to be followed by a line. */
static void match_sources(struct debugger *d, struct matcher *m)
{
  size_t count;
  const struct image_line *lines = image_lines(d->setup->program.image, &count);
  const char *last = "";
  for (size_t i = 0; i < count; i++) {
    char name[FORMULA_NAME_SIZE];
    if (strcmp(lines[i].file, last) != 0) {
      last = lines[i].file;
      snprintf(name, sizeof name, "%s:", repl_file_name(last));
      match(m, name);
    }
  }
}

void repl_complete(struct debugger *d, const char *line, size_t word_start,
                   void (*offer)(void *ctx, const char *word), void *ctx)
{
  struct matcher m = {
      .prefix = line + word_start, .len = strlen(line + word_start), .offer = offer, .ctx = ctx};
  line += strspn(line, " \t");
  size_t len = strcspn(line, " \t/");
  if (line + len >= m.prefix) {
    match_commands(d, &m);
    return;
  }
  const struct repl_command *c = repl_find_command(NULL, line, len);
  if (!c)
    return;
  if (c->complete == REPL_COMMAND)
    match_commands(d, &m);
  else if (c->complete == REPL_WORDS)
    match_words(&m, c->words);
  if (c->run == repl_cmd_catch && strstr(line, "trap "))
    for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++)
      if (isa_cause_info(i)->name)
        match(&m, isa_cause_info(i)->name);
  if (c->complete == REPL_LOCATION)
    match_sources(d, &m);
  if (c->complete == REPL_EXPRESSION || c->complete == REPL_LOCATION)
    match_names(d, &m);
}

/* ------------------------------------------------------------------------ session */

/* Only there: a file in the present directory may be somebody else's. */
static bool run_init_file(struct debugger *d)
{
  char path[4096];
  const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
  bool own = config && *config == '/';
  if (!own && (!home || !*home))
    return true;
  snprintf(path, sizeof path, "%s%s/trapeze/init", own ? config : home, own ? "" : "/.config");
  return repl_source_file(d, path, false);
}

static void greet(struct debugger *d)
{
  static const char *const words[] = {"", ", in a virtual machine on a VMM",
                                      ", in a virtual machine on two VMMs",
                                      ", in a virtual machine on VMMs"};
  char text[512];
  snprintf(text, sizeof text, "%.300s on %s%s. 'help' lists commands, 'continue' runs, Ctrl-C "
           "stops.", d->setup->program.name, profile_name(d->setup->profile),
           words[d->depth < 3 ? d->depth : 3]);
  text_wrap(d->out, text, 0, 0);
}

/* Lines at the prompt; an empty one repeats. */
static void converse(struct debugger *d)
{
  char *line;
  while (!d->quit && !d->killed_by && (line = repl_read_line(d, "(trapeze) "))) {
    const char *text = line + strspn(line, " \t");
    char again[sizeof d->repeat];
    snprintf(again, sizeof again, "%s", d->repeat);
    bool ok = repl_execute(d, *text ? text : d->interactive ? again : "");
    if (!ok && !d->interactive)
      d->failed = true;
    free(line);
    repl_layout_draw(d);
  }
}

static bool run_script(struct debugger *d, const char *text, bool is_file)
{
  if (is_file)
    return repl_source_file(d, text, true);
  char *line = (char *)text;
  const struct repl_lines one = {&line, 1};
  return repl_execute_lines(d, &one, NULL, 0);
}

int repl_session(struct debugger *d, const struct repl_options *o)
{
  if (!repl_keys_open(d)) {
    repl_keys_close(d);
    repl_host_failed(d, "out of memory");
    return STATUS_OURS;
  }
  bool ok = o->no_init || run_init_file(d);
  if (ok && !o->quiet && d->interactive) {
    greet(d);
    repl_pane(d);
  }
  d->failed = !ok;
  for (unsigned i = 0; !d->quit && !d->killed_by && i < o->scripts; i++)
    d->failed = !run_script(d, o->script[i].text, o->script[i].is_file) || d->failed;
  if (!o->batch && !d->quit)
    converse(d);
  repl_layout_end(d);
  bool recorded = !d->killed_by && d->status != STATUS_OURS;
  int traced = recorded ? repl_trace_at_end(d) : STATUS_DONE;
  repl_keys_close(d);
  if (d->killed_by)
    return STATUS_SIGNAL + d->killed_by;
  if (!d->status && traced != STATUS_DONE)
    return traced;
  return d->status ? d->status : d->failed && !d->interactive ? STATUS_USAGE : STATUS_DONE;
}

void repl_forget(struct debugger *d)
{
  if (d->timeline)
    repl_cmd_undisplay(d, "");
  repl_destroy_stops(d);
  repl_class_destroy(d);
  while (d->user_commands) {
    struct repl_user_command *u = d->user_commands;
    d->user_commands = u->next;
    repl_free_lines(&u->lines);
    free(u->name);
    free(u->document);
    free(u);
  }
}
