/* The holes of a profile: system instructions that are sensitive and do not always
 * trap outside the privileged mode, so that a VMM never hears of them. Where there is
 * one, Popek and Goldberg's first theorem fails.
 */
#ifndef TRAPEZE_TOOLS_COMMON_HOLES_H
#define TRAPEZE_TOOLS_COMMON_HOLES_H

#include "isa/isa.h"
#include "isa/profile.h"

/* The pair (mode 0, least privileged mode) decides. */
bool hole_in(const struct profile *p, enum isa_insn insn);
unsigned holes_count(const struct profile *p);

#endif
