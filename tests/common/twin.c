#include "tests/common/twin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/common/program.h"
#include "vmm/devices/overlay.h"

/* Each level's extent begins a few sectors into the one below. */
#define EXTENT_STEP 3u

static void fill_disk(struct disk_store *d, uint32_t first, uint32_t sectors)
{
  for (uint32_t i = 0; i < sectors; i++) {
    uint8_t sector[MACHINE_SECTOR_SIZE];
    for (uint32_t j = 0; j < sizeof sector; j++) {
      sector[j] = (uint8_t)(i * 7 + j);
    }
    insist(disk_store_write(d, first + i, sector), "no room on the disk");
  }
}

/* The VM under which `above` others are, but for its storage. Only the innermost one's guest
 * needs a technique that hides code: what it makes of that is fit for any VMM below. */
static struct vmm_vm_config vm_config(const struct twin *t, const struct twin_config *c,
                                      unsigned above)
{
  bool plain = above > 0 && vmm_technique_needs_pages(c->technique);
  return (struct vmm_vm_config){.name = "twin",
                                .technique = plain ? VMM_TECHNIQUE_TRAP_AND_EMULATE : c->technique,
                                .cache = c->cache,
                                .profile = t->paged && above == 0 ? t->has : NULL};
}

/* Of the machine with `above` VMs on top of one another. */
static uint32_t storage_of(const struct twin *t, const struct twin_config *c, unsigned above)
{
  uint32_t storage = c->storage ? c->storage : MACHINE_MIN_STORAGE;
  for (unsigned i = 0; i < above; i++) {
    struct vmm_vm_config config = vm_config(t, c, i);
    storage += VMM_OWN_STORAGE + (uint32_t)vmm_vm_footprint(&config, t->paged ? t->paged : t->has);
  }
  return storage;
}

static void open_machines(struct twin *t, const struct twin_config *c, uint32_t storage)
{
  struct machine_config bare = {.profile = t->has,
                                .storage = storage,
                                .disk = t->bare_disk,
                                .engine = MACHINE_ENGINE_STEPPER};
  t->bare = machine_create(&bare, NULL);
  insist(t->bare, "no bare machine");
  /* 64 KiB more than needed, so that there is something behind the VM. */
  struct machine_config real = {.profile = t->paged ? t->paged : t->has,
                                .disk = t->real_disk,
                                .engine = c->engine,
                                .storage = storage};
  if (!c->no_vmm) {
    real.storage = storage_of(t, c, t->depth) + (64u << 10);
  }
  t->real = machine_create(&real, NULL);
  insist(t->real, "no real machine");
}

static void open_vms(struct twin *t, const struct twin_config *c)
{
  struct machine *below = t->real;
  for (unsigned i = 0; i < t->depth; i++) {
    const char *reason = NULL;
    t->vmm[i] =
        c->modules ? vmm_create_with(below, c->modules, &reason) : vmm_create(below, &reason);
    insist(t->vmm[i], reason);
    vmm_set_storage_policy(t->vmm[i], &c->policy);
    if (c->swap > 0) {
      struct overlay_store store;
      insist(overlay_memory(&store) && vmm_set_swap(t->vmm[i], &store, c->swap), "no memory");
    }
    unsigned above = t->depth - 1 - i;
    struct vmm_vm_config config = vm_config(t, c, above);
    config.storage = storage_of(t, c, above);
    config.disk_first = c->sectors ? EXTENT_STEP : 0;
    config.disk_sectors = c->sectors ? c->sectors + above * EXTENT_STEP : 0;
    t->level[i] = vmm_create_vm(t->vmm[i], &config, &reason);
    insist(t->level[i], reason);
    below = t->level[i];
  }
  t->vm = below;
}

void twin_open(struct twin *t, const struct twin_config *c)
{
  memset(t, 0, sizeof *t);
  uint32_t storage = c->storage ? c->storage : MACHINE_MIN_STORAGE;
  t->depth = c->no_vmm ? 0 : c->depth ? c->depth : 1;
  t->profile = c->loaded ? NULL
               : c->text ? profile_parse("test", c->text, strlen(c->text), stderr)
                         : profile_load(c->profile ? c->profile : "pg", stderr);
  t->has = c->loaded ? c->loaded : t->profile;
  insist(t->has, "no profile");
  if (vmm_technique_needs_pages(c->technique) &&
      (profile_features(t->has) & ISA_FEATURE_MMU_BOUNDS)) {
    t->paged = profile_override(t->has, "paged", NULL, stderr);
    insist(t->paged, "no profile with pages");
  }
  if (c->sectors) {
    t->bare_disk = disk_store_memory(c->sectors);
    t->real_disk = disk_store_memory(c->sectors + (c->no_vmm ? 0 : t->depth + 1) * EXTENT_STEP);
    fill_disk(t->bare_disk, 0, c->sectors);
    fill_disk(t->real_disk, t->depth * EXTENT_STEP, c->sectors);
  }
  open_machines(t, c, storage);
  open_vms(t, c);
}

void twin_close(struct twin *t)
{
  for (unsigned i = t->depth; i-- > 0;) {
    machine_destroy(t->level[i]);
    vmm_destroy(t->vmm[i]);
  }
  machine_destroy(t->real);
  machine_destroy(t->bare);
  disk_store_destroy(t->bare_disk);
  disk_store_destroy(t->real_disk);
  profile_destroy(t->paged);
  profile_destroy(t->profile);
}

