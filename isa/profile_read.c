/* Reading profiles: the meaning of each statement, and what a whole file must say. */
#include "isa/profile_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gen/isa/profile_parser.h"
#include "gen/isa/profile_lexer.h"
#include "isa/host.h"
#include "isa/suggest.h"

#define MOST_BYTES      (1u << 20)
#define DEEPEST_EXTENDS 16

static const char *const key_names[PROFILE_KEY_COUNT] = {
    "profile", "title", "story", "source", "modes", "mmu", "io", "keys", "kseg", "middle", "extends",
};

/* ------------------------------------------------------------------ messages */

void profile_error(struct profile_reader *r, struct source_place at, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  reader_verror(&r->in, at, format, args);
  va_end(args);
}

static const char *text_of(const struct profile_reader *r, struct source_place at)
{
  return reader_text(&r->in, at);
}

#define SHOW(r, at) (int)(at).length, text_of(r, at)

/* -------------------------------------------------------------- once for all */

static bool first_time(struct profile_reader *r, enum profile_key key, struct source_place at)
{
  if (r->given[key]) {
    profile_error(r, at, "a second '%s'", key_names[key]);
    reader_note(&r->in, r->given_at[key], "the first is here");
    return false;
  }
  r->given[key] = true;
  r->given_at[key] = at;
  return true;
}

/* Every byte a UTF-8 sequence of the right length, and no control characters. */
static bool readable_text(const char *text, size_t len)
{
  for (size_t i = 0; i < len;) {
    unsigned char c = (unsigned char)text[i++];
    if (c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xc2) || c > 0xf4)
      return false;
    size_t more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    for (; more > 0; more--, i++, low = 0x80, high = 0xbf)
      if (i >= len || (unsigned char)text[i] < low || (unsigned char)text[i] > high)
        return false;
  }
  return true;
}

/* The text between the quotes at `at`; NULL after a message. */
static const char *keep_quoted(struct profile_reader *r, struct source_place at)
{
  const char *text = text_of(r, at) + 1;
  size_t len = at.length - 2;
  if (!readable_text(text, len)) {
    profile_error(r, at, "this string holds a control character or is not UTF-8");
    return NULL;
  }
  const char *kept = profile_keep_string(r->profile, text, len);
  r->out_of_memory |= !kept;
  return kept;
}

void profile_read_name(struct profile_reader *r, struct source_place at)
{
  if (!first_time(r, PROFILE_KEY_NAME, at))
    return;
  const char *name = profile_keep_string(r->profile, text_of(r, at), at.length);
  r->out_of_memory |= !name;
  if (name)
    r->profile->name = name;
}

void profile_read_text(struct profile_reader *r, enum profile_key key, struct source_place at)
{
  const char *text = first_time(r, key, at) ? keep_quoted(r, at) : NULL;
  if (!text)
    return;
  if (key == PROFILE_KEY_TITLE)
    r->profile->title = text;
  else if (key == PROFILE_KEY_STORY)
    r->profile->story = text;
  else
    r->profile->source = text;
}

void profile_read_modes(struct profile_reader *r, struct source_place at)
{
  if (!first_time(r, PROFILE_KEY_MODES, at))
    return;
  if (at.length != 1 || *text_of(r, at) < '2' || *text_of(r, at) > '4')
    profile_error(r, at, "a machine has 2, 3 or 4 modes");
  else
    r->profile->modes = (unsigned)(*text_of(r, at) - '0');
}

void profile_read_feature(struct profile_reader *r, enum profile_key key, struct source_place at)
{
  char message[200];
  if (!first_time(r, key, at))
    return;
  const struct profile_feature_word *word =
      profile_find_feature(key_names[key], text_of(r, at), at.length, message, sizeof message);
  if (word)
    r->profile->features |= word->feature;
  else
    profile_error(r, at, "%s", message);
}

void profile_read_keys(struct profile_reader *r, struct source_place at)
{
  if (first_time(r, PROFILE_KEY_KEYS, at))
    r->profile->features |= ISA_FEATURE_KEYS;
}

void profile_read_middle(struct profile_reader *r, struct source_place at)
{
  if (first_time(r, PROFILE_KEY_MIDDLE, at))
    r->profile->features |= ISA_FEATURE_MIDDLE;
}

