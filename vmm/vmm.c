/* Life of a VMM and of its virtual machines. */
#include "vmm/vmm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/internal.h"

static void give_reason(const char **reason, const char *sentence)
{
  if (reason) {
    *reason = sentence;
  }
}

/* ------------------------------------------------------------------- the VMM */

/* There must be a routine v_i for every instruction that traps in the guest's
 * real mode because it is privileged. */
static bool can_emulate(const struct profile *profile, const struct vmm_emulate_module *emulate)
{
  unsigned user = profile_user_mode(profile);
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    enum isa_insn insn = (enum isa_insn)i;
    if (profile_behaviour(profile, insn, user)->kind == PROFILE_TRAP && !emulate->handles(insn)) {
      return false;
    }
  }
  return true;
}

static const char *refuse_real(struct machine *real, const struct vmm_modules *modules)
{
  const struct profile *profile = machine_profile(real);
  if (!(profile_features(profile) &
        (ISA_FEATURE_MMU_BOUNDS | ISA_FEATURE_MMU_PAGED | ISA_FEATURE_MMU_TLB))) {
    return "this VMM needs a machine with BASE and BOUND, with page tables, or with a TLB to refill";
  }
  if (!can_emulate(profile, modules->emulate)) {
    return "the profile has a privileged instruction for which the VMM has no routine";
  }
  if (machine_storage_size(real) < VMM_OWN_STORAGE + MACHINE_MIN_STORAGE) {
    return "the real machine's storage is too small for the VMM and one virtual machine";
  }
  if (machine_tick(real) != 0 || psw_mode(machine_get_cr(real, CR_PSW)) != 0) {
    return "the VMM can only take over a machine that was just reset";
  }
  return NULL;
}

/* The real machine's storage keys, if it has any. False: no memory. */
static bool learn_keys(struct vmm *vmm)
{
  uint32_t blocks = machine_storage_size(vmm->real) / KEY_BLOCK_SIZE;
  if (!(profile_features(machine_profile(vmm->real)) & ISA_FEATURE_KEYS)) {
    return true;
  }
  vmm->keys = malloc(blocks);
  for (uint32_t i = 0; vmm->keys && i < blocks; i++) {
    machine_key_get(vmm->real, gpa(i * KEY_BLOCK_SIZE), &vmm->keys[i]);
  }
  vmm->key_changes = machine_key_changes(vmm->real);
  return vmm->keys != NULL;
}

bool vmm_set_key(struct vmm *vmm, gpa_t at, uint8_t key)
{
  if (!machine_key_set(vmm->real, at, key)) {
    return false;
  }
  vmm->keys[at.v >> KEY_BLOCK_SHIFT] = key & KEY_MASK;
  vmm->key_changes = machine_key_changes(vmm->real);
  return true;
}

/* The second level of a real machine is the VMM's, and a VM has none: it would have to be composed
 * with ours, as a shadow. False: no memory. */
static bool choose_profile(struct vmm *vmm)
{
  const struct profile *profile = machine_profile(vmm->real);
  if (profile_features(profile) & ISA_FEATURE_MMU_NESTED) {
    vmm->guests = profile_override(profile, "paged", NULL, NULL);
    return vmm->guests != NULL;
  }
  return true;
}

static const struct profile *profile_of(const struct vmm *vmm, const struct vmm_vm_config *config)
{
  return config->profile ? config->profile
         : vmm->guests   ? vmm->guests
                         : machine_profile(vmm->real);
}

struct vmm *vmm_create_with(struct machine *real, const struct vmm_modules *modules,
                            const char **reason)
{
  const char *refusal = refuse_real(real, modules);
  if (refusal) {
    give_reason(reason, refusal);
    return NULL;
  }
  struct vmm *vmm = calloc(1, sizeof *vmm);
  if (!vmm) {
    give_reason(reason, "no memory for the VMM");
    return NULL;
  }
  vmm->real = real;
  vmm->modules = modules;
  vmm->world = (struct world){.base = machine_get_cr(real, CR_BASE),
                              .bound = machine_get_cr(real, CR_BOUND),
                              .ptbr = machine_get_cr(real, CR_PTBR),
                              .asid = machine_get_cr(real, CR_ASID),
                              .nptbr = machine_get_cr(real, CR_NPTBR),
                              .vbr = machine_get_cr(real, CR_VBR),
                              .imask = machine_get_cr(real, CR_IMASK)};
  if (!choose_profile(vmm) || !learn_keys(vmm) || !processor_create(vmm)) {
    give_reason(reason, "no memory for the VMM");
    vmm_destroy(vmm);
    return NULL;
  }
  return vmm;
}

