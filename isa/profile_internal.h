/* Inside profiles: the grammar (profile_parser.y, profile_lexer.l) calls the
 * reader (profile_read.c) for each statement, and the reader fills a struct
 * profile, which profile.c answers questions about.
 */
#ifndef TRAPEZE_ISA_PROFILE_INTERNAL_H
#define TRAPEZE_ISA_PROFILE_INTERNAL_H

#include "isa/embed.h"
#include "isa/profile.h"
#include "isa/reader.h"

extern const struct embedded_file isa_embedded_profiles[];

struct profile_string;

struct profile {
  const char *name, *file, *title, *story, *source; /* title, story, source: "" if not given */
  unsigned modes;
  uint32_t features;
  /* What the files say, whatever the features: kept for profile_override(). */
  struct profile_behaviour said[ISA_INSN_COUNT];
  /* What holds. */
  struct profile_behaviour inside[ISA_INSN_COUNT];  /* mode 0 */
  struct profile_behaviour outside[ISA_INSN_COUNT]; /* every other mode */
  struct profile_string *strings;
  struct profile_real *real;
  size_t real_count;
};

/* profile.c */
const char *profile_keep_string(struct profile *p, const char *text,
                                size_t len); /* NULL: no memory */
/* Copies its strings to p's; false: no memory. */
bool profile_keep_behaviour(struct profile *p, struct profile_behaviour *b);
/* Copies its strings, too; false: no memory. */
bool profile_keep_real(struct profile *p, const struct profile_real *real);
struct profile *profile_new(void);
void profile_resolve(struct profile *p); /* inside and outside, from said and features */

/* What an option of the MMU needs, any of them. */
#define PROFILE_KEYS_NEED  ((uint32_t)ISA_FEATURE_MMU_BOUNDS)
#define PROFILE_KSEG_NEEDS ((uint32_t)ISA_FEATURE_MMU_TLB | ISA_FEATURE_MMU_PAGED)
/* Takes away the options that its MMU does not have. */
void profile_drop_features(struct profile *p);

uint32_t profile_features_of(const char *key);
/* NULL, after describing the fault in `message`, if the word will not do. */
const struct profile_feature_word *profile_find_feature(const char *key, const char *word,
                                                        size_t len, char *message, size_t size);

enum profile_key {
  PROFILE_KEY_NAME,
  PROFILE_KEY_TITLE,
  PROFILE_KEY_STORY,
  PROFILE_KEY_SOURCE,
  PROFILE_KEY_MODES,
  PROFILE_KEY_MMU,
  PROFILE_KEY_IO,
  PROFILE_KEY_KEYS,
  PROFILE_KEY_KSEG,
  PROFILE_KEY_MIDDLE,
  PROFILE_KEY_EXTENDS,
  PROFILE_KEY_COUNT,
};

/* One file being read. */
struct profile_reader {
  struct reader in;
  bool syntax_error; /* then a missing key is no news */
  bool out_of_memory;
  bool host_reported; /* that the host failed is said already; implies out_of_memory */
  struct profile *profile;
  struct profile *base; /* what `extends` named, or NULL */
  const struct profile_reader *extended_by;
  bool alone; /* no file of the host is read */
  bool given[PROFILE_KEY_COUNT];
  struct source_place given_at[PROFILE_KEY_COUNT];
  bool stated[ISA_INSN_COUNT]; /* by this file */
  struct source_place stated_at[ISA_INSN_COUNT];
};

/* As reader_verror(). */
void profile_error(struct profile_reader *r, struct source_place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `at` of a string covers its quotes. `none` is length 0. */
void profile_read_name(struct profile_reader *r, struct source_place at);
void profile_read_text(struct profile_reader *r, enum profile_key key, struct source_place at);
void profile_read_modes(struct profile_reader *r, struct source_place at);
void profile_read_feature(struct profile_reader *r, enum profile_key key, struct source_place at);
void profile_read_keys(struct profile_reader *r, struct source_place at);
void profile_read_kseg(struct profile_reader *r, struct source_place at);
void profile_read_middle(struct profile_reader *r, struct source_place at);
void profile_read_extends(struct profile_reader *r, struct source_place at);
void profile_read_outside(struct profile_reader *r, struct source_place insn,
                          struct source_place behaviour, struct source_place models,
                          struct source_place source);
void profile_read_absent(struct profile_reader *r, struct source_place insn);
void profile_read_real(struct profile_reader *r, struct source_place name, struct source_place insn,
                       struct source_place note, struct source_place source);
void profile_read_unknown(struct profile_reader *r, struct source_place word);

#endif
