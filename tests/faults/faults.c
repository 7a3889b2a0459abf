/* A host that fails on demand. Linked into the command, it stands before the C
 * library's allocation and I/O, counts the calls and lets one of them fail:
 *   FAULT_ALLOC=N   the Nth allocation (malloc, calloc, realloc, mmap)
 *   FAULT_IO=N      the Nth input or output (open, read, write, stat, rename, …)
 *   FAULT_STICKY=1  and every one after it
 *   FAULT_SIGNAL=N  it does not fail, but signal N comes just before it
 *   FAULT_REPORT=F  at exit, write to file F how many of each there were, and
 *                   how many blocks were never freed
 *   FAULT_PLACES=F  write to file F a line "alloc N PLACE" or "io N PLACE" for each
 *                   call; PLACE is a number for its innermost callers
 *   FAULT_TRACE=1   say on standard error from where the failing call came
 * Streams are made anew by fopencookie(), since the C library's own do not go
 * through what can be replaced here. Standard error never fails: it is where the
 * outcome is looked for.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* The one place of the project with state of the whole process: so is what it
 * replaces. The command has one thread. */
static struct {
  bool on, sticky, trace;
  unsigned long allocs, ios, fail_alloc, fail_io;
  int signal;
  long live;
  int report, places; /* descriptors, or -1 */
} faults = {.report = -1, .places = -1};

static void trace(void)
{
  void *calls[32];
  faults.on = false; /* backtrace() allocates */
  backtrace_symbols_fd(calls, backtrace(calls, 32), STDERR_FILENO);
  faults.on = true;
}

/* Innermost callers that make a place; the first four are in this file. */
#define DEPTH (4 + 4)

/* Addresses count from where the host put program or library: the same in each run. */
static uint64_t place(void)
{
  void *calls[DEPTH];
  int n = backtrace(calls, DEPTH);
  uint64_t hash = 1469598103934665603u;
  for (int i = 0; i < n; i++) {
    Dl_info in = {0};
    dladdr(calls[i], &in);
    hash = (hash ^ ((uintptr_t)calls[i] - (uintptr_t)in.dli_fbase)) * 1099511628211u;
  }
  return hash;
}

static void note_place(const char *kind, unsigned long number)
{
  char line[60];
  faults.on = false;
  int len = snprintf(line, sizeof line, "%s %lu %lx\n", kind, number, place());
  syscall(SYS_write, faults.places, line, (size_t)len);
  faults.on = true;
}

static bool hit(unsigned long *count, unsigned long fail)
{
  if (!faults.on)
    return false;
  ++*count;
  if (faults.places >= 0)
    note_place(count == &faults.allocs ? "alloc" : "io", *count);
  if (!fail || *count < fail || (*count > fail && !faults.sticky))
    return false;
  if (faults.trace)
    trace();
  if (faults.signal)
    raise(faults.signal);
  return !faults.signal;
}

static bool alloc_fails(void)
{
  bool fails = hit(&faults.allocs, faults.fail_alloc);
  if (fails)
    errno = ENOMEM;
  return fails;
}

static bool io_fails(int error)
{
  bool fails = hit(&faults.ios, faults.fail_io);
  if (fails)
    errno = error;
  return fails;
}

/* The function that this one hides: `return_type (*real)(…)`. */
#define NEXT(name)                                                                                 \
  static __typeof__(name) *real;                                                                   \
  if (!real)                                                                                       \
  real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* --------------------------------------------------------------- allocation */

static void *allocated(void *p)
{
  faults.live += p && faults.on;
  return p;
}

void *malloc(size_t size)
{
  NEXT(malloc);
  return alloc_fails() ? NULL : allocated(real(size));
}

void *calloc(size_t count, size_t size)
{
  NEXT(calloc);
  return alloc_fails() ? NULL : allocated(real(count, size));
}

void *realloc(void *old, size_t size)
{
  NEXT(realloc);
  if (alloc_fails())
    return NULL;
  return old ? real(old, size) : allocated(real(NULL, size));
}

void *reallocarray(void *old, size_t count, size_t size)
{
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return realloc(old, bytes);
}

void free(void *p)
{
  NEXT(free);
  faults.live -= p && faults.on;
  real(p);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
  NEXT(mmap);
  return alloc_fails() ? MAP_FAILED : real(at, size, protection, flags, fd, offset);
}

/* -------------------------------------------------------------- descriptors */

int open(const char *path, int flags, ...)
{
  va_list args;
  va_start(args, flags);
  mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
  va_end(args);
  return io_fails(EIO) ? -1 : openat(AT_FDCWD, path, flags, mode);
}

