/* The context pane: where we are, what comes next and of what class it is, the
 * virtual processor against the real one, and what has changed. */
#include <string.h>

#include "tools/common/text.h"
#include "tools/debug/debugger.h"

void repl_take_picture(struct debugger *d)
{
  d->before.taken = true;
  machine_get_regs(repl_focus(d), d->before.reg);
  machine_get_crs(repl_focus(d), d->before.cr);
  machine_get_crs(repl_real(d), d->before.real);
}

void repl_psw_text(uint32_t psw, char *buf, size_t size)
{
  snprintf(buf, size, "mode %u  IE %s TE %s C%u V%u key %u", psw_mode(psw),
           psw_ie(psw) ? "on " : "off", psw_te(psw) ? "on " : "off", psw_c(psw), psw_v(psw),
           psw_key(psw));
}

/* A value, with a star if it is another than at the last stop. */
static void starred(struct debugger *d, bool changed, const char *text)
{
  repl_say(d, "%s%s%s%s", changed ? repl_bold(d) : "", text, changed ? "*" : " ",
           changed ? repl_plain(d) : "");
}

struct field {
  const char *name;
  uint32_t mask;
  unsigned shift;
};

static void show_psw(struct debugger *d, uint32_t psw, uint32_t before)
{
  static const struct field fields[] = {
      {"mode", PSW_MODE_MASK, PSW_MODE_SHIFT}, {"IE", PSW_IE_MASK, PSW_IE_SHIFT},
      {"TE", PSW_TE_MASK, PSW_TE_SHIFT},       {"C", PSW_C_MASK, PSW_C_SHIFT},
      {"V", PSW_V_MASK, PSW_V_SHIFT},
  };
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    const struct field *f = &fields[i];
    char text[16];
    snprintf(text, sizeof text, "%s %u", f->name, (psw & f->mask) >> f->shift);
    starred(d, d->before.taken && ((psw ^ before) & f->mask), text);
    repl_say(d, " ");
  }
}

/* One processor: its PSW, relocation and timer. */
#define PSW_COLUMN 41u
static void show_processor(struct debugger *d, const char *who, struct machine *m,
                           const uint32_t *before)
{
  uint32_t cr[ISA_CR_COUNT];
  char text[80], timer[TEXT_COUNT_SIZE];
  machine_get_crs(m, cr);
  repl_say(d, "  %-8s ", who);
  show_psw(d, cr[CR_PSW], before[CR_PSW]);
  bool moved = d->before.taken && (cr[CR_BASE] != before[CR_BASE] || cr[CR_BOUND] != before[CR_BOUND]);
  if (!profile_has_cr(machine_profile(m), CR_BASE))
    text[0] = 0;
  else if (psw_te(cr[CR_PSW]))
    snprintf(text, sizeof text, "at 0x%x+0x%x", cr[CR_BASE], cr[CR_BOUND]);
  else
    snprintf(text, sizeof text, "relocation off");
  bool fits = PSW_COLUMN + strlen(text) + 8 + strlen(text_count(timer, cr[CR_TIMER])) <= TEXT_WIDTH;
  starred(d, moved, text);
  if (cr[CR_TIMER])
    repl_say(d, "%stimer %s", fits ? " " : "\n           ", timer);
  repl_say(d, "\n");
}

/* "a0 0x5 (was 0x4)", in as many lines as it takes. */
static void show_change(struct debugger *d, const char *name, uint32_t was, uint32_t now,
                        int *column)
{
  char text[64];
  if (was == now)
    return;
  int len = snprintf(text, sizeof text, "%s 0x%x (was 0x%x)", name, now, was);
  if (*column == 0)
    repl_say(d, "  changed  ");
  else if (*column + len + 3 > TEXT_WIDTH)
    repl_say(d, "\n           ");
  else
    repl_say(d, ", ");
  *column = *column == 0 || *column + len + 3 > TEXT_WIDTH ? 11 + len : *column + 2 + len;
  repl_say(d, "%s%s%s", repl_bold(d), text, repl_plain(d));
}

/* The PSW and relocation have stars, and time goes on always. */
static bool tells_itself(enum isa_cr cr)
{
  return cr == CR_PSW || cr == CR_BASE || cr == CR_BOUND || cr == CR_TIMER || cr == CR_TICK;
}

