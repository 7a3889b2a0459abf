/* A submitted guest program on a bare machine of the judge's.
 */
#ifndef TRAPEZE_TOOLS_GRADE_GUEST_H
#define TRAPEZE_TOOLS_GRADE_GUEST_H

#include "tools/common/setup.h"
#include "tools/grade/check.h"

struct guest {
  const struct check_run *run;
  struct setup setup;
  const char *program; /* as the student knows it */
  char *path, *input_path, *profile_path;
  struct machine *machine;
  struct disk_store *disk;
  const char *look; /* a command that shows the student how it runs; NULL: on a bare machine */
  char *refused; /* why the submitted program cannot be loaded; malloc'd. NULL: nothing */
};

/* A sentence about the lab's file, which is at fault. */
void guest_lab_is_wrong(const struct guest *g, const char *expected);
/* The program that the test names, or `path` if it is not NULL, and what it needs. False:
 * guest_not_loaded() is the outcome. guest_unload() either way. */
bool guest_load(struct guest *g, const char *path);
/* The submission's fault, or the lab's or the host's, which is said already. */
struct check_outcome guest_not_loaded(struct guest *g);
/* A machine as it is after reset, the program loaded; of the one before nothing is left. */
bool guest_reset(struct guest *g);
void guest_unload(struct guest *g);

/* To its end, or to the tick. Traps are delivered. */
struct machine_stop guest_run(struct guest *g, uint64_t until);
/* "halted", …: the words of a test's "end". */
const char *guest_end_name(const struct machine_stop *stop);
/* Where its console output departs from what was wanted, for the student; malloc'd or NULL. */
char *guest_output_differs(const struct guest *g, const uint8_t *want, size_t want_len,
                           const uint8_t *got, size_t got_len);

#endif
