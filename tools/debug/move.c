/* Going forward. */
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/debug/debugger.h"

/* After so many ticks the console's output is shown. */
#define CHUNK 1000000u

void repl_before_move(struct debugger *d)
{
  repl_take_picture(d);
  d->micro = 0;
  d->list_line = 0;
  machine_console_output(repl_focus(d), &d->console_shown);
}

void repl_show_console(struct debugger *d)
{
  size_t len;
  const uint8_t *out = machine_console_output(repl_focus(d), &len);
  if (len > d->console_shown) {
    fwrite(out + d->console_shown, 1, len - d->console_shown, d->out);
    d->console_in_line = out[len - 1] != '\n';
    fflush(d->out);
  }
  d->console_shown = len;
}

bool repl_interrupted(struct debugger *d)
{
  return d->interrupt != 0 || d->killed_by;
}

struct timeline_stop repl_return(struct debugger *d, uint64_t tick)
{
  struct timeline_stop s;
  bool interrupt = false;
  do {
    interrupt = interrupt || d->interrupt;
    d->interrupt = 0;
    s = timeline_goto(d->timeline, tick);
  } while (s.why == TIMELINE_INTERRUPTED && !d->killed_by);
  d->interrupt = interrupt;
  if (s.why == TIMELINE_START)
    s.why = TIMELINE_ARRIVED;
  return s;
}

bool repl_not_moved(struct debugger *d)
{
  const char *failure = timeline_failure(d->timeline);
  d->interrupt = 0;
  return failure ? repl_host_failed(d, failure) : repl_refuse(d, "interrupted");
}

/* --------------------------------------------------------------- until a stop */

static bool is_stop(enum timeline_why why)
{
  return why >= TIMELINE_BREAK && why <= TIMELINE_IO;
}

/* The stop was to learn where a breakpoint lies in a copy. True: it is a stop besides,
 * perhaps at that breakpoint. */
static bool met_in_copy(struct debugger *d, struct timeline_stop *s)
{
  struct timeline_stop here = *s;
  here.why = TIMELINE_BREAK;
  d->learned = false;
  if (s->why != TIMELINE_MODE || !repl_set_stops(d))
    return true;
  if (repl_stops_here(d, &here))
    *s = here;
  return repl_stops_here(d, s);
}

struct timeline_stop repl_go(struct debugger *d, uint64_t limit)
{
  struct timeline_stop s = {.why = TIMELINE_FAILED};
  d->soft_hit = NULL;
  d->learning = true;
  d->learned = false;
  if (!repl_set_stops(d))
    return s;
  repl_read_watches(d);
  uint64_t from = timeline_tick(d->timeline) + 1;
  for (;;) {
    uint64_t now = timeline_tick(d->timeline);
    uint64_t until = limit - now > CHUNK ? now + CHUNK : limit;
    s = repl_has_soft_watch(d) ? repl_soft_go(d, from, until) : timeline_continue(d->timeline, until);
    repl_show_console(d);
    bool wanted = true;
    if (d->learned && !met_in_copy(d, &s))
      continue;
    if (is_stop(s.why) && !d->soft_hit)
      repl_stop_met(d, &s, &wanted);
    if (is_stop(s.why) ? wanted : s.why != TIMELINE_ARRIVED || s.tick >= limit)
      return s;
  }
}

const char *repl_end_words(enum machine_why why)
{
  return why == MACHINE_HALTED         ? "halted"
         : why == MACHINE_WAITS        ? "waits for ever"
         : why == MACHINE_DOUBLE_FAULT ? "stopped with a double fault"
         : why == MACHINE_LOST_CONTROL ? "is no longer under its VMM's control"
                                       : "failed with the host";
}

bool repl_can_move(struct debugger *d)
{
  char tick[TEXT_COUNT_SIZE];
  enum machine_why why = d->stop.machine.why;
  if (d->stop.why != TIMELINE_ENDED || d->stop.tick != timeline_tick(d->timeline))
    return true;
  if (why == MACHINE_WAITS && timeline_input_ahead(d->timeline) > 0)
    return true;
  return repl_refuse(
      d, "the machine %s at tick %s: it goes no further. 'reverse-stepi' goes back, 'run' starts "
         "again%s",
      repl_end_words(why), text_count(tick, timeline_tick(d->timeline)),
      why == MACHINE_WAITS ? ", 'type TEXT' gives it input" : "");
}

