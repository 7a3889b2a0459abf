/* One workload under every way to make a virtual machine's memory: what each costs.
 * docs/memory.md tells what they are.
 */
#ifndef TRAPEZE_TOOLS_COMPARE_MEMORY_H
#define TRAPEZE_TOOLS_COMPARE_MEMORY_H

#include "tools/common/setup.h"
#include "vmm/vmm.h"

#define COMPARE_MEMORY_ROWS 32u

struct compare_memory_row {
  char guest[200]; /* the workload, or its build for another MMU */
  enum vmm_memory memory;
  const char *mmu; /* of the machine below */
  struct setup setup;
  bool equal;    /* to the bare machine at every comparison; … */
  uint64_t tick; /* … up to this tick, if not */
  bool output;   /* the console said the same, byte by byte */
  bool out_of_control;
  uint64_t ticks[2]; /* of the bare machine's run, and the VM's: how long each took */
  uint64_t entries;  /* traps of the real machine */
  uint64_t work;     /* the VMM's, in ticks by vmm_default_costs */
  struct vmm_stats vmm;
  uint64_t host[2]; /* nanoseconds of the host's processor, if it is timed: bare, VM */
};

struct compare_memory {
  const char *guest;
  const struct setup *setup; /* as the options say; not loaded; borrowed */
  uint64_t interval;         /* ticks between two comparisons */
  bool timed;
  struct compare_memory_row row[COMPARE_MEMORY_ROWS];
  unsigned rows;
};

/* Finds the rows and runs them: of the guest, and of a shipped guest's builds for other MMUs
 * (minos: minos-paged, minos-tlb). Returns an exit status, after a message. */
int compare_memory_run(struct compare_memory *c);
void compare_memory_destroy(struct compare_memory *c);
/* STATUS_DONE; STATUS_NO if one is not equal though its way is an exact one. */
int compare_memory_status(const struct compare_memory *c);

void compare_memory_text(const struct compare_memory *c, FILE *out);
void compare_memory_markdown(const struct compare_memory *c, FILE *out);
void compare_memory_html(const struct compare_memory *c, FILE *out);
void compare_memory_dot(const struct compare_memory *c, FILE *out);
/* Schema trapeze-compare-memory/1. */
struct json_t;
struct json_t *compare_memory_json(const struct compare_memory *c);

#endif
