/* See grade.h. */
#include "tools/grade/grade.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/json.h"
#include "tools/common/message.h"
#include "tools/common/text.h"
#include "tools/grade/stop.h"

#define PRINTED_MAX 2000u

/* A test that is being run by a process of ours. */
struct worker {
  pid_t pid;
  int fd; /* its outcome comes here, as JSON */
  size_t index;
  char *text;
  size_t len;
};

struct grading {
  const struct grade_config *config;
  struct workshop workshop;
  struct results *r;
  struct worker *worker; /* config->jobs of them; pid 0: free */
  size_t next, done;     /* of r->result */
  size_t *again;         /* to be tried once more, alone, after all others */
  size_t again_count;
  unsigned stopped_alone;
  int stop; /* readable once this process is to end */
  int status;
};

/* -------------------------------------------------------------------- the child */

static void put_outcome(int fd, const struct check_outcome *o)
{
  if (o->printed && strlen(o->printed) > PRINTED_MAX) {
    o->printed[PRINTED_MAX] = '\0';
  }
  if (o->printed) {
    text_printable(o->printed);
  }
  json_t *object = json_pack("{s:i, s:o, s:o, s:f}", "verdict", (int)o->verdict, "text",
                             json_text(o->text), "printed", json_text(o->printed), "cpu", o->cpu);
  char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
  size_t len = text ? strlen(text) : 0;
  for (size_t at = 0; at < len;) {
    ssize_t put = write(fd, text + at, len - at);
    if (put <= 0) {
      break;
    }
    at += (size_t)put;
  }
  free(text);
  json_decref(object);
}

/* The first time a test is run, less patience does: it is tried again. */
#define FIRST_PATIENCE 8
static bool start(struct grading *g, struct worker *w, size_t index, bool last)
{
  int pipes[2];
  fflush(NULL);
  if (pipe(pipes) != 0) {
    return false;
  }
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(pipes[0]);
    sandbox_inherit();
    struct check_run run = {.lab = g->config->lab,
                            .test = g->r->result[index].test,
                            .workshop = &g->workshop,
                            .limits = g->config->limits,
                            .seed = g->config->seed,
                            .exact = last};
    run.limits.stall_ms /= last ? 1 : FIRST_PATIENCE;
    struct check_outcome outcome = check_run(&run);
    put_outcome(pipes[1], &outcome);
    check_outcome_free(&outcome);
    sandbox_reap();
    _exit(0);
  }
  close(pipes[1]);
  if (pid < 0) {
    close(pipes[0]);
    return false;
  }
  *w = (struct worker){.pid = pid, .fd = pipes[0], .index = index};
  return true;
}

/* ------------------------------------------------------------------- the parent */

static void take_outcome(struct grading *g, struct worker *w, bool last)
{
  struct result *t = &g->r->result[w->index];
  json_t *object = w->text ? json_loadb(w->text, w->len, 0, NULL) : NULL;
  json_int_t verdict = object ? json_integer_value(json_object_get(object, "verdict")) : CHECK_HOST;
  if (verdict == CHECK_STOPPED && !last) {
    g->again[g->again_count++] = w->index; /* and what it is so far, if it is not tried again */
  } else {
    g->done++;
    g->stopped_alone += last && verdict == CHECK_STOPPED;
  }
  t->state = verdict == CHECK_PASSED ? RESULT_PASSED : RESULT_FAILED;
  t->score = verdict == CHECK_PASSED ? t->test->points : 0;
  t->cpu += json_real_value(json_object_get(object, "cpu"));
  const char *text = json_string_value(json_object_get(object, "text"));
  const char *printed = json_string_value(json_object_get(object, "printed"));
  free(t->text);
  free(t->printed);
  t->text = text ? strdup(text) : NULL;
  t->printed = printed && !t->test->hidden ? strdup(printed) : NULL;
  if (verdict == CHECK_LAB || verdict == CHECK_HOST) {
    if (!object && !stop_waiting()) {
      message_error("grade", "the process that judged '%s' ended unexpectedly", t->test->id);
    }
    g->status = verdict == CHECK_LAB ? STATUS_USAGE : STATUS_OURS;
    t->state = RESULT_NOT_RUN;
  }
  json_decref(object);
}

/* True: the worker has ended. */
static bool listen_to(struct worker *w)
{
  char buf[4096];
  ssize_t got = read(w->fd, buf, sizeof buf);
  if (got < 0 && errno == EINTR) {
    return false;
  }
  char *grown = got > 0 ? realloc(w->text, w->len + (size_t)got) : NULL;
  if (grown) {
    memcpy(grown + w->len, buf, (size_t)got);
    w->text = grown;
    w->len += (size_t)got;
    return false;
  }
  close(w->fd);
  while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR) {
  }
  return true;
}

/* Whatever they have started ends with them. */
static void end_all(struct grading *g, unsigned jobs)
{
  for (unsigned i = 0; i < jobs; i++) {
    struct worker *w = &g->worker[i];
    if (w->pid) {
      kill(w->pid, SIGKILL);
      while (!listen_to(w)) {
      }
      free(w->text);
      *w = (struct worker){.pid = 0};
    }
  }
  g->status = STATUS_OURS;
}

