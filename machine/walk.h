/* The entries by which an address is translated under `mmu paged`, of any kind of machine:
 * for people to look at. What an access meets, machine_translate() says.
 */
#ifndef TRAPEZE_MACHINE_WALK_H
#define TRAPEZE_MACHINE_WALK_H

#include "machine/machine.h"

struct walk_step {
  gpa_t at;
  gpa_t machine;  /* where that is: another place in guest mode, by the second level */
  bool exists;    /* there is storage */
  uint32_t entry; /* 0 if not */
};

struct walk {
  unsigned steps; /* 1: the directory's entry leads no further; 2: the table's is the last */
  struct walk_step step[2];
};

/* Whether it is in guest mode, where the tables' addresses are guest-physical. */
bool walk_in_guest_mode(struct machine *m);
/* Reads PTBR and storage, changes nothing. The profile has page tables. */
void walk_tables(struct machine *m, gva_t va, struct walk *walk);

/* The same of the second level, in guest mode: by which entries a guest-physical address becomes the
 * machine's. */
void walk_second_level(struct machine *m, gpa_t at, struct walk *walk);

/* Pages that follow each other, with frames that do so too and entries that are alike. */
struct walk_run {
  gva_t start;
  uint32_t pages;
  uint32_t entry; /* of the first page */
};
/* Calls back with each run of valid entries, in order of address; until it answers false. */
typedef bool walk_run_fn(void *ctx, const struct walk_run *run);
void walk_each_run(struct machine *m, walk_run_fn *found, void *ctx);
/* The same of the second level: `start` is guest-physical then. */
void walk_each_second_run(struct machine *m, walk_run_fn *found, void *ctx);

#endif
