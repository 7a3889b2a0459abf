/* "escape": a submitted guest breaks out of its virtual machine where the VMM has a hole, and not
 * where it has none. "catches": a submitted test, a guest and what it should come to, which
 * every sound VMM passes and the one with the hole does not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/flaws.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/common/session.h"
#include "tools/common/setup.h"
#include "tools/common/stack.h"
#include "tools/common/text.h"
#include "tools/grade/tenants.h"

#define TICKS_USUAL  1000000u
#define WORLDS_USUAL 2u
#define PROGRAM_MAX  (1u << 20)
#define PRINTS_MAX   200u
#define NO_SHARE     100u

enum goal { GOAL_READ, GOAL_WRITE, GOAL_STARVE };
static const char *const goals[] = {"read", "write", "starve"};
static const char *const goal_words[] = {
    "it prints the secret of another, eight hexadecimal digits and a newline, and nothing else",
    "it changes what another holds, or what nobody may write",
    "it has half as much again as its part of the processor's time",
};

struct escape {
  const struct check_run *run;
  const char *name; /* of the submitted file */
  const char *flaw, *kernel_name, *other_name;
  uint64_t worlds;
  enum goal goal;
  struct setup setup;
  struct tenants_spec spec;
  struct image *guest;
  struct program kernel, other;
  char *text; /* of the outcome */

  /* What the test's own lines say that it comes to. */
  char prints[PRINTS_MAX];
  bool has_prints;
  unsigned share; /* percent at most */
};

/* ------------------------------------------------------------------ the lab's file */

static bool choose(struct escape *e, const char *key, const char *const *names, unsigned count,
                   unsigned *chosen)
{
  const char *value = NULL;
  if (!lab_string(e->run->lab, e->run->test, key, &value)) {
    return false;
  }
  for (unsigned i = 0; value && i < count; i++) {
    if (strcmp(names[i], value) == 0) {
      *chosen = i;
      return true;
    }
  }
  return !value;
}

static bool read_spec(struct escape *e)
{
  const struct lab *lab = e->run->lab;
  const struct lab_test *t = e->run->test;
  struct vmm_modules flawed;
  unsigned technique = VMM_TECHNIQUE_TRAP_AND_EMULATE, goal = GOAL_READ;
  e->worlds = WORLDS_USUAL;
  e->spec.ticks = TICKS_USUAL;
  if (!lab_string(lab, t, "program", &e->name) || !lab_string(lab, t, "flaw", &e->flaw) ||
      !lab_string(lab, t, "kernel", &e->kernel_name) ||
      !lab_string(lab, t, "others", &e->other_name) || !lab_string(lab, t, "io", &e->setup.io) ||
      !lab_count(lab, t, "ticks", &e->spec.ticks) || !lab_count(lab, t, "worlds", &e->worlds)) {
    return false;
  }
  if (!e->name || !e->other_name || !e->flaw || !flaws_plant(e->flaw, &flawed) ||
      !choose(e, "technique", vmm_technique_names, VMM_TECHNIQUES, &technique) ||
      !choose(e, "goal", goals, sizeof goals / sizeof *goals, &goal)) {
    check_lab_is_wrong(e->run, "a \"program\", \"others\", a \"flaw\" that there is, and what of "
                               "\"technique\" and \"goal\" is there to be one");
    return false;
  }
  e->spec.technique = (enum vmm_technique)technique;
  e->goal = (enum goal)goal;
  return true;
}

static bool load_program(struct escape *e, const char *name, struct program *p)
{
  char *path = lab_path(e->run->test, name);
  bool done = path && program_load("grade", path, p) == STATUS_DONE;
  free(path);
  return done;
}

static bool load_lab(struct escape *e)
{
  if (!read_spec(e) || !load_program(e, e->other_name, &e->other) ||
      (e->kernel_name && !load_program(e, e->kernel_name, &e->kernel)) ||
      setup_load_profile(&e->setup) != STATUS_DONE) {
    return false;
  }
  e->spec.profile = e->setup.profile;
  e->spec.other = e->other.image;
  e->spec.kernel = e->kernel_name ? e->kernel.image : NULL;
  return true;
}

/* ----------------------------------------------------------------- the submission */

/* e->guest, or why there is none in e->text. */
static void load_guest(struct escape *e)
{
  const char *problem = workshop_problem(e->run->workshop, e->name);
  char *path = workshop_guest(e->run->workshop, e->name), *said = NULL;
  uint32_t room = e->kernel_name ? TENANTS_USER_SIZE : TENANTS_STORAGE;
  uint8_t *bytes = NULL;
  size_t len, said_len;
  FILE *errors = open_memstream(&said, &said_len);
  if (!problem && path && errors &&
      file_read("grade", path, PROGRAM_MAX, &bytes, &len) == STATUS_DONE) {
    e->guest = image_parse(e->name, bytes, len, errors);
    if (e->guest && image_extent(e->guest) > room) {
      fprintf(errors,
              "it needs storage up to 0x%08" PRIx32 ", and there is up to 0x%08" PRIx32 "\n",
              image_extent(e->guest), room);
      image_destroy(e->guest);
      e->guest = NULL;
    }
  }
  if (errors) {
    fclose(errors);
  }
  if (!e->guest && asprintf(&e->text, "expected  a program that can be loaded\nactual    %s",
                            problem ? problem : said) < 0) {
    e->text = NULL;
  }
  e->spec.guest = e->guest;
  free(said);
  free(bytes);
  free(path);
}

