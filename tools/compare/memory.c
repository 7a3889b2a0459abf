/* One workload, every way to make memory: which there are, and a run of each beside the
 * bare machine. */
#include "tools/compare/memory.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/command.h"
#include "tools/common/guests.h"
#include "tools/common/message.h"
#include "tools/verify/verify.h"
#include "tools/verify/world.h"

/* For a guest of which MMU, on a machine with which. NULL below: the guest's own. */
static const struct way {
  enum vmm_memory memory;
  const char *guest, *mmu, *below;
} ways[] = {
    {VMM_MEMORY_BOUNDS, "bounds", NULL, NULL}, {VMM_MEMORY_SHADOW, "bounds", NULL, "paged"},
    {VMM_MEMORY_SHADOW, "paged", NULL, NULL},  {VMM_MEMORY_NESTED, "paged", "nested", NULL},
    {VMM_MEMORY_EXACT, "tlb", NULL, NULL},     {VMM_MEMORY_DISCO, "tlb", NULL, NULL},
};

/* Its second-level TLB spares the guest misses: another clock, by design. */
static bool is_exact(enum vmm_memory memory)
{
  return memory != VMM_MEMORY_DISCO;
}

int compare_memory_status(const struct compare_memory *c)
{
  for (unsigned i = 0; i < c->rows; i++)
    if (c->row[i].out_of_control || (is_exact(c->row[i].memory) && !c->row[i].equal))
      return STATUS_NO;
  return STATUS_DONE;
}

/* ------------------------------------------------------------------------ the rows */

static const char *mmu_of(const struct profile *p)
{
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++)
    if (strcmp(w->key, "mmu") == 0 && (profile_features(p) & w->feature))
      return w->word;
  return "";
}

static int add_row(struct compare_memory *c, const char *guest, const struct way *w)
{
  struct compare_memory_row *row = &c->row[c->rows];
  row->setup = *c->setup;
  row->memory = w->memory;
  snprintf(row->guest, sizeof row->guest, "%s", guest);
  if (w->mmu)
    row->setup.mmu = w->mmu;
  row->setup.real_mmu = w->below;
  row->mmu = w->below ? w->below : w->mmu ? w->mmu : w->guest;
  c->rows++;
  return setup_load(&row->setup, row->guest);
}

static int add_guest(struct compare_memory *c, const char *guest)
{
  struct setup alone = {.command = "compare",
                        .profile_name = c->setup->profile_name,
                        .mmu = c->setup->mmu,
                        .io = c->setup->io};
  if (guests_is_shipped_name(guest)) {
    alone.guest_mmu = guests_wants(guest, "mmu");
    alone.guest_io = guests_wants(guest, "io");
  }
  int status = setup_load_profile(&alone);
  const char *mmu = status == STATUS_DONE ? mmu_of(alone.profile) : "";
  if (strcmp(mmu, "nested") == 0) /* whose virtual machines have page tables */
    mmu = "paged";
  for (size_t i = 0; status == STATUS_DONE && i < sizeof ways / sizeof *ways; i++)
    if (strcmp(ways[i].guest, mmu) == 0 && c->rows < COMPARE_MEMORY_ROWS)
      status = add_row(c, guest, &ways[i]);
  setup_destroy(&alone);
  return status;
}

static int find_rows(struct compare_memory *c)
{
  static const char *const builds[] = {"paged", "tlb"};
  int status = add_guest(c, c->guest);
  if (!guests_is_shipped_name(c->guest) || c->setup->mmu)
    return status;
  for (size_t i = 0; status == STATUS_DONE && i < sizeof builds / sizeof *builds; i++) {
    char name[64];
    snprintf(name, sizeof name, "%s-%s", c->guest, builds[i]);
    if (guests_source(name))
      status = add_guest(c, name);
  }
  return status;
}

/* ------------------------------------------------------------------------ the runs */

static uint64_t sum(const uint64_t *counts)
{
  uint64_t total = 0;
  for (unsigned i = 0; i < ISA_CAUSE_LIMIT; i++)
    total += counts[i];
  return total;
}

