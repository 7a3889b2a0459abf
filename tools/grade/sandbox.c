/* See sandbox.h. */
#include "tools/grade/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/grade/confine.h"
#include "tools/grade/stop.h"

#define CHANNEL_FD   3
#define FILTER_FD    4
#define ARGS_MAX     96
#define FILTER_INSNS 256
#define BUILT_MAX    (64u << 20) /* bytes of a file that a compiler writes */

/* For builds with sanitizers: looking for leaks takes a process that may look at others. Their
 * library reads its options out of /proc, which the sandbox has not; but at the end it asks. */
#define SANITIZER_OPTIONS "detect_leaks=0"

int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
  const char *options = getenv("ASAN_OPTIONS");
  return options && strcmp(options, SANITIZER_OPTIONS) == 0;
}

static const char *const rung_names[] = {
    [SANDBOX_LIMITS] = "limits", [SANDBOX_SECCOMP] = "seccomp", [SANDBOX_BWRAP] = "bwrap"};

const char *sandbox_rung_name(enum sandbox_rung rung)
{
  return rung_names[rung];
}

bool sandbox_rung_parse(const char *name, enum sandbox_rung *rung)
{
  for (unsigned i = 0; i < sizeof rung_names / sizeof *rung_names; i++) {
    if (strcmp(name, rung_names[i]) == 0) {
      *rung = (enum sandbox_rung)i;
      return true;
    }
  }
  return false;
}

/* ------------------------------------------------------------- system calls
 * What a statically linked C program needs that computes and talks over sockets it has
 * already. Whatever else it calls fails with EPERM, so that a module that prints to a
 * file, say, is told so and not killed. Nothing that waits for a time is among them: a module
 * that answered once a minute would use no processor time and never seem to hang. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(close),
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(execve),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(uname),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(lseek),
    SCMP_SYS(wait4), /* bwrap's own, which waits for the module */
};

/* It may send signals to itself (abort) and ask for its own limits, not raise them. `self`:
 * its process id; 0: it has a namespace of its own, where there is nobody else. */
static bool allow_own(scmp_filter_ctx filter, pid_t self)
{
  const struct scmp_arg_cmp own[] = {{0, SCMP_CMP_EQ, (scmp_datum_t)self, 0}};
  const struct scmp_arg_cmp asked[] = {{0, SCMP_CMP_EQ, 0, 0}, {2, SCMP_CMP_EQ, 0, 0}};
  return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), self ? 1 : 0, own) == 0 &&
         seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, asked) == 0;
}

static scmp_filter_ctx make_filter(pid_t self)
{
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter && !allow_own(filter, self)) {
    seccomp_release(filter);
    return NULL;
  }
  for (size_t i = 0; filter && i < sizeof allowed / sizeof *allowed; i++) {
    /* A call that this processor does not have cannot be made either. */
    int done = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    if (done != 0 && done != -EDOM) {
      seccomp_release(filter);
      return NULL;
    }
  }
  return filter;
}

/* As a program for bwrap to load. -1: the host failed. */
static int filter_file(pid_t self)
{
  scmp_filter_ctx filter = make_filter(self);
  int fd = filter ? memfd_create("filter", 0) : -1;
  if (fd >= 0 && (seccomp_export_bpf(filter, fd) != 0 || lseek(fd, 0, SEEK_SET) != 0)) {
    close(fd);
    fd = -1;
  }
  if (filter) {
    seccomp_release(filter);
  }
  return fd;
}

/* The same for this process, ready to be loaded once there is no memory to be had: its limit may
 * be below what the judge, from which it was forked, has already. */
struct program {
  struct sock_filter insn[FILTER_INSNS];
  struct sock_fprog head;
};

static bool make_program(struct program *p)
{
  int fd = filter_file(getpid());
  ssize_t len = fd >= 0 ? pread(fd, p->insn, sizeof p->insn, 0) : -1;
  if (fd >= 0) {
    close(fd);
  }
  p->head = (struct sock_fprog){.len = (unsigned short)((size_t)len / sizeof *p->insn),
                                .filter = p->insn};
  return len > 0 && (size_t)len < sizeof p->insn;
}

static bool load_program(const struct program *p)
{
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p->head) == 0;
}

/* ------------------------------------------------------------------ the child */

struct args {
  const char *v[ARGS_MAX];
  unsigned n;
};

static void add(struct args *a, const char *const *words)
{
  for (; *words; words++) {
    if (a->n + 1 < ARGS_MAX) {
      a->v[a->n++] = *words;
    }
  }
}
#define ADD(a, ...) add(a, (const char *const[]){__VA_ARGS__, NULL})

