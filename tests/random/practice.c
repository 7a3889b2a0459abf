#include "tests/random/practice.h"

#include <string.h>

#include "tests/common/program.h"

bool practice_listed(const struct practice_list *l, enum isa_insn insn)
{
  for (unsigned i = 0; i < l->count; i++) {
    if (l->insn[i] == insn) {
      return true;
    }
  }
  return false;
}

bool practice_list(struct practice_list *l, const char *names)
{
  l->count = 0;
  for (const char *at = names + strspn(names, " -"); *at; at += strspn(at, " ")) {
    size_t len = strcspn(at, " ");
    enum isa_insn insn;
    if (!isa_find_insn(at, len, &insn) || practice_listed(l, insn)) {
      return false;
    }
    l->insn[l->count++] = insn;
    at += len;
  }
  return true;
}

/* A guest parts at the first offender that it meets, and some are hardly ever the
 * first. Of the others, every second becomes the one that is left. */
static void leave_one(const struct practice *p, struct guest *g, enum isa_insn left)
{
  struct random r = random_from(g->seed ^ left);
  uint32_t nop = word_of(ISA_ADDI, REG_ZERO, REG_ZERO, 0, 0);
  for (uint32_t i = 0; i < GUEST_WORDS; i++) {
    struct isa_decoded d;
    uint32_t word;
    if (!isa_decode(g->word[i], &d) || d.insn == left || !practice_listed(&p->offenders, d.insn)) {
      continue;
    }
    d.insn = left;
    bool fits = isa_encode(&d, &word, NULL, NULL, NULL) == ISA_ENCODE_OK;
    g->word[i] = fits && random_below(&r, 2) ? word : nop;
  }
}

static bool is_to_blame(const struct practice *p, const struct coverage_view *at)
{
  return at->fetched && at->legal && practice_listed(&p->offenders, at->insn) &&
         !practice_listed(&p->harmless, at->insn);
}

struct trial_way practice_way(const struct practice *p, uint64_t seed)
{
  struct random r = random_from(~seed);
  random_word(&r);
  return (struct trial_way){.depth = random_below(&r, 6) == 0 ? 2 : 1,
                            .technique = p->technique,
                            .engine = (enum machine_engine)random_below(&r, 3),
                            .moved = random_below(&r, 2),
                            .stride = 1,
                            .modules = p->modules};
}

static void make_guest(const struct practice *p, uint64_t seed, struct guest *g)
{
  uint64_t turn = seed % (p->offenders.count + 1);
  if (turn < p->offenders.count) {
    guest_generate_for(g, seed, p->profile, p->offenders.insn[turn]);
    leave_one(p, g, p->offenders.insn[turn]);
  } else {
    guest_generate(g, seed, p->profile);
  }
}

bool practice_run(struct practice *p, uint64_t from, uint64_t seeds, struct guest *g,
                  struct trial_way *way, struct finding *f)
{
  for (uint64_t seed = from; seed < from + seeds; seed++) {
    make_guest(p, seed, g);
    *way = practice_way(p, seed);
    p->programs++;
    if (trial(g, way, NULL, &p->ticks, f)) {
      continue;
    }
    p->parted++;
    if (!is_to_blame(p, &f->at)) {
      return false;
    }
    p->named[f->at.insn]++;
  }
  return true;
}

void practice_write(const struct practice *p, uint64_t seed, struct guest *g, FILE *out)
{
  make_guest(p, seed, g);
  fprintf(out, "# kernel %llu for %s\n\t.data\n\t.org\t0\n", (unsigned long long)seed,
          profile_name(p->profile));
  for (uint32_t i = 0; i < GUEST_WORDS; i++) {
    if (4 * i == ISA_RESET_PC) {
      fprintf(out, "\t.text\n");
    }
    fprintf(out, "\t.word\t0x%08x\n", g->word[i]);
  }
}

bool practice_tell(const struct practice *p, FILE *out)
{
  bool all = true;
  fprintf(out, "# %s: %llu programs, %llu ticks, %llu part:", profile_name(p->profile),
          (unsigned long long)p->programs, (unsigned long long)p->ticks,
          (unsigned long long)p->parted);
  for (unsigned i = 0; i < p->offenders.count; i++) {
    enum isa_insn insn = p->offenders.insn[i];
    fprintf(out, " %s %llu", isa_insn_info(insn)->mnemonic, (unsigned long long)p->named[insn]);
  }
  fprintf(out, "%s\n", p->offenders.count ? "" : " none is listed");
  for (unsigned i = 0; i < p->offenders.count; i++) {
    enum isa_insn insn = p->offenders.insn[i];
    if (p->named[insn] == 0 && !practice_listed(&p->harmless, insn)) {
      fprintf(out, "# %s is listed and was never to blame\n", isa_insn_info(insn)->mnemonic);
      all = false;
    }
  }
  return all;
}
