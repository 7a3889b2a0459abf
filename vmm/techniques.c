/* The techniques, and what each means to the main loop: whether the next instruction executes
 * directly, or is interpreted. All else they have in common.
 */
#include "vmm/internal.h"

/* Name; in which virtual modes the guest's instructions execute directly; story. */
#define TECHNIQUES(T)                                                                              \
  T(TRAP_AND_EMULATE, "trap-and-emulate", EVERY_MODE,                                              \
    "everything executes directly; what is privileged traps, and is emulated")                     \
  T(INTERPRET, "interpret", NO_MODE, "everything is interpreted: always right, never fast")        \
  T(HYBRID, "hybrid", USER_MODE,                                                                   \
    "user mode executes directly, every other virtual mode is interpreted")                        \
  T(PARAVIRT, "paravirt", EVERY_MODE,                                                              \
    "everything executes directly; the guest knows of the VMM and asks it by hypercalls")          \
  T(PATCH, "patch", EVERY_MODE,                                                                    \
    "everything executes directly, from copies of its pages without what would not trap")          \
  T(TRANSLATE, "translate", USER_MODE,                                                             \
    "user mode executes directly, every other virtual mode from a translation cache")              \
  T(TRANSLATE_ALL, "translate-all", NO_MODE, "everything executes from a translation cache")

/* Popek and Goldberg's hybrid monitor has two virtual modes. Of more, only the least privileged
 * is the real machine's own: their condition, user sensitive is privileged, says nothing of
 * what an instruction does in a mode between. */
enum direct_in { EVERY_MODE, USER_MODE, NO_MODE };

static const enum direct_in direct_in[VMM_TECHNIQUES] = {
#define DIRECT_IN(id, name, modes, story) [VMM_TECHNIQUE_##id] = modes,
    TECHNIQUES(DIRECT_IN)};

const struct vmm_technique_info vmm_techniques[VMM_TECHNIQUES] = {
#define INFO(id, name, modes, story) [VMM_TECHNIQUE_##id] = {name, story},
    TECHNIQUES(INFO)};

const char *const vmm_technique_names[VMM_TECHNIQUES + 1] = {
#define NAME(id, name, modes, story) [VMM_TECHNIQUE_##id] = name,
    TECHNIQUES(NAME)};

bool vmm_technique_is_direct(enum vmm_technique technique, const struct profile *profile,
                             unsigned mode)
{
  enum direct_in modes = direct_in[technique];
  return modes == EVERY_MODE || (modes == USER_MODE && mode == profile_user_mode(profile));
}

static bool translates(enum vmm_technique technique)
{
  return technique == VMM_TECHNIQUE_TRANSLATE || technique == VMM_TECHNIQUE_TRANSLATE_ALL;
}

bool vmm_technique_needs_pages(enum vmm_technique technique)
{
  return translates(technique) || technique == VMM_TECHNIQUE_PATCH;
}

const char *vmm_technique_refusal(enum vmm_technique technique, const struct profile *guest)
{
  uint32_t features = profile_features(guest);
  if (!vmm_technique_needs_pages(technique)) {
    return NULL;
  }
  return features & ISA_FEATURE_KEYS
             ? "patch and translate need page tables, and no machine has them and storage keys"
         : features & (ISA_FEATURE_MMU_BOUNDS | ISA_FEATURE_MMU_PAGED)
             ? NULL
             : "patch and translate are for guests with BASE and BOUND or with page tables";
}

const char *technique_refusal(const struct vm *vm)
{
  return vmm_technique_needs_pages(vm->technique) && vm->memory_kind != VMM_MEMORY_SHADOW
             ? "patch and translate need shadow page tables, to hide code in"
             : vmm_technique_refusal(vm->technique, vm->machine.profile);
}

uint32_t technique_frames(const struct vmm_vm_config *config)
{
  return translates(config->technique)              ? translate_frames(config)
         : config->technique == VMM_TECHNIQUE_PATCH ? patch_frames(config)
                                                    : 0;
}

bool technique_create(struct vm *vm, const struct vmm_vm_config *config)
{
  vm->always_direct = direct_in[vm->technique] == EVERY_MODE;
  return translates(vm->technique)              ? translate_create(vm, config)
         : vm->technique == VMM_TECHNIQUE_PATCH ? patch_create(vm, config)
                                                : true;
}

void technique_destroy(struct vm *vm)
{
  translate_destroy(vm);
  patch_destroy(vm);
}

enum translate_trap technique_looks_at(struct vm *vm, struct trap *real)
{
  return vm->cache ? translate_trap(vm, real) : patch_trap(vm, real);
}

void technique_written(struct vm *vm, gpa_t at, uint32_t len)
{
  if (vm->cache) {
    translate_written(vm, at, len);
  } else if (vm->patching) {
    patch_written(vm, at, len);
  }
}

struct technique_mark technique_mark(struct vm *vm)
{
  return (struct technique_mark){translate_inside(vm), vcpu_get_pc(vm)};
}

/* What the memory module has restored may lead to code of then. */
void technique_restored(struct vm *vm, struct technique_mark mark)
{
  if (!vm->cache && !vm->patching) {
    return;
  }
  for (uint32_t page = 0; page < vm->storage.size; page += ISA_PAGE_SIZE) {
    if (vm->traced[page / ISA_PAGE_SIZE] & TRACE_BY_CODE) {
      memory_forget(vm, gpa(page));
      memory_trace(vm, TRACE_BY_CODE, gpa(page), false);
    }
  }
  if (vm->cache) {
    translate_restored(vm, mark.inside, mark.pc);
  } else {
    patch_reset(vm);
  }
}

bool technique_chooses(struct vm *vm)
{
  if (translate_applies(vm)) {
    return translate_ready(vm);
  }
  return vmm_technique_is_direct(vm->technique, vm->machine.profile, psw_mode(vm->cpu.cr[CR_PSW]));
}
