/* Snapshots: the canonical state of any machine, free of placement and of
 * kind. What was taken of a bare machine can be restored into a VM of the same
 * storage and disk size, and the other way round.
 */
#ifndef TRAPEZE_MACHINE_SNAPSHOT_H
#define TRAPEZE_MACHINE_SNAPSHOT_H

#include "machine/machine.h"

struct snapshot;

/* NULL: no host memory, or the disk cannot be read. Storage and disk cost their
 * non-zero pages and sectors. Destroy with snapshot_destroy(). */
struct snapshot *snapshot_take(struct machine *m);
/* The same; pages that are as in `like`, a snapshot of this machine or of any other of its
 * size, are shared with it and cost a look at their digests. NULL: with none. */
struct snapshot *snapshot_take_like(struct machine *m, const struct snapshot *like);
/* False, and the machine unchanged, if sizes or profiles' features differ or the
 * host refuses a sector of the disk. Console input logged after the taking stays
 * in the log, and so is met again. */
bool snapshot_restore(struct machine *m, const struct snapshot *s);
void snapshot_destroy(struct snapshot *s);
uint64_t snapshot_tick(const struct snapshot *s);

#endif
