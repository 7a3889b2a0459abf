/* What every command needs: speaking, names of places, locations. */
#include "tools/debug/debugger.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/text.h"

void repl_say(struct debugger *d, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vfprintf(d->out, format, args);
  va_end(args);
}

/* The innermost file that commands come from: whose line is wrong. */
static const struct repl_source *speaking_file(const struct debugger *d)
{
  for (const struct repl_source *s = d->source; s; s = s->outer)
    if (s->name)
      return s;
  return NULL;
}

bool repl_refuse(struct debugger *d, const char *format, ...)
{
  const struct repl_source *file = speaking_file(d);
  char text[1024];
  int column = 0;
  va_list args;
  if (d->status == STATUS_OURS) /* it follows from what was said already */
    return false;
  fflush(d->out);
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (file)
    column = fprintf(stderr, "%s:%zu: error: ", file->name, file->at);
  text_wrap(stderr, text, column, 2);
  return false;
}

bool repl_host_failed(struct debugger *d, const char *reason)
{
  if (d->status != STATUS_OURS)
    message_error("debug", "%s", reason);
  d->status = STATUS_OURS;
  d->quit = true;
  return false;
}

bool repl_no_memory(struct debugger *d)
{
  return d->interactive ? repl_refuse(d, "out of memory") : repl_host_failed(d, "out of memory");
}

static bool read_source(struct debugger *d, const char *file, unsigned line, char *buf, size_t size)
{
  if (program_source_text(file, line, buf, size))
    return true;
  if (errno && !d->interactive)
    repl_host_failed(d, strerror(errno));
  return false;
}

bool repl_refuse_expr(struct debugger *d, const char *text, const struct formula_error *e)
{
  if (e->no_memory)
    return repl_no_memory(d);
  repl_refuse(d, "%s", e->message);
  if (e->column >= 0)
    fprintf(stderr, "  %s\n  %*s^\n", text, e->column, "");
  return false;
}

const char *repl_bold(const struct debugger *d)
{
  return d->colour ? "\033[1m" : "";
}

const char *repl_plain(const struct debugger *d)
{
  return d->colour ? "\033[0m" : "";
}

/* ------------------------------------------------------------------ the machine */

struct machine *repl_focus(struct debugger *d)
{
  return timeline_machine(d->timeline);
}

struct machine *repl_real(struct debugger *d)
{
  return timeline_world(d->timeline)->real;
}

struct machine *repl_machine(struct debugger *d)
{
  return d->level == REPL_MACHINE ? repl_real(d) : repl_focus(d);
}

struct formula_scope repl_scope(struct debugger *d)
{
  return (struct formula_scope){repl_machine(d), d->setup->program.image, &d->memory};
}

bool repl_eval(struct debugger *d, const char *text, struct formula_value *v)
{
  struct formula_scope scope = repl_scope(d);
  struct formula_error error;
  return formula_now(text, &scope, v, &error) || repl_refuse_expr(d, text, &error);
}

void repl_changed(struct debugger *d)
{
  d->copies = 0;
  if (timeline_changed(d->timeline))
    return;
  if (!timeline_cost(d->timeline).cannot_save)
    repl_no_memory(d);
  else
    repl_say(d, "This machine cannot be saved: going back will lose the change.\n");
}

bool repl_insn_at(struct machine *m, uint32_t pc, uint32_t *word)
{
  bool te = psw_te(machine_get_cr(m, CR_PSW));
  struct translation t = machine_translate(m, gva(pc), MACHINE_FETCH, te);
  *word = 0;
  return t.ok && pc % 4 == 0 && machine_phys_read_word(m, t.pa, word);
}

bool repl_decode_at(struct machine *m, uint32_t pc, struct isa_decoded *insn)
{
  uint32_t word;
  return repl_insn_at(m, pc, &word) && profile_decode(machine_profile(m), word, insn);
}

/* The register that calls leave their return address in, by the convention of
 * docs/asm.md. */
bool repl_is_call(const struct isa_decoded *i)
{
  return (i->insn == ISA_JAL || i->insn == ISA_JALR) && i->a == REG_RA;
}

