#include "tools/disk/overlay_actions.h"

#include <errno.h>
#include <stdio.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/text.h"
#include "tools/disk/overlay_file.h"

struct work {
  const struct overlay_request *request;
  struct overlay_file *file;
  struct overlay_claim claim;
  uint64_t bytes; /* of the file */
  struct overlay *overlay;
};

static int complain(const struct work *w, const char *reason, int status)
{
  const char *failure = w->file ? overlay_file_failure(w->file) : NULL;
  message_error("disk", "'%s': %s", w->request->overlay, failure ? failure : reason);
  return failure ? STATUS_OURS : status;
}

static int complain_image(const struct work *w)
{
  const char *failure = disk_store_failure(w->request->store);
  message_error("disk", "'%s': %s", w->request->image, failure ? failure : "cannot be used");
  return STATUS_OURS;
}

/* Opens it and looks whose it is; an empty one is nobody's. */
static int begin(struct work *w, const struct overlay_request *q, enum overlay_file_mode mode)
{
  const char *reason = "cannot be opened";
  *w = (struct work){.request = q};
  w->file = overlay_file_open(q->overlay, mode, &reason);
  if (!w->file)
    return complain(w, reason, host_at_fault(errno) ? STATUS_OURS : STATUS_USAGE);
  struct overlay_store store = overlay_file_store(w->file);
  w->bytes = store.size(store.ctx);
  if (w->bytes == 0)
    return STATUS_DONE;
  if (!overlay_claim(&store, &w->claim, &reason))
    return complain(w, reason, STATUS_USAGE);
  const struct overlay_base *b = &w->claim.base;
  uint32_t sectors = disk_store_sectors(q->store);
  if (b->disk_sectors == sectors && b->first < sectors && b->sectors <= sectors - b->first)
    return STATUS_DONE;
  return complain(w, "the overlay belongs to an image of another size", STATUS_USAGE);
}

/* `reason`: if the answer is STATUS_NO. */
static int open_overlay(struct work *w, enum overlay_use use, const char **reason)
{
  struct overlay_base base;
  struct overlay_store store = overlay_file_store(w->file);
  if (!overlay_file_base(w->request->store, w->claim.base.first, w->claim.base.sectors, &base))
    return complain_image(w);
  w->overlay = overlay_open(&store, &base, use, reason);
  if (w->overlay)
    return STATUS_DONE;
  return overlay_file_failure(w->file) ? complain(w, "", STATUS_OURS) : STATUS_NO;
}

static int end(struct work *w, int status)
{
  overlay_close(w->overlay);
  overlay_file_close(w->file);
  return status;
}

/* --------------------------------------------------------------------- actions */

int overlay_action_show(const struct overlay_request *q)
{
  struct work w;
  const char *reason = NULL;
  int status = begin(&w, q, OVERLAY_FILE_READ);
  if (status == STATUS_DONE && w.bytes == 0) {
    printf("empty: nothing is written\n");
    return end(&w, status);
  }
  if (status == STATUS_DONE)
    status = open_overlay(&w, OVERLAY_GUEST, &reason);
  if (status == STATUS_NO)
    printf("%s: %s\n", q->overlay, reason);
  if (status == STATUS_DONE) {
    char first[TEXT_COUNT_SIZE], last[TEXT_COUNT_SIZE], written[TEXT_COUNT_SIZE],
        total[TEXT_COUNT_SIZE];
    const struct overlay_base *b = &w.claim.base;
    printf("consistent: over sectors %s to %s of the image; %s of %s written\n",
           text_count(first, b->first), text_count(last, b->first + b->sectors - 1),
           text_count(written, overlay_written(w.overlay)), text_count(total, b->sectors));
  }
  return end(&w, status);
}

static bool write_sector(void *ctx, uint32_t sector, const void *buf)
{
  const struct work *w = ctx;
  return disk_store_write(w->request->store, w->claim.base.first + sector, buf);
}

static bool sync_image(void *ctx)
{
  return disk_store_sync(((const struct work *)ctx)->request->store);
}

int overlay_action_commit(const struct overlay_request *q)
{
  struct work w;
  const char *reason = NULL;
  int status = begin(&w, q, OVERLAY_FILE_WRITE);
  if (status != STATUS_DONE || w.bytes == 0)
    return end(&w, status);
  status = open_overlay(&w, OVERLAY_COMMIT, &reason);
  if (status == STATUS_NO)
    status = complain(&w, reason, STATUS_USAGE);
  const struct overlay_sink sink = {.ctx = &w, .write = write_sector, .sync = sync_image};
  if (status == STATUS_DONE && !overlay_commit(w.overlay, &sink))
    status = disk_store_failure(q->store) ? complain_image(&w)
                                          : complain(&w, "a sector of it is damaged", STATUS_USAGE);
  return end(&w, status);
}

/* A damaged one can be discarded, and one whose base has changed: nothing else helps. Half
 * of a commit would leave the image as nobody ever saw it. */
int overlay_action_discard(const struct overlay_request *q)
{
  struct work w;
  int status = begin(&w, q, OVERLAY_FILE_WRITE);
  if (status != STATUS_DONE || w.bytes == 0)
    return end(&w, status);
  struct overlay_store store = overlay_file_store(w.file);
  if (w.claim.committing)
    status = complain(&w, "a commit of it was interrupted: 'trapeze disk commit' completes it",
                      STATUS_USAGE);
  else if (!store.clear(store.ctx))
    status = complain(&w, "cannot be emptied", STATUS_OURS);
  return end(&w, status);
}
