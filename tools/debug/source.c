/* Source lines and instructions. */
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/debug/debugger.h"

/* The written line of an address of the image, not of the program. */
static const struct image_line *written(struct debugger *d, uint32_t address)
{
  return image_line_written(image_line_at(d->setup->program.image, address));
}

/* Instructions that a line stands for, if it is not just one: a macro, a pseudo-
 * instruction that needs two. */
static void show_expansion(struct debugger *d, FILE *out, uint32_t address, uint32_t pc)
{
  size_t count, n = 0;
  const struct image_line *lines = image_lines(d->setup->program.image, &count);
  const struct image_line *line = written(d, address);
  for (size_t i = 0; i < count; i++)
    if (image_line_written(&lines[i]) == line)
      n += lines[i].size / 4;
  for (size_t i = 0; n > 1 && i < count; i++) {
    if (image_line_written(&lines[i]) != line)
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
  uint32_t pc = repl_here_pc(d), here = 0;
  int width = d->width ? d->width : TEXT_WIDTH;
  bool known = repl_image_address(d, pc, &here);
  const struct image_line *now = known ? written(d, here) : NULL;
  unsigned n = 0;
  for (; n < count; n++) {
    char text[REPL_TEXT];
    unsigned line = first + n;
    if (!repl_source_line(d, file, line, width - 9, text))
      break;
    bool current = now && now->line == line && strcmp(now->file, file) == 0;
    fprintf(out, "%s%s%s%4u  %s%s\n", current ? repl_bold(d) : "", current ? "=>" : "  ",
            has_break(d, file, line) ? "*" : " ", line, text, current ? repl_plain(d) : "");
    if (current)
      show_expansion(d, out, here, here);
  }
  return n;
}

/* So many lines of a text, those around the one of the present instruction. */
static void show_middle(FILE *out, const char *text, unsigned lines)
{
  unsigned n = 0, here = 0, skip;
  for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n', n++)
    if (strncmp(at + (*at == '\033' ? strcspn(at, "m") + 1 : 0), "=>", 2) == 0)
      here = n;
  skip = here > lines / 2 ? here - lines / 2 : 0;
  skip = n > lines && skip > n - lines ? n - lines : n <= lines ? 0 : skip;
  for (const char *at = text; *at && lines > 0; at += strcspn(at, "\n"), at += *at == '\n') {
    if (skip > 0) {
      skip--;
      continue;
    }
    fprintf(out, "%.*s\n", (int)strcspn(at, "\n"), at);
    lines--;
  }
}

void repl_list_around(struct debugger *d, FILE *out, unsigned lines)
{
  const struct image_line *line = repl_line(d, repl_here_pc(d));
  if (!line) {
    fprintf(out, "no source is known here\n");
    return;
  }
  unsigned first = line->line > lines / 2 ? line->line - lines / 2 : 1;
  char *text = NULL;
  size_t len;
  FILE *all = open_memstream(&text, &len);
  if (all) {
    list_lines(d, all, line->file, first, lines);
    fclose(all);
  }
  show_middle(out, text ? text : "", lines);
  free(text);
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

/* "10,20", "work,", "10,work": from the one to the other. */
static bool list_range(struct debugger *d, const char *args)
{
  char from[256];
  uint32_t address;
  const char *to = strchr(args, ',') + 1;
  const struct image_line *first = NULL, *last = NULL;
  snprintf(from, sizeof from, "%.*s", (int)(to - 1 - args), args);
  to += strspn(to, " ");
  if (!repl_location(d, from, &address))
    return false;
  first = written(d, address);
  if (*to && !repl_location(d, to, &address))
    return false;
  last = *to ? written(d, address) : NULL;
  if (!first || (*to && (!last || strcmp(first->file, last->file) != 0)))
    return repl_refuse(d, "no lines lie between these two");
  unsigned line = strspn(from, "0123456789") == strlen(from) ? (unsigned)strtoul(from, NULL, 10)
                                                             : first->line;
  unsigned end = !*to ? line + LIST_LINES - 1
                 : strspn(to, "0123456789") == strlen(to) ? (unsigned)strtoul(to, NULL, 10)
                                                          : last->line;
  if (end < line)
    return repl_refuse(d, "line %u comes before line %u: list %u,%u", end, line, end, line);
  unsigned n = list_lines(d, d->out, first->file, line, end - line + 1);
  d->list_file = first->file;
  d->list_line = line + n;
  return n > 0 || repl_refuse(d, "%s has no line %u", repl_file_name(first->file), line);
}

bool repl_cmd_list(struct debugger *d, const char *args)
{
  uint32_t address, pc = repl_here_pc(d);
  const struct image_line *line = repl_line(d, pc);
  char *end;
  if (!*args && d->list_line)
    return list_from(d, d->list_file, d->list_line);
  if (strchr(args, ','))
    return list_range(d, args);
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
  char text[REPL_INSN], place[REPL_PLACE], source[REPL_TEXT];
  bool known = repl_image_address(d, va, &address);
  const struct image_line *at = known ? image_line_at(d->setup->program.image, address) : NULL;
  const struct image_line *line = image_line_written(at);
  if (line != *last && repl_source_text(d, line, (d->width ? d->width : TEXT_WIDTH) - 5, source))
    fprintf(out, "%4u %s\n", line->line, source);
  *last = line;
  if (!repl_insn_at(repl_focus(d), va, &word)) {
    fprintf(out, "   0x%08x  cannot be fetched\n", va);
    return;
  }
  bool here = va == machine_get_pc(repl_focus(d));
  char via[80] = "", row[200];
  if (at && at->via)
    snprintf(via, sizeof via, "  [%s:%u]", repl_file_name(at->file), at->line);
  repl_insn_text(d, word, va, text);
  repl_place(d, va, place);
  int width = d->width ? d->width : TEXT_WIDTH;
  int n = width < 60 ? snprintf(row, sizeof row, "%s %08x  %s", here ? "=>" : "  ", va, text)
                     : snprintf(row, sizeof row, "%s 0x%08x %-16s %08x  %s", here ? "=>" : "  ", va,
                                place, word, text);
  fprintf(out, "%s%s%s", here ? repl_bold(d) : "", row, n + (int)strlen(via) <= width ? via : "");
  fprintf(out, "%s\n", here ? repl_plain(d) : "");
}

void repl_disassemble_around(struct debugger *d, FILE *out, unsigned lines)
{
  uint32_t pc = machine_get_pc(repl_focus(d)), before = 4 * (lines / 2);
  const struct image_line *last = NULL;
  char *text = NULL;
  size_t len;
  FILE *all = open_memstream(&text, &len);
  for (uint32_t at = pc > before ? pc - before : pc % 4; all && at < pc + 4 * lines; at += 4)
    show_insn(d, all, at, &last);
  if (all)
    fclose(all);
  show_middle(out, text ? text : "", lines);
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
  uint32_t first, last, at = repl_here_pc(d);
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
