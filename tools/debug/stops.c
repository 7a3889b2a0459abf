/* Breakpoints, watchpoints, catchpoints. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "isa/suggest.h"
#include "tools/common/text.h"
#include "tools/debug/debugger.h"

static void free_stop(struct repl_stop *s)
{
  free(s->what);
  formula_destroy(s->watched);
  formula_destroy(s->condition);
  repl_free_lines(&s->commands);
  free(s);
}

void repl_destroy_stops(struct debugger *d)
{
  while (d->stops) {
    struct repl_stop *s = d->stops;
    d->stops = s->next;
    free_stop(s);
  }
}

struct repl_stop *repl_find_stop(struct debugger *d, unsigned number)
{
  for (struct repl_stop *s = d->stops; s; s = s->next)
    if (s->number == number)
      return s;
  return NULL;
}

/* ----------------------------------------------------------- for the timeline */

bool repl_condition_holds(struct debugger *d, const struct repl_stop *s, struct machine *m)
{
  struct formula_scope scope = {m, d->setup->program.image, &d->memory};
  struct formula_value v;
  struct formula_error error;
  return !s->condition || !formula_eval(s->condition, &scope, &v, &error) || v.v != 0;
}

static bool goal_met(const struct repl_goal *g, struct machine *m)
{
  uint32_t pc = machine_get_pc(m);
  bool at = false;
  for (unsigned i = 0; i < g->count; i++)
    at = at || g->pc[i] == pc;
  if (!at || !g->same_frame)
    return at;
  uint32_t psw = machine_get_cr(m, CR_PSW);
  struct translation t = machine_translate(m, gva(pc), MACHINE_FETCH, psw_te(psw));
  return machine_get_reg(m, REG_SP) == g->sp && psw_mode(psw) == g->mode && t.ok &&
         (t.pa.v & ~7u) == (g->pa & ~7u);
}

/* ------------------------------------------------- breakpoints in copied code */

static bool is_open(const struct repl_stop *s)
{
  return s->kind == REPL_BREAK && s->enabled && s->in_image && s->also_count < REPL_ALSO;
}

/* A process begins or goes on: if its code is a copy of the image's, the breakpoints
 * lie in that copy too, at the addresses that the process uses. */
static bool learn(struct debugger *d, struct machine *m)
{
  uint32_t pc = machine_get_pc(m), address;
  bool learned = false;
  if (!psw_te(machine_get_cr(m, CR_PSW)) || !repl_image_address(d, pc, &address) ||
      !repl_is_copy(m, pc, address))
    return false;
  for (struct repl_stop *s = d->stops; s; s = s->next) {
    uint32_t va = s->pc - (address - pc);
    bool known = va == s->pc;
    for (unsigned i = 0; i < s->also_count; i++)
      known = known || s->also[i] == va;
    if (known || !is_open(s) || !repl_is_copy(m, va, s->pc))
      continue;
    s->also[s->also_count++] = va;
    learned = true;
  }
  return learned;
}

static bool at_break(const struct repl_stop *s, struct machine *m)
{
  uint32_t pc = machine_get_pc(m);
  for (unsigned i = 0; i < s->also_count; i++)
    if (s->also[i] == pc && repl_is_copy(m, pc, s->pc))
      return true;
  return s->pc == pc;
}

/* The place in timeline_stops.watches of a watch. */
static bool is_hard_watch(const struct repl_stop *s)
{
  return s->enabled && !s->soft && s->kind >= REPL_WATCH && s->kind <= REPL_AWATCH;
}

static bool stop_matches(struct debugger *d, const struct repl_stop *s, unsigned watch,
                         const struct timeline_stop *stop, struct machine *m)
{
  bool is;
  switch (stop->why) {
  case TIMELINE_BREAK: is = s->kind == REPL_BREAK && at_break(s, m); break;
  case TIMELINE_WATCH: is = is_hard_watch(s) && watch == stop->id; break;
  case TIMELINE_TRAP:
    is = s->kind == REPL_TRAP && s->causes >> stop->machine.trap.cause & 1;
    break;
  case TIMELINE_MODE: is = s->kind == REPL_MODE; break;
  case TIMELINE_IO: is = s->kind == REPL_IO; break;
  default: is = false;
  }
  return is && s->enabled && repl_condition_holds(d, s, m);
}

