/* The listing: address, contents, source; what macros and pseudo-instructions
 * became; the symbols.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "asm/assembly.h"

#define ROW_BYTES     8u
#define SOURCE_COLUMN 18 /* after the contents */

struct listing {
  struct assembly *a;
  FILE *out;
  const struct symbol **labels; /* by address */
  size_t label_count;
};

static uint32_t label_address(const struct symbol *s)
{
  return section_address(s->section, s->offset);
}

static int compare_labels(const void *x, const void *y)
{
  const struct symbol *a = *(const struct symbol *const *)x, *b = *(const struct symbol *const *)y;
  uint32_t at = label_address(a), bt = label_address(b);
  return at != bt ? (at > bt) - (at < bt) : strcmp(a->name, b->name);
}

static void collect_labels(struct listing *l)
{
  const struct symbol_table *t = &l->a->symbols;
  l->labels = arena_alloc(&l->a->arena, t->all.count * sizeof *l->labels);
  for (size_t i = 0; i < t->all.count; i++)
    if (t->all.items[i]->kind == SYMBOL_LABEL)
      l->labels[l->label_count++] = t->all.items[i];
  if (l->label_count)
    qsort(l->labels, l->label_count, sizeof *l->labels, compare_labels);
}

static bool symbol_name(void *ctx, uint32_t address, char *buf, size_t size)
{
  const struct listing *l = ctx;
  size_t low = 0, high = l->label_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (label_address(l->labels[middle]) < address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == l->label_count || label_address(l->labels[low]) != address)
    return false;
  snprintf(buf, size, "%s", l->labels[low]->name);
  return true;
}

static uint32_t read_unit(const uint8_t *at, unsigned size)
{
  uint32_t v = 0;
  for (unsigned i = 0; i < size; i++)
    v |= (uint32_t)at[i] << 8 * i;
  return v;
}

/* One row's contents in units of the statement, filled up to `fill` columns; returns
 * the bytes shown. */
static uint32_t print_units(FILE *out, const struct emitted *e, uint32_t from, int fill)
{
  unsigned unit = e->unit ? e->unit : 4;
  uint32_t limit = e->unit ? ROW_BYTES : 4, shown = 0;
  int width = 0;
  while (shown < limit && from + shown + unit <= e->size) {
    const uint8_t *at = e->section->bytes + e->offset + from + shown;
    width += fprintf(out, "%s%0*" PRIx32, unit > 1 && shown ? " " : "", (int)(2 * unit),
                     read_unit(at, unit));
    shown += unit;
  }
  if (fill > width)
    fprintf(out, "%*s", fill - width, "");
  return shown;
}

static unsigned nesting(const struct line *line)
{
  unsigned depth = 0;
  for (const struct origin *o = line->origin; o; o = o->parent)
    depth += o->kind != ORIGIN_FILE;
  return depth;
}

static void print_source(FILE *out, const struct line *line)
{
  unsigned depth = nesting(line);
  fprintf(out, "%5u%c ", line->number, depth ? '+' : ' ');
  for (size_t i = 0; i < line->shown_len; i++) {
    unsigned char c = (unsigned char)line->shown[i];
    fputc(c < ' ' && c != '\t' ? '?' : c, out);
  }
  fputc('\n', out);
}

/* Whether all that is left of a statement is one byte repeated. */
static bool uniform(const struct emitted *e, uint32_t from)
{
  const uint8_t *p = e->section->bytes + e->offset;
  for (uint32_t i = from; i < e->size; i++)
    if (p[i] != p[from])
      return false;
  return true;
}

static void print_pseudo(struct listing *l, const struct emitted *e, uint32_t from)
{
  char text[128];
  uint32_t address = section_address(e->section, e->offset + from);
  uint32_t word = read_unit(e->section->bytes + e->offset + from, 4);
  isa_print(text, sizeof text, word, address, symbol_name, l);
  fprintf(l->out, "      > %s\n", text);
}

static void print_emitted(struct listing *l, const struct emitted *e)
{
  FILE *out = l->out;
  bool contents = e->size > 0 && !e->section->nobits;
  if (e->size > 0 || e->labelled)
    fprintf(out, "%08" PRIx32 "  ", section_address(e->section, e->offset));
  else
    fprintf(out, "%10s", "");
  bool pseudo = contents && e->pseudo;
  uint32_t from = 0;
  if (contents && !pseudo)
    from = print_units(out, e, 0, SOURCE_COLUMN);
  else
    fprintf(out, "%*s", SOURCE_COLUMN, "");
  print_source(out, e->line);
  while (contents && from < e->size) {
    if (!pseudo && e->size - from > 4 * ROW_BYTES && uniform(e, from)) {
      fprintf(out, "%10s… to %08" PRIx32 "\n", "",
              section_address(e->section, e->offset + e->size));
      return;
    }
    fprintf(out, "%08" PRIx32 "  ", section_address(e->section, e->offset + from));
    uint32_t shown = print_units(out, e, from, pseudo ? SOURCE_COLUMN : 0);
    if (shown == 0)
      return;
    if (pseudo)
      print_pseudo(l, e, from);
    else
      fputc('\n', out);
    from += shown;
  }
}

static int compare_symbols(const void *x, const void *y)
{
  return strcmp((*(struct symbol *const *)x)->name, (*(struct symbol *const *)y)->name);
}

static void print_symbols(struct assembly *a, FILE *out)
{
  size_t count = 0;
  struct symbol **sorted = arena_alloc(&a->arena, a->symbols.all.count * sizeof *sorted);
  for (size_t i = 0; i < a->symbols.all.count; i++)
    if (a->symbols.all.items[i]->kind != SYMBOL_UNDEFINED)
      sorted[count++] = a->symbols.all.items[i];
  if (count)
    qsort(sorted, count, sizeof *sorted, compare_symbols);
  fprintf(out, "\nSymbols\n");
  for (size_t i = 0; i < count; i++) {
    struct value v;
    struct expr use = {.kind = EXPR_SYMBOL, .symbol = sorted[i]};
    if (expr_eval(a, &use, &v) != EVAL_KNOWN)
      continue;
    fprintf(out, "%08" PRIx32 "  %-6s %-6s  %s\n", (uint32_t)v.number,
            sorted[i]->kind == SYMBOL_LABEL ? sorted[i]->section->name : "const",
            sorted[i]->global ? "global" : "local", sorted[i]->name);
  }
}

static void print_sections(struct assembly *a, FILE *out)
{
  const struct section *order[SECTION_COUNT];
  sections_by_address(a, order);
  fprintf(out, "\nSections\n");
  for (int i = 0; i < SECTION_COUNT; i++)
    if (order[i]->size)
      fprintf(out, "%08" PRIx32 " to %08" PRIx32 "  %s\n", order[i]->base,
              order[i]->base + order[i]->size, order[i]->name);
}

void listing_print(struct assembly *a, FILE *out)
{
  struct listing l = {.a = a, .out = out};
  const char *file = NULL;
  collect_labels(&l);
  for (size_t i = 0; i < a->emitted.count; i++) {
    const struct emitted *e = &a->emitted.items[i];
    if (!file || strcmp(file, e->line->file) != 0) {
      fprintf(out, "%s%s\n", file ? "\n" : "", e->line->file);
      file = e->line->file;
    }
    print_emitted(&l, e);
  }
  print_sections(a, out);
  print_symbols(a, out);
}