/* The run's own limit, if its user gave one. */
static uint64_t limit_of(struct debugger *d)
{
  return d->setup->ticks;
}

/* ------------------------------------------------------------------- reporting */

static void tell_watch(struct debugger *d, const struct timeline_stop *stop,
                       const struct repl_stop *s)
{
  const struct machine_hit *h = &stop->machine.hit;
  char place[REPL_PLACE], old[80], now[80];
  if (d->soft_hit) {
    repl_say(d, "\nWatchpoint %u: %s\n  was %s\n  is  %s\n", d->soft_hit->number, d->soft_hit->what,
             repl_format(&d->soft_was, 0, old, sizeof old),
             repl_format(&d->soft_is, 0, now, sizeof now));
    return;
  }
  if (!s)
    return;
  bool load = h->event == MACHINE_EVENT_LOAD;
  struct formula_value a = {.v = h->old}, b = {.v = h->value};
  repl_say(d, "\nWatchpoint %u: %s\n", s->number, s->what);
  if (load)
    repl_say(d, "  read %s", repl_format(&b, 0, now, sizeof now));
  else
    repl_say(d, "  was %s\n  is  %s", repl_format(&a, 0, old, sizeof old),
             repl_format(&b, 0, now, sizeof now));
  if (h->device)
    repl_say(d, "  by a transfer of the disk\n");
  else
    repl_say(d, "  by 0x%08x%s\n", h->pc, repl_named(d, h->pc, place));
}

static void tell_trap(struct debugger *d, const struct timeline_stop *stop,
                      const struct repl_stop *s)
{
  const struct trap *t = &stop->machine.trap;
  const struct isa_cause_info *cause = isa_cause_info(t->cause);
  char place[REPL_PLACE], text[200];
  if (s && s->kind == REPL_REAL_TRAP) {
    repl_say(d, "\nCatchpoint %u: the real machine traps: %s\n", s->number, cause->summary);
    return;
  }
  snprintf(text, sizeof text, "Catchpoint %u: %s raised at 0x%08x%s", s ? s->number : 0,
           cause->summary, t->epc, repl_named(d, t->epc, place));
  repl_say(d, "\n");
  text_wrap(d->out, text, 0, 2);
}

/* The instruction that changed the mode has changed relocation with it: what lies at
 * its pc without relocation is meant if that is such an instruction. */
static void name_mode_change(struct debugger *d, uint32_t pc, char place[REPL_PLACE])
{
  uint32_t word;
  struct isa_decoded insn;
  struct machine *m = repl_focus(d);
  if (machine_phys_read_word(m, gpa(pc), &word) &&
      profile_decode(machine_profile(m), word, &insn) &&
      isa_insn_info(insn.insn)->group == ISA_GROUP_SYSTEM)
    repl_storage_named(d, pc, place);
  else
    repl_named(d, pc, place);
}

static void tell_event(struct debugger *d, const struct timeline_stop *stop,
                       const struct repl_stop *s)
{
  const struct machine_hit *h = &stop->machine.hit;
  char place[REPL_PLACE];
  unsigned number = s ? s->number : 0;
  if (stop->why == TIMELINE_MODE && stop->machine.why == MACHINE_TRAP) {
    repl_say(d, "\nCatchpoint %u: the delivery of a trap (%s) changes the mode\n", number,
             isa_cause_info(stop->machine.trap.cause)->summary);
    return;
  }
  repl_named(d, h->pc, place);
  if (stop->why == TIMELINE_MODE)
    name_mode_change(d, h->pc, place);
  if (stop->why == TIMELINE_MODE)
    repl_say(d, "\nCatchpoint %u: the mode changes at 0x%08x%s\n", number, h->pc, place);
  else if (h->event == MACHINE_EVENT_SIO || h->event == MACHINE_EVENT_TIO)
    repl_say(d, "\nCatchpoint %u: %s 0x%x gives 0x%x, at 0x%08x%s\n", number,
             isa_insn_info(h->event == MACHINE_EVENT_SIO ? ISA_SIO : ISA_TIO)->mnemonic, h->port,
             h->value, h->pc, place);
  else
    repl_say(d, "\nCatchpoint %u: port 0x%x %s 0x%x, at 0x%08x%s\n", number, h->port,
             h->event == MACHINE_EVENT_OUT ? "takes" : "gives", h->value, h->pc, place);
}

