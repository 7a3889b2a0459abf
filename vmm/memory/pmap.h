/* The pmap: where the pages of a virtual machine's storage lie in the real machine, guest-physical
 * to machine addresses. It is the one way to a VM's storage: for the owner, the VMM's own
 * routines, virtual devices and memory techniques alike. docs/frames.md has the story.
 *
 * On a real machine with relocation by BASE and BOUND a VM's storage lies in one piece, for
 * that is all such a machine can express. On any other it lies in frames, pages of the real
 * machine: which page has one, and which pages share one, is decided here, and nothing of
 * it is part of the VM's state.
 */
#ifndef TRAPEZE_VMM_MEMORY_PMAP_H
#define TRAPEZE_VMM_MEMORY_PMAP_H

#include "machine/machine.h"
#include "vmm/memory/swap.h"

struct vm;
struct vmm;

enum page_state {
  PAGE_ZERO,    /* of zeros, and nowhere: never stored into, or given back since */
  PAGE_FRAME,   /* in a frame, alone or with others of the same contents */
  PAGE_SWAPPED, /* in a slot of the swap file */
};

/* A page of a VM. */
struct pmap_page {
  struct vm *vm;
  struct pmap_page *next; /* in the same frame */
  uint32_t where;         /* number of a frame, or of a slot */
  enum page_state state;
  bool mapped;     /* the memory module was told where it is */
  bool used;       /* … or it was accessed, since the clock's hand passed */
  bool pinned;     /* a debugger watches it: it stays where it is */
  bool zeroed;     /* PAGE_ZERO: the guest has stored zeros into it */
  bool ballooned;  /* PAGE_ZERO: the guest has given it back, and not used it since */
  uint64_t digest; /* swapped: of its contents; in a frame: as the scan found it last */
};

/* Of one VM. */
struct pmap {
  struct pmap_page *page; /* NULL: it lies in one piece */
  uint32_t pages;
  unsigned watch;       /* in one piece: digest of it; in frames: MACHINE_NO_WATCH */
  gpa_range_t *watched; /* in frames: ranges of which the owner wants digests; size 0: unused */
  unsigned watched_count;
  uint32_t home;      /* the frame where page 0 would best be: see frames_get() */
  uint32_t scan_at;   /* the page at which the search for equal ones goes on, … */
  uint64_t scan_next; /* … at this tick of the VM's */
};

/* Whether a new VM's storage is to lie in frames. */
bool pmap_scatters(const struct vm *vm);
/* Storage as after reset, by vm->storage.size. NULL: done. */
const char *pmap_create(struct vm *vm);
void pmap_destroy(struct vm *vm); /* one that was never created too */
/* It lies in frames, and vm->storage.start means nothing. */
bool pmap_is_scattered(const struct vm *vm);

/* False, and nothing done: there is no such range; or, of storage in frames, the swap file
 * failed or everything is full, and the VM has been stopped for it (vm->fate). */
bool pmap_read(struct vm *vm, gpa_t at, void *buf, uint32_t len);
bool pmap_write(struct vm *vm, gpa_t at, const void *buf, uint32_t len);
/* The owner looks: nothing moves because of it. False: also if the swap file failed. */
bool pmap_peek(struct vm *vm, gpa_t at, void *buf, uint32_t len);
/* A device takes what is in storage to somewhere else. */
bool pmap_read_out(struct vm *vm, gpa_t at, void *buf, uint32_t len);

/* Where the page that holds `at` lies, for as long as the memory module is not told to forget
 * it. write: it may be stored into; else it may be a frame that is not its own, and must not
 * be. Not ok: as for pmap_read(). */
struct pmap_frame {
  bool ok, writable;
  mpa_t frame;
};
struct pmap_frame pmap_frame(struct vm *vm, gpa_t at, bool write);
/* The other way: whether a real address is of the VM's storage; and whether a memory module may
 * map it, for loads and fetches or for stores too: the page of zeros for loads, and what the VM
 * shares. */