/* The lines `# prints: TEXT`, one for each line of output, and `# share: N`. */
static void read_statement(struct escape *e, const char *line)
{
  size_t used = strlen(e->prints);
  unsigned share;
  if (strncmp(line, "# prints: ", 10) == 0) {
    snprintf(e->prints + used, sizeof e->prints - used, "%s\n", line + 10);
    e->has_prints = true;
  } else if (sscanf(line, "# share: %u", &share) == 1 && share < NO_SHARE) {
    e->share = share;
  }
}

static bool read_statements(struct escape *e)
{
  char *path = workshop_file(e->run->workshop, e->name), *next;
  uint8_t *bytes = NULL;
  size_t len = 0;
  e->share = NO_SHARE;
  bool done = path && file_read("grade", path, PROGRAM_MAX, &bytes, &len) == STATUS_DONE;
  char *text = done ? strndup((char *)bytes, len) : NULL;
  for (char *line = text ? strtok_r(text, "\r\n", &next) : NULL; line;
       line = strtok_r(NULL, "\r\n", &next)) {
    read_statement(e, line);
  }
  free(text);
  free(bytes);
  free(path);
  return done;
}

/* -------------------------------------------------------------------- what was found */

static uint64_t world_seed(const struct escape *e, uint64_t world)
{
  uint64_t sum = 1469598103934665603u;
  for (const char *c = e->run->test->id; *c; c++) {
    sum = (sum ^ (uint8_t)*c) * 1099511628211u;
  }
  return sum + e->run->seed * 1000003u + world;
}

static bool prints_secret(const struct tenants_end *end)
{
  char secret[16];
  int len = snprintf(secret, sizeof secret, "%08" PRIx32 "\n", end->secret);
  return end->len == (size_t)len && memcmp(end->printed, secret, end->len) == 0;
}

static bool reached(const struct escape *e, const struct tenants_end *end)
{
  switch (e->goal) {
  case GOAL_READ:
    return prints_secret(end);
  case GOAL_WRITE:
    return end->changed;
  case GOAL_STARVE:
    return 2 * end->percent > 3 * 100 / (TENANTS_OTHERS + 1);
  }
  return false;
}

/* As its lines say. A last newline is of no matter. */
static bool as_stated(const struct escape *e, const struct tenants_end *end)
{
  size_t want = strlen(e->prints), got = end->len;
  if (got + 1 == want && e->prints[want - 1] == '\n') {
    want--;
  }
  return end->percent <= e->share &&
         (!e->has_prints || (want == got && memcmp(e->prints, end->printed, got) == 0));
}

static void print_end(FILE *out, const struct tenants_end *end, bool bare)
{
  char quoted[400];
  size_t shown = end->len > 80 ? 80 : end->len;
  fprintf(out, "it printed \"%s\"%s, and %s",
          text_quote(quoted, sizeof quoted, end->printed, shown), end->len > shown ? "…" : "",
          end->why == MACHINE_LIMIT ? "ran to the tick limit" : session_why(end->why));
  if (!bare) {
    fprintf(out, "; %s was changed; it had %u %% of the processor",
            end->changed ? "another's storage or disk" : "nothing of another's", end->percent);
  }
  fputc('\n', out);
}

static void explain(struct escape *e, const char *vmm, const char *expected,
                    const struct tenants_end *end, uint64_t world)
{
  size_t len;
  FILE *out = open_memstream(&e->text, &len);
  if (!out) {
    e->text = NULL;
    return;
  }
  fprintf(out, "input     %s on %s, seed %" PRIu64 ", world %" PRIu64 "\nexpected  %s\nactual    ",
          e->name, vmm, e->run->seed, world, expected);
  print_end(out, end, e->spec.bare);
  fclose(out);
}

/* ------------------------------------------------------------------------ the checks */

/* Draws a world and runs in it. False: the host failed, which is said. */
static bool run_in(struct escape *e, uint64_t world, const char *flaw, struct tenants_end *end)
{
  const char *reason;
  e->spec.random = world_seed(e, world);
  e->spec.flaw = flaw;
  if (e->spec.quantum == 0) {
    e->spec.quantum = VMM_QUANTUM;
  }
  if (!tenants_run(&e->spec, end, &reason)) {
    message_error("grade", "%s", reason);
    return false;
  }
  return true;
}

