/* The checks of labs in which students write guest programs. The judge owns the machine; a
 * submission is what it executes.
 *
 * "output": it runs, with console input or without, and what it prints and how it ends are
 * compared. "call": one of its functions is called, with registers and storage set by the
 * judge and looked at by the judge, so that only the right answer is one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/session.h"
#include "tools/common/setup.h"
#include "tools/common/text.h"
#include "tools/grade/check.h"

#define TICKS_USUAL  1000000u
#define EXPECTED_MAX (1u << 20)
#define QUOTED       400u
/* Where a called function returns to, and its stack ends: near the top of storage. */
#define CALL_ROOM 4096u

struct guest {
  const struct check_run *run;
  struct setup setup;
  const char *program; /* as the student knows it */
  char *path, *input_path;
  struct machine *machine;
  struct disk_store *disk;
};

static void wrong(const struct guest *g, const char *expected)
{
  fprintf(stderr, "%s: error: %s: expected %s\n", g->run->test->folder, g->run->test->id, expected);
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
      !lab_count(run->lab, run->test, "storage", &storage) ||
      !lab_count(run->lab, run->test, "rate", &s->rate) ||
      !lab_count(run->lab, run->test, "ticks", &s->ticks)) {
    return false;
  }
  s->storage = (uint32_t)storage;
  g->input_path = input ? lab_path(run->test, input) : NULL;
  s->input = g->input_path;
  return true;
}

static bool make_machine(struct guest *g)
{
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
    fprintf(stderr, "trapeze grade: error: %s\n", reason);
    return false;
  }
  if (!image_load(g->setup.program.image, g->machine, stderr)) {
    return false;
  }
  inputlog_feed(&g->setup.log, g->machine);
  return true;
}

static bool load(struct guest *g)
{
  if (!read_spec(g)) {
    return false;
  }
  g->path = workshop_guest(g->run->workshop, g->program);
  return g->path && setup_load(&g->setup, g->path) == STATUS_DONE && make_machine(g);
}

static void unload(struct guest *g)
{
  if (g->machine) {
    machine_destroy(g->machine);
  }
  if (g->disk) {
    disk_store_destroy(g->disk);
  }
  setup_destroy(&g->setup);
  free(g->path);
  free(g->input_path);
}

/* To its end, or the limit. */
static struct machine_stop run_on(struct machine *m, uint64_t until)
{
  for (;;) {
    struct machine_stop stop = machine_run(m, until);
    if (stop.why != MACHINE_TRAP) {
      return stop;
    }
    machine_deliver(m, &stop.trap);
  }
}

static const char *end_name(const struct machine_stop *stop)
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
static char *output_differs(const struct guest *g, const uint8_t *want, size_t want_len,
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
  char *text = NULL;
  if (asprintf(&text,
               "input     %s, output line %u\nexpected  \"%s\"\nactual    \"%s\"\nlook      "
               "build/trapeze run %s -p %s\n",
               g->setup.input ? "a console session" : "none", number, expected ? expected : "",
               actual ? actual : "", g->program, profile_name(g->setup.profile)) < 0) {
    text = NULL;
  }
  free(expected);
  free(actual);
  return text;
}

static char *end_differs(const struct guest *g, const char *end, const struct machine_stop *stop)
{
  char *text = NULL;
  char place[100];
  uint32_t pc = machine_get_pc(g->machine);
  if (asprintf(&text, "expected  the program %s\nactual    at tick %" PRIu64 " it %s, at %s\n", end,
               machine_tick(g->machine), end_name(stop),
               program_place(g->setup.program.image, pc, place, sizeof place)) < 0) {
    text = NULL;
  }
  return text;
}

static struct check_outcome compare_output(struct guest *g, const char *end, const uint8_t *want,
                                           size_t want_len)
{
  struct machine_stop stop = run_on(g->machine, g->setup.ticks);
  size_t got_len;
  const uint8_t *got = machine_console_output(g->machine, &got_len);
  if (stop.why == MACHINE_HOST_ERROR) {
    fprintf(stderr, "trapeze grade: error: %s\n", stop.reason);
    return check_fail(CHECK_HOST, NULL);
  }
  if (want && (want_len != got_len || memcmp(want, got, got_len) != 0)) {
    return check_fail(CHECK_FAILED, output_differs(g, want, want_len, got, got_len));
  }
  return strcmp(end, end_name(&stop)) == 0 ? (struct check_outcome){.verdict = CHECK_PASSED}
                                           : check_fail(CHECK_FAILED, end_differs(g, end, &stop));
}

struct check_outcome check_output(const struct check_run *run)
{
  struct guest g = {.run = run};
  const char *expected = NULL, *end = session_why(MACHINE_HALTED);
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  setup_init(&g.setup, "grade");
  if (load(&g) && lab_string(run->lab, run->test, "expected", &expected) &&
      lab_string(run->lab, run->test, "end", &end)) {
    uint8_t *want = NULL;
    size_t want_len = 0;
    char *path = expected ? lab_path(run->test, expected) : NULL;
    if (!path || file_read("grade", path, EXPECTED_MAX, &want, &want_len) == STATUS_DONE) {
      outcome = compare_output(&g, end, want, want_len);
    }
    free(want);
    free(path);
  }
  unload(&g);
  return outcome;
}