static struct repl_stop *first_match(struct debugger *d, const struct timeline_stop *stop,
                                     struct machine *m)
{
  unsigned watch = 0;
  for (struct repl_stop *s = d->stops; s; s = s->next) {
    if (stop_matches(d, s, watch, stop, m))
      return s;
    watch += is_hard_watch(s);
  }
  return NULL;
}

static bool wanted(void *ctx, struct machine *m, const struct timeline_stop *stop)
{
  struct debugger *d = ctx;
  if (stop->why == TIMELINE_MODE && d->learning && learn(d, m))
    return d->learned = true;
  return (stop->why == TIMELINE_BREAK && goal_met(&d->goal, m)) || first_match(d, stop, m) != NULL;
}

static unsigned watch_bits(enum repl_stop_kind kind)
{
  return kind == REPL_WATCH    ? MACHINE_ON_CHANGE
         : kind == REPL_RWATCH ? MACHINE_ON_LOAD
                               : MACHINE_ON_LOAD | MACHINE_ON_STORE;
}

bool repl_goal_met(struct debugger *d)
{
  return goal_met(&d->goal, repl_focus(d));
}

bool repl_stops_here(struct debugger *d, const struct timeline_stop *stop)
{
  return repl_goal_met(d) || first_match(d, stop, repl_focus(d)) != NULL;
}

bool repl_set_stops(struct debugger *d)
{
  size_t n = REPL_GOALS;
  for (struct repl_stop *s = d->stops; s; s = s->next)
    n += 1 + REPL_ALSO;
  learn(d, repl_focus(d));
  uint32_t *breaks = calloc(n, sizeof *breaks);
  struct machine_watch *watches = calloc(n, sizeof *watches);
  struct timeline_stops stops = {.breaks = breaks, .watches = watches, .wanted = wanted, .ctx = d};
  bool ok = breaks && watches;
  for (unsigned i = 0; ok && i < d->goal.count; i++)
    breaks[stops.break_count++] = d->goal.pc[i];
  for (struct repl_stop *s = d->stops; ok && s; s = s->next) {
    if (!s->enabled)
      continue;
    if (s->kind == REPL_BREAK)
      breaks[stops.break_count++] = s->pc;
    for (unsigned i = 0; i < s->also_count; i++)
      breaks[stops.break_count++] = s->also[i];
    if (is_hard_watch(s))
      watches[stops.watch_count++] = (struct machine_watch){s->range, watch_bits(s->kind)};
    stops.traps |= s->kind == REPL_TRAP ? s->causes : 0;
    stops.mode = stops.mode || s->kind == REPL_MODE || (d->learning && is_open(s));
    stops.io = stops.io || s->kind == REPL_IO;
  }
  ok = ok && timeline_set_stops(d->timeline, &stops);
  free(breaks);
  free(watches);
  return ok || repl_no_memory(d);
}

struct repl_stop *repl_stop_met(struct debugger *d, const struct timeline_stop *stop, bool *is)
{
  *is = true;
  if (stop->why == TIMELINE_BREAK && goal_met(&d->goal, repl_focus(d)))
    return NULL;
  struct repl_stop *s = first_match(d, stop, repl_focus(d));
  if (s) {
    s->hits++;
    *is = s->ignore == 0;
    s->ignore -= s->ignore > 0;
  }
  return s;
}

/* ------------------------------------------------------------------- describing */

static const char *const kind_names[] = {
    "breakpoint", "watchpoint", "read watchpoint", "access watchpoint", "catch trap",
    "catch mode", "catch io",   "catch real trap"};

char *repl_break_place(struct debugger *d, const struct repl_stop *s, char buf[REPL_PLACE])
{
  return s->in_image ? repl_storage_place(d, s->pc, buf) : repl_place(d, s->pc, buf);
}

