/* Mini-disks, as in VM/370: a run of sectors of a real disk that a guest takes
 * for a disk of its own. The check is on the whole transfer and made before the
 * real disk is touched.
 */
#include "machine/address.h"
#include "vmm/modules.h"

static struct vmm_sector map(void *state, struct vmm_extent extent, uint32_t sector, uint32_t count,
                             bool write)
{
  (void)state;
  struct vmm_sector none = {.ok = false};
  if ((write && extent.readonly) || !range_contains(0, extent.sectors, sector, count)) {
    return none;
  }
  return (struct vmm_sector){.ok = true, .sector = extent.first + sector};
}

const struct vmm_minidisk_module vmm_minidisk = {.map = map};
