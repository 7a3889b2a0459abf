#include "tools/trace/words.h"

#include <stdio.h>
#include <string.h>

#include "machine/devices/channel.h"
#include "machine/devices/ports.h"
#include "tools/common/program.h"
#include "tools/common/text.h"
#include "tools/trace/classes.h"

bool words_has_vmm(const struct trace *t, unsigned machine)
{
  for (unsigned i = 0; i < t->machine_count; i++)
    if (t->machines[i].parent == (int)machine)
      return true;
  return false;
}

static bool is_under(const struct trace *t, unsigned machine, unsigned guest)
{
  for (int i = (int)guest; i >= 0; i = t->machines[i].parent)
    if (i == (int)machine)
      return true;
  return false;
}

unsigned words_guest(const struct words *w, unsigned machine)
{
  if (is_under(w->trace, machine, w->running))
    return w->running;
  unsigned guest = machine;
  for (unsigned i = machine; i < w->trace->machine_count; i++)
    if (is_under(w->trace, machine, i) && !words_has_vmm(w->trace, i))
      guest = i;
  return guest;
}

void words_start(struct words *w, const struct trace *t)
{
  *w = (struct words){.trace = t};
  bool told = t->classes >> CLASS_MEMORY & 1;
  for (unsigned i = 0; i < t->machine_count; i++) {
    w->guests[i].blind = !told;
    if (!words_has_vmm(t, i))
      w->running = i;
  }
}

void words_follow(struct words *w, unsigned machine, const struct trace_event *e)
{
  if (words_has_vmm(w->trace, machine))
    return;
  struct words_guest *g = &w->guests[machine];
  /* What reaches a machine from another does so while that other runs. */
  if (!(e->kind == TRACE_FRAME && e->a != MACHINE_FRAME_SENT) &&
      !(e->kind == TRACE_DEVICE && e->a == CAUSE_NETWORK))
    w->running = machine;
  switch (e->kind) {
  case TRACE_MAP:
    g->base = e->a - w->trace->machines[machine].start;
    break;
  case TRACE_MODE:
  case TRACE_WORLD_IN:
  case TRACE_WORLD_OUT:
    g->mode = psw_mode(e->c);
    break;
  case TRACE_DELIVER:
    g->mode = 0;
    break;
  default:
    break;
  }
}

bool words_address(const struct words *w, unsigned guest, uint32_t pc, uint32_t *address)
{
  const struct words_guest *g = &w->guests[guest];
  *address = pc + g->base;
  return !(g->blind && g->mode != 0) && image_symbol_at(w->trace->image, *address, NULL);
}

/* "unlock+0x8", or the pc in hex. */
static char *words_place(const struct words *w, unsigned guest, uint32_t pc, char *buf, size_t size)
{
  uint32_t address;
  if (words_address(w, guest, pc, &address))
    return program_place(w->trace->image, address, buf, size);
  snprintf(buf, size, "0x%08x", pc);
  return buf;
}

char *words_line(const struct trace *t, uint32_t address, char *buf, size_t size)
{
  const struct image_line *line = image_line_written(image_line_at(t->image, address));
  *buf = 0;
  if (!line)
    return buf;
  const char *text = trace_source_text(t, line->file, line->line);
  const char *slash = strrchr(line->file, '/');
  text = text ? text + strspn(text, " ") : "";
  int n = snprintf(buf, size, "%s:%u: ", slash ? slash + 1 : line->file, line->line);
  /* One blank for many, and no comment. */
  for (size_t at = (size_t)n; at + 1 < size && *text && *text != '#'; text++) {
    if (*text != ' ' || (text[1] != ' ' && text[1] != '#' && text[1]))
      buf[at++] = *text;
    buf[at] = 0;
  }
  return buf;
}

char *words_insn(uint32_t word, uint32_t pc, char *buf, size_t size)
{
  isa_print(buf, size, word, pc, NULL, NULL);
  return buf;
}

const char *words_mnemonic(uint32_t word)
{
  struct isa_decoded d;
  return isa_decode(word, &d) ? isa_insn_info(d.insn)->mnemonic : "";
}

char *words_port(uint32_t port, char *buf, size_t size)
{
  static const struct {
    uint32_t port;
    const char *name;
  } ports[] = {
      {PORT_CONSOLE_DATA, "console data"},       {PORT_CONSOLE_STATUS, "console status"},
      {PORT_DISK_SECTOR, "disk sector"},         {PORT_DISK_ADDRESS, "disk address"},
      {PORT_DISK_COUNT, "disk count"},           {PORT_DISK_COMMAND, "disk command"},
      {PORT_DISK_STATUS, "disk status"},         {PORT_DISK_SIZE, "disk size"},
      {PORT_NET_STATION, "net station"},         {PORT_NET_SEND_AT, "net send at"},
      {PORT_NET_SEND_LENGTH, "net send length"}, {PORT_NET_RECEIVE_AT, "net receive at"},
      {PORT_NET_COMMAND, "net command"},         {PORT_NET_STATUS, "net status"},
      {PORT_NET_RECEIVED, "net received"},       {PORT_NET_DROPPED, "net dropped"},
  };
  for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
    if (ports[i].port == port) {
      snprintf(buf, size, "%s", ports[i].name);
      return buf;
    }
  }
  snprintf(buf, size, "port 0x%x", port);
  return buf;
}

