/* `info`: what there is to know. */
#include <stdlib.h>
#include <string.h>

#include "isa/suggest.h"
#include "machine/devices/ports.h"
#include "tools/common/text.h"
#include "tools/debug/debugger.h"

/* --------------------------------------------------------------------- registers */

static void show_registers(struct debugger *d)
{
  struct machine *m = repl_machine(d);
  uint32_t reg[ISA_REG_COUNT];
  char place[REPL_PLACE];
  machine_get_regs(m, reg);
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    bool changed = d->level != REPL_MACHINE && d->before.taken && d->before.reg[i] != reg[i];
    repl_say(d, "%-5s%08x%s%s", isa_reg_name(i), reg[i], changed ? "*" : " ",
             i % 4 == 3 ? "\n" : "  ");
  }
  uint32_t pc = machine_get_pc(m);
  repl_say(d, "pc   %08x %s\n", pc, repl_named(d, pc, place));
}

/* "info registers sp pc": those alone, in a way that shows what they may be. */
static bool about_registers(struct debugger *d, const char *args)
{
  char names[256], *save = NULL, text[160], place[REPL_PLACE];
  snprintf(names, sizeof names, "%s", args);
  for (char *n = strtok_r(names, " \t,", &save); n; n = strtok_r(NULL, " \t,", &save)) {
    struct formula_value v;
    if (!repl_eval(d, n, &v))
      return false;
    if (v.place != FORMULA_REG && v.place != FORMULA_PC && v.place != FORMULA_CR &&
        v.place != FORMULA_FIELD)
      return repl_refuse(d, "'%s' is no register; 'print %s' shows its value", n, n);
    repl_say(d, "%-6s %08x  %s%s\n", n + (*n == '$'), (uint32_t)v.v,
             repl_format(&v, 0, text, sizeof text),
             v.v >= ISA_RESET_PC ? repl_named(d, (uint32_t)v.v, place) : "");
  }
  return true;
}

static void show_psw(struct debugger *d)
{
  uint32_t psw = machine_get_cr(repl_machine(d), CR_PSW);
  repl_say(d, "psw 0x%x\n", psw);
  for (const struct isa_psw_field_info *f = isa_psw_fields(); f->name; f++)
    repl_say(d, "  %-6s %-3u %s\n", f->name, psw >> f->low & ((1u << (f->high - f->low + 1)) - 1),
             f->summary);
}

static void show_control(struct debugger *d)
{
  struct machine *m = repl_machine(d);
  uint32_t cr[ISA_CR_COUNT];
  machine_get_crs(m, cr);
  const uint32_t *before = d->level == REPL_MACHINE ? d->before.real : d->before.cr;
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    if (!profile_has_cr(machine_profile(m), (enum isa_cr)i))
      continue;
    bool changed = d->before.taken && before[i] != cr[i] && i != CR_TICK && i != CR_TIMER;
    int n = fprintf(d->out, "%-6s %08x%s  ", isa_cr_info((enum isa_cr)i)->name, cr[i],
                    changed ? "*" : " ");
    text_wrap(d->out, isa_cr_info((enum isa_cr)i)->summary, n, n);
  }
}

static void show_all_registers(struct debugger *d)
{
  show_registers(d);
  show_control(d);
}

/* -------------------------------------------------------------- of the debugger */

static void show_stops(struct debugger *d)
{
  if (!d->stops)
    repl_say(d, "No breakpoints: 'break LOCATION', 'watch *ADDRESS' and 'catch trap' make some.\n");
  for (const struct repl_stop *s = d->stops; s; s = s->next)
    repl_describe_stop(d, s);
}

static void show_displays(struct debugger *d)
{
  if (!d->displays)
    repl_say(d, "Nothing is displayed: 'display EXPRESSION' shows a value at every stop.\n");
  for (const struct repl_display *s = d->displays; s; s = s->next)
    repl_say(d, "%u  %s\n", s->number, s->command);
}

