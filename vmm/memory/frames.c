/* Frames: the real machine's storage above the VMM's own, page by page; and who must leave when
 * there are none left.
 *
 * The clock: its hand goes round all frames, and takes the first that holds pages which have
 * not been used since it last passed. How a guest uses a page that it accesses
 * directly is not to be seen; so when the hand passes the page is unmapped, and if it is
 * used again the fault says so. That works under every memory technique, whether its
 * hardware keeps accessed bits or not.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/internal.h"

#define FIRST (VMM_OWN_STORAGE / ISA_PAGE_SIZE)

/* Frames without which a VM might not get on: those of an instruction, and of what it accesses. */
#define FLOOR 4u

/* VMs in one piece have none of them: such a real machine has no VMs
 * in frames, or those are made first and the others refused. */
bool frames_begin(struct vmm *vmm)
{
  struct frames *f = &vmm->frames;
  if (f->frame) {
    return true;
  }
  uint32_t count = machine_storage_size(vmm->real) / ISA_PAGE_SIZE - FIRST;
  if (vmm->policy.frames > 0 && vmm->policy.frames < count) {
    count = vmm->policy.frames;
  }
  f->frame = calloc(count, sizeof *f->frame);
  if (!f->frame) {
    return false;
  }
  f->count = f->free_count = count;
  f->high = count - 1;
  return true;
}

void frames_destroy(struct vmm *vmm)
{
  struct frames *f = &vmm->frames;
  free(f->frame);
  free(f->bucket);
  swap_close(&f->swap);
}

struct frame *frame_of(const struct vmm *vmm, uint32_t number)
{
  const struct frames *f = &vmm->frames;
  return f->frame && number - FIRST < f->count ? &f->frame[number - FIRST] : NULL;
}

/* ------------------------------------------------------------------- who must leave */

static bool is_pinned(const struct frame *frame)
{
  bool pinned = false;
  for (const struct pmap_page *p = frame->pages; p; p = p->next) {
    pinned |= p->pinned;
  }
  return pinned;
}

/* A memory module that was told of a page is about to enter it somewhere. */
static bool holds(const struct frame *frame, const struct pmap_page *page)
{
  const struct pmap_page *p = frame->pages;
  while (p && p != page) {
    p = p->next;
  }
  return p != NULL;
}

/* Used since the hand passed; and from now on it is not. */
static bool was_used(struct frame *frame)
{
  bool used = false;
  for (struct pmap_page *p = frame->pages; p; p = p->next) {
    used |= p->used;
    p->used = false;
    pmap_forget(p);
  }
  return used;
}

/* All pages of a frame to where they need none. False: the swap file is full, or failed. */
static bool empty(struct vm *wants, uint32_t number)
{
  struct vmm *vmm = wants->vmm;
  struct frame *frame = frame_of(vmm, number);
  uint8_t bytes[ISA_PAGE_SIZE];
  uint64_t digest;
  uint32_t slot = 0;
  machine_page_digests(vmm->real, &number, 1, &digest);
  machine_phys_read(vmm->real, gpa(number * ISA_PAGE_SIZE), bytes, sizeof bytes);
  bool blank = bytes[0] == 0 && memcmp(bytes, bytes + 1, sizeof bytes - 1) == 0;
  if (!blank) {
    if (!swap_write(&vmm->frames.swap, bytes, frame->refs, &slot)) {
      return false;
    }
    wants->paging.written++;
  }
  while (frame->pages) {
    struct pmap_page *p = frame->pages;
    pmap_leave_frame(p);
    p->vm->paging.blank += blank;
    p->state = blank ? PAGE_ZERO : PAGE_SWAPPED;
    p->where = slot;
    p->digest = digest;
  }
  return true;
}

/* The hand goes round twice at most: then every frame has been found unused. */
static bool evict(struct vm *wants)
{
  struct frames *f = &wants->vmm->frames;
  for (uint32_t i = 0; i < 2 * f->count; i++) {
    uint32_t number = FIRST + f->hand;
    struct frame *frame = frame_of(wants->vmm, number);
    f->hand = (f->hand + 1) % f->count;
    if (frame->pages && !is_pinned(frame) && !holds(frame, f->answered) && !was_used(frame)) {
      return empty(wants, number);
    }
  }
  return false;
}

