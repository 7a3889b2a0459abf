/* See class.h. */
#include "tools/grade/class.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/json.h"
#include "tools/common/message.h"
#include "tools/grade/assign.h"
#include "tools/grade/stop.h"
#include "tools/grade/vary.h"

#define COMMAND "grade-all"
#define SUFFIX  ".result.json"
/* A temporary file of the results has seven bytes more. */
#define NAME_ROOM 248u

static int host_failed(const char *what)
{
  message_error(COMMAND, "%s: %s", what, strerror(errno));
  return STATUS_OURS;
}

static int out_of_memory(void)
{
  message_error(COMMAND, "out of memory");
  return STATUS_OURS;
}

/* ------------------------------------------------------------------------ names */

struct names {
  char **name;
  size_t count;
};

static void names_free(struct names *n)
{
  for (size_t i = 0; i < n->count; i++) {
    free(n->name[i]);
  }
  free(n->name);
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_suffix(const char *name, const char *suffix)
{
  size_t len = strlen(name), n = strlen(suffix);
  return len > n && strcmp(name + len - n, suffix) == 0;
}

static bool names_add(struct names *n, const char *name)
{
  char **grown = realloc(n->name, (n->count + 1) * sizeof *grown);
  char *copy = strdup(name);
  if (grown) {
    n->name = grown;
  }
  if (!grown || !copy) {
    free(copy);
    return false;
  }
  n->name[n->count++] = copy;
  return true;
}

/* Of a folder's entries, sorted; without hidden ones, and of results only those. */
static int names_read(struct names *n, const char *folder, bool results)
{
  *n = (struct names){.count = 0};
  DIR *dir = opendir(folder);
  if (!dir) {
    message_error(COMMAND, "%s: %s", folder, strerror(errno));
    return STATUS_USAGE;
  }
  bool done = true;
  for (struct dirent *e; done && (e = readdir(dir));) {
    if (*e->d_name != '.' && (!results || has_suffix(e->d_name, SUFFIX))) {
      done = names_add(n, e->d_name);
    }
  }
  closedir(dir);
  if (n->count > 1) {
    qsort(n->name, n->count, sizeof *n->name, by_name);
  }
  return done ? STATUS_DONE : out_of_memory();
}

/* ------------------------------------------------------------------ what was done */

static char *path_of(const char *folder, const char *name, const char *suffix)
{
  char *path = NULL;
  return asprintf(&path, "%s/%s%s", folder, name, suffix) < 0 ? NULL : path;
}

/* A number for all on which the marks depend: FNV-1a. Whoever could make two submissions of
 * his own with the same number would get the marks of his first. */
static uint64_t mix(uint64_t key, const void *bytes, size_t len)
{
  const uint8_t *b = bytes;
  for (size_t i = 0; i < len; i++) {
    key = (key ^ b[i]) * UINT64_C(1099511628211);
  }
  return key;
}

static uint64_t mix_file(uint64_t key, const char *path)
{
  char buf[65536];
  struct stat s;
  FILE *f = lstat(path, &s) == 0 && S_ISREG(s.st_mode) ? fopen(path, "r") : NULL;
  key = mix(key, f ? "+" : "-", 1);
  for (size_t n; f && (n = fread(buf, 1, sizeof buf, f)) > 0;) {
    key = mix(key, buf, n);
  }
  if (f) {
    fclose(f);
  }
  return key;
}

/* The files in it, in the order of their names; it may be missing. */
static uint64_t mix_folder(uint64_t key, const char *parent, const char *name)
{
  char *folder = path_of(parent, name, "");
  struct names n = {.count = 0};
  if (folder && access(folder, R_OK) == 0 && names_read(&n, folder, false) == STATUS_DONE) {
    for (size_t i = 0; i < n.count; i++) {
      char *path = path_of(folder, n.name[i], "");
      key = mix(key, n.name[i], strlen(n.name[i]) + 1);
      key = path ? mix_file(key, path) : key;
      free(path);
    }
  }
  names_free(&n);
  free(folder);
  return key;
}

/* A submission that is one file has its name, without what follows the dot. */
static uint64_t seed_of(const struct class_config *c, const char *name)
{
  char student[NAME_ROOM + 1];
  snprintf(student, sizeof student, "%s", name);
  char *dot = c->each.lab->file_count == 1 ? strrchr(student, '.') : NULL;
  if (dot && dot > student) {
    *dot = '\0';
  }
  return c->each_own ? vary_seed_of(student) : c->each.seed;
}

static uint64_t key_of(const struct class_config *c, const char *submission, uint64_t seed)
{
  const struct lab *lab = c->each.lab;
  uint64_t key = mix(UINT64_C(14695981039346656037), TRAPEZE_VERSION, sizeof TRAPEZE_VERSION);
  key = mix(key, &seed, sizeof seed);
  if (c->each.only) {
    key = mix(key, c->each.only, strlen(c->each.only));
  }
  key = mix_folder(mix_folder(key, lab->folder, ""), lab->folder, "tests");
  key = mix_folder(key, lab->folder, ASSIGN_FOLDER);
  key = lab->hidden_root ? mix_folder(key, lab->hidden_folder, "") : key;
  for (unsigned i = 0; i < lab->file_count; i++) {
    char *path = NULL;
    if (asprintf(&path, "%s/%s", submission, lab->files[i].name) >= 0) {
      key = mix_file(key, path);
    }
    free(path);
  }
  return lab->file_count == 1 ? mix_file(key, submission) : key;
}

static void key_text(uint64_t key, char text[17])
{
  snprintf(text, 17, "%016" PRIx64, key);
}

static bool is_done(const char *result, uint64_t key)
{
  char text[17];
  key_text(key, text);
  json_t *root = json_load_file(result, 0, NULL);
  const char *was = json_string_value(json_object_get(root, "key"));
  bool done = was && strcmp(was, text) == 0;
  json_decref(root);
  return done;
}

/* --------------------------------------------------------------------- grading */

static int write_result(const struct results *r, const char *path, const char *name, uint64_t key)
{
  char text[17];
  key_text(key, text);
  json_t *root = results_json(r);
  if (!root || json_object_set_new(root, "submission", json_text(name)) != 0 ||
      json_object_set_new(root, "key", json_string(text)) != 0) {
    json_decref(root);
    return out_of_memory();
  }
  struct file_out f = {0};
  int status = file_out_open(&f, COMMAND, path);
  if (status == STATUS_DONE) {
    if (json_dumpf(root, f.stream, JSON_INDENT(2)) != 0 || fputc('\n', f.stream) == EOF) {
      file_out_abandon(&f);
      status = host_failed(path);
    } else {
      status = file_out_commit(&f);
    }
  }
  json_decref(root);
  return status;
}

/* The lab again, as it is for this student. */
static int grade_with(const struct class_config *c, uint64_t seed, const char *submission,
                      const char *result, const char *name)
{
  const struct lab *shared = c->each.lab;
  struct lab lab;
  int status = lab_load(&lab, COMMAND, "", shared->folder,
                        shared->hidden_root ? shared->hidden_folder : "none", seed);
  if (status == STATUS_DONE) {
    struct grade_config each = c->each;
    struct results r;
    each.lab = &lab;
    each.seed = seed;
    each.submission = submission;
    uint64_t key = key_of(c, submission, seed);
    status = grade(&each, &r);
    if (status == STATUS_DONE) {
      status = write_result(&r, result, name, key);
    }
    grade_free(&r);
  }
  lab_destroy(&lab);
  return status;
}

static int grade_one(const struct class_config *c, const char *name)
{
  char *submission = path_of(c->submissions, name, ""), *result = path_of(c->results, name, SUFFIX);
  int status = submission && result ? STATUS_DONE : out_of_memory();
  if (status == STATUS_DONE) {
    status = grade_with(c, seed_of(c, name), submission, result, name);
  }
  free(submission);
  free(result);
  return status;
}

static bool in_shard(const struct class_config *c, size_t i)
{
  return c->shards <= 1 || i % c->shards == c->shard - 1;
}

static bool wanted(const struct class_config *c, const char *name)
{
  char *submission = path_of(c->submissions, name, ""), *result = path_of(c->results, name, SUFFIX);
  bool done =
      submission && result && !c->again && is_done(result, key_of(c, submission, seed_of(c, name)));
  free(submission);
  free(result);
  return !done;
}

static void say_progress(size_t done, size_t all)
{
  if (isatty(STDERR_FILENO) == 1) {
    fprintf(stderr, "\r%zu of %zu graded\033[K%s", done, all, done == all ? "\r\033[K" : "");
  }
}

struct crew {
  pid_t *pid;       /* c->jobs of them; 0: free */
  struct pollfd *p; /* for each, and at last for the signals that end us */
  size_t started, ended;
  int status;
};

static void start_one(const struct class_config *c, struct crew *crew, size_t slot,
                      const char *name)
{
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* for which it cleans up */
    _exit(grade_one(c, name));
  }
  if (pid < 0) {
    crew->status = host_failed("a process");
    return;
  }
  crew->started++;
  crew->pid[slot] = pid;
  crew->p[slot] = (struct pollfd){.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
}

/* One that the host failed costs no other its marks; a mistake in the lab is everybody's. */
static void end_one(struct crew *crew, size_t slot, size_t all)
{
  int end = 0;
  while (waitpid(crew->pid[slot], &end, 0) < 0 && errno == EINTR) {
  }
  close(crew->p[slot].fd);
  crew->p[slot].fd = -1;
  crew->pid[slot] = 0;
  crew->ended++;
  say_progress(crew->ended, all);
  int status = WIFEXITED(end) ? WEXITSTATUS(end) : STATUS_OURS;
  if (status != STATUS_DONE && crew->status != STATUS_USAGE) {
    crew->status = status;
  }
}

/* Each in a process of its own, so many at a time. */
static void grade_in_crew(const struct class_config *c, const struct names *n, struct crew *crew)
{
  bool stopped = false;
  for (;;) {
    for (size_t i = 0; i < c->jobs && !stopped && crew->status != STATUS_USAGE; i++) {
      if (crew->pid[i] == 0 && crew->started < n->count) {
        start_one(c, crew, i, n->name[crew->started]);
      }
    }
    if (crew->started == crew->ended) {
      return;
    }
    if (poll(crew->p, c->jobs + (stopped ? 0 : 1), -1) < 0) {
      continue;
    }
    for (size_t i = 0; i < c->jobs; i++) {
      if (crew->pid[i] && crew->p[i].revents) {
        end_one(crew, i, n->count);
      }
    }
    if (!stopped && crew->p[c->jobs].revents) {
      stopped = true;
      crew->status = STATUS_OURS;
      for (size_t i = 0; i < c->jobs; i++) {
        if (crew->pid[i]) {
          kill(crew->pid[i], SIGTERM);
        }
      }
    }
  }
}

static int grade_all(const struct class_config *c, const struct names *n)
{
  struct crew crew = {.pid = calloc(c->jobs, sizeof *crew.pid),
                      .p = calloc(c->jobs + 1, sizeof *crew.p),
                      .status = STATUS_DONE};
  if (!crew.pid || !crew.p) {
    crew.status = out_of_memory();
  } else {
    sigset_t saved;
    for (size_t i = 0; i < c->jobs; i++) {
      crew.p[i].fd = -1;
    }
    fflush(NULL);
    stop_wait(&saved);
    crew.p[c->jobs] = (struct pollfd){.fd = stop_descriptor(), .events = POLLIN};
    grade_in_crew(c, n, &crew);
    close(crew.p[c->jobs].fd);
    stop_come(&saved);
  }
  free(crew.pid);
  free(crew.p);
  return crew.status;
}

/* A link could lead to another's work; names that JSON or the file system cannot tell apart
 * would be one submission. */
static bool gradable(const struct class_config *c, const char *name)
{
  char *path = path_of(c->submissions, name, "");
  struct stat s;
  bool there = path && lstat(path, &s) == 0, link = there && S_ISLNK(s.st_mode);
  bool stray = there && !S_ISDIR(s.st_mode) && c->each.lab->file_count > 1;
  json_t *text = json_string(name);
  const char *why = link                                       ? "it is a symbolic link"
                    : stray                                    ? "it is no folder"
                    : !text                                    ? "its name is no UTF-8"
                    : strlen(name) + sizeof SUFFIX > NAME_ROOM ? "its name is too long"
                                                               : NULL;
  if (why) {
    message_error(COMMAND, "'%s' is not graded: %s", name, why);
  }
  json_decref(text);
  free(path);
  return !why;
}

int class_grade(const struct class_config *c, struct class_counts *counts)
{
  struct names all, missing = {.count = 0};
  *counts = (struct class_counts){0};
  if (mkdir(c->results, 0777) != 0 && errno != EEXIST) {
    return host_failed(c->results);
  }
  int status = names_read(&all, c->submissions, false);
  for (size_t i = 0; status == STATUS_DONE && i < all.count; i++) {
    if (!gradable(c, all.name[i]) || !in_shard(c, i)) {
      continue;
    }
    if (wanted(c, all.name[i])) {
      status = names_add(&missing, all.name[i]) ? STATUS_DONE : out_of_memory();
    } else {
      counts->kept++;
    }
  }
  if (status == STATUS_DONE) {
    status = grade_all(c, &missing);
    counts->graded = missing.count;
  }
  names_free(&all);
  names_free(&missing);
  return status;
}

/* --------------------------------------------------------------------- results */

/* By submission's name. NULL: after a message. */
static json_t *read_results(const char *const *folders, size_t count, int *status)
{
  json_t *all = json_object();
  *status = all ? STATUS_DONE : out_of_memory();
  for (size_t i = 0; *status == STATUS_DONE && i < count; i++) {
    struct names n;
    *status = names_read(&n, folders[i], true);
    for (size_t k = 0; *status == STATUS_DONE && k < n.count; k++) {
      char *path = path_of(folders[i], n.name[k], "");
      json_error_t error;
      json_t *root = path ? json_load_file(path, 0, &error) : NULL;
      const char *name = json_string_value(json_object_get(root, "submission"));
      if (!name) {
        fprintf(stderr, "%s:%d:%d: error: %s\n", path ? path : "", root ? 1 : error.line,
                root ? 1 : error.column,
                root ? "expected the results of a submission" : error.text);
        *status = STATUS_USAGE;
      } else if (json_object_set(all, name, root) != 0) {
        *status = out_of_memory();
      }
      json_decref(root);
      free(path);
    }
    names_free(&n);
  }
  if (*status != STATUS_DONE) {
    json_decref(all);
    return NULL;
  }
  return all;
}

static int number(const json_t *object, const char *key)
{
  return (int)json_integer_value(json_object_get(object, key));
}

static const char *word(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

/* RFC 4180. A name that a spreadsheet would take for a formula gets an apostrophe. */
static void csv(FILE *out, const char *text)
{
  fputc('"', out);
  if (*text && strchr("=+-@\t\r", *text)) {
    fputc('\'', out);
  }
  for (; *text; text++) {
    if (*text == '"') {
      fputc('"', out);
    }
    fputc(*text, out);
  }
  fputc('"', out);
}

static void write_csv(const json_t *all, const struct names *n, FILE *out)
{
  bool headed = false;
  for (size_t i = 0; i < n->count; i++) {
    const json_t *r = json_object_get(all, n->name[i]), *tests = json_object_get(r, "tests");
    if (!headed) {
      fputs("submission,score,points,problem", out);
      for (size_t k = 0; k < json_array_size(tests); k++) {
        fputc(',', out);
        csv(out, word(json_array_get(tests, k), "id"));
      }
      fputs("\r\n", out);
      headed = true;
    }
    csv(out, n->name[i]);
    fprintf(out, ",%d,%d,%s", number(r, "score"), number(r, "points"),
            *word(r, "problem") ? "yes" : "");
    for (size_t k = 0; k < json_array_size(tests); k++) {
      fprintf(out, ",%d", number(json_array_get(tests, k), "score"));
    }
    fputs("\r\n", out);
  }
}

static json_t *summary_json(const json_t *all, const struct names *n)
{
  json_t *list = json_array();
  for (size_t i = 0; i < n->count; i++) {
    const json_t *r = json_object_get(all, n->name[i]);
    json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:b}", "submission", n->name[i], "score",
                                          number(r, "score"), "points", number(r, "points"),
                                          "problem", *word(r, "problem") != '\0'));
  }
  return json_pack("{s:s, s:o}", "schema", "trapeze-grade-all/1", "submissions", list);
}