static void show_checkpoints(struct debugger *d)
{
  uint64_t tick;
  char count[TEXT_COUNT_SIZE];
  bool any = false;
  for (unsigned i = 1; i < 1000; i++) {
    if (timeline_checkpoint_tick(d->timeline, i, &tick)) {
      repl_say(d, "%u  tick %s\n", i, text_count(count, tick));
      any = true;
    }
  }
  if (!any)
    repl_say(d, "No checkpoints: 'checkpoint' makes one here.\n");
}

static void show_cost(struct debugger *d)
{
  struct timeline_cost c = timeline_cost(d->timeline);
  char size[TEXT_COUNT_SIZE], count[TEXT_COUNT_SIZE];
  char things[TEXT_THINGS_SIZE];
  repl_say(d, "%s, %s; %s ticks executed again so far\n",
           text_things(things, c.checkpoints, "checkpoint"), text_size(size, c.bytes),
           text_count(count, c.reexecuted));
  if (c.cannot_save)
    repl_say(d, "Going back always starts at the beginning: %s\n", c.reason);
}

static void show_level(struct debugger *d)
{
  repl_cmd_level(d, "");
}

static void show_history(struct debugger *d)
{
  repl_keys_history(d, 20);
}

/* ------------------------------------------------------------------- the program */

static void show_source(struct debugger *d)
{
  const struct image_line *l = repl_line(d, repl_here_pc(d));
  if (l)
    repl_say(d, "%s, line %u\n", l->file, l->line);
  else
    repl_say(d, "no source is known here\n");
}

static void show_sources(struct debugger *d)
{
  size_t count;
  const struct image_line *lines = image_lines(d->setup->program.image, &count);
  for (size_t i = 0; i < count; i++) {
    bool seen = false;
    for (size_t k = 0; k < i && !seen; k++)
      seen = strcmp(lines[k].file, lines[i].file) == 0;
    if (!seen)
      repl_say(d, "%s\n", lines[i].file);
  }
  if (count == 0)
    repl_say(d, "This program has no line table: assemble it with 'trapeze asm', or debug the "
                "source.\n");
}

/* Labels that contain `part`, or numbers that have a name. */
static unsigned list_symbols(struct debugger *d, const char *part, bool labels)
{
  size_t count;
  unsigned shown = 0;
  int column = 0;
  const struct image *image = d->setup->program.image;
  const struct image_symbol *s = image_symbols(image, &count);
  for (size_t i = 0; i < count; i++) {
    if ((image_symbol_end(image, i) != 0) != labels || !strcasestr(s[i].name, part))
      continue;
    repl_say(d, "%s0x%08x %.60s",
             column == 0   ? ""
             : column > 39 ? "\n"
                           : "  ",
             s[i].value, s[i].name);
    int len = 11 + (int)strlen(s[i].name);
    column = column == 0 || column > 39 ? len : 80;
    if (column < 38) {
      repl_say(d, "%*s", 38 - column, "");
      column = 38;
    }
    shown++;
  }
  if (shown)
    repl_say(d, "\n");
  return shown;
}

static bool about_symbols(struct debugger *d, const char *args)
{
  unsigned n = list_symbols(d, args, true);
  if (*args)
    n += list_symbols(d, args, false);
  return n > 0 || repl_refuse(d, "no symbol's name contains '%s'", args);
}

static void show_symbols(struct debugger *d)
{
  size_t count;
  char things[TEXT_THINGS_SIZE];
  image_symbols(d->setup->program.image, &count);
  if (count == 0)
    repl_say(d, "This program has no symbols.\n");
  list_symbols(d, "", true);
  size_t labels = 0;
  for (size_t i = 0; i < count; i++)
    labels += image_symbol_end(d->setup->program.image, i) != 0;
  if (count > labels)
    repl_say(d, "and %s with names: 'info symbols NAME' finds some\n",
             text_things(things, count - labels, "number"));
}

