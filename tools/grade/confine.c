/* See confine.h. Linux 5.13's interface; the C library has no functions for it. */
#include "tools/grade/confine.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ                                                                                       \
  (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE                                                                                      \
  (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                                 \
   LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG)
/* Of the first version, all that there is. */
#define HANDLED                                                                                    \
  (READ | WRITE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK |                    \
   LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define OF_FILES                                                                                   \
  (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)

/* Nothing below /usr/share or /usr/local/share: labs may be installed there. */
static const char *const system_files[] = {"/bin",
                                           "/lib",
                                           "/lib64",
                                           "/usr/bin",
                                           "/usr/lib",
                                           "/usr/lib64",
                                           "/usr/libexec",
                                           "/usr/include",
                                           "/usr/local/bin",
                                           "/usr/local/lib",
                                           "/usr/local/include",
                                           "/etc/ld.so.cache",
                                           "/etc/alternatives",
                                           NULL};

/* A path that does not exist needs no rule. */
static bool allow(int ruleset, const char *path, uint64_t access)
{
  struct stat s;
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) {
    return true;
  }
  bool folder = fstat(fd, &s) == 0 && S_ISDIR(s.st_mode);
  struct landlock_path_beneath_attr rule = {.allowed_access = folder ? access : access & OF_FILES,
                                            .parent_fd = fd};
  bool done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
  close(fd);
  return done;
}

static bool allow_all(int ruleset, const struct sandbox_job *job)
{
  bool done = true;
  for (const char *const *path = system_files; job->system && *path && done; path++) {
    done = allow(ruleset, *path, READ);
  }
  for (const struct sandbox_mount *m = job->mounts; m->host && done; m++) {
    done = allow(ruleset, m->host, m->writable ? READ | WRITE : READ);
  }
  return done && allow(ruleset, "/dev/null", READ | WRITE);
}

bool confine_files(const struct sandbox_job *job)
{
  struct landlock_ruleset_attr attr = {.handled_access_fs = HANDLED};
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr.handled_access_fs, 0);
  if (ruleset < 0) {
    return false;
  }
  bool done = allow_all(ruleset, job) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
              syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  close(ruleset);
  return done;
}
