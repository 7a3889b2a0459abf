/* The allocator A: decides which resources a virtual machine gets, and never
 * gives the same one to two at a time (Popek and Goldberg's second module of a
 * VMM). Storage and mini-disks are given for a VM's life; the processor is lent
 * (schedule.c, vcpu.c).
 */
#include "vmm/internal.h"

/* First fit, above the VMM's own storage: the VMs are in the order of their storage, and those
 * whose storage is not in one piece behind them. Such a one gets its pages one by one. */
const char *allocate_storage(const struct vmm *vmm, uint32_t size, bool scattered,
                             mpa_range_t *range)
{
  if (size < MACHINE_MIN_STORAGE || size % ISA_PAGE_SIZE != 0) {
    return "a virtual machine needs at least 64 KiB of storage, in whole pages";
  }
  if (scattered) {
    *range = (mpa_range_t){mpa(0), size};
    return NULL;
  }
  uint32_t at = VMM_OWN_STORAGE;
  for (const struct vm *vm = vmm->vms; vm && !pmap_is_scattered(vm); vm = vm->next) {
    if (vm->storage.start.v - at >= size) {
      break;
    }
    at = vm->storage.start.v + vm->storage.size;
  }
  if (range_contains(0, machine_storage_size(vmm->real), at, size) && !vmm->frames.frame) {
    *range = (mpa_range_t){mpa(at), size};
    return NULL;
  }
  return "the real machine has not enough storage left for this virtual machine";
}

static bool has_part_of(const struct vdisk *v, unsigned count, const struct vmm_extent *extent)
{
  for (unsigned i = 0; i < count; i++) {
    const struct vmm_extent *other = &v->extents[i];
    if (range_overlaps(other->first, other->sectors, extent->first, extent->sectors) &&
        !(other->readonly && extent->readonly)) {
      return true;
    }
  }
  return false;
}

/* Extents may be shared only as long as nobody can write to what is shared: not another
 * VM, and not this one by way of another of its own. */
const char *allocate_extents(const struct vmm *vmm, const struct vdisk *v)
{
  for (unsigned i = 0; i < v->extent_count; i++) {
    const struct vmm_extent *extent = &v->extents[i];
    if (!range_contains(0, machine_disk_sectors(vmm->real), extent->first, extent->sectors)) {
      return "the mini-disk's extent lies beyond the end of the real disk";
    }
    bool taken = has_part_of(v, i, extent);
    for (const struct vm *vm = vmm->vms; vm && !taken; vm = vm->next) {
      taken = has_part_of(&vm->vdisk, vm->vdisk.extent_count, extent);
    }
    if (taken) {
      return "the mini-disk's extent overlaps another's, and one of the two can write";
    }
  }
  return NULL;
}