void repl_describe_stop(struct debugger *d, const struct repl_stop *s)
{
  char place[REPL_PLACE];
  repl_say(d, "%-3u %-17s %-4s ", s->number,
           s->temporary ? "temporary" : kind_names[s->kind], s->enabled ? "on" : "off");
  if (s->kind == REPL_BREAK)
    repl_say(d, "0x%08x %s", s->pc, repl_break_place(d, s, place));
  else
    repl_say(d, "%s", s->what);
  if (s->kind == REPL_BREAK && strcmp(place, s->what) != 0)
    repl_say(d, " (%s)", s->what);
  repl_say(d, "\n");
  for (unsigned i = 0; i < s->also_count; i++)
    repl_say(d, "      and 0x%08x, where a process has a copy\n", s->also[i]);
  if (s->condition)
    repl_say(d, "      only if %s\n", formula_text(s->condition));
  if (s->ignore)
    repl_say(d, "      passes %llu more before it stops\n", (unsigned long long)s->ignore);
  if (s->hits)
    repl_say(d, "      met %llu time%s\n", (unsigned long long)s->hits, s->hits == 1 ? "" : "s");
  for (size_t i = 0; i < s->commands.count; i++)
    repl_say(d, "        %s\n", s->commands.line[i]);
}

/* --------------------------------------------------------------------- making */

static struct repl_stop *add_stop(struct debugger *d, enum repl_stop_kind kind, const char *what)
{
  struct repl_stop *s = calloc(1, sizeof *s), **end = &d->stops;
  if (!s || !(s->what = strdup(what))) {
    free(s);
    repl_no_memory(d);
    return NULL;
  }
  s->kind = kind;
  s->enabled = true;
  s->number = ++d->last_stop;
  while (*end)
    end = &(*end)->next;
  *end = s;
  return s;
}

static void remove_stop(struct debugger *d, struct repl_stop *gone)
{
  for (struct repl_stop **s = &d->stops; *s; s = &(*s)->next) {
    if (*s == gone) {
      *s = gone->next;
      free_stop(gone);
      return;
    }
  }
}

/* Cuts " if CONDITION" off; *condition NULL: there is none. */
static bool split_condition(struct debugger *d, char *text, struct formula **condition)
{
  *condition = NULL;
  for (char *at = text; (at = strstr(at, "if")); at++) {
    bool alone = (at == text || isspace((unsigned char)at[-1])) &&
                 (isspace((unsigned char)at[2]) || at[2] == '(');
    if (!alone)
      continue;
    struct formula_error error;
    struct formula_value v;
    const char *expression = at + 2 + strspn(at + 2, " \t");
    *condition = formula_parse(expression, &error);
    struct formula_scope scope = repl_scope(d);
    bool ok = *condition && (formula_eval(*condition, &scope, &v, &error) ||
                             !strstr(error.message, "no symbol or register"));
    if (!ok) {
      formula_destroy(*condition);
      *condition = NULL;
      return repl_refuse_expr(d, expression, &error);
    }
    *at = 0;
    break;
  }
  for (size_t len = strlen(text); len && isspace((unsigned char)text[len - 1]);)
    text[--len] = 0;
  return true;
}

/* No instruction will ever be executed in what is data. */
static bool can_break(struct debugger *d, uint32_t pc, const char *what)
{
  size_t count;
  uint32_t address;
  const struct image *image = d->setup->program.image;
  const struct image_symbol *symbols = image_symbols(image, &count);
  if (pc % 4)
    return repl_refuse(d, "0x%08x is no multiple of 4: no instruction can begin there", pc);
  if ((repl_image_address(d, pc, &address) && image_symbol_at(image, address, NULL)) ||
      image_symbol_at(image, pc, NULL))
    return true;
  for (size_t i = 0; i < count; i++) {
    if (symbols[i].value == pc && strcmp(symbols[i].name, what) == 0)
      return repl_refuse(d,
                         "'%s' is data at 0x%08x, it is never executed: 'watch *%s' stops when it "
                         "changes",
                         what, pc, what);
  }
  repl_say(d, "The program has no code at 0x%x now: this stops what it puts there.\n", pc);
  return true;
}

