/* minos with four processes that compute and never ask for anything, so that the timer takes
 * the processor away from each after its 10,000 ticks. minos has one like them, `spin`; but it
 * only jumps to itself, so a loop that works (busy.s) takes its place in the kernel's copy, and
 * that of the two behind it, which are not run. Between two rounds of them the shell looks for
 * news, for its 2,000 ticks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define BUSY_QUANTUM 10000u
#define BUSY_BOOT    20000000u /* by then the four of the demonstration have ended */
#define BUSY_CHECK   1000000u
#define BUSY_MAX     128u

/* Assembled and laid down in a machine that serves for nothing else. */
static uint32_t make_work(const struct profile *profile, uint8_t *code)
{
  struct program work;
  struct machine_config config = {.profile = profile, .storage = MACHINE_MIN_STORAGE};
  uint32_t end = 0, size = 0;
  if (program_load("bench", "tests/bench/busy.s", &work) != 0) {
    return 0;
  }
  struct machine *m = machine_create(&config, NULL);
  uint32_t start = image_entry(work.image);
  if (m && image_load(work.image, m, stderr) && image_find_symbol(work.image, "busy_end", &end) &&
      end - start <= BUSY_MAX && machine_phys_read(m, gpa(start), code, end - start)) {
    size = end - start;
  }
  machine_destroy(m);
  program_destroy(&work);
  return size;
}

static bool replace_spin(struct bench *b)
{
  uint8_t code[BUSY_MAX];
  uint32_t at, size = make_work(machine_profile(b->world.m), code);
  return size > 0 && image_find_symbol(b->world.program.image, "u_spin", &at) &&
         machine_phys_write(b->world.m, gpa(at), code, size);
}

static bool boot(struct bench *b)
{
  struct machine *m = b->world.m;
  static const char input[] = "spin &\nspin &\nspin &\nspin &\n";
  for (unsigned i = 0; i < sizeof input - 1; i++) {
    machine_console_input(m, 5000 + 5000 * i, (uint8_t)input[i]);
  }
  if (!replace_spin(b) || !bench_run_ticks(b, BUSY_BOOT)) {
    return false;
  }
  uint64_t before = machine_stats(m)->delivered[CAUSE_TIMER];
  bool ok = bench_run_ticks(b, BUSY_CHECK);
  uint64_t turns = machine_stats(m)->delivered[CAUSE_TIMER] - before;
  if (!ok || turns * 10 < BUSY_CHECK / (4 * BUSY_QUANTUM + 2000) * 5 * 9 ||
      turns * 10 > BUSY_CHECK / (4 * BUSY_QUANTUM + 2000) * 5 * 11) {
    fprintf(stderr, "bench: %s: minos is not as busy as it should be: %llu turns\n", b->name,
            (unsigned long long)turns);
    return false;
  }
  return true;
}

static const struct bench systems[] = {
    {.id = "busy", .name = "minos, bare", .program = "minos"},
    {.id = "busy-vm",
     .name = "minos, virtual, bounds",
     .program = "minos",
     .depth = 1,
     .memory = VMM_MEMORY_BOUNDS,
     .than = "busy"},
    {.id = "busy-vm-paged",
     .name = "minos, virtual, bounds on page tables",
     .program = "minos",
     .depth = 1,
     .below = "paged",
     .memory = VMM_MEMORY_SHADOW,
     .than = "busy"},
    {.id = "busy-paged",
     .name = "minos-paged, bare",
     .program = "minos-paged",
     .profile = "vtx",
     .mmu = "paged"},
    {.id = "busy-shadow",
     .name = "minos-paged, virtual, shadow tables",
     .program = "minos-paged",
     .profile = "vtx",
     .mmu = "paged",
     .depth = 1,
     .memory = VMM_MEMORY_SHADOW,
     .than = "busy-paged"},
    {.id = "busy-nested",
     .name = "minos-paged, virtual, nested paging",
     .program = "minos-paged",
     .profile = "vtx",
     .mmu = "nested",
     .depth = 1,
     .memory = VMM_MEMORY_NESTED,
     .than = "busy-paged"},
    {.id = "busy-tlb", .name = "minos-tlb, bare", .program = "minos-tlb", .mmu = "tlb"},
    {.id = "busy-exact",
     .name = "minos-tlb, virtual, exact",
     .program = "minos-tlb",
     .mmu = "tlb",
     .depth = 1,
     .memory = VMM_MEMORY_EXACT,
     .than = "busy-tlb"},
    {.id = "busy-disco",
     .name = "minos-tlb, virtual, disco",
     .program = "minos-tlb",
     .mmu = "tlb",
     .depth = 1,
     .memory = VMM_MEMORY_DISCO,
     .than = "busy-tlb"},
};

void busy_fill(struct bench_set *set)
{
  for (unsigned i = 0; i < sizeof systems / sizeof *systems; i++) {
    struct bench b = systems[i];
    b.group = BENCH_SYSTEM;
    b.sectors = 256;
    b.setup = boot;
    b.rounds = bench_run_ticks;
    bench_add(set, &b);
  }
}
