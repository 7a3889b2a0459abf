/* What is measured. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "machine/checkpoint.h"
#include "machine/snapshot.h"

/* ------------------------------------------------------------------ rounds */

bool bench_run_ticks(struct bench *b, uint64_t count)
{
  struct machine *m = b->world.m;
  return machine_advance(m, machine_tick(m) + count).why == MACHINE_LIMIT;
}

/* A round of trap.s: delivery, rfe. */
static bool run_traps(struct bench *b, uint64_t count)
{
  return bench_run_ticks(b, 2 * count);
}

/* A round of call.s: delivery, four instructions, the jump back. */
static bool run_calls(struct bench *b, uint64_t count)
{
  return bench_run_ticks(b, 6 * count);
}

static bool step(struct machine *m)
{
  return machine_run(m, machine_tick(m) + 1).why == MACHINE_LIMIT;
}

static bool run_steps(struct bench *b, uint64_t count)
{
  bool done = true;
  for (uint64_t i = 0; i < count; i++) {
    done &= step(b->world.m);
  }
  return done;
}

static bool run_hashed_steps(struct bench *b, uint64_t count)
{
  bool done = true;
  uint64_t all = 0;
  for (uint64_t i = 0; i < count; i++) {
    done &= step(b->world.m);
    all |= machine_state_hash(b->world.m);
  }
  return done && all != 0;
}

static bool run_hashes(struct bench *b, uint64_t count)
{
  uint64_t all = 0;
  for (uint64_t i = 0; i < count; i++) {
    all |= machine_state_hash(b->world.m);
  }
  return all != 0;
}

/* One instruction of the one, one of the other: two world switches a round. */
static bool run_alternating(struct bench *b, uint64_t count)
{
  bool done = true;
  for (uint64_t i = 0; i < count; i++) {
    done &= step(i % 2 ? b->world.other : b->world.m);
  }
  return done;
}

static bool run_snapshots(struct bench *b, uint64_t count)
{
  bool done = true;
  for (uint64_t i = 0; i < count; i++) {
    struct snapshot *s = snapshot_take(b->world.m);
    done &= s != NULL;
    snapshot_destroy(s);
  }
  return done;
}

/* Every page has changed since the one before, so that its digest is taken anew. */
static bool run_snapshots_of_changed(struct bench *b, uint64_t count)
{
  bool done = true;
  for (uint64_t i = 0; i < count; i++) {
    for (uint32_t at = 0; at < b->storage; at += ISA_PAGE_SIZE) {
      done &= machine_phys_write(b->world.m, gpa(at + 0x104), &i, sizeof i);
    }
    done &= run_snapshots(b, 1);
  }
  return done;
}

static bool run_snapshots_of_unchanged(struct bench *b, uint64_t count)
{
  bool done = true;
  for (uint64_t i = 0; i < count; i++) {
    struct snapshot *s = snapshot_take_like(b->world.m, b->world.taken);
    done &= s != NULL;
    snapshot_destroy(s);
  }
  return done;
}

static bool run_checkpoints(struct bench *b, uint64_t count)
{
  bool done = true;
  for (uint64_t i = 0; i < count; i++) {
    struct checkpoint *c = checkpoint_take(b->world.m, b->world.kept);
    done &= c != NULL;
    checkpoint_destroy(c);
  }
  return done;
}

static bool run_restores(struct bench *b, uint64_t count)
{
  bool done = true;
  for (uint64_t i = 0; i < count; i++) {
    done &= snapshot_restore(b->world.m, b->world.taken);
  }
  return done;
}

/* ------------------------------------------------------------------- set-up */

static bool load_neighbour(struct bench *b)
{
  b->world.other = b->world.stack->level[0].neighbour[0];
  return image_load(b->world.program.image, b->world.other, stderr);
}

/* No page is the same as another, and none is zero. */
static bool fill_storage(struct bench *b)
{
  uint32_t word = 1;
  for (uint32_t at = 0x10000; at < b->storage; at += 4) {
    word = word * 1664525u + 1013904223u;
    machine_phys_write_word(b->world.m, gpa(at), word);
  }
  return true;
}

static bool fill_and_take(struct bench *b)
{
  b->world.taken = fill_storage(b) ? snapshot_take(b->world.m) : NULL;
  return b->world.taken != NULL;
}

static bool fill_and_keep(struct bench *b)
{
  b->world.kept = fill_storage(b) ? checkpoint_take(b->world.m, NULL) : NULL;
  return b->world.kept != NULL;
}

/* -------------------------------------------------------------------- suite */

static bool is_exactly(const struct bench *b, const char *wanted)
{
  char full[BENCH_TEXT];
  snprintf(full, sizeof full, "%s%s%s", b->family ? b->family : "", b->family ? "/" : "", b->id);
  return strcmp(wanted, full) == 0;
}

static bool is_wanted(const struct bench_set *set, const struct bench *b)
{
  if (set->exactly) {
    return is_exactly(b, set->exactly);
  }
  return !set->only || strstr(b->group, set->only) || strstr(b->id, set->only) ||
         (b->family && strstr(b->family, set->only));
}