void profile_read_kseg(struct profile_reader *r, struct source_place at)
{
  if (first_time(r, PROFILE_KEY_KSEG, at))
    r->profile->features |= ISA_FEATURE_KSEG;
}

/* -------------------------------------------------------------- instructions */

/* False after a message. */
static bool find_insn(struct profile_reader *r, struct source_place at, enum isa_insn *insn)
{
  if (isa_find_insn(text_of(r, at), at.length, insn))
    return true;
  struct suggestion near = suggest_begin(text_of(r, at), at.length);
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    if (isa_insn_info((enum isa_insn)i)->group == ISA_GROUP_SYSTEM)
      suggest_offer(&near, isa_insn_info((enum isa_insn)i)->mnemonic);
  profile_error(r, at, "there is no instruction '%.*s'%s%s%s", SHOW(r, at),
                near.best ? "; did you mean '" : "", near.best ? near.best : "",
                near.best ? "'?" : "");
  return false;
}

/* False after a message unless `at` names an instruction whose behaviour a
 * profile may choose, and this file has not yet said anything about it. */
static bool find_stated_insn(struct profile_reader *r, struct source_place at, enum isa_insn *insn)
{
  if (!find_insn(r, at, insn))
    return false;
  enum isa_group group = isa_insn_info(*insn)->group;
  if (group != ISA_GROUP_SYSTEM) {
    profile_error(
        r, at,
        group == ISA_GROUP_USER
            ? "'%.*s' is a user instruction: it is the same in every mode and on every profile"
            : "'%.*s' is an errant instruction: it traps in every mode and on every profile",
        SHOW(r, at));
    return false;
  }
  if (r->stated[*insn]) {
    profile_error(r, at, "'%.*s' is spoken of twice", SHOW(r, at));
    reader_note(&r->in, r->stated_at[*insn], "the first time is here");
    return false;
  }
  r->stated[*insn] = true;
  r->stated_at[*insn] = at;
  return true;
}

static void list_behaviours(const struct isa_insn_info *info, char *buf, size_t size)
{
  size_t used = (size_t)snprintf(buf, size, "trap, nop");
  for (size_t i = 0; i < info->behaviour_count && used < size; i++)
    used += (size_t)snprintf(buf + used, size - used, ", %s", info->behaviours[i].name);
}

static bool find_behaviour(struct profile_reader *r, enum isa_insn insn, struct source_place at,
                           struct profile_behaviour *b)
{
  const struct isa_insn_info *info = isa_insn_info(insn);
  struct suggestion near = suggest_begin(text_of(r, at), at.length);
  *b = (struct profile_behaviour){.kind = PROFILE_TRAP, .name = "trap"};
  if (reader_is(&r->in, at, b->name))
    return true;
  *b = (struct profile_behaviour){.kind = PROFILE_NOP, .name = "nop"};
  if (reader_is(&r->in, at, b->name))
    return true;
  suggest_offer(&near, "trap");
  suggest_offer(&near, "nop");
  for (size_t i = 0; i < info->behaviour_count; i++) {
    *b = (struct profile_behaviour){
        .kind = PROFILE_BODY, .body = info->behaviours[i].body, .name = info->behaviours[i].name};
    if (reader_is(&r->in, at, b->name))
      return true;
    suggest_offer(&near, b->name);
  }
  if (reader_is(&r->in, at, "absent")) {
    profile_error(r, at,
                  "an instruction is absent from every mode or from none; write 'absent %s;'",
                  info->mnemonic);
    return false;
  }
  char have[200];
  list_behaviours(info, have, sizeof have);
  profile_error(r, at, "'%s' has no behaviour '%.*s'%s%s%s; it has: %s", info->mnemonic,
                SHOW(r, at), near.best ? " (did you mean '" : "", near.best ? near.best : "",
                near.best ? "'?)" : "", have);
  return false;
}

void profile_read_outside(struct profile_reader *r, struct source_place insn,
                          struct source_place behaviour, struct source_place models,
                          struct source_place source)
{
  enum isa_insn which;
  struct profile_behaviour b;
  if (!find_stated_insn(r, insn, &which) || !find_behaviour(r, which, behaviour, &b))
    return;
  b.models = models.length ? keep_quoted(r, models) : NULL;
  b.source = source.length ? keep_quoted(r, source) : NULL;
  b.file = r->profile->file;
  b.line = source_line(&r->in.source, insn.offset);
  r->profile->said[which] = b;
}

