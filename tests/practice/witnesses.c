/* The classifier's witnesses laid into random kernels: a kernel of a seed begins in the
 * state of a witness, so that the instruction is its first, in a state in which it
 * matters. What stands in a theorem's way then makes the virtual machine part from the
 * bare one: of two states that are alike but for K and give different results the real
 * machine, which has one K, can give one result only, so at one of them it is wrong. What
 * does not stand in the way makes no difference, however much it matters.
 *   witnesses --profile P [--offenders LIST] [--hybrid LIST] [--harmless LIST]
 *             [--from N] [--seeds N]
 *   --offenders  which part; '-' (the default): none
 *   --hybrid     which part under a hybrid VMM, of witnesses in the least privileged mode;
 *                without it none is tried
 *   --harmless   of those, which yet do not
 * Exit status: 0 as the lists say; 1 not; 2 usage.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/classify.h"
#include "tests/common/program.h"
#include "tests/random/practice.h"

struct settings {
  const char *profile, *offenders, *hybrid, *harmless;
  uint64_t from, seeds;
};

/* One theorem in practice. */
struct theorem {
  const char *name;
  enum vmm_technique technique;
  unsigned questions; /* of which an offender's witnesses are */
  struct practice_list offenders, harmless;
};

/* The states of one instruction's witnesses. */
struct states {
  unsigned count;
  const struct trial_state *state[2 * QUESTION_COUNT];
};

struct tally {
  uint64_t kernels, parted;
};

static void gather(const struct classify_insn *i, unsigned questions, struct states *out)
{
  out->count = 0;
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    const struct witness *w = i->answer[q].witness;
    for (unsigned k = 0; w && questions & 1u << q && k < question_states((enum question)q); k++) {
      out->state[out->count++] = &w->state[k];
    }
  }
}

static void lay_cell(struct guest *g, uint32_t pa, uint32_t word)
{
  memcpy((uint8_t *)g->word + pa, &word, sizeof word);
}

/* The guest begins in that state; what the state does not name stays as the seed made it. */
static void lay(struct guest *g, const struct trial_state *s)
{
  uint32_t pa;
  g->pc = s->pc;
  memcpy(g->reg, s->reg, sizeof g->reg);
  memcpy(g->cr, s->cr, sizeof g->cr);
  g->ticks = 1; /* TICK is of those that no loader sets */
  g->sectors = 0;
  g->inputs = s->input ? 1 : 0;
  g->input[0].at = 0;
  g->input[0].byte = s->input_byte;
  for (unsigned i = 0; i < s->view_count; i++) {
    insist(trial_shows(s, s->view[i].at, &pa), "the witness shows its words");
    lay_cell(g, pa, s->view[i].word);
  }
  for (unsigned i = 0; i < s->outside_count; i++) {
    lay_cell(g, s->outside[i].at, s->outside[i].word);
  }
  memset(g->key, 0, sizeof g->key);
  for (unsigned i = 0; i < s->key_count; i++) {
    g->key[s->key[i].block] = s->key[i].key;
  }
}

/* One kernel, begun in each of the states. How many part. */
static unsigned try_kernel(struct guest *g, const struct theorem *t, const struct profile *profile,
                           const struct states *states, uint64_t seed, struct finding *f)
{
  unsigned parted = 0;
  struct trial_way way = practice_way(&(struct practice){.technique = t->technique}, seed);
  way.moved = true; /* else the real identity and time are the guest's */
  for (unsigned k = 0; k < states->count; k++) {
    struct finding found;
    guest_generate(g, seed, profile);
    lay(g, states->state[k]);
    if (!trial(g, &way, NULL, NULL, &found)) {
      parted++;
      *f = found;
    }
  }
  return parted;
}

/* Every kernel as it should be. */
static bool try_insn(struct guest *g, const struct settings *set, const struct theorem *t,
                     const struct profile *profile, const struct classify_insn *i, bool parts,
                     struct tally *tally)
{
  struct states states;
  gather(i, parts ? t->questions : ~0u, &states);
  for (uint64_t seed = set->from; seed < set->from + set->seeds && states.count > 0; seed++) {
    struct finding f = {0};
    unsigned parted = try_kernel(g, t, profile, &states, seed, &f);
    tally->kernels++;
    tally->parted += parted > 0;
    if ((parted > 0) != parts || (parts && f.at.insn != i->insn)) {
      printf("\n# kernel %llu of %s, begun in the witnesses of %s: ", (unsigned long long)seed,
             profile_name(profile), isa_insn_info(i->insn)->mnemonic);
      printf(parts ? "none of %u parts\n" : "%u parts, though it is not listed\n",
             parts ? states.count : parted);
      return false;
    }
  }
  if (parts && states.count == 0) {
    printf("\n# %s is listed, and has no witness\n", isa_insn_info(i->insn)->mnemonic);
  }
  return !parts || states.count > 0;
}