/* ---------------------------------------------------------------- comparing */

__attribute__((format(printf, 2, 3))) static bool differs(struct twin *t, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int at = snprintf(t->difference, sizeof t->difference,
                    "tick %llu: ", (unsigned long long)machine_tick(t->bare));
  vsnprintf(t->difference + at, sizeof t->difference - (size_t)at, format, args);
  va_end(args);
  return false;
}

static bool same_processor(struct twin *t)
{
  for (unsigned r = 0; r < ISA_REG_COUNT; r++) {
    if (machine_get_reg(t->bare, r) != machine_get_reg(t->vm, r)) {
      return differs(t, "%s is %08x bare, %08x virtual", isa_reg_name(r),
                     machine_get_reg(t->bare, r), machine_get_reg(t->vm, r));
    }
  }
  if (machine_get_pc(t->bare) != machine_get_pc(t->vm)) {
    return differs(t, "pc is %08x bare, %08x virtual", machine_get_pc(t->bare),
                   machine_get_pc(t->vm));
  }
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    enum isa_cr cr = (enum isa_cr)i;
    if (machine_get_cr(t->bare, cr) != machine_get_cr(t->vm, cr)) {
      return differs(t, "%s is %08x bare, %08x virtual", isa_cr_info(cr)->name,
                     machine_get_cr(t->bare, cr), machine_get_cr(t->vm, cr));
    }
  }
  return true;
}

bool twin_equal(struct twin *t)
{
  if (machine_state_hash(t->bare) == machine_state_hash(t->vm)) {
    return true;
  }
  if (machine_tick(t->bare) != machine_tick(t->vm)) {
    return differs(t, "virtual tick is %llu", (unsigned long long)machine_tick(t->vm));
  }
  if (!same_processor(t)) {
    return false;
  }
  if (machine_run_state(t->bare) != machine_run_state(t->vm)) {
    return differs(t, "run state is %d bare, %d virtual", (int)machine_run_state(t->bare),
                   (int)machine_run_state(t->vm));
  }
  if (machine_storage_digest(t->bare) != machine_storage_digest(t->vm)) {
    return differs(t, "storage differs");
  }
  return differs(t, "devices differ");
}

static bool same_stop(struct twin *t, struct machine_stop bare, struct machine_stop virtual)
{
  if (bare.why != virtual.why) {
    return differs(t, "stops with %d (%s) bare, %d (%s) virtual", (int)bare.why,
                   bare.why == MACHINE_TRAP ? isa_cause_info(bare.trap.cause)->name : "-",
                   (int)virtual.why,
                   virtual.why == MACHINE_TRAP ? isa_cause_info(virtual.trap.cause)->name
                   : virtual.reason            ? virtual.reason
                                               : "-");
  }
  if (bare.why != MACHINE_TRAP) {
    return true;
  }
  if (bare.trap.cause != virtual.trap.cause || bare.trap.epc != virtual.trap.epc ||
      bare.trap.value != virtual.trap.value || bare.trap.insn != virtual.trap.insn) {
    return differs(t, "trap is %s epc %08x value %08x insn %08x bare, %s %08x %08x %08x virtual",
                   isa_cause_info(bare.trap.cause)->name, bare.trap.epc, bare.trap.value,
                   bare.trap.insn, isa_cause_info(virtual.trap.cause)->name, virtual.trap.epc,
                   virtual.trap.value, virtual.trap.insn);
  }
  return true;
}

bool twin_run(struct twin *t, uint64_t until, uint32_t stride)
{
  while (machine_tick(t->bare) < until) {
    uint64_t next = machine_tick(t->bare) + stride;
    struct machine_stop bare = machine_run(t->bare, next < until ? next : until);
    struct machine_stop virtual = machine_run(t->vm, next < until ? next : until);
    t->stop = bare;
    if (!same_stop(t, bare, virtual) || !twin_equal(t)) {
      return false;
    }
    if (bare.why != MACHINE_LIMIT && bare.why != MACHINE_TRAP) {
      return true;
    }
    if (bare.why == MACHINE_TRAP) {
      bool ok = machine_deliver(t->bare, &bare.trap);
      if (machine_deliver(t->vm, &virtual.trap) != ok) {
        return differs(t, "delivery %s bare", ok ? "works" : "fails");
      }
      if (!twin_equal(t)) {
        return false;
      }
    }
  }
  return true;
}

/* ------------------------------------------------------------ doing to both */

void twin_set_reg(struct twin *t, unsigned reg, uint32_t value)
{
  machine_set_reg(t->bare, reg, value);
  machine_set_reg(t->vm, reg, value);
}

void twin_set_cr(struct twin *t, enum isa_cr cr, uint32_t value)
{
  machine_set_cr(t->bare, cr, value);
  machine_set_cr(t->vm, cr, value);
}

void twin_set_pc(struct twin *t, uint32_t pc)
{
  machine_set_pc(t->bare, pc);
  machine_set_pc(t->vm, pc);
}

void twin_write_word(struct twin *t, uint32_t at, uint32_t word)
{
  insist(machine_phys_write_word(t->bare, gpa(at), word), "beyond storage");
  insist(machine_phys_write_word(t->vm, gpa(at), word), "beyond storage");
}
