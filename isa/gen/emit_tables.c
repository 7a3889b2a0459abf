/* pg32_tables.c: the data behind decode, encode, print and find. */
#include "isa/gen/emit.h"

#include <stdlib.h>
#include <string.h>

static void emit_operands(FILE *out, const struct format *f)
{
  static const char *const kinds[] = {
      [OPERAND_REG] = "ISA_OPERAND_REG",   [OPERAND_SIMM] = "ISA_OPERAND_SIMM",
      [OPERAND_UIMM] = "ISA_OPERAND_UIMM", [OPERAND_UPPER] = "ISA_OPERAND_UPPER",
      [OPERAND_REL] = "ISA_OPERAND_REL",   [OPERAND_CR] = "ISA_OPERAND_CR",
  };
  if (!f->operands)
    return;
  fprintf(out, "static const struct isa_operand operands_%s[] = {\n", f->name.text);
  for (const struct operand *o = f->operands; o; o = o->next) {
    fprintf(out, "  {\"%s\", ", o->name.text);
    emit_name(out, "ISA_SLOT_", o->name.text);
    fprintf(out, ", %s, %u, %u},\n", kinds[o->kind], o->high.value, o->low.value);
  }
  fputs("};\n", out);
}

static size_t count_operands(const struct format *f)
{
  size_t count = 0;
  for (const struct operand *o = f->operands; o; o = o->next)
    count++;
  return count;
}

static void emit_formats(FILE *out, const struct def *def)
{
  for (const struct format *f = def->formats; f; f = f->next)
    emit_operands(out, f);
  fputs("\nconst struct isa_format_info isa_formats[ISA_FORMAT_COUNT] = {\n", out);
  for (const struct format *f = def->formats; f; f = f->next)
    fprintf(out, "  {\"%s\", %s%s, %zu},\n", f->name.text, f->operands ? "operands_" : "NULL",
            f->operands ? f->name.text : "", count_operands(f));
  fputs("};\n\nconst uint32_t isa_format_unused[ISA_FORMAT_COUNT] = {\n", out);
  for (const struct format *f = def->formats; f; f = f->next)
    fprintf(out, "  0x%08xu, /* %s */\n", 0x00ffffffu & ~f->bits, f->name.text);
  fputs("};\n\n", out);
}

static size_t emit_behaviours(FILE *out, const struct insn *i)
{
  size_t count = 0;
  fprintf(out, "static const struct isa_behaviour behaviours_%s[] = {", i->name.text);
  for (const struct behaviour *b = i->behaviours; b; b = b->next, count++) {
    fprintf(out, "%s{\"%s\", BODY_", count ? ", " : "", b->name.text);
    emit_upper(out, i->name.text);
    emit_name(out, "_", b->name.text);
    fputs("}", out);
  }
  fputs("};\n", out);
  return count;
}

static void emit_insn(FILE *out, const struct def *def, const struct insn *i)
{
  static const char *const groups[] = {[GROUP_USER] = "ISA_GROUP_USER",
                                       [GROUP_ERRANT] = "ISA_GROUP_ERRANT",
                                       [GROUP_SYSTEM] = "ISA_GROUP_SYSTEM"};
  size_t behaviours = 0;
  for (const struct behaviour *b = i->behaviours; b; b = b->next)
    behaviours++;
  fprintf(out, "  {\"%s\", 0x%02x, %s, ", i->name.text, i->opcode.value, groups[i->group]);
  emit_name(out, "FORMAT_", i->format->name.text);
  fprintf(out, ", \"%s\", \"%s\",\n   \"%s\", \"%s\", ", i->shape.text, i->summary.text,
          i->models.text, i->sensitive.text);
  emit_features(out, def, i->requires.mask);
  fprintf(out, ", behaviours_%s, %zu},\n", i->name.text, behaviours);
}