static bool try_all(const struct settings *set, const struct theorem *t,
                    const struct profile *profile, const struct classification *c)
{
  struct guest *g = malloc(sizeof *g);
  insist(g, "memory");
  struct tally others = {0};
  bool as_listed = true;
  printf("# %s, %s:", profile_name(profile), t->name);
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    const struct classify_insn *i = classification_insn(c, (enum isa_insn)n);
    bool parts = practice_listed(&t->offenders, i->insn) && !practice_listed(&t->harmless, i->insn);
    struct tally tally = {0};
    if (!i->present || !(i->sensitive || parts)) {
      continue;
    }
    as_listed = try_insn(g, set, t, profile, i, parts, parts ? &tally : &others) && as_listed;
    if (parts) {
      printf(" %s %llu of %llu", isa_insn_info(i->insn)->mnemonic, (unsigned long long)tally.parted,
             (unsigned long long)tally.kernels);
    }
  }
  printf("%s others %llu of %llu part\n", t->offenders.count ? ";" : "",
         (unsigned long long)others.parted, (unsigned long long)others.kernels);
  free(g);
  return as_listed;
}

static bool try_theorems(const struct settings *set, const struct profile *profile,
                         const struct classification *c)
{
  struct theorem first = {.name = "trap-and-emulate", .questions = ~0u};
  struct theorem third = {
      .name = "hybrid", .technique = VMM_TECHNIQUE_HYBRID, .questions = CLASSIFY_USER_BY};
  const char *hybrid = set->hybrid ? set->hybrid : "-";
  insist(practice_list(&first.offenders, set->offenders) &&
             practice_list(&third.offenders, hybrid) &&
             practice_list(&first.harmless, set->harmless),
         "the lists are of instructions");
  third.harmless = first.harmless;
  bool as_listed = try_all(set, &first, profile, c);
  return (!set->hybrid || try_all(set, &third, profile, c)) && as_listed;
}

static struct settings read_options(int argc, char **argv)
{
  static const struct option options[] = {{"profile", required_argument, NULL, 'p'},
                                          {"offenders", required_argument, NULL, 'o'},
                                          {"hybrid", required_argument, NULL, 'y'},
                                          {"harmless", required_argument, NULL, 'h'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"seeds", required_argument, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
  struct settings s = {.offenders = "-", .harmless = "-", .seeds = 20};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (c) {
    case 'p':
      s.profile = optarg;
      break;
    case 'o':
      s.offenders = optarg;
      break;
    case 'h':
      s.harmless = optarg;
      break;
    case 'y':
      s.hybrid = optarg;
      break;
    case 'f':
      s.from = strtoull(optarg, NULL, 0);
      break;
    case 's':
      s.seeds = strtoull(optarg, NULL, 0);
      break;
    default:
      exit(2);
    }
  }
  if (!s.profile || optind != argc) {
    fputs("usage: witnesses --profile P [OPTION]...\n", stderr);
    exit(2);
  }
  return s;
}

int main(int argc, char **argv)
{
  const struct settings set = read_options(argc, argv);
  struct profile *profile = profile_load(set.profile, stderr);
  const char *reason = NULL;
  /* Its witnesses are of 64 KiB, as much as a guest has; others are held to it. */
  const struct classify_options o = {
      .model = MODEL_EXTENDED, .routes = CLASSIFY_EXPERIMENT, .samples = 300, .threads = 1};
  struct classification *c = profile ? classify_profile(profile, &o, &reason) : NULL;
  if (!c) {
    fprintf(stderr, "witnesses: %s\n", reason ? reason : "no profile");
    return 2;
  }
  bool as_listed = try_theorems(&set, profile, c);
  classification_destroy(c);
  profile_destroy(profile);
  return !as_listed;
}
