#include "isa/profile_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "isa/suggest.h"

struct profile_string {
  struct profile_string *next;
  char text[];
};

const struct profile_feature_word profile_feature_words[] = {
    {"mmu", "bounds", ISA_FEATURE_MMU_BOUNDS},
    {"mmu", "tlb", ISA_FEATURE_MMU_TLB},
    {"mmu", "paged", ISA_FEATURE_MMU_PAGED},
    {"mmu", "nested", ISA_FEATURE_MMU_NESTED | ISA_FEATURE_MMU_PAGED},
    {"io", "ports", ISA_FEATURE_IO_PORTS},
    {"io", "none", 0},
    {"io", "mmio", ISA_FEATURE_IO_MMIO},
    {"io", "channel", ISA_FEATURE_IO_CHANNEL},
    {"keys", "keys", ISA_FEATURE_KEYS},
    {"kseg", "kseg", ISA_FEATURE_KSEG},
    {"middle", "middle", ISA_FEATURE_MIDDLE},
    {NULL, NULL, 0},
};

/* ---------------------------------------------------------------- building */

const char *profile_keep_string(struct profile *p, const char *text, size_t len)
{
  struct profile_string *s = malloc(sizeof *s + len + 1);
  if (!s)
    return NULL;
  memcpy(s->text, text, len);
  s->text[len] = '\0';
  s->next = p->strings;
  p->strings = s;
  return s->text;
}

struct profile *profile_new(void)
{
  struct profile *p = calloc(1, sizeof *p);
  if (!p)
    return NULL;
  p->name = p->file = p->title = p->story = p->source = "";
  for (size_t i = 0; i < ISA_INSN_COUNT; i++)
    p->said[i] = (struct profile_behaviour){.kind = PROFILE_TRAP, .name = "trap"};
  return p;
}

void profile_destroy(struct profile *p)
{
  if (!p)
    return;
  while (p->strings) {
    struct profile_string *s = p->strings;
    p->strings = s->next;
    free(s);
  }
  free(p->real);
  free(p);
}

static bool feature_met(uint32_t requires, uint32_t features)
{
  return requires == 0 || (requires & features) != 0;
}

void profile_resolve(struct profile *p)
{
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const struct isa_insn_info *info = isa_insn_info((enum isa_insn)i);
    const struct profile_behaviour full = {
        .kind = PROFILE_BODY, .body = info->behaviours[0].body, .name = info->behaviours[0].name};
    p->inside[i] = full;
    p->outside[i] = info->group == ISA_GROUP_SYSTEM ? p->said[i] : full;
    if (p->said[i].kind == PROFILE_ABSENT)
      p->inside[i] = p->said[i];
    else if (!feature_met(info->requires, p->features))
      p->inside[i] = p->outside[i] =
          (struct profile_behaviour){.kind = PROFILE_ABSENT, .name = "absent"};
  }
}

uint32_t profile_features_of(const char *key)
{
  uint32_t all = 0;
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++)
    if (strcmp(w->key, key) == 0)
      all |= w->feature;
  return all;
}

bool profile_feature_word_holds(const struct profile_feature_word *w, uint32_t features)
{
  return w->feature != 0 && (features & profile_features_of(w->key)) == w->feature;
}

char *profile_say_feature(const struct profile_feature_word *w, char buf[PROFILE_FEATURE_SIZE])
{
  bool same = strcmp(w->key, w->word) == 0;
  snprintf(buf, PROFILE_FEATURE_SIZE, "%s%s%s", w->key, same ? "" : " ", same ? "" : w->word);
  return buf;
}

/* "bounds" or "ports, none": the words that would do. */
static void list_words(const char *key, char *buf, size_t size)
{
  size_t used = 0;
  buf[0] = '\0';
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++)
    if (strcmp(w->key, key) == 0 && used < size)
      used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "", w->word);
}

const struct profile_feature_word *profile_find_feature(const char *key, const char *word,
                                                        size_t len, char *message, size_t size)
{
  struct suggestion near = suggest_begin(word, len);
  char have[80];
  list_words(key, have, sizeof have);
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++) {
    if (strcmp(w->key, key) != 0)
      continue;
    if (strlen(w->word) == len && memcmp(w->word, word, len) == 0)
      return w;
    suggest_offer(&near, w->word);
  }
  if (near.best)
    snprintf(message, size, "there is no %s '%.*s'; did you mean '%s'?", key, (int)len, word,
             near.best);
  else
    snprintf(message, size, "there is no %s '%.*s'; this version has: %s", key, (int)len, word,
             have);
  return NULL;
}

/* A copy that shares nothing: the strings of behaviours move to the copy's list. */
static struct profile *copy(const struct profile *from)
{
  struct profile *p = malloc(sizeof *p);
  if (!p)
    return NULL;
  *p = *from;
  p->strings = NULL;
  p->real = NULL;
  p->real_count = 0;
  const char **fixed[] = {&p->name, &p->file, &p->title, &p->story, &p->source};
  bool kept = true;
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
    *fixed[i] = profile_keep_string(p, *fixed[i], strlen(*fixed[i]));
    kept = kept && *fixed[i];
  }
  for (size_t i = 0; i < ISA_INSN_COUNT; i++)
    kept = kept && profile_keep_behaviour(p, &p->said[i]);
  for (size_t i = 0; i < from->real_count; i++)
    kept = kept && profile_keep_real(p, &from->real[i]);
  if (!kept) {
    profile_destroy(p);
    return NULL;
  }
  return p;
}

