/* "predict": a submitted text says of instructions what they are, and of theorems whether
 * they hold. What is right is found out here and now, by the classifier.
 *
 *   [x86 extended]                       # a section a profile and model
 *   theorem 1: fails
 *   popf: sensitive
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/grade/theory.h"

#define KEY_SIZE   48u
#define VALUE_SIZE 96u
#define LINES_MAX  2000u

static const char *const words[] = {"privileged", "sensitive", "user-sensitive", "innocuous",
                                    "errant"};
enum { PRIVILEGED = 1, SENSITIVE = 2, USER_SENSITIVE = 4, INNOCUOUS = 8, ERRANT = 16 };
#define WORDS (sizeof words / sizeof *words)

struct claim {
  char section[KEY_SIZE], key[KEY_SIZE], value[VALUE_SIZE];
  unsigned line;
};

struct claims {
  const char *name; /* of the file */
  struct claim *claim;
  size_t count;
  char section[KEY_SIZE];
  struct check_outcome wrong; /* text NULL: it can be read */
};

/* ---------------------------------------------------------------------- reading */

/* What a student wrote, as it may stand in a message. */
static const char *shown(const char *text, size_t len, char buf[VALUE_SIZE])
{
  return text_quote(buf, VALUE_SIZE, (const uint8_t *)text, len > 60 ? 60 : len);
}

static void refuse(struct claims *c, unsigned line, const char *expected, const char *text,
                   size_t len)
{
  char quoted[VALUE_SIZE];
  if (!c->wrong.text) {
    c->wrong =
        check_differs(NULL, expected, "%s:%u: \"%s\"", c->name, line, shown(text, len, quoted));
  }
}

static void trim(const char **text, size_t *len)
{
  while (*len > 0 && isspace((unsigned char)**text)) {
    (*text)++, (*len)--;
  }
  while (*len > 0 && isspace((unsigned char)(*text)[*len - 1])) {
    (*len)--;
  }
}

/* With single blanks and small letters; a comma is a blank. False: it is too long, or none. */
static bool keep(char *to, size_t size, const char *text, size_t len)
{
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    bool blank = isspace((unsigned char)text[i]) || text[i] == ',';
    if (blank && (n == 0 || to[n - 1] == ' ')) {
      continue;
    }
    if (n + 1 >= size || text[i] == '\0') {
      return false;
    }
    to[n++] = blank ? ' ' : (char)tolower((unsigned char)text[i]);
  }
  to[n] = '\0';
  return true;
}

static const struct claim *find(const struct claims *c, const char *section, const char *key)
{
  for (size_t i = 0; i < c->count; i++) {
    if (strcmp(c->claim[i].section, section) == 0 && strcmp(c->claim[i].key, key) == 0) {
      return &c->claim[i];
    }
  }
  return NULL;
}

static bool is_theorem(const char *key)
{
  return strcmp(key, "theorem 1") == 0 || strcmp(key, "theorem 3") == 0;
}

static bool is_key(const char *key)
{
  enum isa_insn insn;
  return is_theorem(key) || isa_find_insn(key, strlen(key), &insn);
}

/* The set of words; 0: one of them is none. */
static unsigned set_of(const char *value)
{
  unsigned set = 0;
  for (const char *at = value; *at; at += *at == ' ') {
    size_t len = strcspn(at, " ");
    unsigned bit = 0;
    for (unsigned i = 0; i < WORDS; i++) {
      if (strlen(words[i]) == len && strncmp(at, words[i], len) == 0) {
        bit = 1u << i;
      }
    }
    if (!bit) {
      return 0;
    }
    set |= bit;
    at += len;
  }
  return set;
}

static bool is_value(const struct claim *c)
{
  return *c->value == '\0' ||
         (is_theorem(c->key) ? strcmp(c->value, "holds") == 0 || strcmp(c->value, "fails") == 0
                             : set_of(c->value) != 0);
}

static void read_claim(struct claims *c, unsigned line, const char *text, size_t len)
{
  const char *colon = memchr(text, ':', len);
  struct claim claim = {.line = line};
  strcpy(claim.section, c->section);
  if (!colon || !keep(claim.key, KEY_SIZE, text, (size_t)(colon - text)) || !is_key(claim.key)) {
    refuse(c, line, "an instruction, theorem 1 or theorem 3, and a colon", text, len);
    return;
  }
  if (!keep(claim.value, VALUE_SIZE, colon + 1, len - (size_t)(colon + 1 - text)) ||
      !is_value(&claim)) {
    refuse(c, line,
           is_theorem(claim.key)
               ? "holds or fails"
               : "words out of: privileged, sensitive, user-sensitive, innocuous, errant",
           text, len);
    return;
  }
  if (find(c, claim.section, claim.key)) {
    refuse(c, line, "one line for each instruction or theorem of a section", text, len);
    return;
  }
  struct claim *grown = realloc(c->claim, (c->count + 1) * sizeof *grown);
  if (!grown) {
    c->wrong = check_fail(CHECK_HOST, NULL);
    return;
  }
  c->claim = grown;
  c->claim[c->count++] = claim;
}

/* A section is named once, so there are no more lines than instructions in any. */
static bool known_section(const struct claims *c, const char *section)
{
  for (size_t i = 0; i < c->count; i++) {
    if (strcmp(c->claim[i].section, section) == 0) {
      return true;
    }
  }
  return false;
}

