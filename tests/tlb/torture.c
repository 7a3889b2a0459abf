/* Random guests that refill a TLB, bare and virtual: tests/tlb/run.sh runs some of them, `make
 * soak` many. The number of a guest decides everything about it.
 *   torture [--from N] [--seeds N] [--memory NAME] [--strict]
 * strict: what all of them met together must be everything that there is to meet.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/program.h"
#include "tests/common/refill.h"

struct settings {
  uint64_t from, seeds;
  enum vmm_memory memory;
  bool strict;
};

static int usage(void)
{
  fprintf(stderr, "usage: torture [--from N] [--seeds N] [--memory exact|disco] [--strict]\n");
  return 2;
}

static bool parse(int argc, char **argv, struct settings *s)
{
  static const struct option options[] = {{"from", required_argument, NULL, 'f'},
                                          {"seeds", required_argument, NULL, 'n'},
                                          {"memory", required_argument, NULL, 'm'},
                                          {"strict", no_argument, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (c) {
    case 'f':
      s->from = strtoull(optarg, NULL, 0);
      break;
    case 'n':
      s->seeds = strtoull(optarg, NULL, 0);
      break;
    case 'm':
      s->memory = strcmp(optarg, "disco") == 0 ? VMM_MEMORY_DISCO : VMM_MEMORY_EXACT;
      break;
    case 's':
      s->strict = true;
      break;
    default:
      return false;
    }
  }
  return optind == argc;
}

/* How a seed is tried. */
static struct refill_way way_of(uint64_t seed, enum vmm_memory memory)
{
  struct random r = random_from(~seed);
  bool disco = memory == VMM_MEMORY_DISCO;
  struct refill_way way = {.memory = memory,
                           .engine = (enum machine_engine)random_below(&r, 3),
                           .vms = 1 + random_below(&r, 3),
                           .depth = random_below(&r, 8) == 0 ? 2 : 1,
                           .output_only = disco,
                           .tame = disco || random_below(&r, 3) == 0};
  way.frames = random_below(&r, 4) == 0 ? 5 * way.vms + random_below(&r, 8) : 0;
  way.stride = disco || random_below(&r, 3) == 0 ? 50 + random_below(&r, 3000) : 1;
  return way;
}

static unsigned missed(const char *what, uint64_t count)
{
  if (count == 0) {
    printf("# hole: %s\n", what);
  }
  return count == 0;
}

/* Everything was met. */
static bool complete(const struct refill_met *m, enum vmm_memory memory)
{
  static const enum isa_insn emulated[] = {ISA_TLBW, ISA_TLBP, ISA_TLBI, ISA_LRA,
                                           ISA_PROBE, ISA_LDPREV, ISA_STPREV};
  static const enum isa_cause causes[] = {CAUSE_FETCH_FAULT, CAUSE_LOAD_FAULT, CAUSE_STORE_FAULT,
                                          CAUSE_PROTECTION, CAUSE_BUS, CAUSE_ALIGNMENT};
  bool disco = memory == VMM_MEMORY_DISCO;
  unsigned holes = missed("hidden faults", m->stats.hidden_faults) +
                   missed("true faults", m->stats.true_faults) +
                   missed("address spaces that changed hands", disco + m->stats.spaces_evicted) +
                   missed("hits of the second level", !disco + m->stats.second_hits) +
                   missed("guests that halted", m->halted) +
                   missed("time spared", !disco || m->virtual_ticks < m->ticks);
  for (unsigned i = 0; i < sizeof emulated / sizeof *emulated; i++) {
    holes += missed(isa_insn_info(emulated[i])->mnemonic,
                    (disco && i > 2) + m->stats.emulated_by[emulated[i]]);
  }
  for (unsigned i = 0; i < sizeof causes / sizeof *causes; i++) {
    holes += missed(isa_cause_info(causes[i])->name,
                    (disco && i == 0) + m->traps[causes[i]]);
  }
  return holes == 0;
}

int main(int argc, char **argv)
{
  struct settings s = {.seeds = 1000, .memory = VMM_MEMORY_EXACT};
  struct refill_met met = {0};
  bool good = true;
  if (!parse(argc, argv, &s)) {
    return usage();
  }
  for (uint64_t seed = s.from; seed < s.from + s.seeds; seed++) {
    struct refill_way way = way_of(seed, s.memory);
    char what[400];
    if (!refill_trial(seed, &way, &met, what, sizeof what)) {
      printf("# seed %llu (%u side by side, depth %u, every %u ticks): %s\n#   replay: %s --memory "
             "%s --from %llu --seeds 1\n",
             (unsigned long long)seed, way.vms, way.depth, way.stride, what, argv[0],
             vmm_memory_names[s.memory], (unsigned long long)seed);
      good = false;
    }
  }
  const struct vmm_stats *v = &met.stats;
  printf("# %llu guests, %llu of which halted; ticks: %llu bare, %llu virtual; real TLB filled "
         "%llu times, hidden misses %llu (second level: %llu), true ones %llu, address spaces "
         "%llu, recycled %llu\n",
         (unsigned long long)met.guests, (unsigned long long)met.halted,
         (unsigned long long)met.ticks, (unsigned long long)met.virtual_ticks,
         (unsigned long long)v->fills, (unsigned long long)v->hidden_faults,
         (unsigned long long)v->second_hits, (unsigned long long)v->true_faults,
         (unsigned long long)v->spaces_made, (unsigned long long)v->spaces_evicted);
  return good && (!s.strict || complete(&met, s.memory)) ? 0 : 1;
}