static void wait_for_one(struct grading *g, unsigned jobs, bool last)
{
  struct pollfd p[GRADE_JOBS_MAX + 1];
  p[jobs] = (struct pollfd){.fd = g->stop, .events = POLLIN};
  for (unsigned i = 0; i < jobs; i++) {
    p[i] = (struct pollfd){.fd = g->worker[i].pid ? g->worker[i].fd : -1, .events = POLLIN};
  }
  if (poll(p, jobs + 1, -1) < 0) {
    return;
  }
  if (p[jobs].revents) {
    end_all(g, jobs);
    return;
  }
  for (unsigned i = 0; i < jobs; i++) {
    if (p[i].revents && listen_to(&g->worker[i])) {
      take_outcome(g, &g->worker[i], last);
      free(g->worker[i].text);
      g->worker[i] = (struct worker){.pid = 0};
      if (g->config->progress && !g->config->progress(g->config->progress_ctx, g->r, g->done)) {
        g->status = STATUS_OURS;
      }
    }
  }
}

/* The tests with these indices, so many at a time. */
static void run_tests(struct grading *g, const size_t *index, size_t count, unsigned jobs,
                      bool last)
{
  size_t next = 0;
  for (;;) {
    unsigned busy = 0;
    for (unsigned i = 0; i < jobs; i++) {
      if (!g->worker[i].pid && next < count && g->status == STATUS_DONE) {
        if (!start(g, &g->worker[i], index[next++], last)) {
          message_error("grade", "no process for a test: %s", strerror(errno));
          g->status = STATUS_OURS;
        }
      }
      busy += g->worker[i].pid != 0;
    }
    if (busy == 0) {
      return;
    }
    wait_for_one(g, jobs, last);
  }
}

/* Alone, with all the patience that there is: what stood still then was not kept waiting by
 * others. One that did so twice is believed to do it in its other tests, too. */
#define STOPPED_ENOUGH 2u
static void try_again(struct grading *g)
{
  for (size_t i = 0; i < g->again_count && g->status == STATUS_DONE; i++) {
    if (g->stopped_alone < STOPPED_ENOUGH) {
      run_tests(g, &g->again[i], 1, 1, true);
    } else {
      g->done++;
    }
  }
}

static bool wanted(const struct grade_config *c, size_t i)
{
  return (!c->only || strstr(c->lab->tests[i].id, c->only)) &&
         (c->shards <= 1 || i % c->shards == c->shard - 1);
}

static bool choose(struct grading *g, size_t **index)
{
  const struct grade_config *c = g->config;
  size_t n = c->lab->test_count;
  g->r->result = calloc(n + 1, sizeof *g->r->result);
  g->again = calloc(n + 1, sizeof *g->again);
  g->worker = calloc(c->jobs, sizeof *g->worker);
  *index = calloc(n + 1, sizeof **index);
  if (!g->r->result || !g->again || !g->worker || !*index) {
    message_error("grade", "out of memory");
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    if (wanted(c, i)) {
      (*index)[g->r->count] = g->r->count;
      g->r->result[g->r->count++].test = &c->lab->tests[i];
    }
  }
  return true;
}

/* Nothing of it runs: every test is failed. */
static void refuse(struct results *r, char *problem)
{
  r->problem = problem;
  for (size_t i = 0; i < r->count; i++) {
    r->result[i].state = RESULT_FAILED;
  }
}

static void run(struct grading *g, const size_t *index)
{
  const struct grade_config *c = g->config;
  char *problem = NULL;
  bool built = workshop_open(&g->workshop, c->lab, c->rung, c->submission, &problem) &&
               workshop_build(&g->workshop, &problem);
  if (stop_waiting() || (!built && !problem)) {
    free(problem);
    g->status = STATUS_OURS;
  } else if (!built) {
    refuse(g->r, problem);
  } else {
    if (c->progress) {
      c->progress(c->progress_ctx, g->r, 0);
    }
    run_tests(g, index, g->r->count, c->jobs, false);
    try_again(g);
  }
  sandbox_reap();
  workshop_close(&g->workshop);
}

int grade(const struct grade_config *config, struct results *r)
{
  struct grading g = {.config = config, .r = r, .stop = stop_descriptor(), .status = STATUS_DONE};
  *r = (struct results){.lab = config->lab, .rung = config->rung, .seed = config->seed};
  size_t *index = NULL;
  sigset_t saved;
  stop_wait(&saved);
  sandbox_inherit();
  if (choose(&g, &index)) {
    run(&g, index);
  } else {
    g.status = STATUS_OURS;
  }
  close(g.stop);
  free(index);
  free(g.again);
  free(g.worker);
  stop_come(&saved);
  return g.status;
}

void grade_free(struct results *r)
{
  for (size_t i = 0; i < r->count; i++) {
    free(r->result[i].text);
    free(r->result[i].printed);
  }
  free(r->result);
  free(r->problem);
}
