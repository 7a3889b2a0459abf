#include "tools/common/stack.h"

#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/options.h"

#define NEIGHBOUR_STORAGE MACHINE_MIN_STORAGE

int stack_parse_depth(const char *command, const char *value, unsigned least, uint64_t *depth)
{
  if (options_count(value, depth) && *depth >= least && *depth <= STACK_MAX_DEPTH)
    return STATUS_DONE;
  message_usage(command, "'%s' is no number of VMMs: %u to %u", value, least, STACK_MAX_DEPTH);
  return STATUS_USAGE;
}

int stack_parse_technique(const char *command, const char *value, enum vmm_technique *technique)
{
  unsigned chosen;
  int status = options_choose(command, "technique", vmm_technique_names, value, &chosen);
  if (status == STATUS_DONE)
    *technique = (enum vmm_technique)chosen;
  return status;
}

int stack_check_technique(const char *command, enum vmm_technique technique,
                          const struct profile *profile)
{
  const char *refusal = vmm_technique_refusal(technique, profile);
  if (refusal)
    message_error(command, "profile %s: %s", profile_name(profile), refusal);
  return refusal ? STATUS_USAGE : STATUS_DONE;
}

int stack_parse_memory(const char *command, const char *value, enum vmm_memory *memory)
{
  unsigned chosen;
  int status = options_choose(command, "memory-technique", vmm_memory_names, value, &chosen);
  if (status == STATUS_DONE)
    *memory = (enum vmm_memory)chosen;
  return status;
}

/* Sectors that lie before the tested VM's mini-disk at each level. */
static uint32_t padding(const struct stack_config *c)
{
  return c->neighbours ? STACK_NEIGHBOUR_SECTORS : 0;
}

static const struct profile *below(const struct stack_config *c)
{
  return c->below ? c->below : c->profile;
}

/* Of the VMM on level i. The second level of the real machine is the lowest VMM's: those above
 * run on machines that have none. */
static enum vmm_memory memory_at(const struct stack_config *c, unsigned i)
{
  if (i == 0 || !(profile_features(below(c)) & ISA_FEATURE_MMU_NESTED))
    return c->memory;
  return c->memory == VMM_MEMORY_DEFAULT || c->memory == VMM_MEMORY_NESTED ? VMM_MEMORY_SHADOW
                                                                           : c->memory;
}

/* Code that a VMM has rewritten is fit for any below. */
static enum vmm_technique technique_at(const struct stack_config *c, bool innermost)
{
  return innermost || !vmm_technique_needs_pages(c->technique) ? c->technique
                                                               : VMM_TECHNIQUE_TRAP_AND_EMULATE;
}

/* What the machine needs that carries `levels` VMMs. */
static uint64_t storage_under(const struct stack_config *c, unsigned levels)
{
  uint64_t size = c->storage;
  for (unsigned i = c->depth; i-- > c->depth - levels && size <= MACHINE_MAX_STORAGE;) {
    struct vmm_vm_config config = {.memory = memory_at(c, i), .storage = NEIGHBOUR_STORAGE};
    uint64_t neighbours = c->neighbours ? 2 * vmm_vm_footprint(&config, below(c)) : 0;
    config.storage = (uint32_t)size;
    config.profile = i == c->depth - 1 && c->below ? c->profile : NULL;
    config.technique = technique_at(c, i + 1 == c->depth);
    config.cache = c->cache;
    size = VMM_OWN_STORAGE + neighbours + vmm_vm_footprint(&config, below(c));
  }
  return size;
}

/* The disk of the innermost machine between the neighbours' sectors of every level. */
static struct disk_store *pad_disk(const struct stack_config *c)
{
  uint32_t sectors = disk_store_sectors(c->disk), before = c->depth * padding(c);
  struct disk_store *d = disk_store_memory(sectors + 2 * before);
  uint8_t buf[MACHINE_SECTOR_SIZE];
  for (uint32_t i = 0; d && i < sectors; i++) {
    if (!disk_store_read(c->disk, i, buf) || !disk_store_write(d, before + i, buf)) {
      disk_store_destroy(d);
      return NULL;
    }
  }
  return d;
}

static bool create_real(struct stack *s, const struct stack_config *c, const char **reason)
{
  uint64_t storage = storage_under(c, c->depth);
  if (storage > MACHINE_MAX_STORAGE) {
    *reason = "the real machine would need more than 1 GiB of storage";
    return false;
  }
  if (c->neighbours && c->disk && !(s->padded = pad_disk(c))) {
    *reason = "the disk cannot be copied";
    return false;
  }
  struct machine_config mc = {.profile = below(c),
                              .storage = (uint32_t)storage,
                              .disk = s->padded ? s->padded : c->disk,
                              .engine = c->engine};
  s->real = machine_create(&mc, reason);
  return s->real != NULL;
}

/* Every word different, so that a write of anything at any place shows. */
static void fill(struct machine *m, uint32_t seed)
{
  uint32_t word = seed;
  for (uint32_t at = 0; at < machine_storage_size(m); at += 4) {
    word = word * 1664525u + 1013904223u;
    machine_phys_write_word(m, gpa(at), word);
  }
}

