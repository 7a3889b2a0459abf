/* Looking at values, and setting them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/debug/debugger.h"

/* -------------------------------------------------------------------- formatting */

static char *binary(uint64_t v, unsigned bits, char *buf, size_t size)
{
  size_t used = 0;
  bool begun = false;
  for (unsigned i = bits; i-- > 0 && used + 2 < size;) {
    begun = begun || (v >> i & 1) || i == 0;
    if (begun)
      buf[used++] = (char)('0' + (v >> i & 1));
  }
  buf[used] = 0;
  return buf;
}

/* A value as one is used to seeing it: small ones decimal, both ways else. */
static void plain(const struct formula_value *v, char *buf, size_t size)
{
  int64_t n = v->wide ? (int64_t)v->v : (int32_t)(uint32_t)v->v;
  if (v->is_signed && n < 0)
    snprintf(buf, size, "%lld (0x%llx)", (long long)n, (unsigned long long)v->v);
  else if (v->v < 10)
    snprintf(buf, size, "%llu", (unsigned long long)v->v);
  else
    snprintf(buf, size, "%llu (0x%llx)", (unsigned long long)v->v, (unsigned long long)v->v);
}

static void psw_fields(uint32_t psw, char *buf, size_t size)
{
  size_t used = (size_t)snprintf(buf, size, "0x%x:", psw);
  for (const struct isa_psw_field_info *f = isa_psw_fields(); f->name && used < size; f++)
    used += (size_t)snprintf(buf + used, size - used, " %s=%u", f->name,
                             psw >> f->low & ((1u << (f->high - f->low + 1)) - 1));
}

char *repl_format(const struct formula_value *v, char letter, char *buf, size_t size)
{
  uint32_t word = (uint32_t)v->v;
  unsigned bytes = v->size ? v->size : v->wide ? 8 : 4;
  unsigned long long n = (unsigned long long)v->v;
  switch (letter) {
  case 'x': snprintf(buf, size, "0x%llx", n); break;
  case 'z': snprintf(buf, size, "0x%0*llx", (int)(2 * bytes), n); break;
  case 'u': snprintf(buf, size, "%llu", n); break;
  case 'o': snprintf(buf, size, "0%llo", n); break;
  case 't': binary(v->v, 8 * bytes, buf, size); break;
  case 'c':
    if (word < 0x80 && isprint((int)word))
      snprintf(buf, size, "%u '%c'", word, (char)word);
    else
      snprintf(buf, size, "%u '\\x%02x'", word, word & 0xff);
    break;
  case 'd': {
    int64_t s = bytes == 1 ? (int8_t)word : bytes == 2 ? (int16_t)word : (int32_t)word;
    snprintf(buf, size, "%lld", (long long)(v->wide ? (int64_t)v->v : s));
    break;
  }
  case 'p': psw_fields(word, buf, size); break;
  default:
    if (v->place == FORMULA_CR && isa_cr_info((enum isa_cr)v->where)->is_psw)
      psw_fields(word, buf, size);
    else
      plain(v, buf, size);
  }
  return buf;
}

/* ------------------------------------------------------------------ /NFU formats */

struct format {
  char letter; /* 0: none was given */
  char size;   /* b h w, or 0 */
  unsigned count;
};

#define LETTERS "xzduotcaisp"
#define MOST    4096u

/* "/4xw rest": *rest is what follows. */
static bool read_format(struct debugger *d, const char *args, struct format *f, const char **rest)
{
  *f = (struct format){.count = 1};
  *rest = args;
  if (*args != '/')
    return true;
  char *at;
  if (args[1] == '-')
    return repl_refuse(d, "a count is positive: give an address that lies before, x/8xw sp - 32");
  unsigned long n = strtoul(args + 1, &at, 10);
  if (at != args + 1)
    f->count = n > MOST ? MOST : (unsigned)n;
  if (n > MOST)
    repl_say(d, "The first %u.\n", MOST);
  for (; *at && !isspace((unsigned char)*at); at++) {
    if (strchr("bhw", *at))
      f->size = *at;
    else if (strchr(LETTERS, *at))
      f->letter = *at;
    else
      return repl_refuse(d, "no format '%c': x hex, d decimal, u unsigned, o octal, t binary, c "
                         "character, a address, i instruction, s string, p PSW, z hex with zeros; "
                         "sizes b h w", *at);
  }
  *rest = at + strspn(at, " \t");
  return true;
}

static void show_value(struct debugger *d, const struct formula_value *v, char letter)
{
  char text[160], place[REPL_PLACE];
  uint32_t word = (uint32_t)v->v;
  if (letter == 'a')
    repl_say(d, "0x%x%s", word, repl_named(d, word, place));
  else
    repl_say(d, "%s", repl_format(v, letter, text, sizeof text));
}