static void tell_line(struct debugger *d, uint32_t pc)
{
  uint32_t address;
  const struct image_line *l =
      repl_image_address(d, pc, &address) ? image_line_at(d->setup->program.image, address) : NULL;
  if (!l)
    repl_say(d, "no source is known for 0x%x\n", pc);
  else if (pc != address)
    repl_say(d, "0x%x is a copy of the image's 0x%x\n", pc, address);
  for (; l; l = l->via)
    repl_say(d, "%s:%u%s\n", l->file, l->line, l->via ? ", expanded by" : "");
}

static void show_line(struct debugger *d)
{
  tell_line(d, repl_here_pc(d));
}

static bool about_line(struct debugger *d, const char *args)
{
  uint32_t address;
  if (!repl_location(d, args, &address))
    return false;
  repl_show_where(d, address);
  tell_line(d, address);
  return true;
}

/* ------------------------------------------------------------------- the machine */

static void show_traps(struct debugger *d)
{
  struct machine *m = repl_focus(d);
  const struct machine_stats *s = machine_stats(m);
  uint32_t vbr = machine_get_cr(m, CR_VBR);
  repl_say(d, "cause                     raised  delivered  handler\n");
  for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++) {
    uint32_t handler;
    char place[REPL_PLACE] = "vector cannot be read";
    if (!isa_cause_info(i)->name)
      continue;
    if (machine_phys_read_word(m, gpa(vbr + 4 * i), &handler))
      repl_storage_place(d, handler, place);
    repl_say(d, "%2u %-20s %9llu %10llu  %.32s\n", i, isa_cause_info(i)->name,
             (unsigned long long)s->traps[i], (unsigned long long)s->delivered[i], place);
  }
  repl_say(d, "Counted by this machine, executing again included. Vector table at 0x%x.\n", vbr);
}

static void show_vcpu(struct debugger *d)
{
  static const enum isa_cr shown[] = {CR_PSW,   CR_BASE, CR_BOUND, CR_VBR,   CR_TIMER, CR_IPEND,
                                      CR_IMASK, CR_EPC,  CR_EPSW,  CR_CAUSE, CR_BADVA};
  struct machine *vm = repl_focus(d), *real = machine_parent(vm);
  char a[80], b[80];
  repl_psw_text(machine_get_cr(vm, CR_PSW), a, sizeof a);
  repl_psw_text(machine_get_cr(real, CR_PSW), b, sizeof b);
  repl_say(d, "virtual PSW  %s\nreal PSW     %s\n\n", a, b);
  repl_say(d, "           virtual      real\n");
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    if (!profile_has_cr(machine_profile(vm), shown[i]))
      continue;
    uint32_t v = machine_get_cr(vm, shown[i]), r = machine_get_cr(real, shown[i]);
    repl_say(d, "  %-6s   %08x     %08x%s\n", isa_cr_info(shown[i])->name, v, r,
             v == r ? "" : "   differs");
  }
  repl_say(d, "Registers and pc are the same in both while the virtual machine runs.\n");
}

static void show_allocation(struct debugger *d)
{
  struct machine *m = repl_focus(d);
  char size[TEXT_COUNT_SIZE];
  for (unsigned level = d->depth; level > 0 && machine_parent(m); level--, m = machine_parent(m)) {
    struct vmm_allocation a = vmm_vm_allocation(m);
    repl_say(d, "%s at level %u: storage 0x%08x to 0x%08x (%s) of the machine below\n",
             machine_name(m), level, a.storage.start.v, a.storage.start.v + a.storage.size,
             text_size(size, a.storage.size));
    if (a.disk_sectors)
      repl_say(d, "  mini-disk: sectors %u to %u%s\n", a.disk_first, a.disk_first + a.disk_sectors,
               a.disk_readonly ? ", read only" : "");
  }
  repl_say(d, "real machine: storage 0x00000000 to 0x%08x (%s)\n", machine_storage_size(m),
           text_size(size, machine_storage_size(m)));
}

