/* A host whose disk fails, or that is killed, on demand: loaded before the command's
 * own libraries. Sectors are those of the file.
 *   BAD_READ, BAD_WRITE   a sector that cannot be read, or written
 *   SHORT                 the file ends there: of this sector and those behind it nothing is read
 *   FULL_AT               from its nth write on there is no room
 *   KILL_AT               the process is killed at its nth write, which does not happen
 *   COUNT                 a file to which a byte is added at each write
 *   BY_LINE               standard output is written line by line
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void begin(void)
{
  if (getenv("BY_LINE"))
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

/* Disks are read and written by the sector; nothing else is. */
static int is_sector(const char *variable, size_t len, off64_t at)
{
  const char *value = getenv(variable);
  return value && len == 512 && atoll(value) == at / 512;
}

/* The program may have been compiled for either name. */
static ssize_t read_at(const char *name, int fd, void *buf, size_t len, off64_t at)
{
  ssize_t (*next)(int, void *, size_t, off64_t) =
      (ssize_t(*)(int, void *, size_t, off64_t))dlsym(RTLD_NEXT, name);
  if (is_sector("BAD_READ", len, at)) {
    errno = EIO;
    return -1;
  }
  if (len == 512 && getenv("SHORT") && at / 512 >= atoll(getenv("SHORT")))
    return 0;
  return next(fd, buf, len, at);
}

static ssize_t write_at(const char *name, int fd, const void *buf, size_t len, off64_t at)
{
  static unsigned long writes;
  ssize_t (*next)(int, const void *, size_t, off64_t) =
      (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, name);
  const char *kill_at = getenv("KILL_AT"), *count = getenv("COUNT"), *full_at = getenv("FULL_AT");
  writes++;
  if (kill_at && strtoul(kill_at, NULL, 10) == writes)
    raise(SIGKILL);
  if (count) {
    int out = open(count, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (out < 0 || write(out, ".", 1) != 1)
      abort();
    close(out);
  }
  if (full_at && writes >= strtoul(full_at, NULL, 10)) {
    errno = ENOSPC;
    return -1;
  }
  if (is_sector("BAD_WRITE", len, at)) {
    errno = EIO;
    return -1;
  }
  return next(fd, buf, len, at);
}

ssize_t pread(int fd, void *buf, size_t len, off_t at)
{
  return read_at("pread", fd, buf, len, at);
}

ssize_t pread64(int fd, void *buf, size_t len, off64_t at)
{
  return read_at("pread64", fd, buf, len, at);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
  return write_at("pwrite", fd, buf, len, at);
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off64_t at)
{
  return write_at("pwrite64", fd, buf, len, at);
}