/* Ten bars, and which tests are failed most. */
static void write_histogram(const json_t *all, const struct names *n, FILE *out)
{
  size_t bar[10] = {0}, most = 1;
  double sum = 0;
  for (size_t i = 0; i < n->count; i++) {
    const json_t *r = json_object_get(all, n->name[i]);
    int points = number(r, "points"), score = number(r, "score");
    size_t b = points == 0 ? 0 : score >= points ? 9 : (size_t)(10 * score / points);
    sum += points ? 100.0 * score / points : 0;
    most = ++bar[b] > most ? bar[b] : most;
  }
  fprintf(out, "%zu submission%s, %.1f %% of the points on average\n\n", n->count,
          n->count == 1 ? "" : "s", n->count ? sum / (double)n->count : 0.0);
  for (unsigned b = 0; b < 10; b++) {
    fprintf(out, "  %3u to %3u %%  %5zu  ", 10 * b, b == 9 ? 100 : 10 * b + 9, bar[b]);
    for (size_t k = 0; k < (bar[b] * 50 + most - 1) / most; k++) {
      fputc('#', out);
    }
    fputc('\n', out);
  }
}

static void write_hardest(const json_t *all, const struct names *n, FILE *out)
{
  const json_t *tests =
      n->count ? json_object_get(json_object_get(all, n->name[0]), "tests") : NULL;
  fputs("\nfailed by\n", out);
  for (size_t k = 0; k < json_array_size(tests); k++) {
    const char *id = word(json_array_get(tests, k), "id");
    size_t failed = 0;
    for (size_t i = 0; i < n->count; i++) {
      const json_t *their = json_object_get(json_object_get(all, n->name[i]), "tests");
      const json_t *t = json_array_get(their, k);
      failed += strcmp(word(t, "id"), id) == 0 && strcmp(word(t, "status"), "passed") != 0;
    }
    if (failed > 0) {
      fprintf(out, "  %5zu  %s\n", failed, id);
    }
  }
}