static void emit_insns(FILE *out, const struct def *def)
{
  for (const struct insn *i = def->insns; i; i = i->next)
    emit_behaviours(out, i);
  fputs("\nconst struct isa_insn_info isa_insns[ISA_INSN_COUNT] = {\n", out);
  for (const struct insn *i = def->insns; i; i = i->next)
    emit_insn(out, def, i);
  fputs("};\n\n/* 1 + the instruction; 0: none */\nconst uint8_t isa_opcodes[256] = {\n", out);
  for (const struct insn *i = def->insns; i; i = i->next) {
    fprintf(out, "  [0x%02x] = 1 + ", i->opcode.value);
    emit_name(out, "ISA_", i->name.text);
    fputs(",\n", out);
  }
  fputs("};\n\n", out);
}

static int by_name(const void *a, const void *b)
{
  const struct insn *const *x = a, *const *y = b;
  return strcmp((*x)->name.text, (*y)->name.text);
}

static void emit_sorted(FILE *out, const struct def *def)
{
  const struct insn *sorted[256]; /* opcodes are bytes, and checked to differ */
  size_t count = 0;
  for (const struct insn *i = def->insns; i; i = i->next)
    sorted[count++] = i;
  qsort(sorted, count, sizeof *sorted, by_name);
  fputs("const uint8_t isa_insns_by_name[ISA_INSN_COUNT] = {\n", out);
  for (size_t n = 0; n < count; n++) {
    emit_name(out, "  ISA_", sorted[n]->name.text);
    fputs(",\n", out);
  }
  fputs("};\n\n", out);
}

static void emit_crs(FILE *out, const struct def *def)
{
  fputs("const struct isa_cr_info isa_crs[ISA_CR_COUNT] = {\n", out);
  for (const struct cr *cr = def->crs; cr; cr = cr->next) {
    fprintf(out, "  {\"%s\", \"%s\", 0x%08xu, %s, ", cr->name.text, cr->summary.text,
            cr->write_mask.value, cr->is_psw ? "true" : "false");
    emit_features(out, def, cr->requires.mask);
    fputs("},\n", out);
  }
  fputs("};\n\n", out);
}

static void emit_causes(FILE *out, const struct def *def)
{
  fputs("const struct isa_cause_info isa_causes[ISA_CAUSE_LIMIT] = {\n", out);
  for (const struct cause *c = def->causes; c; c = c->next) {
    fprintf(out, "  [%u] = {\"%s\", \"%s\", ", c->number.value, c->name.text, c->summary.text);
    emit_name(out, "ISA_CAUSE_", c->kind.text);
    fprintf(out, ", %u},\n", c->has_line ? c->line.value : 0);
  }
  fputs("};\n\n", out);
}

static void emit_psw_fields(FILE *out, const struct def *def)
{
  fputs("const struct isa_psw_field_info isa_psw_field_table[] = {\n", out);
  for (const struct field *f = def->psw; f; f = f->next)
    fprintf(out, "  {\"%s\", \"%s\", %u, %u, %s},\n", f->name.text, f->summary.text, f->high.value,
            f->low.value, strcmp(f->write.text, "mode") == 0 ? "true" : "false");
  fputs("  {NULL, NULL, 0, 0, false},\n};\n\n", out);
}

static void emit_registers(FILE *out, const struct def *def)
{
  fputs("const char *const isa_regs[ISA_REG_COUNT] = {\n ", out);
  for (const struct ident_list *r = def->registers; r; r = r->next)
    fprintf(out, " \"%s\",", r->id.text);
  fputs("\n};\n", out);
}

void emit_tables(FILE *out, const struct def *def)
{
  fputs("/* Generated from isa/pg32.isa by isagen; do not edit. */\n#include \"isa/tables.h\"\n\n",
        out);
  emit_formats(out, def);
  emit_insns(out, def);
  emit_sorted(out, def);
  emit_crs(out, def);
  emit_causes(out, def);
  emit_psw_fields(out, def);
  emit_registers(out, def);
}
