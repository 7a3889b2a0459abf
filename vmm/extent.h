/* A run of sectors of a disk. */
#ifndef TRAPEZE_VMM_EXTENT_H
#define TRAPEZE_VMM_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

struct vmm_extent {
  uint32_t first, sectors;
  bool readonly;
};

#endif
