/* See guest.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/common/session.h"
#include "tools/common/text.h"
#include "tools/grade/guest.h"

#define TICKS_USUAL 1000000u
#define QUOTED      400u
#define PROGRAM_MAX (128u << 20)

void guest_lab_is_wrong(const struct guest *g, const char *expected)
{
  check_lab_is_wrong(g->run, expected);
}

static bool read_spec(struct guest *g)
{
  const struct check_run *run = g->run;
  struct setup *s = &g->setup;
  uint64_t storage = s->storage;
  const char *input = NULL;
  g->program = run->lab->files[0].name;
  s->ticks = TICKS_USUAL;
  s->disk = "64";
  if (!lab_string(run->lab, run->test, "program", &g->program) ||
      !lab_string(run->lab, run->test, "profile", &s->profile_name) ||
      !lab_string(run->lab, run->test, "input", &input) ||
      !lab_string(run->lab, run->test, "disk", &s->disk) ||
      !lab_count(run->lab, run->test, "storage_size", &storage) ||
      !lab_count(run->lab, run->test, "rate", &s->rate) ||
      !lab_count(run->lab, run->test, "ticks", &s->ticks)) {
    return false;
  }
  s->storage = (uint32_t)storage;
  g->input_path = input ? workshop_lab_file(run->workshop, run->test, input) : NULL;
  s->input = g->input_path;
  g->profile_path = s->profile_name && strchr(s->profile_name, '/')
                        ? workshop_lab_file(run->workshop, run->test, s->profile_name)
                        : NULL;
  s->profile_name = g->profile_path ? g->profile_path : s->profile_name;
  return true;
}

static void release_machine(struct guest *g)
{
  if (g->machine) {
    machine_destroy(g->machine);
  }
  if (g->disk) {
    disk_store_destroy(g->disk);
  }
  g->machine = NULL;
  g->disk = NULL;
}

bool guest_reset(struct guest *g)
{
  release_machine(g);
  const char *reason = "out of memory";
  bool readonly;
  if (setup_open_disk(&g->setup, false, &g->disk, &readonly) != STATUS_DONE) {
    return false;
  }
  struct machine_config config = {.profile = g->setup.profile,
                                  .storage = g->setup.storage,
                                  .disk = g->disk,
                                  .engine = MACHINE_ENGINE_FAST};
  g->machine = machine_create(&config, &reason);
  if (!g->machine) {
    message_error("grade", "%s", reason);
    return false;
  }
  if (!image_load(g->setup.program.image, g->machine, stderr)) {
    return false;
  }
  inputlog_feed(&g->setup.log, g->machine);
  return true;
}

/* The assembler makes programs of an empty source, too, and of one that fits no machine. */
static bool loadable(struct guest *g)
{
  uint8_t *bytes = NULL;
  size_t len, said;
  FILE *errors = open_memstream(&g->refused, &said);
  if (!errors || file_read("grade", g->path, PROGRAM_MAX, &bytes, &len) != STATUS_DONE) {
    if (errors) {
      fclose(errors);
    }
    return false;
  }
  struct image *image = image_parse(g->program, bytes, len, errors);
  bool fits = image && image_extent(image) <= g->setup.storage;
  if (image && !fits) {
    fprintf(errors, "it needs storage up to 0x%08llx, and there is up to 0x%08llx\n",
            (unsigned long long)image_extent(image), (unsigned long long)g->setup.storage);
  }
  image_destroy(image);
  fclose(errors);
  free(bytes);
  if (fits) {
    free(g->refused);
    g->refused = NULL;
  }
  return fits;
}

struct check_outcome guest_not_loaded(struct guest *g)
{
  char *text = NULL;
  if (!g->refused || !*g->refused) {
    return check_fail(CHECK_LAB, NULL);
  }
  if (asprintf(&text, "expected  a program that can be loaded\nactual    %s", g->refused) < 0) {
    text = NULL;
  }
  return check_fail(CHECK_FAILED, text);
}

bool guest_load(struct guest *g, const char *path)
{
  setup_init(&g->setup, "grade");
  if (!read_spec(g)) {
    return false;
  }
  const char *problem = path ? NULL : workshop_problem(g->run->workshop, g->program);
  if (problem) {
    g->refused = strdup(problem);
    return false;
  }
  g->path = path ? strdup(path) : workshop_guest(g->run->workshop, g->program);
  return g->path && (path || loadable(g)) && setup_load(&g->setup, g->path) == STATUS_DONE &&
         guest_reset(g);
}

void guest_unload(struct guest *g)
{
  release_machine(g);
  setup_destroy(&g->setup);
  free(g->path);
  free(g->input_path);
  free(g->profile_path);
  free(g->refused);
}

/* To its end, or the limit. */
struct machine_stop guest_run(struct guest *g, uint64_t until)
{
  struct machine *m = g->machine;
  for (;;) {
    struct machine_stop stop = machine_run(m, until);
    if (stop.why != MACHINE_TRAP) {
      return stop;
    }
    machine_deliver(m, &stop.trap);
  }
}

const char *guest_end_name(const struct machine_stop *stop)
{
  return stop->why == MACHINE_LIMIT ? "ran to the tick limit" : session_why(stop->why);
}

/* ----------------------------------------------------------------------- output */

static char *quoted(const uint8_t *bytes, size_t len, size_t from)
{
  char *text = malloc(QUOTED);
  size_t shown = len > from ? len - from : 0;
  return text ? text_quote(text, QUOTED, bytes + (shown ? from : 0), shown > 80 ? 80 : shown)
              : NULL;
}

/* Where they part, from the line's beginning. */
char *guest_output_differs(const struct guest *g, const uint8_t *want, size_t want_len,
                           const uint8_t *got, size_t got_len)
{
  size_t at = 0, line = 0;
  unsigned number = 1;
  while (at < want_len && at < got_len && want[at] == got[at]) {
    if (want[at++] == '\n') {
      line = at;
      number++;
    }
  }
  char *expected = quoted(want, want_len, line), *actual = quoted(got, got_len, line);
  char *text = NULL, look[300];
  snprintf(look, sizeof look, "build/trapeze run %s -p %s", g->program,
           profile_name(g->setup.profile));
  if (asprintf(&text,
               "input     %s, output line %u\nexpected  \"%s\"\nactual    \"%s\"\nlook      %s\n",
               g->setup.input ? "a console session" : "none", number, expected ? expected : "",
               actual ? actual : "", g->look ? g->look : look) < 0) {
    text = NULL;
  }
  free(expected);
  free(actual);
  return text;
}
