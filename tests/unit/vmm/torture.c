#include "torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "tests/common/mapped.h"
#include "tests/common/random.h"
#include "vmm/devices/overlay.h"

#define ROUNDS        24u
#define SECTORS       16u
#define MAX_DEPTH     3u
#define BESIDE_TABLES 8u
#define BESIDE        MACHINE_MIN_STORAGE /* behind the VM, and nobody's to touch */

struct pair {
  struct profile *profile, *below;
  struct disk_store *disk[2];
  struct machine *bare, *real, *vm;
  struct vmm *vmm[MAX_DEPTH];
  struct machine *level[MAX_DEPTH], *beside;
  uint64_t beside_hash;
};

static uint32_t below(uint64_t *seed, uint32_t limit)
{
  return (uint32_t)(next_random(seed) >> 33) % limit;
}

static void must(bool holds, const char *what)
{
  if (!holds) {
    fprintf(stderr, "# torture: %s\n", what);
    exit(3);
  }
}

static unsigned depth_of(const struct torture *o)
{
  return o->depth ? o->depth : 1;
}

/* ------------------------------------------------------------------ machines */

/* Entries of tables, most of them good: a transfer into a table brings in another map. */
static struct disk_store *make_disk(uint64_t seed)
{
  struct disk_store *d = disk_store_memory(SECTORS);
  must(d != NULL, "no memory");
  for (uint32_t i = 0; i < SECTORS; i++) {
    uint32_t words[MACHINE_SECTOR_SIZE / 4];
    for (unsigned k = 0; k < sizeof words / sizeof *words; k++) {
      words[k] = below(&seed, 17) << 12;
      words[k] |= below(&seed, 0x80);
      words[k] |= below(&seed, 8) ? 1 : 0;
    }
    must(disk_store_write(d, i, words), "no disk");
  }
  return d;
}

static struct vmm_vm_config config_of(const struct torture *o, const struct pair *p, uint64_t seed,
                                      unsigned above)
{
  static const uint32_t tables[] = {8, 9, 12, 64};
  struct vmm_vm_config c = {.name = "torture",
                            .memory = o->memory,
                            .tables = tables[seed % 4],
                            .storage = MAPPED_STORAGE,
                            .disk_sectors = SECTORS,
                            .profile = above == 0 ? p->profile : NULL};
  for (unsigned i = 0; i < above; i++) {
    c.storage = VMM_OWN_STORAGE + (uint32_t)vmm_vm_footprint(&c, p->below);
  }
  return c;
}

/* Its last pages are all the same. */
static void make_equal(struct machine *m)
{
  uint8_t page[ISA_PAGE_SIZE];
  for (uint32_t at = 11 * ISA_PAGE_SIZE; at < MAPPED_STORAGE; at += ISA_PAGE_SIZE) {
    machine_phys_read(m, gpa(11 * ISA_PAGE_SIZE), page, sizeof page);
    machine_phys_write(m, gpa(at), page, sizeof page);
  }
}

/* Frames for tables are taken besides, and one for zeros. */
static void set_policy(struct vmm *vmm, const struct torture *o, const struct vmm_vm_config *c,
                       const struct profile *real)
{
  const struct vmm_vm_config beside = {
      .storage = BESIDE, .memory = o->memory, .tables = BESIDE_TABLES};
  uint64_t tables =
      vmm_vm_footprint(c, real) - c->storage + vmm_vm_footprint(&beside, real) - BESIDE;
  struct vmm_storage_policy policy = {.scan_ticks = o->sharing ? 10 : 0, .scan_pages = 16};
  if (o->pages > 0) {
    struct overlay_store store;
    policy.frames = (uint32_t)(tables / ISA_PAGE_SIZE) + 1 + o->pages;
    must(overlay_memory(&store), "no memory");
    must(vmm_set_swap(vmm, &store, (MAPPED_STORAGE + BESIDE) / ISA_PAGE_SIZE), "no memory");
  }
  vmm_set_storage_policy(vmm, &policy);
}