/* An address of the program also by name. */
static void name_value(struct debugger *d, const struct formula_value *v, char letter)
{
  char place[REPL_PLACE];
  if (letter == 0 && !v->wide && !v->is_signed && v->v >= ISA_RESET_PC)
    repl_say(d, "%s", repl_storage_named(d, (uint32_t)v->v, place));
}

bool repl_cmd_print(struct debugger *d, const char *args)
{
  struct format f;
  struct formula_value v;
  const char *text;
  if (!read_format(d, args, &f, &text))
    return false;
  if (f.letter == 's' || f.letter == 'i')
    return repl_refuse(d, "%s lie in storage: x/%c %s",
                       f.letter == 's' ? "strings" : "instructions", f.letter,
                       *text ? text : "ADDRESS");
  if (!*text && d->memory.shown == 0)
    return repl_refuse(d, "print what? print $a0, print *counter, print/x sp + 4");
  if (!repl_eval(d, *text ? text : "$", &v))
    return false;
  bool set = v.place != FORMULA_NOWHERE && strchr(text, '=') && !strstr(text, "==");
  if (set && v.place != FORMULA_VARIABLE)
    repl_changed(d);
  d->memory.history[d->memory.shown++ % FORMULA_HISTORY] = v;
  repl_say(d, "$%u = ", d->memory.shown);
  show_value(d, &v, f.letter);
  name_value(d, &v, f.letter);
  repl_say(d, "\n");
  return true;
}

/* ----------------------------------------------------------------------- examine */

static bool unreadable(struct debugger *d, uint32_t at)
{
  repl_say(d, "\n");
  return repl_refuse(d, "the program cannot read 0x%08x now; @ADDRESS reads storage itself", at);
}

static bool examine_string(struct debugger *d, uint32_t *at)
{
  uint8_t bytes[200];
  char text[512], place[REPL_PLACE];
  size_t len = 0;
  uint32_t byte, start = *at;
  for (; len < sizeof bytes; len++) {
    if (!formula_read(repl_machine(d), *at, 1, &byte))
      return unreadable(d, *at);
    ++*at;
    if (byte == 0)
      break;
    bytes[len] = (uint8_t)byte;
  }
  repl_say(d, "0x%08x%s: \"%s\"\n", start, repl_named(d, start, place),
           text_quote(text, sizeof text, bytes, len));
  return true;
}

static bool examine_insn(struct debugger *d, uint32_t *at)
{
  uint32_t word;
  char text[REPL_INSN], place[REPL_PLACE];
  if (*at % 4)
    return repl_refuse(d, "0x%08x is no multiple of 4: no instruction lies there", *at);
  if (!formula_read(repl_machine(d), *at, 4, &word))
    return unreadable(d, *at);
  repl_say(d, "%s 0x%08x%s:  %s\n", *at == machine_get_pc(repl_focus(d)) ? "=>" : "  ", *at,
           repl_named(d, *at, place), repl_insn_text(d, word, *at, text));
  *at += 4;
  return true;
}

/* How many values of so many bytes fit a line behind `column`: a power of two. */
static unsigned fit(char letter, unsigned bytes, int column)
{
  unsigned width = letter == 't'   ? 8 * bytes
                   : letter == 'c' ? 10
                   : letter == 'x' || letter == 'z' ? 2 + 2 * bytes
                   : letter == 'p' || letter == 'a' ? TEXT_WIDTH
                                                  : 3 * bytes + 1;
  unsigned most = bytes == 4 ? 4 : 8;
  while (most > 1 && column + (int)(most * (width + 2)) > TEXT_WIDTH)
    most /= 2;
  return most;
}

/* A line of values. */
static bool examine_row(struct debugger *d, uint32_t *at, unsigned *left, char letter,
                        unsigned bytes)
{
  char place[REPL_PLACE], text[160];
  unsigned a_line = fit(letter, bytes, 11 + (int)strlen(repl_named(d, *at, place)));
  repl_say(d, "0x%08x%s:", *at, place);
  for (unsigned i = 0; i < a_line && *left > 0; i++, --*left, *at += bytes) {
    uint32_t word;
    if (!formula_read(repl_machine(d), *at, bytes, &word))
      return unreadable(d, *at);
    struct formula_value v = {.v = word, .size = bytes};
    if (letter == 'a')
      repl_say(d, "  0x%x%s", word, repl_named(d, word, place));
    else
      repl_say(d, "  %s", repl_format(&v, letter == 'x' ? 'z' : letter, text, sizeof text));
  }
  repl_say(d, "\n");
  return true;
}

