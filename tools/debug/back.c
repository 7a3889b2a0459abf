/* Going back, and asking the past. */
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/debug/debugger.h"

struct timeline_stop repl_go_back(struct debugger *d)
{
  uint64_t now = timeline_tick(d->timeline);
  struct timeline_stop s = {.why = TIMELINE_FAILED};
  struct repl_change c;
  bool wanted;
  d->soft_hit = NULL;
  d->learning = false;
  if (!repl_set_stops(d))
    return s;
  do {
    s = timeline_back_continue(d->timeline);
    wanted = true;
    if (s.why >= TIMELINE_BREAK && s.why <= TIMELINE_IO)
      repl_stop_met(d, &s, &wanted);
  } while (!wanted);
  if (!repl_has_soft_watch(d) || s.why == TIMELINE_FAILED || s.why == TIMELINE_INTERRUPTED)
    return s;
  struct timeline_stop trap = s;
  struct repl_stop *caught;
  if (!repl_find_real_trap(d, s.tick, now, &caught, &trap)) {
    s = repl_return(d, now);
    s.why = s.why == TIMELINE_FAILED ? s.why : TIMELINE_INTERRUPTED;
    return s;
  }
  s = caught ? trap : s;
  bool done = repl_find_change(d, s.tick, now, &c);
  struct timeline_stop there = repl_return(d, done && c.hit ? c.tick : done ? s.tick : now);
  if (!done)
    s = (struct timeline_stop){.why = TIMELINE_INTERRUPTED, .tick = there.tick};
  else if (c.hit)
    s = (struct timeline_stop){.why = TIMELINE_WATCH, .tick = there.tick};
  d->soft_hit = !done ? NULL : c.hit ? c.hit : caught;
  if (done && c.hit) {
    d->soft_hit->hits++;
    d->soft_was = c.was;
    d->soft_is = c.is;
  }
  return s;
}

/* ------------------------------------------------------------------------ steps */

static struct timeline_stop go_to(struct debugger *d, uint64_t tick)
{
  struct timeline_stop s = timeline_goto(d->timeline, tick);
  if (s.why == TIMELINE_START)
    s.why = TIMELINE_ARRIVED;
  return s;
}

/* One instruction back; with `over`, out of a routine that had returned, and out of
 * the handling of a trap. *on: it went back. */
static struct timeline_stop back_once(struct debugger *d, bool over, bool *on)
{
  struct repl_frame frames[REPL_FRAMES], here = repl_here(d);
  struct isa_decoded insn;
  unsigned count;
  bool beginning;
  struct timeline_stop s = timeline_back(d->timeline, 1);
  *on = s.why == TIMELINE_ARRIVED;
  if (!*on || !repl_decode_at(repl_focus(d), machine_get_pc(repl_focus(d)), &insn))
    return s;
  uint32_t mode = psw_mode(machine_get_cr(repl_focus(d), CR_PSW));
  bool from_trap = (insn.insn == ISA_RFE || insn.insn == ISA_LPSW) && mode == 0 && here.mode != 0;
  if (!from_trap && !(over && repl_is_return(&insn)))
    return s;
  if (!repl_find_frames(d, 1, frames, &count, &beginning)) {
    *on = false;
    s.why = TIMELINE_INTERRUPTED;
  } else if (count > 0) {
    s = go_to(d, frames[0].tick);
  }
  return s;
}

/* To the beginning of the line before this one, or of this one. */
static struct timeline_stop back_line(struct debugger *d, bool over, bool *on)
{
  struct timeline_stop s = back_once(d, over, on);
  const struct image_line *line = repl_line(d, machine_get_pc(repl_focus(d)));
  while (*on && line && !repl_interrupted(d)) {
    uint64_t tick = timeline_tick(d->timeline);
    uint32_t pc = machine_get_pc(repl_focus(d));
    uint32_t address;
    if (repl_image_address(d, pc, &address) && address == line->address)
      return s;
    struct timeline_stop before = back_once(d, over, on);
    if (*on && repl_line(d, machine_get_pc(repl_focus(d))) != line)
      return go_to(d, tick);
    s = before;
  }
  return s;
}

static bool many_back(struct debugger *d, const char *args,
                      struct timeline_stop (*one)(struct debugger *d, bool over, bool *on),
                      bool over)
{
  uint64_t n;
  bool on = true;
  struct timeline_stop s = {.why = TIMELINE_ARRIVED, .tick = timeline_tick(d->timeline)};
  if (!repl_count(d, args, &n))
    return false;
  repl_before_move(d);
  for (; on && n > 0; n--)
    s = one(d, over, &on);
  return repl_report(d, s);
}