bool repl_is_return(const struct isa_decoded *i)
{
  return i->insn == ISA_JALR && i->a == REG_ZERO && i->b == REG_RA;
}

/* ----------------------------------------------------------------------- places */

#define COPY_WORDS 8u

static bool same_words(struct machine *m, uint32_t one, uint32_t other)
{
  uint8_t a[4 * COPY_WORDS], b[4 * COPY_WORDS];
  return machine_phys_read(m, gpa(one), a, sizeof a) &&
         machine_phys_read(m, gpa(other), b, sizeof b) && memcmp(a, b, sizeof a) == 0;
}

bool repl_is_copy(struct machine *m, uint32_t va, uint32_t address)
{
  bool te = psw_te(machine_get_cr(m, CR_PSW));
  struct translation t = machine_translate(m, gva(va), MACHINE_FETCH, te);
  return t.ok && t.pa.v != address && same_words(m, t.pa.v, address);
}

/* What the program copied: the one place of the image's code whose words stand
 * around `pa` too. Two such places, and it is in neither for certain. */
static bool find_copy(struct debugger *d, struct machine *m, uint32_t pa, uint32_t *address)
{
  size_t count, found = 0;
  const struct image_line *lines = image_lines(d->setup->program.image, &count);
  for (size_t i = 0; i < count; i++) {
    if (!image_symbol_at(d->setup->program.image, lines[i].address, NULL))
      continue;
    for (uint32_t at = lines[i].address; at < lines[i].address + lines[i].size; at += 4) {
      if (at != pa && same_words(m, pa, at) && found++ == 0)
        *address = at;
    }
  }
  return found == 1;
}

bool repl_image_address(struct debugger *d, uint32_t va, uint32_t *address)
{
  struct machine *m = repl_focus(d);
  const struct image *image = d->setup->program.image;
  bool te = psw_te(machine_get_cr(m, CR_PSW));
  struct translation t = machine_translate(m, gva(va), MACHINE_FETCH, te);
  *address = t.pa.v;
  if (!t.ok)
    return false;
  if (image_symbol_at(image, t.pa.v, NULL))
    return true;
  for (unsigned i = 0; i < d->copies; i++) {
    if (t.pa.v >= d->copy[i].first && t.pa.v < d->copy[i].last &&
        same_words(m, t.pa.v, t.pa.v - d->copy[i].delta)) {
      *address = t.pa.v - d->copy[i].delta;
      return true;
    }
  }
  if (!find_copy(d, m, t.pa.v, address)) {
    *address = t.pa.v;
    return image_line_at(image, t.pa.v) != NULL;
  }
  uint32_t page = t.pa.v & ~(ISA_PAGE_SIZE - 1);
  d->copy[d->copies++ % REPL_COPIES] =
      (struct repl_copy){page, page + ISA_PAGE_SIZE, t.pa.v - *address};
  d->copies = d->copies > REPL_COPIES ? REPL_COPIES : d->copies;
  return true;
}

/* The label before a place in the image, of code or of data. */
static const char *label_at(const struct image *image, uint32_t address, uint32_t *offset)
{
  size_t count;
  const struct image_symbol *symbols = image_symbols(image, &count), *best = NULL;
  const char *code = image_symbol_at(image, address, offset);
  if (code)
    return code;
  for (size_t i = 0; i < count && symbols[i].value <= address; i++)
    if (address < image_symbol_end(image, i) && (!best || symbols[i].value > best->value))
      best = &symbols[i];
  if (!best)
    return NULL;
  *offset = address - best->value;
  return best->name;
}

/* False: no name is known, and buf has the number. */
static bool name_place(struct debugger *d, uint32_t pa, uint32_t number, char buf[REPL_PLACE])
{
  uint32_t offset;
  const char *label = label_at(d->setup->program.image, pa, &offset);
  if (!label)
    snprintf(buf, REPL_PLACE, "0x%x", number);
  else if (offset)
    snprintf(buf, REPL_PLACE, "%.32s+0x%x", label, offset);
  else
    snprintf(buf, REPL_PLACE, "%.32s", label);
  return label != NULL;
}

