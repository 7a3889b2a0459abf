/* Lends the processor until something must happen in the VM. Popek and
 * Goldberg's resource control has the allocator invoked for every attempt to
 * affect resources, and the processor is one; what brings it back is the real
 * TIMER, so there is no lending without a term.
 */
#include "vmm/modules.h"

static uint32_t lend(void *state, uint64_t now, uint64_t next_event, uint64_t until)
{
  (void)state;
  uint64_t end = next_event < until ? next_event : until;
  uint64_t ticks = end - now;
  /* A longer time is lent in pieces; the TIMER has 32 bits. */
  return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

const struct vmm_schedule_module vmm_schedule = {.lend = lend};
