/* The pmap: where the pages of a virtual machine's storage lie in the real machine, guest-physical
 * to machine addresses. It is the one way to a VM's storage: for the owner, the VMM's own
 * routines, virtual devices and memory techniques alike.
 *
 * On a real machine with relocation by BASE and BOUND a VM's storage lies in one piece, for
 * that is all such a machine can express. On any other it lies in frames, page by page.
 */
#ifndef TRAPEZE_VMM_MEMORY_PMAP_H
#define TRAPEZE_VMM_MEMORY_PMAP_H

#include "machine/machine.h"

struct vm;
struct vmm;

/* Of one VM. */
struct pmap {
  uint32_t *frame; /* of each page, the number of the real machine's; NULL: it is in one piece */
  uint32_t pages;
  unsigned watch;       /* in one piece: digest of it; in frames: MACHINE_NO_WATCH */
  gpa_range_t *watched; /* in frames: ranges of which the owner wants digests; size 0: unused */
  unsigned watched_count;
};

/* Whether a new VM's storage is to lie in frames. */
bool pmap_scatters(const struct vm *vm);
/* Storage as after reset, by vm->storage.size. NULL: done. */
const char *pmap_create(struct vm *vm);
void pmap_destroy(struct vm *vm); /* one that was never created too */

/* It lies in frames, and vm->storage.start means nothing. */
bool pmap_is_scattered(const struct vm *vm);

/* False, and nothing done: no such range. */
bool pmap_read(struct vm *vm, gpa_t at, void *buf, uint32_t len);
bool pmap_write(struct vm *vm, gpa_t at, const void *buf, uint32_t len);
/* The owner looks: nothing moves because of it. */
bool pmap_peek(struct vm *vm, gpa_t at, void *buf, uint32_t len);

/* Where the page that holds `at` lies, for as long as the memory module is not told that it is
 * unmapped. write: it may be stored into. Not ok: there is no such page. */
struct pmap_frame {
  bool ok, writable;
  mpa_t frame;
};
struct pmap_frame pmap_frame(struct vm *vm, gpa_t at, bool write);
/* The other way: whether a real address is of the VM's storage. */
bool pmap_find(const struct vm *vm, mpa_t real, gpa_t *at);

/* Digests as in struct machine_ops: of all, of ranges, of single pages. */
uint64_t pmap_digest(struct vm *vm);
unsigned pmap_watch(struct vm *vm, gpa_range_t range);
uint64_t pmap_watched(struct vm *vm, unsigned id);
void pmap_unwatch(struct vm *vm, unsigned id);
void pmap_page_digests(struct vm *vm, const uint32_t *pages, uint32_t count, uint64_t *digests);

/* frames.c: pages of the real machine's storage, for VMs that do not lie in one piece, and for
 * the tables of memory techniques. Of zeros. False: there is none left. */
bool frames_take(struct vmm *vmm, mpa_t *frame);
void frames_give(struct vmm *vmm, mpa_t frame);

#endif