static void show_vmm(struct debugger *d)
{
  const struct vmm_stats *s = vmm_vm_stats(repl_focus(d));
  char n[TEXT_COUNT_SIZE];
  repl_say(d, "executed directly %16s\n", text_count(n, s->direct));
  repl_say(d, "emulated          %16s\n", text_count(n, s->emulated));
  if (s->hypercalls)
    repl_say(d, "hypercalls        %16s\n", text_count(n, s->hypercalls));
  repl_say(d, "traps reflected   %16s\n", text_count(n, s->reflected));
  repl_say(d, "traps served      %16s\n", text_count(n, s->served));
  repl_say(d, "world switches    %16s\n", text_count(n, s->world_switches));
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    if (s->emulated_by[i])
      repl_say(d, "  %-15s %16s\n", isa_insn_info((enum isa_insn)i)->mnemonic,
               text_count(n, s->emulated_by[i]));
  repl_say(d, "Counted by the VMM, executing again included.\n");
}

static void show_lines(struct debugger *d)
{
  struct machine *m = repl_focus(d);
  uint32_t pending = machine_get_cr(m, CR_IPEND), mask = machine_get_cr(m, CR_IMASK);
  bool ie = psw_ie(machine_get_cr(m, CR_PSW));
  for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++) {
    if (!isa_cause_is_interrupt(i))
      continue;
    uint32_t bit = 1u << isa_cause_info(i)->line;
    repl_say(d, "  %-10s %-11s %s\n", isa_cause_info(i)->name, pending & bit ? "pending" : "quiet",
             mask & bit ? "enabled in IMASK" : "masked");
  }
  repl_say(d, "IE is %s: interrupts are %s\n", ie ? "on" : "off", ie ? "taken" : "not taken");
}

static void show_timer(struct debugger *d)
{
  struct machine *m = repl_focus(d);
  char n[TEXT_COUNT_SIZE], t[TEXT_COUNT_SIZE];
  uint32_t timer = machine_get_cr(m, CR_TIMER);
  uint64_t tick = machine_tick(m), next = machine_next_event(m);
  if (timer)
    repl_say(d, "timer: %s ticks left, rings at tick %s\n", text_count(n, timer),
             text_count(t, tick + timer));
  else
    repl_say(d, "timer: off\n");
  if (next != MACHINE_NEVER)
    repl_say(d, "next event of any device: tick %s\n", text_count(n, next));
  if (d->depth)
    repl_say(d, "real timer: %s ticks left of what the VMM lent\n",
             text_count(n, machine_get_cr(repl_real(d), CR_TIMER)));
  show_lines(d);
}

static void show_disk(struct debugger *d)
{
  struct machine *m = repl_focus(d);
  char n[TEXT_COUNT_SIZE];
  if (machine_disk_sectors(m) == 0) {
    repl_say(d, "no disk\n");
    return;
  }
  repl_say(d, "%s sectors of %u bytes; ports 0x%x to 0x%x\n",
           text_count(n, machine_disk_sectors(m)), MACHINE_SECTOR_SIZE, PORT_DISK_SECTOR,
           PORT_DISK_SIZE);
  uint64_t next = machine_next_event(m);
  if (next != MACHINE_NEVER)
    repl_say(d, "next event of any device: tick %s\n", text_count(n, next));
  show_lines(d);
}

static void show_network(struct debugger *d)
{
  struct machine_net n = machine_net_state(repl_focus(d));
  char sent[TEXT_COUNT_SIZE], received[TEXT_COUNT_SIZE], dropped[TEXT_COUNT_SIZE];
  if (n.station == 0) {
    repl_say(d, "no network\n");
    return;
  }
  repl_say(d, "station %u; ports 0x%x to 0x%x\n", n.station, PORT_NET_STATION, PORT_NET_DROPPED);
  repl_say(d, "frames: %s sent, %s received, %s dropped; %u of %u wait for a buffer\n",
           text_count(sent, n.sent), text_count(received, n.received),
           text_count(dropped, n.dropped), n.waiting, NET_QUEUE);
  repl_say(d, "%s, %s\n", n.sending ? "sending" : "sends nothing",
           n.receiving ? "a buffer waits for a frame" : "no buffer");
  show_lines(d);
}