char *repl_storage_place(struct debugger *d, uint32_t pa, char buf[REPL_PLACE])
{
  name_place(d, pa, pa, buf);
  return buf;
}

static bool name_virtual(struct debugger *d, uint32_t va, char buf[REPL_PLACE])
{
  uint32_t address;
  if (repl_image_address(d, va, &address) || formula_locate(repl_focus(d), va, &address))
    return name_place(d, address, va, buf);
  snprintf(buf, REPL_PLACE, "0x%x", va);
  return false;
}

char *repl_place(struct debugger *d, uint32_t va, char buf[REPL_PLACE])
{
  name_virtual(d, va, buf);
  return buf;
}

static char *in_brackets(bool named, char buf[REPL_PLACE])
{
  char name[REPL_PLACE];
  snprintf(name, sizeof name, "%s", named ? buf : "");
  buf[0] = '\0';
  if (named)
    snprintf(buf, REPL_PLACE, " <%.80s>", name);
  return buf;
}

char *repl_named(struct debugger *d, uint32_t va, char buf[REPL_PLACE])
{
  return in_brackets(name_virtual(d, va, buf), buf);
}

char *repl_storage_named(struct debugger *d, uint32_t pa, char buf[REPL_PLACE])
{
  return in_brackets(name_place(d, pa, pa, buf), buf);
}

const struct image_line *repl_line(struct debugger *d, uint32_t va)
{
  uint32_t address;
  if (!repl_image_address(d, va, &address))
    return NULL;
  return image_line_written(image_line_at(d->setup->program.image, address));
}

const char *repl_file_name(const char *file)
{
  const char *slash = strrchr(file, '/');
  return slash ? slash + 1 : file;
}

uint32_t repl_here_pc(struct debugger *d)
{
  struct machine *m = repl_focus(d);
  struct isa_decoded insn;
  uint32_t pc = machine_get_pc(m);
  bool halted = machine_run_state(m) == MACHINE_STOPPED && repl_decode_at(m, pc - 4, &insn) &&
                insn.insn == ISA_HALT;
  return halted ? pc - 4 : pc;
}

/* Columns are code points: what the assembler accepts in comments is UTF-8. */
bool repl_source_line(struct debugger *d, const char *file, unsigned line, int columns, char buf[REPL_TEXT])
{
  char text[REPL_TEXT];
  size_t used = 0, last = 0;
  int column = 0;
  buf[0] = 0;
  if (!read_source(d, file, line, text, sizeof text))
    return false;
  for (const char *at = text; *at && used + 12 < REPL_TEXT; at++) {
    bool more = ((unsigned char)*at & 0xc0) == 0x80;
    int width = *at == '\t' ? 8 - column % 8 : more ? 0 : 1;
    if (column + width > columns) {
      snprintf(buf + last, REPL_TEXT - last, "…");
      return true;
    }
    if (!more && column < columns)
      last = used;
    used += (size_t)snprintf(buf + used, REPL_TEXT - used, "%*s", *at == '\t' ? width : 0, "");
    if (*at != '\t')
      buf[used++] = *at;
    buf[used] = 0;
    column += width;
  }
  return true;
}

bool repl_source_text(struct debugger *d, const struct image_line *line, int columns, char buf[REPL_TEXT])
{
  buf[0] = 0;
  return line && repl_source_line(d, line->file, line->line, columns, buf);
}

/* A target of a branch, by name. */
static bool name_target(void *ctx, uint32_t address, char *buf, size_t size)
{
  char place[REPL_PLACE];
  repl_place(ctx, address, place);
  if (strncmp(place, "0x", 2) == 0)
    return false;
  snprintf(buf, size, "%s", place);
  return true;
}

char *repl_insn_text(struct debugger *d, uint32_t word, uint32_t pc, char buf[REPL_INSN])
{
  isa_print(buf, REPL_INSN, word, pc, name_target, d);
  return buf;
}

