#include "tools/common/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/message.h"

/* Of what the host has just refused: the file's user, or the host itself. */
static int status_of(int error)
{
  return host_at_fault(error) ? STATUS_OURS : STATUS_USAGE;
}

static bool is_standard(const char *path)
{
  return strcmp(path, "-") == 0;
}

/* Grows by doubling: pipes do not know their size. False: out of memory. */
static bool grow(uint8_t **bytes, size_t *capacity)
{
  size_t larger = *capacity ? *capacity * 2 : 65536;
  uint8_t *moved = realloc(*bytes, larger + 1);
  if (!moved)
    return false;
  *bytes = moved;
  *capacity = larger;
  return true;
}

static int read_all(const char *command, const char *path, FILE *in, size_t limit, uint8_t **bytes,
                    size_t *len)
{
  size_t capacity = 0;
  *len = 0;
  do {
    if (*len == capacity && !grow(bytes, &capacity)) {
      message_error(command, "out of memory reading '%s'", path);
      return STATUS_OURS;
    }
    *len += fread(*bytes + *len, 1, capacity - *len, in);
    if (*len > limit) {
      message_error(command, "'%s' is larger than %zu bytes", path, limit);
      return STATUS_USAGE;
    }
  } while (!feof(in) && !ferror(in));
  if (ferror(in)) {
    int error = errno;
    message_error(command, "cannot read '%s': %s", path, strerror(error));
    return status_of(error);
  }
  (*bytes)[*len] = 0;
  return STATUS_DONE;
}

int file_read(const char *command, const char *path, size_t limit, uint8_t **bytes, size_t *len)
{
  FILE *in = is_standard(path) ? stdin : fopen(path, "rb");
  if (!in) {
    int error = errno;
    message_error(command, "cannot open '%s': %s", path, strerror(error));
    return status_of(error);
  }
  *bytes = NULL;
  int status = read_all(command, path, in, limit, bytes, len);
  if (in != stdin)
    fclose(in);
  if (status != STATUS_DONE) {
    free(*bytes);
    *bytes = NULL;
  }
  return status;
}

/* A device or a pipe cannot be replaced by renaming: write straight into it. */
static bool is_special(const char *path)
{
  struct stat s;
  return stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
}

static void signals_wait(struct file_out *f)
{
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    sigaddset(&set, numbers[i]);
  sigprocmask(SIG_BLOCK, &set, &f->saved_mask);
  f->signals_wait = true;
}

static void signals_come(struct file_out *f)
{
  if (f->signals_wait)
    sigprocmask(SIG_SETMASK, &f->saved_mask, NULL);
  f->signals_wait = false;
}

static int open_temporary(struct file_out *f)
{
  if (asprintf(&f->temporary, "%s.XXXXXX", f->path) < 0) {
    f->temporary = NULL;
    return -1;
  }
  int fd = mkstemp(f->temporary);
  if (fd < 0)
    return -1;
  mode_t mask = umask(0); /* as fopen would have made it; there is no way to only ask */
  umask(mask);
  fchmod(fd, 0666 & ~mask);
  f->stream = fdopen(fd, "wb");
  if (!f->stream) {
    int error = errno;
    close(fd);
    unlink(f->temporary);
    errno = error;
  }
  return f->stream ? 0 : -1;
}

int file_out_open(struct file_out *f, const char *command, const char *path)
{
  *f = (struct file_out){.command = command, .path = path};
  if (is_standard(path)) {
    f->stream = stdout;
    return STATUS_DONE;
  }
  struct stat s;
  if (stat(path, &s) == 0 && S_ISDIR(s.st_mode))
    errno = EISDIR;
  else if (is_special(path))
    f->stream = fopen(path, "wb");
  else {
    signals_wait(f);
    open_temporary(f);
  }
  if (f->stream)
    return STATUS_DONE;
  int error = errno;
  signals_come(f);
  message_error(command, "cannot create '%s': %s", path, strerror(error));
  free(f->temporary);
  f->temporary = NULL;
  return status_of(error);
}

int file_out_commit(struct file_out *f)
{
  if (f->stream == stdout) {
    f->stream = NULL;
    return STATUS_DONE; /* main() looks whether it arrived */
  }
  bool written = !ferror(f->stream);
  written &= fclose(f->stream) == 0;
  f->stream = NULL;
  if (written && f->temporary)
    written = rename(f->temporary, f->path) == 0;
  if (!written) {
    message_error(f->command, "cannot write '%s': %s", f->path, strerror(errno));
    file_out_abandon(f);
    return STATUS_OURS;
  }
  free(f->temporary);
  f->temporary = NULL;
  signals_come(f);
  return STATUS_DONE;
}

void file_out_abandon(struct file_out *f)
{
  if (f->stream && f->stream != stdout)
    fclose(f->stream);
  if (f->temporary)
    unlink(f->temporary);
  free(f->temporary);
  signals_come(f);
  *f = (struct file_out){0};
}

bool file_same(const char *a, const char *b)
{
  struct stat sa, sb;
  return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

char *file_beside(const char *path, const char *ending)
{
  const char *slash = strrchr(path, '/');
  const char *base = slash ? slash + 1 : path;
  char *name;
  return asprintf(&name, "%.*s.%s", (int)strlen(base) - 2, base, ending) < 0 ? NULL : name;
}