static bool examine(struct debugger *d, const struct format *f, uint32_t *at)
{
  unsigned left = f->count;
  unsigned bytes = f->letter == 'a'                      ? 4
                   : f->size == 'b' || f->letter == 'c' ? 1
                   : f->size == 'h'                      ? 2
                                                         : 4;
  while (left > 0) {
    bool ok;
    if (f->letter == 's' || f->letter == 'i') {
      ok = f->letter == 's' ? examine_string(d, at) : examine_insn(d, at);
      left--;
    } else {
      ok = examine_row(d, at, &left, f->letter, bytes);
    }
    if (!ok)
      return false;
  }
  return true;
}

bool repl_cmd_examine(struct debugger *d, const char *args)
{
  struct format f;
  struct formula_value v = {.v = d->x.next};
  const char *text;
  if (!read_format(d, args, &f, &text) || (*text && !repl_eval(d, text, &v)))
    return false;
  if (!*text && !*args)
    f.count = d->x.count ? d->x.count : 1;
  f.letter = f.letter ? f.letter : d->x.letter ? d->x.letter : 'x';
  f.size = f.size ? f.size : d->x.size;
  uint32_t at = (uint32_t)v.v;
  bool ok = examine(d, &f, &at);
  d->x.letter = f.letter;
  d->x.size = f.size;
  d->x.count = f.count;
  d->x.next = at;
  snprintf(d->repeat, sizeof d->repeat, "examine");
  return ok;
}

/* ----------------------------------------------------------------------- display */

static bool show_display(struct debugger *d, const struct repl_display *s)
{
  struct format f;
  struct formula_value v;
  const char *text;
  if (!read_format(d, s->command, &f, &text))
    return false;
  bool stored = f.letter == 'i' || f.letter == 's' || f.count > 1 || f.size;
  repl_say(d, "%u: %s%s%s", s->number, stored ? "x" : "", s->command, stored ? "\n" : " = ");
  if (!repl_eval(d, text, &v))
    return false;
  if (stored) {
    uint32_t at = (uint32_t)v.v;
    f.letter = f.letter ? f.letter : 'x';
    return examine(d, &f, &at);
  }
  show_value(d, &v, f.letter);
  name_value(d, &v, f.letter);
  repl_say(d, "\n");
  return true;
}

bool repl_show_displays(struct debugger *d)
{
  bool ok = true;
  for (struct repl_display *s = d->displays; s; s = s->next)
    ok = (!s->enabled || show_display(d, s)) && ok;
  return ok;
}

bool repl_cmd_display(struct debugger *d, const char *args)
{
  struct format f;
  struct formula_value v;
  const char *text;
  if (!*args)
    return repl_show_displays(d);
  if (!read_format(d, args, &f, &text) || !repl_eval(d, text, &v))
    return false;
  struct repl_display *s = calloc(1, sizeof *s), **end = &d->displays;
  if (!s || !(s->command = strdup(args))) {
    free(s);
    return repl_no_memory(d);
  }
  s->number = ++d->last_display;
  s->enabled = true;
  while (*end)
    end = &(*end)->next;
  *end = s;
  return show_display(d, s);
}

bool repl_cmd_undisplay(struct debugger *d, const char *args)
{
  unsigned long n = strtoul(args, NULL, 10);
  bool any = false;
  for (struct repl_display **s = &d->displays; *s;) {
    struct repl_display *gone = *s;
    if (*args && gone->number != n) {
      s = &gone->next;
      continue;
    }
    *s = gone->next;
    free(gone->command);
    free(gone);
    any = true;
  }
  return any || !*args || repl_refuse(d, "no display %s; 'info display' lists them", args);
}

/* --------------------------------------------------------------------------- set */

bool repl_cmd_set(struct debugger *d, const char *args)
{
  struct formula_value v;
  if (strncmp(args, "var ", 4) == 0)
    args += 4;
  static const char *const settings[] = {"confirm", "pagination", "width",   "height",
                                         "listsize", "logging",   "history", "disassembly-flavor"};
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
    if (strncmp(args, settings[i], strlen(settings[i])) == 0)
      return repl_refuse(d, "gdb has a setting '%s'; there are no settings here: 'set' changes "
                         "values, 'set $a0 = 5'", settings[i]);
  if (!strchr(args, '='))
    return repl_refuse(d, "set what? 'set $a0 = 5', 'set *counter = 0', 'set $psw.ie = 1', 'set "
                       "$mine = 3'");
  if (d->level == REPL_MACHINE && d->depth)
    return repl_refuse(d, "what the VMM keeps in the real machine is not changed by hand: 'level "
                       "guest'");
  if (!repl_eval(d, args, &v))
    return false;
  if (v.place != FORMULA_VARIABLE && v.place != FORMULA_NOWHERE)
    repl_changed(d);
  return true;
}
