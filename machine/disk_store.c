#include "machine/disk_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isa/host.h"
#include "machine/machine.h"

#define SECTOR        MACHINE_SECTOR_SIZE
#define CHUNK_SECTORS 128u
#define CHUNK         (CHUNK_SECTORS * SECTOR)

/* Shared by a store and what was saved of it, until one of them is written. */
struct chunk {
  unsigned saved; /* how often */
  bool stored;    /* a store has it */
  uint8_t bytes[CHUNK];
};

struct disk_store_saved {
  uint32_t count;
  size_t bytes;
  struct chunk *chunks[];
};

struct disk_store {
  uint32_t sectors;
  bool writable;
  int fd;                /* -1: in memory */
  struct chunk **chunks; /* in memory: NULL where everything is zero */
  uint8_t *protected;    /* a bit for each sector; NULL: none is */
  char failure[128];     /* the first, or empty */
};

static uint32_t chunk_count(uint32_t sectors)
{
  return sectors / CHUNK_SECTORS + (sectors % CHUNK_SECTORS != 0);
}

static const char *host_reason(int error)
{
  const char *text = strerrordesc_np(error);
  return text ? text : "the host refused for an unknown reason";
}

static void free_unused(struct chunk *c)
{
  if (c->saved == 0 && !c->stored) {
    free(c);
  }
}

/* The store gives it up. */
static void drop(struct chunk *c)
{
  if (c) {
    c->stored = false;
    free_unused(c);
  }
}

void disk_store_destroy(struct disk_store *d)
{
  if (!d) {
    return;
  }
  for (uint32_t i = 0; d->chunks && i < chunk_count(d->sectors); i++) {
    drop(d->chunks[i]);
  }
  free(d->chunks);
  free(d->protected);
  if (d->fd >= 0) {
    close(d->fd);
  }
  free(d);
}

uint32_t disk_store_sectors(const struct disk_store *d)
{
  return d->sectors;
}

bool disk_store_protect(struct disk_store *d, uint32_t first, uint32_t sectors)
{
  if (!d->protected && !(d->protected = calloc(d->sectors / 8u + 1, 1))) {
    return false;
  }
  for (uint32_t i = 0; i < sectors && first + i < d->sectors; i++) {
    d->protected[(first + i) / 8] |= (uint8_t)(1u << (first + i) % 8);
  }
  return true;
}

static bool may_write(const struct disk_store *d, uint32_t sector)
{
  return sector < d->sectors && d->writable &&
         !(d->protected && d->protected[sector / 8] >> sector % 8 & 1);
}

/* --------------------------------------------------------------- in memory */