const char *words_access(const struct trace_event *e)
{
  return isa_insn_info(e->c ? ISA_OUT : ISA_IN)->mnemonic;
}

const char *words_cause(uint32_t cause)
{
  return isa_cause_info(cause)->name;
}

const char *words_kind(enum trace_kind kind)
{
  static const char *const names[TRACE_KIND_COUNT] = {
      [TRACE_TRAP] = "trap",
      [TRACE_DELIVER] = "deliver",
      [TRACE_IO] = "io",
      [TRACE_DEVICE] = "raise",
      [TRACE_WORLD_IN] = "enter",
      [TRACE_WORLD_OUT] = "leave",
      [TRACE_INTERPRET] = "interpret",
      [TRACE_EMULATE] = "emulate",
      [TRACE_REFLECT] = "reflect",
      [TRACE_SERVE] = "serve",
      [TRACE_MODE] = "mode",
      [TRACE_STATE] = "state",
      [TRACE_MAP] = "map",
      [TRACE_INSN] = "instruction",
      [TRACE_CHANNEL] = "channel",
      [TRACE_CCW] = "ccw",
      [TRACE_FRAME] = "frame",
      [TRACE_CODE] = "code",
  };
  return names[kind];
}

/* " at PLACE: the instruction", the latter if there is one. */
static void put_at(const struct words *w, unsigned guest, const struct trace_event *e, char *buf,
                   size_t size)
{
  char place[96], insn[48] = "";
  words_place(w, guest, e->b, place, sizeof place);
  if (e->d)
    words_insn(e->d, e->b, insn, sizeof insn);
  snprintf(buf, size, " at %s%s%s", place, *insn ? ": " : "", insn);
}

static void put_trap(const struct words *w, unsigned guest, const struct trace_event *e, char *buf,
                     size_t size)
{
  char at[WORDS_SIZE], value[32] = "";
  put_at(w, guest, e, at, sizeof at);
  if (isa_cause_info(e->a)->kind == ISA_CAUSE_MEMORY)
    snprintf(value, sizeof value, " of 0x%x", e->c);
  snprintf(buf, size, "%s%s%s", words_cause(e->a), value, at);
}

static void put_io(const struct trace_event *e, char *buf, size_t size)
{
  char port[32], byte[8] = "";
  words_port(e->a, port, sizeof port);
  if (e->a == PORT_CONSOLE_DATA && e->b >= 0x20 && e->b < 0x7f)
    snprintf(byte, sizeof byte, " '%c'", (char)e->b);
  snprintf(buf, size, "%s %s: 0x%x%s", words_access(e), port, e->b, byte);
}

void words_channel(const struct trace_event *e, char *buf, size_t size)
{
  static const char *const starts[] = {"started", "ended or refused, see the status", "busy",
                                       "no such unit"};
  static const char *const tests[] = {"idle", "idle, ended with a check", "busy", "no such unit"};
  static const char *const units[] = {"console", "disk"};
  const char *insn = isa_insn_info(e->a == 0 ? ISA_SIO : ISA_TIO)->mnemonic;
  uint32_t unit = e->b & CHANNEL_UNIT_MASK;
  const char *name = unit < CHANNEL_UNITS ? units[unit] : "?";
  if (e->a == 0)
    snprintf(buf, size, "%s 0x%x, %s: %s", insn, e->b & ~CHANNEL_UNIT_MASK, name, starts[e->c & 3]);
  else if (e->b & CHANNEL_TEST_ADDRESS)
    snprintf(buf, size, "%s %s: ended before 0x%x", insn, name, e->c);
  else
    snprintf(buf, size, "%s %s: %s (0x%x)", insn, name, tests[e->c & 3], e->c);
}

const char *words_command(uint32_t command)
{
  static const char *const names[] = {[CHANNEL_WRITE] = "write",
                                      [CHANNEL_READ] = "read",
                                      [CHANNEL_NOP] = "no-op",
                                      [CHANNEL_SENSE] = "sense",
                                      [CHANNEL_SEEK] = "seek"};
  const char *name = command < sizeof names / sizeof *names ? names[command] : NULL;
  return name ? name : "?";
}

void words_ccw(const struct trace_event *e, char *buf, size_t size)
{
  uint32_t command = e->a & 0xff, flags = e->a >> CHANNEL_FLAGS_SHIFT;
  char sector[32] = "";
  if (command == CHANNEL_SEEK)
    snprintf(sector, sizeof sector, ": sector %u", e->c);
  snprintf(buf, size, "at 0x%x: %s %u bytes at 0x%x%s%s%s", e->d, words_command(command),
           e->a >> CHANNEL_COUNT_SHIFT, e->b, sector,
           flags & CHANNEL_DATA_CHAIN ? ", data chained" : "",
           !(flags & CHANNEL_DATA_CHAIN) && (flags & CHANNEL_COMMAND_CHAIN) ? ", chained" : "");
}

