/* The backends: each writes one file from a checked definition. */
#ifndef TRAPEZE_ISA_GEN_EMIT_H
#define TRAPEZE_ISA_GEN_EMIT_H

#include <stdio.h>

#include "isa/gen/ast.h"
#include "isa/gen/diag.h"

void emit_header(FILE *out, const struct def *def);
void emit_tables(FILE *out, const struct def *def);
void emit_bodies(FILE *out, const struct def *def);
void emit_terms(FILE *out, const struct def *def);
/* The manual quotes the bodies from the source. */
void emit_manual(FILE *out, const struct def *def, const struct source *source);

/* Upper case, for C names; of the definition's names, so ASCII. */
void emit_upper(FILE *out, const char *name);
/* prefix, then the name in upper case. */
void emit_name(FILE *out, const char *prefix, const char *name);
/* ISA_FEATURE_X | …, or 0. */
void emit_features(FILE *out, const struct def *def, uint32_t mask);

#endif