struct disk_store *disk_store_memory(uint32_t sectors)
{
  struct disk_store *d = calloc(1, sizeof *d);
  if (!d) {
    return NULL;
  }
  d->sectors = sectors;
  d->writable = true;
  d->fd = -1;
  d->chunks = calloc(chunk_count(sectors) + 1u, sizeof *d->chunks);
  if (!d->chunks) {
    free(d);
    return NULL;
  }
  return d;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
  return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

static void memory_read(const struct disk_store *d, uint32_t sector, void *buf)
{
  const struct chunk *chunk = d->chunks[sector / CHUNK_SECTORS];
  if (chunk) {
    memcpy(buf, chunk->bytes + sector % CHUNK_SECTORS * SECTOR, SECTOR);
  } else {
    memset(buf, 0, SECTOR);
  }
}

/* A chunk of our own in the place of one that is shared, or of none. */
static bool own_chunk(struct chunk **chunk)
{
  if (*chunk && (*chunk)->saved == 0) {
    return true;
  }
  struct chunk *own = calloc(1, sizeof *own);
  if (!own) {
    return false;
  }
  own->stored = true;
  if (*chunk) {
    memcpy(own->bytes, (*chunk)->bytes, CHUNK);
    drop(*chunk);
  }
  *chunk = own;
  return true;
}

static bool memory_write(struct disk_store *d, uint32_t sector, const void *buf)
{
  struct chunk **chunk = &d->chunks[sector / CHUNK_SECTORS];
  if (!*chunk && is_zero(buf, SECTOR)) {
    return true;
  }
  if (!own_chunk(chunk)) {
    return false;
  }
  memcpy((*chunk)->bytes + sector % CHUNK_SECTORS * SECTOR, buf, SECTOR);
  return true;
}

struct disk_store_saved *disk_store_save(const struct disk_store *d)
{
  if (d->fd >= 0) {
    return NULL;
  }
  uint32_t count = chunk_count(d->sectors);
  struct disk_store_saved *s = calloc(1, sizeof *s + count * sizeof(struct chunk *));
  for (uint32_t i = 0; s && i < count; i++) {
    struct chunk *c = d->chunks[i];
    s->chunks[i] = c;
    if (c && c->saved++ == 0) {
      s->bytes += sizeof *c;
    }
  }
  if (s) {
    s->count = count;
    s->bytes += sizeof *s + count * sizeof(struct chunk *);
  }
  return s;
}

void disk_store_restore(struct disk_store *d, const struct disk_store_saved *s)
{
  for (uint32_t i = 0; i < s->count; i++) {
    if (d->chunks[i] != s->chunks[i]) {
      drop(d->chunks[i]);
      d->chunks[i] = s->chunks[i];
    }
    if (s->chunks[i]) {
      s->chunks[i]->stored = true;
    }
  }
}

size_t disk_store_saved_destroy(struct disk_store_saved *s)
{
  if (!s) {
    return 0;
  }
  size_t freed = sizeof *s + s->count * sizeof(struct chunk *);
  for (uint32_t i = 0; i < s->count; i++) {
    struct chunk *c = s->chunks[i];
    if (c && --c->saved == 0) {
      freed += sizeof *c;
      free_unused(c);
    }
  }
  free(s);
  return freed;
}

size_t disk_store_saved_bytes(const struct disk_store_saved *s)
{
  return s->bytes;
}

struct disk_store *disk_store_copy(struct disk_store *from)
{
  struct disk_store *d = disk_store_memory(from->sectors);
  for (uint32_t i = 0; d && i < from->sectors; i++) {
    uint8_t buf[SECTOR];
    if (!disk_store_read(from, i, buf) || !memory_write(d, i, buf)) {
      disk_store_destroy(d);
      return NULL;
    }
  }
  return d;
}

/* ------------------------------------------------------------------- files */

/* Checks that an open file can be a disk; its size in sectors, or 0 and why not. */
static uint32_t file_sectors(int fd, const char **reason)
{
  struct stat st;
  if (fstat(fd, &st) != 0) {
    *reason = host_reason(errno);
    return 0;
  }
  if (!S_ISREG(st.st_mode)) {
    *reason = "a disk image must be a regular file";
    return 0;
  }
  if (st.st_size == 0 || st.st_size % SECTOR != 0) {
    *reason = st.st_size == 0 ? "a disk image must not be empty"
                              : "the size of a disk image must be a multiple of 512 bytes";
    return 0;
  }
  if ((uint64_t)st.st_size / SECTOR >= UINT32_MAX) {
    *reason = "a disk image must be smaller than 2 TiB";
    return 0;
  }
  return (uint32_t)(st.st_size / SECTOR);
}

/* Machines may not share an image that one of them writes. A filesystem
 * without locks is no reason to refuse. */
static bool lock_file(int fd, enum disk_store_mode mode)
{
  return flock(fd, (mode == DISK_STORE_WRITE ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 ||
         errno != EWOULDBLOCK;
}

static struct disk_store *open_file(const char *path, enum disk_store_mode mode,
                                    const char **reason, int *error)
{
  /* O_NONBLOCK: opening a FIFO must not hang. */
  int flags = (mode == DISK_STORE_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  struct disk_store *d = calloc(1, sizeof *d);
  if (!d) {
    *reason = host_reason(ENOMEM);
    *error = ENOMEM;
    return NULL;
  }
  d->fd = open(path, flags);
  if (d->fd < 0) {
    *error = errno;
    *reason = host_reason(*error);
    goto fail;
  }
  d->writable = mode == DISK_STORE_WRITE;
  errno = 0;
  d->sectors = file_sectors(d->fd, reason);
  if (d->sectors == 0) {
    *error = errno;
    goto fail;
  }
  if (!lock_file(d->fd, mode)) {
    *reason = "the disk image is in use by a machine that writes it, or is to be written "
              "while in use";
    goto fail;
  }
  return d;

fail:
  disk_store_destroy(d);
  return NULL;
}

struct disk_store *disk_store_open(const char *path, enum disk_store_mode mode, const char **reason)
{
  const char *ignored;
  int error = 0;
  struct disk_store *file = open_file(path, mode, reason ? reason : &ignored, &error);
  if (!file) {
    errno = host_at_fault(error) ? error : 0;
  }
  if (!file || mode != DISK_STORE_DISCARD) {
    return file;
  }
  struct disk_store *copy = disk_store_copy(file);
  if (!copy && reason) {
    *reason = "the disk image cannot be read into memory";
  }
  disk_store_destroy(file);
  if (!copy) {
    errno = EIO; /* or no memory; the host's fault either way */
  }
  return copy;
}

static bool failed(struct disk_store *d, const char *doing, uint32_t sector, const char *why)
{
  if (!d->failure[0]) {
    snprintf(d->failure, sizeof d->failure, "cannot %s sector %" PRIu32 ": %s", doing, sector, why);
  }
  return false;
}

const char *disk_store_failure(const struct disk_store *d)
{
  return d->failure[0] ? d->failure : NULL;
}

/* Short transfers go on where they stopped; the end of the file, where a
 * truncated image stops, is a failure. */
static bool file_read(struct disk_store *d, uint32_t sector, uint8_t *buf)
{
  off_t at = (off_t)sector * SECTOR;
  for (size_t done = 0; done < SECTOR;) {
    ssize_t n = pread(d->fd, buf + done, SECTOR - done, at + (off_t)done);
    if (n > 0) {
      done += (size_t)n;
    } else if (n == 0) {
      return failed(d, "read", sector, "the image has become shorter");
    } else if (errno != EINTR) {
      return failed(d, "read", sector, host_reason(errno));
    }
  }
  return true;
}

static bool file_write(struct disk_store *d, uint32_t sector, const uint8_t *buf)
{
  off_t at = (off_t)sector * SECTOR;
  for (size_t done = 0; done < SECTOR;) {
    ssize_t n = pwrite(d->fd, buf + done, SECTOR - done, at + (off_t)done);
    if (n > 0) {
      done += (size_t)n;
    } else if (n == 0 || errno != EINTR) {
      return failed(d, "write", sector, host_reason(n == 0 ? EIO : errno));
    }
  }
  return true;
}

bool disk_store_read(struct disk_store *d, uint32_t sector, void *buf)
{
  if (sector >= d->sectors) {
    return false;
  }
  if (d->fd >= 0) {
    return file_read(d, sector, buf);
  }
  memory_read(d, sector, buf);
  return true;
}

bool disk_store_write(struct disk_store *d, uint32_t sector, const void *buf)
{
  if (!may_write(d, sector)) {
    return false;
  }
  if (d->fd >= 0) {
    return file_write(d, sector, buf);
  }
  return memory_write(d, sector, buf) || failed(d, "write", sector, host_reason(ENOMEM));
}

bool disk_store_sync(struct disk_store *d)
{
  if (d->fd < 0 || fsync(d->fd) == 0 || errno == EINVAL) { /* EINVAL: it has no such thing */
    return true;
  }
  if (!d->failure[0]) {
    snprintf(d->failure, sizeof d->failure, "cannot write to the disk of the host: %s",
             host_reason(errno));
  }
  return false;
}