static uint64_t least(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

static int complain(const struct compare_memory_row *row, const char *reason)
{
  message_error("compare", "%s, %s: %s", row->guest, vmm_memories[row->memory].name,
                reason && *reason ? reason : "out of memory");
  return STATUS_OURS;
}

/* Together as long as they are equal; then each by itself, to its own end. */
static void run_pair(const struct compare_memory *c, struct compare_memory_row *row,
                     const struct pair *pair)
{
  uint64_t limit = row->setup.ticks, tick = 0;
  struct machine_stop bare = {.why = MACHINE_LIMIT}, virtual = bare;
  row->equal = true;
  while (row->equal && tick < limit && bare.why == MACHINE_LIMIT) {
    row->tick = tick;
    tick = limit - tick > c->interval ? tick + c->interval : limit;
    bare = machine_advance(pair->bare, tick);
    virtual = machine_advance(pair->vm, tick);
    row->equal = lockstep_same_stop(&bare, &virtual) &&
                 machine_state_hash(pair->bare) == machine_state_hash(pair->vm);
  }
  if (bare.why == MACHINE_LIMIT)
    bare = machine_advance(pair->bare, limit);
  if (virtual.why == MACHINE_LIMIT)
    virtual = machine_advance(pair->vm, limit);
  row->ticks[0] = machine_tick(pair->bare);
  row->ticks[1] = machine_tick(pair->vm);
}

static void count(struct compare_memory_row *row, const struct pair *pair)
{
  const struct vmm_costs *costs = &vmm_default_costs;
  const struct machine_stats *vm = machine_stats(pair->vm);
  const char *first;
  size_t len[2];
  const uint8_t *out[2] = {machine_console_output(pair->bare, &len[0]),
                           machine_console_output(pair->vm, &len[1])};
  row->vmm = *vmm_vm_stats(pair->vm);
  row->output = len[0] == len[1] && (len[0] == 0 || memcmp(out[0], out[1], len[0]) == 0);
  row->entries = sum(machine_stats(pair->stack->real)->traps);
  row->work = row->vmm.dispatched * costs->dispatch +
              (row->vmm.emulated + row->vmm.interpreted) * costs->emulate +
              sum(vm->delivered) * costs->reflect + row->vmm.world_switches * costs->world_switch;
  row->out_of_control =
      stack_violations(pair->stack, &first) > 0 || stack_disturbed_level(pair->stack) >= 0;
}

static uint64_t timed(struct machine *m, uint64_t until)
{
  struct timespec t[2];
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t[0]);
  machine_advance(m, until);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t[1]);
  return (uint64_t)(t[1].tv_sec - t[0].tv_sec) * 1000000000u + (uint64_t)t[1].tv_nsec -
         (uint64_t)t[0].tv_nsec;
}

/* The least of five, in turns: what else the host does only adds. */
static int time_row(struct compare_memory_row *row, const struct pair_maker *maker)
{
  row->host[0] = row->host[1] = UINT64_MAX;
  for (unsigned turn = 0; turn < 5; turn++) {
    struct pair pair = {0};
    const char *reason = NULL;
    if (!maker->make(maker->ctx, MACHINE_ENGINE_FAST, &pair, &reason))
      return complain(row, reason);
    row->host[0] = least(row->host[0], timed(pair.bare, row->setup.ticks));
    row->host[1] = least(row->host[1], timed(pair.vm, row->setup.ticks));
    maker->destroy(maker->ctx, &pair);
  }
  return STATUS_DONE;
}

static int run_row(const struct compare_memory *c, struct compare_memory_row *row)
{
  struct world world = {.setup = &row->setup,
                        .depth = 1,
                        .technique = VMM_TECHNIQUE_TRAP_AND_EMULATE,
                        .memory = row->memory};
  struct pair_maker maker = world_maker(&world);
  struct pair pair = {0};
  const char *reason = NULL;
  if (!maker.make(maker.ctx, MACHINE_ENGINE_FAST, &pair, &reason))
    return complain(row, reason);
  vmm_set_steady(pair.stack->level[0].vmm, true);
  run_pair(c, row, &pair);
  count(row, &pair);
  for (unsigned i = 0; i < 2 && !reason; i++)
    reason = pair.disk[i] ? disk_store_failure(pair.disk[i]) : NULL;
  maker.destroy(maker.ctx, &pair);
  if (reason)
    return complain(row, reason);
  return c->timed ? time_row(row, &maker) : STATUS_DONE;
}

int compare_memory_run(struct compare_memory *c)
{
  if (c->setup->input && strcmp(c->setup->input, "-") == 0) {
    message_usage("compare", "standard input can be read once only: give --input a file");
    return STATUS_USAGE;
  }
  int status = find_rows(c);
  for (unsigned i = 0; status == STATUS_DONE && i < c->rows; i++)
    status = run_row(c, &c->row[i]);
  return status;
}

void compare_memory_destroy(struct compare_memory *c)
{
  for (unsigned i = 0; i < c->rows; i++)
    setup_destroy(&c->row[i].setup);
}
