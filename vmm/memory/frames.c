/* Frames: the real machine's storage above the VMM's own, page by page. */
#include <stdlib.h>
#include <string.h>

#include "vmm/internal.h"

#define FIRST_FRAME (VMM_OWN_STORAGE / ISA_PAGE_SIZE)

/* The stack of those that are free, lowest on top. VMs in one piece have theirs besides: such a
 * real machine has no VMs in frames, or they are made first and the others refused. */
static bool begin(struct frames *f, struct machine *real)
{
  uint32_t count = machine_storage_size(real) / ISA_PAGE_SIZE - FIRST_FRAME;
  f->free = malloc(count * sizeof *f->free);
  for (uint32_t i = 0; f->free && i < count; i++) {
    f->free[i] = FIRST_FRAME + count - 1 - i;
  }
  f->free_count = count;
  return f->free != NULL;
}

bool frames_take(struct vmm *vmm, mpa_t *frame)
{
  struct frames *f = &vmm->frames;
  static const uint8_t zeros[ISA_PAGE_SIZE];
  uint8_t page[ISA_PAGE_SIZE];
  if ((!f->free && !begin(f, vmm->real)) || f->free_count == 0) {
    return false;
  }
  *frame = mpa(f->free[--f->free_count] * ISA_PAGE_SIZE);
  return machine_phys_read(vmm->real, gpa(frame->v), page, sizeof page) &&
         (memcmp(page, zeros, sizeof page) == 0 ||
          machine_phys_write(vmm->real, gpa(frame->v), zeros, sizeof zeros));
}

void frames_give(struct vmm *vmm, mpa_t frame)
{
  struct frames *f = &vmm->frames;
  f->free[f->free_count++] = frame.v / ISA_PAGE_SIZE;
}

void frames_destroy(struct vmm *vmm)
{
  free(vmm->frames.free);
}
