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
    "everything executes directly; the guest knows of the VMM and asks it by hypercalls")

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

bool technique_is_direct(const struct vm *vm)
{
  return vmm_technique_is_direct(vm->technique, vm->machine.profile,
                                 psw_mode(vm->cpu.cr[CR_PSW]));
}
