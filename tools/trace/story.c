#include "tools/trace/story.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "machine/devices/channel.h"
#include "tools/common/program.h"
#include "tools/common/text.h"
#include "tools/trace/classes.h"

/* The teller: where in the story one is. */
struct teller {
  struct story *s;
  const struct trace_filter *filter;
  struct words words;
  int16_t app_lane[TRACE_MAX_MACHINES]; /* of guests; the next lane is its OS */
  int16_t vmm_lane[TRACE_MAX_MACHINES]; /* of the VMM that runs on a machine */
  int16_t hardware;
  /* The guests' clocks, and what their runs were counted up to. */
  uint64_t now[TRACE_MAX_MACHINES], counted[TRACE_MAX_MACHINES];
  uint64_t real_now;  /* the bottom machine's */
  uint64_t real_then; /* … when its guest's clock was last known */
  bool waits[TRACE_MAX_MACHINES], lent[TRACE_MAX_MACHINES];
  size_t note; /* the next to be told */
  long box;    /* index of the VMM's last box, to which a return belongs; or -1 */
};

/* -------------------------------------------------------------------- lanes */

static int16_t add_lane(struct story *s, const char *format, const char *name)
{
  char *lane = NULL;
  if (asprintf(&lane, format, name) < 0) {
    s->no_memory = true;
    lane = NULL;
  }
  s->lanes[s->lane_count] = lane;
  return (int16_t)s->lane_count++;
}

static void lay_lanes(struct teller *l)
{
  struct story *s = l->s;
  const struct trace *t = s->trace;
  unsigned guests = 0;
  for (unsigned i = 0; i < t->machine_count; i++)
    guests += !words_has_vmm(t, i);
  for (unsigned i = 0; i < t->machine_count; i++) {
    if (words_has_vmm(t, i))
      continue;
    const char *name = guests > 1 ? t->machines[i].name : "";
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%.40s%s", name, guests > 1 ? ": " : "");
    l->app_lane[i] = add_lane(s, "%sapplication", prefix);
    add_lane(s, t->machines[i].parent < 0 ? "%soperating system" : "%sguest OS", prefix);
  }
  for (unsigned i = t->machine_count; i-- > 0;)
    if (words_has_vmm(t, i))
      l->vmm_lane[i] = add_lane(s, t->machines[i].parent < 0 ? "VMM%s" : "VMM on %s",
                                t->machines[i].parent < 0 ? "" : t->machines[i].name);
  l->hardware = add_lane(s, "hardware%s", "");
}

static bool is_bare(const struct teller *l, unsigned machine)
{
  return l->s->trace->machines[machine].parent < 0;
}

static int16_t guest_lane(const struct teller *l, unsigned guest)
{
  return (int16_t)(l->app_lane[guest] + (l->words.guests[guest].mode == 0));
}

static int16_t os_lane(const struct teller *l, unsigned guest)
{
  return (int16_t)(l->app_lane[guest] + 1);
}

/* Who looks after a machine's traps: the hardware, or the VMM below. */
static int16_t below(const struct teller *l, unsigned machine)
{
  return is_bare(l, machine) ? l->hardware : l->vmm_lane[l->s->trace->machines[machine].parent];
}

/* --------------------------------------------------------------------- rows */

static struct row *add_row(struct teller *l, enum row_kind kind, unsigned guest, int16_t from,
                           int16_t to)
{
  struct story *s = l->s;
  uint64_t tick = l->now[guest];
  struct row row = {
      .kind = kind, .from = from, .to = to, .back = -1, .machine = (uint8_t)guest, .tick = tick};
  if (kind != ROW_EMULATE && kind != ROW_REFLECT && kind != ROW_SERVE)
    l->box = -1;
  if (tick < l->filter->from || tick > l->filter->to ||
      !(l->filter->classes >> row_class(&row) & 1) || s->no_memory)
    return NULL;
  if (s->count == STORY_MAX_ROWS) {
    s->cut = true;
    return NULL;
  }
  if (s->count == s->capacity) {
    size_t capacity = s->capacity ? 2 * s->capacity : 256;
    struct row *moved = realloc(s->rows, capacity * sizeof *moved);
    if (!moved) {
      s->no_memory = true;
      return NULL;
    }
    s->rows = moved;
    s->capacity = capacity;
  }
  s->rows[s->count] = row;
  return &s->rows[s->count++];
}