static int sorted_keys(const json_t *all, struct names *n)
{
  const char *key;
  json_t *value;
  *n = (struct names){.count = 0};
  json_object_foreach((json_t *)all, key, value)
  {
    if (!names_add(n, key)) {
      return out_of_memory();
    }
  }
  if (n->count > 1) {
    qsort(n->name, n->count, sizeof *n->name, by_name);
  }
  return STATUS_DONE;
}

static int write_summary(const json_t *all, const struct names *n, const char *to, bool as_json)
{
  char *path = path_of(to, "summary", as_json ? ".json" : ".csv");
  struct file_out f = {0};
  int status = path ? file_out_open(&f, COMMAND, path) : out_of_memory();
  if (status == STATUS_DONE) {
    bool done = true;
    if (as_json) {
      json_t *root = summary_json(all, n);
      done =
          root && json_dumpf(root, f.stream, JSON_INDENT(2)) == 0 && fputc('\n', f.stream) != EOF;
      json_decref(root);
    } else {
      write_csv(all, n, f.stream);
    }
    if (done) {
      status = file_out_commit(&f);
    } else {
      file_out_abandon(&f);
      status = out_of_memory();
    }
  }
  free(path);
  return status;
}

int class_summarise(const char *const *folders, size_t count, const char *to, FILE *out)
{
  int status;
  json_t *all = read_results(folders, count, &status);
  struct names n = {.count = 0};
  if (all) {
    status = sorted_keys(all, &n);
  }
  for (unsigned i = 0; status == STATUS_DONE && i < 2; i++) {
    status = write_summary(all, &n, to, i == 1);
  }
  if (status == STATUS_DONE) {
    write_histogram(all, &n, out);
    write_hardest(all, &n, out);
  }
  names_free(&n);
  json_decref(all);
  return status;
}

