/* Many VMs on one processor under vmm_run(), each with a bare machine of the same size, disk
 * and program beside it: whatever the others do, a VM is at each tick of its own clock
 * what the bare machine is at that tick.
 */
#ifndef TRAPEZE_TESTS_UNIT_VMM_CROWD_H
#define TRAPEZE_TESTS_UNIT_VMM_CROWD_H

#include "machine/disk_store.h"
#include "machine/machine.h"
#include "tests/common/program.h"
#include "vmm/modules.h"
#include "vmm/vmm.h"

#define CROWD_STORAGE MACHINE_MIN_STORAGE
#define CROWD_SECTORS 8u /* of each one's disk */

struct member {
  struct machine *vm;
  struct machine *bare; /* NULL: it has none, as where the timer is real */
  struct disk_store *disk;
  uint64_t joined; /* real tick */
  uint64_t late;   /* frames that arrive reach the bare machine so many ticks later */
  unsigned arrived;
};

struct crowd {
  struct profile *profile;
  struct disk_store *disk;
  struct machine *real;
  struct vmm *vmm;
  unsigned count, room;
  struct machine *below; /* nested: the machine of … */
  struct vmm *lower;     /* … the VMM that offers the crowd's */
  bool alone;            /* no twins for those that come now */
  struct member *member;
};

/* Room for so many. */
void crowd_open(struct crowd *c, unsigned room);
/* … on a machine that is itself a VM. */
void crowd_open_nested(struct crowd *c, unsigned room);
/* … with modules of its own (NULL: the default set), and a profile's text (NULL: pg). */
void crowd_open_with(struct crowd *c, unsigned room, const struct vmm_modules *modules,
                     const char *profile);
void crowd_close(struct crowd *c);
/* Another VM; storage, disk and name are chosen here. Its bare twin too, but for `timer_real`. */
struct machine *crowd_add(struct crowd *c, struct vmm_vm_config config);
/* Into the last one and its twin. */
void crowd_load(struct crowd *c, const struct program *p);
/* Every cause leads to `handler`. */
void crowd_vectors(struct crowd *c, uint32_t handler);
/* Every VM is as its bare twin at the same tick; ends the test if not. */
void crowd_compare(struct crowd *c, const char *when);
/* Real ticks: executed, overhead and idle of all must be the machine's, and all of its time
 * since the start be somewhere, for each VM. */
void crowd_check_account(struct crowd *c);
/* Input to one and to its twin, at the VM's present tick. */
void crowd_type(struct crowd *c, unsigned i, uint8_t byte);

/* The real machine, every member and where its time went, in one number. */
uint64_t crowd_hash(struct crowd *c);

#endif
