#include "tests/own/profile.h"

#include <stdlib.h>
#include <string.h>

#include "tests/common/program.h"

enum kind { KIND_ANY, KIND_ABSENT, KIND_NOP, KIND_FULL, KIND_ONE };

struct maker {
  struct random r;
  FILE *out;
  enum kind kind;
  uint32_t features;
  unsigned stated; /* out of 100 instructions */
  bool said[ISA_INSN_COUNT];
};

static bool one_in(struct maker *k, unsigned n)
{
  return random_below(&k->r, n) == 0;
}

static bool may_be_stated(const struct maker *k, unsigned insn)
{
  const struct isa_insn_info *info = isa_insn_info((enum isa_insn)insn);
  return info->group == ISA_GROUP_SYSTEM && !k->said[insn] &&
         (info->requires == 0 || info->requires & k->features);
}

/* ------------------------------------------------------------------ statements */

static void put_source(struct maker *k, const char *mnemonic)
{
  if (one_in(k, 4)) {
    fprintf(k->out, " as \"%s of another machine\"", mnemonic);
    if (one_in(k, 2)) {
      fprintf(k->out, " source \"its manual, §%u\"", random_below(&k->r, 100));
    }
  }
}

static void put_outside(struct maker *k, unsigned insn, unsigned which)
{
  const struct isa_insn_info *info = isa_insn_info((enum isa_insn)insn);
  const char *behaviour = which == 0   ? "trap"
                          : which == 1 ? "nop"
                                       : info->behaviours[which - 2].name;
  k->said[insn] = true;
  fprintf(k->out, "outside %s%*s= %s", info->mnemonic, 1 + (int)random_below(&k->r, 6), "",
          behaviour);
  put_source(k, info->mnemonic);
  fputs(one_in(k, 8) ? "; # as it is\n" : ";\n", k->out);
}

static void put_absent(struct maker *k, unsigned insn)
{
  k->said[insn] = true;
  fprintf(k->out, "absent %s;\n", isa_insn_info((enum isa_insn)insn)->mnemonic);
}

static void put_any(struct maker *k, unsigned insn)
{
  if (one_in(k, 8)) {
    put_absent(k, insn);
  } else {
    put_outside(
        k, insn,
        random_below(&k->r, 2 + (unsigned)isa_insn_info((enum isa_insn)insn)->behaviour_count));
  }
}

static void put_instruction(struct maker *k, unsigned insn)
{
  switch (k->kind) {
  case KIND_ABSENT:
    put_absent(k, insn);
    break;
  case KIND_NOP:
    put_outside(k, insn, 1);
    break;
  case KIND_FULL:
    put_outside(k, insn, 2);
    break;
  default:
    if (random_below(&k->r, 100) < k->stated) {
      put_any(k, insn);
    }
  }
}

/* In any order. */
static void put_instructions(struct maker *k)
{
  unsigned order[ISA_INSN_COUNT], count = 0;
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    if (may_be_stated(k, i)) {
      unsigned at = random_below(&k->r, ++count);
      order[count - 1] = order[at];
      order[at] = i;
    }
  }
  if (k->kind == KIND_ONE) {
    const struct isa_insn_info *info = isa_insn_info((enum isa_insn)order[0]);
    put_outside(k, order[0], 1 + random_below(&k->r, 1 + (unsigned)info->behaviour_count));
    return;
  }
  for (unsigned i = 0; i < count; i++) {
    put_instruction(k, order[i]);
  }
}

/* ------------------------------------------------------------------ the machine */

static uint32_t features_of(const char *key)
{
  uint32_t all = 0;
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++) {
    all |= strcmp(w->key, key) == 0 ? w->feature : 0;
  }
  return all;
}