void profile_read_absent(struct profile_reader *r, struct source_place insn)
{
  enum isa_insn which;
  if (!find_stated_insn(r, insn, &which))
    return;
  r->profile->said[which] = (struct profile_behaviour){
      .kind = PROFILE_ABSENT,
      .name = "absent",
      .file = r->profile->file,
      .line = source_line(&r->in.source, insn.offset),
  };
}

void profile_read_real(struct profile_reader *r, struct source_place name, struct source_place insn,
                       struct source_place note, struct source_place source)
{
  struct profile_real real;
  if (!find_insn(r, insn, &real.insn))
    return;
  real.name = keep_quoted(r, name);
  real.note = note.length ? keep_quoted(r, note) : NULL;
  real.source = source.length ? keep_quoted(r, source) : NULL;
  if (real.name && !profile_keep_real(r->profile, &real))
    r->out_of_memory = true;
}

void profile_read_unknown(struct profile_reader *r, struct source_place word)
{
  struct suggestion near = suggest_begin(text_of(r, word), word.length);
  for (size_t i = 0; i < PROFILE_KEY_COUNT; i++)
    suggest_offer(&near, key_names[i]);
  suggest_offer(&near, "outside");
  suggest_offer(&near, "absent");
  suggest_offer(&near, "real");
  r->syntax_error = true;
  if (near.best)
    profile_error(r, word, "there is no statement '%.*s'; did you mean '%s'?", SHOW(r, word),
                  near.best);
  else
    profile_error(
        r, word,
        "there is no statement '%.*s'; there are: profile, title, story, source, extends, "
        "modes, mmu, io, outside, absent, real",
        SHOW(r, word));
}

/* ------------------------------------------------------------------ extending */

static struct profile *load(const char *name, FILE *errors, const struct profile_reader *from);

static bool is_path(const char *name)
{
  size_t len = strlen(name);
  const char *suffix = ".profile";
  return strchr(name, '/') ||
         (len >= strlen(suffix) && strcmp(name + len - strlen(suffix), suffix) == 0);
}

/* A path that a file names starts from that file's folder. malloc'd. */
static char *path_from(const char *file, const char *name)
{
  const char *slash = strrchr(file, '/');
  int folder = slash && is_path(name) && name[0] != '/' ? (int)(slash - file) + 1 : 0;
  char *path = NULL;
  return asprintf(&path, "%.*s%s", folder, file, name) < 0 ? NULL : path;
}

void profile_read_extends(struct profile_reader *r, struct source_place at)
{
  if (!first_time(r, PROFILE_KEY_EXTENDS, at))
    return;
  bool quoted = *text_of(r, at) == '"';
  const char *name =
      quoted ? keep_quoted(r, at) : profile_keep_string(r->profile, text_of(r, at), at.length);
  if (!name) {
    r->out_of_memory |= !quoted;
    return;
  }
  if (r->alone && is_path(name)) {
    profile_error(r, at, "a file cannot be extended here: expected the name of a shipped profile");
    return;
  }
  char *path = path_from(r->in.source.file, name);
  if (!path) {
    r->out_of_memory = true;
    return;
  }
  r->base = load(path, r->in.errors, r);
  if (!r->base && errno)
    r->host_reported = r->out_of_memory = true;
  else if (!r->base)
    profile_error(r, at, "'%s' cannot be extended, as said above", name);
  free(path);
}

static void inherit(struct profile_reader *r)
{
  struct profile *p = r->profile;
  const struct profile *base = r->base;
  for (size_t i = 0; i < ISA_INSN_COUNT; i++) {
    if (r->stated[i])
      continue;
    p->said[i] = base->said[i];
    r->out_of_memory |= !profile_keep_behaviour(p, &p->said[i]);
  }
  /* They tell what the base does, so not of an instruction that does otherwise here. */
  for (size_t i = 0; i < base->real_count; i++)
    if (!r->stated[base->real[i].insn])
      r->out_of_memory |= !profile_keep_real(p, &base->real[i]);
  if (!r->given[PROFILE_KEY_MODES])
    p->modes = base->modes;
  if (!r->given[PROFILE_KEY_MMU])
    p->features |= base->features & profile_features_of("mmu");
  if (!r->given[PROFILE_KEY_IO])
    p->features |= base->features & profile_features_of("io");
  p->features |= base->features & (ISA_FEATURE_KEYS | ISA_FEATURE_KSEG | ISA_FEATURE_MIDDLE);
  if (p->modes == 2)
    p->features &= ~(uint32_t)ISA_FEATURE_MIDDLE;
  profile_drop_features(p); /* another MMU leaves them behind */
  /* Title, story and source speak of the base as it is, so they stay there. */
  if (!r->given[PROFILE_KEY_TITLE]) {
    char title[200];
    int len = snprintf(title, sizeof title, "%.150s, changed", base->name);
    const char *kept = profile_keep_string(p, title, (size_t)len);
    r->out_of_memory |= !kept;
    p->title = kept ? kept : "";
  }
}

