/* The sets of the theory as a picture: privileged, sensitive, user sensitive. */
#ifndef TRAPEZE_TOOLS_CLASSIFY_SETS_H
#define TRAPEZE_TOOLS_CLASSIFY_SETS_H

#include <stdio.h>

#include "classify/classify.h"

/* A graph for `neato -n2`; all positions are given. */
void sets_write(const struct classification *c, FILE *out);

#endif
