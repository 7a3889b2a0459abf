/* Terms put together, the obvious simplified away: so that what does not depend on a
 * symbol does not mention it, and two equal results are often one term. Inside
 * classify/ only. */
#ifndef TRAPEZE_CLASSIFY_TERMS_BUILD_H
#define TRAPEZE_CLASSIFY_TERMS_BUILD_H

#include "classify/terms.h"

/* Bool. */
Z3_ast term_bool(Z3_context z, bool value);
bool term_is(Z3_context z, Z3_ast x, bool value);
Z3_ast term_and(Z3_context z, Z3_ast x, Z3_ast y);
Z3_ast term_or(Z3_context z, Z3_ast x, Z3_ast y);
Z3_ast term_not(Z3_context z, Z3_ast x);
/* Of any sort. */
Z3_ast term_eq(Z3_context z, Z3_ast x, Z3_ast y);
Z3_ast term_ite(Z3_context z, Z3_ast c, Z3_ast x, Z3_ast y);

/* Bit vectors. */
Z3_ast term_number(Z3_context z, unsigned width, uint64_t value);
unsigned term_width(Z3_context z, Z3_ast x);
Z3_ast term_bits(Z3_context z, Z3_ast x, unsigned high, unsigned low);
Z3_ast term_widen(Z3_context z, Z3_ast x, unsigned width); /* with zeros */
Z3_ast term_concat(Z3_context z, Z3_ast high, Z3_ast low);
/* 32 bits: 1 or 0; and whether a term is not 0. */
Z3_ast term_of_bool(Z3_context z, Z3_ast c);
Z3_ast term_truth(Z3_context z, Z3_ast x);

Z3_ast term_apply1(Z3_context z, Z3_func_decl f, Z3_ast x);

#endif
