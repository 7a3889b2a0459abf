/* For going back in time: where the pages of VMs lie, as it was. What is in the frames is the
 * machine's below; what is in the swap file is kept here.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/internal.h"

struct saved_pmap {
  struct pmap_page *page;
  uint32_t scan_at;
  uint64_t scan_next;
};

struct frames_saved {
  struct frames frames; /* its arrays are copies */
  struct swap_saved *swap;
  struct saved_pmap *pmap; /* of the VMs in frames, in the VMM's order */
  unsigned count;
  size_t bytes;
};

/* NULL: no memory; or there are none. */
static void *copy(const void *from, size_t bytes, struct frames_saved *to)
{
  void *kept = from ? malloc(bytes + 1) : NULL;
  if (kept) {
    memcpy(kept, from, bytes);
    to->bytes += bytes;
  }
  return kept;
}

static bool save_frames(struct frames_saved *s, const struct frames *f)
{
  s->frames = *f;
  s->frames.frame = copy(f->frame, f->count * sizeof *f->frame, s);
  s->frames.bucket = copy(f->bucket, f->buckets * sizeof *f->bucket, s);
  s->swap = swap_save(&f->swap);
  s->bytes += s->swap ? swap_saved_bytes(s->swap) : 0;
  return s->swap && !s->frames.frame == !f->frame && !s->frames.bucket == !f->bucket;
}

static bool save_pmaps(struct frames_saved *s, const struct vmm *vmm)
{
  s->pmap = calloc(vmm->frames.vms + 1u, sizeof *s->pmap);
  bool ok = s->pmap != NULL;
  for (const struct vm *vm = vmm->vms; ok && vm; vm = vm->next) {
    const struct pmap *p = &vm->pmap;
    if (pmap_is_scattered(vm)) {
      struct saved_pmap *to = &s->pmap[s->count++];
      *to = (struct saved_pmap){.scan_at = p->scan_at, .scan_next = p->scan_next};
      to->page = copy(p->page, p->pages * sizeof *p->page, s);
      ok = to->page != NULL;
    }
  }
  return ok;
}

struct frames_saved *frames_save(const struct vmm *vmm)
{
  struct frames_saved *s = calloc(1, sizeof *s);
  if (s && !(save_frames(s, &vmm->frames) && save_pmaps(s, vmm))) {
    frames_saved_destroy(s);
    s = NULL;
  }
  return s;
}

/* What did not exist then did not hold anything. */
static void restore_frames(struct frames *f, const struct frames_saved *s)
{
  struct frames now = *f;
  *f = s->frames;
  f->frame = now.frame;
  f->bucket = now.bucket;
  f->count = now.count;
  f->buckets = now.buckets;
  f->swap = now.swap;
  if (s->frames.frame) {
    memcpy(f->frame, s->frames.frame, f->count * sizeof *f->frame);
  } else if (f->frame) {
    memset(f->frame, 0, f->count * sizeof *f->frame);
    f->free_count = f->count;
    f->high = f->count - 1;
  }
  if (s->frames.bucket) {
    memcpy(f->bucket, s->frames.bucket, f->buckets * sizeof *f->bucket);
  } else if (f->bucket) {
    memset(f->bucket, 0, f->buckets * sizeof *f->bucket);
  }
}

bool frames_restore(struct vmm *vmm, const struct frames_saved *s)
{
  unsigned i = 0;
  restore_frames(&vmm->frames, s);
  if (vmm->stopper && pmap_is_scattered(vmm->stopper)) {
    machine_set_stops(vmm->real, NULL); /* what is watched may lie elsewhere */
    vmm->stopper = NULL;
  }
  for (struct vm *vm = vmm->vms; vm; vm = vm->next) {
    struct pmap *p = &vm->pmap;
    if (pmap_is_scattered(vm)) {
      memcpy(p->page, s->pmap[i].page, p->pages * sizeof *p->page);
      pmap_unpin_all(vm);
      p->scan_at = s->pmap[i].scan_at;
      p->scan_next = s->pmap[i++].scan_next;
    }
  }
  return swap_restore(&vmm->frames.swap, s->swap);
}

void frames_saved_destroy(struct frames_saved *s)
{
  for (unsigned i = 0; s && i < s->count; i++) {
    free(s->pmap[i].page);
  }
  if (s) {
    swap_saved_destroy(s->swap);
    free(s->pmap);
    free(s->frames.frame);
    free(s->frames.bucket);
  }
  free(s);
}

size_t frames_saved_bytes(const struct frames_saved *s)
{
  return s->bytes;
}
