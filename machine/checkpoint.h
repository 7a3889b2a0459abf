/* Checkpoints of a bare machine: all that decides how it goes on, and its counts, to
 * be restored into the same machine. Unlike a snapshot (snapshot.h) one costs little:
 * pages and sectors that did not change are shared with another checkpoint, and
 * console output and input only remember how far they had come (console_mark).
 */
#ifndef TRAPEZE_MACHINE_CHECKPOINT_H
#define TRAPEZE_MACHINE_CHECKPOINT_H

#include "machine/machine.h"

struct checkpoint;

/* NULL: no memory, the machine is not bare or its disk is a file. `like`: an older or
 * younger one of this machine to share with; NULL: none. */
struct checkpoint *checkpoint_take(struct machine *m, const struct checkpoint *like);
/* Into the machine that it was taken of. Stops, tracer and engine stay as they are. */
void checkpoint_restore(struct machine *m, const struct checkpoint *c);
/* NULL is fine. Bytes that no other needs. */
size_t checkpoint_destroy(struct checkpoint *c);
uint64_t checkpoint_tick(const struct checkpoint *c);
/* Bytes that it was the first to need. */
size_t checkpoint_bytes(const struct checkpoint *c);

#endif
