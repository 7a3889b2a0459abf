#include "tools/disk/overlay_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isa/host.h"
#include "machine/machine.h"

struct overlay_file {
  int fd;
  char failure[128]; /* the first, or empty */
};

static const char *host_reason(int error)
{
  const char *text = strerrordesc_np(error);
  return text ? text : "the host refused for an unknown reason";
}

static bool failed(struct overlay_file *f, const char *doing, const char *why)
{
  if (!f->failure[0])
    snprintf(f->failure, sizeof f->failure, "cannot %s: %s", doing, why);
  return false;
}

const char *overlay_file_failure(const struct overlay_file *f)
{
  return f->failure[0] ? f->failure : NULL;
}

/* ------------------------------------------------------------------- the store */

static uint64_t size(void *ctx)
{
  struct stat st;
  const struct overlay_file *f = ctx;
  return fstat(f->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static bool read_bytes(void *ctx, uint64_t at, void *buf, size_t len)
{
  struct overlay_file *f = ctx;
  for (size_t done = 0; done < len;) {
    ssize_t n = pread(f->fd, (uint8_t *)buf + done, len - done, (off_t)(at + done));
    if (n > 0)
      done += (size_t)n;
    else if (n == 0)
      return failed(f, "read", "the file has become shorter");
    else if (errno != EINTR)
      return failed(f, "read", host_reason(errno));
  }
  return true;
}

static bool write_bytes(void *ctx, uint64_t at, const void *buf, size_t len)
{
  struct overlay_file *f = ctx;
  for (size_t done = 0; done < len;) {
    ssize_t n = pwrite(f->fd, (const uint8_t *)buf + done, len - done, (off_t)(at + done));
    if (n > 0)
      done += (size_t)n;
    else if (n == 0 || errno != EINTR)
      return failed(f, "write", host_reason(n == 0 ? EIO : errno));
  }
  return true;
}

static bool clear(void *ctx)
{
  struct overlay_file *f = ctx;
  return ftruncate(f->fd, 0) == 0 || failed(f, "empty", host_reason(errno));
}

struct overlay_store overlay_file_store(struct overlay_file *f)
{
  return (struct overlay_store){
      .ctx = f, .size = size, .read = read_bytes, .write = write_bytes, .clear = clear};
}

bool overlay_file_copy(struct overlay_file *f, struct overlay_store *memory)
{
  uint64_t total = size(f);
  bool done = overlay_memory(memory);
  for (uint64_t at = 0; done && at < total;) {
    uint8_t buf[4096];
    size_t n = total - at < sizeof buf ? (size_t)(total - at) : sizeof buf;
    done = read_bytes(f, at, buf, n) && memory->write(memory->ctx, at, buf, n);
    at += n;
  }
  if (!done && memory->ctx)
    memory->close(memory->ctx);
  return done;
}

/* ------------------------------------------------------------------------ life */

/* NULL: it is a file that can be an overlay, and ours. A filesystem without locks is no
 * reason to refuse. */
static const char *take(int fd, enum overlay_file_mode mode)
{
  struct stat st;
  int error = 0;
  const char *reason = NULL;
  if (fstat(fd, &st) != 0) {
    error = errno;
    reason = host_reason(error);
  } else if (!S_ISREG(st.st_mode)) {
    reason = "an overlay must be a regular file";
  } else if (flock(fd, (mode == OVERLAY_FILE_READ ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 &&
             errno == EWOULDBLOCK) {
    reason = "the overlay is in use";
  }
  errno = error;
  return reason;
}

struct overlay_file *overlay_file_open(const char *path, enum overlay_file_mode mode,
                                       const char **reason)
{
  static const int how[] = {[OVERLAY_FILE_READ] = O_RDONLY,
                            [OVERLAY_FILE_WRITE] = O_RDWR,
                            [OVERLAY_FILE_CREATE] = O_RDWR | O_CREAT};
  struct overlay_file *f = calloc(1, sizeof *f);
  if (!f) {
    *reason = host_reason(ENOMEM);
    errno = ENOMEM;
    return NULL;
  }
  /* O_NONBLOCK: opening a FIFO must not hang. */
  f->fd = open(path, how[mode] | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
  int error = errno;
  const char *refusal = f->fd < 0 ? host_reason(error) : take(f->fd, mode);
  if (!refusal)
    return f;
  if (f->fd >= 0)
    error = errno;
  overlay_file_close(f);
  *reason = refusal;
  errno = error == ENOENT || host_at_fault(error) ? error : 0;
  return NULL;
}

void overlay_file_close(struct overlay_file *f)
{
  if (f && f->fd >= 0)
    close(f->fd);
  free(f);
}

bool overlay_file_base(struct disk_store *disk, uint32_t first, uint32_t sectors,
                       struct overlay_base *base)
{
  *base = (struct overlay_base){.disk_sectors = disk_store_sectors(disk),
                                .first = first,
                                .sectors = sectors,
                                .digest = OVERLAY_DIGEST_START};
  for (uint32_t i = 0; i < sectors; i++) {
    uint8_t buf[MACHINE_SECTOR_SIZE];
    if (!disk_store_read(disk, first + i, buf))
      return false;
    base->digest = overlay_digest(base->digest, buf, sizeof buf);
  }
  return true;
}
