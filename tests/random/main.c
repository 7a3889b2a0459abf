/* Random programs: seeded guests, bare and virtual and on every engine, until two
 * machines that must agree do not. What fails is shrunk and printed. The number
 * of a guest, its seed, decides everything about it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/program.h"
#include "tests/random/coverage.h"
#include "tests/random/faults.h"
#include "tests/random/practice.h"
#include "tests/random/shrink.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Theorem 1 holds: bare and virtual must agree. */
static const char *const virtualizable[] = {"pg", "s360", "tests/random/rings.profile"};
/* And these, for the engines alone. */
static const char *const others[] = {"x86",
                                     "x86-popf",
                                     "pdp10",
                                     "tests/random/mixed.profile",
                                     "tests/hostile/full.profile",
                                     "tests/hostile/nop.profile"};

/* Theorem 3 holds besides: a hybrid VMM must agree on these, too. */
static const char *const theorem_3[] = {"x86-popf", "pdp10"};

struct settings {
  enum vmm_technique technique;
  uint64_t from, seeds;
  const char *profile; /* NULL: by seed */
  const struct fault *fault;
  bool virtual, engines;
  bool table, strict;
  const char *offenders; /* NULL: not a matter of theory against practice */
  const char *harmless;
  bool write;
};

struct run {
  struct settings set;
  const char *program;
  struct profile *good[COUNT(virtualizable)], *other[COUNT(others)], *hybrid[COUNT(theorem_3)];
  struct profile *named;
  struct coverage coverage;
  struct guest guest;
  uint64_t compared, raced, ticks;
};

static struct profile *load(const char *name)
{
  struct profile *p = profile_load(name, stderr);
  if (!p) {
    exit(2);
  }
  return p;
}

/* ------------------------------------------------------------------- telling */

/* The instruction that a profile which is not virtualizable trips over. */
static void print_offender(const struct guest *g, const struct finding *f)
{
  if (!f->at.fetched || !f->at.legal) {
    return;
  }
  const struct isa_insn_info *info = isa_insn_info(f->at.insn);
  const struct profile_behaviour *b =
      profile_behaviour(g->profile, f->at.insn, profile_user_mode(g->profile));
  char text[80];
  isa_print(text, sizeof text, f->at.word, f->at.pc, NULL, NULL);
  printf("#   they part at %08x: %s (mode %u)\n", f->at.pc, text, f->at.mode);
  if (info->group == ISA_GROUP_SYSTEM && b->kind != PROFILE_TRAP && b->kind != PROFILE_ABSENT) {
    printf("#   %s is an offender of %s: sensitive (%s) and not privileged, but %s\n",
           info->mnemonic, profile_name(g->profile), info->sensitive, b->name);
  }
}

static void print_replay(const struct run *run)
{
  const struct settings *set = &run->set;
  printf("#   replay: %s --from %llu --seeds 1", run->program, (unsigned long long)run->guest.seed);
  if (set->profile) {
    printf(" --profile %s", set->profile);
  }
  if (set->technique) {
    printf(" --technique %s", vmm_techniques[set->technique].name);
  }
  if (set->fault) {
    printf(" --fault %s", set->fault->name);
  }
  if (set->offenders) {
    printf(" --offenders '%s' --harmless '%s'", set->offenders, set->harmless);
  }
  printf("\n");
}

static void report(struct run *run, struct trial_way way, struct finding f)
{
  static const char *const engines[] = {"fast", "unfused", "stepper"};
  struct guest *g = &run->guest;
  printf("# seed %llu, %s: ", (unsigned long long)g->seed, profile_name(g->profile));
  if (way.engines) {
    printf("stepper and %s engine part", engines[way.engine]);
  } else {
    printf("bare and virtual part (%s, depth %u, %s engine)", vmm_techniques[way.technique].name,
           way.depth, engines[way.engine]);
  }
  printf(", compared every %s%u ticks\n#   %s\n", way.stride == 1 ? "" : "1 to ", way.stride,
         f.what);
  print_replay(run);
  shrink(g, &way, &f);
  printf("#   shrunk: %s\n", f.what);
  unsigned count = shrink_print(g, &f, stdout);
  print_offender(g, &f);
  printf("#   %u instructions\n", count);
}

/* ------------------------------------------------------------------- running */

/* One on which bare and virtual must agree. */
static const struct profile *choose(const struct run *run, uint64_t seed)
{
  if (run->named) {
    return run->named;
  }
  uint64_t n = seed / 2;
  switch (seed % 2 ? run->set.technique : VMM_TECHNIQUE_TRAP_AND_EMULATE) {
  case VMM_TECHNIQUE_INTERPRET:
  case VMM_TECHNIQUE_PATCH:
  case VMM_TECHNIQUE_TRANSLATE_ALL:
    return run->other[n % COUNT(others)];
  case VMM_TECHNIQUE_HYBRID:
  case VMM_TECHNIQUE_TRANSLATE:
    return run->hybrid[n % COUNT(theorem_3)];
  default:
    break;
  }
  return run->good[seed % COUNT(virtualizable)];
}