void repl_show_where(struct debugger *d, uint32_t pc)
{
  const struct image_line *line = repl_line(d, pc);
  char text[REPL_TEXT], place[REPL_PLACE];
  uint32_t word;
  if (repl_source_text(d, line, 66 - (int)strlen(line ? repl_file_name(line->file) : ""), text)) {
    repl_say(d, "%s:%u  %s\n", repl_file_name(line->file), line->line, text);
  } else if (repl_insn_at(repl_focus(d), pc, &word)) {
    repl_say(d, "0x%08x  %s\n", pc, repl_insn_text(d, word, pc, place));
  } else {
    repl_say(d, "0x%08x  there is no instruction here\n", pc);
  }
}

/* -------------------------------------------------------------------- locations */

static bool same_file(const char *file, const char *name)
{
  return strcmp(file, name) == 0 || strcmp(repl_file_name(file), name) == 0;
}

/* The first instruction of the line, or of the next that has one. */
static bool line_address(struct debugger *d, const char *file, unsigned line, uint32_t *address)
{
  size_t count;
  const struct image_line *lines = image_lines(d->setup->program.image, &count), *best = NULL;
  bool known = false;
  for (size_t i = 0; i < count; i++) {
    const struct image_line *l = image_line_written(&lines[i]);
    if (!same_file(l->file, file))
      continue;
    known = true;
    if (l->line >= line && (!best || l->line < image_line_written(best)->line))
      best = &lines[i];
  }
  if (best) {
    *address = best->address;
    return true;
  }
  return known ? repl_refuse(d, "no instructions at or after line %u of %s", line, file)
               : repl_refuse(d, "no source file '%s'; 'info sources' lists them", file);
}

static bool current_file(struct debugger *d, const char **file)
{
  const struct image_line *line = repl_line(d, machine_get_pc(repl_focus(d)));
  *file = d->list_file ? d->list_file : line ? line->file : NULL;
  return *file || repl_refuse(d, "no source file is known here; write FILE:LINE");
}

static bool is_source(struct debugger *d, const char *name, size_t len)
{
  size_t count;
  const struct image_line *lines = image_lines(d->setup->program.image, &count);
  for (size_t i = 0; i < count; i++) {
    const char *file = repl_file_name(lines[i].file);
    if ((strncmp(file, name, len) == 0 && !file[len]) ||
        (strncmp(lines[i].file, name, len) == 0 && !lines[i].file[len]))
      return true;
  }
  return false;
}

/* An expression that is a place of code. A register is none: its value is meant with
 * a star before it, as in gdb. */
static bool code_address(struct debugger *d, const char *text, uint32_t *address)
{
  struct formula_value v;
  if (!repl_eval(d, text, &v))
    return false;
  if (v.place == FORMULA_VIRTUAL || v.place == FORMULA_PHYSICAL)
    return repl_refuse(d, "'%s' is what is stored there, not a place: '*(%s)' means the place that "
                       "it holds", text, text);
  if (v.place == FORMULA_CR || v.place == FORMULA_FIELD ||
      (v.place == FORMULA_REG && *text != '$'))
    return repl_refuse(d, "'%s' is a register, not a place in the code: '*$%s' means the place that "
                       "it holds", text, *text == '$' ? text + 1 : text);
  *address = (uint32_t)v.v;
  return true;
}

bool repl_location(struct debugger *d, const char *text, uint32_t *address)
{
  char *end;
  const char *file, *colon = strrchr(text, ':');
  struct formula_value v;
  size_t len = colon ? (size_t)(colon - text) : strlen(text);
  bool lineless = !colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1);
  if (len > 0 && lineless && is_source(d, text, len))
    return repl_refuse(d, "which line of %.*s? %.*s:LINE", (int)len, text, (int)len, text);
  if (*text == '*') {
    if (!repl_eval(d, text + 1, &v))
      return false;
    *address = (uint32_t)v.v;
    return true;
  }
  unsigned long line = strtoul(colon ? colon + 1 : text, &end, 10);
  if (colon && colon[1] && !*end && !strchr(text, '?')) {
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)(colon - text), text);
    return line_address(d, name, (unsigned)line, address);
  }
  if (!colon && *text && !*end)
    return current_file(d, &file) && line_address(d, file, (unsigned)line, address);
  return code_address(d, text, address);
}