bool pmap_find(const struct vm *vm, mpa_t real, gpa_t *at);
bool pmap_allows(const struct vm *vm, mpa_t real, bool store);
/* The page that holds `at`, which must exist, becomes all zeros, and needs no frame for that. */
bool pmap_clear(struct vm *vm, gpa_t at);
/* Watched by a debugger: it gets a frame of its own and stays there. False: there is none. */
bool pmap_pin(struct vm *vm, gpa_t at);
void pmap_unpin_all(struct vm *vm);

/* Digests as in struct machine_ops: of all, of ranges, of single pages. */
uint64_t pmap_digest(struct vm *vm);
unsigned pmap_watch(struct vm *vm, gpa_range_t range);
uint64_t pmap_watched(struct vm *vm, unsigned id);
void pmap_unwatch(struct vm *vm, unsigned id);
void pmap_page_digests(struct vm *vm, const uint32_t *pages, uint32_t count, uint64_t *digests);

/* sharing.c: pages of equal contents into one frame. Looks at some if it is time. */
void pmap_scan(struct vm *vm);

/* For frames.c and sharing.c: */
gpa_t pmap_address(const struct pmap_page *page);
/* The memory module has no entry for it any more. */
void pmap_forget(struct pmap_page *page);
/* Its frame is its own, and may be taken away. */
void pmap_leave_frame(struct pmap_page *page);
void pmap_enter_frame(struct pmap_page *page, uint32_t frame);
void pmap_fail(struct vm *vm, const char *sentence); /* the host has failed it */

/* ------------------------------------------------------------------ frames.c
 * Pages of the real machine's storage above the VMM's own. */

struct frame {
  struct pmap_page *pages; /* that lie in it */
  uint32_t refs;           /* how many */
  bool taken;              /* by pages or as a table */
  bool table;
  bool listed; /* sharing.c: in a bucket, by … */
  uint64_t hash;
  uint32_t next; /* … after this one; 0: the last */
};

struct frames {
  struct frame *frame; /* by number from FIRST on; NULL: nobody has needed one */
  uint32_t count;
  uint32_t free_count;
  uint32_t low, high;  /* from FIRST on: none that is free is below or above */
  uint32_t tables;     /* of memory techniques, and the page of zeros */
  uint32_t promised;   /* pages of all VMs in frames, … */
  uint32_t vms;        /* … which are so many */
  uint32_t zero;       /* the number of the page of zeros; 0: there is none yet */
  uint32_t hand;       /* the clock's */
  unsigned forgetting; /* a page is being moved: what a memory module that is told so reads of
                          guests' storage stays where it is */
  const struct pmap_page *answered; /* by pmap_frame() last: the hand leaves it alone */
  uint32_t *bucket;                 /* sharing.c: heads, by hash; NULL: nothing was listed */
  uint32_t buckets;
  struct swap swap;
};

/* False: no memory. */
bool frames_begin(struct vmm *vmm);
void frames_destroy(struct vmm *vmm);
struct frame *frame_of(const struct vmm *vmm, uint32_t number); /* NULL: no such number */
/* One for a page of this VM, with whatever is in it; another page may have to leave for it. As
 * long as there is room pages come to lie in the order of their addresses: a machine finds its
 * way in such storage sooner. 0: there is none, and the VM has been stopped for it. */
uint32_t frames_get(struct vm *vm, uint32_t page);
void frames_put(struct vmm *vmm, uint32_t number);
/* For tables of memory techniques: of zeros. False: there is none left for that. */
bool frames_take(struct vmm *vmm, mpa_t *frame);
void frames_give(struct vmm *vmm, mpa_t frame);
/* Whether so many pages more can be promised to a VM: NULL, and their home, or why not. */
const char *frames_promise(struct vmm *vmm, uint32_t pages, uint32_t *home);
void frames_release(struct vmm *vmm, uint32_t pages);

/* keep.c: which pages lie where, kept and put back with the machine below. NULL: no memory, or
 * the swap file failed. */
struct frames_saved;
struct frames_saved *frames_save(const struct vmm *vmm);
/* False: the swap file failed. */
bool frames_restore(struct vmm *vmm, const struct frames_saved *saved);
void frames_saved_destroy(struct frames_saved *saved); /* NULL is fine */
size_t frames_saved_bytes(const struct frames_saved *saved);

/* For sharing.c: it leaves its bucket. */
void frames_unlist(struct vmm *vmm, uint32_t number);

#endif
