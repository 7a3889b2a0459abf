/* See workshop.h. */
#include "tools/grade/workshop.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/text.h"
#include "tools/grade/assign.h"

#define OUTPUT_MAX     (64u << 10)
#define MESSAGES_SHOWN 4000u
#define BUILD_SECONDS  20u
#define BUILD_MEMORY   (1u << 30)
#define RUNNER_MEMORY  (256u << 20)

/* AddressSanitizer reserves terabytes of addresses, in our assembler too. */
#if defined __SANITIZE_ADDRESS__
#define SANITIZED true
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

static bool host_failed(const char *what)
{
  message_error("grade", "%s: %s", what, strerror(errno));
  return false;
}

/* ------------------------------------------------------------ the installation */

/* The folder with what modules are built against: beside this program where it was built,
 * below share/ where it is installed. */
static bool find_runtime(struct workshop *w)
{
  char self[4096];
  ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
  if (len <= 0) {
    return host_failed("/proc/self/exe");
  }
  self[len] = '\0';
  w->command = strdup(self);
  *strrchr(self, '/') = '\0';
  static const char *const places[] = {"grade", "../share/trapeze/grade"};
  for (unsigned i = 0; w->command && i < 2; i++) {
    char *library = NULL;
    if (asprintf(&w->runtime, "%s/%s", self, places[i]) < 0 ||
        asprintf(&library, "%s/librunner.a", w->runtime) < 0) {
      w->runtime = NULL;
      return host_failed("grade");
    }
    bool there = access(library, R_OK) == 0;
    free(library);
    if (there) {
      return true;
    }
    free(w->runtime);
    w->runtime = NULL;
  }
  message_error("grade", "%s/grade/librunner.a is missing: this installation cannot build modules",
                self);
  return false;
}

/* ---------------------------------------------------------------- what came in */

/* A file and nothing else: no link that leads elsewhere, no device, no pipe that never
 * ends. */
static int open_submitted(const char *path, char **reason, const char *name)
{
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat s;
  const char *what = NULL;
  if (fd < 0) {
    what = errno == ENOENT  ? "is not there"
           : errno == ELOOP ? "is a symbolic link"
                            : strerror(errno);
  } else if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) {
    what = "is no regular file";
  } else if (s.st_size > WORKSHOP_MAX_FILE) {
    what = "is larger than 1 MiB";
  }
  if (!what) {
    return fd;
  }
  if (fd >= 0) {
    close(fd);
  }
  if (asprintf(reason, "%s %s", name, what) < 0) {
    *reason = NULL;
    host_failed("grade");
  }
  return -1;
}

static bool copy(int from, const char *to)
{
  int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  char buf[65536];
  size_t total = 0;
  ssize_t got = fd < 0 ? -1 : 0;
  while (fd >= 0 && total <= WORKSHOP_MAX_FILE && (got = read(from, buf, sizeof buf)) > 0) {
    total += (size_t)got;
    if (write(fd, buf, (size_t)got) != got) {
      got = -1;
      break;
    }
  }
  if (fd >= 0 && close(fd) != 0) {
    got = -1;
  }
  return got == 0 || host_failed(to);
}

static bool take(struct workshop *w, const char *submission, const char *name, bool only,
                 char **reason)
{
  struct stat s;
  bool single = only && stat(submission, &s) == 0 && !S_ISDIR(s.st_mode);
  char *from = single ? strdup(submission) : NULL, *to = NULL;
  bool done = false;
  if ((!single && asprintf(&from, "%s/%s", submission, name) < 0) || !from ||
      asprintf(&to, "%s/%s", w->source, name) < 0) {
    host_failed("grade");
  } else {
    int fd = open_submitted(from, reason, name);
    done = fd >= 0 && copy(fd, to);
    if (fd >= 0) {
      close(fd);
    }
  }
  free(from);
  free(to);
  return done;
}

