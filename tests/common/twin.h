/* The oracle of these tests: a bare machine and a virtual one of the same size
 * and with the same disk, driven alike and compared.
 */
#ifndef TRAPEZE_TESTS_COMMON_TWIN_H
#define TRAPEZE_TESTS_COMMON_TWIN_H

#include "machine/disk_store.h"
#include "machine/machine.h"
#include "vmm/modules.h"
#include "vmm/vmm.h"

#define TWIN_MAX_DEPTH 4

struct twin_config {
  const char *profile;          /* NULL: pg */
  const char *text;             /* or a profile's text */
  const struct profile *loaded; /* or one that is loaded already; borrowed */
  uint32_t storage;             /* 0: 64 KiB */
  uint32_t sectors;             /* 0: no disk */
  unsigned depth;               /* VMMs on top of each other; 0: 1 */
  enum machine_engine engine;   /* of the virtual machine's real one; the bare one always steps */
  bool no_vmm;                  /* the other one is bare too: what differs is the engine */
  enum vmm_technique technique;      /* of every VMM */
  uint32_t cache;                    /* for its code, if it has any; 0: as much as by default */
  const struct vmm_modules *modules; /* NULL: the default set */
  struct vmm_storage_policy policy;  /* of every VMM, with … */
  uint32_t swap;                     /* … so many pages of swap file, in memory */
};

struct twin {
  struct profile *profile; /* ours, or NULL */
  struct profile *paged;   /* the real machine's, if it is another; else NULL */
  const struct profile *has;
  struct disk_store *bare_disk, *real_disk;
  struct machine *bare;
  struct machine *vm; /* the innermost */
  unsigned depth;
  struct machine *real; /* the outermost */
  struct vmm *vmm[TWIN_MAX_DEPTH];
  struct machine *level[TWIN_MAX_DEPTH]; /* VM offered by vmm[i] */
  struct machine_stop stop;              /* the last one of bare */
  char difference[400];
};

/* Fails the test if anything cannot be made. */
void twin_open(struct twin *t, const struct twin_config *config);
void twin_close(struct twin *t);

/* True if the two states are equal; else t->difference says what differs. */
bool twin_equal(struct twin *t);
/* Runs both to `until`, delivering every trap, stopping at least every `stride`
 * ticks, comparing stops, traps and states. True if they agreed throughout.
 * Ends early, and true, if both stopped for good alike. */
bool twin_run(struct twin *t, uint64_t until, uint32_t stride);

/* Does one thing to both. */
void twin_set_reg(struct twin *t, unsigned reg, uint32_t value);
void twin_set_cr(struct twin *t, enum isa_cr cr, uint32_t value);
void twin_set_pc(struct twin *t, uint32_t pc);
void twin_write_word(struct twin *t, uint32_t at, uint32_t word);

#endif