void bench_add(struct bench_set *set, const struct bench *b)
{
  if (!is_wanted(set, b) || set->count == BENCH_MAX) {
    return;
  }
  struct bench *slot = &set->bench[set->count++];
  *slot = *b;
  slot->storage = b->storage ? b->storage : BENCH_STORAGE;
}

static const struct {
  const char *id, *name;
  unsigned depth;
  enum machine_engine engine;
  enum vmm_technique technique;
} machines[] = {
    {"bare-fused", "bare, engine", 0, MACHINE_ENGINE_FAST, VMM_TECHNIQUE_TRAP_AND_EMULATE},
    {"bare-unfused", "bare, engine without fusion", 0, MACHINE_ENGINE_UNFUSED,
     VMM_TECHNIQUE_TRAP_AND_EMULATE},
    {"bare-stepper", "bare, stepper", 0, MACHINE_ENGINE_STEPPER, VMM_TECHNIQUE_TRAP_AND_EMULATE},
    {"vm1-fused", "virtual machine", 1, MACHINE_ENGINE_FAST, VMM_TECHNIQUE_TRAP_AND_EMULATE},
    {"vm2-fused", "virtual machine in a virtual machine", 2, MACHINE_ENGINE_FAST,
     VMM_TECHNIQUE_TRAP_AND_EMULATE},
    {"vm1-interpret", "virtual machine, interpreted", 1, MACHINE_ENGINE_FAST,
     VMM_TECHNIQUE_INTERPRET},
};
#define MACHINES (sizeof machines / sizeof *machines)

static const char *const loops[][2] = {{"alu", "alu.s"}, {"sieve", "sieve.s"}, {"fib", "fib.s"}};
#define LOOPS (sizeof loops / sizeof *loops)

static void add_loops(struct bench_set *set)
{
  for (unsigned l = 0; l < LOOPS; l++) {
    for (unsigned i = 0; i < MACHINES; i++) {
      bench_add(set, &(struct bench){.group = BENCH_LOOP,
                                     .family = loops[l][0],
                                     .than = i == 0 ? NULL : "bare-fused",
                                     .id = machines[i].id,
                                     .name = machines[i].name,
                                     .program = loops[l][1],
                                     .depth = machines[i].depth,
                                     .engine = machines[i].engine,
                                     .technique = machines[i].technique,
                                     .rounds = bench_run_ticks});
    }
  }
}

