/* Landlock: which files a process and its children may open, without namespaces and without
 * privileges. For the rungs below bwrap.
 */
#ifndef TRAPEZE_TOOLS_GRADE_CONFINE_H
#define TRAPEZE_TOOLS_GRADE_CONFINE_H

#include "tools/grade/sandbox.h"

/* From now on, and for good, this process opens nothing but the job's mounts and, of a
 * compiler's job, the system's programs, libraries and headers. A kernel that has no Landlock
 * leaves everything as it is: false. */
bool confine_files(const struct sandbox_job *job);

#endif
