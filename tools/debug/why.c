/* Why did this trap, or why not: the last step told again, with what decided it. */
#include <stdarg.h>
#include <string.h>

#include "machine/devices/ports.h"
#include "tools/common/text.h"
#include "tools/debug/debugger.h"
#include "tools/trace/words.h"

#define EVENTS 64u

/* --------------------------------------------------------------- events, in words */

static const char *cause_name(uint32_t cause)
{
  const char *s = isa_cause_info(cause)->summary;
  return isa_cause_info(cause)->name ? s : "unknown cause";
}

static const char *port_name(uint32_t port)
{
  switch (port) {
  case PORT_CONSOLE_DATA: return "console data";
  case PORT_CONSOLE_STATUS: return "console status";
  case PORT_DISK_SECTOR: return "disk sector";
  case PORT_DISK_ADDRESS: return "disk address";
  case PORT_DISK_COUNT: return "disk count";
  case PORT_DISK_COMMAND: return "disk command";
  case PORT_DISK_STATUS: return "disk status";
  case PORT_DISK_SIZE: return "disk size";
  case PORT_NET_STATION: return "net station";
  case PORT_NET_SEND_AT: return "net send at";
  case PORT_NET_SEND_LENGTH: return "net send length";
  case PORT_NET_RECEIVE_AT: return "net receive at";
  case PORT_NET_COMMAND: return "net command";
  case PORT_NET_STATUS: return "net status";
  case PORT_NET_RECEIVED: return "net received";
  case PORT_NET_DROPPED: return "net dropped";
  default: return "no port";
  }
}

static void code_text(const struct trace_event *e, char *buf, size_t size)
{
  static const char *const acts[TRACE_CODE_COUNT] = {
      [TRACE_CODE_BLOCK] = "translated: the code at 0x%x",
      [TRACE_CODE_CHAIN] = "chained: a branch leads to the translation of 0x%x from now on",
      [TRACE_CODE_FORGET] = "translations are gone: storage at 0x%x was written",
      [TRACE_CODE_EMPTY] = "the translation cache is emptied, at 0x%x",
      [TRACE_CODE_COPY] = "copied and patched: the page at 0x%x"};
  snprintf(buf, size, acts[e->a], e->b);
}

static void state_text(uint32_t state, char *buf, size_t size)
{
  snprintf(buf, size, "%s",
           state == MACHINE_WAITING   ? "waits for an interrupt"
           : state == MACHINE_STOPPED ? "stops"
                                      : "goes on: an interrupt line is pending");
}

void repl_event_text(struct debugger *d, const struct trace_event *e, char *buf, size_t size)
{
  char place[REPL_PLACE];
  switch (e->kind) {
  case TRACE_TRAP:
    snprintf(buf, size, "raised: %s at 0x%x%s", cause_name(e->a), e->b,
             repl_named(d, e->b, place));
    break;
  case TRACE_DELIVER:
    snprintf(buf, size, "delivered: %s, to the handler at 0x%x%s", cause_name(e->a), e->c,
             repl_storage_named(d, e->c, place));
    break;
  case TRACE_IO:
    snprintf(buf, size, "port %s %s 0x%x", port_name(e->a), e->c ? "takes" : "gives", e->b);
    break;
  case TRACE_DEVICE: snprintf(buf, size, "line raised: %s", cause_name(e->a)); break;
  case TRACE_WORLD_IN:
    snprintf(buf, size, "resumed: the VMM loads the virtual machine, pc 0x%x, virtual mode %u",
             e->b, psw_mode(e->c));
    break;
  case TRACE_WORLD_OUT:
    snprintf(buf, size, "dispatched: the real machine's %s comes to the VMM, pc 0x%x",
             cause_name(e->a), e->b);
    break;
  case TRACE_EMULATE:
    snprintf(buf, size, "verified and emulated: %s at 0x%x",
             isa_insn_info((enum isa_insn)e->a)->mnemonic, e->b);
    break;
  case TRACE_INTERPRET:
    snprintf(buf, size, "interpreted by the VMM: %s at 0x%x",
             isa_insn_info((enum isa_insn)e->a)->mnemonic, e->b);
    break;
  case TRACE_REFLECT:
    snprintf(buf, size, "reflected: the guest gets a %s (the real machine's was: %s)",
             cause_name(e->a), cause_name(e->c));
    break;
  case TRACE_SERVE:
    snprintf(buf, size, "served: the real %s is the VMM's own", cause_name(e->a));
    break;
  case TRACE_MODE:
    snprintf(buf, size, "mode %u becomes %u", psw_mode(e->a), psw_mode(e->c));
    break;
  case TRACE_STATE: state_text(e->a, buf, size); break;
  case TRACE_MAP: snprintf(buf, size, "relocation: base 0x%x bound 0x%x in force", e->a, e->b); break;
  case TRACE_INSN: snprintf(buf, size, "executed: the instruction at 0x%x", e->b); break;
  case TRACE_CHANNEL: words_channel(e, buf, size); break;
  case TRACE_CCW: words_ccw(e, buf, size); break;
  case TRACE_FRAME:
    snprintf(buf, size, "network: a frame of %u bytes from %u %s", e->d, e->c,
             e->a == MACHINE_FRAME_SENT      ? "is sent"
             : e->a == MACHINE_FRAME_ARRIVED ? "arrives"
                                             : "is dropped: the queue is full");
    break;
  case TRACE_CODE: code_text(e, buf, size); break;
  case TRACE_KIND_COUNT: *buf = 0; break;
  }
}

