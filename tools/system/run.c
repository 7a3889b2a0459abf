#include "tools/system/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/message.h"
#include "tools/common/terminal.h"
#include "tools/common/text.h"
#include "tools/system/keyboard.h"

/* As in a session of one guest: host matters are looked at this often, and where
 * ticks pass at no cost the host sleeps a little. */
#define SLICE_TICKS       500000u
#define IDLE_MILLISECONDS 10

struct state {
  struct system_run *run;
  struct terminal terminal;
  struct keyboard keyboard;
  struct system_end end;
  bool *told;                              /* of whom it was shown that they have ended */
  uint64_t instructions, deliveries, idle; /* of all, at the last look */
};

/* A user who waits may be woken by a key. */
static bool is_over(struct machine *vm)
{
  enum machine_why why = vmm_vm_stop(vm).why;
  return why != MACHINE_LIMIT && why != MACHINE_WAITS;
}

const char *system_state(struct machine *vm)
{
  switch (vmm_vm_stop(vm).why) {
  case MACHINE_LIMIT:
    return machine_run_state(vm) == MACHINE_WAITING ? "waiting" : "running";
  case MACHINE_HALTED:
    return "halted";
  case MACHINE_WAITS:
    return "waiting for input";
  case MACHINE_DOUBLE_FAULT:
    return "double fault";
  case MACHINE_LOST_CONTROL:
    return "control lost";
  case MACHINE_HOST_ERROR:
    return "host error";
  case MACHINE_TRAP:
  case MACHINE_BREAK:
  case MACHINE_WATCH:
  case MACHINE_CATCH:
    break;
  }
  return "stopped";
}

static const char *menu_word(void *ctx, size_t user)
{
  const struct state *s = ctx;
  struct machine *vm = s->run->system->users[user].vm;
  if (is_over(vm))
    return system_state(vm);
  return s->keyboard.directory->users[user].console.is_private ? "private" : "";
}

/* -------------------------------------------------------------------- the keyboard */

static void give_keyboard(struct state *s, const char *because)
{
  struct keyboard *k = &s->keyboard;
  size_t len;
  const uint8_t *history = machine_console_output(s->run->system->users[k->user].vm, &len);
  consoles_step_aside(s->run->consoles);
  message_note(s->run->command, "%sthe keyboard is %s's (%s for another)", because,
               k->directory->users[k->user].name, KEYBOARD_SWITCH_NAME);
  consoles_focus(s->run->consoles, k->user, history, len);
}

static void type(struct state *s, uint8_t byte)
{
  struct system_user *u = &s->run->system->users[s->keyboard.user];
  uint64_t now = machine_tick(u->vm);
  machine_console_input(u->vm, now, byte);
  inputlog_add(&u->input, now, byte);
}

static void take_keys(struct state *s, int milliseconds)
{
  uint8_t keys[256];
  size_t n = terminal_read(&s->terminal, milliseconds, keys, sizeof keys);
  for (size_t i = 0; i < n; i++) {
    switch (keyboard_key(&s->keyboard, keys[i])) {
    case KEYBOARD_TYPED:
      type(s, keys[i]);
      break;
    case KEYBOARD_NOTHING:
      break;
    case KEYBOARD_ASKED:
      consoles_step_aside(s->run->consoles);
      keyboard_ask(&s->keyboard);
      break;
    case KEYBOARD_CHOSEN:
      give_keyboard(s, "");
      break;
    }
  }
}

/* Somebody who has ended types no more: the next one who can has the keyboard. */
static void pass_on(struct state *s)
{
  const struct system *sys = s->run->system;
  struct keyboard *k = &s->keyboard;
  if (!is_over(sys->users[k->user].vm))
    return;
  for (size_t i = 1; i < sys->count; i++) {
    size_t next = (k->user + i) % sys->count;
    if (!is_over(sys->users[next].vm)) {
      k->user = next;
      give_keyboard(s, "");
      return;
    }
  }
}