static void tell_end(struct debugger *d, const struct timeline_stop *stop)
{
  char tick[TEXT_COUNT_SIZE];
  const struct machine_stop *m = &stop->machine;
  repl_say(d, "\nThe machine %s at tick %s", repl_end_words(m->why), text_count(tick, stop->tick));
  if (m->reason)
    repl_say(d, ": %s", m->reason);
  repl_say(d, "\n");
  if (m->why == MACHINE_WAITS)
    repl_say(d, "No event will bring the interrupt that it waits for. If it waits for input,\n'type TEXT' gives it some.\n");
  else if (m->why == MACHINE_DOUBLE_FAULT)
    repl_say(d, "The %s trap found no handler: its word of the vector table (VBR + 4*cause) "
                "cannot be\nread or names no instruction.\n",
             isa_cause_info(m->trap.cause)->name);
}

static void tell(struct debugger *d, const struct timeline_stop *stop, const struct repl_stop *s)
{
  char place[REPL_PLACE];
  switch (stop->why) {
  case TIMELINE_BREAK:
    if (s)
      repl_say(d, "\n%s %u, %s\n", s->temporary ? "Temporary breakpoint" : "Breakpoint", s->number,
               repl_break_place(d, s, place));
    break;
  case TIMELINE_WATCH: tell_watch(d, stop, s); break;
  case TIMELINE_TRAP: tell_trap(d, stop, s); break;
  case TIMELINE_MODE:
  case TIMELINE_IO: tell_event(d, stop, s); break;
  case TIMELINE_START: repl_say(d, "The beginning of the run: nothing was before.\n"); break;
  case TIMELINE_ENDED: tell_end(d, stop); break;
  case TIMELINE_INTERRUPTED: repl_say(d, "\nInterrupted\n"); break;
  default: break;
  }
}

static struct repl_stop *stop_of(struct debugger *d, struct timeline_stop *stop)
{
  bool wanted;
  if (!is_stop(stop->why) || d->soft_hit)
    return d->soft_hit;
  struct repl_stop *s = repl_stop_met(d, stop, &wanted);
  if (s)
    s->hits--; /* counted when it was met */
  return s;
}

bool repl_report(struct debugger *d, struct timeline_stop stop)
{
  d->interrupt = 0;
  d->stop = stop;
  bool host = stop.why == TIMELINE_ENDED && stop.machine.why == MACHINE_HOST_ERROR;
  if (stop.why == TIMELINE_FAILED || host)
    return repl_host_failed(d, stop.machine.reason ? stop.machine.reason : "out of memory");
  if (d->console_in_line)
    repl_say(d, "\n");
  d->console_in_line = false;
  struct repl_stop *s = stop_of(d, &stop);
  tell(d, &stop, s);
  d->soft_hit = NULL;
  d->goal.count = 0;
  repl_pane(d);
  bool ok = repl_show_displays(d);
  if (s && s->commands.count && stop.why != TIMELINE_ENDED) {
    bool temporary = s->temporary;
    char number[16];
    snprintf(number, sizeof number, "%u", s->number);
    ok = repl_execute_lines(d, &s->commands, NULL, 0) && ok;
    return temporary ? repl_cmd_delete(d, number) && ok : ok;
  }
  if (s && s->temporary) {
    char number[16];
    snprintf(number, sizeof number, "%u", s->number);
    repl_cmd_delete(d, number);
  }
  return ok;
}

/* -------------------------------------------------------------------- commands */

bool repl_count(struct debugger *d, const char *args, uint64_t *n)
{
  struct formula_value v;
  *n = 1;
  if (!*args)
    return true;
  if (options_count(args, n))
    return true;
  if (!repl_eval(d, args, &v))
    return false;
  *n = v.v;
  return !(v.is_signed && (int32_t)(uint32_t)v.v < 0) ||
         repl_refuse(d, "'%s' is negative: how many times? 1 or more", args);
}

