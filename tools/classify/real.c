#include "tools/classify/real.h"

#include <string.h>
#include <strings.h>

/* Whether one of the names that commas and semicolons part is `name`; if not `whole`, its
 * first word will do: "MOV" is "MOV from CS". */
static bool has_name(const char *list, const char *name, bool whole)
{
  size_t len = strlen(name);
  for (const char *at = list; at && *at;) {
    at += strspn(at, " ,;");
    size_t end = strcspn(at, ",;"), word = strcspn(at, " ,;");
    if (len > 0 && (whole ? end : word) == len && strncasecmp(at, name, len) == 0) {
      return true;
    }
    at += end;
  }
  return false;
}

struct found {
  unsigned count;
  enum isa_insn insn;
  char *several;
};

static void find(struct found *f, enum isa_insn insn)
{
  size_t len = strlen(f->several);
  if (f->count > 0 && f->insn == insn) {
    return;
  }
  f->insn = insn;
  f->count++;
  snprintf(f->several + len, REAL_SEVERAL_SIZE - len, "%s%s", len ? ", " : "",
           isa_insn_info(insn)->mnemonic);
}

static bool search(const struct profile *p, const char *name, bool whole, struct found *f)
{
  size_t count;
  const struct profile_real *real = profile_reals(p, &count);
  f->count = 0;
  f->several[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    if (has_name(real[i].name, name, whole)) {
      find(f, real[i].insn);
    }
  }
  bool listed = f->count > 0;
  for (unsigned n = 0; !listed && n < ISA_INSN_COUNT; n++) {
    const char *models = profile_behaviour(p, (enum isa_insn)n, profile_user_mode(p))->models;
    if (models && has_name(models, name, whole)) {
      find(f, (enum isa_insn)n);
    }
  }
  return f->count > 0;
}

bool real_find(const struct profile *p, const char *name, enum isa_insn *insn,
               char several[REAL_SEVERAL_SIZE])
{
  struct found f = {.several = several};
  if (!search(p, name, true, &f)) {
    search(p, name, false, &f);
  }
  *insn = f.insn;
  if (f.count < 2) {
    several[0] = '\0';
  }
  return f.count == 1;
}
