/* The options that `run`, `vmm` and `verify` share, and what they describe: a
 * profile, storage, a disk, a console session, a limit.
 */
#ifndef TRAPEZE_TOOLS_COMMON_SETUP_H
#define TRAPEZE_TOOLS_COMMON_SETUP_H

#include "machine/disk_store.h"
#include "machine/machine.h"
#include "tools/common/inputlog.h"
#include "tools/common/options.h"
#include "tools/common/program.h"

#define SETUP_DEFAULT_STORAGE (1u << 20)
#define SETUP_DEFAULT_SECTORS 256u
#define SETUP_DEFAULT_RATE    5000u
#define SETUP_MAX_INPUT       (16u << 20)

/* Zeroed is not enough: setup_init(). */
struct setup {
  const char *command;
  const char *profile_name, *mmu, *io;
  const char *guest_mmu, *guest_io; /* what a shipped guest was made for; NULL: whatever */
  const char *real_mmu; /* of the machine below a virtual one, if it is another */
  uint32_t storage;
  const char *disk; /* as given; NULL: scratch */
  const char *input, *input_file_log;
  bool session;
  uint64_t rate;
  uint64_t ticks; /* MACHINE_NEVER: no limit */
  enum machine_engine engine;

  /* After setup_load(): */
  struct program program;
  struct profile *profile;
  struct profile *real_profile; /* NULL: the same */
  struct inputlog log;
  char *input_story; /* "session minos.in, 120 bytes, one every 5,000 ticks"; NULL: none given */
};

extern const struct option_spec setup_machine_options[];
extern const struct option_spec setup_console_options[];
extern const struct option_spec setup_below_options[]; /* of the machine below a virtual one */

void setup_init(struct setup *s, const char *command);
/* Loads profile, program and console log. Returns an exit status, after
 * messages; setup_destroy() either way. */
int setup_load(struct setup *s, const char *program_name);
void setup_destroy(struct setup *s);
/* The profile alone, with --mmu and --io, and the one below. Returns an exit status, after messages. */
int setup_load_profile(struct setup *s);

/* The disk the options describe. In writable mode an image file is written
 * through unless the user said ro or discard; else nothing is ever written to
 * the host. *store is NULL for a machine without a disk. Returns an exit status. */
int setup_open_disk(const struct setup *s, bool writable, struct disk_store **store,
                    bool *readonly);
/* Destroys it (NULL too) after a run that ended with `status`. What the host
 * refused was a disk error to the guest, and is the host's failure to the user:
 * the message and the exit status say so. Returns the exit status. */
int setup_close_disk(const struct setup *s, struct disk_store *store, int status);

#endif