bool repl_cmd_continue(struct debugger *d, const char *args)
{
  uint64_t n;
  if (!repl_can_move(d) || !repl_count(d, args, &n))
    return false;
  struct timeline_stop s;
  repl_before_move(d);
  do
    s = repl_go(d, limit_of(d));
  while (--n > 0 && is_stop(s.why));
  if (s.why == TIMELINE_ARRIVED && s.tick >= limit_of(d))
    repl_say(d, "The tick limit that --ticks gave is reached; 'goto' goes beyond.\n");
  return repl_report(d, s);
}

static bool restart(struct debugger *d)
{
  repl_before_move(d);
  struct timeline_stop s = timeline_restart(d->timeline);
  d->stop = s;
  d->copies = 0;
  d->console_shown = 0;
  return s.why != TIMELINE_FAILED || repl_report(d, s);
}

bool repl_cmd_run(struct debugger *d, const char *args)
{
  if (*args)
    return repl_refuse(d, "programs here take no arguments; 'type TEXT' gives console input");
  if (!restart(d))
    return false;
  struct timeline_stop entry = {.why = TIMELINE_BREAK, .tick = timeline_tick(d->timeline)};
  bool wanted;
  if (repl_stop_met(d, &entry, &wanted) && wanted)
    return repl_report(d, entry);
  return repl_cmd_continue(d, "");
}

bool repl_cmd_start(struct debugger *d, const char *args)
{
  (void)args;
  if (!restart(d))
    return false;
  d->stop.why = TIMELINE_ARRIVED;
  return repl_report(d, d->stop);
}

bool repl_cmd_stepi(struct debugger *d, const char *args)
{
  uint64_t n;
  if (!repl_count(d, args, &n))
    return false;
  if (d->level == REPL_VMM && !*args && repl_micro_step(d))
    return true;
  if (!repl_can_move(d))
    return false;
  repl_before_move(d);
  struct timeline_stop s = timeline_step(d->timeline, n);
  repl_show_console(d);
  return repl_report(d, s);
}

/* Runs until the place behind a frame comes, or something else stops. *there: it came. */
static struct timeline_stop run_over(struct debugger *d, const struct repl_frame *f, bool *there)
{
  repl_goal_after(d, f);
  struct timeline_stop s = repl_go(d, limit_of(d));
  *there = s.why == TIMELINE_BREAK && !d->soft_hit && d->goal.count;
  bool wanted;
  if (*there && repl_stop_met(d, &s, &wanted))
    *there = false;
  d->goal.count = 0;
  return s;
}

/* One instruction. Interrupts are run through; with `over`, calls and traps too.
 * *on: it came to where it wanted. */
static struct timeline_stop step_once(struct debugger *d, bool over, bool *on)
{
  struct repl_frame f = repl_here(d);
  struct trap trap;
  struct isa_decoded insn;
  f.is_trap = timeline_trap(d->timeline, &trap);
  bool interrupt = f.is_trap && isa_cause_is_interrupt(trap.cause);
  bool call = !f.is_trap && repl_decode_at(repl_focus(d), f.pc, &insn) && repl_is_call(&insn);
  struct timeline_stop s = timeline_step(d->timeline, 1);
  *on = s.why == TIMELINE_ARRIVED;
  if (*on && (interrupt || (over && (f.is_trap || call))))
    s = run_over(d, &f, on);
  repl_show_console(d);
  return s;
}

/* A step of source: until the line that a person wrote is another, or begins again. */
static struct timeline_stop step_line(struct debugger *d, bool over, bool *on)
{
  const struct image_line *line = repl_line(d, machine_get_pc(repl_focus(d))), *now;
  struct timeline_stop s;
  do {
    s = step_once(d, over, on);
    uint32_t pc = machine_get_pc(repl_focus(d));
    now = repl_line(d, pc);
    if (now == line && line && pc == line->address)
      break;
  } while (*on && line && now == line && !repl_interrupted(d));
  return s;
}

static bool many_steps(struct debugger *d, const char *args,
                       struct timeline_stop (*one)(struct debugger *d, bool over, bool *on),
                       bool over)
{
  uint64_t n;
  bool on = true;
  if (!repl_can_move(d) || !repl_count(d, args, &n))
    return false;
  struct timeline_stop s = {.why = TIMELINE_ARRIVED, .tick = timeline_tick(d->timeline)};
  repl_before_move(d);
  for (; on && n > 0; n--)
    s = one(d, over, &on);
  if (on)
    s.why = TIMELINE_ARRIVED;
  return repl_report(d, s);
}