/* ------------------------------------------------------------- getting and giving back */

static uint32_t take(struct frames *f, uint32_t i)
{
  f->frame[i].taken = true;
  f->free_count--;
  return FIRST + i;
}

static uint32_t take_lowest(struct frames *f)
{
  while (f->frame[f->low].taken) {
    f->low++;
  }
  return take(f, f->low);
}

/* Tables are out of the way of pages. */
static uint32_t take_highest(struct frames *f)
{
  while (f->frame[f->high].taken) {
    f->high--;
  }
  return take(f, f->high);
}

uint32_t frames_get(struct vm *vm, uint32_t page)
{
  struct frames *f = &vm->vmm->frames;
  uint32_t home = vm->pmap.home + page - FIRST;
  if (f->free_count == 0 && !evict(vm)) {
    pmap_fail(vm, f->swap.slots == 0 ? "the VMM has no frame left for it, and no swap file"
                  : f->swap.unused > 0
                      ? "the VMM cannot write its swap file"
                      : "the VMM has no frame left for it, and its swap file is full");
    return 0;
  }
  return home < f->count && !f->frame[home].taken ? take(f, home) : take_lowest(f);
}

void frames_put(struct vmm *vmm, uint32_t number)
{
  struct frames *f = &vmm->frames;
  uint32_t i = number - FIRST;
  frames_unlist(vmm, number);
  f->frame[i].taken = false;
  f->free_count++;
  f->low = i < f->low ? i : f->low;
  f->high = i > f->high ? i : f->high;
}

/* Pages that can be held somewhere. The last slot is for exchanging two. */
static uint64_t frames_room(const struct frames *f)
{
  return (uint64_t)f->count - f->tables + (f->swap.slots > 0 ? f->swap.slots - 1 : 0);
}

const char *frames_promise(struct vmm *vmm, uint32_t pages, uint32_t *home)
{
  struct frames *f = &vmm->frames;
  uint64_t room = frames_room(f);
  if ((uint64_t)f->promised + pages > room || (f->vms + 1ull) * FLOOR > f->count - f->tables) {
    return "the real machine has not enough storage left for this virtual machine";
  }
  *home = FIRST + f->promised;
  f->promised += pages;
  f->vms++;
  return NULL;
}

/* What was promised to nobody; nobody is paged out for it, for who asks is about to enter a
 * page into a table, and that page must not leave now. */
static bool may_be_table(const struct frames *f)
{
  return f->free_count > 0 && f->promised < frames_room(f);
}

static bool clear(struct machine *real, uint32_t number)
{
  static const uint8_t zeros[ISA_PAGE_SIZE];
  uint8_t page[ISA_PAGE_SIZE];
  gpa_t at = gpa(number * ISA_PAGE_SIZE);
  return machine_phys_read(real, at, page, sizeof page) &&
         (memcmp(page, zeros, sizeof page) == 0 ||
          machine_phys_write(real, at, zeros, sizeof zeros));
}

bool frames_take(struct vmm *vmm, mpa_t *frame)
{
  struct frames *f = &vmm->frames;
  if (!frames_begin(vmm) || !may_be_table(f)) {
    return false;
  }
  uint32_t number = take_highest(f);
  f->tables++;
  frame_of(vmm, number)->table = true;
  *frame = mpa(number * ISA_PAGE_SIZE);
  return clear(vmm->real, number);
}

struct vmm_frames vmm_frames(const struct vmm *vmm)
{
  const struct frames *f = &vmm->frames;
  struct vmm_frames n = {.total = f->count,
                         .free = f->free_count,
                         .tables = f->tables,
                         .slots = f->swap.slots,
                         .slots_used = f->swap.slots - f->swap.unused};
  for (uint32_t i = 0; i < f->count; i++) {
    n.pages += f->frame[i].refs > 0;
    n.saved += f->frame[i].refs > 1 ? f->frame[i].refs - 1 : 0;
  }
  return n;
}

void frames_release(struct vmm *vmm, uint32_t pages)
{
  vmm->frames.promised -= pages;
  vmm->frames.vms--;
}

void frames_give(struct vmm *vmm, mpa_t frame)
{
  uint32_t number = frame.v / ISA_PAGE_SIZE;
  vmm->frames.tables--;
  frame_of(vmm, number)->table = false;
  frames_put(vmm, number);
}