static void __attribute__((format(printf, 2, 3))) label(struct row *r, const char *format, ...)
{
  if (!r)
    return;
  va_list args;
  va_start(args, format);
  vsnprintf(r->label, sizeof r->label, format, args);
  va_end(args);
}

static void place(struct teller *l, struct row *r, unsigned guest, uint32_t pc)
{
  if (!r)
    return;
  r->placed = true;
  r->pc = pc;
  r->in_program = words_address(&l->words, guest, pc, &r->address);
}

/* Directly, on the machine below. While the VMM has that, the bottom machine only waits for a
 * disk, and what the guest's clock shows was interpreted. */
static bool executes(const struct teller *l, unsigned guest)
{
  return is_bare(l, guest) || l->lent[guest] || !(l->s->trace->classes >> CLASS_SWITCHES & 1);
}

/* What the guest executed since it was last looked at, up to its present tick. */
static void add_run(struct teller *l, unsigned guest, uint64_t to)
{
  if (to <= l->counted[guest])
    return;
  uint64_t ticks = to - l->counted[guest];
  uint64_t now = l->now[guest];
  l->now[guest] = l->counted[guest];
  bool direct = executes(l, guest);
  struct row *r = direct ? add_row(l, ROW_RUN, guest, guest_lane(l, guest), -1)
                         : add_row(l, ROW_EMULATE, guest, below(l, guest), -1);
  l->now[guest] = now;
  l->counted[guest] = to;
  if (r)
    r->ticks = ticks;
  if (!direct) {
    label(r, "interpret %llu", (unsigned long long)ticks);
    l->box = r ? r - l->s->rows : -1;
  }
}

/* The VMM's box: unless more is heard, the guest goes on from here. */
static struct row *add_box(struct teller *l, enum row_kind kind, unsigned machine, unsigned guest)
{
  l->box = -1;
  struct row *r = add_row(l, kind, guest, below(l, machine), -1);
  if (r && machine == guest) {
    r->back = guest_lane(l, guest);
    l->box = r - l->s->rows;
  }
  return r;
}

static struct row *last_box(struct teller *l)
{
  return l->box >= 0 ? &l->s->rows[l->box] : NULL;
}

/* ------------------------------------------------------------------- events */

#define RAISE_LABEL "raise %s"

static void tell_trap(struct teller *l, unsigned machine, const struct trace_event *e)
{
  const struct trace *t = l->s->trace;
  unsigned guest = words_guest(&l->words, machine);
  bool interrupt = isa_cause_is_interrupt(e->a), vmm = words_has_vmm(t, machine);
  if (!vmm && (interrupt || !is_bare(l, machine)))
    return; /* told by the delivery, or by the reflection */
  bool bottom = is_bare(l, machine);
  int16_t from = interrupt || !bottom ? below(l, machine) : guest_lane(l, guest);
  int16_t to = vmm ? l->vmm_lane[machine] : l->hardware;
  struct row *r = add_row(l, interrupt ? ROW_INTERRUPT : ROW_TRAP, guest, from, to);
  const char *mnemonic = words_mnemonic(e->d);
  if (e->a == CAUSE_PRIVILEGED && *mnemonic)
    label(r, "%s: %s", mnemonic, words_cause(e->a));
  else
    label(r, "%s", words_cause(e->a));
  place(l, r, guest, e->b);
}

/* The row before, but for lines that are raised in other machines meanwhile. */
static struct row *last_of(struct teller *l, unsigned machine)
{
  size_t n = l->s->count;
  while (n > 0 && l->s->rows[n - 1].kind == ROW_RAISE && l->s->rows[n - 1].machine != machine)
    n--;
  return n > 0 ? &l->s->rows[n - 1] : NULL;
}

