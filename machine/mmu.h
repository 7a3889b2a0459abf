/* The `bounds` MMU with its storage keys, and the caches that let the engine skip
 * both.
 *
 * An address space is what decides a translation: TE, with it BASE and BOUND, and
 * on a machine with storage keys PSW.key. Each has its own tags, so that a change of
 * mode or of process, or of virtual machine, swaps a pointer and forgets nothing.
 * Only pages that lie wholly within the bound, in storage, and on a physical page
 * boundary, and both of whose blocks allow the access, are ever entered; all others
 * are translated at each access. A change of a key takes the tags of its page away.
 * A machine without keys pays nothing for them: its spaces all have key 0.
 */
#ifndef TRAPEZE_MACHINE_MMU_H
#define TRAPEZE_MACHINE_MMU_H

#include "machine/machine.h"

struct bare;
struct code_page;

#define MMU_DATA_ENTRIES 256u
#define MMU_CODE_ENTRIES 64u
#define MMU_SPACES       16u
/* No address compares equal: a tag has bits 31:12 of an address, and an access
 * is compared with these and its low alignment bits. */
#define MMU_NO_TAG 0x800u

struct data_entry {
  uint32_t read, write; /* tags; write only for pages that are dirty and hold no code */
  uintptr_t offset;     /* host address - va */
};

struct code_entry {
  uint32_t tag;
  struct code_page *code;
};

struct space {
  struct data_entry data[MMU_DATA_ENTRIES]; /* first: the engine's addressing */
  struct code_entry code[MMU_CODE_ENTRIES];
  bool te;
  uint32_t base, bound; /* 0 while te is off */
  uint32_t key;
};

/* What a space is known by. */
struct space_id {
  uint32_t selector;    /* of the PSW: TE and key; 0: no space yet */
  uint32_t base, bound; /* 0 while TE is off */
};

struct mmu {
  struct space *space; /* MMU_SPACES of them, known by … */
  struct space_id id[MMU_SPACES];
  unsigned next; /* to be replaced */
  bool bounds;   /* the profile has the bounds MMU */
  bool mmio;     /* … and memory-mapped devices */
};

bool mmu_init(struct mmu *mmu, const struct profile *profile); /* false: no memory */
void mmu_free(struct mmu *mmu);

/* What an access of `size` bytes at va meets; alignment is not looked at. Pure. */
struct translation mmu_translate(const struct bare *b, uint32_t va, uint32_t size,
                                 enum machine_access access, bool te);

/* The space of the current PSW, BASE and BOUND; its key is 0 where there are none. */
struct space *mmu_space(struct bare *b);
/* Enters va's page into the space's data tags, if it may be. */
void mmu_fill_data(struct bare *b, struct space *space, uint32_t va);
/* If instructions at va's page can be run from decoded slots: the physical page
 * and how many whole words of it, from its start, are accessible. */
bool mmu_code_extent(struct bare *b, const struct space *space, uint32_t va, uint32_t *page,
                     uint32_t *words);
/* Takes the write tags of a physical page away, in every space. */
void mmu_forget_write(struct bare *b, uint32_t page);
/* Takes all its tags away: its rights have changed. */
void mmu_forget_page(struct bare *b, uint32_t page);
void mmu_forget_code(struct bare *b);

#endif
