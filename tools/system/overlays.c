#include "tools/system/overlays.h"

#include <errno.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/message.h"

struct wanted {
  const char *command;
  const struct directory_minidisk *minidisk;
  struct disk_store *disk;
  bool copy;
};

static int out_of_memory(const struct wanted *w)
{
  message_error(w->command, "out of memory");
  return STATUS_OURS;
}

static int refused(const struct wanted *w, const char *reason, int status)
{
  message_error(w->command, "overlay '%s': %s", w->minidisk->overlay, reason);
  return status;
}

/* The bytes that it begins with: the file's, a copy of those, or none. */
static int open_store(const struct wanted *w, struct overlay_file **file,
                      struct overlay_store *store)
{
  const char *reason = "cannot be opened";
  const char *path = w->minidisk->overlay;
  errno = 0;
  if (path)
    *file = overlay_file_open(path, w->copy ? OVERLAY_FILE_READ : OVERLAY_FILE_CREATE, &reason);
  bool absent = !path || (!*file && w->copy && errno == ENOENT);
  if (absent)
    return overlay_memory(store) ? STATUS_DONE : out_of_memory(w);
  if (!*file)
    return refused(w, reason, host_at_fault(errno) ? STATUS_OURS : STATUS_USAGE);
  if (!w->copy) {
    *store = overlay_file_store(*file);
    return STATUS_DONE;
  }
  if (overlay_file_copy(*file, store))
    return STATUS_DONE;
  return refused(w, "it cannot be read into memory", STATUS_OURS);
}

static int open_one(const struct wanted *w, struct overlay_file **file, struct overlay **overlay)
{
  const struct directory_minidisk *m = w->minidisk;
  struct overlay_store store;
  struct overlay_base base = {.disk_sectors = disk_store_sectors(w->disk),
                              .first = m->extent.first,
                              .sectors = m->extent.sectors};
  /* One in memory belongs to nothing else, and a sector that cannot be read is the guest's
   * affair. */
  if (m->overlay && !overlay_file_base(w->disk, m->extent.first, m->extent.sectors, &base))
    return refused(w, "the sectors under it cannot be read", STATUS_OURS);
  int status = open_store(w, file, &store);
  if (status != STATUS_DONE)
    return status;
  const char *reason;
  *overlay = overlay_open(&store, &base, OVERLAY_GUEST, &reason);
  if (*overlay)
    return STATUS_DONE;
  if (!m->overlay)
    return out_of_memory(w);
  const char *failure = *file ? overlay_file_failure(*file) : NULL;
  return refused(w, failure ? failure : reason, failure ? STATUS_OURS : STATUS_USAGE);
}

int overlays_open(struct overlays *o, const char *command, const struct directory_user *user,
                  struct disk_store *disk, bool copies)
{
  int status = STATUS_DONE;
  for (size_t i = 0; i < user->minidisk_count && status == STATUS_DONE; i++) {
    const struct wanted w = {command, &user->minidisks[i], disk, copies};
    if (w.minidisk->access == DIRECTORY_COW)
      status = open_one(&w, &o->file[i], &o->of[i]);
  }
  return status;
}

int overlays_close(struct overlays *o, const char *command, const struct directory_user *user,
                   int status)
{
  for (size_t i = 0; i < DIRECTORY_MAX_MINIDISKS; i++) {
    const char *failure = o->of[i] && o->file[i] ? overlay_file_failure(o->file[i]) : NULL;
    if (failure) {
      message_error(command, "overlay '%s': %s", user->minidisks[i].overlay, failure);
      status = status > STATUS_SIGNAL ? status : STATUS_OURS;
    }
    overlay_close(o->of[i]);
    overlay_file_close(o->file[i]);
    o->of[i] = NULL;
    o->file[i] = NULL;
  }
  return status;
}
