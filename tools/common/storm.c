#include "tools/common/storm.h"

#include "tools/common/message.h"
#include "tools/common/program.h"
#include "tools/common/text.h"

/* A page fault's handler may trap itself, and that one's too, in earnest. */
#define STORM_LEAST 16u

static void note(struct storm *s, struct machine *m, const struct trap *trap)
{
  uint64_t instructions = machine_stats(m)->instructions;
  if (instructions != s->instructions || s->deliveries == 0)
    *s = (struct storm){.instructions = instructions, .tick = machine_tick(m), .first = *trap};
  s->deliveries++;
  s->last = *trap;
}

struct machine_stop storm_advance(struct storm *s, struct machine *m, uint64_t until_tick)
{
  for (;;) {
    struct machine_stop stop = machine_run(m, until_tick);
    if (stop.why != MACHINE_TRAP)
      return stop;
    note(s, m, &stop.trap);
    machine_deliver(m, &stop.trap); /* a double fault is what the next run answers */
  }
}

bool storm_rages(const struct storm *s, struct machine *m)
{
  return s->deliveries >= STORM_LEAST && s->instructions == machine_stats(m)->instructions &&
         s->last.epc == machine_get_pc(m) && !isa_cause_is_interrupt((unsigned)s->last.cause);
}

char *storm_place(const struct image *image, uint32_t pc, char *buf, size_t size)
{
  char place[160];
  const struct image_line *line = image_line_at(image, pc);
  program_place(image, pc, place, sizeof place);
  bool named = place[0] != '0' || place[1] != 'x';
  if (named && line)
    snprintf(buf, size, "0x%08x (%s, %s:%u)", pc, place, line->file, line->line);
  else if (named)
    snprintf(buf, size, "0x%08x (%s)", pc, place);
  else
    snprintf(buf, size, "0x%08x", pc);
  return buf;
}

static const char *cause_words(const struct trap *t)
{
  const char *words = isa_cause_info((unsigned)t->cause)->summary;
  return words ? words : "?";
}

/* No instruction of the source, right behind one that is. */
static bool ran_off_the_end(const struct image *image, const struct trap *t)
{
  return t->cause == CAUSE_ILLEGAL && t->epc >= 4 && !image_line_at(image, t->epc) &&
         image_line_at(image, t->epc - 4);
}

static void report_vectors(const char *command, struct machine *m, const struct trap *first)
{
  uint32_t vbr = machine_get_cr(m, CR_VBR), handler = 0;
  uint64_t at = (uint64_t)vbr + 4 * (uint64_t)first->cause;
  if (at < machine_storage_size(m))
    machine_phys_read_word(m, gpa((uint32_t)at), &handler);
  if (vbr == 0 && handler == 0)
    message_note(command,
                 "vbr is 0 and there is no vector table there, only zeros: give vbr the address "
                 "of a table before anything can trap ('%s vbr, t0')",
                 isa_insn_info(ISA_MTCR)->mnemonic);
  else
    message_note(command,
                 "vbr is 0x%08x, and the vector of that trap, at 0x%08x, holds 0x%08x: is that "
                 "the address of its handler?",
                 vbr, (unsigned)at, handler);
}

void storm_report(const struct storm *s, const char *command, struct machine *m,
                  const struct image *image)
{
  char tick[TEXT_COUNT_SIZE], place[400];
  message_note(command,
               "the guest does nothing but trap, at tick %s: its handler at 0x%08x itself traps "
               "(%s), for ever",
               text_count(tick, machine_tick(m)), machine_get_pc(m), cause_words(&s->last));
  message_note(command, "the first of these traps: %s at pc %s, tick %s", cause_words(&s->first),
               storm_place(image, s->first.epc, place, sizeof place), text_count(tick, s->tick));
  if (ran_off_the_end(image, &s->first))
    message_note(command, "that is behind the last instruction of the program: is a 'halt' or a "
                          "jump missing before it?");
  else
    report_vectors(command, m, &s->first);
}