static bool make_folders(struct workshop *w)
{
  const char *tmp = getenv("TMPDIR");
  if (asprintf(&w->root, "%s/trapeze-grade-XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0) {
    w->root = NULL;
    return host_failed("grade");
  }
  if (!mkdtemp(w->root)) {
    host_failed(w->root);
    free(w->root);
    w->root = NULL;
    return false;
  }
  if (asprintf(&w->source, "%s/source", w->root) < 0 || asprintf(&w->out, "%s/out", w->root) < 0 ||
      asprintf(&w->assigned, "%s/" ASSIGN_FOLDER, w->root) < 0) {
    return host_failed("grade");
  }
  return (mkdir(w->source, 0700) == 0 && mkdir(w->out, 0700) == 0 &&
          mkdir(w->assigned, 0700) == 0) ||
         host_failed(w->root);
}

/* Where the labs are installed below /usr a compiler would see them: all of /usr is the
 * system's. */
static bool hide_labs(struct workshop *w)
{
  const char *const folders[] = {w->lab->folder, w->lab->hidden_folder};
  unsigned count = 0;
  for (unsigned i = 0; i < 2; i++) {
    char *path = NULL;
    if (folders[i] && asprintf(&path, "%s%s", folders[i], i == 0 ? "/.." : "") < 0) {
      return host_failed("grade");
    }
    char *real = path ? realpath(path, NULL) : NULL;
    free(path);
    if (real && strncmp(real, "/usr/", 5) == 0) {
      w->hide[count++] = real;
    } else {
      free(real);
    }
  }
  return true;
}

bool workshop_open(struct workshop *w, const struct lab *lab, enum sandbox_rung rung,
                   const char *submission, char **reason)
{
  *w = (struct workshop){.lab = lab, .rung = rung};
  *reason = NULL;
  if (!find_runtime(w) || !hide_labs(w) || !make_folders(w) ||
      assign_files(lab, w->assigned) != STATUS_DONE) {
    return false;
  }
  for (unsigned i = 0; i < lab->file_count; i++) {
    if (!take(w, submission, lab->files[i].name, lab->file_count == 1, reason)) {
      if (lab->whole || !*reason) {
        return false;
      }
      w->problem[i] = *reason;
      *reason = NULL;
    }
  }
  return true;
}

static int remove_one(const char *path, const struct stat *s, int flag, struct FTW *ftw)
{
  (void)s, (void)flag, (void)ftw;
  return remove(path);
}

void workshop_close(struct workshop *w)
{
  if (w->root) {
    nftw(w->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  }
  free(w->root);
  free(w->source);
  free(w->out);
  free(w->assigned);
  free(w->runtime);
  free(w->command);
  free(w->hide[0]);
  free(w->hide[1]);
  for (unsigned i = 0; i < LAB_MAX_FILES; i++) {
    free(w->problem[i]);
  }
}

/* -------------------------------------------------------------------- building */

/* Paths of the host's as they are inside, which is the same at each run. */
static void hide_root(const struct workshop *w, char *text)
{
  size_t len = strlen(w->root);
  for (char *at = text; (at = strstr(at, w->root));) {
    memmove(at, at + len, strlen(at + len) + 1);
  }
}

/* For a person: the first lines. */
static void cut(char *text)
{
  static const char more[] = "…\n";
  if (strlen(text) > MESSAGES_SHOWN) {
    char *end = memrchr(text, '\n', MESSAGES_SHOWN - sizeof more);
    strcpy(end ? end + 1 : text + MESSAGES_SHOWN - sizeof more, more);
  }
}

/* True: the job ended with status 0. */
static bool build_job(const struct workshop *w, const char *const *argv, char **reason)
{
  const struct sandbox_mount mounts[] = {{w->source, "/source", false},
                                         {w->runtime, "/runtime", false},
                                         {w->out, "/out", true},
                                         {w->command, "/trapeze", false},
                                         {NULL, NULL, false}};
  struct sandbox_job job = {.rung = w->rung,
                            .argv = argv,
                            .mounts = mounts,
                            .system = true,
                            .hide = (const char *const *)w->hide,
                            .memory = SANITIZED ? 0 : BUILD_MEMORY,
                            .folder = w->rung == SANDBOX_BWRAP ? "/source" : w->source,
                            .channel = -1,
                            .cpu_seconds = BUILD_SECONDS,
                            .output_max = OUTPUT_MAX};
  struct sandbox_run run;
  if (!sandbox_start(&job, &run)) {
    return host_failed("the sandbox");
  }
  struct sandbox_end end = sandbox_wait(&run, -1);
  size_t len;
  char *text = sandbox_output(&run, &len);
  if (end.exited && end.status == 0) {
    free(text);
    return true;
  }
  if (!text) {
    return host_failed("grade");
  }
  if (w->rung != SANDBOX_BWRAP) {
    hide_root(w, text);
  }
  text_printable(text);
  cut(text);
  if (*text == '\0') {
    free(text);
    text = strdup(end.exited ? "it cannot be built\n" : "building it took too long\n");
  }
  *reason = text;
  return false;
}

/* A path of the inside. */
static const char *inside(const struct workshop *w, const char *there, const char *host)
{
  return w->rung == SANDBOX_BWRAP ? there : host;
}

static bool compile(struct workshop *w, const char *include, const char *name, const char *object,
                    char **reason)
{
  const char *argv[] = {"gcc",
                        "-std=gnu11",
                        "-O1",
                        "-Wall",
                        "-fdiagnostics-color=never",
                        "-fmax-errors=20",
                        "-pipe",
                        include,
                        "-c",
                        name,
                        "-o",
                        object,
                        NULL};
  return build_job(w, argv, reason);
}

/* One after the other: a compiler that is given all at once makes up names for what it hands
 * to the linker, other ones at each run, and the linker's messages have them. No optimiser at
 * link time, which takes its options from the objects. */
static bool build_modules(struct workshop *w, char **reason)
{
  char *include = NULL, *library = NULL, *runner = NULL, *object[LAB_MAX_FILES] = {NULL};
  const char *argv[10 + LAB_MAX_FILES] = {
      "gcc", "-static", "-fno-lto", "-fno-use-linker-plugin", "-fdiagnostics-color=never", "-o"};
  unsigned n = 6;
  bool done = asprintf(&include, "-I%s/include", inside(w, "/runtime", w->runtime)) >= 0 &&
              asprintf(&library, "%s/librunner.a", inside(w, "/runtime", w->runtime)) >= 0 &&
              asprintf(&runner, "%s/runner", inside(w, "/out", w->out)) >= 0;
  argv[n++] = runner;
  for (unsigned i = 0; done && i < w->lab->file_count; i++) {
    const char *name = w->lab->files[i].name;
    if (w->lab->files[i].kind != LAB_MODULE) {
      continue;
    }
    done = asprintf(&object[i], "%s/%s.o", inside(w, "/out", w->out), name) >= 0 &&
           compile(w, include, name, object[i], reason);
    argv[n++] = object[i];
  }
  argv[n++] = library;
  argv[n] = NULL;
  done = done && build_job(w, argv, reason);
  free(include);
  free(library);
  free(runner);
  for (unsigned i = 0; i < LAB_MAX_FILES; i++) {
    free(object[i]);
  }
  return done;
}

/* In the sandbox, because a source may include any file that its assembler can read. */
static bool build_guest(struct workshop *w, const char *name, char **reason)
{
  char *out = NULL;
  bool done = false;
  if (asprintf(&out, "%s/%s.elf", inside(w, "/out", w->out), name) >= 0) {
    const char *argv[] = {inside(w, "/trapeze", w->command), "asm", "-o", out, name, NULL};
    done = build_job(w, argv, reason);
  }
  free(out);
  return done;
}

/* What every file of this kind, or (guests) this one, lacks. True: it goes on. */
static bool put_up_with(struct workshop *w, const struct lab_file *f, char **reason)
{
  if (w->lab->whole || !*reason) {
    return false;
  }
  for (unsigned i = 0; i < w->lab->file_count; i++) {
    const struct lab_file *other = &w->lab->files[i];
    bool same = f->kind == LAB_MODULE ? other->kind == LAB_MODULE : other == f;
    if (same && !w->problem[i]) {
      w->problem[i] = strdup(*reason);
    }
  }
  free(*reason);
  *reason = NULL;
  return true;
}

static bool all_there(const struct workshop *w, enum lab_kind kind)
{
  for (unsigned i = 0; i < w->lab->file_count; i++) {
    if (w->lab->files[i].kind == kind && w->problem[i]) {
      return false;
    }
  }
  return w->lab->kinds & 1u << kind;
}

bool workshop_build(struct workshop *w, char **reason)
{
  bool modules = all_there(w, LAB_MODULE);
  *reason = NULL;
  for (unsigned i = 0; i < w->lab->file_count; i++) {
    const struct lab_file *f = &w->lab->files[i];
    bool built = w->problem[i] || f->kind == LAB_TEXT ||
                 (f->kind == LAB_GUEST ? build_guest(w, f->name, reason)
                                       : !modules || build_modules(w, reason));
    modules = modules && f->kind != LAB_MODULE; /* all of them at once */
    if (!built && !put_up_with(w, f, reason)) {
      return false;
    }
  }
  return true;
}

const char *workshop_problem(const struct workshop *w, const char *name)
{
  for (unsigned i = 0; i < w->lab->file_count; i++) {
    if (strcmp(w->lab->files[i].name, name) == 0) {
      return w->problem[i];
    }
  }
  return NULL;
}

char *workshop_file(const struct workshop *w, const char *name)
{
  char *path = NULL;
  return asprintf(&path, "%s/%s", w->source, name) < 0 ? NULL : path;
}

char *workshop_lab_file(const struct workshop *w, const struct lab_test *t, const char *name)
{
  char *path = NULL;
  if (strncmp(name, ASSIGN_FOLDER "/", sizeof ASSIGN_FOLDER) != 0) {
    return lab_path(t, name);
  }
  return asprintf(&path, "%s/%s", w->root, name) < 0 ? NULL : path;
}

char *workshop_guest(const struct workshop *w, const char *name)
{
  char *path = NULL;
  int done = lab_is_source(name) ? asprintf(&path, "%s/%s.elf", w->out, name)
                                 : asprintf(&path, "%s/%s", w->source, name);
  return done < 0 ? NULL : path;
}

/* --------------------------------------------------------------------- running */

bool workshop_start(const struct workshop *w, unsigned cpu_seconds, struct sandbox_run *run,
                    int *channel)
{
  char *program = NULL;
  int pair[2];
  if (asprintf(&program, "%s/runner", w->out) < 0) {
    return false;
  }
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    free(program);
    return false;
  }
  const struct sandbox_mount mounts[] = {{program, "/runner", false}, {NULL, NULL, false}};
  /* The second word is for whoever lists processes: whose it is. */
  const char *argv[] = {inside(w, "/runner", program), w->root, NULL};
  struct sandbox_job job = {.rung = w->rung,
                            .argv = argv,
                            .mounts = mounts,
                            .channel = pair[1],
                            .cpu_seconds = cpu_seconds,
                            .memory = RUNNER_MEMORY,
                            .output_max = OUTPUT_MAX};
  bool started = sandbox_start(&job, run);
  int error = errno;
  close(pair[1]);
  if (started) {
    *channel = pair[0];
  } else {
    close(pair[0]);
  }
  free(program);
  errno = error;
  return started;
}