static void put_io(struct maker *k)
{
  const struct profile_feature_word *io[8] = {NULL};
  unsigned count = 0;
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++) {
    if (strcmp(w->key, "io") == 0) {
      io[count++] = w;
    }
  }
  const struct profile_feature_word *chosen = io[random_below(&k->r, count)];
  k->features = (k->features & ~features_of("io")) | chosen->feature;
  fprintf(k->out, "io %s;\n", chosen->word);
}

/* From another profile, if not from nothing. */
static bool put_base(struct maker *k)
{
  if (k->kind != KIND_ANY || !one_in(k, 4)) {
    return false;
  }
  const char *const *names = profile_shipped();
  unsigned count = 0;
  while (names[count]) {
    count++;
  }
  const char *name = names[random_below(&k->r, count)];
  struct profile *base = profile_load(name, stderr);
  insist(base, "a shipped profile");
  k->features = profile_features(base);
  profile_destroy(base);
  fprintf(k->out, "extends %s;\n", name);
  return true;
}

static void put_machine(struct maker *k)
{
  unsigned modes = 2 + random_below(&k->r, 3);
  if (!put_base(k)) {
    fprintf(k->out, "title \"Made at random\";\nmodes %u;\nmmu bounds;\n", modes);
    k->features = ISA_FEATURE_MMU_BOUNDS;
    put_io(k);
    if (modes > 2 && one_in(k, 4)) {
      fputs("middle;\n", k->out);
    }
  } else if (one_in(k, 2)) {
    put_io(k);
  }
  if (!(k->features & ISA_FEATURE_KEYS) && one_in(k, 3)) {
    k->features |= ISA_FEATURE_KEYS;
    fputs("keys;\n", k->out);
  }
}

void own_profile_write(uint64_t seed, FILE *out)
{
  static const unsigned often[] = {10, 30, 60, 95};
  static const enum kind kinds[16] = {
      [3] = KIND_ABSENT, [6] = KIND_NOP, [9] = KIND_FULL, [12] = KIND_ONE};
  struct maker k = {.r = random_from(seed * 2654435761u + 1), .out = out, .kind = kinds[seed % 16]};
  random_word(&k.r);
  k.stated = often[random_below(&k.r, 4)];
  fprintf(out, "profile own-%llu;\n", (unsigned long long)seed);
  put_machine(&k);
  put_instructions(&k);
}

/* ---------------------------------------------------------------------- loading */

static struct profile *parse(const char *name, char *text, size_t len)
{
  struct profile *p = profile_parse(name, text, len, stderr);
  if (!p) {
    fwrite(text, 1, len, stderr);
  }
  insist(p, "a profile made at random is a profile");
  free(text);
  return p;
}

struct profile *own_profile(uint64_t seed)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  insist(out, "no memory");
  own_profile_write(seed, out);
  insist(fclose(out) == 0, "no memory");
  return parse("own.profile", text, len);
}

static void put_features(FILE *out, uint32_t features)
{
  bool io = false;
  char said[PROFILE_FEATURE_SIZE];
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++) {
    if (profile_feature_word_holds(w, features)) {
      io = io || strcmp(w->key, "io") == 0;
      fprintf(out, "%s;\n", profile_say_feature(w, said));
    }
  }
  fputs(io ? "" : "io none;\n", out);
}

struct profile *own_profile_alone(const struct profile *p, enum isa_insn insn)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  insist(out, "no memory");
  fprintf(out, "profile alone;\ntitle \"One instruction\";\nmodes %u;\n", profile_modes(p));
  put_features(out, profile_features(p));
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const char *mnemonic = isa_insn_info((enum isa_insn)i)->mnemonic;
    if (isa_insn_info((enum isa_insn)i)->group != ISA_GROUP_SYSTEM) {
      continue;
    }
    if (i != insn) {
      fprintf(out, "absent %s;\n", mnemonic);
    } else {
      fprintf(out, "outside %s = %s;\n", mnemonic, profile_outside(p, insn));
    }
  }
  insist(fclose(out) == 0, "no memory");
  return parse("alone.profile", text, len);
}