/* ------------------------------------------------------------- a whole file */

static void check_given(struct profile_reader *r, enum profile_key key, const char *hint)
{
  if (r->given[key])
    return;
  struct source_place at = {0, 0};
  if (r->given[PROFILE_KEY_NAME])
    at = r->given_at[PROFILE_KEY_NAME];
  profile_error(r, at, "this profile has no '%s'; write %s", key_names[key], hint);
}

static bool lacks(const struct profile_reader *r, enum isa_insn insn)
{
  uint32_t requires = isa_insn_info(insn)->requires;
  return r->stated[insn] && r->profile->said[insn].kind != PROFILE_ABSENT && requires != 0 &&
         (requires & r->profile->features) == 0;
}

static void list_features(uint32_t features, char *buf, size_t size)
{
  size_t used = 0;
  char said[PROFILE_FEATURE_SIZE];
  buf[0] = '\0';
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++)
    if (w->feature != 0 && (w->feature & ~features) == 0 && used < size)
      used += (size_t)snprintf(buf + used, size - used, "%s'%s'", used ? " or " : "",
                               profile_say_feature(w, said));
}

/* What a statement is about must exist on the machine that the file describes.
 * Told in the order of the file. */
static void check_features(struct profile_reader *r)
{
  for (size_t from = 0;;) {
    unsigned next = ISA_INSN_COUNT;
    for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
      if (lacks(r, (enum isa_insn)i) && r->stated_at[i].offset >= from &&
          (next == ISA_INSN_COUNT || r->stated_at[i].offset < r->stated_at[next].offset))
        next = i;
    if (next == ISA_INSN_COUNT)
      return;
    char needs[200];
    list_features(isa_insn_info((enum isa_insn)next)->requires, needs, sizeof needs);
    profile_error(r, r->stated_at[next], "'%.*s' does not exist on this machine: it needs %s",
                  SHOW(r, r->stated_at[next]), needs);
    from = r->stated_at[next].offset + 1;
  }
}

/* Keys protect real storage blocks, which paging has other means for; and a segment that
 * is not mapped needs a map around it. */
static void check_options(struct profile_reader *r)
{
  if (r->given[PROFILE_KEY_KEYS] && (r->profile->features & PROFILE_KEYS_NEED) == 0)
    profile_error(r, r->given_at[PROFILE_KEY_KEYS], "storage keys need 'mmu bounds'");
  if (r->given[PROFILE_KEY_KSEG] && (r->profile->features & PROFILE_KSEG_NEEDS) == 0)
    profile_error(r, r->given_at[PROFILE_KEY_KSEG],
                  "an unmapped kernel segment needs 'mmu paged' or 'mmu tlb'");
  if (r->given[PROFILE_KEY_MIDDLE] && r->profile->modes == 2)
    profile_error(r, r->given_at[PROFILE_KEY_MIDDLE],
                  "a machine of two modes has none in the middle");
}

static void check_whole(struct profile_reader *r)
{
  bool extends = r->given[PROFILE_KEY_EXTENDS];
  check_given(r, PROFILE_KEY_NAME, "'profile NAME;'");
  if (!extends) {
    check_given(r, PROFILE_KEY_TITLE, "'title \"…\";'");
    check_given(r, PROFILE_KEY_MODES, "'modes 2;'");
    check_given(r, PROFILE_KEY_MMU, "'mmu bounds;'");
    check_given(r, PROFILE_KEY_IO, "'io ports;'");
  }
}