static void show_console(struct debugger *d)
{
  size_t len;
  char text[400], things[TEXT_THINGS_SIZE];
  const uint8_t *out = machine_console_output(repl_focus(d), &len);
  size_t tail = len < 200 ? len : 200;
  repl_say(d, "%s of output", text_things(things, len, "byte"));
  if (len)
    repl_say(d, ", at the end: \"%s\"", text_quote(text, sizeof text, out + len - tail, tail));
  repl_say(d, "\n%s of input still to come\n",
           text_things(things, timeline_input_ahead(d->timeline), "byte"));
}

static void show_sensitive(struct debugger *d)
{
  const struct profile *p = d->setup->profile;
  unsigned user = profile_user_mode(p);
  repl_say(d, "%s, %s: outside mode 0\n", profile_name(p), profile_title(p));
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const struct isa_insn_info *info = isa_insn_info((enum isa_insn)i);
    const struct profile_behaviour *b = profile_behaviour(p, (enum isa_insn)i, user);
    if (info->group != ISA_GROUP_SYSTEM || b->kind == PROFILE_ABSENT)
      continue;
    struct repl_class c = repl_classify(d, (enum isa_insn)i);
    repl_say(d, "  %-8s %-8s %s%s%s\n", info->mnemonic, b->name,
             c.sensitive && !c.privileged ? repl_bold(d) : "", repl_class_text(&c),
             c.sensitive && !c.privileged ? repl_plain(d) : "");
  }
}

static void show_machines(struct debugger *d)
{
  struct machine *m = repl_focus(d);
  char size[TEXT_COUNT_SIZE], tick[TEXT_COUNT_SIZE];
  for (; m; m = machine_parent(m))
    repl_say(d, "%s%-8s profile %s, storage %s, tick %s, pc 0x%08x\n",
             m == repl_machine(d) ? "=> " : "   ", machine_name(m),
             profile_name(machine_profile(m)), text_size(size, machine_storage_size(m)),
             text_count(tick, machine_tick(m)), machine_get_pc(m));
  const struct debug_world *w = timeline_world(d->timeline);
  for (unsigned i = 0; i < w->others; i++)
    repl_say(d, "   %-8s beside it, storage %s, tick %s, pc 0x%08x\n", machine_name(w->other[i]),
             text_size(size, machine_storage_size(w->other[i])),
             text_count(tick, machine_tick(w->other[i])), machine_get_pc(w->other[i]));
}

/* --------------------------------------------------------------------------- all */

struct topic {
  const char *name, *summary;
  void (*show)(struct debugger *d);
  bool needs_vmm;
  bool (*about)(struct debugger *d, const char *args); /* of one thing; NULL: of all */
};