/* What happens in the next step, without it happening. */
static size_t events_of_step(struct debugger *d, struct trace_event events[EVENTS])
{
  size_t n = timeline_events(d->timeline, false, events, EVENTS);
  return n < EVENTS ? n : EVENTS;
}

/* Of several virtual machines, one on the other: with its level, 1 on the real one. */
static const char *name_of(struct debugger *d, const char *name, char buf[16])
{
  unsigned level = d->depth;
  for (struct machine *m = repl_focus(d); d->depth > 1 && machine_parent(m);
       m = machine_parent(m), level--) {
    if (machine_name(m) == name) {
      snprintf(buf, 16, "vm %u", level);
      return buf;
    }
  }
  return name;
}

static void show_event(struct debugger *d, size_t i, const struct trace_event *e)
{
  char text[200];
  repl_event_text(d, e, text, sizeof text);
  char who[16];
  int n = fprintf(d->out, "  %2zu %-8s ", i + 1, name_of(d, e->machine, who));
  text_wrap(d->out, text, n, 14);
}

/* At level vmm a step is one event; the last one is followed by the tick's end. */
bool repl_micro_step(struct debugger *d)
{
  struct trace_event events[EVENTS];
  size_t n = events_of_step(d, events);
  if (d->micro >= n) {
    d->micro = 0;
    return false;
  }
  if (d->micro == 0)
    repl_say(d, "within the next tick, %zu event%s:\n", n, n == 1 ? "" : "s");
  show_event(d, d->micro, &events[d->micro]);
  d->micro++;
  return true;
}

/* ---------------------------------------------------------------------- the story */

/* All there is to know of one step, before it is taken. */
struct step {
  uint32_t pc, psw, word;
  bool fetched, decoded, trapped;
  struct isa_decoded insn;
  struct trap trap;
  struct repl_class class;
  const struct profile_behaviour *real, *virtual;
  struct trace_event event[EVENTS];
  size_t events;
};

static void look_at_step(struct debugger *d, struct step *s)
{
  struct machine *m = repl_focus(d);
  const struct profile *p = machine_profile(m);
  *s = (struct step){.pc = machine_get_pc(m), .psw = machine_get_cr(m, CR_PSW)};
  s->fetched = repl_insn_at(m, s->pc, &s->word);
  s->decoded = s->fetched && profile_decode(p, s->word, &s->insn);
  s->trapped = timeline_trap(d->timeline, &s->trap);
  if (s->decoded) {
    s->class = repl_classify(d, s->insn.insn);
    s->real = profile_behaviour(p, s->insn.insn, profile_user_mode(p));
    s->virtual = profile_behaviour(p, s->insn.insn, psw_mode(s->psw));
  }
  s->events = events_of_step(d, s->event);
}

static const struct trace_event *event_of(const struct step *s, enum trace_kind kind)
{
  for (size_t i = 0; i < s->events; i++)
    if (s->event[i].kind == kind)
      return &s->event[i];
  return NULL;
}