/* Some techniques cannot be on every machine. */
static const struct profile *choose_possible(const struct run *run, uint64_t seed)
{
  const struct profile *p = choose(run, seed);
  return vmm_technique_refusal(run->set.technique, p) ? run->good[0] : p;
}

static bool run_virtual(struct run *run, uint64_t seed)
{
  const struct profile *p = choose_possible(run, seed);
  struct random r = random_from(~seed);
  random_word(&r);
  struct trial_way way = {
      .depth = random_below(&r, 6) == 0 ? 2 : 1,
      .technique = run->set.technique,
      .engine = (enum machine_engine)random_below(&r, 3),
      .stride = run->set.profile || random_below(&r, 5) < 3 ? 1 : 2 + random_below(&r, 400),
      .modules = run->set.fault ? &run->set.fault->modules : NULL,
  };
  if (vmm_technique_needs_pages(way.technique) && random_below(&r, 3) == 0) {
    way.cache = 1; /* as little as there can be */
  }
  guest_generate(&run->guest, seed, p);
  struct coverage_of_profile *c = coverage_for(&run->coverage, p, true);
  struct finding f;
  uint64_t ticks = 0;
  bool agreed = trial(&run->guest, &way, c, &ticks, &f);
  run->compared++;
  run->ticks += ticks;
  if (way.stride == 1) {
    c->programs++;
    c->ticks += ticks;
  }
  if (!agreed) {
    report(run, way, f);
  }
  return agreed;
}

static bool race(struct run *run, enum machine_engine engine, uint32_t stride,
                 struct coverage_of_profile *c)
{
  struct trial_way way = {.engines = true, .engine = engine, .stride = stride};
  struct finding f;
  uint64_t ticks = 0;
  bool agreed = trial(&run->guest, &way, c, &ticks, &f);
  run->ticks += ticks;
  if (c) {
    c->programs++;
    c->ticks += ticks;
  }
  if (!agreed) {
    report(run, way, f);
  }
  return agreed;
}

/* At random ticks, so that the engines get into their stride; on the profiles that
 * are met only here also step by step. */
static bool run_engines(struct run *run, uint64_t seed)
{
  bool other = !run->named && seed % 2;
  const struct profile *p = run->named ? run->named
                            : other    ? run->other[seed / 2 % COUNT(others)]
                                       : run->good[seed % COUNT(virtualizable)];
  guest_generate(&run->guest, seed, p);
  uint32_t stride = 2 + (uint32_t)(seed * 37 % 900);
  run->raced++;
  return race(run, MACHINE_ENGINE_FAST, stride, NULL) &&
         race(run, MACHINE_ENGINE_UNFUSED, stride, NULL) &&
         (!other || race(run, MACHINE_ENGINE_FAST, 1, coverage_for(&run->coverage, p, false)));
}

static int run_all(struct run *run)
{
  bool agreed = true;
  uint64_t end = run->set.from + run->set.seeds;
  for (uint64_t seed = run->set.from; agreed && seed < end; seed++) {
    agreed = !run->set.virtual || run_virtual(run, seed);
    agreed = agreed && (!run->set.engines || run_engines(run, seed));
  }
  printf("# %llu programs bare and virtual, %llu on all engines, %llu ticks: %s\n",
         (unsigned long long)run->compared, (unsigned long long)run->raced,
         (unsigned long long)run->ticks, agreed ? "no divergence" : "a divergence");
  if (run->set.table) {
    coverage_print(&run->coverage, stdout);
  }
  unsigned holes = run->set.strict ? coverage_holes(&run->coverage, stdout) : 0;
  if (run->set.strict) {
    printf("# coverage: %u holes\n", holes);
  }
  return !agreed || holes != 0;
}

static int practise(struct run *run)
{
  struct practice p = {.profile = run->named,
                       .technique = run->set.technique,
                       .modules = run->set.fault ? &run->set.fault->modules : NULL};
  struct trial_way way;
  struct finding f;
  if (!practice_list(&p.offenders, run->set.offenders) ||
      !practice_list(&p.harmless, run->set.harmless)) {
    fprintf(stderr, "random: not instructions, each once: %s; %s\n", run->set.offenders,
            run->set.harmless);
    return 2;
  }
  if (run->set.write) {
    practice_write(&p, run->set.from, &run->guest, stdout);
    return 0;
  }
  if (!practice_run(&p, run->set.from, run->set.seeds, &run->guest, &way, &f)) {
    report(run, way, f);
    printf("#   not at an offender that is listed for %s: %s\n", profile_name(p.profile),
           run->set.offenders);
    return 1;
  }
  return !practice_tell(&p, stdout);
}

/* -------------------------------------------------------------------- options */