static const struct topic topics[] = {
    {"registers", "general registers and pc; with NAMES, those", show_registers, false,
     about_registers},
    {"all-registers", "and the control registers", show_all_registers, false, NULL},
    {"control", "control registers", show_control, false, NULL},
    {"psw", "the fields of the PSW", show_psw, false, NULL},
    {"breakpoints", "breakpoints, watchpoints, catchpoints", show_stops, false, NULL},
    {"watchpoints", "the same", show_stops, false, NULL},
    {"display", "what is shown at every stop", show_displays, false, NULL},
    {"source", "the source file here", show_source, false, NULL},
    {"sources", "all source files", show_sources, false, NULL},
    {"symbols", "labels; with a NAME, what contains it", show_symbols, false, about_symbols},
    {"line", "this instruction's line, and the macros that it comes from", show_line, false,
     about_line},
    {"traps", "traps by cause, and their handlers", show_traps, false, NULL},
    {"pagetable", "what is mapped; with 'dot', as a picture by Graphviz", repl_show_pagetable,
     false, repl_about_pagetable},
    {"tlb", "the entries of the TLB", repl_show_tlb, false, NULL},
    {"shadow", "tables the machine below walks; 'dot': drawn, with pmap", repl_show_shadow, true,
     repl_about_shadow},
    {"pmap", "where the guest's pages are in the machine below", repl_show_pmap, true, NULL},
    {"timer", "the timer, and interrupt lines", show_timer, false, NULL},
    {"disk", "the disk, and interrupt lines", show_disk, false, NULL},
    {"network", "the network's device, and interrupt lines", show_network, false, NULL},
    {"console", "output so far, input to come", show_console, false, NULL},
    {"sensitive", "the class of each system instruction on this profile", show_sensitive, false,
     NULL},
    {"machine", "the machines, from the guest's down to the real one", show_machines, false, NULL},
    {"vcpu", "the virtual processor beside the real one", show_vcpu, true, NULL},
    {"allocation", "what the VMM gave the virtual machine", show_allocation, true, NULL},
    {"vmm", "what the VMM has done", show_vmm, true, NULL},
    {"block", "translated code beside the guest's, at pc or an ADDRESS", repl_show_block, true,
     repl_about_block},
    {"checkpoints", "places to come back to", show_checkpoints, false, NULL},
    {"cost", "what going back costs", show_cost, false, NULL},
    {"history", "lines that you typed", show_history, false, NULL},
    {"level", "whose view commands take", show_level, false, NULL},
};
#define TOPICS (sizeof topics / sizeof *topics)

static const char *const of_gdb[][2] = {
    {"functions", "'info symbols' lists labels"},
    {"variables", "'info symbols' lists labels"},
    {"files", "'info sources' lists source files"},
    {"locals", "programs in assembly have none: 'info registers', 'x/8xw sp'"},
    {"args", "'info registers a0 a1 a2' shows what a routine was given"},
    {"frame", "'backtrace' shows the calls, 'context' this place"},
    {"stack", "'backtrace' shows the calls, 'x/8xw sp' what lies there"},
    {"threads", "'info machine' lists the machines"},
    {"inferiors", "'info machine' lists the machines"},
    {"signals", "'info traps' lists traps and their handlers"},
    {"record", "'info cost' tells what going back costs"},
};

static bool list_topics(struct debugger *d)
{
  for (size_t i = 0; i < TOPICS; i++)
    repl_say(d, "  info %-14s %s\n", topics[i].name, topics[i].summary);
  return true;
}

bool repl_cmd_info(struct debugger *d, const char *args)
{
  const struct topic *found = NULL;
  size_t len = strcspn(args, " \t");
  if (!len)
    return list_topics(d);
  for (size_t i = 0; i < TOPICS; i++) {
    if (strncmp(topics[i].name, args, len) != 0)
      continue;
    /* The first of those that it could be is the usual one, as in gdb. */
    if (!found || topics[i].name[len] == 0)
      found = &topics[i];
  }
  for (size_t i = 0; !found && i < sizeof of_gdb / sizeof *of_gdb; i++)
    if (strlen(of_gdb[i][0]) == len && strncmp(of_gdb[i][0], args, len) == 0)
      return repl_refuse(d, "gdb's 'info %s' is not here: %s", of_gdb[i][0], of_gdb[i][1]);
  if (!found) {
    struct suggestion s = suggest_begin(args, len);
    for (size_t i = 0; i < TOPICS; i++)
      suggest_offer(&s, topics[i].name);
    return s.best ? repl_refuse(d, "no 'info %s'; did you mean 'info %s'?", args, s.best)
                  : repl_refuse(d, "no 'info %s'; 'info' alone lists what there is", args);
  }
  if (found->needs_vmm && !d->depth)
    return repl_refuse(d, "there is no VMM here: 'trapeze debug --vmm PROGRAM' has one");
  const char *rest = args + len + strspn(args + len, " \t");
  if (*rest && found->about)
    return found->about(d, rest);
  if (*rest)
    return repl_refuse(d, "'info %s' is about all of them: it takes no '%s'", found->name, rest);
  found->show(d);
  return true;
}