static struct machine *create_vm(struct vmm *vmm, enum vmm_memory memory,
                                 const struct stack_config *c, const char *name, uint64_t storage,
                                 uint32_t first, uint32_t sectors, bool innermost,
                                 const char **reason)
{
  struct vmm_vm_config config = {.name = name,
                                 .technique = technique_at(c, innermost),
                                 .cache = c->cache,
                                 .memory = memory,
                                 .profile = innermost && c->below ? c->profile : NULL,
                                 .storage = (uint32_t)storage,
                                 .disk_first = sectors ? first : 0,
                                 .disk_sectors = sectors,
                                 .disk_readonly = c->disk_readonly,
                                 .console_private = true}; /* its owner listens to it */
  return vmm_create_vm(vmm, &config, reason);
}

static bool create_neighbour(struct stack_level *l, enum vmm_memory memory, unsigned which,
                             const struct stack_config *c, uint32_t first, const char **reason)
{
  if (!c->neighbours)
    return true;
  static const char *const names[] = {"below", "above"};
  uint32_t sectors = c->disk ? STACK_NEIGHBOUR_SECTORS : 0;
  struct machine *m =
      create_vm(l->vmm, memory, c, names[which], NEIGHBOUR_STORAGE, first, sectors, false, reason);
  l->neighbour[which] = m;
  if (!m)
    return false;
  fill(m, which + 1);
  l->neighbour_hash[which] = machine_state_hash(m);
  return true;
}

/* Level i: a VMM on the machine below it, and its VMs in order of address. */
static bool create_level(struct stack *s, unsigned i, const struct stack_config *c,
                         const char **reason)
{
  struct stack_level *l = &s->level[i];
  unsigned above = c->depth - 1 - i;
  enum vmm_memory memory = memory_at(c, i);
  struct machine *under = i ? s->level[i - 1].vm : s->real;
  l->vmm =
      i == 0 && c->modules ? vmm_create_with(under, c->modules, reason) : vmm_create(under, reason);
  if (!l->vmm)
    return false;
  uint32_t pad = padding(c);
  uint32_t sectors = c->disk ? disk_store_sectors(c->disk) + 2 * above * pad : 0;
  if (!create_neighbour(l, memory, 0, c, 0, reason))
    return false;
  l->vm =
      create_vm(l->vmm, memory, c, "vm", storage_under(c, above), pad, sectors, above == 0, reason);
  return l->vm && create_neighbour(l, memory, 1, c, pad + sectors, reason);
}

/* The machine below the guest's, as the technique needs it. False: there is none such. */
static bool choose_below(struct stack *s, struct stack_config *c, const char **reason)
{
  if (c->below || !vmm_technique_needs_pages(c->technique) ||
      !(profile_features(c->profile) & ISA_FEATURE_MMU_BOUNDS))
    return true;
  s->paged = profile_override(c->profile, "paged", NULL, NULL);
  c->below = s->paged;
  *reason = "out of memory";
  return s->paged != NULL;
}

struct stack *stack_create(const struct stack_config *wanted, const char **reason)
{
  struct stack_config config = *wanted, *c = &config;
  struct stack *s = calloc(1, sizeof *s);
  if (!s) {
    *reason = "out of memory";
    return NULL;
  }
  s->depth = c->depth;
  bool done = choose_below(s, c, reason) && create_real(s, c, reason);
  for (unsigned i = 0; done && i < c->depth; i++)
    done = create_level(s, i, c, reason);
  if (done)
    return s;
  stack_destroy(s);
  return NULL;
}

void stack_destroy(struct stack *s)
{
  if (!s)
    return;
  for (unsigned i = s->depth; i-- > 0;) {
    struct stack_level *l = &s->level[i];
    machine_destroy(l->neighbour[1]);
    machine_destroy(l->vm);
    machine_destroy(l->neighbour[0]);
    if (l->vmm)
      vmm_destroy(l->vmm);
  }
  machine_destroy(s->real);
  if (s->padded)
    disk_store_destroy(s->padded);
  profile_destroy(s->paged);
  free(s);
}

struct machine *stack_vm(struct stack *s)
{
  return s->level[s->depth - 1].vm;
}

int stack_disturbed_level(struct stack *s)
{
  for (unsigned i = 0; i < s->depth; i++)
    for (unsigned n = 0; n < 2; n++)
      if (s->level[i].neighbour[n] &&
          machine_state_hash(s->level[i].neighbour[n]) != s->level[i].neighbour_hash[n])
        return (int)i;
  return -1;
}

const char *stack_disk_failure(const struct stack *s)
{
  return s->padded ? disk_store_failure(s->padded) : NULL;
}

unsigned stack_violations(const struct stack *s, const char **first)
{
  unsigned total = 0;
  *first = NULL;
  for (unsigned i = 0; i < s->depth; i++) {
    const char *sentence = NULL;
    total += vmm_violations(s->level[i].vmm, &sentence);
    if (!*first)
      *first = sentence;
  }
  return total;
}
