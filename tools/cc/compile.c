#include "tools/cc/compile.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/guests.h"
#include "tools/common/message.h"

#define MAX_ARGUMENTS 256u
#define LIBRARY       "c/"

extern char **environ;

/* ------------------------------------------------------- what lies in the folder */

static bool is_library_file(const struct embedded_file *f)
{
  return strncmp(f->name, LIBRARY, strlen(LIBRARY)) == 0;
}

static void path_in_folder(const struct cc_compiler *c, const char *name, char *buf, size_t size)
{
  snprintf(buf, size, "%s/%s", c->folder, name + strlen(LIBRARY));
}

static int write_file(const char *path, const struct embedded_file *f)
{
  FILE *out = fopen(path, "w");
  bool ok = out && fwrite(f->bytes, 1, f->len, out) == f->len;
  if (out && fclose(out) != 0) {
    ok = false;
  }
  if (!ok) {
    message_error("cc", "cannot write '%s': %s", path, strerror(errno));
  }
  return ok ? STATUS_DONE : STATUS_OURS;
}

int cc_compiler_open(struct cc_compiler *c)
{
  const char *where = getenv("TMPDIR");
  where = where && *where && strlen(where) < sizeof c->folder - 20 ? where : "/tmp";
  snprintf(c->folder, sizeof c->folder, "%s/trapeze-cc-XXXXXX", where);
  if (!mkdtemp(c->folder)) {
    message_error("cc", "cannot create a folder in '%s': %s", where, strerror(errno));
    c->folder[0] = 0;
    return STATUS_OURS;
  }
  int status = STATUS_DONE;
  for (const struct embedded_file *f = tools_embedded_guests; f->name && status == STATUS_DONE;
       f++) {
    char path[256];
    if (is_library_file(f)) {
      path_in_folder(c, f->name, path, sizeof path);
      status = write_file(path, f);
    }
  }
  return status;
}

void cc_compiler_close(struct cc_compiler *c)
{
  if (!c->folder[0]) {
    return;
  }
  for (const struct embedded_file *f = tools_embedded_guests; f->name; f++) {
    char path[256];
    if (is_library_file(f)) {
      path_in_folder(c, f->name, path, sizeof path);
      unlink(path);
    }
  }
  rmdir(c->folder);
}

/* ------------------------------------------------------------------- the compiler */

/* RV32EM, as PG32's user instructions have it, and nothing that another assembler or linker
 * would have to know: no small data, no anchors, no tables for unwinding. */
static const char *const always[] = {CC_COMPILER,
                                     "-march=rv32em",
                                     "-mabi=ilp32e",
                                     "-mcmodel=medlow",
                                     "-mstrict-align",
                                     "-msmall-data-limit=0",
                                     "-mno-relax",
                                     "-fno-pic",
                                     "-fno-common",
                                     "-fno-section-anchors",
                                     "-fno-stack-protector",
                                     "-fno-asynchronous-unwind-tables",
                                     "-fno-unwind-tables",
                                     "-std=gnu11",
                                     "-S",
                                     "-o",
                                     "-",
                                     NULL};
/* The library must not call itself by what it is made of; and where speed is not asked for it
 * is compiled in half the time. */
static const char *const for_library[] = {"-w", "-g1", "-fno-builtin",
                                          "-fno-tree-loop-distribute-patterns", NULL};
static const char *const for_users[] = {"-Wall", "-gdwarf-4", NULL};

struct arguments {
  const char *list[MAX_ARGUMENTS + 1];
  size_t count;
};

static void add(struct arguments *a, const char *argument)
{
  if (a->count < MAX_ARGUMENTS) {
    a->list[a->count++] = argument;
  }
}

static void add_all(struct arguments *a, const char *const *arguments)
{
  for (; *arguments; arguments++) {
    add(a, *arguments);
  }
}

static int spawn(const struct arguments *a, FILE *out, int *how)
{
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) {
    return error;
  }
  pid_t pid;
  error = posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
  if (!error) {
    error =
        posix_spawnp(&pid, CC_COMPILER, &actions, NULL, (char *const *)(uintptr_t)a->list, environ);
  }
  posix_spawn_file_actions_destroy(&actions);
  while (!error && waitpid(pid, how, 0) < 0) {
    error = errno == EINTR ? 0 : errno;
  }
  return error;
}

/* malloc'd, zero-terminated. */
static char *whole(FILE *f)
{
  long len = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
  char *text = len >= 0 ? malloc((size_t)len + 1) : NULL;
  rewind(f);
  if (text && fread(text, 1, (size_t)len, f) == (size_t)len) {
    text[len] = 0;
    return text;
  }
  free(text);
  return NULL;
}

static int run(const struct arguments *a, char **text)
{
  FILE *out = tmpfile();
  if (!out) {
    message_error("cc", "cannot create a temporary file: %s", strerror(errno));
    return STATUS_OURS;
  }
  int how = 0, error = spawn(a, out, &how), status = STATUS_OURS;
  *text = error || how != 0 ? NULL : whole(out);
  fclose(out);
  if (error == ENOENT) {
    message_error("cc", "there is no program '%s': programs in C need it (Debian: %s)", CC_COMPILER,
                  CC_PACKAGE);
  } else if (error) {
    message_error("cc", "cannot run '%s': %s", CC_COMPILER, strerror(error));
  } else if (WIFEXITED(how) && WEXITSTATUS(how) == 1) {
    status = STATUS_USAGE; /* it has said why */
  } else if (how != 0) {
    message_error("cc", "'%s' failed", CC_COMPILER);
  } else if (!*text) {
    message_error("cc", "cannot read what the compiler has written");
  } else {
    status = STATUS_DONE;
  }
  return status;
}

static int compile(const struct cc_compiler *c, const char *const *options, const char *path,
                   char **text)
{
  struct arguments a = {.count = 0};
  char heap[32], level[16], frame[48], map[sizeof c->folder + 64];
  snprintf(heap, sizeof heap, "-DHEAP=%luu", c->heap);
  const char *library_level = strchr("23s", c->level[0]) ? "2" : "1";
  snprintf(level, sizeof level, "-O%s", options == for_users ? c->level : library_level);
  add_all(&a, always);
  add(&a, "-isystem");
  add(&a, c->folder);
  /* Where the debugger finds the library's source, when the folder is gone. */
  snprintf(map, sizeof map, "-ffile-prefix-map=%s=" GUESTS_FOLDER "c", c->folder);
  add(&a, map);
  add(&a, heap);
  if (c->system) {
    add(&a, c->system);
  }
  add(&a, level);
  add_all(&a, options);
  snprintf(frame, sizeof frame, "-Werror=frame-larger-than=%lu", c->stack);
  if (options == for_users) {
    add(&a, frame);
    add_all(&a, c->options);
  }
  /* A name that looks like an option. */
  char *safe = NULL;
  if (path[0] == '-' && asprintf(&safe, "./%s", path) < 0) {
    message_error("cc", "out of memory");
    return STATUS_OURS;
  }
  add(&a, safe ? safe : path);
  int status = run(&a, text);
  free(safe);
  return status;
}

int cc_compile(const struct cc_compiler *c, const char *path, char **text)
{
  return compile(c, for_users, path, text);
}

int cc_compile_library(const struct cc_compiler *c, char **text)
{
  char path[256];
  path_in_folder(c, LIBRARY "libc.c", path, sizeof path);
  return compile(c, for_library, path, text);
}
