#include "isa/gen/emit.h"

void emit_upper(FILE *out, const char *name)
{
  for (; *name; name++)
    fputc(*name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name, out);
}

void emit_name(FILE *out, const char *prefix, const char *name)
{
  fputs(prefix, out);
  emit_upper(out, name);
}

void emit_features(FILE *out, const struct def *def, uint32_t mask)
{
  const char *separator = "";
  for (const struct feature *f = def->features; f; f = f->next) {
    if (!(mask & f->bit))
      continue;
    fprintf(out, "%s", separator);
    emit_name(out, "ISA_FEATURE_", f->kind.text);
    if (f->name.text)
      emit_name(out, "_", f->name.text);
    separator = " | ";
  }
  if (!mask)
    fputc('0', out);
}