static void open_pair(struct pair *p, const struct torture *o, uint64_t seed)
{
  static const enum machine_engine engines[] = {MACHINE_ENGINE_FAST, MACHINE_ENGINE_FAST,
                                                MACHINE_ENGINE_UNFUSED, MACHINE_ENGINE_STEPPER};
  const char *reason = "no machine";
  memset(p, 0, sizeof *p);
  p->profile = mapped_profile(seed, o->mmu ? o->mmu : "paged");
  p->below = mapped_profile(seed, o->real_mmu ? o->real_mmu : o->mmu ? o->mmu : "paged");
  p->disk[0] = make_disk(seed);
  p->disk[1] = make_disk(seed);
  p->bare = machine_create(&(struct machine_config){.profile = p->profile,
                                                    .storage = MAPPED_STORAGE,
                                                    .disk = p->disk[0],
                                                    .engine = MACHINE_ENGINE_STEPPER},
                           &reason);
  must(p->bare, reason);
  struct vmm_vm_config c = config_of(o, p, seed, depth_of(o));
  p->real = machine_create(&(struct machine_config){.profile = p->below,
                                                    .storage = c.storage + BESIDE * 6,
                                                    .disk = p->disk[1],
                                                    .engine = engines[seed / 4 % 4]},
                           &reason);
  must(p->real, reason);
  p->vm = p->real;
  for (unsigned i = 0; i < depth_of(o); i++) {
    must((p->vmm[i] = vmm_create(p->vm, &reason)) != NULL, reason);
    c = config_of(o, p, seed, depth_of(o) - 1 - i);
    set_policy(p->vmm[i], o, &c, p->below);
    must((p->vm = p->level[i] = vmm_create_vm(p->vmm[i], &c, &reason)) != NULL, reason);
  }
  struct vmm_vm_config beside = {.storage = BESIDE, .memory = o->memory, .tables = BESIDE_TABLES};
  must((p->beside = vmm_create_vm(p->vmm[0], &beside, &reason)) != NULL, reason);
  for (uint32_t at = 0; at < BESIDE; at += 4) {
    machine_phys_write_word(p->beside, gpa(at), at * 2654435761u);
  }
  p->beside_hash = machine_state_hash(p->beside);
  mapped_fill(p->bare, seed);
  mapped_fill(p->vm, seed);
  if (o->sharing) {
    make_equal(p->bare);
    make_equal(p->vm);
  }
}

static void close_pair(struct pair *p)
{
  machine_destroy(p->beside);
  for (unsigned i = MAX_DEPTH; i-- > 0;) {
    machine_destroy(p->level[i]);
    vmm_destroy(p->vmm[i]);
  }
  machine_destroy(p->real);
  machine_destroy(p->bare);
  disk_store_destroy(p->disk[0]);
  disk_store_destroy(p->disk[1]);
  profile_destroy(p->below);
  profile_destroy(p->profile);
}

/* -------------------------------------------------------------------- running */

/* Devices write into whatever page, tables most of all; the timer comes between. */
static void disturb(struct machine *m, uint64_t seed)
{
  next_random(&seed);
  if (below(&seed, 3) == 0) {
    machine_set_cr(m, CR_TIMER, 1 + below(&seed, 60));
    machine_set_cr(m, CR_PSW, psw_set_ie(machine_get_cr(m, CR_PSW), 1));
  }
  if (below(&seed, 2) == 0) {
    uint32_t page = below(&seed, 4) ? 4 + below(&seed, 5) : below(&seed, 16);
    machine_port_out(m, PORT_DISK_SECTOR, below(&seed, SECTORS));
    machine_port_out(m, PORT_DISK_ADDRESS, page << 12 | below(&seed, 8) << 9);
    machine_port_out(m, PORT_DISK_COUNT, 1 + below(&seed, 2));
    machine_port_out(m, PORT_DISK_COMMAND,
                     below(&seed, 4) ? DISK_COMMAND_READ : DISK_COMMAND_WRITE);
  }
}

