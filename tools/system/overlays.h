/* The overlays of a user's copy-on-write mini-disks: in files, or in memory. */
#ifndef TRAPEZE_TOOLS_SYSTEM_OVERLAYS_H
#define TRAPEZE_TOOLS_SYSTEM_OVERLAYS_H

#include <stdbool.h>

#include "tools/directory/directory.h"
#include "tools/disk/overlay_file.h"

struct overlays {
  struct overlay *of[DIRECTORY_MAX_MINIDISKS]; /* NULL: it is not copy-on-write */
  struct overlay_file *file[DIRECTORY_MAX_MINIDISKS];
};

/* `copies`: nothing on the host is changed. Returns an exit status, after a message from
 * `command`; overlays_close() either way. */
int overlays_open(struct overlays *o, const char *command, const struct directory_user *user,
                  struct disk_store *disk, bool copies);
/* After the user's virtual machine, and after a run that ended with `status`. What the host
 * refused was an error of its disk to the guest, and is told. Returns the exit status. */
int overlays_close(struct overlays *o, const char *command, const struct directory_user *user,
                   int status);

#endif