bool profile_keep_behaviour(struct profile *p, struct profile_behaviour *b)
{
  const char **texts[] = {&b->models, &b->source, &b->file};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (!*texts[i])
      continue;
    *texts[i] = profile_keep_string(p, *texts[i], strlen(*texts[i]));
    if (!*texts[i])
      return false;
  }
  return true;
}

bool profile_keep_real(struct profile *p, const struct profile_real *real)
{
  struct profile_real *more = reallocarray(p->real, p->real_count + 1, sizeof *more);
  if (!more)
    return false;
  p->real = more;
  more += p->real_count;
  *more = *real;
  const char **texts[] = {&more->name, &more->note, &more->source};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (!*texts[i])
      continue;
    *texts[i] = profile_keep_string(p, *texts[i], strlen(*texts[i]));
    if (!*texts[i])
      return false;
  }
  p->real_count++;
  return true;
}

void profile_drop_features(struct profile *p)
{
  if ((p->features & PROFILE_KEYS_NEED) == 0)
    p->features &= ~(uint32_t)ISA_FEATURE_KEYS;
  if ((p->features & PROFILE_KSEG_NEEDS) == 0)
    p->features &= ~(uint32_t)ISA_FEATURE_KSEG;
}

static bool override_feature(struct profile *p, const char *key, const char *word, FILE *errors)
{
  char message[200];
  const struct profile_feature_word *w;
  if (!word)
    return true;
  w = profile_find_feature(key, word, strlen(word), message, sizeof message);
  if (!w) {
    if (errors)
      fprintf(errors, "error: %s\n", message);
    return false;
  }
  p->features = (p->features & ~profile_features_of(key)) | w->feature;
  return true;
}

struct profile *profile_override(const struct profile *p, const char *mmu, const char *io,
                                 FILE *errors)
{
  struct profile *changed = copy(p);
  if (!changed) {
    if (errors)
      fputs("error: out of memory\n", errors);
    errno = ENOMEM;
    return NULL;
  }
  if (!override_feature(changed, "mmu", mmu, errors) ||
      !override_feature(changed, "io", io, errors)) {
    profile_destroy(changed);
    errno = 0;
    return NULL;
  }
  profile_drop_features(changed);
  profile_resolve(changed);
  return changed;
}

/* --------------------------------------------------------------- answering */

const char *const *profile_shipped(void)
{
  static const char *const names[] = {"pg",    "x86-popf", "s360",   "pdp10", "pdp11",
                                      "vax",   "m68000",   "m68010", "x86",   "mips",
                                      "armv7", "itanium",  "riscv",  "vtx",   NULL};
  return names;
}

const char *profile_name(const struct profile *p)
{
  return p->name;
}
const char *profile_file(const struct profile *p)
{
  return p->file;
}
const char *profile_title(const struct profile *p)
{
  return p->title;
}
const char *profile_story(const struct profile *p)
{
  return p->story;
}
const char *profile_source(const struct profile *p)
{
  return p->source;
}
unsigned profile_modes(const struct profile *p)
{
  return p->modes;
}
uint32_t profile_features(const struct profile *p)
{
  return p->features;
}

unsigned profile_guest_mode(const struct profile *p, unsigned mode)
{
  unsigned user = profile_user_mode(p);
  return mode == 0 && (p->features & ISA_FEATURE_MIDDLE) ? user - 1 : user;
}

const struct profile_behaviour *profile_behaviour(const struct profile *p, enum isa_insn insn,
                                                  unsigned mode)
{
  return mode == 0 ? &p->inside[insn] : &p->outside[insn];
}

const struct profile_real *profile_reals(const struct profile *p, size_t *count)
{
  *count = p->real_count;
  return p->real;
}

bool profile_has_cr(const struct profile *p, enum isa_cr cr)
{
  return feature_met(isa_cr_info(cr)->requires, p->features);
}

bool profile_decode(const struct profile *p, uint32_t word, struct isa_decoded *out)
{
  if (!isa_decode(word, out) || p->inside[out->insn].kind == PROFILE_ABSENT)
    return false;
  const struct isa_format_info *format = isa_format_info(isa_insn_info(out->insn)->format);
  for (size_t i = 0; i < format->operand_count; i++)
    if (format->operands[i].kind == ISA_OPERAND_CR &&
        (out->n >= ISA_CR_COUNT || !profile_has_cr(p, (enum isa_cr)out->n)))
      return false;
  return true;
}

static uint32_t legal_mode(const struct profile *p, uint32_t mode)
{
  return mode < p->modes ? mode : profile_user_mode(p);
}

uint32_t profile_legal_psw(const struct profile *p, uint32_t value)
{
  uint32_t psw = value & PSW_ALL_MASK;
  psw = psw_set_mode(psw, legal_mode(p, psw_mode(psw)));
  return psw_set_pmode(psw, legal_mode(p, psw_pmode(psw)));
}

uint32_t profile_cr_write(const struct profile *p, enum isa_cr cr, uint32_t old, uint32_t value)
{
  const struct isa_cr_info *info = isa_cr_info(cr);
  if (info->is_psw)
    return profile_legal_psw(p, value);
  return (old & ~info->write_mask) | (value & info->write_mask);
}