void vmm_set_steady(struct vmm *vmm, bool steady)
{
  vcpu_settle(vmm);
  vmm->steady = steady;
}

void vmm_set_storage_policy(struct vmm *vmm, const struct vmm_storage_policy *policy)
{
  vmm->policy = *policy;
}

bool vmm_set_swap(struct vmm *vmm, const struct overlay_store *store, uint32_t pages)
{
  swap_close(&vmm->frames.swap);
  return swap_open(&vmm->frames.swap, store, pages);
}

struct vmm *vmm_create(struct machine *real, const char **reason)
{
  return vmm_create_with(real, &vmm_default_modules, reason);
}

void vmm_destroy(struct vmm *vmm)
{
  if (vmm) {
    processor_destroy(vmm);
    frames_destroy(vmm);
    profile_destroy(vmm->guests);
    free(vmm->keys);
  }
  free(vmm);
}

unsigned vmm_violations(const struct vmm *vmm, const char **first)
{
  if (first) {
    *first = vmm->violations ? vmm->first_violation : NULL;
  }
  return vmm->violations;
}

void vmm_lose_control(struct vm *vm, const char *format, ...)
{
  struct vmm *vmm = vm->vmm;
  char sentence[REASON_SIZE];
  va_list args;
  va_start(args, format);
  vsnprintf(sentence, sizeof sentence, format, args);
  va_end(args);
  if (vmm->violations++ == 0) {
    snprintf(vmm->first_violation, sizeof vmm->first_violation, "%s", sentence);
  }
  if (vm->fate == MACHINE_LIMIT) {
    vm->fate = MACHINE_LOST_CONTROL;
    snprintf(vm->reason, sizeof vm->reason, "%s", sentence);
  }
}

/* ------------------------------------------------------------ modules of a VM
 * Every module has create and destroy, or neither. */

#define CREATE(vm, module)                                                                         \
  (!(vm)->vmm->modules->module->create ||                                                          \
   ((vm)->state.module = (vm)->vmm->modules->module->create((vm)->vmm->modules->with)) != NULL)
#define DESTROY(vm, module)                                                                        \
  ((vm)->state.module ? (vm)->vmm->modules->module->destroy((vm)->state.module) : (void)0)

static bool create_paravirt(struct vm *vm)
{
  if (vm->technique == VMM_TECHNIQUE_PARAVIRT) {
    vm->state.paravirt = hyper_module(vm->vmm)->create(vm->vmm->modules->with);
  }
  return vm->state.paravirt || vm->technique != VMM_TECHNIQUE_PARAVIRT;
}

/* A memory module is for pages of this VM's storage: memory_create() was before. */
static bool create_memory(struct vm *vm)
{
  return !vm->memory->create ||
         (vm->state.memory = vm->memory->create(vm->vmm->modules->with)) != NULL;
}

static bool create_modules(struct vm *vm)
{
  return CREATE(vm, dispatch) && CREATE(vm, emulate) && CREATE(vm, interpret) &&
         CREATE(vm, reflect) && create_memory(vm) && CREATE(vm, timer) && CREATE(vm, schedule) &&
         CREATE(vm, minidisk) && CREATE(vm, chain) && create_paravirt(vm);
}

static void destroy_modules(struct vm *vm)
{
  if (vm->state.paravirt) {
    hyper_module(vm->vmm)->destroy(vm->state.paravirt);
  }
  DESTROY(vm, chain);
  DESTROY(vm, minidisk);
  DESTROY(vm, schedule);
  DESTROY(vm, timer);
  if (vm->state.memory) {
    vm->memory->destroy(vm->state.memory);
  }
  DESTROY(vm, reflect);
  DESTROY(vm, interpret);
  DESTROY(vm, emulate);
  DESTROY(vm, dispatch);
}

