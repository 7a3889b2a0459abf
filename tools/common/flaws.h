/* VMMs with one planted hole each, for people who look for holes (lab 9): a module of ours with
 * a small patch, from labs/09-break-out/flaws/, in place of the right one. They are linked
 * in; a tree without that folder has none.
 */
#ifndef TRAPEZE_TOOLS_COMMON_FLAWS_H
#define TRAPEZE_TOOLS_COMMON_FLAWS_H

#include "vmm/modules.h"

struct flaw {
  const char *name;
  void (*plant)(struct vmm_modules *set);
};
extern const struct flaw flaws[]; /* ended by a NULL name; generated */

/* The default set with this flaw in it, and with nothing that would make up for it. False:
 * there is none of that name. */
bool flaws_plant(const char *name, struct vmm_modules *set);

#endif