bool repl_cmd_reverse_step(struct debugger *d, const char *args)
{
  return many_back(d, args, back_line, false);
}

bool repl_cmd_reverse_next(struct debugger *d, const char *args)
{
  return many_back(d, args, back_line, true);
}

bool repl_cmd_reverse_nexti(struct debugger *d, const char *args)
{
  return many_back(d, args, back_once, true);
}

bool repl_cmd_reverse_stepi(struct debugger *d, const char *args)
{
  uint64_t n;
  if (!repl_count(d, args, &n))
    return false;
  repl_before_move(d);
  return repl_report(d, timeline_back(d->timeline, n));
}

bool repl_cmd_reverse_continue(struct debugger *d, const char *args)
{
  uint64_t n;
  struct timeline_stop s;
  if (!repl_count(d, args, &n))
    return false;
  repl_before_move(d);
  do
    s = repl_go_back(d);
  while (--n > 0 && s.why >= TIMELINE_BREAK && s.why <= TIMELINE_IO);
  return repl_report(d, s);
}

bool repl_cmd_reverse_finish(struct debugger *d, const char *args)
{
  struct repl_frame frames[REPL_FRAMES];
  unsigned count;
  bool beginning;
  if (*args)
    return repl_refuse(d, "'reverse-finish' takes nothing: it goes back to where this was called");
  repl_before_move(d);
  if (!repl_find_frames(d, 1, frames, &count, &beginning))
    return repl_not_moved(d);
  if (count == 0)
    return repl_refuse(d, "no call led here and no trap: 'goto 0' goes to the beginning");
  return repl_report(d, go_to(d, frames[0].tick));
}

/* ------------------------------------------------------------------------- goto */

bool repl_cmd_goto(struct debugger *d, const char *args)
{
  uint64_t tick;
  struct formula_value v;
  if (!*args)
    return repl_refuse(d, "which tick? goto 1000, goto $tick - 5, goto start");
  if (strcmp(args, "start") == 0)
    tick = 0;
  else if (!options_count(args, &tick)) {
    if (!repl_eval(d, args, &v))
      return false;
    tick = v.v;
    if (v.is_signed && (int32_t)(uint32_t)v.v < 0)
      return repl_refuse(d, "there is no tick %s: the run begins at 0. 'goto $tick - 5' goes back by "
                         "5", args);
  }
  repl_before_move(d);
  struct timeline_stop s = go_to(d, tick);
  repl_show_console(d);
  return repl_report(d, s);
}

bool repl_cmd_checkpoint(struct debugger *d, const char *args)
{
  char count[TEXT_COUNT_SIZE];
  unsigned long number = strtoul(args + (strncmp(args, "delete ", 7) == 0 ? 7 : 0), NULL, 10);
  if (strncmp(args, "delete ", 7) == 0)
    return timeline_checkpoint_delete(d->timeline, (unsigned)number) ||
           repl_refuse(d, "no checkpoint %lu; 'info checkpoints' lists them", number);
  if (*args)
    return repl_refuse(d, "'checkpoint' takes nothing, or 'delete N'; 'restart N' goes to one");
  unsigned n = timeline_checkpoint(d->timeline);
  if (n == 0)
    return timeline_cost(d->timeline).cannot_save
               ? repl_refuse(d, "this machine cannot be saved: 'goto' goes to a tick all the same")
               : repl_no_memory(d);
  repl_say(d, "Checkpoint %u at tick %s; 'restart %u' comes back here\n", n,
           text_count(count, timeline_tick(d->timeline)), n);
  return true;
}

bool repl_cmd_restart(struct debugger *d, const char *args)
{
  uint64_t tick, n;
  if (!*args)
    return repl_cmd_start(d, "");
  if (!repl_count(d, args, &n))
    return false;
  if (!timeline_checkpoint_tick(d->timeline, (unsigned)n, &tick))
    return repl_refuse(d, "no checkpoint %s; 'info checkpoints' lists them", args);
  repl_before_move(d);
  return repl_report(d, go_to(d, tick));
}

/* ---------------------------------------------------------------- who wrote this */

