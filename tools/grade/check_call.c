/* "call": functions of a submitted program are called. The judge sets registers and storage and
 * looks at them afterwards, so that only the right answer is one; a function must leave the
 * registers alone that belong to its caller.
 *
 * The cases are in the lab's file, or they are drawn from the seed, and then what is right is
 * what the lab's solution does with the same arguments.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/grade/guest.h"

/* Where a called function returns to, and its stack ends: near the top of storage. */
#define CALL_ROOM 4096u
/* Drawn arrays and texts: each in a place of its own. */
#define DRAWN_START 0x20000u
#define DRAWN_EACH  0x1000u
#define DRAWN_MAX   6u
#define WORDS_MAX   40u

static const enum isa_reg kept[] = {REG_SP, REG_GP, REG_TP, REG_S0, REG_S1};

static char *sentence(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *sentence(const char *format, ...)
{
  va_list args;
  char *text = NULL;
  va_start(args, format);
  if (vasprintf(&text, format, args) < 0) {
    text = NULL;
  }
  va_end(args);
  return text;
}

/* ------------------------------------------------------------------------- before */

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

/* Storage by address, each with a text (and a zero byte) or an array of words. */
static bool fill_storage(struct machine *m, const json_t *places)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)places, key, value)
  {
    uint32_t at = (uint32_t)strtoul(key, NULL, 0);
    if (json_is_string(value) && !machine_phys_write(m, gpa(at), json_string_value(value),
                                                     (uint32_t)json_string_length(value) + 1)) {
      return false;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
      uint32_t word = (uint32_t)json_integer_value(json_array_get(value, i));
      if (!machine_phys_write_word(m, gpa(at + 4 * (uint32_t)i), word)) {
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
    if (!register_by_name(key, &reg) || !json_is_integer(value)) {
      return false;
    }
    machine_set_reg(m, reg, (uint32_t)json_integer_value(value));
  }
  return true;
}

/* -------------------------------------------------------------------------- after */

static char *wrong_register(const struct guest *g, const json_t *want, const char *function)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)want, key, value)
  {
    unsigned reg;
    uint32_t n = (uint32_t)json_integer_value(value);
    uint32_t is = register_by_name(key, &reg) ? machine_get_reg(g->machine, reg) : n;
    if (is != n) {
      return sentence("expected  %s returns with %s = %" PRId32 " (0x%08" PRIx32
                      ")\nactual    %s = %" PRId32 " (0x%08" PRIx32 ")\n",
                      function, key, (int32_t)n, n, key, (int32_t)is, is);
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
    for (size_t i = 0; i < json_array_size(value); i++, at += 4) {
      uint32_t word = 0, n = (uint32_t)json_integer_value(json_array_get(value, i));
      machine_phys_read_word(g->machine, gpa(at), &word);
      if (word != n) {
        return sentence("expected  the word at 0x%08" PRIx32 " is 0x%08" PRIx32
                        "\nactual    it is 0x%08" PRIx32 "\n",
                        at, n, word);
      }
    }
  }
  return NULL;
}

static char *wrong_output(const struct guest *g, const char *want)
{
  size_t len;
  const uint8_t *got = machine_console_output(g->machine, &len);
  return want && (len != strlen(want) || memcmp(want, got, len) != 0)
             ? guest_output_differs(g, (const uint8_t *)want, strlen(want), got, len)
             : NULL;
}

static uint32_t keepsake(unsigned i, const struct guest *g)
{
  return kept[i] == REG_SP ? g->setup.storage - CALL_ROOM : 0x5afe0000u + i;
}

static char *not_kept(const struct guest *g, const char *function)
{
  for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++) {
    uint32_t is = machine_get_reg(g->machine, kept[i]), was = keepsake(i, g);
    if (is != was) {
      return sentence("expected  %s leaves %s as it found it, 0x%08" PRIx32
                      "\nactual    it returns with %s = 0x%08" PRIx32 "\n",
                      function, isa_reg_name(kept[i]), was, isa_reg_name(kept[i]), is);
    }
  }
  return NULL;
}

/* ---------------------------------------------------------------------- the call */

/* Until it is back where only the judge sent it. Registers and storage are set but for those
 * that the caller keeps. NULL: it has returned. */
static char *call(struct guest *g, const char *function)
{
  struct machine *m = g->machine;
  uint32_t at, back = g->setup.storage - CALL_ROOM;
  if (!image_find_symbol(g->setup.program.image, function, &at)) {
    return sentence("expected  a function '%s'\nactual    there is no such label in %s\n", function,
                    g->program);
  }
  for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++) {
    machine_set_reg(m, kept[i], keepsake(i, g));
  }
  machine_set_reg(m, REG_RA, back);
  machine_set_pc(m, at);
  while (machine_get_pc(m) != back) {
    struct machine_stop stop = machine_run(m, machine_tick(m) + 1);
    if (stop.why != MACHINE_LIMIT || machine_tick(m) >= g->setup.ticks) {
      char place[100];
      return sentence(
          "expected  %s returns\nactual    %s, at %s\n", function,
          stop.why == MACHINE_TRAP ? isa_cause_info(stop.trap.cause)->summary
                                   : guest_end_name(&stop),
          program_place(g->setup.program.image, machine_get_pc(m), place, sizeof place));
    }
  }
  return not_kept(g, function);
}

