/* An overlay (vmm/devices/overlay.h) in a file of the host. docs/minidisks.md has the
 * format.
 */
#ifndef TRAPEZE_TOOLS_DISK_OVERLAY_FILE_H
#define TRAPEZE_TOOLS_DISK_OVERLAY_FILE_H

#include "machine/disk_store.h"
#include "vmm/devices/overlay.h"

struct overlay_file;

enum overlay_file_mode {
  OVERLAY_FILE_READ,
  OVERLAY_FILE_WRITE,  /* it exists */
  OVERLAY_FILE_CREATE, /* … or is made, empty */
};
/* The file is in use by nobody else who writes it, or it is refused. NULL with a sentence in
 * *reason (static); errno is 0 if the file is at fault, ENOENT if there is none, else the
 * host's error. */
struct overlay_file *overlay_file_open(const char *path, enum overlay_file_mode mode,
                                       const char **reason);
void overlay_file_close(struct overlay_file *f); /* NULL is fine; after the overlay */
/* Valid as long as the file is open. */
struct overlay_store overlay_file_store(struct overlay_file *f);
/* A memory copy of it. False: no memory, or the host refused. */
bool overlay_file_copy(struct overlay_file *f, struct overlay_store *memory);
/* What the host refused first, as "cannot write: No space left on device"; NULL: nothing. */
const char *overlay_file_failure(const struct overlay_file *f);

/* What an overlay of this extent of the disk belongs to. False: a sector cannot be read. */
bool overlay_file_base(struct disk_store *disk, uint32_t first, uint32_t sectors,
                       struct overlay_base *base);

#endif
