#include "tests/common/host.h"

#include <errno.h>
#include <libelf.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>

/* State of the whole process, as what it stands for is. */
static struct {
  enum host_call call;
  unsigned long left; /* 0: nothing is to fail */
  int error;
  bool struck;
} host;

void host_fail(enum host_call call, unsigned long nth, int error)
{
  host.call = call;
  host.left = nth;
  host.error = error;
  host.struck = false;
}

bool host_heal(void)
{
  host.left = 0;
  return host.struck;
}

static bool strikes(enum host_call call)
{
  if (host.call != call || host.left == 0 || --host.left != 0) {
    return false;
  }
  host.struck = true;
  errno = host.error;
  return true;
}

/* The linker's names: a call of f comes to __wrap_f, and f itself is __real_f. */
#define STAND_BEFORE(type, name, parameters, arguments, call, answer)                              \
  type __real_##name parameters;                                                                   \
  type __wrap_##name parameters;                                                                   \
  type __wrap_##name parameters                                                                    \
  {                                                                                                \
    return strikes(call) ? (answer) : __real_##name arguments;                                     \
  }

STAND_BEFORE(void *, malloc, (size_t size), (size), HOST_MEMORY, NULL)
STAND_BEFORE(void *, calloc, (size_t count, size_t size), (count, size), HOST_MEMORY, NULL)
STAND_BEFORE(void *, realloc, (void *old, size_t size), (old, size), HOST_MEMORY, NULL)
STAND_BEFORE(void *, reallocarray, (void *old, size_t count, size_t size), (old, count, size),
             HOST_MEMORY, NULL)
STAND_BEFORE(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
             (at, size, protection, flags, fd, offset), HOST_MEMORY, MAP_FAILED)

STAND_BEFORE(int, fstat, (int fd, struct stat *st), (fd, st), HOST_FSTAT, -1)
STAND_BEFORE(int, flock, (int fd, int operation), (fd, operation), HOST_FLOCK, -1)
STAND_BEFORE(off_t, lseek, (int fd, off_t at, int whence), (fd, at, whence), HOST_LSEEK, -1)
STAND_BEFORE(int, memfd_create, (const char *name, unsigned flags), (name, flags), HOST_MEMFD, -1)

STAND_BEFORE(ssize_t, pread, (int fd, void *buf, size_t size, off_t at), (fd, buf, size, at),
             HOST_PREAD, host.error ? -1 : __real_pread(fd, buf, size / 2, at))
STAND_BEFORE(ssize_t, pwrite, (int fd, const void *buf, size_t size, off_t at), (fd, buf, size, at),
             HOST_PWRITE, host.error ? -1 : __real_pwrite(fd, buf, size / 2, at))

STAND_BEFORE(Elf *, elf_begin, (int fd, Elf_Cmd how, Elf *of), (fd, how, of), HOST_ELF, NULL)
STAND_BEFORE(Elf32_Ehdr *, elf32_newehdr, (Elf * elf), (elf), HOST_ELF, NULL)
STAND_BEFORE(Elf32_Phdr *, elf32_newphdr, (Elf * elf, size_t count), (elf, count), HOST_ELF, NULL)
STAND_BEFORE(Elf_Scn *, elf_newscn, (Elf * elf), (elf), HOST_ELF, NULL)
STAND_BEFORE(Elf_Data *, elf_newdata, (Elf_Scn * section), (section), HOST_ELF, NULL)
STAND_BEFORE(unsigned, elf_flagelf, (Elf * elf, Elf_Cmd how, unsigned flags), (elf, how, flags),
             HOST_ELF, 0)
STAND_BEFORE(off_t, elf_update, (Elf * elf, Elf_Cmd how), (elf, how), HOST_ELF, -1)

/* A stream that failed says so afterwards. */
static bool stream_failed;

size_t __real_fread(void *to, size_t size, size_t count, FILE *in);
size_t __wrap_fread(void *to, size_t size, size_t count, FILE *in);
size_t __wrap_fread(void *to, size_t size, size_t count, FILE *in)
{
  bool fails = strikes(HOST_FREAD);
  stream_failed = fails && host.error;
  return fails ? 0 : __real_fread(to, size, count, in);
}

int __real_ferror(FILE *in);
int __wrap_ferror(FILE *in);
int __wrap_ferror(FILE *in)
{
  return stream_failed || __real_ferror(in);
}