static void paragraph(struct debugger *d, const char *title, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void paragraph(struct debugger *d, const char *title, const char *format, ...)
{
  char text[1200];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  int n = fprintf(d->out, "  %-10s", title);
  text_wrap(d->out, text, n, 12);
}

static void tell_class(struct debugger *d, const struct step *s)
{
  const struct isa_insn_info *info = isa_insn_info(s->insn.insn);
  const char *profile = profile_name(d->setup->profile);
  paragraph(d, "class", "%s is %s on %s%s%s.", info->mnemonic, repl_class_text(&s->class), profile,
            *info->sensitive && s->class.sensitive ? ": " : "",
            *info->sensitive && s->class.sensitive ? info->sensitive : "");
}

static void tell_interrupt(struct debugger *d, const struct step *s)
{
  paragraph(d, "why",
            "An interrupt (%s): its line is in IPEND, IMASK lets it through and IE is on, so it is "
            "taken at the boundary before the instruction at 0x%x, which does not execute.",
            cause_name(s->trap.cause), s->trap.epc);
  if (d->depth)
    paragraph(d, "VMM",
              "The interrupt is virtual: a virtual device raised a virtual line, and the virtual "
              "IE and IMASK decide. Real interrupts are served by the VMM and the guest never sees "
              "them.");
  paragraph(d, "paper",
            "Popek and Goldberg's machines have no interrupts; that the VMM alone takes the real "
            "ones is resource control.");
}

static void tell_privileged_trap(struct debugger *d, const struct step *s)
{
  const char *profile = profile_name(d->setup->profile), *name = isa_insn_info(s->insn.insn)->mnemonic;
  unsigned mode = psw_mode(s->psw);
  if (!d->depth) {
    paragraph(d, "why", "%s traps in mode %u on %s (behaviour '%s'): only mode 0 may execute it.",
              name, mode, profile, s->virtual ? s->virtual->name : "trap");
    return;
  }
  paragraph(d, "why", "%s traps: the real machine is in mode %u, where %s says '%s'.", name,
            profile_user_mode(d->setup->profile), profile, s->real->name);
  paragraph(d, "VMM",
            "Dispatcher: a privileged instruction in virtual mode %u is the guest's own trap: "
            "reflect. The guest's own machine would trap as well.", mode);
}

static void tell_memory_trap(struct debugger *d, const struct step *s)
{
  paragraph(d, "why", "A %s at address 0x%x: %s.", cause_name(s->trap.cause), s->trap.value,
            s->trap.cause == CAUSE_BOUNDS      ? "relocation is on and the address is not below BOUND"
            : s->trap.cause == CAUSE_BUS       ? "there is no storage at that address"
            : s->trap.cause == CAUSE_ALIGNMENT ? "it is no multiple of the size of the access"
                                               : "the access is not allowed");
  const struct trace_event *e = event_of(s, TRACE_REFLECT);
  if (d->depth && e && e->c != e->a)
    paragraph(d, "VMM",
              "Dispatcher: a memory trap is reflected. The real machine says %s; cause and address "
              "are derived anew with the virtual machine's own translation, which says %s.",
              cause_name(e->c), cause_name(e->a));
  else if (d->depth)
    paragraph(d, "VMM", "Dispatcher: a memory trap is reflected, its cause derived anew with the "
                        "virtual machine's own translation.");
  paragraph(d, "paper", "A memory trap is no sign of sensitivity: relocation-bounds makes every "
                        "instruction that reads storage trap somewhere.");
}

static void tell_trap(struct debugger *d, const struct step *s)
{
  bool errant = s->trap.cause <= CAUSE_HYPERCALL && s->trap.cause != CAUSE_PRIVILEGED;
  if (isa_cause_is_interrupt(s->trap.cause)) {
    tell_interrupt(d, s);
    return;
  }
  if (s->decoded)
    tell_class(d, s);
  if (s->trap.cause == CAUSE_PRIVILEGED && s->decoded) {
    tell_privileged_trap(d, s);
  } else if (errant) {
    paragraph(d, "why", "A %s trap: errant instructions trap in every mode, on every machine.",
              cause_name(s->trap.cause));
    if (d->depth)
      paragraph(d, "VMM", "Dispatcher: errant, so reflect. The trap is the guest's; the VMM "
                          "delivers it through the guest's vector table.");
    paragraph(d, "paper", "Errant instructions are neither sensitive nor privileged; a guest's "
                          "system calls are its own affair.");
  } else {
    tell_memory_trap(d, s);
  }
}

/* A sensitive instruction that went through without anybody being told. */
static void tell_hole(struct debugger *d, const struct step *s)
{
  const char *name = isa_insn_info(s->insn.insn)->mnemonic;
  const char *profile = profile_name(d->setup->profile);
  paragraph(d, "why", "It does not trap: on %s %s outside mode 0 is '%s'%s%s.", profile, name,
            s->real->name, s->real->models ? ", as " : "", s->real->models ? s->real->models : "");
  if (psw_mode(s->psw) == 0)
    paragraph(d, "VMM",
              "It is never told. The guest is in virtual mode 0, where its own machine would do "
              "'%s'; the real machine is in mode %u and does '%s'. Whatever differs between the "
              "two is wrong from here on.",
              s->virtual->name, profile_user_mode(d->setup->profile), s->real->name);
  else
    paragraph(d, "VMM", "It is never told; the guest's own machine in mode %u does '%s' as well.",
              psw_mode(s->psw), s->virtual->name);
  paragraph(d, "paper", "Theorem 1: a VMM may be constructed if the sensitive instructions are a "
                        "subset of the privileged ones. %s is sensitive and unprivileged: this is "
                        "the case that the theorem excludes.", name);
}

static void tell_emulated(struct debugger *d, const struct step *s)
{
  const char *name = isa_insn_info(s->insn.insn)->mnemonic;
  paragraph(d, "why", "%s traps: the real machine is in mode %u, where %s says '%s'.", name,
            profile_user_mode(d->setup->profile), profile_name(d->setup->profile), s->real->name);
  paragraph(d, "VMM",
            "Dispatcher: a privileged instruction in virtual mode 0 is the guest's right: emulate. "
            "The routine for %s verifies its operands, then does to the virtual machine what the "
            "instruction does to a real one.", name);
  paragraph(d, "paper", "Resource control: the guest's attempt to use a resource comes to the VMM, "
                        "which decides. This is the routine v of the instruction in <D, A, {v}>.");
}

static bool is_interpreted(struct debugger *d, const struct step *s)
{
  return event_of(s, TRACE_INTERPRET) ||
         (d->depth && !vmm_technique_is_direct(vmm_vm_technique(repl_focus(d)), d->setup->profile,
                                               psw_mode(s->psw)));
}

static void tell_interpreted(struct debugger *d, const struct step *s)
{
  const struct vmm_technique_info *t = &vmm_techniques[vmm_vm_technique(repl_focus(d))];
  paragraph(d, "why", "It does not reach the real machine. %s: %s.", t->name, t->story);
  paragraph(d, "VMM",
            "The interpreter does to the virtual machine what the profile says of virtual mode %u: "
            "'%s'. Sensitive or not makes no difference to it.",
            psw_mode(s->psw), s->virtual->name);
  paragraph(d, "paper", "Theorem 3: a hybrid VMM, which interprets all of virtual supervisor mode, "
                        "may be constructed if the user sensitive instructions are privileged.");
}

static void tell_execution(struct debugger *d, const struct step *s)
{
  if (!s->decoded)
    return;
  tell_class(d, s);
  if (is_interpreted(d, s))
    tell_interpreted(d, s);
  else if (event_of(s, TRACE_EMULATE))
    tell_emulated(d, s);
  else if (d->depth && s->class.sensitive && !s->class.privileged)
    tell_hole(d, s);
  else if (d->depth)
    paragraph(d, "why", "It does not trap: the real machine executes it directly, in mode %u, and the "
                        "VMM is not involved. Efficiency: innocuous instructions cost nothing.",
              profile_user_mode(d->setup->profile));
  else
    paragraph(d, "why", "It does not trap: in mode %u %s is '%s'.", psw_mode(s->psw),
              isa_insn_info(s->insn.insn)->mnemonic, s->virtual->name);
}

/* The question most often behind a machine that does nothing. */
static void tell_pending(struct debugger *d)
{
  struct machine *m = repl_focus(d);
  uint32_t lines = machine_get_cr(m, CR_IPEND) & machine_get_cr(m, CR_IMASK);
  if (lines == 0 || psw_ie(machine_get_cr(m, CR_PSW)))
    return;
  for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++)
    if (isa_cause_is_interrupt(i) && lines >> isa_cause_info(i)->line & 1)
      paragraph(d, "pending", "An interrupt is pending (%s) and not taken, because IE is off. "
                "'who-wrote ie' finds who turned it off.", cause_name(i));
}

