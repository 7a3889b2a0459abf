/* A real machine with VMMs stacked on it, each in the virtual machine of the one
 * below. The innermost virtual machine has exactly the storage and the disk that
 * a bare machine of the same set-up would have.
 */
#ifndef TRAPEZE_TOOLS_COMMON_STACK_H
#define TRAPEZE_TOOLS_COMMON_STACK_H

#include "machine/disk_store.h"
#include "machine/machine.h"
#include "vmm/vmm.h"

#define STACK_MAX_DEPTH 8u
/* A neighbour's sectors, either side of the disk of the VM under test. */
#define STACK_NEIGHBOUR_SECTORS 8u

struct stack_config {
  const struct profile *profile; /* borrowed; if it has no pages, and the technique needs some, then
                                    the real machine is another, with page tables */
  uint32_t storage;              /* of the innermost machine */
  unsigned depth;                /* VMMs, 1 to STACK_MAX_DEPTH */
  struct disk_store *disk;       /* borrowed; NULL: none. With neighbours it is copied. */
  bool disk_readonly;
  enum vmm_technique technique; /* of every VMM */
  enum vmm_memory memory;       /* of every VMM */
  uint32_t cache;               /* vmm_vm_config's; 0: as much as by default */
  /* The profile of the machines below the innermost, if it is another; borrowed. NULL: the same. */
  const struct profile *below;
  enum machine_engine engine;        /* of the real machine */
  const struct vmm_modules *modules; /* of the lowest VMM; borrowed; NULL: the default ones */
  /* Beside each VM one below and one above in storage and on the disk, filled
   * with a pattern and never run: what they hold is outside the VM's allocation. */
  bool neighbours;
};

struct stack_level {
  struct vmm *vmm;
  struct machine *vm;
  struct machine *neighbour[2]; /* NULL without neighbours */
  uint64_t neighbour_hash[2];   /* of their state when they were filled */
};

struct stack {
  struct machine *real;
  struct disk_store *padded; /* with neighbours: the disk, between theirs */
  struct profile *paged;     /* the real machine's, where the technique needs pages and the guest's
                                profile has none; else NULL */
  unsigned depth;
  struct stack_level level[STACK_MAX_DEPTH]; /* [0] rests on the real machine */
};

/* The value of --depth: VMMs, at least `least`. Returns an exit status, after a message. */
int stack_parse_depth(const char *command, const char *value, unsigned least, uint64_t *depth);

/* The value of --technique. Returns an exit status, after a message. */
int stack_parse_technique(const char *command, const char *value, enum vmm_technique *technique);
/* STATUS_DONE, or a message: no guest of this profile can be run so. */
int stack_check_technique(const char *command, enum vmm_technique technique,
                          const struct profile *profile);
/* What it is for, for option tables. */
#define STACK_TECHNIQUE_HELP                                                                       \
  "how the VMM has the guest's instructions done: trap-and-emulate (default), interpret, "         \
  "hybrid, paravirt, patch, translate, translate-all"

/* The value of --memory-technique. Returns an exit status, after a message. */
int stack_parse_memory(const char *command, const char *value, enum vmm_memory *memory);
#define STACK_MEMORY_HELP                                                                          \
  "how the VMM translates the guest's addresses: bounds, shadow, exact, disco, nested " \
  "(default: what suits the machine)"

/* NULL: no such stack fits, with a sentence in *reason. */
struct stack *stack_create(const struct stack_config *config, const char **reason);
void stack_destroy(struct stack *s);

/* The innermost virtual machine. */
struct machine *stack_vm(struct stack *s);
/* The first level at which a neighbour is not as it was, or -1. */
int stack_disturbed_level(struct stack *s);
/* What the host refused the disk that the stack made for itself, or NULL. */
const char *stack_disk_failure(const struct stack *s);
/* Violations that the VMMs found, and the first one's sentence (or NULL). */
unsigned stack_violations(const struct stack *s, const char **first);

#endif