/* A place that is in no storage: the last step that changed its value. */
static bool who_changed(struct debugger *d, const char *args)
{
  struct repl_change c;
  char was[80], is[80];
  struct repl_stop *others = d->stops;
  struct repl_stop watch = {.enabled = true, .soft = true, .what = (char *)args};
  struct formula_error error;
  uint64_t now = timeline_tick(d->timeline);
  watch.watched = formula_parse(args, &error);
  if (!watch.watched)
    return repl_refuse_expr(d, args, &error);
  d->stops = &watch;
  bool done = repl_find_change(d, 0, now, &c);
  struct timeline_stop s = repl_return(d, done && c.hit ? c.tick : now);
  d->stops = others;
  formula_destroy(watch.watched);
  if (!done)
    s.why = TIMELINE_INTERRUPTED;
  else if (!c.hit)
    repl_say(d, "%s has not changed since the beginning.\n", args);
  else
    repl_say(d, "%s became %s (it was %s) by the step that comes next:\n", args,
             repl_format(&c.is, 'x', is, sizeof is), repl_format(&c.was, 'x', was, sizeof was));
  return repl_report(d, s);
}

bool repl_cmd_who_wrote(struct debugger *d, const char *args)
{
  struct formula_value v;
  char place[REPL_PLACE];
  uint32_t pa;
  if (!*args)
    return repl_refuse(d, "what? who-wrote *ADDRESS, who-wrote $sp");
  if (!repl_eval(d, args, &v))
    return false;
  if (v.place == FORMULA_NOWHERE || v.place == FORMULA_VARIABLE)
    return repl_refuse(d, "'%s' is no place that is written; 'who-wrote *%s' asks for what is "
                       "stored there", args, args);
  repl_before_move(d);
  if (v.place != FORMULA_VIRTUAL && v.place != FORMULA_PHYSICAL)
    return who_changed(d, args);
  pa = v.where;
  if (v.place == FORMULA_VIRTUAL && !formula_locate(repl_focus(d), v.where, &pa))
    return repl_refuse(d, "'%s' lies in no storage", args);
  struct timeline_stop s = timeline_last_write(d->timeline, (gpa_range_t){gpa(pa), v.size});
  if (s.why == TIMELINE_START) {
    s.why = TIMELINE_ARRIVED;
    repl_say(d, "Nothing has written %.40s since the beginning: it is as it was loaded.\n", args);
  } else if (s.why == TIMELINE_WATCH) {
    const struct machine_hit *h = &s.machine.hit;
    s.why = TIMELINE_ARRIVED;
    char text[400];
    snprintf(text, sizeof text, "%.100s became 0x%x (it was 0x%x) by %s 0x%08x%s:", args, h->value,
             h->old, h->device ? "a transfer of the disk, before" : "the instruction at", h->pc,
             repl_named(d, h->pc, place));
    text_wrap(d->out, text, 0, 2);
  }
  return repl_report(d, s);
}

/* -------------------------------------------------------------------- backtrace */

static void show_frame(struct debugger *d, unsigned n, uint32_t address, const char *place,
                       const char *how)
{
  const struct image_line *line = image_line_at(d->setup->program.image, address);
  line = image_line_written(line);
  repl_say(d, "#%-2u %-28s", n, place);
  if (line)
    repl_say(d, " %s:%u", repl_file_name(line->file), line->line);
  repl_say(d, "%s%s\n", *how ? "  " : "", how);
}

bool repl_cmd_backtrace(struct debugger *d, const char *args)
{
  struct repl_frame frames[REPL_FRAMES];
  unsigned count;
  bool beginning;
  uint64_t most = 20;
  char place[REPL_PLACE], how[80];
  uint32_t address;
  if (*args && !repl_count(d, args, &most))
    return false;
  if (!repl_find_frames(d, (unsigned)(most < REPL_FRAMES ? most : REPL_FRAMES), frames, &count,
                        &beginning))
    return repl_not_moved(d);
  uint32_t pc = machine_get_pc(repl_focus(d));
  repl_image_address(d, pc, &address);
  show_frame(d, 0, address, repl_place(d, pc, place), "");
  uint64_t now = timeline_tick(d->timeline);
  for (unsigned i = 0; i < count && i < most; i++) {
    if (timeline_goto(d->timeline, frames[i].tick).why == TIMELINE_FAILED)
      return repl_not_moved(d);
    repl_image_address(d, frames[i].pc, &address);
    repl_place(d, frames[i].pc, place);
    char tick[TEXT_COUNT_SIZE];
    snprintf(how, sizeof how, "%s, tick %s",
             frames[i].is_trap ? isa_cause_info(frames[i].cause)->summary : "called from here",
             text_count(tick, frames[i].tick));
    show_frame(d, i + 1, address, place, how);
  }
  repl_return(d, now);
  if (count > most)
    repl_say(d, "(more frames follow: backtrace N)\n");
  return true;
}
