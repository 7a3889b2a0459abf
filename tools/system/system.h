/* A system directory, brought to life: the disk, the real machine, its VMM, and in the
 * order of the users their virtual machines, with programs and console input.
 *
 * docs/directory.md says what a directory means.
 */
#ifndef TRAPEZE_TOOLS_SYSTEM_SYSTEM_H
#define TRAPEZE_TOOLS_SYSTEM_SYSTEM_H

#include "machine/disk_store.h"
#include "machine/machine.h"
#include "tools/common/inputlog.h"
#include "tools/common/program.h"
#include "tools/directory/directory.h"
#include "tools/system/overlays.h"
#include "vmm/vmm.h"

struct system_config {
  const char *command;  /* for messages */
  const char *path;     /* of the directory */
  const char *profile;  /* instead of the directory's; NULL: that */
  const char *mmu, *io; /* instead of the profile's; NULL: that */
  enum machine_engine engine;
  uint64_t rate;    /* ticks from one byte of an input file to the next */
  uint32_t quantum; /* 0: the VMM's own */
  const struct vmm_costs *costs;
  /* Whether standard input is what the first user without an input file types. */
  bool standard_input;
  bool copy_disk; /* nothing on the host is changed */
};

struct system_user {
  const struct directory_user *entry;
  const struct program *program; /* users of one program share it */
  struct machine *vm;
  struct overlays overlays; /* of its copy-on-write mini-disks */
  struct inputlog input;    /* what has been typed, in the VM's ticks */
};

struct system {
  const struct directory *directory;
  struct disk_store *disk; /* NULL: none */
  struct machine *real;
  struct vmm *vmm;
  struct system_user *users; /* as many as the directory has, in its order */
  size_t count;
  size_t typist; /* the first user without an input file, or the first */
  struct system_store *own;
};

/* Reads the directory and makes all of it. Returns an exit status, after messages;
 * system_destroy() either way. */
int system_create(struct system *s, const struct system_config *config);
/* Destroys it after a run that ended with `status`. What the host refused the disk was
 * an error to a guest, and is the host's failure to the user. Returns the exit status. */
int system_destroy(struct system *s, int status);

#endif
