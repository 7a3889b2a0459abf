/* See theory.h. */
#include "tools/grade/theory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/message.h"
#include "tools/common/text.h"

/* The solver alone: its no is a proof, and its yes was run. Exhaustion and experiment agree
 * with it on all that tests/classify asks. */
bool theory_ask(const struct profile *p, enum model model, enum isa_insn insn,
                struct classify_insn *answer)
{
  struct classify_options o = {
      .model = model, .routes = CLASSIFY_SOLVER, .seed = 1, .threads = 1, .only = &insn};
  const char *reason = "out of memory";
  struct classification *c = classify_profile(p, &o, &reason);
  if (!c) {
    message_error("grade", "%s", reason);
    return false;
  }
  *answer = *classification_insn(c, insn);
  classification_destroy(c);
  return true;
}

/* What traps outside the privileged mode does so in every state, and so is privileged; the
 * others are asked about. */
bool theory_offends(const struct profile *p, enum model model, enum classify_theorem theorem,
                    struct theory_offenders *found)
{
  *found = (struct theory_offenders){.count = 0};
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    enum isa_insn insn = (enum isa_insn)i;
    struct classify_insn is;
    if (isa_insn_info(insn)->group != ISA_GROUP_SYSTEM ||
        profile_behaviour(p, insn, profile_user_mode(p))->kind == PROFILE_TRAP) {
      continue;
    }
    if (!theory_ask(p, model, insn, &is)) {
      return false;
    }
    bool counts = theorem == CLASSIFY_THEOREM_3 ? is.user_sensitive : is.sensitive;
    found->is[i] = is.present && counts && !is.privileged;
    found->count += found->is[i];
  }
  return true;
}

bool theory_theorem(unsigned number, enum classify_theorem *theorem)
{
  *theorem = number == 3 ? CLASSIFY_THEOREM_3 : CLASSIFY_THEOREM_1;
  return number == 1 || number == 3;
}

char *theory_names(const struct theory_offenders *o, char buf[THEORY_NAMES_SIZE])
{
  size_t len = 0;
  *buf = '\0';
  for (unsigned i = 0; i < ISA_INSN_COUNT && len < THEORY_NAMES_SIZE; i++) {
    if (o->is[i]) {
      len += (size_t)snprintf(buf + len, THEORY_NAMES_SIZE - len, "%s%s", len ? " " : "",
                              isa_insn_info((enum isa_insn)i)->mnemonic);
    }
  }
  return len ? buf : strcpy(buf, "none");
}

struct profile *theory_profile(const struct check_run *run, const char *name)
{
  char *path = strchr(name, '/') ? workshop_lab_file(run->workshop, run->test, name) : NULL;
  struct profile *p = profile_load(path ? path : name, stderr);
  free(path);
  return p;
}

struct profile *theory_submitted(const struct check_run *run, const char *name,
                                 struct check_outcome *o)
{
  size_t len = 0, said_len;
  char *text = check_text(run, name, &len, o), *said = NULL;
  FILE *errors = text ? open_memstream(&said, &said_len) : NULL;
  if (!errors) {
    free(text);
    return NULL;
  }
  struct profile *p = profile_parse_alone(name, text, len, errors);
  fclose(errors);
  if (!p) {
    /* The reader says at least one thing; all that a student needs is the first few. */
    text_printable(said);
    said[strnlen(said, 2000)] = '\0';
    *o = check_differs(NULL, "a profile (docs/profiles.md)", "%s", said);
  }
  free(said);
  free(text);
  return p;
}