static bool make_break(struct debugger *d, const char *args, bool temporary)
{
  char what[256];
  struct formula *condition;
  uint32_t pc = machine_get_pc(repl_focus(d));
  snprintf(what, sizeof what, "%s", args);
  if (!split_condition(d, what, &condition))
    return false;
  struct repl_stop *s = NULL;
  if ((!*what || repl_location(d, what, &pc)) && can_break(d, pc, what))
    s = add_stop(d, REPL_BREAK, *what ? what : "here");
  if (!s) {
    formula_destroy(condition);
    return false;
  }
  s->pc = pc;
  s->in_image = *what != '*' && image_symbol_at(d->setup->program.image, pc, NULL);
  s->temporary = temporary;
  s->condition = condition;
  char place[REPL_PLACE];
  const struct image_line *line = repl_line(d, pc);
  repl_say(d, "%s %u at 0x%08x%s", temporary ? "Temporary breakpoint" : "Breakpoint", s->number,
           pc, repl_named(d, pc, place));
  if (line)
    repl_say(d, ": %s:%u", repl_file_name(line->file), line->line);
  repl_say(d, "\n");
  for (const struct repl_stop *o = d->stops; o; o = o->next)
    if (o != s && o->kind == REPL_BREAK && o->pc == pc)
      repl_say(d, "(breakpoint %u is there too)\n", o->number);
  return true;
}

bool repl_cmd_break(struct debugger *d, const char *args)
{
  return make_break(d, args, false);
}

bool repl_cmd_tbreak(struct debugger *d, const char *args)
{
  return make_break(d, args, true);
}

/* An address of the real machine's storage as the virtual machine's. */
static bool to_focus(struct debugger *d, struct machine *m, uint32_t *pa)
{
  if (!machine_parent(m))
    return true;
  if (!to_focus(d, machine_parent(m), pa))
    return false;
  struct vmm_allocation a = vmm_vm_allocation(m);
  if (!range_contains(a.storage.start.v, a.storage.size, *pa, 1))
    return repl_refuse(d, "0x%x of the storage below is not the virtual machine's: only the VMM is "
                       "there, and it is no program of this machine", *pa);
  *pa -= a.storage.start.v;
  return true;
}

/* Storage is watched where it lies now; other things by looking after each step. */
static bool place_watch(struct debugger *d, struct repl_stop *s, const char *what)
{
  uint32_t pa = s->last.where;
  struct machine *m = repl_machine(d);
  if (s->last.place == FORMULA_VIRTUAL && !formula_locate(m, pa, &pa))
    return repl_refuse(d, "'%s' lies in no storage", what);
  if (s->at_machine && (s->last.place == FORMULA_VIRTUAL || s->last.place == FORMULA_PHYSICAL) &&
      !to_focus(d, repl_focus(d), &pa))
    return false;
  if (s->last.place == FORMULA_VIRTUAL || s->last.place == FORMULA_PHYSICAL) {
    s->range = (gpa_range_t){gpa(pa), s->last.size};
    return true;
  }
  s->soft = true;
  if (s->kind != REPL_WATCH)
    return repl_refuse(d, "only storage can be watched for loads: write *ADDRESS");
  if (s->last.place == FORMULA_NOWHERE && strspn(what, "0123456789xabcdefABCDEF") == strlen(what))
    return repl_refuse(d, "%s never changes; 'watch *%s' watches what is stored there", what, what);
  uint32_t address;
  if (image_find_symbol(d->setup->program.image, what, &address))
    return repl_refuse(d, "'%s' is an address, it never changes; 'watch *%s' watches what is "
                       "stored there", what, what);
  return true;
}

static bool make_watch(struct debugger *d, const char *args, enum repl_stop_kind kind)
{
  char what[256];
  struct formula *condition;
  struct formula_error error;
  snprintf(what, sizeof what, "%s", args);
  if (!*what)
    return repl_refuse(d, "what is to be watched? Try 'watch *SYMBOL' or 'watch $sp'");
  if (!split_condition(d, what, &condition))
    return false;
  struct repl_stop *s = add_stop(d, kind, what);
  if (!s) {
    formula_destroy(condition);
    return false;
  }
  s->condition = condition;
  struct formula_scope scope = repl_scope(d);
  s->at_machine = repl_machine(d) != repl_focus(d);
  s->watched = formula_parse(what, &error);
  bool ok = s->watched && formula_eval(s->watched, &scope, &s->last, &error);
  if (!ok)
    repl_refuse_expr(d, what, &error);
  if (!ok || !place_watch(d, s, what)) {
    remove_stop(d, s);
    d->last_stop--;
    return false;
  }
  repl_say(d, "%c%s %u: %s", toupper((unsigned char)*kind_names[kind]), kind_names[kind] + 1,
           s->number, what);
  if (!s->soft)
    repl_say(d, " (%u byte%s of storage at 0x%x)", s->range.size, s->range.size == 1 ? "" : "s",
             s->range.start.v);
  repl_say(d, "\n");
  return true;
}

