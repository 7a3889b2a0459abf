/* What `trapeze disk` does with an overlay of an image's mini-disk. Each returns an exit
 * status, after messages.
 */
#ifndef TRAPEZE_TOOLS_DISK_OVERLAY_ACTIONS_H
#define TRAPEZE_TOOLS_DISK_OVERLAY_ACTIONS_H

#include "machine/disk_store.h"

struct overlay_request {
  const char *image, *overlay; /* paths */
  struct disk_store *store;    /* of the image */
};

/* Says what it is of and how much is written, or what is wrong: 1. */
int overlay_action_show(const struct overlay_request *q);
/* Writes its sectors to the image, and then empties it. */
int overlay_action_commit(const struct overlay_request *q);
/* Empties it. */
int overlay_action_discard(const struct overlay_request *q);

#endif
