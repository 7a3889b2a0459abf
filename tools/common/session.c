#include "tools/common/session.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/terminal.h"
#include "tools/common/text.h"

/* Host matters are looked at this often: a hundred times a second or so. */
#define SLICE_TICKS 500000u
/* Ticks pass at no cost while a guest idles: then the host sleeps a little. */
#define IDLE_MILLISECONDS 10

static void write_byte(void *ctx, uint8_t byte)
{
  bool *in_line = ctx;
  *in_line = byte != '\n';
  putchar(byte);
}

/* Keys arrive now; `milliseconds` to wait for one. */
static void read_keys(struct session *s, struct terminal *t, int milliseconds)
{
  uint8_t keys[256];
  size_t n = terminal_read(t, milliseconds, keys, sizeof keys);
  uint64_t now = machine_tick(s->machine);
  for (size_t i = 0; i < n; i++) {
    machine_console_input(s->machine, now, keys[i]);
    inputlog_add(s->log, now, keys[i]);
  }
}

/* What a slice of the run was spent on. */
struct spent {
  uint64_t ticks, instructions, deliveries;
};

static struct spent spent_so_far(struct machine *m)
{
  const struct machine_stats *stats = machine_stats(m);
  struct spent s = {.ticks = machine_tick(m), .instructions = stats->instructions};
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    s.deliveries += stats->delivered[cause];
  }
  return s;
}

static struct spent spent_since(const struct spent *then, struct machine *m)
{
  struct spent now = spent_so_far(m);
  return (struct spent){now.ticks - then->ticks, now.instructions - then->instructions,
                        now.deliveries - then->deliveries};
}

/* Mostly waiting for an interrupt: fewer instructions than half the ticks. */
static bool mostly_idle(const struct spent *s)
{
  return s->instructions < s->ticks / 2;
}

/* IE is off in a handler, and no disk transfer that might change it takes as long as
 * a slice. At the limit less has to do: what it did then is what it would have done. */
static bool only_traps(const struct session *s, const struct session_end *end,
                       const struct spent *spent)
{
  bool limit = end->stop.why == MACHINE_LIMIT && machine_tick(s->machine) == s->limit;
  return (limit || spent->deliveries == SLICE_TICKS) && storm_rages(&end->storm, s->machine);
}

struct session_end session_run(struct session *s)
{
  struct session_end end = {0};
  struct terminal t;
  if (!terminal_open(&t, s->keyboard)) {
    end.stop = (struct machine_stop){.why = MACHINE_HOST_ERROR, .reason = strerror(errno)};
    return end;
  }
  machine_console_on_output(s->machine, write_byte, &end.in_line);
  while (!t.signal) {
    struct spent before = spent_so_far(s->machine);
    uint64_t now = before.ticks;
    uint64_t slice = s->limit - now < SLICE_TICKS ? s->limit - now : SLICE_TICKS;
    end.stop = storm_advance(&end.storm, s->machine, now + slice);
    end.output_lost = fflush(stdout) != 0;
    bool waits = end.stop.why == MACHINE_WAITS && t.keyboard;
    bool goes_on = end.stop.why == MACHINE_LIMIT && machine_tick(s->machine) < s->limit;
    struct spent spent = spent_since(&before, s->machine);
    end.only_traps = only_traps(s, &end, &spent);
    if (end.output_lost || end.only_traps || !(waits || goes_on))
      break;
    bool idle = t.keyboard && mostly_idle(&spent);
    read_keys(s, &t, waits ? TERMINAL_FOREVER : idle ? IDLE_MILLISECONDS : 0);
  }
  end.signal = t.signal;
  machine_console_on_output(s->machine, NULL, NULL);
  terminal_close(&t);
  return end;
}

const char *session_why(enum machine_why why)
{
  static const char *const words[] = {
      [MACHINE_LIMIT] = "reached the tick limit",
      [MACHINE_TRAP] = "stopped at a trap",
      [MACHINE_HALTED] = "halted",
      [MACHINE_WAITS] = "waits forever",
      [MACHINE_DOUBLE_FAULT] = "double fault",
      [MACHINE_LOST_CONTROL] = "the VMM lost control",
      [MACHINE_HOST_ERROR] = "host error",
      [MACHINE_BREAK] = "stopped at a breakpoint",
      [MACHINE_WATCH] = "stopped at an access",
      [MACHINE_CATCH] = "stopped at an event",
  };
  return words[why];
}

/* Why the handler cannot be reached: its address is nowhere, or is none. */
static void report_double_fault(const struct session *s, const struct trap *trap, const char *tick)
{
  const char *cause = isa_cause_info((unsigned)trap->cause)->name;
  uint32_t vbr = machine_get_cr(s->machine, CR_VBR), handler = 0;
  uint64_t at = (uint64_t)vbr + 4 * (uint64_t)trap->cause;
  char why[100], place[400];
  if (at + 4 <= machine_storage_size(s->machine) &&
      machine_phys_read_word(s->machine, gpa((uint32_t)at), &handler)) {
    snprintf(why, sizeof why, "its vector at 0x%08x holds 0x%08x, which is no address of code",
             (unsigned)at, handler);
  } else {
    snprintf(why, sizeof why, "there is no storage at vbr + 4*%u, where vbr is 0x%08x",
             (unsigned)trap->cause, vbr);
  }
  message_note(s->command,
               "double fault at tick %s: the trap '%s' at pc %s could not be delivered: %s", tick,
               cause ? cause : "?", storm_place(s->image, trap->epc, place, sizeof place), why);
}

static int report_stop(const struct session *s, const struct machine_stop *stop, const char *tick)
{
  switch (stop->why) {
  case MACHINE_HALTED:
    return STATUS_DONE;
  case MACHINE_DOUBLE_FAULT:
    report_double_fault(s, &stop->trap, tick);
    return STATUS_NO;
  case MACHINE_WAITS:
    message_note(s->command, "the guest waits for an interrupt that cannot come, at tick %s", tick);
    return STATUS_NO;
  case MACHINE_LIMIT:
    message_note(s->command, "stopped at the limit of %s ticks", tick);
    return STATUS_NO;
  case MACHINE_LOST_CONTROL:
    message_note(s->command, "the VMM lost control at tick %s: %s", tick,
                 stop->reason ? stop->reason : "no reason given");
    return STATUS_NO;
  case MACHINE_TRAP:
  case MACHINE_HOST_ERROR:
  case MACHINE_BREAK:
  case MACHINE_WATCH:
  case MACHINE_CATCH:
    break;
  }
  message_error(s->command, "at tick %s: %s", tick,
                stop->reason ? stop->reason : "no reason given");
  return STATUS_OURS;
}

int session_report(const struct session *s, const struct session_end *end)
{
  char tick[TEXT_COUNT_SIZE];
  text_count(tick, machine_tick(s->machine));
  if (end->output_lost) {
    message_lost_output();
    return STATUS_OURS;
  }
  bool silent = !end->signal && end->stop.why == MACHINE_HALTED;
  if (end->in_line && !silent && isatty(STDOUT_FILENO))
    putchar('\n');
  if (end->signal) {
    message_note(s->command, "interrupted at tick %s", tick);
    return STATUS_SIGNAL + end->signal;
  }
  if (end->only_traps) {
    storm_report(&end->storm, s->command, s->machine, s->image);
    return STATUS_NO;
  }
  return report_stop(s, &end->stop, tick);
}
