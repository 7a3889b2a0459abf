/* docs/isa-tables.md: the manual's tables, in Markdown. Semantics are quoted
 * from the source, comments and all. */
#include "isa/gen/emit.h"

#include <string.h>

/* ---------------------------------------------------------------- encodings */
static const struct operand *operand_below(const struct format *f, uint32_t bit)
{
  const struct operand *best = NULL;
  for (const struct operand *o = f->operands; o; o = o->next)
    if (o->high.value < bit && (!best || o->high.value > best->high.value))
      best = o;
  return best;
}

/* From bit 23 down: name:width, and 0:width for bits that must be zero. */
static void put_encoding(FILE *out, const struct format *f)
{
  uint32_t bit = 24;
  while (bit > 0) {
    const struct operand *o = operand_below(f, bit);
    uint32_t next = o ? o->high.value + 1 : 0;
    if (next < bit)
      fprintf(out, " 0:%u", bit - next);
    if (o)
      fprintf(out, " %s:%u", o->name.text, o->high.value - o->low.value + 1);
    bit = o ? o->low.value : 0;
  }
}

static void put_operand(FILE *out, const struct operand *o)
{
  uint32_t width = o->high.value - o->low.value + 1;
  long long half = 1ll << (width - 1);
  fprintf(out, "`%s` ", o->name.text);
  switch (o->kind) {
  case OPERAND_REG:
    fputs("register", out);
    break;
  case OPERAND_SIMM:
    fprintf(out, "signed, %lld to %lld", -half, half - 1);
    break;
  case OPERAND_UIMM:
    fprintf(out, "unsigned, 0 to %lld", 2 * half - 1);
    break;
  case OPERAND_UPPER:
    fprintf(out, "0 to 0x%llx, shifted left by 12", 2 * half - 1);
    break;
  case OPERAND_REL:
    fprintf(out, "target within %lld to %+lld bytes, multiple of 4", -half * 4, (half - 1) * 4);
    break;
  case OPERAND_CR:
    fputs("control register", out);
    break;
  }
}

static void put_formats(FILE *out, const struct def *def)
{
  fputs("## Formats\n\nFrom bit 31 down, `name:width`; bits shown as `0` must be zero, or the "
        "word is illegal.\n\n| format | encoding | operands |\n|---|---|---|\n",
        out);
  for (const struct format *f = def->formats; f; f = f->next) {
    fprintf(out, "| %s | `opcode:8", f->name.text);
    put_encoding(out, f);
    fputs("` |", out);
    const char *separator = " ";
    for (const struct operand *o = f->operands; o; o = o->next, separator = "; ") {
      fputs(separator, out);
      put_operand(out, o);
    }
    fputs(" |\n", out);
  }
  fputs("\n", out);
}

/* ------------------------------------------------------------ instructions */
static void put_requires(FILE *out, const struct requires *r)
{
  for (const struct ident_list *w = r->words; w; w = w->next)
    fprintf(out, "%s%s", w == r->words ? "" : w == r->words->next ? " " : " or ", w->id.text);
}

static const char *offset_text(const struct source *source, int line, int column)
{
  const char *p = source->text;
  for (; line > 1; line--)
    p = strchr(p, '\n') + 1;
  return p + column - 1;
}

/* One line of source, with the margin in front unless it is the first. */
static void put_line(FILE *out, const char *line, size_t len, bool first, int margin)
{
  while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
    len--;
  if (len)
    fprintf(out, "%*s%.*s\n", first ? 0 : margin, "", (int)len, line);
}

/* The text between the body's braces, each line `margin` from the left. */
static void put_body(FILE *out, const struct source *source, const struct behaviour *b, int margin)
{
  const char *p = offset_text(source, b->loc.first_line, b->loc.first_column) + 1;
  const char *end = offset_text(source, b->loc.last_line, b->loc.last_column) - 1;
  p += strspn(p, " \t");
  bool first = true;
  if (*p == '\n') {
    size_t depth = strspn(p + 1, " \t");
    for (p++; p < end; p += strcspn(p, "\n") + 1, first = false) {
      size_t skip = strspn(p, " \t") < depth ? strspn(p, " \t") : depth;
      const char *line_end = p + strcspn(p, "\n");
      put_line(out, p + skip, (size_t)((line_end < end ? line_end : end) - p) - skip, first,
               margin);
    }
  } else {
    put_line(out, p, (size_t)(end - p), first, margin);
  }
}

static void put_semantics(FILE *out, const struct def *def, enum group group,
                          const struct source *source)
{
  fputs("\n```\n", out);
  for (const struct insn *i = def->insns; i; i = i->next) {
    if (i->group != group)
      continue;
    for (const struct behaviour *b = i->behaviours; b; b = b->next) {
      int margin = fprintf(out, "%-7s", b == i->behaviours ? i->name.text : "");
      if (group == GROUP_SYSTEM)
        margin += fprintf(out, "%-8s", b->name.text);
      put_body(out, source, b, margin);
    }
  }
  fputs("```\n\n", out);
}