static const struct bench operations[] = {
    {.id = "trap-and-return",
     .name = "sys and rfe, bare",
     .program = "trap.s",
     .rounds = run_traps},
    {.id = "trap-and-return-vm",
     .name = "sys and rfe, virtual machine",
     .program = "trap.s",
     .depth = 1,
     .rounds = run_traps},
    {.id = "system-call",
     .name = "sys, handler of four, bare",
     .program = "call.s",
     .rounds = run_calls},
    {.id = "system-call-vm",
     .name = "sys, handler of four, virtual machine",
     .program = "call.s",
     .depth = 1,
     .rounds = run_calls},
    {.id = "pages-bounds",
     .name = "a tick over 128 pages, by BASE and BOUND",
     .program = "pages.s",
     .rounds = bench_run_ticks},
    {.id = "pages-paged",
     .name = "the same by page tables, four spaces",
     .program = "paged.s",
     .mmu = "paged",
     .rounds = bench_run_ticks},
    {.id = "emulate-cr",
     .name = "emulated mtcr, mfcr",
     .program = "privileged.s",
     .depth = 1,
     .rounds = bench_run_ticks},
    {.id = "emulate-flags",
     .name = "emulated cli, sti",
     .program = "flags.s",
     .depth = 1,
     .rounds = bench_run_ticks},
    {.id = "emulate-cr-vm2",
     .name = "emulated mtcr, mfcr, two VMMs deep",
     .program = "privileged.s",
     .depth = 2,
     .rounds = bench_run_ticks},
    {.id = "step",
     .name = "machine_run(m, tick + 1), bare",
     .program = "alu.s",
     .rounds = run_steps},
    {.id = "step-stepper",
     .name = "the same by the stepper",
     .program = "alu.s",
     .engine = MACHINE_ENGINE_STEPPER,
     .rounds = run_steps},
    {.id = "step-vm",
     .name = "the same, virtual machine",
     .program = "alu.s",
     .depth = 1,
     .rounds = run_steps},
    {.id = "step-two-vms",
     .name = "the same, two virtual machines in turns",
     .program = "alu.s",
     .depth = 1,
     .neighbours = true,
     .setup = load_neighbour,
     .rounds = run_alternating},
    {.id = "turn-1",
     .name = "a turn of 100 ticks, 1 guest",
     .program = "alu.s",
     .guests = 1,
     .rounds = bench_run_turns},
    {.id = "turn-3",
     .name = "a turn of 100 ticks, 3 guests",
     .program = "alu.s",
     .guests = 3,
     .rounds = bench_run_turns},
    {.id = "turn-10",
     .name = "a turn of 100 ticks, 10 guests",
     .program = "alu.s",
     .guests = 10,
     .rounds = bench_run_turns},
    {.id = "turn-30",
     .name = "a turn of 100 ticks, 30 guests",
     .program = "alu.s",
     .guests = 30,
     .rounds = bench_run_turns},
    {.id = "turn-100",
     .name = "a turn of 100 ticks, 100 guests",
     .program = "alu.s",
     .guests = 100,
     .rounds = bench_run_turns},
    {.id = "turn-300",
     .name = "a turn of 100 ticks, 300 guests",
     .program = "alu.s",
     .guests = 300,
     .rounds = bench_run_turns},
    {.id = "turn-1000",
     .name = "a turn of 100 ticks, 1000 guests",
     .program = "alu.s",
     .guests = 1000,
     .rounds = bench_run_turns},
    {.id = "state-hash", .name = "state hash", .program = "sieve.s", .rounds = run_hashes},
    {.id = "step-and-hash",
     .name = "step and state hash, bare",
     .program = "sieve.s",
     .rounds = run_hashed_steps},
    {.id = "step-and-hash-vm",
     .name = "step and state hash, virtual machine",
     .program = "sieve.s",
     .depth = 1,
     .rounds = run_hashed_steps},
    {.id = "snapshot-full",
     .name = "snapshot, 16 MiB in use",
     .program = "alu.s",
     .storage = BENCH_SNAPSHOT,
     .setup = fill_storage,
     .rounds = run_snapshots},
    {.id = "snapshot-empty",
     .name = "snapshot, 16 MiB, one page in use",
     .program = "alu.s",
     .storage = BENCH_SNAPSHOT,
     .rounds = run_snapshots},
    {.id = "snapshot-changed",
     .name = "snapshot, 16 MiB, each page changed",
     .program = "alu.s",
     .storage = BENCH_SNAPSHOT,
     .setup = fill_storage,
     .rounds = run_snapshots_of_changed},
    {.id = "snapshot-unchanged",
     .name = "snapshot, 16 MiB, none changed since",
     .program = "alu.s",
     .storage = BENCH_SNAPSHOT,
     .setup = fill_and_take,
     .rounds = run_snapshots_of_unchanged},
    {.id = "snapshot-unchanged-vm",
     .name = "the same, virtual machine",
     .program = "alu.s",
     .depth = 1,
     .storage = BENCH_SNAPSHOT,
     .setup = fill_and_take,
     .rounds = run_snapshots_of_unchanged},
    {.id = "checkpoint-full",
     .name = "checkpoint, 16 MiB in use",
     .program = "alu.s",
     .storage = BENCH_SNAPSHOT,
     .setup = fill_storage,
     .rounds = run_checkpoints},
    {.id = "checkpoint-unchanged",
     .name = "checkpoint, 16 MiB, none changed since",
     .program = "alu.s",
     .storage = BENCH_SNAPSHOT,
     .setup = fill_and_keep,
     .rounds = run_checkpoints},
    {.id = "restore-full",
     .name = "restore, 16 MiB in use",
     .program = "alu.s",
     .storage = BENCH_SNAPSHOT,
     .setup = fill_and_take,
     .rounds = run_restores},
};

bool suite_fill(struct bench_set *set)
{
  add_loops(set);
  for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++) {
    struct bench b = operations[i];
    b.group = BENCH_OPERATION;
    bench_add(set, &b);
  }
  debugger_fill(set);
  busy_fill(set);
  io_fill(set);
  command_fill(set);
  return kernels_fill(set);
}

/* What a run ran on decides what state it comes to, and nothing else. */
static bool same_guest(const struct bench *a, const struct bench *b)
{
  const struct profile *x = machine_profile(a->world.m), *y = machine_profile(b->world.m);
  return strcmp(a->family, b->family) == 0 && strcmp(profile_name(x), profile_name(y)) == 0 &&
         profile_features(x) == profile_features(y) && strcmp(a->path, b->path) == 0;
}

/* Disco spares the guest work of its own, so that its ticks are others. */
static bool keeps_time(const struct bench *b)
{
  return bench_is_run(b) && b->memory != VMM_MEMORY_DISCO;
}

/* The machines of a run are all fresh: after the same ticks they are the same, whatever the
 * engine, and however deep and by which technique. */
bool suite_hashes_agree(struct bench_set *set)
{
  for (unsigned i = 0; i < set->count; i++) {
    struct bench *b = &set->bench[i], *first = b;
    if (!keeps_time(b)) {
      continue;
    }
    if (!bench_run_ticks(b, 100003)) {
      fprintf(stderr, "bench: %s %s: the machine stopped\n", b->family, b->name);
      return false;
    }
    for (unsigned k = i; k-- > 0;) {
      struct bench *other = &set->bench[k];
      first = keeps_time(other) && same_guest(other, b) ? other : first;
    }
    if (machine_state_hash(b->world.m) != machine_state_hash(first->world.m)) {
      fprintf(stderr, "bench: %s: '%s' and '%s' differ after 100003 ticks\n", b->family,
              first->name, b->name);
      return false;
    }
  }
  return true;
}
