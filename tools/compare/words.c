/* The words that all forms of the matrix share. */
#include <stdio.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/compare/compare.h"

/* Three digits count; rounded down, so that nothing seems more than it is. */
char *compare_brief(char buf[COMPARE_BRIEF_SIZE], uint64_t n)
{
  static const char units[] = " kMGTPE";
  unsigned unit = 0;
  uint64_t scale = 1;
  while (n / scale >= 1000) {
    scale *= 1000;
    unit++;
  }
  unsigned whole = (unsigned)(n / scale);
  if (unit == 0)
    snprintf(buf, COMPARE_BRIEF_SIZE, "%u", whole);
  else if (whole >= 100)
    snprintf(buf, COMPARE_BRIEF_SIZE, "%u%c", whole, units[unit]);
  else if (whole >= 10)
    snprintf(buf, COMPARE_BRIEF_SIZE, "%u.%u%c", whole, (unsigned)(n / (scale / 10) % 10),
             units[unit]);
  else
    snprintf(buf, COMPARE_BRIEF_SIZE, "%u.%02u%c", whole, (unsigned)(n / (scale / 100) % 100),
             units[unit]);
  return buf;
}

static const char *name_of(const struct compare_cell *cell)
{
  return cell->has_insn ? isa_insn_info(cell->insn)->mnemonic : "?";
}

char *compare_outcome(const struct compare_cell *cell, char buf[COMPARE_RUN_SIZE])
{
  char tick[TEXT_COUNT_SIZE];
  if (cell->run == COMPARE_EQUAL && cell->out_of_control)
    snprintf(buf, COMPARE_RUN_SIZE, "out of control");
  else if (cell->run == COMPARE_EQUAL)
    snprintf(buf, COMPARE_RUN_SIZE,
             cell->technique == VMM_TECHNIQUE_PARAVIRT ? "same output" : "equal");
  else if (cell->run == COMPARE_DIFFERS)
    snprintf(buf, COMPARE_RUN_SIZE, "other output");
  else if (cell->run == COMPARE_NO_BUILD)
    snprintf(buf, COMPARE_RUN_SIZE, "no paravirtual build");
  else if (cell->run == COMPARE_UNENDED)
    snprintf(buf, COMPARE_RUN_SIZE, "no end");
  else if (cell->run == COMPARE_REFUSED)
    snprintf(buf, COMPARE_RUN_SIZE, "cannot be");
  else
    snprintf(buf, COMPARE_RUN_SIZE, "%s @%s", name_of(cell), text_count(tick, cell->tick));
  return buf;
}

static void say_parting(const struct compare_cell *cell, char *buf, size_t size)
{
  char tick[TEXT_COUNT_SIZE], behaviour[120] = "";
  bool system = cell->has_insn && isa_insn_info(cell->insn)->group == ISA_GROUP_SYSTEM;
  if (system)
    snprintf(behaviour, sizeof behaviour, ", which outside the privileged mode is '%s'%s%s",
             cell->behaviour, cell->models ? " as " : "", cell->models ? cell->models : "");
  snprintf(buf, size, "the same up to tick %s; then %s at %s (0x%08x) in mode %u%s%s",
           text_count(tick, cell->tick), name_of(cell), cell->place, cell->pc, cell->mode,
           behaviour, cell->out_of_control ? "; the VMM lost control" : "");
}

char *compare_remark(const struct compare_row *row, const struct compare_cell *cell,
                     char buf[COMPARE_REMARK_SIZE])
{
  char offenders[COMPARE_OFFENDERS_SIZE];
  buf[0] = 0;
  if (cell->run == COMPARE_PARTS)
    say_parting(cell, buf, COMPARE_REMARK_SIZE);
  else if (cell->run == COMPARE_REFUSED)
    snprintf(buf, COMPARE_REMARK_SIZE, "%s", cell->reason);
  else if (cell->out_of_control)
    snprintf(buf, COMPARE_REMARK_SIZE, "the VMM lost control of the machine");
  else if (cell->verdict == COMPARE_NOT_EXERCISED)
    snprintf(buf, COMPARE_REMARK_SIZE,
             "not exercised: the guest executes none of %s in a state where it matters",
             compare_offenders(row, cell, offenders));
  else if (cell->technique == VMM_TECHNIQUE_PARAVIRT)
    snprintf(buf, COMPARE_REMARK_SIZE, "%s", cell->reason);
  return buf;
}

/* Where the bare machine's run ended: that of a cell which followed it so far. NULL: of none. */
static const struct compare_cell *find_whole(const struct compare_matrix *m)
{
  for (unsigned i = 0; i < m->rows * m->techniques; i++) {
    const struct compare_cell *c = &m->row[i / m->techniques].cell[i % m->techniques];
    if (c->run == COMPARE_EQUAL && c->technique != VMM_TECHNIQUE_PARAVIRT)
      return c;
  }
  return NULL;
}

char *compare_story(const struct compare_matrix *m, char buf[COMPARE_STORY_SIZE])
{
  char storage[TEXT_COUNT_SIZE], ticks[TEXT_COUNT_SIZE], n[2][TEXT_COUNT_SIZE];
  char every[100] = "at every tick";
  const struct setup *s = m->setup;
  const struct compare_cell *whole = find_whole(m);
  uint64_t end = whole ? whole->tick : s->ticks;
  const char *how = whole && whole->end == MACHINE_HALTED  ? "its halt at tick"
                    : whole && whole->end != MACHINE_LIMIT ? "its end at tick"
                                                           : "tick";
  bool states = m->techniques != 1 || m->technique[0] != VMM_TECHNIQUE_PARAVIRT;
  if (!states) {
    snprintf(buf, COMPARE_STORY_SIZE, "%s of storage; console input: %s; compared by its output",
             text_size(storage, s->storage), s->input_story ? s->input_story : "none");
    return buf;
  }
  if (m->interval > 1 && end > COMPARE_DENSE_TICKS)
    snprintf(every, sizeof every, "at every tick up to %s, then every %s ticks",
             text_count(n[0], COMPARE_DENSE_TICKS), text_count(n[1], m->interval));
  snprintf(buf, COMPARE_STORY_SIZE,
           "%s of storage; console input: %s; compared with the bare machine %s, up to %s %s",
           text_size(storage, s->storage), s->input_story ? s->input_story : "none", every, how,
           text_count(ticks, end));
  return buf;
}