static void bwrap_args(const struct sandbox_job *job, struct args *a)
{
  ADD(a, "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
      "--uid", "65534", "--gid", "65534", "--clearenv", "--hostname", "sandbox");
  if (job->system) {
    ADD(a, "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib",
        "/lib", "--symlink", "usr/lib64", "/lib64", "--setenv", "PATH", "/usr/local/bin:/usr/bin",
        "--setenv", "LC_ALL", "C.UTF-8", "--setenv", "SOURCE_DATE_EPOCH", "0", "--setenv",
        "ASAN_OPTIONS", SANITIZER_OPTIONS, "--tmpfs", "/tmp", "--dev-bind", "/dev/null",
        "/dev/null");
    for (const char *const *path = job->hide; path && *path; path++) {
      ADD(a, "--tmpfs", *path);
    }
  } else {
    ADD(a, "--seccomp", "4");
  }
  for (const struct sandbox_mount *m = job->mounts; m->host; m++) {
    ADD(a, m->writable ? "--bind" : "--ro-bind", m->host, m->inside);
  }
  if (job->folder) {
    ADD(a, "--chdir", job->folder);
  }
  ADD(a, "--");
  add(a, job->argv);
}

static void limit(__rlimit_resource_t what, uint64_t soft, uint64_t hard)
{
  struct rlimit r = {.rlim_cur = soft, .rlim_max = hard};
  if (setrlimit(what, &r) != 0) {
    _exit(126);
  }
}

static void set_limits(const struct sandbox_job *job)
{
  limit(RLIMIT_CPU, job->cpu_seconds, job->cpu_seconds + 1);
  limit(RLIMIT_CORE, 0, 0);
  if (job->memory) {
    limit(RLIMIT_AS, job->memory, job->memory);
  }
  /* A compiler writes what it makes, too. Output beyond the limit is an error of write(), not
   * the end. */
  uint64_t file = job->system ? BUILT_MAX : job->output_max;
  limit(RLIMIT_FSIZE, file, file);
  signal(SIGXFSZ, SIG_IGN);
}

/* Descriptors 0, 1, 2, 3 and, of bwrap, 4; no others. */
static void arrange(const struct sandbox_job *job, int output, int filter)
{
  int null = open("/dev/null", O_RDONLY);
  int channel = job->channel >= 0 ? fcntl(job->channel, F_DUPFD, 10) : -1;
  int program = filter >= 0 ? fcntl(filter, F_DUPFD, 10) : -1;
  if (null < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || dup2(null, 0) < 0 ||
      (channel >= 0 && dup2(channel, CHANNEL_FD) < 0) ||
      (program >= 0 && dup2(program, FILTER_FD) < 0)) {
    _exit(126);
  }
  unsigned first = program >= 0 ? FILTER_FD + 1 : channel >= 0 ? CHANNEL_FD + 1 : 3;
  if (channel < 0 && program >= 0) {
    close(CHANNEL_FD);
  }
  if (close_range(first, ~0u, 0) != 0) {
    _exit(126);
  }
}

/* A compiler does what is said in it. */
static void clean_environment(const struct sandbox_job *job)
{
  const char *path = getenv("PATH");
  char *kept = path ? strdup(path) : NULL;
  clearenv();
  setenv("PATH", kept ? kept : "/usr/local/bin:/usr/bin:/bin", 1);
  setenv("LC_ALL", "C.UTF-8", 1);
  setenv("SOURCE_DATE_EPOCH", "0", 1);
  setenv("ASAN_OPTIONS", SANITIZER_OPTIONS, 1);
  for (const struct sandbox_mount *m = job->mounts; m->host; m++) {
    if (m->writable) {
      setenv("TMPDIR", m->host, 1); /* a linker has files of its own for a while */
    }
  }
}

static void become(const struct sandbox_job *job, int output, int filter) __attribute__((noreturn));
static void become(const struct sandbox_job *job, int output, int filter)
{
  struct args a = {.n = 0};
  if (job->rung == SANDBOX_BWRAP) {
    bwrap_args(job, &a);
  } else {
    add(&a, job->argv);
  }
  a.v[a.n] = NULL;
  struct program calls;
  bool filtered = job->rung == SANDBOX_SECCOMP && !job->system;
  if (filtered && !make_program(&calls)) {
    _exit(126);
  }
  setsid(); /* no terminal to read from, and its own process group */
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  arrange(job, output, filter);
  set_limits(job);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (job->rung != SANDBOX_BWRAP && job->folder && chdir(job->folder) != 0) {
    _exit(126);
  }
  if (job->rung != SANDBOX_BWRAP) {
    confine_files(job);
  }
  if (filtered && !load_program(&calls)) {
    _exit(126);
  }
  if (job->rung == SANDBOX_BWRAP) {
    execvp(a.v[0], (char *const *)a.v);
  } else if (job->system) {
    clean_environment(job);
    execvp(a.v[0], (char *const *)a.v);
  } else {
    execve(a.v[0], (char *const *)a.v, (char *const[]){NULL});
  }
  _exit(127);
}