static void tell_step(struct debugger *d, bool past)
{
  struct step s;
  char text[REPL_INSN], place[REPL_PLACE], tick[TEXT_COUNT_SIZE], header[300];
  look_at_step(d, &s);
  repl_insn_text(d, s.word, s.pc, text);
  snprintf(header, sizeof header, "%s tick %s: 0x%08x%s %s",
           past ? "The last step, at" : "The next step, at",
           text_count(tick, timeline_tick(d->timeline)), s.pc, repl_named(d, s.pc, place),
           s.fetched ? text : "cannot be fetched");
  text_wrap(d->out, header, 0, 2);
  if (s.trapped)
    tell_trap(d, &s);
  else
    tell_execution(d, &s);
  for (size_t i = 0; i < s.events; i++)
    show_event(d, i, &s.event[i]);
}

bool repl_cmd_why(struct debugger *d, const char *args)
{
  if (strcmp(args, "next") == 0) {
    if (!repl_can_move(d))
      return false;
    tell_step(d, false);
    tell_pending(d);
    return true;
  }
  if (*args)
    return repl_refuse(d, "'why' explains the last step, 'why next' the next one");
  uint64_t now = timeline_tick(d->timeline);
  struct trap trap;
  if (timeline_trap(d->timeline, &trap)) {
    tell_step(d, false);
    return true;
  }
  if (now == 0)
    return repl_refuse(d, "nothing has been executed yet: 'stepi' executes, 'why next' looks ahead");
  timeline_back(d->timeline, 1);
  tell_step(d, true);
  struct timeline_stop s = repl_return(d, now);
  tell_pending(d);
  return s.why != TIMELINE_FAILED || repl_report(d, s);
}