/* ------------------------------------------------------------------------- call */

static bool register_by_name(const char *name, unsigned *reg)
{
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    if (strcmp(isa_reg_name(i), name) == 0) {
      *reg = i;
      return true;
    }
  }
  return false;
}

static bool number_of(const json_t *v, uint32_t *n)
{
  *n = (uint32_t)json_integer_value(v);
  return json_is_integer(v);
}

/* Storage by address, each with a text (and a zero byte) or an array of words. */
static bool fill_storage(struct machine *m, const json_t *places)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)places, key, value)
  {
    uint32_t at = (uint32_t)strtoul(key, NULL, 0);
    if (json_is_string(value)) {
      if (!machine_phys_write(m, gpa(at), json_string_value(value),
                              (uint32_t)json_string_length(value) + 1)) {
        return false;
      }
      continue;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
      uint32_t word;
      if (!number_of(json_array_get(value, i), &word) ||
          !machine_phys_write_word(m, gpa(at + 4 * (uint32_t)i), word)) {
        return false;
      }
    }
  }
  return true;
}

static bool set_registers(struct machine *m, const json_t *regs)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)regs, key, value)
  {
    unsigned reg;
    uint32_t n;
    if (!register_by_name(key, &reg) || !number_of(value, &n)) {
      return false;
    }
    machine_set_reg(m, reg, n);
  }
  return true;
}

static char *wrong_register(const struct guest *g, const json_t *want, const char *function)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)want, key, value)
  {
    unsigned reg;
    uint32_t n;
    char *text = NULL;
    if (!register_by_name(key, &reg) || !number_of(value, &n)) {
      continue;
    }
    uint32_t is = machine_get_reg(g->machine, reg);
    if (is != n && asprintf(&text,
                            "expected  %s returns with %s = %" PRId32 " (0x%08" PRIx32
                            ")\nactual    %s = %" PRId32 " (0x%08" PRIx32 ")\n",
                            function, key, (int32_t)n, n, key, (int32_t)is, is) >= 0) {
      return text;
    }
  }
  return NULL;
}

static char *wrong_storage(const struct guest *g, const json_t *places)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)places, key, value)
  {
    uint32_t at = (uint32_t)strtoul(key, NULL, 0);
    for (size_t i = 0; i < json_array_size(value); i++) {
      uint32_t word = 0, n = (uint32_t)json_integer_value(json_array_get(value, i));
      char *text = NULL;
      machine_phys_read_word(g->machine, gpa(at + 4 * (uint32_t)i), &word);
      if (word != n && asprintf(&text,
                                "expected  the word at 0x%08" PRIx32 " is 0x%08" PRIx32
                                "\nactual    it is 0x%08" PRIx32 "\n",
                                at + 4 * (uint32_t)i, n, word) >= 0) {
        return text;
      }
    }
  }
  return NULL;
}

/* It returns by jumping to where only the judge sent it. Registers that a function must keep
 * are checked like results. */
static struct check_outcome call(struct guest *g, const char *function)
{
  const json_t *spec = g->run->test->spec;
  struct machine *m = g->machine;
  uint32_t at, back = g->setup.storage - CALL_ROOM;
  char *text = NULL;
  if (!image_find_symbol(g->setup.program.image, function, &at)) {
    if (asprintf(&text, "expected  a function '%s'\nactual    there is no such label in %s\n",
                 function, g->program) < 0) {
      text = NULL;
    }
    return check_fail(CHECK_FAILED, text);
  }
  machine_set_reg(m, REG_SP, back);
  if (!set_registers(m, json_object_get(spec, "registers")) ||
      !fill_storage(m, json_object_get(spec, "storage_before"))) {
    wrong(g, "\"registers\" by name and \"storage_before\" by address, texts or arrays of words");
    return check_fail(CHECK_LAB, NULL);
  }
  machine_set_reg(m, REG_RA, back);
  machine_set_pc(m, at);
  while (machine_get_pc(m) != back) {
    struct machine_stop stop = machine_run(m, machine_tick(m) + 1);
    if (stop.why != MACHINE_LIMIT || machine_tick(m) >= g->setup.ticks) {
      char place[100];
      const char *how =
          stop.why == MACHINE_TRAP ? isa_cause_info(stop.trap.cause)->summary : end_name(&stop);
      if (asprintf(&text, "expected  %s returns\nactual    %s, at %s\n", function, how,
                   program_place(g->setup.program.image, machine_get_pc(m), place, sizeof place)) <
          0) {
        text = NULL;
      }
      return check_fail(CHECK_FAILED, text);
    }
  }
  text = wrong_register(g, json_object_get(spec, "returns"), function);
  if (!text) {
    text = wrong_storage(g, json_object_get(spec, "storage_after"));
  }
  return text ? check_fail(CHECK_FAILED, text) : (struct check_outcome){.verdict = CHECK_PASSED};
}

struct check_outcome check_call(const struct check_run *run)
{
  struct guest g = {.run = run};
  const char *function = NULL;
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  setup_init(&g.setup, "grade");
  if (load(&g) && lab_string(run->lab, run->test, "function", &function)) {
    if (function) {
      outcome = call(&g, function);
    } else {
      wrong(&g, "a \"function\"");
    }
  }
  unload(&g);
  return outcome;
}