/* ----------------------------------------------------------------- the parent */

bool sandbox_start(const struct sandbox_job *job, struct sandbox_run *run)
{
  bool filtered = job->rung == SANDBOX_BWRAP && !job->system;
  int filter = filtered ? filter_file(0) : -1;
  run->output = memfd_create("output", MFD_CLOEXEC);
  run->pid = -1;
  if (run->output >= 0 && (filter >= 0 || !filtered)) {
    /* At the end, so that standard output and error do not write over one another. */
    fcntl(run->output, F_SETFL, O_APPEND);
    run->pid = fork();
    if (run->pid == 0) {
      become(job, run->output, filter);
    }
  }
  int error = errno;
  if (filter >= 0) {
    close(filter);
  }
  if (run->pid < 0 && run->output >= 0) {
    close(run->output);
  }
  errno = error;
  return run->pid > 0;
}

/* False also when this process is to end. */
static bool ends_within(pid_t pid, int ms)
{
  struct pollfd p[] = {{.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN},
                       {.fd = stop_descriptor(), .events = POLLIN}};
  int ready;
  do {
    ready = poll(p, 2, ms);
  } while (ready < 0 && errno == EINTR);
  close(p[0].fd);
  close(p[1].fd);
  return ready > 0 && p[0].revents;
}

struct sandbox_end sandbox_wait(struct sandbox_run *run, int patience_ms)
{
  bool killed = !ends_within(run->pid, patience_ms);
  if (killed) {
    kill(-run->pid, SIGKILL);
    kill(run->pid, SIGKILL);
  }
  int status = 0;
  struct rusage usage = {.ru_utime = {0}};
  while (wait4(run->pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  if (WIFEXITED(status)) {
    /* bwrap says in its own exit status by which signal the program inside ended. */
    int code = WEXITSTATUS(status);
    return (struct sandbox_end){.exited = code <= 128,
                                .killed = killed,
                                .status = code <= 128 ? code : code - 128,
                                .cpu = cpu};
  }
  return (struct sandbox_end){
      .exited = false, .killed = killed, .status = WTERMSIG(status), .cpu = cpu};
}

void sandbox_inherit(void)
{
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* False: there are none, or the host does not say. */
static bool kill_children(void)
{
  FILE *list = fopen("/proc/thread-self/children", "r");
  int pid;
  bool any = false;
  while (list && fscanf(list, "%d", &pid) == 1) {
    any = true;
    kill(pid, SIGKILL);
  }
  if (list) {
    fclose(list);
  }
  return any;
}

/* Those of the killed come as they die. */
void sandbox_reap(void)
{
  while (kill_children()) {
    while (waitpid(-1, NULL, 0) < 0 && errno == EINTR) {
    }
  }
}

char *sandbox_output(struct sandbox_run *run, size_t *len)
{
  off_t size = lseek(run->output, 0, SEEK_END);
  size_t room = size > 0 ? (size_t)size : 0;
  char *text = malloc(room + 1);
  *len = 0;
  while (text && *len < room) {
    ssize_t got = pread(run->output, text + *len, room - *len, (off_t)*len);
    if (got <= 0) {
      break;
    }
    *len += (size_t)got;
  }
  if (text) {
    text[*len] = '\0';
  }
  close(run->output);
  run->output = -1;
  return text;
}

/* ------------------------------------------------------------------- the rung */

static bool works(enum sandbox_rung rung)
{
  static const struct sandbox_mount none = {.host = NULL};
  struct sandbox_job job = {.rung = rung,
                            .argv = (const char *const[]){"/usr/bin/true", NULL},
                            .mounts = &none,
                            .system = true,
                            .channel = -1,
                            .cpu_seconds = 10,
                            .output_max = 4096};
  struct sandbox_run run;
  if (!sandbox_start(&job, &run)) {
    return false;
  }
  struct sandbox_end end = sandbox_wait(&run, -1);
  close(run.output);
  return end.exited && end.status == 0;
}

/* Of a child, since a filter stays. */
static bool filter_works(void)
{
  pid_t pid = fork();
  if (pid == 0) {
    struct program calls;
    _exit(make_program(&calls) && load_program(&calls) ? 0 : 1);
  }
  int status = 1;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return pid > 0 && status == 0;
}

enum sandbox_rung sandbox_best(void)
{
  if (works(SANDBOX_BWRAP)) {
    return SANDBOX_BWRAP;
  }
  return filter_works() ? SANDBOX_SECCOMP : SANDBOX_LIMITS;
}