static void put_state(const struct words *w, unsigned guest, const struct trace_event *e, char *buf,
                      size_t size)
{
  static const char *const states[] = {
      [MACHINE_RUNNING] = "wakes", [MACHINE_WAITING] = "waits", [MACHINE_STOPPED] = "stops"};
  char at[WORDS_SIZE];
  put_at(w, guest, e, at, sizeof at);
  snprintf(buf, size, "%s%s", states[e->a], at);
}

static void put_frame(const struct trace_event *e, char *buf, size_t size)
{
  static const char *const ways[] = {[MACHINE_FRAME_SENT] = "sent",
                                     [MACHINE_FRAME_ARRIVED] = "arrived",
                                     [MACHINE_FRAME_DROPPED] = "dropped"};
  char to[16] = "all";
  if (e->b != MACHINE_BROADCAST)
    snprintf(to, sizeof to, "%u", e->b);
  snprintf(buf, size, "%s: %u bytes from %u to %s", ways[e->a], e->d, e->c, to);
}

static void put_code(const struct words *w, unsigned guest, const struct trace_event *e, char *buf,
                     size_t size)
{
  char place[96], words[TEXT_THINGS_SIZE], blocks[TEXT_THINGS_SIZE];
  words_place(w, guest, e->b, place, sizeof place);
  text_things(words, e->d, "word");
  text_things(blocks, e->d, "block");
  switch ((enum trace_code)e->a) {
  case TRACE_CODE_BLOCK:
    snprintf(buf, size, "%s translated: %s at 0x%08x", place, words, e->c);
    break;
  case TRACE_CODE_CHAIN:
    snprintf(buf, size, "%s chained, past the exit at 0x%08x", place, e->c);
    break;
  case TRACE_CODE_FORGET:
    snprintf(buf, size, "%s forgotten: 0x%x was written", blocks, e->b);
    break;
  case TRACE_CODE_EMPTY:
    snprintf(buf, size, "the cache emptied at %s", place);
    break;
  case TRACE_CODE_COPY:
    snprintf(buf, size, "page 0x%x copied to 0x%x, %s replaced", e->b, e->c, words);
    break;
  case TRACE_CODE_COUNT:
    break;
  }
}

char *words_event(const struct words *w, unsigned machine, const struct trace_event *e, char *buf,
                  size_t size)
{
  unsigned guest = words_guest(w, machine);
  char at[WORDS_SIZE], place[WORDS_SIZE];
  put_at(w, guest, e, at, sizeof at);
  *buf = 0;
  switch (e->kind) {
  case TRACE_TRAP:
    put_trap(w, guest, e, buf, size);
    break;
  case TRACE_DELIVER:
    program_place(w->trace->image, e->c, place, sizeof place); /* translation is off */
    snprintf(buf, size, "%s to %s", words_cause(e->a), place);
    break;
  case TRACE_IO:
    put_io(e, buf, size);
    break;
  case TRACE_CHANNEL:
    words_channel(e, buf, size);
    break;
  case TRACE_CCW:
    words_ccw(e, buf, size);
    break;
  case TRACE_DEVICE:
  case TRACE_SERVE:
    snprintf(buf, size, "%s", words_cause(e->a));
    break;
  case TRACE_WORLD_IN:
  case TRACE_WORLD_OUT:
    snprintf(buf, size, "virtual mode %u%s", psw_mode(e->c), at);
    break;
  case TRACE_EMULATE:
  case TRACE_INTERPRET:
    snprintf(buf, size, "%s%s", isa_insn_info((enum isa_insn)e->a)->mnemonic, at);
    break;
  case TRACE_REFLECT:
    snprintf(buf, size, "%s%s, really %s", words_cause(e->a), at,
             isa_cause_info(e->c)->name ? words_cause(e->c) : "?");
    break;
  case TRACE_MODE:
    snprintf(buf, size, "%u to %u%s", psw_mode(e->a), psw_mode(e->c), at);
    break;
  case TRACE_STATE:
    put_state(w, guest, e, buf, size);
    break;
  case TRACE_MAP:
    snprintf(buf, size, "base 0x%x bound 0x%x for 0x%x 0x%x", e->a, e->b, e->c, e->d);
    break;
  case TRACE_INSN:
    snprintf(buf, size, "mode %u%s", psw_mode(e->c), at);
    break;
  case TRACE_FRAME:
    put_frame(e, buf, size);
    break;
  case TRACE_CODE:
    put_code(w, guest, e, buf, size);
    break;
  case TRACE_KIND_COUNT:
    break;
  }
  return buf;
}
