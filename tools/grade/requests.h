/* What a submission's module asks of its virtual machine (labs/runner/wire.h): looked at, then
 * done.
 */
#ifndef TRAPEZE_TOOLS_GRADE_REQUESTS_H
#define TRAPEZE_TOOLS_GRADE_REQUESTS_H

#include "labs/runner/wire.h"
#include "vmm/modules.h"

/* `value` has the arguments of the operation `op`, which exists. The end of the sentence "it called
 * op() for …", if no module may ask for that: whatever ours does, it stays within these. NULL:
 * the rest is refused by the answer itself (no such address, no such register). */
const char *requests_forbidden(const struct vmm_env *env, uint32_t op, const uint64_t *value);

/* What is not forbidden. out: its results. */
void requests_do(const struct vmm_env *env, uint32_t op, const uint64_t *value, uint64_t *out);

#endif
