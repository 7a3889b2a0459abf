/* See hosted.h. */
#include "tools/grade/hosted.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than any of our modules makes in a call by far. */
#define REQUESTS_MAX 10000u
/* For how long a process whose socket is closed may take to end. */
#define ENDING_MS 2000

static unsigned modules_of(const struct lab *lab)
{
  unsigned modules = 0;
  for (unsigned i = 0; i < lab->file_count; i++) {
    modules |= remote_module_of(lab->files[i].name);
  }
  return modules;
}

bool hosted_problem(const struct hosted *h, const char **why)
{
  const struct lab *lab = h->run->lab;
  *why = NULL;
  for (unsigned i = 0; i < lab->file_count && !*why; i++) {
    if (lab->files[i].kind == LAB_MODULE) {
      *why = workshop_problem(h->run->workshop, lab->files[i].name);
    }
  }
  return *why != NULL;
}

struct hosted_modules *hosted_start(struct hosted *h, const char **reason)
{
  struct hosted_modules *m = calloc(1, sizeof *m);
  if (!m) {
    *reason = "out of memory";
    return NULL;
  }
  m->channel = -1;
  bool dead = h->end != REMOTE_OPEN;
  if (!dead &&
      !workshop_start(h->run->workshop, h->run->limits.cpu_seconds, &m->run, &m->channel)) {
    *reason = strerror(errno);
    free(m);
    return NULL;
  }
  remote_open(&m->remote, m->channel, modules_of(h->run->lab), h->run->limits.stall_ms,
              REQUESTS_MAX);
  m->remote.end = h->end;
  m->remote.exact = h->run->exact;
  return m;
}

/* How a process ended that should not have. */
static void describe(struct hosted *h, const struct sandbox_end *end)
{
  const char *what = "the submission's process";
  if (end->exited && end->status == 127) {
    snprintf(h->reason, sizeof h->reason, "%s could not be started", what);
  } else if (end->exited) {
    snprintf(h->reason, sizeof h->reason, "%s called exit(%d)", what, end->status);
  } else if (end->killed) {
    snprintf(h->reason, sizeof h->reason, "%s closed its socket", what);
  } else if (end->status == SIGXCPU ||
             (end->status == SIGKILL && end->cpu > 0.5 * h->run->limits.cpu_seconds)) {
    h->end = REMOTE_STALLED;
    snprintf(h->reason, sizeof h->reason, "%s used more than %u seconds of processor time", what,
             h->run->limits.cpu_seconds);
  } else {
    const char *name = sigabbrev_np(end->status);
    snprintf(h->reason, sizeof h->reason, "%s was ended by signal %s (%s)", what, name ? name : "?",
             strsignal(end->status));
  }
}

void hosted_end(struct hosted *h, struct hosted_modules *m)
{
  if (m->channel >= 0) {
    remote_settle(&m->remote);
    close(m->channel);
    bool gone = m->remote.end == REMOTE_GONE;
    struct sandbox_end end =
        sandbox_wait(&m->run, m->remote.end == REMOTE_OPEN || gone ? ENDING_MS : 0);
    h->cpu += end.cpu;
    size_t len;
    char *text = sandbox_output(&m->run, &len);
    if (!h->printed && len > 0) {
      h->printed = text;
    } else {
      free(text);
    }
    if (h->end == REMOTE_OPEN && m->remote.end != REMOTE_OPEN) {
      h->end = m->remote.end;
      if (gone) {
        describe(h, &end);
      } else {
        snprintf(h->reason, sizeof h->reason, "%s", m->remote.reason);
      }
    }
  }
  free(m);
}

const struct vmm_modules *hosted_take(void *ctx, void **own, const char **reason)
{
  struct hosted_modules *m = hosted_start(ctx, reason);
  *own = m;
  return m ? &m->remote.set : NULL;
}

void hosted_give_back(void *ctx, void *own)
{
  hosted_end(ctx, own);
}

struct check_outcome hosted_outcome(struct hosted *h)
{
  if (h->end == REMOTE_UNFORETOLD) {
    return check_fail(CHECK_AGAIN, NULL);
  }
  enum check_verdict verdict = h->end == REMOTE_STALLED ? CHECK_STOPPED : CHECK_FAILED;
  char *text = NULL;
  const char *before = h->end == REMOTE_GONE || h->end == REMOTE_STALLED ? "" : "the module: ";
  if (asprintf(&text, "expected  the module to answer every call\nactual    %s%s\n", before,
               h->reason) < 0) {
    text = NULL;
  }
  return (struct check_outcome){.verdict = verdict, .text = text};
}
