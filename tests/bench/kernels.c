/* The C kernels of tests/bench/kernels, as kernels.sh makes them: in other processes natively
 * and under qemu, here on bare machines and in virtual ones by every technique for memory. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define KERNEL_STORAGE (4u << 20)
#define QEMU           "qemu-system-riscv32 -machine virt -nographic -bios none -m 32M"

static const struct {
  const char *id, *name;
  const char *command; /* and the program's name; NULL: a machine of ours */
  const char *program; /* what its name ends in */
  const char *profile, *mmu, *below;
  unsigned depth;
  enum vmm_memory memory;
  enum machine_engine engine;
  const char *than;
} ways[] = {
    {"native", "the host, natively", "", "native", .than = "bare-paged"},
    {"qemu", "qemu, Sv32", QEMU " -kernel ", "riscv", .than = "bare-paged"},
    {"qemu-icount", "qemu, Sv32, -icount", QEMU " -icount shift=0,sleep=off -kernel ", "riscv",
     .than = "bare-paged"},
    {"bare", "bare", .program = "elf"},
    {"unfused", "bare, without fusion", .program = "elf", .than = "bare",
     .engine = MACHINE_ENGINE_UNFUSED},
    {"vm-bounds", "virtual, bounds", .program = "elf", .depth = 1, .memory = VMM_MEMORY_BOUNDS,
     .than = "bare"},
    {"vm-bounds-paged", "virtual, bounds on page tables", .program = "elf", .below = "paged",
     .depth = 1, .memory = VMM_MEMORY_SHADOW, .than = "bare"},
    {"bare-paged", "bare, page tables", .program = "paged.elf", .profile = "vtx", .mmu = "paged"},
    {"paged-unfused", "bare, page tables, without fusion", .program = "paged.elf",
     .profile = "vtx", .mmu = "paged", .than = "bare-paged", .engine = MACHINE_ENGINE_UNFUSED},
    {"vm-shadow", "virtual, shadow tables", .program = "paged.elf", .profile = "vtx",
     .mmu = "paged", .depth = 1, .memory = VMM_MEMORY_SHADOW, .than = "bare-paged"},
    {"vm-nested", "virtual, nested paging", .program = "paged.elf", .profile = "vtx",
     .mmu = "nested", .depth = 1, .memory = VMM_MEMORY_NESTED, .than = "bare-paged"},
    {"bare-tlb", "bare, TLB", .program = "tlb.elf", .mmu = "tlb"},
    {"vm-exact", "virtual, TLB exact", .program = "tlb.elf", .mmu = "tlb", .depth = 1,
     .memory = VMM_MEMORY_EXACT, .than = "bare-tlb"},
    {"vm-disco", "virtual, TLB disco", .program = "tlb.elf", .mmu = "tlb", .depth = 1,
     .memory = VMM_MEMORY_DISCO, .than = "bare-tlb"},
};

/* False: the kernel was not made for it, as there is no qemu. */
static bool name_files(struct bench *b, const char *folder, unsigned way)
{
  const char *command = ways[way].command;
  if (!command) {
    snprintf(b->path, sizeof b->path, "%s/%s.%s", folder, b->family, ways[way].program);
    return true;
  }
  char large[BENCH_TEXT];
  snprintf(large, sizeof large, "%s/%s.large.%s", folder, b->family, ways[way].program);
  snprintf(b->command, sizeof b->command, "%s%s", command, large);
  snprintf(b->less, sizeof b->less, "%s%s/%s.small.%s", command, folder, b->family,
           ways[way].program);
  FILE *file = fopen(large, "rb");
  if (file) {
    fclose(file);
  }
  return file != NULL;
}

static void add_kernel(struct bench_set *set, const char *name, uint64_t small, uint64_t large)
{
  for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
    struct bench b = {.group = BENCH_KERNEL,
                      .family = name,
                      .id = ways[i].id,
                      .name = ways[i].name,
                      .small = small,
                      .large = large,
                      .profile = ways[i].profile,
                      .mmu = ways[i].mmu,
                      .below = ways[i].below,
                      .depth = ways[i].depth,
                      .memory = ways[i].memory,
                      .engine = ways[i].engine,
                      .storage = KERNEL_STORAGE,
                      .program = "",
                      .than = ways[i].than,
                      .rounds = bench_run_ticks};
    if (name_files(&b, set->kernels, i)) {
      bench_add(set, &b);
    }
  }
}

bool kernels_fill(struct bench_set *set)
{
  char path[BENCH_TEXT], name[sizeof set->kernel_names[0]];
  unsigned long long small, large;
  if (!set->kernels) {
    return true;
  }
  snprintf(path, sizeof path, "%s/list", set->kernels);
  FILE *list = fopen(path, "r");
  if (!list) {
    fprintf(stderr, "bench: %s: expected what tests/bench/kernels.sh makes\n", path);
    return false;
  }
  unsigned n = 0;
  while (n < BENCH_KERNELS && fscanf(list, "%31s %llu %llu", name, &small, &large) == 3) {
    unsigned before = set->count;
    memcpy(set->kernel_names[n], name, sizeof name);
    add_kernel(set, set->kernel_names[n], small, large);
    n += set->count > before; /* others are not wanted */
  }
  if (n < BENCH_KERNELS) {
    set->kernel_names[n][0] = '\0';
  }
  fclose(list);
  return true;
}
