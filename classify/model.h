/* The two models of state in which Popek and Goldberg's questions are asked.
 *
 * A component is a part of the processor's resource state K. In the paper's
 * model K = <M, R>: the mode and relocation-bounds. In the extended model K has
 * everything that a VMM must keep for itself (Penneman et al. 2013 extend the
 * model in the same way). What is not in K is what a program computes with:
 * registers, pc, C, V, and storage as the current relocation shows it.
 */
#ifndef TRAPEZE_CLASSIFY_MODEL_H
#define TRAPEZE_CLASSIFY_MODEL_H

#include "isa/isa.h"
#include "isa/profile.h"

enum model { MODEL_PAPER, MODEL_EXTENDED, MODEL_COUNT };

/* Components: fields of the PSW (but C and V), control registers (but the PSW),
 * and what is in neither. COMPONENT_PSW + i is field i of isa_psw_fields(),
 * COMPONENT_CR + n control register n. */
enum component {
  COMPONENT_PSW = 0,
  COMPONENT_CR = 16,
  COMPONENT_KEYS = COMPONENT_CR + ISA_CR_COUNT, /* storage keys */
  COMPONENT_OUTSIDE, /* storage that the current relocation does not show */
  COMPONENT_DEVICES,
  COMPONENT_TLB, /* what it holds */
  COMPONENT_RUN, /* running, waiting or stopped */
  COMPONENT_COUNT
};
_Static_assert(COMPONENT_COUNT <= 64, "a set of components is one word");
typedef uint64_t component_set;

static inline component_set component_bit(unsigned component)
{
  return UINT64_C(1) << component;
}

/* "paper", "extended". */
const char *model_name(enum model model);
bool model_find(const char *name, enum model *model);

/* K: of this model, as far as the profile has them. COMPONENT_OUTSIDE counts only
 * as something an instruction may change: two states that are compared have the
 * same storage outside. In the paper's model the components that are not in K do
 * not exist: they are equal before and ignored after. */
component_set model_resources(enum model model, const struct profile *profile);
component_set model_location(const struct profile *profile); /* R: BASE, BOUND, TE */
component_set model_mode(void);                              /* M: the mode */

/* "mode", "ie", "vbr", "storage keys"; valid for ever. NULL: no such component. */
const char *component_name(unsigned component);

#endif
