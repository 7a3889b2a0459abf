/* All profiles against all sensitive instructions and the theorems, as a picture. */
#ifndef TRAPEZE_TOOLS_CLASSIFY_MATRIX_H
#define TRAPEZE_TOOLS_CLASSIFY_MATRIX_H

#include <stdio.h>

#include "classify/classify.h"

/* A graph for `neato -n2`; all positions are given. `of` as show_matrix() has it; the
 * instructions' cells are those of `model`, the theorems' of both. */
void matrix_write(struct classification *const *of, size_t count, enum model model, FILE *out);

#endif