static void tell_deliver(struct teller *l, unsigned machine, const struct trace_event *e)
{
  struct row *box = last_box(l);
  struct row *last = last_of(l, machine);
  char raise[STORY_LABEL];
  snprintf(raise, sizeof raise, RAISE_LABEL, words_cause(e->a));
  bool raised = last && last->kind == ROW_RAISE && last->tick == l->now[machine] &&
                strcmp(last->label, raise) == 0;
  if (box && box->kind == ROW_REFLECT) {
    box->back = os_lane(l, machine);
    box->reflects = true;
  } else if (raised) {
    last->back = os_lane(l, machine);
    last->reflects = true;
    if (last > l->s->rows && last[-1].kind == ROW_SERVE && last[-1].tick == last->tick)
      last[-1].back = -1; /* not back to where it was interrupted */
  } else {
    struct row *r = add_row(l, ROW_DELIVER, machine, below(l, machine), os_lane(l, machine));
    label(r, isa_cause_is_interrupt(e->a) ? "interrupt: %s" : "deliver %s", words_cause(e->a));
    if (r) {
      r->placed = true; /* handlers are entered with translation off */
      r->pc = r->address = e->c;
      r->in_program = image_symbol_at(l->s->trace->image, e->c, NULL) != NULL;
    }
  }
  l->box = -1;
  l->counted[machine] = l->now[machine] + 1;
}

static void tell_emulate(struct teller *l, unsigned machine, const struct trace_event *e)
{
  unsigned guest = words_guest(&l->words, machine);
  struct row *r = add_box(l, ROW_EMULATE, machine, guest);
  label(r, "%s %s", words_kind(e->kind), isa_insn_info((enum isa_insn)e->a)->mnemonic);
  place(l, r, guest, e->b);
  if (r && e->kind == TRACE_INTERPRET)
    r->back = -1; /* as far as is known yet the VMM goes on interpreting */
  l->counted[guest] = l->now[guest] + 1;
}

static void tell_code(struct teller *l, unsigned machine, const struct trace_event *e)
{
  static const char *const verbs[TRACE_CODE_COUNT] = {
      [TRACE_CODE_BLOCK] = "translate",    [TRACE_CODE_CHAIN] = "chain a branch",
      [TRACE_CODE_FORGET] = "forget code", [TRACE_CODE_EMPTY] = "empty the cache",
      [TRACE_CODE_COPY] = "patch page"};
  unsigned guest = words_guest(&l->words, machine);
  char words[TEXT_THINGS_SIZE];
  struct row *before = last_box(l);
  if (before)
    before->back = -1; /* the VMM goes on */
  struct row *r = add_box(l, ROW_EMULATE, machine, guest);
  if (e->a == TRACE_CODE_BLOCK || e->a == TRACE_CODE_COPY)
    label(r, "%s: %s", verbs[e->a], text_things(words, e->d, "word"));
  else
    label(r, "%s", verbs[e->a]);
  place(l, r, guest, e->b);
}

static void tell_reflect(struct teller *l, unsigned machine, const struct trace_event *e)
{
  unsigned guest = words_guest(&l->words, machine);
  struct row *r = add_box(l, ROW_REFLECT, machine, guest);
  label(r, "reflect %s", words_cause(e->a));
  place(l, r, guest, e->b);
  /* An emulation that met a trap completed nothing. */
  l->counted[guest] = l->now[guest];
}

static void tell_io(struct teller *l, unsigned machine, const struct trace_event *e)
{
  if (!is_bare(l, machine))
    return; /* the emulated instruction is told already */
  unsigned guest = words_guest(&l->words, machine);
  char port[32];
  int16_t from = words_has_vmm(l->s->trace, machine) ? l->vmm_lane[machine] : guest_lane(l, guest);
  struct row *r = add_row(l, ROW_IO, guest, from, l->hardware);
  label(r, "%s %s", words_access(e), words_port(e->a, port, sizeof port));
}

static void label_ccw(struct row *r, const struct trace_event *e)
{
  uint32_t command = e->a & 0xff;
  if (command == CHANNEL_SEEK)
    label(r, "seek sector %u", e->c);
  else
    label(r, "%s %u at 0x%x", words_command(command), e->a >> CHANNEL_COUNT_SHIFT, e->b);
}

/* Whose program it is hands it to who carries it out. That a VMM asks whether it is done
 * is no part of the story. */
static void tell_channel(struct teller *l, unsigned machine, const struct trace_event *e)
{
  bool has_vmm = words_has_vmm(l->s->trace, machine);
  if (e->kind == TRACE_CHANNEL && (!is_bare(l, machine) || (has_vmm && e->a == 1)))
    return; /* the emulated instruction is told already */
  unsigned guest = words_guest(&l->words, machine);
  int16_t from = has_vmm ? l->vmm_lane[machine] : guest_lane(l, guest);
  int16_t to = below(l, machine);
  struct row *r = add_row(l, ROW_IO, guest, from, to);
  if (e->kind == TRACE_CCW) {
    label_ccw(r, e);
    return;
  }
  char what[WORDS_SIZE];
  words_channel(e, what, sizeof what);
  label(r, "%s", what);
}