static const char usage[] =
    "usage: random [--from N] [--seeds N] [--profile NAME] [--fault NAME] [--faults]\n"
    "              [--technique NAME] [--only virtual|engines] [--coverage] [--strict]\n"
    "              [--offenders LIST [--harmless LIST] [--write]]\n"
    "  --profile   all on this one; else those on which Theorem 1 holds, and for the\n"
    "              engines others too\n"
    "  --fault     with a deliberately wrong VMM module; --faults lists them\n"
    "  --technique how the VMM has instructions done; with interpret also on profiles on\n"
    "              which no theorem holds, with hybrid on those of Theorem 3; no engines\n"
    "  --coverage  prints what was executed and met\n"
    "  --strict    fails if anything that could be met was not\n"
    "  --offenders every divergence on the profile is to be at one of these, and at each\n"
    "              of them there is to be one; '-': no divergence at all\n"
    "  --harmless  except that at these there is to be none\n"
    "  --write     prints the first program as assembly, and runs nothing\n"
    "Exit status: 0 no divergence, 1 one (shrunk and printed), 2 usage.\n";

static int complain(void)
{
  fputs(usage, stderr);
  exit(2);
}

static const struct fault *named_fault(const char *name)
{
  const struct fault *fault = fault_find(name);
  return fault ? fault : (complain(), NULL);
}

static enum vmm_technique named_technique(const char *name)
{
  for (unsigned i = 0; i < VMM_TECHNIQUES; i++) {
    if (strcmp(vmm_techniques[i].name, name) == 0) {
      return (enum vmm_technique)i;
    }
  }
  return complain(), VMM_TECHNIQUES;
}

static void list_faults(void)
{
  for (const struct fault *f = fault_all(); f->name; f++) {
    printf("%s\n", f->name);
  }
  exit(0);
}

static void only(struct settings *s, const char *what)
{
  s->virtual = strcmp(what, "virtual") == 0;
  s->engines = strcmp(what, "engines") == 0;
  if (!s->virtual && !s->engines) {
    complain();
  }
}

static struct settings read_options(int argc, char **argv)
{
  static const struct option options[] = {{"from", required_argument, NULL, 'f'},
                                          {"seeds", required_argument, NULL, 's'},
                                          {"profile", required_argument, NULL, 'p'},
                                          {"fault", required_argument, NULL, 'w'},
                                          {"faults", no_argument, NULL, 'l'},
                                          {"only", required_argument, NULL, 'o'},
                                          {"coverage", no_argument, NULL, 'c'},
                                          {"strict", no_argument, NULL, 'x'},
                                          {"offenders", required_argument, NULL, 'b'},
                                          {"harmless", required_argument, NULL, 'h'},
                                          {"write", no_argument, NULL, 'a'},
                                          {"technique", required_argument, NULL, 't'},
                                          {NULL, 0, NULL, 0}};
  struct settings s = {.seeds = 1000, .virtual = true, .engines = true, .harmless = "-"};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (c) {
    case 'f':
      s.from = strtoull(optarg, NULL, 0);
      break;
    case 's':
      s.seeds = strtoull(optarg, NULL, 0);
      break;
    case 'p':
      s.profile = optarg;
      break;
    case 'w':
      s.fault = named_fault(optarg);
      s.engines = false;
      break;
    case 't':
      s.technique = named_technique(optarg);
      s.engines = false;
      break;
    case 'l':
      list_faults();
      break;
    case 'o':
      only(&s, optarg);
      break;
    case 'c':
      s.table = true;
      break;
    case 'b':
      s.offenders = optarg;
      break;
    case 'a':
      s.write = true;
      break;
    case 'h':
      s.harmless = optarg;
      break;
    case 'x':
      s.strict = true;
      break;
    default:
      complain();
    }
  }
  return optind == argc && (!s.offenders || s.profile) ? s : (complain(), s);
}

int main(int argc, char **argv)
{
  struct run *run = calloc(1, sizeof *run);
  insist(run, "no memory");
  run->set = read_options(argc, argv);
  run->program = argv[0];
  for (unsigned i = 0; i < COUNT(virtualizable); i++) {
    run->good[i] = load(virtualizable[i]);
  }
  for (unsigned i = 0; i < COUNT(others); i++) {
    run->other[i] = load(others[i]);
  }
  for (unsigned i = 0; i < COUNT(theorem_3); i++) {
    run->hybrid[i] = load(theorem_3[i]);
  }
  run->named = run->set.profile ? load(run->set.profile) : NULL;
  int status = run->set.offenders ? practise(run) : run_all(run);
  for (unsigned i = 0; i < COUNT(virtualizable); i++) {
    profile_destroy(run->good[i]);
  }
  for (unsigned i = 0; i < COUNT(others); i++) {
    profile_destroy(run->other[i]);
  }
  for (unsigned i = 0; i < COUNT(theorem_3); i++) {
    profile_destroy(run->hybrid[i]);
  }
  profile_destroy(run->named);
  free(run);
  return status;
}
