#include "vmm/modules.h"

const struct vmm_modules vmm_default_modules = {
    .dispatch = &vmm_dispatch,
    .emulate = &vmm_emulate,
    .interpret = &vmm_interpret,
    .reflect = &vmm_reflect,
    .memory = &vmm_memory_bounds,
    .timer = &vmm_timer_virtual,
    .schedule = &vmm_schedule,
    .minidisk = &vmm_minidisk,
    .chain = &vmm_chain,
    .share = &vmm_share,
    .paravirt = &vmm_paravirt,
    .shadow = &vmm_memory_shadow,
};