static void tell_mode(struct teller *l, unsigned machine, const struct trace_event *e)
{
  struct row *box = last_box(l);
  int16_t to = guest_lane(l, machine); /* words_follow() knows the new mode */
  if (!is_bare(l, machine)) {
    if (box)
      box->back = to;
    return;
  }
  unsigned mode = l->words.guests[machine].mode;
  l->words.guests[machine].mode = psw_mode(e->a);
  add_run(l, machine, e->tick);
  int16_t from = guest_lane(l, machine);
  l->words.guests[machine].mode = mode;
  struct row *r = add_row(l, ROW_RETURN, machine, from, to);
  label(r, "%s", words_mnemonic(e->d));
  place(l, r, machine, e->b);
  l->counted[machine] = e->tick + 1;
}

static void tell_state(struct teller *l, unsigned machine, const struct trace_event *e)
{
  struct row *box = last_box(l);
  l->waits[machine] = e->a == MACHINE_WAITING;
  if (e->a == MACHINE_RUNNING)
    return;
  if (box)
    box->back = -1;
  l->counted[machine] = e->tick + 1;
  struct row *r = add_row(l, ROW_STATE, machine, guest_lane(l, machine), -1);
  label(r, "%s", e->a == MACHINE_WAITING ? "waits" : "stops");
  place(l, r, machine, e->b);
}

static void tell_insn(struct teller *l, unsigned machine, const struct trace_event *e)
{
  unsigned guest = words_guest(&l->words, machine);
  struct isa_decoded d;
  bool system = isa_decode(e->d, &d) && isa_insn_info(d.insn)->group == ISA_GROUP_SYSTEM;
  bool privileged = psw_mode(e->c) == 0;
  bool sensitive = system && !privileged;
  struct row *r = add_row(l, sensitive ? ROW_SENSITIVE : ROW_INSN, guest, guest_lane(l, guest), -1);
  if (sensitive) {
    const char *behaviour = trace_behaviour_of(l->s->trace, d.insn);
    label(r, "%s: no trap, %s", isa_insn_info(d.insn)->mnemonic, behaviour ? behaviour : "?");
  } else if (r) {
    char insn[64];
    label(r, "%s", words_insn(e->d, e->b, insn, sizeof insn));
  }
  place(l, r, guest, e->b);
  if (r)
    l->counted[guest] = l->now[guest] + 1;
}

/* The device, and the switch behind it, belong to who looks after the machine. */
static void tell_frame(struct teller *l, unsigned machine, const struct trace_event *e)
{
  static const char *const words[] = {[MACHINE_FRAME_SENT] = "send",
                                      [MACHINE_FRAME_ARRIVED] = "frame:",
                                      [MACHINE_FRAME_DROPPED] = "dropped:"};
  bool sent = e->a == MACHINE_FRAME_SENT;
  int16_t device = below(l, machine), os = os_lane(l, machine);
  struct row *r = add_row(l, ROW_IO, machine, sent ? os : device, sent ? device : os);
  label(r, "%s %u bytes", words[e->a], e->d);
}

static void tell_raise(struct teller *l, unsigned machine, const struct trace_event *e)
{
  if (words_has_vmm(l->s->trace, machine))
    return; /* the VMM's interrupt is told when it is taken */
  struct row *r = add_row(l, ROW_RAISE, machine, below(l, machine), -1);
  label(r, RAISE_LABEL, words_cause(e->a));
}

/* What the VMM did last, it did before the guest goes on directly. */
static void tell_world(struct teller *l, unsigned machine, bool enters)
{
  struct row *box = last_box(l);
  if (enters && box && box->kind == ROW_EMULATE && box->machine == machine)
    box->back = guest_lane(l, machine);
  l->lent[machine] = enters;
}

static void tell_serve(struct teller *l, unsigned machine, const struct trace_event *e)
{
  struct row *r = add_box(l, ROW_SERVE, machine, words_guest(&l->words, machine));
  label(r, "serve %s", words_cause(e->a));
}

static void tell_map(struct teller *l, unsigned machine, const struct trace_event *e)
{
  if (is_bare(l, machine))
    return;
  struct row *r = add_row(l, ROW_MAP, machine, below(l, machine), -1);
  label(r, "base 0x%x +0x%x", e->a, e->b);
}

