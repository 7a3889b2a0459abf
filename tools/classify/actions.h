/* What happens to each class of instructions, on a real and on a virtual machine, in
 * user and in privileged mode: found by running every cell.
 */
#ifndef TRAPEZE_TOOLS_CLASSIFY_ACTIONS_H
#define TRAPEZE_TOOLS_CLASSIFY_ACTIONS_H

#include <stdio.h>

#include "classify/classify.h"

/* False: the host failed, with a sentence in *reason. */
bool actions_print(const struct classification *c, FILE *out, const char **reason);

#endif
