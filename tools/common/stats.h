/* The tables that --stats prints after a run, on stderr. */
#ifndef TRAPEZE_TOOLS_COMMON_STATS_H
#define TRAPEZE_TOOLS_COMMON_STATS_H

#include <stdio.h>

#include "machine/machine.h"
#include "tools/common/stack.h"

/* Instructions, ticks, traps and deliveries by cause. */
void stats_machine(FILE *out, struct machine *m);
/* How one VMM dealt with what its VM did. level counts from 1. */
void stats_vmm(FILE *out, struct stack *s, unsigned level);

#endif