static void tell(struct teller *l, unsigned machine, const struct trace_event *e)
{
  switch (e->kind) {
  case TRACE_TRAP:
    tell_trap(l, machine, e);
    break;
  case TRACE_DELIVER:
    tell_deliver(l, machine, e);
    break;
  case TRACE_EMULATE:
  case TRACE_INTERPRET:
    tell_emulate(l, machine, e);
    break;
  case TRACE_CODE:
    tell_code(l, machine, e);
    break;
  case TRACE_REFLECT:
    tell_reflect(l, machine, e);
    break;
  case TRACE_SERVE:
    tell_serve(l, machine, e);
    break;
  case TRACE_IO:
    tell_io(l, machine, e);
    break;
  case TRACE_CHANNEL:
  case TRACE_CCW:
    tell_channel(l, machine, e);
    break;
  case TRACE_DEVICE:
    tell_raise(l, machine, e);
    break;
  case TRACE_MODE:
    tell_mode(l, machine, e);
    break;
  case TRACE_STATE:
    tell_state(l, machine, e);
    break;
  case TRACE_MAP:
    tell_map(l, machine, e);
    break;
  case TRACE_INSN:
    tell_insn(l, machine, e);
    break;
  case TRACE_FRAME:
    tell_frame(l, machine, e);
    break;
  case TRACE_WORLD_IN:
  case TRACE_WORLD_OUT:
    tell_world(l, machine, e->kind == TRACE_WORLD_IN);
    break;
  case TRACE_KIND_COUNT:
    break;
  }
}

/* Remarks on the guest at ticks before `until`. */
static void tell_notes(struct teller *l, unsigned guest, uint64_t until)
{
  const struct trace *t = l->s->trace;
  for (; l->note < t->note_count; l->note++) {
    const struct trace_note *n = &t->notes[l->note];
    if (n->machine != guest || n->tick >= until)
      return;
    uint64_t now = l->now[guest];
    l->now[guest] = n->tick;
    add_run(l, guest, n->tick);
    label(add_row(l, ROW_NOTE, guest, guest_lane(l, guest), -1), "%s", n->text);
    l->now[guest] = now;
  }
}

/* Lets the guest's clock follow, and tells what it executed meanwhile. The bottom
 * machine's clock runs as its guest's does while that executes, but for traps and
 * what the VMM waits for: so only differences count. */
static void keep_time(struct teller *l, unsigned machine, const struct trace_event *e)
{
  unsigned guest = words_guest(&l->words, machine);
  if (machine == guest) {
    l->now[guest] = e->tick;
    l->real_then = l->real_now;
  } else if (is_bare(l, machine)) {
    if (executes(l, guest) && e->tick > l->real_then)
      l->now[guest] += e->tick - l->real_then;
    l->real_now = l->real_then = e->tick;
  }
  tell_notes(l, guest, l->now[guest]);
  bool mode_follows = e->kind == TRACE_MODE && is_bare(l, machine);
  bool hidden_insn = e->kind == TRACE_INSN && !trace_filter_takes(l->filter, e);
  if (l->waits[guest])
    l->counted[guest] = l->now[guest];
  else if (!mode_follows && !hidden_insn && e->kind != TRACE_MAP)
    add_run(l, guest, l->now[guest]);
}

bool story_tell(struct story *s, const struct trace *t, const struct trace_filter *f)
{
  *s = (struct story){.trace = t};
  struct teller l = {.s = s, .filter = f, .box = -1};
  struct trace_cursor c;
  struct trace_event e;
  unsigned machine;
  trace_start(&c, t);
  words_start(&l.words, t);
  lay_lanes(&l);
  while (trace_next(&c, &machine, &e)) {
    /* A run belongs to the mode before the event. */
    bool after = e.kind == TRACE_DELIVER || e.kind == TRACE_MAP;
    if (!after)
      words_follow(&l.words, machine, &e);
    keep_time(&l, machine, &e);
    tell(&l, machine, &e);
    if (after)
      words_follow(&l.words, machine, &e);
  }
  for (unsigned i = 0; i < t->machine_count; i++)
    tell_notes(&l, i, UINT64_MAX);
  if (!s->no_memory)
    return true;
  story_destroy(s);
  return false;
}

void story_destroy(struct story *s)
{
  for (unsigned i = 0; i < s->lane_count; i++)
    free(s->lanes[i]);
  free(s->rows);
  *s = (struct story){0};
}