static const char *difference(struct pair *p)
{
  static char text[160];
  for (unsigned r = 0; r < ISA_REG_COUNT; r++) {
    if (machine_get_reg(p->bare, r) != machine_get_reg(p->vm, r)) {
      snprintf(text, sizeof text, "%s is %08x bare, %08x virtual", isa_reg_name(r),
               machine_get_reg(p->bare, r), machine_get_reg(p->vm, r));
      return text;
    }
  }
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    uint32_t bare = machine_get_cr(p->bare, (enum isa_cr)i);
    uint32_t virtual = machine_get_cr(p->vm, (enum isa_cr)i);
    if (bare != virtual) {
      snprintf(text, sizeof text, "%s is %08x bare, %08x virtual",
               isa_cr_info((enum isa_cr)i)->name, bare, virtual);
      return text;
    }
  }
  for (uint32_t at = 0; at < MAPPED_STORAGE; at += 4) {
    uint32_t bare = 0, virtual = 0;
    machine_phys_read_word(p->bare, gpa(at), &bare);
    machine_phys_read_word(p->vm, gpa(at), &virtual);
    if (bare != virtual) {
      snprintf(text, sizeof text, "the word at %08x is %08x bare, %08x virtual", at, bare, virtual);
      return text;
    }
  }
  return machine_get_pc(p->bare) != machine_get_pc(p->vm) ? "pc differs" : "devices differ";
}

/* NULL: they agree. */
static const char *disagreement(struct pair *p, struct machine_stop bare, struct machine_stop vm)
{
  if (bare.why != vm.why) {
    return vm.reason ? vm.reason : "they stop for different reasons";
  }
  return machine_state_hash(p->bare) == machine_state_hash(p->vm) ? NULL : difference(p);
}

static void note(struct torture_met *met, struct pair *p)
{
  const struct vmm_stats *s = vmm_vm_stats(p->vm);
  met->ticks += machine_tick(p->vm);
  met->hidden += s->hidden_faults;
  met->traced += s->traced_writes;
  met->evicted += s->spaces_evicted;
  met->made += s->spaces_made;
  met->paged += vmm_vm_paging(p->vm)->read;
  met->shared += vmm_vm_paging(p->vm)->shared + vmm_vm_paging(p->vm)->blank;
}

/* The owners do the same to both. stride: ticks between two comparisons. */
static const char *run(struct pair *p, uint64_t seed, uint64_t stride)
{
  uint64_t random = seed;
  for (unsigned round = 0; round < ROUNDS; round++) {
    uint64_t until = machine_tick(p->bare) + 1 + below(&random, round % 8 ? 300 : 2000);
    struct machine_stop bare;
    do {
      uint64_t next = machine_tick(p->bare) + stride;
      bare = machine_advance(p->bare, next < until ? next : until);
      struct machine_stop vm = machine_advance(p->vm, next < until ? next : until);
      const char *what = disagreement(p, bare, vm);
      if (what) {
        return what;
      }
    } while (bare.why == MACHINE_LIMIT && machine_tick(p->bare) < until);
    uint64_t kick = next_random(&random), disturbance = next_random(&random);
    mapped_kick(p->bare, kick, bare.why != MACHINE_LIMIT);
    mapped_kick(p->vm, kick, bare.why != MACHINE_LIMIT);
    disturb(p->bare, disturbance);
    disturb(p->vm, disturbance);
  }
  if (machine_state_hash(p->beside) != p->beside_hash) {
    return "the machine beside it has changed";
  }
  const char *violation;
  return vmm_violations(p->vmm[0], &violation) ? violation : NULL;
}

bool torture(const struct torture *o, uint64_t seed, struct torture_met *met)
{
  struct pair p;
  open_pair(&p, o, seed);
  bool alike = !run(&p, seed, seed % 16 ? 5000 : 1);
  note(met, &p);
  close_pair(&p);
  if (!alike) {
    open_pair(&p, o, seed);
    const char *what = run(&p, seed, 1);
    printf("# seed %llu, %s: tick %llu, pc %08x: %s\n", (unsigned long long)seed,
           profile_name(p.profile), (unsigned long long)machine_tick(p.bare),
           machine_get_pc(p.bare), what ? what : "not when compared at every tick");
    close_pair(&p);
  }
  return alike;
}
