/* Where programs that nobody trusts run: a submission's compiler, and its module.
 *
 * Rungs, best first. bwrap: namespaces of its own (no network, no processes but its own, no
 * files but those named), with the next one inside. seccomp: system calls that a module
 * needs and no others. limits: processor time, memory, output. Which rung a host allows is
 * found out by trying, once, and is part of every report.
 */
#ifndef TRAPEZE_TOOLS_GRADE_SANDBOX_H
#define TRAPEZE_TOOLS_GRADE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum sandbox_rung { SANDBOX_LIMITS, SANDBOX_SECCOMP, SANDBOX_BWRAP };
const char *sandbox_rung_name(enum sandbox_rung rung); /* "bwrap", "seccomp", "limits" */
/* False: no such name. */
bool sandbox_rung_parse(const char *name, enum sandbox_rung *rung);
/* The best that works here. Runs a trial program. */
enum sandbox_rung sandbox_best(void);

/* A file or folder of the host that is seen inside, read-only but for `writable`. On rungs
 * without namespaces the inside is the host, and `inside` is not used. */
struct sandbox_mount {
  const char *host, *inside;
  bool writable;
};

struct sandbox_job {
  enum sandbox_rung rung;
  const char *const *argv;            /* NULL-terminated; paths of the inside */
  const struct sandbox_mount *mounts; /* ended by a NULL host */
  bool system;                        /* it needs the system's programs and libraries: a compiler */
  const char *const *hide; /* of a compiler: folders below /usr it does not see, or NULL */
  const char *folder;      /* working folder, inside; NULL: the root */
  int channel;             /* becomes descriptor 3; -1: none */
  unsigned cpu_seconds;    /* of processor time, then it is killed */
  uint64_t memory;         /* bytes of address space; 0: no limit */
  uint32_t output_max;     /* bytes of its output that are kept; the rest is lost */
};

struct sandbox_run {
  pid_t pid;
  int output; /* a file in memory: standard output and error */
};

/* False: the host failed, with errno. */
bool sandbox_start(const struct sandbox_job *job, struct sandbox_run *run);

struct sandbox_end {
  bool exited, killed; /* killed: because it did not end, by sandbox_wait() */
  int status;          /* exit status, or the signal */
  double cpu;          /* seconds of processor time, its children's included */
};
/* Waits for its end; after so many milliseconds (-1: for ever), or when this process is to end
 * (stop.h), kills it and all it started. */
struct sandbox_end sandbox_wait(struct sandbox_run *run, int patience_ms);
/* Processes that others left behind come to this one, from now on, … */
void sandbox_inherit(void);
/* … and are ended here, with every other child of this process. */
void sandbox_reap(void);
/* What it has written, malloc'd and terminated; NULL: no memory. Closes run->output. */
char *sandbox_output(struct sandbox_run *run, size_t *len);

#endif