static void read_line(struct claims *c, unsigned line, const char *text, size_t len)
{
  const char *comment = memchr(text, '#', len);
  len = comment ? (size_t)(comment - text) : len;
  trim(&text, &len);
  if (len == 0) {
    return;
  }
  if (*text != '[') {
    read_claim(c, line, text, len);
  } else if (text[len - 1] != ']' || !keep(c->section, KEY_SIZE, text + 1, len - 2) ||
             known_section(c, c->section)) {
    refuse(c, line, "a section, as [x86 extended], once", text, len);
  }
}

static void read_claims(struct claims *c, const char *text, size_t len)
{
  unsigned line = 1;
  for (const char *at = text, *end = text + len; at < end && !c->wrong.text; line++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    stop = stop ? stop : end;
    if (line > LINES_MAX) {
      refuse(c, line, "at most 2,000 lines", at, (size_t)(stop - at));
      return;
    }
    read_line(c, line, at, (size_t)(stop - at));
    at = stop + 1;
  }
}

/* ---------------------------------------------------------------------- judging */

struct inquiry {
  const struct check_run *run;
  const char *profile_name, *section;
  const struct profile *profile;
  enum model model;
};

static unsigned set_for(const struct classify_insn *is)
{
  if (is->errant) {
    return ERRANT;
  }
  return (is->privileged ? PRIVILEGED : 0u) | (is->sensitive ? SENSITIVE : (unsigned)INNOCUOUS) |
         (is->user_sensitive ? USER_SENSITIVE : 0u);
}

/* What is wrong about one claim: nothing, if no text is in *o. */
static bool judge(const struct inquiry *q, const struct claim *claim, bool *right)
{
  enum isa_insn insn;
  struct classify_insn is;
  if (is_theorem(claim->key)) {
    struct theory_offenders offenders;
    enum classify_theorem theorem;
    theory_theorem((unsigned)(claim->key[strlen(claim->key) - 1] - '0'), &theorem);
    bool found = theory_offends(q->profile, q->model, theorem, &offenders);
    *right = strcmp(claim->value, offenders.count == 0 ? "holds" : "fails") == 0;
    return found;
  }
  isa_find_insn(claim->key, strlen(claim->key), &insn);
  bool found = theory_ask(q->profile, q->model, insn, &is);
  *right = found && is.present && set_of(claim->value) == set_for(&is);
  return found;
}

static struct check_outcome judge_all(const struct inquiry *q, const struct claims *c)
{
  const json_t *ask = json_object_get(q->run->test->spec, "ask");
  size_t count = json_array_size(ask), right = 0;
  const struct claim *first = NULL;
  for (size_t i = 0; i < count; i++) {
    const char *key = json_string_value(json_array_get(ask, i));
    if (!key || !is_key(key)) {
      return check_lab_is_wrong(q->run, "\"ask\": instructions, \"theorem 1\", \"theorem 3\"");
    }
    const struct claim *claim = find(c, q->section, key);
    if (!claim || !*claim->value) {
      return check_differs(NULL, "a line for each that is asked", "%s: [%s] has none for %s",
                           c->name, q->section, key);
    }
    bool is_right;
    if (!judge(q, claim, &is_right)) {
      return check_fail(CHECK_HOST, NULL);
    }
    right += is_right;
    first = is_right || first ? first : claim;
  }
  if (!first) {
    return (struct check_outcome){.verdict = CHECK_PASSED};
  }
  char look[300], known[CHECK_KNOWN_SIZE];
  snprintf(look, sizeof look, "build/trapeze classify %s -m %s%s%s",
           check_known(q->profile_name, known), q->model == MODEL_PAPER ? "paper" : "extended",
           is_theorem(first->key) ? "" : " -e ", is_theorem(first->key) ? "" : first->key);
  return check_differs(look, "what follows from the definitions",
                       "%zu of %zu are right; wrong is %s:%u: %s: %s", right, count, c->name,
                       first->line, first->key, first->value);
}

static struct check_outcome predict(const struct check_run *run, const char *file,
                                    const char *model, struct inquiry *q)
{
  struct claims c = {.name = file};
  struct check_outcome outcome;
  size_t len = 0;
  if (!file || !q->section || !q->profile_name || !model || !model_find(model, &q->model)) {
    return check_lab_is_wrong(run, "\"file\", \"section\", \"profile\", \"model\" and \"ask\"");
  }
  char *text = check_text(run, file, &len, &outcome);
  if (!text) {
    return outcome;
  }
  struct profile *p = theory_profile(run, q->profile_name);
  q->profile = p;
  read_claims(&c, text, len);
  outcome = !p ? check_fail(CHECK_LAB, NULL) : c.wrong.text ? c.wrong : judge_all(q, &c);
  profile_destroy(p);
  free(c.claim);
  free(text);
  return outcome;
}

struct check_outcome check_predict(const struct check_run *run)
{
  struct inquiry q = {.run = run};
  const char *file = NULL, *model = NULL;
  if (!lab_string(run->lab, run->test, "file", &file) ||
      !lab_string(run->lab, run->test, "section", &q.section) ||
      !lab_string(run->lab, run->test, "profile", &q.profile_name) ||
      !lab_string(run->lab, run->test, "model", &model)) {
    return check_fail(CHECK_LAB, NULL);
  }
  return predict(run, file, model, &q);
}
