/* nanovmm's virtual machine against a bare machine: where nanovmm is about to lend the
 * processor, all that it holds of the virtual machine must be what a bare machine is at
 * the same tick. What is compared is read out of nanovmm's storage, by its symbols.
 */
#ifndef TRAPEZE_TESTS_NANO_LOCKSTEP_H
#define TRAPEZE_TESTS_NANO_LOCKSTEP_H

#include "machine/disk_store.h"
#include "machine/image.h"
#include "machine/machine.h"
#include "tests/random/guest.h"

/* Sectors of the real disk before and behind the mini-disk. */
#define LOCKSTEP_BEFORE 8u
#define LOCKSTEP_BEHIND 5u

/* Where nanovmm keeps what, in its own storage. */
struct places {
  uint32_t boundary, lend, console_arrive; /* code */
  uint32_t regs, pc, vcr, size, lent_at;
  uint32_t ring_in, ring_out;
  uint32_t disk_sector, disk_address, disk_count, disk_error, disk_left, disk_size;
  uint32_t send_at, net_errors; /* between them the other registers of the network */
  uint32_t image, storage;
};

struct lockstep {
  const struct profile *profile;
  struct places at;
  struct disk_store *real_disk, *bare_disk;
  struct machine *real, *bare;
  unsigned real_watch, bare_watch; /* digests of the guest's storage */
  uint64_t text;                   /* digest of nanovmm's code */
  uint32_t arrived;                /* bytes typed that have arrived at nanovmm */
  size_t shown;                    /* bytes of output that are known to be equal */
  uint64_t compared;               /* how often the states were */
  char difference[300];
};

/* A real machine with nanovmm (its storage: `extra` more than the image) that has booted. */
void lockstep_open(struct lockstep *l, const struct image *monitor, const struct profile *profile,
                   uint32_t extra, uint32_t sectors);
void lockstep_close(struct lockstep *l);
/* Both become that guest: of the real machine, what is the virtual machine's. */
void lockstep_become(struct lockstep *l, struct guest *g);
/* Until the bare machine's tick is `ticks`, or both have ended. False: they parted. */
bool lockstep_run(struct lockstep *l, uint64_t ticks);

#endif