/* ------------------------------------------------------------ virtual machines */

static bool create_devices(struct vm *vm)
{
  uint32_t sectors = vm->vdisk.sectors;
  if (sectors != 0) {
    vm->vdisk.buffer = malloc(2 * DISK_MAX_COUNT * MACHINE_SECTOR_SIZE);
    if (!vm->vdisk.buffer) {
      return false;
    }
  }
  static const struct devices_ops ops = {.disk = &vdisk_ops, .net = &vnet_ops};
  if (!devices_create(&vm->devices, sectors, vm->station.address, &ops, vm)) {
    return false;
  }
  vconsole_connect(vm);
  return true;
}

static void destroy_parts(struct vm *vm)
{
  pmap_destroy(vm);
  stops_free(&vm->stops);
  devices_destroy(&vm->devices);
  free(vm->vdisk.buffer);
  free(vm->station.peers);
  technique_destroy(vm);
  destroy_modules(vm);
  memory_destroy(vm);
  free(vm);
}

/* NULL: done. */
static const char *take_extents(struct vdisk *v, const struct vmm_vm_config *config)
{
  const struct vmm_extent one = {config->disk_first, config->disk_sectors, config->disk_readonly};
  const struct vmm_extent *extents = config->extent_count ? config->extents : &one;
  unsigned count = config->extent_count ? config->extent_count : config->disk_sectors ? 1 : 0;
  if (count > VMM_MAX_EXTENTS) {
    return "a virtual machine has at most 8 mini-disks";
  }
  for (unsigned i = 0; i < count; i++) {
    if (extents[i].sectors == 0 || extents[i].sectors > UINT32_MAX - v->sectors) {
      return "a mini-disk has at least one sector, and all of them fewer than 2^32";
    }
    v->extents[i] = extents[i];
    v->sectors += extents[i].sectors;
    v->overlays[i] = config->overlays ? config->overlays[i] : NULL;
    if (v->overlays[i] && overlay_sectors(v->overlays[i]) != extents[i].sectors) {
      return "an overlay must have as many sectors as its mini-disk";
    }
    v->extents[i].readonly |= v->overlays[i] != NULL;
  }
  v->extent_count = count;
  return NULL;
}

static struct vm *make_vm(struct vmm *vmm, const struct vmm_vm_config *config)
{
  const char *name = config->name ? config->name : "vm";
  struct vm *vm = calloc(1, sizeof *vm + strlen(name) + 1);
  if (!vm) {
    return NULL;
  }
  strcpy(vm->name, name);
  vm->machine =
      (struct machine){.ops = &vm_ops,
                       .profile = profile_of(vmm, config),
                       .parent = vmm->real,
                       .name = vm->name};
  vm->vmm = vmm;
  vm->technique = config->technique;
  vm->tlb_exposed = rtlb_is_exposed(vm->machine.profile);
  vm->memory_kind = vmm_memory_of(config, machine_profile(vmm->real));
  vm->memory = memory_module(vmm->modules, vm->memory_kind);
  vm->env = env_make(vm);
  vm->console_private = config->console_private;
  vm->timer_real = config->timer_real;
  vm->hints = config->hints;
  vm->fate = MACHINE_LIMIT;
  return vm;
}

/* Keys as after reset. */
static void clear_keys(struct vm *vm)
{
  for (uint32_t i = 0; vm->vmm->keys && i < vm->storage.size; i += KEY_BLOCK_SIZE) {
    gpa_t at = gpa(vm->storage.start.v + i);
    if (vm->vmm->keys[at.v >> KEY_BLOCK_SHIFT] != 0) {
      vmm_set_key(vm->vmm, at, 0);
    }
  }
}

