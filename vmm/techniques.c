/* The techniques by name. */
#include "vmm/vmm.h"

#define TECHNIQUES(T)                                                                              \
  T(TRAP_AND_EMULATE, "trap-and-emulate",                                                          \
    "everything executes directly; what is privileged traps, and is emulated")

const struct vmm_technique_info vmm_techniques[VMM_TECHNIQUES] = {
#define INFO(id, name, story) [VMM_TECHNIQUE_##id] = {name, story},
    TECHNIQUES(INFO)};

const char *const vmm_technique_names[VMM_TECHNIQUES + 1] = {
#define NAME(id, name, story) [VMM_TECHNIQUE_##id] = name,
    TECHNIQUES(NAME)};