bool repl_cmd_watch(struct debugger *d, const char *args)
{
  return make_watch(d, args, REPL_WATCH);
}

bool repl_cmd_rwatch(struct debugger *d, const char *args)
{
  return make_watch(d, args, REPL_RWATCH);
}

bool repl_cmd_awatch(struct debugger *d, const char *args)
{
  return make_watch(d, args, REPL_AWATCH);
}

static bool find_cause(struct debugger *d, const char *name, uint64_t *causes)
{
  enum isa_cause cause;
  char *end;
  unsigned long n = strtoul(name, &end, 0);
  if (isa_find_cause(name, strlen(name), &cause) ||
      (*name && !*end && n < ISA_CAUSE_LIMIT && isa_cause_info((unsigned)n)->name)) {
    *causes |= 1ull << (*end ? (unsigned long)cause : n);
    return true;
  }
  struct suggestion s = suggest_begin(name, strlen(name));
  for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++)
    if (isa_cause_info(i)->name)
      suggest_offer(&s, isa_cause_info(i)->name);
  repl_refuse(d, s.best ? "no trap cause '%s'; did you mean '%s'?" : "no trap cause '%s'", name,
              s.best);
  fprintf(stderr, "The causes are");
  for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++)
    if (isa_cause_info(i)->name)
      fprintf(stderr, "%s%s", i % 8 == 0 ? "\n  " : " ", isa_cause_info(i)->name);
  fprintf(stderr, "\n");
  return false;
}

static bool catch_trap(struct debugger *d, char *names, struct formula *condition)
{
  uint64_t causes = 0;
  char what[256], *save = NULL;
  snprintf(what, sizeof what, *names ? "%s" : "any cause", names);
  for (char *n = strtok_r(names, " \t,", &save); n; n = strtok_r(NULL, " \t,", &save)) {
    if (!find_cause(d, n, &causes)) {
      formula_destroy(condition);
      return false;
    }
  }
  struct repl_stop *s = add_stop(d, d->level == REPL_MACHINE ? REPL_REAL_TRAP : REPL_TRAP, what);
  if (!s) {
    formula_destroy(condition);
    return false;
  }
  s->causes = causes ? causes : UINT64_MAX;
  s->condition = condition;
  repl_say(d, "Catchpoint %u: traps of %s%s\n", s->number, s->what,
           s->kind == REPL_REAL_TRAP ? ", of the real machine: the VMM is entered" : "");
  return true;
}

bool repl_cmd_catch(struct debugger *d, const char *args)
{
  char text[256];
  struct formula *condition;
  snprintf(text, sizeof text, "%s", args);
  if (!split_condition(d, text, &condition))
    return false;
  size_t len = strcspn(text, " \t");
  char *rest = text + len + strspn(text + len, " \t");
  if (len == 4 && strncmp(text, "trap", 4) == 0)
    return catch_trap(d, rest, condition);
  enum repl_stop_kind kind = strcmp(text, "mode") == 0 ? REPL_MODE : REPL_IO;
  struct repl_stop *s = NULL;
  if (kind == REPL_MODE || strcmp(text, "io") == 0)
    s = add_stop(d, kind, kind == REPL_MODE ? "any change of mode" : "any port");
  else
    repl_refuse(d, "catch what? 'catch trap', 'catch trap syscall', 'catch mode' or 'catch io'");
  if (!s) {
    formula_destroy(condition);
    return false;
  }
  s->condition = condition;
  repl_say(d, "Catchpoint %u: %s\n", s->number, s->what);
  return true;
}

/* -------------------------------------------------------------------- changing */

