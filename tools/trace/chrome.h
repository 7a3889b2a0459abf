/* A trace as Chrome's trace events (JSON), for Perfetto and speedscope.
 *
 * The VMM's work takes no ticks, so the clock is not the machine's: an instruction
 * executed directly takes a microsecond, and so does each act of the VMM. The tick
 * is among a slice's arguments.
 */
#ifndef TRAPEZE_TOOLS_TRACE_CHROME_H
#define TRAPEZE_TOOLS_TRACE_CHROME_H

#include "tools/trace/story.h"

/* False: out of memory. */
bool chrome_write(FILE *out, const struct trace *t, const struct trace_filter *f);

#endif