static void tell_ends(struct state *s)
{
  const struct system *sys = s->run->system;
  for (size_t i = 0; i < sys->count; i++) {
    struct machine *vm = sys->users[i].vm;
    if (s->told[i] || !is_over(vm))
      continue;
    s->told[i] = true;
    char tick[TEXT_COUNT_SIZE];
    consoles_step_aside(s->run->consoles);
    message_note(s->run->command, "%s: %s at tick %s", sys->users[i].entry->name, system_state(vm),
                 text_count(tick, machine_tick(vm)));
  }
}

/* ------------------------------------------------------------------------- the run */

/* In the last slice somebody has completed an instruction, or waited. */
static bool gets_on(struct state *s)
{
  uint64_t instructions = 0, deliveries = 0, idle = vmm_idle_ticks(s->run->system->vmm);
  bool waits = false;
  for (size_t i = 0; i < s->run->system->count; i++) {
    struct machine *vm = s->run->system->users[i].vm;
    const struct machine_stats *m = machine_stats(vm);
    instructions += m->instructions;
    for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++)
      deliveries += m->delivered[cause];
    waits = waits || machine_run_state(vm) == MACHINE_WAITING;
  }
  bool on = waits || instructions != s->instructions || deliveries == s->deliveries;
  s->instructions = instructions;
  s->deliveries = deliveries;
  s->idle = idle;
  return on;
}

/* One slice. False: it is over. */
static bool slice(struct state *s)
{
  struct system_run *r = s->run;
  struct system_end *end = &s->end;
  uint64_t now = machine_tick(r->system->real), before = s->idle;
  uint64_t ticks = r->limit - now < SLICE_TICKS ? r->limit - now : SLICE_TICKS;
  end->stop = vmm_run(r->system->vmm, now + ticks);
  bool gone_on = gets_on(s);
  if (s->terminal.keyboard) {
    tell_ends(s);
    pass_on(s);
  }
  end->output_lost = !consoles_flush(r->consoles);
  bool waits = end->stop.why == VMM_WAITS && s->terminal.keyboard;
  bool goes_on = end->stop.why == VMM_LIMIT && machine_tick(r->system->real) < r->limit;
  end->only_traps = goes_on && !gone_on;
  if (end->output_lost || end->only_traps || !(waits || goes_on))
    return false;
  bool idle = s->terminal.keyboard && s->idle - before > ticks / 2;
  do
    take_keys(s, waits || s->keyboard.choosing ? TERMINAL_FOREVER : idle ? IDLE_MILLISECONDS : 0);
  while (s->keyboard.choosing && s->terminal.keyboard && !s->terminal.signal);
  return true;
}

static bool start(struct state *s)
{
  struct system_run *r = s->run;
  s->keyboard = (struct keyboard){.directory = r->system->directory,
                                  .notices = stderr,
                                  .state = menu_word,
                                  .ctx = s,
                                  .user = r->system->typist};
  s->told = calloc(r->system->count, sizeof *s->told);
  if (!s->told) {
    errno = ENOMEM;
    return false;
  }
  if (!terminal_open(&s->terminal, r->keyboard))
    return false;
  if (r->keyboard)
    give_keyboard(s, "Ctrl-C ends this run; ");
  return true;
}

struct system_end system_run(struct system_run *r)
{
  struct state s = {.run = r};
  if (start(&s)) {
    while (!s.terminal.signal && slice(&s)) {
    }
    s.end.signal = s.terminal.signal;
    terminal_close(&s.terminal);
  } else {
    s.end.error = errno;
  }
  consoles_step_aside(r->consoles);
  if (!s.end.output_lost)
    s.end.output_lost = !consoles_finish(r->consoles);
  if (!s.end.error && consoles_lost(r->consoles))
    s.end.error = ENOMEM;
  free(s.told);
  return s.end;
}