static bool scan_and_parse(struct profile_reader *r)
{
  volatile int result = 2;
  yyscan_t scanner;
  if (setjmp(r->in.scan_failed) == 0 && profile_yylex_init_extra(&r->in, &scanner) == 0 &&
      profile_yy_scan_bytes(r->in.source.text, (int)r->in.source.len, scanner))
    result = profile_yyparse(scanner, r);
  reader_scan_end(&r->in);
  return result != 2;
}

static bool read_file(struct profile_reader *r)
{
  struct profile *p = r->profile;
  const char *file = profile_keep_string(p, r->in.source.file, strlen(r->in.source.file));
  if (!file)
    return false;
  p->file = file;
  if (!scan_and_parse(r) || r->out_of_memory)
    return false;
  if (!r->syntax_error)
    check_whole(r);
  if (r->base)
    inherit(r);
  if (r->in.error_count == 0) {
    check_options(r);
    check_features(r);
  }
  return !r->out_of_memory;
}

static struct profile *parse(const char *file, const char *text, size_t len, FILE *errors,
                             const struct profile_reader *from, bool alone)
{
  if (len > MOST_BYTES) {
    fprintf(errors, "%s: error: longer than %u bytes, so it is no profile\n", file, MOST_BYTES);
    errno = 0;
    return NULL;
  }
  struct profile_reader r = {.in = {.source = {file, text, len}, .errors = errors},
                             .extended_by = from,
                             .alone = alone,
                             .profile = profile_new()};
  bool done = r.profile && read_file(&r);
  if (!done && !r.host_reported)
    fprintf(errors, "%s: error: out of memory\n", file);
  reader_say_rest(&r.in);
  profile_destroy(r.base);
  if (!done || r.in.error_count > 0) {
    profile_destroy(r.profile);
    errno = done ? 0 : ENOMEM;
    return NULL;
  }
  profile_resolve(r.profile);
  return r.profile;
}

struct profile *profile_parse(const char *file, const char *text, size_t len, FILE *errors)
{
  return parse(file, text, len, errors, NULL, false);
}

struct profile *profile_parse_alone(const char *file, const char *text, size_t len, FILE *errors)
{
  return parse(file, text, len, errors, NULL, true);
}

/* ------------------------------------------------------------------- loading */

static struct profile *load_path(const char *path, FILE *errors, const struct profile_reader *from)
{
  size_t len;
  char *text = reader_load(path, MOST_BYTES, &len);
  if (!text) {
    int error = errno;
    fprintf(errors, "%s: error: cannot read this profile: %s\n", path, strerror(error));
    errno = host_at_fault(error) ? error : 0;
    return NULL;
  }
  struct profile *p = parse(path, text, len, errors, from, false);
  free(text);
  return p;
}

static void explain_no_profile(const char *name, FILE *errors)
{
  struct suggestion near = suggest_begin(name, strlen(name));
  for (const char *const *n = profile_shipped(); *n; n++)
    suggest_offer(&near, *n);
  fprintf(errors, "%s: error: there is no profile of this name", name);
  if (near.best)
    fprintf(errors, "; did you mean '%s'?", near.best);
  fputs("\n  shipped profiles:", errors);
  for (const char *const *n = profile_shipped(); *n; n++)
    fprintf(errors, " %s", *n);
  fputs("\n  a file of your own is named with a '/' or ends in .profile\n", errors);
}

static struct profile *load(const char *name, FILE *errors, const struct profile_reader *from)
{
  unsigned depth = 0;
  for (const struct profile_reader *r = from; r; r = r->extended_by)
    if (++depth > DEEPEST_EXTENDS || strcmp(r->in.source.file, name) == 0) {
      fprintf(errors, "%s: error: 'extends' goes round in a circle\n", name);
      errno = 0;
      return NULL;
    }
  if (is_path(name))
    return load_path(name, errors, from);
  for (const char *const *n = profile_shipped(); *n; n++) {
    size_t len = strlen(name);
    if (strcmp(*n, name) != 0)
      continue;
    for (const struct embedded_file *f = isa_embedded_profiles; f->name; f++)
      if (strncmp(f->name, name, len) == 0 && strcmp(f->name + len, ".profile") == 0)
        return parse(f->name, (const char *)f->bytes, f->len, errors, from, false);
  }
  explain_no_profile(name, errors);
  errno = 0;
  return NULL;
}

struct profile *profile_load(const char *name, FILE *errors)
{
  return load(name, errors, NULL);
}
