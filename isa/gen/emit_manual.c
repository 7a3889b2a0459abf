/* The manual's tables, in Markdown. */
#include "isa/gen/emit.h"

void emit_manual(FILE *out, const struct def *def, const struct source *source)
{
  (void)out, (void)def, (void)source;
}