static void show_changes(struct debugger *d)
{
  struct machine *m = repl_focus(d);
  int column = 0;
  if (!d->before.taken)
    return;
  for (unsigned i = 1; i < ISA_REG_COUNT; i++)
    show_change(d, isa_reg_name(i), d->before.reg[i], machine_get_reg(m, i), &column);
  for (unsigned i = 0; i < ISA_CR_COUNT; i++)
    if (profile_has_cr(machine_profile(m), (enum isa_cr)i) && !tells_itself((enum isa_cr)i))
      show_change(d, isa_cr_info((enum isa_cr)i)->name, d->before.cr[i],
                  machine_get_cr(m, (enum isa_cr)i), &column);
  if (column)
    repl_say(d, "\n");
}

static void show_class(struct debugger *d, uint32_t pc)
{
  struct machine *m = repl_focus(d);
  const struct profile *p = machine_profile(m);
  struct isa_decoded insn;
  uint32_t word;
  char text[REPL_INSN];
  if (machine_run_state(m) == MACHINE_STOPPED) {
    repl_say(d, "  the machine has stopped: nothing is executed any more\n");
    return;
  }
  if (machine_run_state(m) == MACHINE_WAITING)
    repl_say(d, "  the processor waits for an interrupt; then comes\n");
  if (!repl_insn_at(m, pc, &word)) {
    repl_say(d, "  no instruction can be fetched from 0x%08x\n", pc);
    return;
  }
  repl_insn_text(d, word, pc, text);
  if (!profile_decode(p, word, &insn)) {
    repl_say(d, "  %-28s illegal on %s: errant\n", text, profile_name(p));
    return;
  }
  struct repl_class c = repl_classify(d, insn.insn);
  repl_say(d, "  %-28s %s", text, repl_class_text(&c));
  unsigned user = profile_user_mode(p);
  const struct profile_behaviour *b = profile_behaviour(p, insn.insn, user);
  if (c.sensitive && !c.privileged)
    repl_say(d, " (user mode: '%s')", b->name);
  repl_say(d, "\n");
}

static void show_trap(struct debugger *d)
{
  struct trap trap;
  if (timeline_trap(d->timeline, &trap))
    repl_say(d, "  %sraised: %s%s; the next step delivers it\n", repl_bold(d),
             isa_cause_info(trap.cause)->summary, repl_plain(d));
}

void repl_pane(struct debugger *d)
{
  uint32_t pc = repl_here_pc(d);
  char tick[TEXT_COUNT_SIZE], place[REPL_PLACE], where[200] = "", text[REPL_TEXT];
  if (d->layout)
    return;
  const struct image_line *line = repl_line(d, pc);
  int columns = 17 + (int)strlen(text_count(tick, timeline_tick(d->timeline)));
  columns += (int)strlen(repl_named(d, pc, place));
  if (repl_source_text(d, line, (d->width ? d->width : TEXT_WIDTH) - 6, text))
    snprintf(where, sizeof where, "  %s:%u", repl_file_name(line->file), line->line);
  repl_say(d, "tick %s  0x%08x%s%s%s%s%s\n", tick, pc, repl_bold(d), place, repl_plain(d),
           columns + (int)strlen(where) > TEXT_WIDTH ? "\n" : "", where);
  if (text[strspn(text, " ")] && !d->brief)
    repl_say(d, "%-5u %s\n", line->line, text);
  show_class(d, machine_get_pc(repl_focus(d)));
  show_trap(d);
  show_processor(d, d->depth ? "virtual" : "machine", repl_focus(d), d->before.cr);
  if (d->depth)
    show_processor(d, "real", repl_real(d), d->before.real);
  if (!d->brief)
    show_changes(d);
}

bool repl_cmd_context(struct debugger *d, const char *args)
{
  (void)args;
  repl_pane(d);
  return true;
}

bool repl_cmd_level(struct debugger *d, const char *args)
{
  static const char *const names[] = {"guest", "vmm", "machine"};
  static const char *const about[] = {
      "what the guest believes it has: virtual registers, own storage",
      "the VMM between: stepi shows what it does, event by event",
      "the real machine: its PSW, relocation and whole storage"};
  if (!*args) {
    for (unsigned i = 0; i < 3; i++)
      repl_say(d, "%s %-8s %s\n", d->level == i ? "=>" : "  ", names[i], about[i]);
    return true;
  }
  for (unsigned i = 0; i < 3; i++) {
    if (strncmp(names[i], args, strlen(args)) != 0)
      continue;
    if (i != REPL_GUEST && !d->depth)
      return repl_refuse(d, "there is no VMM here: this is the bare machine. 'trapeze debug --vmm' "
                         "has one");
    d->level = (enum repl_level)i;
    repl_say(d, "Level %s: %s\n", names[i], about[i]);
    return true;
  }
  return repl_refuse(d, "no level '%s'; they are guest, vmm and machine", args);
}
