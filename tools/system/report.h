/* What there is to say after a system's run. */
#ifndef TRAPEZE_TOOLS_SYSTEM_REPORT_H
#define TRAPEZE_TOOLS_SYSTEM_REPORT_H

#include "tools/system/run.h"

/* The tables of --stats, on `out`, 80 columns. */
void report_stats(FILE *out, const struct system *s);
/* One object, schema trapeze-vmm/1, to standard output. Returns an exit status. */
int report_json(const struct system_run *r, const struct system_end *end);

#endif