/* ------------------------------------------------------------------- comparing */

/* Tests whose status is another, as "timer: passed, was failed". */
static bool diff_tests(const char *name, const json_t *was, const json_t *is, FILE *out)
{
  bool changed = false;
  size_t i;
  json_t *t;
  json_array_foreach(json_object_get(is, "tests"), i, t)
  {
    size_t k;
    json_t *other;
    json_array_foreach(json_object_get(was, "tests"), k, other)
    {
      if (strcmp(word(t, "id"), word(other, "id")) == 0 &&
          strcmp(word(t, "status"), word(other, "status")) != 0) {
        fprintf(out, "%s: %s: %s, was %s\n", name, word(t, "id"), word(t, "status"),
                word(other, "status"));
        changed = true;
      }
    }
  }
  if (number(was, "score") != number(is, "score")) {
    fprintf(out, "%s: %d points, were %d\n", name, number(is, "score"), number(was, "score"));
    changed = true;
  }
  return changed;
}

static bool is_empty(const json_t *all, const char *folder)
{
  bool empty = json_object_size(all) == 0;
  if (empty) {
    message_error(COMMAND, "%s: no results in there: expected what `trapeze grade-all -o` wrote",
                  folder);
  }
  return empty;
}

int class_diff(const char *before, const char *after, FILE *out, bool *changed)
{
  int status;
  json_t *was = read_results(&before, 1, &status);
  json_t *is = was ? read_results(&after, 1, &status) : NULL;
  struct names n = {.count = 0}, gone = {.count = 0};
  *changed = false;
  if (is && (is_empty(was, before) || is_empty(is, after))) {
    status = STATUS_USAGE;
  } else if (is && (status = sorted_keys(is, &n)) == STATUS_DONE &&
             (status = sorted_keys(was, &gone)) == STATUS_DONE) {
    for (size_t i = 0; i < n.count; i++) {
      const json_t *old = json_object_get(was, n.name[i]);
      if (!old) {
        fprintf(out, "%s: new\n", n.name[i]);
        *changed = true;
      } else {
        *changed |= diff_tests(n.name[i], old, json_object_get(is, n.name[i]), out);
      }
    }
    for (size_t i = 0; i < gone.count; i++) {
      if (!json_object_get(is, gone.name[i])) {
        fprintf(out, "%s: no longer there\n", gone.name[i]);
        *changed = true;
      }
    }
  }
  names_free(&n);
  names_free(&gone);
  json_decref(was);
  json_decref(is);
  return status;
}
