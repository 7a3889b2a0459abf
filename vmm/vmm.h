/* The virtual machine monitor: the paper's <D, A, {vi}> (dispatcher, allocator,
 * one interpreter routine a privileged instruction) over one real machine.
 *
 * It rests only on struct machine, and each VM that it offers is one: a VMM can
 * be created on a VM. The VM map: every virtual mode runs in the real machine's
 * least privileged mode. The processor comes back by the real TIMER's interrupt,
 * never by a budget of the harness.
 */
#ifndef TRAPEZE_VMM_VMM_H
#define TRAPEZE_VMM_VMM_H

#include "machine/machine.h"
#include "vmm/extent.h"

struct vmm;
struct vmm_modules; /* vmm/modules.h */

/* Bytes of real storage that a VMM keeps for itself, below its VMs. */
#define VMM_OWN_STORAGE (128u << 10)

/* Takes `real` over (it must be freshly reset; it stays the caller's to destroy,
 * after the VMM). NULL with a sentence in *reason. */
struct vmm *vmm_create(struct machine *real, const char **reason);
/* The same with other modules than vmm_default_modules; borrowed. */
struct vmm *vmm_create_with(struct machine *real, const struct vmm_modules *modules,
                            const char **reason);
/* Steady: the limit of a run ends the run, but not the time for which the processor was
 * lent. Where a run is cut then makes no difference, not even to what guests can see of
 * the real machine on a profile that lets them; time travel rests on it. Off at first. */
void vmm_set_steady(struct vmm *vmm, bool steady);
/* VMs first. */
void vmm_destroy(struct vmm *vmm);

#define VMM_MAX_EXTENTS 8u /* of a VM */

struct vmm_vm_config {
  const char *name;      /* copied */
  uint32_t storage;      /* bytes; multiple of the page size, at least MACHINE_MIN_STORAGE */
  uint32_t disk_first;   /* mini-disk: extent of the real disk, in sectors */
  uint32_t disk_sectors; /* 0: no disk */
  bool disk_readonly;
  /* Several instead, which follow one another on its disk: sectors 0 to n-1 are the first
   * extent's n. Borrowed for the call; none of them is empty. 0: the one above. */
  const struct vmm_extent *extents;
  unsigned extent_count;
  bool console_private; /* do not show its output on the real machine's console too */
};

/* A virtual machine after reset, owned by the caller (machine_destroy). NULL
 * with a sentence in *reason: out of storage, extent off the disk or overlapping
 * a writable one. Its profile is the real machine's. */
struct machine *vmm_create_vm(struct vmm *vmm, const struct vmm_vm_config *config,
                              const char **reason);

/* What the allocator gave it, of the machine that the VMM runs on. */
struct vmm_allocation {
  mpa_range_t storage;
  uint32_t disk_first;   /* of its first extent */
  uint32_t disk_sectors; /* of all extents together; 0: no disk */
  bool disk_readonly;    /* all of them */
  struct vmm_extent extents[VMM_MAX_EXTENTS];
  unsigned extent_count;
};
struct vmm_allocation vmm_vm_allocation(struct machine *vm);

/* All of the VMM and its VMs that is not in the machine below, for going back in time. NULL
 * with a sentence in *reason: no memory, or a module has a state and no save and load. */
struct vmm_checkpoint;
struct vmm_checkpoint *vmm_checkpoint_take(struct vmm *vmm, const char **reason);
/* Into the same VMM with the same VMs, right after the machine below was put into its
 * state of then. Console marks: see devices/console.h. False: a module refused. */
bool vmm_checkpoint_restore(struct vmm *vmm, const struct vmm_checkpoint *c);
void vmm_checkpoint_destroy(struct vmm_checkpoint *c); /* NULL is fine */
size_t vmm_checkpoint_bytes(const struct vmm_checkpoint *c);

/* How a trap of the real machine was dealt with. */
struct vmm_stats {
  uint64_t direct;      /* instructions the real machine completed for this VM */
  uint64_t emulated;    /* instructions a routine completed */
  uint64_t interpreted; /* instructions interpreted by a technique; 0 for trap and emulate */
  uint64_t reflected;   /* traps the VMM gave back to the guest: stops with MACHINE_TRAP */
  uint64_t served;      /* traps that the guest never sees: real timer, real devices */
  uint64_t world_switches;
  uint64_t frozen; /* real ticks that the VM stood still waiting for a real transfer */
  uint64_t emulated_by[ISA_INSN_COUNT];
};
const struct vmm_stats *vmm_vm_stats(struct machine *vm);

/* Resource control: every violation found on return from a VM (a field of the
 * real processor that the guest must not be able to change had changed, or the
 * processor did not come back). Count, and the first one's sentence. */
unsigned vmm_violations(const struct vmm *vmm, const char **first);

#endif
