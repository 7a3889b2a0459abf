/* The VMM's swap file: pages of guests for which the real machine has no frame. It is a store of
 * the host, a file or memory, and no part of the real machine: what it takes is charged by
 * struct vmm_costs.
 */
#ifndef TRAPEZE_VMM_MEMORY_SWAP_H
#define TRAPEZE_VMM_MEMORY_SWAP_H

#include "isa/isa.h"
#include "vmm/devices/overlay.h"

struct swap {
  struct overlay_store store;
  uint32_t slots;  /* of a page each; 0: there is no swap file */
  uint32_t *refs;  /* pages that each slot holds the contents of; 0: it is free */
  uint32_t *free;  /* a stack of those, … */
  uint32_t unused; /* … so many */
};

/* Takes the store over, and closes it in the end, or at once if it answers false: no memory. */
bool swap_open(struct swap *s, const struct overlay_store *store, uint32_t slots);
void swap_close(struct swap *s); /* none too */

/* Writes a page; it counts for `refs` pages of guests. False: no slot is free, or the host
 * refused. */
bool swap_write(struct swap *s, const void *page, uint32_t refs, uint32_t *slot);
/* False: the host refused. */
bool swap_read(const struct swap *s, uint32_t slot, void *page);
/* One page less needs it. */
void swap_release(struct swap *s, uint32_t slot);

/* As it is now, to be put back; NULL: no memory, or the host refused. */
struct swap_saved;
struct swap_saved *swap_save(const struct swap *s);
bool swap_restore(struct swap *s, const struct swap_saved *saved); /* false: the host refused */
void swap_saved_destroy(struct swap_saved *saved);                 /* NULL is fine */
size_t swap_saved_bytes(const struct swap_saved *saved);

#endif