/* All but its place among the others. NULL: done. */
static const char *make_parts(struct vm *vm, const struct vmm_vm_config *config)
{
  struct vmm *vmm = vm->vmm;
  const char *refusal =
      memory_refusal(vm->memory_kind, machine_profile(vmm->real), vm->machine.profile);
  if (!refusal) {
    refusal = technique_refusal(vm);
  }
  if (!refusal) {
    refusal = allocate_storage(vmm, config->storage, pmap_scatters(vm), &vm->storage);
  }
  if (!refusal) {
    refusal = take_extents(&vm->vdisk, config);
  }
  if (!refusal) {
    refusal = allocate_extents(vmm, &vm->vdisk);
  }
  if (!refusal) {
    refusal = station_take(vm, config->station);
  }
  if (!refusal) {
    refusal = pmap_create(vm);
  }
  if (!refusal) {
    refusal = memory_create(vm, config);
  }
  if (!refusal && !(create_modules(vm) && technique_create(vm, config) && create_devices(vm))) {
    refusal = "no memory for a virtual machine";
  }
  if (!refusal) {
    vm_timer_learn(vm);
    vm->is_plain = vm->always_direct && !vm->state.paravirt && !vm->cache && !vm->patching &&
                   !vmm->keys && !vm->tlb_exposed && vm->machine.profile == vmm->real->profile;
  }
  return refusal;
}

/* In the order that allocate_storage() wants. */
static bool comes_before(const struct vm *a, const struct vm *b)
{
  return !pmap_is_scattered(a) && (pmap_is_scattered(b) || a->storage.start.v < b->storage.start.v);
}

struct machine *vmm_create_vm(struct vmm *vmm, const struct vmm_vm_config *config,
                              const char **reason)
{
  struct vm *vm = make_vm(vmm, config);
  if (!vm) {
    give_reason(reason, "no memory for a virtual machine");
    return NULL;
  }
  const char *refusal = make_parts(vm, config);
  if (refusal) {
    give_reason(reason, refusal);
    destroy_parts(vm);
    return NULL;
  }
  if (!processor_join(vm, config->share)) {
    give_reason(reason, "no memory for a virtual machine");
    destroy_parts(vm);
    return NULL;
  }
  clear_keys(vm);
  vcpu_reset(vm);
  struct vm **link = &vmm->vms;
  while (*link && !comes_before(vm, *link)) {
    link = &(*link)->next;
  }
  vm->next = *link;
  *link = vm;
  station_join(vm);
  return &vm->machine;
}

void vm_destroy(struct machine *m)
{
  struct vm *vm = vm_of(m);
  struct vmm *vmm = vm->vmm;
  vcpu_settle(vmm);
  vm_set_stops(m, NULL);
  vdisk_forget(vm);
  processor_leave(vm);
  struct vm **link = &vmm->vms;
  while (*link != vm) {
    link = &(*link)->next;
  }
  *link = vm->next;
  station_leave(vm);
  vcpu_forget(vm);
  rtlb_forget(vm);
  destroy_parts(vm);
}

struct vmm_allocation vmm_vm_allocation(struct machine *m)
{
  const struct vm *vm = vm_of(m);
  const struct vdisk *v = &vm->vdisk;
  struct vmm_allocation a = {.storage = vm->storage,
                             .scattered = pmap_is_scattered(vm),
                             .disk_first = v->extents[0].first,
                             .disk_sectors = v->sectors,
                             .disk_readonly = v->extent_count > 0,
                             .extent_count = v->extent_count};
  memcpy(a.extents, v->extents, sizeof a.extents);
  for (unsigned i = 0; i < v->extent_count; i++) {
    a.overlaid[i] = v->overlays[i] != NULL;
    a.disk_readonly = a.disk_readonly && v->extents[i].readonly && !a.overlaid[i];
  }
  return a;
}

enum vmm_technique vmm_vm_technique(struct machine *m)
{
  return vm_of(m)->technique;
}

enum vmm_memory vmm_vm_memory(struct machine *m)
{
  return vm_of(m)->memory_kind;
}

uint32_t vmm_vm_block(struct machine *m, uint32_t pc, struct vmm_code *code, uint32_t room)
{
  return vm_of(m)->cache ? translate_block(vm_of(m), pc, code, room) : 0;
}

uint32_t vmm_vm_block_preview(struct machine *m, uint32_t pc, struct vmm_code *code, uint32_t room)
{
  return vm_of(m)->cache ? translate_preview(vm_of(m), pc, code, room) : 0;
}

const struct vmm_stats *vmm_vm_stats(struct machine *m)
{
  translate_count(vm_of(m));
  return &vm_of(m)->stats;
}
