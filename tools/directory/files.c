/* What a directory asks of this host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isa/host.h"
#include "tools/command.h"
#include "tools/common/program.h"
#include "tools/directory/directory.h"

static struct profile *load_profile(void *ctx, const char *name, FILE *errors)
{
  (void)ctx;
  return profile_load(name, errors);
}

static enum directory_answer look_at_program(void *ctx, const char *name, uint32_t *bytes,
                                             FILE *errors)
{
  (void)ctx;
  (void)errors; /* program_load() says what it has to say to stderr */
  struct program p;
  errno = 0;
  int status = program_load("directory", name, &p);
  if (status != STATUS_DONE)
    return status == STATUS_OURS ? DIRECTORY_HOST_FAILED : DIRECTORY_BAD;
  *bytes = image_extent(p.image);
  program_destroy(&p);
  return DIRECTORY_GOOD;
}

/* Devices and pipes have no size, and reading them may wait for ever. */
static enum directory_answer look_at_file(void *ctx, const char *path, uint64_t *bytes,
                                          const char **reason)
{
  struct stat s;
  (void)ctx;
  if (stat(path, &s) != 0 || access(path, R_OK) != 0) {
    *reason = strerror(errno);
    return host_at_fault(errno) ? DIRECTORY_HOST_FAILED : DIRECTORY_BAD;
  }
  *bytes = (uint64_t)s.st_size;
  *reason = "it is no regular file";
  return S_ISREG(s.st_mode) ? DIRECTORY_GOOD : DIRECTORY_BAD;
}

static bool identify(void *ctx, const char *path, uint64_t id[2])
{
  struct stat s;
  (void)ctx;
  if (stat(path, &s) != 0 || !S_ISREG(s.st_mode))
    return false;
  id[0] = s.st_dev;
  id[1] = s.st_ino;
  return true;
}

const struct directory_host directory_files = {
    NULL, load_profile, look_at_program, look_at_file, identify,
};
