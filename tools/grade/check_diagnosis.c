/* "diagnosis": a submitted text says where a guest's runs part, bare and virtual, and what
 * led to it. What is right is found out here and now, by running both.
 *
 *   tick: 1234
 *   pc: 0x1278
 *   instruction: popf
 *   differs: psw.ie                 # a field that differs afterwards
 *   written: 1200                   # the tick at which the word that it loads was stored
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/common/text.h"
#include "tools/grade/duel.h"

#define TICKS_USUAL 20000u
#define VALUE_SIZE  80u
#define FIELDS_MAX  64u

struct diagnosis {
  const struct check_run *run;
  const char *file, *guest;
  char *guest_path, *profile_path, *input_path;
  struct setup setup;
  struct verify_result v;
};

/* --------------------------------------------------------------------- the answers */

/* The value of the one line that begins with "key:". Cut to fit; false: there is none. Twice:
 * *twice. */
static bool answer_of(const char *text, const char *key, char value[VALUE_SIZE], bool *twice)
{
  bool found = false;
  size_t key_len = strlen(key);
  *twice = false;
  for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
    line += strspn(line, " \t");
    if (strncmp(line, key, key_len) != 0 || line[key_len + strspn(line + key_len, " \t")] != ':') {
      continue;
    }
    const char *from = strchr(line, ':') + 1;
    size_t len = strcspn(from, "#\r\n"), n = 0;
    for (size_t i = 0; i < len && n + 1 < VALUE_SIZE; i++) {
      if (!isspace((unsigned char)from[i])) {
        value[n++] = (char)tolower((unsigned char)from[i]);
      }
    }
    value[n] = '\0';
    *twice = *twice || found;
    found = n > 0;
  }
  return found;
}

/* "1,234" and "0x12" are numbers. */
static bool is_number(const char *value, uint64_t want)
{
  char digits[VALUE_SIZE];
  size_t n = 0;
  uint64_t is;
  for (const char *at = value; *at; at++) {
    if (*at != ',') {
      digits[n++] = *at;
    }
  }
  digits[n] = '\0';
  if (strncmp(digits, "0x", 2) == 0 && digits[2]) {
    char *rest;
    is = strtoull(digits, &rest, 16);
    return *rest == '\0' && is == want;
  }
  return options_count(digits, &is) && is == want;
}

/* ----------------------------------------------------------------------- the truth */

/* On the bare machine, the tick at which the word at `at` was last stored to before `until`.
 * False: never, or the host failed. */
static bool written(struct diagnosis *d, uint32_t at, uint64_t until, uint64_t *tick)
{
  const char *reason = "out of memory";
  struct machine_config config = {.profile = d->setup.profile, .storage = d->setup.storage};
  struct machine *m = machine_create(&config, &reason);
  struct machine_watch watch = {.range = {{at}, 4}, .on = MACHINE_ON_STORE};
  struct machine_stops stops = {.watches = &watch, .watch_count = 1};
  bool found = false;
  if (!m || !image_load(d->setup.program.image, m, stderr) || !machine_set_stops(m, &stops)) {
    message_error("grade", "%s", reason);
    machine_destroy(m);
    return false;
  }
  inputlog_feed(&d->setup.log, m);
  for (;;) {
    struct machine_stop stop = machine_advance(m, until);
    if (stop.why != MACHINE_WATCH) {
      break;
    }
    *tick = machine_tick(m) - 1; /* it has been executed */
    found = true;
  }
  machine_destroy(m);
  return found;
}

