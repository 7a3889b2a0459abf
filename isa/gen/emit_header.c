/* pg32.h: names for everything in the definition. */
#include "isa/gen/emit.h"

/* For tables of labels and the like. */
static void emit_body_list(FILE *out, const struct def *def)
{
  fputs("/* X(INSN, BEHAVIOUR) of every body, in the order of enum isa_body. */\n"
        "#define ISA_BODIES(X)",
        out);
  for (const struct insn *i = def->insns; i; i = i->next)
    for (const struct behaviour *b = i->behaviours; b; b = b->next) {
      emit_name(out, " \\\n  X(", i->name.text);
      emit_name(out, ", ", b->name.text);
      fputc(')', out);
    }
  fputs("\n\n", out);
}

static void emit_insns(FILE *out, const struct def *def)
{
  fputs("enum isa_insn {\n", out);
  for (const struct insn *i = def->insns; i; i = i->next) {
    emit_name(out, "  ISA_", i->name.text);
    fputs(",\n", out);
  }
  fputs("  ISA_INSN_COUNT\n};\n\nenum isa_body {\n", out);
  for (const struct insn *i = def->insns; i; i = i->next)
    for (const struct behaviour *b = i->behaviours; b; b = b->next) {
      emit_name(out, "  BODY_", i->name.text);
      emit_name(out, "_", b->name.text);
      fputs(",\n", out);
    }
  fputs("  ISA_BODY_COUNT\n};\n\n", out);
  emit_body_list(out, def);
}

static void emit_causes(FILE *out, const struct def *def)
{
  uint32_t limit = 0, interrupts = 0;
  fputs("enum isa_cause {\n", out);
  for (const struct cause *c = def->causes; c; c = c->next) {
    emit_name(out, "  CAUSE_", c->name.text);
    fprintf(out, " = %u,\n", c->number.value);
    if (c->number.value >= limit)
      limit = c->number.value + 1;
    interrupts |= c->has_line ? 1u << c->number.value : 0;
  }
  fprintf(out, "  ISA_CAUSE_LIMIT = %u\n};\n", limit);
  fprintf(out, "#define ISA_INTERRUPT_CAUSES 0x%08xu\n\n", interrupts);
}

static void emit_crs(FILE *out, const struct def *def)
{
  fputs("enum isa_cr {\n", out);
  for (const struct cr *cr = def->crs; cr; cr = cr->next) {
    emit_name(out, "  CR_", cr->name.text);
    fputs(",\n", out);
  }
  fputs("  ISA_CR_COUNT\n};\n\n", out);
}

static void emit_registers(FILE *out, const struct def *def)
{
  fputs("enum isa_reg {\n", out);
  for (const struct ident_list *r = def->registers; r; r = r->next) {
    emit_name(out, "  REG_", r->id.text);
    fputs(",\n", out);
  }
  fputs("  ISA_REG_COUNT\n};\n\n", out);
}

static void emit_formats(FILE *out, const struct def *def)
{
  fputs("enum isa_format {\n", out);
  for (const struct format *f = def->formats; f; f = f->next) {
    emit_name(out, "  FORMAT_", f->name.text);
    fputs(",\n", out);
  }
  fputs("  ISA_FORMAT_COUNT\n};\n\n", out);
}

static void emit_feature_enum(FILE *out, const struct def *def)
{
  unsigned bit = 0;
  fputs("/* What instructions, control registers and profiles may require or have. */\n"
        "enum isa_feature {\n",
        out);
  for (const struct feature *f = def->features; f; f = f->next) {
    emit_name(out, "  ISA_FEATURE_", f->kind.text);
    if (f->name.text)
      emit_name(out, "_", f->name.text);
    fprintf(out, " = 1 << %u,\n", bit++);
  }
  fputs("};\n\n", out);
}

static uint32_t field_bits(const struct field *f)
{
  uint32_t ones = f->high.value == 31 ? UINT32_MAX : (1u << (f->high.value + 1)) - 1;
  return ones & ~((1u << f->low.value) - 1);
}

static void emit_psw_diagram(FILE *out, const struct def *def)
{
  fputs("/* The processor status word\n *\n", out);
  for (const struct field *f = def->psw; f; f = f->next)
    fprintf(out, " *   %2u:%-2u  %-6s %s\n", f->high.value, f->low.value, f->name.text,
            f->summary.text);
  fputs(" */\n", out);
}

static void emit_psw_field(FILE *out, const struct field *f)
{
  emit_name(out, "#define PSW_", f->name.text);
  fprintf(out, "_SHIFT %u\n", f->low.value);
  emit_name(out, "#define PSW_", f->name.text);
  fprintf(out, "_MASK 0x%08xu\n", field_bits(f));
  fprintf(out, "static inline uint32_t psw_%s(uint32_t psw)\n{\n  return (psw & PSW_",
          f->name.text);
  emit_upper(out, f->name.text);
  fputs("_MASK) >> PSW_", out);
  emit_upper(out, f->name.text);
  fprintf(out,
          "_SHIFT;\n}\n/* v's low bits count. */\n"
          "static inline uint32_t psw_set_%s(uint32_t psw, uint32_t v)\n{\n"
          "  return (psw & ~PSW_",
          f->name.text);
  emit_upper(out, f->name.text);
  fputs("_MASK) | ((v << PSW_", out);
  emit_upper(out, f->name.text);
  fputs("_SHIFT) & PSW_", out);
  emit_upper(out, f->name.text);
  fputs("_MASK);\n}\n", out);
}

static void emit_psw(FILE *out, const struct def *def)
{
  emit_psw_diagram(out, def);
  for (const struct field *f = def->psw; f; f = f->next)
    emit_psw_field(out, f);
  fprintf(out, "/* All fields; the other bits read as zero. */\n#define PSW_ALL_MASK 0x%08xu\n",
          def->psw_mask);
  fprintf(out, "/* The fields of the flags word. */\n#define PSW_FLAGS_MASK 0x%08xu\n\n",
          def->flags_mask);
  fputs("/* The fields neither overlap nor leave the word. */\n_Static_assert(", out);
  const char *separator = "";
  for (const struct field *f = def->psw; f; f = f->next) {
    fprintf(out, "%sPSW_", separator);
    emit_upper(out, f->name.text);
    fputs("_MASK", out);
    separator = " + (uint64_t)";
  }
  fputs(" == PSW_ALL_MASK, \"PSW fields overlap\");\n", out);
  fputs("_Static_assert((PSW_FLAGS_MASK & ~PSW_ALL_MASK) == 0, \"flags outside the PSW\");\n", out);
}

void emit_header(FILE *out, const struct def *def)
{
  fprintf(out,
          "/* %s, version %u: generated from isa/pg32.isa by isagen; do not edit.\n"
          " * isa/isa.h includes this; include that. */\n"
          "#ifndef TRAPEZE_GEN_PG32_H\n#define TRAPEZE_GEN_PG32_H\n\n#include <stdint.h>\n\n"
          "#define ISA_DEFINITION_NAME \"%s\"\n#define ISA_DEFINITION_VERSION %u\n\n",
          def->isa.text, def->version.value, def->isa.text, def->version.value);
  emit_insns(out, def);
  emit_causes(out, def);
  emit_crs(out, def);
  emit_registers(out, def);
  emit_formats(out, def);
  emit_feature_enum(out, def);
  emit_psw(out, def);
  fputs("\n#endif\n", out);
}