/* The words or the text that lie at an address. */
static void print_content(FILE *out, const json_t *content)
{
  char quoted[200];
  const char *text = json_string_value(content);
  if (text) {
    size_t len = strlen(text) > 60 ? 60 : strlen(text);
    fprintf(out, " \"%s\"", text_quote(quoted, sizeof quoted, (const uint8_t *)text, len));
  }
  for (size_t i = 0; i < json_array_size(content); i++) {
    fprintf(out, "%s 0x%x", i ? "," : "", (unsigned)json_integer_value(json_array_get(content, i)));
  }
}

/* What a case gives the function: a0 = 0x9000, a1 = 0x3; at 0x9000: 0x1, 0x2, 0x3. */
static char *describe(const json_t *spec)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  const char *key, *between = "";
  json_t *value;
  if (!out) {
    return NULL;
  }
  json_object_foreach(json_object_get(spec, "registers"), key, value)
  {
    fprintf(out, "%s%s = 0x%x", between, key, (unsigned)json_integer_value(value));
    between = ", ";
  }
  between = *between ? "; " : "";
  json_object_foreach(json_object_get(spec, "storage_before"), key, value)
  {
    fprintf(out, "%sat %s:", between, key);
    print_content(out, value);
    between = "; ";
  }
  fclose(out);
  return text;
}

static char *with_input(const char *input, char *text)
{
  char *all = text ? sentence("input     %s\n%s", input, text) : NULL;
  free(text);
  return all;
}

/* ------------------------------------------------------------- cases of the lab's */

static struct check_outcome try_case(struct guest *g, const char *function, const json_t *spec)
{
  if (!guest_reset(g)) {
    return check_fail(CHECK_HOST, NULL);
  }
  if (!set_registers(g->machine, json_object_get(spec, "registers")) ||
      !fill_storage(g->machine, json_object_get(spec, "storage_before"))) {
    guest_lab_is_wrong(
        g, "\"registers\" by name and \"storage_before\" by address, texts or arrays of words");
    return check_fail(CHECK_LAB, NULL);
  }
  char *text = call(g, function);
  if (!text) {
    text = wrong_register(g, json_object_get(spec, "returns"), function);
  }
  if (!text) {
    text = wrong_storage(g, json_object_get(spec, "storage_after"));
  }
  if (!text) {
    text = wrong_output(g, json_string_value(json_object_get(spec, "prints")));
  }
  if (!text) {
    return (struct check_outcome){.verdict = CHECK_PASSED};
  }
  char *input = describe(spec);
  text = with_input(input && *input ? input : "nothing", text);
  free(input);
  return check_fail(CHECK_FAILED, text);
}

static struct check_outcome try_cases(struct guest *g, const char *function, const json_t *cases)
{
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  for (size_t i = 0; i < json_array_size(cases); i++) {
    outcome = try_case(g, function, json_array_get(cases, i));
    if (outcome.verdict != CHECK_PASSED) {
      break;
    }
  }
  return outcome;
}

/* ----------------------------------------------------------------- drawn arguments */

struct drawn {
  uint32_t arg[DRAWN_MAX];
  uint8_t place[DRAWN_MAX][DRAWN_EACH]; /* what lies at DRAWN_START + i * DRAWN_EACH */
  unsigned count;
  char story[200];
};

static uint32_t place_of(unsigned i)
{
  return DRAWN_START + i * DRAWN_EACH;
}

/* "words" takes two registers: where an array is, and how many words it has, at least 1. */
static bool draw_argument(struct drawn *d, const char *kind, uint64_t *random)
{
  unsigned i = d->count++;
  uint64_t r = check_draw(random);
  if (strcmp(kind, "number") == 0) {
    d->arg[i] = r % 3 == 0 ? (uint32_t)(r >> 32) : (uint32_t)(r >> 32) % 1000;
  } else if (strcmp(kind, "small") == 0) {
    d->arg[i] = (uint32_t)(r >> 32) % 16;
  } else if (strcmp(kind, "text") == 0) {
    d->arg[i] = place_of(i);
    for (unsigned k = 0; k < r % 60; k++) {
      d->place[i][k] = (uint8_t)(1 + check_draw(random) % 255);
    }
  } else if (strcmp(kind, "words") == 0 && d->count < DRAWN_MAX) {
    uint32_t words = 1 + (uint32_t)(r >> 32) % WORDS_MAX;
    for (uint32_t k = 0; k < words; k++) {
      uint64_t v = check_draw(random);
      uint32_t word = v % 4 == 0 ? (uint32_t)(v >> 32) : (uint32_t)(v >> 32) % 100 - 50;
      memcpy(d->place[i] + 4 * k, &word, 4);
    }
    d->arg[i] = place_of(i);
    d->arg[d->count++] = words;
  } else {
    return false;
  }
  return d->count <= DRAWN_MAX;
}