void story_title(const struct trace *t, char *buf, size_t size)
{
  char where[48] = "on the bare machine";
  if (t->machine_count == 2)
    snprintf(where, sizeof where, "in a virtual machine");
  else if (t->machine_count > 2 && t->machines[2].parent == 1)
    snprintf(where, sizeof where, "under a stack of %u VMMs", t->machine_count - 1);
  else if (t->machine_count > 2)
    snprintf(where, sizeof where, "in %u virtual machines", t->machine_count - 1);
  snprintf(buf, size, "%s on %s (%s), %s", t->program, t->profile, t->title, where);
}

/* --------------------------------------------------------------- about rows */

bool row_is_arrow(const struct row *r)
{
  return r->to >= 0;
}

enum trace_class row_class(const struct row *r)
{
  switch (r->kind) {
  case ROW_EMULATE:
    return CLASS_EMULATION;
  case ROW_REFLECT:
    return CLASS_REFLECTION;
  case ROW_SERVE:
  case ROW_INTERRUPT:
  case ROW_RAISE:
    return CLASS_INTERRUPTS;
  case ROW_IO:
    return CLASS_IO;
  case ROW_MAP:
    return CLASS_MEMORY;
  case ROW_SENSITIVE:
    return CLASS_SENSITIVE;
  case ROW_INSN:
    return CLASS_INSTRUCTIONS;
  default:
    return CLASS_TRAPS;
  }
}

const char *row_kind_name(enum row_kind kind)
{
  static const char *const names[ROW_KIND_COUNT] = {
      [ROW_RUN] = "run",
      [ROW_TRAP] = "trap",
      [ROW_INTERRUPT] = "interrupt",
      [ROW_DELIVER] = "deliver",
      [ROW_EMULATE] = "emulate",
      [ROW_REFLECT] = "reflect",
      [ROW_SERVE] = "serve",
      [ROW_RAISE] = "raise",
      [ROW_RETURN] = "return",
      [ROW_IO] = "io",
      [ROW_MAP] = "map",
      [ROW_SENSITIVE] = "sensitive",
      [ROW_INSN] = "instruction",
      [ROW_STATE] = "state",
      [ROW_NOTE] = "note",
  };
  return names[kind];
}

/* Tell the same thing, but for when, and for how long about. */
static bool row_same(const struct row *a, const struct row *b)
{
  return a->kind == b->kind && a->from == b->from && a->to == b->to && a->back == b->back &&
         a->machine == b->machine && a->pc == b->pc && strcmp(a->label, b->label) == 0 &&
         a->ticks <= 4 * b->ticks && b->ticks <= 4 * a->ticks;
}

char *row_place(const struct story *s, const struct row *r, char *buf, size_t size)
{
  *buf = 0;
  if (r->placed && r->in_program)
    program_place(s->trace->image, r->address, buf, size);
  else if (r->placed)
    snprintf(buf, size, "0x%08x", r->pc);
  return buf;
}

char *row_source(const struct story *s, const struct row *r, char *buf, size_t size)
{
  *buf = 0;
  if (r->placed && r->in_program)
    words_line(s->trace, r->address, buf, size);
  return buf;
}

/* ----------------------------------------------------------------- repeats */

#define LONGEST_PATTERN 16u
#define FEWEST_REPEATS  3u

/* How often the `len` rows at `at` stand there one after another. */
static uint64_t repeats(const struct story *s, size_t at, size_t len)
{
  uint64_t times = 1;
  for (size_t next = at + len; next + len <= s->count; next += len, times++)
    for (size_t i = 0; i < len; i++)
      if (!row_same(&s->rows[at + i], &s->rows[next + i]))
        return times;
  return times;
}

struct passage *story_collapse(const struct story *s, size_t *count)
{
  struct passage *all = calloc(s->count + 1, sizeof *all);
  *count = 0;
  for (size_t at = 0; all && at < s->count;) {
    struct passage best = {at, 1, 1};
    for (unsigned len = 1; len <= LONGEST_PATTERN; len++) {
      uint64_t times = repeats(s, at, len);
      if (times >= FEWEST_REPEATS && times * len > best.times * best.rows)
        best = (struct passage){at, len, times};
    }
    all[(*count)++] = best;
    at += best.rows * best.times;
  }
  return all;
}
