/* Source lines and instructions. */
#include <stdlib.h>
#include <string.h>

#include "tools/debug/debugger.h"

/* The written line of an address of the image, not of the program. */
static const struct image_line *written(struct debugger *d, uint32_t address)
{
  return repl_written_line(image_line_at(d->setup->program.image, address));
}

/* Instructions that a line stands for, if it is not just one: a macro, a pseudo-
 * instruction that needs two. */
static void show_expansion(struct debugger *d, FILE *out, uint32_t address, uint32_t pc)
{
  size_t count, n = 0;
  const struct image_line *lines = image_lines(d->setup->program.image, &count);
  const struct image_line *line = written(d, address);
  for (size_t i = 0; i < count; i++)
    if (repl_written_line(&lines[i]) == line)
      n += lines[i].size / 4;
  for (size_t i = 0; n > 1 && i < count; i++) {
    if (repl_written_line(&lines[i]) != line)
      continue;
    for (uint32_t at = lines[i].address; at < lines[i].address + lines[i].size; at += 4) {
      uint32_t word;
      char text[REPL_INSN];
      if (!machine_phys_read_word(repl_focus(d), gpa(at), &word))
        continue;
      repl_insn_text(d, word, at, text);
      fprintf(out, "   %s      %08x  %-30s", at == pc ? "=>" : "  ", at, text);
      if (lines[i].via)
        fprintf(out, " %s:%u", repl_file_name(lines[i].file), lines[i].line);
      fprintf(out, "\n");
    }
  }
}

static bool has_break(struct debugger *d, const char *file, unsigned line)
{
  for (const struct repl_stop *s = d->stops; s; s = s->next) {
    const struct image_line *l = s->kind == REPL_BREAK ? written(d, s->pc) : NULL;
    if (l && l->line == line && strcmp(l->file, file) == 0)
      return true;
  }
  return false;
}

/* Lines from `first`; how many there were. */
static unsigned list_lines(struct debugger *d, FILE *out, const char *file, unsigned first,
                           unsigned count)
{
  uint32_t pc = machine_get_pc(repl_focus(d)), here = 0;
  bool known = repl_image_address(d, pc, &here);
  const struct image_line *now = known ? written(d, here) : NULL;
  unsigned n = 0;
  for (; n < count; n++) {
    char text[160];
    unsigned line = first + n;
    if (!repl_source_text(d, file, line, text, sizeof text))
      break;
    bool current = now && now->line == line && strcmp(now->file, file) == 0;
    fprintf(out, "%s%s%s%4u  %.70s%s\n", current ? repl_bold(d) : "", current ? "=>" : "  ",
            has_break(d, file, line) ? "*" : " ", line, text, current ? repl_plain(d) : "");
    if (current)
      show_expansion(d, out, here, here);
  }
  return n;
}

void repl_list_around(struct debugger *d, FILE *out, unsigned lines)
{
  const struct image_line *line = repl_line(d, machine_get_pc(repl_focus(d)));
  if (!line) {
    fprintf(out, "no source is known here\n");
    return;
  }
  unsigned first = line->line > lines / 2 ? line->line - lines / 2 : 1;
  list_lines(d, out, line->file, first, lines);
}

#define LIST_LINES 10u

static bool list_from(struct debugger *d, const char *file, unsigned first)
{
  unsigned n = list_lines(d, d->out, file, first, LIST_LINES);
  d->list_file = file;
  d->list_line = first + n;
  if (n == 0)
    return repl_refuse(d, "%s has no line %u", repl_file_name(file), first);
  return true;
}

bool repl_cmd_list(struct debugger *d, const char *args)
{
  uint32_t address, pc = machine_get_pc(repl_focus(d));
  const struct image_line *line = repl_line(d, pc);
  char *end;
  if (!*args && d->list_line)
    return list_from(d, d->list_file, d->list_line);
  if (strcmp(args, "-") == 0 && d->list_line > 2 * LIST_LINES)
    return list_from(d, d->list_file, d->list_line - 2 * LIST_LINES);
  if (*args && strcmp(args, "-") != 0) {
    unsigned long number = strtoul(args, &end, 10);
    const char *file = d->list_file ? d->list_file : line ? line->file : NULL;
    if (!*end && file)
      return list_from(d, file, number > LIST_LINES / 2 ? (unsigned)number - LIST_LINES / 2 : 1);
    if (!repl_location(d, args, &address))
      return false;
    line = written(d, address);
    if (!line)
      return repl_refuse(d, "no source is known for 0x%08x; 'x/8i %s' shows instructions", address,
                         args);
  }
  if (!line)
    return repl_refuse(d, "no source is known for 0x%08x; 'disassemble' shows instructions", pc);
  return list_from(d, line->file,
                   line->line > LIST_LINES / 2 ? line->line - LIST_LINES / 2 : 1);
}