static void put_insn(FILE *out, const struct insn *i)
{
  fprintf(out, "| `%s%s%s` | `%02x", i->name.text, *i->shape.text ? " " : "", i->shape.text,
          i->opcode.value);
  put_encoding(out, i->format);
  fprintf(out, "` | %s |", i->summary.text);
  if (i->group != GROUP_USER)
    fprintf(out, " %s |", i->models.text);
  if (i->group == GROUP_SYSTEM) {
    fprintf(out, " %s | ", i->sensitive.text);
    put_requires(out, &i->requires);
    fputs(" |", out);
  }
  fputs("\n", out);
}

static void put_group(FILE *out, const struct def *def, enum group group,
                      const struct source *source)
{
  static const char *const titles[] = {
      [GROUP_USER] = "## User instructions\n\nThe same in every mode, on every profile.\n\n",
      [GROUP_ERRANT] = "## Errant instructions\n\nTrap in every mode, on every profile.\n\n",
      [GROUP_SYSTEM] = "## System instructions\n\nMode 0 shows `full`; elsewhere the profile says: "
                       "`trap`, `nop`, "
                       "`absent`, `full` or\nanother behaviour given here.\n\n"};
  fputs(titles[group], out);
  fputs("| instruction | encoding | does |", out);
  fputs(group != GROUP_USER ? " models |" : "", out);
  fputs(group == GROUP_SYSTEM ? " why it is sensitive | requires |" : "", out);
  fputs("\n|---|---|---|", out);
  fputs(group != GROUP_USER ? "---|" : "", out);
  fputs(group == GROUP_SYSTEM ? "---|---|\n" : "\n", out);
  for (const struct insn *i = def->insns; i; i = i->next)
    if (i->group == group)
      put_insn(out, i);
  put_semantics(out, def, group, source);
}

/* ------------------------------------------------------- registers, causes */
static void put_registers(FILE *out, const struct def *def)
{
  unsigned number = 0;
  fputs("## Registers\n\n", out);
  for (const struct ident_list *r = def->registers; r; r = r->next, number++)
    fprintf(out, "%s`%s` %u", number ? ", " : "", r->id.text, number);
  fputs(". The first reads as zero; writes to it vanish.\n\n", out);
}

static bool is_flag(const struct def *def, const struct field *f)
{
  for (const struct ident_list *n = def->flags; n; n = n->next)
    if (strcmp(n->id.text, f->name.text) == 0)
      return true;
  return false;
}

static void put_psw_field(FILE *out, const struct def *def, const struct field *f)
{
  fprintf(out, f->high.value == f->low.value ? "| %u" : "| %u:%u", f->high.value, f->low.value);
  fprintf(out, " | %s | %s | %s | %s |\n", f->name.text,
          strcmp(f->write.text, "mode") == 0 ? "yes" : "", is_flag(def, f) ? "yes" : "",
          f->summary.text);
}

static void put_psw(FILE *out, const struct def *def)
{
  fputs("## The processor status word\n\nOther bits read as zero. A field that names a mode takes "
        "the least privileged one if\nthe profile lacks the mode written.\n\n"
        "| bits | field | names a mode | in the flags word | is |\n|---|---|---|---|---|\n",
        out);
  for (const struct field *f = def->psw; f; f = f->next)
    put_psw_field(out, def, f);
  fputs("\n", out);
}

static void put_crs(FILE *out, const struct def *def)
{
  fputs("## Control registers\n\nA write changes the bits of the mask and no others.\n\n"
        "| number | name | write mask | requires | is |\n|---|---|---|---|---|\n",
        out);
  for (const struct cr *cr = def->crs; cr; cr = cr->next) {
    fprintf(out, "| %u | %s | %08x%s | ", cr->number.value, cr->name.text, cr->write_mask.value,
            cr->is_psw ? " (as the PSW)" : "");
    put_requires(out, &cr->requires);
    fprintf(out, " | %s |\n", cr->summary.text);
  }
  fputs("\n", out);
}

static void put_causes(FILE *out, const struct def *def)
{
  fputs("## Trap causes\n\nThe handler's address lies in storage at VBR plus the vector.\n\n"
        "| cause | vector | name | kind | is |\n|---|---|---|---|---|\n",
        out);
  for (const struct cause *c = def->causes; c; c = c->next) {
    fprintf(out, "| %u | 0x%02x | %s | %s", c->number.value, c->number.value * 4, c->name.text,
            c->kind.text);
    if (c->has_line)
      fprintf(out, ", line %u", c->line.value);
    fprintf(out, " | %s |\n", c->summary.text);
  }
}

void emit_manual(FILE *out, const struct def *def, const struct source *source)
{
  fprintf(out,
          "# %s, version %u: the tables\n\nGenerated from `isa/pg32.isa` by `isagen --manual`; "
          "edit that. `isa/LANGUAGE.md` describes\nthe notation, `docs/machine.md` the rest of the "
          "machine.\n\n",
          def->isa.text, def->version.value);
  put_registers(out, def);
  put_formats(out, def);
  put_group(out, def, GROUP_USER, source);
  put_group(out, def, GROUP_ERRANT, source);
  put_group(out, def, GROUP_SYSTEM, source);
  put_psw(out, def);
  put_crs(out, def);
  put_causes(out, def);
}