static bool place(struct guest *g, const struct drawn *d)
{
  for (unsigned i = 0; i < d->count; i++) {
    machine_set_reg(g->machine, REG_A0 + i, d->arg[i]);
    if (!machine_phys_write(g->machine, gpa(place_of(i)), d->place[i], DRAWN_EACH)) {
      return false;
    }
  }
  return true;
}

static char *compare(struct guest *theirs, struct guest *ours, const struct drawn *d, bool result)
{
  uint32_t want = machine_get_reg(ours->machine, REG_A0),
           got = machine_get_reg(theirs->machine, REG_A0);
  if (result && want != got) {
    return sentence("expected  %" PRId32 " (0x%08" PRIx32 ")\nactual    %" PRId32 " (0x%08" PRIx32
                    ")\n",
                    (int32_t)want, want, (int32_t)got, got);
  }
  for (uint32_t at = DRAWN_START; at < place_of(d->count); at += 4) {
    machine_phys_read_word(ours->machine, gpa(at), &want);
    machine_phys_read_word(theirs->machine, gpa(at), &got);
    if (want != got) {
      return sentence("expected  the word at 0x%08" PRIx32 " is 0x%08" PRIx32
                      "\nactual    it is 0x%08" PRIx32 "\n",
                      at, want, got);
    }
  }
  size_t len;
  const uint8_t *output = machine_console_output(ours->machine, &len);
  char *printed = strndup((const char *)output, len);
  char *text = wrong_output(theirs, printed);
  free(printed);
  return text;
}

static struct check_outcome try_drawn(struct guest *theirs, struct guest *ours,
                                      const char *function, uint64_t *random)
{
  const json_t *spec = theirs->run->test->spec, *kind;
  struct drawn *d = calloc(1, sizeof *d);
  bool ready = d && guest_reset(theirs) && guest_reset(ours);
  size_t i;
  json_array_foreach(json_object_get(spec, "arguments"), i, kind)
  {
    ready = ready && json_is_string(kind) && d->count < DRAWN_MAX &&
            draw_argument(d, json_string_value(kind), random);
  }
  if (!ready || !place(theirs, d) || !place(ours, d)) {
    guest_lab_is_wrong(theirs,
                       "\"arguments\": number, small, text or words, six registers at most");
    free(d);
    return check_fail(CHECK_LAB, NULL);
  }
  char *text = call(ours, function);
  if (text) {
    guest_lab_is_wrong(theirs, "a \"reference\" that has the function and returns");
    free(text);
    free(d);
    return check_fail(CHECK_LAB, NULL);
  }
  text = call(theirs, function);
  if (!text) {
    text = compare(theirs, ours, d, json_is_true(json_object_get(spec, "result")));
  }
  size_t at = 0;
  for (unsigned k = 0; k < d->count && at < sizeof d->story; k++) {
    at += (size_t)snprintf(d->story + at, sizeof d->story - at, "%s0x%" PRIx32, k ? ", " : "",
                           d->arg[k]);
  }
  text = with_input(d->story, text);
  free(d);
  return text ? check_fail(CHECK_FAILED, text) : (struct check_outcome){.verdict = CHECK_PASSED};
}

static struct check_outcome try_all_drawn(struct guest *theirs, const char *function,
                                          const char *reference, uint64_t cases)
{
  struct guest ours = {.run = theirs->run};
  char *path = lab_path(theirs->run->test, reference);
  uint64_t random = check_draw_from(theirs->run->seed);
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  if (path && guest_load(&ours, path)) {
    outcome.verdict = CHECK_PASSED;
    for (uint64_t i = 0; outcome.verdict == CHECK_PASSED && i < cases; i++) {
      outcome = try_drawn(theirs, &ours, function, &random);
    }
  }
  guest_unload(&ours);
  free(path);
  return outcome;
}

struct check_outcome check_call(const struct check_run *run)
{
  struct guest g = {.run = run};
  const char *function = NULL, *reference = NULL;
  uint64_t drawn = 20;
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  if (!guest_load(&g, NULL)) {
    outcome = guest_not_loaded(&g);
  } else if (lab_string(run->lab, run->test, "function", &function) &&
             lab_string(run->lab, run->test, "reference", &reference) &&
             lab_count(run->lab, run->test, "drawn", &drawn)) {
    const json_t *cases = json_object_get(run->test->spec, "cases");
    if (!function || (!reference && json_array_size(cases) == 0)) {
      guest_lab_is_wrong(&g, "a \"function\", and \"cases\" or a \"reference\"");
    } else {
      outcome = reference ? try_all_drawn(&g, function, reference, drawn)
                          : try_cases(&g, function, cases);
    }
  }
  guest_unload(&g);
  return outcome;
}