/* ------------------------------------------------------------------- instructions */

static void show_insn(struct debugger *d, FILE *out, uint32_t va, const struct image_line **last)
{
  uint32_t word, address;
  char text[REPL_INSN], place[REPL_PLACE], source[120];
  bool known = repl_image_address(d, va, &address);
  const struct image_line *at = known ? image_line_at(d->setup->program.image, address) : NULL;
  const struct image_line *line = repl_written_line(at);
  if (line && line != *last && repl_source_text(d, line->file, line->line, source, sizeof source))
    fprintf(out, "%4u %.74s\n", line->line, source);
  *last = line;
  if (!repl_insn_at(repl_focus(d), va, &word)) {
    fprintf(out, "   0x%08x  cannot be fetched\n", va);
    return;
  }
  bool here = va == machine_get_pc(repl_focus(d));
  fprintf(out, "%s%s 0x%08x %-16s %08x  %s", here ? repl_bold(d) : "", here ? "=>" : "  ", va,
          repl_place(d, va, place), word, repl_insn_text(d, word, va, text));
  if (at && at->via)
    fprintf(out, "  [%s:%u]", repl_file_name(at->file), at->line);
  fprintf(out, "%s\n", here ? repl_plain(d) : "");
}

void repl_disassemble_around(struct debugger *d, FILE *out, unsigned lines)
{
  uint32_t pc = machine_get_pc(repl_focus(d)), start = pc > 8 ? pc - 8 : pc;
  const struct image_line *last = NULL;
  char *text = NULL;
  size_t len;
  FILE *all = open_memstream(&text, &len);
  for (uint32_t at = start; all && at < start + 4 * lines; at += 4)
    show_insn(d, all, at, &last);
  if (all)
    fclose(all);
  const char *at = text ? text : "";
  for (unsigned i = 0; i < lines && *at; i++) {
    size_t n = strcspn(at, "\n");
    fprintf(out, "%.*s\n", (int)n, at);
    at += n + (at[n] != 0);
  }
  free(text);
}

/* [first, last) of the routine that holds an address: from its symbol to the next. */
static void routine(struct debugger *d, uint32_t va, uint32_t *first, uint32_t *last)
{
  const struct image *image = d->setup->program.image;
  uint32_t address, offset;
  size_t count;
  *first = va > 16 ? va - 16 : 0;
  *last = va + 32;
  if (!repl_image_address(d, va, &address) || !image_symbol_at(image, address, &offset))
    return;
  const struct image_symbol *symbols = image_symbols(image, &count);
  *first = va - offset;
  *last = *first + 4 * 64;
  for (size_t i = 0; i < count; i++) {
    if (symbols[i].value > address) {
      uint32_t end = va + (symbols[i].value - address);
      *last = end < *last ? end : *last;
      break;
    }
  }
}

bool repl_cmd_disassemble(struct debugger *d, const char *args)
{
  uint32_t first, last, at = machine_get_pc(repl_focus(d));
  char text[256];
  snprintf(text, sizeof text, "%s", args);
  char *comma = strchr(text, ',');
  if (comma)
    *comma = 0;
  if (*text && !repl_location(d, text, &at))
    return false;
  if (comma && comma[1 + strspn(comma + 1, " ")] == '+') {
    struct formula_value n;
    if (!repl_eval(d, comma + 2 + strspn(comma + 1, " "), &n))
      return false;
    first = at;
    last = at + (uint32_t)n.v;
  } else if (comma) {
    first = at;
    if (!repl_location(d, comma + 1 + strspn(comma + 1, " "), &last))
      return false;
  } else {
    routine(d, at, &first, &last);
  }
  if (first % 4)
    return repl_refuse(d, "0x%08x is no multiple of 4: no instruction lies there", first);
  const struct image_line *line = NULL;
  for (unsigned n = 0; first < last && n < 256; first += 4, n++)
    show_insn(d, d->out, first, &line);
  return true;
}