static struct check_outcome host_failed(void)
{
  return check_fail(CHECK_HOST, NULL);
}

static struct check_outcome passed_unless_told(struct escape *e)
{
  return e->text ? check_fail(CHECK_FAILED, e->text)
                 : (struct check_outcome){.verdict = CHECK_PASSED};
}

static struct check_outcome try_escape(struct escape *e)
{
  char flawed[100];
  struct tenants_end end;
  snprintf(flawed, sizeof flawed, "the VMM with flaw \"%s\"", e->flaw);
  for (uint64_t world = 1; !e->text && world <= e->worlds; world++) {
    if (!run_in(e, world, e->flaw, &end)) {
      return host_failed();
    }
    if (!reached(e, &end)) {
      explain(e, flawed, goal_words[e->goal], &end, world);
    }
    free(end.printed);
    if (!e->text && !run_in(e, world, NULL, &end)) {
      return host_failed();
    }
    if (!e->text) {
      if (reached(e, &end)) {
        explain(e, "a sound VMM", "it stays inside: no hole was used", &end, world);
      }
      free(end.printed);
    }
  }
  return passed_unless_told(e);
}

/* A sound VMM, by its name in "sound". False: there is none of that name. */
static bool prepare(struct escape *e, const char *sound, enum vmm_technique technique)
{
  unsigned chosen = VMM_TECHNIQUES;
  e->spec.bare = strcmp(sound, "bare") == 0;
  e->spec.quantum = strcmp(sound, "quick") == 0 ? VMM_QUANTUM / 5 : VMM_QUANTUM;
  e->spec.technique = technique;
  for (unsigned i = 0; i < VMM_TECHNIQUES; i++) {
    if (strcmp(vmm_technique_names[i], sound) == 0) {
      chosen = i;
      e->spec.technique = (enum vmm_technique)i;
    }
  }
  return e->spec.bare || chosen < VMM_TECHNIQUES || strcmp(sound, "quick") == 0 ||
         strcmp(sound, "usual") == 0;
}

static void print_sound(const struct escape *e, char *text, size_t size)
{
  if (e->spec.bare) {
    snprintf(text, size, "a bare machine");
  } else {
    snprintf(text, size, "a sound VMM (technique %s, quantum %" PRIu32 ")",
             vmm_technique_names[e->spec.technique], e->spec.quantum);
  }
}

static struct check_outcome try_catch(struct escape *e)
{
  const json_t *sounds = json_object_get(e->run->test->spec, "sound");
  enum vmm_technique technique = e->spec.technique;
  struct tenants_end end;
  char vmm[120];
  for (size_t i = 0; !e->text && i < json_array_size(sounds); i++) {
    const char *sound = json_string_value(json_array_get(sounds, i));
    if (!sound || !prepare(e, sound, technique)) {
      return check_lab_is_wrong(e->run, "\"sound\": of usual, quick, bare and the techniques");
    }
    if (!run_in(e, i + 1, NULL, &end)) {
      return host_failed();
    }
    if (!as_stated(e, &end)) {
      print_sound(e, vmm, sizeof vmm);
      explain(e, vmm, "what the lines \"# prints:\" and \"# share:\" of the test say", &end, i + 1);
    }
    free(end.printed);
  }
  prepare(e, "usual", technique);
  for (uint64_t world = 1; !e->text && world <= e->worlds; world++) {
    if (!run_in(e, world, e->flaw, &end)) {
      return host_failed();
    }
    if (as_stated(e, &end)) {
      snprintf(vmm, sizeof vmm, "the VMM with flaw \"%s\"", e->flaw);
      explain(e, vmm,
              "something else than the lines \"# prints:\" and \"# share:\" of the test say", &end,
              world);
    }
    free(end.printed);
  }
  return passed_unless_told(e);
}

static struct check_outcome check(const struct check_run *run,
                                  struct check_outcome (*try)(struct escape *e), bool statements)
{
  struct escape e = {.run = run};
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  setup_init(&e.setup, "grade");
  if (load_lab(&e)) {
    load_guest(&e);
    if (e.guest && statements && !read_statements(&e)) {
      outcome = host_failed();
    } else if (e.guest && statements && !e.has_prints && e.share == NO_SHARE) {
      outcome = check_fail(CHECK_FAILED,
                           strdup("expected  a line \"# prints: …\" or \"# share: …\" in the test\n"
                                  "actual    none: it says nothing of what it should come to\n"));
    } else {
      outcome = e.guest ? try(&e) : check_fail(CHECK_FAILED, e.text);
    }
  }
  if (e.guest) {
    image_destroy(e.guest);
  }
  program_destroy(&e.kernel);
  program_destroy(&e.other);
  setup_destroy(&e.setup);
  return outcome;
}

struct check_outcome check_escape(const struct check_run *run)
{
  return check(run, try_escape, false);
}

struct check_outcome check_catches(const struct check_run *run)
{
  return check(run, try_catch, true);
}