/* "3 rest": the stop and what follows its number. */
static struct repl_stop *numbered(struct debugger *d, const char *args, const char **rest,
                                  const char *example)
{
  char *end;
  unsigned long n = strtoul(args, &end, 10);
  if (end == args) {
    if (*args)
      repl_refuse(d, "'%s' is no number of a breakpoint: %s; 'info breakpoints' lists them", args,
                  example);
    else
      repl_refuse(d, "the number of a breakpoint is missing: %s", example);
    return NULL;
  }
  *rest = end + strspn(end, " \t");
  struct repl_stop *s = repl_find_stop(d, (unsigned)n);
  if (!s && d->stops)
    repl_refuse(d, "no breakpoint %lu; 'info breakpoints' lists them", n);
  else if (!s)
    repl_refuse(d, "no breakpoint %lu: there are none; 'break LOCATION' makes one", n);
  return s;
}

bool repl_cmd_condition(struct debugger *d, const char *args)
{
  const char *text;
  struct repl_stop *s = numbered(d, args, &text, "condition 1 a0 == 3");
  struct formula_error error;
  if (!s)
    return false;
  struct formula *condition = *text ? formula_parse(text, &error) : NULL;
  if (*text && !condition)
    return repl_refuse_expr(d, text, &error);
  formula_destroy(s->condition);
  s->condition = condition;
  repl_say(d, *text ? "Breakpoint %u stops only if %s\n" : "Breakpoint %u stops always\n",
           s->number, text);
  return true;
}

bool repl_cmd_ignore(struct debugger *d, const char *args)
{
  const char *text;
  struct repl_stop *s = numbered(d, args, &text, "ignore 1 10");
  uint64_t n;
  if (!s)
    return false;
  if (!*text || !options_count(text, &n))
    return repl_refuse(d, "how many times? ignore %u 10", s->number);
  s->ignore = n;
  char things[TEXT_THINGS_SIZE];
  repl_say(d, "Breakpoint %u passes %s more before it stops\n", s->number,
           text_things(things, n, "time"));
  return true;
}

bool repl_cmd_commands(struct debugger *d, const char *args)
{
  const char *rest;
  char last[16];
  snprintf(last, sizeof last, "%u", d->last_stop);
  struct repl_stop *s = numbered(d, *args ? args : last, &rest, "commands 1");
  struct repl_lines lines = {0};
  if (!s)
    return false;
  if (d->interactive)
    repl_say(d, "Commands for breakpoint %u, one a line; 'end' ends them.\n", s->number);
  unsigned number = s->number;
  if (!repl_read_block(d, ">", &lines))
    return false;
  s = repl_find_stop(d, number);
  repl_free_lines(&s->commands);
  s->commands = lines;
  return true;
}

/* Does it to each number, "2-4" too, or to all. */
static bool each_stop(struct debugger *d, const char *args, const char *example,
                      void (*act)(struct debugger *d, struct repl_stop *s))
{
  if (!*args) {
    for (struct repl_stop *s = d->stops, *next; s; s = next) {
      next = s->next;
      act(d, s);
    }
    return true;
  }
  while (*args) {
    const char *rest;
    struct repl_stop *s = numbered(d, args, &rest, example);
    if (!s)
      return false;
    unsigned first = s->number, last = first;
    if (*rest == '-')
      last = (unsigned)strtoul(rest + 1, (char **)&rest, 10);
    for (unsigned i = first; i <= last && i <= d->last_stop; i++)
      if ((s = repl_find_stop(d, i)))
        act(d, s);
    args = rest + strspn(rest, " \t,");
  }
  return true;
}

static void enable(struct debugger *d, struct repl_stop *s)
{
  (void)d;
  s->enabled = true;
}

static void disable(struct debugger *d, struct repl_stop *s)
{
  (void)d;
  s->enabled = false;
}

static const char *after_word(const char *args, const char *word)
{
  size_t len = strlen(word);
  return strncmp(args, word, len) == 0 && (!args[len] || args[len] == ' ') ? args + len : args;
}

bool repl_cmd_delete(struct debugger *d, const char *args)
{
  args = after_word(args, "breakpoints");
  return each_stop(d, args + strspn(args, " \t"), "delete 1", remove_stop);
}

bool repl_cmd_disable(struct debugger *d, const char *args)
{
  return each_stop(d, args, "disable 1", disable);
}

bool repl_cmd_enable(struct debugger *d, const char *args)
{
  return each_stop(d, args, "enable 1", enable);
}
