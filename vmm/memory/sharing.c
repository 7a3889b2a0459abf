/* Content sharing: pages of equal contents, of one VM or of several, in one frame, which is
 * read-only and copied when somebody stores into it.
 *
 * A few pages at a time are looked at, as a VM's own clock goes on, so a run is the same run
 * each time. A page whose digest is what it was when it was last looked at is worth sharing: it
 * is looked up among the frames listed so far. Equal digests are only a hint. The
 * contents are compared in full before two pages become one.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/internal.h"

/* --------------------------------------------------------------- the list of frames */

static bool begin(struct frames *f)
{
  if (!f->bucket) {
    f->buckets = f->count / 2 + 1;
    f->bucket = calloc(f->buckets, sizeof *f->bucket);
  }
  return f->bucket != NULL;
}

static uint32_t *bucket_of(struct frames *f, uint64_t hash)
{
  return &f->bucket[hash % f->buckets];
}

static void list(struct vmm *vmm, uint32_t number, uint64_t hash)
{
  struct frame *frame = frame_of(vmm, number);
  frames_unlist(vmm, number);
  uint32_t *head = bucket_of(&vmm->frames, hash);
  frame->listed = true;
  frame->hash = hash;
  frame->next = *head;
  *head = number;
}

void frames_unlist(struct vmm *vmm, uint32_t number)
{
  struct frame *frame = frame_of(vmm, number);
  if (!frame->listed) {
    return;
  }
  uint32_t *link = bucket_of(&vmm->frames, frame->hash);
  while (*link != number) {
    link = &frame_of(vmm, *link)->next;
  }
  *link = frame->next;
  frame->listed = false;
}

/* --------------------------------------------------------------------- equal pages */

static bool read_frame(struct vmm *vmm, uint32_t number, uint8_t *bytes)
{
  return machine_phys_read(vmm->real, gpa(number * ISA_PAGE_SIZE), bytes, ISA_PAGE_SIZE);
}

static bool is_equal(struct vmm *vmm, uint32_t a, uint32_t b)
{
  uint8_t bytes[2][ISA_PAGE_SIZE];
  return read_frame(vmm, a, bytes[0]) && read_frame(vmm, b, bytes[1]) &&
         memcmp(bytes[0], bytes[1], ISA_PAGE_SIZE) == 0;
}

static bool is_pinned(const struct frame *frame)
{
  return frame->refs == 1 && frame->pages->pinned;
}

/* A frame that holds what this one does; 0: none that is known. */
static uint32_t find_equal(struct vmm *vmm, uint32_t number, uint64_t hash)
{
  uint32_t other = *bucket_of(&vmm->frames, hash);
  while (other != 0) {
    const struct frame *frame = frame_of(vmm, other);
    if (other != number && frame->hash == hash && !is_pinned(frame) &&
        is_equal(vmm, number, other)) {
      break;
    }
    other = frame->next;
  }
  return other;
}

/* The page's frame is given back, for another holds the same. Whoever was alone there could
 * store into it, and may no longer. */
static void merge(struct pmap_page *page, uint32_t other)
{
  struct frame *frame = frame_of(page->vm->vmm, other);
  bool used = page->used;
  if (frame->refs == 1) {
    pmap_forget(frame->pages);
  }
  pmap_leave_frame(page);
  pmap_enter_frame(page, other);
  page->used = used;
  page->vm->paging.shared++;
}

static bool is_blank(struct vmm *vmm, uint32_t number)
{
  uint8_t bytes[ISA_PAGE_SIZE];
  return read_frame(vmm, number, bytes) && bytes[0] == 0 &&
         memcmp(bytes, bytes + 1, sizeof bytes - 1) == 0;
}

static void look_at(struct pmap_page *page)
{
  struct vmm *vmm = page->vm->vmm;
  if (page->state != PAGE_FRAME || page->pinned || frame_of(vmm, page->where)->refs > 1) {
    return;
  }
  uint64_t digest;
  machine_page_digests(vmm->real, &page->where, 1, &digest);
  if (digest == 0 && is_blank(vmm, page->where)) {
    pmap_leave_frame(page);
    page->vm->paging.blank++;
    return;
  }
  bool calm = digest == page->digest;
  page->digest = digest;
  if (!calm) {
    return;
  }
  uint32_t other = find_equal(vmm, page->where, digest);
  if (other != 0) {
    merge(page, other);
  } else {
    list(vmm, page->where, digest);
  }
}

void pmap_scan(struct vm *vm)
{
  const struct vmm_storage_policy *policy = &vm->vmm->policy;
  struct pmap *p = &vm->pmap;
  if (policy->scan_ticks == 0 || !pmap_is_scattered(vm) || vm->cpu.tick < p->scan_next ||
      !begin(&vm->vmm->frames)) {
    return;
  }
  p->scan_next = vm->cpu.tick + policy->scan_ticks;
  for (uint32_t i = 0; i < policy->scan_pages; i++) {
    look_at(&p->page[p->scan_at]);
    p->scan_at = (p->scan_at + 1) % p->pages;
  }
}