bool repl_cmd_step(struct debugger *d, const char *args)
{
  return many_steps(d, args, step_line, false);
}

bool repl_cmd_next(struct debugger *d, const char *args)
{
  return many_steps(d, args, step_line, true);
}

bool repl_cmd_nexti(struct debugger *d, const char *args)
{
  return many_steps(d, args, step_once, true);
}

bool repl_cmd_finish(struct debugger *d, const char *args)
{
  struct repl_frame frames[REPL_FRAMES];
  unsigned count;
  bool beginning, there;
  char place[REPL_PLACE];
  if (*args)
    return repl_refuse(d, "'finish' takes nothing: it ends the innermost call");
  if (!repl_can_move(d))
    return false;
  repl_before_move(d);
  if (!repl_find_frames(d, 1, frames, &count, &beginning))
    return repl_not_moved(d);
  if (count == 0)
    return repl_refuse(d, "no call led here and no trap: there is nothing to finish");
  repl_say(d, "Run till %s returns to %s\n", frames[0].is_trap ? "the handler" : "the routine",
           repl_place(d, frames[0].pc + (frames[0].is_trap ? 0 : 4), place));
  struct timeline_stop s = run_over(d, &frames[0], &there);
  if (there)
    s.why = TIMELINE_ARRIVED;
  return repl_report(d, s);
}

bool repl_cmd_advance(struct debugger *d, const char *args)
{
  uint32_t pc;
  if (!*args)
    return repl_refuse(d, "where to? advance LOCATION");
  if (!repl_can_move(d) || !repl_location(d, args, &pc))
    return false;
  repl_before_move(d);
  d->goal = (struct repl_goal){.count = 1, .pc = {pc}};
  return repl_report(d, repl_go(d, limit_of(d)));
}

/* Like `next`, but a loop is run to its end: no going back to an earlier address. */
bool repl_cmd_until(struct debugger *d, const char *args)
{
  bool on = true;
  if (*args)
    return repl_cmd_advance(d, args);
  if (!repl_can_move(d))
    return false;
  struct repl_frame f = repl_here(d);
  struct timeline_stop s;
  repl_before_move(d);
  do
    s = step_line(d, true, &on);
  while (on && machine_get_pc(repl_focus(d)) <= f.pc && repl_here(d).mode == f.mode &&
         machine_get_reg(repl_focus(d), REG_SP) <= f.sp && !repl_interrupted(d));
  if (on)
    s.why = TIMELINE_ARRIVED;
  return repl_report(d, s);
}

bool repl_cmd_jump(struct debugger *d, const char *args)
{
  uint32_t pc;
  if (!*args)
    return repl_refuse(d, "where to? jump LOCATION");
  if (!repl_location(d, args, &pc))
    return false;
  if (pc % 4)
    return repl_refuse(d, "0x%08x is no multiple of 4: no instruction can begin there", pc);
  machine_set_pc(repl_focus(d), pc);
  d->stop.why = TIMELINE_ARRIVED;
  repl_changed(d);
  return repl_cmd_continue(d, "");
}

bool repl_cmd_type(struct debugger *d, const char *args)
{
  uint8_t bytes[512];
  size_t len = 0;
  bool quoted = *args == '"';
  for (const char *at = args + quoted; *at && !(quoted && *at == '"') && len < sizeof bytes - 1;
       at++) {
    static const char from[] = "ntr0\\\"", to[] = "\n\t\r\0\\\"";
    const char *escape = quoted && *at == '\\' && at[1] ? strchr(from, at[1]) : NULL;
    if (escape)
      at++;
    bytes[len++] = escape ? (uint8_t)to[escape - from] : (uint8_t)*at;
  }
  if (!quoted)
    bytes[len++] = '\n';
  unsigned forgotten = timeline_type(d->timeline, bytes, len);
  char count[TEXT_COUNT_SIZE], things[TEXT_THINGS_SIZE];
  repl_say(d, "%s typed at tick %s\n", text_things(things, len, "byte"),
           text_count(count, timeline_tick(d->timeline)));
  if (forgotten)
    repl_say(d, "A new history begins here: %s of input that were still to come are forgotten.\n",
             text_things(things, forgotten, "byte"));
  d->stop.why = TIMELINE_ARRIVED;
  return true;
}