#define FAILING(type, name, error, failed, parameters, arguments)                                  \
  type name parameters                                                                             \
  {                                                                                                \
    NEXT(name);                                                                                    \
    return io_fails(error) ? (type)(failed) : real arguments;                                      \
  }

FAILING(ssize_t, read, EIO, -1, (int fd, void *buf, size_t len), (fd, buf, len))
FAILING(ssize_t, pread, EIO, -1, (int fd, void *buf, size_t len, off_t at), (fd, buf, len, at))
FAILING(ssize_t, pwrite, ENOSPC, -1, (int fd, const void *buf, size_t len, off_t at),
        (fd, buf, len, at))
FAILING(int, stat, EIO, -1, (const char *path, struct stat *st), (path, st))
FAILING(int, fstat, EIO, -1, (int fd, struct stat *st), (fd, st))
FAILING(int, mkstemp, ENOSPC, -1, (char *name), (name))
FAILING(int, rename, EIO, -1, (const char *from, const char *to), (from, to))
FAILING(int, flock, EIO, -1, (int fd, int operation), (fd, operation))
FAILING(int, memfd_create, EMFILE, -1, (const char *name, unsigned flags), (name, flags))
FAILING(int, signalfd, EMFILE, -1, (int fd, const sigset_t *set, int flags), (fd, set, flags))

/* One processor, so that the command has one thread, and each run the same calls. */
int get_nprocs(void)
{
  return 1;
}

/* ------------------------------------------------------------------ streams */

static ssize_t stream_read(void *cookie, char *buf, size_t len)
{
  return io_fails(EIO) ? -1 : syscall(SYS_read, (int)(intptr_t)cookie, buf, len);
}

/* fopencookie() wants 0 for an error, never a negative number. */
static ssize_t stream_write(void *cookie, const char *buf, size_t len)
{
  long done = io_fails(ENOSPC) ? -1 : syscall(SYS_write, (int)(intptr_t)cookie, buf, len);
  return done < 0 ? 0 : done;
}

static int stream_close(void *cookie)
{
  int closed = close((int)(intptr_t)cookie);
  return io_fails(EIO) ? -1 : closed;
}

static FILE *stream(int fd, const char *mode)
{
  cookie_io_functions_t functions = {
      .read = stream_read, .write = stream_write, .close = stream_close};
  return fopencookie((void *)(intptr_t)fd, mode, functions);
}

FILE *fdopen(int fd, const char *mode)
{
  return io_fails(EMFILE) ? NULL : stream(fd, mode);
}

FILE *fopen(const char *path, const char *mode)
{
  int flags = mode[0] == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
  int fd = open(path, flags | O_CLOEXEC, 0666);
  FILE *f = fd < 0 ? NULL : stream(fd, mode);
  if (fd >= 0 && !f)
    close(fd);
  return f;
}

/* -------------------------------------------------------------------- start */

static unsigned long number(const char *name)
{
  const char *value = getenv(name);
  return value ? strtoul(value, NULL, 10) : 0;
}

/* Descriptor of the file that the variable names, or -1. Far from those that the
 * command will get. */
static int output(const char *name)
{
  const char *path = getenv(name);
  int fd = path ? openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
  int far = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 200);
  if (fd >= 0)
    close(fd);
  return far;
}

static void report(void)
{
  char line[100];
  fflush(NULL); /* what is written on the way out counts, and must not be lost */
  faults.on = false;
  int len = snprintf(line, sizeof line, "%lu %lu %ld\n", faults.allocs, faults.ios, faults.live);
  syscall(SYS_write, faults.report, line, (size_t)len);
}

__attribute__((constructor)) static void start(void)
{
  static char out[4096], in[4096];
  faults.fail_alloc = number("FAULT_ALLOC");
  faults.fail_io = number("FAULT_IO");
  faults.signal = (int)number("FAULT_SIGNAL");
  faults.sticky = number("FAULT_STICKY") != 0;
  faults.trace = number("FAULT_TRACE") != 0;
  faults.report = output("FAULT_REPORT");
  faults.places = output("FAULT_PLACES");
  alarm(600); /* a run that hangs is to end, and to be told from one that ended itself */
  stdout = stream(STDOUT_FILENO, "w");
  stdin = stream(STDIN_FILENO, "r");
  setvbuf(stdout, out, _IOFBF, sizeof out);
  setvbuf(stdin, in, _IOFBF, sizeof in);
  if (faults.report >= 0)
    atexit(report);
  faults.on = true;
}
