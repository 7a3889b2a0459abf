/* Profiles: which behaviour each system instruction shows outside the
 * privileged mode, and which modes, MMU and I/O the machine has.
 *
 * A profile is a text file (isa/profiles, docs/profiles.md describes it). The
 * shipped ones are compiled in and named without a path.
 */
#ifndef TRAPEZE_ISA_PROFILE_H
#define TRAPEZE_ISA_PROFILE_H

#include <stdio.h>

#include "isa/isa.h"

enum profile_behaviour_kind {
  PROFILE_TRAP,   /* privileged-instruction trap */
  PROFILE_NOP,    /* silently ignored */
  PROFILE_BODY,   /* executes `body`: full or a named variant */
  PROFILE_ABSENT, /* illegal in every mode */
};

struct profile_behaviour {
  enum profile_behaviour_kind kind;
  enum isa_body body; /* PROFILE_BODY only */
  const char *name;   /* "trap", "nop", "absent", "full", "partial", … */
  const char *models; /* the real instruction it stands for here, or NULL */
  const char *source; /* where that is documented, or NULL */
  const char *file;   /* file that says so (a profile may extend another); NULL by default */
  unsigned line;      /* its line; 0 if by default */
};

/* An instruction of the real machine, and the one that stands for it here. */
struct profile_real {
  const char *name; /* "INT n"; several are parted by commas */
  enum isa_insn insn;
  const char *note, *source; /* what it does, what is lost here; who says so. Or NULL */
};

struct profile; /* immutable once loaded */

/* Loads a shipped profile by name, or a file if `name` has a '/' or ends in
 * ".profile". NULL on failure, after printing file:line:col messages to
 * `errors`; errno is 0 if the profile is wrong, else the host's error (host.h).
 * Destroy with profile_destroy(). */
struct profile *profile_load(const char *name, FILE *errors);
/* The same from text; `file` is the name used in messages. */
struct profile *profile_parse(const char *file, const char *text, size_t len, FILE *errors);
/* Of somebody who is not trusted: it may extend shipped profiles, but no file. */
struct profile *profile_parse_alone(const char *file, const char *text, size_t len, FILE *errors);
/* A copy with another MMU or I/O style ("bounds", "ports"; NULL keeps it).
 * NULL and a message if the name is unknown; errno as above. `errors` NULL: no message. */
struct profile *profile_override(const struct profile *p, const char *mmu, const char *io,
                                 FILE *errors);
void profile_destroy(struct profile *p);

/* Names of the shipped profiles, in teaching order, NULL-terminated. */
const char *const *profile_shipped(void);

const char *profile_name(const struct profile *p);
const char *profile_file(const struct profile *p);  /* for messages */
const char *profile_title(const struct profile *p); /* "Intel x86 before VT-x" */
const char *profile_story(const struct profile *p); /* one line */
const char *profile_source(const struct profile *p);
unsigned profile_modes(const struct profile *p);    /* 2 to 4 */
uint32_t profile_features(const struct profile *p); /* set of enum isa_feature */
/* What a profile may say of features: `mmu` and `io` with a word, and `keys`, whose word
 * is its own name. */
struct profile_feature_word {
  const char *key;  /* "mmu" */
  const char *word; /* "bounds"; no two are the same */
  uint32_t feature; /* one, or with those that it includes; 0: none */
};
extern const struct profile_feature_word profile_feature_words[]; /* ended by a NULL key */
/* Whether it is what a profile with these features says of its key: one with `mmu nested`
 * has the features of `mmu paged` too, and does not say so. */
bool profile_feature_word_holds(const struct profile_feature_word *w, uint32_t features);
/* As a profile says it: "mmu bounds", "keys". Returns buf. */
#define PROFILE_FEATURE_SIZE 32
char *profile_say_feature(const struct profile_feature_word *w, char buf[PROFILE_FEATURE_SIZE]);

static inline unsigned profile_user_mode(const struct profile *p)
{
  return profile_modes(p) - 1;
}

/* The mode of a real machine of this profile in which a VMM runs what is in `mode` of a virtual
 * one: the least privileged; or, for guests' kernels where the profile says `middle`, the one
 * above it, which is not privileged either. */
unsigned profile_guest_mode(const struct profile *p, unsigned mode);

/* Behaviour of an instruction in a mode; those of one mode lie in the order of enum isa_insn.
 * Mode 0 of any instruction that is not absent, and user and errant instructions always:
 * PROFILE_BODY, full. */
const struct profile_behaviour *profile_behaviour(const struct profile *p, enum isa_insn insn,
                                                  unsigned mode);
/* Outside mode 0, where it is the same in every mode: "trap", "partial". */
static inline const char *profile_outside(const struct profile *p, enum isa_insn insn)
{
  return profile_behaviour(p, insn, profile_user_mode(p))->name;
}
/* Those that the profile lists, in its order. */
const struct profile_real *profile_reals(const struct profile *p, size_t *count);
bool profile_has_cr(const struct profile *p, enum isa_cr cr);

/* isa_decode(), minus what this profile lacks. */
bool profile_decode(const struct profile *p, uint32_t word, struct isa_decoded *out);

/* The PSW that results from writing `value`: unknown bits zero, modes that do
 * not exist become the least privileged one. */
uint32_t profile_legal_psw(const struct profile *p, uint32_t value);
/* The value of control register cr after writing `value` over `old`. */
uint32_t profile_cr_write(const struct profile *p, enum isa_cr cr, uint32_t old, uint32_t value);

#endif