/* Whether a field of this name is another in the two machines now. */
static bool differs(const struct diagnosis *d, const char *name)
{
  const struct divergence *first = d->v.first;
  struct observed_field field[FIELDS_MAX];
  size_t n = observation_fields(d->setup.profile, &first->before, &first->after[0],
                                &first->after[1], field, FIELDS_MAX);
  for (size_t i = 0; i < n; i++) {
    if (field[i].bare != field[i].vm && strcmp(field[i].name, name) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_right(struct diagnosis *d, const char *key, const char *value)
{
  const struct observation *before = &d->v.first->before;
  struct explanation e = divergence_explain(d->v.first, d->setup.profile);
  char place[VALUE_SIZE];
  uint64_t tick = 0;
  if (strcmp(key, "tick") == 0) {
    return is_number(value, before->tick);
  }
  if (strcmp(key, "pc") == 0) {
    program_place(d->setup.program.image, before->pc, place, sizeof place);
    return is_number(value, before->pc) || strcmp(value, place) == 0;
  }
  if (strcmp(key, "instruction") == 0) {
    return e.has_insn && strcmp(value, isa_insn_info(e.insn)->mnemonic) == 0;
  }
  if (strcmp(key, "differs") == 0) {
    return differs(d, value);
  }
  return written(d, before->reg[REG_SP], before->tick, &tick) && is_number(value, tick);
}

/* ----------------------------------------------------------------------- the check */

static bool is_key(const char *key)
{
  static const char *const keys[] = {"tick", "pc", "instruction", "differs", "written"};
  for (size_t i = 0; key && i < sizeof keys / sizeof *keys; i++) {
    if (strcmp(key, keys[i]) == 0) {
      return true;
    }
  }
  return false;
}

static struct check_outcome judge(struct diagnosis *d, const char *text)
{
  const json_t *ask = json_object_get(d->run->test->spec, "ask");
  static const char look[] = "build/trapeze debug, with the options of ASSIGNMENT.txt and --vmm";
  for (size_t i = 0; i < json_array_size(ask); i++) {
    const char *key = json_string_value(json_array_get(ask, i));
    char value[VALUE_SIZE], shown[4 * VALUE_SIZE];
    bool twice;
    if (!is_key(key)) {
      return check_lab_is_wrong(d->run, "\"ask\": tick, pc, instruction, differs, written");
    }
    if (!answer_of(text, key, value, &twice) || twice) {
      return check_differs(NULL, "one line for each that is asked", "%s: \"%s:\" is there %s",
                           d->file, key, twice ? "twice" : "not, or without an answer");
    }
    if (!is_right(d, key, value)) {
      text_quote(shown, sizeof shown, (const uint8_t *)value, strlen(value));
      return check_differs(look, "what the two machines do", "%s: %s: %s is not so", d->file, key,
                           shown);
    }
  }
  return (struct check_outcome){.verdict = CHECK_PASSED};
}

static bool load(struct diagnosis *d)
{
  const struct check_run *run = d->run;
  struct setup *s = &d->setup;
  const char *input = NULL;
  s->ticks = TICKS_USUAL;
  if (!lab_string(run->lab, run->test, "file", &d->file) ||
      !lab_string(run->lab, run->test, "guest", &d->guest) ||
      !lab_string(run->lab, run->test, "profile", &s->profile_name) ||
      !lab_string(run->lab, run->test, "input", &input) ||
      !lab_count(run->lab, run->test, "rate", &s->rate) ||
      !lab_count(run->lab, run->test, "ticks", &s->ticks)) {
    return false;
  }
  if (!d->file || !d->guest) {
    check_lab_is_wrong(run, "a \"file\", a \"guest\" and \"ask\"");
    return false;
  }
  d->guest_path = workshop_lab_file(run->workshop, run->test, d->guest);
  d->profile_path = strchr(s->profile_name, '/')
                        ? workshop_lab_file(run->workshop, run->test, s->profile_name)
                        : NULL;
  s->profile_name = d->profile_path ? d->profile_path : s->profile_name;
  d->input_path = input ? workshop_lab_file(run->workshop, run->test, input) : NULL;
  s->input = d->input_path;
  return d->guest_path && setup_load(s, d->guest_path) == STATUS_DONE;
}

static struct check_outcome diagnose(struct diagnosis *d)
{
  struct check_outcome outcome;
  size_t len;
  char *text = check_text(d->run, d->file, &len, &outcome);
  if (!text) {
    return outcome;
  }
  outcome = !duel_run(&d->setup, &d->v) ? check_fail(CHECK_HOST, NULL)
            : !d->v.first               ? check_lab_is_wrong(d->run, "a \"guest\" whose runs part")
                                        : judge(d, text);
  free(text);
  return outcome;
}

struct check_outcome check_diagnosis(const struct check_run *run)
{
  struct diagnosis d = {.run = run};
  setup_init(&d.setup, "grade");
  struct check_outcome outcome = load(&d) ? diagnose(&d) : check_fail(CHECK_LAB, NULL);
  setup_destroy(&d.setup);
  free(d.guest_path);
  free(d.profile_path);
  free(d.input_path);
  return outcome;
}
